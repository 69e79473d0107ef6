#include "testing/lw_test.h"

#include "base/log.h"

LW_TEST(every_error_has_a_name_and_a_sentence)
{
    assert_string_equal(lw_err_name(LW_OK), "LW_OK");
    assert_string_equal(lw_err_name(LW_EFORMAT), "LW_EFORMAT");
    assert_string_equal(lw_err_text(LW_EFORMAT), "the bytes do not follow their format");
#define HAS_BOTH(name, value, text)                \
    assert_string_equal(lw_err_name(name), #name); \
    assert_string_equal(lw_err_text(name), text);
    LW_ERR_LIST(HAS_BOTH)
#undef HAS_BOTH
}

LW_TEST(a_number_that_is_no_error_has_a_name_too)
{
    /* may come from a newer library, or a store */
    assert_string_equal(lw_err_name((lw_err)-99), "LW_E?");
    assert_string_equal(lw_err_text((lw_err)99), "unknown error");
}

static void count_errors(void *ctx, lw_log_level level, const char *module, lw_bytes text)
{
    assert_string_equal(module, "coap");
    assert_bytes(text, "gave up");
    *(int *)ctx += level == LW_LOG_ERROR;
}

LW_TEST(a_line_reaches_the_hook_when_there_is_one)
{
    int errors = 0;
    lw_log log = {.line = count_errors, .ctx = &errors};
    lw_log_line(&log, LW_LOG_ERROR, "coap", lw_bytes_str("gave up"));
    lw_log_line(&log, LW_LOG_INFO, "coap", lw_bytes_str("gave up"));
    lw_log_line(&(lw_log){0}, LW_LOG_ERROR, "coap", lw_bytes_str("gave up"));
    lw_log_line(NULL, LW_LOG_ERROR, "coap", lw_bytes_str("gave up"));
    assert_int_equal(errors, 1);
}

LW_TEST(slices_compare_by_content)
{
    lw_bytes abc = lw_bytes_str("abc");
    assert_true(lw_bytes_is(abc, "abc"));
    assert_false(lw_bytes_is(abc, "abd"));
    assert_false(lw_bytes_is(abc, "ab"));
    assert_true(lw_bytes_equal(lw_bytes_of(NULL, 0), lw_bytes_of("", 0)));
    assert_bytes(lw_bytes_from(abc, 1), "bc");
    assert_int_equal(lw_bytes_from(abc, 3).len, 0);
    assert_int_equal(lw_bytes_from(abc, 9).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_name_and_a_sentence),
        cmocka_unit_test(a_number_that_is_no_error_has_a_name_too),
        cmocka_unit_test(a_line_reaches_the_hook_when_there_is_one),
        cmocka_unit_test(slices_compare_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
