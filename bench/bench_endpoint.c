/* The endpoint between two datagrams: what a server spends on a request, and on one of its own,
 * message ids remembered and memory from malloc included. Nobody to compare with: the general C
 * library's sessions need sockets. What to keep in mind instead is the 3 microseconds that the
 * kernel takes for a datagram in and one out. */
#include "bench.h"

#include <stdlib.h>

#include "base/rng.h"
#include "coap/bodies.h"
#include "coap/exchange.h"
#include "coap/reply.h"
#include "coap/transfer.h"

#define MANY 100000u
#define BODY 65536u

static lw_coap coap;
static lw_coap_peer *peers;
static lw_rng_seeded seeded;
static lw_coap_bodies bodies; /* named by the case that answers in blocks */
static uint8_t buf[LW_COAP_BUF_SIZE(BODY)];
static uint8_t body[BODY];
static uint8_t last[1500];
static size_t last_len;
static unsigned ended;

static void *bench_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void bench_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static void on_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    (void)ctx;
    (void)peer;
    BENCH_CHECK(message.len <= sizeof last);
    memcpy(last, message.ptr, message.len);
    last_len = message.len;
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    (void)ctx;
    reply->code = in->msg->code == LW_COAP_GET ? LW_COAP_CONTENT : LW_COAP_CHANGED;
    if (in->msg->code == LW_COAP_GET) {
        lw_write_bytes(&reply->payload, lw_bytes_of(body, sizeof body));
    }
    return LW_OK;
}

static void on_end(void *ctx, const lw_coap_result *result)
{
    (void)ctx;
    BENCH_CHECK(result->err == LW_OK);
    ended++;
}

static void init(void)
{
    static const lw_coap_handler handler = {.send = on_send, .on_request = on_request};
    lw_rng_seeded_init(&seeded, 1);
    lw_coap_config config = {
        .mem = {.alloc = bench_alloc, .release = bench_release},
        .rng = lw_rng_seeded_rng(&seeded),
        .handler = &handler,
        .limits = {.max_seen = 4 * MANY, .max_seen_per_peer = 4, .max_queued = 8, .max_later = 8},
        .buf = buf,
        .buf_size = sizeof buf,
    };
    BENCH_CHECK(lw_coap_init(&coap, &config) == LW_OK);
    lw_coap_bodies_init(&bodies, BODY, 1, 247000);
    peers = calloc(MANY, sizeof *peers);
    BENCH_CHECK(peers != NULL);
    for (size_t i = 0; i < MANY; i++) {
        lw_coap_peer_init(&coap, &peers[i], &lw_coap_params_udp);
    }
}

/* An Update: POST /rd/5a3f?lt=300, answered with 2.04. */
static void answer(size_t n, size_t peer_count)
{
    static uint16_t mid;
    static lw_time now;
    uint8_t update[] = "\x44\x02\x10\x02\xa1\xa2\xa3\xa4\xb2rd\x04"
                       "5a3f\x46lt=300";
    for (size_t i = 0; i < n; i++) {
        mid++;
        update[2] = (uint8_t)(mid >> 8);
        update[3] = (uint8_t)mid;
        lw_coap_feed(&coap, &peers[i * 7919 % peer_count], now++ / 300,
                     lw_bytes_of(update, sizeof update - 1));
    }
    BENCH_CHECK(last_len == 8);
}

static void answer_one_peer(size_t n)
{
    answer(n, 1);
}

static void answer_many_peers(size_t n)
{
    answer(n, MANY);
}

static void answer_duplicates(size_t n)
{
    static const uint8_t update[] = "\x44\x02\x10\x02\xa1\xa2\xa3\xa4\xb2rd";
    for (size_t i = 0; i < n; i++) {
        lw_coap_feed(&coap, &peers[1], 0, lw_bytes_of(update, sizeof update - 1));
    }
}

/* A request of ours is started, and its piggybacked answer arrives. */
static void request_many_peers(size_t n)
{
    static const uint8_t path[] = "\xb1"
                                  "3\x01"
                                  "0\x01"
                                  "9";
    unsigned before = ended;
    for (size_t i = 0; i < n; i++) {
        lw_coap_peer *peer = &peers[i * 7919 % MANY];
        lw_coap_request request = {
            .code = LW_COAP_GET, .options = lw_bytes_of(path, sizeof path - 1), .on_end = on_end};
        BENCH_CHECK(lw_coap_start(&coap, peer, 0, &request, NULL) == LW_OK);
        uint8_t response[8];
        memcpy(response, last, sizeof response);
        response[0] |= LW_COAP_ACK << 4;
        response[1] = LW_COAP_CONTENT;
        lw_coap_feed(&coap, peer, 0, lw_bytes_of(response, sizeof response));
    }
    BENCH_CHECK(ended - before == n);
}

/* The 33rd block of 64 KiB: the representation is written from its start each time. */
static void answer_block(size_t n)
{
    static uint16_t mid;
    uint8_t get[] = "\x40\x01\x00\x00\xb1"
                    "a\xc2\x02\x06";
    coap.config.bodies = &bodies;
    for (size_t i = 0; i < n; i++) {
        mid++;
        get[2] = (uint8_t)(mid >> 8);
        get[3] = (uint8_t)mid;
        lw_coap_feed(&coap, &peers[2], 0, lw_bytes_of(get, sizeof get - 1));
    }
    BENCH_CHECK(last_len > 1024);
}

int main(int argc, char **argv)
{
    static const bench_case cases[] = {
        {"answer an Update, one peer", answer_one_peer, NULL, 0},
        {"answer an Update, 100,000 peers", answer_many_peers, NULL, 0},
        {"answer a duplicate", answer_duplicates, NULL, 0},
        {"request and answer, 100,000 peers", request_many_peers, NULL, 0},
        {"answer block 32 of 64 KiB", answer_block, NULL, 0},
    };
    init();
    int status = bench_main(argc, argv, "endpoint", "", cases, sizeof cases / sizeof cases[0]);
    for (size_t i = 0; i < MANY; i++) {
        lw_coap_peer_drop(&coap, &peers[i]);
    }
    lw_coap_fini(&coap);
    free(peers);
    return status;
}
