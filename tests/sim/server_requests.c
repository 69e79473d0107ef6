/* Requests of operators, from our server to our device: the whole engine at both ends, a network
 * that loses as much as a test says, processes that are killed, and days of virtual time.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "codec/format.h"
#include "lw/declare.h"
#include "lw/execute.h"
#include "near_server.h"
#include "proto/request.h"

/* ---- A device that writes down what it was told -----------------------------------------------
 * 0: a text; 1: executable, its argument 0 is the number of the order; 2: a number to be written,
 * likewise; 3: several texts; 4: octets.
 */

#define ORDERS_MAX 512

typedef struct ledger_book {
    unsigned executed[ORDERS_MAX];
    unsigned written; /* the newest number */
    bool is_out_of_order;
} ledger_book;

static ledger_book book;

static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    lw_exec_arg arg;
    (void)ctx, (void)tree, (void)path;
    if (lw_exec_args_find(arguments, 0, &arg) != LW_OK) {
        return LW_EINVAL;
    }
    unsigned n = 0;
    for (size_t i = 0; i < arg.value.len; i++) {
        n = 10 * n + arg.value.ptr[i] - '0';
    }
    book.executed[n % ORDERS_MAX]++;
    return LW_OK;
}

static lw_err write_number(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                           bool more)
{
    (void)ctx, (void)tree, (void)path, (void)offset, (void)more;
    unsigned n = (unsigned)value.as.integer;
    book.is_out_of_order = book.is_out_of_order || n < book.written;
    book.written = n;
    return LW_OK;
}

static lw_err read_number(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value)
{
    (void)ctx, (void)tree, (void)path;
    *out_value = lw_value_integer(book.written);
    return LW_OK;
}

static lw_err allow(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx, (void)tree, (void)instance;
    return LW_OK;
}

static const lw_resource_def resources[] = {
    {0, LW_TYPE_STRING, LW_OP_R | LW_OP_W, 0, 0},
    {1, LW_TYPE_NONE, LW_OP_E, 0, 0},
    {2, LW_TYPE_INTEGER, LW_OP_R | LW_OP_W, 0, 0},
    {3, LW_TYPE_STRING, LW_OP_R | LW_OP_W, LW_DEF_MULTIPLE, 0},
    {4, LW_TYPE_OPAQUE, LW_OP_R | LW_OP_W, 0, 0}};
static const lw_object_def ledger_def = {42769, 1, 0, 1, 0, LW_DEF_MULTIPLE, 5, resources, NULL};
#define LEDGER(T, ONE, MANY, CALL)   \
    ONE(T, STRING, text, 0, 64)      \
    CALL(T, EXECUTE, order, 1)       \
    CALL(T, COMPUTED, number, 2)     \
    MANY(T, STRING, texts, 3, 16, 4) \
    ONE(T, OPAQUE, octets, 4, 1500)
static const lw_object_hooks hooks = {.execute = execute,
                                      .write = write_number,
                                      .read = read_number,
                                      .create = allow,
                                      .remove = allow};
LW_DECLARE(ledger, ledger_def, LEDGER, 3, &hooks)

static const lw_object *const objects_1_0[] = {&lw_security_object_1_0, &lw_server_object_1_0,
                                               &lw_device_object_1_0, &ledger_object, NULL};
static const lw_object *const objects_1_1[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                               &lw_device_object_1_1, &ledger_object, NULL};
static const lw_object *const objects_1_2[] = {&lw_security_object_1_2, &lw_server_object_1_2,
                                               &lw_device_object_1_2, &ledger_object, NULL};

static void add_ledger(world *w)
{
    world_add(w, "/42769/0");
}

/* ---- The server ----------------------------------------------------------------------------- */

static near_server *near_;

static void begin(world *w, world_config config)
{
    book = (ledger_book){.written = 0};
    config.objects = config.version == 10   ? objects_1_0
                     : config.version == 12 ? objects_1_2
                                            : objects_1_1;
    config.set_up = add_ledger;
    config.dont_start = true;
    config.dynamic = 16384;
    world_begin(w, &config);
    near_ = near_server_new(
        w->sim, "a", &(lw_server_cfg){.shard = 1, .limits = {.requests_per_device = ORDERS_MAX}});
    w->device->servers[1] = (device_host){"a", near_->node};
    device_start(w->device);
    world_until_registered(w, 1);
}

static void end(void)
{
    near_server_free(near_);
    near_ = NULL;
}

/* ---- One request after another -------------------------------------------------------------- */

typedef struct reply {
    unsigned ended;
    lw_server_result result;
    uint8_t payload[4096];
} reply;

static void on_end(void *ctx, const lw_server_result *result)
{
    reply *r = ctx;
    r->ended++;
    r->result = *result;
    assert_true(result->payload.len <= sizeof r->payload);
    memcpy(r->payload, result->payload.ptr != NULL ? result->payload.ptr : (const uint8_t *)"",
           result->payload.len);
    r->result.payload = lw_bytes_of(r->payload, result->payload.len);
}

static lw_server_request request_of(lw_op op, const char *path)
{
    lw_server_request request = {.endpoint = lw_bytes_str("dev1"),
                                 .op = (uint8_t)op,
                                 .format = LW_CF_NONE,
                                 .depth = LW_DEPTH_DEFAULT};
    assert_ok(lw_path_parse(lw_bytes_str(path), &request.path));
    return request;
}

/* Asks until the device has answered: the network may lose all copies of one. */
static reply ask(world *w, lw_server_request request)
{
    reply r;
    uint64_t id;
    lw_time until = world_now(w) + 1 * HOUR;
    request.on_end = on_end;
    request.ctx = &r;
    do {
        assert_true(world_now(w) < until);
        r = (reply){.ended = 0};
        assert_ok(lw_server_submit(near_->server, world_now(w), &request, &id));
        near_server_poke(near_);
        world_until(w, r.ended > 0, 1 * HOUR);
    } while (r.result.err == LW_ETIMEOUT);
    assert_int_equal(r.ended, 1);
    assert_err(r.result.err, LW_OK);
    assert_int_equal(r.result.state, LW_REQUEST_DONE);
    return r;
}

static uint8_t code_of(world *w, lw_server_request request)
{
    return ask(w, request).result.code;
}

static lw_bytes pack(const lw_format *format, const lw_entry *list, size_t count)
{
    static uint8_t body[4096];
    lw_entries entries = {list, count};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_writer w;
    lw_writer_init(&w, body, sizeof body);
    assert_ok(lw_encode(format, &source, &cfg, &w));
    return lw_writer_bytes(&w);
}

static lw_entry entry(const char *path, lw_value value)
{
    lw_entry e = {.kind = LW_ENTRY_VALUE, .value = value};
    assert_ok(lw_path_parse(lw_bytes_str(path), &e.path));
    return e;
}

static lw_server_request with_value(lw_op op, const char *path, const char *at, lw_value value)
{
    lw_server_request request = request_of(op, path);
    lw_entry e = entry(at, value);
    request.body = pack(&lw_format_senml_cbor, &e, 1);
    return request;
}

static void reads_and_writes(world *w)
{
    assert_int_equal(
        code_of(w, with_value(LW_OP_WRITE, "/42769/0/0", "/42769/0/0", lw_value_string("hello"))),
        LW_COAP_CHANGED);
    lw_server_request read = request_of(LW_OP_READ, "/42769/0/0");
    read.format = LW_CF_TEXT;
    reply r = ask(w, read);
    assert_bytes(r.result.payload, "hello");
    assert_int_equal(r.result.format, LW_CF_TEXT);
    assert_int_equal(
        code_of(w, with_value(LW_OP_WRITE_PARTIAL, "/42769/0", "/42769/0/2", lw_value_integer(7))),
        LW_COAP_CHANGED);
    assert_int_equal(book.written, 7);
    assert_int_equal(
        code_of(w, with_value(LW_OP_WRITE, "/42769/0/3", "/42769/0/3/1", lw_value_string("one"))),
        LW_COAP_CHANGED);
    lw_server_request all = request_of(LW_OP_WRITE, "/42769/0/3");
    all.body = lw_bytes_of("\x80", 1); /* edge 22: none of them */
    assert_int_equal(code_of(w, all), LW_COAP_CHANGED);
    assert_int_equal(code_of(w, request_of(LW_OP_READ, "/42769/0")), LW_COAP_CONTENT);
    assert_int_equal(code_of(w, request_of(LW_OP_READ, "/42769")), LW_COAP_CONTENT);
    assert_int_equal(code_of(w, request_of(LW_OP_READ, "/42769/0/1")), LW_COAP_METHOD_NOT_ALLOWED);
}

static void long_bodies(world *w)
{
    static uint8_t octets[1500];
    memset(octets, 0x5A, sizeof octets);
    assert_int_equal(
        code_of(w, with_value(LW_OP_WRITE, "/42769/0/4", "/42769/0/4",
                              lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, sizeof octets)))),
        LW_COAP_CHANGED);
    lw_server_request read = request_of(LW_OP_READ, "/42769/0/4");
    read.format = LW_CF_OPAQUE;
    reply r = ask(w, read);
    assert_int_equal(r.result.payload.len, sizeof octets);
    assert_memory_equal(r.payload, octets, sizeof octets);
}

static void others(world *w, uint8_t version)
{
    lw_server_request attributes = request_of(LW_OP_WRITE_ATTRIBUTES, "/42769/0/2");
    attributes.arguments = lw_bytes_str("pmin=5&pmax=60");
    assert_int_equal(code_of(w, attributes), LW_COAP_CHANGED);
    reply r = ask(w, request_of(LW_OP_DISCOVER, "/42769/0/2"));
    assert_bytes(r.result.payload, "</42769/0/2>;pmin=5;pmax=60");
    lw_server_request order = request_of(LW_OP_EXECUTE, "/42769/0/1");
    order.arguments = lw_bytes_str("0='5'");
    assert_int_equal(code_of(w, order), LW_COAP_CHANGED);
    assert_true(book.executed[5] > 0);
    lw_server_request create =
        with_value(LW_OP_CREATE, "/42769", "/42769/65535/0", lw_value_string("new"));
    r = ask(w, create);
    assert_int_equal(r.result.code, LW_COAP_CREATED);
    assert_int_equal(lw_path_depth(r.result.path),
                     LW_LEVEL_INSTANCE); /* 1; or 2, when an answer was lost */
    char made[LW_PATH_TEXT_MAX + 1] = "";
    made[lw_path_format(r.result.path, made)] = '\0';
    lw_server_request gone = request_of(LW_OP_DELETE, made);
    uint8_t code = code_of(w, gone);
    assert_true(code == LW_COAP_DELETED || (w->loss > 0 && code == LW_COAP_NOT_FOUND));
    if (version == 10) {
        return;
    }
    lw_entry targets[] = {{.kind = LW_ENTRY_PATH, .path = lw_path_resource(42769, 0, 0)},
                          {.kind = LW_ENTRY_PATH, .path = lw_path_resource(3, 0, 99)}};
    lw_server_request composite = request_of(LW_OP_READ_COMPOSITE, "/");
    composite.body = pack(&lw_format_etch_cbor, targets, 2);
    r = ask(w, composite); /* edge 21: as much of it as there is */
    assert_int_equal(r.result.code, LW_COAP_CONTENT);
    assert_int_equal(r.result.format, LW_CF_SENML_CBOR);
    lw_entry values[] = {entry("/42769/0/0", lw_value_string("a")),
                         entry("/42769/0/2", lw_value_integer(8))};
    composite = request_of(LW_OP_WRITE_COMPOSITE, "/");
    composite.body = pack(&lw_format_etch_cbor, values, 2);
    assert_int_equal(code_of(w, composite), LW_COAP_CHANGED);
    assert_int_equal(book.written, 8);
}

static void every_operation(world *w, uint8_t version)
{
    begin(w, (world_config){.version = version});
    reads_and_writes(w);
    long_bodies(w);
    others(w, version);
    end();
}

RULE(every_operation_of_1_0_reaches_the_device_and_comes_back)
{
    every_operation(w, 10);
}

RULE(every_operation_of_1_1_reaches_the_device_and_comes_back)
{
    every_operation(w, 11);
}

RULE(every_operation_of_1_2_reaches_the_device_and_comes_back)
{
    every_operation(w, 12);
}

/* ---- Days ----------------------------------------------------------------------------------- */

typedef struct order {
    uint64_t id;
    lw_op op;
    bool is_accepted; /* it was told that it is kept, or went at once */
    unsigned ended;   /* as the events tell */
    lw_server_result result;
} order;

static order orders[ORDERS_MAX];
static unsigned order_count;

static void on_event(void *ctx, const lw_server_event *event)
{
    (void)ctx;
    if (event->kind != LW_SERVER_REQUEST || event->request->state == LW_REQUEST_QUEUED ||
        event->request->state == LW_REQUEST_SENT) {
        return;
    }
    for (unsigned i = order_count; i-- > 0;) {
        if (orders[i].id == event->request->id) {
            orders[i].ended++;
            orders[i].result = *event->request;
            return; /* an id that was never durable may have been given again */
        }
    }
}

static void on_queued(void *ctx, uint64_t id, lw_err err)
{
    order *o = ctx;
    (void)id;
    o->is_accepted = err == LW_OK;
}

/* Reads, writes and executes in turn, each with its number. */
static void give_order(world *w)
{
    static const lw_op ops[] = {LW_OP_READ, LW_OP_WRITE, LW_OP_EXECUTE};
    char text[16];
    unsigned n = order_count++;
    order *o = &orders[n];
    assert_true(order_count < ORDERS_MAX);
    *o = (order){.op = ops[n % 3]};
    lw_server_request request =
        o->op == LW_OP_WRITE
            ? with_value(LW_OP_WRITE, "/42769/0/2", "/42769/0/2", lw_value_integer(n))
            : request_of(o->op, o->op == LW_OP_READ ? "/3/0" : "/42769/0/1");
    if (o->op == LW_OP_EXECUTE) {
        snprintf(text, sizeof text, "0='%u'", n);
        request.arguments = lw_bytes_str(text);
    }
    request.when = LW_WHEN_QUEUED;
    request.on_queued = on_queued;
    request.ctx = o;
    assert_ok(lw_server_submit(near_->server, world_now(w), &request, &o->id));
    near_server_poke(near_);
}

static void begin_days(world *w)
{
    begin(w, (world_config){.queue_mode = true, .lifetime = 2 * 3600});
    near_->on_event = on_event;
    order_count = 0;
}

/* What an operator may rely on. */
static void check_orders(const world *w, bool had_crashes)
{
    unsigned done = 0;
    for (unsigned i = 0; i < order_count; i++) {
        const order *o = &orders[i];
        bool is_done = o->ended > 0 && o->result.state == LW_REQUEST_DONE;
        bool may_repeat = o->op != LW_OP_EXECUTE;
        done += is_done;
        if (o->is_accepted) {
            assert_true(o->ended >= 1);
            assert_true(o->ended == 1 || had_crashes);
        }
        if (may_repeat && o->is_accepted) { /* it waits as long as it takes */
            assert_true(is_done || o->result.acked || o->result.err == LW_ERESET);
        } else if (!may_repeat) {
            assert_true(book.executed[i] <= 1);
            assert_true(!is_done || book.executed[i] == 1 ||
                        lw_coap_code_class(o->result.code) != 2);
        }
    }
    assert_true(had_crashes || !book.is_out_of_order);
    assert_true(done >= order_count * (w->loss > 0 ? 6 : 9) / 10);
}

RULE(requests_for_a_sleeping_device_are_delivered_over_days)
{
    begin_days(w);
    for (unsigned i = 0; i < 100; i++) {
        give_order(w);
        world_pass(w, lw_rng_below(lw_sim_rng(w->sim), 2 * HOUR));
    }
    world_pass(w, 2 * DAY);
    check_orders(w, false);
    assert_int_equal(lw_server_get_stats(near_->server).waiting_requests, 0);
    end();
}

/* Something goes down to the device: now and then that is when the server goes down, too, up to
 * 100 ms later. */
static void on_packet(void *ctx, const lw_sim_packet *packet)
{
    world *w = ctx;
    lw_coap_msg msg;
    bool is_request = lw_coap_msg_parse(packet->datagram, &msg) == LW_OK &&
                      packet->from == lw_sim_address(near_->node) &&
                      lw_coap_code_is_request(msg.code);
    if (is_request && near_->server != NULL && near_->crash_at == LW_TIME_NEVER &&
        lw_rng_below(lw_sim_rng(w->sim), 8) == 0) {
        near_->crash_at = world_now(w) + lw_rng_below(lw_sim_rng(w->sim), 100);
        near_->start_at = near_->crash_at + lw_rng_below(lw_sim_rng(w->sim), 10 * MINUTE);
    }
}

RULE(a_server_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice)
{
    begin_days(w);
    lw_sim_capture(w->sim, on_packet, w);
    for (unsigned i = 0; i < 150; i++) {
        if (near_->server != NULL) {
            give_order(w);
        }
        world_pass(w, lw_rng_below(lw_sim_rng(w->sim), 2 * HOUR));
    }
    world_pass(w, 2 * DAY);
    lw_sim_capture(w->sim, NULL, NULL);
    near_->crash_at = LW_TIME_NEVER;
    world_pass(w, 1 * DAY);
    check_orders(w, true);
    assert_int_equal(lw_server_get_stats(near_->server).waiting_requests, 0);
    end();
}

RULE(a_device_that_loses_its_power_does_nothing_twice)
{
    world_config config = {.queue_mode = true, .lifetime = 2 * 3600};
    begin_days(w);
    for (unsigned i = 0; i < 60; i++) {
        give_order(w);
        give_order(w);
        world_pass(w, lw_rng_below(lw_sim_rng(w->sim), i % 2 == 0 ? 200 : 1 * HOUR));
        if (i % 5 == 0) {
            device_off(w->device);
            world_pass(w, lw_rng_below(lw_sim_rng(w->sim), 10 * MINUTE));
            config.objects = objects_1_1;
            config.set_up = add_ledger;
            world_reboot(w, &config);
        }
    }
    world_pass(w, 2 * DAY);
    check_orders(w, true);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(every_operation_of_1_0_reaches_the_device_and_comes_back),
        RUNS(every_operation_of_1_1_reaches_the_device_and_comes_back),
        RUNS(every_operation_of_1_2_reaches_the_device_and_comes_back),
        RUNS(requests_for_a_sleeping_device_are_delivered_over_days),
        RUNS(a_server_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice),
        RUNS(a_device_that_loses_its_power_does_nothing_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
