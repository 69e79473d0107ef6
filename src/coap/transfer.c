#include "coap/transfer.h"

#include <string.h>

#include "coap/endpoint_priv.h"
#include "coap/gather.h"

#define ECHO_MAX   40u
#define ETAG_MAX   8u
#define EXTRAS_MAX 72u /* octets of the options that block-wise transfer adds */

struct lw_coap_transfer {
    uint8_t szx; /* of the blocks we send and ask for */
    uint8_t restarts;
    bool is_blocked; /* the body goes in blocks */
    bool is_downloading;
    bool is_canceled;
    uint8_t etag_len;
    uint8_t echo_len;
    uint8_t request_tag[2];
    lw_err why;                 /* what a cancelled exchange means */
    lw_coap_transfer_request r; /* options and token: those below; body.len holds for both kinds of
                                   body */
    lw_coap *coap;
    lw_coap_peer *peer;
    lw_coap_exchange *exchange; /* the one in flight; NULL only within on_answer */
    size_t sent;                /* octets of the body that the peer has taken */
    size_t in_flight;           /* of the body, in the present request */
    size_t received;            /* octets of the answer */
    size_t received_of;         /* all of them (Size2, or the last block came); 0: not known */
    lw_coap_gather answer;      /* empty with on_chunk */
    lw_coap_request request;    /* what the next one says; its options are below */
    lw_coap_timer timer;        /* of the whole: lw_coap_transfer_limit */
    lw_coap_token token;
    uint8_t etag[ETAG_MAX];
    uint8_t echo[ECHO_MAX];
    uint8_t octets[]; /* the options; room for those of a request; with `read`, for a block */
};

static void on_answer(void *ctx, const lw_coap_result *result);

static void end(lw_coap_transfer *t, const lw_coap_result *result)
{
    lw_coap *coap = t->coap;
    lw_coap_end_fn on_end = t->r.on_end;
    void *ctx = t->r.ctx;
    lw_coap_gather answer = t->answer; /* result may point into it */
    const lw_coap_result canceled = {.err = LW_ECANCELED, .now = result->now};
    bool is_canceled = t->is_canceled; /* by a callback of the last block */
    lw_coap_timer_disarm(&t->timer);
    lw_mem_release(&coap->config.mem, t); /* first: on_end may start the next one */
    if (on_end != NULL) {
        on_end(ctx, is_canceled ? &canceled : result);
    }
    lw_coap_gather_release(&answer, &coap->config.mem);
}

static void fail(lw_coap_transfer *t, lw_err err)
{
    lw_coap_result result = {.err = err, .now = t->coap->now};
    end(t, &result);
}

/* ---- requests ------------------------------------------------------------------------------ */

/* Octets [from, from + len) of the body are the payload of the next request. */
static lw_err put_part(lw_coap_transfer *t, size_t from, size_t len)
{
    t->request.payload = lw_bytes_of(NULL, len);
    if (len == 0) {
        return LW_OK;
    }
    if (t->r.read == NULL) {
        t->request.payload.ptr = t->r.body.ptr + from;
        return LW_OK;
    }
    uint8_t *room = t->octets + 2 * t->r.options.len + EXTRAS_MAX;
    t->request.payload.ptr = room;
    return t->r.read(t->r.ctx, from, room, len);
}

/* The part of the body that the next request carries. */
static lw_err put_next_part(lw_coap_transfer *t)
{
    size_t left = t->r.body.len - t->sent;
    if (t->is_downloading) {
        /* A FETCH repeats a body that fits: see coap/reply.h. */
        bool repeats = t->r.code == LW_COAP_FETCH && !t->is_blocked;
        return put_part(t, 0, repeats ? t->r.body.len : 0);
    }
    size_t size = lw_block_size(t->szx);
    t->in_flight = t->is_blocked && left > size ? size : left;
    return put_part(t, t->sent, t->in_flight);
}

/* The options that block-wise transfer adds. */
static void put_extras(const lw_coap_transfer *t, lw_coap_out *out)
{
    size_t total = t->r.body.len;
    bool uploads = t->is_blocked && !t->is_downloading;
    if (t->is_downloading || t->r.ask_early) {
        lw_coap_put_uint(out, LW_COAP_OPT_BLOCK2, lw_block_of(t->received, t->szx, false));
    }
    if (uploads) {
        bool more = t->sent + t->in_flight < total;
        lw_coap_put_uint(out, LW_COAP_OPT_BLOCK1, lw_block_of(t->sent, t->szx, more));
        if (t->sent == 0) {
            lw_coap_put_uint(out, LW_COAP_OPT_SIZE1, (uint32_t)total);
        }
        lw_coap_put_octets(out, LW_COAP_OPT_REQUEST_TAG, t->request_tag, sizeof t->request_tag);
    }
    if (t->echo_len != 0) {
        lw_coap_put_octets(out, LW_COAP_OPT_ECHO, t->echo, t->echo_len);
    }
}

/* Sends the next block up, or asks for the next block down. */
static lw_err send_next(lw_coap_transfer *t)
{
    if (t->is_canceled) {
        return LW_ECANCELED;
    }
    lw_err err = put_next_part(t);
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
    t->request.options = lw_writer_plain(&w);
    t->request.token = t->is_downloading ? NULL : t->r.token;
    return lw_coap_start(t->coap, t->peer, t->coap->now, &t->request, &t->exchange);
}

static void go_on(lw_coap_transfer *t)
{
    lw_err err = send_next(t);
    if (err != LW_OK) {
        fail(t, err);
    }
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
    lw_progress progress = {.sent = t->sent,
                            .sent_of = t->r.body.len,
                            .received = t->received,
                            .received_of = t->received_of};
    if (t->r.on_progress != NULL) {
        t->r.on_progress(t->r.ctx, &progress);
    }
}

/* ---- the answer ---------------------------------------------------------------------------- */

static lw_err take(lw_coap_transfer *t, const lw_coap_msg *msg, bool is_last)
{
    size_t announced = msg->noted.value[LW_COAP_NOTE_SIZE2];
    size_t needed = t->received + msg->payload.len;
    if (needed > t->r.max_body || announced > t->r.max_body) {
        return LW_ETOOBIG;
    }
    lw_err err = LW_OK;
    if (t->r.on_chunk != NULL) {
        err = t->r.on_chunk(t->r.ctx, t->received, msg->payload);
    } else {
        t->answer.len = t->received; /* 0 when it starts again */
        err = lw_coap_gather_add(&t->answer, &t->coap->config.mem, &msg->payload, announced,
                                 t->r.max_body);
    }
    if (err == LW_OK) {
        t->received = needed;
        t->received_of = is_last ? needed : announced != 0 ? announced : t->received_of;
        tell_progress(t);
    }
    return err;
}

/* Is this block of the representation that the first one was of? (RFC 7959 section 2.4) */
static bool same_etag(lw_coap_transfer *t, const lw_coap_msg *msg)
{
    lw_bytes etag = {NULL, 0};
    (void)lw_coap_opt_find(&msg->options, LW_COAP_OPT_ETAG, &etag);
    if (t->received == 0) {
        t->etag_len = (uint8_t)(etag.len <= ETAG_MAX ? etag.len : 0);
        if (t->etag_len != 0) {
            memcpy(t->etag, etag.ptr, t->etag_len);
        }
        return true;
    }
    return lw_bytes_equal(etag, lw_bytes_of(t->etag, t->etag_len));
}

/* One block of the answer. LW_OK: it was the last; LW_AGAIN: ask for the next. */
static lw_err take_block(lw_coap_transfer *t, const lw_coap_msg *msg)
{
    uint32_t b;
    if (t->received == 0 && !lw_coap_has(&msg->noted, LW_COAP_NOTE_BLOCK2)) {
        return take(t, msg, true);
    }
    if (!lw_block_noted(&msg->noted, LW_COAP_NOTE_BLOCK2, &b)) {
        return LW_EPROTO;
    }
    if (!same_etag(t, msg)) {
        t->received = 0;
        return t->r.code == LW_COAP_GET || t->r.code == LW_COAP_FETCH ? LW_AGAIN : LW_EPROTO;
    }
    bool more = lw_block_has_more(b);
    if (lw_block_offset(b) != t->received ||
        (more && msg->payload.len != lw_block_size(lw_block_szx(b)))) {
        return LW_EPROTO;
    }
    lw_err err = take(t, msg, !more);
    if (err != LW_OK || !more) {
        return err;
    }
    accept_szx(t, b);
    return LW_AGAIN;
}

static void on_final(lw_coap_transfer *t, const lw_coap_result *result)
{
    lw_coap_msg msg = *result->msg;
    lw_coap_result done = {.err = LW_OK, .msg = &msg, .now = result->now};
    if (!t->is_downloading && t->r.on_first != NULL && lw_coap_code_class(msg.code) == 2) {
        t->r.on_first(t->r.ctx, &msg);
    }
    bool is_whole = t->received == 0 && t->r.on_chunk == NULL && msg.payload.len <= t->r.max_body &&
                    !lw_coap_has(&msg.noted, LW_COAP_NOTE_BLOCK2);
    if (is_whole || lw_coap_code_class(msg.code) != 2) {
        end(t, &done); /* as it is, without a copy */
        return;
    }
    size_t before = t->received;
    lw_err err = take_block(t, &msg);
    if (err == LW_AGAIN) {
        t->is_downloading = true;
        if (t->received <= before && !may_restart(t)) {
            err = LW_EPROTO; /* it changes faster than it can be fetched */
        }
    }
    if (err == LW_AGAIN) {
        go_on(t);
    } else if (err != LW_OK) {
        fail(t, err);
    } else {
        msg.payload = lw_bytes_of(t->answer.octets, t->answer.len);
        end(t, &done);
    }
}

/* ---- answers to blocks of the body --------------------------------------------------------- */

/* What the peer says to a part of the body. True: the next request is due, with the next block, or
 * with the first one again (RFC 7959 section 2.9.2 and 2.9.3). */
static bool sends_on(lw_coap_transfer *t, const lw_coap_msg *msg)
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
        t->sent = 0;
        t->request_tag[0]++;
    } else {
        t->sent += t->in_flight;
        if (!t->is_blocked || lw_coap_code_class(msg->code) != 2) {
            return false;
        }
        tell_progress(t);
        if (t->sent >= t->r.body.len || (!has_block && msg->code != LW_COAP_CONTINUE)) {
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
    t->exchange = NULL;
    if (result->err != LW_OK) {
        lw_coap_result failed = *result;
        failed.err = result->err == LW_ECANCELED ? t->why : result->err;
        end(t, &failed);
        return;
    }
    if (takes_echo(t, result->msg) || (!t->is_downloading && sends_on(t, result->msg))) {
        go_on(t);
    } else {
        on_final(t, result);
    }
}

/* ---- start and end ------------------------------------------------------------------------- */

void lw_coap_transfer_cancel(lw_coap_transfer *transfer, lw_time now)
{
    if (transfer->exchange == NULL) {
        transfer->is_canceled = true;
        return;
    }
    lw_coap_cancel(transfer->coap, transfer->exchange, now);
}

/* With nothing sent yet. */
static lw_coap_transfer *create(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                const lw_coap_transfer_request *request)
{
    coap->now = now;
    uint32_t szx =
        request->block_size != 0 ? lw_block_szx_within(request->block_size) : LW_BLOCK_SZX_MAX;
    szx = szx < peer->params->szx ? szx : peer->params->szx;
    size_t block = lw_block_size(szx);
    size_t room = 2 * request->options.len + EXTRAS_MAX;
    size_t overhead = LW_COAP_HEADER_MAX + request->options.len + EXTRAS_MAX;
    size_t whole = lw_coap_whole_limit(peer, block, overhead);
    if (request->read != NULL) {
        room += block < request->body_len ? block : request->body_len;
        whole = block;
    }
    lw_coap_transfer *t = lw_mem_alloc(&coap->config.mem, sizeof *t + room);
    if (t == NULL) {
        return NULL;
    }
    lw_coap_timer_init(&t->timer, NULL);
    t->coap = coap;
    t->peer = peer;
    t->r = *request;
    if (request->read != NULL) {
        t->r.body.len = request->body_len;
    }
    t->why = LW_ECANCELED;
    t->szx = (uint8_t)szx;
    coap->config.rng.fill(coap->config.rng.ctx, t->request_tag, sizeof t->request_tag);
    if (request->token != NULL) {
        t->token = *request->token;
        t->r.token = &t->token;
    }
    t->request.code = request->code;
    t->request.non = request->non;
    t->r.options.ptr = t->octets;
    t->request.on_end = on_answer;
    t->request.ctx = t;
    if (request->options.len != 0) {
        memcpy(t->octets, request->options.ptr, request->options.len);
    }
    t->is_blocked = t->r.body.len > whole;
    return t;
}

static lw_err begin(lw_coap_transfer *t, lw_err err, lw_coap_transfer **out_transfer)
{
    if (err == LW_OK) {
        err = send_next(t);
    }
    if (err != LW_OK) {
        const lw_mem *mem = &t->coap->config.mem;
        lw_coap_gather_release(&t->answer, mem);
        lw_mem_release(mem, t);
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
    t->is_downloading = true;
    lw_err err = take_block(t, first);
    return begin(t, err == LW_AGAIN ? LW_OK : err == LW_OK ? LW_EINVAL : err, out_transfer);
}

static void fire(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_transfer *t = LW_CONTAINER(timer, lw_coap_transfer, timer);
    t->why = LW_ETIMEOUT;
    lw_coap_cancel(coap, t->exchange, coap->now);
}

void lw_coap_transfer_limit(lw_coap_transfer *transfer, uint32_t timeout_ms)
{
    transfer->timer.fire = fire;
    lw_coap_timer_arm(transfer->coap, &transfer->timer, timeout_ms);
}
