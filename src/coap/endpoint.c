#include "coap/endpoint.h"

#include <string.h>

#include "base/apart.h"
#include "base/hash.h"
#include "coap/bodies.h"
#include "coap/endpoint_priv.h"

lw_err lw_coap_init(lw_coap *coap, const lw_coap_config *config)
{
    const lw_coap_limits *l = &config->limits;
    if (config->buf_size < LW_COAP_BUF_SIZE(16) || l->max_seen == 0 || l->max_seen_per_peer == 0 ||
        l->max_queued == 0 || (config->later != NULL && l->max_later == 0)) {
        return LW_EINVAL;
    }
    memset(coap, 0, sizeof *coap);
    coap->config = *config;
    lw_deadlines_init(&coap->deadlines);
    lw_list_init(&coap->seen);
    return LW_OK;
}

void lw_coap_fini(lw_coap *coap)
{
    lw_wipe(coap->config.buf, coap->config.buf_size);
}

void lw_coap_peer_init(lw_coap *coap, lw_coap_peer *peer, const lw_coap_params *params)
{
    *peer = (lw_coap_peer){.params = params, .max_message = params->max_message};
    lw_list_init(&peer->seen);
    /* Not the first id of an earlier life, which the peer may still remember. */
    peer->next_mid = (uint16_t)lw_rng_u32(&coap->config.rng);
}

void lw_coap_peer_drop(lw_coap *coap, lw_coap_peer *peer)
{
    peer->closing = true;
    lw_coap_exchanges_drop(coap, peer);
    if (peer->later != NULL) {
        coap->config.later->drop(coap, peer);
    }
    if (peer->bodies != NULL) {
        coap->config.bodies->hooks->drop(coap, peer);
    }
    lw_coap_seen_drop(coap, peer);
}

void lw_coap_timer_arm(lw_coap *coap, lw_coap_timer *t, uint32_t delay_ms)
{
    lw_deadline_arm(&coap->deadlines, &t->deadline, coap->now + (lw_time)delay_ms);
}

void lw_coap_send(lw_coap *coap, lw_coap_peer *peer, const lw_bytes *message)
{
    coap->stats.sent++;
    coap->config.handler->send(coap->config.ctx, peer, *message);
}

void lw_coap_send_empty(lw_coap *coap, lw_coap_peer *peer, lw_coap_type type, uint16_t mid)
{
    if (lw_coap_is_stream(peer)) {
        return;
    }
    uint8_t octets[] = {(uint8_t)(0x40u | (unsigned)type << 4), LW_COAP_EMPTY, (uint8_t)(mid >> 8),
                        (uint8_t)mid};
    lw_bytes message = lw_bytes_of(octets, sizeof octets);
    lw_coap_send(coap, peer, &message);
}

/* ---- incoming ------------------------------------------------------------------------------ */

/* RFC 7252 section 4.2 and 4.3: a CON that cannot be processed is rejected, a NON ignored. */
static void reject(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg)
{
    if (msg->type == LW_COAP_CON) {
        lw_coap_send_empty(coap, peer, LW_COAP_RST, msg->mid);
    }
}

/* RFC 7252 section 4.5: the same answer, without processing the message again. */
static void on_duplicate(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg,
                         const lw_coap_seen *seen)
{
    coap->stats.duplicates++;
    if (msg->type != LW_COAP_CON) {
        return;
    }
    if (seen->reply.len != 0) {
        lw_coap_send(coap, peer, &seen->reply);
    } else if (seen->answer != SEEN_SILENT) {
        lw_coap_send_empty(coap, peer, (lw_coap_type)seen->answer, msg->mid);
    } else if (peer->later != NULL) {
        coap->config.later->on_duplicate(coap, peer, msg->mid);
    }
}

/* A response that no request of ours waits for. */
static bool is_expected(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg)
{
    const lw_coap_handler *h = coap->config.handler;
    return h->on_notification != NULL && h->on_notification(coap->config.ctx, peer, coap->now, msg);
}

/* An empty message, which a duplicate gets again. */
static void answer_empty(lw_coap *coap, lw_coap_peer *peer, lw_coap_type type, uint16_t mid)
{
    lw_coap_seen_answered(coap, peer, mid, (uint8_t)type, NULL);
    lw_coap_send_empty(coap, peer, type, mid);
}

void lw_coap_acknowledge(lw_coap *coap, lw_coap_peer *peer, uint16_t mid)
{
    answer_empty(coap, peer, LW_COAP_ACK, mid);
}

void lw_coap_forget(lw_coap *coap, lw_coap_peer *peer, uint16_t mid)
{
    lw_coap_seen_forget(coap, peer, mid);
}

/* A response to a request of ours: an unknown critical option rejects it (RFC 7252 section 5.4.1).
 */
static lw_err judge(const lw_coap_msg *msg)
{
    return msg->noted.refused == 0 ? LW_OK : LW_EPROTO;
}

/* A response of its own: separate, to a NON, or over a stream. */
static void on_response(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg)
{
    lw_coap_exchange *ex = lw_coap_exchange_by_token(peer, &msg->token);
    lw_err err = judge(msg);
    if (err != LW_OK || (ex == NULL && !is_expected(coap, peer, msg))) {
        /* A NON as well: this is how an observer says that it is none (RFC 7641 section 3.6). */
        answer_empty(coap, peer, LW_COAP_RST, msg->mid);
    } else if (ex != NULL && msg->type == LW_COAP_CON) {
        lw_coap_acknowledge(coap, peer, msg->mid);
    }
    if (ex != NULL) {
        lw_coap_exchange_end(coap, ex, err, msg);
    }
}

/* A request, or a response: no other code comes so far. */
static void on_message(lw_coap *coap, lw_coap_peer *peer, lw_coap_msg *msg)
{
    if (lw_coap_code_is_request(msg->code)) {
        lw_coap_reply_request(coap, peer, msg);
    } else {
        on_response(coap, peer, msg);
    }
}

void lw_coap_feed_msg(lw_coap *coap, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg)
{
    coap->now = now;
    coap->stats.received++;
    lw_coap_msg view = *msg;
    if (lw_coap_code_is_request(msg->code) || lw_coap_code_is_response(msg->code)) {
        on_message(coap, peer, &view); /* RFC 8323 section 3.4: an empty one is ignored */
    }
}

static void on_con_or_non(lw_coap *coap, lw_coap_peer *peer, lw_coap_msg *msg, uint32_t digest)
{
    if (msg->code == LW_COAP_EMPTY) {
        reject(coap, peer, msg); /* a ping (RFC 7252 section 4.3) */
        return;
    }
    const lw_coap_seen *seen = lw_coap_seen_find(coap, peer, msg->mid, digest);
    if (seen != NULL) {
        on_duplicate(coap, peer, msg, seen);
        return;
    }
    if (lw_coap_seen_add(coap, peer, msg, digest)) {
        on_message(coap, peer, msg);
    }
}

static void on_rst(lw_coap *coap, lw_coap_peer *peer, lw_coap_exchange *ex, uint16_t mid)
{
    if (ex != NULL) {
        lw_coap_exchange_end(coap, ex, LW_ERESET, NULL);
    } else if (coap->config.handler->on_reset != NULL) {
        coap->config.handler->on_reset(coap->config.ctx, peer, mid);
    }
}

static void on_ack_or_rst(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg)
{
    lw_coap_exchange *ex = lw_coap_exchange_by_mid(peer, msg->mid);
    if (msg->type == LW_COAP_RST) {
        on_rst(coap, peer, ex, msg->mid);
        return;
    }
    if (ex == NULL) {
        return;
    }
    if (msg->code == LW_COAP_EMPTY) {
        lw_coap_exchange_acked(coap, ex);
        return;
    }
    /* RFC 7252 section 5.3.2: message id and token of a piggybacked response must both match. */
    if (lw_coap_code_is_request(msg->code) || lw_coap_exchange_by_token(peer, &msg->token) != ex) {
        return;
    }
    lw_coap_exchange_end(coap, ex, judge(msg), msg);
}

LW_APART void lw_coap_feed(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_bytes datagram)
{
    coap->now = now;
    coap->stats.received++;
    lw_coap_msg msg;
    lw_err err = lw_coap_msg_parse(datagram, &msg);
    if (err != LW_OK) {
        coap->stats.malformed++;
        reject(coap, peer, &msg); /* a CON, as far as can be told */
        return;
    }
    if (msg.type == LW_COAP_ACK || msg.type == LW_COAP_RST) {
        on_ack_or_rst(coap, peer, &msg);
    } else {
        on_con_or_non(coap, peer, &msg, lw_digest(LW_DIGEST_SEED, datagram.ptr, datagram.len));
    }
}

/* ---- time ---------------------------------------------------------------------------------- */

void lw_coap_step(lw_coap *coap, lw_time now)
{
    coap->now = now;
    lw_coap_seen_expire(coap); /* first: what is due may need the memory */
    lw_deadline *d;
    while ((d = lw_deadlines_take_due(&coap->deadlines, now)) != NULL) {
        lw_coap_timer *timer = (lw_coap_timer *)(void *)d; /* its first member */
        timer->fire(coap, timer);
    }
}

lw_time lw_coap_next_deadline(const lw_coap *coap)
{
    return lw_deadlines_next(&coap->deadlines);
}
