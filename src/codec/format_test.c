#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/format.h"

static const uint8_t one_value[] = {0x81, 0xa2, 0x00, 0x66, '/',  '3', '/',
                                    '0',  '/',  '9',  0x02, 0x18, 0x5f};

static void a_format_is_found_by_its_number(void **state)
{
    (void)state;
    const lw_format *const formats[] = {&lw_format_tlv, &lw_format_senml_cbor, NULL};
    assert_ptr_equal(lw_format_find(formats, LW_CF_TLV), &lw_format_tlv);
    assert_ptr_equal(lw_format_find(formats, 112), &lw_format_senml_cbor);
    assert_null(lw_format_find(formats, LW_CF_LWM2M_CBOR));
    assert_null(lw_format_find(formats, LW_CF_NONE));
}

static void numbers_of_drafts_find_their_successors(void **state)
{
    (void)state;
    static const lw_format text = {.id = LW_CF_TEXT};
    static const lw_format json = {.id = LW_CF_JSON};
    const lw_format *const formats[] = {&text, &lw_format_tlv, &json, NULL};
    assert_ptr_equal(lw_format_find(formats, 1541), &text);
    assert_ptr_equal(lw_format_find(formats, 1542), &lw_format_tlv);
    assert_ptr_equal(lw_format_find(formats, 1543), &json);
}

static void a_decoder_that_failed_stays_failed(void **state)
{
    (void)state;
    static const uint8_t bad[] = {0xa0};
    lw_decode_cfg cfg = {.base = lw_path_root()};
    lw_decoder d;
    lw_entry e;
    lw_decoder_init(&d, &lw_format_senml_cbor, &cfg);
    lw_decoder_feed(&d, lw_bytes_of(bad, sizeof bad), true);
    assert_int_equal(lw_decoder_next(&d, &e), LW_EFORMAT);
    lw_decoder_feed(&d, lw_bytes_of(one_value, sizeof one_value), true);
    assert_int_equal(lw_decoder_next(&d, &e), LW_EFORMAT);
}

static void what_is_consumed_need_not_be_fed_again(void **state)
{
    (void)state;
    lw_decode_cfg cfg = {.base = lw_path_root()};
    lw_decoder d;
    lw_entry e;
    lw_decoder_init(&d, &lw_format_senml_cbor, &cfg);
    lw_decoder_feed(&d, lw_bytes_of(NULL, 0), false);
    assert_int_equal(lw_decoder_next(&d, &e), LW_AGAIN);
    lw_decoder_feed(&d, lw_bytes_of(one_value, 5), false);
    assert_int_equal(lw_decoder_next(&d, &e), LW_AGAIN);
    assert_int_equal(lw_decoder_consumed(&d), 0);
    lw_decoder_feed(&d, lw_bytes_of(one_value, sizeof one_value), false);
    assert_int_equal(lw_decoder_next(&d, &e), LW_OK);
    assert_int_equal(lw_decoder_consumed(&d), sizeof one_value);
    assert_int_equal(lw_decoder_next(&d, &e), LW_AGAIN); /* something may follow */
    lw_decoder_feed(&d, lw_bytes_of(NULL, 0), true);
    assert_int_equal(lw_decoder_next(&d, &e), LW_END);
    assert_int_equal(lw_decoder_next(&d, &e), LW_END);
}

static lw_type boolean_everywhere(void *ctx, lw_path path)
{
    (void)path;
    ++*(unsigned *)ctx;
    return LW_TYPE_BOOLEAN;
}

static void the_type_is_asked_once_a_value(void **state)
{
    (void)state;
    static const uint8_t two[] = {0xc1, 0x06, 0x01, 0xc1, 0x07, 0x00};
    unsigned asked = 0;
    lw_decode_cfg cfg = {
        .base = lw_path_instance(1, 0), .type_of = boolean_everywhere, .type_ctx = &asked};
    lw_decoder d;
    lw_entry e;
    lw_decoder_init(&d, &lw_format_tlv, &cfg);
    lw_decoder_feed(&d, lw_bytes_of(two, sizeof two), true);
    assert_int_equal(lw_decoder_next(&d, &e), LW_OK);
    assert_true(e.value.as.boolean);
    assert_int_equal(lw_decoder_next(&d, &e), LW_OK);
    assert_false(e.value.as.boolean);
    assert_int_equal(asked, 2);
}

static void chunks_that_do_not_fit_scratch_are_too_big(void **state)
{
    (void)state;
    static const uint8_t chunks[] = {0x7f, 0x62, 'a', 'b', 0x62, 'c', 'd', 0xff};
    uint8_t scratch[3];
    lw_decode_cfg cfg = {
        .base = lw_path_resource(3, 0, 0), .scratch = scratch, .scratch_len = sizeof scratch};
    lw_decoder d;
    lw_entry e;
    lw_decoder_init(&d, &lw_format_cbor, &cfg);
    lw_decoder_feed(&d, lw_bytes_of(chunks, sizeof chunks), true);
    assert_int_equal(lw_decoder_next(&d, &e), LW_ETOOBIG);
}

/* Gives a value, then fails. */
static lw_err next_of_failing(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    const uintptr_t *values = ctx;
    if (cursor->at[0]++ == *values) {
        return LW_EIO;
    }
    *out_entry = (lw_entry){.path = lw_path_resource(3, 0, (uint16_t)cursor->at[0]),
                            .value = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str("x"))};
    return LW_OK;
}

static void every_format_passes_on_that_its_source_failed(void **state)
{
    (void)state;
    const lw_format *const formats[] = {&lw_format_opaque,    &lw_format_cbor,
                                        &lw_format_tlv,       &lw_format_senml_cbor,
                                        &lw_format_etch_cbor, &lw_format_lwm2m_cbor};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        for (uintptr_t values = 0; values < 2; values++) {
            lw_source source = {next_of_failing, &values};
            lw_encode_cfg cfg = {.base = lw_path_object(3)};
            bool is_single = formats[i]->uses == LW_FORMAT_SINGLE;
            cfg.base = is_single ? lw_path_resource(3, 0, 1) : cfg.base;
            uint8_t out[32];
            lw_writer w;
            lw_writer_init(&w, out, sizeof out);
            assert_int_equal(lw_encode(formats[i], &source, &cfg, &w), LW_EIO);
        }
    }
}

static void formats_have_names_for_people_and_for_http(void **state)
{
    (void)state;
    const char *name;
    const char *media_type;
    assert_true(lw_format_describe(LW_CF_TEXT, &name, &media_type));
    assert_string_equal(name, "text");
    assert_true(lw_format_describe(LW_CF_LWM2M_CBOR, &name, &media_type));
    assert_string_equal(name, "LwM2M CBOR");
    assert_string_equal(media_type, "application/vnd.oma.lwm2m+cbor");
    assert_false(lw_format_describe(LW_CF_NONE, &name, &media_type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_format_is_found_by_its_number),
        cmocka_unit_test(numbers_of_drafts_find_their_successors),
        cmocka_unit_test(a_decoder_that_failed_stays_failed),
        cmocka_unit_test(what_is_consumed_need_not_be_fed_again),
        cmocka_unit_test(the_type_is_asked_once_a_value),
        cmocka_unit_test(chunks_that_do_not_fit_scratch_are_too_big),
        cmocka_unit_test(every_format_passes_on_that_its_source_failed),
        cmocka_unit_test(formats_have_names_for_people_and_for_http),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
