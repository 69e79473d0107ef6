#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "lw/objects.h"

static const lw_resource_def resources[] = {
    {.id = 0, .type = LW_TYPE_STRING, .ops = LW_OP_R},
    {.id = 4, .type = LW_TYPE_NONE, .ops = LW_OP_E},
    {.id = 9, .type = LW_TYPE_INTEGER, .ops = LW_OP_R},
    {.id = 65534, .type = LW_TYPE_INTEGER, .ops = LW_OP_R},
};
static const lw_object_def object = {
    .id = 3, .major = 1, .resource_count = 4, .resources = resources};
static const lw_object_def empty = {.id = 4, .major = 1};

static lw_err check(const lw_range *range, lw_value value)
{
    return lw_range_check(range, &value);
}

static void every_resource_is_found(void **state)
{
    (void)state;
    assert_ptr_equal(lw_object_def_resource(&object, 0), &resources[0]);
    assert_ptr_equal(lw_object_def_resource(&object, 4), &resources[1]);
    assert_ptr_equal(lw_object_def_resource(&object, 9), &resources[2]);
    assert_ptr_equal(lw_object_def_resource(&object, 65534), &resources[3]);
}

static void unknown_resources_are_not_found(void **state)
{
    (void)state;
    assert_null(lw_object_def_resource(&object, 1));
    assert_null(lw_object_def_resource(&object, 10));
    assert_null(lw_object_def_resource(&object, 65535));
    assert_null(lw_object_def_resource(&empty, 0));
}

static void no_range_restricts_nothing(void **state)
{
    (void)state;
    assert_int_equal(check(NULL, lw_value_integer(INT64_MIN)), LW_OK);
}

static void integer_ranges_are_inclusive(void **state)
{
    (void)state;
    const lw_range r = {.kind = LW_RANGE_INTEGER, .lo = 0, .as.hi = 100};
    assert_int_equal(check(&r, lw_value_integer(0)), LW_OK);
    assert_int_equal(check(&r, lw_value_integer(100)), LW_OK);
    assert_int_equal(check(&r, lw_value_integer(-1)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_integer(101)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_time(101)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_unsigned(100)), LW_OK);
    assert_int_equal(check(&r, lw_value_unsigned(UINT64_MAX)), LW_ERANGE);
}

static void the_largest_upper_end_is_none(void **state)
{
    (void)state;
    static const int64_t bounds[] = {1, INT64_MAX};
    const lw_range r = {.kind = LW_RANGE_INTEGER, .count = 2, .as.numbers = bounds};
    assert_int_equal(check(&r, lw_value_unsigned(UINT64_MAX)), LW_OK);
    assert_int_equal(check(&r, lw_value_unsigned(0)), LW_ERANGE);
}

static void float_ranges_are_inclusive_and_refuse_nan(void **state)
{
    (void)state;
    static const double bounds[] = {-1.5, 1.5};
    const lw_range r = {.kind = LW_RANGE_FLOAT, .as.bounds = bounds};
    assert_int_equal(check(&r, lw_value_float(-1.5)), LW_OK);
    assert_int_equal(check(&r, lw_value_float(1.5)), LW_OK);
    assert_int_equal(check(&r, lw_value_float(1.5000001)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_float(-INFINITY)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_float(NAN)), LW_ERANGE);
}

/* MDL-07: for String and Opaque a range limits the length in octets. */
static void length_ranges_count_octets(void **state)
{
    (void)state;
    const lw_range r = {.kind = LW_RANGE_LENGTH, .lo = 1, .as.hi = 3};
    assert_int_equal(check(&r, lw_value_string("")), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_string("a")), LW_OK);
    assert_int_equal(check(&r, lw_value_string("a\xC3\xA9")), LW_OK);
    assert_int_equal(check(&r, lw_value_string("aa\xC3\xA9")), LW_ERANGE);
    lw_bytes four = lw_bytes_str("abcd");
    assert_int_equal(check(&r, lw_value_bytes(LW_TYPE_OPAQUE, four)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_bytes(LW_TYPE_CORELNK, four)), LW_ERANGE);
}

static void sets_allow_their_members_only(void **state)
{
    (void)state;
    static const int64_t members[] = {-1, 16, 32};
    const lw_range r = {.kind = LW_RANGE_SET, .count = 3, .as.numbers = members};
    assert_int_equal(check(&r, lw_value_integer(-1)), LW_OK);
    assert_int_equal(check(&r, lw_value_integer(32)), LW_OK);
    assert_int_equal(check(&r, lw_value_integer(17)), LW_ERANGE);
    assert_int_equal(check(&r, lw_value_string("0123456789ABCDEF")), LW_OK);
    assert_int_equal(check(&r, lw_value_string("0123456789ABCDE")), LW_ERANGE);
}

static void a_range_without_meaning_for_the_type_restricts_nothing(void **state)
{
    (void)state;
    const lw_range integers = {.kind = LW_RANGE_INTEGER, .lo = 5, .as.hi = 6};
    static const double bounds[] = {5, 6};
    const lw_range floats = {.kind = LW_RANGE_FLOAT, .as.bounds = bounds};
    assert_int_equal(check(&integers, lw_value_boolean(true)), LW_OK);
    assert_int_equal(check(&integers, lw_value_objlnk(1, 1)), LW_OK);
    assert_int_equal(check(&floats, lw_value_string("a")), LW_OK);
}

static bool is_same_range(const lw_range *a, const lw_range *b)
{
    return a == NULL || b == NULL ? a == b
                                  : a->kind == b->kind && a->count == b->count && a->lo == b->lo &&
                                        a->as.hi == b->as.hi;
}

/* objects/parts.txt */
static void expect_part(const lw_object_def *part, const lw_object_def *whole)
{
    unsigned found = 0;
    assert_int_equal(part->id, whole->id);
    assert_int_equal(part->flags, whole->flags);
    assert_int_equal(part->major << 8 | part->minor, whole->major << 8 | whole->minor);
    for (unsigned i = 0; i < whole->resource_count; i++) {
        const lw_resource_def *of_whole = &whole->resources[i];
        const lw_resource_def *r = lw_object_def_resource(part, of_whole->id);
        if (r == NULL) {
            assert_int_equal(of_whole->flags & LW_DEF_MANDATORY, 0);
            continue;
        }
        found++;
        assert_int_equal(r->type, of_whole->type);
        assert_int_equal(r->ops, of_whole->ops);
        assert_int_equal(r->flags, of_whole->flags);
        assert_true(
            is_same_range(lw_object_def_range(part, r), lw_object_def_range(whole, of_whole)));
    }
    assert_int_equal(found, part->resource_count);
    assert_true(found < whole->resource_count);
}

static void a_part_of_a_definition_says_the_same_and_has_all_that_is_mandatory(void **state)
{
    (void)state;
    expect_part(&lw_object_0_v1_0_core, &lw_object_0_v1_0);
    expect_part(&lw_object_0_v1_1_core, &lw_object_0_v1_1);
    expect_part(&lw_object_0_v1_2_core, &lw_object_0_v1_2);
    expect_part(&lw_object_0_v1_1_minimal, &lw_object_0_v1_1);
    expect_part(&lw_object_1_v1_1_minimal, &lw_object_1_v1_1);
    expect_part(&lw_object_3_v1_0_minimal, &lw_object_3_v1_0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_resource_is_found),
        cmocka_unit_test(unknown_resources_are_not_found),
        cmocka_unit_test(no_range_restricts_nothing),
        cmocka_unit_test(integer_ranges_are_inclusive),
        cmocka_unit_test(the_largest_upper_end_is_none),
        cmocka_unit_test(float_ranges_are_inclusive_and_refuse_nan),
        cmocka_unit_test(length_ranges_count_octets),
        cmocka_unit_test(sets_allow_their_members_only),
        cmocka_unit_test(a_range_without_meaning_for_the_type_restricts_nothing),
        cmocka_unit_test(a_part_of_a_definition_says_the_same_and_has_all_that_is_mandatory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
