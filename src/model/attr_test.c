#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/attr.h"

#define BIT(name) LW_ATTR_BIT(LW_ATTR_##name)

/* A request to change a set, wherever it stands. */
static lw_attrs_change change_from(lw_attrs attrs)
{
    return (lw_attrs_change){.attrs = attrs, .level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
}

static lw_err take(lw_attrs_change *change, const char *item)
{
    return lw_attrs_take_query(change, lw_bytes_str(item));
}

/* The error of a query with one item. */
static lw_err take_one(const char *item)
{
    lw_attrs_change change = change_from((lw_attrs){0});
    return take(&change, item);
}

/* The change that a whole query asks for: up to three items, NULL for none. */
static lw_attrs_change change_of(lw_attrs attrs, const char *a, const char *b, const char *c)
{
    lw_attrs_change change = change_from(attrs);
    assert_int_equal(take(&change, a), LW_OK);
    if (b != NULL) {
        assert_int_equal(take(&change, b), LW_OK);
    }
    if (c != NULL) {
        assert_int_equal(take(&change, c), LW_OK);
    }
    return change;
}

static lw_attrs changed(lw_attrs attrs, const char *a, const char *b, const char *c)
{
    lw_attrs_change change = change_of(attrs, a, b, c);
    assert_int_equal(lw_attrs_check(&change), LW_OK);
    return change.attrs;
}

static lw_attrs attrs_of(const char *a, const char *b, const char *c)
{
    return changed((lw_attrs){0}, a, b, c);
}

static lw_err check_error(lw_attrs attrs, const char *a, const char *b, const char *c)
{
    lw_attrs_change change = change_of(attrs, a, b, c);
    return lw_attrs_check(&change);
}

static void assert_link(const lw_attrs *attrs, const char *expected)
{
    uint8_t buf[512];
    lw_writer w;
    lw_writer_init(&w, buf, sizeof buf);
    lw_attrs_write_link(&w, attrs, &lw_attr_all);
    assert_int_equal(w.err, LW_OK);
    assert_int_equal(w.pos, strlen(expected));
    assert_memory_equal(buf, expected, w.pos);
}

static void each_attribute_is_read_from_a_query(void **state)
{
    (void)state;
    lw_attrs_change c = change_of((lw_attrs){0}, "pmin=10", "pmax=60", "gt=45.5");
    assert_int_equal(take(&c, "lt=-2.5"), LW_OK);
    assert_int_equal(take(&c, "st=1e1"), LW_OK);
    assert_int_equal(take(&c, "epmin=1"), LW_OK);
    assert_int_equal(take(&c, "epmax=4294967295"), LW_OK);
    assert_int_equal(take(&c, "edge=1"), LW_OK);
    assert_int_equal(take(&c, "con=0"), LW_OK);
    assert_int_equal(take(&c, "hqmax=3"), LW_OK);
    assert_int_equal(c.attrs.has, (1u << LW_ATTR_COUNT) - 1);
    assert_int_equal(c.named, c.attrs.has);
    assert_int_equal(c.attrs.pmin, 10);
    assert_int_equal(c.attrs.pmax, 60);
    assert_true(c.attrs.gt == 45.5);
    assert_true(c.attrs.lt == -2.5);
    assert_true(c.attrs.st == 10.0);
    assert_int_equal(c.attrs.epmin, 1);
    assert_int_equal(c.attrs.epmax, UINT32_MAX);
    assert_true(c.attrs.edge);
    assert_false(c.attrs.con);
    assert_int_equal(c.attrs.hqmax, 3);
}

/* DM-51 */
static void a_name_without_value_unsets(void **state)
{
    (void)state;
    lw_attrs before = attrs_of("pmin=10", "gt=4.5", "edge=1");
    lw_attrs_change c = change_of(before, "pmin", "gt", "con");
    assert_int_equal(c.named, BIT(PMIN) | BIT(GT) | BIT(CON));
    lw_attrs left = attrs_of("edge=1", NULL, NULL);
    assert_memory_equal(&c.attrs, &left, sizeof left);
    left = changed(left, "edge", NULL, NULL);
    assert_memory_equal(&left, &(lw_attrs){0}, sizeof left); /* what is absent is zero */
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
    lw_attrs_change c = change_of((lw_attrs){0}, "pmin=10", "gt", NULL);
    assert_int_equal(take(&c, "pmin=10"), LW_EFORMAT);
    assert_int_equal(take(&c, "pmin"), LW_EFORMAT);
    assert_int_equal(take(&c, "gt=1"), LW_EFORMAT);
}

/* ATT-13 */
static void what_a_device_does_not_know_is_not_found(void **state)
{
    (void)state;
    static const lw_attr_known periods = {.bits = LW_ATTRS_PERIODS};
    static const lw_attr_known no_conditions = {.bits = LW_ATTRS_PERIODS | LW_ATTRS_DELIVERY,
                                                .may_stand = lw_attr_may_stand};
    lw_attrs_change c = {.level = LW_LEVEL_RESOURCE, .known = &no_conditions};
    assert_int_equal(take(&c, "gt=1"), LW_ENOTFOUND);
    assert_int_equal(take(&c, "edge=1"), LW_ENOTFOUND);
    assert_int_equal(take(&c, "lt"), LW_ENOTFOUND);
    assert_int_equal(take(&c, "pmin=1"), LW_OK);
    assert_int_equal(take(&c, "con=1"), LW_OK);
    assert_int_equal(c.attrs.has, BIT(PMIN) | BIT(CON));
    assert_int_equal(lw_attrs_check(&c), LW_OK);

    c = (lw_attrs_change){.level = LW_LEVEL_OBJECT, .known = &periods};
    assert_int_equal(take(&c, "con=1"), LW_ENOTFOUND);
    assert_int_equal(take(&c, "hqmax"), LW_ENOTFOUND);
    assert_int_equal(take(&c, "st=1"), LW_ENOTFOUND);
    assert_int_equal(take(&c, "pmin=1"), LW_OK);
    assert_int_equal(take(&c, "pmax=2"), LW_OK);
    assert_int_equal(take(&c, "epmin=3"), LW_OK);
    assert_int_equal(take(&c, "epmax=4"), LW_OK);
    assert_int_equal(c.attrs.has, LW_ATTRS_PERIODS);
    assert_int_equal(lw_attrs_check(&c), LW_OK);
    assert_link(&c.attrs, ";pmin=1;pmax=2;epmin=3;epmax=4");
}

/* May these stand there? The first that may not says why. */
static lw_err check(uint16_t mask, lw_level level, const lw_resource_def *def, lw_version version)
{
    lw_attrs_change change = {
        .level = (uint8_t)level, .def = def, .version = (uint8_t)version, .known = &lw_attr_all};
    lw_err err = LW_OK;
    for (unsigned i = 0; i < LW_ATTR_COUNT && err == LW_OK; i++) {
        if ((mask >> i & 1) != 0) {
            err = lw_attrs_take(&change, lw_bytes_str(lw_attr_table[i].name), lw_bytes_str("1"));
        }
    }
    return err;
}

static const lw_resource_def number = {.id = 5700, .type = LW_TYPE_FLOAT, .ops = LW_OP_R};
static const lw_resource_def on_off = {
    .id = 5850, .type = LW_TYPE_BOOLEAN, .ops = LW_OP_R | LW_OP_W};
static const lw_resource_def text = {.id = 0, .type = LW_TYPE_STRING, .ops = LW_OP_R};

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
}

/* OBS-23 */
static void a_list_takes_what_any_object_does_but_for_hqmax(void **state)
{
    (void)state;
    uint16_t timers = BIT(PMIN) | BIT(PMAX) | BIT(EPMIN) | BIT(EPMAX) | BIT(CON);
    assert_int_equal(check(timers, LW_LEVEL_ROOT, NULL, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(BIT(HQMAX), LW_LEVEL_ROOT, NULL, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(GT), LW_LEVEL_ROOT, NULL, LW_VERSION_1_2), LW_EINVAL);
    assert_int_equal(check(BIT(EDGE), LW_LEVEL_ROOT, NULL, LW_VERSION_1_2), LW_EINVAL);
}

/* ATT-15: unset, too. */
static void what_does_not_stand_there_is_not_unset_either(void **state)
{
    (void)state;
    lw_attrs_change change = {
        .level = LW_LEVEL_OBJECT, .version = LW_VERSION_1_1, .known = &lw_attr_all};
    assert_int_equal(take(&change, "gt"), LW_EINVAL);
    assert_int_equal(take(&change, "con"), LW_ENOTSUP);
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

/* The column "Since". */
static void a_version_knows_only_its_attributes(void **state)
{
    (void)state;
    assert_int_equal(check(BIT(EPMIN), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_0), LW_ENOTSUP);
    assert_int_equal(check(BIT(EPMAX), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_1), LW_OK);
    assert_int_equal(check(BIT(CON), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_1), LW_ENOTSUP);
    assert_int_equal(check(BIT(HQMAX), LW_LEVEL_OBJECT, NULL, LW_VERSION_1_2), LW_OK);
    assert_int_equal(check(BIT(HQMAX), LW_LEVEL_OBJECT, NULL, LW_VERSION_NONE), LW_OK);
    assert_int_equal(check(BIT(PMIN), LW_LEVEL_RESOURCE_INSTANCE, &number, LW_VERSION_1_1), LW_OK);
}

/* P-OBS-18 */
static void thresholds_leave_room_for_two_steps(void **state)
{
    (void)state;
    const lw_attrs none = {0};
    assert_int_equal(attrs_of("lt=1", "gt=6", "st=1").has, BIT(LT) | BIT(GT) | BIT(ST));
    assert_int_equal(check_error(none, "lt=1", "gt=3", "st=1"), LW_EINVAL);
    assert_int_equal(check_error(none, "lt=5", "gt=5", NULL), LW_EINVAL);
    assert_int_equal(check_error(none, "lt=6", "gt=5", NULL), LW_EINVAL);
    assert_int_equal(attrs_of("lt=4.5", "gt=5", NULL).has, BIT(LT) | BIT(GT));
    assert_int_equal(attrs_of("lt=-6", "gt=-5", NULL).has, BIT(LT) | BIT(GT));
}

/* ATT-20, DM-52: against what stands at the level already, all or nothing. */
static void thresholds_are_checked_after_merging(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("gt=50", NULL, NULL);
    assert_int_equal(check_error(attrs, "lt=60", "pmin=1", NULL), LW_EINVAL);
    attrs = changed(attrs, "lt=60", "gt", NULL);
    assert_int_equal(attrs.has, BIT(LT));
    assert_true(attrs.lt == 60.0);
}

/* ATT-23, P-OBS-17 */
static void a_step_is_positive(void **state)
{
    (void)state;
    const lw_attrs none = {0};
    assert_int_equal(check_error(none, "st=0", NULL, NULL), LW_EINVAL);
    assert_int_equal(check_error(none, "st=-1", NULL, NULL), LW_EINVAL);
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
    assert_int_equal(check_error(none, "epmin=10", "epmax=10", NULL), LW_EINVAL);
    assert_int_equal(check_error(none, "epmin=10", "epmax=5", NULL), LW_EINVAL);
    assert_int_equal(attrs_of("epmin=10", "epmax=11", NULL).epmax, 11);
    assert_int_equal(attrs_of("epmin=10", "epmax=0", NULL).epmax, 0);
    lw_attrs attrs = attrs_of("epmin=10", NULL, NULL);
    assert_int_equal(check_error(attrs, "epmax=5", NULL, NULL), LW_OK);
    assert_int_equal(check_error(attrs, "epmax=5", "epmin", NULL), LW_OK);
}

static void a_change_replaces_adds_and_removes(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("pmin=1", "pmax=9", "con=1");
    attrs = changed(attrs, "pmin=2", "pmax", "hqmax=7");
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

static void links_hold_attributes_in_the_order_of_the_table(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("lt=42.2", "gt=50", "pmax=60");
    attrs = changed(attrs, "pmin=10", "con=1", "edge=0");
    assert_link(&attrs, ";pmin=10;pmax=60;gt=50;lt=42.2;edge=0;con=1");
    assert_link(&(lw_attrs){0}, "");
}

/* ATT-14: plain decimal, with sign if needed. */
static void thresholds_are_written_without_exponent(void **state)
{
    (void)state;
    lw_attrs attrs = attrs_of("lt=-1.5e1", "gt=1e-7", NULL);
    assert_link(&attrs, ";gt=0.0000001;lt=-15");
    attrs = attrs_of("epmax=4294967295", NULL, NULL);
    assert_link(&attrs, ";epmax=4294967295");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_attribute_is_read_from_a_query),
        cmocka_unit_test(a_name_without_value_unsets),
        cmocka_unit_test(unknown_and_property_attributes_are_not_found),
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(an_attribute_named_twice_is_refused),
        cmocka_unit_test(what_a_device_does_not_know_is_not_found),
        cmocka_unit_test(thresholds_and_edge_stand_only_on_resources),
        cmocka_unit_test(a_list_takes_what_any_object_does_but_for_hqmax),
        cmocka_unit_test(what_does_not_stand_there_is_not_unset_either),
        cmocka_unit_test(thresholds_need_a_number_and_edge_a_boolean),
        cmocka_unit_test(every_numeric_type_takes_thresholds),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
