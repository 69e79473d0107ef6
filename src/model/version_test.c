#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/version.h"

#define assert_version(text, expected_err, expected_version)                         \
    do {                                                                             \
        lw_version v_ = (lw_version)99;                                              \
        assert_int_equal(lw_version_parse(lw_bytes_str(text), &v_), (expected_err)); \
        assert_int_equal(v_, (expected_version));                                    \
    } while (0)

static void the_three_versions_parse_and_format(void **state)
{
    (void)state;
    assert_version("1.0", LW_OK, LW_VERSION_1_0);
    assert_version("1.1", LW_OK, LW_VERSION_1_1);
    assert_version("1.2", LW_OK, LW_VERSION_1_2);
    assert_string_equal(lw_version_text(LW_VERSION_1_0), "1.0");
    assert_string_equal(lw_version_text(LW_VERSION_1_1), "1.1");
    assert_string_equal(lw_version_text(LW_VERSION_1_2), "1.2");
    assert_string_equal(lw_version_text(LW_VERSION_NONE), "");
}

/* VER-05 */
static void a_third_number_is_tolerated(void **state)
{
    (void)state;
    assert_version("1.1.1", LW_OK, LW_VERSION_1_1);
    assert_version("1.2.2", LW_OK, LW_VERSION_1_2);
    assert_version("1.2.2.1", LW_EFORMAT, LW_VERSION_NONE);
}

/* BS-21 */
static void quotes_are_tolerated(void **state)
{
    (void)state;
    assert_version("\"1.0\"", LW_OK, LW_VERSION_1_0);
    assert_version("\"1.0", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("\"", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("\"\"", LW_EFORMAT, LW_VERSION_NONE);
}

/* VER-01: a newer minor may be served as the newest we speak. */
static void a_newer_minor_is_told_with_the_newest_of_ours(void **state)
{
    (void)state;
    assert_version("1.3", LW_ENOTSUP, LW_VERSION_1_2);
    assert_version("1.65535", LW_ENOTSUP, LW_VERSION_1_2);
}

/* VER-02 */
static void another_major_is_not_supported(void **state)
{
    (void)state;
    assert_version("2.0", LW_ENOTSUP, LW_VERSION_NONE);
    assert_version("0.9", LW_ENOTSUP, LW_VERSION_NONE);
    assert_version("70000.0", LW_ENOTSUP, LW_VERSION_NONE);
}

static void what_is_no_version_is_refused(void **state)
{
    (void)state;
    assert_version("", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("1", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("1.", LW_EFORMAT, LW_VERSION_NONE);
    assert_version(".1", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("1.1 ", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("1,1", LW_EFORMAT, LW_VERSION_NONE);
    assert_version("v1.1", LW_EFORMAT, LW_VERSION_NONE);
}

/* VER-04 */
static void versions_step_down_to_none(void **state)
{
    (void)state;
    assert_int_equal(lw_version_lower(LW_VERSION_1_2), LW_VERSION_1_1);
    assert_int_equal(lw_version_lower(LW_VERSION_1_1), LW_VERSION_1_0);
    assert_int_equal(lw_version_lower(LW_VERSION_1_0), LW_VERSION_NONE);
    assert_int_equal(lw_version_lower(LW_VERSION_NONE), LW_VERSION_NONE);
}

/* protocol.md section 1.1, each topic at its first version and the one before. */
static void versions_have_the_features_of_the_table(void **state)
{
    (void)state;
    assert_true(lw_version_has(LW_VERSION_1_0, LW_FEATURE_QUEUE_IN_BINDING));
    assert_false(lw_version_has(LW_VERSION_1_1, LW_FEATURE_QUEUE_IN_BINDING));
    assert_false(lw_version_has(LW_VERSION_1_0, LW_FEATURE_ENDPOINT_OPTIONAL));
    assert_true(lw_version_has(LW_VERSION_1_1, LW_FEATURE_ENDPOINT_OPTIONAL));
    assert_false(lw_version_has(LW_VERSION_1_0, LW_FEATURE_BOOTSTRAP_READ));
    assert_true(lw_version_has(LW_VERSION_1_2, LW_FEATURE_BOOTSTRAP_READ));
    assert_false(lw_version_has(LW_VERSION_1_1, LW_FEATURE_BOOTSTRAP_PACK));
    assert_true(lw_version_has(LW_VERSION_1_2, LW_FEATURE_BOOTSTRAP_PACK));
    assert_true(lw_version_has(LW_VERSION_1_1, LW_FEATURE_SEND));
    assert_false(lw_version_has(LW_VERSION_1_0, LW_FEATURE_COMPOSITE));
    assert_false(lw_version_has(LW_VERSION_1_1, LW_FEATURE_RESOURCE_INSTANCE_DELETE));
    assert_true(lw_version_has(LW_VERSION_1_2, LW_FEATURE_RETRY_READABLE));
}

static void an_unknown_version_has_no_feature(void **state)
{
    (void)state;
#define EXPECT_NONE(name, first, last) assert_false(lw_version_has(LW_VERSION_NONE, name));
    LW_FEATURE_LIST(EXPECT_NONE)
#undef EXPECT_NONE
}

static lw_err object_version_error(const char *text)
{
    lw_object_version v = {7, 7};
    lw_err err = lw_object_version_parse(lw_bytes_str(text), &v);
    assert_int_equal(v.major, 7);
    return err;
}

/* VER-14 */
static void object_versions_parse_with_and_without_quotes(void **state)
{
    (void)state;
    lw_object_version v = {0, 0};
    assert_int_equal(lw_object_version_parse(lw_bytes_str("1.1"), &v), LW_OK);
    assert_int_equal(v.major, 1);
    assert_int_equal(v.minor, 1);
    assert_int_equal(lw_object_version_parse(lw_bytes_str("\"2.10\""), &v), LW_OK);
    assert_int_equal(v.major, 2);
    assert_int_equal(v.minor, 10);
}

static void malformed_object_versions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(object_version_error(""), LW_EFORMAT);
    assert_int_equal(object_version_error("1"), LW_EFORMAT);
    assert_int_equal(object_version_error("1.1.1"), LW_EFORMAT);
    assert_int_equal(object_version_error("1.a"), LW_EFORMAT);
    assert_int_equal(object_version_error("256.0"), LW_ERANGE);
    assert_int_equal(object_version_error("1.256"), LW_ERANGE);
    assert_int_equal(object_version_error("1.99999"), LW_ERANGE);
}

static void object_versions_format(void **state)
{
    (void)state;
    char text[LW_OBJECT_VERSION_TEXT_MAX];
    assert_int_equal(lw_object_version_format((lw_object_version){1, 0}, text), 3);
    assert_memory_equal(text, "1.0", 3);
    assert_int_equal(lw_object_version_format((lw_object_version){255, 255}, text), 7);
    assert_memory_equal(text, "255.255", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_versions_parse_and_format),
        cmocka_unit_test(a_third_number_is_tolerated),
        cmocka_unit_test(quotes_are_tolerated),
        cmocka_unit_test(a_newer_minor_is_told_with_the_newest_of_ours),
        cmocka_unit_test(another_major_is_not_supported),
        cmocka_unit_test(what_is_no_version_is_refused),
        cmocka_unit_test(versions_step_down_to_none),
        cmocka_unit_test(versions_have_the_features_of_the_table),
        cmocka_unit_test(an_unknown_version_has_no_feature),
        cmocka_unit_test(object_versions_parse_with_and_without_quotes),
        cmocka_unit_test(malformed_object_versions_are_refused),
        cmocka_unit_test(object_versions_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
