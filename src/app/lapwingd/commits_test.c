/* Commits on their way to the engine: none is lost, neighbours become one. */
#include "app/lapwingd/commits.h"

#include "testing/lw_test.h"

static lw_loop *loop;
static lw_wake *wake;
static commits c;
static unsigned woken;

static void on_wake(void *ctx)
{
    (void)ctx;
    woken++;
    lw_loop_stop(loop);
}

static int begin(void **state)
{
    (void)state;
    woken = 0;
    loop = lw_loop_new();
    wake = loop != NULL ? lw_wake_new(loop, on_wake, NULL) : NULL;
    if (wake == NULL) {
        return -1;
    }
    commits_init(&c, wake);
    return 0;
}

static int end(void **state)
{
    (void)state;
    commits_fini(&c);
    lw_wake_free(wake);
    lw_loop_free(loop);
    return 0;
}

static void expect(lw_ticket ticket, lw_err err)
{
    commit one;
    assert_true(commits_take(&c, &one));
    assert_int_equal(one.ticket, ticket);
    assert_err(one.err, err);
}

static void expect_none(void)
{
    commit one;
    assert_false(commits_take(&c, &one));
}

LW_TEST(neighbours_with_the_same_outcome_are_one)
{
    expect_none();
    commits_add(&c, 1, LW_OK);
    commits_add(&c, 2, LW_OK);
    commits_add(&c, 5, LW_OK);
    expect(5, LW_OK);
    expect_none();
}

LW_TEST(what_was_refused_stays_between_what_was_kept)
{
    commits_add(&c, 1, LW_OK);
    commits_add(&c, 2, LW_EIO);
    commits_add(&c, 3, LW_EIO);
    commits_add(&c, 4, LW_OK);
    expect(1, LW_OK);
    expect(3, LW_EIO);
    commits_add(&c, 5, LW_OK); /* while others wait */
    expect(5, LW_OK);
    expect_none();
}

LW_TEST(a_store_that_fails_again_and_again_loses_nothing)
{
    for (lw_ticket i = 1; i <= 100; i++) {
        commits_add(&c, i, i % 2 == 0 ? LW_OK : LW_EIO);
    }
    for (lw_ticket i = 1; i <= 100; i++) {
        expect(i, i % 2 == 0 ? LW_OK : LW_EIO);
    }
    expect_none();
}

LW_TEST(the_loop_is_woken)
{
    commits_add(&c, 1, LW_OK);
    lw_loop_run(loop);
    assert_int_equal(woken, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(neighbours_with_the_same_outcome_are_one),
        CASE(what_was_refused_stays_between_what_was_kept),
        CASE(a_store_that_fails_again_and_again_loses_nothing),
        CASE(the_loop_is_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
