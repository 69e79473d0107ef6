#include "testing/lw_test.h"

#include "coap/rig_test.h"
#include "testing/fakes.h"

static rig r;
static lw_fake_mem mem;
static lw_link observations;
static lw_coap_observation obs;
static int notified;
static uint8_t notified_code;

static lw_err on_notify(lw_coap_observation *o, lw_time now, const lw_coap_msg *msg)
{
    (void)now;
    assert_ptr_equal(o, &obs);
    notified++;
    notified_code = msg->code;
    return LW_OK;
}

static bool on_notification(void *ctx, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg)
{
    (void)ctx;
    lw_err err = lw_coap_observations_feed(&observations, peer, now, msg);
    return lw_coap_notified(&r.coap, peer, msg, err);
}

static int setup(void **state)
{
    (void)state;
    mem = (lw_fake_mem){0};
    rig_init(&r, lw_fake_mem_mem(&mem));
    r.params.token_len = 1;
    r.handler.on_notification = on_notification;
    lw_list_init(&observations);
    obs = (lw_coap_observation){.on_notify = on_notify};
    notified = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&r);
    assert_int_equal(mem.live, 0);
    return 0;
}

/* ---- RFC 7641 section 3.4 and 4.4 ------------------------------------------------------------ */

LW_TEST(sequence_numbers_are_24_bits)
{
    assert_int_equal(lw_coap_observe_next(0), 1);
    assert_int_equal(lw_coap_observe_next(0xffffff), 0);
}

LW_TEST(newer_is_ahead_by_less_than_half_the_numbers)
{
    assert_true(lw_coap_observe_is_fresh(1, 0, 2, 0));
    assert_false(lw_coap_observe_is_fresh(2, 0, 2, 0));
    assert_false(lw_coap_observe_is_fresh(2, 0, 1, 0));
    assert_true(lw_coap_observe_is_fresh(0, 0, (1u << 23) - 1, 0));
    assert_false(lw_coap_observe_is_fresh(0, 0, 1u << 23, 0));
    assert_false(lw_coap_observe_is_fresh(1u << 23, 0, 0, 0));
}

LW_TEST(newer_wraps)
{
    assert_true(lw_coap_observe_is_fresh(0xffffff, 0, 0, 0));
    assert_false(lw_coap_observe_is_fresh(0, 0, 0xffffff, 0));
}

LW_TEST(after_128_seconds_anything_is_newer)
{
    assert_false(lw_coap_observe_is_fresh(5, 1000, 4, 129000));
    assert_true(lw_coap_observe_is_fresh(5, 1000, 4, 129001));
}

/* ---- client ---------------------------------------------------------------------------------- */

static lw_coap_request request(void)
{
    return (lw_coap_request){
        .code = LW_COAP_GET, .options = rig_path("t"), .on_end = rig_on_end, .ctx = &r};
}

static void observe(void)
{
    lw_coap_request q = request();
    assert_ok(lw_coap_observe(&r.coap, &r.peer, r.now, &observations, &obs, &q));
}

/* RFC 7641 section 1.1, Figure 2, with the sequence numbers of Figure 3 in appendix A. */
LW_TEST(figure_2_an_observation_is_registered_and_notified)
{
    observe();
    expect(&r, "4101 2020 20 60 51't'");
    feed(&r, "6145 2020 20 61 09 81 0f ff'18.5 Cel'"); /* Observe 9, Max-Age 15 */
    assert_int_equal(r.ends, 1);
    assert_int_equal(notified, 0);
    feed(&r, "5145 7b50 20 61 10 81 0f ff'19.2 Cel'");
    silent(&r);
    assert_int_equal(notified, 1);
    feed(&r, "4145 7b51 20 61 19 81 0f ff'19.7 Cel'");
    expect(&r, "6000 7b51");
    assert_int_equal(notified, 2);
}

LW_TEST(a_reordered_notification_is_acknowledged_but_not_told)
{
    observe();
    feed(&r, "6145 2020 20 61 09");
    feed(&r, "5145 0001 20 61 0b");
    r.sent_count = 0;
    feed(&r, "4145 0002 20 61 0a");
    expect(&r, "6000 0002");
    assert_int_equal(notified, 1);
}

LW_TEST(an_answer_without_observe_is_only_an_answer)
{
    observe();
    feed(&r, "6145 2020 20 ff'x'");
    r.sent_count = 0;
    assert_int_equal(r.ends, 1);
    feed(&r, "4145 0001 20 61 0a");
    expect(&r, "7000 0001");
    assert_int_equal(notified, 0);
}

LW_TEST(a_refused_or_lost_registration_observes_nothing)
{
    observe();
    feed(&r, "6184 2020 20 60");
    assert_true(lw_list_is_empty(&observations));
    observe();
    feed(&r, "7000 2021");
    assert_int_equal(r.ends, 2);
    assert_true(lw_list_is_empty(&observations));
}

LW_TEST(an_error_notification_ends_the_observation)
{
    lw_coap_observation_start(&obs, &observations, (lw_coap_token){.len = 1, .octets = {0x20}});
    feed(&r, "4184 0001 20");
    expect(&r, "6000 0001");
    assert_int_equal(notified_code, LW_COAP_NOT_FOUND);
    assert_true(lw_list_is_empty(&observations));
}

LW_TEST(a_response_without_observe_ends_the_observation)
{
    lw_coap_observation_start(&obs, &observations, (lw_coap_token){.len = 1, .octets = {0x20}});
    feed(&r, "4145 0001 20 ff'x'");
    assert_int_equal(notified, 1);
    assert_true(lw_list_is_empty(&observations));
}

LW_TEST(a_known_token_is_enough_after_a_restart)
{
    lw_coap_observation_start(&obs, &observations, (lw_coap_token){.len = 1, .octets = {0x77}});
    feed(&r, "5145 0001 77 61 05");
    assert_int_equal(notified, 1);
    feed(&r, "5145 0002 77 61 04");
    assert_int_equal(notified, 1);
}

LW_TEST(a_stopped_observation_is_reset)
{
    lw_coap_observation_start(&obs, &observations, (lw_coap_token){.len = 1, .octets = {0x20}});
    lw_coap_observation_stop(&obs);
    feed(&r, "5145 0001 20 61 05");
    expect(&r, "7000 0001");
}

LW_TEST(an_active_cancel_has_observe_1_and_the_same_token)
{
    observe();
    feed(&r, "6145 2020 20 61 09");
    r.sent_count = 0;
    lw_coap_request q = request();
    assert_ok(lw_coap_observe_cancel(&r.coap, &r.peer, r.now, &obs, &q));
    expect(&r, "4101 2021 20 61 01 51't'");
    assert_true(lw_list_is_empty(&observations));
    feed(&r, "6145 2021 20 ff'x'");
    assert_int_equal(r.ends, 2);
}

LW_TEST(observe_stands_among_the_options_of_the_request)
{
    uint8_t long_option[LW_COAP_OBSERVE_OPTIONS_MAX] = {0xde, 10, 0, 0}; /* number 23 */
    uint8_t value_len = (sizeof long_option - 4 - 269) & 0xff;
    long_option[3] = value_len;
    lw_bytes options = LW_BYTES_LIT("\x41\x05\x71t\x61\x3c"); /* ETag, Uri-Path, Accept */
    lw_coap_token token = {.len = 2, .octets = {1, 2}};
    lw_coap_request q = request();
    q.options = options;
    q.token = &token;
    assert_ok(lw_coap_observe(&r.coap, &r.peer, r.now, &observations, &obs, &q));
    expect(&r, "4201 2020 0102 41 05 20 51't' 61 3c");
    q.options = lw_bytes_of(long_option, sizeof long_option);
    assert_err(lw_coap_observe(&r.coap, &r.peer, r.now, &observations, &obs, &q), LW_ETOOBIG);
}

LW_TEST(a_failed_cancel_keeps_the_observation)
{
    lw_coap_observation_start(&obs, &observations, (lw_coap_token){.len = 1, .octets = {0x20}});
    lw_coap_request q = request();
    mem.fail_at = mem.count + 1;
    assert_err(lw_coap_observe_cancel(&r.coap, &r.peer, r.now, &obs, &q), LW_ENOMEM);
    assert_false(lw_list_is_empty(&observations));
}

LW_TEST(a_stream_keeps_the_order_by_itself)
{
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    lw_coap_observation_start(&obs, &observations, (lw_coap_token){.len = 1, .octets = {0x20}});
    static const uint8_t token_and_empty_observe[] = {0x20, 0x60};
    lw_coap_msg msg = {.code = LW_COAP_CONTENT};
    assert_ok(lw_coap_msg_parse_tail(&msg, 1, lw_bytes_of(token_and_empty_observe, 2)));
    lw_coap_feed_msg(&r.coap, &r.peer, r.now, &msg);
    lw_coap_feed_msg(&r.coap, &r.peer, r.now, &msg);
    assert_int_equal(notified, 2);
    lw_coap_observation_stop(&obs);
    lw_coap_feed_msg(&r.coap, &r.peer, r.now, &msg); /* there is no Reset on a stream */
    silent(&r);
}

/* ---- server ---------------------------------------------------------------------------------- */

static lw_err write_text(void *ctx, lw_coap_reply *reply)
{
    lw_write_str(&reply->payload, ctx);
    return LW_OK;
}

static lw_err write_with_format(void *ctx, lw_coap_reply *reply)
{
    lw_coap_put_uint(&reply->options, LW_COAP_OPT_CONTENT_FORMAT, 60);
    return write_text(ctx, reply);
}

/* The next number is 12. */
static lw_coap_observer observer(void)
{
    return (lw_coap_observer){.sequence = 11, .token = {.len = 1, .octets = {0x53}}};
}

static lw_coap_notification notification(const char *text)
{
    return (lw_coap_notification){.code = LW_COAP_CONTENT,
                                  .write = write_text,
                                  .write_ctx = (void *)(uintptr_t)text,
                                  .on_end = rig_on_end,
                                  .ctx = &r};
}

LW_TEST(a_non_notification_is_sent_once_and_a_reset_names_its_message_id)
{
    lw_coap_notification n = notification("x");
    n.write = write_with_format;
    lw_coap_observer to = observer();
    assert_ok(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n));
    expect(&r, "5145 2020 53 61 0c 61 3c ff'x'");
    assert_true(to.has_mid);
    assert_int_equal(to.mid, 0x2020);
    assert_int_equal(to.sequence, 12);
    assert_null(to.exchange);
    feed(&r, "7000 2020");
    assert_int_equal(r.resets, 1);
    assert_int_equal(r.reset_mid, 0x2020);
    assert_int_equal(r.ends, 0);
}

static lw_coap_exchange *notify_con(const char *text, lw_coap_exchange *supersedes)
{
    lw_coap_notification n = notification(text);
    n.confirmable = supersedes == NULL; /* as that was */
    lw_coap_observer to = observer();
    to.exchange = supersedes;
    to.has_mid = true;
    assert_ok(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n));
    assert_false(to.has_mid);
    return to.exchange;
}

LW_TEST(a_con_notification_ends_with_its_acknowledgement)
{
    notify_con("x", NULL);
    expect(&r, "4145 2020 53 61 0c ff'x'");
    feed(&r, "6000 2020");
    assert_int_equal(r.ends, 1);
    assert_ok(r.err);
}

LW_TEST(a_con_notification_ends_with_reset_or_timeout)
{
    notify_con("x", NULL);
    feed(&r, "7000 2020");
    assert_err(r.err, LW_ERESET);
    r.params.max_retransmit = 0;
    notify_con("x", NULL);
    pass(&r, 3000);
    assert_err(r.err, LW_ETIMEOUT);
    assert_int_equal(r.ends, 2);
}

LW_TEST(a_newer_state_is_sent_when_the_older_would_have_been_sent_again)
{
    lw_coap_exchange *older = notify_con("old", NULL);
    expect(&r, "4145 2020 53 61 0c ff'old'");
    lw_coap_exchange *newer = notify_con("new", older);
    silent(&r); /* RFC 7641 section 4.5.2: not at once */
    assert_int_equal(r.ends, 1);
    assert_err(r.err, LW_ECANCELED);
    pass(&r, 2125);
    expect(&r, "4145 2021 53 61 0c ff'new'");
    notify_con("newest", newer);
    pass(&r, 4249);
    silent(&r);
    pass(&r, 1); /* the doubled timeout goes on */
    expect(&r, "4145 2022 53 61 0c ff'newest'");
    feed(&r, "6000 2021"); /* late: an older state */
    assert_int_equal(r.ends, 2);
    feed(&r, "6000 2022");
    assert_int_equal(r.ends, 3);
    assert_ok(r.err);
}

LW_TEST(a_newer_state_is_sent_at_once_when_the_older_is_acknowledged)
{
    lw_coap_exchange *older = notify_con("old", NULL);
    notify_con("new", older);
    r.sent_count = 0;
    feed(&r, "6000 2020");
    expect(&r, "4145 2021 53 61 0c ff'new'");
    feed(&r, "6000 2021");
    assert_ok(r.err);
    assert_int_equal(r.ends, 2);
}

LW_TEST(a_reset_of_the_older_state_ends_the_newer)
{
    lw_coap_exchange *older = notify_con("old", NULL);
    notify_con("new", older);
    feed(&r, "7000 2020");
    assert_int_equal(r.ends, 2);
    assert_err(r.err, LW_ERESET);
}

LW_TEST(a_queued_state_is_superseded_in_its_place)
{
    notify_con("first", NULL);
    lw_coap_exchange *older = notify_con("old", NULL);
    notify_con("other", NULL);
    notify_con("new", older);
    r.sent_count = 0;
    feed(&r, "6000 2020");
    expect(&r, "4145 2023 53 61 0c ff'new'");
    feed(&r, "6000 2023");
    expect(&r, "4145 2022 53 61 0c ff'other'");
}

LW_TEST(superseding_does_not_count_against_the_ceiling)
{
    lw_coap_exchange *last = NULL;
    for (int i = 0; i < 4; i++) {
        last = notify_con("x", NULL);
    }
    lw_coap_notification n = notification("x");
    n.confirmable = true;
    lw_coap_observer to = observer();
    assert_err(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n), LW_ENOMEM);
    assert_int_equal(to.sequence, 11);
    assert_null(to.exchange);
    notify_con("y", last);
    assert_int_equal(r.peer.queued, 4);
}

LW_TEST(an_error_notification_has_no_observe_option)
{
    lw_coap_notification n = notification(NULL);
    n.code = LW_COAP_NOT_FOUND;
    n.write = NULL;
    lw_coap_observer to = observer();
    assert_ok(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n));
    expect(&r, "5184 2020 53");
}

LW_TEST(a_large_notification_goes_out_as_its_first_block)
{
    r.params.szx = 0;
    lw_coap_notification n = notification("more than sixteen octets");
    lw_coap_observer to = observer();
    assert_ok(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n));
    /* ETag, Observe 12, Block2 0/1/16, Size2 24 */
    assert_int_equal(r.sent[0].len, 5 + 5 + 2 + 3 + 2 + 1 + 16);
    assert_memory_equal(r.sent[0].octets + 10, "\x21\x0c\xd1\x04\x08\x51\x18\xff", 8);
    uint8_t etag[4];
    memcpy(etag, r.sent[0].octets + 6, 4);
    r.sent_count = 0;
    r.text = "more than sixteen octets";
    feed(&r, "4001 0001 b1't' c1 10"); /* OBS-20 */
    assert_memory_equal(r.sent[0].octets + 5, etag, 4);
}

static lw_err write_nothing(void *ctx, lw_coap_reply *reply)
{
    (void)ctx;
    (void)reply;
    return LW_ENOTFOUND;
}

LW_TEST(a_notification_that_cannot_be_written_is_not_sent)
{
    lw_coap_notification n = notification("x");
    n.write = write_nothing;
    lw_coap_observer to = observer();
    assert_err(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n), LW_ENOTFOUND);
    silent(&r);
    n = notification("x");
    n.confirmable = true;
    mem.fail_at = mem.count + 1;
    assert_err(lw_coap_notify(&r.coap, &r.peer, r.now, &to, &n), LW_ENOMEM);
    silent(&r);
    assert_int_equal(to.sequence, 11);
}

static lw_err notify_within(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    (void)ctx;
    lw_coap_notification n = notification("x");
    lw_coap_observer to = observer();
    assert_err(lw_coap_notify(&r.coap, in->peer, in->now, &to, &n), LW_ESTATE);
    reply->code = LW_COAP_CHANGED;
    return LW_OK;
}

LW_TEST(a_handler_cannot_notify_while_its_answer_is_in_the_buffer)
{
    r.handler.on_request = notify_within;
    feed(&r, "4003 0001 b1't'");
    expect(&r, "6044 0001");
}

LW_TEST(a_newer_state_follows_the_older_on_a_stream)
{
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    lw_coap_exchange *older = notify_con("a", NULL);
    notify_con("b", older);
    assert_int_equal(r.ends, 1);
    assert_err(r.err, LW_ECANCELED);
    expect(&r, "41 45 53 61 0c ff'a'");
    expect(&r, "41 45 53 61 0c ff'b'");
    pass(&r, 0);
    assert_int_equal(r.ends, 2);
    assert_ok(r.err);
}

LW_TEST(a_stream_carries_confirmable_notifications_without_acknowledgement)
{
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    notify_con("x", NULL);
    expect(&r, "41 45 53 61 0c ff'x'");
    assert_int_equal(r.ends, 0);
    pass(&r, 0);
    assert_int_equal(r.ends, 1);
    assert_ok(r.err);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(sequence_numbers_are_24_bits),
        T(newer_is_ahead_by_less_than_half_the_numbers),
        T(newer_wraps),
        T(after_128_seconds_anything_is_newer),
        T(figure_2_an_observation_is_registered_and_notified),
        T(a_reordered_notification_is_acknowledged_but_not_told),
        T(an_answer_without_observe_is_only_an_answer),
        T(a_refused_or_lost_registration_observes_nothing),
        T(an_error_notification_ends_the_observation),
        T(a_response_without_observe_ends_the_observation),
        T(a_known_token_is_enough_after_a_restart),
        T(a_stopped_observation_is_reset),
        T(an_active_cancel_has_observe_1_and_the_same_token),
        T(observe_stands_among_the_options_of_the_request),
        T(a_failed_cancel_keeps_the_observation),
        T(a_stream_keeps_the_order_by_itself),
        T(a_non_notification_is_sent_once_and_a_reset_names_its_message_id),
        T(a_con_notification_ends_with_its_acknowledgement),
        T(a_con_notification_ends_with_reset_or_timeout),
        T(a_newer_state_is_sent_when_the_older_would_have_been_sent_again),
        T(a_newer_state_is_sent_at_once_when_the_older_is_acknowledged),
        T(a_reset_of_the_older_state_ends_the_newer),
        T(a_queued_state_is_superseded_in_its_place),
        T(superseding_does_not_count_against_the_ceiling),
        T(an_error_notification_has_no_observe_option),
        T(a_large_notification_goes_out_as_its_first_block),
        T(a_notification_that_cannot_be_written_is_not_sent),
        T(a_handler_cannot_notify_while_its_answer_is_in_the_buffer),
        T(a_newer_state_follows_the_older_on_a_stream),
        T(a_stream_carries_confirmable_notifications_without_acknowledgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
