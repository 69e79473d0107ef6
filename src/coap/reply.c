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

static size_t payload_room(const lw_coap *coap)
{
    return coap->config.buf_size - LW_COAP_BUF_OVERHEAD;
}

void lw_coap_reply_window(lw_coap *coap, lw_coap_reply *reply)
{
    const lw_coap_ask *ask = &reply->ask;
    size_t room = payload_room(coap);
    size_t from = 0;
    if (ask->has_block2 && !reply->exists_once) {
        size_t size = lw_block_size(lw_block_szx(ask->block2));
        from = lw_block_offset(ask->block2);
        room = size < room ? size : room;
    }
    lw_writer_init_window(&reply->payload, payload_at(coap), room, from);
}

void lw_coap_reply_begin(lw_coap *coap, lw_coap_reply *reply)
{
    reply->exists_once = reply->ask.method != LW_COAP_GET && (reply->ask.method != LW_COAP_FETCH ||
                                                              lw_block_is_first(reply->ask.block2));
    lw_writer_init(&reply->option_writer, coap->config.buf + LW_COAP_HEADER_MAX,
                   LW_COAP_REPLY_OPTIONS);
    lw_coap_begin_options(&reply->options, &reply->option_writer);
    lw_coap_reply_window(coap, reply);
    coap->busy = true;
}

/* How much of a representation goes into one message when the client did not say. */
static size_t whole_limit(const lw_coap *coap, const lw_coap_peer *peer, size_t block)
{
    size_t fits = lw_coap_whole_limit(peer, block, LW_COAP_BUF_OVERHEAD);
    return fits < payload_room(coap) ? fits : payload_room(coap);
}

/* The size of the block that is sent: the largest for this peer unless the client asks for a
 * smaller one. Blocks after the first cannot be made smaller: their number would mean another
 * place. */
static uint32_t block_szx(const lw_coap *coap, const lw_coap_peer *peer, const lw_coap_ask *ask)
{
    uint32_t asked = lw_block_szx(ask->block2);
    uint32_t largest = lw_block_szx_within(payload_room(coap));
    largest = largest < peer->params->szx ? largest : peer->params->szx;
    bool is_as_asked = ask->has_block2 && (asked < largest || !lw_block_is_first(ask->block2));
    return is_as_asked ? asked : largest;
}

/* RFC 7959 section 2.4. Cuts the payload to the block that is sent; LW_OK, LW_END when it goes
 * whole, or why there is no such block. */
static lw_err cut_payload(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply,
                          uint32_t *out_block, lw_bytes *payload)
{
    const lw_writer *w = &reply->payload;
    uint32_t szx = block_szx(coap, peer, &reply->ask);
    size_t size = lw_block_size(szx);
    size_t from = lw_block_offset(reply->ask.block2);
    if (w->err != LW_OK) {
        return w->err;
    }
    if (w->pos == 0 || (!reply->ask.has_block2 && w->pos <= whole_limit(coap, peer, size))) {
        return LW_END;
    }
    if (w->from >= w->pos || (from != 0 && size > payload_room(coap))) {
        return LW_ERANGE;
    }
    bool more = w->from + size < w->pos;
    *out_block = lw_block_of(from, szx, more);
    if (reply->exists_once && more) {
        const lw_coap_bodies *bodies = coap->config.bodies;
        lw_err err = LW_ETOOBIG;
        if (bodies != NULL && payload->len == w->pos) {
            err = bodies->hooks->keep(coap, peer, reply, payload);
        }
        /* A FETCH can be answered again by a client that repeats its payload for each block. */
        if (err != LW_OK && reply->ask.method != LW_COAP_FETCH) {
            return err;
        }
    }
    payload->len = payload->len < size ? payload->len : size;
    return LW_OK;
}

static uint8_t code_for(lw_err err)
{
    if (err == LW_ERANGE) { /* a block past the end: RFC 7959 leaves the code open */
        return LW_COAP_BAD_REQUEST;
    }
    return err == LW_ENOMEM ? LW_COAP_SERVICE_UNAVAILABLE : LW_COAP_INTERNAL_SERVER_ERROR;
}

static bool is_success(uint8_t code)
{
    return lw_coap_code_class(code) == 2;
}

/* The options that tell of the block that is sent. */
static void put_block(lw_coap_reply *reply, uint32_t block)
{
    lw_coap_out *out = &reply->options;
    lw_bytes options = lw_writer_plain(out->w);
    lw_bytes etag;
    lw_coap_put_uint(out, LW_COAP_OPT_BLOCK2, block);
    if (lw_block_is_first(block)) {
        lw_coap_put_uint(out, LW_COAP_OPT_SIZE2, (uint32_t)reply->payload.pos);
    }
    bool is_part = lw_block_has_more(block) || !lw_block_is_first(block);
    if (is_part && !lw_coap_opt_find(&options, LW_COAP_OPT_ETAG, &etag)) {
        uint32_t digest = reply->payload.digest; /* opaque: any order will do */
        lw_coap_put_octets(out, LW_COAP_OPT_ETAG, &digest, sizeof digest);
    }
}

lw_err lw_coap_reply_encode(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply)
{
    lw_writer *w = &reply->option_writer;
    lw_bytes payload = lw_writer_bytes(&reply->payload);
    uint32_t block;
    lw_err err = w->err;
    w->cap = LW_COAP_OPTIONS_MAX;
    if (!is_success(reply->code)) {
        payload.len = reply->payload.from == 0 ? payload.len : 0; /* a diagnostic has no blocks */
    } else if (err == LW_OK) {
        err = cut_payload(coap, peer, reply, &block, &payload);
        if (err == LW_OK) {
            put_block(reply, block);
        }
    }
    if (lw_err_is_failure(err)) {
        return err;
    }
    if (reply->observe != NULL) {
        lw_coap_put_uint(&reply->options, LW_COAP_OPT_OBSERVE, *reply->observe);
    }
    if (reply->ask.has_block1) {
        lw_coap_put_uint(&reply->options, LW_COAP_OPT_BLOCK1, reply->ask.block1);
    }
    if (payload.len != 0) {
        lw_write_u8(w, LW_COAP_PAYLOAD_MARKER);
    }
    if (w->err != LW_OK) {
        return w->err;
    }
    uint8_t *body = payload_at(coap) - w->pos;
    memmove(body, w->buf, w->pos);
    reply->body = lw_bytes_of(body, w->pos + payload.len);
    return reply->body.len + LW_COAP_HEADER_MAX <= peer->max_message ? LW_OK : LW_ETOOBIG;
}

/* ---- sending ------------------------------------------------------------------------------- */

static bool is_unwanted(const lw_coap_ask *ask, uint8_t code)
{
    return (ask->no_response >> (lw_coap_code_class(code) - 1) & 1) != 0; /* RFC 7967 section 2.1 */
}

/* Sends the answer the way its request demands: piggybacked, NON, or separate. */
static lw_err send_reply(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply)
{
    lw_coap_confirmable separate = {.is_ping = false};
    const lw_coap_ask *ask = &reply->ask;
    bool con = ask->type == LW_COAP_CON && !lw_coap_is_stream(peer);
    bool piggyback = con && !ask->acked;
    if (is_unwanted(ask, reply->code)) {
        if (piggyback) {
            lw_coap_acknowledge(coap, peer, ask->mid);
        }
        return LW_OK;
    }
    lw_coap_type alone = con && !reply->non ? LW_COAP_CON : LW_COAP_NON;
    lw_coap_head head = {.type = piggyback ? LW_COAP_ACK : alone,
                         .code = reply->code,
                         .mid = ask->mid,
                         .token = &ask->token};
    return lw_coap_send_body(coap, peer, &head, &reply->body, &separate, NULL);
}

LW_APART lw_err lw_coap_reply_finish(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply,
                                     lw_err err)
{
    if (err == LW_OK && reply->code == LW_COAP_EMPTY) {
        err = LW_EINVAL;
    }
    if (err == LW_OK) {
        err = lw_coap_reply_encode(coap, peer, reply);
    }
    if (err != LW_OK) {
        coap->stats.failed++;
        reply->code = code_for(err);
        lw_coap_reply_begin(coap, reply); /* what the handler wrote is not sent */
        err = lw_coap_reply_encode(coap, peer, reply);
    }
    if (err == LW_OK) {
        err = send_reply(coap, peer, reply);
    }
    coap->busy = false;
    return err;
}

/* ---- requests ------------------------------------------------------------------------------ */

/* `ask` is zeroed. */
static void read_ask(const lw_coap *coap, const lw_coap_msg *msg, lw_coap_ask *ask)
{
    ask->token = msg->token;
    ask->mid = msg->mid;
    ask->type = msg->type;
    ask->method = msg->code;
    ask->no_response = (uint8_t)msg->noted.value[LW_COAP_NOTE_NO_RESPONSE];
    ask->has_block1 = lw_coap_has(&msg->noted, LW_COAP_NOTE_BLOCK1);
    ask->block1 = msg->noted.value[LW_COAP_NOTE_BLOCK1];
    ask->has_block2 = lw_coap_has(&msg->noted, LW_COAP_NOTE_BLOCK2);
    ask->block2 = msg->noted.value[LW_COAP_NOTE_BLOCK2] & ~LW_BLOCK_MORE;
    if (coap->config.bodies != NULL) {
        ask->key = coap->config.bodies->hooks->key(msg);
    }
}

/* SZX 7 means several blocks in one message and is for streams only (RFC 8323 section 6,
 * P-TRN-08). We do not take it there either: the CSM does not offer it. */
static bool has_bad_block(const lw_coap_ask *ask)
{
    return lw_block_szx(ask->block1) == LW_BLOCK_SZX_BERT ||
           lw_block_szx(ask->block2) == LW_BLOCK_SZX_BERT;
}

/* What is refused before any handler is asked; EMPTY: nothing. */
static uint8_t refuse(const lw_coap *coap, const lw_coap_ask *ask, bool exists_once)
{
    if (has_bad_block(ask)) {
        return LW_COAP_BAD_REQUEST;
    }
    if (coap->config.bodies != NULL) {
        return LW_COAP_EMPTY;
    }
    if (lw_block_has_more(ask->block1) || !lw_block_is_first(ask->block1)) {
        return LW_COAP_BAD_OPTION; /* a body of several blocks, which nobody here assembles */
    }
    if (exists_once && !lw_block_is_first(ask->block2)) {
        return LW_COAP_REQUEST_ENTITY_INCOMPLETE; /* a block of an answer that was not kept */
    }
    return LW_COAP_EMPTY;
}

static lw_err run_handler(lw_coap *coap, lw_coap_inbound *in, lw_coap_msg *msg,
                          lw_coap_reply *reply)
{
    const lw_coap_handler *h = coap->config.handler;
    lw_coap_bodies *bodies = coap->config.bodies;
    reply->code = refuse(coap, &reply->ask, reply->exists_once);
    if (reply->code != LW_COAP_EMPTY) {
        return LW_OK;
    }
    if (bodies != NULL) {
        lw_err err = bodies->hooks->take(coap, in, msg, reply);
        if (err != LW_OK) {
            return err == LW_END ? LW_OK : err;
        }
    }
    if (in->more) {
        reply->code = LW_COAP_CONTINUE;
    }
    lw_err err = h->on_request(coap->config.ctx, in, reply);
    if (err != LW_OK && err != LW_AGAIN) {
        reply->code = LW_COAP_EMPTY;
    }
    if (bodies != NULL) {
        bodies->hooks->taken(coap, in, reply);
    }
    return err;
}

void lw_coap_reply_request(lw_coap *coap, lw_coap_peer *peer, lw_coap_msg *msg)
{
    bool is_bad = msg->noted.refused != 0;
    if (is_bad && msg->type == LW_COAP_NON) {
        return; /* RFC 7252 section 5.4.1: 4.02 for a CON, silence for a NON */
    }
    lw_coap_reply reply = {.code = LW_COAP_EMPTY};
    read_ask(coap, msg, &reply.ask);
    lw_coap_inbound in = {.peer = peer, .msg = msg, .now = coap->now};
    lw_coap_reply_begin(coap, &reply);
    lw_err err = LW_OK;
    if (is_bad) {
        reply.code = LW_COAP_BAD_OPTION;
    } else {
        err = run_handler(coap, &in, msg, &reply);
    }
    bool is_silent = err == LW_END;
    if (is_silent) {
        lw_coap_seen_forget(coap, peer, msg->mid);
    } else if (err == LW_AGAIN && coap->config.later != NULL) {
        err = coap->config.later->keep(coap, peer, &reply.ask);
        is_silent = err == LW_OK;
    }
    if (is_silent) {
        coap->busy = false;
        return;
    }
    if (lw_coap_reply_finish(coap, peer, &reply, err) != LW_OK) {
        coap->stats.no_memory++;
    }
}
