#include "testing/lw_test.h"

#include "lw/bytes.h"

static lw_bytes rest;

static void cut(const char *text, const char *front, const char *behind)
{
    rest = lw_bytes_str(text);
    assert_true(lw_bytes_is(lw_bytes_cut(&rest, '='), front));
    assert_true(lw_bytes_is(rest, behind));
}

LW_TEST(what_stands_before_the_first_separator_is_taken_off)
{
    cut("a=b", "a", "b");
    cut("a=b=c", "a", "b=c");
    cut("=b", "", "b");
}

LW_TEST(nothing_behind_a_separator_is_not_the_same_as_no_separator)
{
    cut("a=", "a", "");
    assert_non_null(rest.ptr);
    cut("a", "a", "");
    assert_null(rest.ptr);
}

LW_TEST(of_nothing_there_is_nothing_to_take)
{
    rest = lw_bytes_of(NULL, 0);
    assert_int_equal(lw_bytes_cut(&rest, '=').len, 0);
    assert_null(rest.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_before_the_first_separator_is_taken_off),
        cmocka_unit_test(nothing_behind_a_separator_is_not_the_same_as_no_separator),
        cmocka_unit_test(of_nothing_there_is_nothing_to_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
