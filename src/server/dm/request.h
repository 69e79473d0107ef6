/* One request of an operator: what is kept of it, and its way to the device and back. When it goes,
 * and what becomes of it afterwards, is the queue's (dm/queue.h).
 *
 * An attempt may take several messages: blocks both ways, an Echo, and anew in another format after
 * 4.15 or 4.06. It ends once, in lw_queue_ended.
 */
#ifndef LW_SERVER_DM_REQUEST_H
#define LW_SERVER_DM_REQUEST_H

#include "coap/transfer.h"
#include "server/dm/downlink.h"
#include "server/engine.h"
#include "server/shared/keep.h"

/* Why an attempt was called off. */
typedef enum lw_pending_end {
    LW_PENDING_LOST, /* by the layers below: the way to the device is gone */
    LW_PENDING_CANCELED,
    LW_PENDING_MOVED, /* the device */
    LW_PENDING_OVER   /* its registration */
} lw_pending_end;

typedef struct lw_pending {
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
    uint8_t why;     /* lw_pending_end, while it is called off */
    bool has_row;    /* the store has it, or is about to */
    bool is_keeping; /* and has not told yet that it is durable */
    bool is_marked;  /* its row says SENT */
    void (*on_queued)(void *ctx, uint64_t id, lw_err err);
    void (*on_progress)(void *ctx, uint64_t id, size_t sent, size_t received);
    void (*on_end)(void *ctx, const lw_server_result *result);
    void *ctx;
    lw_server *server;          /* for callbacks from below */
    lw_coap_transfer *transfer; /* the attempt; NULL: none */
    lw_time attempt_ends;       /* timeout_ms after its first message */
    lw_downlink downlink;
    lw_bytes payload; /* owned */
    uint8_t texts[];
} lw_pending;

static inline lw_pending *lw_pending_of(lw_link *link)
{
    return LW_CONTAINER(link, lw_pending, link);
}

/* What a device is to those who translate for it. `device` is borrowed with the result. */
typedef struct lw_pending_target {
    const lw_server *server;
    const lw_device *device;
} lw_pending_target;
lw_downlink_device lw_pending_device(lw_pending_target *target);

/* A copy, in no list. NULL without memory. */
lw_pending *lw_pending_new(lw_server *server, lw_device *device, const lw_downlink_ask *ask);
void lw_pending_free(lw_pending *p);

/* As it is now. */
lw_server_result lw_pending_result(const lw_pending *p);
/* `path_text`: LW_PATH_TEXT_MAX octets that the row borrows. */
lw_row_request lw_pending_row(const lw_pending *p, const lw_server_result *result, char *path_text);

/* May it be carried out twice (queue.h)? */
bool lw_pending_may_repeat(const lw_pending *p);

/* Begins an attempt. LW_ESTATE: there is no way to the device now; LW_ENOMEM: perhaps later; others
 * as lw_downlink_start, and LW_ETOOBIG. lw_queue_ended is then not called. */
LW_MUST_CHECK lw_err lw_pending_transmit(lw_pending *p);
/* Calls the attempt off: lw_queue_ended, now. */
void lw_pending_call_off(lw_pending *p, lw_pending_end why);

/* Supplied by the queue: the attempt is over. */
void lw_queue_ended(lw_pending *p, const lw_coap_result *result);

#endif
