#include "coap/transfer.h"

#include <string.h>

#include "base/apart.h"
#include "base/hash.h"
#include "coap/endpoint_priv.h"
#include "coap/gather.h"

#define ECHO_MAX   40u
#define EXTRAS_MAX 72u /* octets of the options that block-wise transfer adds */

struct lw_coap_transfer {
    uint8_t szx; /* of the blocks we send and ask for */
    uint8_t restarts;
    bool is_blocked; /* the body goes in blocks */
    bool is_downloading;
    uint8_t echo_len;
    uint8_t request_tag[2];
    lw_err why; /* it was ended by us; LW_OK: it was not */
    lw_coap *coap;
    lw_coap_peer *peer;
    lw_coap_exchange *exchange; /* the one in flight; NULL only within on_answer */
    size_t in_flight;           /* octets of the body, in the present request */
    lw_progress progress;
    uint32_t etag; /* digest of that of the answer */
    lw_coap_gather answer;
    lw_coap_transfer_request r; /* options and token: those below */
    lw_coap_timer timer;        /* of the whole: lw_coap_transfer_limit */
    lw_coap_token token;
    uint8_t echo[ECHO_MAX];
    uint8_t octets[]; /* the options; room for those of a request; with `read`, for a block */
};

static void on_answer(void *ctx, const lw_coap_result *result);

/* All but the answer. */
static void release(lw_coap_transfer *t)
{
    lw_coap_timer_disarm(&t->timer);
    lw_mem_release(&t->coap->config.mem, t);
}

static void end(lw_coap_transfer *t, lw_coap_result *result)
{
    lw_coap *coap = t->coap;
    lw_coap_end_fn on_end = t->r.on_end;
    void *ctx = t->r.ctx;
    lw_coap_gather answer = t->answer; /* result may point into it */
    if (t->why != LW_OK) {
        result->err = t->why;
    }
    if (result->err != LW_OK) {
        result->msg = NULL;
    }
    release(t); /* first: on_end may start the next one */
    if (on_end != NULL) {
        on_end(ctx, result);
    }
    lw_coap_gather_release(&answer, &coap->config.mem);
}

/* ---- requests ------------------------------------------------------------------------------ */

/* The part of the body that the next request carries. */
static lw_err put_part(lw_coap_transfer *t, lw_bytes *out)
{
    size_t size = lw_block_size(t->szx);
    size_t from = t->progress.sent;
    size_t len = t->r.body.len - from;
    if (!t->is_downloading) {
        len = t->is_blocked && len > size ? size : len;
        t->in_flight = len;
    } else {
        /* A FETCH repeats a body that fits: see coap/reply.h. */
        from = 0;
        len = t->r.code == LW_COAP_FETCH && !t->is_blocked ? t->r.body.len : 0;
    }
    if (len == 0) {
        return LW_OK;
    }
    if (t->r.read == NULL) {
        *out = lw_bytes_of(t->r.body.ptr + from, len);
        return LW_OK;
    }
    uint8_t *room = t->octets + 2 * t->r.options.len + EXTRAS_MAX;
    *out = lw_bytes_of(room, len);
    return t->r.read(t->r.ctx, from, room, len);
}

/* The options that block-wise transfer adds. */
static void put_extras(const lw_coap_transfer *t, lw_coap_out *out)
{
    size_t sent = t->progress.sent;
    size_t total = t->r.body.len;
    if (t->is_downloading || t->r.ask_early) {
        lw_coap_insert_uint(out, LW_COAP_OPT_BLOCK2, lw_block_of(t->answer.len, t->szx, false));
    }
    if (t->is_blocked && !t->is_downloading) {
        bool more = sent + t->in_flight < total;
        lw_coap_insert_uint(out, LW_COAP_OPT_BLOCK1, lw_block_of(sent, t->szx, more));
        if (sent == 0) {
            lw_coap_insert_uint(out, LW_COAP_OPT_SIZE1, (uint32_t)total);
        }
        lw_coap_insert_octets(out, LW_COAP_OPT_REQUEST_TAG, t->request_tag, sizeof t->request_tag);
    }
    if (t->echo_len != 0) {
        lw_coap_insert_octets(out, LW_COAP_OPT_ECHO, t->echo, t->echo_len);
    }
}

/* Sends the next block up, or asks for the next block down. */
static lw_err send_next(lw_coap_transfer *t)
{
    lw_coap_request request = {.code = t->r.code, .on_end = on_answer, .ctx = t};
    lw_err err = t->why;
    if (err == LW_OK) {
        err = put_part(t, &request.payload);
    }
    if (err != LW_OK) {
        return err;
    }
    lw_writer w;
    lw_coap_out out;
    size_t len = t->r.options.len;
    lw_writer_init(&w, t->octets + len, len + EXTRAS_MAX);
    lw_coap_begin_options(&out, &w);
    lw_coap_put_all(&out, &t->r.options, t->is_downloading ? LW_COAP_OPT_OBSERVE : 0);
    put_extras(t, &out);
    request.options = lw_writer_plain(&w);
    request.token = t->is_downloading ? NULL : t->r.token;
    return lw_coap_start(t->coap, t->peer, t->coap->now, &request, &t->exchange);
}

/* Smaller from here on: the offset is a multiple of those too. */
static void accept_szx(lw_coap_transfer *t, uint32_t block)
{
    if (lw_block_szx(block) < t->szx) {
        t->szx = (uint8_t)lw_block_szx(block);
    }
}

static bool may_restart(lw_coap_transfer *t)
{
    return t->restarts++ < LW_COAP_TRANSFER_RESTARTS;
}

static void tell_progress(const lw_coap_transfer *t)
{
    if (t->r.on_progress != NULL) {
        t->r.on_progress(t->r.ctx, &t->progress);
    }
}

/* ---- the answer ---------------------------------------------------------------------------- */

/* Is this block of the representation that the first one was of? (RFC 7959 section 2.4) */
static bool has_same_etag(lw_coap_transfer *t, const lw_coap_msg *msg)
{
    lw_bytes etag = {NULL, 0};
    (void)lw_coap_opt_find(&msg->options, LW_COAP_OPT_ETAG, &etag);
    uint32_t digest = lw_digest((uint32_t)etag.len, etag.ptr, etag.len);
    bool is_same = t->answer.len == 0 || digest == t->etag;
    t->etag = digest;
    return is_same;
}

/* One block of the answer. LW_OK: it was the last; LW_AGAIN: ask for the next. */
static lw_err take_block(lw_coap_transfer *t, const lw_coap_msg *msg)
{
    if (!has_same_etag(t, msg)) {
        bool may_ask_again = t->r.code == LW_COAP_GET || t->r.code == LW_COAP_FETCH;
        t->answer.len = 0;
        return may_ask_again && may_restart(t) ? LW_AGAIN : LW_EPROTO;
    }
    size_t offset = t->answer.len;
    uint32_t announced = msg->noted.value[LW_COAP_NOTE_SIZE2];
    lw_err err = lw_coap_gather_block(&t->answer, &t->coap->config.mem, msg, LW_COAP_NOTE_BLOCK2);
    if (lw_err_is_failure(err)) {
        return err;
    }
    if (t->answer.passes) {
        lw_err passed = t->r.on_chunk(t->r.ctx, offset, msg->payload);
        err = passed != LW_OK ? passed : err;
    }
    t->progress.received = t->answer.len;
    if (err == LW_OK) {
        t->progress.received_of = t->answer.len;
    } else if (announced != 0) {
        t->progress.received_of = announced;
    }
    accept_szx(t, msg->noted.value[LW_COAP_NOTE_BLOCK2]);
    tell_progress(t);
    return err;
}

/* LW_OK: `msg` is the answer now, with all of its payload; LW_AGAIN: ask for the next block. */
static lw_err take(lw_coap_transfer *t, lw_coap_msg *msg)
{
    if (lw_coap_code_class(msg->code) != 2) {
        return LW_OK;
    }
    if (!t->is_downloading && t->r.on_first != NULL) {
        t->r.on_first(t->r.ctx, msg);
    }
    bool is_whole = t->answer.len == 0 && !t->answer.passes &&
                    msg->noted.value[LW_COAP_NOTE_BLOCK2] <= LW_BLOCK_SZX_MAX;
    if (is_whole && msg->payload.len <= t->r.max_body) {
        return LW_OK; /* without a copy */
    }
    lw_err err = take_block(t, msg);
    t->is_downloading = true;
    msg->payload = lw_bytes_of(t->answer.octets, t->answer.passes ? 0 : t->answer.len);
    return err;
}

/* ---- answers to blocks of the body --------------------------------------------------------- */

/* What the peer says to a part of the body. True: the next request is due, with the next block, or
 * with the first one again (RFC 7959 section 2.9.2 and 2.9.3). */
LW_APART static bool sends_on(lw_coap_transfer *t, const lw_coap_msg *msg)
{
    uint32_t b;
    bool has_block = lw_block_noted(&msg->noted, LW_COAP_NOTE_BLOCK1, &b);
    bool is_lost = msg->code == LW_COAP_REQUEST_ENTITY_INCOMPLETE && t->is_blocked;
    bool is_too_large = msg->code == LW_COAP_REQUEST_ENTITY_TOO_LARGE && has_block &&
                        lw_block_size(lw_block_szx(b)) < t->in_flight;
    if (is_lost || is_too_large) {
        if (!may_restart(t)) {
            return false;
        }
        t->is_blocked = true;
        t->progress.sent = 0;
        t->request_tag[0]++;
    } else {
        t->progress.sent += t->in_flight;
        if (!t->is_blocked || lw_coap_code_class(msg->code) != 2) {
            return false;
        }
        tell_progress(t);
        if (t->progress.sent >= t->r.body.len || (!has_block && msg->code != LW_COAP_CONTINUE)) {
            return false;
        }
    }
    if (has_block) {
        accept_szx(t, b);
    }
    return true;
}

/* RFC 9175 section 2.3. True: ask again with it. */
static bool takes_echo(lw_coap_transfer *t, const lw_coap_msg *msg)
{
    lw_bytes echo;
    if (msg->code != LW_COAP_UNAUTHORIZED ||
        !lw_coap_opt_find(&msg->options, LW_COAP_OPT_ECHO, &echo) || echo.len == 0 ||
        echo.len > ECHO_MAX || !may_restart(t)) {
        return false;
    }
    t->echo_len = (uint8_t)echo.len;
    memcpy(t->echo, echo.ptr, echo.len);
    return true;
}

static void on_answer(void *ctx, const lw_coap_result *result)
{
    lw_coap_transfer *t = ctx;
    lw_coap_result done = *result;
    lw_coap_msg msg;
    t->exchange = NULL;
    if (done.err == LW_OK) {
        msg = *result->msg;
        done.msg = &msg;
        bool goes_on = takes_echo(t, &msg) || (!t->is_downloading && sends_on(t, &msg));
        done.err = goes_on ? LW_AGAIN : take(t, &msg);
    }
    if (done.err == LW_AGAIN) {
        done.err = send_next(t);
        if (done.err == LW_OK) {
            return;
        }
    }
    end(t, &done);
}

/* ---- start and end ------------------------------------------------------------------------- */

static void stop(lw_coap_transfer *t, lw_err why, lw_time now)
{
    t->why = why;
    if (t->exchange != NULL) {
        lw_coap_cancel(t->coap, t->exchange, now);
    }
}

void lw_coap_transfer_cancel(lw_coap_transfer *transfer, lw_time now)
{
    stop(transfer, LW_ECANCELED, now);
}

/* With nothing sent yet. */
static lw_coap_transfer *create(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                const lw_coap_transfer_request *request)
{
    coap->now = now;
    size_t options_len = request->options.len;
    uint32_t szx = lw_block_szx_within(peer->params->szx, lw_coap_payload_room(coap));
    size_t block = lw_block_size(szx);
    size_t room = 2 * options_len + EXTRAS_MAX;
    size_t whole = lw_coap_whole_limit(peer, block, LW_COAP_HEADER_MAX + options_len + EXTRAS_MAX);
    if (request->read != NULL) {
        room += block < request->body.len ? block : request->body.len;
        whole = block;
    }
    lw_coap_transfer *t = lw_mem_alloc(&coap->config.mem, sizeof *t + room);
    if (t == NULL) {
        return NULL;
    }
    t->coap = coap;
    t->peer = peer;
    t->r = *request;
    t->szx = (uint8_t)szx;
    t->is_blocked = request->body.len > whole;
    t->progress.sent_of = request->body.len;
    t->answer.max = request->max_body;
    t->answer.passes = request->on_chunk != NULL;
    coap->config.rng.fill(coap->config.rng.ctx, t->request_tag, sizeof t->request_tag);
    if (request->token != NULL) {
        t->token = *request->token;
        t->r.token = &t->token;
    }
    t->r.options.ptr = t->octets;
    if (options_len != 0) {
        memcpy(t->octets, request->options.ptr, options_len);
    }
    return t;
}

static lw_err begin(lw_coap_transfer *t, lw_err err, lw_coap_transfer **out_transfer)
{
    if (err == LW_OK) {
        err = send_next(t);
    }
    if (err != LW_OK) {
        lw_coap_gather_release(&t->answer, &t->coap->config.mem);
        release(t);
    } else if (out_transfer != NULL) {
        *out_transfer = t;
    }
    return err;
}

lw_err lw_coap_transfer_start(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                              const lw_coap_transfer_request *request,
                              lw_coap_transfer **out_transfer)
{
    lw_coap_transfer *t = create(coap, peer, now, request);
    return t != NULL ? begin(t, LW_OK, out_transfer) : LW_ENOMEM;
}

lw_err lw_coap_transfer_continue(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                 const lw_coap_transfer_request *request, const lw_coap_msg *first,
                                 lw_coap_transfer **out_transfer)
{
    lw_coap_transfer *t = create(coap, peer, now, request);
    if (t == NULL) {
        return LW_ENOMEM;
    }
    lw_coap_msg msg = *first;
    t->is_downloading = true;
    lw_err err = take(t, &msg);
    return begin(t, err == LW_AGAIN ? LW_OK : err == LW_OK ? LW_EINVAL : err, out_transfer);
}

static void fire(lw_coap *coap, lw_coap_timer *timer)
{
    stop(LW_CONTAINER(timer, lw_coap_transfer, timer), LW_ETIMEOUT, coap->now);
}

void lw_coap_transfer_limit(lw_coap_transfer *transfer, uint32_t timeout_ms)
{
    transfer->timer.fire = fire;
    lw_coap_timer_arm(transfer->coap, &transfer->timer, timeout_ms);
}
