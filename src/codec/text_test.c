#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("text.txt", &lw_format_text, LW_CODEC_CUTTABLE));
}

static void random_values_come_back(void **state)
{
    (void)state;
    assert_true(lw_codec_random_run(&lw_format_text, 0, 3, 2000));
}

static void a_single_is_written_with_its_own_digits(void **state)
{
    (void)state;
    lw_entry entry = {.path = lw_path_resource(3303, 0, 5700), .value = lw_value_single(22.4f)};
    lw_entries entries = {&entry, 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = entry.path};
    uint8_t out[32];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    assert_int_equal(lw_encode(&lw_format_text, &source, &cfg, &w), LW_OK);
    assert_true(lw_bytes_is(lw_writer_bytes(&w), "22.4"));
}

static lw_type always_opaque(void *ctx, lw_path path)
{
    (void)ctx;
    (void)path;
    return LW_TYPE_OPAQUE;
}

static void an_opaque_larger_than_the_scratch_is_too_big(void **state)
{
    (void)state;
    uint8_t scratch[4];
    lw_decode_cfg cfg = {.base = lw_path_resource(5, 0, 0),
                         .type_of = always_opaque,
                         .scratch = scratch,
                         .scratch_len = sizeof scratch};
    lw_decoder d;
    lw_entry entry;
    lw_decoder_init(&d, &lw_format_text, &cfg);
    lw_decoder_feed(&d, lw_bytes_str("AQIDBAU="), true);
    assert_int_equal(lw_decoder_next(&d, &entry), LW_ETOOBIG);
}

static void no_value_is_not_written(void **state)
{
    (void)state;
    lw_entry entry = {.path = lw_path_resource(3, 0, 4)};
    lw_entries entries = {&entry, 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = entry.path};
    uint8_t out[8];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    assert_int_equal(lw_encode(&lw_format_text, &source, &cfg, &w), LW_ENOTSUP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_pass),
        cmocka_unit_test(random_values_come_back),
        cmocka_unit_test(a_single_is_written_with_its_own_digits),
        cmocka_unit_test(no_value_is_not_written),
        cmocka_unit_test(an_opaque_larger_than_the_scratch_is_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
