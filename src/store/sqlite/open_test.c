/* What stands in the way of opening a store, and what is said then. */
#include "store/sqlite_rig_test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/sqlite/schema.h"

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

/* It cannot be opened, for this reason, and the sentence has these words. */
static void expect_refusal(const lw_store_options *options, lw_err expected, const char *words)
{
    lw_store *store = NULL;
    char why[LW_STORE_WHY_MAX] = "";
    lw_err err = lw_store_sqlite_open(rig_dir, options, &store, why, sizeof why);
    assert_err(err, expected);
    assert_null(store);
    if (strstr(why, words) == NULL || strstr(why, rig_dir) != why) {
        fail_msg("\"%s\" was expected in \"%s\"", words, why);
    }
}

static void make_store(void)
{
    lw_store *store = rig_open(NULL);
    for (uint64_t i = 1; i <= 300; i++) {
        char endpoint[32];
        snprintf(endpoint, sizeof endpoint, "urn:dev:%u", (unsigned)i);
        lw_row device = device_row(endpoint, i);
        lw_row request = request_row(i, endpoint);
        lw_row value =
            value_row(endpoint, lw_path_resource(3, 0, 9), (lw_time)i, lw_value_integer(5));
        assert_ok(store->ops->put(store, &device, LW_LAZY, NULL));
        assert_ok(store->ops->put(store, &request, LW_LAZY, NULL));
        assert_ok(store->ops->put(store, &value, LW_LAZY, NULL));
    }
    rig_close(store);
}

/* The whole of lapwing.db, the caller's to free. */
static uint8_t *read_file(size_t *out_len)
{
    char path[384];
    rig_path("lapwing.db", path);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *out_len = (size_t)ftell(f);
    uint8_t *octets = malloc(*out_len + 1);
    assert_non_null(octets);
    rewind(f);
    assert_int_equal(fread(octets, 1, *out_len, f), *out_len);
    fclose(f);
    return octets;
}

static void write_file(const char *name, const void *octets, size_t len)
{
    char path[384];
    rig_path(name, path);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(octets, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
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

/* ---- All is well ---- */

LW_TEST(a_store_is_there_again_after_it_was_closed)
{
    make_store();
    lw_store *store = rig_open(NULL);
    assert_int_equal(rig_count(store, LW_ROW_DEVICE), 300);
    assert_int_equal(rig_count(store, LW_ROW_REQUEST), 300);
    assert_int_equal(rig_count(store, LW_ROW_VALUE), 300);
    rig_expect(store, device_row("urn:dev:7", 7));
    assert_true(store->ops->health(store).octets > 100000);
    rig_close(store);
}

LW_TEST(closing_leaves_nothing_but_the_database_and_the_lock)
{
    make_store();
    char path[384];
    rig_path("lapwing.db-wal", path);
    assert_int_not_equal(access(path, F_OK), 0);
    rig_path("lapwing.db-shm", path);
    assert_int_not_equal(access(path, F_OK), 0);
}

LW_TEST(nobody_else_may_read_the_files)
{
    lw_store *store = rig_open(NULL);
    const char *const names[] = {"lapwing.db", "lapwing.db-wal", "lapwing.lock"};
    for (size_t i = 0; i < 3; i++) {
        char path[384];
        struct stat st;
        rig_path(names[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
    rig_close(store);
}

LW_TEST(the_directory_is_made_when_it_is_missing)
{
    assert_int_equal(rmdir(rig_dir), 0);
    make_store();
    struct stat st;
    assert_int_equal(stat(rig_dir, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
}

LW_TEST(a_creation_that_was_interrupted_is_begun_anew)
{
    write_file("lapwing.db.new", "half", 4);
    make_store();
}

/* ---- Others ---- */

LW_TEST(a_second_server_is_told_the_process_of_the_first)
{
    lw_store *first = rig_open(NULL);
    char words[64];
    snprintf(words, sizeof words, "another lapwingd has it open, process %ld", (long)getpid());
    expect_refusal(NULL, LW_ESTATE, words);
    rig_put(first, device_row("e", 1)); /* which is not disturbed */
    rig_close(first);
    rig_close(rig_open(NULL));
}

LW_TEST(a_lock_file_that_was_left_behind_is_no_lock)
{
    write_file("lapwing.lock", "1\n", 2);
    rig_close(rig_open(NULL));
}

LW_TEST(reading_goes_on_beside_a_server_and_shows_one_moment)
{
    lw_store *server = rig_open(NULL);
    rig_put(server, device_row("a", 1));
    lw_store *reader = rig_open(&(lw_store_options){.read_only = true});
    rig_put(server, device_row("b", 2));
    assert_int_equal(rig_count(reader, LW_ROW_DEVICE), 1);
    assert_int_equal(rig_count(server, LW_ROW_DEVICE), 2);
    lw_row row = device_row("c", 3);
    assert_err(reader->ops->put(reader, &row, LW_URGENT, NULL), LW_EDENIED);
    assert_err(reader->ops->remove(reader, &row, LW_URGENT, NULL), LW_EDENIED);
    assert_err(reader->ops->wait(reader, 3), LW_EDENIED);
    assert_ok(reader->ops->health(reader).err);
    rig_close(reader);
    rig_close(server);
}

static bool ask_again(void *ctx, const lw_row *row)
{
    lw_store *reader = ctx;
    rig_expect(reader, *row);
    assert_int_equal(rig_count(reader, LW_ROW_DEVICE), 300); /* the same statement again */
    return false;
}

LW_TEST(who_reads_a_snapshot_may_ask_while_asking)
{
    make_store();
    lw_store *reader = rig_open(&(lw_store_options){.read_only = true});
    assert_ok(reader->ops->each(reader, LW_ROW_DEVICE, ask_again, reader));
    rig_close(reader);
}

LW_TEST(reading_makes_no_store)
{
    lw_store_options options = {.read_only = true};
    expect_refusal(&options, LW_ENOTFOUND, "no store is there");
    assert_int_equal(rmdir(rig_dir), 0); /* nothing was made */
    expect_refusal(&options, LW_ENOTFOUND, "no store is there");
    rig_make_dir();
}

/* ---- Rights ---- */

/* As a user whom rights bind, which root is not. */
static void bind_by_rights(bool bound)
{
    static bool was_root;
    if (bound) {
        was_root = geteuid() == 0;
        if (was_root) {
            assert_int_equal(seteuid(65534), 0);
        }
    } else if (was_root) {
        assert_int_equal(seteuid(0), 0);
    }
}

LW_TEST(a_directory_that_cannot_be_written_is_told)
{
    assert_int_equal(chmod(rig_dir, 0555), 0);
    bind_by_rights(true);
    expect_refusal(NULL, LW_EIO, "the directory cannot be written: Permission denied");
    bind_by_rights(false);
    assert_int_equal(chmod(rig_dir, 0755), 0);
}

LW_TEST(a_directory_that_cannot_be_made_is_told)
{
    char kept[sizeof rig_dir];
    memcpy(kept, rig_dir, sizeof kept);
    snprintf(rig_dir, sizeof rig_dir, "/proc/lapwing");
    expect_refusal(NULL, LW_EIO, "the directory cannot be made");
    memcpy(rig_dir, kept, sizeof kept);
}

LW_TEST(a_file_that_may_only_be_read_is_told_at_once)
{
    make_store();
    char path[384];
    rig_path("lapwing.db", path);
    assert_int_equal(chmod(rig_dir, 0777), 0);
    assert_int_equal(chmod(path, 0444), 0);
    rig_path("lapwing.lock", path);
    assert_int_equal(chmod(path, 0666), 0);
    bind_by_rights(true);
    expect_refusal(NULL, LW_EIO, "the database may not be written");
    bind_by_rights(false);
    assert_int_equal(chmod(rig_dir, 0700), 0);
}

/* ---- Damage ---- */

LW_TEST(a_damaged_page_is_met_at_the_start_whichever_it_is)
{
    make_store();
    size_t len;
    uint8_t *whole = read_file(&len);
    for (size_t at = 0; at < len; at += 4096) {
        uint8_t kept[4096];
        memcpy(kept, whole + at, sizeof kept);
        memset(whole + at, 0xA5, sizeof kept);
        write_file("lapwing.db", whole, len);
        expect_refusal(NULL, LW_EFORMAT, "damaged");

        size_t len_after; /* and it was left as it is */
        uint8_t *after = read_file(&len_after);
        assert_int_equal(len_after, len);
        assert_memory_equal(after, whole, len);
        free(after);
        memcpy(whole + at, kept, sizeof kept);
    }
    write_file("lapwing.db", whole, len);
    free(whole);
    rig_close(rig_open(NULL));
}

LW_TEST(a_file_that_was_cut_short_is_not_taken_for_a_new_one)
{
    make_store();
    size_t len;
    uint8_t *whole = read_file(&len);
    write_file("lapwing.db", whole, len / 2);
    expect_refusal(NULL, LW_EFORMAT, "damaged");
    write_file("lapwing.db", whole, 100);
    expect_refusal(NULL, LW_EFORMAT, "damaged");
    write_file("lapwing.db", whole, 0);
    expect_refusal(NULL, LW_EFORMAT, "is empty, which it never was");
    free(whole);
}

LW_TEST(a_file_of_something_else_is_left_alone)
{
    write_file("lapwing.db", "this is a letter to my aunt, and no database at all", 50);
    expect_refusal(NULL, LW_EFORMAT, "damaged");
    char path[384];
    rig_path("lapwing.db", path);
    unlink(path);
    run_sql("CREATE TABLE recipes (cake TEXT)");
    expect_refusal(NULL, LW_ENOTSUP, "of another program");
}

LW_TEST(a_journal_without_its_database_is_told)
{
    write_file("lapwing.db-wal", "something", 9);
    expect_refusal(NULL, LW_EFORMAT, "is missing, and its journal is there");
}

LW_TEST(damage_that_is_met_later_stops_the_store_from_taking_more)
{
    make_store();
    run_sql("UPDATE device SET peer_ip = x'00' WHERE number = 150");
    lw_store *store = rig_open(NULL);
    basket b = {0};
    assert_err(store->ops->each(store, LW_ROW_DEVICE, basket_take, &b), LW_EFORMAT);
    basket_empty(&b);
    lw_store_health health = store->ops->health(store);
    assert_err(health.err, LW_EFORMAT);
    assert_non_null(strstr(health.why, "damaged"));
    lw_row row = device_row("e", 1);
    assert_err(store->ops->put(store, &row, LW_URGENT, NULL), LW_EIO);
    assert_err(store->ops->put(store, &row, LW_LAZY, NULL), LW_EIO);
    assert_int_equal(rig_count(store, LW_ROW_REQUEST), 300); /* what can be read is */
    rig_close(store);
}

/* Each column that is checked, with something that was never written there. */
LW_TEST(a_column_that_holds_nonsense_is_damage)
{
    static const struct {
        const char *sql;
        lw_row_kind kind;
    } cases[] = {
        {"UPDATE device SET is_registered = 2 WHERE number = 1", LW_ROW_DEVICE},
        {"UPDATE device SET peer_port = 65536 WHERE number = 1", LW_ROW_DEVICE},
        {"UPDATE device SET lifetime = -1 WHERE number = 1", LW_ROW_DEVICE},
        {"UPDATE device SET endpoint = '' WHERE number = 1", LW_ROW_DEVICE},
        {"UPDATE request SET state = 7 WHERE seq = 1", LW_ROW_REQUEST},
        {"UPDATE request SET err = 128 WHERE seq = 1", LW_ROW_REQUEST},
        {"UPDATE request SET shard = 256 WHERE seq = 1", LW_ROW_REQUEST},
        {"UPDATE value SET type = 10 WHERE id = 1", LW_ROW_VALUE},
        {"UPDATE value SET value = 'five' WHERE id = 1", LW_ROW_VALUE},
        {"UPDATE value SET type = 4, value = x'00' WHERE id = 1", LW_ROW_VALUE},
        {"UPDATE value SET type = 4, value = 1 WHERE id = 1", LW_ROW_VALUE},
        {"UPDATE value SET type = 8, value = '3' WHERE id = 1", LW_ROW_VALUE},
        {"UPDATE series SET path = '3/0/9' WHERE id = 1", LW_ROW_VALUE},
    };
    make_store();
    size_t len;
    uint8_t *whole = read_file(&len);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_sql(cases[i].sql);
        lw_store *store = rig_open(&(lw_store_options){.read_only = true});
        basket b = {0};
        assert_err(store->ops->each(store, cases[i].kind, basket_take, &b), LW_EFORMAT);
        basket_empty(&b);
        rig_close(store);
        write_file("lapwing.db", whole, len);
    }
    free(whole);
}

/* ---- Versions ---- */

LW_TEST(a_newer_schema_is_refused)
{
    make_store();
    run_sql("PRAGMA user_version = 99");
    expect_refusal(NULL, LW_ENOTSUP, "of a newer Lapwing");
    lw_store_options options = {.read_only = true};
    expect_refusal(&options, LW_ENOTSUP, "of another version");
}

/* tests/vectors/store has a store of each schema as SQL, filled by the version that wrote it. */
static void make_store_of_schema(size_t version)
{
    static char sql[1 << 16];
    char path[256];
    snprintf(path, sizeof path, LW_SOURCE_DIR "/tests/vectors/store/schema-%zu.sql", version);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    sql[fread(sql, 1, sizeof sql - 1, f)] = '\0';
    fclose(f);
    run_sql(sql);
}

static basket each_of(lw_store *store, lw_row_kind kind, size_t count)
{
    basket b = {0};
    assert_ok(store->ops->each(store, kind, basket_take, &b));
    assert_int_equal(b.count, count);
    return b;
}

static void expect_sample_values(lw_store *store)
{
    basket b = each_of(store, LW_ROW_VALUE, 7);
    lw_path path = lw_path_resource(3303, 0, 5700);
    lw_row first = value_row("urn:dev:1", path, 1700000000000, lw_value_float(21.5));
    lw_row last =
        value_row("urn:dev:1", lw_path_resource(19, 0, 0), 1700000006000, lw_value_objlnk(3, 0));
    assert_same_row(b.rows[0], &first);
    assert_same_row(b.rows[6], &last);
    assert_bytes(b.rows[3]->as.value.value.as.bytes, "Open Mobile Alliance");
    assert_bytes(b.rows[4]->as.value.value.as.bytes, "\0\xff");
    assert_true(b.rows[5]->as.value.value.as.uns == UINT64_MAX);
    basket_empty(&b);
}

LW_TEST(stores_of_all_schemas_are_brought_forward)
{
    for (size_t version = 1; version <= lw_store_schema.count; version++) {
        make_store_of_schema(version);
        lw_store *store = rig_open(NULL);
        rig_expect(store, device_row("urn:dev:1", 1));
        rig_expect(store, device_row("urn:dev:2", UINT64_MAX));
        rig_expect(store, wish_row("urn:dev:1", "/3/0/9 /4/0"));
        rig_expect(store, request_row((uint64_t)2 << 56 | 17, "urn:dev:1"));
        for (int kind = LW_ROW_CREDENTIAL; kind < LW_ROW_KIND_COUNT; kind++) {
            rig_expect(store, document_row((lw_row_kind)kind, "key", "{\"a\": 1}"));
        }
        expect_sample_values(store);
        uint64_t highest;
        assert_ok(store->ops->highest(store, LW_ROW_REQUEST, 2, &highest));
        assert_true(highest == ((uint64_t)2 << 56 | 17));
        rig_close(store);
        rig_remove_dir();
        rig_make_dir();
    }
}

static void open_db(lw_db *db)
{
    char path[384];
    const char *why;
    rig_path("lapwing.db", path);
    assert_ok(lw_db_open(db, path, LW_DB_WRITE, NULL, &why));
}

LW_TEST(steps_that_are_missing_are_taken_in_order)
{
    static const char *const steps[] = {NULL, "CREATE TABLE two (a); INSERT INTO two VALUES (20)",
                                        "UPDATE two SET a = a + 3"};
    const lw_schema newer = {steps, 3};
    make_store();
    lw_db db;
    int64_t number;
    open_db(&db);
    assert_ok(lw_schema_migrate(&db, &newer));
    assert_ok(lw_db_number(&db, "SELECT a FROM two", &number));
    assert_int_equal(number, 23);
    assert_ok(lw_db_number(&db, "PRAGMA user_version", &number));
    assert_int_equal(number, 3);
    assert_ok(lw_schema_migrate(&db, &newer)); /* nothing is left to do */
    lw_db_close(&db);
}

LW_TEST(a_step_that_fails_leaves_no_trace)
{
    static const char *const steps[] = {NULL, "CREATE TABLE two (a)",
                                        "CREATE TABLE three (a); DELETE FROM device; nonsense"};
    const lw_schema newer = {steps, 3};
    make_store();
    lw_db db;
    int64_t number;
    open_db(&db);
    assert_err(lw_schema_migrate(&db, &newer), LW_EIO);
    assert_ok(lw_db_number(&db, "PRAGMA user_version", &number));
    assert_int_equal(number, 2);
    assert_ok(lw_db_number(&db, "SELECT count(*) FROM device", &number));
    assert_int_equal(number, 300);
    assert_ok(
        lw_db_number(&db, "SELECT count(*) FROM sqlite_schema WHERE name = 'three'", &number));
    assert_int_equal(number, 0);
    lw_db_close(&db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_is_there_again_after_it_was_closed),
        TEST(closing_leaves_nothing_but_the_database_and_the_lock),
        TEST(nobody_else_may_read_the_files),
        TEST(the_directory_is_made_when_it_is_missing),
        TEST(a_creation_that_was_interrupted_is_begun_anew),
        TEST(a_second_server_is_told_the_process_of_the_first),
        TEST(a_lock_file_that_was_left_behind_is_no_lock),
        TEST(reading_goes_on_beside_a_server_and_shows_one_moment),
        TEST(who_reads_a_snapshot_may_ask_while_asking),
        TEST(reading_makes_no_store),
        TEST(a_directory_that_cannot_be_written_is_told),
        TEST(a_directory_that_cannot_be_made_is_told),
        TEST(a_file_that_may_only_be_read_is_told_at_once),
        TEST(a_damaged_page_is_met_at_the_start_whichever_it_is),
        TEST(a_file_that_was_cut_short_is_not_taken_for_a_new_one),
        TEST(a_file_of_something_else_is_left_alone),
        TEST(a_journal_without_its_database_is_told),
        TEST(damage_that_is_met_later_stops_the_store_from_taking_more),
        TEST(a_column_that_holds_nonsense_is_damage),
        TEST(a_newer_schema_is_refused),
        TEST(stores_of_all_schemas_are_brought_forward),
        TEST(steps_that_are_missing_are_taken_in_order),
        TEST(a_step_that_fails_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
