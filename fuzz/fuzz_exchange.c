/* An endpoint with two peers, and a script of what happens to it: datagrams, time, requests,
 * answers given late, notifications, transfers, cancellations, peers that go, allocations that
 * fail. Whatever the script: each request ends exactly once, what is sent parses, the ceilings
 * hold, and all memory comes back.
 *
 * Tokens are 20…, message ids begin with 2020, so that a script can answer. */
#include "fuzz.h"

#include "coap/bodies.h"
#include "coap/exchange.h"
#include "coap/later.h"
#include "coap/observe.h"
#include "coap/reply.h"
#include "coap/transfer.h"
#include "testing/fakes.h"

#define PEERS    2u
#define REQUESTS 64u

typedef struct request {
    unsigned ended;
    lw_coap_exchange *exchange; /* NULL: ended, or a transfer */
    lw_coap_transfer *transfer;
} request;

typedef struct world {
    lw_coap coap;
    lw_coap_peer peers[PEERS];
    lw_coap_params params;
    lw_coap_bodies bodies;
    lw_fake_mem mem;
    uint8_t buf[LW_COAP_BUF_SIZE(128)];
    lw_time now;
    request requests[REQUESTS];
    unsigned request_count;
    lw_coap_token later[PEERS];
    uint8_t octets[200];
} world;

typedef struct script {
    const uint8_t *at;
    size_t left;
} script;

static uint8_t next(script *s)
{
    if (s->left == 0) {
        return 0;
    }
    s->left--;
    return *s->at++;
}

static lw_bytes next_bytes(script *s)
{
    size_t len = next(s);
    len = len < s->left ? len : s->left;
    lw_bytes b = lw_bytes_of(s->at, len);
    s->at += len;
    s->left -= len;
    return b;
}

/* ---- the owner ----------------------------------------------------------------------------- */

static void on_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    lw_coap_msg msg;
    (void)ctx;
    FUZZ_CHECK(message.len <= peer->max_message);
    FUZZ_CHECK(lw_coap_msg_parse(message, &msg) == LW_OK);
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    world *w = ctx;
    lw_bytes path = {NULL, 0};
    (void)lw_coap_opt_find(&in->msg->options, LW_COAP_OPT_URI_PATH, &path);
    uint8_t kind = path.len > 0 ? path.ptr[0] : 0;
    if ((kind & 1) != 0) {
        w->later[in->peer - w->peers] = in->msg->token;
        return LW_AGAIN;
    }
    if ((kind & 2) != 0) {
        return LW_EIO;
    }
    reply->code = LW_COAP_CONTENT;
    lw_coap_put_uint(&reply->options, LW_COAP_OPT_CONTENT_FORMAT, 60);
    lw_write_bytes(&reply->payload, lw_bytes_of(w->octets, kind < sizeof w->octets ? kind : 7));
    return LW_OK;
}

static bool on_notification(void *ctx, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg)
{
    static const lw_err errors[] = {LW_OK, LW_AGAIN, LW_ENOTFOUND, LW_END};
    world *w = ctx;
    (void)now;
    return lw_coap_notified(&w->coap, peer, msg, errors[msg->payload.len % 4]);
}

static bool wants_stream(void *ctx, const lw_coap_inbound *in)
{
    (void)ctx;
    return in->msg->code == LW_COAP_PUT;
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    request *r = ctx;
    FUZZ_CHECK((result->err == LW_OK) || result->msg == NULL);
    r->exchange = NULL;
    r->transfer = NULL;
    r->ended++;
    FUZZ_CHECK(r->ended == 1);
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x20, len);
}

/* ---- what happens -------------------------------------------------------------------------- */

static lw_err write_octets(void *ctx, lw_coap_reply *reply)
{
    lw_write_bytes(&reply->payload, lw_bytes_of(ctx, 100));
    return LW_OK;
}

static void start(world *w, script *s, lw_coap_peer *peer)
{
    uint8_t kind = next(s);
    if (w->request_count == REQUESTS) {
        return;
    }
    request *r = &w->requests[w->request_count];
    lw_err err;
    lw_bytes body = lw_bytes_of(w->octets, kind % sizeof w->octets);
    switch (kind % 4) {
    case 0:
        err = lw_coap_ping(&w->coap, peer, w->now, on_end, r);
        break;
    case 1: {
        lw_coap_transfer_request t = {
            .code = LW_COAP_PUT, .body = body, .max_body = 300, .on_end = on_end, .ctx = r};
        err = lw_coap_transfer_start(&w->coap, peer, w->now, &t, &r->transfer);
        if (err == LW_OK && kind > 3) {
            lw_coap_transfer_limit(r->transfer, kind * 1000u);
        }
        break;
    }
    case 2: {
        lw_coap_token token = {.len = 1, .octets = {kind}};
        lw_coap_observer to = {.sequence = kind, .token = token};
        lw_coap_notification n = {.code = LW_COAP_CONTENT,
                                  .confirmable = true,
                                  .write = write_octets,
                                  .write_ctx = w->octets,
                                  .on_end = on_end,
                                  .ctx = r};
        err = lw_coap_notify(&w->coap, peer, w->now, &to, &n);
        r->exchange = to.exchange;
        break;
    }
    default: {
        lw_coap_request q = {.code = LW_COAP_GET, .on_end = on_end, .ctx = r};
        err = kind > 127 ? lw_coap_start_non(&w->coap, peer, w->now, &q, &r->exchange)
                         : lw_coap_start(&w->coap, peer, w->now, &q, &r->exchange);
        break;
    }
    }
    if (err == LW_OK) {
        w->request_count++;
    } else {
        FUZZ_CHECK(r->ended == 0);
    }
}

static void cancel(world *w, uint8_t which)
{
    request *r = &w->requests[which % REQUESTS];
    if (r->exchange != NULL) {
        lw_coap_cancel(&w->coap, r->exchange, w->now);
    } else if (r->transfer != NULL) {
        lw_coap_transfer_cancel(r->transfer, w->now);
    }
}

static void answer(world *w, lw_coap_peer *peer)
{
    lw_coap_reply reply;
    if (lw_coap_answer_begin(&w->coap, peer, w->later[peer - w->peers], &reply) == LW_OK) {
        reply.code = LW_COAP_CHANGED;
        lw_write_bytes(&reply.payload, lw_bytes_of(w->octets, 50));
        lw_err err = lw_coap_answer_end(&w->coap, peer, w->now, &reply);
        FUZZ_CHECK(err == LW_OK || err == LW_ENOMEM);
    }
}

static void check(const world *w)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < PEERS; i++) {
        const lw_coap_peer *p = &w->peers[i];
        FUZZ_CHECK((p->exchanges == NULL) == (p->queued == 0));
        FUZZ_CHECK(p->queued <= w->coap.config.limits.max_queued);
        FUZZ_CHECK(p->queued == 0 || lw_coap_next_deadline(&w->coap) != LW_TIME_NEVER);
        FUZZ_CHECK(p->seen_count <= w->coap.config.limits.max_seen_per_peer);
        seen += p->seen_count;
    }
    FUZZ_CHECK(seen == w->coap.seen_count && seen <= w->coap.config.limits.max_seen);
    FUZZ_CHECK(w->bodies.count <= w->bodies.max_bodies && !w->coap.busy);
}

static void step(world *w, script *s)
{
    uint8_t op = next(s);
    lw_coap_peer *peer = &w->peers[op >> 7];
    switch (op & 7) {
    case 0:
    case 1:
        lw_coap_feed(&w->coap, peer, w->now, next_bytes(s));
        break;
    case 2:
        w->now += (lw_time)next(s) * next(s);
        lw_coap_step(&w->coap, w->now);
        FUZZ_CHECK(lw_coap_next_deadline(&w->coap) > w->now);
        break;
    case 3:
        start(w, s, peer);
        break;
    case 4:
        cancel(w, next(s));
        break;
    case 5:
        answer(w, peer);
        break;
    case 6:
        lw_coap_peer_drop(&w->coap, peer);
        lw_coap_peer_init(&w->coap, peer, &w->params);
        break;
    default:
        w->mem.fail_at = w->mem.count + next(s) % 8;
        lw_coap_acknowledge(&w->coap, peer, 0x2020);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const lw_coap_handler handler = {.send = on_send,
                                            .on_request = on_request,
                                            .on_notification = on_notification,
                                            .wants_stream = wants_stream};
    static world w;
    w = (world){.now = 1};
    script s = {.at = data, .left = size};
    w.params = lw_coap_params_udp;
    w.params.szx = 1;
    w.params.token_len = 1;
    w.params.nstart = (uint8_t)(1 + next(&s) % 3);
    lw_coap_bodies_init(&w.bodies, 300, 3, 60000);
    lw_coap_config config = {
        .mem = lw_fake_mem_mem(&w.mem),
        .rng = {.fill = fill},
        .handler = &handler,
        .ctx = &w,
        .limits = {.max_seen = 10, .max_seen_per_peer = 6, .max_queued = 5, .max_later = 3},
        .later = &lw_coap_later_answers,
        .buf = w.buf,
        .buf_size = sizeof w.buf,
        .bodies = &w.bodies,
    };
    FUZZ_CHECK(lw_coap_init(&w.coap, &config) == LW_OK);
    for (unsigned i = 0; i < PEERS; i++) {
        lw_coap_peer_init(&w.coap, &w.peers[i], &w.params);
    }
    while (s.left > 0) {
        step(&w, &s);
        check(&w);
    }
    for (unsigned i = 0; i < PEERS; i++) {
        lw_coap_peer_drop(&w.coap, &w.peers[i]);
    }
    lw_coap_fini(&w.coap);
    for (unsigned i = 0; i < w.request_count; i++) {
        FUZZ_CHECK(w.requests[i].ended == 1);
    }
    FUZZ_CHECK(w.mem.live == 0 && lw_coap_next_deadline(&w.coap) == LW_TIME_NEVER);
    return 0;
}
