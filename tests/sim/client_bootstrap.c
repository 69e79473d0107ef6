/* Rules 1 to 13 of what real clients got wrong: the bootstrap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define BS_LINK 2

static const lw_client_feature *const features[] = {
    &lw_feature_blockwise, &lw_feature_create,         &lw_feature_persist,
    &lw_feature_bootstrap, &lw_feature_bootstrap_pack, NULL};
#define WORLD(...)                                                            \
    &(world_config)                                                           \
    {                                                                         \
        .bootstrap = true, .features = features, .dynamic = 8192, __VA_ARGS__ \
    }

/* ---- What the Bootstrap-Server says -----------------------------------------------------------
 */

#define WRITE(path, octets)                                                                  \
    {                                                                                        \
        .code = LW_COAP_PUT, .target = (path), .observe = -1, .accept = -1, .format = 11542, \
        .body = LW_BYTES_LIT(octets)                                                         \
    }
#define DELETE(path)                                                                        \
    {                                                                                       \
        .code = LW_COAP_DELETE, .target = (path), .observe = -1, .accept = -1, .format = -1 \
    }
#define FINISH                                                                           \
    {                                                                                    \
        .code = LW_COAP_POST, .target = "/bs", .observe = -1, .accept = -1, .format = -1 \
    }
#define END       \
    {             \
        .code = 0 \
    }

/* Server a, ssid 1, in /0/1 and /1/0; b, ssid 2, in /0/2 and /1/1 */
#define SECURITY_A \
    "\xC8\x00\x08" \
    "coap://a"     \
    "\xC1\x01\x00\xC1\x02\x03\xC1\x0A\x01"
#define SERVER_A "\xC1\x00\x01\xC4\x01\x00\x01\x51\x80\xC1\x06\x01\xC1\x07U"
#define SECURITY_B \
    "\xC8\x00\x08" \
    "coap://b"     \
    "\xC1\x01\x00\xC1\x02\x03\xC1\x0A\x02"
#define SERVER_B "\xC1\x00\x02\xC4\x01\x00\x01\x51\x80\xC1\x06\x01\xC1\x07U"
#define ANOTHER_BS \
    "\xC8\x00\x08" \
    "coap://x"     \
    "\xC1\x01\x01\xC1\x02\x03"

static const far_ask plan_a[] = {WRITE("/0/1", SECURITY_A), WRITE("/1/0", SERVER_A), FINISH, END};
static const far_ask plan_b[] = {
    DELETE("/0"), DELETE("/1"), WRITE("/0/2", SECURITY_B), WRITE("/1/1", SERVER_B), FINISH, END};

static far_reply replies[8];

static void follow(far_server *bs, const far_ask *plan)
{
    memset(replies, 0, sizeof replies);
    bs->plan_replies = replies;
    bs->plan = plan;
}

/* The answer to a step; what was lost on a lossy network says nothing. */
static void expect_step(const world *w, size_t step, uint8_t code)
{
    assert_true(w->loss > 0 || (replies[step].is_over && replies[step].err == LW_OK));
    if (replies[step].err == LW_OK && replies[step].code != 0) {
        assert_int_equal(replies[step].code, code);
    }
}

static bool exists(const world *w, const char *path)
{
    lw_path p;
    assert_ok(lw_path_parse(lw_bytes_str(path), &p));
    lw_value ignored;
    lw_tree *tree = lw_client_tree(w->device->client);
    return lw_path_depth(p) > 2 ? lw_tree_get(tree, p, &ignored) == LW_OK
                                : lw_tree_struct(tree, p) != NULL;
}

static unsigned asked(const world *w)
{
    return far_server_count(w->bs, LW_COAP_POST, "/bs");
}

/* When the device first asked, for the n-th time from the end. */
static lw_time asked_at(const world *w, size_t back)
{
    const device_sent *s = device_request(w->device, BS_LINK, back);
    assert_non_null(s);
    assert_true(device_sent_is(s, LW_COAP_POST, "/bs"));
    return s->at;
}

static void begin_bare(world *w, uint32_t hold_off)
{
    world_begin(w, WORLD(.no_server = true, .hold_off = hold_off));
}

/* ---- Rules ------------------------------------------------------------------------------------
 */

RULE(rule_01_servers_that_are_known_come_before_the_bootstrap)
{
    world_begin(w, WORLD(.hold_off = 0));
    world_until_registered(w, 1);
    assert_true(asked(w) == 0 || w->loss > 0);
}

RULE(rule_01_when_all_servers_failed_the_bootstrap_begins)
{
    world_begin(w, WORLD(.two_servers = true, .dont_start = true));
    w->a->is_off = true;
    w->b->always = &(far_answer){.code = LW_COAP_INTERNAL_SERVER_ERROR};
    device_start(w->device);
    world_until(w, asked(w) > 0, 1 * DAY);
    assert_int_equal(device_events(w->device, LW_CLIENT_REGISTERED), 0);
    assert_true(device_requests(w->device, 0) + device_requests(w->device, 1) >= 5);
}

RULE(rule_02_an_update_without_answer_is_no_reason_to_bootstrap)
{
    world_begin(w, WORLD(.lifetime = 3600));
    world_until_registered(w, 1);
    unsigned before = asked(w);
    w->a->is_off = true;
    world_until(w, device_events(w->device, LW_CLIENT_UPDATE_FAILED) > 0, 2 * HOUR);
    world_pass(w, 2 * MINUTE);
    assert_int_equal(asked(w), before);
    w->a->is_off = false;
    world_until_registered(w, 1);
    world_pass(w, 10 * MINUTE);
    assert_true(asked(w) == before || w->loss > 0);
}

RULE(rule_03_the_hold_off_is_waited_before_a_bootstrap)
{
    begin_bare(w, 600);
    lw_time started = world_now(w);
    world_until(w, device_requests(w->device, BS_LINK) > 0, 1 * HOUR);
    assert_in_range(asked_at(w, 0) - started, 600 * SECOND, 661 * SECOND);
}

/* rule 13: the answer first, and no De-register */
RULE(rule_03_and_13_the_trigger_is_answered_and_the_hold_off_waited)
{
    world_begin(w, WORLD(.hold_off = 600));
    world_until_registered(w, 1);
    size_t before = device_requests(w->device, BS_LINK);
    lw_time triggered = world_now(w);
    assert_int_equal(world_execute(w, w->a, "/1/0/9", NULL), LW_COAP_CHANGED);
    world_until(w, device_requests(w->device, BS_LINK) > before, 2 * HOUR);
    assert_true(asked_at(w, 0) - triggered >= 600 * SECOND);
    assert_int_equal(far_server_count(w->a, LW_COAP_DELETE, "/rd"), 0);
}

RULE(rule_04_silence_for_the_lifetime_of_an_exchange_ends_the_session)
{
    begin_bare(w, 0);
    world_until(w, far_server_count(w->bs, LW_COAP_POST, "/bs") > 0, 1 * DAY);
    lw_time heard = world_now(w);
    world_until(w, device_requests(w->device, BS_LINK) >= 2, 1 * DAY);
    assert_true(w->loss > 0 || asked_at(w, 0) - heard >= 247 * SECOND - 2 * SECOND);
    follow(w->bs, plan_a);
    world_until_registered(w, 1);
}

RULE(rule_05_a_session_without_finish_leaves_nothing_behind)
{
    static const far_ask without_finish[] = {WRITE("/0/1", SECURITY_A), WRITE("/1/0", SERVER_A),
                                             END};
    begin_bare(w, 0);
    follow(w->bs, without_finish);
    world_until(w, w->bs->plans_done > 0, 1 * DAY);
    world_until(w, device_events(w->device, LW_CLIENT_BOOTSTRAP_FAILED) > 0, 1 * DAY);
    world_until(w, !exists(w, "/0/1") && !exists(w, "/1/0"), 10 * MINUTE);
    assert_true(exists(w, "/0/0"));
    assert_int_equal(device_requests(w->device, 0), 0);
    follow(w->bs, plan_a);
    world_until_registered(w, 1);
}

RULE(rule_06_an_inconsistent_configuration_is_repaired_within_the_session)
{
    static const far_ask repairs[] = {WRITE("/1/0", SERVER_A), FINISH, WRITE("/0/1", SECURITY_A),
                                      FINISH, END};
    begin_bare(w, 0);
    follow(w->bs, repairs);
    world_until_registered(w, 1);
    expect_step(w, 1, LW_COAP_NOT_ACCEPTABLE);
    expect_step(w, 3, LW_COAP_CHANGED);
    assert_true(asked(w) == 1 || w->loss > 0);
}

RULE(rule_07_a_delete_of_everything_leaves_the_way_back)
{
    static const far_ask deletes[] = {
        DELETE("/"), DELETE("/0"), WRITE("/0/1", SECURITY_A), WRITE("/1/0", SERVER_A), FINISH, END};
    begin_bare(w, 0);
    follow(w->bs, deletes);
    world_until_registered(w, 1);
    expect_step(w, 0, LW_COAP_DELETED);
    assert_true(exists(w, "/0/0"));
    assert_true(exists(w, "/3/0"));
    assert_ok(lw_client_bootstrap(w->device->client));
}

RULE(rule_08_and_09_a_command_that_is_refused_does_not_end_the_session)
{
    static const far_ask refused[] = {WRITE("/0/5", ANOTHER_BS),
                                      WRITE("/9999/0", SERVER_A),
                                      WRITE("/0/1", SECURITY_A),
                                      WRITE("/1/0", SERVER_A),
                                      FINISH,
                                      END};
    begin_bare(w, 0);
    follow(w->bs, refused);
    world_until_registered(w, 1);
    expect_step(w, 0, LW_COAP_BAD_REQUEST);
    expect_step(w, 1, LW_COAP_BAD_REQUEST);
    assert_false(exists(w, "/0/5"));
}

RULE(rule_08_the_account_of_the_bootstrap_server_may_be_overwritten)
{
    static const far_ask moves[] = {WRITE("/0/0", ANOTHER_BS), WRITE("/0/1", SECURITY_A),
                                    WRITE("/1/0", SERVER_A), FINISH, END};
    begin_bare(w, 0);
    follow(w->bs, moves);
    world_until_registered(w, 1);
    lw_value uri;
    lw_tree *tree = lw_client_tree(w->device->client);
    assert_ok(lw_tree_get(tree, lw_path_resource(0, 0, 0), &uri));
    assert_true(lw_bytes_is(uri.as.bytes, "coap://x") || w->loss > 0);
}

RULE(rule_10_the_timeout_of_the_account_starts_with_the_success)
{
    static const far_ask with_timeout[] = {WRITE("/0/0/12", "\xC2\x0C\x0E\x10"),
                                           WRITE("/0/1", SECURITY_A), WRITE("/1/0", SERVER_A),
                                           FINISH, END};
    begin_bare(w, 1000);
    follow(w->bs, with_timeout);
    world_until(w, device_events(w->device, LW_CLIENT_BOOTSTRAPPED) > 0, 1 * DAY);
    if (!exists(w, "/0/0/12")) {
        return; /* this step was lost, the others were not: a sound configuration without it */
    }
    lw_time done = device_last_event(w->device, LW_CLIENT_BOOTSTRAPPED)->at;
    world_until_registered(w, 1);
    world_until(w, !exists(w, "/0/0"), 2 * HOUR);
    assert_in_range(world_now(w) - done, 3590 * SECOND, 3700 * SECOND);
    assert_true(lw_client_is_registered(w->device->client, 1));
}

RULE(rule_11_a_finish_outside_of_a_session_is_an_error)
{
    begin_bare(w, 0);
    follow(w->bs, plan_a);
    world_until(w, device_events(w->device, LW_CLIENT_BOOTSTRAPPED) > 0, 1 * DAY);
    far_reply reply = {.is_over = false};
    far_server_ask(w->bs, &(far_ask)FINISH, &reply);
    world_until(w, reply.is_over, 10 * MINUTE);
    assert_true(reply.err != LW_OK || reply.code == LW_COAP_METHOD_NOT_ALLOWED);
    world_until_registered(w, 1);
    assert_true(exists(w, "/0/1"));
}

RULE(rule_12_servers_are_not_served_during_a_session_and_registered_with_anew_after_it)
{
    world_begin(w, WORLD(.hold_off = 0));
    world_until_registered(w, 1);
    unsigned registrations = w->a->registrations;
    unsigned before = asked(w);
    assert_int_equal(world_execute(w, w->a, "/1/0/9", NULL), LW_COAP_CHANGED);
    world_until(w, asked(w) > before, 1 * HOUR);
    far_reply reply = {.is_over = false};
    far_server_ask(
        w->a,
        &(far_ask){
            .code = LW_COAP_GET, .target = "/3/0/0", .observe = -1, .accept = -1, .format = -1},
        &reply);
    world_pass(w, 100 * SECOND);
    assert_true(w->loss > 0 || (reply.is_over && reply.err == LW_ETIMEOUT));
    follow(w->bs, plan_a);
    world_until(w, device_events(w->device, LW_CLIENT_BOOTSTRAPPED) > 0, 1 * DAY);
    world_until(w, w->a->registrations > registrations, 1 * DAY);
    world_until_registered(w, 1);
}

RULE(rule_12_a_device_that_is_moved_leaves_its_server_without_a_word)
{
    world_begin(w, WORLD(.hold_off = 0));
    world_until_registered(w, 1);
    follow(w->bs, plan_b);
    assert_ok(lw_client_bootstrap(w->device->client));
    world_until_registered(w, 2);
    assert_false(lw_client_is_registered(w->device->client, 1));
    assert_false(exists(w, "/1/0"));
    size_t requests = far_server_count(w->a, LW_COAP_POST, "/rd");
    world_pass(w, 2 * DAY);
    assert_int_equal(far_server_count(w->a, LW_COAP_POST, "/rd"), requests);
}

RULE(rule_17_a_rejection_leads_to_the_bootstrap)
{
    world_begin(w, WORLD(.dont_start = true));
    w->a->always = &(far_answer){.code = LW_COAP_FORBIDDEN};
    device_start(w->device);
    world_until(w, asked(w) > 0, 2 * HOUR);
    assert_true(device_requests(w->device, 0) == 1 || w->loss > 0);
}

RULE(rule_17_attempts_that_are_used_up_lead_to_the_bootstrap)
{
    world_begin(w, WORLD(.dont_start = true));
    world_set_number(w, "/1/0/17", 2);
    w->a->is_off = true;
    device_start(w->device);
    world_until(w, asked(w) > 0, 2 * HOUR);
    assert_int_equal(device_requests(w->device, 0), 2);
}

RULE(rule_17_a_server_that_does_not_want_it_is_tried_on)
{
    world_begin(w, WORLD(.dont_start = true));
    world_set(w, "/1/0/16", lw_value_boolean(false));
    far_server_answers(w->a,
                       (far_answer[]){{.code = LW_COAP_FORBIDDEN}, {.code = LW_COAP_FORBIDDEN}}, 2);
    device_start(w->device);
    world_until_registered(w, 1);
    assert_int_equal(asked(w), 0);
}

/* BS-62 */
RULE(a_bootstrap_server_without_packs_is_asked_the_old_way)
{
    world_begin(w, WORLD(.no_server = true, .version = 12));
    follow(w->bs, plan_a);
    world_until_registered(w, 1);
    assert_true(far_server_count(w->bs, LW_COAP_GET, "/bspack") >= 1);
}

/* P-BS-21: useless data again and again; the device does not wear the Bootstrap-Server out */
RULE(a_bootstrap_that_does_not_help_is_repeated_ever_less_often)
{
    begin_bare(w, 0);
    w->a->always = &(far_answer){.code = LW_COAP_FORBIDDEN};
    follow(w->bs, plan_a);
    world_pass(w, 10 * DAY);
    assert_in_range(asked(w), 5, 25);
    w->a->always = NULL;
    world_until(w, lw_client_is_registered(w->device->client, 1), 2 * DAY);
}

/* ---- Power cuts -------------------------------------------------------------------------------
 * A life: bootstrapped to a, registered, bootstrapped again to b, registered there; the power goes
 * at the n-th write to the flash, which is done or not.
 */

static bool is_cut_or(const world *w, uint16_t ssid)
{
    return w->device->flash.is_cut || lw_client_is_registered(w->device->client, ssid);
}

static void live_until_cut(world *w)
{
    follow(w->bs, plan_a);
    world_until(w, is_cut_or(w, 1), 1 * DAY);
    world_pass(w, 1 * SECOND);
    if (!w->device->flash.is_cut) {
        follow(w->bs, plan_b);
        assert_ok(lw_client_bootstrap(w->device->client));
        world_until(w, is_cut_or(w, 2), 1 * DAY);
        world_pass(w, 1 * SECOND);
    }
}

/* The old configuration or the new one, and the device finds its way from there. */
static void expect_recovery(world *w)
{
    const world_config *config = WORLD(.no_server = true);
    w->device->flash.cut_at = 0;
    w->device->flash.is_cut = false;
    follow(w->bs, plan_b);
    world_reboot(w, config);
    bool at_a = exists(w, "/0/1"), at_b = exists(w, "/0/2");
    assert_true(exists(w, "/0/0"));
    assert_int_equal(exists(w, "/1/0"), at_a);
    assert_int_equal(exists(w, "/1/1"), at_b);
    assert_false(at_a && at_b);
    world_until(w, lw_client_is_registered(w->device->client, at_a ? 1 : 2), 1 * DAY);
}

RULE(a_power_cut_at_any_write_leaves_the_old_or_the_new_configuration)
{
    unsigned writes = UINT32_MAX;
    for (unsigned n = 0; n < 2 * writes; n++) { /* 0: the good run, which counts */
        if (n > 0) {
            world_end(w);
        }
        begin_bare(w, 0);
        w->device->flash.cut_at = n / 2;
        w->device->flash.cut_after = n % 2 != 0;
        live_until_cut(w);
        writes = n == 0 ? w->device->flash.writes : writes;
        expect_recovery(w);
    }
    assert_true(writes >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(rule_01_servers_that_are_known_come_before_the_bootstrap),
        RUNS(rule_01_when_all_servers_failed_the_bootstrap_begins),
        RUNS(rule_02_an_update_without_answer_is_no_reason_to_bootstrap),
        RUNS(rule_03_the_hold_off_is_waited_before_a_bootstrap),
        RUNS(rule_03_and_13_the_trigger_is_answered_and_the_hold_off_waited),
        RUNS(rule_04_silence_for_the_lifetime_of_an_exchange_ends_the_session),
        RUNS(rule_05_a_session_without_finish_leaves_nothing_behind),
        RUNS(rule_06_an_inconsistent_configuration_is_repaired_within_the_session),
        RUNS(rule_07_a_delete_of_everything_leaves_the_way_back),
        RUNS(rule_08_and_09_a_command_that_is_refused_does_not_end_the_session),
        RUNS(rule_08_the_account_of_the_bootstrap_server_may_be_overwritten),
        RUNS(rule_10_the_timeout_of_the_account_starts_with_the_success),
        RUNS(rule_11_a_finish_outside_of_a_session_is_an_error),
        RUNS(rule_12_servers_are_not_served_during_a_session_and_registered_with_anew_after_it),
        RUNS(rule_12_a_device_that_is_moved_leaves_its_server_without_a_word),
        RUNS(rule_17_a_rejection_leads_to_the_bootstrap),
        RUNS(rule_17_attempts_that_are_used_up_lead_to_the_bootstrap),
        RUNS(rule_17_a_server_that_does_not_want_it_is_tried_on),
        RUNS(a_bootstrap_server_without_packs_is_asked_the_old_way),
        RUNS(a_power_cut_at_any_write_leaves_the_old_or_the_new_configuration),
        RUNS(a_bootstrap_that_does_not_help_is_repeated_ever_less_often),
    };
    cmocka_set_test_filter(getenv("LW_SIM_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
