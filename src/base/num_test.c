/* The host's strtod and printf, correctly rounded in glibc, are the reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/rng.h"

#define SEED 20240607u

/* ---- Integers ---------------------------------------------------------------------------------
 */

static void expect_int64(const char *text, lw_err err, int64_t v)
{
    int64_t got = 0;
    assert_int_equal(lw_num_parse_int64(lw_bytes_str(text), &got), err);
    if (err == LW_OK) {
        assert_int_equal(got, v);
    }
}

static void expect_uint64(const char *text, lw_err err, uint64_t v)
{
    uint64_t got = 0;
    assert_int_equal(lw_num_parse_uint64(lw_bytes_str(text), &got), err);
    if (err == LW_OK) {
        assert_true(got == v);
    }
}

static void int64_reads_its_whole_range_and_nothing_else(void **state)
{
    (void)state;
    expect_int64("0", LW_OK, 0);
    expect_int64("-0", LW_OK, 0);
    expect_int64("-49", LW_OK, -49);
    expect_int64("007", LW_OK, 7);
    expect_int64("9223372036854775807", LW_OK, INT64_MAX);
    expect_int64("-9223372036854775808", LW_OK, INT64_MIN);
    expect_int64("9223372036854775808", LW_ERANGE, 0);
    expect_int64("-9223372036854775809", LW_ERANGE, 0);
    expect_int64("99999999999999999999999", LW_ERANGE, 0);
    expect_int64("", LW_EFORMAT, 0);
    expect_int64("-", LW_EFORMAT, 0);
    expect_int64("+1", LW_EFORMAT, 0);
    expect_int64(" 1", LW_EFORMAT, 0);
    expect_int64("1 ", LW_EFORMAT, 0);
    expect_int64("1.0", LW_EFORMAT, 0);
    expect_int64("--1", LW_EFORMAT, 0);
    expect_int64("99999999999999999999999x", LW_EFORMAT, 0);
}

static void expect_uint32(const char *text, lw_err err, uint32_t v)
{
    uint32_t got = 0;
    assert_int_equal(lw_num_parse_uint32(lw_bytes_str(text), &got), err);
    if (err == LW_OK) {
        assert_int_equal(got, v);
    }
}

static void uint32_reads_its_whole_range_and_nothing_else(void **state)
{
    (void)state;
    expect_uint32("0", LW_OK, 0);
    expect_uint32("0049320", LW_OK, 49320);
    expect_uint32("4294967295", LW_OK, UINT32_MAX);
    expect_uint32("4294967296", LW_ERANGE, 0);
    expect_uint32("42949672960", LW_ERANGE, 0);
    expect_uint32("184467440737095516160", LW_ERANGE, 0);
    expect_uint32("99999999999999999999999x", LW_EFORMAT, 0);
    expect_uint32("", LW_EFORMAT, 0);
    expect_uint32("-1", LW_EFORMAT, 0);
}

static void uint64_reads_its_whole_range_and_nothing_else(void **state)
{
    (void)state;
    expect_uint64("0", LW_OK, 0);
    expect_uint64("49320", LW_OK, 49320);
    expect_uint64("18446744073709551615", LW_OK, UINT64_MAX);
    expect_uint64("00000000000000000000000000018446744073709551615", LW_OK, UINT64_MAX);
    expect_uint64("18446744073709551616", LW_ERANGE, 0);
    expect_uint64("184467440737095516150", LW_ERANGE, 0);
    expect_uint64("", LW_EFORMAT, 0);
    expect_uint64("-1", LW_EFORMAT, 0);
}

static void expect_int64_text(int64_t v, const char *text)
{
    char out[LW_NUM_INT_TEXT_MAX];
    size_t len = lw_num_format_int64(v, out);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(out, text, len);
}

static void integers_are_written_in_full(void **state)
{
    (void)state;
    expect_int64_text(0, "0");
    expect_int64_text(-1, "-1");
    expect_int64_text(10, "10");
    expect_int64_text(4294967295, "4294967295");
    expect_int64_text(4294967296, "4294967296");
    expect_int64_text(INT64_MAX, "9223372036854775807");
    expect_int64_text(INT64_MIN, "-9223372036854775808");
    char out[LW_NUM_INT_TEXT_MAX];
    assert_int_equal(lw_num_format_uint64(UINT64_MAX, out), 20);
    assert_memory_equal(out, "18446744073709551615", 20);
}

/* ---- Reading floating point --------------------------------------------------------------------
 */

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void expect_like_strtod(const char *text)
{
    double want = strtod(text, NULL);
    double got = 0;
    lw_err err = lw_num_parse_double(lw_bytes_str(text), &got);
    assert_int_equal(err, isinf(want) ? LW_ERANGE : LW_OK);
    if (bits_of(got) != bits_of(want)) {
        fail_msg("%s reads as %a, not as %a", text, got, want);
    }
}

/* Exact expansions of the middle between two doubles. */
static const char middle_above_max[] =
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017"
    "977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273"
    "854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704"
    "342711559699508093042880e0";
static const char middle_of_subnormals[] =
    "3."
    "237883913302901289588352412501532174863037669423108059901297049552301970670676565786835742"
    "587799557860615776559838283435514391084153169252689190564396459577394618038928365305143463"
    "955100356696665629202017331344031730044369360205258345803431471660032699580731300954848363"
    "975548690010751530018881758184174569652173110473696022749934638425380623369774736560008997"
    "404060967498028389191878963968575439222206416981462690113342524002724385941651051293552601"
    "421155333430225237291523843322331326138431477823591142408800030775170625915670728657003151"
    "953664260769822494937951845801530895238439819708403389937873241463484205608000027270531106"
    "827387907791444918534771598750162812548862768493201518991668028251730299953143924168545708"
    "663913273994694463908672332763671875e-319";

static void known_hard_numbers_are_rounded_correctly(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "1",
        "-1.5",
        ".5",
        "5.",
        "-.25e1",
        "1e22",
        "1e23",
        "1E+5",
        "1e-5",
        "0e999999999999",
        "1e-999999999999",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740993.00000000000000000000000000001",
        "9007199254740995",
        "9007199254740992e1",
        "9007199254740993e22",
        "9007199254740993e-22",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "2.2250738585072009e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272e-324",
        "7.4109846876186981626485318930233205854758970e-324",
        "1e-323",
        "1e-324",
        "1e-342",
        "1e-343",
        "18446744073709551615e-343",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        middle_above_max,
        "1e309",
        "1e310",
        "123456789012345678901234567890e290",
        "0.000000000000000000000000000000000000001e348",
        "6.667e-11",
        "43.61092",
        "0.1",
        "0.30000000000000004",
        "1.7976931348623157081e308",
        "8.9255e-22",
        "5708990770823839207320493820740630171355185151999e-3",
        "1448997445238699",
        "6.631236846766476e-316",
        middle_of_subnormals,
        "10000000000000000000000000000000000000001",
        "18446744073709551616",
        "184467440737095516155",
        "1000000000000000000000000000001e-30",
        "2.00416836000897277799610805135016e18",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        expect_like_strtod(texts[i]);
    }
}

/* The exact decimal expansion of the middle between a double and the next one up, as it is, a
 * little more and a little less. */
static void halfway_cases_go_to_the_even_neighbour(void **state)
{
    (void)state;
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, SEED);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    static char text[1200];
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = ((uint64_t)lw_rng_u32(&rng) << 32 | lw_rng_u32(&rng)) >> 1;
        bits %= bits_of(i % 8 == 0 ? DBL_MIN : DBL_MAX);
        long double middle = ((long double)double_of(bits) + (long double)double_of(bits + 1)) / 2;
        snprintf(text, sizeof text, "%.800Le", middle);
        char *e = strchr(text, 'e');
        expect_like_strtod(text);
        if (i % 2 == 0) {
            e[-1] = '1'; /* a little more, 800 digits away */
        } else {
            char *last = e - 1;
            for (; *last == '0'; last--) {
                *last = '9';
            }
            if (*last == '.') {
                continue;
            }
            --*last; /* a little less */
        }
        expect_like_strtod(text);
    }
}

static void random_decimals_read_like_strtod(void **state)
{
    (void)state;
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, SEED);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    char text[64];
    for (int i = 0; i < 60000; i++) {
        uint64_t m = (uint64_t)lw_rng_u32(&rng) << 32 | lw_rng_u32(&rng);
        m >>= lw_rng_below(&rng, 64);
        int exponent = (int)lw_rng_below(&rng, i % 2 == 0 ? 60 : 700) - (i % 2 == 0 ? 30 : 360);
        int len = snprintf(text, sizeof text, "%llu%llue%d", (unsigned long long)m,
                           (unsigned long long)lw_rng_u32(&rng), exponent);
        assert_true(len > 0);
        expect_like_strtod(text);
    }
}

static void garbage_is_not_a_number(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",     "-",     ".",   "-.",  "+1",   " 1",  "1 ",  "1e",   "1e+",   "1e-", "1e5x", "e5",
        "1..2", "1.2.3", "inf", "nan", "0x10", "1,5", "--1", "1e5.", "1e--5", ".e1", "-e",   "1f"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double v;
        lw_value value;
        assert_int_equal(lw_num_parse_double(lw_bytes_str(texts[i]), &v), LW_EFORMAT);
        assert_int_equal(lw_num_parse_value(lw_bytes_str(texts[i]), &value), LW_EFORMAT);
    }
    double v;
    assert_int_equal(lw_num_parse_double(lw_bytes_of("1", ((size_t)1 << 28) + 1), &v), LW_ETOOBIG);
}

/* ---- Numbers with their type -------------------------------------------------------------------
 */

static lw_value value_of(const char *text)
{
    lw_value v;
    assert_int_equal(lw_num_parse_value(lw_bytes_str(text), &v), LW_OK);
    return v;
}

static void expect_integer(const char *text, int64_t v)
{
    lw_value got = value_of(text);
    assert_int_equal(got.type, LW_TYPE_INTEGER);
    assert_int_equal(got.as.integer, v);
}

static void expect_unsigned(const char *text, uint64_t v)
{
    lw_value got = value_of(text);
    assert_int_equal(got.type, LW_TYPE_UNSIGNED);
    assert_true(got.as.uns == v);
}

static void expect_float(const char *text, double v)
{
    lw_value got = value_of(text);
    assert_int_equal(got.type, LW_TYPE_FLOAT);
    assert_false(got.single);
    assert_true(bits_of(got.as.number) == bits_of(v));
}

static void integral_numbers_stay_exact_however_they_are_written(void **state)
{
    (void)state;
    expect_integer("0", 0);
    expect_integer("0.0", 0);
    expect_integer("0e-50", 0);
    expect_integer("0e20", 0);
    expect_integer("0e99", 0);
    expect_integer("95", 95);
    expect_integer("-49", -49);
    expect_integer("1E2", 100);
    expect_integer("21.0", 21);
    expect_integer("2.1E1", 21);
    expect_integer("100e-2", 1);
    expect_integer("9007199254740993.0", 9007199254740993);
    expect_integer("9223372036854775807", INT64_MAX);
    expect_integer("-9223372036854775808", INT64_MIN);
    expect_integer("-9.223372036854775808e18", INT64_MIN);
    expect_unsigned("9223372036854775808", (uint64_t)1 << 63);
    expect_unsigned("18446744073709551615", UINT64_MAX);
    expect_unsigned("18446744073709551615.000", UINT64_MAX);
    expect_unsigned("1e19", 10000000000000000000u);
}

static void what_is_no_64_bit_integer_is_a_double(void **state)
{
    (void)state;
    expect_float("-0", -0.0);
    expect_float("21.5", 21.5);
    expect_float("-0e20", -0.0);
    expect_float("18446744073709551616", 18446744073709551616.0);
    expect_float("19999999999999999999", 2e19);
    expect_float("27670116110564327424", 27670116110564327424.0); /* 2^64 + 2^63 */
    expect_float("99999999999999999999", 1e20);
    expect_float("-18446744073709551615", -18446744073709551616.0);
    expect_float("-9223372036854775809", -9223372036854775808.0);
    expect_float("1e20", 1e20);
    expect_float("1e-3", 0.001);
    expect_float("18446744073709551615.5", 18446744073709551616.0);
    lw_value v;
    assert_int_equal(lw_num_parse_value(lw_bytes_str("1e400"), &v), LW_ERANGE);
    assert_int_equal(lw_num_parse_value(lw_bytes_str("-1e400"), &v), LW_ERANGE);
}

/* ---- Writing floating point --------------------------------------------------------------------
 */

static void expect_text(double v, bool single, lw_num_style style, const char *text)
{
    char out[LW_NUM_TEXT_MAX + 1];
    size_t len = lw_num_format_double(v, single, style, out);
    out[len] = 0;
    assert_string_equal(out, text);
}

static void plain_text_has_no_exponent(void **state)
{
    (void)state;
    expect_text(0, false, LW_NUM_PLAIN, "0");
    expect_text(-0.0, false, LW_NUM_PLAIN, "-0");
    expect_text(21.5, false, LW_NUM_PLAIN, "21.5");
    expect_text(24, false, LW_NUM_PLAIN, "24");
    expect_text(43.61092, false, LW_NUM_PLAIN, "43.61092");
    expect_text(-0.001, false, LW_NUM_PLAIN, "-0.001");
    expect_text(0.1 + 0.2, false, LW_NUM_PLAIN, "0.30000000000000004");
    expect_text(6.667e-11, false, LW_NUM_PLAIN, "0.00000000006667");
    expect_text(1e15, false, LW_NUM_PLAIN, "1000000000000000");
    expect_text(1e23, false, LW_NUM_PLAIN, "100000000000000000000000");
    expect_text(123456789012345680000.0, false, LW_NUM_PLAIN, "123456789012345680000");
    char out[LW_NUM_TEXT_MAX];
    assert_int_equal(lw_num_format_double(-2.2250738585072014e-308, false, LW_NUM_PLAIN, out), 327);
    assert_int_equal(lw_num_format_double(-DBL_MAX, false, LW_NUM_PLAIN, out), 310);
    assert_int_equal(lw_num_format_double(-4.9406564584124654e-324, false, LW_NUM_PLAIN, out), 327);
}

static void short_text_has_one_where_it_helps(void **state)
{
    (void)state;
    expect_text(0.000001, false, LW_NUM_SHORT, "0.000001");
    expect_text(0.00000012, false, LW_NUM_SHORT, "1.2e-7");
    expect_text(1e-7, false, LW_NUM_SHORT, "1e-7");
    expect_text(6.667e-11, false, LW_NUM_SHORT, "6.667e-11");
    expect_text(1e20, false, LW_NUM_SHORT, "100000000000000000000");
    expect_text(1e21, false, LW_NUM_SHORT, "1e21");
    expect_text(-DBL_MAX, false, LW_NUM_SHORT, "-1.7976931348623157e308");
    expect_text(4.9406564584124654e-324, false, LW_NUM_SHORT, "5e-324");
    expect_text(DBL_MIN, false, LW_NUM_SHORT, "2.2250738585072014e-308");
    expect_text(9007199254740993.0, false, LW_NUM_SHORT, "9007199254740992");
    expect_text(5e-324 * 3, false, LW_NUM_SHORT, "1.5e-323");
}

static void singles_are_written_as_singles(void **state)
{
    (void)state;
    expect_text((double)22.4f, true, LW_NUM_PLAIN, "22.4");
    expect_text((double)22.4f, false, LW_NUM_PLAIN, "22.399999618530273");
    expect_text((double)-123.5f, true, LW_NUM_PLAIN, "-123.5");
    expect_text((double)FLT_MAX, true, LW_NUM_SHORT, "3.4028235e38");
    expect_text((double)FLT_MIN, true, LW_NUM_SHORT, "1.1754944e-38");
    expect_text((double)1e-45f, true, LW_NUM_SHORT, "1e-45");
    expect_text((double)0.1f, true, LW_NUM_SHORT, "0.1");
    expect_text((double)16777216.0f, true, LW_NUM_SHORT, "16777216");
}

static void nan_and_infinities_have_no_text(void **state)
{
    (void)state;
    char out[LW_NUM_TEXT_MAX];
    assert_int_equal(lw_num_format_double((double)NAN, false, LW_NUM_PLAIN, out), 0);
    assert_int_equal(lw_num_format_double((double)INFINITY, false, LW_NUM_PLAIN, out), 0);
    assert_int_equal(lw_num_format_double(-(double)INFINITY, true, LW_NUM_PLAIN, out), 0);
}

static size_t count_digits(const char *text)
{
    size_t count = 0, zeros = 0;
    for (; *text != 0 && *text != 'e'; text++) {
        bool digit = *text >= '0' && *text <= '9';
        zeros = *text == '0' ? zeros + 1 : digit ? 0 : zeros;
        count += digit && (count > 0 || *text != '0') ? 1 : 0;
    }
    return count > zeros ? count - zeros : count;
}

/* Reads back with both readers, and has as many digits as the first %.*e that reads back. */
static void expect_shortest(double v, bool single)
{
    char out[LW_NUM_TEXT_MAX + 1];
    size_t len = lw_num_format_double(v, single, LW_NUM_SHORT, out);
    out[len] = 0;
    double back = strtod(out, NULL);
    if (single ? strtof(out, NULL) != (float)v : bits_of(back) != bits_of(v)) {
        fail_msg("%a was written as %s", v, out);
    }
    expect_like_strtod(out);
    char want[64];
    int digits = single ? 6 : 15; /* enough to find whether fewer do: zeros do not count */
    digits = fabs(v) < (single ? (double)FLT_MIN : DBL_MIN) ? 1 : digits;
    bool reads_back = false;
    for (; !reads_back; digits++) {
        snprintf(want, sizeof want, "%.*e", digits - 1, v);
        reads_back = single ? strtof(want, NULL) == (float)v : strtod(want, NULL) == v;
    }
    bool integral = fabs(v) < 1e15 && v == floor(v); /* written in full */
    if (!integral && count_digits(out) > count_digits(want)) {
        fail_msg("%a was written as %s, not as %s", v, out, want);
    }
}

static void random_doubles_are_written_shortest(void **state)
{
    (void)state;
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, SEED);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = (uint64_t)lw_rng_u32(&rng) << 32 | lw_rng_u32(&rng);
        bits = i % 16 == 0 ? bits & ~((uint64_t)0x7FF << 52) : bits; /* subnormals */
        double v = double_of(bits);
        if (!isnan(v) && !isinf(v)) {
            expect_shortest(v, false);
        }
    }
}

static void random_sensor_values_are_written_shortest(void **state)
{
    (void)state;
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, SEED);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    for (int i = 0; i < 50000; i++) {
        double v = (double)lw_rng_u32(&rng);
        for (unsigned k = lw_rng_below(&rng, 12); k > 0; k--) {
            v /= 10; /* rounds each time: some become 17-digit numbers */
        }
        expect_shortest(v, false);
    }
}

static void random_singles_are_written_shortest(void **state)
{
    (void)state;
    lw_rng_seeded seeded;
    lw_rng_seeded_init(&seeded, SEED);
    lw_rng rng = lw_rng_seeded_rng(&seeded);
    for (int i = 0; i < 50000; i++) {
        uint32_t bits = lw_rng_u32(&rng);
        float v;
        memcpy(&v, &bits, sizeof v);
        if (!isnan(v) && !isinf(v)) {
            expect_shortest((double)v, true);
        }
    }
}

static void powers_and_their_neighbours_are_written_shortest(void **state)
{
    (void)state;
    for (int e = -1074; e <= 1023; e++) {
        double v = ldexp(1, e);
        expect_shortest(v, false);
        expect_shortest(nextafter(v, 0) > 0 ? nextafter(v, 0) : v, false);
        expect_shortest(nextafter(v, DBL_MAX), false);
    }
    char text[16];
    for (int e = -323; e <= 308; e++) {
        snprintf(text, sizeof text, "1e%d", e);
        double v = strtod(text, NULL);
        expect_shortest(v, false);
        expect_shortest(nextafter(v, 0), false);
        expect_shortest(nextafter(v, DBL_MAX), false);
    }
}

static void hexadecimal_digits_and_nothing_else(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    unsigned known = 0;
    for (unsigned c = 0; c < 256; c++) {
        int value = lw_num_hex_digit((uint8_t)c);
        known += value >= 0;
        if (value >= 0) {
            assert_true((char)c == digits[value] || (char)c == upper[value]);
        }
    }
    assert_int_equal(known, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(int64_reads_its_whole_range_and_nothing_else),
        cmocka_unit_test(uint32_reads_its_whole_range_and_nothing_else),
        cmocka_unit_test(uint64_reads_its_whole_range_and_nothing_else),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(hexadecimal_digits_and_nothing_else),
        cmocka_unit_test(known_hard_numbers_are_rounded_correctly),
        cmocka_unit_test(halfway_cases_go_to_the_even_neighbour),
        cmocka_unit_test(random_decimals_read_like_strtod),
        cmocka_unit_test(garbage_is_not_a_number),
        cmocka_unit_test(integral_numbers_stay_exact_however_they_are_written),
        cmocka_unit_test(what_is_no_64_bit_integer_is_a_double),
        cmocka_unit_test(plain_text_has_no_exponent),
        cmocka_unit_test(short_text_has_one_where_it_helps),
        cmocka_unit_test(singles_are_written_as_singles),
        cmocka_unit_test(nan_and_infinities_have_no_text),
        cmocka_unit_test(random_doubles_are_written_shortest),
        cmocka_unit_test(random_sensor_values_are_written_shortest),
        cmocka_unit_test(random_singles_are_written_shortest),
        cmocka_unit_test(powers_and_their_neighbours_are_written_shortest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
