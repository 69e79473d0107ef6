#include "coap/bodies.h"

#include <string.h>

#include "base/hash.h"
#include "coap/endpoint_priv.h"
#include "coap/gather.h"

typedef struct lw_coap_body lw_coap_body;
struct lw_coap_body {
    uint8_t code;       /* of an answer */
    lw_coap_body *next; /* of the peer */
    lw_coap_peer *peer;
    uint32_t key;         /* of the request, with its Request-Tag; of an answer: for_answer */
    uint32_t request_key; /* without it */
    lw_coap_gather body;  /* of a request, perhaps passing through; of an answer: its options, then
                             its payload */
    uint32_t options_len;
    lw_coap_timer timer;
    uint64_t stream; /* lw_coap_inbound */
};

/* RFC 7252 section 5.4.2 leaves out NoCacheKey options (Size1 among them); the block numbers are
 * what differs between the blocks of one body; Observe, Echo and No-Response may come with one
 * only. A digest instead of the options themselves: a collision needs two bodies of one peer, which
 * would only harm that peer. */
static bool is_of_key(uint32_t number)
{
    switch (number) {
    case LW_COAP_OPT_OBSERVE:
    case LW_COAP_OPT_CONTENT_FORMAT: /* gone where a request for a later block has no payload */
    case LW_COAP_OPT_BLOCK1:
    case LW_COAP_OPT_BLOCK2:
    case LW_COAP_OPT_ECHO:
    case LW_COAP_OPT_NO_RESPONSE:
    case LW_COAP_OPT_REQUEST_TAG: /* of Block1 only: added in key_with_tag */
        return false;
    default:
        return !lw_coap_opt_is_no_cache_key(number);
    }
}

static uint32_t key_of(const lw_coap_msg *msg)
{
    uint32_t key = lw_digest(LW_DIGEST_SEED, &msg->code, 1);
    lw_coap_opt_iter it = lw_coap_opts(msg->options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        if (is_of_key(opt.number)) {
            uint32_t head = opt.number << 16 | (uint16_t)opt.value.len;
            key = lw_digest(lw_digest(key, &head, sizeof head), opt.value.ptr, opt.value.len);
        }
    }
    return key;
}

/* RFC 9175 section 3.3: other tag, other body. The empty tag is a tag. */
static uint32_t key_with_tag(uint32_t key, const lw_coap_msg *msg)
{
    lw_bytes tag;
    if (!lw_coap_opt_find(&msg->options, LW_COAP_OPT_REQUEST_TAG, &tag)) {
        return key;
    }
    return lw_digest(key ^ (uint32_t)(tag.len + 1), tag.ptr, tag.len);
}

/* What the answer to a request is kept under. */
static uint32_t for_answer(const lw_coap_reply *reply)
{
    return ~reply->ask.key;
}

/* ---- the list of a peer -------------------------------------------------------------------- */

static void touch(lw_coap *coap, lw_coap_body *body)
{
    lw_coap_timer_arm(coap, &body->timer, coap->config.bodies->timeout_ms);
}

static lw_coap_body *find(const lw_coap_peer *peer, uint32_t key)
{
    lw_coap_body *b = peer->bodies;
    while (b != NULL && b->key != key) {
        b = b->next;
    }
    return b;
}

/* Whoever was taking one that passes through hears that it will not be completed. */
static void forget(lw_coap *coap, lw_coap_body *body)
{
    const lw_coap_handler *h = coap->config.handler;
    lw_coap_peer *peer = body->peer;
    uint64_t stream = body->stream;
    lw_coap_body **at = &peer->bodies;
    while (*at != body) {
        at = &(*at)->next;
    }
    *at = body->next;
    lw_coap_timer_disarm(&body->timer);
    coap->config.bodies->count--;
    lw_coap_gather_release(&body->body, &coap->config.mem);
    lw_mem_release(&coap->config.mem, body);
    if (stream != 0) {
        h->on_stream_gone(coap->config.ctx, peer, stream);
    }
}

static void fire(lw_coap *coap, lw_coap_timer *timer)
{
    forget(coap, LW_CONTAINER(timer, lw_coap_body, timer));
}

/* With room for `max` octets; the keys are the caller's to set. */
static lw_coap_body *add(lw_coap *coap, lw_coap_peer *peer, size_t max)
{
    lw_coap_bodies *bodies = coap->config.bodies;
    lw_coap_body *body = NULL;
    if (bodies->count < bodies->max_bodies) {
        body = lw_mem_alloc(&coap->config.mem, sizeof *body);
    }
    if (body != NULL) {
        body->timer.fire = fire;
        body->peer = peer;
        body->body.max = max;
        body->next = peer->bodies;
        peer->bodies = body;
        bodies->count++;
        touch(coap, body);
    }
    return body;
}

/* ---- Block1: bodies of requests ------------------------------------------------------------ */

static lw_err refuse(lw_coap_reply *reply, uint8_t code)
{
    reply->code = code;
    return LW_END;
}

/* The body does not go on: why, as an answer where the client can do something about it. */
static lw_err fail(lw_coap *coap, lw_coap_reply *reply, lw_coap_body *body, lw_err err)
{
    bool is_first = lw_block_is_first(reply->ask.block1);
    forget(coap, body);
    if (err == LW_ETOOBIG) { /* RFC 7959 section 2.9.3: and how large it may be */
        lw_coap_insert_uint(&reply->options, LW_COAP_OPT_SIZE1, coap->config.bodies->max_body);
        return refuse(reply, LW_COAP_REQUEST_ENTITY_TOO_LARGE);
    }
    if (err == LW_EPROTO) {
        return refuse(reply, is_first ? LW_COAP_BAD_REQUEST : LW_COAP_REQUEST_ENTITY_INCOMPLETE);
    }
    return err;
}

/* A client that sends the same request with another tag has most likely given up the one before. A
 * stream can only be one at a time, as its handler takes what comes; what is assembled goes when
 * there is no other place. */
static void supersede(lw_coap *coap, lw_coap_peer *peer, uint32_t request_key)
{
    const lw_coap_bodies *bodies = coap->config.bodies;
    lw_coap_body *oldest = NULL;
    for (lw_coap_body *b = peer->bodies; b != NULL; b = b->next) {
        bool can_go = b->body.passes || bodies->count >= bodies->max_bodies;
        oldest = can_go && b->request_key == request_key ? b : oldest;
    }
    if (oldest != NULL) {
        forget(coap, oldest);
    }
}

/* NULL: no place for it. */
static lw_coap_body *begin(lw_coap *coap, lw_coap_inbound *in, lw_coap_reply *reply, uint32_t key)
{
    const lw_coap_handler *h = coap->config.handler;
    lw_coap_body *body = find(in->peer, key);
    if (body != NULL) {
        forget(coap, body); /* RFC 7959 section 2.5: the client starts anew */
    }
    supersede(coap, in->peer, reply->ask.key);
    in->more = true;
    bool passes = h->wants_stream != NULL && h->wants_stream(coap->config.ctx, in);
    in->more = false;
    body = add(coap, in->peer, coap->config.bodies->max_body);
    if (body != NULL) {
        body->key = key;
        body->request_key = reply->ask.key;
        body->body.passes = passes;
    }
    return body;
}

/* The largest block we take: what a later one of that size fits in, and what the peer's parameters
 * say. The answer to the first block tells the client (RFC 7959 section 2.3). */
static void negotiate(const lw_coap_peer *peer, lw_coap_reply *reply, uint32_t block)
{
    if (lw_block_is_first(block) && lw_block_szx(block) > peer->params->szx) {
        reply->ask.block1 = lw_block_of(0, peer->params->szx, lw_block_has_more(block));
    }
}

static lw_err take_block1(lw_coap *coap, lw_coap_inbound *in, lw_coap_msg *msg,
                          lw_coap_reply *reply)
{
    uint32_t block = reply->ask.block1;
    uint32_t key = key_with_tag(reply->ask.key, msg);
    bool more = lw_block_has_more(block);
    lw_coap_body *body;
    if (lw_block_is_first(block)) {
        if (!more) {
            return LW_OK; /* whole in one block */
        }
        body = begin(coap, in, reply, key);
        if (body == NULL) {
            return LW_ENOMEM;
        }
    } else {
        body = find(in->peer, key);
        if (body == NULL) {
            return refuse(reply, LW_COAP_REQUEST_ENTITY_INCOMPLETE);
        }
        touch(coap, body);
        if (more && lw_block_offset(block) + msg->payload.len == body->body.len) {
            return refuse(reply, LW_COAP_CONTINUE); /* the newest block again, under a new id */
        }
    }
    size_t offset = body->body.len;
    lw_err err = lw_coap_gather_block(&body->body, &coap->config.mem, msg, LW_COAP_NOTE_BLOCK1);
    if (lw_err_is_failure(err)) {
        return fail(coap, reply, body, err);
    }
    negotiate(in->peer, reply, block);
    if (body->body.passes) {
        in->offset = offset;
        in->more = more;
        in->stream = &body->stream;
        if (more) {
            reply->code = LW_COAP_CONTINUE; /* unless the handler says else */
        }
    } else if (more) {
        return refuse(reply, LW_COAP_CONTINUE);
    } else {
        msg->payload = lw_bytes_of(body->body.octets, body->body.len);
    }
    in->body = body;
    return LW_OK;
}

/* The body is done with its last block, or when a handler that takes its blocks ends it. */
static void taken(lw_coap *coap, const lw_coap_inbound *in, const lw_coap_reply *reply, lw_err err)
{
    bool is_failed = err != LW_OK && err != LW_AGAIN;
    if (is_failed || !in->more || reply->code != LW_COAP_CONTINUE) {
        forget(coap, in->body);
    }
}

/* ---- Block2: answers in blocks -------------------------------------------------------------- */

static void set_window(lw_coap_reply *reply)
{
    const lw_coap_ask *ask = &reply->ask;
    lw_writer *w = &reply->payload;
    if (ask->has_block2 && !ask->exists_once) {
        size_t size = lw_block_size(lw_block_szx(ask->block2));
        lw_writer_init_window(w, w->buf, size < w->cap ? size : w->cap,
                              lw_block_offset(ask->block2));
    }
}

/* How much of a representation goes into one message when the client did not say. */
static size_t whole_limit(const lw_coap *coap, const lw_coap_peer *peer, size_t block)
{
    size_t fits = lw_coap_whole_limit(peer, block, LW_COAP_BUF_OVERHEAD);
    return fits < lw_coap_payload_room(coap) ? fits : lw_coap_payload_room(coap);
}

/* The size of the block that is sent: the largest for this peer unless the client asks for a
 * smaller one. Blocks after the first cannot be made smaller: their number would mean another
 * place. */
static uint32_t block_szx(const lw_coap *coap, const lw_coap_peer *peer, const lw_coap_ask *ask)
{
    uint32_t asked = lw_block_szx(ask->block2);
    uint32_t largest = lw_block_szx_within(peer->params->szx, lw_coap_payload_room(coap));
    bool is_as_asked = ask->has_block2 && (asked < largest || !lw_block_is_first(ask->block2));
    return is_as_asked ? asked : largest;
}

static lw_err keep(lw_coap *coap, lw_coap_peer *peer, const lw_coap_reply *reply)
{
    lw_bytes whole = lw_writer_bytes(&reply->payload);
    lw_bytes options = lw_writer_plain(&reply->option_writer);
    size_t total = options.len + whole.len;
    lw_coap_body *body = find(peer, for_answer(reply));
    if (body != NULL) {
        forget(coap, body);
    }
    body = add(coap, peer, total);
    if (body == NULL) {
        return LW_ENOMEM;
    }
    const lw_mem *mem = &coap->config.mem;
    lw_err err = lw_coap_gather_add(&body->body, mem, &options, total);
    if (err == LW_OK) {
        err = lw_coap_gather_add(&body->body, mem, &whole, total);
    }
    if (err != LW_OK) {
        forget(coap, body);
        return err;
    }
    body->key = for_answer(reply);
    body->options_len = (uint32_t)options.len;
    body->code = reply->code;
    return LW_OK;
}

/* The options that tell of the block that is sent. */
static void put_block(lw_coap_reply *reply, uint32_t block)
{
    lw_coap_out *out = &reply->options;
    lw_bytes options = lw_writer_plain(out->w);
    lw_bytes etag;
    lw_coap_insert_uint(out, LW_COAP_OPT_BLOCK2, block);
    if (lw_block_is_first(block)) {
        lw_coap_insert_uint(out, LW_COAP_OPT_SIZE2, (uint32_t)reply->payload.pos);
    }
    bool is_part = lw_block_has_more(block) || !lw_block_is_first(block);
    if (is_part && !lw_coap_opt_find(&options, LW_COAP_OPT_ETAG, &etag)) {
        uint32_t digest = reply->payload.digest; /* opaque: any order will do */
        lw_coap_insert_octets(out, LW_COAP_OPT_ETAG, &digest, sizeof digest);
    }
}

/* RFC 7959 section 2.4: the block that is sent of a representation that does not go whole. */
static lw_err cut_block(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply, size_t *len)
{
    const lw_writer *w = &reply->payload;
    uint32_t szx = block_szx(coap, peer, &reply->ask);
    size_t size = lw_block_size(szx);
    size_t from = lw_block_offset(reply->ask.block2);
    if (w->err != LW_OK) {
        return w->err;
    }
    if (w->pos == 0 || (!reply->ask.has_block2 && w->pos <= whole_limit(coap, peer, size))) {
        return LW_OK;
    }
    if (w->from >= w->pos || (from != 0 && size > lw_coap_payload_room(coap))) {
        lw_coap_reply_begin(coap, reply); /* RFC 7959 leaves open how this is told */
        reply->code = LW_COAP_BAD_REQUEST;
        *len = 0;
        return LW_OK;
    }
    bool more = w->from + size < w->pos;
    if (reply->ask.exists_once && more) {
        lw_err err = *len == w->pos ? keep(coap, peer, reply) : LW_ETOOBIG;
        /* A FETCH can be answered again by a client that repeats its payload for each block. */
        if (err != LW_OK && reply->ask.method != LW_COAP_FETCH) {
            return err;
        }
    }
    *len = *len < size ? *len : size;
    put_block(reply, lw_block_of(from, szx, more));
    return LW_OK;
}

static lw_err cut(lw_coap *coap, lw_coap_peer *peer, lw_coap_reply *reply, size_t *out_len)
{
    lw_err err = LW_OK;
    reply->option_writer.cap = LW_COAP_OPTIONS_MAX - 1u; /* the payload's marker */
    *out_len = lw_writer_bytes(&reply->payload).len;
    if (lw_coap_code_class(reply->code) == 2) {
        err = cut_block(coap, peer, reply, out_len);
    } else if (reply->payload.from != 0) {
        *out_len = 0; /* a diagnostic message has no blocks */
    }
    if (reply->ask.has_block1) {
        lw_coap_insert_uint(&reply->options, LW_COAP_OPT_BLOCK1, reply->ask.block1);
    }
    return err;
}

/* The kept answer is written once more, as a GET's would be. */
static lw_err take_block2(lw_coap *coap, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    if (!reply->ask.exists_once && (in->msg->code == LW_COAP_GET || in->msg->payload.len != 0)) {
        return LW_OK; /* the request says all: written again */
    }
    lw_coap_body *body = find(in->peer, for_answer(reply));
    if (body == NULL) {
        return refuse(reply, LW_COAP_REQUEST_ENTITY_INCOMPLETE);
    }
    lw_bytes all = lw_bytes_of(body->body.octets, body->body.len);
    lw_bytes options = lw_bytes_of(all.ptr, body->options_len);
    lw_bytes payload = lw_bytes_from(all, options.len);
    reply->ask.exists_once = false;
    reply->code = body->code;
    lw_coap_put_all(&reply->options, &options, 0);
    set_window(reply);
    lw_write_bytes(&reply->payload, payload);
    if (reply->payload.from + reply->payload.cap >= payload.len) {
        forget(coap, body); /* the last block: a lost answer is in the table of message ids */
    } else {
        touch(coap, body);
    }
    return LW_END;
}

/* ---- requests ------------------------------------------------------------------------------- */

static void read_ask(const lw_coap_msg *msg, lw_coap_ask *ask)
{
    ask->method = msg->code;
    ask->has_block1 = lw_coap_has(&msg->noted, LW_COAP_NOTE_BLOCK1);
    ask->block1 = msg->noted.value[LW_COAP_NOTE_BLOCK1];
    ask->has_block2 = lw_coap_has(&msg->noted, LW_COAP_NOTE_BLOCK2);
    ask->block2 = msg->noted.value[LW_COAP_NOTE_BLOCK2] & ~LW_BLOCK_MORE;
    ask->exists_once =
        msg->code != LW_COAP_GET && (msg->code != LW_COAP_FETCH || lw_block_is_first(ask->block2));
    ask->key = key_of(msg);
}

/* SZX 7 means several blocks in one message and is for streams only (RFC 8323 section 6,
 * P-TRN-08). We do not take it there either: the CSM does not offer it. */
static bool has_bad_block(const lw_coap_ask *ask)
{
    return lw_block_szx(ask->block1) == LW_BLOCK_SZX_BERT ||
           lw_block_szx(ask->block2) == LW_BLOCK_SZX_BERT;
}

/* LW_OK: the handler is to be called with what `in` now says; LW_END: `reply` is the answer. */
static lw_err take(lw_coap *coap, lw_coap_inbound *in, lw_coap_msg *msg, lw_coap_reply *reply)
{
    lw_coap_ask *ask = &reply->ask;
    read_ask(msg, ask);
    if (has_bad_block(ask)) {
        return refuse(reply, LW_COAP_BAD_REQUEST);
    }
    set_window(reply);
    if (!lw_block_is_first(ask->block2)) {
        ask->has_block1 = false;
        return take_block2(coap, in, reply);
    }
    return ask->has_block1 ? take_block1(coap, in, msg, reply) : LW_OK;
}

static lw_err serve(lw_coap *coap, lw_coap_inbound *in, lw_coap_msg *msg, lw_coap_reply *reply)
{
    lw_err err = take(coap, in, msg, reply);
    if (err != LW_OK) {
        return err == LW_END ? LW_OK : err;
    }
    err = coap->config.handler->on_request(coap->config.ctx, in, reply);
    if (in->body != NULL) {
        taken(coap, in, reply, err);
    }
    return err;
}

static void drop(lw_coap *coap, lw_coap_peer *peer)
{
    while (peer->bodies != NULL) {
        forget(coap, peer->bodies);
    }
}

void lw_coap_bodies_init(lw_coap_bodies *bodies, uint32_t max_body, uint16_t max_bodies,
                         uint32_t timeout_ms)
{
    static const lw_coap_body_hooks hooks = {
        .serve = serve, .cut = cut, .window = set_window, .drop = drop};
    *bodies = (lw_coap_bodies){
        .hooks = &hooks, .max_body = max_body, .timeout_ms = timeout_ms, .max_bodies = max_bodies};
}
