#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/date.h"

#define NOT_TOUCHED 4711

static void expect_seconds(const char *text, int64_t expected)
{
    int64_t seconds = NOT_TOUCHED;
    assert_int_equal(lw_date_parse(lw_bytes_str(text), &seconds), LW_OK);
    assert_int_equal(seconds, expected);
}

static void expect_error(const char *text, lw_err expected)
{
    int64_t seconds = NOT_TOUCHED;
    assert_int_equal(lw_date_parse(lw_bytes_str(text), &seconds), expected);
    assert_int_equal(seconds, NOT_TOUCHED);
}

static void dates_become_seconds(void **state)
{
    (void)state;
    expect_seconds("1970-01-01T00:00:00Z", 0);
    expect_seconds("2013-03-21T20:04:00Z", 1363896240); /* RFC 8949 appendix A */
    expect_seconds("1969-12-31T23:59:59Z", -1);
    expect_seconds("2000-02-29T00:00:00Z", 951782400);
    expect_seconds("2000-03-01T00:00:00Z", 951868800);
    expect_seconds("0000-01-01T00:00:00Z", -62167219200);
    expect_seconds("9999-12-31T23:59:59Z", 253402300799);
    expect_seconds("1990-12-31T23:59:60Z", 662688000); /* RFC 3339 section 5.8: a leap second */
}

static void offsets_and_fractions_are_taken_off(void **state)
{
    (void)state;
    expect_seconds("1985-04-12T23:20:50.52Z", 482196050); /* RFC 3339 section 5.8 */
    expect_seconds("1996-12-19T16:39:57-08:00", 851042397);
    expect_seconds("1937-01-01T12:00:27.87+00:20", -1041337173);
    expect_seconds("1985-04-12t23:20:50z", 482196050);
}

static void dates_that_do_not_exist_are_out_of_range(void **state)
{
    (void)state;
    expect_error("2013-02-29T00:00:00Z", LW_ERANGE);
    expect_error("1900-02-29T00:00:00Z", LW_ERANGE);
    expect_error("2013-04-31T00:00:00Z", LW_ERANGE);
    expect_error("2013-13-01T00:00:00Z", LW_ERANGE);
    expect_error("2013-00-01T00:00:00Z", LW_ERANGE);
    expect_error("2013-01-00T00:00:00Z", LW_ERANGE);
    expect_error("2013-01-32T00:00:00Z", LW_ERANGE);
    expect_error("2013-99-99T00:00:00Z", LW_ERANGE);
    expect_error("2013-01-01T24:00:00Z", LW_ERANGE);
    expect_error("2013-01-01T00:60:00Z", LW_ERANGE);
    expect_error("2013-01-01T00:00:61Z", LW_ERANGE);
}

static void other_texts_are_no_dates(void **state)
{
    (void)state;
    expect_error("", LW_EFORMAT);
    expect_error("2013-03-21", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00", LW_EFORMAT);
    expect_error("2013-03-21 20:04:00Z", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00.Z", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00Zx", LW_EFORMAT);
    expect_error("Z", LW_EFORMAT);
    expect_error("+02:00", LW_EFORMAT);
    expect_error("2013-03-21T20:04:0Z", LW_EFORMAT);
    expect_error("2013-03-21T20:04+02:00", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00.+02:00", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00.5", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00.5.5Z", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00-08:00Z", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00+0200", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00+24:00", LW_EFORMAT);
    expect_error("2013-03-21T20:04:00+02:60", LW_EFORMAT);
    expect_error("13-03-21T20:04:00Z", LW_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_become_seconds),
        cmocka_unit_test(offsets_and_fractions_are_taken_off),
        cmocka_unit_test(dates_that_do_not_exist_are_out_of_range),
        cmocka_unit_test(other_texts_are_no_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
