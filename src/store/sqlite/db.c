#include "store/sqlite/db.h"

#include <stddef.h>

static const char *const texts[LW_SQL_COUNT] = {
#define LW_SQL_TEXT(name, text) [name] = (text),
    LW_SQL_LIST(LW_SQL_TEXT)
#undef LW_SQL_TEXT
};

/* How long a connection waits for a lock that another process holds. */
#define BUSY_MS 2000

/* synchronous=FULL: a commit is on the disk when it is told. The journal is copied back into the
 * database by the writer itself, after the answers have left, so not by a commit. */
static const char pragmas[] = "PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 0;"
                              "PRAGMA journal_size_limit = 67108864;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON;";

lw_err lw_db_explain(int code, const char **out_why)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        *out_why = "the disk is full";
        return LW_EIO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        *out_why = "the database is damaged; lapwingd --check-store tells where";
        return LW_EFORMAT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        *out_why = "the database may not be written";
        return LW_EIO;
    case SQLITE_CANTOPEN:
        *out_why = "the database cannot be opened";
        return LW_EIO;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        *out_why = "another program keeps the database locked";
        return LW_EIO;
    case SQLITE_NOMEM:
        *out_why = "out of memory";
        return LW_ENOMEM;
    case SQLITE_IOERR:
        *out_why = "the disk failed to read or write";
        return LW_EIO;
    default:
        *out_why = "the database does not do what it is asked";
        return LW_EIO;
    }
}

lw_err lw_db_err(const lw_db *db)
{
    const char *why;
    return lw_db_explain(sqlite3_extended_errcode(db->sq), &why);
}

lw_err lw_db_open(lw_db *db, const char *path, lw_db_mode mode, const char *vfs,
                  const char **out_why)
{
    static const int flags[] = {
        [LW_DB_READ] = SQLITE_OPEN_READONLY,
        [LW_DB_WRITE] = SQLITE_OPEN_READWRITE,
    };
    *db = (lw_db){0};
    int code = sqlite3_open_v2(path, &db->sq,
                               flags[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(db->sq, BUSY_MS);
        code = sqlite3_exec(db->sq, pragmas, NULL, NULL, NULL);
    }
    if (code == SQLITE_OK) {
        return LW_OK;
    }
    lw_db_close(db);
    return lw_db_explain(code, out_why);
}

void lw_db_close(lw_db *db)
{
    for (size_t i = 0; i < LW_SQL_COUNT; i++) {
        sqlite3_finalize(db->statements[i]);
    }
    sqlite3_close(db->sq);
    *db = (lw_db){0};
}

lw_err lw_db_run(lw_db *db, const char *sql)
{
    return sqlite3_exec(db->sq, sql, NULL, NULL, NULL) == SQLITE_OK ? LW_OK : lw_db_err(db);
}

void lw_db_roll_back(lw_db *db)
{
    if (!sqlite3_get_autocommit(db->sq)) {
        (void)sqlite3_exec(db->sq, "ROLLBACK", NULL, NULL, NULL);
    }
}

lw_err lw_db_number(lw_db *db, const char *sql, int64_t *out_number)
{
    sqlite3_stmt *statement = NULL;
    *out_number = 0;
    if (sqlite3_prepare_v2(db->sq, sql, -1, &statement, NULL) != SQLITE_OK) {
        return lw_db_err(db);
    }
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *out_number = sqlite3_column_int64(statement, 0);
    }
    lw_err err = code == SQLITE_ROW || code == SQLITE_DONE ? LW_OK : lw_db_err(db);
    sqlite3_finalize(statement);
    return err;
}

sqlite3_stmt *lw_db_take(lw_db *db, lw_sql id)
{
    sqlite3_stmt *statement = db->statements[id];
    db->statements[id] = NULL;
    if (statement == NULL) {
        (void)sqlite3_prepare_v3(db->sq, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                 NULL);
    }
    return statement;
}

void lw_db_give(lw_db *db, lw_sql id, sqlite3_stmt *statement)
{
    if (statement == NULL) {
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (db->statements[id] == NULL) {
        db->statements[id] = statement;
    } else {
        sqlite3_finalize(statement);
    }
}

lw_err lw_db_do(lw_db *db, lw_sql id, sqlite3_stmt *statement)
{
    if (statement == NULL) {
        return lw_db_err(db);
    }
    lw_err err = sqlite3_step(statement) == SQLITE_DONE ? LW_OK : lw_db_err(db);
    lw_db_give(db, id, statement);
    return err;
}

void lw_bind_text(sqlite3_stmt *statement, int index, lw_bytes text)
{
    const char *octets = text.len > 0 ? (const char *)text.ptr : ""; /* NULL would be NULL */
    sqlite3_bind_text64(statement, index, octets, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void lw_bind_octets(sqlite3_stmt *statement, int index, lw_bytes octets)
{
    sqlite3_bind_blob64(statement, index, octets.len > 0 ? (const void *)octets.ptr : "",
                        octets.len, SQLITE_STATIC);
}

lw_bytes lw_column_octets(sqlite3_stmt *statement, int index)
{
    const void *octets = sqlite3_column_blob(statement, index);
    return lw_bytes_of(octets, (size_t)sqlite3_column_bytes(statement, index));
}
