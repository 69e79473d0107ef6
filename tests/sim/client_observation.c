/* Rules 31 to 40 of what real clients got wrong: observations, notifications, Send. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define VALUE "/3303/0/5700"
#define TEXT  0

/* A temperature that is observed in text/plain by server a, with token 7. */
static void begin_observed(world *w, const world_config *config)
{
    world_config c = *config;
    c.lifetime = c.lifetime != 0 ? c.lifetime : 500000;
    c.dont_start = true;
    world_begin(w, &c);
    world_add(w, "/3303/0");
    world_add(w, "/3303/1");
    world_set(w, VALUE, lw_value_float(20));
    device_start(w->device);
    world_until_registered(w, 1);
    if (c.two_servers) {
        world_until_registered(w, 2);
    }
    assert_int_equal(world_observe(w, w->a, 7, VALUE, TEXT), LW_COAP_CONTENT);
}

static void set_value(world *w, double value)
{
    world_set(w, VALUE, lw_value_float(value));
}

/* The notifications the device sent with a token, lost or not, copies left out. */
static unsigned sent_with(const world *w, uint8_t token)
{
    unsigned count = 0;
    for (size_t i = 0; i < w->device->sent_count; i++) {
        const device_sent *s = &w->device->sent[i];
        count += !s->is_copy && lw_coap_code_is_response(s->msg.code) &&
                 s->msg.type != LW_COAP_ACK && s->msg.token.len == 1 &&
                 s->msg.token.octets[0] == token;
    }
    return count;
}

static const device_sent *last_sent_with(const world *w, uint8_t token)
{
    for (size_t i = w->device->sent_count; i-- > 0;) {
        const device_sent *s = &w->device->sent[i];
        if (!s->is_copy && s->msg.type != LW_COAP_ACK && s->msg.token.len == 1 &&
            s->msg.token.octets[0] == token && lw_coap_code_is_response(s->msg.code)) {
            return s;
        }
    }
    return NULL;
}

static bool last_told_is(const far_server *s, uint8_t token, const char *text)
{
    const far_notification *n = world_last_told(s, token);
    return n != NULL && strcmp(n->body, text) == 0;
}

/* Sends one more notification with that token now, and is it this text? */
static void expect_sent(world *w, uint8_t token, const char *text)
{
    unsigned before = sent_with(w, token);
    world_pass(w, 10);
    assert_int_equal(sent_with(w, token), before + 1);
    assert_int_equal(last_sent_with(w, token)->msg.payload.len, strlen(text));
    assert_memory_equal(last_sent_with(w, token)->msg.payload.ptr, text, strlen(text));
}

static void expect_none_sent(world *w, uint8_t token, lw_time ms)
{
    unsigned before = sent_with(w, token);
    world_pass(w, ms);
    assert_int_equal(sent_with(w, token), before);
}

/* ---- 31: observations end with their registration ---------------------------------------------
 */

static void register_again(world *w)
{
    unsigned registrations = w->a->registrations;
    far_server_forget(w->a);
    assert_ok(lw_client_update(w->device->client, 1));
    world_until(w, w->a->registrations > registrations, 1 * DAY);
    world_until_registered(w, 1);
}

RULE(rule_31_a_new_registration_ends_the_observations_of_that_server_alone)
{
    begin_observed(w, &(world_config){.two_servers = true});
    assert_int_equal(world_observe(w, w->b, 8, VALUE, TEXT), LW_COAP_CONTENT);
    register_again(w);
    set_value(w, 21);
    expect_sent(w, 8, "21");
    expect_none_sent(w, 7, 1 * HOUR);
}

RULE(rule_31_an_observation_made_again_notifies_once)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    register_again(w);
    assert_int_equal(world_observe(w, w->a, 7, VALUE, TEXT), LW_COAP_CONTENT);
    set_value(w, 21);
    expect_sent(w, 7, "21");
    expect_none_sent(w, 7, 1 * HOUR);
}

static size_t sends_of(const device *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->sent_count; i++) {
        count += device_sent_is(&d->sent[i], LW_COAP_POST, "/dp");
    }
    return count;
}

RULE(rule_31_a_new_registration_ends_the_sends_that_wait)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    world_set(w, "/1/0/23", lw_value_boolean(false));
    w->a->always = &far_silence;
    lw_path path = lw_path_resource(3303, 0, 5700);
    assert_ok(lw_client_send(w->device->client, 1, &path, 1));
    world_pass(w, 150 * SECOND); /* it was tried and is to be tried again */
    w->a->always = NULL;
    size_t sends = sends_of(w->device);
    assert_true(sends > 0);
    lw_client_address_changed(w->device->client, world_now(w));
    world_until_registered(w, 1);
    world_pass(w, 1 * DAY);
    assert_int_equal(sends_of(w->device), sends);
    assert_int_equal(device_last_event(w->device, LW_CLIENT_SENT)->event.err, LW_ECANCELED);
}

/* ---- 32: over a restart -----------------------------------------------------------------------
 */

RULE(rule_32_a_device_that_forgot_its_observations_registers)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    unsigned registrations = w->a->registrations;
    world_reboot(w, &(world_config){.lifetime = 500000});
    world_until(w, w->a->registrations > registrations, 1 * HOUR);
}

/* ---- 33: Reset --------------------------------------------------------------------------------
 */

RULE(rule_33_a_reset_ends_that_observation_and_nothing_else)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    assert_int_equal(world_observe(w, w->a, 8, "/3/0/0", TEXT), LW_COAP_CONTENT);
    w->a->rejects_token = 7;
    for (int i = 0; i < 50; i++) { /* a Reset may be lost */
        set_value(w, 30 + i);
        world_pass(w, 10 * SECOND);
    }
    set_value(w, 90);
    expect_none_sent(w, 7, 1 * HOUR);
    world_set(w, "/3/0/0", lw_value_string("Peewit"));
    expect_sent(w, 8, "Peewit");
    assert_int_equal(device_events(w->device, LW_CLIENT_REGISTERED), 1);
}

/* ---- 34: a notification that nobody acknowledges ----------------------------------------------
 */

RULE(rule_34_a_confirmable_notification_without_answer_does_not_end_the_observation)
{
    begin_observed(w, &(world_config){.version = 12});
    world_set_number(w, "/1/0/26", 1);
    w->a->ignores_notifications = true;
    set_value(w, 21);
    world_pass(w, 200 * SECOND);
    w->a->ignores_notifications = false;
    set_value(w, 22);
    world_until_or_anew(w, last_told_is(w->a, 7, "22"), 1 * HOUR);
}

/* ---- 35: what is observed goes away -----------------------------------------------------------
 */

RULE(rule_35_when_its_target_is_deleted_an_observation_ends_with_4_04)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    world_remove(w, "/3303/0");
    world_until_or_anew(
        w, world_last_told(w->a, 7) != NULL && world_last_told(w->a, 7)->code != LW_COAP_CONTENT,
        10 * HOUR);
    const far_notification *n = world_last_told(w->a, 7);
    assert_int_equal(n->code, LW_COAP_NOT_FOUND);
    assert_int_equal(n->observe, -1);
    world_add(w, "/3303/0");
    world_set(w, VALUE, lw_value_float(1));
    expect_none_sent(w, 7, 1 * HOUR);
}

/* [{n: "/3303/0/5700"}, {n: "/3/0/0"}] */
static const uint8_t two_paths[] = {0x82, 0xa1, 0x00, 0x6c, '/', '3', '3', '0',  '3',
                                    '/',  '0',  '/',  '5',  '7', '0', '0', 0xa1, 0x00,
                                    0x66, '/',  '3',  '/',  '0', '/', '0'};

static bool has_text(const device_sent *s, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; s != NULL && i + len <= s->msg.payload.len; i++) {
        if (memcmp(s->msg.payload.ptr + i, text, len) == 0) {
            return true;
        }
    }
    return false;
}

RULE(rule_35_in_a_composite_the_path_vanishes_and_may_come_back)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    far_ask composite = {.code = LW_COAP_FETCH,
                         .target = "",
                         .observe = 0,
                         .accept = 112,
                         .format = 112,
                         .body = lw_bytes_of(two_paths, sizeof two_paths),
                         .token = 9};
    assert_int_equal(world_ask(w, w->a, &composite).code, LW_COAP_CONTENT);
    world_remove(w, "/3303/0");
    world_until_or_anew(w, sent_with(w, 9) > 0, 1 * HOUR);
    assert_true(has_text(last_sent_with(w, 9), "Lapwing"));
    assert_false(has_text(last_sent_with(w, 9), "5700"));
    world_pass(w, 10 * MINUTE);
    unsigned before = sent_with(w, 9);
    world_add(w, "/3303/0");
    world_set(w, VALUE, lw_value_float(7));
    world_until_or_anew(w, sent_with(w, 9) > before, 1 * HOUR);
    assert_true(has_text(last_sent_with(w, 9), "5700"));
}

/* ---- 36: Cancel -------------------------------------------------------------------------------
 */

static void cancel(world *w, uint8_t token, const char *target)
{
    far_ask ask = {.code = LW_COAP_GET,
                   .target = target,
                   .observe = 1,
                   .accept = strlen(target) > 8 ? TEXT : -1,
                   .format = -1,
                   .token = token};
    far_reply reply = world_ask(w, w->a, &ask);
    assert_int_equal(reply.code, LW_COAP_CONTENT);
    assert_int_equal(reply.observe, -1);
}

RULE(rule_36_cancel_by_token)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    cancel(w, 7, VALUE);
    set_value(w, 25);
    expect_none_sent(w, 7, 1 * HOUR);
}

RULE(rule_36_cancel_by_path_with_another_token)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    cancel(w, 99, VALUE);
    set_value(w, 25);
    expect_none_sent(w, 7, 1 * HOUR);
}

RULE(rule_36_cancel_one_level_up_cancels_nothing)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    cancel(w, 98, "/3303/0");
    set_value(w, 25);
    expect_sent(w, 7, "25");
}

/* ---- 37: storing ------------------------------------------------------------------------------
 */

/* No network for that long; the device hears of it. */
static void go_offline(world *w)
{
    w->device->link_answer = LW_EIO;
    lw_client_link_down(w->device->client, world_now(w), 0, LW_EIO);
    device_poke(w->device);
    world_pass(w, 10);
}

static void come_back(world *w)
{
    w->device->link_answer = LW_OK;
}

RULE(rule_37_what_happens_offline_is_told_later_in_order)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    go_offline(w);
    for (int i = 0; i < 5; i++) {
        set_value(w, 30 + i);
        world_pass(w, 60 * SECOND);
    }
    unsigned registrations = w->a->registrations, before = world_told(w->a, 7);
    come_back(w);
    world_until_or_anew(w, last_told_is(w->a, 7, "34"), 1 * DAY);
    assert_int_equal(w->a->registrations, registrations); /* an Update was enough */
    int next = 30;
    for (size_t i = 0; i < w->a->notification_count; i++) { /* copies of a lost ACK are dropped */
        const far_notification *n = &w->a->notifications[i];
        if (n->token.octets[0] == 7 && atoi(n->body) == next) {
            next++;
        }
    }
    assert_int_equal(next, 35);
    assert_true(world_told(w->a, 7) - before >= 5);
}

RULE(rule_37_stored_notifications_wait_for_the_update)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    go_offline(w);
    set_value(w, 31);
    size_t before = w->device->sent_count;
    come_back(w);
    world_until_or_anew(w, w->device->sent_count > before, 1 * DAY);
    assert_true(lw_coap_code_is_request(w->device->sent[before].msg.code)); /* the Update first */
    world_until_or_anew(w, last_told_is(w->a, 7, "31"), 1 * DAY);
}

RULE(rule_37_storing_is_bounded_and_drops_the_oldest)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    go_offline(w);
    for (int i = 0; i < 100; i++) {
        set_value(w, 100 + i);
        world_pass(w, 5 * SECOND);
    }
    come_back(w);
    world_until_or_anew(w, last_told_is(w->a, 7, "199"), 1 * DAY);
    for (size_t i = 0; i < w->a->notification_count; i++) {
        assert_true(atoi(w->a->notifications[i].body) >= 200 - 16); /* stored_max */
    }
    assert_true(w->a->notification_count >= 16);
}

RULE(rule_37_without_storing_only_the_present_is_told)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    world_set(w, "/1/0/6", lw_value_boolean(false));
    go_offline(w);
    for (int i = 0; i < 5; i++) {
        set_value(w, 30 + i);
        world_pass(w, 60 * SECOND);
    }
    come_back(w);
    unsigned before = sent_with(w, 7);
    world_until_or_anew(w, sent_with(w, 7) > before, 1 * DAY);
    expect_none_sent(w, 7, 1 * HOUR);
    assert_int_equal(sent_with(w, 7), before + 1);
    assert_memory_equal(last_sent_with(w, 7)->msg.payload.ptr, "34", 2);
}

RULE(rule_37_pmax_goes_on_without_storing)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    world_set(w, "/1/0/6", lw_value_boolean(false));
    assert_int_equal(world_write(w, w->a, VALUE "?pmax=100", NULL), LW_COAP_CHANGED);
    go_offline(w);
    world_pass(w, 500 * SECOND);
    come_back(w);
    unsigned then = sent_with(w, 7);
    world_until_or_anew(w, sent_with(w, 7) > then, 1 * DAY);
    unsigned before = sent_with(w, 7);
    world_pass(w, 1000 * SECOND);
    assert_in_range(sent_with(w, 7) - before, 9, 11);
}

RULE(rule_37_after_disable_nothing_is_sent_until_the_server_observes_again)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    world_set_number(w, "/1/0/5", 300);
    while (device_events(w->device, LW_CLIENT_DISABLED) == 0) {
        world_execute_blindly(w, w->a, "/1/0/4");
        world_pass(w, 150 * SECOND);
    }
    unsigned before = sent_with(w, 7);
    set_value(w, 31);
    world_pass(w, 30 * SECOND);
    set_value(w, 32);
    world_pass(w, 1 * DAY);
    assert_true(lw_client_is_registered(w->device->client, 1));
    assert_int_equal(sent_with(w, 7), before);
}

/* ---- 38: attributes ---------------------------------------------------------------------------
 */

static void attach(world *w, const char *target)
{
    assert_int_equal(world_write(w, w->a, target, NULL), LW_COAP_CHANGED);
    world_pass(w, 1 * SECOND);
}

RULE(rule_38_a_pmax_below_pmin_is_ignored)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?pmin=100&pmax=50");
    world_pass(w, 200 * SECOND);
    expect_none_sent(w, 7, 1 * HOUR);
    set_value(w, 21);
    expect_sent(w, 7, "21");
}

RULE(rule_38_a_pmax_equal_to_pmin_counts)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?pmin=50&pmax=50");
    world_pass(w, 200 * SECOND);
    unsigned before = sent_with(w, 7);
    world_pass(w, 500 * SECOND);
    assert_in_range(sent_with(w, 7) - before, 9, 11);
}

RULE(rule_38_a_pmax_of_0_is_none)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?pmax=0");
    expect_none_sent(w, 7, 23 * HOUR); /* RFC 7641 wants a CON once a day */
}

RULE(rule_38_with_pmax_alone_a_change_is_told_at_once)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?pmax=3600");
    set_value(w, 21);
    expect_sent(w, 7, "21");
}

RULE(rule_38_pmin_holds_back_and_then_tells_the_newest)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?pmin=60");
    world_pass(w, 200 * SECOND);
    set_value(w, 21);
    expect_sent(w, 7, "21");
    lw_time at = world_now(w);
    set_value(w, 22);
    expect_none_sent(w, 7, 20 * SECOND);
    set_value(w, 23);
    expect_none_sent(w, 7, 30 * SECOND);
    world_pass(w, 20 * SECOND);
    assert_in_range(last_sent_with(w, 7)->at - at, 59 * SECOND, 61 * SECOND);
    assert_memory_equal(last_sent_with(w, 7)->msg.payload.ptr, "23", 2);
}

RULE(rule_38_gt_and_lt_fire_in_both_directions)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?gt=25");
    set_value(w, 24);
    expect_none_sent(w, 7, 1 * SECOND);
    set_value(w, 26);
    expect_sent(w, 7, "26");
    set_value(w, 27);
    expect_none_sent(w, 7, 1 * SECOND);
    set_value(w, 24.5);
    expect_sent(w, 7, "24.5");
}

RULE(rule_38_a_threshold_may_be_negative)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?lt=-5");
    set_value(w, -4);
    expect_none_sent(w, 7, 1 * SECOND);
    set_value(w, -6);
    expect_sent(w, 7, "-6");
}

RULE(rule_38_a_value_that_crossed_is_told_though_it_fell_back)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?gt=25");
    set_value(w, 30);
    set_value(w, 20);
    unsigned before = sent_with(w, 7);
    world_pass(w, 10);
    assert_int_equal(sent_with(w, 7), before + 1);
}

RULE(rule_38_thresholds_are_for_numbers)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    assert_int_equal(world_write(w, w->a, "/3/0/0?gt=5", NULL), LW_COAP_BAD_REQUEST);
    assert_int_equal(world_write(w, w->a, "/3303/0?gt=5", NULL), LW_COAP_BAD_REQUEST);
    assert_int_equal(world_write(w, w->a, VALUE "?gt=5&lt=7", NULL), LW_COAP_BAD_REQUEST);
    assert_int_equal(world_write(w, w->a, VALUE "?st=0", NULL), LW_COAP_BAD_REQUEST);
}

/* ---- 39: whose attributes ---------------------------------------------------------------------
 */

RULE(rule_39_attributes_are_each_servers_own)
{
    begin_observed(w, &(world_config){.two_servers = true});
    assert_int_equal(world_observe(w, w->b, 8, VALUE, TEXT), LW_COAP_CONTENT);
    attach(w, VALUE "?gt=50");
    set_value(w, 21);
    expect_sent(w, 8, "21");
    expect_none_sent(w, 7, 1 * MINUTE);
}

RULE(rule_39_attributes_outlive_a_registration)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    attach(w, VALUE "?gt=50");
    register_again(w);
    assert_int_equal(world_observe(w, w->a, 7, VALUE, TEXT), LW_COAP_CONTENT);
    set_value(w, 21);
    expect_none_sent(w, 7, 1 * MINUTE);
    set_value(w, 51);
    expect_sent(w, 7, "51");
}

RULE(rule_39_attributes_in_an_observe_replace_the_attached_ones_for_it_alone)
{
    begin_observed(w, &(world_config){.version = 12});
    attach(w, VALUE "?gt=50");
    assert_int_equal(world_observe(w, w->a, 8, VALUE "?gt=30", TEXT), LW_COAP_CONTENT);
    set_value(w, 31);
    expect_sent(w, 8, "31");
    expect_none_sent(w, 7, 1 * MINUTE);
    set_value(w, 51);
    expect_sent(w, 7, "51");
}

/* ---- 40: Mute Send ----------------------------------------------------------------------------
 */

RULE(rule_40_send_is_muted_unless_it_is_said_that_it_is_not)
{
    begin_observed(w, &(world_config){.lifetime = 0});
    lw_path path = lw_path_resource(3303, 0, 5700);
    assert_err(lw_client_send(w->device->client, 1, &path, 1), LW_EDENIED);
    world_set(w, "/1/0/23", lw_value_boolean(true));
    assert_err(lw_client_send(w->device->client, 1, &path, 1), LW_EDENIED);
    assert_int_equal(world_write(w, w->a, "/1/0/23", "0"), LW_COAP_CHANGED);
    assert_ok(lw_client_send(w->device->client, 1, &path, 1));
    world_until(w, far_server_count(w->a, LW_COAP_POST, "/dp") == 1, 10 * HOUR);
    world_until(w, device_events(w->device, LW_CLIENT_SENT) == 1, 10 * HOUR);
    assert_true(device_last_event(w->device, LW_CLIENT_SENT)->event.err == LW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNS(rule_31_a_new_registration_ends_the_observations_of_that_server_alone),
        RUNS(rule_31_an_observation_made_again_notifies_once),
        RUNS(rule_31_a_new_registration_ends_the_sends_that_wait),
        RUNS(rule_32_a_device_that_forgot_its_observations_registers),
        RUNS(rule_33_a_reset_ends_that_observation_and_nothing_else),
        RUNS(rule_34_a_confirmable_notification_without_answer_does_not_end_the_observation),
        RUNS(rule_35_when_its_target_is_deleted_an_observation_ends_with_4_04),
        RUNS(rule_35_in_a_composite_the_path_vanishes_and_may_come_back),
        RUNS(rule_36_cancel_by_token),
        RUNS(rule_36_cancel_by_path_with_another_token),
        RUNS(rule_36_cancel_one_level_up_cancels_nothing),
        RUNS(rule_37_what_happens_offline_is_told_later_in_order),
        RUNS(rule_37_stored_notifications_wait_for_the_update),
        RUNS(rule_37_storing_is_bounded_and_drops_the_oldest),
        RUNS(rule_37_without_storing_only_the_present_is_told),
        RUNS(rule_37_pmax_goes_on_without_storing),
        RUNS(rule_37_after_disable_nothing_is_sent_until_the_server_observes_again),
        RUNS(rule_38_a_pmax_below_pmin_is_ignored),
        RUNS(rule_38_a_pmax_equal_to_pmin_counts),
        RUNS(rule_38_a_pmax_of_0_is_none),
        RUNS(rule_38_with_pmax_alone_a_change_is_told_at_once),
        RUNS(rule_38_pmin_holds_back_and_then_tells_the_newest),
        RUNS(rule_38_gt_and_lt_fire_in_both_directions),
        RUNS(rule_38_a_threshold_may_be_negative),
        RUNS(rule_38_a_value_that_crossed_is_told_though_it_fell_back),
        RUNS(rule_38_thresholds_are_for_numbers),
        RUNS(rule_39_attributes_are_each_servers_own),
        RUNS(rule_39_attributes_outlive_a_registration),
        RUNS(rule_39_attributes_in_an_observe_replace_the_attached_ones_for_it_alone),
        RUNS(rule_40_send_is_muted_unless_it_is_said_that_it_is_not),
    };
    cmocka_set_test_filter(getenv("LW_SIM_TEST"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
