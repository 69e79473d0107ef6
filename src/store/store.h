/* The stores behind include/lw/ports.h.
 *
 * Who opens one owns it, sets on_commit before the first put, and gives it back with ops->close.
 */
#ifndef LW_STORE_STORE_H
#define LW_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

    uint64_t waiting_max; /* 0: LW_STORE_WAITING_MAX */

    /* For tests. 0 and NULL: as it is without them. */
    lw_time (*clock)(void *ctx); /* the wall clock */
    void *clock_ctx;
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

#endif
