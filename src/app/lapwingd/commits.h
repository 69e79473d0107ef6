/* Commits of the store on their way from the writer's thread to the engine's: lw_server_kept for
 * each, in order. Neighbours with the same outcome become one. */
#ifndef LW_APP_LAPWINGD_COMMITS_H
#define LW_APP_LAPWINGD_COMMITS_H

#include <pthread.h>
#include <stddef.h>

#include "host/loop.h"
#include "lw/ports.h"

typedef struct commit {
    lw_ticket ticket;
    lw_err err;
} commit;

typedef struct commits {
    pthread_mutex_t lock;
    lw_wake *wake; /* borrowed */
    commit *waiting;
    size_t count, room;
} commits;

void commits_init(commits *c, lw_wake *wake);
void commits_fini(commits *c);

/* lw_store.on_commit, with the commits as ctx. */
void commits_add(void *ctx, lw_ticket ticket, lw_err err);

/* Takes the oldest; false when none waits. */
bool commits_take(commits *c, commit *out_commit);

#endif
