#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lw/path.h"

static lw_path parsed(const char *text)
{
    lw_path p = lw_path_root();
    assert_int_equal(lw_path_parse(lw_bytes_str(text), &p), LW_OK);
    return p;
}

static lw_err parse_error(const char *text)
{
    lw_path untouched = lw_path_resource_instance(9, 9, 9, 9);
    lw_path p = untouched;
    lw_err err = lw_path_parse(lw_bytes_str(text), &p);
    assert_memory_equal(&p, &untouched, sizeof p);
    return err;
}

#define assert_path(p, text)                           \
    do {                                               \
        char buf_[LW_PATH_TEXT_MAX];                   \
        size_t len_ = lw_path_format((p), buf_);       \
        assert_int_equal(len_, strlen(text));          \
        assert_memory_equal(buf_, (text), len_);       \
        assert_true(lw_path_equal((p), parsed(text))); \
    } while (0)

static void each_level_parses_and_formats(void **state)
{
    (void)state;
    assert_path(lw_path_root(), "/");
    assert_path(lw_path_object(3), "/3");
    assert_path(lw_path_instance(3, 0), "/3/0");
    assert_path(lw_path_resource(3303, 1, 5700), "/3303/1/5700");
    assert_path(lw_path_resource_instance(3, 0, 7, 10), "/3/0/7/10");
    assert_path(lw_path_resource_instance(65534, 65534, 65534, 65534), "/65534/65534/65534/65534");
}

static void levels_past_the_depth_have_no_id(void **state)
{
    (void)state;
    lw_path p = lw_path_resource_instance(1, 2, 3, 4);
    assert_int_equal(lw_path_parse(lw_bytes_str("/7"), &p), LW_OK);
    assert_int_equal(lw_path_depth(p), 1);
    assert_int_equal(lw_path_id(p, LW_LEVEL_OBJECT), 7);
    for (unsigned level = LW_LEVEL_INSTANCE; level <= LW_PATH_DEPTH_MAX; level++) {
        assert_int_equal(lw_path_id(p, level), LW_ID_MAX);
    }
}

static void one_trailing_slash_is_tolerated(void **state)
{
    (void)state;
    assert_path(parsed("/3/0/"), "/3/0");
    assert_path(parsed("/3/0/7/1/"), "/3/0/7/1");
    assert_int_equal(parse_error("/3/0//"), LW_EFORMAT);
    assert_int_equal(parse_error("//"), LW_EFORMAT);
}

static void segments_are_decimal_without_leading_zeros(void **state)
{
    (void)state;
    assert_int_equal(parse_error("/03"), LW_EFORMAT);
    assert_int_equal(parse_error("/3/00"), LW_EFORMAT);
    assert_int_equal(parse_error("/3//0"), LW_EFORMAT);
    assert_int_equal(parse_error("/a"), LW_EFORMAT);
    assert_int_equal(parse_error("/3a"), LW_EFORMAT);
    assert_int_equal(parse_error("/-3"), LW_EFORMAT);
    assert_int_equal(parse_error("/+3"), LW_EFORMAT);
    assert_int_equal(parse_error("/ 3"), LW_EFORMAT);
    assert_int_equal(parse_error("/3 "), LW_EFORMAT);
}

static void a_path_starts_with_a_slash(void **state)
{
    (void)state;
    assert_int_equal(parse_error(""), LW_EFORMAT);
    assert_int_equal(parse_error("3"), LW_EFORMAT);
    assert_int_equal(parse_error("3/0"), LW_EFORMAT);
}

static void ids_above_65534_are_out_of_range(void **state)
{
    (void)state;
    assert_int_equal(parse_error("/65535"), LW_ERANGE);
    assert_int_equal(parse_error("/3/0/65535"), LW_ERANGE);
    assert_int_equal(parse_error("/3/0/7/65535"), LW_ERANGE);
    assert_int_equal(parse_error("/65536"), LW_ERANGE);
    assert_int_equal(parse_error("/3/4294967296"), LW_ERANGE);
    assert_int_equal(parse_error("/3/99999999999999999999999"), LW_ERANGE);
}

static void a_fifth_segment_is_too_deep(void **state)
{
    (void)state;
    assert_int_equal(parse_error("/1/2/3/4/5"), LW_EDEPTH);
    assert_int_equal(parse_error("/1/2/3/4//"), LW_EDEPTH);
}

static void a_child_has_one_level_more(void **state)
{
    (void)state;
    lw_path p = lw_path_child(lw_path_root(), 3);
    assert_path(p, "/3");
    p = lw_path_child(lw_path_child(lw_path_child(p, 0), 7), 65534);
    assert_path(p, "/3/0/7/65534");
    assert_int_equal(lw_path_append(&p, 0), LW_EDEPTH);
    assert_path(p, "/3/0/7/65534");
}

static void fmt_31_an_instance_that_the_client_chooses(void **state)
{
    (void)state;
    lw_path object = lw_path_object(3303), instance = parsed("/3303/65535");
    lw_path resource = lw_path_child(instance, 5700);
    assert_path(instance, "/3303/65535");
    assert_path(resource, "/3303/65535/5700");
    assert_path(lw_path_child(resource, 0), "/3303/65535/5700/0");
    assert_int_equal(lw_path_depth(instance), LW_LEVEL_INSTANCE);
    assert_int_equal(lw_path_depth(resource), LW_LEVEL_RESOURCE);
    assert_int_equal(lw_path_id(resource, LW_LEVEL_INSTANCE), LW_ID_MAX);
    assert_int_equal(lw_path_last(instance), LW_ID_MAX);
    assert_true(lw_path_is_chosen(instance) && lw_path_is_chosen(resource));
    assert_false(lw_path_is_chosen(object) || lw_path_is_chosen(lw_path_root()));
    assert_false(lw_path_is_chosen(lw_path_resource(3303, 0, 5700)));
    assert_path(lw_path_parent(resource), "/3303/65535");
    assert_path(lw_path_parent(instance), "/3303");
    assert_path(lw_path_cut(resource, 1), "/3303");
    assert_true(lw_path_contains(object, instance));
    assert_true(lw_path_contains(instance, resource));
    assert_false(lw_path_contains(instance, lw_path_resource(3303, 0, 5700)));
    assert_path(lw_path_with_instance(instance, 7), "/3303/7");
    assert_path(lw_path_with_instance(resource, 7), "/3303/7/5700");
}

static void cutting_keeps_at_most_the_levels_asked_for(void **state)
{
    (void)state;
    lw_path p = lw_path_resource_instance(3, 1, 7, 2);
    assert_path(lw_path_cut(p, 2), "/3/1");
    assert_path(lw_path_cut(p, 0), "/");
    assert_path(lw_path_cut(p, 9), "/3/1/7/2");
    assert_int_equal(lw_path_id(lw_path_cut(p, 2), LW_LEVEL_RESOURCE), LW_ID_MAX);
}

static void a_path_contains_itself_and_what_lies_below(void **state)
{
    (void)state;
    lw_path instance = lw_path_instance(3, 0);
    assert_true(lw_path_contains(instance, instance));
    assert_true(lw_path_contains(instance, lw_path_resource(3, 0, 9)));
    assert_true(lw_path_contains(lw_path_root(), instance));
    assert_true(lw_path_contains(lw_path_root(), lw_path_root()));
    assert_false(lw_path_contains(instance, lw_path_object(3)));
    assert_false(lw_path_contains(instance, lw_path_resource(3, 1, 9)));
    assert_false(lw_path_contains(instance, lw_path_root()));
}

static void a_parent_comes_before_its_children(void **state)
{
    (void)state;
    static const char *const ascending[] = {"/",      "/1",    "/1/0",     "/1/0/5", "/1/0/5/0",
                                            "/1/0/6", "/1/1",  "/1/65534", "/3",     "/3/0/0",
                                            "/10",    "/10/0", "/65534"};
    size_t count = sizeof ascending / sizeof ascending[0];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int order = lw_path_compare(parsed(ascending[i]), parsed(ascending[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_parses_and_formats),
        cmocka_unit_test(levels_past_the_depth_have_no_id),
        cmocka_unit_test(one_trailing_slash_is_tolerated),
        cmocka_unit_test(segments_are_decimal_without_leading_zeros),
        cmocka_unit_test(a_path_starts_with_a_slash),
        cmocka_unit_test(ids_above_65534_are_out_of_range),
        cmocka_unit_test(a_fifth_segment_is_too_deep),
        cmocka_unit_test(a_child_has_one_level_more),
        cmocka_unit_test(fmt_31_an_instance_that_the_client_chooses),
        cmocka_unit_test(cutting_keeps_at_most_the_levels_asked_for),
        cmocka_unit_test(a_path_contains_itself_and_what_lies_below),
        cmocka_unit_test(a_parent_comes_before_its_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
