#include "client/objects/objects_for_tests.h"
#include "lw/core_objects.h"

static int set_up(void **state)
{
    static const lw_object *const objects[] = {&lw_device_object_1_2, NULL};
    bench *b = bench_new(objects);
    bench_add(b, LW_OBJ_DEVICE, 0);
    b->told[0] = '\0';
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bench_free(*state);
    return 0;
}

/* The error codes as "0=1 2=8". */
static void expect_errors(bench *b, const char *expected)
{
    char seen[128] = "";
    lw_path p = at("/3/0/11");
    while (lw_tree_next(&b->tree, &p, 3, 4)) {
        lw_value v;
        size_t len = strlen(seen);
        assert_ok(lw_tree_get(&b->tree, p, &v));
        snprintf(seen + len, sizeof seen - len, "%s%u=%d", len > 0 ? " " : "",
                 lw_path_id(p, LW_LEVEL_RESOURCE_INSTANCE), (int)v.as.integer);
    }
    assert_string_equal(seen, expected);
}

LW_TEST(a_device_without_errors_says_so_in_instance_0)
{
    expect_errors(*state, "0=0");
}

/* objects.md, 3 Device, Owed */
LW_TEST(the_first_error_takes_the_place_of_the_zero_and_others_add_instances)
{
    bench *b = *state;
    assert_ok(lw_device_raise_error(&b->tree, 1));
    expect_errors(b, "0=1");
    assert_ok(lw_device_raise_error(&b->tree, 8));
    assert_ok(lw_device_raise_error(&b->tree, 7));
    expect_errors(b, "0=1 1=8 2=7");
    expect_told(b, "=/3/0/11/0 =/3/0/11/1 =/3/0/11/2 ");
}

LW_TEST(an_error_that_is_raised_again_changes_nothing)
{
    bench *b = *state;
    assert_ok(lw_device_raise_error(&b->tree, 1));
    b->told[0] = '\0';
    assert_ok(lw_device_raise_error(&b->tree, 1));
    expect_errors(b, "0=1");
    expect_told(b, "");
}

LW_TEST(an_error_that_is_cleared_removes_its_instance)
{
    bench *b = *state;
    assert_ok(lw_device_raise_error(&b->tree, 1));
    assert_ok(lw_device_raise_error(&b->tree, 8));
    assert_ok(lw_device_clear_error(&b->tree, 1));
    expect_errors(b, "1=8");
    assert_ok(lw_device_raise_error(&b->tree, 5));
    expect_errors(b, "0=5 1=8");
    assert_ok(lw_device_clear_error(&b->tree, 3));
    expect_errors(b, "0=5 1=8");
}

/* P-OBJ-07 */
LW_TEST(the_last_error_that_goes_leaves_the_zero)
{
    bench *b = *state;
    assert_ok(lw_device_raise_error(&b->tree, 1));
    assert_ok(lw_device_clear_error(&b->tree, 1));
    expect_errors(b, "0=0");
    assert_ok(lw_device_raise_error(&b->tree, 1));
    assert_ok(lw_device_raise_error(&b->tree, 2));
    assert_ok(lw_device_clear_error(&b->tree, 1));
    assert_ok(lw_device_clear_error(&b->tree, 2));
    expect_errors(b, "0=0");
}

/* CLI-73 */
LW_TEST(reset_error_code_leaves_the_zero_and_what_lasts_shows_again)
{
    bench *b = *state;
    assert_ok(lw_device_raise_error(&b->tree, 1));
    assert_ok(lw_device_raise_error(&b->tree, 2));
    assert_ok(bench_execute(b, "/3/0/12", ""));
    expect_errors(b, "0=0");
    assert_ok(lw_device_raise_error(&b->tree, 2));
    expect_errors(b, "0=2");
}

LW_TEST(what_is_no_error_code_is_refused)
{
    bench *b = *state;
    assert_err(lw_device_raise_error(&b->tree, 0), LW_ERANGE);
    assert_err(lw_device_clear_error(&b->tree, 0), LW_ERANGE);
    assert_err(lw_device_raise_error(&b->tree, 33), LW_ERANGE);
    assert_ok(lw_device_raise_error(&b->tree, 32));
    for (uint8_t code = 1; code < 8; code++) {
        assert_ok(lw_device_raise_error(&b->tree, code));
    }
    assert_err(lw_device_raise_error(&b->tree, 8), LW_ENOMEM);
}

/* CLI-70, CLI-71, P-OBJ-13 */
LW_TEST(reboot_and_factory_reset_ask_the_engine)
{
    bench *b = *state;
    assert_ok(bench_execute(b, "/3/0/4", "9")); /* DM-64 */
    assert_ok(bench_execute(b, "/3/0/5", ""));
    expect_asked(b, "reboot; factory reset; ");
    b->verdict = LW_EMETHOD;
    assert_err(bench_execute(b, "/3/0/5", ""), LW_EMETHOD);
}

LW_TEST(the_time_that_is_written_goes_on)
{
    bench *b = *state;
    b->wall = -1;
    expect_at(b, "/3/0/13", "LW_ENOTFOUND");
    b->now = 5000;
    assert_ok(bench_write(b, "/3/0/13", lw_value_time(1700000000)));
    expect_told(b, "=/3/0/13 ");
    b->now = 15999;
    expect_at(b, "/3/0/13", "1700000010");
    assert_err(bench_write(b, "/3/0/13", lw_value_time(-1)), LW_ERANGE);
}

LW_TEST(the_utc_offset_follows_iso_8601)
{
    bench *b = *state;
    assert_ok(bench_write(b, "/3/0/14", lw_value_string("+02:00")));
    assert_ok(bench_write(b, "/3/0/14", lw_value_string("-0330")));
    assert_ok(bench_write(b, "/3/0/14", lw_value_string("+02")));
    assert_ok(bench_write(b, "/3/0/14", lw_value_string("Z")));
    assert_err(bench_write(b, "/3/0/14", lw_value_string("")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("UTC")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("02:00")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+24:00")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+02:60")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+2:00")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("z")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+0")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+020")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+0260")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+02-00")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+02:0")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+02000")), LW_EINVAL);
    assert_err(bench_write(b, "/3/0/14", lw_value_string("+02:000")), LW_ETOOBIG);
    expect_at(b, "/3/0/14", "Z");
}

LW_TEST(what_is_never_set_does_not_exist)
{
    bench *b = *state;
    assert_false(lw_tree_exists(&b->tree, at("/3/0/9")));
    assert_ok(lw_device_set_battery_level(&b->tree, 0, 80));
    assert_ok(lw_device_set_manufacturer(&b->tree, 0, "Lapwing"));
    assert_ok(lw_device_set_power_source(&b->tree, 0, 0, 1));
    assert_ok(lw_device_set_power_voltage(&b->tree, 0, 0, 3800));
    assert_err(lw_device_set_battery_level(&b->tree, 0, 101), LW_ERANGE);
    expect_at(b, "/3/0/9", "80");
    expect_at(b, "/3/0/0", "Lapwing");
    expect_at(b, "/3/0/7/0", "3800");
    expect_at(b, "/3/0/16", "U");
}

LW_TEST(the_minimal_device_has_the_same_setters_and_errors)
{
    static const lw_object *const objects[] = {&lw_device_minimal_object, NULL};
    bench *b = bench_new(objects);
    bench_add(b, LW_OBJ_DEVICE, 0);
    assert_ok(lw_device_set_serial(&b->tree, 0, "42"));
    assert_err(lw_device_set_battery_level(&b->tree, 0, 1), LW_ENOTFOUND);
    assert_ok(lw_device_raise_error(&b->tree, 5));
    expect_errors(b, "0=5");
    assert_ok(bench_execute(b, "/3/0/4", ""));
    expect_asked(b, "reboot; ");
    expect_at(b, "/3/0/2", "42");
    expect_at(b, "/3/0/16", "U");
    bench_free(b);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_device_without_errors_says_so_in_instance_0),
        CASE(the_first_error_takes_the_place_of_the_zero_and_others_add_instances),
        CASE(an_error_that_is_raised_again_changes_nothing),
        CASE(an_error_that_is_cleared_removes_its_instance),
        CASE(the_last_error_that_goes_leaves_the_zero),
        CASE(reset_error_code_leaves_the_zero_and_what_lasts_shows_again),
        CASE(what_is_no_error_code_is_refused),
        CASE(reboot_and_factory_reset_ask_the_engine),
        CASE(the_time_that_is_written_goes_on),
        CASE(the_utc_offset_follows_iso_8601),
        CASE(what_is_never_set_does_not_exist),
        cmocka_unit_test(the_minimal_device_has_the_same_setters_and_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
