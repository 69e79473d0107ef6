#include "server/shared/wheel.h"

#include <stdlib.h>

#include "base/rng.h"
#include "testing/lw_test.h"

#define TICK LW_WHEEL_TICK_MS

static lw_wheel *begin(lw_time now)
{
    lw_wheel *wheel = malloc(sizeof *wheel);
    assert_non_null(wheel);
    lw_wheel_init(wheel, now);
    return wheel;
}

LW_TEST(a_timer_fires_at_the_first_tick_at_or_after_its_time)
{
    lw_wheel *w = begin(1000);
    lw_wheel_timer t;
    lw_wheel_timer_init(&t);
    lw_wheel_arm(w, &t, 1000 + 3 * TICK + 1);
    assert_int_equal(lw_wheel_next(w), 1000 + 4 * TICK);
    assert_null(lw_wheel_take_due(w, 1000 + 4 * TICK - 1));
    assert_ptr_equal(lw_wheel_take_due(w, 1000 + 4 * TICK), &t);
    assert_null(lw_wheel_take_due(w, 1000 + 4 * TICK));
    assert_int_equal(t.at, LW_TIME_NEVER);
    assert_int_equal(lw_wheel_next(w), LW_TIME_NEVER);
    free(w);
}

LW_TEST(a_time_that_has_passed_is_due_at_once)
{
    lw_wheel *w = begin(0);
    lw_wheel_timer t;
    lw_wheel_timer_init(&t);
    assert_null(lw_wheel_take_due(w, 1000000));
    lw_wheel_arm(w, &t, 5);
    assert_true(lw_wheel_next(w) <= 1000000);
    assert_ptr_equal(lw_wheel_take_due(w, 1000000), &t);
    free(w);
}

LW_TEST(a_timer_that_is_disarmed_or_armed_later_does_not_fire)
{
    lw_wheel *w = begin(0);
    lw_wheel_timer a;
    lw_wheel_timer b;
    lw_wheel_timer_init(&a);
    lw_wheel_timer_init(&b);
    lw_wheel_arm(w, &a, 1000);
    lw_wheel_arm(w, &b, 1000);
    lw_wheel_arm(w, &a, LW_TIME_NEVER);
    lw_wheel_arm(w, &b, 50000);
    assert_null(lw_wheel_take_due(w, 49999));
    assert_ptr_equal(lw_wheel_take_due(w, 50200), &b);
    free(w);
}

LW_TEST(a_century_is_no_problem)
{
    const lw_time century = INT64_C(100) * 365 * 24 * 3600 * 1000;
    lw_wheel *w = begin(0);
    lw_wheel_timer t;
    lw_wheel_timer_init(&t);
    lw_wheel_arm(w, &t, century);
    lw_time now = 0;
    unsigned wakes = 0;
    while (lw_wheel_take_due(w, now) == NULL) {
        now = lw_wheel_next(w);
        wakes++;
        assert_true(wakes < 20);
    }
    assert_in_range(now - century, 0, TICK);
    free(w);
}

/* Against a list of times that is looked through: whatever order timers are armed, moved and
 * stopped in, none fires early, none later than a tick, and lw_wheel_next is never too late. */
static void run(uint64_t seed)
{
    enum { TIMERS = 200 };
    lw_wheel_timer timers[TIMERS];
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, seed);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    lw_time now = lw_rng_below(&rng, 100000);
    lw_wheel *w = begin(now);
    for (size_t i = 0; i < TIMERS; i++) {
        lw_wheel_timer_init(&timers[i]);
    }
    for (unsigned turn = 0; turn < 3000; turn++) {
        lw_wheel_timer *t = &timers[lw_rng_below(&rng, TIMERS)];
        lw_time far = (lw_time)lw_rng_below(&rng, 1000) << lw_rng_below(&rng, 26);
        lw_wheel_arm(w, t, lw_rng_below(&rng, 8) == 0 ? LW_TIME_NEVER : now + far);
        lw_time pass = (lw_time)lw_rng_below(&rng, 300) << lw_rng_below(&rng, 14);
        lw_time next = lw_wheel_next(w);
        now = lw_rng_below(&rng, 2) == 0 && next != LW_TIME_NEVER && next > now ? next : now + pass;
        lw_time at[TIMERS];
        for (size_t i = 0; i < TIMERS; i++) {
            at[i] = timers[i].at;
            assert_true(at[i] >= now || next <= at[i] + TICK);
        }
        while ((t = lw_wheel_take_due(w, now)) != NULL) {
            assert_true(at[t - timers] <= now);
        }
        for (size_t i = 0; i < TIMERS; i++) {
            assert_true(timers[i].at == LW_TIME_NEVER || timers[i].at + TICK > now);
        }
    }
    free(w);
}

LW_TEST(none_fires_early_and_none_later_than_a_tick)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        run(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_at_the_first_tick_at_or_after_its_time),
        cmocka_unit_test(a_time_that_has_passed_is_due_at_once),
        cmocka_unit_test(a_timer_that_is_disarmed_or_armed_later_does_not_fire),
        cmocka_unit_test(a_century_is_no_problem),
        cmocka_unit_test(none_fires_early_and_none_later_than_a_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
