#include "testing/lw_test.h"

#include <string.h>

#include "coap/stream.h"
#include "testing/coap_vectors.h"

LW_TEST(frames_of_the_specification_are_read_and_written)
{
    assert_true(lw_coap_vectors_run("coap-stream.txt", true));
}

LW_TEST(parsing_says_how_many_octets_it_waits_for)
{
    static const uint8_t frame[] = {0xd1, 0x01, 0x45, 0x7f, 0xff, '1', '2', '3', '4',
                                    '5',  '6',  '7',  '8',  '9',  'a', 'b', 'c', 'd'};
    lw_coap_msg m;
    size_t size;
    assert_err(lw_stream_parse(lw_bytes_of(frame, 0), 100, &m, &size), LW_AGAIN);
    assert_int_equal(size, 2);
    assert_err(lw_stream_parse(lw_bytes_of(frame, 1), 100, &m, &size), LW_AGAIN);
    assert_int_equal(size, 3);
    assert_err(lw_stream_parse(lw_bytes_of(frame, 3), 100, &m, &size), LW_AGAIN);
    assert_int_equal(size, sizeof frame);
    assert_err(lw_stream_parse(lw_bytes_of(frame, 17), 100, &m, &size), LW_AGAIN);
    assert_ok(lw_stream_parse(lw_bytes_of(frame, sizeof frame), 100, &m, &size));
    assert_int_equal(size, sizeof frame);
    assert_bytes(m.payload, "123456789abcd");
}

LW_TEST(messages_are_taken_one_by_one_from_the_front)
{
    lw_bytes in = LW_BYTES_LIT("\x01\x43\x7f\x00\x00\x10\xe1\x20");
    lw_coap_msg m;
    size_t size;
    assert_ok(lw_stream_parse(in, 100, &m, &size));
    assert_int_equal(m.code, LW_COAP_VALID);
    in = lw_bytes_from(in, size);
    assert_ok(lw_stream_parse(in, 100, &m, &size));
    assert_int_equal(m.code, LW_COAP_EMPTY);
    in = lw_bytes_from(in, size);
    assert_ok(lw_stream_parse(in, 100, &m, &size));
    assert_int_equal(m.code, LW_COAP_CSM);
    assert_int_equal(lw_bytes_from(in, size).len, 0);
}

LW_TEST(header_is_put_before_a_body_that_was_written_first)
{
    uint8_t buf[LW_STREAM_HEADER_MAX + 64];
    uint8_t header[LW_STREAM_HEADER_MAX];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf + LW_STREAM_HEADER_MAX, 64);
    lw_coap_begin_options(&out, &w);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 0);
    lw_coap_put_payload(&out, lw_bytes_str("123456789abc"));
    assert_ok(w.err);
    size_t len =
        lw_stream_header(LW_STREAM_TCP, LW_COAP_CONTENT, (lw_coap_token){1, {0x7f}}, w.pos, header);
    uint8_t *frame = buf + LW_STREAM_HEADER_MAX - len;
    memcpy(frame, header, len);
    assert_bytes(lw_bytes_of(frame, len + w.pos), "\xd1\x01\x45\x7f\xc0\xff"
                                                  "123456789abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_the_specification_are_read_and_written),
        cmocka_unit_test(parsing_says_how_many_octets_it_waits_for),
        cmocka_unit_test(messages_are_taken_one_by_one_from_the_front),
        cmocka_unit_test(header_is_put_before_a_body_that_was_written_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
