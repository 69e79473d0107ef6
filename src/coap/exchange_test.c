#include "testing/lw_test.h"

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

static void assert_ended(lw_err err)
{
    assert_int_equal(r.ends, 1);
    assert_err(r.err, err);
}

#define PATH_TEMPERATURE "bb'temperature'"

/* ---- RFC 7252 appendix A, the client's side -------------------------------------------------- */

LW_TEST(figure_16_confirmable_request_piggybacked_response)
{
    r.params.token_len = 0;
    r.peer.next_mid = 0x7d34;
    rig_get(&r, "temperature");
    expect(&r, "4001 7d34 " PATH_TEMPERATURE);
    feed(&r, "6045 7d34 ff'22.3 C'");
    silent(&r);
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_CONTENT);
    assert_memory_equal(r.answer, "22.3 C", 6);
}

LW_TEST(figure_17_token_comes_back)
{
    r.params.token_len = 1;
    r.peer.next_mid = 0x7d35;
    rig_get(&r, "temperature");
    expect(&r, "4101 7d35 20 " PATH_TEMPERATURE);
    feed(&r, "6145 7d35 20 ff'22.3 C'");
    assert_ended(LW_OK);
}

LW_TEST(figure_18_lost_request_is_sent_again)
{
    r.params.token_len = 1;
    r.peer.next_mid = 0x7d36;
    rig_get(&r, "temperature");
    expect(&r, "4101 7d36 20 " PATH_TEMPERATURE);
    pass(&r, 1999);
    silent(&r);
    pass(&r, 1000);
    expect(&r, "4101 7d36 20 " PATH_TEMPERATURE);
    feed(&r, "6145 7d36 20 ff'22.3 C'");
    assert_ended(LW_OK);
}

LW_TEST(figure_20_separate_response_is_acknowledged)
{
    r.params.token_len = 1;
    r.peer.next_mid = 0x7d38;
    rig_get(&r, "temperature");
    expect(&r, "4101 7d38 20 " PATH_TEMPERATURE);
    feed(&r, "6000 7d38");
    silent(&r);
    assert_int_equal(r.ends, 0);
    feed(&r, "4145 ad7b 20 ff'22.3 C'");
    expect(&r, "6000 ad7b");
    assert_ended(LW_OK);
}

LW_TEST(figure_21_unexpected_response_is_reset)
{
    feed(&r, "4145 ad7b 53 ff'22.3 C'");
    expect(&r, "7000 ad7b");
    feed(&r, "4145 ad7b 53 ff'22.3 C'"); /* the RST was lost */
    expect(&r, "7000 ad7b");
    assert_int_equal(r.notifications, 1);
}

LW_TEST(figure_22_non_request_non_response)
{
    r.params.token_len = 1;
    r.peer.next_mid = 0x7d40;
    lw_coap_request request = {
        .code = LW_COAP_GET, .options = rig_path("temperature"), .on_end = rig_on_end, .ctx = &r};
    assert_ok(lw_coap_start_non(&r.coap, &r.peer, r.now, &request, NULL));
    expect(&r, "5101 7d40 20 " PATH_TEMPERATURE);
    feed(&r, "5145 ad7c 20 ff'22.3 C'");
    silent(&r);
    assert_ended(LW_OK);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

LW_TEST(lost_ack_does_not_matter_when_the_response_comes)
{
    rig_get(&r, "a");
    expect(&r, "4401 2020 20202020 b1'a'");
    feed(&r, "4445 0001 20202020");
    expect(&r, "6000 0001");
    assert_ended(LW_OK);
    feed(&r, "6000 2020"); /* late */
    silent(&r);
    assert_int_equal(r.ends, 1);
}

LW_TEST(duplicate_of_a_separate_response_is_acknowledged_again)
{
    rig_get(&r, "a");
    feed(&r, "4445 0001 20202020");
    feed(&r, "4445 0001 20202020");
    expect(&r, "4401 2020 20202020 b1'a'");
    expect(&r, "6000 0001");
    expect(&r, "6000 0001");
    assert_ended(LW_OK);
    assert_int_equal(r.coap.stats.duplicates, 1);
}

LW_TEST(late_answer_of_an_ended_request_is_ignored)
{
    rig_get(&r, "a");
    feed(&r, "6445 2020 20202020");
    feed(&r, "6445 2020 20202020");
    assert_ended(LW_OK);
}

LW_TEST(no_ack_at_all_ends_after_max_transmit_wait)
{
    lw_time start = r.now;
    rig_get(&r, "a");
    int transmissions = 0;
    while (r.ends == 0) {
        transmissions += (int)(r.sent_count - r.sent_taken);
        r.sent_count = r.sent_taken = 0;
        pass(&r, lw_coap_next_deadline(&r.coap) - r.now);
    }
    assert_int_equal(transmissions, 5);
    assert_ended(LW_ETIMEOUT);
    assert_false(r.acked);
    /* The generator's 0x20 is an eighth of the jitter: 2125 ms * 31. */
    assert_int_equal(r.now - start, 2125 * 31);
    assert_int_equal(r.coap.stats.retransmitted, 4);
    assert_int_equal(r.coap.stats.timeouts, 1);
}

LW_TEST(silence_after_an_ack_is_another_timeout)
{
    rig_get(&r, "a");
    feed(&r, "6000 2020");
    pass(&r, 92999);
    assert_int_equal(r.ends, 0);
    pass(&r, 1);
    assert_ended(LW_ETIMEOUT);
    assert_true(r.acked);
}

LW_TEST(response_timeout_of_the_request_counts_from_the_ack)
{
    lw_coap_request request = {
        .code = LW_COAP_GET, .response_timeout_ms = 5000, .on_end = rig_on_end, .ctx = &r};
    assert_ok(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL));
    pass(&r, 1500);
    feed(&r, "6000 2020");
    feed(&r, "6000 2020"); /* again: changes nothing */
    pass(&r, 4999);
    assert_int_equal(r.ends, 0);
    pass(&r, 1);
    assert_ended(LW_ETIMEOUT);
}

LW_TEST(reset_ends_a_request)
{
    rig_get(&r, "a");
    feed(&r, "7000 2020");
    assert_ended(LW_ERESET);
}

LW_TEST(piggybacked_response_with_another_token_is_not_ours)
{
    rig_get(&r, "a");
    feed(&r, "6445 2020 deadbeef");
    feed(&r, "6445 2021 20202020");
    feed(&r, "6401 2020 20202020"); /* a request in an ACK */
    assert_int_equal(r.ends, 0);
    lw_coap_peer_drop(&r.coap, &r.peer);
    assert_ended(LW_ECANCELED);
}

LW_TEST(unknown_critical_option_rejects_a_response)
{
    rig_get(&r, "a");
    expect(&r, "4401 2020 20202020 b1'a'");
    feed(&r, "6445 2020 20202020 d13c'x'"); /* option 73 */
    assert_ended(LW_EPROTO);
    r.ends = 0;
    rig_get(&r, "a");
    expect(&r, "4401 2021 20202020 b1'a'");
    feed(&r, "4445 0001 20202020 d13c'x'");
    expect(&r, "7000 0001");
    assert_ended(LW_EPROTO);
}

LW_TEST(cancel_ends_once_and_a_late_response_is_reset)
{
    lw_coap_exchange *ex = rig_get(&r, "a");
    lw_coap_cancel(&r.coap, ex, r.now);
    assert_ended(LW_ECANCELED);
    r.sent_count = 0;
    feed(&r, "4445 0001 20202020");
    expect(&r, "7000 0001");
    assert_int_equal(r.ends, 1);
}

LW_TEST(dropping_a_peer_ends_everything_once)
{
    rig_get(&r, "a");
    rig_get(&r, "b");
    rig_get(&r, "c");
    lw_coap_peer_drop(&r.coap, &r.peer);
    assert_int_equal(r.ends, 3);
    assert_err(r.err, LW_ECANCELED);
    lw_coap_peer_drop(&r.coap, &r.peer);
    assert_int_equal(r.ends, 3);
    lw_coap_request request = {.code = LW_COAP_GET};
    assert_err(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL), LW_ESTATE);
}

/* ---- NSTART ---------------------------------------------------------------------------------- */

LW_TEST(nstart_1_sends_queued_requests_in_order)
{
    rig_get(&r, "a");
    rig_get(&r, "b");
    rig_get(&r, "c");
    expect(&r, "4401 2020 20202020 b1'a'");
    silent(&r);
    feed(&r, "6445 2020 20202020");
    expect(&r, "4401 2021 20202020 b1'b'");
    silent(&r);
    feed(&r, "6000 2021"); /* acknowledged is no longer outstanding (section 4.7) */
    expect(&r, "4401 2022 20202020 b1'c'");
    assert_int_equal(r.ends, 1);
}

LW_TEST(nstart_2_lets_two_go)
{
    r.params.nstart = 2;
    rig_get(&r, "a");
    rig_get(&r, "b");
    rig_get(&r, "c");
    expect(&r, "4401 2020 20202020 b1'a'");
    expect(&r, "4401 2021 20202020 b1'b'");
    silent(&r);
}

LW_TEST(a_timed_out_request_lets_the_next_go)
{
    r.params.max_retransmit = 0;
    rig_get(&r, "a");
    rig_get(&r, "b");
    expect(&r, "4401 2020 20202020 b1'a'");
    pass(&r, 3000);
    expect(&r, "4401 2021 20202020 b1'b'");
    assert_ended(LW_ETIMEOUT);
}

LW_TEST(canceling_a_queued_request_sends_nothing)
{
    rig_get(&r, "a");
    lw_coap_exchange *b = rig_get(&r, "b");
    rig_get(&r, "c");
    lw_coap_cancel(&r.coap, b, r.now);
    assert_ended(LW_ECANCELED);
    expect(&r, "4401 2020 20202020 b1'a'");
    feed(&r, "6445 2020 20202020");
    expect(&r, "4401 2022 20202020 b1'c'");
}

LW_TEST(the_queue_of_a_peer_is_bounded)
{
    rig_get(&r, "a");
    rig_get(&r, "b");
    rig_get(&r, "c");
    rig_get(&r, "d");
    lw_coap_request request = {.code = LW_COAP_GET};
    assert_err(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL), LW_ENOMEM);
}

LW_TEST(queued_requests_do_not_take_responses_yet)
{
    rig_get(&r, "a");
    rig_get(&r, "b");
    r.sent_count = 0;
    feed(&r, "7000 2021");
    assert_int_equal(r.ends, 0);
    assert_int_equal(r.resets, 1);
}

/* ---- NON and PROBING_RATE -------------------------------------------------------------------- */

static void start_non(void)
{
    lw_coap_request request = {
        .code = LW_COAP_GET, .options = rig_path("a"), .on_end = rig_on_end, .ctx = &r};
    assert_ok(lw_coap_start_non(&r.coap, &r.peer, r.now, &request, NULL));
}

LW_TEST(a_silent_peer_gets_non_requests_at_probing_rate)
{
    start_non(); /* 10 octets at 1 octet a second */
    start_non();
    expect(&r, "5401 2020 20202020 b1'a'");
    pass(&r, 9999);
    silent(&r);
    pass(&r, 1);
    expect(&r, "5401 2021 20202020 b1'a'");
    assert_int_equal(r.ends, 0);
    pass(&r, 83000);
    assert_ended(LW_ETIMEOUT);
    assert_false(r.acked);
}

LW_TEST(probing_rate_0_does_not_hold_back)
{
    r.params.probing_rate = 0;
    start_non();
    start_non();
    expect(&r, "5401 2020 20202020 b1'a'");
    pass(&r, 0);
    expect(&r, "5401 2021 20202020 b1'a'");
}

LW_TEST(reset_of_a_non_request_ends_it)
{
    start_non();
    feed(&r, "7000 2020");
    assert_ended(LW_ERESET);
}

/* ---- ping ------------------------------------------------------------------------------------ */

LW_TEST(ping_is_answered_by_reset)
{
    assert_ok(lw_coap_ping(&r.coap, &r.peer, r.now, rig_on_end, &r));
    expect(&r, "4000 2020");
    feed(&r, "7000 2020");
    assert_ended(LW_ERESET); /* alive */
}

LW_TEST(ping_without_answer_times_out)
{
    r.params.max_retransmit = 1;
    assert_ok(lw_coap_ping(&r.coap, &r.peer, r.now, rig_on_end, &r));
    pass(&r, 3000);
    pass(&r, 6000);
    expect(&r, "4000 2020");
    expect(&r, "4000 2020");
    assert_ended(LW_ETIMEOUT);
}

/* ---- ids and sizes --------------------------------------------------------------------------- */

LW_TEST(message_ids_wrap)
{
    r.peer.next_mid = 0xffff;
    rig_get(&r, "a");
    rig_get(&r, "b");
    expect(&r, "4401 ffff 20202020 b1'a'");
    feed(&r, "6445 ffff 20202020");
    expect(&r, "4401 0000 20202020 b1'b'");
    feed(&r, "6445 0000 20202020");
    assert_int_equal(r.ends, 2);
}

static void seeded_fill(void *ctx, uint8_t *out, size_t len)
{
    lw_rng rng = lw_rng_seeded_rng(ctx);
    rng.fill(rng.ctx, out, len);
}

LW_TEST(jitter_stays_between_ack_timeout_and_the_factor)
{
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, 7);
    r.coap.config.rng = (lw_rng){.fill = seeded_fill, .ctx = &seeded};
    lw_time shortest = LW_TIME_NEVER;
    lw_time longest = 0;
    for (int i = 0; i < 2000; i++) {
        lw_coap_exchange *ex = rig_get(&r, "a");
        lw_time wait = lw_coap_next_deadline(&r.coap) - r.now;
        shortest = wait < shortest ? wait : shortest;
        longest = wait > longest ? wait : longest;
        lw_coap_cancel(&r.coap, ex, r.now);
        r.sent_count = 0;
    }
    assert_in_range(shortest, 2000, 2010);
    assert_in_range(longest, 2990, 3000);
}

LW_TEST(too_large_for_the_peer_is_refused)
{
    uint8_t body[1152] = {0};
    lw_coap_request request = {.code = LW_COAP_PUT, .payload = lw_bytes_of(body, 1143)};
    assert_ok(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL));
    request.payload.len = 1144;
    assert_err(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL), LW_ETOOBIG);
    request.payload.len = 1153;
    assert_err(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL), LW_ETOOBIG);
}

LW_TEST(every_failed_allocation_leaves_nothing_behind)
{
    for (size_t n = 1; n <= 2; n++) {
        mem.count = 0;
        mem.fail_at = n;
        lw_coap_request request = {.code = LW_COAP_GET, .on_end = rig_on_end, .ctx = &r};
        lw_err err = lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL);
        assert_err(err, n == 1 ? LW_ENOMEM : LW_OK);
    }
    assert_int_equal(r.ends, 0);
    mem.fail_at = mem.count + 1;
    feed(&r, "4445 0001 20202020"); /* no memory to remember its id: as if lost */
    assert_int_equal(r.ends, 0);
    r.sent_count = 0;
    feed(&r, "4445 0001 20202020");
    expect(&r, "6000 0001");
    assert_ended(LW_OK);
}

/* ---- streams: RFC 8323 ----------------------------------------------------------------------- */

LW_TEST(a_stream_peer_gets_frames_without_type_and_message_id)
{
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    rig_get(&r, "a");
    rig_get(&r, "b"); /* no NSTART: the stream has its own flow control */
    expect(&r, "24 01 20202020 b1'a'");
    expect(&r, "24 01 20202020 b1'b'");
    lw_coap_msg msg = {.code = LW_COAP_CONTENT,
                       .token = {.len = 4, .octets = {0x20, 0x20, 0x20, 0x20}},
                       .payload = LW_BYTES_LIT("x")};
    lw_coap_feed_msg(&r.coap, &r.peer, r.now, &msg);
    silent(&r);
    assert_ended(LW_OK);
    pass(&r, 93000);
    assert_int_equal(r.ends, 2);
    assert_err(r.err, LW_ETIMEOUT);
}

LW_TEST(frames_of_a_stream_have_extended_lengths)
{
    static uint8_t body[70000];
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    lw_coap_request request = {.code = LW_COAP_POST, .payload = lw_bytes_of(body, 12)};
    assert_ok(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL));
    assert_memory_equal(r.sent[0].octets, "\xd4\x00\x02", 3); /* 13 */
    request.payload.len = 267;
    assert_ok(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL));
    assert_memory_equal(r.sent[1].octets, "\xd4\xff\x02", 3); /* 268 */
    request.payload.len = 268;
    assert_ok(lw_coap_start(&r.coap, &r.peer, r.now, &request, NULL));
    assert_memory_equal(r.sent[2].octets, "\xe4\x00\x00\x02", 4); /* 269 */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(figure_16_confirmable_request_piggybacked_response),
        T(figure_17_token_comes_back),
        T(figure_18_lost_request_is_sent_again),
        T(figure_20_separate_response_is_acknowledged),
        T(figure_21_unexpected_response_is_reset),
        T(figure_22_non_request_non_response),
        T(lost_ack_does_not_matter_when_the_response_comes),
        T(duplicate_of_a_separate_response_is_acknowledged_again),
        T(late_answer_of_an_ended_request_is_ignored),
        T(no_ack_at_all_ends_after_max_transmit_wait),
        T(silence_after_an_ack_is_another_timeout),
        T(response_timeout_of_the_request_counts_from_the_ack),
        T(reset_ends_a_request),
        T(piggybacked_response_with_another_token_is_not_ours),
        T(unknown_critical_option_rejects_a_response),
        T(cancel_ends_once_and_a_late_response_is_reset),
        T(dropping_a_peer_ends_everything_once),
        T(nstart_1_sends_queued_requests_in_order),
        T(nstart_2_lets_two_go),
        T(a_timed_out_request_lets_the_next_go),
        T(canceling_a_queued_request_sends_nothing),
        T(the_queue_of_a_peer_is_bounded),
        T(queued_requests_do_not_take_responses_yet),
        T(a_silent_peer_gets_non_requests_at_probing_rate),
        T(probing_rate_0_does_not_hold_back),
        T(reset_of_a_non_request_ends_it),
        T(ping_is_answered_by_reset),
        T(ping_without_answer_times_out),
        T(message_ids_wrap),
        T(jitter_stays_between_ack_timeout_and_the_factor),
        T(too_large_for_the_peer_is_refused),
        T(every_failed_allocation_leaves_nothing_behind),
        T(a_stream_peer_gets_frames_without_type_and_message_id),
        T(frames_of_a_stream_have_extended_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
