/* The stores behind include/lw/ports.h.
 *
 * Who opens one owns it, sets on_commit before the first put, and gives it back with ops->close.
 */
#ifndef LW_STORE_STORE_H
#define LW_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lw/ports.h"

/* Octets of changes that may wait for their commit: then put says LW_ENOMEM. */
#define LW_STORE_WAITING_MAX (64u * 1024 * 1024)

typedef struct lw_store_options {
    /* Shows the store as it is at this moment, beside a server that goes on with it; takes no lock,
     * and changes are refused (LW_EDENIED). */
    bool read_only;

    /* What is to go by itself, in small steps that hold up no commit. 0: nothing. */
    lw_time values_age;     /* ms since they were received */
    uint64_t values_octets; /* the oldest go when all values together take more */
    lw_time requests_age;   /* ms since they ended */

    lw_time (*clock)(void *ctx); /* what their age is measured by; NULL: the wall clock */
    void *clock_ctx;

    uint64_t waiting_max; /* 0: LW_STORE_WAITING_MAX */

    /* For tests. 0 and NULL: as it is without them. */
    const char *vfs;   /* the layer below SQLite */
    uint32_t tidy_ms;  /* how often there is a look for what is to go */
    uint32_t retry_ms; /* when a commit that failed is tried again */
} lw_store_options;

/* ---- In memory --------------------------------------------------------------------------------
 * Everything ends with it. A change is durable at once: on_commit is called by put itself, after
 * out_ticket was set. NULL: out of memory. */
lw_store *lw_store_memory_new(void);

/* For tests: from now on changes wait, until lw_store_memory_commit lets one commit happen with the
 * result that is given. LW_EIO refuses the urgent ones and keeps the lazy ones; further urgent ones
 * are refused by put until a commit succeeds. */
void lw_store_memory_hold(lw_store *store);
void lw_store_memory_commit(lw_store *store, lw_err result);

/* ---- SQLite -----------------------------------------------------------------------------------
 * DIR/lapwing.db in WAL mode, with its journals lapwing.db-wal and -shm. lapwing.lock holds the
 * process id of the server that has the store open. The directory is made when it is missing. */

#define LW_STORE_WHY_MAX 512u

/* options may be NULL. On failure `why`, cut to fit, says in one sentence for people what is wrong:
 * LW_ESTATE: another process has it; LW_EFORMAT: damaged, and left as it is; LW_ENOTSUP: made by a
 * newer version; LW_EIO: the disk, or its rights; LW_ENOTFOUND: read_only, and nothing there;
 * LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_store_sqlite_open(const char *dir, const lw_store_options *options,
                                          lw_store **out_store, char *why, size_t why_len);

/* Copies all of it to a new file, which opens as a store when it is put into a directory as
 * lapwing.db. The server goes on meanwhile; the copy shows the moment of the call. `progress`,
 * which may be NULL, is called now and then, and stops the copying with false: LW_ECANCELED.
 * LW_EEXISTS: there is such a file; LW_ENOTSUP: the store is in memory; LW_EIO, LW_EFORMAT,
 * LW_ENOMEM. */
typedef bool lw_store_progress_fn(void *ctx, uint64_t octets, uint64_t of_octets);
LW_MUST_CHECK lw_err lw_store_backup(lw_store *store, const char *path,
                                     lw_store_progress_fn *progress, void *ctx, char *why,
                                     size_t why_len);

/* Reads every page and every row of the store in dir, beside a server that runs. `fn` is called for
 * each problem with a sentence. LW_OK when it could be read at all, also with problems; else as
 * lw_store_sqlite_open with read_only. */
typedef struct lw_store_census {
    uint64_t rows[LW_ROW_KIND_COUNT];
    uint64_t unreadable; /* of them */
    uint64_t problems;   /* told to fn */
} lw_store_census;
typedef void lw_store_problem_fn(void *ctx, const char *sentence);
LW_MUST_CHECK lw_err lw_store_check(const char *dir, lw_store_problem_fn *fn, void *ctx,
                                    lw_store_census *out_census, char *why, size_t why_len);

/* ---- Any store as text ------------------------------------------------------------------------
 * JSON lines (docs/store.md): every row of every kind, secrets included, so the file is to be
 * guarded like the store. A store that is opened read_only shows one moment, so that is what to
 * export when a server runs on it. LW_EIO when the file cannot be written, else what the store
 * said. */
LW_MUST_CHECK lw_err lw_store_export(lw_store *store, FILE *out, uint64_t *out_rows);

/* Reads the file twice: it is put into the store when all of it was found to be sound. LW_ESTATE:
 * the store is not empty; LW_EFORMAT; LW_EIO; LW_ENOMEM. `why` says what, and in which line. Should
 * the store fail midway, it is left with a part. */
LW_MUST_CHECK lw_err lw_store_import(lw_store *store, FILE *in, uint64_t *out_rows, char *why,
                                     size_t why_len);

#endif
