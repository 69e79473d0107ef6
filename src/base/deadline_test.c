#include "testing/lw_test.h"

#include "base/deadline.h"
#include "base/rng.h"

LW_TEST(nothing_is_due_when_nothing_is_armed)
{
    lw_deadlines all;
    lw_deadlines_init(&all);
    assert_true(lw_deadlines_next(&all) == LW_TIME_NEVER);
    assert_null(lw_deadlines_take_due(&all, LW_TIME_NEVER));
}

LW_TEST(deadlines_come_due_in_the_order_of_time)
{
    lw_deadlines all;
    lw_deadline a = {0}, b = {0}, c = {0};
    lw_deadlines_init(&all);
    lw_deadline_arm(&all, &b, 20);
    lw_deadline_arm(&all, &c, 30);
    lw_deadline_arm(&all, &a, 10);
    assert_int_equal(lw_deadlines_next(&all), 10);
    assert_null(lw_deadlines_take_due(&all, 9));
    assert_ptr_equal(lw_deadlines_take_due(&all, 25), &a);
    assert_ptr_equal(lw_deadlines_take_due(&all, 25), &b);
    assert_null(lw_deadlines_take_due(&all, 25));
    assert_false(lw_deadline_is_armed(&a));
    assert_true(lw_deadline_is_armed(&c));
    assert_int_equal(lw_deadlines_next(&all), 30);
}

LW_TEST(arming_again_moves_a_deadline)
{
    lw_deadlines all;
    lw_deadline a = {0}, b = {0};
    lw_deadlines_init(&all);
    lw_deadline_arm(&all, &a, 10);
    lw_deadline_arm(&all, &b, 20);
    lw_deadline_arm(&all, &a, 30);
    assert_int_equal(lw_deadlines_next(&all), 20);
    lw_deadline_arm(&all, &a, 5);
    assert_int_equal(lw_deadlines_next(&all), 5);
}

LW_TEST(arming_for_never_disarms)
{
    lw_deadlines all;
    lw_deadline a = {0};
    lw_deadlines_init(&all);
    lw_deadline_arm(&all, &a, 10);
    lw_deadline_arm(&all, &a, LW_TIME_NEVER);
    assert_false(lw_deadline_is_armed(&a));
    assert_true(lw_deadlines_next(&all) == LW_TIME_NEVER);
    lw_deadline_disarm(&a);
    assert_false(lw_deadline_is_armed(&a));
}

LW_TEST(equal_times_are_all_taken)
{
    enum { COUNT = 9 };
    lw_deadlines all;
    lw_deadline d[COUNT];
    lw_deadlines_init(&all);
    for (size_t i = 0; i < COUNT; i++) {
        d[i] = (lw_deadline){0};
        lw_deadline_arm(&all, &d[i], 7);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_non_null(lw_deadlines_take_due(&all, 7));
    }
    assert_null(lw_deadlines_take_due(&all, 7));
}

static lw_time earliest(const lw_time *times, size_t count)
{
    lw_time first = LW_TIME_NEVER;
    for (size_t i = 0; i < count; i++) {
        first = times[i] < first ? times[i] : first;
    }
    return first;
}

/* Any mix of arming, moving, disarming and taking agrees with a plain array at every step. */
LW_TEST(the_heap_agrees_with_a_plain_array)
{
    enum { COUNT = 200, STEPS = 30000 };
    lw_deadlines all;
    lw_deadline d[COUNT];
    lw_time reference[COUNT];
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, 7);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    lw_deadlines_init(&all);
    for (size_t i = 0; i < COUNT; i++) {
        d[i] = (lw_deadline){0};
        reference[i] = LW_TIME_NEVER;
    }
    for (unsigned step = 0; step < STEPS; step++) {
        size_t i = lw_rng_below(&rng, COUNT);
        switch (lw_rng_below(&rng, 4)) {
        case 0:
        case 1:
            reference[i] = (lw_time)lw_rng_below(&rng, 1000) - 500;
            lw_deadline_arm(&all, &d[i], reference[i]);
            break;
        case 2:
            reference[i] = LW_TIME_NEVER;
            lw_deadline_disarm(&d[i]);
            break;
        default: {
            lw_time now = (lw_time)lw_rng_below(&rng, 1000) - 600;
            lw_time expected = earliest(reference, COUNT);
            lw_deadline *due = lw_deadlines_take_due(&all, now);
            assert_int_equal(due != NULL, expected <= now);
            if (due != NULL) {
                assert_int_equal(reference[due - d], expected);
                reference[due - d] = LW_TIME_NEVER;
            }
        }
        }
        assert_true(lw_deadlines_next(&all) == earliest(reference, COUNT));
    }
}

LW_TEST(adding_to_a_time_stops_at_never)
{
    assert_int_equal(lw_time_add(10, 5), 15);
    assert_true(lw_time_add(LW_TIME_NEVER, 1) == LW_TIME_NEVER);
    assert_true(lw_time_add(10, LW_TIME_NEVER) == LW_TIME_NEVER);
    assert_true(lw_time_add(-10, LW_TIME_NEVER) == LW_TIME_NEVER - 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_when_nothing_is_armed),
        cmocka_unit_test(deadlines_come_due_in_the_order_of_time),
        cmocka_unit_test(arming_again_moves_a_deadline),
        cmocka_unit_test(arming_for_never_disarms),
        cmocka_unit_test(equal_times_are_all_taken),
        cmocka_unit_test(the_heap_agrees_with_a_plain_array),
        cmocka_unit_test(adding_to_a_time_stops_at_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
