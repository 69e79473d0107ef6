#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/codec_vectors.h"

static void vectors_pass(void **state)
{
    (void)state;
    assert_true(lw_codec_vectors_run("cbor.txt", &lw_format_cbor, 0));
}

static void random_values_come_back(void **state)
{
    (void)state;
    assert_true(lw_codec_random_run(&lw_format_cbor, 0, 4, 2000));
}

static lw_value decoded(const uint8_t *octets, size_t len)
{
    lw_decode_cfg cfg = {.base = lw_path_resource(6, 0, 0)};
    lw_decoder d;
    lw_entry e;
    lw_decoder_init(&d, &lw_format_cbor, &cfg);
    lw_decoder_feed(&d, lw_bytes_of(octets, len), true);
    assert_int_equal(lw_decoder_next(&d, &e), LW_OK);
    return e.value;
}

static void assert_encoded(lw_value value, const uint8_t *octets, size_t len)
{
    lw_entry e = {.path = lw_path_resource(6, 0, 0), .value = value};
    lw_entries entries = {&e, 1};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = e.path};
    uint8_t out[9];
    lw_writer w;
    lw_writer_init(&w, out, sizeof out);
    assert_int_equal(lw_encode(&lw_format_cbor, &source, &cfg, &w), LW_OK);
    assert_int_equal(w.pos, len);
    assert_memory_equal(out, octets, len);
}

/* By its definition: mantissa times a power of two. */
static double half_by_hand(unsigned half)
{
    unsigned exponent = half >> 10 & 31;
    double v = exponent == 0 ? half & 1023 : (half & 1023) + 1024;
    for (unsigned i = exponent == 0 ? 1 : exponent; i < 25; i++) {
        v /= 2;
    }
    for (unsigned i = 25; i < exponent; i++) {
        v *= 2;
    }
    return half >> 15 != 0 ? -v : v;
}

static void every_half_is_what_it_is_defined_to_be_and_comes_back(void **state)
{
    (void)state;
    for (unsigned half = 0; half <= UINT16_MAX; half++) {
        uint8_t octets[3] = {0xF9, (uint8_t)(half >> 8), (uint8_t)half};
        lw_value value = decoded(octets, sizeof octets);
        bool is_finite = (half & 0x7C00) != 0x7C00;
        if (is_finite) {
            assert_true(lw_value_equal(value, lw_value_float(half_by_hand(half))));
        }
        assert_true(value.single);
        bool is_signalling = !is_finite && (half & 0x3FF) != 0 && (half & 0x200) == 0;
        if (!is_signalling) { /* a processor makes a quiet NaN of one */
            assert_encoded(value, octets, sizeof octets);
        }
    }
}

static void a_float_is_as_wide_as_it_must_be(void **state)
{
    (void)state;
    const uint8_t beyond_half[] = {0xFA, 0x47, 0x80, 0x00, 0x00};
    const uint8_t below_half[] = {0xFA, 0x33, 0x00, 0x00, 0x00};
    const uint8_t smallest_single[] = {0xFA, 0x00, 0x00, 0x00, 0x01};
    const uint8_t beyond_single[] = {0xFB, 0x47, 0xF0, 0, 0, 0, 0, 0, 0};
    const uint8_t below_single[] = {0xFB, 0x36, 0x90, 0, 0, 0, 0, 0, 0};
    const uint8_t minus_zero[] = {0xF9, 0x80, 0x00};
    assert_encoded(lw_value_float(0x1p16), beyond_half, sizeof beyond_half);
    assert_encoded(lw_value_float(0x1p-25), below_half, sizeof below_half);
    assert_encoded(lw_value_float(0x1p-149), smallest_single, sizeof smallest_single);
    assert_encoded(lw_value_float(0x1p128), beyond_single, sizeof beyond_single);
    assert_encoded(lw_value_float(0x1p-150), below_single, sizeof below_single);
    assert_encoded(lw_value_float(-0.0), minus_zero, sizeof minus_zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_pass),
        cmocka_unit_test(random_values_come_back),
        cmocka_unit_test(every_half_is_what_it_is_defined_to_be_and_comes_back),
        cmocka_unit_test(a_float_is_as_wide_as_it_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
