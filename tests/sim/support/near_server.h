/* Our own server as a node of the simulation: the whole engine, and a store in memory that outlives
 * it and commits every NEAR_COMMIT_MS.
 *
 *   near_server_crash(s)     the process is gone, and what was not committed with it
 *   near_server_start(s)     a new one, on what the store has
 */
#ifndef LW_SIM_NEAR_SERVER_H
#define LW_SIM_NEAR_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/server.h"
#include "testing/fakes.h"
#include "testing/simnet.h"

#define NEAR_COMMIT_MS 20
#define NEAR_EVENTS    (LW_SERVER_REMOVED + 1)
#define NEAR_WALL      INT64_C(1700000000000) /* when the simulation begins */

typedef struct near_server {
    const char *name;
    lw_sim *sim;
    lw_sim_node *node;
    lw_server *server; /* NULL: down */
    lw_server_cfg cfg;
    lw_server_host host;
    lw_store *memory;
    lw_store store; /* the same, until the process is gone */
    bool is_gone;
    lw_fake_mem heap;
    lw_mem mem;
    lw_rng_seeded rng;
    lw_time wake, commit_at;
    lw_time crash_at, start_at; /* by itself; LW_TIME_NEVER: not */
    lw_ticket ticket;           /* that the store told last */
    lw_err result;
    unsigned events[NEAR_EVENTS];                              /* told, of each kind */
    void (*on_event)(void *ctx, const lw_server_event *event); /* or NULL */
    void *ctx;
} near_server;

/* cfg: limits and switches; the rest is filled in. Starts it. */
near_server *near_server_new(lw_sim *sim, const char *name, const lw_server_cfg *cfg);
void near_server_free(near_server *s); /* NULL is ignored */

void near_server_crash(near_server *s);
void near_server_start(near_server *s);

/* After a call of lw_server_…: does what is due. */
void near_server_poke(near_server *s);

#endif
