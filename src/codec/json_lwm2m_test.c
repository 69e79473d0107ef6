#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("lwm2m_json.txt", &lw_format_json, 0));
}

static void random_entries_come_back(void **state)
{
    (void)state;
    assert_true(lw_codec_random_run(&lw_format_json, LW_CODEC_TIMES | LW_CODEC_ROOT, 5, 2000));
}

static lw_type always_opaque(void *ctx, lw_path path)
{
    (void)ctx;
    (void)path;
    return LW_TYPE_OPAQUE;
}

static lw_err first_error_in(const char *text)
{
    uint8_t scratch[4];
    lw_decode_cfg cfg = {.base = lw_path_instance(3, 0),
                         .type_of = always_opaque,
                         .scratch = scratch,
                         .scratch_len = sizeof scratch};
    lw_decoder d;
    lw_decoder_init(&d, &lw_format_json, &cfg);
    lw_decoder_feed(&d, lw_bytes_str(text), true);
    lw_entry entry;
    lw_err err;
    do {
        err = lw_decoder_next(&d, &entry);
    } while (err == LW_OK);
    return err;
}

static void nothing_but_blanks_follows(void **state)
{
    (void)state;
    assert_int_equal(first_error_in("{\"e\":[]} \n"), LW_END);
    assert_int_equal(first_error_in("{\"e\":[]}{}"), LW_EFORMAT);
    assert_int_equal(first_error_in("[] \n"), LW_END);
    assert_int_equal(first_error_in("[][]"), LW_EFORMAT);
}

static void octets_and_escapes_share_the_scratch(void **state)
{
    (void)state;
    assert_int_equal(first_error_in("{\"e\":[{\"n\":\"0\",\"sv\":\"AQIDBA==\"}]}"), LW_END);
    assert_int_equal(first_error_in("{\"e\":[{\"n\":\"0\",\"sv\":\"AQIDBAU=\"}]}"), LW_ETOOBIG);
    assert_int_equal(first_error_in("{\"e\":[{\"n\":\"0\",\"sv\":\"\\u0041QID\"}]}"), LW_ETOOBIG);
    assert_int_equal(first_error_in("{\"e\":[],\"\\n12345\":1}"), LW_ETOOBIG);
    assert_int_equal(first_error_in("{\"e\":[{\"n\":\"0\",\"bv\":true}]}"), LW_ETYPE);
}

static void names_longer_than_any_path_are_too_big(void **state)
{
    (void)state;
    char text[256] = "{\"bn\":\"";
    memset(text + strlen(text), '/', 150);
    memcpy(text + strlen(text), "\",\"e\":[]}", 10);
    assert_int_equal(first_error_in(text), LW_ETOOBIG);
    char element[256] = "{\"e\":[{\"n\":\"";
    memset(element + strlen(element), '1', 150);
    memcpy(element + strlen(element), "\",\"v\":1}]}", 11);
    assert_int_equal(first_error_in(element), LW_ETOOBIG);
}

static void nesting_beyond_the_limit_is_told(void **state)
{
    (void)state;
    char text[256] = "{\"x\":";
    memset(text + strlen(text), '[', 40);
    assert_int_equal(first_error_in(text), LW_EDEPTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_pass),
        cmocka_unit_test(random_entries_come_back),
        cmocka_unit_test(nothing_but_blanks_follows),
        cmocka_unit_test(octets_and_escapes_share_the_scratch),
        cmocka_unit_test(names_longer_than_any_path_are_too_big),
        cmocka_unit_test(nesting_beyond_the_limit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
