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
    r.code = LW_COAP_CHANGED;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&r);
    assert_int_equal(mem.live, 0);
    return 0;
}

static void assert_body(size_t len)
{
    assert_int_equal(r.body_len, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(r.body[i], rig_octet(i));
    }
}

/* PUT /options with Block1; the path as in RFC 7959 section 3.2. */
#define PUT(mid, block1) "4003 " mid " b7'options' d1 03 " block1 "ff"

LW_TEST(figure_7_simple_atomic_blockwise_put)
{
    feed_long(&r, PUT("04d2", "0b"), 0, 128); /* 1:0/1/128 */
    expect(&r, "605f 04d2 d1 0e 0b");         /* 2.31, 1:0/1/128 */
    feed_long(&r, PUT("04d3", "1b"), 128, 128);
    expect(&r, "605f 04d3 d1 0e 1b");
    assert_int_equal(r.requests, 0);
    feed_long(&r, PUT("04d4", "23"), 256, 60);
    expect(&r, "6044 04d4 d1 0e 23");
    assert_int_equal(r.requests, 1);
    assert_body(316);
    assert_int_equal(r.bodies.count, 0);
}

LW_TEST(figure_9_the_server_asks_for_smaller_blocks)
{
    r.params.szx = 1; /* 32 octets */
    feed_long(&r, PUT("04d2", "0b"), 0, 128);
    expect(&r, "605f 04d2 d1 0e 09");          /* 1:0/1/32 */
    feed_long(&r, PUT("04d3", "49"), 128, 32); /* 1:4/1/32 */
    expect(&r, "605f 04d3 d1 0e 49");
    feed_long(&r, PUT("04d4", "51"), 160, 20);
    expect(&r, "6044 04d4 d1 0e 51");
    assert_body(180);
}

LW_TEST(figure_11_block1_and_block2_combined)
{
    r.params.szx = 3;
    r.long_len = 200;
    feed_long(&r, "4002 04d2 b4'soap' d1 03 0b ff", 0, 128);
    expect(&r, "605f 04d2 d1 0e 0b");
    feed_long(&r, "4002 04d3 b4'soap' d1 03 13 ff", 128, 30);
    /* 2.04, ETag, 2:0/1/128, 1:1/0/128, Size2 200 */
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 2 + 2 + 1 + 128);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x0b\x41\x13\x11\xc8\xff", 8);
    r.sent_count = 0;
    assert_int_equal(r.requests, 1);
    feed(&r, "4002 04d4 b4'soap' c1 13"); /* 2:1/0/128 */
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 1 + 72);
    assert_int_equal(r.sent[0].octets[1], LW_COAP_CHANGED);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x13\xff", 4);
    assert_int_equal(r.sent[0].octets[13], rig_octet(128));
    assert_int_equal(r.requests, 1);
    assert_int_equal(r.bodies.count, 0);
}

LW_TEST(a_whole_body_in_one_block_needs_no_state)
{
    feed_long(&r, PUT("0001", "06"), 0, 100); /* 1:0/0/1024 */
    expect(&r, "6044 0001 d1 0e 06");
    assert_body(100);
    assert_int_equal(mem.count, 2); /* the message id and its answer */
}

LW_TEST(a_missing_block_gets_4_08_and_loses_the_body)
{
    feed_long(&r, PUT("0001", "08"), 0, 16);
    feed_long(&r, PUT("0002", "28"), 32, 16);
    feed_long(&r, PUT("0003", "10"), 16, 4);
    expect(&r, "605f 0001 d1 0e 08");
    expect(&r, "6088 0002 d1 0e 28");
    expect(&r, "6088 0003 d1 0e 10");
    assert_int_equal(r.requests, 0);
}

LW_TEST(a_body_that_starts_in_the_middle_gets_4_08)
{
    feed_long(&r, PUT("0001", "18"), 16, 16);
    expect(&r, "6088 0001 d1 0e 18");
}

LW_TEST(the_first_block_again_starts_anew)
{
    feed_long(&r, PUT("0001", "08"), 0, 16);
    feed_long(&r, PUT("0002", "18"), 16, 16);
    feed_long(&r, PUT("0003", "08"), 0, 16);
    feed_long(&r, PUT("0004", "10"), 16, 8);
    assert_int_equal(r.requests, 1);
    assert_body(24);
}

LW_TEST(the_newest_block_again_under_another_id_is_not_appended_twice)
{
    feed_long(&r, PUT("0001", "08"), 0, 16);
    feed_long(&r, PUT("0002", "18"), 16, 16);
    feed_long(&r, PUT("0003", "18"), 16, 16);
    feed_long(&r, PUT("0004", "20"), 32, 1);
    assert_body(33);
}

LW_TEST(a_body_beyond_the_ceiling_gets_4_13_with_size1)
{
    r.bodies.max_body = 40;
    feed_long(&r, PUT("0001", "08"), 0, 16);
    feed_long(&r, PUT("0002", "18"), 16, 16);
    feed_long(&r, PUT("0003", "28"), 32, 16);
    expect(&r, "605f 0001 d1 0e 08");
    expect(&r, "605f 0002 d1 0e 18");
    expect(&r, "608d 0003 d1 0e 28 d1 14 28"); /* Size1 40 */
    assert_int_equal(r.bodies.count, 0);
}

LW_TEST(an_announced_size_beyond_the_ceiling_is_refused_at_once)
{
    r.bodies.max_body = 40;
    feed_long(&r, "4003 0001 b7'options' d1 03 08 d1 14 29 ff", 0, 16);
    expect(&r, "608d 0001 d1 0e 08 d1 14 28");
}

LW_TEST(an_announced_size_is_allocated_once)
{
    feed_long(&r, "4003 0001 b7'options' d1 03 08 d1 14 30 ff", 0, 16);
    size_t count = mem.count;
    feed_long(&r, PUT("0002", "18"), 16, 16);
    assert_int_equal(mem.count - count, 2); /* the message id and its answer */
    feed_long(&r, PUT("0003", "20"), 32, 16);
    assert_body(48);
}

LW_TEST(a_block_of_the_wrong_length_gets_4_00)
{
    feed_long(&r, PUT("0001", "08"), 0, 15);
    expect(&r, "6080 0001 d1 0e 08");
}

LW_TEST(more_bodies_than_the_ceiling_get_5_03)
{
    feed_long(&r, "4003 0001 b1'a' d1 03 08 ff", 0, 16);
    feed_long(&r, "4003 0002 b1'b' d1 03 08 ff", 0, 16);
    feed_long(&r, "4003 0003 b1'c' d1 03 08 ff", 0, 16);
    expect(&r, "605f 0001 d1 0e 08");
    expect(&r, "605f 0002 d1 0e 08");
    expect(&r, "60a3 0003 d1 0e 08");
}

/* the client gave up, and begins with another Request-Tag before the timeout of the first */
LW_TEST(a_body_that_is_sent_anew_takes_the_place_of_the_older_one)
{
    feed_long(&r, "4003 0001 b1'b' d1 03 08 ff", 0, 16);
    feed_long(&r, "4003 0002 b1'a' d1 03 08 d1 fc 01 ff", 0, 16);
    feed_long(&r, "4003 0003 b1'a' d1 03 08 d1 fc 02 ff", 0, 16);
    expect(&r, "605f 0001 d1 0e 08");
    expect(&r, "605f 0002 d1 0e 08");
    expect(&r, "605f 0003 d1 0e 08");
    feed_long(&r, "4003 0004 b1'a' d1 03 10 d1 fc 02 ff", 16, 2);
    assert_int_equal(r.requests, 1);
    assert_body(18);
    feed_long(&r, "4003 0005 b1'b' d1 03 10 ff", 16, 3);
    assert_int_equal(r.requests, 2);
}

LW_TEST(bodies_are_told_apart_by_path_query_and_request_tag)
{
    r.bodies.max_bodies = 8;
    feed_long(&r, "4003 0001 b1'a' d1 03 08 ff", 0, 16);
    feed_long(&r, "4003 0002 b1'a' 41'q' c1 08 ff", 0, 16);
    feed_long(&r, "4003 0003 b1'a' d1 03 08 e1 fc'\x01' ff", 0, 16); /* wrong encoding: RST */
    feed_long(&r, "4003 0004 b1'a' d1 03 08 d1 fc 01 ff", 0, 16);    /* Request-Tag 01 */
    feed_long(&r, "4003 0005 b1'a' d1 03 08 d0 fc ff", 0, 16);       /* the empty one */
    assert_int_equal(r.bodies.count, 4);
    feed_long(&r, "4003 0006 b1'a' d1 03 10 d1 fc 01 ff", 16, 2);
    assert_int_equal(r.requests, 1);
    assert_body(18);
    assert_int_equal(r.bodies.count, 3);
}

LW_TEST(an_abandoned_body_is_forgotten_after_its_timeout)
{
    feed_long(&r, PUT("0001", "08"), 0, 16);
    pass(&r, 246999);
    assert_int_equal(r.bodies.count, 1);
    pass(&r, 1);
    assert_int_equal(r.bodies.count, 0);
}

/* ---- streaming ------------------------------------------------------------------------------- */

LW_TEST(a_streaming_handler_gets_each_block_once_and_in_order)
{
    r.wants_stream = true;
    r.bodies.max_body = 20; /* does not matter: nothing is kept */
    feed_long(&r, PUT("0001", "08"), 0, 16);
    expect(&r, "605f 0001 d1 0e 08");
    feed_long(&r, PUT("0002", "18"), 16, 16);
    feed_long(&r, PUT("0003", "18"), 16, 16);
    expect(&r, "605f 0002 d1 0e 18");
    expect(&r, "605f 0003 d1 0e 18");
    assert_int_equal(r.requests, 2);
    feed_long(&r, PUT("0004", "20"), 32, 9);
    expect(&r, "6044 0004 d1 0e 20");
    assert_int_equal(r.requests, 3);
    assert_body(41);
    assert_int_equal(r.streams_gone, 0);
    assert_int_equal(r.bodies.count, 0);
}

LW_TEST(a_streaming_handler_can_refuse_in_the_middle)
{
    r.wants_stream = true;
    feed_long(&r, PUT("0001", "08"), 0, 16);
    r.result = LW_EIO;
    feed_long(&r, PUT("0002", "18"), 16, 16);
    expect(&r, "605f 0001 d1 0e 08");
    expect(&r, "60a0 0002 d1 0e 18");
    assert_int_equal(r.bodies.count, 0);
    r.result = LW_OK;
    feed_long(&r, PUT("0003", "28"), 32, 16);
    expect(&r, "6088 0003 d1 0e 28");
    assert_int_equal(r.streams_gone, 0);
}

LW_TEST(a_streaming_handler_is_told_when_nothing_follows)
{
    r.wants_stream = true;
    feed_long(&r, PUT("0001", "08"), 0, 16);
    feed_long(&r, PUT("0002", "38"), 48, 16); /* a gap */
    assert_int_equal(r.streams_gone, 1);
    feed_long(&r, PUT("0003", "08"), 0, 16);
    pass(&r, 247000);
    assert_int_equal(r.streams_gone, 2);
    feed_long(&r, PUT("0004", "08"), 0, 16);
    lw_coap_peer_drop(&r.coap, &r.peer);
    assert_int_equal(r.streams_gone, 3);
}

LW_TEST(a_streaming_handler_is_not_told_of_what_it_never_saw)
{
    r.wants_stream = true;
    feed_long(&r, PUT("0001", "08"), 0, 10); /* 1:0/1/16 */
    expect(&r, "6080 0001 d1 0e 08");
    assert_int_equal(r.requests, 0);
    assert_int_equal(r.streams_gone, 0);
    assert_int_equal(r.bodies.count, 0);
}

/* else the timeout of the older one would be told while the newer one is under way */
LW_TEST(a_stream_that_begins_anew_with_another_tag_ends_the_older_one)
{
    r.wants_stream = true;
    feed_long(&r, "4003 0001 b1'a' d1 03 08 d1 fc 01 ff", 0, 16);
    pass(&r, 100000);
    feed_long(&r, "4003 0002 b1'a' d1 03 08 d1 fc 02 ff", 0, 16);
    assert_int_equal(r.streams_gone, 1);
    assert_int_equal(r.bodies.count, 1);
    pass(&r, 200000);
    assert_int_equal(r.streams_gone, 1);
    feed_long(&r, "4003 0003 b1'a' d1 03 10 d1 fc 02 ff", 16, 2);
    assert_int_equal(r.requests, 3);
}

/* ---- answers that are kept ------------------------------------------------------------------- */

LW_TEST(a_block_of_an_answer_that_is_not_there_gets_4_08)
{
    feed(&r, "4002 0001 b1'a' c1 10");
    expect(&r, "6088 0001");
    assert_int_equal(r.requests, 0);
}

LW_TEST(a_kept_answer_is_forgotten_after_its_timeout)
{
    r.params.szx = 0;
    r.long_len = 40;
    feed(&r, "4002 0001 b1'a'");
    assert_int_equal(r.bodies.count, 1);
    feed(&r, "4002 0002 b1'a' c1 10");
    assert_int_equal(r.bodies.count, 1);
    pass(&r, 247000);
    assert_int_equal(r.bodies.count, 0);
}

LW_TEST(a_newer_answer_replaces_the_kept_one)
{
    r.params.szx = 0;
    r.long_len = 40;
    feed(&r, "4002 0001 b1'a'");
    r.long_len = 20;
    feed(&r, "4002 0002 b1'a'");
    r.sent_count = 0;
    feed(&r, "4002 0003 b1'a' c1 10");
    assert_int_equal(r.sent[0].len, 4 + 5 + 3 + 1 + 4);
    assert_int_equal(r.requests, 2);
}

LW_TEST(a_kept_answer_has_the_options_of_its_first_block)
{
    r.params.szx = 0;
    r.long_len = 20;
    r.content_format = 60;
    feed(&r, "4002 0001 b1'a'");
    r.sent_count = 0;
    feed(&r, "4002 0002 b1'a' c1 10");
    assert_memory_equal(r.sent[0].octets + 9, "\x81\x3c\xb1\x10\xff", 5);
}

LW_TEST(without_memory_a_long_answer_becomes_5_03)
{
    r.params.szx = 0;
    r.long_len = 20;
    for (size_t n = 2; n <= 3; n++) { /* the body, its octets */
        char request[] = "4002 000x b1'a'";
        char reply[] = "60a3 000x";
        request[8] = reply[8] = (char)('0' + n);
        mem.count = 0;
        mem.fail_at = n;
        feed(&r, request);
        expect(&r, reply);
        assert_int_equal(r.bodies.count, 0);
    }
}

LW_TEST(an_answer_larger_than_the_buffer_exists_once_and_becomes_5_00)
{
    r.long_len = 1025;
    feed(&r, "4002 0001 b1'a'");
    expect(&r, "60a0 0001");
}

LW_TEST(fetch_is_kept_for_clients_that_do_not_repeat_its_payload)
{
    r.code = LW_COAP_CONTENT;
    r.params.szx = 0;
    r.long_len = 40;
    feed(&r, "4005 0001 b1'a' 10 ff'query'"); /* Content-Format 0 */
    r.sent_count = 0;
    feed(&r, "4005 0002 b1'a' c1 10"); /* neither payload nor Content-Format */
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x18\xff", 4);
    assert_int_equal(r.requests, 1);
    r.sent_count = 0;
    feed(&r, "4005 0003 b1'a' 10 b1 20 ff'query'"); /* repeats both */
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x20\xff", 4);
    assert_int_equal(r.requests, 2);
}

LW_TEST(what_is_done_once_is_not_done_again_for_a_client_that_repeats_its_payload)
{
    r.params.szx = 0;
    r.long_len = 40;
    feed(&r, "4002 0001 b1'a' 10 ff'body'");
    r.sent_count = 0;
    feed(&r, "4002 0002 b1'a' 10 b1 10 ff'body'");
    assert_int_equal(r.requests, 1);
    assert_memory_equal(r.sent[0].octets + 9, "\xd1\x06\x18\xff", 4); /* 2:1/1/16 */
    assert_int_equal(r.sent[0].octets[13], rig_octet(16));
    feed(&r, "4002 0003 b1'a' 10 b1 20 ff'body'");
    r.sent_count = 0;
    feed(&r, "4002 0004 b1'a' 10 b1 10 ff'body'"); /* no longer kept */
    expect(&r, "6088 0004");
    assert_int_equal(r.requests, 1);
}

LW_TEST(fetch_without_memory_is_answered_anew_for_each_block)
{
    r.code = LW_COAP_CONTENT;
    r.params.szx = 0;
    r.long_len = 40;
    mem.fail_at = 2;
    feed(&r, "4005 0001 b1'a' 10 ff'query'");
    assert_int_equal(r.sent[0].octets[1], LW_COAP_CONTENT);
    assert_int_equal(r.bodies.count, 0);
}

/* ---- without bodies -------------------------------------------------------------------------- */

LW_TEST(an_endpoint_without_bodies_refuses_several_blocks)
{
    r.coap.config.bodies = NULL;
    feed_long(&r, PUT("0001", "08"), 0, 16); /* 1:0/1/16 */
    expect(&r, "6082 0001");
    feed_long(&r, PUT("0002", "10"), 16, 4); /* 1:1/0/16 */
    expect(&r, "6082 0002");
    feed(&r, "4001 0003 b1'a' c1 10"); /* 2:1/0/16 */
    expect(&r, "6082 0003");
    feed(&r, "4001 0004 b1'a' c1 07"); /* SZX 7 */
    expect(&r, "6082 0004");
    assert_int_equal(r.requests, 0);
}

LW_TEST(an_endpoint_without_bodies_takes_a_block_that_is_the_whole)
{
    r.coap.config.bodies = NULL;
    feed_long(&r, PUT("0001", "00"), 0, 16); /* 1:0/0/16 */
    expect(&r, "6044 0001");
    assert_body(16);
}

LW_TEST(an_endpoint_without_bodies_answers_whole_or_with_5_00)
{
    r.coap.config.bodies = NULL;
    r.code = LW_COAP_CONTENT;
    r.params.szx = 0;
    r.long_len = 1024;
    feed(&r, "4001 0001 b1'a'");
    expect_long(&r, "6045 0001 ff", 0, 1024);
    feed(&r, "4001 0002 b1'a' c1 0e"); /* 2:0/1/1024: M means nothing in a request */
    expect_long(&r, "6045 0002 ff", 0, 1024);
    r.long_len = 1025;
    feed(&r, "4001 0003 b1'a'");
    expect(&r, "60a0 0003");
}

LW_TEST(every_failed_allocation_of_an_assembly_is_survived)
{
    for (size_t n = 1; n <= 12; n++) {
        mem.count = 0;
        mem.fail_at = n;
        r.requests = 0;
        feed_long(&r, PUT("0001", "08"), 0, 16);
        feed_long(&r, PUT("0002", "18"), 16, 16);
        feed_long(&r, PUT("0003", "20"), 32, 16);
        assert_true(r.requests <= 1);
        if (r.requests == 1) {
            assert_body(48);
        }
        lw_coap_peer_drop(&r.coap, &r.peer);
        assert_int_equal(mem.live, 0);
        lw_coap_peer_init(&r.coap, &r.peer, &r.params);
        r.sent_count = 0;
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(figure_7_simple_atomic_blockwise_put),
        T(figure_9_the_server_asks_for_smaller_blocks),
        T(figure_11_block1_and_block2_combined),
        T(a_whole_body_in_one_block_needs_no_state),
        T(a_missing_block_gets_4_08_and_loses_the_body),
        T(a_body_that_starts_in_the_middle_gets_4_08),
        T(the_first_block_again_starts_anew),
        T(the_newest_block_again_under_another_id_is_not_appended_twice),
        T(a_body_beyond_the_ceiling_gets_4_13_with_size1),
        T(an_announced_size_beyond_the_ceiling_is_refused_at_once),
        T(an_announced_size_is_allocated_once),
        T(a_block_of_the_wrong_length_gets_4_00),
        T(more_bodies_than_the_ceiling_get_5_03),
        T(a_body_that_is_sent_anew_takes_the_place_of_the_older_one),
        T(bodies_are_told_apart_by_path_query_and_request_tag),
        T(an_abandoned_body_is_forgotten_after_its_timeout),
        T(a_streaming_handler_gets_each_block_once_and_in_order),
        T(a_streaming_handler_can_refuse_in_the_middle),
        T(a_streaming_handler_is_told_when_nothing_follows),
        T(a_streaming_handler_is_not_told_of_what_it_never_saw),
        T(a_stream_that_begins_anew_with_another_tag_ends_the_older_one),
        T(a_block_of_an_answer_that_is_not_there_gets_4_08),
        T(a_kept_answer_is_forgotten_after_its_timeout),
        T(a_newer_answer_replaces_the_kept_one),
        T(a_kept_answer_has_the_options_of_its_first_block),
        T(without_memory_a_long_answer_becomes_5_03),
        T(an_answer_larger_than_the_buffer_exists_once_and_becomes_5_00),
        T(fetch_is_kept_for_clients_that_do_not_repeat_its_payload),
        T(what_is_done_once_is_not_done_again_for_a_client_that_repeats_its_payload),
        T(fetch_without_memory_is_answered_anew_for_each_block),
        T(an_endpoint_without_bodies_refuses_several_blocks),
        T(an_endpoint_without_bodies_takes_a_block_that_is_the_whole),
        T(an_endpoint_without_bodies_answers_whole_or_with_5_00),
        T(every_failed_allocation_of_an_assembly_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
