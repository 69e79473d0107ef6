/* What the formats' vectors do not reach: sources that change, names that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/front.h"
#include "codec/senml.h"

static void members_have_the_labels_of_the_rfc(void **state)
{
    (void)state;
    assert_int_equal(lw_senml_label_of(lw_bytes_str("bver")), -1);
    assert_int_equal(lw_senml_label_of(lw_bytes_str("bn")), -2);
    assert_int_equal(lw_senml_label_of(lw_bytes_str("vd")), 8);
    assert_int_equal(lw_senml_label_of(lw_bytes_str("vlo")), LW_SENML_VLO);
    assert_int_equal(lw_senml_label_of(lw_bytes_str("vlob")), LW_SENML_OTHER);
    assert_int_equal(lw_senml_label_of(lw_bytes_str("")), LW_SENML_OTHER);
    assert_int_equal(lw_senml_label_of(lw_bytes_str("x_")), LW_SENML_CRITICAL);
}

/* Counts down from walk to walk: each has one value less than the one before. */
static lw_err next_of_shrinking(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    uintptr_t *count = ctx;
    if (cursor->at[0] >= *count) {
        --*count;
        return LW_END;
    }
    uint16_t id = (uint16_t)cursor->at[0]++;
    *out_entry = (lw_entry){.path = lw_path_resource(3, 0, id), .value = lw_value_integer(id)};
    return LW_OK;
}

static void a_source_with_fewer_entries_the_second_time_is_told(void **state)
{
    (void)state;
    uintptr_t count = 2;
    lw_source source = {next_of_shrinking, &count};
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_senml_plan plan;
    const lw_value *members[LW_SENML_MEMBERS];
    assert_int_equal(lw_senml_plan_init(&plan, &source, &cfg, LW_SENML_VALUES), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_ESTATE);
}

static void a_source_with_more_entries_the_second_time_is_told(void **state)
{
    (void)state;
    uintptr_t count = 2;
    lw_source source = {next_of_shrinking, &count};
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_senml_plan plan;
    const lw_value *members[LW_SENML_MEMBERS];
    assert_int_equal(lw_senml_plan_init(&plan, &source, &cfg, LW_SENML_VALUES), LW_OK);
    count = 5;
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_ESTATE);
}

static void a_source_with_shorter_names_the_second_time_is_told(void **state)
{
    (void)state;
    lw_entry list[2] = {
        {.path = lw_path_resource(33000, 20000, 5700), .value = lw_value_integer(1)},
        {.path = lw_path_resource(33000, 20000, 5701), .value = lw_value_integer(2)}};
    lw_entries entries = {list, 2};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_senml_plan plan;
    const lw_value *members[LW_SENML_MEMBERS];
    assert_int_equal(lw_senml_plan_init(&plan, &source, &cfg, LW_SENML_VALUES), LW_OK);
    list[0].path = lw_path_resource(1, 0, 1);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_ESTATE);
}

static void a_front_that_does_not_fit_is_too_big(void **state)
{
    (void)state;
    static const char long_name[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    lw_entry list[2] = {{.path = lw_path_resource(3, 0, 0), .value = lw_value_integer(1)},
                        {.path = lw_path_resource(3, 0, 1), .value = lw_value_integer(2)}};
    lw_entries entries = {list, 2};
    lw_source source = lw_entries_source(&entries);
    lw_front front = lw_front_of(lw_bytes_str(long_name));
    lw_encode_cfg cfg = {.front = &front};
    lw_senml_plan plan;
    const lw_value *members[LW_SENML_MEMBERS];
    assert_int_equal(lw_senml_plan_init(&plan, &source, &cfg, LW_SENML_VALUES), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_ETOOBIG);
    front.alternate_path = lw_bytes_of(NULL, 0);
    list[1].prefix = lw_bytes_str(long_name);
    assert_int_equal(lw_senml_plan_init(&plan, &source, &cfg, LW_SENML_VALUES), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_OK);
    assert_int_equal(lw_senml_plan_next(&plan, members), LW_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_the_labels_of_the_rfc),
        cmocka_unit_test(a_source_with_fewer_entries_the_second_time_is_told),
        cmocka_unit_test(a_source_with_more_entries_the_second_time_is_told),
        cmocka_unit_test(a_source_with_shorter_names_the_second_time_is_told),
        cmocka_unit_test(a_front_that_does_not_fit_is_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
