#include "testing/lw_test.h"

#include "coap/code.h"
#include "coap/option.h"

/* Uri-Path 3, 0; Content-Format 40; Uri-Query x; Block1 26 (0x1a) */
static const lw_bytes options = LW_BYTES_LIT("\xb1"
                                             "3\x01"
                                             "0\x11\x28\x31x\xc1\x1a");

LW_TEST(first_option_of_a_number_is_found)
{
    lw_bytes value;
    assert_true(lw_coap_opt_find(&options, LW_COAP_OPT_URI_PATH, &value));
    assert_bytes(value, "3");
    assert_true(lw_coap_opt_find(&options, LW_COAP_OPT_BLOCK1, &value));
    assert_bytes(value, "\x1a");
    assert_false(lw_coap_opt_find(&options, LW_COAP_OPT_ACCEPT, &value));
    assert_false(lw_coap_opt_find(&options, LW_COAP_OPT_SIZE1, &value));
    assert_false(lw_coap_opt_find(&(lw_bytes){NULL, 0}, LW_COAP_OPT_URI_PATH, &value));
}

LW_TEST(options_of_one_number_are_walked_then_those_of_the_next)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes value;
    assert_true(lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_PATH, &value));
    assert_bytes(value, "3");
    assert_true(lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_PATH, &value));
    assert_bytes(value, "0");
    assert_false(lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_PATH, &value));
    assert_false(lw_coap_opt_next_of(&it, LW_COAP_OPT_MAX_AGE, &value));
    assert_true(lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_QUERY, &value));
    assert_bytes(value, "x");
    assert_false(lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_QUERY, &value));
}

LW_TEST(uint_is_read_from_up_to_four_octets)
{
    uint32_t v;
    assert_true(lw_coap_opt_find_uint(&options, LW_COAP_OPT_CONTENT_FORMAT, &v));
    assert_int_equal(v, 40);
    lw_bytes four = LW_BYTES_LIT("\xe4\x00\x00\xff\xff\xff\xff"); /* number 269 */
    assert_true(lw_coap_opt_find_uint(&four, 269, &v));
    assert_int_equal(v, UINT32_MAX);
    lw_bytes five = LW_BYTES_LIT("\x65\x00\x00\x00\x00\x01");
    assert_false(lw_coap_opt_find_uint(&five, LW_COAP_OPT_OBSERVE, &v));
    assert_int_equal(lw_coap_opt_uint(lw_bytes_of(NULL, 0)), 0);
}

LW_TEST(iterating_ends_at_an_encoding_that_is_wrong)
{
    lw_coap_opt_iter it = lw_coap_opts((lw_bytes)LW_BYTES_LIT("\x11\x28\x15\x28"));
    lw_coap_opt opt;
    assert_true(lw_coap_opt_next(&it, &opt));
    assert_false(lw_coap_opt_next(&it, &opt));
    assert_false(lw_coap_opt_next(&it, &opt));
}

LW_TEST(options_and_payload_are_split)
{
    lw_bytes o;
    lw_bytes payload;
    lw_coap_noted noted = {.has = 0};
    assert_ok(
        lw_coap_opts_split((lw_bytes)LW_BYTES_LIT("\x11\x28\xffx\xff"), &o, &payload, &noted));
    assert_bytes(o, "\x11\x28");
    assert_bytes(payload, "x\xff");
    assert_ok(lw_coap_opts_split(lw_bytes_of(NULL, 0), &o, &payload, &noted));
    assert_int_equal(o.len + payload.len, 0);
    assert_err(lw_coap_opts_split((lw_bytes)LW_BYTES_LIT("\x11\x28\xff"), &o, &payload, &noted),
               LW_EFORMAT);
    assert_err(lw_coap_opts_split((lw_bytes)LW_BYTES_LIT("\x1f\x28"), &o, &payload, &noted),
               LW_EFORMAT);
}

static lw_coap_noted noted_of(lw_bytes encoded)
{
    lw_bytes o;
    lw_bytes payload;
    lw_coap_noted noted = {.has = 0};
    assert_ok(lw_coap_opts_split(encoded, &o, &payload, &noted));
    return noted;
}

LW_TEST(numbers_are_noted)
{
    /* Observe 1, Content-Format 112, Accept 11542, Block2 0b, Block1 1f, Size2 70000, Size1 0,
     * No-Response 26 */
    lw_coap_noted noted = noted_of((lw_bytes)LW_BYTES_LIT(
        "\x61\x01\x61\x70\x52\x2d\x16\x61\x0b\x41\x1f\x13\x01\x11\x70\xd0\x13\xd1\xb9\x1a"));
    assert_int_equal(noted.has, (1u << LW_COAP_NOTES) - 1);
    assert_int_equal(noted.value[LW_COAP_NOTE_OBSERVE], 1);
    assert_int_equal(noted.value[LW_COAP_NOTE_CONTENT_FORMAT], 112);
    assert_int_equal(noted.value[LW_COAP_NOTE_ACCEPT], 11542);
    assert_int_equal(noted.value[LW_COAP_NOTE_BLOCK2], 0x0b);
    assert_int_equal(noted.value[LW_COAP_NOTE_BLOCK1], 0x1f);
    assert_int_equal(noted.value[LW_COAP_NOTE_SIZE2], 70000);
    assert_int_equal(noted.value[LW_COAP_NOTE_SIZE1], 0);
    assert_int_equal(noted.value[LW_COAP_NOTE_NO_RESPONSE], 26);
    assert_int_equal(noted.refused, 0);
}

LW_TEST(a_number_that_is_too_long_is_not_noted)
{
    /* RFC 7252 section 5.4.3: an elective option of a wrong length is ignored, a critical refused
     */
    lw_coap_noted noted = noted_of((lw_bytes)LW_BYTES_LIT("\xc3\x01\x02\x03\x53\x01\x02\x03"));
    assert_int_equal(noted.has, 0);
    assert_int_equal(noted.refused, LW_COAP_OPT_ACCEPT);
}

LW_TEST(an_elective_option_that_is_not_right_is_ignored)
{
    /* ETag without octets, Max-Age twice, Location-Query, Echo without octets, an unknown 65000 */
    lw_coap_noted noted =
        noted_of((lw_bytes)LW_BYTES_LIT("\x40\xa1\x01\x01\x02\x61?\xd0\xdb\xe0\xfb\xdf"));
    assert_int_equal(noted.refused, 0);
    assert_int_equal(noted.has, 0);
    noted = noted_of((lw_bytes)LW_BYTES_LIT("\x40\x50\x30")); /* ETag, 9, 12 */
    assert_int_equal(noted.refused, 0);
    assert_int_equal(noted.has, 1u << LW_COAP_NOTE_CONTENT_FORMAT);
    noted = noted_of((lw_bytes)LW_BYTES_LIT("\xd0\xef\x10")); /* 252, then 253: critical */
    assert_int_equal(noted.refused, 253);
    noted = noted_of((lw_bytes)LW_BYTES_LIT("\xd1\xf5\x02\x10")); /* 258, then 259 */
    assert_int_equal(noted.refused, 259);
}

LW_TEST(of_a_number_that_comes_again_the_first_is_noted)
{
    lw_coap_noted noted = noted_of((lw_bytes)LW_BYTES_LIT("\x61\x05\x01\x06")); /* section 5.4.5 */
    assert_true(lw_coap_has(&noted, LW_COAP_NOTE_OBSERVE));
    assert_int_equal(noted.value[LW_COAP_NOTE_OBSERVE], 5);
    assert_false(lw_coap_has(&noted, LW_COAP_NOTE_ACCEPT));
}

LW_TEST(numbers_say_what_kind_of_option_they_are)
{
    assert_true(lw_coap_opt_is_critical(LW_COAP_OPT_URI_PATH));
    assert_false(lw_coap_opt_is_critical(LW_COAP_OPT_ETAG));
    assert_true(lw_coap_opt_is_unsafe(LW_COAP_OPT_OBSERVE));
    assert_false(lw_coap_opt_is_unsafe(LW_COAP_OPT_ACCEPT));
    assert_true(lw_coap_opt_is_no_cache_key(LW_COAP_OPT_SIZE1));
    assert_false(lw_coap_opt_is_no_cache_key(LW_COAP_OPT_REQUEST_TAG));
}

LW_TEST(options_have_names)
{
    const char *name;
    lw_coap_opt_format format;
    assert_true(lw_coap_opt_describe(LW_COAP_OPT_NO_RESPONSE, &name, &format));
    assert_string_equal(name, "No-Response");
    assert_int_equal(format, LW_COAP_FORMAT_UINT);
    assert_false(lw_coap_opt_describe(10, &name, &format));
}

LW_TEST(no_response_is_noted_when_it_is_one_octet_at_most)
{
    lw_bytes opts, payload;
    lw_coap_noted one = {0}, none = {0}, two = {0};
    lw_bytes no_success = LW_BYTES_LIT("\xd1\xf5\x02"); /* 258: RFC 7967 section 2.1 */
    assert_ok(lw_coap_opts_split(no_success, &opts, &payload, &one));
    assert_int_equal(one.value[LW_COAP_NOTE_NO_RESPONSE], 2);
    assert_ok(lw_coap_opts_split((lw_bytes)LW_BYTES_LIT("\xd0\xf5"), &opts, &payload, &none));
    assert_int_equal(none.value[LW_COAP_NOTE_NO_RESPONSE], 0);
    lw_bytes too_long = LW_BYTES_LIT("\xd2\xf5\x02\x02");
    assert_ok(lw_coap_opts_split(too_long, &opts, &payload, &two));
    assert_false(lw_coap_has(&two, LW_COAP_NOTE_NO_RESPONSE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_option_of_a_number_is_found),
        cmocka_unit_test(options_of_one_number_are_walked_then_those_of_the_next),
        cmocka_unit_test(uint_is_read_from_up_to_four_octets),
        cmocka_unit_test(iterating_ends_at_an_encoding_that_is_wrong),
        cmocka_unit_test(options_and_payload_are_split),
        cmocka_unit_test(numbers_are_noted),
        cmocka_unit_test(a_number_that_is_too_long_is_not_noted),
        cmocka_unit_test(an_elective_option_that_is_not_right_is_ignored),
        cmocka_unit_test(of_a_number_that_comes_again_the_first_is_noted),
        cmocka_unit_test(numbers_say_what_kind_of_option_they_are),
        cmocka_unit_test(options_have_names),
        cmocka_unit_test(no_response_is_noted_when_it_is_one_octet_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
