#include "testing/lw_test.h"

#include <string.h>

#include "base/utf8.h"

#define assert_valid(text)   assert_true(lw_utf8_is_valid((lw_bytes)LW_BYTES_LIT(text)))
#define assert_invalid(text) assert_false(lw_utf8_is_valid((lw_bytes)LW_BYTES_LIT(text)))

LW_TEST(text_of_every_length_of_sequence_is_valid)
{
    assert_valid("");
    assert_valid("plain");
    assert_valid("\x00");
    assert_valid("\xC2\x80\xDF\xBF");
    assert_valid("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF");
    assert_valid("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
}

LW_TEST(overlong_forms_are_refused)
{
    assert_invalid("\xC0\x80");
    assert_invalid("\xC1\xBF");
    assert_invalid("\xE0\x9F\xBF");
    assert_invalid("\xF0\x8F\xBF\xBF");
}

LW_TEST(surrogates_are_refused)
{
    assert_invalid("\xED\xA0\x80");
    assert_invalid("\xED\xBF\xBF");
}

LW_TEST(code_points_above_10ffff_are_refused)
{
    assert_invalid("\xF4\x90\x80\x80");
    assert_invalid("\xF5\x80\x80\x80");
    assert_invalid("\xFF");
}

LW_TEST(sequences_that_are_cut_or_broken_are_refused)
{
    assert_invalid("a\xE2\x82");
    assert_invalid("\xC3");
    assert_invalid("\xC3\x28");
    assert_invalid("\xE2\x28\xA1");
    assert_invalid("\xF0\x90\x28\xBC");
    assert_invalid("\x80");
}

LW_TEST(every_code_point_that_is_written_is_valid)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c == 0xD800) {
            c = 0xE000;
        }
        uint8_t out[4];
        unsigned len = lw_utf8_put(c, out);
        assert_true(lw_utf8_is_valid(lw_bytes_of(out, len)));
    }
}

LW_TEST(code_points_are_written_as_rfc_3629_section_7_shows)
{
    /* "A<NOT IDENTICAL TO><ALPHA>." and U+233B4 */
    static const uint32_t points[] = {0x41, 0x2262, 0x0391, 0x2E, 0x233B4};
    uint8_t out[20];
    size_t len = 0;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        len += lw_utf8_put(points[i], out + len);
    }
    assert_bytes(lw_bytes_of(out, len), "\x41\xE2\x89\xA2\xCE\x91\x2E\xF0\xA3\x8E\xB4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_every_length_of_sequence_is_valid),
        cmocka_unit_test(overlong_forms_are_refused),
        cmocka_unit_test(surrogates_are_refused),
        cmocka_unit_test(code_points_above_10ffff_are_refused),
        cmocka_unit_test(sequences_that_are_cut_or_broken_are_refused),
        cmocka_unit_test(every_code_point_that_is_written_is_valid),
        cmocka_unit_test(code_points_are_written_as_rfc_3629_section_7_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
