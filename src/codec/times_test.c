#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/times.h"

#define WALL 1700000000000

static lw_entry entry_at(lw_time at, lw_time first)
{
    lw_entry e = {.kind = LW_ENTRY_VALUE};
    lw_entry_set_time(&e, at, first);
    return e;
}

static lw_time time_of(const lw_entry *e)
{
    lw_time at;
    assert_int_equal(lw_entry_time(e, WALL, &at), LW_OK);
    return at;
}

static void seconds_are_integers_where_they_can(void **state)
{
    (void)state;
    lw_entry whole = entry_at(-60000, 0);
    lw_entry part = entry_at(1500, 0);
    assert_true(lw_value_equal(whole.time, lw_value_integer(-60)));
    assert_true(lw_value_equal(part.time, lw_value_float(1.5)));
}

static void times_since_1970_are_told_from_the_first(void **state)
{
    (void)state;
    lw_entry first = entry_at(WALL, WALL);
    lw_entry later = entry_at(WALL + 2250, WALL);
    assert_true(lw_value_equal(first.base_time, lw_value_integer(WALL / 1000)));
    assert_int_equal(first.time.type, LW_TYPE_NONE);
    assert_true(lw_value_equal(later.base_time, first.base_time));
    assert_true(lw_value_equal(later.time, lw_value_float(2.25)));
    assert_int_equal(time_of(&first), WALL);
    assert_int_equal(time_of(&later), WALL + 2250);
}

static void times_before_now_have_no_base(void **state)
{
    (void)state;
    lw_entry e = entry_at(-2000, -5000);
    assert_int_equal(e.base_time.type, LW_TYPE_NONE);
    assert_int_equal(time_of(&e), WALL - 2000);
}

/* RFC 8428 section 4.5.3. */
static void the_sum_says_whether_a_time_is_relative(void **state)
{
    (void)state;
    lw_entry below = {.base_time = lw_value_integer(1 << 28), .time = lw_value_integer(-1)};
    lw_entry from = {.base_time = lw_value_integer((1 << 28) - 1), .time = lw_value_integer(1)};
    assert_int_equal(time_of(&below), WALL + ((INT64_C(1) << 28) - 1) * 1000);
    assert_int_equal(time_of(&from), (INT64_C(1) << 28) * 1000);
}

static void without_a_time_it_is_now(void **state)
{
    (void)state;
    lw_entry e = {.kind = LW_ENTRY_VALUE};
    assert_false(lw_entry_has_time(&e));
    assert_int_equal(time_of(&e), WALL);
}

static void a_time_beyond_all_calendars_is_out_of_range(void **state)
{
    (void)state;
    lw_time at;
    lw_entry e = {.time = lw_value_float(1e13)};
    assert_int_equal(lw_entry_time(&e, WALL, &at), LW_ERANGE);
    e = (lw_entry){.base_time = lw_value_unsigned(UINT64_MAX)};
    assert_int_equal(lw_entry_time(&e, WALL, &at), LW_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_are_integers_where_they_can),
        cmocka_unit_test(times_since_1970_are_told_from_the_first),
        cmocka_unit_test(times_before_now_have_no_base),
        cmocka_unit_test(the_sum_says_whether_a_time_is_relative),
        cmocka_unit_test(without_a_time_it_is_now),
        cmocka_unit_test(a_time_beyond_all_calendars_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
