#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "testing/codec_vectors.h"

static void senml_vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("senml_json.txt", &lw_format_senml_json, 0));
}

static void etch_vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("etch_json.txt", &lw_format_etch_json, 0));
}

static void random_entries_come_back(void **state)
{
    (void)state;
    const unsigned flags = LW_CODEC_TIMES | LW_CODEC_PREFIXES | LW_CODEC_ROOT;
    assert_true(lw_codec_random_run(&lw_format_senml_json, flags, 4, 2000));
}

static lw_err first_error_in(const char *text)
{
    lw_decode_cfg cfg = {.base = lw_path_root()};
    lw_decoder d;
    lw_decoder_init(&d, &lw_format_senml_json, &cfg);
    lw_decoder_feed(&d, lw_bytes_str(text), true);
    lw_entry entry;
    lw_err err;
    do {
        err = lw_decoder_next(&d, &entry);
    } while (err == LW_OK);
    return err;
}

static void nothing_but_blanks_follows_a_pack(void **state)
{
    (void)state;
    assert_int_equal(first_error_in("[{\"n\":\"/3/0/9\",\"v\":5}] \r\n"), LW_END);
    assert_int_equal(first_error_in("[{\"n\":\"/3/0/9\",\"v\":5}]x"), LW_EFORMAT);
    assert_int_equal(first_error_in("[][]"), LW_EFORMAT);
}

static void a_name_longer_than_any_path_is_too_big(void **state)
{
    (void)state;
    char text[256] = "[{\"n\":\"";
    memset(text + strlen(text), '/', 200);
    memcpy(text + strlen(text), "\",\"v\":5}]", 10);
    assert_int_equal(first_error_in(text), LW_ETOOBIG);
}

static void escapes_and_octets_need_scratch(void **state)
{
    (void)state;
    assert_int_equal(first_error_in("[{\"n\":\"/3/0/9\",\"vs\":\"\\n\"}]"), LW_ETOOBIG);
    assert_int_equal(first_error_in("[{\"n\":\"/3/0/9\",\"vd\":\"AA\"}]"), LW_ETOOBIG);
    assert_int_equal(first_error_in("[{\"\\n\":\"/3/0/9\",\"vd\":\"AA\"}]"), LW_ETOOBIG);
    assert_int_equal(first_error_in("[{\"n\":\"/3/0/9\",\"vs\":\"n\"}]"), LW_END);
}

static void values_nested_too_deeply_are_refused(void **state)
{
    (void)state;
    char text[128] = "[{\"x\":";
    memset(text + strlen(text), '[', 40);
    assert_int_equal(first_error_in(text), LW_EDEPTH);
}

static lw_err next_that_fails(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    (void)ctx;
    if (cursor->at[0]++ == 1) {
        return LW_EIO;
    }
    *out_entry = (lw_entry){.path = lw_path_resource(3, 0, 9), .value = lw_value_integer(5)};
    return LW_OK;
}

static void a_failing_source_fails_the_encoding(void **state)
{
    (void)state;
    lw_source source = {.next = next_that_fails};
    lw_encode_cfg cfg = {.base = lw_path_root()};
    uint8_t out[128];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    assert_int_equal(lw_encode(&lw_format_senml_json, &source, &cfg, &w), LW_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(senml_vectors_pass),
        cmocka_unit_test(etch_vectors_pass),
        cmocka_unit_test(random_entries_come_back),
        cmocka_unit_test(nothing_but_blanks_follows_a_pack),
        cmocka_unit_test(a_name_longer_than_any_path_is_too_big),
        cmocka_unit_test(escapes_and_octets_need_scratch),
        cmocka_unit_test(values_nested_too_deeply_are_refused),
        cmocka_unit_test(a_failing_source_fails_the_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
