/* Group commit: many threads change, one thread commits what has gathered in one transaction.
 *
 * An urgent change starts a commit at once; what comes while it runs gathers for the next one, so a
 * commit is as large as the disk is slow, and nobody waits longer than for two of them. Lazy
 * changes alone wait for others, 150 ms at most, so that with its commit each is durable within
 * 200.
 *
 *              a commit fails                 it says LW_EFORMAT
 *    WELL ─────────────────────▶ FAILING ─────────────────────────▶ DAMAGED
 *      ◀───────────────────────     │ ▲
 *         a commit succeeds         └─┘ tried again after a while
 *
 * While FAILING, urgent changes are refused and lazy ones gather, up to the ceiling. DAMAGED ends
 * only with the store: everything is refused.
 */
#ifndef LW_STORE_GROUP_H
#define LW_STORE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/ports.h"
#include "lw/time.h"
#include "store/row.h"

#define LW_GROUP_LAZY_MS 150
#define LW_GROUP_BATCH   10000u /* changes in one transaction */

typedef struct lw_group lw_group;

typedef struct lw_group_config {
    lw_store *store;      /* whose on_commit is called */
    uint64_t waiting_max; /* octets */
    uint32_t retry_ms;    /* from one failed commit to the next attempt */
    uint32_t tidy_ms;     /* how long after `tidy` found nothing it is asked again */
    void *ctx;
    /* Makes all changes of the list durable in one transaction, or none; with none at all it tries
     * whether it could. LW_EFORMAT: what is stored is damaged. *out_why: a static sentence. */
    lw_err (*commit)(void *ctx, const lw_change *first, const char **out_why);
    /* One short step of housekeeping, after a commit was told and when nothing else happens; true:
     * there is more to do. */
    bool (*tidy)(void *ctx);
} lw_group_config;

/* The clock that the writer goes by: monotonic. Timestamps of rows have another. */
lw_time lw_group_now(void);

/* Starts the thread. LW_ENOMEM, also when there is no thread. */
LW_MUST_CHECK lw_err lw_group_start(const lw_group_config *config, lw_group **out_group);

/* Takes the change over unless it is refused: LW_ENOMEM, LW_EIO. */
LW_MUST_CHECK lw_err lw_group_take(lw_group *group, lw_change *change, lw_ticket *out_ticket);
lw_err lw_group_wait(lw_group *group, lw_ticket ticket);

/* Somebody who read found that what is stored is damaged. */
void lw_group_damage(lw_group *group, const char *why);

/* All of it but `octets`. */
lw_store_health lw_group_health(lw_group *group);

/* Commits what waits, ends the thread, frees. */
void lw_group_stop(lw_group *group);

#endif
