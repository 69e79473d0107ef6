#include "testing/lw_test.h"

#include "coap/rig_test.h"
#include "testing/fakes.h"

static rig r;
static lw_fake_mem mem;
static lw_coap_transfer *transfer;
static uint8_t body[2000];
static lw_progress told;

static int setup(void **state)
{
    (void)state;
    mem = (lw_fake_mem){0};
    rig_init(&r, lw_fake_mem_mem(&mem));
    r.params.token_len = 1;
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = rig_octet(i);
    }
    transfer = NULL;
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

static void assert_answer(size_t len)
{
    assert_int_equal(r.answer_len, len);
    assert_memory_equal(r.answer, body, len);
}

static lw_coap_transfer_request get(void)
{
    return (lw_coap_transfer_request){.code = LW_COAP_GET,
                                      .options = rig_path("status"),
                                      .max_body = 4096,
                                      .on_end = rig_on_end,
                                      .ctx = &r};
}

/* In blocks of 128 octets. */
static lw_coap_transfer_request put(size_t len)
{
    r.params.szx = 3;
    return (lw_coap_transfer_request){.code = LW_COAP_PUT,
                                      .options = rig_path("options"),
                                      .body = lw_bytes_of(body, len),
                                      .max_body = 4096,
                                      .on_end = rig_on_end,
                                      .ctx = &r};
}

static void start(lw_coap_transfer_request request)
{
    assert_ok(lw_coap_transfer_start(&r.coap, &r.peer, r.now, &request, &transfer));
}

#define STATUS  "b6'status'"
#define OPTIONS "b7'options'"

/* ---- down: RFC 7959 section 3.1 -------------------------------------------------------------- */

LW_TEST(figure_2_simple_blockwise_get)
{
    start(get());
    expect(&r, "4101 2020 20 " STATUS);
    feed_long(&r, "6145 2020 20 d1 0a 0b ff", 0, 128); /* 2:0/1/128 */
    expect(&r, "4101 2021 20 " STATUS " c1 13");       /* 2:1/0/128 */
    feed_long(&r, "6145 2021 20 d1 0a 1b ff", 128, 128);
    expect(&r, "4101 2022 20 " STATUS " c1 23");
    feed_long(&r, "6145 2022 20 d1 0a 23 ff", 256, 80);
    silent(&r);
    assert_ended(LW_OK);
    assert_answer(336);
}

LW_TEST(figure_3_early_negotiation)
{
    lw_coap_transfer_request request = get();
    request.ask_early = true;
    r.params.szx = 2;
    start(request);
    expect(&r, "4101 2020 20 " STATUS " c1 02"); /* 2:0/0/64 */
    feed_long(&r, "6145 2020 20 d1 0a 0a ff", 0, 64);
    expect(&r, "4101 2021 20 " STATUS " c1 12");
    feed_long(&r, "6145 2021 20 d1 0a 12 ff", 64, 10);
    assert_ended(LW_OK);
    assert_answer(74);
}

LW_TEST(figure_4_late_negotiation)
{
    lw_coap_transfer_request request = get();
    r.params.szx = 2;
    start(request);
    expect(&r, "4101 2020 20 " STATUS);
    feed_long(&r, "6145 2020 20 d1 0a 0b ff", 0, 128); /* 2:0/1/128 */
    expect(&r, "4101 2021 20 " STATUS " c1 22");       /* 2:2/0/64 */
    feed_long(&r, "6145 2021 20 d1 0a 2a ff", 128, 64);
    expect(&r, "4101 2022 20 " STATUS " c1 32");
    feed_long(&r, "6145 2022 20 d1 0a 32 ff", 192, 1);
    assert_ended(LW_OK);
    assert_answer(193);
}

LW_TEST(figure_5_lost_blocks_are_asked_for_again_by_the_message_layer)
{
    start(get());
    r.sent_count = 0;
    feed_long(&r, "6145 2020 20 d1 0a 0b ff", 0, 128);
    expect(&r, "4101 2021 20 " STATUS " c1 13");
    pass(&r, 2500);
    expect(&r, "4101 2021 20 " STATUS " c1 13");
    feed_long(&r, "6145 2020 20 d1 0a 0b ff", 0, 128); /* a late duplicate */
    silent(&r);
    feed_long(&r, "6145 2021 20 d1 0a 13 ff", 128, 1);
    assert_ended(LW_OK);
    assert_answer(129);
}

LW_TEST(a_plain_answer_ends_the_transfer)
{
    start(get());
    feed(&r, "6145 2020 20 ff'22.3 C'");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_CONTENT);
    assert_int_equal(r.answer_len, 6);
    assert_int_equal(mem.count, 2); /* the transfer and its exchange: no copy */
}

LW_TEST(an_error_is_an_answer)
{
    start(get());
    feed(&r, "6184 2020 20 ff'none'");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_NOT_FOUND);
    assert_int_equal(r.answer_len, 4);
}

LW_TEST(an_error_in_the_middle_replaces_what_came)
{
    start(get());
    feed_long(&r, "6145 2020 20 d1 0a 0b ff", 0, 128);
    feed(&r, "6184 2021 20");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_NOT_FOUND);
    assert_int_equal(r.answer_len, 0);
}

LW_TEST(another_etag_starts_again_from_the_first_block)
{
    start(get());
    feed_long(&r, "6145 2020 20 41'A' d1 06 08 ff", 100, 16);
    feed_long(&r, "6145 2021 20 41'B' d1 06 18 ff", 16, 16);
    r.sent_taken = 2;
    expect(&r, "4101 2022 20 " STATUS " c0"); /* 2:0/0/16 */
    feed_long(&r, "6145 2022 20 41'B' d1 06 08 ff", 0, 16);
    feed_long(&r, "6145 2023 20 41'B' d1 06 10 ff", 16, 16);
    assert_ended(LW_OK);
    assert_answer(32);
}

LW_TEST(a_representation_that_never_stands_still_is_given_up)
{
    start(get());
    for (unsigned i = 0; r.ends == 0; i++) {
        uint8_t answer[64];
        size_t len = rig_hex("6145 0000 20 41'A' d1 06 08 ff'0123456789abcdef'", answer);
        answer[2] = 0x20;
        answer[3] = (uint8_t)(0x20 + i);
        answer[6] = (uint8_t)('A' + i);
        answer[9] = i % 2 == 0 ? 0x08 : 0x18; /* 2:0/1/16 and 2:1/1/16, by turns */
        assert_true(i < 20);
        lw_coap_feed(&r.coap, &r.peer, r.now, lw_bytes_of(answer, len));
    }
    assert_ended(LW_EPROTO);
}

LW_TEST(a_block_out_of_place_breaks_the_protocol)
{
    start(get());
    feed_long(&r, "6145 2020 20 d1 0a 18 ff", 16, 16);
    assert_ended(LW_EPROTO);
}

LW_TEST(a_block_of_the_wrong_length_breaks_the_protocol)
{
    start(get());
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 15);
    assert_ended(LW_EPROTO);
}

LW_TEST(a_later_block_without_block2_breaks_the_protocol)
{
    start(get());
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    feed_long(&r, "6145 2021 20 ff", 0, 16);
    assert_ended(LW_EPROTO);
}

LW_TEST(an_answer_beyond_the_ceiling_ends_the_transfer)
{
    lw_coap_transfer_request request = get();
    request.max_body = 20;
    start(request);
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    feed_long(&r, "6145 2021 20 d1 0a 18 ff", 16, 16);
    assert_ended(LW_ETOOBIG);
}

LW_TEST(an_announced_answer_beyond_the_ceiling_ends_the_transfer_at_once)
{
    lw_coap_transfer_request request = get();
    request.max_body = 20;
    start(request);
    feed_long(&r, "6145 2020 20 d1 0a 08 51 15 ff", 0, 16); /* Size2 21 */
    assert_ended(LW_ETOOBIG);
}

LW_TEST(an_announced_answer_is_allocated_once)
{
    start(get());
    feed_long(&r, "6145 2020 20 d1 0a 08 51 20 ff", 0, 16); /* Size2 32 */
    size_t count = mem.count;
    feed_long(&r, "6145 2021 20 d1 0a 10 ff", 16, 16);
    assert_int_equal(mem.count, count);
    assert_answer(32);
}

/* ---- up: RFC 7959 section 3.2 ---------------------------------------------------------------- */

LW_TEST(figure_7_simple_atomic_blockwise_put)
{
    start(put(300));
    /* Block1 1:0/1/128, Size1 300, Request-Tag */
    expect_long(&r, "4103 2020 20 " OPTIONS " d1 03 0b d2 14 012c d2 db 2020 ff", 0, 128);
    feed(&r, "615f 2020 20 d1 0e 0b");
    expect_long(&r, "4103 2021 20 " OPTIONS " d1 03 1b d2 fc 2020 ff", 128, 128);
    feed(&r, "615f 2021 20 d1 0e 1b");
    expect_long(&r, "4103 2022 20 " OPTIONS " d1 03 23 d2 fc 2020 ff", 256, 44);
    feed(&r, "6144 2022 20 d1 0e 23");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_CHANGED);
}

LW_TEST(figure_8_stateless_server_takes_each_block_by_itself)
{
    start(put(200));
    r.sent_count = 0;
    feed(&r, "6144 2020 20 d1 0e 03"); /* 2.04, 1:0/0/128: not the end */
    assert_int_equal(r.ends, 0);
    expect_long(&r, "4103 2021 20 " OPTIONS " d1 03 13 d2 fc 2020 ff", 128, 72);
    feed(&r, "6144 2021 20 d1 0e 13");
    assert_ended(LW_OK);
}

LW_TEST(figure_9_the_server_asks_for_smaller_blocks)
{
    start(put(200));
    r.sent_count = 0;
    feed(&r, "615f 2020 20 d1 0e 09");                                           /* 1:0/1/32 */
    expect_long(&r, "4103 2021 20 " OPTIONS " d1 03 49 d2 fc 2020 ff", 128, 32); /* 1:4/1/32 */
    feed(&r, "615f 2021 20 d1 0e 49");
    expect_long(&r, "4103 2022 20 " OPTIONS " d1 03 59 d2 fc 2020 ff", 160, 32);
    feed(&r, "615f 2022 20 d1 0e 59");
    expect_long(&r, "4103 2023 20 " OPTIONS " d1 03 61 d2 fc 2020 ff", 192, 8);
    feed(&r, "6144 2023 20 d1 0e 61");
    assert_ended(LW_OK);
}

LW_TEST(figure_11_block1_and_block2_combined)
{
    lw_coap_transfer_request request = put(200);
    request.code = LW_COAP_POST;
    start(request);
    feed(&r, "615f 2020 20 d1 0e 0b");
    r.sent_count = 0;
    feed_long(&r, "6144 2021 20 d1 0a 0b 41 13 ff", 0, 128); /* 2:0/1/128, 1:1/0/128 */
    expect(&r, "4102 2022 20 " OPTIONS " c1 13");
    feed_long(&r, "6144 2022 20 d1 0a 13 ff", 128, 72);
    assert_ended(LW_OK);
    assert_answer(200);
}

LW_TEST(a_short_body_goes_as_a_plain_request)
{
    start(put(16));
    expect_long(&r, "4103 2020 20 " OPTIONS " ff", 0, 16);
    feed(&r, "6144 2020 20");
    assert_ended(LW_OK);
}

LW_TEST(a_continue_without_block1_is_taken_as_one)
{
    start(put(200));
    r.sent_count = 0;
    feed(&r, "615f 2020 20");
    expect_long(&r, "4103 2021 20 " OPTIONS " d1 03 13 d2 fc 2020 ff", 128, 72);
    feed(&r, "6144 2021 20");
    assert_ended(LW_OK);
}

LW_TEST(a_success_without_block1_is_the_answer_even_before_the_last_block)
{
    start(put(200));
    feed(&r, "6144 2020 20");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_CHANGED);
}

LW_TEST(a_missing_block_starts_again_with_another_request_tag)
{
    start(put(200));
    feed(&r, "615f 2020 20 d1 0e 0b");
    r.sent_count = 0;
    feed(&r, "6188 2021 20");
    expect_long(&r, "4103 2022 20 " OPTIONS " d1 03 0b d1 14 c8 d2 db 2120 ff", 0, 128);
    feed(&r, "6188 2022 20");
    feed(&r, "6188 2023 20");
    assert_int_equal(r.ends, 0);
    feed(&r, "6188 2024 20");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_REQUEST_ENTITY_INCOMPLETE);
}

LW_TEST(too_large_with_a_hint_starts_again_with_smaller_blocks)
{
    start(put(100));
    r.sent_count = 0;
    feed(&r, "618d 2020 20 d1 0e 02"); /* 4.13, 1:0/0/64 */
    expect_long(&r, "4103 2021 20 " OPTIONS " d1 03 0a d1 14 64 d2 db 2120 ff", 0, 64);
    feed(&r, "615f 2021 20 d1 0e 0a");
    feed(&r, "6144 2022 20 d1 0e 12");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_CHANGED);
}

LW_TEST(too_large_without_a_hint_is_the_answer)
{
    start(put(200));
    feed(&r, "618d 2020 20 d1 0e 0b");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_REQUEST_ENTITY_TOO_LARGE);
}

LW_TEST(an_error_in_the_middle_of_a_body_is_the_answer)
{
    start(put(200));
    feed(&r, "6183 2020 20");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_FORBIDDEN);
}

static lw_err read_body(void *ctx, size_t offset, uint8_t *out, size_t len)
{
    (void)ctx;
    memcpy(out, body + offset, len);
    return offset >= 256 ? LW_EIO : LW_OK;
}

static void on_progress(void *ctx, const lw_progress *progress)
{
    (void)ctx;
    told = *progress;
}

LW_TEST(a_body_can_be_read_piece_by_piece)
{
    lw_coap_transfer_request request = put(0);
    request.read = read_body;
    request.body = lw_bytes_of(NULL, 200);
    request.on_progress = on_progress;
    start(request);
    expect_long(&r, "4103 2020 20 " OPTIONS " d1 03 0b d1 14 c8 d2 db 2020 ff", 0, 128);
    feed(&r, "615f 2020 20 d1 0e 0b");
    assert_int_equal(told.sent, 128);
    assert_int_equal(told.sent_of, 200);
    expect_long(&r, "4103 2021 20 " OPTIONS " d1 03 13 d2 fc 2020 ff", 128, 72);
    feed(&r, "6144 2021 20 d1 0e 13");
    assert_int_equal(told.sent, 200);
    assert_ended(LW_OK);
}

LW_TEST(a_body_that_cannot_be_read_ends_the_transfer)
{
    lw_coap_transfer_request request = put(0);
    request.read = read_body;
    request.body = lw_bytes_of(NULL, 300);
    start(request);
    feed(&r, "615f 2020 20 d1 0e 0b");
    feed(&r, "615f 2021 20 d1 0e 1b");
    assert_ended(LW_EIO);
}

/* ---- chunks and progress --------------------------------------------------------------------- */

static size_t chunks;

static lw_err on_chunk(void *ctx, size_t offset, lw_bytes chunk)
{
    (void)ctx;
    assert_memory_equal(chunk.ptr, body + offset, chunk.len);
    chunks++;
    return chunks == 3 ? LW_EIO : LW_OK;
}

LW_TEST(chunks_go_to_the_sink_without_being_assembled)
{
    chunks = 0;
    lw_coap_transfer_request request = get();
    request.on_chunk = on_chunk;
    request.on_progress = on_progress;
    start(request);
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    assert_int_equal(told.received, 16);
    feed_long(&r, "6145 2021 20 d1 0a 10 ff", 16, 16);
    assert_ended(LW_OK);
    assert_int_equal(chunks, 2);
    assert_int_equal(r.answer_len, 0);
}

LW_TEST(what_is_told_of_the_size_stands_with_the_progress)
{
    lw_coap_transfer_request request = get();
    request.on_progress = on_progress;
    start(request);
    feed_long(&r, "6145 2020 20 d1 0a 08 51 20 ff", 0, 16); /* Size2 32 */
    assert_int_equal(told.received, 16);
    assert_int_equal(told.received_of, 32);
    feed_long(&r, "6145 2021 20 d1 0a 18 ff", 16, 16); /* it was wrong: there is more */
    feed_long(&r, "6145 2022 20 d1 0a 20 ff", 32, 16);
    assert_int_equal(told.received, 48);
    assert_int_equal(told.received_of, 48);
    assert_ended(LW_OK);
}

LW_TEST(a_sink_that_fails_ends_the_transfer)
{
    chunks = 2;
    lw_coap_transfer_request request = get();
    request.on_chunk = on_chunk;
    start(request);
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    assert_ended(LW_EIO);
}

static void cancel_it(void *ctx, const lw_progress *progress)
{
    (void)ctx;
    (void)progress;
    lw_coap_transfer_cancel(transfer, r.now);
}

LW_TEST(a_transfer_can_be_cancelled_from_its_own_callback)
{
    lw_coap_transfer_request request = get();
    request.on_progress = cancel_it;
    start(request);
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    assert_ended(LW_ECANCELED);
}

/* ---- ends ------------------------------------------------------------------------------------ */

LW_TEST(cancel_ends_a_transfer_once)
{
    start(put(200));
    lw_coap_transfer_cancel(transfer, r.now);
    assert_ended(LW_ECANCELED);
}

LW_TEST(dropping_the_peer_ends_a_transfer_once)
{
    start(get());
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    lw_coap_peer_drop(&r.coap, &r.peer);
    assert_ended(LW_ECANCELED);
}

LW_TEST(a_transfer_has_a_timeout_of_its_own)
{
    start(get());
    lw_coap_transfer_limit(transfer, 5000);
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    r.now += 3000;
    feed_long(&r, "6145 2021 20 d1 0a 18 ff", 16, 16);
    pass(&r, 1999);
    assert_int_equal(r.ends, 0);
    pass(&r, 1);
    assert_ended(LW_ETIMEOUT);
}

LW_TEST(a_silent_peer_ends_a_transfer)
{
    r.params.max_retransmit = 0;
    start(get());
    pass(&r, 3000);
    assert_ended(LW_ETIMEOUT);
}

LW_TEST(a_reset_ends_a_transfer)
{
    start(get());
    feed(&r, "7000 2020");
    assert_ended(LW_ERESET);
}

/* ---- Echo, Observe, FETCH -------------------------------------------------------------------- */

LW_TEST(a_demanded_echo_is_brought_back)
{
    start(put(200));
    feed(&r, "615f 2020 20 d1 0e 0b");
    r.sent_count = 0;
    feed(&r, "6181 2021 20 d2 ef 'ec'"); /* 4.01, Echo */
    expect_long(&r, "4103 2022 20 " OPTIONS " d1 03 13 d2 d4 'ec' d2 1b 2020 ff", 128, 72);
    feed(&r, "6181 2022 20 d2 ef 'ec'");
    feed(&r, "6181 2023 20 d2 ef 'ec'");
    assert_int_equal(r.ends, 0);
    feed(&r, "6181 2024 20 d2 ef 'ec'");
    assert_ended(LW_OK); /* bounded */
    assert_int_equal(r.answer_code, LW_COAP_UNAUTHORIZED);
}

LW_TEST(unauthorized_without_echo_is_the_answer)
{
    start(get());
    feed(&r, "6181 2020 20");
    assert_ended(LW_OK);
    assert_int_equal(r.answer_code, LW_COAP_UNAUTHORIZED);
}

LW_TEST(observe_and_its_token_go_with_the_first_request_only)
{
    static const uint8_t observe[] = {0x60, 0x51, 's'}; /* Observe 0, Uri-Path s */
    lw_coap_token token = {.len = 2, .octets = {0xab, 0xcd}};
    lw_coap_transfer_request request = get();
    request.options = lw_bytes_of(observe, sizeof observe);
    request.token = &token;
    start(request);
    expect(&r, "4201 2020 abcd 60 51's'");
    feed_long(&r, "6245 2020 abcd 61 07 d1 04 08 ff", 0, 16);
    expect(&r, "4101 2021 20 b1's' c1 10");
    feed_long(&r, "6145 2021 20 d1 0a 10 ff", 16, 4);
    assert_ended(LW_OK);
    assert_answer(20);
}

LW_TEST(a_large_notification_is_continued_from_its_second_block)
{
    lw_coap_msg first = {.code = LW_COAP_CONTENT};
    static const uint8_t options[] = {0x61, 0x07, 0xd1, 0x04, 0x08}; /* Observe 7, 2:0/1/16 */
    assert_ok(lw_coap_msg_parse_tail(&first, 0, lw_bytes_of(options, sizeof options)));
    first.payload = lw_bytes_of(body, 16);
    lw_coap_transfer_request request = get();
    assert_ok(lw_coap_transfer_continue(&r.coap, &r.peer, r.now, &request, &first, NULL));
    expect(&r, "4101 2020 20 " STATUS " c1 10");
    feed_long(&r, "6145 2020 20 d1 0a 10 ff", 16, 16);
    assert_ended(LW_OK);
    assert_answer(32);
}

LW_TEST(a_whole_notification_has_nothing_to_continue)
{
    lw_coap_msg first = {.code = LW_COAP_CONTENT, .payload = lw_bytes_of(body, 16)};
    lw_coap_transfer_request request = get();
    assert_err(lw_coap_transfer_continue(&r.coap, &r.peer, r.now, &request, &first, NULL),
               LW_EINVAL);
    mem.fail_at = mem.count + 1;
    assert_err(lw_coap_transfer_continue(&r.coap, &r.peer, r.now, &request, &first, NULL),
               LW_ENOMEM);
    assert_int_equal(r.ends, 0);
}

LW_TEST(fetch_repeats_its_payload_with_each_block)
{
    lw_coap_transfer_request request = put(3);
    request.code = LW_COAP_FETCH;
    start(request);
    r.sent_count = 0;
    feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
    expect_long(&r, "4105 2021 20 " OPTIONS " c1 10 ff", 0, 3);
    feed_long(&r, "6145 2021 20 d1 0a 10 ff", 16, 16);
    assert_ended(LW_OK);
}

LW_TEST(a_stream_takes_a_body_whole_when_its_messages_hold_it)
{
    lw_coap_peer_init(&r.coap, &r.peer, &lw_coap_params_tcp);
    r.peer.max_message = 1400; /* as its CSM said */
    lw_coap_transfer_request request = put(1100);
    start(request);
    assert_int_equal(r.sent[0].len, 1 + 2 + 1 + 4 + 8 + 1 + 1100);
    r.sent_count = 0;
}

LW_TEST(every_failed_allocation_ends_or_refuses_a_transfer)
{
    for (size_t n = 1; n <= 6; n++) {
        mem.count = 0;
        mem.fail_at = n;
        r.ends = 0;
        lw_coap_transfer_request request = get();
        r.peer.next_mid = 0x2020;
        lw_err err = lw_coap_transfer_start(&r.coap, &r.peer, r.now, &request, NULL);
        feed_long(&r, "6145 2020 20 d1 0a 08 ff", 0, 16);
        feed_long(&r, "6145 2021 20 d1 0a 18 ff", 16, 16);
        feed_long(&r, "6145 2022 20 d1 0a 20 ff", 32, 16);
        assert_err(err, n <= 2 ? LW_ENOMEM : LW_OK);
        assert_int_equal(r.ends, err == LW_OK ? 1 : 0);
        assert_int_equal(mem.live, 0);
        r.sent_count = 0;
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(figure_2_simple_blockwise_get),
        T(figure_3_early_negotiation),
        T(figure_4_late_negotiation),
        T(figure_5_lost_blocks_are_asked_for_again_by_the_message_layer),
        T(a_plain_answer_ends_the_transfer),
        T(an_error_is_an_answer),
        T(an_error_in_the_middle_replaces_what_came),
        T(another_etag_starts_again_from_the_first_block),
        T(a_representation_that_never_stands_still_is_given_up),
        T(a_block_out_of_place_breaks_the_protocol),
        T(a_block_of_the_wrong_length_breaks_the_protocol),
        T(a_later_block_without_block2_breaks_the_protocol),
        T(an_answer_beyond_the_ceiling_ends_the_transfer),
        T(an_announced_answer_beyond_the_ceiling_ends_the_transfer_at_once),
        T(what_is_told_of_the_size_stands_with_the_progress),
        T(an_announced_answer_is_allocated_once),
        T(figure_7_simple_atomic_blockwise_put),
        T(figure_8_stateless_server_takes_each_block_by_itself),
        T(figure_9_the_server_asks_for_smaller_blocks),
        T(figure_11_block1_and_block2_combined),
        T(a_short_body_goes_as_a_plain_request),
        T(a_continue_without_block1_is_taken_as_one),
        T(a_success_without_block1_is_the_answer_even_before_the_last_block),
        T(a_missing_block_starts_again_with_another_request_tag),
        T(too_large_with_a_hint_starts_again_with_smaller_blocks),
        T(too_large_without_a_hint_is_the_answer),
        T(an_error_in_the_middle_of_a_body_is_the_answer),
        T(a_body_can_be_read_piece_by_piece),
        T(a_body_that_cannot_be_read_ends_the_transfer),
        T(chunks_go_to_the_sink_without_being_assembled),
        T(a_sink_that_fails_ends_the_transfer),
        T(a_transfer_can_be_cancelled_from_its_own_callback),
        T(cancel_ends_a_transfer_once),
        T(dropping_the_peer_ends_a_transfer_once),
        T(a_transfer_has_a_timeout_of_its_own),
        T(a_silent_peer_ends_a_transfer),
        T(a_reset_ends_a_transfer),
        T(a_demanded_echo_is_brought_back),
        T(unauthorized_without_echo_is_the_answer),
        T(observe_and_its_token_go_with_the_first_request_only),
        T(a_large_notification_is_continued_from_its_second_block),
        T(a_whole_notification_has_nothing_to_continue),
        T(fetch_repeats_its_payload_with_each_block),
        T(a_stream_takes_a_body_whole_when_its_messages_hold_it),
        T(every_failed_allocation_ends_or_refuses_a_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
