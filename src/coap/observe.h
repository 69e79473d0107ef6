/* Observations (RFC 7641), both roles. Nothing here knows what is observed.
 *
 * Server: who observes what is the owner's table; it keeps a token and a sequence number for each
 * observer and calls lw_coap_notify. Client: lw_coap_observe registers, and
 * lw_coap_observations_feed is what the endpoint's on_notification calls.
 */
#ifndef LW_COAP_OBSERVE_H
#define LW_COAP_OBSERVE_H

#include "coap/exchange.h"

#define LW_COAP_OBSERVE_REGISTER   0u
#define LW_COAP_OBSERVE_DEREGISTER 1u

/* The number after `sequence`, modulo 2^24 (RFC 7641 section 4.4). */
static inline uint32_t lw_coap_observe_next(uint32_t sequence)
{
    return (sequence + 1) & 0xffffffu;
}

/* RFC 7641 section 3.4: is the notification (sequence, at) newer than the one known? True when the
 * number is ahead by less than 2^23, wrapping, or when 128 s have passed. */
bool lw_coap_observe_is_fresh(uint32_t known, lw_time known_at, uint32_t sequence, lw_time at);

/* ---- server ------------------------------------------------------------------------------- */

/* Who observes: embedded in the owner's table. */
typedef struct lw_coap_observer {
    /* A confirmable notification in flight, or NULL; the owner's on_end sets it so. A newer state
     * takes its place, confirmable as well: it is sent when the older would have been sent again,
     * with the same timeout and attempts left, or at once when the older is acknowledged (RFC 7641
     * section 4.5.2). */
    lw_coap_exchange *exchange;
    uint16_t mid; /* of the last notification, if it was a NON: what a later on_reset speaks of */
    bool has_mid;
    uint32_t sequence; /* of the last notification, 24 bits */
    lw_coap_token token;
} lw_coap_observer;

typedef struct lw_coap_notification {
    uint8_t code; /* 2.05 or 2.03; an error ends the observation (OBS-13) */
    bool confirmable;
    /* Writes options (Content-Format, Max-Age, …; Observe is there already) and representation, as
     * a handler does; called once. One that is larger than a block goes out as its first block, the
     * observer fetches the others (RFC 7959 section 2.6, OBS-20). NULL: neither, and no Observe: it
     * ends the observation. */
    lw_err (*write)(void *ctx, lw_coap_reply *reply);
    void *write_ctx;
    /* Confirmable ones end here: LW_OK acknowledged; LW_ERESET not wanted, or LW_ETIMEOUT: both end
     * the observation by RFC 7641 section 4.5; LW_ECANCELED also when superseded. May be NULL. */
    lw_coap_end_fn on_end;
    void *ctx;
} lw_coap_notification;

/* A failure of write is returned and nothing is sent; LW_ENOMEM; LW_ESTATE from within a handler,
 * whose answer is in the buffer. The observer is as it was then. */
LW_MUST_CHECK lw_err lw_coap_notify(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                    lw_coap_observer *to, const lw_coap_notification *notification);

/* ---- client ------------------------------------------------------------------------------- */

typedef struct lw_coap_observation lw_coap_observation;

/* Embedded in the owner's structure; one list of them for each peer. */
struct lw_coap_observation {
    lw_link link;
    lw_coap_token token;
    uint32_t sequence; /* of the newest notification */
    lw_time at;        /* when it came */
    /* A fresh notification, in order; `msg` may hold the first block of a larger one (continue it
     * with coap/transfer.h). An error code is the last: the observation is then already removed.
     * Returns what lw_coap_notified is to be told. */
    lw_err (*on_notify)(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg);
    /* One that was overtaken by a newer: its state is of the past, its time-stamped values are not
     * (OBS-19). Returns likewise. NULL: accepted and dropped. */
    lw_err (*on_stale)(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg);
    lw_coap_end_fn on_end; /* of the registering request, with ctx */
    void *ctx;
    lw_link *list;
};

#define LW_COAP_OBSERVE_OPTIONS_MAX 512u /* octets of all options of such a request */

/* Registers: sends `request` (GET or FETCH, without Observe among its options) with Observe 0. Its
 * on_end is called with the first response; when that is a success with an Observe option, `obs`
 * has joined `list` before. Set on_notify beforehand; obs stays where it is until stopped. */
LW_MUST_CHECK lw_err lw_coap_observe(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_link *list,
                                     lw_coap_observation *obs, const lw_coap_request *request);

/* Joins the list with a token known from elsewhere: after a restart, or from a transfer. */
void lw_coap_observation_start(lw_coap_observation *obs, lw_link *list, lw_coap_token token);

/* Leaves the list: the next notification is answered with Reset (passive cancel). */
void lw_coap_observation_stop(lw_coap_observation *obs);

/* Active cancel: stops, and sends `request` with Observe 1 and the token of the observation. The
 * options but Observe must be those of the registration (RFC 7641 section 3.6, OBS-21). */
LW_MUST_CHECK lw_err lw_coap_observe_cancel(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                            lw_coap_observation *obs,
                                            const lw_coap_request *request);

/* What on_notification of the endpoint returns, when it knows what became of the message. LW_OK: it
 * is acknowledged now; LW_AGAIN: lw_coap_acknowledge follows when it is stored; LW_END: silence, as
 * if it had been lost, and when it comes again it is new; anything else: it is not expected. */
bool lw_coap_notified(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg, lw_err err);

/* Finds the observation of a notification. What comes over a stream is never stale: that keeps the
 * order by itself (P-TRN-07). LW_ENOTFOUND when nobody observes. */
LW_MUST_CHECK lw_err lw_coap_observations_feed(lw_link *list, const lw_coap_peer *peer, lw_time now,
                                               const lw_coap_msg *msg);

#endif
