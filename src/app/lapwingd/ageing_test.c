#include "app/lapwingd/ageing.h"

#include "testing/lw_test.h"

#define DAY  ((lw_time)24 * 3600 * 1000)
#define WALL INT64_C(1700000000000)

static const ageing since = {.now = 5000, .wall = WALL};

LW_TEST(things_grow_old_as_time_passes)
{
    assert_int_equal(ageing_clock(&since, 5000, WALL), WALL);
    assert_int_equal(ageing_clock(&since, 5000 + DAY, WALL + DAY), WALL + DAY);
}

LW_TEST(a_clock_that_jumps_ahead_makes_nothing_old)
{
    assert_int_equal(ageing_clock(&since, 6000, WALL + 3650 * DAY), WALL + 1000);
    assert_int_equal(ageing_clock(&since, 5000 + DAY, WALL + 3650 * DAY), WALL + DAY);
}

LW_TEST(a_clock_that_is_set_back_is_believed)
{
    assert_int_equal(ageing_clock(&since, 6000, WALL - DAY), WALL - DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_grow_old_as_time_passes),
        cmocka_unit_test(a_clock_that_jumps_ahead_makes_nothing_old),
        cmocka_unit_test(a_clock_that_is_set_back_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
