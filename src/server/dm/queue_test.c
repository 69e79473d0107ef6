/* Requests of operators, from lw_server_submit to their one end, with devices and a store that do
 * what the test says.
 */
#include "server/rig_test.h"

#include "proto/request.h"
#include "server/dm/pending.h"
#include "server/dm/queue.h"

#define PORT  1000
#define OTHER 2000

#define QUEUE_MODE "/rd?ep=dev&lt=86400&lwm2m=1.1&b=U&Q"
#define AWAKE      "/rd?ep=dev&lt=86400&lwm2m=1.1&b=U"
#define LINKS      "</1/0>,</3/0>,</5/0>,</3303/0>"

/* ---- An person ----------------------------------------------------------------------------- */

typedef struct person {
    unsigned queued, progressed, ended, kept;
    lw_err queued_err, kept_err;
    lw_progress progress;
    lw_server_result result;
    uint8_t payload[8192];
} person;

static void on_queued(void *ctx, uint64_t id, lw_err err)
{
    person *o = ctx;
    assert_true(id != 0);
    o->queued++;
    o->queued_err = err;
}

static void on_progress(void *ctx, uint64_t id, const lw_progress *progress)
{
    person *o = ctx;
    assert_true(id != 0);
    o->progressed++;
    o->progress = *progress;
}

static void on_end(void *ctx, const lw_server_result *result)
{
    person *o = ctx;
    o->ended++;
    o->result = *result;
    assert_true(result->payload.len <= sizeof o->payload);
    if (result->payload.len > 0) {
        memcpy(o->payload, result->payload.ptr, result->payload.len);
    }
    o->result.payload = lw_bytes_of(o->payload, result->payload.len);
}

static void on_kept(void *ctx, lw_err err)
{
    person *o = ctx;
    o->kept++;
    o->kept_err = err;
}

static lw_server_request ask(person *o, lw_op op, const char *path)
{
    lw_server_request request = {.endpoint = lw_bytes_str("dev"),
                                 .op = (uint8_t)op,
                                 .format = LW_CF_NONE,
                                 .depth = LW_DEPTH_DEFAULT,
                                 .on_queued = on_queued,
                                 .on_progress = on_progress,
                                 .on_end = on_end,
                                 .ctx = o};
    assert_ok(lw_path_parse(lw_bytes_str(path), &request.path));
    return request;
}

static uint64_t submit(rig *r, const lw_server_request *request)
{
    uint64_t id = 0;
    assert_ok(lw_server_submit(r->server, r->now, request, &id));
    rig_step(r);
    assert_true(id != 0);
    return id;
}

static uint64_t submit_op(rig *r, person *o, lw_op op, const char *path, lw_request_when when)
{
    lw_server_request request = ask(o, op, path);
    request.when = (uint8_t)when;
    return submit(r, &request);
}

static uint64_t submit_read(rig *r, person *o, const char *path)
{
    return submit_op(r, o, LW_OP_READ, path, LW_WHEN_AWAKE);
}

#define ENDED(o, what, why)                         \
    do {                                            \
        assert_int_equal((o).ended, 1);             \
        assert_int_equal((o).result.state, (what)); \
        assert_err((o).result.err, (why));          \
    } while (0)

/* ---- A device -------------------------------------------------------------------------------- */

/* Requests that went down since the last call, first transmissions and others: "/3/0/9 …". */
static const char *asked(rig *r)
{
    static char text[512];
    text[0] = '\0';
    for (size_t i = 0; i < r->sent_count; i++) {
        const lw_coap_msg *m = &r->sent[i].msg;
        if (!lw_coap_code_is_request(m->code)) {
            continue;
        }
        strcat(text, text[0] != '\0' ? " " : "");
        lw_coap_opt_iter it = lw_coap_opts(m->options);
        lw_bytes segment;
        while (lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_PATH, &segment)) {
            strcat(text, "/");
            strncat(text, (const char *)segment.ptr, segment.len);
        }
    }
    return text;
}

static void forget_sent(rig *r)
{
    r->sent_count = 0;
}

/* The newest request. */
static const lw_coap_msg *last_request(const rig *r)
{
    size_t i = r->sent_count;
    while (i > 0 && !lw_coap_code_is_request(r->sent[i - 1].msg.code)) {
        i--;
    }
    assert_true(i > 0);
    return &r->sent[i - 1].msg;
}

static rig_message answer_to(const lw_coap_msg *request, uint8_t code, const char *text)
{
    static char token[LW_COAP_TOKEN_MAX];
    memcpy(token, request->token.octets, request->token.len);
    return (rig_message){.type = LW_COAP_ACK,
                         .code = code,
                         .mid = request->mid,
                         .token = token,
                         .token_len = request->token.len,
                         .format = text[0] != '\0' ? 1 : 0,
                         .payload = lw_bytes_str(text)};
}

static void answer(rig *r, uint8_t code, const char *text)
{
    rig_message m = answer_to(last_request(r), code, text);
    lw_hop hop = rig_hop(PORT);
    (void)rig_message_from(r, &hop, &m);
}

static void answer_empty(rig *r, lw_coap_type type)
{
    rig_message m = {.type = (uint8_t)type, .mid = last_request(r)->mid};
    lw_hop hop = rig_hop(PORT);
    (void)rig_message_from(r, &hop, &m);
}

static char location[32];

static rig *begin(const char *target)
{
    rig *r = rig_new(NULL);
    rig_register(r, PORT, target, LINKS, location);
    rig_commit(r, LW_OK);
    (void)rig_told(r);
    forget_sent(r);
    return r;
}

static void fall_asleep(rig *r)
{
    rig_pass(r, 94200); /* 93 s, to the second */
    assert_int_equal(rig_device(r, "dev").state, LW_DEVICE_ASLEEP);
}

/* A rig with a device in queue mode that sleeps. */
static rig *asleep(void)
{
    rig *r = begin(QUEUE_MODE);
    fall_asleep(r);
    return r;
}

static void wake(rig *r)
{
    assert_int_equal(rig_request(r, PORT, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
}

static const lw_row_request *last_row(const rig *r)
{
    const rig_row *row = rig_row_of(r, LW_ROW_REQUEST);
    assert_non_null(row);
    return &row->row.as.request;
}

/* ---- A device that is awake ------------------------------------------------------------------ */

LW_TEST(a_read_goes_to_the_device_and_its_answer_comes_back)
{
    rig *r = begin(AWAKE);
    person o = {0};
    uint64_t id = submit_read(r, &o, "/3/0/9");
    assert_string_equal(asked(r), "/3/0/9");
    assert_int_equal(last_request(r)->type, LW_COAP_CON);
    assert_int_equal(o.ended, 0);
    assert_int_equal(lw_server_get_stats(r->server).in_flight, 1);
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_int_equal(o.result.id, id);
    assert_int_equal(id >> 56, 3); /* the shard */
    assert_int_equal(o.result.code, LW_COAP_CONTENT);
    assert_int_equal(o.result.format, LW_CF_TEXT);
    assert_bytes(o.result.payload, "95");
    assert_string_equal(rig_told(r), "REQUEST REQUEST"); /* SENT, DONE */
    assert_int_equal(rig_rows(r, LW_ROW_REQUEST), 0);    /* nothing of it is kept */
    assert_int_equal(lw_server_get_stats(r->server).in_flight, 0);
    assert_int_equal(lw_server_get_stats(r->server).requests, 1);
    rig_free(r);
}

LW_TEST(edge_23_what_the_device_refuses_is_told_as_such)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_read(r, &o, "/3/0/99");
    answer(r, LW_COAP_NOT_FOUND, "no such resource");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_int_equal(o.result.code, LW_COAP_NOT_FOUND);
    assert_bytes(o.result.payload, "no such resource");
    rig_free(r);
}

LW_TEST(srv_03_requests_go_one_after_the_other_in_order)
{
    rig *r = begin(AWAKE);
    person o[3] = {{0}};
    submit_read(r, &o[0], "/3/0/0");
    submit_read(r, &o[1], "/3/0/1");
    submit_read(r, &o[2], "/3/0/2");
    assert_string_equal(asked(r), "/3/0/0");
    assert_int_equal(rig_device(r, "dev").requests, 3);
    answer_empty(r, LW_COAP_ACK); /* it works on it: the next still waits */
    assert_string_equal(asked(r), "/3/0/0");
    rig_message m = answer_to(last_request(r), LW_COAP_CONTENT, "a");
    m.type = LW_COAP_CON; /* TRN-04: a separate response */
    m.mid = 77;
    lw_hop hop = rig_hop(PORT);
    rig_message_from(r, &hop, &m);
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    assert_string_equal(asked(r), "/3/0/0 /3/0/1");
    answer(r, LW_COAP_CONTENT, "b");
    answer(r, LW_COAP_CONTENT, "c");
    assert_string_equal(asked(r), "/3/0/0 /3/0/1 /3/0/2");
    ENDED(o[2], LW_REQUEST_DONE, LW_OK);
    rig_free(r);
}

LW_TEST(edge_14_no_acknowledgement_is_one_timeout)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    rig_pass(r, 100000);
    assert_string_equal(asked(r), "/3/0/9 /3/0/9 /3/0/9 /3/0/9 /3/0/9");
    ENDED(o, LW_REQUEST_FAILED, LW_ETIMEOUT);
    assert_false(o.result.acked);
    assert_int_equal(rig_device(r, "dev").state, LW_DEVICE_ONLINE); /* it is not in queue mode */
    assert_int_equal(lw_server_get_stats(r->server).requests_failed, 1);
    rig_free(r);
}

LW_TEST(edge_14_an_acknowledgement_and_then_silence_is_another)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    answer_empty(r, LW_COAP_ACK);
    rig_pass(r, 59000);
    assert_int_equal(o.ended, 0);
    rig_pass(r, 2000);
    ENDED(o, LW_REQUEST_FAILED, LW_ETIMEOUT);
    assert_true(o.result.acked);
    assert_string_equal(asked(r), "/3/0/9");
    rig_free(r);
}

LW_TEST(an_operators_own_patience_counts_from_the_sending)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    lw_server_request request = ask(&o[0], LW_OP_READ, "/3/0/9");
    request.timeout_ms = 5000;
    submit(r, &request);
    request.ctx = &o[1];
    submit(r, &request);
    rig_pass(r, 4900);
    assert_int_equal(o[0].ended, 0);
    rig_pass(r, 200);
    ENDED(o[0], LW_REQUEST_FAILED, LW_ETIMEOUT);
    rig_pass(r, 4700);
    assert_int_equal(o[1].ended, 0);
    rig_pass(r, 300);
    ENDED(o[1], LW_REQUEST_FAILED, LW_ETIMEOUT);
    rig_free(r);
}

LW_TEST(a_reset_is_told)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    answer_empty(r, LW_COAP_RST);
    ENDED(o, LW_REQUEST_FAILED, LW_ERESET);
    rig_free(r);
}

LW_TEST(a_refused_format_is_followed_by_the_next_and_remembered)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    submit_read(r, &o[0], "/3/0");
    answer(r, LW_COAP_NOT_ACCEPTABLE, "");
    answer(r, LW_COAP_NOT_ACCEPTABLE, "");
    assert_int_equal(o[0].ended, 0);
    uint32_t accept = 0;
    assert_true(lw_coap_opt_find_uint(&last_request(r)->options, LW_COAP_OPT_ACCEPT, &accept));
    assert_int_equal(accept, LW_CF_TLV);
    answer(r, LW_COAP_CONTENT, "");
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    submit_read(r, &o[1], "/1/0");
    assert_true(lw_coap_opt_find_uint(&last_request(r)->options, LW_COAP_OPT_ACCEPT, &accept));
    assert_int_equal(accept, LW_CF_TLV);
    answer(r, LW_COAP_CONTENT, "");
    rig_register(r, PORT, AWAKE, LINKS, location); /* it may be another software now */
    submit_read(r, &o[1], "/1/0");
    assert_true(lw_coap_opt_find_uint(&last_request(r)->options, LW_COAP_OPT_ACCEPT, &accept));
    assert_int_equal(accept, LW_CF_SENML_CBOR);
    rig_free(r);
}

LW_TEST(an_echo_is_brought_back)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    uint8_t octets[64];
    lw_writer w;
    lw_writer_init(&w, octets, sizeof octets);
    lw_coap_out out;
    const lw_coap_msg *request = last_request(r);
    lw_coap_begin(&out, &w, LW_COAP_ACK, LW_COAP_UNAUTHORIZED, request->mid, request->token);
    lw_coap_put_str(&out, LW_COAP_OPT_ECHO, "fresh");
    lw_hop hop = rig_hop(PORT);
    lw_server_feed(r->server, r->now, &hop, lw_writer_bytes(&w));
    lw_bytes echo;
    assert_int_equal(o.ended, 0);
    assert_true(lw_coap_opt_find(&last_request(r)->options, LW_COAP_OPT_ECHO, &echo));
    assert_bytes(echo, "fresh");
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    rig_free(r);
}

LW_TEST(a_long_answer_comes_in_blocks_with_progress)
{
    rig *r = begin(AWAKE);
    person o = {0};
    char block[17] = "0123456789abcdef";
    lw_hop hop = rig_hop(PORT);
    submit_read(r, &o, "/3");
    for (uint32_t i = 0; i < 3; i++) {
        rig_message m = answer_to(last_request(r), LW_COAP_CONTENT, block);
        m.block2 = (i << 4 | (i < 2 ? 8u : 0u)) + 1; /* 16 octets */
        rig_message_from(r, &hop, &m);
        assert_int_equal(o.progressed, i + 1);
        assert_int_equal(o.progress.received, 16 * (i + 1));
        assert_int_equal(o.progress.received_of, i < 2 ? 0 : 48);
    }
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_int_equal(o.result.payload.len, 48);
    rig_free(r);
}

/* A package as the API gives it: {"n": "/5/0/0", "vd": octets}. */
static lw_bytes package(uint8_t *out, size_t room, size_t len)
{
    static uint8_t octets[4000];
    memset(octets, 0xA5, sizeof octets);
    lw_entry e = {.kind = LW_ENTRY_VALUE,
                  .path = lw_path_resource(5, 0, 0),
                  .value = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, len))};
    lw_entries entries = {&e, 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_writer w;
    lw_writer_init(&w, out, room);
    assert_ok(lw_encode(&lw_format_senml_cbor, &source, &cfg, &w));
    return lw_writer_bytes(&w);
}

LW_TEST(a_long_body_goes_in_blocks_with_progress)
{
    rig *r = begin(AWAKE);
    person o = {0};
    uint8_t body[4100];
    lw_server_request request = ask(&o, LW_OP_WRITE, "/5/0/0");
    request.body = package(body, sizeof body, 2500);
    submit(r, &request);
    memset(body, 0, sizeof body); /* everything was copied */
    lw_hop hop = rig_hop(PORT);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(last_request(r)->payload.ptr[0], 0xA5);
        rig_message m = answer_to(last_request(r), i < 2 ? LW_COAP_CONTINUE : LW_COAP_CHANGED, "");
        m.block1 = (i << 4 | (i < 2 ? 8u : 0u) | 6u) + 1;
        rig_message_from(r, &hop, &m);
    }
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_int_equal(o.result.code, LW_COAP_CHANGED);
    assert_int_equal(o.progressed, 3);
    assert_int_equal(o.progress.sent, 2500);
    assert_int_equal(o.progress.sent_of, 2500);
    rig_free(r);
}

/* The events of how far a request is since the last call: "1024+0 2048+0 …", sent and received. */
static const char *progress_told(rig *r)
{
    static char text[512];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < r->event_count; i++) {
        const lw_server_result *q = &r->events[i].request;
        if (r->events[i].event.kind == LW_SERVER_PROGRESS) {
            assert_int_equal(q->state, LW_REQUEST_SENT);
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%zu+%zu", len > 0 ? " " : "",
                                    q->progress.sent, q->progress.received);
        }
    }
    r->event_count = 0;
    return text;
}

/* The device takes the block of a package, or gives one of 16 octets of an answer. */
static void take_block(rig *r, uint32_t num, bool more)
{
    rig_message m = answer_to(last_request(r), more ? LW_COAP_CONTINUE : LW_COAP_CHANGED, "");
    lw_hop hop = rig_hop(PORT);
    m.block1 = (num << 4 | (more ? 8u : 0u) | 6u) + 1;
    rig_message_from(r, &hop, &m);
}

static void give_block(rig *r, uint32_t num, bool more)
{
    rig_message m = answer_to(last_request(r), LW_COAP_CONTENT, "0123456789abcdef");
    lw_hop hop = rig_hop(PORT);
    m.block2 = (num << 4 | (more ? 8u : 0u)) + 1;
    m.size2 = num == 0 ? 80 : 0;
    rig_message_from(r, &hop, &m);
}

LW_TEST(events_tell_the_first_block_the_last_and_four_a_second)
{
    rig *r = begin(AWAKE);
    person o = {0};
    uint8_t body[4100];
    lw_server_request request = ask(&o, LW_OP_WRITE, "/5/0/0");
    request.body = package(body, sizeof body, 4000);
    request.on_progress = NULL; /* events do not need it */
    submit(r, &request);
    assert_string_equal(progress_told(r), "");
    take_block(r, 0, true);
    assert_string_equal(progress_told(r), "1024+0");
    rig_pass(r, LW_PENDING_PROGRESS_MS - 1);
    take_block(r, 1, true);
    assert_string_equal(progress_told(r), "");
    rig_pass(r, 1);
    take_block(r, 2, true);
    assert_string_equal(progress_told(r), "3072+0");
    take_block(r, 3, false);
    assert_string_equal(progress_told(r), "4000+0");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    rig_free(r);
}

LW_TEST(how_far_a_request_is_can_be_asked_any_time)
{
    rig *r = begin(AWAKE);
    person o = {0};
    lw_server_result view;
    uint64_t id = submit_read(r, &o, "/3");
    assert_ok(lw_server_get_request(r->server, id, &view));
    assert_int_equal(view.state, LW_REQUEST_SENT);
    assert_int_equal(view.progress.received, 0);
    assert_int_equal(view.progress.received_of, 0);
    for (uint32_t i = 0; i < 4; i++) {
        give_block(r, i, true);
    }
    assert_ok(lw_server_get_request(r->server, id, &view));
    assert_int_equal(view.id, id);
    assert_int_equal(view.progress.received, 64);
    assert_int_equal(view.progress.received_of, 80); /* Size2 */
    assert_string_equal(progress_told(r), "0+16");
    give_block(r, 4, false);
    assert_string_equal(progress_told(r), "0+80");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_err(lw_server_get_request(r->server, id, &view), LW_ENOTFOUND);
    rig_free(r);
}

LW_TEST(a_request_that_waits_again_has_no_progress)
{
    rig *r = begin(QUEUE_MODE);
    person o = {0};
    uint8_t body[4100];
    lw_server_result view;
    lw_server_request request = ask(&o, LW_OP_WRITE, "/5/0/0");
    request.body = package(body, sizeof body, 2500);
    uint64_t id = submit(r, &request);
    take_block(r, 0, true);
    rig_pass(r, 200000); /* the next one is not acknowledged */
    rig_commit(r, LW_OK);
    assert_ok(lw_server_get_request(r->server, id, &view));
    assert_int_equal(view.state, LW_REQUEST_QUEUED);
    assert_int_equal(view.progress.sent, 0);
    (void)progress_told(r);
    wake(r);
    assert_ok(lw_server_get_request(r->server, id, &view));
    assert_int_equal(view.state, LW_REQUEST_SENT);
    assert_int_equal(view.progress.sent, 0);
    take_block(r, 0, true);
    assert_string_equal(progress_told(r), "1024+0");
    rig_free(r);
}

static void cancel_it(void *ctx, uint64_t id, const lw_progress *progress)
{
    rig *r = ((rig **)ctx)[0];
    if (progress->sent == progress->sent_of) {
        assert_ok(lw_server_cancel(r->server, r->now, id, NULL, NULL));
    }
}

static unsigned ends;

static void count_end(void *ctx, const lw_server_result *result)
{
    (void)ctx;
    assert_int_equal(result->state, LW_REQUEST_CANCELED);
    ends++;
}

LW_TEST(a_request_that_is_cancelled_at_its_last_block_is_cancelled_once)
{
    rig *r = begin(AWAKE);
    person o = {0};
    uint8_t body[4100];
    lw_server_request request = ask(&o, LW_OP_WRITE, "/5/0/0");
    ends = 0;
    request.body = package(body, sizeof body, 2000);
    request.on_progress = cancel_it;
    request.on_end = count_end;
    request.ctx = &r;
    submit(r, &request);
    take_block(r, 0, true);
    assert_int_equal(ends, 0);
    take_block(r, 1, false);
    assert_int_equal(ends, 1);
    rig_free(r);
}

LW_TEST(edge_23_create_tells_the_new_instance_whether_the_device_does_or_not)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    uint8_t octets[64];
    lw_writer w;
    lw_coap_out out;
    lw_hop hop = rig_hop(PORT);
    submit_op(r, &o[0], LW_OP_CREATE, "/3303", LW_WHEN_AWAKE);
    const lw_coap_msg *request = last_request(r);
    lw_writer_init(&w, octets, sizeof octets);
    lw_coap_begin(&out, &w, LW_COAP_ACK, LW_COAP_CREATED, request->mid, request->token);
    lw_created_put(&out, lw_path_instance(3303, 7));
    lw_server_feed(r->server, r->now, &hop, lw_writer_bytes(&w));
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    assert_true(lw_path_equal(o[0].result.path, lw_path_instance(3303, 7)));
    submit_op(r, &o[1], LW_OP_CREATE, "/3303", LW_WHEN_AWAKE);
    answer(r, LW_COAP_CREATED, ""); /* says nothing */
    assert_true(lw_path_equal(o[1].result.path, lw_path_object(3303)));
    rig_free(r);
}

LW_TEST(srv_05_what_cannot_be_asked_is_refused_at_once)
{
    rig *r = begin(AWAKE);
    person o = {0};
    uint64_t id;
    lw_server_request request = ask(&o, LW_OP_READ, "/3/0/9");
    request.endpoint = lw_bytes_str("nobody");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ENOTFOUND);
    request = ask(&o, LW_OP_READ, "/4/0");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ENOTFOUND);
    request = ask(&o, LW_OP_READ, "/0/0");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_EDENIED);
    request = ask(&o, LW_OP_OBSERVE, "/3/0/9");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_EINVAL);
    request = ask(&o, LW_OP_WRITE, "/1/0/1");
    request.body = lw_bytes_of(location, 2 * 1024 * 1024); /* not looked at */
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ETOOBIG);
    assert_int_equal(o.ended, 0);
    assert_string_equal(asked(r), "");
    assert_string_equal(rig_told(r), "");
    rig_free(r);
}

LW_TEST(a_device_has_room_for_so_many_requests)
{
    lw_server_cfg cfg = {.limits = {.requests_per_device = 2}};
    rig *r = rig_new(&cfg);
    rig_register(r, PORT, AWAKE, LINKS, location);
    person o = {0};
    uint64_t id;
    submit_read(r, &o, "/3/0/9");
    submit_read(r, &o, "/3/0/9");
    lw_server_request request = ask(&o, LW_OP_READ, "/3/0/9");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ENOMEM);
    answer(r, LW_COAP_CONTENT, "");
    submit_read(r, &o, "/3/0/9");
    rig_free(r);
}

/* ---- A device that sleeps -------------------------------------------------------------------- */

LW_TEST(a_request_that_went_and_waits_after_all_is_told_once_and_when_it_is_durable)
{
    rig *r = begin(QUEUE_MODE);
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    assert_string_equal(rig_told(r), "REQUEST");
    rig_pass(r, 200000);
    assert_string_equal(rig_told(r), "ASLEEP");
    assert_int_equal(o.queued, 0);
    rig_commit(r, LW_OK);
    assert_int_equal(o.queued, 1);
    assert_int_equal(rig_event_last(r)->request->state, LW_REQUEST_QUEUED);
    assert_string_equal(rig_told(r), "REQUEST");
    wake(r);
    assert_string_equal(rig_told(r), "UPDATED AWAKE REQUEST");
    rig_free(r);
}

LW_TEST(a_request_for_a_sleeping_device_is_durable_and_goes_at_the_next_uplink)
{
    rig *r = asleep();
    person o = {0};
    (void)rig_told(r);
    uint64_t id = submit_read(r, &o, "/3/0/9");
    assert_int_equal(o.queued, 0); /* not before it is kept */
    assert_int_equal(rig_rows(r, LW_ROW_REQUEST), 1);
    assert_int_equal(last_row(r)->state, LW_REQUEST_QUEUED);
    assert_int_equal(last_row(r)->id, id);
    assert_bytes(last_row(r)->path, "/3/0/9");
    assert_bytes(last_row(r)->endpoint, "dev");
    assert_int_equal(rig_row_of(r, LW_ROW_REQUEST)->haste, LW_URGENT);
    rig_commit(r, LW_OK);
    assert_int_equal(o.queued, 1);
    assert_ok(o.queued_err);
    assert_string_equal(rig_told(r), "REQUEST");
    rig_pass(r, 3600000);
    assert_string_equal(asked(r), "");
    assert_int_equal(rig_device(r, "dev").requests, 1);
    wake(r);
    assert_string_equal(asked(r), "/3/0/9");
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_int_equal(last_row(r)->state, LW_REQUEST_DONE);
    assert_bytes(last_row(r)->answer, "95");
    assert_int_equal(rig_row_of(r, LW_ROW_REQUEST)->haste, LW_LAZY);
    assert_true(last_row(r)->ended_at > last_row(r)->created_at);
    assert_int_equal(o.queued, 1);
    rig_free(r);
}

LW_TEST(the_answer_to_the_update_goes_before_what_waited)
{
    rig *r = asleep();
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    rig_commit(r, LW_OK);
    forget_sent(r);
    wake(r);
    assert_int_equal(r->sent_count, 2);
    assert_int_equal(r->sent[0].msg.code, LW_COAP_CHANGED);
    assert_int_equal(r->sent[1].msg.code, LW_COAP_GET);
    rig_free(r);
}

LW_TEST(p_trn_01_what_waited_goes_one_by_one_in_order)
{
    rig *r = asleep();
    person o[3] = {{0}};
    for (size_t i = 0; i < 3; i++) {
        char path[] = "/3/0/0";
        path[5] = (char)('0' + i);
        submit_read(r, &o[i], path);
    }
    rig_commit(r, LW_OK);
    wake(r);
    assert_string_equal(asked(r), "/3/0/0");
    wake(r); /* exactly one attempt in flight */
    assert_string_equal(asked(r), "/3/0/0");
    answer(r, LW_COAP_CONTENT, "");
    assert_string_equal(asked(r), "/3/0/0 /3/0/1");
    answer(r, LW_COAP_CONTENT, "");
    answer(r, LW_COAP_CONTENT, "");
    assert_string_equal(asked(r), "/3/0/0 /3/0/1 /3/0/2");
    rig_free(r);
}

LW_TEST(p_trn_04_a_device_that_stays_silent_sleeps_and_the_request_waits_on)
{
    rig *r = asleep();
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    rig_commit(r, LW_OK);
    wake(r);
    (void)rig_told(r);
    rig_pass(r, 100000);
    assert_string_equal(asked(r), "/3/0/9 /3/0/9 /3/0/9 /3/0/9 /3/0/9");
    assert_int_equal(o.ended, 0);
    assert_int_equal(rig_device(r, "dev").state, LW_DEVICE_ASLEEP);
    forget_sent(r);
    rig_pass(r, 100000);
    assert_string_equal(asked(r), "");
    wake(r);
    assert_string_equal(asked(r), "/3/0/9");
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    rig_free(r);
}

LW_TEST(a_request_that_went_at_once_is_queued_when_the_device_turns_out_to_sleep)
{
    rig *r = begin(QUEUE_MODE);
    person o[4] = {{0}};
    submit_read(r, &o[0], "/3/0/9");
    submit_read(r, &o[1], "/3/0/0");
    submit_op(r, &o[2], LW_OP_READ, "/3/0/1", LW_WHEN_NOW);
    submit_op(r, &o[3], LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    assert_int_equal(rig_rows(r, LW_ROW_REQUEST), 0);
    rig_pass(r, 100000);
    assert_int_equal(rig_rows(r, LW_ROW_REQUEST), 3);
    rig_commit(r, LW_OK);
    assert_int_equal(o[0].queued, 1);
    assert_int_equal(o[1].queued, 1);
    ENDED(o[2], LW_REQUEST_FAILED, LW_ESTATE);
    assert_int_equal(o[2].queued, 0);
    assert_int_equal(o[3].queued, 1); /* it had not gone */
    forget_sent(r);
    wake(r);
    assert_string_equal(asked(r), "/3/0/9");
    rig_free(r);
}

LW_TEST(what_must_go_now_does_not_wait)
{
    rig *r = begin(QUEUE_MODE);
    person o[2] = {{0}};
    uint64_t id;
    submit_op(r, &o[0], LW_OP_READ, "/3/0/9", LW_WHEN_NOW);
    rig_pass(r, 100000);
    ENDED(o[0], LW_REQUEST_FAILED, LW_ETIMEOUT);
    lw_server_request request = ask(&o[1], LW_OP_READ, "/3/0/9");
    request.when = LW_WHEN_NOW;
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ESTATE);
    assert_int_equal(rig_rows(r, LW_ROW_REQUEST), 0);
    rig_free(r);
}

LW_TEST(a_request_waits_so_long)
{
    rig *r = asleep();
    person o[2] = {{0}};
    lw_server_request request = ask(&o[0], LW_OP_READ, "/3/0/9");
    request.queue_s = 60;
    submit(r, &request);
    submit_read(r, &o[1], "/3/0/0");
    rig_commit(r, LW_OK);
    rig_pass(r, 59000);
    assert_int_equal(o[0].ended, 0);
    rig_pass(r, 1200);
    ENDED(o[0], LW_REQUEST_EXPIRED, LW_OK);
    assert_int_equal(last_row(r)->state, LW_REQUEST_EXPIRED);
    wake(r);
    assert_string_equal(asked(r), "/3/0/0");
    rig_free(r);
}

LW_TEST(one_that_expires_while_in_flight_does_not_go_back_into_the_queue)
{
    rig *r = asleep();
    person o = {0};
    lw_server_request request = ask(&o, LW_OP_READ, "/3/0/9");
    request.queue_s = 60;
    submit(r, &request);
    rig_commit(r, LW_OK);
    wake(r);
    rig_pass(r, 61000);
    assert_int_equal(o.ended, 0);
    rig_pass(r, 40000);
    ENDED(o, LW_REQUEST_EXPIRED, LW_OK);
    rig_free(r);
}

/* Ten years ahead, then back to the origin of time. */
#define YEARS ((lw_time)3650 * 24 * 3600 * LW_SECOND_MS)

LW_TEST(a_clock_that_jumps_expires_no_request_and_keeps_their_order)
{
    rig *r = asleep();
    person o[2] = {{0}};
    for (int i = 0; i < 2; i++) {
        lw_server_request request = ask(&o[i], LW_OP_READ, i == 0 ? "/3/0/9" : "/3/0/1");
        lw_server_set_clock(r->server, r->now, i == 0 ? RIG_WALL + YEARS : 0);
        request.queue_s = 3600;
        submit(r, &request);
    }
    rig_commit(r, LW_OK);
    rig_pass(r, 3000000);
    lw_server_set_clock(r->server, r->now, RIG_WALL + YEARS);
    rig_pass(r, 500000);
    assert_int_equal(o[0].ended + o[1].ended, 0);
    wake(r);
    answer(r, LW_COAP_CONTENT, "95");
    assert_string_equal(asked(r), "/3/0/9 /3/0/1");
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    rig_pass(r, 200000); /* 3700 s after it was asked for, the second was not answered */
    ENDED(o[1], LW_REQUEST_EXPIRED, LW_OK);
    rig_free(r);
}

LW_TEST(a_request_can_be_left_for_later_though_the_device_is_awake)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_op(r, &o, LW_OP_READ, "/3/0/9", LW_WHEN_QUEUED);
    assert_string_equal(asked(r), "");
    rig_commit(r, LW_OK);
    assert_int_equal(o.queued, 1);
    assert_string_equal(asked(r), "/3/0/9");
    rig_free(r);
}

LW_TEST(a_device_that_is_not_registered_gets_it_after_its_next_register)
{
    rig *r = begin(AWAKE);
    person o = {0};
    uint64_t id;
    rig_request(r, PORT, LW_COAP_DELETE, location, NULL);
    lw_server_request request = ask(&o, LW_OP_READ, "/3/0/9");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ESTATE);
    request.when = LW_WHEN_QUEUED;
    submit(r, &request);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "");
    rig_register(r, PORT, AWAKE, LINKS, location);
    assert_string_equal(asked(r), "/3/0/9");
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    rig_free(r);
}

LW_TEST(what_the_device_lost_meanwhile_is_told_when_its_turn_comes)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    rig_request(r, PORT, LW_COAP_DELETE, location, NULL);
    submit_op(r, &o[0], LW_OP_READ, "/3303/0", LW_WHEN_QUEUED);
    submit_op(r, &o[1], LW_OP_READ, "/3/0/9", LW_WHEN_QUEUED);
    rig_commit(r, LW_OK);
    rig_register(r, PORT, AWAKE, "</1/0>,</3/0>", location);
    ENDED(o[0], LW_REQUEST_FAILED, LW_ENOTFOUND);
    assert_string_equal(asked(r), "/3/0/9");
    rig_free(r);
}

/* ---- What must not be done twice ------------------------------------------------------------- */

LW_TEST(an_execute_is_marked_durably_before_it_goes)
{
    rig *r = asleep();
    person o = {0};
    submit_op(r, &o, LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    rig_commit(r, LW_OK);
    wake(r);
    assert_string_equal(asked(r), "");
    assert_int_equal(last_row(r)->state, LW_REQUEST_SENT);
    assert_int_equal(rig_row_of(r, LW_ROW_REQUEST)->haste, LW_URGENT);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/4");
    answer(r, LW_COAP_CHANGED, "");
    ENDED(o, LW_REQUEST_DONE, LW_OK);
    assert_int_equal(last_row(r)->state, LW_REQUEST_DONE);
    rig_free(r);
}

LW_TEST(an_execute_without_an_answer_is_not_sent_again)
{
    rig *r = asleep();
    person o[2] = {{0}};
    submit_op(r, &o[0], LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    submit_op(r, &o[1], LW_OP_CREATE, "/3303", LW_WHEN_AWAKE);
    rig_commit(r, LW_OK);
    wake(r);
    rig_commit(r, LW_OK);
    rig_pass(r, 100000);
    ENDED(o[0], LW_REQUEST_FAILED, LW_ETIMEOUT);
    assert_false(o[0].result.acked);
    forget_sent(r);
    wake(r);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3303");
    rig_free(r);
}

LW_TEST(a_marked_request_whose_device_fell_asleep_is_marked_back)
{
    rig *r = asleep();
    person o = {0};
    submit_op(r, &o, LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    rig_commit(r, LW_OK);
    wake(r);
    fall_asleep(r); /* the store takes its time */
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "");
    assert_int_equal(last_row(r)->state, LW_REQUEST_QUEUED);
    wake(r);
    assert_int_equal(last_row(r)->state, LW_REQUEST_SENT);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/4");
    rig_free(r);
}

LW_TEST(a_mark_that_the_store_refuses_is_tried_again)
{
    rig *r = begin(AWAKE);
    person o = {0};
    submit_op(r, &o, LW_OP_EXECUTE, "/3/0/4", LW_WHEN_QUEUED);
    r->put_answer = LW_EIO;
    rig_commit(r, LW_OK);
    r->put_answer = LW_OK;
    assert_string_equal(asked(r), "");
    rig_pass(r, LW_QUEUE_RETRY_MS + 200);
    assert_int_equal(last_row(r)->state, LW_REQUEST_SENT);
    rig_commit(r, LW_EIO);
    assert_string_equal(asked(r), "");
    rig_pass(r, LW_QUEUE_RETRY_MS + 200);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/4");
    rig_free(r);
}

/* ---- Registrations come and go --------------------------------------------------------------- */

LW_TEST(edge_05_a_new_register_ends_what_was_under_way_each_once)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    submit_read(r, &o[0], "/3/0/9");
    submit_read(r, &o[1], "/3/0/0");
    rig_register(r, PORT, AWAKE, LINKS, location);
    ENDED(o[0], LW_REQUEST_FAILED, LW_ECANCELED);
    ENDED(o[1], LW_REQUEST_FAILED, LW_ECANCELED);
    answer(r, LW_COAP_CONTENT, "95"); /* too late */
    rig_pass(r, 100000);
    assert_int_equal(o[0].ended, 1);
    assert_int_equal(o[1].ended, 1);
    assert_string_equal(asked(r), "/3/0/9");
    rig_free(r);
}

LW_TEST(edge_05_what_is_queued_belongs_to_the_device_and_goes_to_its_new_registration)
{
    rig *r = begin(AWAKE);
    person o[3] = {{0}};
    submit_op(r, &o[0], LW_OP_READ, "/3/0/9", LW_WHEN_QUEUED);
    submit_op(r, &o[1], LW_OP_EXECUTE, "/3/0/4", LW_WHEN_QUEUED);
    submit_op(r, &o[2], LW_OP_READ, "/3/0/0", LW_WHEN_QUEUED);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/9");
    rig_register(r, PORT, AWAKE, LINKS, location);
    assert_string_equal(asked(r), "/3/0/9 /3/0/9"); /* may be repeated */
    answer(r, LW_COAP_CONTENT, "");
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/9 /3/0/9 /3/0/4");
    rig_register(r, PORT, AWAKE, LINKS, location); /* it rebooted, as it was told */
    ENDED(o[1], LW_REQUEST_UNKNOWN, LW_ECANCELED);
    assert_string_equal(asked(r), "/3/0/9 /3/0/9 /3/0/4 /3/0/0");
    answer(r, LW_COAP_CONTENT, "");
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    ENDED(o[2], LW_REQUEST_DONE, LW_OK);
    rig_free(r);
}

LW_TEST(edge_07_nothing_goes_to_a_device_that_has_deregistered)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    submit_read(r, &o[0], "/3/0/9");
    submit_op(r, &o[1], LW_OP_READ, "/3/0/0", LW_WHEN_QUEUED);
    rig_commit(r, LW_OK);
    rig_request(r, PORT, LW_COAP_DELETE, location, NULL);
    ENDED(o[0], LW_REQUEST_FAILED, LW_ECANCELED);
    rig_pass(r, 100000);
    assert_string_equal(asked(r), "/3/0/9");
    assert_int_equal(o[1].ended, 0);
    rig_free(r);
}

LW_TEST(the_end_of_the_lifetime_ends_what_was_under_way)
{
    rig *r = begin("/rd?ep=dev&lt=60&lwm2m=1.1&b=U");
    person o = {0};
    lw_server_request request = ask(&o, LW_OP_READ, "/3/0/9");
    rig_pass(r, 290000);
    submit(r, &request);
    rig_pass(r, 20000);
    ENDED(o, LW_REQUEST_FAILED, LW_ECANCELED);
    rig_free(r);
}

LW_TEST(edge_10_another_device_at_the_address_does_not_get_what_was_pending)
{
    rig *r = begin(AWAKE);
    person o[3] = {{0}};
    char other[32];
    submit_op(r, &o[0], LW_OP_READ, "/3/0/9", LW_WHEN_QUEUED);
    rig_commit(r, LW_OK);
    submit_read(r, &o[1], "/3/0/0");
    submit_op(r, &o[2], LW_OP_READ, "/3/0/1", LW_WHEN_NOW);
    assert_string_equal(asked(r), "/3/0/9");
    rig_register(r, PORT, "/rd?ep=thief&lt=60&lwm2m=1.1&b=U", LINKS, other);
    rig_commit(r, LW_OK);
    rig_pass(r, 100000);
    assert_string_equal(asked(r), "/3/0/9"); /* not even sent again */
    assert_int_equal(o[0].ended, 0);
    assert_int_equal(o[1].queued, 1);
    ENDED(o[2], LW_REQUEST_FAILED, LW_ESTATE);
    assert_int_equal(rig_request(r, OTHER, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_string_equal(asked(r), "/3/0/9 /3/0/9"); /* at its own new address */
    assert_int_equal(rig_last(r)->to.peer.port, OTHER);
    rig_free(r);
}

LW_TEST(a_device_that_moves_is_asked_again_where_it_is)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    submit_read(r, &o[0], "/3/0/9");
    forget_sent(r);
    assert_int_equal(rig_request(r, OTHER, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_int_equal(r->sent_count, 2);
    assert_int_equal(r->sent[0].msg.code, LW_COAP_CHANGED);
    assert_int_equal(r->sent[1].msg.code, LW_COAP_GET);
    assert_int_equal(r->sent[1].to.peer.port, OTHER);
    rig_message m = answer_to(last_request(r), LW_COAP_CONTENT, "95");
    lw_hop hop = rig_hop(OTHER);
    rig_message_from(r, &hop, &m);
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    submit_op(r, &o[1], LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    assert_int_equal(rig_request(r, PORT, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    ENDED(o[1], LW_REQUEST_FAILED, LW_ECANCELED); /* it may have been carried out */
    rig_free(r);
}

LW_TEST(a_device_that_is_removed_takes_its_requests_with_it)
{
    rig *r = begin(AWAKE);
    person o[3] = {{0}};
    uint64_t id;
    submit_read(r, &o[0], "/3/0/9");
    submit_op(r, &o[1], LW_OP_READ, "/3/0/0", LW_WHEN_QUEUED);
    rig_commit(r, LW_OK);
    assert_ok(lw_server_remove(r->server, r->now, lw_bytes_str("dev"), on_kept, &o[2]));
    lw_server_request request = ask(&o[2], LW_OP_READ, "/3/0/9");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ENOTFOUND);
    size_t rows = rig_rows(r, LW_ROW_REQUEST);
    rig_commit(r, LW_OK);
    ENDED(o[0], LW_REQUEST_CANCELED, LW_ECANCELED);
    ENDED(o[1], LW_REQUEST_CANCELED, LW_ECANCELED);
    assert_int_equal(rig_rows(r, LW_ROW_REQUEST), rows); /* the store has none of it any more */
    assert_int_equal(lw_server_get_stats(r->server).waiting_requests, 0);
    rig_free(r);
}

/* ---- Cancel, abandon, drain ------------------------------------------------------------------ */

LW_TEST(a_queued_request_is_cancelled_durably)
{
    rig *r = asleep();
    person o = {0};
    uint64_t id = submit_read(r, &o, "/3/0/9");
    rig_commit(r, LW_OK);
    assert_ok(lw_server_cancel(r->server, r->now, id, on_kept, &o));
    ENDED(o, LW_REQUEST_CANCELED, LW_ECANCELED);
    assert_int_equal(last_row(r)->state, LW_REQUEST_CANCELED);
    assert_int_equal(rig_row_of(r, LW_ROW_REQUEST)->haste, LW_URGENT);
    assert_int_equal(o.kept, 0);
    rig_commit(r, LW_OK);
    assert_int_equal(o.kept, 1);
    assert_err(lw_server_cancel(r->server, r->now, id, NULL, NULL), LW_ENOTFOUND);
    wake(r);
    assert_string_equal(asked(r), "");
    rig_free(r);
}

LW_TEST(a_cancellation_that_the_store_refuses_changes_nothing)
{
    rig *r = asleep();
    person o = {0};
    uint64_t id = submit_read(r, &o, "/3/0/9");
    rig_commit(r, LW_OK);
    r->put_answer = LW_EIO;
    assert_err(lw_server_cancel(r->server, r->now, id, on_kept, &o), LW_EIO);
    r->put_answer = LW_OK;
    assert_int_equal(o.ended + o.kept, 0);
    wake(r);
    assert_string_equal(asked(r), "/3/0/9");
    rig_free(r);
}

LW_TEST(one_in_flight_is_cancelled_and_its_answer_ignored)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    uint64_t id = submit_read(r, &o[0], "/3/0/9");
    submit_read(r, &o[1], "/3/0/0");
    rig_message late = answer_to(last_request(r), LW_COAP_CONTENT, "95");
    assert_ok(lw_server_cancel(r->server, r->now, id, on_kept, &o[0]));
    ENDED(o[0], LW_REQUEST_CANCELED, LW_ECANCELED);
    assert_int_equal(o[0].kept, 1);
    assert_string_equal(asked(r), "/3/0/9 /3/0/0"); /* the next one's turn */
    lw_hop hop = rig_hop(PORT);
    rig_message_from(r, &hop, &late);
    assert_int_equal(o[0].ended, 1);
    assert_int_equal(o[1].ended, 0);
    rig_free(r);
}

LW_TEST(one_that_is_just_being_queued_is_cancelled)
{
    rig *r = asleep();
    person o = {0};
    uint64_t id = submit_read(r, &o, "/3/0/9");
    assert_ok(lw_server_cancel(r->server, r->now, id, on_kept, &o));
    rig_commit(r, LW_OK);
    ENDED(o, LW_REQUEST_CANCELED, LW_ECANCELED);
    assert_int_equal(o.queued, 0);
    assert_int_equal(o.kept, 1);
    rig_free(r);
}

LW_TEST(an_abandoned_request_goes_on_only_if_it_is_queued)
{
    rig *r = begin(QUEUE_MODE);
    person o[2] = {{0}};
    uint64_t direct = submit_read(r, &o[0], "/3/0/9");
    lw_server_abandon(r->server, r->now, direct);
    assert_int_equal(lw_server_get_stats(r->server).in_flight, 0);
    fall_asleep(r);
    uint64_t queued = submit_read(r, &o[1], "/3/0/0");
    rig_commit(r, LW_OK);
    lw_server_abandon(r->server, r->now, queued);
    lw_server_abandon(r->server, r->now, queued + 1); /* nobody */
    forget_sent(r);
    wake(r);
    answer(r, LW_COAP_CONTENT, "1");
    assert_int_equal(o[0].ended + o[1].ended, 0);
    assert_int_equal(last_row(r)->state, LW_REQUEST_DONE);
    rig_free(r);
}

LW_TEST(a_server_that_drains_finishes_what_is_in_flight)
{
    rig *r = begin(AWAKE);
    person o[2] = {{0}};
    uint64_t id;
    submit_read(r, &o[0], "/3/0/9");
    submit_read(r, &o[1], "/3/0/0");
    assert_false(lw_server_drain(r->server, r->now));
    lw_server_request request = ask(&o[0], LW_OP_READ, "/3/0/9");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_ESTATE);
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    assert_string_equal(asked(r), "/3/0/9");
    assert_true(lw_server_drain(r->server, r->now));
    lw_server_free(r->server);
    ENDED(o[1], LW_REQUEST_FAILED, LW_ECANCELED);
    assert_int_equal(r->heap.live, 0);
    free(r);
}

static void count_request(void *ctx, const lw_server_result *state)
{
    person *o = ctx;
    o->ended++;
    o->result = *state;
}

LW_TEST(the_requests_of_a_device_are_listed_in_order)
{
    rig *r = begin(AWAKE);
    person o = {0};
    person list = {0};
    submit_read(r, &o, "/3/0/9");
    uint64_t id = submit_op(r, &o, LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    assert_ok(lw_server_requests(r->server, lw_bytes_str("dev"), count_request, &list));
    assert_int_equal(list.ended, 2);
    assert_int_equal(list.result.id, id);
    assert_int_equal(list.result.op, LW_OP_EXECUTE);
    assert_int_equal(list.result.state, LW_REQUEST_QUEUED);
    assert_err(lw_server_requests(r->server, lw_bytes_str("x"), count_request, &list),
               LW_ENOTFOUND);
    rig_free(r);
}

/* ---- The store ------------------------------------------------------------------------------- */

LW_TEST(a_store_that_refuses_refuses_the_request)
{
    rig *r = asleep();
    person o = {0};
    uint64_t id;
    r->put_answer = LW_EIO;
    lw_server_request request = ask(&o, LW_OP_READ, "/3/0/9");
    assert_err(lw_server_submit(r->server, r->now, &request, &id), LW_EIO);
    assert_int_equal(o.ended + o.queued, 0);
    assert_int_equal(rig_device(r, "dev").requests, 0);
    rig_free(r);
}

LW_TEST(a_commit_that_fails_ends_the_request)
{
    rig *r = asleep();
    person o = {0};
    submit_read(r, &o, "/3/0/9");
    rig_commit(r, LW_EIO);
    assert_int_equal(o.queued, 1);
    assert_err(o.queued_err, LW_EIO);
    ENDED(o, LW_REQUEST_FAILED, LW_EIO);
    wake(r);
    assert_string_equal(asked(r), "");
    rig_free(r);
}

LW_TEST(without_a_store_requests_wait_in_memory)
{
    rig *r = begin(QUEUE_MODE);
    lw_server_free(r->server);
    r->cfg.store = NULL;
    assert_ok(lw_server_new(&r->cfg, r->now, RIG_WALL, &r->server));
    rig_register(r, PORT, QUEUE_MODE, LINKS, location);
    person o[2] = {{0}};
    fall_asleep(r);
    submit_op(r, &o[0], LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    submit_read(r, &o[1], "/3/0/9");
    assert_int_equal(o[0].queued, 1);
    forget_sent(r);
    wake(r);
    assert_string_equal(asked(r), "/3/0/4");
    answer(r, LW_COAP_CHANGED, "");
    answer(r, LW_COAP_CONTENT, "95");
    ENDED(o[0], LW_REQUEST_DONE, LW_OK);
    ENDED(o[1], LW_REQUEST_DONE, LW_OK);
    submit_op(r, &o[0], LW_OP_READ, "/3/0/1", LW_WHEN_QUEUED);
    assert_string_equal(asked(r), "/3/0/4 /3/0/9 /3/0/1");
    rig_free(r);
}

/* The rows that a store would give: the newest of each device and request. */
static void load_all(rig *r, size_t rows)
{
    for (unsigned kind = LW_ROW_DEVICE; kind <= LW_ROW_REQUEST; kind++) {
        for (size_t i = 0; i < rows; i++) {
            const rig_row *row = &r->rows[i];
            bool is_newest = row->kind == kind;
            for (size_t j = i + 1; j < rows; j++) {
                bool is_same = r->rows[j].kind == kind &&
                               (kind != LW_ROW_REQUEST ||
                                r->rows[j].row.as.request.id == row->row.as.request.id);
                is_newest = is_newest && !is_same;
            }
            uint8_t state = row->row.as.request.state;
            bool is_open =
                kind != LW_ROW_REQUEST || state == LW_REQUEST_QUEUED || state == LW_REQUEST_SENT;
            if (is_newest && is_open) {
                assert_ok(lw_server_load(r->server, &row->row));
            }
        }
    }
}

LW_TEST(after_a_restart_what_was_queued_is_sent_and_what_must_not_be_repeated_is_unknown)
{
    rig *r = asleep();
    person o[4] = {{0}};
    uint64_t first = submit_op(r, &o[0], LW_OP_EXECUTE, "/3/0/4", LW_WHEN_AWAKE);
    submit_read(r, &o[1], "/3/0/9");
    lw_server_request late = ask(&o[2], LW_OP_READ, "/3/0/0");
    late.queue_s = 600;
    submit(r, &late);
    uint64_t last = submit_op(r, &o[3], LW_OP_CREATE, "/3303", LW_WHEN_AWAKE);
    rig_commit(r, LW_OK);
    wake(r);
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/4");
    size_t rows = r->row_count;
    r->highest = last;
    rig_restart(r, 3600000);
    assert_int_equal(o[1].ended, 1); /* it hears no more of it */
    assert_int_equal(o[1].result.state, LW_REQUEST_QUEUED);
    load_all(r, rows);
    assert_string_equal(rig_told(r), "REQUEST");
    assert_int_equal(last_row(r)->id, first);
    assert_int_equal(last_row(r)->state, LW_REQUEST_UNKNOWN);
    rig_step(r);
    rig_pass(r, 200);
    assert_int_equal(last_row(r)->state, LW_REQUEST_EXPIRED); /* while nobody looked */
    assert_int_equal(rig_device(r, "dev").requests, 2);
    wake(r);
    assert_string_equal(asked(r), "/3/0/9");
    answer(r, LW_COAP_CONTENT, "95");
    assert_int_equal(last_row(r)->state, LW_REQUEST_SENT); /* the Create */
    rig_commit(r, LW_OK);
    assert_string_equal(asked(r), "/3/0/9 /3303");
    uint64_t id = submit_read(r, &o[0], "/3/0/9");
    assert_int_equal(id, last + 1); /* never one that was given */
    rig_free(r);
}

LW_TEST(rows_that_make_no_sense_are_left_out)
{
    rig *r = begin(QUEUE_MODE);
    lw_row row = {.kind = LW_ROW_REQUEST,
                  .as.request = {.id = (uint64_t)3 << 56 | 9,
                                 .endpoint = lw_bytes_str("dev"),
                                 .op = LW_OP_READ,
                                 .path = lw_bytes_str("/3/0/9"),
                                 .format = LW_CF_NONE,
                                 .depth = LW_DEPTH_DEFAULT,
                                 .created_at = RIG_WALL,
                                 .expires_at = RIG_WALL + 1000000}};
    lw_row good = row;
    row.as.request.endpoint = lw_bytes_str("nobody");
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.request.id = 9; /* of another shard */
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.request.op = LW_OP_SEND;
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.request.path = lw_bytes_str("/3/x");
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.request.expires_at = LW_TIME_NEVER;
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    row = good;
    row.as.request.state = LW_REQUEST_DONE;
    assert_err(lw_server_load(r->server, &row), LW_EFORMAT);
    assert_ok(lw_server_load(r->server, &good));
    assert_err(lw_server_load(r->server, &good), LW_EFORMAT); /* twice */
    assert_int_equal(rig_device(r, "dev").requests, 1);
    rig_free(r);
}

LW_TEST(without_memory_a_request_ends_or_waits_and_nothing_leaks)
{
    for (size_t n = 1; n < 40; n++) {
        rig *r = begin(QUEUE_MODE);
        person o[2] = {{0}};
        uint64_t id;
        uint8_t body[64];
        fall_asleep(r);
        lw_server_request request = ask(&o[0], LW_OP_WRITE, "/5/0/0");
        request.body = package(body, sizeof body, 20);
        r->heap.fail_at = r->heap.count + n;
        lw_err err = lw_server_submit(r->server, r->now, &request, &id);
        assert_true(err == LW_OK || err == LW_ENOMEM);
        rig_commit(r, LW_OK);
        (void)rig_request(r, PORT, LW_COAP_POST, location, NULL);
        rig_pass(r, LW_QUEUE_RETRY_MS + 200);
        if (err == LW_OK) {
            if (strcmp(asked(r), "") == 0) { /* the Update itself was lost */
                wake(r);
            }
            answer(r, LW_COAP_CHANGED, "");
            if (o[0].ended == 0) { /* the answer to it was lost */
                rig_pass(r, 5000);
                answer(r, LW_COAP_CHANGED, "");
            }
            ENDED(o[0], LW_REQUEST_DONE, LW_OK);
        }
        rig_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_goes_to_the_device_and_its_answer_comes_back),
        cmocka_unit_test(edge_23_what_the_device_refuses_is_told_as_such),
        cmocka_unit_test(srv_03_requests_go_one_after_the_other_in_order),
        cmocka_unit_test(edge_14_no_acknowledgement_is_one_timeout),
        cmocka_unit_test(edge_14_an_acknowledgement_and_then_silence_is_another),
        cmocka_unit_test(an_operators_own_patience_counts_from_the_sending),
        cmocka_unit_test(a_reset_is_told),
        cmocka_unit_test(a_refused_format_is_followed_by_the_next_and_remembered),
        cmocka_unit_test(an_echo_is_brought_back),
        cmocka_unit_test(a_long_answer_comes_in_blocks_with_progress),
        cmocka_unit_test(a_long_body_goes_in_blocks_with_progress),
        cmocka_unit_test(events_tell_the_first_block_the_last_and_four_a_second),
        cmocka_unit_test(how_far_a_request_is_can_be_asked_any_time),
        cmocka_unit_test(a_request_that_waits_again_has_no_progress),
        cmocka_unit_test(a_request_that_is_cancelled_at_its_last_block_is_cancelled_once),
        cmocka_unit_test(edge_23_create_tells_the_new_instance_whether_the_device_does_or_not),
        cmocka_unit_test(srv_05_what_cannot_be_asked_is_refused_at_once),
        cmocka_unit_test(a_device_has_room_for_so_many_requests),
        cmocka_unit_test(
            a_request_that_went_and_waits_after_all_is_told_once_and_when_it_is_durable),
        cmocka_unit_test(a_request_for_a_sleeping_device_is_durable_and_goes_at_the_next_uplink),
        cmocka_unit_test(the_answer_to_the_update_goes_before_what_waited),
        cmocka_unit_test(p_trn_01_what_waited_goes_one_by_one_in_order),
        cmocka_unit_test(p_trn_04_a_device_that_stays_silent_sleeps_and_the_request_waits_on),
        cmocka_unit_test(a_request_that_went_at_once_is_queued_when_the_device_turns_out_to_sleep),
        cmocka_unit_test(what_must_go_now_does_not_wait),
        cmocka_unit_test(a_request_waits_so_long),
        cmocka_unit_test(one_that_expires_while_in_flight_does_not_go_back_into_the_queue),
        cmocka_unit_test(a_clock_that_jumps_expires_no_request_and_keeps_their_order),
        cmocka_unit_test(a_request_can_be_left_for_later_though_the_device_is_awake),
        cmocka_unit_test(a_device_that_is_not_registered_gets_it_after_its_next_register),
        cmocka_unit_test(what_the_device_lost_meanwhile_is_told_when_its_turn_comes),
        cmocka_unit_test(an_execute_is_marked_durably_before_it_goes),
        cmocka_unit_test(an_execute_without_an_answer_is_not_sent_again),
        cmocka_unit_test(a_marked_request_whose_device_fell_asleep_is_marked_back),
        cmocka_unit_test(a_mark_that_the_store_refuses_is_tried_again),
        cmocka_unit_test(edge_05_a_new_register_ends_what_was_under_way_each_once),
        cmocka_unit_test(
            edge_05_what_is_queued_belongs_to_the_device_and_goes_to_its_new_registration),
        cmocka_unit_test(edge_07_nothing_goes_to_a_device_that_has_deregistered),
        cmocka_unit_test(the_end_of_the_lifetime_ends_what_was_under_way),
        cmocka_unit_test(edge_10_another_device_at_the_address_does_not_get_what_was_pending),
        cmocka_unit_test(a_device_that_moves_is_asked_again_where_it_is),
        cmocka_unit_test(a_device_that_is_removed_takes_its_requests_with_it),
        cmocka_unit_test(a_queued_request_is_cancelled_durably),
        cmocka_unit_test(a_cancellation_that_the_store_refuses_changes_nothing),
        cmocka_unit_test(one_in_flight_is_cancelled_and_its_answer_ignored),
        cmocka_unit_test(one_that_is_just_being_queued_is_cancelled),
        cmocka_unit_test(an_abandoned_request_goes_on_only_if_it_is_queued),
        cmocka_unit_test(a_server_that_drains_finishes_what_is_in_flight),
        cmocka_unit_test(the_requests_of_a_device_are_listed_in_order),
        cmocka_unit_test(a_store_that_refuses_refuses_the_request),
        cmocka_unit_test(a_commit_that_fails_ends_the_request),
        cmocka_unit_test(without_a_store_requests_wait_in_memory),
        cmocka_unit_test(
            after_a_restart_what_was_queued_is_sent_and_what_must_not_be_repeated_is_unknown),
        cmocka_unit_test(rows_that_make_no_sense_are_left_out),
        cmocka_unit_test(without_memory_a_request_ends_or_waits_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
