/* One request of an operator that has not ended: what is kept of it, where it is listed, and how
 * its states are told and stored. When it goes is decided in dm/queue.h, how in dm/request.h.
 */
#ifndef LW_SERVER_DM_PENDING_H
#define LW_SERVER_DM_PENDING_H

#include "coap/transfer.h"
#include "server/dm/downlink.h"
#include "server/engine.h"
#include "server/shared/keep.h"

/* Why an attempt was called off. */
typedef enum lw_pending_why {
    LW_PENDING_LOST, /* by the layers below: the way to the device is gone */
    LW_PENDING_CANCELED,
    LW_PENDING_MOVED, /* the device */
    LW_PENDING_OVER   /* its registration */
} lw_pending_why;

struct lw_pending {
    lw_link link; /* lw_queue.requests */
    lw_map_node by_id;
    lw_wheel_timer timer; /* until: expires, or the next try */
    lw_keep keep;         /* its row: state QUEUED, or SENT before it goes */
    lw_device *device;
    uint64_t id;
    lw_downlink_ask ask; /* texts point behind the structure */
    lw_time created_at;  /* wall clock */
    lw_time expires;     /* of the engine's clock */
    uint32_t timeout_ms;
    uint8_t state;   /* lw_request_state */
    uint8_t when;    /* lw_request_when */
    uint8_t why;     /* lw_pending_why, while it is called off */
    bool has_row;    /* the store has it, or is about to */
    bool is_keeping; /* and has not told yet that it is durable */
    bool is_marked;  /* its row says SENT */
    void (*on_queued)(void *ctx, uint64_t id, lw_err err);
    void (*on_progress)(void *ctx, uint64_t id, const lw_progress *progress);
    void (*on_end)(void *ctx, const lw_server_result *result);
    void *ctx;
    lw_server *server;          /* for callbacks from below */
    lw_coap_transfer *transfer; /* the attempt; NULL: none */
    lw_time attempt_ends;       /* timeout_ms after its first message */
    lw_progress progress;       /* of the attempt */
    lw_time progress_told_at;
    lw_downlink downlink;
    lw_bytes payload; /* owned */
    uint8_t texts[];
};

static inline lw_pending *lw_pending_of(lw_link *link)
{
    return LW_CONTAINER(link, lw_pending, link);
}

/* ---- Coming and going ----------------------------------------------------------------------- */

/* A copy, in no list. NULL without memory. */
lw_pending *lw_pending_new(lw_server *server, lw_device *device, const lw_downlink_ask *ask);
void lw_pending_free(lw_pending *p);

/* Behind the others of its device, with its id, until it expires. */
void lw_pending_join(lw_pending *p);
/* Out of everything it is in. */
void lw_pending_leave(lw_pending *p);
lw_pending *lw_pending_find(const lw_server *server, uint64_t id);

/* Wakes the queue then, and when it expires. */
void lw_pending_arm(lw_pending *p, lw_time at);

/* May it be carried out twice (queue.h)? */
bool lw_pending_may_repeat(const lw_pending *p);

/* ---- States --------------------------------------------------------------------------------- */

/* As it is now. */
lw_server_result lw_pending_result(const lw_pending *p);

/* Puts its row, as if it were in that state. */
LW_MUST_CHECK lw_err lw_pending_put(const lw_pending *p, lw_request_state state, lw_haste haste,
                                    lw_ticket *out_ticket);

/* Takes a state that is not an end, and tells it. */
void lw_pending_set_state(lw_pending *p, lw_request_state state);

/* Takes how far the attempt is. Of each body the first block and the last are told as an event, and
 * what lies between once in LW_PENDING_PROGRESS_MS. */
#define LW_PENDING_PROGRESS_MS 250u
void lw_pending_set_progress(lw_pending *p, const lw_progress *progress);

/* Its one end: it is told, stored if it has a row, and `p` is gone. */
void lw_pending_end(lw_pending *p, const lw_server_result *result);
void lw_pending_end_as(lw_pending *p, lw_request_state state, lw_err err);

#endif
