/* Group commit with a commit that the test holds up, or lets fail. */
#include "store/rows_test.h"

#include <pthread.h>
#include <unistd.h>

#include "store/group.h"

#define LOG_MAX 64

typedef struct disk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held;        /* a commit that began does not end */
    unsigned running; /* commits that began */
    lw_err result;
    size_t sizes[LOG_MAX]; /* changes of each commit */
    unsigned commits;
    lw_ticket told[LOG_MAX];
    lw_err told_err[LOG_MAX];
    unsigned tellings;
    unsigned tidied;
} disk;

static disk d;
static lw_store owner; /* only on_commit of it is used */
static lw_group *group;

static lw_err commit(void *ctx, const lw_change *first, const char **out_why)
{
    (void)ctx;
    size_t count = 0;
    for (const lw_change *c = first; c != NULL; c = c->next) {
        count++;
    }
    pthread_mutex_lock(&d.lock);
    d.running++;
    pthread_cond_broadcast(&d.changed);
    while (d.held) {
        pthread_cond_wait(&d.changed, &d.lock);
    }
    if (d.commits < LOG_MAX) {
        d.sizes[d.commits] = count;
    }
    d.commits++;
    lw_err result = d.result;
    pthread_mutex_unlock(&d.lock);
    *out_why = "the test says so";
    return result;
}

static bool tidy(void *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&d.lock);
    d.tidied++;
    pthread_mutex_unlock(&d.lock);
    return false;
}

static void note_commit(void *ctx, lw_ticket ticket, lw_err err)
{
    (void)ctx;
    pthread_mutex_lock(&d.lock);
    if (d.tellings < LOG_MAX) {
        d.told[d.tellings] = ticket;
        d.told_err[d.tellings] = err;
    }
    d.tellings++;
    pthread_mutex_unlock(&d.lock);
}

static int start(void **state)
{
    (void)state;
    d = (disk){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    owner = (lw_store){.on_commit = note_commit};
    lw_group_config config = {.store = &owner,
                              .waiting_max = 1000000,
                              .retry_ms = 20,
                              .tidy_ms = 3600000,
                              .commit = commit,
                              .tidy = tidy};
    return lw_group_start(&config, &group) == LW_OK ? 0 : -1;
}

static void set_disk(bool held, lw_err result)
{
    pthread_mutex_lock(&d.lock);
    d.held = held;
    d.result = result;
    pthread_cond_broadcast(&d.changed);
    pthread_mutex_unlock(&d.lock);
}

/* Waits until so many commits have begun. */
static void await_running(unsigned count)
{
    pthread_mutex_lock(&d.lock);
    while (d.running < count) {
        pthread_cond_wait(&d.changed, &d.lock);
    }
    pthread_mutex_unlock(&d.lock);
}

static lw_err try_to_take(lw_haste haste, lw_ticket *out_ticket)
{
    lw_row row = device_row("e", 1);
    lw_change *change;
    assert_ok(lw_change_new(&row, false, haste, &change));
    lw_err err = lw_group_take(group, change, out_ticket);
    if (err != LW_OK) {
        free(change);
    }
    return err;
}

static lw_ticket take(lw_haste haste)
{
    lw_ticket ticket = 0;
    assert_ok(try_to_take(haste, &ticket));
    return ticket;
}

LW_TEST(what_comes_while_a_commit_runs_makes_the_next_one)
{
    set_disk(true, LW_OK);
    lw_ticket first = take(LW_URGENT);
    await_running(1);
    lw_ticket last = 0;
    for (int i = 0; i < 10; i++) {
        last = take(i % 2 == 0 ? LW_URGENT : LW_LAZY);
    }
    assert_int_equal(lw_group_health(group).waiting, 11);
    set_disk(false, LW_OK);
    assert_ok(lw_group_wait(group, first));
    assert_ok(lw_group_wait(group, last));
    lw_group_stop(group);
    assert_int_equal(d.commits, 2);
    assert_int_equal(d.sizes[0], 1);
    assert_int_equal(d.sizes[1], 10);
    assert_int_equal(d.tellings, 2);
    assert_true(d.told[0] >= first && d.told[0] < d.told[1] && d.told[1] >= last);
}

LW_TEST(lazy_changes_wait_for_others_but_not_long)
{
    lw_time began = lw_group_now();
    take(LW_LAZY);
    usleep(20000);
    lw_ticket last = take(LW_LAZY);
    assert_ok(lw_group_wait(group, last));
    lw_time took = lw_group_now() - began;
    lw_group_stop(group);
    assert_int_equal(d.commits, 1);
    assert_int_equal(d.sizes[0], 2);
    assert_in_range(took, LW_GROUP_LAZY_MS - 5, LW_GROUP_LAZY_MS + 2000); /* a busy machine */
}

LW_TEST(an_urgent_change_takes_the_lazy_ones_along)
{
    lw_ticket lazy = take(LW_LAZY);
    lw_ticket urgent = take(LW_URGENT);
    assert_ok(lw_group_wait(group, urgent));
    assert_ok(lw_group_wait(group, lazy));
    lw_group_stop(group);
    assert_int_equal(d.sizes[0], 2);
}

LW_TEST(a_transaction_has_a_ceiling)
{
    lw_group_stop(group);
    lw_group_config config = {.store = &owner,
                              .waiting_max = SIZE_MAX,
                              .retry_ms = 20,
                              .tidy_ms = 3600000,
                              .commit = commit,
                              .tidy = tidy};
    assert_ok(lw_group_start(&config, &group));
    set_disk(true, LW_OK);
    take(LW_URGENT);
    await_running(1);
    lw_ticket last = 0;
    for (unsigned i = 0; i < LW_GROUP_BATCH + 5; i++) {
        last = take(LW_URGENT);
    }
    set_disk(false, LW_OK);
    assert_ok(lw_group_wait(group, last));
    lw_group_stop(group);
    assert_int_equal(d.commits, 3);
    assert_int_equal(d.sizes[1], LW_GROUP_BATCH);
    assert_int_equal(d.sizes[2], 5);
}

LW_TEST(a_failure_refuses_also_what_came_while_the_commit_ran)
{
    set_disk(true, LW_EIO);
    lw_ticket lazy = take(LW_LAZY);
    lw_ticket first = take(LW_URGENT);
    await_running(1);
    lw_ticket second = take(LW_URGENT);
    set_disk(false, LW_EIO);
    assert_err(lw_group_wait(group, first), LW_EIO);
    assert_err(lw_group_wait(group, second), LW_EIO);
    assert_err(try_to_take(LW_URGENT, NULL), LW_EIO);
    assert_string_equal(lw_group_health(group).why, "the test says so");
    set_disk(false, LW_OK);
    assert_ok(lw_group_wait(group, lazy));
    assert_err(lw_group_wait(group, first), LW_EIO);
    assert_ok(lw_group_health(group).err);
    assert_ok(lw_group_wait(group, take(LW_URGENT)));
    lw_group_stop(group);
    assert_err(d.told_err[0], LW_EIO);
    assert_true(d.told[0] >= second);
    assert_ok(d.told_err[1]);
    assert_true(d.told[1] >= lazy);
}

LW_TEST(without_changes_it_is_tried_whether_it_could)
{
    set_disk(false, LW_EIO);
    assert_err(lw_group_wait(group, take(LW_URGENT)), LW_EIO);
    set_disk(false, LW_OK);
    for (unsigned i = 0; i < 5000 && lw_group_health(group).err != LW_OK; i++) {
        usleep(1000);
    }
    assert_ok(lw_group_health(group).err);
    lw_group_stop(group);
    assert_int_equal(d.sizes[1], 0);
    assert_int_equal(d.tellings, 1); /* there was nobody to tell of the rest */
}

LW_TEST(damage_that_a_reader_finds_ends_all_waiting)
{
    lw_ticket lazy = take(LW_LAZY);
    lw_group_damage(group, "holes");
    assert_err(lw_group_wait(group, lazy), LW_EIO);
    assert_err(try_to_take(LW_LAZY, NULL), LW_EIO);
    lw_store_health health = lw_group_health(group);
    assert_err(health.err, LW_EFORMAT);
    assert_string_equal(health.why, "holes");
    lw_group_stop(group);
    assert_int_equal(d.commits, 0);
}

LW_TEST(damage_that_a_commit_finds_is_for_good)
{
    set_disk(true, LW_EFORMAT);
    lw_ticket first = take(LW_URGENT);
    await_running(1);
    lw_ticket second = take(LW_URGENT);
    set_disk(false, LW_EFORMAT);
    assert_err(lw_group_wait(group, first), LW_EIO);
    assert_err(lw_group_wait(group, second), LW_EIO);
    set_disk(false, LW_OK);
    usleep(50000); /* longer than the next attempt would take */
    assert_err(lw_group_health(group).err, LW_EFORMAT);
    lw_group_stop(group);
    assert_int_equal(d.commits, 1);
}

LW_TEST(stopping_commits_what_waits_and_tells_it)
{
    take(LW_LAZY);
    lw_ticket last = take(LW_LAZY);
    lw_group_stop(group);
    assert_int_equal(d.sizes[0], 2);
    assert_true(d.told[0] >= last);
    assert_ok(d.told_err[0]);
}

LW_TEST(stopping_on_a_bad_disk_tells_who_waits_that_it_failed)
{
    set_disk(true, LW_OK);
    take(LW_URGENT);
    await_running(1);
    lw_ticket last = take(LW_URGENT);
    set_disk(false, LW_EIO);
    lw_group_stop(group);
    assert_true(d.told[d.tellings - 1] >= last);
    assert_err(d.told_err[d.tellings - 1], LW_EIO);
}

LW_TEST(housekeeping_follows_a_commit)
{
    usleep(30000);
    pthread_mutex_lock(&d.lock);
    unsigned before = d.tidied;
    pthread_mutex_unlock(&d.lock);
    assert_ok(lw_group_wait(group, take(LW_URGENT)));
    unsigned after = before;
    for (unsigned i = 0; i < 5000 && after == before; i++) {
        usleep(1000);
        pthread_mutex_lock(&d.lock);
        after = d.tidied;
        pthread_mutex_unlock(&d.lock);
    }
    assert_int_equal(after, before + 1);
    lw_group_stop(group);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_while_a_commit_runs_makes_the_next_one),
        TEST(lazy_changes_wait_for_others_but_not_long),
        TEST(an_urgent_change_takes_the_lazy_ones_along),
        TEST(a_transaction_has_a_ceiling),
        TEST(a_failure_refuses_also_what_came_while_the_commit_ran),
        TEST(without_changes_it_is_tried_whether_it_could),
        TEST(damage_that_a_reader_finds_ends_all_waiting),
        TEST(damage_that_a_commit_finds_is_for_good),
        TEST(stopping_commits_what_waits_and_tells_it),
        TEST(stopping_on_a_bad_disk_tells_who_waits_that_it_failed),
        TEST(housekeeping_follows_a_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
