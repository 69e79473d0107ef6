#include "client/objects/objects_for_tests.h"
#include "lw/ipso.h"

static int set_up(void **state)
{
    static const lw_object *const objects[] = {&lw_temperature_object,
                                               &lw_analog_input_object,
                                               &lw_accelerometer_object,
                                               &lw_digital_input_object,
                                               &lw_presence_object,
                                               &lw_switch_object,
                                               &lw_push_button_object,
                                               &lw_digital_output_object,
                                               &lw_analog_output_object,
                                               &lw_actuation_object,
                                               &lw_light_object,
                                               &lw_power_control_object,
                                               NULL};
    bench *b = bench_new(objects);
    b->now = 1000;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bench_free(*state);
    return 0;
}

/* ---- Sensors ---- */

/* objects.md, Owed by simulators: 5601 and 5602 track 5700 since the start */
LW_TEST(minimum_and_maximum_follow_the_value)
{
    bench *b = *state;
    assert_ok(lw_sensor_add(&b->tree, 3303, 0, "Cel", -40, 85));
    expect_at(b, "/3303/0/5601", "LW_ENOTFOUND");
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, 20));
    expect_at(b, "/3303/0/5601", "20");
    expect_at(b, "/3303/0/5602", "20");
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, -5.5f));
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, 30));
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, 22));
    expect_at(b, "/3303/0/5700", "22");
    expect_at(b, "/3303/0/5601", "-5.5");
    expect_at(b, "/3303/0/5602", "30");
    expect_at(b, "/3303/0/5603", "-40");
    expect_at(b, "/3303/0/5604", "85");
    expect_at(b, "/3303/0/5701", "Cel");
}

LW_TEST(a_measurement_tells_only_what_changed)
{
    bench *b = *state;
    assert_ok(lw_sensor_add(&b->tree, 3303, 1, NULL, 0, 0));
    assert_ok(lw_sensor_set(&b->tree, 3303, 1, 20));
    b->told[0] = '\0';
    assert_ok(lw_sensor_set(&b->tree, 3303, 1, 20));
    expect_told(b, "");
    assert_ok(lw_sensor_set(&b->tree, 3303, 1, 21));
    expect_told(b, "=/3303/1/5602 =/3303/1/5700 ");
    assert_ok(lw_sensor_set(&b->tree, 3303, 1, 20.5f));
    expect_told(b, "=/3303/1/5700 ");
    assert_false(lw_tree_exists(&b->tree, at("/3303/1/5701")));
}

LW_TEST(a_reset_makes_both_the_value_of_now)
{
    bench *b = *state;
    assert_ok(lw_sensor_add(&b->tree, 3303, 0, "Cel", -40, 85));
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, 20));
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, 30));
    assert_ok(bench_execute(b, "/3303/0/5605", ""));
    expect_at(b, "/3303/0/5601", "30");
    expect_at(b, "/3303/0/5602", "30");
    assert_ok(lw_sensor_set(&b->tree, 3303, 0, 29));
    expect_at(b, "/3303/0/5601", "29");
}

LW_TEST(an_analog_input_is_a_sensor_with_another_id)
{
    bench *b = *state;
    assert_ok(lw_sensor_add(&b->tree, 3202, 0, NULL, 0, 10));
    assert_ok(lw_sensor_set(&b->tree, 3202, 0, 3));
    assert_ok(lw_sensor_set(&b->tree, 3202, 0, 2));
    expect_at(b, "/3202/0/5600", "2");
    expect_at(b, "/3202/0/5602", "3");
    assert_ok(bench_execute(b, "/3202/0/5605", ""));
    expect_at(b, "/3202/0/5602", "2");
}

LW_TEST(what_is_not_there_cannot_be_measured)
{
    bench *b = *state;
    assert_err(lw_sensor_set(&b->tree, 3303, 0, 20), LW_ENOTFOUND);
    assert_err(lw_sensor_add(&b->tree, 3304, 0, "%RH", 0, 100), LW_ENOTFOUND);
    assert_err(lw_axes_add(&b->tree, 3314, 0, "T"), LW_ENOTFOUND);
    assert_err(lw_input_set(&b->tree, 3200, 0, true), LW_ENOTFOUND);
    assert_err(lw_actuator_set(&b->tree, 3306, 0, true), LW_ENOTFOUND);
    assert_int_equal(lw_actuator_power(&b->tree, 3306, 0), 0);
    assert_err(bench_execute(b, "/3303/0/5605", ""), LW_ENOTFOUND);
    assert_err(lw_sensor_add(&b->tree, 3303, 0, "far too long", 0, 1), LW_ETOOBIG);
}

/* Every object is sound for the tree. */
LW_TEST(all_sensors_fit_their_definitions)
{
    static const lw_object *const objects[] = {&lw_generic_sensor_object, &lw_illuminance_object,
                                               &lw_humidity_object,       &lw_barometer_object,
                                               &lw_voltage_object,        &lw_current_object,
                                               &lw_frequency_object,      &lw_depth_object,
                                               &lw_percentage_object,     &lw_altitude_object,
                                               &lw_load_object,           &lw_pressure_object,
                                               &lw_loudness_object,       &lw_concentration_object,
                                               &lw_acidity_object,        &lw_conductivity_object,
                                               &lw_power_object,          &lw_power_factor_object,
                                               &lw_distance_object,       &lw_magnetometer_object,
                                               &lw_gyrometer_object,      NULL};
    bench *b = bench_new(objects);
    assert_ok(lw_sensor_add(&b->tree, 3330, 0, "m", 0, 5));
    assert_ok(lw_sensor_set(&b->tree, 3330, 0, 1));
    assert_ok(lw_axes_add(&b->tree, 3334, 0, NULL));
    bench_free(b);
}

LW_TEST(three_axes_are_set_together)
{
    bench *b = *state;
    assert_ok(lw_axes_add(&b->tree, 3313, 0, "m/s2"));
    assert_ok(lw_axes_set(&b->tree, 3313, 0, 0.5f, -1, 9.75f));
    expect_at(b, "/3313/0/5702", "0.5");
    expect_at(b, "/3313/0/5703", "-1");
    expect_at(b, "/3313/0/5704", "9.75");
    expect_at(b, "/3313/0/5701", "m/s2");
}

/* ---- Inputs ---- */

/* 5501 counts active edges (5504) */
LW_TEST(an_input_counts_rising_edges_unless_told_otherwise)
{
    bench *b = *state;
    bench_add(b, 3200, 0);
    expect_at(b, "/3200/0/5501", "0");
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    assert_ok(lw_input_set(&b->tree, 3200, 0, false));
    expect_at(b, "/3200/0/5501", "1");
    assert_ok(bench_write(b, "/3200/0/5504", lw_value_integer(1)));
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    expect_at(b, "/3200/0/5501", "1");
    assert_ok(lw_input_set(&b->tree, 3200, 0, false));
    expect_at(b, "/3200/0/5501", "2");
    assert_ok(bench_write(b, "/3200/0/5504", lw_value_integer(3)));
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    assert_ok(lw_input_set(&b->tree, 3200, 0, false));
    expect_at(b, "/3200/0/5501", "4");
    assert_ok(bench_execute(b, "/3200/0/5505", ""));
    expect_at(b, "/3200/0/5501", "0");
    assert_err(bench_write(b, "/3200/0/5504", lw_value_integer(4)), LW_ERANGE);
}

LW_TEST(a_reversed_input_shows_the_other_state_without_an_edge)
{
    bench *b = *state;
    bench_add(b, 3200, 0);
    assert_ok(bench_write(b, "/3200/0/5502", lw_value_boolean(true)));
    expect_at(b, "/3200/0/5500", "true");
    expect_at(b, "/3200/0/5501", "0");
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    expect_at(b, "/3200/0/5500", "false");
    assert_ok(lw_input_set(&b->tree, 3200, 0, false));
    expect_at(b, "/3200/0/5501", "1");
}

/* 5503 */
LW_TEST(an_input_that_bounces_is_not_counted)
{
    bench *b = *state;
    bench_add(b, 3200, 0);
    assert_ok(bench_write(b, "/3200/0/5503", lw_value_integer(20)));
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    b->now = 1010;
    assert_ok(lw_input_set(&b->tree, 3200, 0, false));
    assert_true(lw_tree_step(&b->tree, 1010) == LW_TIME_NEVER);
    assert_ok(lw_input_set(&b->tree, 3200, 0, true));
    b->now = 1015;
    assert_ok(lw_input_set(&b->tree, 3200, 0, true)); /* sampled again: the time goes on */
    assert_ok(bench_write(b, "/3200/0/5504", lw_value_integer(3)));
    assert_int_equal(lw_tree_step(&b->tree, 1029), 1030);
    expect_at(b, "/3200/0/5500", "false");
    assert_true(lw_tree_step(&b->tree, 1030) == LW_TIME_NEVER);
    expect_at(b, "/3200/0/5500", "true");
    expect_at(b, "/3200/0/5501", "1");
}

/* 5903, 5904 */
LW_TEST(presence_has_a_delay_for_each_direction)
{
    bench *b = *state;
    bench_add(b, 3302, 0);
    assert_ok(bench_write(b, "/3302/0/5903", lw_value_integer(5000)));
    assert_ok(lw_input_set(&b->tree, 3302, 0, true));
    expect_at(b, "/3302/0/5500", "true");
    assert_ok(lw_input_set(&b->tree, 3302, 0, false));
    assert_int_equal(lw_tree_step(&b->tree, 1000), 6000);
    expect_at(b, "/3302/0/5500", "true");
    lw_tree_step(&b->tree, 6000);
    expect_at(b, "/3302/0/5500", "false");
    expect_at(b, "/3302/0/5501", "1");
}

/* 5852, 5854 */
LW_TEST(a_switch_counts_its_seconds_on_and_off)
{
    bench *b = *state;
    bench_add(b, 3342, 0);
    lw_tree_step(&b->tree, 1000);
    b->now = 11000;
    assert_ok(lw_input_set(&b->tree, 3342, 0, true));
    b->now = 16500;
    expect_at(b, "/3342/0/5852", "5");
    expect_at(b, "/3342/0/5854", "10");
    assert_ok(bench_write(b, "/3342/0/5854", lw_value_integer(0)));
    b->now = 17000;
    expect_at(b, "/3342/0/5852", "6");
    expect_at(b, "/3342/0/5854", "0");
    assert_err(bench_write(b, "/3342/0/5852", lw_value_integer(-1)), LW_ERANGE);
}

LW_TEST(a_push_button_counts)
{
    bench *b = *state;
    bench_add(b, 3347, 0);
    assert_ok(lw_input_set(&b->tree, 3347, 0, true));
    assert_ok(lw_input_set(&b->tree, 3347, 0, false));
    assert_ok(lw_input_set(&b->tree, 3347, 0, true));
    expect_at(b, "/3347/0/5501", "2");
}

/* ---- Outputs and actuators ---- */

LW_TEST(a_digital_output_has_a_polarity)
{
    bench *b = *state;
    bench_add(b, 3201, 0);
    assert_false(lw_output_level(&b->tree, 0));
    assert_ok(bench_write(b, "/3201/0/5550", lw_value_boolean(true)));
    assert_true(lw_output_level(&b->tree, 0));
    assert_ok(bench_write(b, "/3201/0/5551", lw_value_boolean(true)));
    assert_false(lw_output_level(&b->tree, 0));
    bench_add(b, 3203, 0);
    assert_ok(bench_write(b, "/3203/0/5650", lw_value_float(0.5)));
    assert_err(bench_write(b, "/3203/0/5650", lw_value_float(1.5)), LW_ERANGE);
}

/* 5852 counts seconds while on and is reset by writing 0; 5850 false stops it */
LW_TEST(an_actuator_counts_its_seconds_on)
{
    bench *b = *state;
    bench_add(b, 3306, 0);
    lw_tree_step(&b->tree, 1000);
    assert_ok(bench_write(b, "/3306/0/5850", lw_value_boolean(true)));
    b->now = 4000;
    expect_at(b, "/3306/0/5852", "3");
    b->now = 5000;
    assert_ok(bench_write(b, "/3306/0/5850", lw_value_boolean(false)));
    b->now = 60000;
    expect_at(b, "/3306/0/5852", "4");
    assert_ok(lw_actuator_set(&b->tree, 3306, 0, true));
    b->now = 61000;
    expect_at(b, "/3306/0/5852", "5");
    assert_ok(bench_write(b, "/3306/0/5852", lw_value_integer(0)));
    expect_at(b, "/3306/0/5852", "0");
    b->now = 63000;
    expect_at(b, "/3306/0/5852", "2");
    assert_err(bench_write(b, "/3306/0/5852", lw_value_integer(-1)), LW_ERANGE);
}

LW_TEST(before_the_engine_has_a_time_nothing_is_counted)
{
    bench *b = *state;
    b->now = 0;
    bench_add(b, 3312, 0);
    assert_ok(lw_actuator_set(&b->tree, 3312, 0, true));
    b->now = 1000000;
    lw_tree_step(&b->tree, 1000000);
    b->now = 1002000;
    expect_at(b, "/3312/0/5852", "2");
}

LW_TEST(the_power_of_an_actuator_is_its_dimmer_while_on)
{
    bench *b = *state;
    bench_add(b, 3311, 0);
    assert_int_equal(lw_actuator_power(&b->tree, 3311, 0), 0);
    assert_ok(bench_write(b, "/3311/0/5850", lw_value_boolean(true)));
    assert_int_equal(lw_actuator_power(&b->tree, 3311, 0), 100);
    assert_ok(bench_write(b, "/3311/0/5851", lw_value_integer(40)));
    assert_int_equal(lw_actuator_power(&b->tree, 3311, 0), 40);
    assert_ok(bench_write(b, "/3311/0/5706", lw_value_string("#FF8000")));
    assert_err(bench_write(b, "/3311/0/5851", lw_value_integer(101)), LW_ERANGE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(minimum_and_maximum_follow_the_value),
        CASE(a_measurement_tells_only_what_changed),
        CASE(a_reset_makes_both_the_value_of_now),
        CASE(an_analog_input_is_a_sensor_with_another_id),
        CASE(what_is_not_there_cannot_be_measured),
        CASE(all_sensors_fit_their_definitions),
        CASE(three_axes_are_set_together),
        CASE(an_input_counts_rising_edges_unless_told_otherwise),
        CASE(a_reversed_input_shows_the_other_state_without_an_edge),
        CASE(an_input_that_bounces_is_not_counted),
        CASE(presence_has_a_delay_for_each_direction),
        CASE(a_switch_counts_its_seconds_on_and_off),
        CASE(a_push_button_counts),
        CASE(a_digital_output_has_a_polarity),
        CASE(an_actuator_counts_its_seconds_on),
        CASE(before_the_engine_has_a_time_nothing_is_counted),
        CASE(the_power_of_an_actuator_is_its_dimmer_while_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
