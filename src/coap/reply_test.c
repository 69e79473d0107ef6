#include "testing/lw_test.h"

#include "coap/echo.h"
#include "coap/rig_test.h"
#include "testing/fakes.h"

static rig r;
static lw_fake_mem mem;

static int setup(void **state)
{
    (void)state;
    mem = (lw_fake_mem){0};
    rig_init(&r, lw_fake_mem_mem(&mem));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&r);
    assert_int_equal(mem.live, 0);
    return 0;
}

#define GET_A "b1'a'"

/* ---- RFC 7252 appendix A, the server's side -------------------------------------------------- */

LW_TEST(figure_16_confirmable_request_gets_a_piggybacked_response)
{
    r.text = "22.3 C";
    feed(&r, "4001 7d34 bb'temperature'");
    expect(&r, "6045 7d34 ff'22.3 C'");
}

LW_TEST(figure_19_duplicate_gets_the_same_answer_without_the_handler)
{
    r.text = "22.3 C";
    feed(&r, "4101 7d37 42 bb'temperature'");
    r.text = "23.0 C";
    feed(&r, "4101 7d37 42 bb'temperature'");
    expect(&r, "6145 7d37 42 ff'22.3 C'");
    expect(&r, "6145 7d37 42 ff'22.3 C'");
    assert_int_equal(r.requests, 1);
    assert_int_equal(r.coap.stats.duplicates, 1);
}

static lw_err answer(const char *text)
{
    lw_coap_reply reply;
    lw_err err = lw_coap_answer_begin(&r.coap, &r.peer, r.token, &reply);
    if (err != LW_OK) {
        return err;
    }
    reply.code = LW_COAP_CONTENT;
    lw_write_str(&reply.payload, text);
    return lw_coap_answer_end(&r.coap, &r.peer, r.now, &reply);
}

LW_TEST(figure_20_separate_response_is_retransmitted_until_acknowledged)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 7d38 53 bb'temperature'");
    silent(&r);
    pass(&r, 1000);
    expect(&r, "6000 7d38");
    r.peer.next_mid = 0xad7b;
    assert_ok(answer("22.3 C"));
    expect(&r, "4145 ad7b 53 ff'22.3 C'");
    pass(&r, 3000);
    expect(&r, "4145 ad7b 53 ff'22.3 C'");
    feed(&r, "6000 ad7b");
    pass(&r, 300000);
    silent(&r);
    assert_err(answer("again"), LW_ENOTFOUND);
}

LW_TEST(figure_22_non_request_gets_a_non_response)
{
    r.text = "22.3 C";
    feed(&r, "5101 7d40 75 bb'temperature'");
    expect(&r, "5145 2020 75 ff'22.3 C'");
    feed(&r, "5101 7d40 75 bb'temperature'");
    silent(&r);
    assert_int_equal(r.requests, 1);
}

/* ---- later ----------------------------------------------------------------------------------- */

LW_TEST(an_answer_before_the_ack_delay_is_piggybacked)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    pass(&r, 999);
    assert_ok(answer("x"));
    expect(&r, "6145 0001 53 ff'x'");
    feed(&r, "4101 0001 53 " GET_A);
    expect(&r, "6145 0001 53 ff'x'");
    pass(&r, 2000);
    silent(&r);
    assert_int_equal(r.requests, 1);
}

/* The memory of the other answer is not lost: see teardown. */
LW_TEST(an_answer_to_a_message_whose_id_was_used_again_is_not_noted_for_the_other)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    r.result = LW_OK;
    r.text = "b";
    feed(&r, "4101 0001 54 b1'b'");
    expect(&r, "6145 0001 54 ff'b'");
    r.token = (lw_coap_token){.len = 1, .octets = {0x53}};
    assert_ok(answer("a"));
    expect(&r, "6145 0001 53 ff'a'");
    feed(&r, "4101 0001 54 b1'b'");
    expect(&r, "6145 0001 54 ff'b'");
}

LW_TEST(a_duplicate_of_a_waiting_request_is_acknowledged_at_once)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    feed(&r, "4101 0001 53 " GET_A);
    expect(&r, "6000 0001");
    pass(&r, 1000);
    silent(&r);
    feed(&r, "4101 0001 53 " GET_A);
    expect(&r, "6000 0001");
    assert_ok(answer("x"));
    expect(&r, "4145 2020 53 ff'x'");
    assert_int_equal(r.requests, 1);
}

LW_TEST(a_separate_answer_may_be_a_non)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    pass(&r, 1000);
    expect(&r, "6000 0001");
    lw_coap_reply reply;
    assert_ok(lw_coap_answer_begin(&r.coap, &r.peer, r.token, &reply));
    reply.code = LW_COAP_CHANGED;
    reply.non = true;
    assert_ok(lw_coap_answer_end(&r.coap, &r.peer, r.now, &reply));
    expect(&r, "5144 2020 53");
}

LW_TEST(a_later_answer_to_a_non_is_a_non)
{
    r.result = LW_AGAIN;
    feed(&r, "5101 0001 53 " GET_A);
    pass(&r, 5000);
    silent(&r);
    assert_ok(answer("x"));
    expect(&r, "5145 2020 53 ff'x'");
}

LW_TEST(an_answer_that_never_comes_is_forgotten_after_exchange_lifetime)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    feed(&r, "4101 0002 54 " GET_A);
    pass(&r, 1000);
    pass(&r, 246000);
    assert_ok(answer("x"));
    pass(&r, 1000);
    r.token.octets[0] = 0x53;
    assert_err(answer("x"), LW_ENOTFOUND);
}

LW_TEST(too_many_waiting_requests_are_refused_with_5_03)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 51 " GET_A);
    feed(&r, "4101 0002 52 " GET_A);
    feed(&r, "4101 0003 53 " GET_A);
    expect(&r, "61a3 0003 53");
}

LW_TEST(a_separate_answer_without_memory_can_be_given_again)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    pass(&r, 1000);
    expect(&r, "6000 0001");
    mem.fail_at = mem.count + 1;
    assert_err(answer("x"), LW_ENOMEM);
    silent(&r);
    assert_ok(answer("x"));
    expect(&r, "4145 2020 53 ff'x'");
}

LW_TEST(one_answer_is_written_at_a_time)
{
    r.result = LW_AGAIN;
    feed(&r, "4101 0001 53 " GET_A);
    lw_coap_reply reply;
    lw_coap_reply other;
    assert_ok(lw_coap_answer_begin(&r.coap, &r.peer, r.token, &reply));
    assert_err(lw_coap_answer_begin(&r.coap, &r.peer, r.token, &other), LW_ESTATE);
    reply.code = LW_COAP_CHANGED;
    assert_ok(lw_coap_answer_end(&r.coap, &r.peer, r.now, &reply));
    expect(&r, "6144 0001 53");
}

/* ---- what is refused ------------------------------------------------------------------------- */

LW_TEST(unknown_critical_option_gets_4_02)
{
    feed(&r, "4101 0001 53 d13c'x'"); /* option 73 */
    expect(&r, "6182 0001 53");
    assert_int_equal(r.requests, 0);
}

LW_TEST(unknown_critical_option_in_a_non_gets_silence)
{
    feed(&r, "5101 0001 53 d13c'x'");
    silent(&r);
    assert_int_equal(r.requests, 0);
}

LW_TEST(unknown_elective_option_is_ignored)
{
    feed(&r, "4101 0001 53 d13d'x'"); /* option 74 */
    expect(&r, "6145 0001 53");
    assert_int_equal(r.requests, 1);
}

LW_TEST(malformed_confirmable_gets_reset_and_non_silence)
{
    feed(&r, "4101 0001 53 ff"); /* marker without payload */
    expect(&r, "7000 0001");
    feed(&r, "5101 0001 53 ff");
    feed(&r, "60");
    feed(&r, "8101 0001 53"); /* version 2 */
    silent(&r);
    assert_int_equal(r.coap.stats.malformed, 4);
}

LW_TEST(reserved_classes_are_rejected)
{
    feed(&r, "4121 0001 53"); /* 1.01 */
    expect(&r, "7000 0001");
    feed(&r, "51e1 0002 53"); /* 7.01 */
    silent(&r);
}

LW_TEST(empty_confirmable_is_a_ping)
{
    feed(&r, "4000 1234");
    expect(&r, "7000 1234");
    feed(&r, "5000 1234");
    silent(&r);
}

LW_TEST(failing_handlers_become_5_00_and_5_03)
{
    r.result = LW_EIO;
    feed(&r, "4101 0001 53 " GET_A);
    expect(&r, "61a0 0001 53");
    r.result = LW_ENOMEM;
    feed(&r, "4101 0002 53 " GET_A);
    expect(&r, "61a3 0002 53");
    r.result = LW_OK;
    r.code = LW_COAP_EMPTY; /* the handler forgot */
    feed(&r, "4101 0003 53 " GET_A);
    expect(&r, "61a0 0003 53");
}

LW_TEST(silence_is_as_if_the_request_had_been_lost)
{
    r.result = LW_END;
    feed(&r, "4001 7d34");
    silent(&r);
    r.result = LW_OK;
    feed(&r, "4001 7d34");
    assert_int_equal(r.requests, 2);
    expect(&r, "6045 7d34");
}

/* ---- message ids ----------------------------------------------------------------------------- */

LW_TEST(another_message_with_the_same_id_is_not_a_duplicate)
{
    feed(&r, "4101 0001 53 " GET_A);
    feed(&r, "4101 0001 54 " GET_A); /* the peer restarted */
    expect(&r, "6145 0001 53");
    expect(&r, "6145 0001 54");
    assert_int_equal(r.requests, 2);
}

LW_TEST(message_ids_are_forgotten_after_exchange_lifetime)
{
    feed(&r, "4101 0001 53 " GET_A);
    pass(&r, 246999);
    feed(&r, "4101 0001 53 " GET_A);
    assert_int_equal(r.requests, 1);
    pass(&r, 1);
    assert_int_equal(r.coap.seen_count, 0);
    feed(&r, "4101 0001 53 " GET_A);
    assert_int_equal(r.requests, 2);
}

LW_TEST(message_ids_wake_nobody_and_go_with_the_next_step)
{
    feed(&r, "4101 0001 53 " GET_A);
    assert_int_equal(lw_coap_next_deadline(&r.coap), LW_TIME_NEVER);
    r.now += 247000;
    assert_int_equal(r.coap.seen_count, 1);
    lw_coap_step(&r.coap, r.now);
    assert_int_equal(r.coap.seen_count, 0);
}

static size_t seen_when_due;

static void on_timer(lw_coap *coap, lw_coap_timer *timer)
{
    (void)timer;
    seen_when_due = coap->seen_count;
}

/* A device may not be woken for hours: what it does then may need the memory. */
LW_TEST(message_ids_that_are_over_go_before_anything_is_done)
{
    feed(&r, "4101 0001 53 " GET_A);
    r.now += 247000;
    feed(&r, "4101 0002 53 " GET_A);
    assert_int_equal(r.coap.seen_count, 1);
    lw_coap_timer timer = {.fire = on_timer};
    lw_deadline_arm(&r.coap.deadlines, &timer.deadline, r.now + 247000);
    seen_when_due = 1;
    r.now += 247000;
    lw_coap_step(&r.coap, r.now);
    assert_int_equal(seen_when_due, 0);
}

LW_TEST(message_ids_of_non_count_for_non_lifetime_only)
{
    feed(&r, "4101 0001 53 " GET_A);
    feed(&r, "5101 0002 53 " GET_A);
    r.now += 144999;
    feed(&r, "5101 0002 53 " GET_A);
    assert_int_equal(r.requests, 2);
    r.now += 1;
    feed(&r, "5101 0002 53 " GET_A);
    assert_int_equal(r.requests, 3);
}

LW_TEST(the_oldest_id_of_a_peer_is_forgotten_at_its_ceiling)
{
    for (int i = 0; i < 8; i++) {
        char datagram[] = "4001 000x";
        datagram[8] = (char)('0' + i);
        feed(&r, datagram);
    }
    assert_int_equal(r.coap.seen_count, 8);
    feed(&r, "4001 0008");
    assert_int_equal(r.coap.seen_count, 8);
    assert_int_equal(r.requests, 9);
    feed(&r, "4001 0001"); /* still known */
    assert_int_equal(r.requests, 9);
    feed(&r, "4001 0000"); /* forgotten */
    assert_int_equal(r.requests, 10);
}

LW_TEST(the_oldest_id_of_all_is_forgotten_at_the_ceiling_of_the_endpoint)
{
    r.coap.config.limits.max_seen = 2;
    lw_coap_peer other;
    lw_coap_peer_init(&r.coap, &other, &r.params);
    feed(&r, "4001 0001");
    feed(&r, "4001 0002");
    static const uint8_t ping[] = {0x40, 0x01, 0x00, 0x01};
    lw_coap_feed(&r.coap, &other, r.now, lw_bytes_of(ping, sizeof ping));
    assert_int_equal(r.coap.seen_count, 2);
    assert_int_equal(r.peer.seen_count, 1);
    assert_int_equal(r.requests, 3);
    lw_coap_peer_drop(&r.coap, &other);
}

LW_TEST(without_memory_a_request_counts_as_lost)
{
    mem.fail_at = mem.count + 1;
    feed(&r, "4101 0001 53 " GET_A);
    silent(&r);
    assert_int_equal(r.requests, 0);
    feed(&r, "4101 0001 53 " GET_A);
    expect(&r, "6145 0001 53");
}

LW_TEST(without_memory_for_the_answer_a_duplicate_gets_none_but_is_not_executed)
{
    mem.fail_at = mem.count + 2;
    feed(&r, "4101 0001 53 " GET_A);
    expect(&r, "6145 0001 53");
    feed(&r, "4101 0001 53 " GET_A);
    silent(&r);
    assert_int_equal(r.requests, 1);
}

/* ---- No-Response (RFC 7967) ------------------------------------------------------------------ */

LW_TEST(no_response_suppresses_the_class_it_names)
{
    feed(&r, "4101 0001 53 d1f5 02"); /* option 258: not interested in 2.xx */
    expect(&r, "6000 0001");
    feed(&r, "5101 0002 53 d1f5 02");
    silent(&r);
    r.code = LW_COAP_NOT_FOUND;
    feed(&r, "5101 0003 53 d1f5 02");
    expect(&r, "5184 2020 53");
    feed(&r, "5101 0004 53 d1f5 1a");
    silent(&r);
    feed(&r, "4101 0001 53 d1f5 02"); /* duplicate */
    expect(&r, "6000 0001");
}

/* ---- Block2: RFC 7959 section 3.1 ------------------------------------------------------------ */

LW_TEST(figure_2_simple_blockwise_get)
{
    r.params.szx = 3; /* 128 octets */
    r.long_len = 336;
    feed(&r, "4001 04d2 b6'status'");
    /* ETag (digest), Block2 0/1/128, Size2 336 */
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 3 + 1 + 128);
    uint8_t etag[4];
    memcpy(etag, r.sent[0].octets + 5, 4);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x0b\x52\x01\x50\xff", 7);
    r.sent_count = 0;
    feed(&r, "4001 04d3 b6'status' c1 1b"); /* 2:1/0/128 */
    assert_memory_equal(r.sent[0].octets + 5, etag, 4);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x1b\xff", 4);
    assert_int_equal(r.sent[0].octets[13], rig_octet(128));
    r.sent_count = 0;
    feed(&r, "4001 04d4 b6'status' c1 2b");
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 1 + 80);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x23\xff", 4);
    assert_int_equal(r.sent[0].octets[13], rig_octet(256));
}

LW_TEST(figure_3_early_negotiation_takes_the_size_of_the_client)
{
    r.long_len = 200;
    feed(&r, "4001 04d2 b6'status' c1 02"); /* 2:0/0/64 */
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 2 + 1 + 64);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x0a", 3);
}

LW_TEST(figure_4_late_negotiation_continues_at_the_right_place)
{
    r.params.szx = 3;
    r.long_len = 336;
    feed(&r, "4001 04d2 b6'status'");
    r.sent_count = 0;
    feed(&r, "4001 04d3 b6'status' c1 22"); /* 2:2/0/64: octet 128 */
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x2a\xff", 4);
    assert_int_equal(r.sent[0].octets[13], rig_octet(128));
}

LW_TEST(a_changed_representation_has_another_etag)
{
    r.params.szx = 0;
    r.text = "the first state of it";
    feed(&r, "4001 0001 b1'a'");
    r.text = "the other state of it";
    feed(&r, "4001 0002 b1'a' c1 10");
    assert_memory_not_equal(r.sent[0].octets + 5, r.sent[1].octets + 5, 4);
}

LW_TEST(an_etag_of_the_handler_is_kept)
{
    r.params.szx = 0;
    r.text = "more than sixteen octets";
    lw_coap_token token = {.len = 0};
    r.result = LW_AGAIN;
    feed(&r, "4001 0001 b1'a'");
    lw_coap_reply reply;
    assert_ok(lw_coap_answer_begin(&r.coap, &r.peer, token, &reply));
    reply.code = LW_COAP_CONTENT;
    lw_coap_put_str(&reply.options, LW_COAP_OPT_ETAG, "e");
    lw_write_str(&reply.payload, r.text);
    assert_ok(lw_coap_answer_end(&r.coap, &r.peer, r.now, &reply));
    expect(&r, "6045 0001 41'e' d1 06 08 51 18 ff'more than sixtee'");
}

LW_TEST(a_block_past_the_end_gets_4_00)
{
    r.long_len = 100;
    r.content_format = 40;
    feed(&r, "4001 0001 b1'a' c1 52"); /* 2:5/0/64 */
    expect(&r, "6080 0001");
}

LW_TEST(szx_7_gets_4_00_over_datagrams)
{
    feed(&r, "4001 0001 b1'a' c1 07");
    expect(&r, "6080 0001");
    feed(&r, "4003 0002 b1'a' d1 03 0f");
    expect(&r, "6080 0002 d1 0e 0f");
    assert_int_equal(r.requests, 0);
}

LW_TEST(a_block_larger_than_the_buffer_becomes_smaller)
{
    r.coap.config.buf_size = LW_COAP_BUF_SIZE(300);
    r.long_len = 1000;
    feed(&r, "4001 0001 b1'a' c1 06"); /* asks for 1024 */
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 3 + 1 + 256);
    r.sent_count = 0;
    feed(&r, "4001 0002 b1'a' c1 16"); /* insists */
    expect(&r, "6080 0002");
}

LW_TEST(a_diagnostic_message_is_not_cut_into_blocks)
{
    r.code = LW_COAP_NOT_FOUND;
    r.text = "no such resource here";
    feed(&r, "4001 0001 b1'a' c1 00");
    expect(&r, "6084 0001 ff'no such resource'"); /* what fits the block asked for */
    feed(&r, "4001 0002 b1'a' c1 10");
    expect(&r, "6084 0002");
}

LW_TEST(an_answer_that_the_peer_does_not_take_becomes_5_00)
{
    r.peer.max_message = 64;
    r.long_len = 49;
    feed(&r, "4001 0001 b1'a'");
    r.long_len = 50; /* and the marker, and the longest header */
    feed(&r, "4001 0002 b1'a'");
    expect_long(&r, "6045 0001 ff", 0, 49);
    expect(&r, "60a0 0002");
}

LW_TEST(too_many_options_of_a_handler_become_5_00)
{
    r.result = LW_AGAIN;
    feed(&r, "4001 0001 b1'a'");
    lw_coap_reply reply;
    assert_ok(lw_coap_answer_begin(&r.coap, &r.peer, (lw_coap_token){0}, &reply));
    reply.code = LW_COAP_CREATED;
    static char path[LW_COAP_REPLY_OPTIONS + 1];
    memset(path, 'x', sizeof path - 1);
    lw_coap_put_str(&reply.options, LW_COAP_OPT_LOCATION_PATH, path);
    assert_ok(lw_coap_answer_end(&r.coap, &r.peer, r.now, &reply));
    expect(&r, "60a0 0001");
}

/* ---- streams --------------------------------------------------------------------------------- */

LW_TEST(a_stream_takes_whole_what_its_messages_hold)
{
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    r.long_len = 900;
    lw_coap_msg msg = {.code = LW_COAP_GET, .token = {.len = 1, .octets = {0x53}}};
    lw_coap_feed_msg(&r.coap, &r.peer, r.now, &msg);
    assert_int_equal(r.sent[0].len, 1 + 2 + 1 + 1 + 1 + 900);
    assert_memory_equal(r.sent[0].octets, "\xe1\x02\x78\x45\x53\xff", 6); /* 901 - 269 */
    r.sent_count = 0;
    r.result = LW_AGAIN;
    msg.token.octets[0] = 0x54;
    lw_coap_feed_msg(&r.coap, &r.peer, r.now, &msg);
    silent(&r);
    assert_ok(answer("x"));
    expect(&r, "21 45 54 ff'x'");
}

/* ---- Echo (RFC 9175 section 2) --------------------------------------------------------------- */

LW_TEST(echo_is_fresh_when_it_comes_back_in_time)
{
    lw_coap_echo echo = {.is_set = false};
    lw_coap_msg msg = {.code = LW_COAP_POST};
    lw_coap_inbound in = {.peer = &r.peer, .msg = &msg, .now = 5000};
    assert_false(lw_coap_echo_is_fresh(&echo, &in, 10000));
    r.result = LW_AGAIN;
    feed(&r, "4002 0001 b1'a'");
    lw_coap_reply reply;
    assert_ok(lw_coap_answer_begin(&r.coap, &r.peer, (lw_coap_token){0}, &reply));
    lw_coap_echo_demand(&r.coap, &echo, &in, 10000, &reply);
    assert_ok(lw_coap_answer_end(&r.coap, &r.peer, r.now, &reply));
    expect(&r, "6081 0001 d8ef 2020202020202020");
    uint8_t option[] = {0xd8, 0xef, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20};
    msg.options = lw_bytes_of(option, sizeof option);
    in.now = 15000;
    assert_true(lw_coap_echo_is_fresh(&echo, &in, 10000));
    in.now = 15001;
    assert_false(lw_coap_echo_is_fresh(&echo, &in, 10000));
    in.now = 5000;
    option[9] = 0x21;
    assert_false(lw_coap_echo_is_fresh(&echo, &in, 10000));
}

/* ---- the endpoint itself --------------------------------------------------------------------- */

LW_TEST(an_endpoint_without_room_or_limits_is_refused)
{
    lw_coap coap;
    lw_coap_config config = r.coap.config;
    config.buf_size = LW_COAP_BUF_SIZE(15);
    assert_err(lw_coap_init(&coap, &config), LW_EINVAL);
    config = r.coap.config;
    config.limits.max_later = 0;
    assert_err(lw_coap_init(&coap, &config), LW_EINVAL);
    config.limits = (lw_coap_limits){.max_later = 1};
    assert_err(lw_coap_init(&coap, &config), LW_EINVAL);
}

LW_TEST(a_notification_may_be_acknowledged_when_it_is_stored)
{
    r.notification_result = LW_AGAIN;
    feed(&r, "4145 0001 53 61 01 ff'x'");
    feed(&r, "4145 0001 53 61 01 ff'x'");
    silent(&r);
    lw_coap_acknowledge(&r.coap, &r.peer, 1);
    expect(&r, "6000 0001");
    feed(&r, "4145 0001 53 61 01 ff'x'");
    expect(&r, "6000 0001");
    assert_int_equal(r.notifications, 1);
}

LW_TEST(without_a_taker_notifications_are_reset)
{
    r.handler.on_notification = NULL;
    feed(&r, "5145 0001 53 61 01 ff'x'");
    expect(&r, "7000 0001");
}

LW_TEST(the_default_times_are_those_of_rfc_7252_section_4_8_2)
{
    assert_int_equal(LW_COAP_MAX_TRANSMIT_SPAN(2000, 150, 4), 45000);
    assert_int_equal(lw_coap_params_udp.ack_spread_ms, 1000);
    assert_int_equal(lw_coap_params_udp.exchange_lifetime_ms, 247000);
    assert_int_equal(lw_coap_params_udp.non_lifetime_ms, 145000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(figure_16_confirmable_request_gets_a_piggybacked_response),
        T(figure_19_duplicate_gets_the_same_answer_without_the_handler),
        T(figure_20_separate_response_is_retransmitted_until_acknowledged),
        T(figure_22_non_request_gets_a_non_response),
        T(an_answer_before_the_ack_delay_is_piggybacked),
        T(an_answer_to_a_message_whose_id_was_used_again_is_not_noted_for_the_other),
        T(a_duplicate_of_a_waiting_request_is_acknowledged_at_once),
        T(a_separate_answer_may_be_a_non),
        T(a_later_answer_to_a_non_is_a_non),
        T(an_answer_that_never_comes_is_forgotten_after_exchange_lifetime),
        T(too_many_waiting_requests_are_refused_with_5_03),
        T(a_separate_answer_without_memory_can_be_given_again),
        T(one_answer_is_written_at_a_time),
        T(unknown_critical_option_gets_4_02),
        T(unknown_critical_option_in_a_non_gets_silence),
        T(unknown_elective_option_is_ignored),
        T(malformed_confirmable_gets_reset_and_non_silence),
        T(reserved_classes_are_rejected),
        T(empty_confirmable_is_a_ping),
        T(failing_handlers_become_5_00_and_5_03),
        T(silence_is_as_if_the_request_had_been_lost),
        T(another_message_with_the_same_id_is_not_a_duplicate),
        T(message_ids_are_forgotten_after_exchange_lifetime),
        T(message_ids_wake_nobody_and_go_with_the_next_step),
        T(message_ids_that_are_over_go_before_anything_is_done),
        T(message_ids_of_non_count_for_non_lifetime_only),
        T(the_oldest_id_of_a_peer_is_forgotten_at_its_ceiling),
        T(the_oldest_id_of_all_is_forgotten_at_the_ceiling_of_the_endpoint),
        T(without_memory_a_request_counts_as_lost),
        T(without_memory_for_the_answer_a_duplicate_gets_none_but_is_not_executed),
        T(no_response_suppresses_the_class_it_names),
        T(figure_2_simple_blockwise_get),
        T(figure_3_early_negotiation_takes_the_size_of_the_client),
        T(figure_4_late_negotiation_continues_at_the_right_place),
        T(a_changed_representation_has_another_etag),
        T(an_etag_of_the_handler_is_kept),
        T(a_block_past_the_end_gets_4_00),
        T(szx_7_gets_4_00_over_datagrams),
        T(a_block_larger_than_the_buffer_becomes_smaller),
        T(a_diagnostic_message_is_not_cut_into_blocks),
        T(an_answer_that_the_peer_does_not_take_becomes_5_00),
        T(too_many_options_of_a_handler_become_5_00),
        T(a_stream_takes_whole_what_its_messages_hold),
        T(echo_is_fresh_when_it_comes_back_in_time),
        T(an_endpoint_without_room_or_limits_is_refused),
        T(a_notification_may_be_acknowledged_when_it_is_stored),
        T(without_a_taker_notifications_are_reset),
        T(the_default_times_are_those_of_rfc_7252_section_4_8_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
