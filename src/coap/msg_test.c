#include "testing/lw_test.h"

#include "coap/msg.h"
#include "testing/coap_vectors.h"

LW_TEST(messages_of_the_specifications_are_read_and_written)
{
    assert_true(lw_coap_vectors_run("coap.txt", false));
}

static lw_coap_out begin_options(lw_writer *w, uint8_t *buf, size_t cap)
{
    lw_coap_out out;
    lw_writer_init(w, buf, cap);
    lw_coap_begin_options(&out, w);
    return out;
}

LW_TEST(register_is_written_piece_by_piece)
{
    uint8_t buf[64];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 0x1001, (lw_coap_token){1, {0xa1}});
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "rd");
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 40);
    lw_coap_put_head(&out, LW_COAP_OPT_URI_QUERY, 6);
    lw_write_str(out.w, "lt=300");
    lw_coap_put_payload(&out, lw_bytes_str("</1/0>"));
    assert_ok(w.err);
    assert_bytes(lw_writer_bytes(&w), "\x41\x02\x10\x01\xa1\xb2rd\x11\x28\x36lt=300\xff</1/0>");
}

LW_TEST(empty_payload_has_no_marker)
{
    uint8_t buf[8];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, 0);
    lw_coap_put_payload(&out, lw_bytes_of(NULL, 0));
    lw_coap_put_uint(&out, LW_COAP_OPT_MAX_AGE, 256);
    assert_ok(w.err);
    assert_bytes(lw_writer_bytes(&w), "\x60\x82\x01\x00");
}

LW_TEST(uint_takes_as_few_octets_as_it_needs)
{
    uint8_t buf[32];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_SIZE1, 0);
    lw_coap_put_uint(&out, LW_COAP_OPT_SIZE1, 255);
    lw_coap_put_uint(&out, LW_COAP_OPT_SIZE1, 256);
    lw_coap_put_uint(&out, LW_COAP_OPT_SIZE1, 65536);
    lw_coap_put_uint(&out, LW_COAP_OPT_SIZE1, UINT32_MAX);
    assert_bytes(lw_writer_bytes(&w),
                 "\xd0\x2f\x01\xff\x02\x01\x00\x03\x01\x00\x00\x04\xff\xff\xff\xff");
}

static void insert_str(lw_coap_out *out, uint32_t number, const char *value)
{
    lw_coap_insert_octets(out, number, value, strlen(value));
}

LW_TEST(option_that_is_inserted_goes_to_its_place)
{
    uint8_t buf[43];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_GET, 1, (lw_coap_token){1, {0xa1}});
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 40);
    lw_coap_put_uint(&out, LW_COAP_OPT_NO_RESPONSE, 2); /* a head of two octets */
    insert_str(&out, LW_COAP_OPT_URI_PATH, "rd");       /* first */
    insert_str(&out, LW_COAP_OPT_URI_PATH, "a");        /* behind those of its number */
    lw_coap_insert_uint(&out, LW_COAP_OPT_ECHO, 0x77);  /* the next needs one of one octet then */
    insert_str(&out, LW_COAP_OPT_PROXY_URI, "a text of 20 octets.");
    lw_coap_insert_uint(&out, LW_COAP_OPT_REQUEST_TAG, 3); /* counts from the last still */
    assert_ok(w.err);
    assert_bytes(lw_writer_bytes(&w), "\x41\x01\x00\x01\xa1\xb2rd\x01"
                                      "a\x11\x28\xdd\x0a\x07"
                                      "a text of 20 octets.\xd1\xcc\x77\x61\x02\xd1\x15\x03");
}

LW_TEST(option_is_inserted_only_where_there_is_room_and_no_payload)
{
    uint8_t buf[5];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 40);
    insert_str(&out, LW_COAP_OPT_URI_PATH, "rd");
    assert_bytes(lw_writer_bytes(&w), "\xb2rd\x11\x28");
    lw_coap_insert_uint(&out, LW_COAP_OPT_OBSERVE, 0);
    assert_err(w.err, LW_ETOOBIG);
    lw_coap_insert_uint(&out, LW_COAP_OPT_IF_NONE_MATCH, 0);
    assert_bytes(lw_writer_bytes(&w), "\xb2rd\x11\x28");

    out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 0);
    lw_coap_put_payload(&out, lw_bytes_str("a"));
    lw_coap_insert_uint(&out, LW_COAP_OPT_OBSERVE, 0);
    assert_err(w.err, LW_EINVAL);

    out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 0);
    lw_coap_insert_octets(&out, LW_COAP_OPT_URI_PATH, buf, LW_COAP_OPT_LEN_MAX + 1);
    assert_err(w.err, LW_ETOOBIG);
    out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 0);
    lw_coap_put_head(&out, LW_COAP_OPT_URI_PATH, 0); /* whose value nobody could move */
    assert_err(w.err, LW_EINVAL);
}

LW_TEST(option_that_is_put_out_of_order_is_an_error)
{
    uint8_t buf[16];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 40);
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "rd");
    assert_err(w.err, LW_EINVAL);
    assert_bytes(lw_writer_bytes(&w), "\xc1\x28");
}

LW_TEST(a_list_of_options_is_put_but_for_one_number)
{
    uint8_t buf[16];
    lw_writer w;
    lw_bytes list = LW_BYTES_LIT("\x41\x05\x20\x51t\x01u"); /* ETag, Observe, two of Uri-Path */
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_all(&out, &list, LW_COAP_OPT_OBSERVE);
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 40);
    assert_bytes(lw_writer_bytes(&w), "\x41\x05\x71t\x01u\x11\x28");
    out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_all(&out, &list, 0);
    assert_bytes(lw_writer_bytes(&w), "\x41\x05\x20\x51t\x01u");
}

LW_TEST(option_number_above_65535_is_refused)
{
    uint8_t buf[8];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put(&out, LW_COAP_OPT_NUMBER_MAX + 1, lw_bytes_of(NULL, 0));
    assert_err(w.err, LW_EINVAL);
}

LW_TEST(option_longer_than_the_encoding_can_say_is_refused)
{
    uint8_t buf[8];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_head(&out, LW_COAP_OPT_IF_MATCH, LW_COAP_OPT_LEN_MAX + 1);
    assert_err(w.err, LW_ETOOBIG);
}

LW_TEST(longest_option_the_encoding_can_say_has_65804_octets)
{
    uint8_t buf[8];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_head(&out, LW_COAP_OPT_IF_MATCH, LW_COAP_OPT_LEN_MAX);
    assert_bytes(lw_writer_bytes(&w), "\x1e\xff\xff");
}

LW_TEST(nothing_goes_behind_the_payload)
{
    uint8_t buf[16];
    lw_writer w;
    lw_coap_out out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_payload(&out, lw_bytes_str("a"));
    lw_coap_put_uint(&out, LW_COAP_OPT_SIZE1, 1);
    assert_err(w.err, LW_EINVAL);

    out = begin_options(&w, buf, sizeof buf);
    lw_coap_put_payload(&out, lw_bytes_str("a"));
    lw_coap_put_payload(&out, lw_bytes_str("b"));
    assert_err(w.err, LW_EINVAL);
}

LW_TEST(token_of_more_than_8_octets_is_refused)
{
    uint8_t buf[16];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_GET, 1, (lw_coap_token){9, {0}});
    assert_err(w.err, LW_EINVAL);
}

LW_TEST(messages_are_not_written_through_a_window)
{
    uint8_t buf[16];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init_window(&w, buf, sizeof buf, 0);
    lw_coap_begin_options(&out, &w);
    lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, 0);
    assert_err(w.err, LW_EINVAL);
    assert_int_equal(w.pos, 0);
}

LW_TEST(nothing_is_written_after_the_first_failure)
{
    uint8_t buf[6];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, buf, sizeof buf);
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_GET, 1, (lw_coap_token){0});
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "rd");
    assert_err(w.err, LW_ETOOBIG);
    size_t pos = w.pos;
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, 0);
    lw_coap_put_payload(&out, lw_bytes_str("a"));
    assert_err(w.err, LW_ETOOBIG);
    assert_int_equal(w.pos, pos);
}

LW_TEST(tokens_are_equal_in_length_and_octets)
{
    lw_coap_token a = {2, {1, 2}};
    assert_true(lw_coap_same_token(&a, &(lw_coap_token){2, {1, 2, 3}}));
    assert_false(lw_coap_same_token(&a, &(lw_coap_token){2, {1, 3}}));
    assert_false(lw_coap_same_token(&a, &(lw_coap_token){3, {1, 2}}));
    assert_true(lw_coap_same_token(&(lw_coap_token){0}, &(lw_coap_token){0, {1}}));
}

LW_TEST(codes_know_their_class_and_name)
{
    char text[4];
    lw_coap_code_format(LW_COAP_CONTINUE, text);
    assert_memory_equal(text, "2.31", 4);
    lw_coap_code_format(LW_COAP_GET, text);
    assert_memory_equal(text, "0.01", 4);
    assert_string_equal(lw_coap_code_name(LW_COAP_IPATCH), "iPATCH");
    assert_string_equal(lw_coap_code_name(LW_COAP_CODE(2, 30)), "");
    assert_true(lw_coap_code_is_request(LW_COAP_CODE(0, 31)));
    assert_false(lw_coap_code_is_request(LW_COAP_EMPTY));
    assert_false(lw_coap_code_is_request(LW_COAP_CODE(1, 0)));
    assert_true(lw_coap_code_is_response(LW_COAP_CODE(5, 31)));
    assert_false(lw_coap_code_is_response(LW_COAP_CODE(1, 31)));
    assert_false(lw_coap_code_is_response(LW_COAP_CODE(6, 0)));
    assert_true(lw_coap_code_is_signal(LW_COAP_PING));
    assert_false(lw_coap_code_is_signal(LW_COAP_CONTENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_the_specifications_are_read_and_written),
        cmocka_unit_test(register_is_written_piece_by_piece),
        cmocka_unit_test(empty_payload_has_no_marker),
        cmocka_unit_test(uint_takes_as_few_octets_as_it_needs),
        cmocka_unit_test(option_that_is_inserted_goes_to_its_place),
        cmocka_unit_test(option_is_inserted_only_where_there_is_room_and_no_payload),
        cmocka_unit_test(option_that_is_put_out_of_order_is_an_error),
        cmocka_unit_test(a_list_of_options_is_put_but_for_one_number),
        cmocka_unit_test(option_number_above_65535_is_refused),
        cmocka_unit_test(option_longer_than_the_encoding_can_say_is_refused),
        cmocka_unit_test(longest_option_the_encoding_can_say_has_65804_octets),
        cmocka_unit_test(nothing_goes_behind_the_payload),
        cmocka_unit_test(token_of_more_than_8_octets_is_refused),
        cmocka_unit_test(messages_are_not_written_through_a_window),
        cmocka_unit_test(nothing_is_written_after_the_first_failure),
        cmocka_unit_test(tokens_are_equal_in_length_and_octets),
        cmocka_unit_test(codes_know_their_class_and_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
