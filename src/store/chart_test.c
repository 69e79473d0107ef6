/* Recorded values made fewer: of each step the smallest and the largest number. */
#include "store/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "testing/lw_test.h"

static lw_chart chart;
static uint64_t fed;
static char points[256]; /* "time=number …" of what came out */

static void note(const lw_chart_point *out, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        size_t len = strlen(points);
        snprintf(points + len, sizeof points - len, "%s%lld=%g", len > 0 ? " " : "",
                 (long long)out[i].value.at, out[i].number);
    }
}

static void begin(lw_time from, lw_time step, bool newest_first)
{
    lw_values_query query = {.from = from, .step = step, .newest_first = newest_first};
    lw_chart_init(&chart, &query);
    fed = 0;
    points[0] = '\0';
}

static void feed_value(lw_time at, lw_value value)
{
    lw_row_value row = {.at = at, .value = value};
    lw_chart_point out[2];
    note(out, lw_chart_feed(&chart, &row, fed++, out));
}

static void feed(lw_time at, double number)
{
    feed_value(at, lw_value_float(number));
}

static const char *end(void)
{
    lw_chart_point out[2];
    note(out, lw_chart_end(&chart, out));
    return points;
}

LW_TEST(each_step_has_its_smallest_and_largest_in_order_of_time)
{
    begin(0, 10, false);
    feed(1, 5);
    feed(2, 9);
    feed(3, 1);
    feed(9, 4);
    feed(10, 7);
    feed(25, 2);
    assert_string_equal(end(), "2=9 3=1 10=7 25=2");
    assert_string_equal(end(), points); /* there is no more */
}

LW_TEST(backwards_the_steps_are_the_same)
{
    begin(0, 10, true);
    feed(25, 2);
    feed(10, 7);
    feed(9, 4);
    feed(3, 1);
    feed(2, 9);
    feed(1, 5);
    assert_string_equal(end(), "25=2 10=7 3=1 2=9");
}

LW_TEST(of_equal_ones_the_earliest_stands_whichever_way_they_come)
{
    begin(0, 10, false);
    feed(1, 3);
    feed(2, 3);
    assert_string_equal(end(), "1=3");
    begin(0, 10, true);
    feed(2, 3);
    feed(1, 3);
    assert_string_equal(end(), "1=3");
}

LW_TEST(what_has_no_number_is_left_out)
{
    begin(0, 10, false);
    feed_value(1, lw_value_string("high"));
    feed_value(2, lw_value_float(NAN));
    assert_string_equal(end(), "");
    feed_value(3, lw_value_integer(7));
    feed_value(4, lw_value_string("low"));
    assert_string_equal(end(), "3=7");
}

LW_TEST(steps_count_from_the_beginning_of_the_question)
{
    begin(-5, 10, false);
    feed(-5, 1);
    feed(4, 2);
    feed(5, 3);
    assert_string_equal(end(), "-5=1 4=2 5=3");
}

LW_TEST(all_the_time_there_is_does_not_overflow)
{
    begin(INT64_MIN, INT64_MAX, false);
    feed(INT64_MIN, 1);
    feed(0, 2);
    feed(INT64_MAX - 1, 3);
    assert_string_equal(end(), "-9223372036854775808=1 0=2 9223372036854775806=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_has_its_smallest_and_largest_in_order_of_time),
        cmocka_unit_test(backwards_the_steps_are_the_same),
        cmocka_unit_test(of_equal_ones_the_earliest_stands_whichever_way_they_come),
        cmocka_unit_test(what_has_no_number_is_left_out),
        cmocka_unit_test(steps_count_from_the_beginning_of_the_question),
        cmocka_unit_test(all_the_time_there_is_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
