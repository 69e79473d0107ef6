#include "client/objects/objects_for_tests.h"
#include "lw/core_objects.h"
#include "lw/standard_objects.h"

static int set_up(void **state)
{
    static const lw_object *const objects[] = {
        &lw_device_object_1_0,    &lw_connectivity_object_1_3, &lw_location_object,
        &lw_statistics_object,    &lw_portfolio_object,        &lw_app_data_object,
        &lw_event_log_object_2_1, &lw_reboot_status_object,    NULL};
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

LW_TEST(every_version_of_connectivity_fits_its_definition)
{
    static const lw_object *const first[] = {&lw_connectivity_object_1_0, &lw_event_log_object_1_0,
                                             NULL};
    static const lw_object *const second[] = {&lw_connectivity_object_1_2, NULL};
    bench *b = bench_new(first);
    bench_add(b, 4, 0);
    assert_ok(lw_connectivity_set_ip_address(&b->tree, 0, 0, "192.0.2.1"));
    assert_err(lw_connectivity_set_snr(&b->tree, 0, 3), LW_ENOTFOUND);
    bench_free(b);
    b = bench_new(second);
    bench_add(b, 4, 0);
    assert_ok(lw_connectivity_set_snr(&b->tree, 0, 3));
    assert_err(lw_connectivity_set_bearer(&b->tree, 0, 51), LW_ERANGE);
    bench_free(b);
}

/* ---- 6 Location ---- */

LW_TEST(a_position_comes_with_its_time)
{
    bench *b = *state;
    bench_add(b, 6, 0);
    b->wall = 1700000000;
    assert_ok(lw_location_fix(&b->tree, 48.5, -123.25, -1));
    expect_at(b, "/6/0/0", "48.5");
    expect_at(b, "/6/0/1", "-123.25");
    expect_at(b, "/6/0/5", "1700000001");
    assert_ok(lw_location_fix(&b->tree, 48.5, -123.25, 1700000099));
    expect_at(b, "/6/0/5", "1700000099");
}

LW_TEST(a_position_that_cannot_be_is_refused)
{
    bench *b = *state;
    assert_err(lw_location_fix(&b->tree, 0, 0, 5), LW_ENOTFOUND);
    bench_add(b, 6, 0);
    assert_err(lw_location_fix(&b->tree, 90.5, 0, 5), LW_ERANGE);
    assert_err(lw_location_fix(&b->tree, 0, -180.5, 5), LW_ERANGE);
    b->wall = -1;
    assert_err(lw_location_fix(&b->tree, 0, 0, -1), LW_ESTATE);
}

/* ---- 7 Connectivity Statistics ---- */

LW_TEST(statistics_begin_at_zero_and_end_with_their_period)
{
    bench *b = *state;
    lw_statistics_sent(&b->tree, 100); /* no such instance */
    bench_add(b, 7, 0);
    lw_statistics_sent(&b->tree, 100); /* nobody counts */
    expect_at(b, "/7/0/2", "LW_ENOTFOUND");
    assert_ok(bench_write(b, "/7/0/8", lw_value_integer(60)));
    assert_ok(bench_execute(b, "/7/0/6", ""));
    expect_at(b, "/7/0/0", "0");
    expect_at(b, "/7/0/2", "0");
    lw_statistics_sent(&b->tree, 1200);
    lw_statistics_received(&b->tree, 2800);
    expect_at(b, "/7/0/2", "1");
    expect_at(b, "/7/0/3", "2");
    expect_at(b, "/7/0/4", "2800");
    expect_at(b, "/7/0/5", "2000");
    assert_int_equal(lw_tree_step(&b->tree, 60999), 61000);
    assert_true(lw_tree_step(&b->tree, 61000) == LW_TIME_NEVER);
    lw_statistics_sent(&b->tree, 5000);
    expect_at(b, "/7/0/2", "1");
    assert_ok(bench_execute(b, "/7/0/6", ""));
    expect_at(b, "/7/0/4", "0");
}

LW_TEST(statistics_without_a_period_go_on_until_stop)
{
    bench *b = *state;
    bench_add(b, 7, 0);
    assert_ok(bench_execute(b, "/7/0/6", ""));
    assert_true(lw_tree_step(&b->tree, 1000000) == LW_TIME_NEVER);
    lw_statistics_sent(&b->tree, 1000);
    assert_ok(bench_execute(b, "/7/0/7", ""));
    lw_statistics_sent(&b->tree, 1000);
    expect_at(b, "/7/0/2", "1"); /* kept */
}

/* ---- 16, 19 ---- */

LW_TEST(servers_create_and_delete_portfolios_and_containers)
{
    bench *b = *state;
    bench_add(b, 16, 0);
    assert_ok(lw_portfolio_object.hooks->create(b, &b->tree, at("/16/0")));
    assert_ok(lw_app_data_object.hooks->remove(b, &b->tree, at("/19/0")));
    assert_ok(bench_write(b, "/16/0/0/0", lw_value_string("host device")));
    assert_ok(bench_write(b, "/16/0/0/3", lw_value_string("version")));
    assert_int_equal(lw_tree_count(&b->tree, at("/16/0/0")), 2);
    bench_add(b, 19, 1);
    assert_ok(bench_write(b, "/19/1/0/0", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str("data"))));
    assert_ok(bench_write(b, "/19/1/5", lw_value_integer(65535)));
    assert_err(bench_write(b, "/19/1/1", lw_value_integer(256)), LW_ERANGE);
}

/* ---- 20 Event Log ---- */

static lw_err append(bench *b, const char *entry)
{
    return lw_event_log_append(&b->tree, 0, lw_bytes_str(entry));
}

LW_TEST(a_log_takes_entries_between_start_and_stop)
{
    bench *b = *state;
    assert_err(append(b, "one"), LW_ENOTFOUND);
    bench_add(b, 20, 0);
    expect_at(b, "/20/0/4013", "1");
    assert_err(append(b, "one"), LW_ESTATE);
    assert_ok(bench_execute(b, "/20/0/4011", ""));
    expect_at(b, "/20/0/4013", "0");
    b->told[0] = '\0';
    assert_ok(append(b, "one"));
    expect_told(b, "=/20/0/4013 =/20/0/4014 ");
    assert_ok(append(b, ""));
    expect_told(b, "");
    assert_ok(append(b, " two"));
    expect_at(b, "/20/0/4013", "2");
    expect_at(b, "/20/0/4014", "one two");
    assert_ok(bench_execute(b, "/20/0/4012", "0='0'"));
    expect_at(b, "/20/0/4013", "3");
    expect_at(b, "/20/0/4014", "one two");
}

LW_TEST(the_argument_of_start_and_stop_says_what_becomes_of_the_log)
{
    bench *b = *state;
    bench_add(b, 20, 0);
    assert_ok(bench_execute(b, "/20/0/4011", ""));
    assert_ok(append(b, "one"));
    assert_ok(bench_execute(b, "/20/0/4011", "0='1'")); /* extend */
    assert_ok(append(b, " two"));
    expect_at(b, "/20/0/4014", "one two");
    assert_ok(bench_execute(b, "/20/0/4011", "0='0'"));
    expect_at(b, "/20/0/4014", "");
    assert_ok(append(b, "three"));
    assert_ok(bench_execute(b, "/20/0/4012", "0='1'")); /* empty */
    expect_at(b, "/20/0/4013", "1");
    assert_err(bench_execute(b, "/20/0/4011", "0='2'"), LW_EINVAL);
    assert_err(bench_execute(b, "/20/0/4011", "x"), LW_EINVAL);
}

LW_TEST(the_oldest_octets_of_a_log_give_way)
{
    bench *b = *state;
    char entry[LW_EVENT_LOG_MAX + 2];
    bench_add(b, 20, 0);
    assert_ok(bench_execute(b, "/20/0/4011", ""));
    memset(entry, 'a', sizeof entry);
    entry[LW_EVENT_LOG_MAX + 1] = '\0';
    assert_err(append(b, entry), LW_ETOOBIG);
    entry[LW_EVENT_LOG_MAX] = '\0';
    assert_ok(append(b, entry));
    assert_ok(append(b, "zz"));
    lw_value v;
    assert_ok(lw_tree_get(&b->tree, at("/20/0/4014"), &v));
    assert_int_equal(v.as.bytes.len, LW_EVENT_LOG_MAX);
    assert_memory_equal(v.as.bytes.ptr + LW_EVENT_LOG_MAX - 3, "azz", 3);
}

/* ---- 10371 Reboot Status ---- */

LW_TEST(the_reboot_status_says_what_becomes_of_reboot_and_reset)
{
    bench *b = *state;
    bench_add(b, LW_OBJ_DEVICE, 0);
    assert_ok(bench_execute(b, "/3/0/4", "")); /* without it */
    bench_add(b, LW_OBJ_REBOOT_STATUS, 0);
    expect_at(b, "/10371/0/0", "0");
    b->verdict = LW_ENOMEM;
    assert_err(bench_execute(b, "/3/0/4", ""), LW_ENOMEM);
    expect_at(b, "/10371/0/0", "2");
    expect_at(b, "/10371/0/1", "not possible now");
    assert_err(bench_execute(b, "/3/0/5", ""), LW_ENOMEM);
    expect_at(b, "/10371/0/2", "2");
    b->verdict = LW_OK;
    assert_ok(bench_execute(b, "/3/0/4", ""));
    expect_at(b, "/10371/0/0", "1");
    expect_at(b, "/10371/0/1", "");
    assert_ok(bench_execute(b, "/3/0/5", ""));
    expect_at(b, "/10371/0/2", "1");
    expect_at(b, "/10371/0/3", "");
    assert_ok(lw_reboot_status_set_reset_state(&b->tree, 0, 3));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_version_of_connectivity_fits_its_definition),
        CASE(a_position_comes_with_its_time),
        CASE(a_position_that_cannot_be_is_refused),
        CASE(statistics_begin_at_zero_and_end_with_their_period),
        CASE(statistics_without_a_period_go_on_until_stop),
        CASE(servers_create_and_delete_portfolios_and_containers),
        CASE(a_log_takes_entries_between_start_and_stop),
        CASE(the_argument_of_start_and_stop_says_what_becomes_of_the_log),
        CASE(the_oldest_octets_of_a_log_give_way),
        CASE(the_reboot_status_says_what_becomes_of_reboot_and_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
