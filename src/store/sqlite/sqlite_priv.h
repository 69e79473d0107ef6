/* What the files of this store share.
 *
 *   open.c      directory, lock, file; the table of operations
 *   writing.c   changes, on the thread of store/group.h
 *   tidying.c   what goes by itself, and the journal; the same thread
 *   reading.c   questions, on the threads of those who ask
 *   backup.c, check.c   what an operator wants now and then
 *
 * One connection belongs to the writing thread. Who reads borrows another one: they do not wait for
 * each other, nor for the writer.
 */
#ifndef LW_STORE_SQLITE_PRIV_H
#define LW_STORE_SQLITE_PRIV_H

#include <pthread.h>

#include "store/group.h"
#include "store/sqlite/db.h"
#include "store/store.h"

#define LW_READERS_KEPT 4u /* idle connections; more are opened and closed as they are needed */

/* The numbers of the table `mark`. */
typedef struct lw_marks {
    uint64_t highest[2][256]; /* devices, requests; by shard */
    int64_t values_octets;
} lw_marks;

typedef struct lw_sqlite {
    lw_store store;
    lw_store_options options;
    char *path, *journal_path;
    int lock; /* descriptor; -1: none */

    /* Of the writing thread. */
    lw_db writer;
    lw_group *group; /* NULL: read_only */
    lw_marks marks;  /* as the transaction left them that runs */
    lw_marks stored; /* as they are in the file */
    int journal_pages;
    lw_time look_due; /* for what is to go, monotonic */

    pthread_mutex_t readers_lock;
    lw_db *idle[LW_READERS_KEPT];
    size_t idle_count;

    /* Instead of those, when read_only: one connection whose transaction never ends. */
    lw_db snapshot;
    pthread_mutex_t snapshot_lock; /* recursive: who is given a row may ask again */
} lw_sqlite;

lw_sqlite *lw_sqlite_of(lw_store *store);
lw_time lw_sqlite_clock(const lw_sqlite *s);

/* writing.c: as lw_group_config wants it, and reading the marks when the store is opened. */
lw_err lw_sqlite_commit(void *ctx, const lw_change *first, const char **out_why);
LW_MUST_CHECK lw_err lw_sqlite_load_marks(lw_sqlite *s);
lw_err lw_sqlite_store_marks(lw_sqlite *s); /* those that changed */

/* tidying.c */
bool lw_sqlite_tidy(void *ctx);
/* Copies the journal back into the database. */
lw_err lw_sqlite_checkpoint(lw_sqlite *s);

/* reading.c */
lw_err lw_sqlite_each(lw_store *store, lw_row_kind kind, lw_row_fn *fn, void *ctx);
lw_err lw_sqlite_get(lw_store *store, const lw_row *key, lw_row_fn *fn, void *ctx);
lw_err lw_sqlite_documents(lw_store *store, lw_row_kind kind, lw_bytes after, uint32_t limit,
                           lw_row_fn *fn, void *ctx);
lw_err lw_sqlite_requests(lw_store *store, lw_bytes endpoint, uint64_t before, uint32_t limit,
                          lw_row_fn *fn, void *ctx);
lw_err lw_sqlite_values(lw_store *store, const lw_values_query *query, lw_row_fn *fn, void *ctx);
/* The row that a statement of LW_SQL_EACH_… stands on. */
lw_err lw_sqlite_read_row(sqlite3_stmt *s, lw_row_kind kind, lw_row *out_row);
lw_sql lw_sqlite_each_of(lw_row_kind kind);
lw_err lw_sqlite_highest(lw_store *store, lw_row_kind kind, uint8_t shard, uint64_t *out_highest);

/* open.c: connections for reading. NULL: *out_err says why. */
lw_db *lw_sqlite_borrow(lw_sqlite *s, lw_err *out_err);
void lw_sqlite_release(lw_sqlite *s, lw_db *db);

#endif
