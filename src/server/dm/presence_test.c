#include "server/rig_test.h"

static rig *begin(char location[32])
{
    lw_server_cfg cfg = {.shard = 3, .limits.awake_ms = 93000};
    rig *r = rig_new(&cfg);
    rig_register(r, 4000, "/rd?ep=a&lt=3000&lwm2m=1.1&Q", RIG_LINKS, location);
    assert_string_equal(rig_told(r), "REGISTERED");
    return r;
}

LW_TEST(TRN_41_a_device_in_queue_mode_sleeps_when_its_window_is_over)
{
    char location[32];
    rig *r = begin(location);
    rig_pass(r, 92900);
    assert_string_equal(rig_told(r), "");
    rig_pass(r, 300);
    assert_string_equal(rig_told(r), "ASLEEP");
    assert_int_equal(rig_device(r, "a").state, LW_DEVICE_ASLEEP);
    assert_int_equal(lw_server_get_stats(r->server).asleep, 1);
    rig_free(r);
}

LW_TEST(edge_30_every_uplink_restarts_the_window_and_one_wakes_it_once)
{
    char location[32];
    rig *r = begin(location);
    lw_hop hop = rig_hop(4000);
    rig_message ping = {.type = LW_COAP_CON}; /* even an empty message */
    for (unsigned i = 0; i < 5; i++) {
        rig_pass(r, 60000);
        rig_message_from(r, &hop, &ping);
    }
    assert_string_equal(rig_told(r), "");
    rig_pass(r, 94000);
    assert_string_equal(rig_told(r), "ASLEEP");
    rig_message_from(r, &hop, &ping);
    rig_message_from(r, &hop, &ping);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_string_equal(rig_told(r), "AWAKE UPDATED");
    assert_int_equal(lw_server_get_stats(r->server).asleep, 0);
    rig_free(r);
}

LW_TEST(rubbish_from_its_address_wakes_nobody)
{
    char location[32];
    rig *r = begin(location);
    rig_pass(r, 94000);
    (void)rig_told(r);
    lw_hop hop = rig_hop(4000);
    lw_server_feed(r->server, r->now, &hop, lw_bytes_str("\x4f\x01zz"));
    assert_string_equal(rig_told(r), "");
    rig_free(r);
}

LW_TEST(a_register_of_one_that_sleeps_tells_no_awake)
{
    char location[32];
    rig *r = begin(location);
    rig_pass(r, 94000);
    (void)rig_told(r);
    rig_register(r, 4000, "/rd?ep=a&lt=3000&lwm2m=1.1&Q", RIG_LINKS, location);
    assert_string_equal(rig_told(r), "DEREGISTERED REGISTERED");
    rig_free(r);
}

LW_TEST(a_device_without_queue_mode_never_sleeps)
{
    rig *r = rig_new(NULL);
    char location[32];
    rig_register(r, 4000, "/rd?ep=a&lt=3000&lwm2m=1.1", RIG_LINKS, location);
    (void)rig_told(r);
    rig_pass(r, 1000000);
    assert_string_equal(rig_told(r), "");
    /* REG-35: an Update may turn it on. */
    char target[40];
    sprintf(target, "%s?Q", location);
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, target, NULL), LW_COAP_CHANGED);
    rig_pass(r, 94000);
    assert_string_equal(rig_told(r), "UPDATED ASLEEP");
    rig_free(r);
}

LW_TEST(after_a_restart_one_in_queue_mode_counts_as_asleep)
{
    char location[32];
    rig *r = begin(location);
    lw_row row = rig_row_of(r, LW_ROW_DEVICE)->row;
    rig_restart(r, 1000);
    assert_ok(lw_server_load(r->server, &row));
    assert_int_equal(rig_device(r, "a").state, LW_DEVICE_ASLEEP);
    assert_string_equal(rig_told(r), "");
    assert_int_equal(rig_request(r, 4000, LW_COAP_POST, location, NULL), LW_COAP_CHANGED);
    assert_string_equal(rig_told(r), "UPDATED AWAKE");
    rig_free(r);
}

LW_TEST(one_that_sleeps_expires_all_the_same)
{
    char location[32];
    rig *r = begin(location);
    rig_pass(r, (3000 + 247) * 1000 + 200);
    assert_string_equal(rig_told(r), "ASLEEP EXPIRED");
    assert_int_equal(lw_server_get_stats(r->server).asleep, 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(TRN_41_a_device_in_queue_mode_sleeps_when_its_window_is_over),
        cmocka_unit_test(edge_30_every_uplink_restarts_the_window_and_one_wakes_it_once),
        cmocka_unit_test(rubbish_from_its_address_wakes_nobody),
        cmocka_unit_test(a_register_of_one_that_sleeps_tells_no_awake),
        cmocka_unit_test(a_device_without_queue_mode_never_sleeps),
        cmocka_unit_test(after_a_restart_one_in_queue_mode_counts_as_asleep),
        cmocka_unit_test(one_that_sleeps_expires_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
