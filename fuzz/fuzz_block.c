/* A body goes up and another comes down between two endpoints whose block sizes, buffers and
 * network the input decides. However it ends, it ends once, and what arrives is what was sent. */
#include "fuzz.h"

#include "coap/bodies.h"
#include "coap/reply.h"
#include "coap/transfer.h"
#include "testing/fakes.h"

#define BODY_MAX  2048u
#define UNDER_WAY 8u

typedef struct datagram {
    uint8_t octets[1300];
    size_t len;
} datagram;

typedef struct side {
    lw_coap coap;
    lw_coap_peer peer;
    lw_coap_params params;
    struct world *world;
    uint8_t buf[LW_COAP_BUF_SIZE(BODY_MAX)];
    datagram in[UNDER_WAY]; /* on its way to this side */
    unsigned in_count;
} side;

typedef struct world {
    side client, server;
    lw_coap_bodies bodies;
    lw_fake_mem mem;
    lw_time now;
    const uint8_t *fate; /* of the datagrams, one octet each */
    size_t fates;
    uint8_t octets[BODY_MAX];
    size_t up, down;
    bool changes; /* the representation, once */
    unsigned requests, ended;
} world;

static uint8_t next_fate(world *w)
{
    if (w->fates == 0) {
        return 0xff; /* a perfect network from here on */
    }
    w->fates--;
    return *w->fate++;
}

static void put(side *to, lw_bytes message, bool in_front)
{
    if (to->in_count == UNDER_WAY || message.len > sizeof to->in[0].octets) {
        return;
    }
    unsigned at = in_front ? 0 : to->in_count;
    memmove(&to->in[at + 1 < UNDER_WAY ? at + 1 : at], &to->in[at],
            (to->in_count - at) * sizeof to->in[0]);
    memcpy(to->in[at].octets, message.ptr, message.len);
    to->in[at].len = message.len;
    to->in_count++;
}

static void on_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    side *from = ctx;
    (void)peer;
    world *w = from->world;
    side *to = from == &w->client ? &w->server : &w->client;
    switch (next_fate(w) % 8) {
    case 0:
        return; /* lost */
    case 1:
        put(to, message, false);
        put(to, message, false);
        return;
    case 2:
        put(to, message, true);
        return;
    default:
        put(to, message, false);
        return;
    }
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    world *w = ((side *)ctx)->world;
    w->requests++;
    reply->code = LW_COAP_CONTENT;
    FUZZ_CHECK(in->msg->payload.len == w->up || in->msg->code == LW_COAP_GET);
    FUZZ_CHECK(in->msg->payload.len == 0 ||
               memcmp(in->msg->payload.ptr, w->octets, in->msg->payload.len) == 0);
    if (w->changes && w->requests == 3 && in->msg->code == LW_COAP_GET) {
        w->octets[0]++;
    }
    lw_write_bytes(&reply->payload, lw_bytes_of(w->octets, w->down));
    return LW_OK;
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    world *w = ctx;
    w->ended++;
    FUZZ_CHECK(w->ended == 1);
    if (result->err == LW_OK && result->msg->code == LW_COAP_CONTENT) {
        FUZZ_CHECK(result->msg->payload.len == w->down);
        FUZZ_CHECK(w->down == 0 || memcmp(result->msg->payload.ptr, w->octets, w->down) == 0);
    }
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *counter = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (*counter)++;
    }
}

static void init(world *w, side *s, uint8_t *counter, const lw_coap_handler *handler)
{
    s->world = w;
    lw_coap_config config = {
        .mem = lw_fake_mem_mem(&w->mem),
        .rng = {.fill = fill, .ctx = counter},
        .handler = handler,
        .ctx = s,
        .limits = {.max_seen = 400, .max_seen_per_peer = 400, .max_queued = 4},
        .buf = s->buf,
        .buf_size = sizeof s->buf,
        .bodies = &w->bodies,
    };
    FUZZ_CHECK(lw_coap_init(&s->coap, &config) == LW_OK);
    lw_coap_peer_init(&s->coap, &s->peer, &s->params);
}

static bool deliver(world *w, side *s)
{
    if (s->in_count == 0) {
        return false;
    }
    datagram d = s->in[0];
    s->in_count--;
    memmove(&s->in[0], &s->in[1], s->in_count * sizeof d);
    lw_coap_feed(&s->coap, &s->peer, w->now, lw_bytes_of(d.octets, d.len));
    return true;
}

/* Everything that is under way arrives, then time goes on to the next deadline. */
static void run(world *w)
{
    while (w->ended == 0) {
        bool moved = deliver(w, &w->server);
        moved = deliver(w, &w->client) || moved;
        if (!moved) {
            lw_time a = lw_coap_next_deadline(&w->client.coap);
            lw_time b = lw_coap_next_deadline(&w->server.coap);
            w->now = a < b ? a : b;
            FUZZ_CHECK(w->now != LW_TIME_NEVER);
            lw_coap_step(&w->client.coap, w->now);
            lw_coap_step(&w->server.coap, w->now);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const lw_coap_handler handler = {.send = on_send, .on_request = on_request};
    static const uint8_t codes[] = {LW_COAP_GET, LW_COAP_PUT, LW_COAP_POST, LW_COAP_FETCH};
    static world w;
    if (size < 8) {
        return 0;
    }
    memset(&w, 0, sizeof w);
    uint8_t counter = data[0];
    w.client.params = w.server.params = lw_coap_params_udp;
    w.client.params.szx = data[1] % 7;
    w.server.params.szx = data[1] / 7 % 7;
    uint8_t code = codes[data[2] % 4];
    w.up = code == LW_COAP_GET ? 0 : (size_t)(data[3] << 8 | data[4]) % BODY_MAX;
    w.down = (size_t)(data[5] << 8 | data[6]) % BODY_MAX;
    w.changes = (data[2] & 0x80) != 0;
    w.mem.fail_at = data[7] % 32;
    w.fate = data + 8;
    w.fates = size - 8;
    for (size_t i = 0; i < BODY_MAX; i++) {
        w.octets[i] = (uint8_t)(i ^ i >> 8);
    }
    lw_coap_bodies_init(&w.bodies, BODY_MAX, 2, 247000);
    init(&w, &w.client, &counter, &handler);
    init(&w, &w.server, &counter, &handler);
    lw_coap_transfer_request request = {.code = code,
                                        .body = lw_bytes_of(w.octets, w.up),
                                        .max_body = BODY_MAX,
                                        .ask_early = (data[2] & 0x40) != 0,
                                        .on_end = on_end,
                                        .ctx = &w};
    if (lw_coap_transfer_start(&w.client.coap, &w.client.peer, w.now, &request, NULL) == LW_OK) {
        run(&w);
    }
    lw_coap_peer_drop(&w.client.coap, &w.client.peer);
    lw_coap_peer_drop(&w.server.coap, &w.server.peer);
    lw_coap_fini(&w.client.coap);
    lw_coap_fini(&w.server.coap);
    FUZZ_CHECK(w.mem.live == 0);
    return 0;
}
