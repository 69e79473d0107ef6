/* Rules 14 to 30 of what real clients got wrong: registration, queue mode, triggers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lw/acts.h"
#include "world.h"

#define YEAR (365 * DAY)

static lw_time wait_told(const device_event *e)
{
    return e->event.retry_at - e->at;
}

/* Waits carry up to 10 % of jitter (CLI-52). */
static void expect_wait(lw_time wait, lw_time seconds)
{
    assert_in_range(wait, seconds * SECOND, seconds * SECOND * 11 / 10);
}

static void expect_request(const device_sent *s, uint8_t code, const char *path, const char *query)
{
    char text[FAR_TEXT_MAX];
    assert_non_null(s);
    assert_true(device_sent_is(s, code, path));
    assert_string_equal(device_sent_query(s, text), query);
}

/* The requests of the device to that server from now on; 0 while it is registered and nothing is
 * due. */
static size_t requests_while(world *w, int link, lw_time ms)
{
    size_t before = device_requests(w->device, link);
    world_pass(w, ms);
    return device_requests(w->device, link) - before;
}

/* Executes Disable, until the device says that it obeyed; the 2.04 may be lost. */
static void disable(world *w)
{
    unsigned before = device_events(w->device, LW_CLIENT_DISABLED);
    while (device_events(w->device, LW_CLIENT_DISABLED) == before) {
        world_until_registered(w, 1);
        world_execute_blindly(w, w->a, "/1/0/4");
        for (int i = 0; i < 1000 && device_events(w->device, LW_CLIENT_DISABLED) == before; i++) {
            world_pass(w, 100);
        }
    }
}

/* ---- 14, 15: attempts and sequences -----------------------------------------------------------
 */

RULE(rule_14_waits_double_within_a_sequence_and_start_anew_in_the_next)
{
    world_begin(w, &(world_config){.dont_start = true});
    world_set_number(w, "/1/0/17", 3);
    world_set_number(w, "/1/0/18", 10);
    world_set_number(w, "/1/0/19", 5000);
    world_set_number(w, "/1/0/20", 2);
    w->a->is_off = true;
    device_start(w->device);
    static const lw_time waits[] = {10, 20, 5000, 10, 20, 5000};
    world_pass(w, 5 * 5000 * SECOND);
    assert_true(w->device->event_count >= 6);
    for (size_t i = 0; i < 6; i++) {
        const device_event *e = &w->device->events[i];
        assert_int_equal(e->event.kind, LW_CLIENT_REGISTRATION_FAILED);
        assert_int_equal(e->event.err, LW_ETIMEOUT);
        expect_wait(wait_told(e), waits[i]);
    }
    w->a->is_off = false;
    world_until_registered(w, 1);
}

RULE(rule_14_the_largest_sequence_delay_means_that_no_sequence_follows)
{
    world_begin(w, &(world_config){.dont_start = true});
    world_set_number(w, "/1/0/17", 2);
    world_set_number(w, "/1/0/18", 10);
    world_set_number(w, "/1/0/19", UINT32_MAX);
    world_set_number(w, "/1/0/20", 5);
    w->a->always = &(far_answer){.code = LW_COAP_SERVICE_UNAVAILABLE};
    device_start(w->device);
    world_pass(w, 1 * DAY);
    assert_int_equal(device_requests(w->device, 0), 2);
    assert_int_equal(device_last_event(w->device, LW_CLIENT_REGISTRATION_FAILED)->event.retry_at,
                     LW_TIME_NEVER);
    assert_int_equal(requests_while(w, -1, 1 * YEAR), 0);
}

RULE(rule_15_without_17_to_20_there_are_five_attempts_and_then_a_day_of_rest)
{
    world_begin(w, &(world_config){.dont_start = true});
    w->a->always = &(far_answer){.code = LW_COAP_INTERNAL_SERVER_ERROR};
    device_start(w->device);
    world_pass(w, 20 * HOUR);
    static const lw_time waits[] = {60, 120, 240, 480, 86400};
    assert_int_equal(w->device->event_count, 5);
    assert_int_equal(device_requests(w->device, 0), 5);
    for (size_t i = 0; i < 5; i++) {
        expect_wait(wait_told(&w->device->events[i]), waits[i]);
    }
    w->a->always = NULL;
    world_until(w, lw_client_is_registered(w->device->client, 1), 2 * DAY);
}

/* ---- 16: the order of servers -----------------------------------------------------------------
 */

RULE(rule_16_servers_with_a_priority_come_one_after_the_other)
{
    world_begin(w, &(world_config){.two_servers = true, .dont_start = true});
    world_set_number(w, "/1/0/13", 9);
    world_set_number(w, "/1/1/13", 3);
    w->b->is_off = true;
    device_start(w->device);
    world_pass(w, 60 * SECOND);
    assert_int_equal(device_requests(w->device, 0), 0); /* not before b */
    w->b->is_off = false;
    world_until_registered(w, 2);
    world_until_registered(w, 1);
    assert_true(w->device->events[0].event.ssid == 2 || w->loss > 0);
}

RULE(rule_16_a_server_without_priority_waits_for_nobody)
{
    world_begin(w, &(world_config){.two_servers = true, .dont_start = true});
    world_set_number(w, "/1/0/13", 1);
    w->a->is_off = true;
    device_start(w->device);
    world_until_registered(w, 2);
    assert_false(lw_client_is_registered(w->device->client, 1));
}

RULE(rule_16_a_blocking_failure_stops_the_line)
{
    world_begin(w, &(world_config){.two_servers = true, .dont_start = true});
    world_set_number(w, "/1/0/13", 1);
    world_set(w, "/1/0/15", lw_value_boolean(true));
    world_set_number(w, "/1/1/13", 2);
    w->a->always = &far_silence;
    device_start(w->device);
    world_pass(w, 3 * DAY);
    assert_int_equal(device_requests(w->device, 1), 0);
    w->a->always = NULL;
    world_until(w, lw_client_is_registered(w->device->client, 2), 3 * DAY);
    assert_true(lw_client_is_registered(w->device->client, 1));
}

RULE(rule_16_a_failure_that_does_not_block_lets_the_next_one_pass)
{
    world_begin(w, &(world_config){.two_servers = true, .dont_start = true});
    world_set_number(w, "/1/0/13", 1);
    world_set_number(w, "/1/1/13", 2);
    w->a->always = &far_silence;
    device_start(w->device);
    world_until_registered(w, 2);
    assert_false(lw_client_is_registered(w->device->client, 1));
    w->a->always = NULL;
    world_until(w, lw_client_is_registered(w->device->client, 1), 3 * DAY); /* CLI-43 */
}

RULE(rule_16_a_server_that_is_disabled_lets_the_next_one_pass)
{
    world_begin(w, &(world_config){.two_servers = true, .dont_start = true});
    world_set_number(w, "/1/0/13", 1);
    world_set_number(w, "/1/1/13", 2);
    w->a->is_off = true;
    device_start(w->device);
    world_pass(w, 1 * SECOND);
    assert_int_equal(device_requests(w->device, 0), 1);
    assert_int_equal(lw_act_disable(w->device->client, 0), LW_OK);
    world_until_registered(w, 2);
    assert_false(lw_client_is_registered(w->device->client, 1));
}

LW_DECLARE(four_securities, lw_object_0_v1_1, LW_SECURITY_1_1, 4, NULL)
LW_DECLARE(three_servers, lw_object_1_v1_1, LW_SERVER_1_1, 3, &lw_server_hooks_1_1)
static const lw_object *const wide_objects[] = {&four_securities_object, &three_servers_object,
                                                &lw_device_object_1_1, NULL};

RULE(rule_16_a_late_success_does_not_push_the_line_on)
{
    world_begin(w, &(world_config){.two_servers = true,
                                   .third_server = true,
                                   .objects = wide_objects,
                                   .servers_max = 3,
                                   .dont_start = true});
    world_set_number(w, "/1/0/13", 1);
    world_set_number(w, "/1/0/17", 1);
    world_set_number(w, "/1/0/19", 200);
    world_set_number(w, "/1/1/13", 2);
    world_set_number(w, "/1/2/13", 3);
    w->a->is_off = w->b->is_off = true;
    device_start(w->device);
    world_until(w, device_requests(w->device, 1) == 1, 10 * MINUTE); /* b has its turn */
    w->a->is_off = false;
    world_until(w, device_last_event(w->device, LW_CLIENT_REGISTERED) != NULL, 15 * MINUTE);
    world_pass(w, 1 * SECOND);
    assert_int_equal(device_requests(w->device, 2), 0); /* and has not used it up */
    world_until_registered(w, 3);
}

RULE(rule_16_the_initial_delay_counts_before_the_first_success_alone)
{
    world_begin(w, &(world_config){.dont_start = true, .lifetime = 300});
    world_set_number(w, "/1/0/14", 1000);
    device_start(w->device);
    lw_time started = world_now(w);
    world_until_registered(w, 1);
    assert_in_range(w->device->sent[0].at - started, 1000 * SECOND, 1001 * SECOND);
    world_set_number(w, "/1/0/5", 10);
    disable(w);
    size_t requests = device_requests(w->device, 0);
    lw_time disabled = device_last_event(w->device, LW_CLIENT_DISABLED)->at;
    world_until(w, device_requests(w->device, 0) > requests, 1 * MINUTE);
    assert_int_equal(device_request(w->device, 0, 0)->at - disabled, 10 * SECOND);
}

/* ---- 17: rejections without a way to bootstrap ------------------------------------------------
 */

RULE(rule_17_without_a_bootstrap_server_a_rejection_is_one_failed_attempt)
{
    world_begin(w, &(world_config){.dont_start = true});
    far_server_answers(
        w->a, (far_answer[]){{.code = LW_COAP_FORBIDDEN}, {.code = LW_COAP_BAD_REQUEST}}, 2);
    device_start(w->device);
    world_until_registered(w, 1);
    assert_int_equal(device_events(w->device, LW_CLIENT_STOPPED), 0);
    assert_true(device_events(w->device, LW_CLIENT_REGISTRATION_FAILED) >= 2);
}

/* ---- 18: who may see 13 to 20 -----------------------------------------------------------------
 */

RULE(rule_18_the_retry_resources_belong_to_the_bootstrap_in_object_1_1)
{
    world_begin(w, &(world_config){.version = 11});
    world_until_registered(w, 1);
    world_set_number(w, "/1/0/17", 7);
    assert_int_equal(world_read(w, w->a, "/1/0/17").code, LW_COAP_METHOD_NOT_ALLOWED);
    assert_int_equal(world_write(w, w->a, "/1/0/17", "9"), LW_COAP_METHOD_NOT_ALLOWED);
}

RULE(rule_18_they_can_be_read_and_written_in_object_1_2)
{
    world_begin(w, &(world_config){.version = 12});
    world_until_registered(w, 1);
    world_set_number(w, "/1/0/13", 7);
    assert_int_equal(world_write(w, w->a, "/1/0/17", "9"), LW_COAP_CHANGED);
    assert_int_equal(world_write(w, w->a, "/1/0/14", "0"), LW_COAP_CHANGED);
    assert_int_equal(world_write(w, w->a, "/1/0/13", "9"), LW_COAP_METHOD_NOT_ALLOWED);
    far_reply reply = world_ask(
        w, w->a,
        &(far_ask){
            .code = LW_COAP_GET, .target = "/1/0/17", .observe = -1, .accept = 0, .format = -1});
    assert_int_equal(reply.code, LW_COAP_CONTENT);
    assert_string_equal(reply.body, "9");
}

/* ---- 19: an Update that fails -----------------------------------------------------------------
 */

RULE(rule_19_an_update_that_is_not_known_leads_to_a_full_register)
{
    world_begin(w, &(world_config){.lifetime = 300});
    world_until_registered(w, 1);
    unsigned registers = far_server_count(w->a, LW_COAP_POST, "/rd");
    far_server_forget(w->a);
    world_until(w, w->a->registration.is_there, 2 * HOUR);
    assert_true(far_server_count(w->a, LW_COAP_POST, "/rd") > registers);
    char text[FAR_TEXT_MAX];
    const far_request *r = far_server_last(w->a, LW_COAP_POST, "/rd");
    assert_string_equal(far_parameter(r->query, "ep", text), "dev1");
    assert_true(r->len > 0);
}

RULE(rule_19_an_update_without_answer_leads_to_a_register_after_the_back_off)
{
    world_begin(w, &(world_config){.lifetime = 300});
    world_until_registered(w, 1);
    w->a->always = &far_silence;
    world_until(w, device_events(w->device, LW_CLIENT_UPDATE_FAILED) > 0, 1 * HOUR);
    lw_time failed = world_now(w);
    size_t requests = device_requests(w->device, 0);
    w->a->always = NULL;
    world_until(w, device_requests(w->device, 0) > requests, 10 * MINUTE);
    const device_sent *s = device_request(w->device, 0, 0);
    assert_true(device_sent_is(s, LW_COAP_POST, "/rd"));
    assert_in_range(s->at - failed, 59 * SECOND, 67 * SECOND);
    world_until_registered(w, 1);
}

RULE(rule_19_a_server_that_forgets_at_once_is_not_asked_without_end)
{
    world_begin(w, &(world_config){.lifetime = 60});
    world_until_registered(w, 1);
    size_t before = device_requests(w->device, 0);
    for (int i = 0; i < 60; i++) { /* an hour: every Update finds nothing */
        far_server_forget(w->a);
        world_set_number(w, "/1/0/1", 60 + i);
        world_pass(w, 60 * SECOND);
    }
    assert_in_range(device_requests(w->device, 0) - before, 30, 60 * 5);
}

RULE(rule_19_a_server_that_answers_register_and_nothing_else_is_not_asked_without_end)
{
    world_begin(w, &(world_config){.lifetime = 60});
    world_until_registered(w, 1);
    size_t before = device_requests(w->device, 0);
    for (int i = 0; i < 60 * 60; i++) {
        w->a->always = w->a->registration.is_there ? &far_silence : NULL;
        far_server_forget(w->a);
        w->a->always = lw_client_is_registered(w->device->client, 1) ? &far_silence : NULL;
        world_pass(w, 1 * SECOND);
    }
    assert_in_range(device_requests(w->device, 0) - before, 10, 120);
}

/* ---- 20: when an Update goes out --------------------------------------------------------------
 */

static void expect_first_update_after(world *w, uint32_t lifetime, lw_time seconds)
{
    world_begin(w, &(world_config){.lifetime = lifetime});
    world_until_registered(w, 1);
    lw_time registered = device_last_event(w->device, LW_CLIENT_REGISTERED)->at;
    size_t requests = device_requests(w->device, 0);
    world_until(w, device_requests(w->device, 0) > requests, seconds * SECOND + 1 * SECOND);
    const device_sent *update = device_request(w->device, 0, 0);
    assert_int_equal(update->at - registered, seconds * SECOND);
    assert_false(device_sent_is(update, LW_COAP_POST, "/rd"));
}

RULE(rule_20_update_leaves_time_for_all_retransmissions)
{
    expect_first_update_after(w, 300, 207);
}

RULE(rule_20_a_short_lifetime_is_updated_at_its_half)
{
    expect_first_update_after(w, 60, 30);
}

RULE(rule_20_a_day_is_updated_93_seconds_before_its_end)
{
    expect_first_update_after(w, 86400, 86307);
}

RULE(rule_20_the_lifetime_of_the_server_is_not_raised)
{
    char text[FAR_TEXT_MAX];
    world_begin(w, &(world_config){.lifetime = 10});
    world_until_registered(w, 1);
    const far_request *r = far_server_last(w->a, LW_COAP_POST, "/rd");
    assert_string_equal(far_parameter(r->query, "lt", text), "10");
}

RULE(rule_20_an_infinite_lifetime_is_never_updated)
{
    world_begin(w, &(world_config){.version = 12, .dont_start = true});
    world_set_number(w, "/1/0/1", 0);
    device_start(w->device);
    world_until_registered(w, 1);
    assert_int_equal(requests_while(w, -1, 20 * YEAR), 0);
    assert_true(lw_client_is_registered(w->device->client, 1));
    size_t before = w->a->request_count;
    assert_ok(lw_client_update(w->device->client, 1)); /* but on demand */
    world_until(w, w->a->request_count > before, 1 * HOUR);
}

/* ---- 21: what an Update says ------------------------------------------------------------------
 */

/* The first request after something happened; the registration stays. */
static const device_sent *next_request(world *w)
{
    size_t before = device_requests(w->device, 0);
    world_pass(w, 100);
    assert_int_equal(device_requests(w->device, 0), before + 1);
    return device_request(w->device, 0, 0);
}

static unsigned device_successes(const world *w)
{
    return device_events(w->device, LW_CLIENT_REGISTERED) +
           device_events(w->device, LW_CLIENT_UPDATED);
}

RULE(rule_21_a_lifetime_that_is_written_is_told_at_once)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    unsigned successes = device_successes(w);
    size_t requests = device_requests(w->device, 0);
    assert_int_equal(world_write(w, w->a, "/1/0/1", "9000"), LW_COAP_CHANGED);
    world_until(w, device_successes(w) > successes, 2 * HOUR);
    assert_int_equal(w->a->registration.lifetime, 9000);
    if (w->loss == 0) {
        assert_int_equal(device_requests(w->device, 0), requests + 1);
        expect_request(device_request(w->device, 0, 0), LW_COAP_POST, "/rd/1", "lt=9000");
        assert_int_equal(device_request(w->device, 0, 0)->msg.payload.len, 0);
    }
    requests = device_requests(w->device, 0);
    assert_int_equal(world_write(w, w->a, "/1/0/1", "9000"), LW_COAP_CHANGED); /* P-REG-10 */
    assert_int_equal(device_requests(w->device, 0), requests);
}

RULE(rule_21_a_new_instance_is_told_at_once_with_the_whole_list)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    world_add(w, "/3303/1");
    const device_sent *s = next_request(w);
    assert_false(device_sent_is(s, LW_COAP_POST, "/rd"));
    char text[FAR_TEXT_MAX];
    assert_string_equal(device_sent_query(s, text), "");
    assert_true(lw_bytes_is(s->msg.payload, "</>;ct=112,</1/0>,</3/0>,</3303/1>"));
    uint32_t format;
    assert_true(lw_coap_opt_find_uint(&s->msg.options, LW_COAP_OPT_CONTENT_FORMAT, &format));
    assert_int_equal(format, 40);
    world_until(w, strstr(w->a->registration.list, "</3303/1>") != NULL, 1 * HOUR);
}

RULE(rule_21_a_trigger_says_nothing_more)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    assert_ok(lw_client_update(w->device->client, 1));
    const device_sent *s = next_request(w);
    char text[FAR_TEXT_MAX];
    assert_string_equal(device_sent_query(s, text), "");
    assert_int_equal(s->msg.payload.len, 0);
}

RULE(rule_21_many_changes_at_once_are_one_update)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    world_add(w, "/3303/0");
    world_add(w, "/3303/1");
    world_set_number(w, "/1/0/1", 2000);
    assert_ok(lw_client_update(w->device->client, 0));
    const device_sent *s = next_request(w);
    char text[FAR_TEXT_MAX];
    assert_string_equal(device_sent_query(s, text), "lt=2000");
    assert_true(lw_bytes_is(s->msg.payload, "</>;ct=112,</1/0>,</3/0>,</3303/0>,</3303/1>"));
}

RULE(rule_21_what_changes_while_an_update_is_under_way_is_told_after_it)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    assert_ok(lw_client_update(w->device->client, 1));
    world_pass(w, 0);
    world_add(w, "/3303/1");
    world_until(w, strstr(w->a->registration.list, "</3303/1>") != NULL, 1 * HOUR);
}

/* ---- 22: another address, another session -----------------------------------------------------
 */

RULE(rule_22_another_address_without_security_registers_again)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    size_t registers = w->a->registrations;
    lw_sim_rebind(w->sim, w->device->node);
    lw_client_address_changed(w->device->client, world_now(w));
    device_poke(w->device);
    world_until(w, w->a->registrations > registers, 1 * HOUR);
    assert_int_equal(w->a->registration.from, lw_sim_address(w->device->node));
}

static void lose_the_session(world *w)
{
    lw_client_link_down(w->device->client, world_now(w), 0, LW_EIO);
    device_poke(w->device);
    world_pass(w, 100);
}

RULE(rule_22_a_new_security_context_registers_again_before_1_2)
{
    world_begin(w, &(world_config){.lifetime = 3000, .security = LW_SECURITY_PSK + 1});
    world_until_registered(w, 1);
    lose_the_session(w);
    assert_true(device_sent_is(device_request(w->device, 0, 0), LW_COAP_POST, "/rd"));
    world_until_registered(w, 1);
}

RULE(rule_22_a_new_security_context_is_an_update_in_1_2)
{
    world_begin(w,
                &(world_config){.version = 12, .lifetime = 3000, .security = LW_SECURITY_PSK + 1});
    world_until_registered(w, 1);
    lose_the_session(w);
    assert_false(device_sent_is(device_request(w->device, 0, 0), LW_COAP_POST, "/rd"));
    assert_true(lw_client_is_registered(w->device->client, 1));
}

/* ---- 23: any location -------------------------------------------------------------------------
 */

static void expect_echo(world *w, const char *location)
{
    world_begin(w, &(world_config){.lifetime = 300, .dont_start = true});
    /* The answer may be lost, and the Register come again: enough for many of them. */
    far_answer answers[8];
    for (size_t i = 0; i < 8; i++) {
        answers[i] = (far_answer){.code = LW_COAP_CREATED, .location = location};
    }
    far_server_answers(w->a, answers, 8);
    device_start(w->device);
    world_until_registered(w, 1);
    far_server_answers(w->a, NULL, 0);
    assert_ok(lw_client_update(w->device->client, 1));
    world_pass(w, 100);
    assert_true(device_sent_is(device_request(w->device, 0, 0), LW_COAP_POST, location));
}

RULE(rule_23_a_location_of_one_segment_is_echoed)
{
    expect_echo(w, "/x");
}

RULE(rule_23_a_location_of_many_odd_segments_is_echoed)
{
    expect_echo(w, "/rd/eu west/%2F/\xc3\xa4//7");
}

RULE(rule_23_a_location_as_long_as_a_segment_may_be_is_tried_again_not_silent)
{
    char location[FAR_TEXT_MAX - 2];
    memset(location, 'l', sizeof location);
    location[0] = '/';
    location[sizeof location - 1] = '\0';
    world_begin(w, &(world_config){.lifetime = 300, .dont_start = true});
    far_server_answers(w->a, &(far_answer){.code = LW_COAP_CREATED, .location = location}, 1);
    device_start(w->device);
    world_until_registered(w, 1);
    assert_true(device_events(w->device, LW_CLIENT_REGISTRATION_FAILED) >= 1);
}

RULE(rule_23_a_2_01_without_location_is_tried_again)
{
    world_begin(w, &(world_config){.lifetime = 300, .dont_start = true});
    far_server_answers(w->a, &(far_answer){.code = LW_COAP_CREATED}, 1);
    device_start(w->device);
    world_pass(w, 30 * SECOND);
    world_until_registered(w, 1);
    assert_true(device_events(w->device, LW_CLIENT_REGISTRATION_FAILED) >= 1);
}

/* ---- 24: a request before the 2.01 ------------------------------------------------------------
 */

RULE(rule_24_a_request_before_the_2_01_is_dropped_and_served_when_it_comes_again)
{
    world_begin(w, &(world_config){.lifetime = 3000, .dont_start = true});
    far_answer late[8];
    for (size_t i = 0; i < 8; i++) {
        late[i] = (far_answer){.code = LW_COAP_CREATED, .location = "/rd/5", .after_ms = 8000};
    }
    far_server_answers(w->a, late, 8);
    device_start(w->device);
    world_until(w, w->a->request_count > 0, 1 * HOUR);
    far_reply reply;
    far_ask read = {
        .code = LW_COAP_GET, .target = "/3/0/0", .observe = -1, .accept = 0, .format = -1};
    far_server_ask(w->a, &read, &reply);
    if (w->loss == 0) {
        world_pass(w, 7000);
        assert_false(reply.is_over); /* no 4.01, no Reset */
    }
    world_until_registered(w, 1);
    world_until(w, reply.is_over, 10 * HOUR);
    if (w->loss > 0 && reply.err != LW_OK) {
        reply = world_ask(w, w->a, &read);
    }
    assert_int_equal(reply.code, LW_COAP_CONTENT);
    assert_string_equal(reply.body, "Lapwing");
}

/* ---- 25: the Security object is nobody's business ---------------------------------------------
 */

RULE(rule_25_security_is_not_listed_and_not_to_be_had)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    assert_null(strstr(w->a->registration.list, "</0"));
    assert_null(strstr(w->a->registration.list, "</21"));
    assert_null(strstr(w->a->registration.list, "</23"));
    static const char *const targets[] = {"/0", "/0/0", "/0/0/0", "/0/0/5"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(world_read(w, w->a, targets[i]).code, LW_COAP_UNAUTHORIZED);
        assert_int_equal(world_observe(w, w->a, 9, targets[i], -1), LW_COAP_UNAUTHORIZED);
        far_ask discover = {
            .code = LW_COAP_GET, .target = targets[i], .observe = -1, .accept = 40, .format = -1};
        assert_int_equal(world_ask(w, w->a, &discover).code, LW_COAP_UNAUTHORIZED);
    }
    assert_int_equal(world_write(w, w->a, "/0/0/0", "coap://c"), LW_COAP_UNAUTHORIZED);
    assert_int_equal(world_write(w, w->a, "/0/0?pmin=10", NULL), LW_COAP_UNAUTHORIZED);
    assert_int_equal(world_execute(w, w->a, "/0/0/3", NULL), LW_COAP_UNAUTHORIZED);
    far_ask remove = {
        .code = LW_COAP_DELETE, .target = "/0/0", .observe = -1, .accept = -1, .format = -1};
    assert_int_equal(world_ask(w, w->a, &remove).code, LW_COAP_UNAUTHORIZED);
    assert_true(lw_client_is_registered(w->device->client, 1));
}

RULE(rule_25_a_composite_of_the_root_leaves_it_out)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    /* [{0: "/"}] */
    far_ask all = {.code = LW_COAP_FETCH,
                   .target = "",
                   .observe = -1,
                   .accept = 112,
                   .format = 112,
                   .body = lw_bytes_of((const uint8_t *)"\x81\xa1\x00\x61/", 5)};
    far_reply reply = world_ask(w, w->a, &all);
    assert_int_equal(reply.code, LW_COAP_CONTENT);
    bool has_device = false, has_security = false;
    for (size_t i = 0; i + 5 < reply.len; i++) {
        has_device |= memcmp(reply.body + i, "Lapwing", 7) == 0;
        has_security |= memcmp(reply.body + i, "coap:", 5) == 0;
    }
    assert_true(has_device);
    assert_false(has_security);
}

/* ---- 26: Disable ------------------------------------------------------------------------------
 */

RULE(rule_26_disable_answers_deregisters_and_is_silent_for_its_time)
{
    world_begin(w, &(world_config){.lifetime = 3000, .dont_start = true});
    world_set_number(w, "/1/0/5", 600);
    device_start(w->device);
    world_until_registered(w, 1);
    disable(w);
    assert_int_equal(device_request(w->device, 0, 0)->msg.code, LW_COAP_DELETE);
    assert_int_equal(w->device->closed[0], w->device->opened[0]);
    const device_event *disabled = device_last_event(w->device, LW_CLIENT_DISABLED);
    assert_int_equal(wait_told(disabled), 600 * SECOND);
    size_t sent = w->device->sent_count;
    far_reply reply;
    far_server_ask(
        w->a,
        &(far_ask){
            .code = LW_COAP_GET, .target = "/3/0/0", .observe = -1, .accept = -1, .format = -1},
        &reply);
    world_pass(w, disabled->event.retry_at - 1 - world_now(w));
    assert_int_equal(w->device->sent_count, sent); /* ignores all */
    world_pass(w, 1);
    assert_true(device_sent_is(device_request(w->device, 0, 0), LW_COAP_POST, "/rd"));
    world_until_registered(w, 1);
}

RULE(rule_26_disable_is_for_a_day_when_nothing_else_is_said)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    disable(w);
    assert_int_equal(wait_told(device_last_event(w->device, LW_CLIENT_DISABLED)), 1 * DAY);
}

RULE(rule_26_an_update_under_way_does_not_outlive_a_disable)
{
    world_begin(w, &(world_config){.lifetime = 3000, .dont_start = true});
    world_set_number(w, "/1/0/5", 600);
    device_start(w->device);
    world_until_registered(w, 1);
    w->a->always = &far_silence;
    assert_ok(lw_client_update(w->device->client, 1));
    world_pass(w, 100);
    disable(w);
    w->a->always = NULL;
    assert_int_equal(requests_while(w, 0, 590 * SECOND), 0);
    world_until_registered(w, 1);
}

/* ---- 27 to 29: queue mode ---------------------------------------------------------------------
 */

RULE(rule_27_the_device_stays_reachable_93_seconds_after_the_last_message)
{
    world_begin(w, &(world_config){.lifetime = 86400, .queue_mode = true});
    world_until_registered(w, 1);
    world_pass(w, 50 * SECOND);
    assert_int_equal(world_read(w, w->a, "/3/0/0").code, LW_COAP_CONTENT);
    world_until(w, device_events(w->device, LW_CLIENT_ASLEEP) == 1, 20 * MINUTE);
    lw_time last_sent = w->device->sent[w->device->sent_count - 1].at;
    lw_time asleep = device_last_event(w->device, LW_CLIENT_ASLEEP)->at;
    assert_true(asleep - last_sent >= 93 * SECOND);
    if (w->loss == 0) {
        assert_true(asleep - last_sent <= 94 * SECOND);
    }
}

RULE(rule_28_a_notification_may_be_the_message_that_wakes)
{
    world_begin(w, &(world_config){.lifetime = 86400, .queue_mode = true});
    world_until_registered(w, 1);
    assert_int_equal(world_observe(w, w->a, 7, "/3/0/0", 0), LW_COAP_CONTENT);
    world_until(w, device_events(w->device, LW_CLIENT_ASLEEP) == 1, 20 * MINUTE);
    world_pass(w, 1 * HOUR);
    size_t sent = w->device->sent_count, requests = device_requests(w->device, -1);
    world_set(w, "/3/0/0", lw_value_string("Peewit"));
    world_pass(w, 100);
    assert_int_equal(device_events(w->device, LW_CLIENT_AWAKE), 1);
    assert_true(w->device->sent_count > sent);
    assert_int_equal(device_requests(w->device, -1), requests); /* no Update in front */
    world_until(w, device_events(w->device, LW_CLIENT_ASLEEP) == 2, 20 * MINUTE);
}

RULE(rule_29_queue_mode_is_a_flag_of_register_alone)
{
    char text[FAR_TEXT_MAX];
    world_begin(w, &(world_config){.lifetime = 3000, .queue_mode = true});
    world_until_registered(w, 1);
    const far_request *r = far_server_last(w->a, LW_COAP_POST, "/rd");
    assert_string_equal(far_parameter(r->query, "Q", text), "");
    assert_string_equal(far_parameter(r->query, "b", text), "U");
    world_set_number(w, "/1/0/1", 2000);
    world_pass(w, 100);
    const device_sent *update = device_request(w->device, 0, 0);
    assert_string_equal(device_sent_query(update, text), "lt=2000");
}

RULE(rule_29_queue_mode_of_1_0_is_a_letter_of_the_binding)
{
    char text[FAR_TEXT_MAX];
    world_begin(w, &(world_config){.version = 10, .lifetime = 3000, .queue_mode = true});
    world_until_registered(w, 1);
    const far_request *r = far_server_last(w->a, LW_COAP_POST, "/rd");
    assert_null(far_parameter(r->query, "Q", text));
    assert_string_equal(far_parameter(r->query, "b", text), "UQ");
}

/* ---- 30: the trigger --------------------------------------------------------------------------
 */

RULE(rule_30_the_trigger_is_answered_before_it_is_obeyed)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    w->a->always = &far_silence; /* the Update fails, the Execute does not */
    far_reply reply;
    far_ask trigger = {
        .code = LW_COAP_POST, .target = "/1/0/8", .observe = -1, .accept = -1, .format = -1};
    far_server_ask(w->a, &trigger, &reply);
    world_until(w, reply.is_over, 10 * MINUTE);
    assert_true(reply.code == LW_COAP_CHANGED || w->loss > 0);
    w->a->always = NULL;
    world_until_registered(w, 1);
}

RULE(rule_30_the_trigger_keeps_to_the_transport_in_use)
{
    world_begin(w, &(world_config){.lifetime = 3000});
    world_until_registered(w, 1);
    size_t requests = device_requests(w->device, 0);
    unsigned opened = w->device->opened[0];
    while (device_requests(w->device, 0) == requests) {
        world_execute_blindly(w, w->a, "/1/0/8");
        world_pass(w, 100);
    }
    assert_int_equal(w->device->opened[0], opened);
    assert_false(device_sent_is(device_request(w->device, 0, 0), LW_COAP_POST, "/rd"));
}

RULE(rule_30_an_argument_of_1_2_reconnects_over_the_binding_that_it_names)
{
    world_begin(w, &(world_config){.version = 12, .lifetime = 3000});
    world_until_registered(w, 1);
    unsigned opened = w->device->opened[0];
    assert_int_equal(world_execute(w, w->a, "/1/0/8", "0='T'"), LW_COAP_BAD_REQUEST);
    assert_int_equal(world_execute(w, w->a, "/1/0/8", "0='U'"), LW_COAP_CHANGED);
    world_until(w, w->device->opened[0] > opened, 1 * MINUTE);
    world_until_registered(w, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(rule_14_waits_double_within_a_sequence_and_start_anew_in_the_next),
        RUNS(rule_14_the_largest_sequence_delay_means_that_no_sequence_follows),
        RUNS(rule_15_without_17_to_20_there_are_five_attempts_and_then_a_day_of_rest),
        RUNS(rule_16_servers_with_a_priority_come_one_after_the_other),
        RUNS(rule_16_a_server_without_priority_waits_for_nobody),
        RUNS(rule_16_a_blocking_failure_stops_the_line),
        RUNS(rule_16_a_failure_that_does_not_block_lets_the_next_one_pass),
        RUNS(rule_16_a_server_that_is_disabled_lets_the_next_one_pass),
        RUNS(rule_16_a_late_success_does_not_push_the_line_on),
        RUNS(rule_16_the_initial_delay_counts_before_the_first_success_alone),
        RUNS(rule_17_without_a_bootstrap_server_a_rejection_is_one_failed_attempt),
        RUNS(rule_18_the_retry_resources_belong_to_the_bootstrap_in_object_1_1),
        RUNS(rule_18_they_can_be_read_and_written_in_object_1_2),
        RUNS(rule_19_an_update_that_is_not_known_leads_to_a_full_register),
        RUNS(rule_19_an_update_without_answer_leads_to_a_register_after_the_back_off),
        RUNS(rule_19_a_server_that_forgets_at_once_is_not_asked_without_end),
        RUNS(rule_19_a_server_that_answers_register_and_nothing_else_is_not_asked_without_end),
        RUNS(rule_20_update_leaves_time_for_all_retransmissions),
        RUNS(rule_20_a_short_lifetime_is_updated_at_its_half),
        RUNS(rule_20_a_day_is_updated_93_seconds_before_its_end),
        RUNS(rule_20_the_lifetime_of_the_server_is_not_raised),
        RUNS(rule_20_an_infinite_lifetime_is_never_updated),
        RUNS(rule_21_a_lifetime_that_is_written_is_told_at_once),
        RUNS(rule_21_a_new_instance_is_told_at_once_with_the_whole_list),
        RUNS(rule_21_a_trigger_says_nothing_more),
        RUNS(rule_21_many_changes_at_once_are_one_update),
        RUNS(rule_21_what_changes_while_an_update_is_under_way_is_told_after_it),
        RUNS(rule_22_another_address_without_security_registers_again),
        RUNS(rule_22_a_new_security_context_registers_again_before_1_2),
        RUNS(rule_22_a_new_security_context_is_an_update_in_1_2),
        RUNS(rule_23_a_location_of_one_segment_is_echoed),
        RUNS(rule_23_a_location_of_many_odd_segments_is_echoed),
        RUNS(rule_23_a_location_as_long_as_a_segment_may_be_is_tried_again_not_silent),
        RUNS(rule_23_a_2_01_without_location_is_tried_again),
        RUNS(rule_24_a_request_before_the_2_01_is_dropped_and_served_when_it_comes_again),
        RUNS(rule_25_security_is_not_listed_and_not_to_be_had),
        RUNS(rule_25_a_composite_of_the_root_leaves_it_out),
        RUNS(rule_26_disable_answers_deregisters_and_is_silent_for_its_time),
        RUNS(rule_26_disable_is_for_a_day_when_nothing_else_is_said),
        RUNS(rule_26_an_update_under_way_does_not_outlive_a_disable),
        RUNS(rule_27_the_device_stays_reachable_93_seconds_after_the_last_message),
        RUNS(rule_28_a_notification_may_be_the_message_that_wakes),
        RUNS(rule_29_queue_mode_is_a_flag_of_register_alone),
        RUNS(rule_29_queue_mode_of_1_0_is_a_letter_of_the_binding),
        RUNS(rule_30_the_trigger_is_answered_before_it_is_obeyed),
        RUNS(rule_30_the_trigger_keeps_to_the_transport_in_use),
        RUNS(rule_30_an_argument_of_1_2_reconnects_over_the_binding_that_it_names),
    };
    cmocka_set_test_filter(getenv("LW_SIM_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
