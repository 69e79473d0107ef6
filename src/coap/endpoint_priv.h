/* What the files of the endpoint share: not for its users. */
#ifndef LW_COAP_ENDPOINT_PRIV_H
#define LW_COAP_ENDPOINT_PRIV_H

#include "coap/block.h"
#include "coap/endpoint.h"
#include "coap/exchange.h"
#include "coap/reply.h"

#define MODULE "coap"

static inline bool lw_coap_is_stream(const lw_coap_peer *peer)
{
    return peer->params->is_stream;
}

/* ---- timers: endpoint.c -------------------------------------------------------------------- */

/* Fires so long after the present call. */
void lw_coap_timer_arm(lw_coap *coap, lw_coap_timer *t, uint32_t delay_ms);

static inline void lw_coap_timer_disarm(lw_coap_timer *t)
{
    lw_deadline_disarm(&t->deadline);
}

/* ---- sending: endpoint.c ------------------------------------------------------------------- */

void lw_coap_send(lw_coap *coap, lw_coap_peer *peer, const lw_bytes *message);

/* An empty message: ACK, RST, or CON as a ping. */
void lw_coap_send_empty(lw_coap *coap, lw_coap_peer *peer, lw_coap_type type, uint16_t mid);

/* ---- encoding: encode.c -------------------------------------------------------------------- */

/* The first four octets of a datagram (RFC 7252 section 3, Figure 7) as a number, but for the
 * version and the length of its token. */
static inline uint32_t lw_coap_head(unsigned type, unsigned code, unsigned mid)
{
    return type << 28 | code << 16 | mid;
}

/* params->put_head: `body`, encoded options and payload, lies behind LW_COAP_HEADER_MAX free octets
 * of a buffer of ours. */
void lw_coap_put_head_of_datagram(uint32_t head, const lw_coap_token *token, lw_bytes *body);

/* What goes into one message besides `overhead`: a datagram takes one block, a stream whatever fits
 * its messages. */
size_t lw_coap_whole_limit(const lw_coap_peer *peer, size_t block, size_t overhead);

/* ---- message ids of the peer: dedup.c ------------------------------------------------------ */

enum { SEEN_SILENT, SEEN_ACK = LW_COAP_ACK, SEEN_RST = LW_COAP_RST };

typedef struct lw_coap_seen {
    lw_link of_peer;
    lw_link of_all;
    uint8_t answer; /* what a duplicate of a CON gets when there is no `reply` */
    uint16_t mid;
    uint32_t digest; /* of the datagram */
    lw_time expires;
    lw_coap_peer *peer;
    lw_bytes reply; /* owned */
} lw_coap_seen;

/* The entry of a message that came before, or NULL. A message id that carries another datagram now
 * is not that message: the peer restarted, or its ids went round. */
lw_coap_seen *lw_coap_seen_find(lw_coap *coap, lw_coap_peer *peer, uint16_t mid, uint32_t digest);
/* False: for want of memory the message counts as lost. A CON comes again. */
bool lw_coap_seen_add(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg, uint32_t digest);
/* Notes what the message `mid` was answered with: `reply`, once, or an empty message of that type.
 * Without memory for a copy a duplicate gets nothing, as if the answer had been lost again. */
void lw_coap_seen_answered(lw_coap *coap, lw_coap_peer *peer, uint16_t mid, uint8_t answer,
                           const lw_bytes *reply);
void lw_coap_seen_forget(lw_coap *coap, lw_coap_peer *peer, uint16_t mid);
void lw_coap_seen_drop(lw_coap *coap, lw_coap_peer *peer);
/* Gives back the memory of those whose time is over. */
void lw_coap_seen_expire(lw_coap *coap);

/* ---- exchanges of ours: exchange.c --------------------------------------------------------- */

lw_coap_exchange *lw_coap_exchange_by_token(lw_coap_peer *peer, const lw_coap_token *token);
lw_coap_exchange *lw_coap_exchange_by_mid(lw_coap_peer *peer, uint16_t mid);
void lw_coap_exchange_acked(lw_coap *coap, lw_coap_exchange *ex);
void lw_coap_exchange_end(lw_coap *coap, lw_coap_exchange *ex, lw_err err, const lw_coap_msg *msg);
void lw_coap_exchanges_drop(lw_coap *coap, lw_coap_peer *peer);

/* params->fire. */
void lw_coap_fire_con(lw_coap *coap, lw_coap_timer *timer);
void lw_coap_fire_on_stream(lw_coap *coap, lw_coap_timer *timer);

/* Starts a CON: a request, or what is an exchange until its ACK comes. `exchange`: an older one of
 * which it takes the place, or NULL; then the new one. */
LW_MUST_CHECK lw_err lw_coap_begin_exchange(lw_coap *coap, lw_coap_peer *peer,
                                            const lw_coap_request *request,
                                            lw_coap_exchange **exchange);

/* ---- answers: reply.c ---------------------------------------------------------------------- */

/* Block-wise bodies may give `msg` the whole body as its payload. */
void lw_coap_reply_request(lw_coap *coap, lw_coap_peer *peer, lw_coap_msg *msg);

/* Octets of payload that the endpoint's buffer takes. */
static inline size_t lw_coap_payload_room(const lw_coap *coap)
{
    return coap->config.buf_size - LW_COAP_BUF_OVERHEAD;
}

/* Encodes all but the header, to reply->sent. */
LW_MUST_CHECK lw_err lw_coap_reply_encode(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply);

/* Sends it, as reply->ask.answer says. `exchange`: as lw_coap_begin_exchange, of a CON. */
LW_MUST_CHECK lw_err lw_coap_reply_send(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply,
                                        lw_coap_exchange **exchange);

/* Encodes and sends what the reply says, or that it failed. The endpoint is no longer busy. */
lw_err lw_coap_reply_finish(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply, lw_err err);

/* ---- answers that come later: later.c, reached through the table so that it can be left out - */

struct lw_coap_later_hooks {
    /* The handler of the request returned LW_AGAIN. LW_ENOMEM: it is to be refused. */
    lw_err (*keep)(lw_coap *coap, lw_coap_peer *peer, const lw_coap_reply *reply);
    /* The request came again: it is acknowledged now. */
    void (*on_duplicate)(lw_coap *coap, lw_coap_peer *peer, uint16_t mid);
    void (*drop)(lw_coap *coap, lw_coap_peer *peer);
};

/* ---- block-wise bodies: bodies.c, reached through the table so that it can be left out ------ */

typedef struct lw_coap_body_hooks {
    /* Takes the place of on_request, and calls it when the body of the request is whole, or with
     * each block of it, and for the part of the answer that is asked for. */
    lw_err (*serve)(lw_coap *coap, lw_coap_inbound *in, lw_coap_msg *msg, lw_coap_reply *reply);
    /* The payload of an answer that comes later: of what reply->ask asks for. */
    void (*window)(lw_coap_reply *reply);
    /* Cuts the payload to the block that is sent, so long, and puts the options that tell of it;
     * keeps the whole for the blocks after the first when it cannot be written again. */
    lw_err (*cut)(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply, size_t *out_len);
    void (*drop)(lw_coap *coap, lw_coap_peer *peer);
} lw_coap_body_hooks;

#endif
