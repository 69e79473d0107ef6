#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/vectors.h"

static void a_case_is_read_key_by_key(void **state)
{
    (void)state;
    lw_vectors *v = lw_vectors_open("loader.txt");
    assert_true(lw_vectors_next(v));
    assert_string_equal(lw_vectors_str(v, "name"), "a case of everything");
    assert_memory_equal(lw_vectors_hex(v, "hex").ptr, "\x00\xff\xab", 3);
    assert_int_equal(lw_vectors_count(v, "hex"), 2);
    lw_bytes second = lw_vectors_parse_hex(v, lw_vectors_item(v, "hex", 1));
    assert_true(lw_bytes_is(second, "AAABCD"));
    lw_bytes text = lw_vectors_text(v, "text");
    assert_int_equal(text.len, 8);
    assert_memory_equal(text.ptr, "a\tb\\A\"\0q", 8);
    assert_int_equal(lw_vectors_int(v, "number"), -16);
    assert_true(lw_vectors_has(v, "empty"));
    assert_false(lw_vectors_has(v, "missing"));
    assert_string_equal(lw_vectors_str(v, "empty"), "");
    assert_true(lw_vectors_next(v));
    assert_string_equal(lw_vectors_str(v, "name"), "the second case");
    assert_int_equal(lw_vectors_hex(v, "hex").len, 0);
    assert_false(lw_vectors_next(v));
    assert_true(lw_vectors_close(v));
}

static void a_failed_case_fails_the_file(void **state)
{
    (void)state;
    lw_vectors *v = lw_vectors_open("loader.txt");
    assert_true(lw_vectors_next(v));
    lw_vectors_fail(v, "this line is part of the test");
    assert_false(lw_vectors_close(v));
}

static void what_is_not_there_or_not_hex_fails_the_case(void **state)
{
    (void)state;
    lw_vectors *v = lw_vectors_open("loader.txt");
    assert_true(lw_vectors_next(v));
    assert_string_equal(lw_vectors_str(v, "missing"), "");
    assert_false(lw_vectors_close(v));
    v = lw_vectors_open("loader.txt");
    assert_true(lw_vectors_next(v));
    assert_int_equal(lw_vectors_hex(v, "text").len, 0);
    assert_false(lw_vectors_close(v));
}

static void a_file_without_cases_did_not_pass(void **state)
{
    (void)state;
    lw_vectors *v = lw_vectors_open("loader.txt");
    assert_false(lw_vectors_close(v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_is_read_key_by_key),
        cmocka_unit_test(a_failed_case_fails_the_file),
        cmocka_unit_test(what_is_not_there_or_not_hex_fails_the_case),
        cmocka_unit_test(a_file_without_cases_did_not_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
