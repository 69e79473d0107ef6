/* 10,000 exchanges of all kinds over a network that loses three of ten datagrams, duplicates one of
 * ten and keeps no order: each ends exactly once, and no request is handled twice. */
#include "coap_nodes.h"

#define EXCHANGES 10000u

typedef enum kind {
    CON_PIGGYBACKED,
    CON_SEPARATE,     /* answered after the ACK, confirmably */
    CON_SEPARATE_NON, /* the same, by a NON */
    NON_REQUEST,
    KINDS
} kind;

typedef struct answer_due {
    lw_deadline at; /* first */
    lw_coap_peer *peer;
    lw_coap_token token;
    uint32_t number;
} answer_due;

typedef struct exchange {
    struct run *run;
    uint32_t number;
    uint8_t handled;
    uint8_t ended;
    lw_err err;
} exchange;

typedef struct run {
    world *world;
    exchange exchanges[EXCHANGES];
    lw_deadlines due;
    uint32_t started_by[CLIENTS];
} run;

static kind kind_of(uint32_t number)
{
    return (kind)(number % KINDS);
}

static void write_number(lw_coap_reply *reply, uint32_t number)
{
    reply->code = LW_COAP_CHANGED;
    reply->non = kind_of(number) == CON_SEPARATE_NON;
    lw_write_u32(&reply->payload, number);
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    world *w = ctx;
    run *r = w->ctx;
    lw_reader reader;
    lw_reader_init(&reader, in->msg->payload);
    uint32_t number = lw_read_u32(&reader);
    assert_true(number < EXCHANGES);
    r->exchanges[number].handled++;
    if (kind_of(number) == CON_PIGGYBACKED ||
        (kind_of(number) == NON_REQUEST && number % 8 < KINDS)) {
        write_number(reply, number);
        return LW_OK;
    }
    answer_due *due = calloc(1, sizeof *due);
    *due = (answer_due){.peer = in->peer, .token = in->msg->token, .number = number};
    lw_deadline_arm(&r->due, &due->at, in->now + lw_rng_below(lw_sim_rng(w->sim), 4000));
    return LW_AGAIN;
}

static lw_time next_answer(void *ctx)
{
    return lw_deadlines_next(&((run *)ctx)->due);
}

static void give_answers(void *ctx, lw_time now)
{
    run *r = ctx;
    answer_due *due;
    while ((due = (answer_due *)(void *)lw_deadlines_take_due(&r->due, now)) != NULL) {
        lw_coap_reply reply;
        assert_ok(lw_coap_answer_begin(&r->world->server, due->peer, due->token, &reply));
        write_number(&reply, due->number);
        assert_ok(lw_coap_answer_end(&r->world->server, due->peer, now, &reply));
        free(due);
    }
}

static void start_next(run *r, size_t client, lw_time now);

static void on_end(void *ctx, const lw_coap_result *result)
{
    exchange *e = ctx;
    e->ended++;
    e->err = result->err;
    if (result->err == LW_OK) {
        lw_reader reader;
        lw_reader_init(&reader, result->msg->payload);
        assert_int_equal(lw_read_u32(&reader), e->number);
    }
    start_next(e->run, e->number % CLIENTS, result->now);
}

static void start_next(run *r, size_t client, lw_time now)
{
    uint32_t number = r->started_by[client]++ * CLIENTS + (uint32_t)client;
    if (number >= EXCHANGES) {
        return;
    }
    exchange *e = &r->exchanges[number];
    *e = (exchange){.run = r, .number = number};
    uint8_t payload[4];
    lw_writer w;
    lw_writer_init(&w, payload, sizeof payload);
    lw_write_u32(&w, number);
    lw_coap_request request = {
        .code = LW_COAP_POST, .payload = lw_writer_bytes(&w), .on_end = on_end, .ctx = e};
    sim_client *c = &r->world->clients[client];
    assert_ok(kind_of(number) == NON_REQUEST
                  ? lw_coap_start_non(&c->coap, &c->server, now, &request, NULL)
                  : lw_coap_start(&c->coap, &c->server, now, &request, NULL));
}

static void simulate(uint64_t seed, lw_coap_params params, bool must_succeed)
{
    run *r = calloc(1, sizeof *r);
    lw_deadlines_init(&r->due);
    world_config config = {.seed = seed, .params = params, .on_request = on_request, .ctx = r};
    world *w = world_new(&config);
    r->world = w;
    w->server_deadline = next_answer;
    w->server_step = give_answers;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < CLIENTS; i++) {
        for (int parallel = 0; parallel < 3; parallel++) {
            start_next(r, i, 0); /* more than NSTART: some are queued */
        }
    }
    lw_sim_run(w->sim, LW_TIME_NEVER);
    unsigned timeouts[KINDS] = {0};
    for (uint32_t i = 0; i < EXCHANGES; i++) {
        const exchange *e = &r->exchanges[i];
        assert_int_equal(e->ended, 1);
        assert_true(e->handled <= 1);
        assert_true(e->err != LW_OK || e->handled == 1);
        assert_true(e->err == LW_OK || e->err == LW_ETIMEOUT);
        timeouts[kind_of(i)] += e->err == LW_ETIMEOUT;
    }
    print_message("timeouts: %u piggybacked, %u separate, %u separate NON, %u NON of %u each; "
                  "%lld s of virtual time\n",
                  timeouts[CON_PIGGYBACKED], timeouts[CON_SEPARATE], timeouts[CON_SEPARATE_NON],
                  timeouts[NON_REQUEST], EXCHANGES / KINDS,
                  (long long)(lw_sim_now(w->sim) / LW_SECOND_MS));
    if (must_succeed) { /* what is confirmable in both directions */
        assert_int_equal(timeouts[CON_PIGGYBACKED], 0);
        assert_int_equal(timeouts[CON_SEPARATE], 0);
    }
    world_free(w);
    free(r);
}

LW_TEST(every_exchange_ends_exactly_once_with_default_parameters)
{
    simulate(1, lw_coap_params_udp, false);
}

LW_TEST(every_confirmable_exchange_succeeds_with_patience)
{
    simulate(2, patient_params(), true);
}

LW_TEST(every_exchange_ends_exactly_once_with_nstart_3)
{
    lw_coap_params params = lw_coap_params_udp;
    params.nstart = 3;
    params.probing_rate = 0;
    simulate(3, params, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_exchange_ends_exactly_once_with_default_parameters),
        cmocka_unit_test(every_confirmable_exchange_succeeds_with_patience),
        cmocka_unit_test(every_exchange_ends_exactly_once_with_nstart_3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
