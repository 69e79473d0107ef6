/* What an operator does now and then: a copy, and a look over all of it. */
#include "store/sqlite_rig_test.h"

#include <sqlite3.h>
#include <sys/stat.h>

static int make_dir(void **state)
{
    (void)state;
    rig_make_dir();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    rig_remove_dir();
    return 0;
}

static void fill(lw_store *store, uint64_t from, uint64_t to)
{
    lw_ticket ticket = 0;
    for (uint64_t i = from; i < to; i++) {
        char endpoint[32];
        snprintf(endpoint, sizeof endpoint, "urn:dev:%u", (unsigned)i);
        lw_row device = device_row(endpoint, i);
        lw_row value =
            value_row(endpoint, lw_path_resource(3, 0, 9), (lw_time)i, lw_value_string("a text"));
        assert_ok(store->ops->put(store, &device, LW_LAZY, NULL));
        assert_ok(store->ops->put(store, &value, LW_URGENT, &ticket));
    }
    assert_ok(store->ops->wait(store, ticket));
}

static void run_sql(const char *sql)
{
    char path[384];
    sqlite3 *sq;
    rig_path("lapwing.db", path);
    assert_int_equal(sqlite3_open(path, &sq), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sq, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sq);
}

/* ---- Backup ---- */

typedef struct watched {
    lw_store *store; /* changed while it is copied */
    unsigned calls, stop_at;
    uint64_t octets, of_octets;
} watched;

static bool watch(void *ctx, uint64_t octets, uint64_t of_octets)
{
    watched *w = ctx;
    assert_true(octets >= w->octets && octets <= of_octets);
    w->octets = octets;
    w->of_octets = of_octets;
    w->calls++;
    if (w->store != NULL) {
        fill(w->store, 100000 + w->calls * 10, 100010 + w->calls * 10);
    }
    return w->calls != w->stop_at;
}

LW_TEST(a_copy_shows_one_moment_of_a_server_that_goes_on)
{
    char copy[384], path[384], why[LW_STORE_WHY_MAX];
    struct stat st;
    lw_store *store = rig_open(NULL);
    fill(store, 0, 5000);
    rig_path("copy", copy);
    watched w = {.store = store};
    assert_ok(lw_store_backup(store, copy, watch, &w, why, sizeof why));
    assert_string_equal(why, "");
    assert_true(w.calls >= 2 && w.octets == w.of_octets);
    assert_true(rig_count(store, LW_ROW_DEVICE) > 5000);
    rig_close(store);

    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
    rig_path("lapwing.db", path);
    assert_int_equal(rename(copy, path), 0); /* put back */
    store = rig_open(NULL);
    assert_int_equal(rig_count(store, LW_ROW_DEVICE), 5000);
    assert_int_equal(rig_count(store, LW_ROW_VALUE), 5000);
    rig_close(store);
}

LW_TEST(a_copy_can_be_made_by_another_process)
{
    char copy[384], why[LW_STORE_WHY_MAX];
    lw_store *server = rig_open(NULL);
    fill(server, 0, 10);
    lw_store *reader = rig_open(&(lw_store_options){.read_only = true});
    fill(server, 10, 20);
    rig_path("copy", copy);
    assert_ok(lw_store_backup(reader, copy, NULL, NULL, why, sizeof why));
    assert_int_equal(rig_count(reader, LW_ROW_DEVICE), 10); /* still the same moment */
    rig_close(reader);
    rig_close(server);
}

LW_TEST(a_copy_that_is_stopped_leaves_no_file)
{
    char copy[384], why[LW_STORE_WHY_MAX];
    lw_store *store = rig_open(NULL);
    fill(store, 0, 5000);
    rig_path("copy", copy);
    watched w = {.stop_at = 1};
    assert_err(lw_store_backup(store, copy, watch, &w, why, sizeof why), LW_ECANCELED);
    assert_non_null(strstr(why, "stopped"));
    assert_int_not_equal(access(copy, F_OK), 0);
    rig_path("copy.part", copy);
    assert_int_not_equal(access(copy, F_OK), 0);
    rig_close(store);
}

LW_TEST(a_copy_takes_nobodys_place)
{
    char copy[384], why[LW_STORE_WHY_MAX];
    lw_store *store = rig_open(NULL);
    lw_store *memory = lw_store_memory_new();
    rig_path("lapwing.lock", copy);
    assert_err(lw_store_backup(store, copy, NULL, NULL, why, sizeof why), LW_EEXISTS);
    assert_non_null(strstr(why, "is there already"));
    rig_path("no/such/dir", copy);
    assert_err(lw_store_backup(store, copy, NULL, NULL, why, sizeof why), LW_EIO);
    assert_non_null(strstr(why, "No such file or directory"));
    assert_err(lw_store_backup(memory, copy, NULL, NULL, why, sizeof why), LW_ENOTSUP);
    rig_close(memory);
    rig_close(store);
}

/* ---- Check ---- */

static char told[4096];

static void note(void *ctx, const char *sentence)
{
    (void)ctx;
    size_t len = strlen(told);
    snprintf(told + len, sizeof told - len, "%s\n", sentence);
}

static lw_store_census check(void)
{
    lw_store_census census;
    char why[LW_STORE_WHY_MAX];
    told[0] = '\0';
    if (lw_store_check(rig_dir, note, NULL, &census, why, sizeof why) != LW_OK) {
        fail_msg("%s", why);
    }
    return census;
}

static void expect_told(const char *words)
{
    if (strstr(told, words) == NULL) {
        fail_msg("\"%s\" was expected in \"%s\"", words, told);
    }
}

LW_TEST(a_sound_store_has_rows_and_no_problems)
{
    lw_store *store = rig_open(NULL);
    fill(store, 1, 101);
    rig_put(store, request_row((uint64_t)7 << 56 | 5, "urn:dev:1"));
    rig_put(store, document_row(LW_ROW_MODEL, "3/1.0", "<LWM2M/>"));
    lw_row gone = device_row("urn:dev:50", 50);
    assert_ok(store->ops->remove(store, &gone, LW_URGENT, NULL));
    rig_put(store, wish_row("urn:dev:1", "/3"));
    lw_store_census census = check(); /* while it runs */
    rig_close(store);
    assert_string_equal(told, "");
    assert_int_equal(census.problems, 0);
    assert_int_equal(census.rows[LW_ROW_DEVICE], 99);
    assert_int_equal(census.rows[LW_ROW_VALUE], 99);
    assert_int_equal(census.rows[LW_ROW_REQUEST], 1);
    assert_int_equal(census.rows[LW_ROW_WISH], 1);
    assert_int_equal(census.rows[LW_ROW_MODEL], 1);
}

LW_TEST(rows_that_hold_nonsense_are_counted)
{
    lw_store *store = rig_open(NULL);
    fill(store, 0, 100);
    rig_close(store);
    run_sql("UPDATE device SET version = 1000 WHERE number < 3;"
            "UPDATE value SET source = 9 WHERE id = 1");
    lw_store_census census = check();
    assert_int_equal(census.problems, 2);
    assert_int_equal(census.unreadable, 4);
    assert_int_equal(census.rows[LW_ROW_DEVICE], 100);
    expect_told("rows of kind device that hold what was never written: 3");
    expect_told("rows of kind value that hold what was never written: 1");
}

LW_TEST(what_does_not_belong_together_is_found)
{
    lw_store *store = rig_open(NULL);
    fill(store, 0, 100);
    rig_put(store, request_row(5, "urn:dev:1"));
    rig_close(store);
    run_sql("DELETE FROM series WHERE id <= 2; UPDATE mark SET number = 3 WHERE name LIKE 're%';"
            "INSERT INTO document VALUES ('cake', 'a', 'b'); DELETE FROM value WHERE id = 50");
    lw_store_census census = check();
    assert_int_equal(census.problems, 4);
    expect_told("values of no path: 2");
    expect_told("documents of no known kind: 1");
    expect_told("shards that would give the id of a request twice: 1");
    expect_told("sums of the values' octets that are wrong: 1");
}

LW_TEST(damaged_pages_are_told_and_the_rest_is_read)
{
    lw_store *store = rig_open(NULL);
    fill(store, 0, 2000);
    rig_close(store);
    char path[384];
    rig_path("lapwing.db", path);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    uint8_t garbage[4096];
    memset(garbage, 0xA5, sizeof garbage);
    assert_int_equal(fseek(f, 60 * 4096, SEEK_SET), 0);
    assert_int_equal(fwrite(garbage, 1, sizeof garbage, f), sizeof garbage);
    assert_int_equal(fclose(f), 0);
    lw_store_census census = check();
    assert_true(census.problems > 0);
    assert_true(census.rows[LW_ROW_DEVICE] + census.rows[LW_ROW_VALUE] > 2000);
}

LW_TEST(where_no_store_is_nothing_is_checked)
{
    lw_store_census census;
    char why[LW_STORE_WHY_MAX];
    assert_err(lw_store_check(rig_dir, note, NULL, &census, why, sizeof why), LW_ENOTFOUND);
    assert_non_null(strstr(why, "no store is there"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_copy_shows_one_moment_of_a_server_that_goes_on),
        TEST(a_copy_can_be_made_by_another_process),
        TEST(a_copy_that_is_stopped_leaves_no_file),
        TEST(a_copy_takes_nobodys_place),
        TEST(a_sound_store_has_rows_and_no_problems),
        TEST(rows_that_hold_nonsense_are_counted),
        TEST(what_does_not_belong_together_is_found),
        TEST(damaged_pages_are_told_and_the_rest_is_read),
        TEST(where_no_store_is_nothing_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
