#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ddf/range.h"

/* The range as text: "integer 0..3", "length 6..6", "set 16 32 48", "none", "unreadable". */
static const char *reading(const char *text, lw_type type)
{
    static char out[4000];
    lw_ddf_range r;
    lw_ddf_range_result result = lw_ddf_range_parse(lw_bytes_str(text), type, &r);
    if (result == LW_DDF_RANGE_NONE || result == LW_DDF_RANGE_UNREADABLE) {
        return result == LW_DDF_RANGE_NONE ? "none" : "unreadable";
    }
    const char *mark = result == LW_DDF_RANGE_DOWNWARDS ? " downwards" : "";
    switch ((lw_range_kind)r.range.kind) {
    case LW_RANGE_INTEGER:
    case LW_RANGE_LENGTH:
        (void)snprintf(out, sizeof out, "%s %lld..%lld%s",
                       r.range.kind == LW_RANGE_LENGTH ? "length" : "integer",
                       (long long)(r.range.count > 0 ? r.range.as.numbers[0] : r.range.lo),
                       (long long)(r.range.count > 0 ? r.range.as.numbers[1] : r.range.as.hi),
                       mark);
        break;
    case LW_RANGE_FLOAT:
        (void)snprintf(out, sizeof out, "float %g..%g%s", r.range.as.bounds[0],
                       r.range.as.bounds[1], mark);
        break;
    case LW_RANGE_SET: {
        size_t len = (size_t)snprintf(out, sizeof out, "set");
        for (size_t i = 0; i < r.range.count; i++) {
            len += (size_t)snprintf(out + len, sizeof out - len, " %lld",
                                    (long long)r.range.as.numbers[i]);
        }
        break;
    }
    }
    return out;
}

#define INT(text, expected) assert_string_equal(reading(text, LW_TYPE_INTEGER), expected)
#define STR(text, expected) assert_string_equal(reading(text, LW_TYPE_STRING), expected)
#define FLT(text, expected) assert_string_equal(reading(text, LW_TYPE_FLOAT), expected)

static void bounds_are_inclusive_and_written_in_many_ways(void **state)
{
    (void)state;
    INT("0..255", "integer 0..255");
    INT("1...15", "integer 1..15");
    INT("0 .. 9", "integer 0..9");
    INT("0-100", "integer 0..100");
    INT("[1:4]", "integer 1..4");
    INT("[-4:4]", "integer -4..4");
    INT("-110..-48", "integer -110..-48");
    INT("-10-20", "integer -10..20");
    assert_string_equal(reading("0..3", LW_TYPE_UNSIGNED), "integer 0..3");
    assert_string_equal(reading("0..3", LW_TYPE_TIME), "integer 0..3");
}

static void bounds_in_the_wrong_order_are_turned(void **state)
{
    (void)state;
    INT("-30..-120", "integer -120..-30 downwards");
    FLT("1..0.5", "float 0.5..1 downwards");
    STR("64..1", "length 1..64 downwards");
}

static void no_text_is_no_range(void **state)
{
    (void)state;
    INT("", "none");
    assert_string_equal(reading("", LW_TYPE_BOOLEAN), "none");
}

static void single_values_are_a_set(void **state)
{
    (void)state;
    INT("5, 10, 15, 20", "set 5 10 15 20");
    INT("3;1;7;1", "set 1 3 7");
    INT("16-32-48", "set 16 32 48");
    INT("0..3, 99", "set 0 1 2 3 99");
    STR("10 or 26 Bytes", "set 10 26");
    STR("16-32-48 bytes", "set 16 32 48");
}

static void neighbouring_values_become_bounds(void **state)
{
    (void)state;
    INT("0,1,2", "integer 0..2");
    INT("2,0..1", "integer 0..2");
    STR("1,2,3", "length 1..3");
}

static void values_with_words_are_a_set(void **state)
{
    (void)state;
    INT("0: disabled 1: normal 255: non_responsive", "set 0 1 255");
    INT("0: CONFIGURED_ON 1: FULL_ON 2: RECALL", "integer 0..2");
    INT("1:up -1:down", "set -1 1");
    STR("0: off 1: on", "unreadable");
}

static void a_width_is_an_unsigned_integer(void **state)
{
    (void)state;
    INT("8 bit", "integer 0..255");
    INT("8-Bits", "integer 0..255");
    INT("16-bit", "integer 0..65535");
    INT("2 bytes", "integer 0..65535");
    INT("1 byte", "integer 0..255");
    INT("63 bits", "integer 0..9223372036854775807");
    INT("64 bits", "none");
    INT("65 bits", "unreadable");
    INT("0 bits", "unreadable");
}

static void texts_and_octets_have_lengths(void **state)
{
    (void)state;
    STR("12", "length 12..12");
    STR("64 Bytes", "length 64..64");
    STR("0..255 bytes", "length 0..255");
    STR("0..63octets", "length 0..63");
    assert_string_equal(reading("8 bit", LW_TYPE_OPAQUE), "length 1..1");
    assert_string_equal(reading("7 bit", LW_TYPE_OPAQUE), "unreadable");
    assert_string_equal(reading("0..80", LW_TYPE_CORELNK), "length 0..80");
    STR("-1..4", "unreadable");
    STR("-1,4", "unreadable");
    STR("bytes", "unreadable");
}

static void floats_have_decimals(void **state)
{
    (void)state;
    FLT("0..1", "float 0..1");
    FLT("0.000001..1.0", "float 1e-06..1");
    FLT("-100.0..100.0", "float -100..100");
    FLT("3.8-20.5", "float 3.8..20.5");
    FLT("0; 3.8..20.5", "unreadable");
    FLT("1.5, 2.5", "unreadable");
    FLT("0..1.1234567890123456", "unreadable");
    FLT("ON;OFF", "unreadable");
}

static void huge_bounds_count_as_the_largest(void **state)
{
    (void)state;
    INT("0..9223372036854775807", "integer 0..9223372036854775807");
    INT("-9223372036854775808..0", "integer -9223372036854775808..0");
    INT("0..18446744073709551615", "integer 0..9223372036854775807");
    INT("0..18446744073709551616", "unreadable");
    INT("0..99999999999999999999999", "unreadable");
    INT("[0:18446744073709551616]", "unreadable");
    INT("0: a 99999999999999999999: b", "unreadable");
}

static void a_set_has_at_most_255_values(void **state)
{
    (void)state;
    assert_int_equal(strncmp(reading("0..247, 255, 257", LW_TYPE_INTEGER), "set 0 1 2 3", 11), 0);
    INT("0..300, 302", "unreadable");
    INT("0..200, 300..400", "unreadable");
    char long_list[1400] = "0";
    for (unsigned i = 1; i <= LW_DDF_SET_MAX + 1; i++) {
        (void)snprintf(long_list + strlen(long_list), 8, ",%u", 2 * i);
    }
    INT(long_list, "unreadable");
    char long_words[2400] = "0:a";
    for (unsigned i = 1; i <= LW_DDF_SET_MAX + 1; i++) {
        (void)snprintf(long_words + strlen(long_words), 12, " %u:a", 2 * i);
    }
    INT(long_words, "unreadable");
}

static void what_people_wrote_otherwise_is_unreadable(void **state)
{
    (void)state;
    INT("255", "unreadable");
    INT("3,3", "unreadable");
    INT("2 Instances", "unreadable");
    INT("<7 to >12.5", "unreadable");
    INT("0..", "unreadable");
    INT("0.5", "unreadable");
    INT("0..5..9", "unreadable");
    INT("4..1, 9", "unreadable");
    INT("0 | 1", "unreadable");
    INT("0,", "unreadable");
    INT("[1:4", "unreadable");
    INT("[1:]", "unreadable");
    INT("[1-4]", "unreadable");
    INT("See section 5.3", "unreadable");
    INT("1 bitter", "unreadable");
    assert_string_equal(reading("0..1", LW_TYPE_BOOLEAN), "unreadable");
    assert_string_equal(reading("0..1", LW_TYPE_OBJLNK), "unreadable");
    assert_string_equal(reading("0..1", LW_TYPE_NONE), "unreadable");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_inclusive_and_written_in_many_ways),
        cmocka_unit_test(bounds_in_the_wrong_order_are_turned),
        cmocka_unit_test(no_text_is_no_range),
        cmocka_unit_test(single_values_are_a_set),
        cmocka_unit_test(neighbouring_values_become_bounds),
        cmocka_unit_test(values_with_words_are_a_set),
        cmocka_unit_test(a_width_is_an_unsigned_integer),
        cmocka_unit_test(texts_and_octets_have_lengths),
        cmocka_unit_test(floats_have_decimals),
        cmocka_unit_test(huge_bounds_count_as_the_largest),
        cmocka_unit_test(a_set_has_at_most_255_values),
        cmocka_unit_test(what_people_wrote_otherwise_is_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
