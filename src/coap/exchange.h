/* What we send and wait for: requests, confirmable notifications and separate answers, pings.
 *
 *            start                 NSTART lets it go
 *              |    NSTART is full   +--------------- timeout: again, doubled
 *              v                     v                    |
 *           (queued) ---------> (unconfirmed) ------------+
 *                                |   |   |   MAX_RETRANSMIT reached: LW_ETIMEOUT, not acked
 *               ACK with response|   |   |   RST: LW_ERESET
 *               or own response  |   |   +-> end
 *                                |   | ACK (for a NON: its probing time is over)
 *                                |   v
 *                                | (waiting) -- response timeout: LW_ETIMEOUT, acked
 *                                |   | response
 *                                v   v
 *                               end: LW_OK
 *
 * Every exchange ends in exactly one call of its on_end; lw_coap_cancel and lw_coap_peer_drop make
 * it LW_ECANCELED. The exchange is gone when on_end is called.
 *
 * NSTART (RFC 7252 section 4.7) counts the unconfirmed; the others wait in order. A NON request
 * counts until its response is here or PROBING_RATE octets a second would have carried it, so that
 * a peer that never answers is not sent more than that rate.
 */
#ifndef LW_COAP_EXCHANGE_H
#define LW_COAP_EXCHANGE_H

#include "coap/endpoint.h"

typedef struct lw_coap_exchange lw_coap_exchange;

typedef struct lw_coap_result {
    lw_err err;             /* LW_OK, LW_ETIMEOUT, LW_ERESET, LW_ECANCELED, LW_EPROTO; transfers:
                               also LW_ENOMEM, LW_ETOOBIG and what a callback of theirs returned */
    bool acked;             /* LW_ETIMEOUT: the peer took the message, but no response followed */
    const lw_coap_msg *msg; /* the response when LW_OK, valid for the call; NULL for others */
    lw_time now;
} lw_coap_result;

typedef void (*lw_coap_end_fn)(void *ctx, const lw_coap_result *result);

/* Everything is borrowed for the call; the message is built at once. */
typedef struct lw_coap_request {
    uint8_t code;
    const lw_coap_token *token;   /* NULL: a new one */
    lw_bytes options;             /* encoded: lw_coap_begin_options, lw_coap_put */
    lw_bytes payload;             /* one datagram's; longer bodies: coap/transfer.h */
    uint32_t response_timeout_ms; /* 0: that of the peer's parameters */
    lw_coap_end_fn on_end;
    void *ctx;
} lw_coap_request;

/* Starts a request. out_exchange may be NULL; what it gets is valid until on_end. LW_ENOMEM when
 * max_queued is reached or memory is out, LW_ETOOBIG when the peer takes no such message, LW_ESTATE
 * for a peer that is being dropped; on_end is then not called. */
LW_MUST_CHECK lw_err lw_coap_start(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                   const lw_coap_request *request, lw_coap_exchange **out_exchange);

/* The same as a NON: it is sent once, and only its response can be missing. */
LW_MUST_CHECK lw_err lw_coap_start_non(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                       const lw_coap_request *request,
                                       lw_coap_exchange **out_exchange);

/* An empty CON (RFC 7252 section 4.3). A peer that is there answers it with Reset: LW_ERESET. */
LW_MUST_CHECK lw_err lw_coap_ping(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                  lw_coap_end_fn on_end, void *ctx);

/* Ends it with LW_ECANCELED, now. */
void lw_coap_cancel(lw_coap *coap, lw_coap_exchange *exchange, lw_time now);

/* A fresh token for the peer: params->token_len octets that nobody can foresee. */
void lw_coap_new_token(lw_coap *coap, const lw_coap_peer *peer, lw_coap_token *out_token);

#endif
