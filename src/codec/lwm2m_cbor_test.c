#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("lwm2m_cbor.txt", &lw_format_lwm2m_cbor, 0));
}

static void random_trees_come_back(void **state)
{
    (void)state;
    unsigned flags = LW_CODEC_EMPTY | LW_CODEC_PREFIXES | LW_CODEC_ROOT;
    assert_true(lw_codec_random_run(&lw_format_lwm2m_cbor, flags, 3, 2000));
}

/* Resources /3/0/0 to 3, of which walks from the second on leave out the last `missing`. */
typedef struct shrinking {
    size_t missing;
    size_t calls;
    size_t calls_before; /* a change */
} shrinking;

static lw_err next_of_shrinking(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    shrinking *s = ctx;
    size_t count = s->calls++ < s->calls_before ? 4 : 4 - s->missing;
    if (cursor->at[0] >= count) {
        return LW_END;
    }
    uint16_t id = (uint16_t)cursor->at[0]++;
    *out_entry = (lw_entry){.kind = LW_ENTRY_VALUE,
                            .path = lw_path_resource((uint16_t)(id / 2), 0, id),
                            .value = lw_value_integer(1)};
    return LW_OK;
}

static void a_source_that_changes_is_told(void **state)
{
    (void)state;
    /* The counting takes five calls, the look at the first run six, the writing the rest. */
    for (size_t before = 5; before < 14; before++) {
        shrinking s = {.missing = 3, .calls_before = before};
        lw_source source = {next_of_shrinking, &s};
        lw_encode_cfg cfg = {.base = lw_path_root()};
        uint8_t out[64];
        lw_writer w;
        lw_writer_init(&w, out, sizeof out);
        assert_int_equal(lw_encode(&lw_format_lwm2m_cbor, &source, &cfg, &w), LW_ESTATE);
    }
}

static lw_err next_of_broken(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    size_t *calls = ctx;
    if (--*calls == 0) {
        return LW_EIO;
    }
    shrinking all = {.calls_before = 1};
    return next_of_shrinking(&all, cursor, out_entry);
}

static void a_source_that_fails_ends_the_encoding(void **state)
{
    (void)state;
    for (size_t good = 1; good < 18; good++) {
        size_t calls = good;
        lw_source source = {next_of_broken, &calls};
        lw_encode_cfg cfg = {.base = lw_path_root()};
        uint8_t out[64];
        lw_writer w;
        lw_writer_init(&w, out, sizeof out);
        assert_int_equal(lw_encode(&lw_format_lwm2m_cbor, &source, &cfg, &w), LW_EIO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_pass),
        cmocka_unit_test(random_trees_come_back),
        cmocka_unit_test(a_source_that_changes_is_told),
        cmocka_unit_test(a_source_that_fails_ends_the_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
