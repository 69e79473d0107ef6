/* What include/lw/ports.h promises, asked of every store. */
#include "store/sqlite_rig_test.h"

#include <math.h>
#include <pthread.h>

typedef struct suite {
    const char *name;
    lw_store *(*open)(void); /* an empty one */
    void (*clean)(void);     /* after it was closed; may be NULL */
} suite;

static const suite *now_tested;
static lw_store *store;

static int open_store(void **state)
{
    (void)state;
    store = now_tested->open();
    return store != NULL ? 0 : -1;
}

static int close_store(void **state)
{
    (void)state;
    store->ops->close(store);
    if (now_tested->clean != NULL) {
        now_tested->clean();
    }
    return 0;
}

/* Closes the store before the test ends: who is on the way to tell has told then. */
static void close_early(void)
{
    close_store(NULL);
    store = now_tested->open();
    assert_non_null(store);
}

/* ---- In few words ---- */

static void put(lw_row row)
{
    lw_ticket ticket = 0;
    assert_ok(store->ops->put(store, &row, LW_URGENT, &ticket));
    assert_true(ticket > 0);
    assert_ok(store->ops->wait(store, ticket));
}

static void take_away(lw_row row)
{
    lw_ticket ticket = 0;
    assert_ok(store->ops->remove(store, &row, LW_URGENT, &ticket));
    assert_ok(store->ops->wait(store, ticket));
}

static basket all(lw_row_kind kind)
{
    basket b = {0};
    assert_ok(store->ops->each(store, kind, basket_take, &b));
    return b;
}

static size_t count_of(lw_row_kind kind)
{
    basket b = all(kind);
    size_t count = b.count;
    basket_empty(&b);
    return count;
}

static void expect_row(lw_row row)
{
    basket b = {0};
    assert_ok(store->ops->get(store, &row, basket_take, &b));
    assert_int_equal(b.count, 1);
    assert_same_row(b.rows[0], &row);
    basket_empty(&b);
}

static void expect_nothing(lw_row row)
{
    basket b = {0};
    assert_err(store->ops->get(store, &row, basket_take, &b), LW_ENOTFOUND);
    assert_int_equal(b.count, 0);
}

static lw_values_query everything(const char *endpoint)
{
    return (lw_values_query){.endpoint = lw_bytes_str(endpoint),
                             .from = INT64_MIN,
                             .to = LW_TIME_NEVER,
                             .limit = UINT32_MAX};
}

static basket values(lw_values_query query)
{
    basket b = {0};
    assert_ok(store->ops->values(store, &query, basket_take, &b));
    return b;
}

/* The integers that are given, as "1 2 3". */
static void expect_integers(lw_values_query query, const char *expected)
{
    basket b = values(query);
    char text[256] = "";
    for (size_t i = 0; i < b.count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%lld", i > 0 ? " " : "",
                 (long long)b.rows[i]->as.value.value.as.integer);
    }
    basket_empty(&b);
    assert_string_equal(text, expected);
}

/* ---- Rows of each kind ---- */

LW_TEST(a_device_comes_back_field_by_field)
{
    put(device_row("urn:dev:1", 1));
    expect_row(device_row("urn:dev:1", 1));
}

LW_TEST(a_wish_comes_back_field_by_field)
{
    put(wish_row("urn:dev:1", "/3/0/9 /4/0"));
    expect_row(wish_row("urn:dev:1", "/3/0/9 /4/0"));
}

LW_TEST(a_request_comes_back_field_by_field)
{
    put(request_row(77, "urn:dev:1"));
    expect_row(request_row(77, "urn:dev:1"));
}

LW_TEST(documents_come_back_and_kinds_do_not_mix)
{
    for (int kind = LW_ROW_CREDENTIAL; kind < LW_ROW_KIND_COUNT; kind++) {
        put(document_row((lw_row_kind)kind, "key", lw_row_kind_name((lw_row_kind)kind)));
    }
    for (int kind = LW_ROW_CREDENTIAL; kind < LW_ROW_KIND_COUNT; kind++) {
        expect_row(document_row((lw_row_kind)kind, "key", lw_row_kind_name((lw_row_kind)kind)));
        assert_int_equal(count_of((lw_row_kind)kind), 1);
    }
}

LW_TEST(empty_texts_stay_empty)
{
    lw_row device = {.kind = LW_ROW_DEVICE, .as.device.endpoint = BYTES("e")};
    lw_row request = {.kind = LW_ROW_REQUEST, .as.request.endpoint = BYTES("e")};
    put(device);
    put(request);
    put(document_row(LW_ROW_SETTING, "empty", ""));
    expect_row(device);
    expect_row(request);
    expect_row(document_row(LW_ROW_SETTING, "empty", ""));
}

LW_TEST(texts_are_octets_whatever_they_are)
{
    lw_row row = {.kind = LW_ROW_SETTING,
                  .as.document = {.key = BYTES("a\0b"), .text = BYTES("\xff\xfe\0\xc3(\0")}};
    lw_row neighbour = {.kind = LW_ROW_SETTING,
                        .as.document = {.key = BYTES("a"), .text = BYTES("other")}};
    put(row);
    put(neighbour);
    expect_row(row);
    expect_row(neighbour);
}

LW_TEST(numbers_are_exact_to_the_last_bit)
{
    lw_row device = device_row("e", UINT64_MAX);
    device.as.device.created_at = INT64_MIN;
    device.as.device.seen_at = INT64_MAX;
    put(device);
    expect_row(device);
    put(request_row(UINT64_MAX, "e"));
    expect_row(request_row(UINT64_MAX, "e"));
}

LW_TEST(a_row_takes_the_place_of_one_with_the_same_key)
{
    put(device_row("e", 1));
    lw_row newer = device_row("e", 1);
    newer.as.device.is_registered = false;
    newer.as.device.links = BYTES("</5/0>");
    put(newer);
    expect_row(newer);
    assert_int_equal(count_of(LW_ROW_DEVICE), 1);

    put(request_row(9, "e"));
    lw_row done = request_row(9, "e");
    done.as.request.state = LW_REQUEST_DONE;
    done.as.request.answer = BYTES("a much longer answer than there was before");
    put(done);
    expect_row(done);
    assert_int_equal(count_of(LW_ROW_REQUEST), 1);
}

LW_TEST(a_request_may_move_to_another_device)
{
    put(request_row(9, "a"));
    put(request_row(9, "b"));
    basket b = {0};
    assert_ok(store->ops->requests(store, BYTES("a"), 0, 10, basket_take, &b));
    assert_int_equal(b.count, 0);
    assert_ok(store->ops->requests(store, BYTES("b"), 0, 10, basket_take, &b));
    assert_int_equal(b.count, 1);
    basket_empty(&b);
}

LW_TEST(of_changes_to_one_row_the_last_counts)
{
    lw_ticket ticket = 0;
    for (int i = 0; i < 10; i++) {
        const char text[] = {(char)('0' + i), '\0'};
        lw_row row = document_row(LW_ROW_SETTING, "k", text);
        assert_ok(store->ops->put(store, &row, i % 2 == 0 ? LW_LAZY : LW_URGENT, &ticket));
    }
    assert_ok(store->ops->wait(store, ticket));
    expect_row(document_row(LW_ROW_SETTING, "k", "9"));
}

/* ---- Taking away ---- */

LW_TEST(what_was_removed_is_gone)
{
    put(wish_row("e", "/3"));
    put(wish_row("e", "/4"));
    put(document_row(LW_ROW_TOKEN, "t", "{}"));
    put(request_row(3, "e"));
    take_away(wish_row("e", "/3"));
    take_away(document_row(LW_ROW_TOKEN, "t", ""));
    take_away(request_row(3, "e"));
    expect_nothing(wish_row("e", "/3"));
    expect_row(wish_row("e", "/4"));
    expect_nothing(document_row(LW_ROW_TOKEN, "t", ""));
    expect_nothing(request_row(3, "e"));
}

LW_TEST(removing_what_is_not_there_is_no_failure)
{
    take_away(device_row("nobody", 1));
    take_away(wish_row("nobody", "/3"));
    take_away(request_row(1, "nobody"));
    take_away(document_row(LW_ROW_MODEL, "3/1.0", ""));
}

LW_TEST(a_device_takes_along_what_belongs_to_it)
{
    const char *const endpoints[] = {"dev", "dev2", "de"};
    for (uint64_t i = 0; i < 3; i++) {
        put(device_row(endpoints[i], i));
        put(wish_row(endpoints[i], "/3/0/9"));
        put(request_row(10 + i, endpoints[i]));
        put(value_row(endpoints[i], lw_path_resource(3, 0, 9), 1000, lw_value_integer(1)));
        put(document_row(LW_ROW_CREDENTIAL, endpoints[i], "{}"));
    }
    take_away(device_row("dev", 0));
    expect_nothing(device_row("dev", 0));
    expect_nothing(wish_row("dev", "/3/0/9"));
    expect_nothing(request_row(10, "dev"));
    expect_integers(everything("dev"), "");
    assert_int_equal(count_of(LW_ROW_DEVICE), 2);
    assert_int_equal(count_of(LW_ROW_WISH), 2);
    assert_int_equal(count_of(LW_ROW_REQUEST), 2);
    assert_int_equal(count_of(LW_ROW_VALUE), 2);
    assert_int_equal(count_of(LW_ROW_CREDENTIAL), 3); /* an operator's, not the device's */
    expect_integers(everything("dev2"), "1");
    expect_integers(everything("de"), "1");
}

LW_TEST(a_device_that_comes_again_does_not_find_its_old_values)
{
    put(value_row("e", lw_path_resource(3, 0, 9), 1, lw_value_integer(1)));
    put(device_row("e", 1));
    take_away(device_row("e", 1));
    put(value_row("e", lw_path_resource(3, 0, 9), 2, lw_value_integer(2)));
    expect_integers(everything("e"), "2");
    assert_int_equal(count_of(LW_ROW_VALUE), 1);
}

/* ---- All of a kind ---- */

LW_TEST(devices_are_given_in_order_of_their_endpoints_octets)
{
    const char *const mixed[] = {"b", "a", "aa", "Z", "\xc3\xa9", "a/1"};
    const char *const ordered[] = {"Z", "a", "a/1", "aa", "b", "\xc3\xa9"};
    for (uint64_t i = 0; i < 6; i++) {
        put(device_row(mixed[i], i));
    }
    basket b = all(LW_ROW_DEVICE);
    assert_int_equal(b.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(lw_bytes_is(b.rows[i]->as.device.endpoint, ordered[i]));
    }
    basket_empty(&b);
}

LW_TEST(wishes_are_given_by_endpoint_and_target)
{
    put(wish_row("b", "/3"));
    put(wish_row("a", "/4"));
    put(wish_row("ab", "/1"));
    put(wish_row("a", "/3/0"));
    basket b = all(LW_ROW_WISH);
    lw_row expected[] = {wish_row("a", "/3/0"), wish_row("a", "/4"), wish_row("ab", "/1"),
                         wish_row("b", "/3")};
    assert_int_equal(b.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_same_row(b.rows[i], &expected[i]);
    }
    basket_empty(&b);
}

LW_TEST(requests_are_given_in_ascending_order_of_all_64_bits)
{
    const uint64_t ids[] = {UINT64_MAX, 1, (uint64_t)1 << 63, 500, (uint64_t)2 << 56};
    const uint64_t ordered[] = {1, 500, (uint64_t)2 << 56, (uint64_t)1 << 63, UINT64_MAX};
    for (size_t i = 0; i < 5; i++) {
        put(request_row(ids[i], "e"));
    }
    basket b = all(LW_ROW_REQUEST);
    assert_int_equal(b.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(b.rows[i]->as.request.id == ordered[i]);
    }
    basket_empty(&b);
}

LW_TEST(values_are_given_in_the_order_they_came)
{
    put(value_row("b", lw_path_resource(3, 0, 9), 30, lw_value_integer(1)));
    put(value_row("a", lw_path_resource(3, 0, 9), 20, lw_value_integer(2)));
    put(value_row("b", lw_path_resource(3, 0, 9), 10, lw_value_integer(3)));
    basket b = all(LW_ROW_VALUE);
    assert_int_equal(b.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(b.rows[i]->as.value.value.as.integer, i + 1);
    }
    assert_true(lw_bytes_is(b.rows[1]->as.value.endpoint, "a"));
    basket_empty(&b);
}

LW_TEST(giving_stops_when_it_is_told_to)
{
    for (uint64_t i = 0; i < 5; i++) {
        put(request_row(i, "e"));
    }
    basket b = {.stop_at = 2};
    assert_ok(store->ops->each(store, LW_ROW_REQUEST, basket_take, &b));
    assert_int_equal(b.count, 2);
    basket_empty(&b);
    b.stop_at = 3;
    assert_ok(store->ops->requests(store, BYTES("e"), 0, 10, basket_take, &b));
    assert_int_equal(b.count, 3);
    basket_empty(&b);
}

/* Asks and puts while it is given a row, to see that nothing is locked then. */
static bool nested(void *ctx, const lw_row *row)
{
    (void)ctx;
    lw_ticket ticket;
    lw_row other = document_row(LW_ROW_SETTING, "nested", "1");
    expect_row(*row);
    assert_ok(store->ops->put(store, &other, LW_URGENT, &ticket));
    assert_ok(store->ops->wait(store, ticket));
    assert_int_equal(count_of(LW_ROW_SETTING), 1);
    return true;
}

LW_TEST(who_is_given_a_row_may_use_the_store)
{
    put(request_row(1, "e"));
    put(request_row(2, "e"));
    assert_ok(store->ops->each(store, LW_ROW_REQUEST, nested, NULL));
    assert_ok(store->ops->requests(store, BYTES("e"), 0, 10, nested, NULL));
}

/* ---- Requests of a device ---- */

static void expect_requests(const char *endpoint, uint64_t before, uint32_t limit,
                            const char *expected)
{
    basket b = {0};
    char text[256] = "";
    assert_ok(store->ops->requests(store, lw_bytes_str(endpoint), before, limit, basket_take, &b));
    for (size_t i = 0; i < b.count; i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%llx", i > 0 ? " " : "",
                 (unsigned long long)b.rows[i]->as.request.id);
    }
    basket_empty(&b);
    assert_string_equal(text, expected);
}

LW_TEST(requests_of_a_device_come_newest_first_page_by_page)
{
    put(request_row(1, "e"));
    put(request_row(2, "other"));
    put(request_row(3, "e"));
    put(request_row((uint64_t)1 << 56 | 4, "e"));
    put(request_row((uint64_t)0x80 << 56 | 5, "e"));
    expect_requests("e", 0, 10, "8000000000000005 100000000000004 3 1");
    expect_requests("e", 0, 2, "8000000000000005 100000000000004");
    expect_requests("e", (uint64_t)1 << 56 | 4, 2, "3 1");
    expect_requests("e", 3, 2, "1");
    expect_requests("e", 1, 2, "");
    expect_requests("e", 0, 0, "");
    expect_requests("nobody", 0, 10, "");
}

static void expect_documents(lw_bytes after, uint32_t limit, const char *expected)
{
    char keys[64] = "";
    basket b = {0};
    assert_ok(store->ops->documents(store, LW_ROW_CREDENTIAL, after, limit, basket_take, &b));
    for (size_t i = 0; i < b.count; i++) {
        lw_bytes key = b.rows[i]->as.document.key;
        size_t len = strlen(keys);
        snprintf(keys + len, sizeof keys - len, "%s%.*s", i > 0 ? " " : "", (int)key.len,
                 (const char *)key.ptr);
    }
    assert_string_equal(keys, expected);
    basket_empty(&b);
}

LW_TEST(documents_come_in_order_page_by_page)
{
    static const char *const keys[] = {"b", "a", "ab", "d", "a b"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        put(document_row(LW_ROW_CREDENTIAL, keys[i], "{}"));
    }
    put(document_row(LW_ROW_BOOTSTRAP, "c", "{}")); /* of another kind */
    expect_documents(BYTES(""), 10, "a a b ab b d");
    expect_documents(BYTES(""), 2, "a a b");
    expect_documents(BYTES("a b"), 2, "ab b");
    expect_documents(BYTES("aa"), 2, "ab b"); /* that is not there any more */
    expect_documents(BYTES("b"), 2, "d");
    expect_documents(BYTES("d"), 2, "");
    expect_documents(BYTES(""), 0, "");
}

LW_TEST(documents_of_what_has_none_are_refused)
{
    static char longer[LW_ROW_KEY_MAX + 1];
    basket b = {0};
    assert_err(store->ops->documents(store, LW_ROW_DEVICE, BYTES(""), 1, basket_take, &b),
               LW_EINVAL);
    assert_err(store->ops->documents(store, LW_ROW_KIND_COUNT, BYTES(""), 1, basket_take, &b),
               LW_EINVAL);
    assert_err(store->ops->documents(store, LW_ROW_CREDENTIAL, lw_bytes_of(longer, sizeof longer),
                                     1, basket_take, &b),
               LW_EINVAL);
    assert_int_equal(b.count, 0);
}

/* ---- Values ---- */

static void put_every_type(void)
{
    uint64_t nan_bits = 0xFFF8000000ABCDEFu; /* with a payload */
    double nan_number;
    memcpy(&nan_number, &nan_bits, sizeof nan_number);
    const lw_value samples[] = {
        lw_value_none(),
        lw_value_string("text \xe2\x82\xac"),
        lw_value_string(""),
        lw_value_integer(INT64_MIN),
        lw_value_integer(INT64_MAX),
        lw_value_unsigned(UINT64_MAX),
        lw_value_unsigned((uint64_t)INT64_MAX + 1),
        lw_value_float(0.1),
        lw_value_float(-0.0),
        lw_value_float(3.0),
        lw_value_float(1e300),
        lw_value_float(5e-324),
        lw_value_float(INFINITY),
        lw_value_float(-INFINITY),
        lw_value_float(nan_number),
        lw_value_single(1.1f),
        lw_value_boolean(true),
        lw_value_boolean(false),
        lw_value_bytes(LW_TYPE_OPAQUE, BYTES("\0\xff\0")),
        lw_value_bytes(LW_TYPE_OPAQUE, BYTES("")),
        lw_value_time(-62135596800),
        lw_value_objlnk(65535, 65535),
        lw_value_objlnk(3, 0),
        lw_value_bytes(LW_TYPE_CORELNK, BYTES("</3/0>")),
    };
    size_t count = sizeof samples / sizeof samples[0];
    for (size_t i = 0; i < count; i++) {
        put(value_row("e", lw_path_resource(3, 0, 1), (lw_time)i, samples[i]));
    }
    basket b = values(everything("e"));
    assert_int_equal(b.count, count);
    for (size_t i = 0; i < count; i++) {
        lw_row expected = value_row("e", lw_path_resource(3, 0, 1), (lw_time)i, samples[i]);
        assert_same_row(b.rows[i], &expected);
    }
    basket_empty(&b);
}

LW_TEST(values_of_every_type_come_back_bit_by_bit)
{
    put_every_type();
}

LW_TEST(values_are_found_by_path_and_below_it)
{
    put(value_row("e", lw_path_resource(3, 0, 9), 1, lw_value_integer(1)));
    put(value_row("e", lw_path_resource_instance(3, 0, 9, 2), 2, lw_value_integer(2)));
    put(value_row("e", lw_path_resource(3, 1, 9), 3, lw_value_integer(3)));
    put(value_row("e", lw_path_resource(30, 0, 9), 4, lw_value_integer(4)));
    put(value_row("f", lw_path_resource(3, 0, 9), 5, lw_value_integer(5)));
    lw_values_query query = everything("e");
    expect_integers(query, "1 2 3 4");
    query.path = lw_path_object(3);
    expect_integers(query, "1 2 3");
    query.path = lw_path_instance(3, 0);
    expect_integers(query, "1 2");
    query.path = lw_path_resource(3, 0, 9);
    expect_integers(query, "1 2");
    query.path = lw_path_resource_instance(3, 0, 9, 2);
    expect_integers(query, "2");
    query.path = lw_path_object(4);
    expect_integers(query, "");
    expect_integers(everything("nobody"), "");
}

LW_TEST(values_come_in_order_of_their_time_across_paths)
{
    put(value_row("e", lw_path_resource(3, 0, 1), 30, lw_value_integer(3)));
    put(value_row("e", lw_path_resource(3, 0, 2), 20, lw_value_integer(2)));
    put(value_row("e", lw_path_resource(3, 0, 1), -10, lw_value_integer(1)));
    put(value_row("e", lw_path_resource(3, 0, 2), 40, lw_value_integer(4)));
    lw_values_query query = everything("e");
    expect_integers(query, "1 2 3 4");
    query.limit = 3;
    expect_integers(query, "1 2 3");
    query.newest_first = true;
    expect_integers(query, "4 3 2");
    query.limit = 0;
    expect_integers(query, "");
}

LW_TEST(a_stretch_of_time_has_its_beginning_and_not_its_end)
{
    for (int i = 1; i <= 5; i++) {
        put(value_row("e", lw_path_resource(3, 0, 1), i * 10, lw_value_integer(i)));
    }
    lw_values_query query = everything("e");
    query.from = 20;
    query.to = 40;
    expect_integers(query, "2 3");
    query.newest_first = true;
    expect_integers(query, "3 2");
    query.to = 20;
    expect_integers(query, "");
}

LW_TEST(values_of_one_time_are_all_kept_in_the_order_they_came)
{
    for (int i = 1; i <= 3; i++) {
        put(value_row("e", lw_path_resource(3, 0, 1), 10, lw_value_integer(i)));
    }
    lw_values_query query = everything("e");
    expect_integers(query, "1 2 3");
    query.newest_first = true;
    expect_integers(query, "3 2 1");
}

/* Steps of 10: 5 1 9 7 | 4 | 3 3 | and nothing in the fourth. */
static void put_chart(void)
{
    const int at_and_value[][2] = {{0, 5},  {2, 1},  {4, 9},  {9, 7}, {10, 4},
                                   {20, 3}, {25, 3}, {40, 8}, {41, 6}};
    for (size_t i = 0; i < sizeof at_and_value / sizeof at_and_value[0]; i++) {
        put(value_row("e", lw_path_resource(3, 0, 1), at_and_value[i][0],
                      lw_value_integer(at_and_value[i][1])));
    }
}

static lw_values_query chart_query(void)
{
    lw_values_query query = everything("e");
    query.from = 0;
    query.to = 100;
    query.step = 10;
    return query;
}

LW_TEST(a_chart_has_the_smallest_and_the_largest_of_each_step)
{
    put_chart();
    lw_values_query query = chart_query();
    expect_integers(query, "1 9 4 3 8 6");
    query.newest_first = true;
    expect_integers(query, "6 8 3 4 9 1");
    query.limit = 3;
    expect_integers(query, "6 8 3");
}

LW_TEST(steps_of_a_chart_count_from_its_beginning)
{
    put_chart();
    lw_values_query query = chart_query();
    query.from = 5; /* 7 4 | 3 | 3 | 8 6 */
    expect_integers(query, "7 4 3 3 8 6");
}

LW_TEST(each_path_has_its_own_steps_in_a_chart)
{
    put_chart();
    put(value_row("e", lw_path_resource(3, 0, 2), 3, lw_value_integer(100)));
    put(value_row("e", lw_path_resource(3, 0, 2), 5, lw_value_integer(50)));
    lw_values_query query = chart_query();
    query.to = 10;
    expect_integers(query, "1 100 9 50");
}

LW_TEST(what_is_no_number_has_no_place_in_a_chart)
{
    lw_path path = lw_path_resource(3, 0, 1);
    put(value_row("e", path, 1, lw_value_string("five")));
    put(value_row("e", path, 2, lw_value_float((double)NAN)));
    put(value_row("e", path, 3, lw_value_boolean(true)));
    put(value_row("e", path, 4, lw_value_integer(7)));
    expect_integers(chart_query(), "7");
}

LW_TEST(a_chart_over_all_of_time_does_not_overflow)
{
    lw_path path = lw_path_resource(3, 0, 1);
    put(value_row("e", path, INT64_MIN, lw_value_integer(1)));
    put(value_row("e", path, INT64_MAX - 1, lw_value_integer(2)));
    lw_values_query query = everything("e");
    query.step = 1;
    expect_integers(query, "1 2");
    query.step = INT64_MAX;
    query.newest_first = true;
    expect_integers(query, "2 1");
}

/* ---- The highest numbers ---- */

static uint64_t highest(lw_row_kind kind, uint8_t shard)
{
    uint64_t number = 1;
    assert_ok(store->ops->highest(store, kind, shard, &number));
    return number;
}

LW_TEST(the_highest_number_is_remembered_when_its_row_is_gone)
{
    assert_true(highest(LW_ROW_DEVICE, 0) == 0);
    put(device_row("a", 7));
    put(device_row("b", 5));
    take_away(device_row("a", 7));
    assert_true(highest(LW_ROW_DEVICE, 0) == 7);
    assert_true(highest(LW_ROW_REQUEST, 0) == 0);
}

LW_TEST(each_shard_has_its_own_highest_number)
{
    put(request_row(9, "e"));
    put(request_row((uint64_t)0xFF << 56 | 3, "e"));
    assert_true(highest(LW_ROW_REQUEST, 0) == 9);
    assert_true(highest(LW_ROW_REQUEST, 1) == 0);
    assert_true(highest(LW_ROW_REQUEST, 0xFF) == ((uint64_t)0xFF << 56 | 3));
    uint64_t number;
    assert_err(store->ops->highest(store, LW_ROW_WISH, 0, &number), LW_EINVAL);
}

/* ---- What is refused ---- */

static void expect_refusal(lw_row row, lw_err put_err, lw_err remove_err)
{
    lw_ticket ticket = 0;
    assert_err(store->ops->put(store, &row, LW_URGENT, &ticket), put_err);
    if (remove_err != LW_OK) {
        assert_err(store->ops->remove(store, &row, LW_URGENT, &ticket), remove_err);
    }
    assert_true(ticket == 0);
}

LW_TEST(rows_without_a_key_are_refused)
{
    expect_refusal(device_row("", 1), LW_EINVAL, LW_EINVAL);
    expect_refusal(wish_row("", "/3"), LW_EINVAL, LW_EINVAL);
    expect_refusal(wish_row("e", ""), LW_EINVAL, LW_EINVAL);
    expect_refusal(request_row(1, ""), LW_EINVAL, LW_OK); /* its key is a number */
    expect_refusal(document_row(LW_ROW_TOKEN, "", "{}"), LW_EINVAL, LW_EINVAL);
    expect_refusal(value_row("", lw_path_root(), 1, lw_value_none()), LW_EINVAL, LW_EINVAL);
    lw_row no_kind = {.kind = LW_ROW_KIND_COUNT};
    expect_refusal(no_kind, LW_EINVAL, LW_EINVAL);
    basket b = {0};
    assert_err(store->ops->each(store, LW_ROW_KIND_COUNT, basket_take, &b), LW_EINVAL);
    assert_err(store->ops->get(store, &no_kind, basket_take, &b), LW_EINVAL);
    assert_err(store->ops->requests(store, BYTES(""), 0, 1, basket_take, &b), LW_EINVAL);
}

LW_TEST(values_are_not_removed_or_got_one_by_one)
{
    lw_row row = value_row("e", lw_path_root(), 1, lw_value_integer(1));
    basket b = {0};
    put(row);
    assert_err(store->ops->remove(store, &row, LW_URGENT, NULL), LW_EINVAL);
    assert_err(store->ops->get(store, &row, basket_take, &b), LW_EINVAL);
}

LW_TEST(questions_that_make_no_sense_are_refused)
{
    basket b = {0};
    lw_values_query query = everything("");
    assert_err(store->ops->values(store, &query, basket_take, &b), LW_EINVAL);
    query = everything("e");
    query.step = -1;
    assert_err(store->ops->values(store, &query, basket_take, &b), LW_EINVAL);
}

LW_TEST(rows_have_a_ceiling)
{
    uint8_t *large = calloc(1, LW_ROW_MAX + 1);
    assert_non_null(large);
    memset(large, 'x', LW_ROW_MAX + 1);
    lw_row row = document_row(LW_ROW_MODEL, "3/1.0", "");
    row.as.document.text = lw_bytes_of(large, LW_ROW_MAX);
    expect_refusal(row, LW_ETOOBIG, LW_OK);
    row.as.document.text.len = LW_ROW_MAX - row.as.document.key.len;
    put(row);
    expect_row(row);
    row.as.document.key = lw_bytes_of(large, LW_ROW_KEY_MAX + 1);
    row.as.document.text.len = 1;
    expect_refusal(row, LW_ETOOBIG, LW_ETOOBIG);
    row.as.document.key.len = LW_ROW_KEY_MAX;
    put(row);
    expect_row(row);
    free(large);
}

/* ---- Tickets ---- */

typedef struct told {
    pthread_mutex_t lock;
    lw_ticket last;
    unsigned failures, backwards;
} told;

static void note_commit(void *ctx, lw_ticket ticket, lw_err err)
{
    told *t = ctx;
    pthread_mutex_lock(&t->lock);
    t->failures += err != LW_OK ? 1u : 0u;
    t->backwards += ticket < t->last ? 1u : 0u;
    t->last = ticket;
    pthread_mutex_unlock(&t->lock);
}

LW_TEST(tickets_ascend_and_are_told)
{
    told t = {.lock = PTHREAD_MUTEX_INITIALIZER};
    store->on_commit = note_commit;
    store->ctx = &t;
    lw_ticket previous = 0;
    for (uint64_t i = 1; i <= 100; i++) {
        lw_row row = device_row("e", i);
        lw_ticket ticket = 0;
        assert_ok(store->ops->put(store, &row, i % 3 == 0 ? LW_URGENT : LW_LAZY, &ticket));
        assert_true(ticket > previous);
        previous = ticket;
    }
    assert_ok(store->ops->wait(store, previous));
    lw_store_health health = store->ops->health(store);
    assert_ok(health.err);
    assert_string_equal(health.why, "");
    assert_int_equal(health.waiting, 0);
    assert_int_equal(health.rows, 100);
    assert_true(health.commits >= 1);
    close_early();
    assert_int_equal(t.failures, 0);
    assert_int_equal(t.backwards, 0);
    assert_true(t.last >= previous);
}

LW_TEST(a_lazy_change_becomes_durable_by_itself)
{
    lw_row row = device_row("e", 1);
    lw_ticket ticket = 0;
    assert_ok(store->ops->put(store, &row, LW_LAZY, &ticket));
    assert_ok(store->ops->wait(store, ticket));
    expect_row(row);
}

LW_TEST(nobody_needs_to_take_the_ticket)
{
    lw_row row = device_row("e", 1);
    assert_ok(store->ops->put(store, &row, LW_URGENT, NULL));
    put(device_row("f", 2));
    expect_row(row);
}

#define THREADS          4
#define ROWS_OF_A_THREAD 250

static void *put_many(void *ctx)
{
    unsigned thread = *(const unsigned *)ctx;
    for (unsigned i = 0; i < ROWS_OF_A_THREAD; i++) {
        lw_row row = request_row((uint64_t)thread << 56 | (i + 1), "e");
        lw_ticket ticket;
        if (store->ops->put(store, &row, i % 2 == 0 ? LW_URGENT : LW_LAZY, &ticket) != LW_OK ||
            (i % 50 == 0 && store->ops->wait(store, ticket) != LW_OK)) {
            return ctx; /* cmocka's assertions belong to one thread */
        }
    }
    return NULL;
}

LW_TEST(threads_put_and_read_at_once)
{
    told t = {.lock = PTHREAD_MUTEX_INITIALIZER};
    store->on_commit = note_commit;
    store->ctx = &t;
    pthread_t threads[THREADS];
    unsigned numbers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, &numbers[i]), 0);
    }
    for (int i = 0; i < 20; i++) {
        (void)count_of(LW_ROW_REQUEST);
        (void)store->ops->health(store);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    put(device_row("last", 1));
    assert_int_equal(count_of(LW_ROW_REQUEST), THREADS * ROWS_OF_A_THREAD);
    close_early();
    assert_int_equal(t.failures, 0);
    assert_int_equal(t.backwards, 0);
}

/* ---- The stores ---- */

static lw_store *open_sqlite(void)
{
    rig_make_dir();
    return rig_open(NULL);
}

static const suite suites[] = {
    {"memory", lw_store_memory_new, NULL},
    {"sqlite", open_sqlite, rig_remove_dir},
};

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_comes_back_field_by_field),
        TEST(a_wish_comes_back_field_by_field),
        TEST(a_request_comes_back_field_by_field),
        TEST(documents_come_back_and_kinds_do_not_mix),
        TEST(empty_texts_stay_empty),
        TEST(texts_are_octets_whatever_they_are),
        TEST(numbers_are_exact_to_the_last_bit),
        TEST(a_row_takes_the_place_of_one_with_the_same_key),
        TEST(a_request_may_move_to_another_device),
        TEST(of_changes_to_one_row_the_last_counts),
        TEST(what_was_removed_is_gone),
        TEST(removing_what_is_not_there_is_no_failure),
        TEST(a_device_takes_along_what_belongs_to_it),
        TEST(a_device_that_comes_again_does_not_find_its_old_values),
        TEST(devices_are_given_in_order_of_their_endpoints_octets),
        TEST(wishes_are_given_by_endpoint_and_target),
        TEST(requests_are_given_in_ascending_order_of_all_64_bits),
        TEST(values_are_given_in_the_order_they_came),
        TEST(giving_stops_when_it_is_told_to),
        TEST(who_is_given_a_row_may_use_the_store),
        TEST(requests_of_a_device_come_newest_first_page_by_page),
        TEST(documents_come_in_order_page_by_page),
        TEST(documents_of_what_has_none_are_refused),
        TEST(values_of_every_type_come_back_bit_by_bit),
        TEST(values_are_found_by_path_and_below_it),
        TEST(values_come_in_order_of_their_time_across_paths),
        TEST(a_stretch_of_time_has_its_beginning_and_not_its_end),
        TEST(values_of_one_time_are_all_kept_in_the_order_they_came),
        TEST(a_chart_has_the_smallest_and_the_largest_of_each_step),
        TEST(steps_of_a_chart_count_from_its_beginning),
        TEST(each_path_has_its_own_steps_in_a_chart),
        TEST(what_is_no_number_has_no_place_in_a_chart),
        TEST(a_chart_over_all_of_time_does_not_overflow),
        TEST(the_highest_number_is_remembered_when_its_row_is_gone),
        TEST(each_shard_has_its_own_highest_number),
        TEST(rows_without_a_key_are_refused),
        TEST(values_are_not_removed_or_got_one_by_one),
        TEST(questions_that_make_no_sense_are_refused),
        TEST(rows_have_a_ceiling),
        TEST(tickets_ascend_and_are_told),
        TEST(a_lazy_change_becomes_durable_by_itself),
        TEST(nobody_needs_to_take_the_ticket),
        TEST(threads_put_and_read_at_once),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        now_tested = &suites[i];
        failed += cmocka_run_group_tests_name(suites[i].name, tests, NULL, NULL);
    }
    return failed;
}
