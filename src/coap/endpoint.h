/* One CoAP endpoint: many peers, one clock, no I/O (RFC 7252 section 4 and 5).
 *
 * Datagrams and `now` go in (lw_coap_feed, lw_coap_step), datagrams come out through `send`, and
 * lw_coap_next_deadline says when to be woken. A microcontroller has one peer, a server a million:
 * a peer that is idle costs its struct, which is embedded in the owner's. Requests in flight and
 * message ids that are remembered take memory from lw_mem while they live.
 *
 *   coap/exchange.h   requests, notifications and pings of ours, to their one end
 *   coap/reply.h      requests of the peer: handlers return answers, they do not send
 *   coap/bodies.h     block-wise bodies for handlers (optional)
 *   coap/later.h      answers that take their time (optional)
 *   coap/transfer.h   block-wise bodies for requests (optional)
 *   coap/observe.h    observations, both roles (optional)
 *
 *    datagram -> feed -> parse --ACK, RST--> exchange (by message id)
 *                          | CON, NON
 *                          v
 *                  seen before? --yes--> the same answer again, or silence
 *                          | no
 *                          +--response--> exchange (by token), else on_notification, else RST
 *                          +--request---> bodies -> on_request -> answer, kept with its message id
 *                          +--empty CON-> RST (ping)
 *
 * An endpoint is used by one thread. Callbacks may start and cancel requests, but must not feed,
 * step, or drop the peer they are called for; `send` must not call back into the endpoint.
 */
#ifndef LW_COAP_ENDPOINT_H
#define LW_COAP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/rng.h"
#include "coap/msg.h"
#include "coap/params.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/time.h"

typedef struct lw_coap lw_coap;
typedef struct lw_coap_peer lw_coap_peer;
typedef struct lw_coap_inbound lw_coap_inbound;         /* coap/reply.h */
typedef struct lw_coap_reply lw_coap_reply;             /* coap/reply.h */
typedef struct lw_coap_bodies lw_coap_bodies;           /* coap/bodies.h */
typedef struct lw_coap_later_hooks lw_coap_later_hooks; /* coap/later.h */

/* Something that wants to be woken by lw_coap_step: of this floor, or of who owns the endpoint, who
 * arms its deadline in those of the endpoint. All zero but for `fire` it is not armed. */
typedef struct lw_coap_timer lw_coap_timer;
struct lw_coap_timer {
    lw_deadline deadline;
    void (*fire)(lw_coap *coap, lw_coap_timer *timer);
};

/* What the owner of an endpoint supplies. The octets and messages passed are valid for the call. */
typedef struct lw_coap_handler {
    /* Sends one message to a peer: a datagram, or octets of its stream. May lose it. */
    void (*send)(void *ctx, lw_coap_peer *peer, lw_bytes message);

    /* Answers a request: fills `reply` and returns LW_OK. LW_AGAIN: the answer comes later, through
     * lw_coap_answer_begin of coap/later.h. LW_END: silence, as if the request had been lost; when
     * it comes again it is new. A failure becomes 5.00 (5.03 for LW_ENOMEM) without payload. Called
     * at most once for a request, however often it arrives; but once for every block that is asked
     * for when the answer to a GET or FETCH is larger than one (it must then write the same again).
     */
    lw_err (*on_request)(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply);

    /* A response that no request waits for: a notification, or a stray. True: it is expected, and
     * who took it acknowledges it (lw_coap_notified). False: Reset (RFC 7641 section 3.6, OBS-11).
     * NULL: Reset always. */
    bool (*on_notification)(void *ctx, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg);

    /* The peer rejects a NON of ours: the notification sent with that message id (P-OBS-10). May be
     * NULL. */
    void (*on_reset)(void *ctx, lw_coap_peer *peer, uint16_t mid);

    /* Asked with the first block of a body: pass each block to on_request as it comes, instead of
     * the assembled whole? NULL: never. */
    bool (*wants_stream)(void *ctx, const lw_coap_inbound *in);

    /* A body that was being streamed will not be continued; `stream` is what the handler set when
     * it took a block of it, and did not set back to 0 when it was the last one for it. */
    void (*on_stream_gone)(void *ctx, lw_coap_peer *peer, uint64_t stream);
} lw_coap_handler;

/* Ceilings; each at least 1. */
typedef struct lw_coap_limits {
    uint32_t max_seen; /* message ids remembered, all peers: the oldest is forgotten first */
    uint16_t max_seen_per_peer; /* of one peer */
    uint16_t max_queued;        /* requests and notifications of ours alive for one peer */
    uint16_t max_later;         /* requests of one peer that wait for their answer (LW_AGAIN) */
} lw_coap_limits;

/* What happened, for metrics; they wrap. */
typedef struct lw_coap_stats {
    uint32_t received;
    uint32_t sent;
    uint32_t retransmitted;
    uint32_t duplicates;
    uint32_t malformed;
    uint32_t timeouts;
} lw_coap_stats;

/* The buffer in which answers and notifications are built: room for one payload of that size. */
#define LW_COAP_HEADER_MAX        14u
#define LW_COAP_OPTIONS_MAX       112u /* of one answer, encoded */
#define LW_COAP_REPLY_OPTIONS     64u  /* of these, what a handler may put */
#define LW_COAP_BUF_SIZE(payload) ((payload) + LW_COAP_BUF_OVERHEAD)
#define LW_COAP_BUF_OVERHEAD      (LW_COAP_HEADER_MAX + LW_COAP_OPTIONS_MAX)

typedef struct lw_coap_config {
    lw_mem mem;
    lw_rng rng;
    const lw_coap_handler *handler;
    void *ctx; /* of the handler */
    lw_coap_limits limits;
    uint8_t *buf;    /* borrowed while the endpoint lives */
    size_t buf_size; /* LW_COAP_BUF_SIZE(n): answers to POST, PUT, … are at most n octets */
    lw_coap_bodies *bodies; /* NULL: everything goes whole, blocks are refused with 4.02 */
    const lw_coap_later_hooks *later; /* NULL: on_request does not return LW_AGAIN */
} lw_coap_config;

struct lw_coap {
    bool busy; /* config.buf holds an answer that is being written */
    lw_coap_config config;
    lw_time now; /* of the call that is being worked on */
    lw_deadlines deadlines;
    lw_link seen; /* message ids remembered, oldest first: coap/dedup.c */
    uint32_t seen_count;
    lw_coap_stats stats;
};

struct lw_coap_peer {
    bool closing;
    uint16_t queued; /* exchanges */
    uint16_t next_mid;
    uint16_t seen_count;
    const lw_coap_params *params;
    struct lw_coap_exchange *exchanges; /* of ours, in order of their start: coap/exchange.c */
    lw_link seen;                       /* message ids of the peer, newest first */
    struct lw_coap_later *later;        /* requests that wait for their answer */
    struct lw_coap_body *bodies;        /* block-wise bodies of the peer */
    uint32_t max_message;               /* octets; may be changed at any time (CSM, path MTU) */
};

/* `config` is copied. LW_EINVAL when the buffer or a limit is too small. */
LW_MUST_CHECK lw_err lw_coap_init(lw_coap *coap, const lw_coap_config *config);

/* `params` is borrowed for as long as the peer lives. */
void lw_coap_peer_init(lw_coap *coap, lw_coap_peer *peer, const lw_coap_params *params);

/* Forgets everything about a peer: its requests end with LW_ECANCELED, its own requests are not
 * answered any more. Harmless when repeated. The peer may be initialised again. */
void lw_coap_peer_drop(lw_coap *coap, lw_coap_peer *peer);
/* Or goes on, as a new one but for its parameters and for message ids that were not used lately. */
static inline void lw_coap_peer_resume(lw_coap_peer *peer)
{
    peer->closing = false;
}

/* One datagram of a peer, in plain text. */
void lw_coap_feed(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_bytes datagram);

/* One request or response from a stream. Signalling belongs to net/stream. */
void lw_coap_feed_msg(lw_coap *coap, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg);

/* Does what is due: retransmissions, timeouts, delayed acknowledgements. */
void lw_coap_step(lw_coap *coap, lw_time now);

/* When lw_coap_step must be called next; LW_TIME_NEVER when nothing waits. For memory alone, of
 * message ids that need not be remembered any more, nobody is woken: the next step or message gives
 * it back before it does anything else. */
lw_time lw_coap_next_deadline(const lw_coap *coap);

/* A notification, or what will be answered later, has come: tell the peer. */
void lw_coap_acknowledge(lw_coap *coap, lw_coap_peer *peer, uint16_t mid);
/* Instead: it could not be stored. When it comes again it is new. */
void lw_coap_forget(lw_coap *coap, lw_coap_peer *peer, uint16_t mid);

/* Frees what the endpoint itself holds. All peers must have been dropped. */
void lw_coap_fini(lw_coap *coap);

#endif
