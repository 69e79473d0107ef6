/* 200 block-wise transfers of 64 KiB, up, down and both, over a network that loses three of ten
 * datagrams: each ends exactly once, each body arrives as it was, and no request is handled twice.
 */
#include "coap_nodes.h"

#define TRANSFERS 200u
#define BODY      65536u

typedef enum kind { UP, DOWN, BOTH, KINDS } kind;

typedef struct transfer {
    struct run *run;
    uint32_t number;
    unsigned handled; /* bodies the server got */
    unsigned ended;
    lw_err err;
    uint8_t code;
} transfer;

typedef struct run {
    world *world;
    transfer transfers[TRANSFERS];
    uint32_t started_by[CLIENTS];
    uint8_t expected[BODY];
} run;

static kind kind_of(uint32_t number)
{
    return (kind)(number / CLIENTS % KINDS);
}

/* A body of its own for each transfer. */
static uint8_t octet(uint32_t number, size_t i)
{
    return (uint8_t)(i ^ i >> 8 ^ number * 37);
}

static void write_body(uint32_t number, uint8_t *out, size_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = octet(number, offset + i);
    }
}

static bool is_body(uint32_t number, lw_bytes body)
{
    bool same = body.len == BODY;
    for (size_t i = 0; same && i < BODY; i++) {
        same = body.ptr[i] == octet(number, i);
    }
    return same;
}

/* The number stands in the path, two octets. */
static uint32_t number_of(const lw_coap_msg *msg)
{
    lw_bytes path;
    assert_true(lw_coap_opt_find(&msg->options, LW_COAP_OPT_URI_PATH, &path) && path.len == 2);
    return (uint32_t)(path.ptr[0] << 8 | path.ptr[1]);
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    world *w = ctx;
    run *r = w->ctx;
    uint32_t number = number_of(in->msg);
    reply->code = LW_COAP_CHANGED;
    if (kind_of(number) != DOWN) {
        r->transfers[number].handled++;
        assert_true(is_body(number, in->msg->payload));
    }
    if (kind_of(number) != UP) {
        reply->code = LW_COAP_CONTENT;
        write_body(number, r->expected, 0, BODY);
        lw_write_bytes(&reply->payload, lw_bytes_of(r->expected, BODY));
    }
    return LW_OK;
}

static void start_next(run *r, size_t client, lw_time now);

static void on_end(void *ctx, const lw_coap_result *result)
{
    transfer *t = ctx;
    t->ended++;
    t->err = result->err;
    if (result->err == LW_OK) {
        t->code = result->msg->code;
        if (kind_of(t->number) != UP && t->code == LW_COAP_CONTENT) {
            assert_true(is_body(t->number, result->msg->payload));
        }
    }
    start_next(t->run, t->number % CLIENTS, result->now);
}

static lw_err read_body(void *ctx, size_t offset, uint8_t *out, size_t len)
{
    write_body(((const transfer *)ctx)->number, out, offset, len);
    return LW_OK;
}

static void start_next(run *r, size_t client, lw_time now)
{
    uint32_t number = r->started_by[client]++ * CLIENTS + (uint32_t)client;
    if (number >= TRANSFERS) {
        return;
    }
    transfer *t = &r->transfers[number];
    *t = (transfer){.run = r, .number = number};
    static const uint8_t codes[KINDS] = {LW_COAP_PUT, LW_COAP_GET, LW_COAP_POST};
    uint8_t path[3] = {LW_COAP_OPT_URI_PATH << 4 | 2, (uint8_t)(number >> 8), (uint8_t)number};
    lw_coap_transfer_request request = {.code = codes[kind_of(number)],
                                        .options = lw_bytes_of(path, sizeof path),
                                        .max_body = BODY,
                                        .on_end = on_end,
                                        .ctx = t};
    if (kind_of(number) != DOWN) {
        request.read = read_body;
        request.body = lw_bytes_of(NULL, BODY);
    }
    sim_client *c = &r->world->clients[client];
    assert_ok(lw_coap_transfer_start(&c->coap, &c->server, now, &request, NULL));
}

static void simulate(uint64_t seed, lw_coap_params params, bool must_succeed)
{
    run *r = calloc(1, sizeof *r);
    world_config config = {.seed = seed,
                           .params = params,
                           .on_request = on_request,
                           .body_timeout_ms = must_succeed ? UINT32_MAX : 247000,
                           .ctx = r};
    world *w = world_new(&config);
    r->world = w;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < CLIENTS; i++) {
        start_next(r, i, 0);
        start_next(r, i, 0); /* two at a time */
    }
    lw_sim_run(w->sim, LW_TIME_NEVER);
    unsigned timeouts = 0;
    unsigned refused = 0;
    for (uint32_t i = 0; i < TRANSFERS; i++) {
        const transfer *t = &r->transfers[i];
        bool is_done = t->err == LW_OK && lw_coap_code_class(t->code) == 2;
        assert_int_equal(t->ended, 1);
        assert_true(t->handled <= 1);
        assert_true(!is_done || kind_of(i) == DOWN || t->handled == 1);
        assert_true(t->err == LW_OK || t->err == LW_ETIMEOUT);
        timeouts += t->err == LW_ETIMEOUT;
        refused += t->err == LW_OK && !is_done;
    }
    print_message("%u of %u timed out, %u were refused; %lld s of virtual time\n", timeouts,
                  TRANSFERS, refused, (long long)(lw_sim_now(w->sim) / LW_SECOND_MS));
    if (must_succeed) {
        assert_int_equal(timeouts + refused, 0);
    }
    world_free(w);
    free(r);
}

LW_TEST(every_transfer_ends_exactly_once_with_default_parameters)
{
    simulate(4, lw_coap_params_udp, false);
}

LW_TEST(every_transfer_succeeds_with_patience)
{
    simulate(5, patient_params(), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transfer_ends_exactly_once_with_default_parameters),
        cmocka_unit_test(every_transfer_succeeds_with_patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
