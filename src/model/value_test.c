#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "lw/value.h"

#define TWO_POW_63 9223372036854775808.0

/* The conversion succeeds and gives exactly `expected`. */
#define assert_converts(in, expected)                                       \
    do {                                                                    \
        lw_value in_ = (in);                                                \
        lw_value out_ = lw_value_none();                                    \
        lw_value want_ = (expected);                                        \
        assert_int_equal(lw_value_convert(&in_, want_.type, &out_), LW_OK); \
        assert_true(lw_value_equal(out_, want_));                           \
    } while (0)

/* The conversion fails with `error` and leaves the output alone. */
#define assert_refused(in, to, error)                                 \
    do {                                                              \
        lw_value in_ = (in);                                          \
        lw_value out_ = lw_value_integer(77);                         \
        assert_int_equal(lw_value_convert(&in_, (to), &out_), error); \
        assert_true(lw_value_equal(out_, lw_value_integer(77)));      \
    } while (0)

static lw_value opaque(const char *s)
{
    return lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_str(s));
}

static lw_value corelnk(const char *s)
{
    return lw_value_bytes(LW_TYPE_CORELNK, lw_bytes_str(s));
}

static void values_are_equal_when_type_and_content_are(void **state)
{
    (void)state;
    assert_true(lw_value_equal(lw_value_none(), lw_value_none()));
    assert_true(lw_value_equal(lw_value_string("ab"), lw_value_string("ab")));
    assert_false(lw_value_equal(lw_value_string("ab"), lw_value_string("ac")));
    assert_false(lw_value_equal(lw_value_string("ab"), opaque("ab")));
    assert_true(lw_value_equal(corelnk(""), corelnk("")));
    assert_false(lw_value_equal(lw_value_integer(1), lw_value_time(1)));
    assert_false(lw_value_equal(lw_value_integer(1), lw_value_integer(2)));
    assert_true(lw_value_equal(lw_value_time(-1), lw_value_time(-1)));
    assert_false(lw_value_equal(lw_value_unsigned(1), lw_value_unsigned(2)));
    assert_false(lw_value_equal(lw_value_boolean(true), lw_value_boolean(false)));
    assert_true(lw_value_equal(lw_value_objlnk(66, 0), lw_value_objlnk(66, 0)));
    assert_false(lw_value_equal(lw_value_objlnk(66, 0), lw_value_objlnk(66, 1)));
    assert_false(lw_value_equal(lw_value_objlnk(66, 0), lw_value_objlnk(67, 0)));
}

static void floats_compare_by_bits(void **state)
{
    (void)state;
    assert_true(lw_value_equal(lw_value_float(NAN), lw_value_float(NAN)));
    assert_false(lw_value_equal(lw_value_float(0.0), lw_value_float(-0.0)));
    assert_true(lw_value_equal(lw_value_float(0.5), lw_value_single(0.5F)));
    assert_true(lw_value_single(0.5F).single);
}

static void integral_floats_become_integers(void **state)
{
    (void)state;
    assert_converts(lw_value_float(21.0), lw_value_integer(21));
    assert_converts(lw_value_float(-21.0), lw_value_integer(-21));
    assert_converts(lw_value_float(-0.0), lw_value_integer(0));
    assert_converts(lw_value_float(1367491215.0), lw_value_time(1367491215));
    assert_converts(lw_value_float(1e19), lw_value_unsigned(10000000000000000000U));
    assert_refused(lw_value_float(21.5), LW_TYPE_INTEGER, LW_ERANGE);
    assert_refused(lw_value_float(0.1), LW_TYPE_UNSIGNED, LW_ERANGE);
    assert_refused(lw_value_float(-0.5), LW_TYPE_TIME, LW_ERANGE);
}

static void floats_at_the_edges_of_64_bits(void **state)
{
    (void)state;
    assert_converts(lw_value_float(-TWO_POW_63), lw_value_integer(INT64_MIN));
    assert_refused(lw_value_float(TWO_POW_63), LW_TYPE_INTEGER, LW_ERANGE);
    assert_refused(lw_value_float(-TWO_POW_63 - 2048.0), LW_TYPE_INTEGER, LW_ERANGE);
    assert_converts(lw_value_float(TWO_POW_63 - 1024.0), lw_value_integer(INT64_MAX - 1023));
    assert_converts(lw_value_float(TWO_POW_63), lw_value_unsigned((uint64_t)1 << 63));
    assert_refused(lw_value_float(2 * TWO_POW_63), LW_TYPE_UNSIGNED, LW_ERANGE);
    assert_refused(lw_value_float(NAN), LW_TYPE_INTEGER, LW_ERANGE);
    assert_refused(lw_value_float(INFINITY), LW_TYPE_UNSIGNED, LW_ERANGE);
    assert_refused(lw_value_float(-INFINITY), LW_TYPE_TIME, LW_ERANGE);
}

static void integers_change_their_signedness_when_they_fit(void **state)
{
    (void)state;
    assert_converts(lw_value_integer(INT64_MAX), lw_value_unsigned(INT64_MAX));
    assert_converts(lw_value_unsigned(INT64_MAX), lw_value_integer(INT64_MAX));
    assert_converts(lw_value_integer(INT64_MIN), lw_value_integer(INT64_MIN));
    assert_converts(lw_value_integer(INT64_MIN), lw_value_time(INT64_MIN));
    assert_converts(lw_value_time(-1), lw_value_integer(-1));
    assert_converts(lw_value_unsigned(UINT64_MAX), lw_value_unsigned(UINT64_MAX));
    assert_refused(lw_value_unsigned((uint64_t)INT64_MAX + 1), LW_TYPE_INTEGER, LW_ERANGE);
    assert_refused(lw_value_integer(-1), LW_TYPE_UNSIGNED, LW_ERANGE);
    assert_refused(lw_value_float(-1.0), LW_TYPE_UNSIGNED, LW_ERANGE);
}

static void integers_become_floats(void **state)
{
    (void)state;
    assert_converts(lw_value_integer(-49), lw_value_float(-49.0));
    assert_converts(lw_value_unsigned(UINT64_MAX), lw_value_float(2 * TWO_POW_63));
    assert_converts(lw_value_integer(9007199254740993), lw_value_float(9007199254740992.0));
    assert_converts(lw_value_float(NAN), lw_value_float(NAN));
    assert_refused(lw_value_string("1"), LW_TYPE_FLOAT, LW_ETYPE);
}

static void a_single_stays_a_single(void **state)
{
    (void)state;
    lw_value value = lw_value_single(1.5F);
    assert_int_equal(lw_value_convert(&value, LW_TYPE_FLOAT, &value), LW_OK);
    assert_true(value.single);
}

static void strings_and_link_lists_become_each_other(void **state)
{
    (void)state;
    assert_converts(lw_value_string("</3303/0>"), corelnk("</3303/0>"));
    assert_converts(corelnk("</3303/0>"), lw_value_string("</3303/0>"));
    assert_converts(lw_value_string(""), lw_value_string(""));
    assert_refused(opaque("abc"), LW_TYPE_STRING, LW_ETYPE);
    assert_refused(lw_value_integer(1), LW_TYPE_CORELNK, LW_ETYPE);
}

static void strings_must_be_utf8(void **state)
{
    (void)state;
    lw_value latin1 = lw_value_string("caf\xE9");
    assert_refused(latin1, LW_TYPE_STRING, LW_EFORMAT);
    assert_refused(latin1, LW_TYPE_CORELNK, LW_EFORMAT);
    assert_converts(lw_value_string("caf\xC3\xA9"), lw_value_string("caf\xC3\xA9"));
    lw_value with_nul = lw_value_bytes(LW_TYPE_STRING, lw_bytes_of("a\0b", 3));
    assert_converts(with_nul, with_nul);
}

/* formats.md section 2: strict; the lenient reading of P-BS-11 is an option of the bootstrap. */
static void opaque_comes_only_from_opaque(void **state)
{
    (void)state;
    lw_value any_octets = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of("\xFF\x00", 2));
    assert_converts(any_octets, any_octets);
    assert_refused(lw_value_string("abc"), LW_TYPE_OPAQUE, LW_ETYPE);
    assert_refused(corelnk("abc"), LW_TYPE_OPAQUE, LW_ETYPE);
}

/* P-DM-20 */
static void boolean_comes_only_from_boolean(void **state)
{
    (void)state;
    assert_converts(lw_value_boolean(true), lw_value_boolean(true));
    assert_refused(lw_value_integer(1), LW_TYPE_BOOLEAN, LW_ETYPE);
    assert_refused(lw_value_string("true"), LW_TYPE_BOOLEAN, LW_ETYPE);
    assert_refused(lw_value_boolean(true), LW_TYPE_INTEGER, LW_ETYPE);
    assert_refused(lw_value_boolean(true), LW_TYPE_FLOAT, LW_ETYPE);
}

static void nothing_converts_only_to_nothing(void **state)
{
    (void)state;
    assert_converts(lw_value_none(), lw_value_none());
    assert_refused(lw_value_none(), LW_TYPE_STRING, LW_ETYPE);
    assert_refused(lw_value_none(), LW_TYPE_INTEGER, LW_ETYPE);
    assert_refused(lw_value_none(), LW_TYPE_OBJLNK, LW_ETYPE);
    assert_refused(lw_value_integer(0), LW_TYPE_NONE, LW_ETYPE);
}

static void strings_become_object_links(void **state)
{
    (void)state;
    assert_converts(lw_value_string("66:0"), lw_value_objlnk(66, 0));
    assert_converts(lw_value_string("65535:65535"), lw_value_objlnk(65535, 65535));
    assert_converts(lw_value_string("FFFF:FFFF"), lw_value_objlnk(65535, 65535));
    assert_converts(lw_value_string("66:65535"), lw_value_objlnk(66, 65535));
    assert_converts(lw_value_objlnk(66, 1), lw_value_objlnk(66, 1));
    assert_refused(opaque("66:0"), LW_TYPE_OBJLNK, LW_ETYPE);
    assert_refused(lw_value_objlnk(66, 1), LW_TYPE_STRING, LW_ETYPE);
}

static void malformed_object_links_are_refused(void **state)
{
    (void)state;
    assert_refused(lw_value_string(""), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("66"), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("66:"), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string(":0"), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("66.0"), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("66:0 "), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("-1:0"), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("66:FFFF"), LW_TYPE_OBJLNK, LW_EFORMAT);
    assert_refused(lw_value_string("66:65536"), LW_TYPE_OBJLNK, LW_ERANGE);
    assert_refused(lw_value_string("65536:0"), LW_TYPE_OBJLNK, LW_ERANGE);
}

static void object_links_format_in_decimal(void **state)
{
    (void)state;
    char text[LW_OBJLNK_TEXT_MAX];
    assert_int_equal(lw_objlnk_format((lw_objlnk){66, 0}, text), 4);
    assert_memory_equal(text, "66:0", 4);
    assert_int_equal(lw_objlnk_format((lw_objlnk){65535, 65535}, text), 11);
    assert_memory_equal(text, "65535:65535", 11);
}

static bool has_number(lw_value value, double *out_number)
{
    return lw_value_to_number(&value, out_number);
}

/* ATT-15: Time and Unsigned count as numeric. */
static void numeric_types_have_a_number(void **state)
{
    (void)state;
    double n = 0;
    assert_true(has_number(lw_value_integer(-3), &n) && n == -3.0);
    assert_true(has_number(lw_value_unsigned(3), &n) && n == 3.0);
    assert_true(has_number(lw_value_float(0.25), &n) && n == 0.25);
    assert_true(has_number(lw_value_time(9), &n) && n == 9.0);
    assert_false(has_number(lw_value_boolean(true), &n));
    assert_false(has_number(lw_value_string("3"), &n));
    assert_false(has_number(lw_value_none(), &n));
}

static void types_have_the_names_of_the_specification(void **state)
{
    (void)state;
    assert_string_equal(lw_type_name(LW_TYPE_NONE), "none");
    assert_string_equal(lw_type_name(LW_TYPE_STRING), "String");
    assert_string_equal(lw_type_name(LW_TYPE_UNSIGNED), "Unsigned Integer");
    assert_string_equal(lw_type_name(LW_TYPE_CORELNK), "Corelnk");
    assert_string_equal(lw_type_name((lw_type)10), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_equal_when_type_and_content_are),
        cmocka_unit_test(floats_compare_by_bits),
        cmocka_unit_test(integral_floats_become_integers),
        cmocka_unit_test(floats_at_the_edges_of_64_bits),
        cmocka_unit_test(integers_change_their_signedness_when_they_fit),
        cmocka_unit_test(integers_become_floats),
        cmocka_unit_test(a_single_stays_a_single),
        cmocka_unit_test(strings_and_link_lists_become_each_other),
        cmocka_unit_test(strings_must_be_utf8),
        cmocka_unit_test(opaque_comes_only_from_opaque),
        cmocka_unit_test(boolean_comes_only_from_boolean),
        cmocka_unit_test(nothing_converts_only_to_nothing),
        cmocka_unit_test(strings_become_object_links),
        cmocka_unit_test(malformed_object_links_are_refused),
        cmocka_unit_test(object_links_format_in_decimal),
        cmocka_unit_test(numeric_types_have_a_number),
        cmocka_unit_test(types_have_the_names_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
