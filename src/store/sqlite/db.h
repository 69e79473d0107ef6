/* A connection to the database: its prepared statements, and what its failures mean.
 *
 * One thread at a time uses a connection. A statement is taken for as long as it runs; a second one
 * of the same text is prepared when the first is still out.
 */
#ifndef LW_STORE_SQLITE_DB_H
#define LW_STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "lw/bytes.h"
#include "lw/err.h"
#include "store/sqlite/sql.h"

typedef struct lw_db {
    sqlite3 *sq;
    sqlite3_stmt *statements[LW_SQL_COUNT]; /* prepared, and not out; or NULL */
} lw_db;

/* What a connection is for. The file must be there. */
typedef enum lw_db_mode { LW_DB_READ, LW_DB_WRITE } lw_db_mode;

/* LW_EIO, LW_EFORMAT, LW_ENOMEM; *out_why is set then. vfs may be NULL. The database need not be
 * closed after a failure. */
LW_MUST_CHECK lw_err lw_db_open(lw_db *db, const char *path, lw_db_mode mode, const char *vfs,
                                const char **out_why);
void lw_db_close(lw_db *db); /* of what was never opened, too, when it is zero */

/* One or more statements without results. */
LW_MUST_CHECK lw_err lw_db_run(lw_db *db, const char *sql);
/* Ends a transaction without a trace, when there still is one. */
void lw_db_roll_back(lw_db *db);
/* The number that a query gives; 0 when it gives none. */
LW_MUST_CHECK lw_err lw_db_number(lw_db *db, const char *sql, int64_t *out_number);

/* A statement to bind and step. NULL: lw_db_err says why. */
sqlite3_stmt *lw_db_take(lw_db *db, lw_sql id);
void lw_db_give(lw_db *db, lw_sql id, sqlite3_stmt *statement); /* NULL is ignored */

/* Steps a statement that gives no rows, and gives it back. */
LW_MUST_CHECK lw_err lw_db_do(lw_db *db, lw_sql id, sqlite3_stmt *statement);

/* What the last failure was, in our terms: LW_EFORMAT when the database is damaged, LW_ENOMEM, or
 * LW_EIO; never LW_OK. The sentence is static. */
lw_err lw_db_err(const lw_db *db);
lw_err lw_db_explain(int code, const char **out_why); /* of an extended result code */

/* Parameters from 1 on. Texts and octets are borrowed until the statement is given back. */
void lw_bind_text(sqlite3_stmt *statement, int index, lw_bytes text);
void lw_bind_octets(sqlite3_stmt *statement, int index, lw_bytes octets);
/* Columns from 0 on; valid until the next step. */
lw_bytes lw_column_octets(sqlite3_stmt *statement, int index);

#endif
