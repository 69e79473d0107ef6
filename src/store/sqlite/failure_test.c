/* A disk that fails: what was told to be durable is there, what was refused is told, what may wait
 * is tried again. */
#include "store/sqlite_rig_test.h"

#include <pthread.h>

#include "store/sqlite/faulty_vfs_test.h"

#define RETRY_MS 5
#define ROWS     6

static const lw_store_options faulty_options = {.vfs = FAULTY_VFS, .retry_ms = RETRY_MS};

static int make_dir(void **state)
{
    (void)state;
    rig_make_dir();
    fault_set(FAULT_NONE, 0);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    rig_remove_dir();
    return 0;
}

static bool is_there(lw_store *store, lw_row row)
{
    basket b = {0};
    lw_err err = store->ops->get(store, &row, basket_take, &b);
    assert_true(err == LW_OK || err == LW_ENOTFOUND);
    if (err == LW_OK) {
        assert_same_row(b.rows[0], &row); /* not half of it either */
    }
    basket_empty(&b);
    return err == LW_OK;
}

static lw_row sample(unsigned number)
{
    static char endpoints[64][8];
    snprintf(endpoints[number % 64], sizeof endpoints[0], "e%u", number % 64);
    return device_row(endpoints[number % 64], number);
}

/* ---- Every operation fails once, and then for good until the disk is well again ---- */

/* Puts rows while the disk may fail. acked[i]: row i is durable, so it was told. */
static void put_some(lw_store *store, bool acked[ROWS], lw_ticket *out_lazy)
{
    lw_row lazy = sample(50);
    assert_ok(store->ops->put(store, &lazy, LW_LAZY, out_lazy));
    for (unsigned i = 0; i < ROWS; i++) {
        lw_row row = sample(i);
        lw_ticket ticket = 0;
        lw_err err = store->ops->put(store, &row, LW_URGENT, &ticket);
        if (err == LW_OK) {
            err = store->ops->wait(store, ticket);
        }
        acked[i] = err == LW_OK;
        if (!acked[i]) {
            assert_err(err, LW_EIO);
        }
    }
}

static void expect_rows(const bool acked[ROWS])
{
    lw_store *store = rig_open(NULL);
    assert_true(is_there(store, device_row("before", 99)));
    assert_true(is_there(store, sample(50)));
    for (unsigned i = 0; i < ROWS; i++) {
        bool found = is_there(store, sample(i));
        assert_true(found || !acked[i]);
    }
    rig_close(store);
}

/* One life of a store in which the n-th operation fails. Returns how many there were. */
static unsigned live_through(fault_kind kind, unsigned n, bool *out_hit)
{
    bool acked[ROWS] = {false};
    lw_store *store = rig_open(NULL);
    rig_put(store, device_row("before", 99));
    rig_close(store);

    fault_set(kind, n);
    char why[LW_STORE_WHY_MAX];
    lw_err err = lw_store_sqlite_open(rig_dir, &faulty_options, &store, why, sizeof why);
    *out_hit = false;
    if (err != LW_OK) {
        assert_true(strlen(why) > 0);
        fault_set(FAULT_NONE, 0);
        store = rig_open(&faulty_options); /* the disk is well again */
        *out_hit = true;
    }
    lw_ticket lazy = 0;
    put_some(store, acked, &lazy);
    unsigned operations = faulty.operations;
    for (unsigned i = 0; i < ROWS; i++) {
        *out_hit = *out_hit || !acked[i];
    }
    fault_set(FAULT_NONE, 0);
    assert_ok(store->ops->wait(store, lazy)); /* tried again until it succeeds */
    for (unsigned i = 0; i < 5000 && store->ops->health(store).err != LW_OK; i++) {
        usleep(1000);
    }
    rig_put(store, device_row("after", 98));
    assert_ok(store->ops->health(store).err);
    rig_close(store);
    expect_rows(acked);
    return operations;
}

static void every_operation_fails(fault_kind kind)
{
    bool hit = false;
    unsigned hits = 0;
    unsigned operations = live_through(FAULT_NONE, 0, &hit);
    assert_false(hit);
    assert_true(operations > 20);
    for (unsigned n = 1; n <= operations; n++) {
        rig_remove_dir();
        rig_make_dir();
        (void)live_through(kind, n, &hit);
        hits += hit ? 1u : 0u;
    }
    print_message("%u operations failed in turn, %u of them were felt\n", operations, hits);
    assert_true(hits > operations / 2);
}

LW_TEST(whichever_operation_fails_once_nothing_told_is_lost)
{
    every_operation_fails(FAULT_ONCE);
}

LW_TEST(whichever_operation_is_the_first_to_fail_nothing_told_is_lost)
{
    every_operation_fails(FAULT_FOREVER);
}

/* ---- A store is made while the disk fails ---- */

LW_TEST(a_store_that_could_not_be_made_is_made_later)
{
    for (unsigned n = 1; n < 40; n++) {
        lw_store *store = NULL;
        char why[LW_STORE_WHY_MAX];
        fault_set(FAULT_FOREVER, n);
        lw_err err = lw_store_sqlite_open(rig_dir, &faulty_options, &store, why, sizeof why);
        fault_set(FAULT_NONE, 0);
        if (err == LW_OK) {
            rig_close(store);
        } else {
            assert_true(strlen(why) > 0);
        }
        store = rig_open(&faulty_options);
        rig_put(store, device_row("e", 1));
        rig_close(store);
        rig_remove_dir();
        rig_make_dir();
    }
}

/* ---- The disk is full ---- */

typedef struct told {
    pthread_mutex_t lock;
    unsigned good, bad;
} told;

static void note_commit(void *ctx, lw_ticket ticket, lw_err err)
{
    told *t = ctx;
    (void)ticket;
    pthread_mutex_lock(&t->lock);
    *(err == LW_OK ? &t->good : &t->bad) += 1;
    pthread_mutex_unlock(&t->lock);
}

static lw_err put_large(lw_store *store, unsigned number)
{
    static char text[50000];
    char key[16];
    lw_ticket ticket;
    memset(text, 'x', sizeof text - 1);
    snprintf(key, sizeof key, "%u", number);
    lw_row row = document_row(LW_ROW_MODEL, key, text);
    lw_err err = store->ops->put(store, &row, LW_URGENT, &ticket);
    return err == LW_OK ? store->ops->wait(store, ticket) : err;
}

/* The next attempt is far away: a small one may find room where a large row did not. */
static const lw_store_options patient = {.vfs = FAULTY_VFS, .retry_ms = 3600000};

LW_TEST(a_full_disk_is_told_and_what_waits_is_kept_until_there_is_room)
{
    told t = {.lock = PTHREAD_MUTEX_INITIALIZER};
    lw_store *store = rig_open(&patient);
    store->on_commit = note_commit;
    store->ctx = &t;
    faulty.limit = 1000000;
    fault_set(FAULT_FULL, 0);
    unsigned taken = 0;
    lw_err err = LW_OK;
    while (err == LW_OK && taken < 1000) {
        err = put_large(store, taken);
        taken += err == LW_OK ? 1u : 0u;
    }
    assert_err(err, LW_EIO);
    assert_in_range(taken, 5, 40);
    lw_store_health health = store->ops->health(store);
    assert_err(health.err, LW_EIO);
    assert_string_equal(health.why, "the disk is full");

    lw_row lazy = device_row("lazy", 1);
    assert_ok(store->ops->put(store, &lazy, LW_LAZY, NULL));
    assert_int_equal(rig_count(store, LW_ROW_MODEL), taken); /* reading goes on */

    fault_set(FAULT_NONE, 0);
    rig_close(store); /* which is the next attempt */
    assert_true(t.bad >= 1);
    store = rig_open(NULL);
    assert_int_equal(rig_count(store, LW_ROW_MODEL), taken);
    rig_expect(store, lazy);
    rig_close(store);
}

LW_TEST(a_disk_that_is_well_again_is_found_without_being_asked)
{
    lw_store *store = rig_open(&faulty_options);
    lw_row lazy = device_row("lazy", 1);
    lw_ticket ticket = 0;
    fault_set(FAULT_FOREVER, 1);
    assert_ok(store->ops->put(store, &lazy, LW_LAZY, &ticket));
    for (unsigned i = 0; i < 5000 && store->ops->health(store).err == LW_OK; i++) {
        usleep(1000);
    }
    assert_err(store->ops->health(store).err, LW_EIO);
    fault_set(FAULT_NONE, 0);
    assert_ok(store->ops->wait(store, ticket));
    assert_ok(store->ops->health(store).err);
    assert_string_equal(store->ops->health(store).why, "");
    rig_put(store, device_row("urgent", 2));
    rig_close(store);
}

LW_TEST(while_the_disk_is_full_urgent_changes_are_refused_at_once)
{
    lw_store *store =
        rig_open(&(lw_store_options){.vfs = FAULTY_VFS, .retry_ms = 3600000, .waiting_max = 4000});
    lw_row row = device_row("e", 1);
    lw_ticket ticket = 0;
    fault_set(FAULT_FOREVER, 1);
    assert_ok(store->ops->put(store, &row, LW_URGENT, &ticket));
    assert_err(store->ops->wait(store, ticket), LW_EIO);
    assert_err(store->ops->put(store, &row, LW_URGENT, &ticket), LW_EIO);
    assert_string_equal(store->ops->health(store).why, "the disk failed to read or write");

    /* Lazy ones gather up to the ceiling, and are committed at last when the store is closed. */
    unsigned taken = 0;
    lw_err err = LW_OK;
    while (err == LW_OK) {
        row = sample(taken);
        err = store->ops->put(store, &row, LW_LAZY, &ticket);
        taken += err == LW_OK ? 1u : 0u;
    }
    assert_err(err, LW_ENOMEM);
    assert_int_equal(store->ops->health(store).waiting, taken);
    fault_set(FAULT_NONE, 0);
    rig_close(store);
    store = rig_open(NULL);
    assert_int_equal(rig_count(store, LW_ROW_DEVICE), taken);
    rig_close(store);
}

/* ---- Locked ---- */

LW_TEST(who_locks_the_database_from_outside_is_told_apart_from_a_bad_disk)
{
    lw_store *store = rig_open(&faulty_options);
    char path[384];
    sqlite3 *outside;
    rig_path("lapwing.db", path);
    assert_int_equal(sqlite3_open(path, &outside), SQLITE_OK);
    sqlite3_busy_timeout(outside, 5000); /* housekeeping may have it just now */
    assert_int_equal(sqlite3_exec(outside, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    lw_row row = device_row("e", 1);
    lw_ticket ticket = 0;
    assert_ok(store->ops->put(store, &row, LW_URGENT, &ticket));
    assert_err(store->ops->wait(store, ticket), LW_EIO);
    assert_string_equal(store->ops->health(store).why, "another program keeps the database locked");
    sqlite3_close(outside);
    assert_ok(store->ops->put(store, &row, LW_LAZY, &ticket));
    assert_ok(store->ops->wait(store, ticket));
    rig_put(store, row);
    rig_close(store);
}

/* ---- The power goes ---- */

#define LIVES           100
#define CHANGES_OF_LIFE 15

/* The state of the devices as it was told, and as it may be since the last change was not. */
typedef struct known {
    bool present[8];
    uint64_t number[8];
} known;

static void expect_known(lw_store *store, const known *k, unsigned unsure)
{
    for (unsigned i = 0; i < 8; i++) {
        if (i == unsure) {
            continue;
        }
        lw_row row = sample(i);
        row.as.device.number = k->number[i];
        if (k->present[i]) {
            rig_expect(store, row);
        } else {
            assert_false(is_there(store, row));
        }
    }
}

LW_TEST(after_a_power_cut_every_change_that_was_told_is_there)
{
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, 20);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    known k = {{false}, {0}};
    uint64_t next = 1;
    unsigned told_changes = 0, in_closing = 0;
    rig_close(rig_open(NULL)); /* made by the machine's own hand */
    faulty.remembers = true;
    for (unsigned life = 0; life < LIVES; life++) {
        lw_store *store = rig_open(&faulty_options);
        expect_known(store, &k, UINT32_MAX);
        /* The power goes at some operation of the changes that follow, or of the closing. */
        fault_set(FAULT_FOREVER, 1 + lw_rng_below(&rng, 140));
        unsigned i = 0;
        lw_err err = LW_OK;
        for (unsigned n = 0; n < CHANGES_OF_LIFE && err == LW_OK; n++) {
            i = lw_rng_below(&rng, 8);
            bool removal = lw_rng_below(&rng, 4) == 0;
            lw_row row = sample(i);
            row.as.device.number = next++;
            lw_ticket ticket = 0;
            err = removal ? store->ops->remove(store, &row, LW_URGENT, &ticket)
                          : store->ops->put(store, &row, LW_URGENT, &ticket);
            err = err == LW_OK ? store->ops->wait(store, ticket) : err;
            if (err == LW_OK) {
                k.present[i] = !removal;
                k.number[i] = row.as.device.number;
                told_changes++;
            }
        }
        in_closing += err == LW_OK ? 1u : 0u;
        rig_close(store);
        power_cut(&rng);

        /* Of the change that was refused nobody knows: it is looked up, and known from then on. */
        store = rig_open(NULL);
        expect_known(store, &k, err == LW_OK ? UINT32_MAX : i);
        basket b = {0};
        lw_row row = sample(i);
        k.present[i] = store->ops->get(store, &row, basket_take, &b) == LW_OK;
        k.number[i] = k.present[i] ? b.rows[0]->as.device.number : 0;
        basket_empty(&b);
        rig_close(store);
    }
    faulty.remembers = false;
    print_message("%d power cuts, %u of them in closing, %u changes told\n", LIVES, in_closing,
                  told_changes);
    assert_true(told_changes > LIVES);
    assert_true(in_closing > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whichever_operation_fails_once_nothing_told_is_lost),
        TEST(whichever_operation_is_the_first_to_fail_nothing_told_is_lost),
        TEST(a_store_that_could_not_be_made_is_made_later),
        TEST(a_full_disk_is_told_and_what_waits_is_kept_until_there_is_room),
        TEST(a_disk_that_is_well_again_is_found_without_being_asked),
        TEST(while_the_disk_is_full_urgent_changes_are_refused_at_once),
        TEST(who_locks_the_database_from_outside_is_told_apart_from_a_bad_disk),
        TEST(after_a_power_cut_every_change_that_was_told_is_there),
    };
    faulty_vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
