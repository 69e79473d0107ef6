#include "coap/reply.h"

#include <string.h>

#include "base/apart.h"
#include "coap/bodies.h"
#include "coap/endpoint_priv.h"

/* ---- building ------------------------------------------------------------------------------
 *
 * The endpoint's buffer while an answer is built:
 *
 *   | header | options | payload as the handler writes it ... |
 *     14       112       buf_size - 126
 *
 * To the options of the handler come Block1, Block2, ... at their places; then all move up against
 * the payload, and the header goes before them: the payload is never copied.
 */
static uint8_t *payload_at(const lw_coap *coap)
{
    return coap->config.buf + LW_COAP_BUF_OVERHEAD;
}

void lw_coap_reply_begin(lw_coap *coap, lw_coap_reply *reply)
{
    lw_writer_init(&reply->option_writer, coap->config.buf + LW_COAP_HEADER_MAX,
                   LW_COAP_REPLY_OPTIONS);
    lw_coap_begin_options(&reply->options, &reply->option_writer);
    lw_writer_init_window(&reply->payload, payload_at(coap), lw_coap_payload_room(coap), 0);
    reply->code = LW_COAP_INTERNAL_SERVER_ERROR; /* until somebody says else */
    coap->busy = true;
}

bool lw_coap_reply_fits(const lw_coap *coap, const lw_coap_reply *reply)
{
    const lw_writer *w = &reply->payload;
    return coap->config.bodies != NULL || w->pos <= w->from + w->cap;
}

lw_err lw_coap_reply_encode(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply)
{
    const lw_coap_bodies *bodies = coap->config.bodies;
    const lw_writer *w = &reply->option_writer;
    size_t len = reply->payload.pos;
    lw_err err = reply->payload.err;
    if (bodies != NULL) {
        err = bodies->hooks->cut(coap, peer, reply, &len);
    } else if (!lw_coap_reply_fits(coap, reply)) {
        err = LW_ETOOBIG; /* it goes whole, or not at all */
    }
    if (err != LW_OK || w->err != LW_OK) {
        return err != LW_OK ? err : w->err;
    }
    const uint8_t *end = payload_at(coap) + len;
    uint8_t *at = payload_at(coap);
    if (len != 0) {
        *--at = LW_COAP_PAYLOAD_MARKER;
    }
    at -= w->pos;
    memmove(at, w->buf, w->pos);
    reply->sent.options = lw_bytes_of(at, (size_t)(end - at));
    return reply->sent.options.len + LW_COAP_HEADER_MAX <= peer->max_message ? LW_OK : LW_ETOOBIG;
}

/* ---- sending ------------------------------------------------------------------------------- */

static bool is_unwanted(const lw_coap_ask *ask, uint8_t code)
{
    return (ask->no_response >> (lw_coap_code_class(code) - 1) & 1) != 0; /* RFC 7967 section 2.1 */
}

lw_err lw_coap_reply_send(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply,
                          lw_coap_exchange **exchange)
{
    const lw_coap_ask *ask = &reply->ask;
    lw_coap_request *sent = &reply->sent;
    bool is_piggybacked = ask->answer == LW_COAP_ACK;
    if (is_unwanted(ask, reply->code)) {
        if (is_piggybacked) {
            lw_coap_acknowledge(coap, peer, ask->mid);
        }
        return LW_OK;
    }
    sent->code = reply->code;
    if (ask->answer == LW_COAP_CON) {
        return lw_coap_begin_exchange(coap, peer, sent, exchange);
    }
    unsigned mid = is_piggybacked ? ask->mid : peer->next_mid++;
    peer->params->put_head(lw_coap_head(ask->answer, reply->code, mid), sent->token,
                           &sent->options);
    lw_coap_send(coap, peer, &sent->options);
    if (is_piggybacked) {
        lw_coap_seen_answered(coap, peer, ask->mid, SEEN_SILENT, &sent->options);
    }
    return LW_OK;
}

LW_APART lw_err lw_coap_reply_finish(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply,
                                     lw_err err)
{
    if (err == LW_OK) {
        err = lw_coap_reply_encode(coap, peer, reply);
    }
    if (err != LW_OK) {
        lw_coap_reply_begin(coap, reply); /* what the handler wrote is not sent */
        if (err == LW_ENOMEM) {
            reply->code = LW_COAP_SERVICE_UNAVAILABLE;
        }
        err = lw_coap_reply_encode(coap, peer, reply);
    }
    if (err == LW_OK) {
        lw_coap_exchange *none = NULL;
        err = lw_coap_reply_send(coap, peer, reply, &none);
    }
    coap->busy = false;
    return err;
}

/* ---- requests ------------------------------------------------------------------------------ */

/* Without coap/bodies.h: a block that is not the first and, of a body, the last. */
static bool is_part(const lw_coap_noted *noted)
{
    return noted->value[LW_COAP_NOTE_BLOCK1] > LW_BLOCK_SZX_MAX ||
           (noted->value[LW_COAP_NOTE_BLOCK2] & ~LW_BLOCK_MORE) > LW_BLOCK_SZX_MAX;
}

static lw_err run_handler(lw_coap *coap, lw_coap_inbound *in, lw_coap_msg *msg,
                          lw_coap_reply *reply)
{
    const lw_coap_bodies *bodies = coap->config.bodies;
    if (msg->noted.refused != 0 || (bodies == NULL && is_part(&msg->noted))) {
        reply->code = LW_COAP_BAD_OPTION;
        return LW_OK;
    }
    return bodies != NULL ? bodies->hooks->serve(coap, in, msg, reply)
                          : coap->config.handler->on_request(coap->config.ctx, in, reply);
}

void lw_coap_reply_request(lw_coap *coap, lw_coap_peer *peer, lw_coap_msg *msg)
{
    if (msg->noted.refused != 0 && msg->type == LW_COAP_NON) {
        return; /* RFC 7252 section 5.4.1: 4.02 for a CON, silence for a NON */
    }
    bool is_acked = msg->type == LW_COAP_CON && !lw_coap_is_stream(peer);
    lw_coap_reply reply = {
        .ask = {.mid = msg->mid,
                .answer = is_acked ? LW_COAP_ACK : LW_COAP_NON,
                .no_response = (uint8_t)msg->noted.value[LW_COAP_NOTE_NO_RESPONSE]},
        .sent = {.token = &msg->token}};
    lw_coap_inbound in = {.peer = peer, .msg = msg, .now = coap->now};
    lw_coap_reply_begin(coap, &reply);
    lw_err err = run_handler(coap, &in, msg, &reply);
    bool is_silent = err == LW_END;
    if (is_silent) {
        lw_coap_seen_forget(coap, peer, msg->mid);
    } else if (err == LW_AGAIN && coap->config.later != NULL) {
        err = coap->config.later->keep(coap, peer, &reply);
        is_silent = err == LW_OK;
    }
    if (is_silent) {
        coap->busy = false;
        return;
    }
    (void)lw_coap_reply_finish(coap, peer, &reply, err); /* what cannot be sent counts as lost */
}
