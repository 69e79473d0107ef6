#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/registry.h"

static const lw_object_def device_1_0 = {.id = 3, .major = 1, .minor = 0};
static const lw_object_def device_1_1 = {.id = 3, .major = 1, .minor = 1};
static const lw_object_def device_1_3 = {.id = 3, .major = 1, .minor = 3};
static const lw_object_def oscore_1_0 = {.id = 21, .major = 1, .minor = 0};
static const lw_object_def oscore_2_0 = {.id = 21, .major = 2, .minor = 0};
static const lw_object_def sensor = {.id = 3303, .major = 1, .minor = 0};
static const lw_object_def *const defs[] = {&device_1_0, &device_1_1, &device_1_3,
                                            &oscore_1_0, &oscore_2_0, &sensor};
static const lw_registry registry = {defs, 6};

static const lw_object_def *find(uint16_t object, uint8_t major, uint8_t minor)
{
    return lw_registry_find(&registry, object, (lw_object_version){major, minor});
}

static void the_exact_version_is_found(void **state)
{
    (void)state;
    assert_ptr_equal(find(3, 1, 0), &device_1_0);
    assert_ptr_equal(find(3, 1, 1), &device_1_1);
    assert_ptr_equal(find(3, 1, 3), &device_1_3);
    assert_ptr_equal(find(21, 1, 0), &oscore_1_0);
    assert_ptr_equal(find(3303, 1, 0), &sensor);
}

/* VER-15 */
static void an_unknown_minor_finds_the_newest_of_its_major(void **state)
{
    (void)state;
    assert_ptr_equal(find(3, 1, 2), &device_1_3);
    assert_ptr_equal(find(3, 1, 255), &device_1_3);
    assert_ptr_equal(find(21, 2, 7), &oscore_2_0);
}

static void an_unknown_major_or_object_is_not_found(void **state)
{
    (void)state;
    assert_null(find(3, 0, 9));
    assert_null(find(3, 2, 0));
    assert_null(find(21, 3, 0));
    assert_null(find(0, 1, 0));
    assert_null(find(4, 1, 0));
    assert_null(find(65535, 255, 255));
    const lw_registry nothing = {NULL, 0};
    assert_null(lw_registry_find(&nothing, 3, (lw_object_version){1, 0}));
}

static void a_registry_ascends(void **state)
{
    (void)state;
    static const lw_object_def *const by_version[] = {&device_1_1, &device_1_0};
    static const lw_object_def *const by_id[] = {&sensor, &device_1_0};
    static const lw_object_def *const twice[] = {&device_1_0, &device_1_0};
    assert_true(lw_registry_is_sorted(&registry));
    assert_false(lw_registry_is_sorted(&(lw_registry){by_version, 2}));
    assert_false(lw_registry_is_sorted(&(lw_registry){by_id, 2}));
    assert_false(lw_registry_is_sorted(&(lw_registry){twice, 2}));
    assert_true(lw_registry_is_sorted(&(lw_registry){NULL, 0}));
}

static int implied(lw_version enabler, uint16_t object)
{
    lw_object_version v = lw_object_version_implied(enabler, object);
    return v.major * 10 + v.minor;
}

/* The table of protocol.md section 1.2, columns 1.0, 1.1.1, 1.2. */
static void core_objects_have_the_version_of_their_enabler(void **state)
{
    (void)state;
    assert_int_equal(implied(LW_VERSION_1_0, 0), 10);
    assert_int_equal(implied(LW_VERSION_1_1, 1), 11);
    assert_int_equal(implied(LW_VERSION_1_2, 1), 12);
    assert_int_equal(implied(LW_VERSION_1_1, 2), 10);
    assert_int_equal(implied(LW_VERSION_1_2, 2), 11);
    assert_int_equal(implied(LW_VERSION_1_1, 3), 11);
    assert_int_equal(implied(LW_VERSION_1_1, 4), 12);
    assert_int_equal(implied(LW_VERSION_1_2, 4), 13);
    assert_int_equal(implied(LW_VERSION_1_2, 5), 11);
    assert_int_equal(implied(LW_VERSION_1_2, 7), 10);
    assert_int_equal(implied(LW_VERSION_1_1, 21), 10);
    assert_int_equal(implied(LW_VERSION_1_2, 21), 20);
    assert_int_equal(implied(LW_VERSION_1_2, 25), 10);
}

static void other_objects_and_dashes_of_the_table_are_1_0(void **state)
{
    (void)state;
    assert_int_equal(implied(LW_VERSION_1_2, 3303), 10);
    assert_int_equal(implied(LW_VERSION_1_0, 21), 10);
    assert_int_equal(implied(LW_VERSION_1_1, 23), 10);
    assert_int_equal(implied(LW_VERSION_NONE, 3), 10);
}

/* VER-22: both ends of each range. */
static void object_ids_fall_into_classes(void **state)
{
    (void)state;
    assert_int_equal(lw_object_class_of(0), LW_OBJECT_CLASS_OMA);
    assert_int_equal(lw_object_class_of(1023), LW_OBJECT_CLASS_OMA);
    assert_int_equal(lw_object_class_of(1024), LW_OBJECT_CLASS_RESERVED);
    assert_int_equal(lw_object_class_of(2047), LW_OBJECT_CLASS_RESERVED);
    assert_int_equal(lw_object_class_of(2048), LW_OBJECT_CLASS_EXT);
    assert_int_equal(lw_object_class_of(10240), LW_OBJECT_CLASS_EXT);
    assert_int_equal(lw_object_class_of(10241), LW_OBJECT_CLASS_VENDOR);
    assert_int_equal(lw_object_class_of(32768), LW_OBJECT_CLASS_VENDOR);
    assert_int_equal(lw_object_class_of(32769), LW_OBJECT_CLASS_VENDOR_BULK);
    assert_int_equal(lw_object_class_of(42768), LW_OBJECT_CLASS_VENDOR_BULK);
    assert_int_equal(lw_object_class_of(42769), LW_OBJECT_CLASS_TEST);
    assert_int_equal(lw_object_class_of(42800), LW_OBJECT_CLASS_TEST);
    assert_int_equal(lw_object_class_of(42801), LW_OBJECT_CLASS_RESERVED);
    assert_int_equal(lw_object_class_of(65535), LW_OBJECT_CLASS_RESERVED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exact_version_is_found),
        cmocka_unit_test(an_unknown_minor_finds_the_newest_of_its_major),
        cmocka_unit_test(an_unknown_major_or_object_is_not_found),
        cmocka_unit_test(a_registry_ascends),
        cmocka_unit_test(core_objects_have_the_version_of_their_enabler),
        cmocka_unit_test(other_objects_and_dashes_of_the_table_are_1_0),
        cmocka_unit_test(object_ids_fall_into_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
