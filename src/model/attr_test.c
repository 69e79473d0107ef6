#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/attr.h"

#define BIT(name) LW_ATTR_BIT(LW_ATTR_##name)

static lw_err take(lw_attrs_change *change, const char *item)
{
    return lw_attrs_take_query(change, lw_bytes_str(item), &lw_attr_decimal_text);
}

/* The error of a query with one item. */
static lw_err take_one(const char *item)
{
    lw_attrs_change change = {{0}, 0};
    return take(&change, item);
}

/* The change a whole query asks for: up to three items, NULL for none. */
static lw_attrs_change change_of(const char *a, const char *b, const char *c)
{
    lw_attrs_change change = {{0}, 0};
    assert_int_equal(take(&change, a), LW_OK);
    if (b != NULL) {
        assert_int_equal(take(&change, b), LW_OK);
    }
    if (c != NULL) {
        assert_int_equal(take(&change, c), LW_OK);
    }
    return change;
}

static lw_attrs attrs_of(const char *a, const char *b, const char *c)
{
    lw_attrs attrs = {0};
    lw_attrs_change change = change_of(a, b, c);
    assert_int_equal(lw_attrs_apply(&attrs, &change, &lw_attr_decimal_text), LW_OK);
    return attrs;
}

static lw_err apply_error(lw_attrs attrs, const char *a, const char *b, const char *c)
{
    lw_attrs before = attrs;
    lw_attrs_change change = change_of(a, b, c);
    lw_err err = lw_attrs_apply(&attrs, &change, &lw_attr_decimal_text);
    assert_memory_equal(&attrs, &before, sizeof attrs);
    return err;
}

static void each_attribute_is_read_from_a_query(void **state)
{
    (void)state;
    lw_attrs_change c = change_of("pmin=10", "pmax=60", "gt=45.5");
    assert_int_equal(take(&c, "lt=-2.5"), LW_OK);
    assert_int_equal(take(&c, "st=1e1"), LW_OK);
    assert_int_equal(take(&c, "epmin=1"), LW_OK);
    assert_int_equal(take(&c, "epmax=4294967295"), LW_OK);
    assert_int_equal(take(&c, "edge=1"), LW_OK);
    assert_int_equal(take(&c, "con=0"), LW_OK);
    assert_int_equal(take(&c, "hqmax=3"), LW_OK);
    assert_int_equal(c.set.has, (1u << LW_ATTR_COUNT) - 1);
    assert_int_equal(c.unset, 0);
    assert_int_equal(c.set.pmin, 10);
    assert_int_equal(c.set.pmax, 60);
    assert_true(c.set.gt == 45.5);
    assert_true(c.set.lt == -2.5);
    assert_true(c.set.st == 10.0);
    assert_int_equal(c.set.epmin, 1);
    assert_int_equal(c.set.epmax, UINT32_MAX);
    assert_true(c.set.edge);
    assert_false(c.set.con);
    assert_int_equal(c.set.hqmax, 3);
}

/* DM-51 */
static void a_name_without_value_unsets(void **state)
{
    (void)state;
    lw_attrs_change c = change_of("pmin", "gt", NULL);
    assert_int_equal(c.set.has, 0);
    assert_int_equal(c.unset, BIT(PMIN) | BIT(GT));
    assert_int_equal(lw_attrs_change_mask(&c), BIT(PMIN) | BIT(GT));
}

/* DM-53 */
static void unknown_and_property_attributes_are_not_found(void **state)
{
    (void)state;
    assert_int_equal(take_one("dim=2"), LW_ENOTFOUND);
    assert_int_equal(take_one("ver=1.1"), LW_ENOTFOUND);
    assert_int_equal(take_one("PMIN=1"), LW_ENOTFOUND);
    assert_int_equal(take_one("pmi=1"), LW_ENOTFOUND);
    assert_int_equal(take_one("pmin2=1"), LW_ENOTFOUND);
    assert_int_equal(take_one("=1"), LW_ENOTFOUND);
    assert_int_equal(take_one(""), LW_ENOTFOUND);
    assert_int_equal(take_one("cancel"), LW_ENOTFOUND);
}

static void malformed_values_are_refused(void **state)
{
    (void)state;
    assert_int_equal(take_one("pmin="), LW_EFORMAT);
    assert_int_equal(take_one("pmin=-1"), LW_EFORMAT);
    assert_int_equal(take_one("pmin=1.5"), LW_EFORMAT);
    assert_int_equal(take_one("pmin=ten"), LW_EFORMAT);
    assert_int_equal(take_one("pmax=4294967296"), LW_ERANGE);
    assert_int_equal(take_one("pmax=99999999999999999999"), LW_ERANGE);
    assert_int_equal(take_one("gt="), LW_EFORMAT);
    assert_int_equal(take_one("gt=abc"), LW_EFORMAT);
    assert_int_equal(take_one("lt=1e999"), LW_ERANGE);
    assert_int_equal(take_one("edge="), LW_EFORMAT);
    assert_int_equal(take_one("edge=2"), LW_EFORMAT);
    assert_int_equal(take_one("con=true"), LW_EFORMAT);
    assert_int_equal(take_one("con=01"), LW_EFORMAT);
}

static void an_attribute_named_twice_is_refused(void **state)
{
    (void)state;
    lw_attrs_change c = change_of("pmin=10", "gt", NULL);
    assert_int_equal(take(&c, "pmin=10"), LW_EFORMAT);
    assert_int_equal(take(&c, "pmin"), LW_EFORMAT);
    assert_int_equal(take(&c, "gt=1"), LW_EFORMAT);
}

static void without_decimals_only_the_conditions_are_missing(void **state)
{
    (void)state;
    lw_attrs_change c = {{0}, 0};
    assert_int_equal(lw_attrs_take_query(&c, lw_bytes_str("gt=1"), NULL), LW_ENOTSUP);
    assert_int_equal(lw_attrs_take_query(&c, lw_bytes_str("edge=1"), NULL), LW_ENOTSUP);
    assert_int_equal(lw_attrs_take_query(&c, lw_bytes_str("pmin=1"), NULL), LW_OK);
    assert_int_equal(lw_attrs_take_query(&c, lw_bytes_str("con=1"), NULL), LW_OK);
    assert_int_equal(c.set.has, BIT(PMIN) | BIT(CON));

    uint8_t buf[32];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_attrs attrs = attrs_of("gt=1", NULL, NULL);
    lw_attrs_write_link(&w, &attrs, NULL);
    assert_int_equal(w.err, LW_ENOTSUP);
}

static lw_err check(uint16_t mask, lw_level level, const lw_resource_def *def, lw_version version)
{
    return lw_attrs_check_target(mask, &(lw_attrs_at){level, def, version});
}

static const lw_resource_def number = {.id = 5700, .type = LW_TYPE_FLOAT, .ops = LW_OP_R};
static const lw_resource_def on_off = {
    .id = 5850, .type = LW_TYPE_BOOLEAN, .ops = LW_OP_R | LW_OP_W};
static const lw_resource_def text = {.id = 0, .type = LW_TYPE_STRING, .ops = LW_OP_R};
static const lw_resource_def secret = {.id = 1, .type = LW_TYPE_INTEGER, .ops = LW_OP_W};
static const lw_resource_def action = {.id = 4, .type = LW_TYPE_NONE, .ops = LW_OP_E};

/* The column "Levels". */
static void thresholds_and_edge_stand_only_on_resources(void **state)
{
    (void)state;
    uint16_t timers = BIT(PMIN) | BIT(PMAX) | BIT(EPMIN) | BIT(EPMAX) | BIT(CON) | BIT(HQMAX);
    assert_int_equal(check(timers, LW_LEVEL_OBJECT, NULL, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(timers, LW_LEVEL_INSTANCE, NULL, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(timers, LW_LEVEL_RESOURCE, &text, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(timers, LW_LEVEL_RESOURCE_INSTANCE, &text, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(BIT(GT), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(LT), LW_LEVEL_INSTANCE, NULL, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(EDGE), LW_LEVEL_INSTANCE, NULL, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(PMIN), LW_LEVEL_ROOT, NULL, LW_VERSION_1_2), LW_EINVAL);
}

/* The column "Applies to". */
static void thresholds_need_a_number_and_edge_a_boolean(void **state)
{
    (void)state;
    assert_int_equal(check(BIT(GT) | BIT(LT) | BIT(ST), LW_LEVEL_RESOURCE, &number, LW_VERSION_1_0),
                     LW_OK);
    assert_int_equal(check(BIT(GT), LW_LEVEL_RESOURCE, &on_off, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(ST), LW_LEVEL_RESOURCE, &text, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(EDGE), LW_LEVEL_RESOURCE, &on_off, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(BIT(EDGE), LW_LEVEL_RESOURCE, &number, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(EDGE) | BIT(GT), LW_LEVEL_RESOURCE, NULL, LW_VERSION_1_2), LW_OK);
}

/* ATT-15: Time and Unsigned count as numeric. */
static void every_numeric_type_takes_thresholds(void **state)
{
    (void)state;
    lw_resource_def def = {.type = LW_TYPE_INTEGER, .ops = LW_OP_R};
    assert_int_equal(check(BIT(GT), LW_LEVEL_RESOURCE, &def, LW_VERSION_1_2), LW_OK);
    def.type = LW_TYPE_UNSIGNED;
    assert_int_equal(check(BIT(GT), LW_LEVEL_RESOURCE, &def, LW_VERSION_1_2), LW_OK);
    def.type = LW_TYPE_TIME;
    assert_int_equal(check(BIT(GT), LW_LEVEL_RESOURCE_INSTANCE, &def, LW_VERSION_1_2), LW_OK);
    def.type = LW_TYPE_OBJLNK;
    assert_int_equal(check(BIT(GT), LW_LEVEL_RESOURCE, &def, LW_VERSION_1_2), LW_EINVAL);
}

/* DM-54 */
static void a_resource_that_is_not_readable_takes_none(void **state)
{
    (void)state;
    assert_int_equal(check(BIT(PMIN), LW_LEVEL_RESOURCE, &secret, LW_VERSION_1_2), LW_EMETHOD);
    assert_int_equal(check(BIT(PMIN), LW_LEVEL_RESOURCE, &action, LW_VERSION_1_2), LW_EMETHOD);
}

/* The column "Since". */
static void a_version_knows_only_its_attributes(void **state)
{
    (void)state;
    assert_int_equal(check(BIT(EPMIN), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_0), LW_ENOTSUP);
    assert_int_equal(check(BIT(EPMAX), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_1), LW_OK);
    assert_int_equal(check(BIT(CON), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_1), LW_ENOTSUP);
    assert_int_equal(check(BIT(HQMAX), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(BIT(HQMAX), LW_LEVEL_OBJECT, NULL, LW_VERSION_NONE), LW_OK);
    assert_int_equal(check(BIT(PMIN), LW_LEVEL_RESOURCE_INSTANCE, &number, LW_VERSION_1_0),
                     LW_ENOTSUP);
    assert_int_equal(check(BIT(PMIN), LW_LEVEL_RESOURCE_INSTANCE, &number, LW_VERSION_1_1), LW_OK);
}

/* P-OBS-18 */
static void thresholds_leave_room_for_two_steps(void **state)
{
    (void)state;
    const lw_attrs none = {0};
    assert_int_equal(attrs_of("lt=1", "gt=6", "st=1").has, BIT(LT) | BIT(GT) | BIT(ST));
    assert_int_equal(apply_error(none, "lt=1", "gt=3", "st=1"), LW_EINVAL);
    assert_int_equal(apply_error(none, "lt=5", "gt=5", NULL), LW_EINVAL);
    assert_int_equal(apply_error(none, "lt=6", "gt=5", NULL), LW_EINVAL);
    assert_int_equal(attrs_of("lt=4.5", "gt=5", NULL).has, BIT(LT) | BIT(GT));
    assert_int_equal(attrs_of("lt=-6", "gt=-5", NULL).has, BIT(LT) | BIT(GT));
}

/* ATT-20, DM-52: against what stands at the level already, all or nothing. */
static void thresholds_are_checked_after_merging(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("gt=50", NULL, NULL);
    assert_int_equal(apply_error(attrs, "lt=60", "pmin=1", NULL), LW_EINVAL);
    lw_attrs_change c = change_of("lt=60", "gt", NULL);
    assert_int_equal(lw_attrs_apply(&attrs, &c, &lw_attr_decimal_text), LW_OK);
    assert_int_equal(attrs.has, BIT(LT));
    assert_true(attrs.lt == 60.0);
}

/* ATT-23, P-OBS-17 */
static void a_step_is_positive(void **state)
{
    (void)state;
    const lw_attrs none = {0};
    assert_int_equal(apply_error(none, "st=0", NULL, NULL), LW_EINVAL);
    assert_int_equal(apply_error(none, "st=-1", NULL, NULL), LW_EINVAL);
    assert_true(attrs_of("st=0.001", NULL, NULL).st == 0.001);
}

/* ATT-21, ATT-23 */
static void periods_of_zero_and_pmax_below_pmin_are_no_errors(void **state)
{
    (void)state;
    assert_int_equal(attrs_of("pmin=0", "pmax=0", NULL).has, BIT(PMIN) | BIT(PMAX));
    assert_int_equal(attrs_of("pmin=60", "pmax=10", NULL).pmax, 10);
}

/* ATT-22: in one request only. */
static void epmin_is_below_epmax(void **state)
{
    (void)state;
    const lw_attrs none = {0};
    assert_int_equal(apply_error(none, "epmin=10", "epmax=10", NULL), LW_EINVAL);
    assert_int_equal(apply_error(none, "epmin=10", "epmax=5", NULL), LW_EINVAL);
    assert_int_equal(attrs_of("epmin=10", "epmax=11", NULL).epmax, 11);
    assert_int_equal(attrs_of("epmin=10", "epmax=0", NULL).epmax, 0);
    lw_attrs attrs = attrs_of("epmin=10", NULL, NULL);
    lw_attrs_change c = change_of("epmax=5", NULL, NULL);
    assert_int_equal(lw_attrs_apply(&attrs, &c, &lw_attr_decimal_text), LW_OK);
}

static void a_change_replaces_adds_and_removes(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("pmin=1", "pmax=9", "con=1");
    lw_attrs_change c = change_of("pmin=2", "pmax", "hqmax=7");
    assert_int_equal(lw_attrs_apply(&attrs, &c, &lw_attr_decimal_text), LW_OK);
    assert_int_equal(attrs.has, BIT(PMIN) | BIT(CON) | BIT(HQMAX));
    assert_int_equal(attrs.pmin, 2);
    assert_true(attrs.con);
    assert_int_equal(attrs.hqmax, 7);
}

/* ATT-10, with the sets of the Discover example: /3?pmin=10&pmax=60, /3/0/7?gt=50&lt=42.2,
 * /3/0/7/1?lt=45. */
static void the_lowest_level_wins_for_each_attribute(void **state)
{
    (void)state;
    lw_attrs defaults = attrs_of("pmin=1", "pmax=300", "con=1");
    lw_attrs object = attrs_of("pmin=10", "pmax=60", NULL);
    lw_attrs resource = attrs_of("gt=50", "lt=42.2", NULL);
    lw_attrs instance = attrs_of("lt=45", NULL, NULL);
    lw_attrs e = instance;
    lw_attrs_inherit(&e, &resource);
    lw_attrs_inherit(&e, &object);
    lw_attrs_inherit(&e, &defaults);
    assert_int_equal(e.has, BIT(PMIN) | BIT(PMAX) | BIT(GT) | BIT(LT) | BIT(CON));
    assert_int_equal(e.pmin, 10);
    assert_int_equal(e.pmax, 60);
    assert_true(e.gt == 50.0);
    assert_true(e.lt == 45.0);
    assert_true(e.con);
}

static void assert_link(const lw_attrs *attrs, const char *expected)
{
    uint8_t buf[512];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_attrs_write_link(&w, attrs, &lw_attr_decimal_text);
    assert_int_equal(w.err, LW_OK);
    assert_int_equal(w.pos, strlen(expected));
    assert_memory_equal(buf, expected, w.pos);
}

static void links_hold_attributes_in_the_order_of_the_table(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("lt=42.2", "gt=50", "pmax=60");
    lw_attrs_change c = change_of("pmin=10", "con=1", "edge=0");
    assert_int_equal(lw_attrs_apply(&attrs, &c, &lw_attr_decimal_text), LW_OK);
    assert_link(&attrs, ";pmin=10;pmax=60;gt=50;lt=42.2;edge=0;con=1");
    assert_link(&(lw_attrs){0}, "");
}

/* ATT-14: plain decimal, with sign if needed. */
static void thresholds_are_written_without_exponent(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("lt=-1.5e1", "gt=1e-7", NULL);
    assert_link(&attrs, ";gt=0.0000001;lt=-15");
}

static void one_attribute_is_written_as_a_query_item(void **state)
{
    (void)state;
    uint8_t buf[32];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_attrs attrs = attrs_of("epmax=4294967295", NULL, NULL);
    lw_attr_write(&w, &attrs, LW_ATTR_EPMAX, NULL);
    assert_int_equal(w.pos, 16);
    assert_memory_equal(buf, "epmax=4294967295", 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_attribute_is_read_from_a_query),
        cmocka_unit_test(a_name_without_value_unsets),
        cmocka_unit_test(unknown_and_property_attributes_are_not_found),
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(an_attribute_named_twice_is_refused),
        cmocka_unit_test(without_decimals_only_the_conditions_are_missing),
        cmocka_unit_test(thresholds_and_edge_stand_only_on_resources),
        cmocka_unit_test(thresholds_need_a_number_and_edge_a_boolean),
        cmocka_unit_test(every_numeric_type_takes_thresholds),
        cmocka_unit_test(a_resource_that_is_not_readable_takes_none),
        cmocka_unit_test(a_version_knows_only_its_attributes),
        cmocka_unit_test(thresholds_leave_room_for_two_steps),
        cmocka_unit_test(thresholds_are_checked_after_merging),
        cmocka_unit_test(a_step_is_positive),
        cmocka_unit_test(periods_of_zero_and_pmax_below_pmin_are_no_errors),
        cmocka_unit_test(epmin_is_below_epmax),
        cmocka_unit_test(a_change_replaces_adds_and_removes),
        cmocka_unit_test(the_lowest_level_wins_for_each_attribute),
        cmocka_unit_test(links_hold_attributes_in_the_order_of_the_table),
        cmocka_unit_test(thresholds_are_written_without_exponent),
        cmocka_unit_test(one_attribute_is_written_as_a_query_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
