/* What every unit test includes first: cmocka with the headers it needs in front of it, and the
 * assertions that our own types call for. A test is a sentence:
 *
 *   LW_TEST(update_without_lifetime_keeps_old_lifetime) { … }
 *   int main(void)
 *   {
 *       const struct CMUnitTest tests[] = {cmocka_unit_test(update_without_…)};
 *       return cmocka_run_group_tests(tests, NULL, NULL);
 *   }
 */
#ifndef LW_TESTING_LW_TEST_H
#define LW_TESTING_LW_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lw/bytes.h"
#include "lw/err.h"

#define LW_TEST(name) static void name(__attribute__((unused)) void **state)

/* Errors by name in the failure message, not by number. */
#define assert_err(actual, expected) \
    assert_string_equal(lw_err_name((actual)), lw_err_name((expected)))
#define assert_ok(actual) assert_err((actual), LW_OK)

/* A slice against the octets of a string literal, NULs inside it included. */
#define assert_bytes(actual, literal)                                                     \
    do {                                                                                  \
        lw_bytes assert_bytes_actual = (actual);                                          \
        assert_int_equal(assert_bytes_actual.len, sizeof(literal) - 1);                   \
        if (assert_bytes_actual.len > 0) {                                                \
            assert_memory_equal(assert_bytes_actual.ptr, (literal), sizeof(literal) - 1); \
        }                                                                                 \
    } while (0)

#endif
