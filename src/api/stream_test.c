/* The stream of events: ids, resuming, filters, readers that are too slow. */
#include "api/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "testing/lw_test.h"

/* ---- A store that keeps one document ----------------------------------------------------------
 */

static struct {
    lw_store store;
    char text[256];
    size_t len;
    lw_err put_err;
    unsigned puts;
} fake;

static lw_err fake_put(lw_store *s, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    (void)s;
    assert_int_equal(row->kind, LW_ROW_SETTING);
    assert_int_equal(haste, LW_URGENT);
    if (fake.put_err == LW_OK) {
        fake.len = row->as.document.text.len;
        memcpy(fake.text, row->as.document.text.ptr, fake.len);
        fake.puts++;
        *out_ticket = fake.puts;
    }
    return fake.put_err;
}

static lw_err fake_wait(lw_store *s, lw_ticket ticket)
{
    (void)s, (void)ticket;
    return LW_OK;
}

static lw_err fake_get(lw_store *s, const lw_row *key, lw_row_fn *fn, void *ctx)
{
    (void)s;
    lw_row row = *key;
    if (fake.len == 0) {
        return LW_ENOTFOUND;
    }
    row.as.document.text = lw_bytes_of(fake.text, fake.len);
    fn(ctx, &row);
    return LW_OK;
}

static const lw_store_ops fake_ops = {.put = fake_put, .wait = fake_wait, .get = fake_get};

/* ---- A hub, and readers without HTTP ----------------------------------------------------------
 */

static models definitions;
static hub h;

static void no_log(void *ctx, int level, const char *text)
{
    (void)ctx, (void)level, (void)text;
}

static void open_hub(size_t events, size_t octets)
{
    hub_cfg cfg = {.models = &definitions,
                   .store = &fake.store,
                   .events = events,
                   .octets = octets,
                   .log = no_log};
    assert_ok(hub_init(&h, &cfg));
    assert_ok(hub_start(&h));
}

static int begin(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    fake.store.ops = &fake_ops;
    return models_init(&definitions) == LW_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    hub_fini(&h);
    models_fini(&definitions);
    return 0;
}

/* Whether anybody wants it or not. */
static void tell_progress(const char *device, size_t sent)
{
    lw_server_result r = {.id = 7,
                          .state = LW_REQUEST_SENT,
                          .op = LW_OP_WRITE,
                          .path = lw_path_resource(5, 0, 0),
                          .progress = {.sent = sent, .sent_of = 3000},
                          .endpoint = lw_bytes_str(device)};
    hub_add(&h, NULL,
            &(lw_server_event){.kind = LW_SERVER_PROGRESS,
                               .endpoint = r.endpoint,
                               .at = 1769846400000,
                               .request = &r});
}

static void tell(lw_server_event_kind kind, const char *device)
{
    uint64_t newest = hub_get_state(&h).newest;
    hub_add(&h, NULL,
            &(lw_server_event){
                .kind = (uint8_t)kind, .endpoint = lw_bytes_str(device), .at = 1769846400000});
    for (int i = 0; hub_get_state(&h).newest == newest && i < 1000; i++) {
        usleep(1000);
    }
    assert_true(hub_get_state(&h).newest > newest);
}

/* Readers here do. */
static void look_by_yourself(void *ctx)
{
    (void)ctx;
}

static api_stream *follow(const char *device, uint32_t types, bool has_after, uint64_t after)
{
    bool is_full;
    stream_cfg cfg = {.device = lw_bytes_str(device),
                      .types = types,
                      .has_after = has_after,
                      .after = after,
                      .wake = look_by_yourself};
    api_stream *s = stream_open(&h, &cfg, &is_full);
    assert_non_null(s);
    return s;
}

/* What the reader gets now, taken in pieces of `piece` octets. */
static const char *take(api_stream *s, size_t piece)
{
    static char text[65536];
    size_t len = 0;
    size_t got;
    while ((got = stream_read(s, false, text + len, piece)) != STREAM_END && got > 0) {
        len += got;
    }
    text[len] = '\0';
    return text;
}

#define assert_has(text, part)    assert_non_null(strstr((text), (part)))
#define assert_lacks(text, part)  assert_null(strstr((text), (part)))
#define assert_equal(text, whole) assert_string_equal((text), (whole))

LW_TEST(an_event_has_its_id_type_and_json)
{
    open_hub(0, 0);
    api_stream *s = follow("", 0, false, 0);
    tell(LW_SERVER_REGISTERED, "lamp");
    assert_equal(take(s, 4096),
                 "event: hello\ndata: {\"oldest\":1,\"newest\":0,\"heartbeat\":15}\n\n"
                 "id: 1\nevent: registered\n"
                 "data: {\"id\":1,\"type\":\"registered\",\"at\":\"2026-01-31T08:00:"
                 "00.000Z\",\"device\":\"lamp\"}\n\n");
    assert_equal(take(s, 4096), "");
    stream_close(s);
}

LW_TEST(pieces_of_any_size_make_the_same_stream)
{
    open_hub(0, 0);
    api_stream *whole = follow("", 0, false, 0);
    api_stream *pieces = follow("", 0, false, 0);
    tell(LW_SERVER_REGISTERED, "lamp");
    tell(LW_SERVER_UPDATED, "lamp");
    char expected[4096];
    strcpy(expected, take(whole, 4096));
    assert_equal(take(pieces, 7), expected);
    stream_close(whole);
    stream_close(pieces);
}

LW_TEST(filters_let_through_what_they_name)
{
    open_hub(0, 0);
    uint32_t types;
    assert_true(stream_types(lw_bytes_str("registered,expired"), &types));
    api_stream *s = follow("lamp", types, false, 0);
    tell(LW_SERVER_REGISTERED, "kettle");
    tell(LW_SERVER_UPDATED, "lamp");
    tell(LW_SERVER_EXPIRED, "lamp");
    const char *text = take(s, 4096);
    assert_lacks(text, "id: 1\n");
    assert_lacks(text, "id: 2\n");
    assert_has(text, "id: 3\nevent: expired\n");
    stream_close(s);
}

LW_TEST(progress_is_told_to_those_who_ask_for_it_and_to_nobody_else)
{
    open_hub(0, 0);
    uint32_t types;
    assert_true(stream_types(lw_bytes_str("progress,updated"), &types));
    api_stream *all = follow("", 0, false, 0);
    api_stream *s = follow("lamp", types, false, 0);
    tell_progress("lamp", 1024);
    tell_progress("kettle", 1024);
    tell(LW_SERVER_UPDATED, "lamp");
    const char *text = take(s, 4096);
    assert_has(text, "id: 1\nevent: progress\n");
    assert_has(text,
               "\"state\":\"sent\",\"progress\":{\"sent\":1024,\"sent_of\":3000,\"received\":0}");
    assert_has(text, "id: 2\nevent: updated\n"); /* that of the kettle took no place */
    text = take(all, 4096);
    assert_lacks(text, "progress");
    assert_has(text, "id: 2\nevent: updated\n");
    stream_close(s);
    tell_progress("lamp", 2048); /* nobody is left who asked */
    tell(LW_SERVER_UPDATED, "lamp");
    assert_has(take(all, 4096), "id: 3\nevent: updated\n");
    stream_close(all);
}

LW_TEST(types_that_do_not_exist_are_refused)
{
    uint32_t types;
    assert_false(stream_types(lw_bytes_str("registered,x"), &types));
    assert_false(stream_types(lw_bytes_str(","), &types));
    assert_true(stream_types(lw_bytes_str("lost"), &types));
}

LW_TEST(a_reader_that_comes_back_goes_on_behind_what_it_saw)
{
    open_hub(0, 0);
    tell(LW_SERVER_REGISTERED, "a");
    tell(LW_SERVER_REGISTERED, "b");
    tell(LW_SERVER_REGISTERED, "c");
    api_stream *s = follow("", 0, true, 1);
    const char *text = take(s, 4096);
    assert_lacks(text, "id: 1\n");
    assert_has(text, "id: 2\n");
    assert_has(text, "id: 3\n");
    assert_lacks(text, "reset");
    stream_close(s);
}

LW_TEST(what_is_no_longer_there_is_told_by_a_reset)
{
    open_hub(2, 0);
    for (int i = 0; i < 5; i++) {
        tell(LW_SERVER_REGISTERED, "a");
    }
    api_stream *s = follow("", 0, true, 1);
    const char *text = take(s, 4096);
    assert_has(text, "event: reset\ndata: {\"oldest\":4}\n\n");
    assert_lacks(text, "id: 3\n");
    assert_has(text, "id: 4\n");
    assert_has(text, "id: 5\n");
    stream_close(s);
}

LW_TEST(an_id_of_another_life_is_told_by_a_reset)
{
    open_hub(0, 0);
    tell(LW_SERVER_REGISTERED, "a");
    api_stream *s = follow("", 0, true, 99);
    assert_has(take(s, 4096), "event: reset\ndata: {\"oldest\":2}\n\n");
    tell(LW_SERVER_UPDATED, "a");
    assert_has(take(s, 4096), "id: 2\n");
    stream_close(s);
    s = follow("", 0, true, UINT64_MAX);
    assert_has(take(s, 4096), "event: reset\n");
    stream_close(s);
}

LW_TEST(a_reader_that_is_too_slow_is_dropped_with_the_reason)
{
    open_hub(3, 0);
    char out[4096];
    api_stream *s = follow("", 0, false, 0);
    for (int i = 0; i < 5; i++) {
        tell(LW_SERVER_REGISTERED, "a");
    }
    const char *text = take(s, 4096);
    assert_has(text, "event: dropped\ndata: {\"why\":\"this reader was too slow\",\"next\":1}\n\n");
    assert_lacks(text, "id: ");
    assert_true(stream_read(s, false, out, sizeof out) == STREAM_END);
    assert_int_equal(hub_get_state(&h).dropped, 1);
    stream_close(s);
    assert_int_equal(hub_get_state(&h).readers, 0);
}

LW_TEST(an_event_that_is_being_sent_stays_although_the_ring_went_on)
{
    open_hub(1, 0);
    char begun[256] = "";
    api_stream *s = follow("", 0, false, 0);
    tell(LW_SERVER_REGISTERED, "a");
    for (size_t len = 0; strstr(begun, "id: 1") == NULL; len++) {
        assert_int_equal(stream_read(s, false, begun + len, 1), 1);
    }
    tell(LW_SERVER_UPDATED, "a");
    assert_has(take(s, 5), "registered");
    stream_close(s);
}

LW_TEST(the_ring_is_bounded_in_octets_too)
{
    open_hub(0, 300);
    for (int i = 0; i < 10; i++) {
        tell(LW_SERVER_REGISTERED, "a");
    }
    assert_int_equal(hub_get_state(&h).newest, 10);
    assert_int_equal(hub_get_state(&h).oldest, 9);
}

LW_TEST(ids_ascend_across_restarts)
{
    open_hub(0, 0);
    tell(LW_SERVER_REGISTERED, "a");
    hub_fini(&h);
    open_hub(0, 0);
    tell(LW_SERVER_REGISTERED, "a");
    assert_true(hub_get_state(&h).newest > 1);
    /* The id of the first life is behind what is kept: the reader is told. */
    api_stream *s = follow("", 0, true, 1);
    assert_has(take(s, 4096), "event: reset\n");
    stream_close(s);
}

LW_TEST(a_clock_that_goes_back_changes_no_order_of_events)
{
    open_hub(0, 0);
    api_stream *s = follow("", 0, false, 0);
    for (int i = 0; i < 3; i++) {
        hub_add(&h, NULL,
                &(lw_server_event){.kind = LW_SERVER_UPDATED,
                                   .endpoint = lw_bytes_str("lamp"),
                                   .at = 1769846400000 - 3600000 * i});
    }
    for (int i = 0; hub_get_state(&h).newest < 3 && i < 1000; i++) {
        usleep(1000);
    }
    const char *text = take(s, 4096);
    const char *first = strstr(text, "\"id\":1,\"type\":\"updated\",\"at\":\"2026-01-31T08:");
    const char *second = strstr(text, "\"id\":2,\"type\":\"updated\",\"at\":\"2026-01-31T07:");
    const char *third = strstr(text, "\"id\":3,\"type\":\"updated\",\"at\":\"2026-01-31T06:");
    assert_true(first != NULL && first < second && second < third);
    stream_close(s);
}

LW_TEST(ids_that_cannot_be_reserved_are_an_error_at_start)
{
    hub_cfg cfg = {.models = &definitions, .store = &fake.store, .log = no_log};
    fake.put_err = LW_EIO;
    assert_ok(hub_init(&h, &cfg));
    assert_err(hub_start(&h), LW_EIO);
}

LW_TEST(values_are_decoded_with_the_definitions)
{
    open_hub(0, 0);
    api_stream *s = follow("", 0, false, 0);
    hub_add(&h, NULL,
            &(lw_server_event){.kind = LW_SERVER_NOTIFIED,
                               .endpoint = lw_bytes_str("lamp"),
                               .target = lw_bytes_str("/3303/0/5701"),
                               .format = 0,
                               .payload = lw_bytes_str("Cel"),
                               .at = 1769846400000});
    for (int i = 0; hub_get_state(&h).newest == 0 && i < 1000; i++) {
        usleep(1000);
    }
    assert_has(take(s, 4096),
               "\"paths\":[\"/3303/0/5701\"],\"format\":\"text/plain;charset=utf-8\","
               "\"values\":[{\"path\":\"/3303/0/5701\",\"name\":\"Sensor Units\","
               "\"type\":\"string\",\"value\":\"Cel\"}]");
    stream_close(s);
}

LW_TEST(payloads_that_cannot_be_read_are_told_as_they_are)
{
    open_hub(0, 0);
    api_stream *s = follow("", 0, false, 0);
    hub_add(&h, NULL,
            &(lw_server_event){.kind = LW_SERVER_SENT,
                               .endpoint = lw_bytes_str("lamp"),
                               .format = 112,
                               .payload = lw_bytes_of("\xff", 1),
                               .at = 1769846400000});
    for (int i = 0; hub_get_state(&h).newest == 0 && i < 1000; i++) {
        usleep(1000);
    }
    const char *text = take(s, 4096);
    assert_has(text, "\"raw\":{\"why\":\"");
    assert_has(text, "\"payload\":\"/w==\"}");
    assert_lacks(text, "\"values\"");
    stream_close(s);
}

LW_TEST(there_are_not_too_many_readers)
{
    open_hub(0, 0);
    static api_stream *readers[LW_API_STREAMS_MAX];
    stream_cfg cfg = {.wake = look_by_yourself};
    bool is_full;
    for (size_t i = 0; i < LW_API_STREAMS_MAX; i++) {
        readers[i] = stream_open(&h, &cfg, &is_full);
        assert_non_null(readers[i]);
    }
    assert_null(stream_open(&h, &cfg, &is_full));
    assert_true(is_full);
    for (size_t i = 0; i < LW_API_STREAMS_MAX; i++) {
        stream_close(readers[i]);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(an_event_has_its_id_type_and_json),
        CASE(pieces_of_any_size_make_the_same_stream),
        CASE(filters_let_through_what_they_name),
        CASE(progress_is_told_to_those_who_ask_for_it_and_to_nobody_else),
        CASE(types_that_do_not_exist_are_refused),
        CASE(a_reader_that_comes_back_goes_on_behind_what_it_saw),
        CASE(what_is_no_longer_there_is_told_by_a_reset),
        CASE(an_id_of_another_life_is_told_by_a_reset),
        CASE(a_reader_that_is_too_slow_is_dropped_with_the_reason),
        CASE(an_event_that_is_being_sent_stays_although_the_ring_went_on),
        CASE(the_ring_is_bounded_in_octets_too),
        CASE(ids_ascend_across_restarts),
        CASE(a_clock_that_goes_back_changes_no_order_of_events),
        CASE(ids_that_cannot_be_reserved_are_an_error_at_start),
        CASE(values_are_decoded_with_the_definitions),
        CASE(payloads_that_cannot_be_read_are_told_as_they_are),
        CASE(there_are_not_too_many_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
