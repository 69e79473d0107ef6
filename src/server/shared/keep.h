/* What waits until the store has told that it is durable: an answer, an operator's call.
 *
 *   lw_server_put -> ticket -> lw_keep_until -> lw_server_kept: done is called, once
 *
 * A lw_keep is embedded in what waits. Tickets ascend, so one comparison at the head of the list
 * tells all that a commit lets go.
 */
#ifndef LW_SERVER_SHARED_KEEP_H
#define LW_SERVER_SHARED_KEEP_H

#include "base/list.h"
#include "lw/server.h"

typedef struct lw_keep lw_keep;
struct lw_keep {
    lw_link link;
    lw_ticket ticket;
    /* The keep is in no list any more and may be freed. */
    void (*done)(lw_server *server, lw_keep *keep, lw_err err);
};

/* Waits for a ticket that is not lower than any before; 0: done is called at once. */
void lw_keep_until(lw_server *server, lw_keep *keep, lw_ticket ticket,
                   void (*done)(lw_server *server, lw_keep *keep, lw_err err));
/* Stops waiting: done is not called. Harmless for one that does not wait, if it was initialised. */
void lw_keep_stop(lw_keep *keep);
void lw_keep_init(lw_keep *keep);

/* All up to that ticket are done. */
void lw_keep_release(lw_server *server, lw_ticket ticket, lw_err err);

#endif
