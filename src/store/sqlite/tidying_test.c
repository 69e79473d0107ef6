/* What goes by itself, and what does not. */
#include "store/sqlite_rig_test.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>

static _Atomic lw_time wall;

static lw_time read_wall(void *ctx)
{
    (void)ctx;
    return wall;
}

static lw_store_options often(void)
{
    return (lw_store_options){.clock = read_wall, .tidy_ms = 1};
}

static int make_dir(void **state)
{
    (void)state;
    rig_make_dir();
    return 0;
}

/* No test leaves a store that is not sound. */
static void note(void *ctx, const char *sentence)
{
    (void)ctx;
    fail_msg("%s", sentence);
}

static int remove_dir(void **state)
{
    char why[LW_STORE_WHY_MAX];
    lw_store_census census;
    (void)state;
    assert_ok(lw_store_check(rig_dir, note, NULL, &census, why, sizeof why));
    rig_remove_dir();
    return 0;
}

static int64_t ask_sql(const char *sql)
{
    char path[384];
    sqlite3 *sq;
    sqlite3_stmt *s;
    rig_path("lapwing.db", path);
    assert_int_equal(sqlite3_open_v2(path, &sq, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(sq, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(sq);
    return number;
}

/* Waits until the query gives the number; the writing thread takes its time. */
static void await_sql(const char *sql, int64_t expected)
{
    int64_t number = ask_sql(sql);
    for (unsigned i = 0; i < 10000 && number != expected; i++) {
        usleep(1000);
        number = ask_sql(sql);
    }
    assert_int_equal(number, expected);
}

static void put_values(lw_store *store, const char *endpoint, int count, lw_time from)
{
    lw_ticket ticket = 0;
    for (int i = 0; i < count; i++) {
        lw_row row = value_row(endpoint, lw_path_resource(3, 0, 9), from + i, lw_value_integer(i));
        row.as.value.received_at = from + i;
        assert_ok(store->ops->put(store, &row, i + 1 < count ? LW_LAZY : LW_URGENT, &ticket));
    }
    assert_ok(store->ops->wait(store, ticket));
}

LW_TEST(values_go_when_they_are_too_old)
{
    wall = 3000;
    lw_store_options options = often();
    options.values_age = 2000;
    lw_store *store = rig_open(&options);
    put_values(store, "e", 3000, 0); /* 0 … 2999 */
    await_sql("SELECT count(*) FROM value", 2000);
    assert_int_equal(ask_sql("SELECT min(received_at) FROM value"), 1000);
    wall = 4999;
    await_sql("SELECT count(*) FROM value", 1);
    rig_close(store);
}

LW_TEST(the_oldest_values_go_when_all_take_too_much)
{
    lw_store_options options = often();
    options.values_octets = 64 * 700;
    lw_store *store = rig_open(&options);
    put_values(store, "a", 1000, 5000);
    put_values(store, "b", 500, 0); /* came later, whatever their times say */
    await_sql("SELECT count(*) FROM value", 700);
    assert_int_equal(ask_sql("SELECT count(*) FROM value WHERE series = 2"), 500);
    rig_close(store);

    /* The sum is known again after a restart. */
    options.values_octets = 64 * 10;
    store = rig_open(&options);
    await_sql("SELECT count(*) FROM value", 10);
    rig_close(store);
}

LW_TEST(texts_count_for_what_they_take)
{
    static char text[1000];
    lw_store_options options = often();
    options.values_octets = 1064 * 5;
    lw_store *store = rig_open(&options);
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 5; i++) {
        rig_put(store, value_row("e", lw_path_resource(3, 0, 0), i, lw_value_string(text)));
    }
    assert_int_equal(ask_sql("SELECT count(*) FROM value"), 5);
    assert_int_equal(ask_sql("SELECT number FROM mark WHERE name = 'value octets'"), 5 * 1063);
    rig_close(store);
}

LW_TEST(nothing_goes_unless_it_is_asked_for)
{
    wall = LW_TIME_NEVER - 1;
    lw_store_options options = often();
    lw_store *store = rig_open(&options);
    put_values(store, "e", 100, 0);
    rig_put(store, request_row(1, "e"));
    usleep(50000);
    assert_int_equal(rig_count(store, LW_ROW_VALUE), 100);
    assert_int_equal(rig_count(store, LW_ROW_REQUEST), 1);
    rig_close(store);
}

LW_TEST(requests_go_some_time_after_their_end_and_never_before_it)
{
    wall = 10000;
    lw_store_options options = often();
    options.requests_age = 5000;
    lw_store *store = rig_open(&options);
    for (uint64_t i = 1; i <= 5; i++) {
        lw_row row = request_row(i, "e");
        row.as.request.state = i == 1   ? LW_REQUEST_QUEUED
                               : i == 2 ? LW_REQUEST_SENT
                                        : LW_REQUEST_DONE;
        row.as.request.ended_at = i <= 2 ? 0 : (lw_time)(i * 1500); /* 4500, 6000, 7500 */
        rig_put(store, row);
    }
    await_sql("SELECT count(*) FROM request", 4);
    wall = 20000;
    await_sql("SELECT count(*) FROM request", 2);
    assert_int_equal(ask_sql("SELECT max(state) FROM request"), LW_REQUEST_SENT);
    rig_close(store);
}

LW_TEST(values_of_a_removed_device_are_hidden_at_once_and_deleted_in_time)
{
    lw_store_options options = often();
    lw_store *store = rig_open(&options);
    put_values(store, "gone", 3000, 0);
    put_values(store, "here", 100, 0);
    lw_row key = device_row("gone", 0);
    lw_ticket ticket;
    assert_ok(store->ops->remove(store, &key, LW_URGENT, &ticket));
    assert_ok(store->ops->wait(store, ticket));
    assert_int_equal(rig_count(store, LW_ROW_VALUE), 100);
    await_sql("SELECT count(*) FROM value", 100);
    await_sql("SELECT count(*) FROM dead", 0);
    assert_int_equal(ask_sql("SELECT number FROM mark WHERE name = 'value octets'"), 100 * 64);
    rig_close(store);
}

LW_TEST(a_file_that_became_largely_empty_shrinks)
{
    static char text[1000000];
    char path[384];
    struct stat st;
    lw_store_options options = often();
    lw_store *store = rig_open(&options);
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 40; i++) {
        const char key[] = {(char)('0' + i), '\0'};
        rig_put(store, document_row(LW_ROW_MODEL, key, text));
    }
    for (int i = 0; i < 40; i++) {
        const char key[] = {(char)('0' + i), '\0'};
        lw_row row = document_row(LW_ROW_MODEL, key, "");
        assert_ok(store->ops->remove(store, &row, LW_URGENT, NULL));
    }
    rig_put(store, document_row(LW_ROW_TOKEN, "t", "{}"));
    int64_t unused = ask_sql("PRAGMA freelist_count");
    for (unsigned i = 0; i < 10000 && unused > 4096; i++) {
        usleep(1000);
        unused = ask_sql("PRAGMA freelist_count");
    }
    rig_close(store);
    rig_path("lapwing.db", path);
    assert_int_equal(stat(path, &st), 0);
    assert_in_range(st.st_size, 100000, 18000000);
}

LW_TEST(the_journal_does_not_grow_with_the_changes)
{
    char path[384];
    struct stat st;
    lw_store *store = rig_open(NULL);
    for (unsigned round = 0; round < 40; round++) {
        put_values(store, "e", 2000, round * 2000);
    }
    rig_path("lapwing.db-wal", path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 12000000);
    rig_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_go_when_they_are_too_old),
        TEST(the_oldest_values_go_when_all_take_too_much),
        TEST(texts_count_for_what_they_take),
        TEST(nothing_goes_unless_it_is_asked_for),
        TEST(requests_go_some_time_after_their_end_and_never_before_it),
        TEST(values_of_a_removed_device_are_hidden_at_once_and_deleted_in_time),
        TEST(a_file_that_became_largely_empty_shrinks),
        TEST(the_journal_does_not_grow_with_the_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
