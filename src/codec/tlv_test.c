#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("tlv.txt", &lw_format_tlv, LW_CODEC_CUTTABLE));
}

static void random_trees_come_back(void **state)
{
    (void)state;
    assert_true(lw_codec_random_run(&lw_format_tlv, LW_CODEC_EMPTY, 2, 2000));
}

/* Two resources whose first value changes after it was counted. */
static lw_err next_of_restless(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    unsigned *looks = ctx;
    if (cursor->at[0] == 2) {
        return LW_END;
    }
    *out_entry = (lw_entry){.kind = LW_ENTRY_VALUE,
                            .path = lw_path_resource(3, 0, (uint16_t)cursor->at[0]++),
                            .value = lw_value_integer(++*looks <= 2 ? 1000 : 1)};
    return LW_OK;
}

static void a_source_that_changes_is_told(void **state)
{
    (void)state;
    unsigned looks = 0;
    lw_source source = {next_of_restless, &looks};
    lw_encode_cfg cfg = {.base = lw_path_object(3)};
    uint8_t out[64];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    assert_int_equal(lw_encode(&lw_format_tlv, &source, &cfg, &w), LW_ESTATE);
}

static void a_value_too_long_for_the_length_field_is_refused(void **state)
{
    (void)state;
    static uint8_t firmware[1u << 24];
    lw_entry entry = {.path = lw_path_resource(5, 0, 0),
                      .value = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(firmware, 1u << 24))};
    lw_entries entries = {&entry, 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = entry.path};
    uint8_t out[8];
    lw_writer w;
    lw_writer_init_window(&w, out, sizeof out, 0);
    assert_int_equal(lw_encode(&lw_format_tlv, &source, &cfg, &w), LW_ETOOBIG);
    entry.value.as.bytes.len--;
    lw_writer_init_window(&w, out, sizeof out, 0);
    assert_int_equal(lw_encode(&lw_format_tlv, &source, &cfg, &w), LW_OK);
    assert_int_equal(w.pos, (1u << 24) + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_pass),
        cmocka_unit_test(random_trees_come_back),
        cmocka_unit_test(a_source_that_changes_is_told),
        cmocka_unit_test(a_value_too_long_for_the_length_field_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
