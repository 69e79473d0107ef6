#include "client/rig_test.h"

#include "client/serve.h"

static const lw_object *const objects[] = {&lw_security_object_1_1, &lw_server_object_1_1,
                                           &lw_device_minimal_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, NULL};
static const lw_client_cfg plain = {
    .endpoint = "dev1", .version = 11, .objects = objects, .formats = formats};

static int set_up(void **state)
{
    rig *r = malloc(sizeof *r);
    rig_init(r, &plain);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    rig *r = *state;
    lw_client_fini(r->client);
    free(r);
    return 0;
}

static void set(rig *r, const char *path, lw_value value)
{
    lw_path p;
    assert_int_equal(lw_path_parse(lw_bytes_str(path), &p), LW_OK);
    assert_int_equal(lw_tree_set(lw_client_tree(r->client), p, value), LW_OK);
}

static void start(rig *r, uint32_t lifetime)
{
    rig_add_server(r, 1, lifetime);
    lw_client_start(r->client, r->now);
    rig_pass(r, 0);
}

static void start_registered(rig *r, uint32_t lifetime)
{
    start(r, lifetime);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/5a3f");
    assert_true(lw_client_is_registered(r->client, 1));
}

static void expect_last(rig *r, uint8_t code, const char *path, const char *query)
{
    char text[512];
    rig_datagram *d = rig_last_request(r, 0);
    assert_int_equal(d->msg.code, code);
    assert_int_equal(d->msg.type, LW_COAP_CON);
    assert_string_equal(rig_path(d, text), path);
    assert_string_equal(rig_query(d, text), query);
}

/* REG-01, REG-02, REG-20..23 */
static void register_says_what_the_server_needs(void **state)
{
    rig *r = *state;
    start(r, 300);
    assert_int_equal(rig_requests(r, 0), 1);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.1&b=U");
    uint32_t format = 0;
    assert_true(
        lw_coap_opt_find_uint(&r->sent[0].msg.options, LW_COAP_OPT_CONTENT_FORMAT, &format));
    assert_int_equal(format, LW_CF_LINK);
    lw_bytes list = r->sent[0].msg.payload;
    assert_true(lw_bytes_is(list, "</>;ct=112,</1/0>,</3>;ver=1.0,</3/0>"));
    assert_false(lw_client_is_registered(r->client, 1));
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/5a3f");
    assert_true(lw_client_is_registered(r->client, 1));
    assert_int_equal(r->events[0].kind, LW_CLIENT_REGISTERED);
}

/* rule 20, CLI-62 */
static void update_comes_early_enough_for_retransmissions(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    lw_time registered = r->now;
    rig_run(r, registered + 206999);
    assert_int_equal(rig_requests(r, 0), 1);
    rig_run(r, registered + 207000);
    assert_int_equal(rig_requests(r, 0), 2);
    expect_last(r, LW_COAP_POST, "/rd/5a3f", "");
    assert_int_equal(r->sent[1].msg.payload.len, 0);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    assert_true(rig_has_event(r, LW_CLIENT_UPDATED));
}

/* rule 21, REG-34: at once, with lt alone; several causes are one Update (CLI-60) */
static void a_changed_lifetime_is_told_at_once(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/1/0/1", lw_value_integer(60));
    set(r, "/1/0/1", lw_value_integer(120));
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 2);
    expect_last(r, LW_COAP_POST, "/rd/5a3f", "lt=120");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    set(r, "/1/0/1", lw_value_integer(120)); /* P-REG-10 */
    rig_pass(r, 1000);
    assert_int_equal(rig_requests(r, 0), 2);
}

/* rule 19, REG-33 */
static void an_update_refused_with_4_04_registers_anew(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    rig_pass(r, 207000);
    rig_answer(r, 0, LW_COAP_NOT_FOUND, NULL);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.1&b=U");
    assert_false(lw_client_is_registered(r->client, 1));
}

/* rule 19: with a brake */
static void a_server_that_forgets_at_once_is_not_asked_for_ever(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/1/0/1", lw_value_integer(60));
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_NOT_FOUND, NULL);
    size_t sent = rig_requests(r, 0);
    rig_pass(r, 59000);
    assert_int_equal(rig_requests(r, 0), sent);
    rig_pass(r, 8000);
    assert_int_equal(rig_requests(r, 0), sent + 1);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=60&lwm2m=1.1&b=U");
}

/* VER-04 */
static void after_4_12_the_next_lower_version_is_tried(void **state)
{
    rig *r = *state;
    start(r, 300);
    rig_answer(r, 0, LW_COAP_PRECONDITION_FAILED, NULL);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.0&b=U");
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_true(lw_client_is_registered(r->client, 1));
}

/* rule 23, REG-05 */
static void any_location_is_echoed_exactly(void **state)
{
    rig *r = *state;
    start(r, 300);
    rig_answer(r, 0, LW_COAP_CREATED, "/a/b c/1/x");
    rig_pass(r, 207000);
    expect_last(r, LW_COAP_POST, "/a/b c/1/x", "");
}

static void a_2_01_without_location_is_a_failure_that_is_tried_again(void **state)
{
    rig *r = *state;
    start(r, 300);
    rig_answer(r, 0, LW_COAP_CREATED, NULL);
    assert_false(lw_client_is_registered(r->client, 1));
    assert_int_equal(r->events[0].kind, LW_CLIENT_REGISTRATION_FAILED);
    rig_pass(r, 67000);
    assert_int_equal(rig_requests(r, 0), 2);
}

/* rules 14 and 15, CLI-50: five attempts, 60 120 240 480 s apart, then a day */
static void attempts_back_off_and_sequences_follow(void **state)
{
    rig *r = *state;
    rig_add_server(r, 1, 300);
    set(r, "/1/0/20", lw_value_integer(2));
    lw_client_start(r->client, r->now);
    static const lw_time waits[] = {60, 120, 240, 480};
    for (size_t i = 0; i < 4; i++) {
        rig_pass(r, 0);
        rig_answer(r, 0, LW_COAP_SERVICE_UNAVAILABLE, NULL);
        size_t sent = rig_requests(r, 0);
        lw_time at = r->now;
        rig_run(r, at + waits[i] * 1000 - 1);
        assert_int_equal(rig_requests(r, 0), sent);
        rig_run(r, at + waits[i] * 1100);
        assert_int_equal(rig_requests(r, 0), sent + 1);
    }
    rig_answer(r, 0, LW_COAP_SERVICE_UNAVAILABLE, NULL);
    const lw_client_event *last = &r->events[r->event_count - 1];
    assert_int_equal(last->kind, LW_CLIENT_REGISTRATION_FAILED);
    assert_true(last->retry_at >= r->now + 86400000 && last->retry_at <= r->now + 95040000);
    size_t sent = rig_requests(r, 0);
    rig_run(r, last->retry_at);
    assert_int_equal(rig_requests(r, 0), sent + 1);
}

/* A server whose link fails at once, with no time between attempts. */
static void start_unreachable(rig *r, int64_t attempts, int64_t sequence_delay)
{
    rig_add_server(r, 1, 300);
    set(r, "/1/0/17", lw_value_integer(attempts));
    set(r, "/1/0/18", lw_value_integer(0));
    set(r, "/1/0/19", lw_value_integer(sequence_delay));
    r->link_answer = LW_EIO;
    r->ignore_events = true;
    lw_client_start(r->client, r->now);
}

/* Nor between sequences: others get their turn all the same. */
static void attempts_without_a_wait_leave_time_for_the_rest(void **state)
{
    rig *r = *state;
    start_unreachable(r, 5, 0);
    rig_pass(r, 9999);
    assert_int_equal(r->opened[0], 10);
}

/* 1/x/17 may be larger than an octet holds. */
static void the_last_of_many_attempts_comes(void **state)
{
    rig *r = *state;
    start_unreachable(r, 300, 86400);
    rig_pass(r, 3600000);
    assert_int_equal(r->opened[0], 300);
}

/* However many came before it: 1/x/17 may allow 2^32 of them. */
static void a_wait_of_none_stays_none(void **state)
{
    rig *r = *state;
    start_unreachable(r, 5, 0);
    assert_int_equal(lw_server_retry_wait(r->client->servers, UINT32_MAX), 0);
    set(r, "/1/0/18", lw_value_integer(1));
    assert_in_range(lw_server_retry_wait(r->client->servers, UINT32_MAX), INT32_MAX / 2,
                    LW_FOREVER - 1);
}

/* rule 26, CLI-61 */
static void disable_deregisters_and_comes_back(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/1/0/5", lw_value_integer(100));
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    rig_pass(r, 0);
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    assert_int_equal(r->closed[0], 1);
    size_t sent = rig_requests(r, 0);
    rig_pass(r, 99999);
    assert_int_equal(rig_requests(r, 0), sent);
    rig_pass(r, 1);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.1&b=U");
}

/* rule 26: an Update in flight must not survive it */
static void disable_cancels_an_update_in_flight(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    rig_pass(r, 207000);
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    rig_pass(r, 0);
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    rig_pass(r, 300000);
    assert_int_equal(rig_last_request(r, 0)->msg.code, LW_COAP_DELETE);
}

static void disable_twice_is_as_good_as_once(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/1/0/5", lw_value_integer(100));
    rig_pass(r, 0);
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    rig_pass(r, 0);
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    rig_pass(r, 99 * LW_SECOND_MS);
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
    rig_pass(r, 2 * LW_SECOND_MS);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.1&b=U");
}

/* The answer to an Update comes before the step that would have disabled. */
static void disable_outlives_the_answer_to_an_update(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    rig_pass(r, 207000);
    expect_last(r, LW_COAP_POST, "/rd/5a3f", "");
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_pass(r, 0);
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
}

/* REG-40: who stops does not come back */
static void stop_goes_before_a_disable(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    assert_true(lw_client_is_stopped(r->client));
}

/* CLI-50: attempts that failed before it do not count behind it */
static void after_disable_attempts_begin_anew(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/1/0/5", lw_value_integer(100));
    r->link_answer = LW_EIO;
    lw_client_link_down(r->client, r->now, 0, LW_EIO);
    rig_pass(r, 100 * LW_SECOND_MS); /* the first attempt, and the second after 60 s */
    r->link_answer = LW_OK;
    rig_pass(r, 140 * LW_SECOND_MS); /* the third has a link */
    assert_int_equal(lw_act_disable(r->client, 0), LW_OK);
    rig_pass(r, 0);
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    r->link_answer = LW_EIO;
    unsigned opened = r->opened[0];
    rig_pass(r, 170 * LW_SECOND_MS);
    assert_int_equal(r->opened[0] - opened, 2); /* after 100 s and 60 s more */
}

/* REG-40 */
static void stop_deregisters(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    assert_false(lw_client_is_stopped(r->client));
    expect_last(r, LW_COAP_DELETE, "/rd/5a3f", "");
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    assert_true(lw_client_is_stopped(r->client));
}

static void a_second_stop_does_not_wait_for_the_answer(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    lw_client_stop(r->client, r->now);
    assert_true(lw_client_is_stopped(r->client));
}

/* REG-33, rule 2: no answer to an Update is not the end of the world */
static void an_unanswered_update_registers_after_the_back_off(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    rig_pass(r, 207000);
    rig_pass(r, 93000 + 67000);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.1&b=U");
    assert_true(rig_has_event(r, LW_CLIENT_UPDATE_FAILED));
}

/* TRN-40, TRN-41, rule 27 */
static void queue_mode_sleeps_93_seconds_after_the_last_message(void **state)
{
    rig *r = *state;
    lw_client_fini(r->client);
    lw_client_cfg cfg = plain;
    cfg.queue_mode = true;
    rig_init(r, &cfg);
    start(r, 86400);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=86400&lwm2m=1.1&b=U&Q");
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    rig_pass(r, 92999);
    assert_false(rig_has_event(r, LW_CLIENT_ASLEEP));
    rig_pass(r, 1);
    assert_true(rig_has_event(r, LW_CLIENT_ASLEEP));
    assert_int_equal(lw_client_update(r->client, 1), LW_OK);
    rig_pass(r, 0);
    assert_true(rig_has_event(r, LW_CLIENT_AWAKE));
}

/* rule 29, REG-60: in 1.0 the Q is one of the letters */
static void queue_mode_of_1_0_is_part_of_the_binding(void **state)
{
    rig *r = *state;
    static const lw_object *const objects_1_0[] = {&lw_security_object_1_0, &lw_server_object_1_0,
                                                   &lw_device_minimal_object, NULL};
    lw_client_fini(r->client);
    lw_client_cfg cfg = plain;
    cfg.objects = objects_1_0;
    cfg.version = 10;
    cfg.queue_mode = true;
    rig_init(r, &cfg);
    start(r, 86400);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=86400&lwm2m=1.0&b=UQ");
}

static void a_link_that_never_works_is_told_and_not_retried(void **state)
{
    rig *r = *state;
    r->link_answer = LW_EFORMAT;
    start(r, 300);
    assert_true(rig_has_event(r, LW_CLIENT_LINK_FAILED));
    assert_int_equal(rig_requests(r, 0), 0);
}

static void a_link_may_come_up_later(void **state)
{
    rig *r = *state;
    r->link_answer = LW_AGAIN;
    start(r, 300);
    assert_int_equal(rig_requests(r, 0), 0);
    lw_client_link_up(r->client, r->now, 0);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 1);
    rig_answer(r, 0, LW_COAP_CREATED, "/rd/1");
    assert_true(lw_client_is_registered(r->client, 1));
}

/* rule 22: no network is no reason to register anew, and nothing that was to be told is lost */
static void after_an_hour_without_a_link_an_update_is_enough(void **state)
{
    rig *r = *state;
    start_registered(r, 1000000);
    r->link_answer = LW_EIO;
    lw_client_link_down(r->client, r->now, 0, LW_EIO);
    set(r, "/1/0/1", lw_value_integer(2000000));
    rig_pass(r, 3600000);
    r->link_answer = LW_OK;
    assert_int_equal(lw_client_update(r->client, 0), LW_OK);
    rig_pass(r, 0);
    expect_last(r, LW_COAP_POST, "/rd/5a3f", "lt=2000000");
}

static void what_a_cut_off_update_said_is_said_by_the_next(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/1/0/1", lw_value_integer(3000));
    rig_pass(r, 0);
    lw_client_link_down(r->client, r->now, 0, LW_EIO);
    assert_true(rig_has_event(r, LW_CLIENT_LINK_FAILED));
    rig_pass(r, 67000);
    expect_last(r, LW_COAP_POST, "/rd/5a3f", "lt=3000");
    rig_answer(r, 0, LW_COAP_CHANGED, NULL);
    rig_pass(r, 100000);
    assert_int_equal(rig_requests(r, 0), 3);
}

static void a_link_that_goes_down_ends_a_register(void **state)
{
    rig *r = *state;
    start(r, 300);
    lw_client_link_down(r->client, r->now, 0, LW_EIO);
    assert_int_equal(r->events[r->event_count - 1].kind, LW_CLIENT_REGISTRATION_FAILED);
    rig_pass(r, 67000);
    assert_int_equal(rig_requests(r, 0), 2);
    assert_int_equal(r->opened[0], 2);
}

static void a_link_that_goes_down_ends_a_deregister(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    lw_client_stop(r->client, r->now);
    lw_client_link_down(r->client, r->now, 0, LW_EIO);
    assert_true(lw_client_is_stopped(r->client));
}

static void news_of_a_link_that_nobody_opened_are_ignored(void **state)
{
    rig *r = *state;
    lw_client_link_up(r->client, r->now, 0);
    lw_client_link_up(r->client, r->now, 200);
    lw_client_link_down(r->client, r->now, 0, LW_EIO);
    start_registered(r, 300);
    assert_int_equal(r->opened[0], 1);
}

/* A link that was closed, or opened anew to somebody else, gets nothing of before. */
static void what_waited_for_a_closed_link_is_not_sent(void **state)
{
    rig *r = *state;
    lw_client_out out;
    start_registered(r, 300);
    assert_int_equal(lw_client_update(r->client, 1), LW_OK);
    r->link_answer = LW_AGAIN;
    lw_client_step(r->client, r->now); /* an Update waits to be fetched */
    lw_client_address_changed(r->client, r->now);
    assert_false(lw_client_poll(r->client, &out));
}

static void another_address_does_not_wake_a_client_that_stops(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    lw_client_stop(r->client, r->now);
    rig_pass(r, 0);
    lw_client_address_changed(r->client, r->now);
    rig_pass(r, 0);
    assert_int_equal(rig_last_request(r, 0)->msg.code, LW_COAP_DELETE);
    rig_answer(r, 0, LW_COAP_DELETED, NULL);
    rig_pass(r, 1000000);
    assert_true(lw_client_is_stopped(r->client));
    assert_int_equal(rig_requests(r, 0), 2);
}

/* the network is back: nobody waits for the end of the back-off */
static void an_update_by_hand_ends_a_wait(void **state)
{
    rig *r = *state;
    r->link_answer = LW_EIO;
    start(r, 300);
    assert_int_equal(rig_requests(r, 0), 0);
    r->link_answer = LW_OK;
    assert_int_equal(lw_client_update(r->client, 1), LW_OK);
    rig_pass(r, 0);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(lw_client_update(r->client, 1), LW_ESTATE);
}

/* BS-52: a new link, a new registration */
static void another_address_in_the_account_is_registered_with_anew(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/0/0/0", lw_value_string("coap://192.0.2.2"));
    rig_pass(r, 0);
    assert_int_equal(r->closed[0], 1);
    assert_int_equal(r->opened[0], 2);
    expect_last(r, LW_COAP_POST, "/rd", "ep=dev1&lt=300&lwm2m=1.1&b=U");
    rig_pass(r, 1000);
    assert_int_equal(rig_requests(r, 0), 2);
}

static void an_account_that_is_set_to_what_it_is_changes_nothing(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    set(r, "/0/0/0", lw_value_string("coap://192.0.2.1"));
    rig_pass(r, 1000);
    assert_int_equal(r->opened[0], 1);
    assert_int_equal(rig_requests(r, 0), 1);
}

/* BS-52: nothing more is said to it, and the place is free for another account. */
static void an_account_that_the_device_removes_is_forgotten(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    assert_int_equal(lw_tree_remove(lw_client_tree(r->client), lw_path_instance(1, 0)), LW_OK);
    rig_pass(r, 1000);
    assert_false(lw_client_is_registered(r->client, 0));
    assert_int_equal(r->closed[0], 1);
    assert_int_equal(rig_requests(r, 0), 1);
    assert_int_equal(lw_client_update(r->client, 1), LW_ENOTFOUND);
}

/* Here, not by a server that is never registered with. */
static void an_account_that_there_is_no_place_for_is_refused(void **state)
{
    rig *r = *state;
    lw_client_account account = {
        .uri = "coap://192.0.2.1", .ssid = 1, .security = LW_SECURITY_NOSEC};
    assert_int_equal(lw_client_add_server(r->client, &account), LW_OK);
    assert_int_equal(lw_client_add_server(r->client, &account), LW_EEXISTS);
    account.ssid = 2; /* servers_max is 1 */
    assert_int_equal(lw_client_add_server(r->client, &account), LW_ENOMEM);
    account.ssid = 0;
    assert_int_equal(lw_client_add_server(r->client, &account), LW_EINVAL);
    account.ssid = 0x10001; /* no other one modulo 2^16 */
    assert_int_equal(lw_client_add_server(r->client, &account), LW_EINVAL);
    account.ssid = 0;
    account.bootstrap = true; /* without its feature */
    assert_int_equal(lw_client_add_server(r->client, &account), LW_ENOTSUP);
    assert_int_equal(lw_tree_count(lw_client_tree(r->client), lw_path_object(0)), 1);
    assert_int_equal(lw_tree_count(lw_client_tree(r->client), lw_path_object(1)), 1);
    lw_client_start(r->client, r->now);
    assert_int_equal(lw_client_add_server(r->client, &account), LW_ESTATE);
}

/* A member is wider than what it becomes. */
static void an_account_of_a_security_mode_that_is_none_is_refused(void **state)
{
    rig *r = *state;
    lw_client_account account = {
        .uri = "coap://192.0.2.1", .ssid = 1, .security = LW_SECURITY_NOSEC + 256};
    assert_int_equal(lw_client_add_server(r->client, &account), LW_ERANGE);
    assert_int_equal(lw_tree_count(lw_client_tree(r->client), lw_path_object(0)), 0);
    assert_int_equal(lw_tree_count(lw_client_tree(r->client), lw_path_object(1)), 0);
}

static unsigned dropped;

static void count_dropped(void *ctx, int level, const char *module, lw_bytes text)
{
    (void)ctx, (void)module;
    dropped += level == 1 && lw_bytes_is(text, "no room for a message");
}

/* Else it looks like a server that does not answer. */
static void a_message_that_finds_no_room_is_told(void **state)
{
    rig *r = *state;
    start_registered(r, 300);
    dropped = 0;
    r->platform.log = count_dropped;
    for (uint8_t i = 0; i <= LW_OUTBOX_MAX; i++) {
        const uint8_t ping[] = {0x40, 0, 0x70, i}; /* answered with Reset, which nobody polls */
        assert_int_equal(dropped, 0);
        lw_client_feed(r->client, r->now, 0, lw_bytes_of(ping, sizeof ping));
    }
    assert_int_equal(dropped, 1);
}

static void the_peak_of_memory_is_told_to_who_wants_it(void **state)
{
    rig *r = *state;
    size_t peak;
    start_registered(r, 300);
    size_t used = lw_client_mem_used(r->client, NULL);
    assert_int_equal(lw_client_mem_used(r->client, &peak), used);
    assert_true(used > 0 && used <= peak);
}

static void memory_that_is_too_small_is_told(void **state)
{
    static uint8_t memory[RIG_MEMORY];
    rig *r = *state;
    lw_client *client;
    size_t needed = lw_client_mem_needed(&r->cfg) - r->cfg.dynamic - 2048;
    assert_int_equal(lw_client_init(&client, &r->cfg, memory, 10), LW_ENOMEM);
    assert_int_equal(lw_client_init(&client, &r->cfg, memory, needed / 2), LW_ENOMEM);
    lw_client_cfg bad = r->cfg;
    bad.endpoint = NULL;
    assert_int_equal(lw_client_init(&client, &bad, memory, sizeof memory), LW_EINVAL);
    bad = r->cfg;
    bad.version = 9;
    assert_int_equal(lw_client_init(&client, &bad, memory, sizeof memory), LW_EINVAL);
}

static void objects_that_are_wrong_need_no_memory_and_get_none(void **state)
{
    static uint8_t memory[RIG_MEMORY];
    rig *r = *state;
    lw_client *client;
    const lw_object *const twice[] = {&lw_security_minimal_object, &lw_server_minimal_object,
                                      &lw_device_minimal_object, &lw_device_minimal_object, NULL};
    lw_client_cfg bad = r->cfg;
    bad.objects = twice;
    assert_int_equal(lw_client_mem_needed(&bad), 0);
    assert_int_equal(lw_client_init(&client, &bad, memory, lw_client_mem_needed(&bad)), LW_ENOMEM);
    assert_null(client);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(register_says_what_the_server_needs),
        T(update_comes_early_enough_for_retransmissions),
        T(a_changed_lifetime_is_told_at_once),
        T(an_update_refused_with_4_04_registers_anew),
        T(a_server_that_forgets_at_once_is_not_asked_for_ever),
        T(after_4_12_the_next_lower_version_is_tried),
        T(any_location_is_echoed_exactly),
        T(a_2_01_without_location_is_a_failure_that_is_tried_again),
        T(attempts_back_off_and_sequences_follow),
        T(attempts_without_a_wait_leave_time_for_the_rest),
        T(the_last_of_many_attempts_comes),
        T(a_wait_of_none_stays_none),
        T(disable_deregisters_and_comes_back),
        T(disable_cancels_an_update_in_flight),
        T(disable_twice_is_as_good_as_once),
        T(disable_outlives_the_answer_to_an_update),
        T(stop_goes_before_a_disable),
        T(after_disable_attempts_begin_anew),
        T(stop_deregisters),
        T(a_second_stop_does_not_wait_for_the_answer),
        T(an_unanswered_update_registers_after_the_back_off),
        T(queue_mode_sleeps_93_seconds_after_the_last_message),
        T(queue_mode_of_1_0_is_part_of_the_binding),
        T(a_link_that_never_works_is_told_and_not_retried),
        T(a_link_may_come_up_later),
        T(after_an_hour_without_a_link_an_update_is_enough),
        T(what_a_cut_off_update_said_is_said_by_the_next),
        T(a_link_that_goes_down_ends_a_register),
        T(a_link_that_goes_down_ends_a_deregister),
        T(news_of_a_link_that_nobody_opened_are_ignored),
        T(what_waited_for_a_closed_link_is_not_sent),
        T(another_address_does_not_wake_a_client_that_stops),
        T(an_update_by_hand_ends_a_wait),
        T(another_address_in_the_account_is_registered_with_anew),
        T(an_account_that_is_set_to_what_it_is_changes_nothing),
        T(an_account_that_the_device_removes_is_forgotten),
        T(an_account_that_there_is_no_place_for_is_refused),
        T(an_account_of_a_security_mode_that_is_none_is_refused),
        T(a_message_that_finds_no_room_is_told),
        T(the_peak_of_memory_is_told_to_who_wants_it),
        T(memory_that_is_too_small_is_told),
        T(objects_that_are_wrong_need_no_memory_and_get_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
