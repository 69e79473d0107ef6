/* Discover: DM-20..27, VER-11, VER-12. */
#include "testing/lw_test.h"

#include "testing/fakes.h"

#include "client/serve_rig_test.h"
#include "model/attr.h"

static void discovers(rig *r, const char *request, const char *links)
{
    expect(r, request, NONE, LW_CF_LINK, "", "2.05");
    assert_int_equal(r->content_format, LW_CF_LINK);
    answer_reads(r, links);
}

/* What the server of the examples set: /3?pmin=10&pmax=60, /3/0/7?gt=50&lt=42.2, /3/0/7/1?lt=45 */
static void attach(rig *r)
{
    static const lw_attrs on_object = {
        .has = LW_ATTR_BIT(LW_ATTR_PMIN) | LW_ATTR_BIT(LW_ATTR_PMAX), .pmin = 10, .pmax = 60};
    static const lw_attrs on_resource = {
        .has = LW_ATTR_BIT(LW_ATTR_GT) | LW_ATTR_BIT(LW_ATTR_LT), .gt = 50, .lt = 42.2};
    static const lw_attrs on_instance = {.has = LW_ATTR_BIT(LW_ATTR_LT), .lt = 45};
    r->attrs[0] = &on_object;
    r->attrs_at[0] = lw_path_object(3);
    r->attrs[1] = &on_resource;
    r->attrs_at[1] = lw_path_resource(3, 0, 7);
    r->attrs[2] = &on_instance;
    r->attrs_at[2] = lw_path_resource_instance(3, 0, 7, 1);
}

#define RESOURCES                                                                               \
    "</3/0/0>,</3/0/1>,</3/0/2>,</3/0/3>,</3/0/4>,</3/0/6>;dim=2,</3/0/7>;dim=2;gt=50;lt=42.2," \
    "</3/0/8>;dim=2,</3/0/9>,</3/0/10>,</3/0/11>;dim=1,</3/0/12>,</3/0/13>,</3/0/14>,</3/0/16>"

LW_TEST(the_examples_of_the_specification_come_out)
{
    rig *r = *state;
    attach(r);
    discovers(r, "GET /3?depth=0", "</3>;ver=1.1;pmin=10;pmax=60"); /* ver: this device has 1.1 */
    discovers(r, "GET /3?depth=1", "</3>;ver=1.1;pmin=10;pmax=60,</3/0>");
    discovers(r, "GET /3", "</3>;ver=1.1;pmin=10;pmax=60,</3/0>," RESOURCES);
    discovers(r, "GET /3/0/7",
              "</3/0/7>;dim=2;pmin=10;pmax=60;gt=50;lt=42.2,</3/0/7/0>,</3/0/7/1>;lt=45");
}

LW_TEST(the_target_shows_what_it_inherits_and_lower_levels_do_not)
{
    rig *r = *state;
    attach(r);
    discovers(r, "GET /3/0", "</3/0>;pmin=10;pmax=60," RESOURCES); /* DM-22 */
    discovers(r, "GET /3/0/9", "</3/0/9>;pmin=10;pmax=60");
    rig_ask a = {.request = "GET /3/0/7", .cf = NONE, .accept = LW_CF_LINK, .server = 1};
    assert_string_equal(rig_do(r, &a), "2.05"); /* attributes are per server */
    answer_reads(r, "</3/0/7>;dim=2,</3/0/7/0>,</3/0/7/1>");
}

LW_TEST(depth_counts_levels_below_the_target)
{
    rig *r = *state;
    discovers(r, "GET /16?depth=3",
              "</16>,</16/0>,</16/0/0>;dim=2,</16/0/0/0>,</16/0/0/2>,</16/0/1>");
    discovers(r, "GET /16/0?depth=0", "</16/0>");
    discovers(r, "GET /16/0", "</16/0>,</16/0/0>;dim=2,</16/0/1>"); /* DM-23 */
    discovers(r, "GET /16/0?depth=2", "</16/0>,</16/0/0>;dim=2,</16/0/0/0>,</16/0/0/2>,</16/0/1>");
    discovers(r, "GET /16/0/0?depth=0", "</16/0/0>;dim=2");
    discovers(r, "GET /16/0/0?depth=3", "</16/0/0>;dim=2,</16/0/0/0>,</16/0/0/2>");
    discovers(r, "GET /16?x=1&depth=1", "</16>,</16/0>"); /* DM-08 */
    rig_ask a = {.request = "GET /16?depth=4", .cf = NONE, .accept = LW_CF_LINK};
    assert_string_equal(rig_do(r, &a), "4.00"); /* DM-21 */
}

LW_TEST(in_1_0_a_resource_shows_no_instances)
{
    rig *r = *state;
    discovers(r, "GET /16", "</16>,</16/0>,</16/0/0>;dim=2,</16/0/1>");
    discovers(r, "GET /16/0/0", "</16/0/0>;dim=2");                         /* DM-24 */
    discovers(r, "GET /16/0?depth=0", "</16/0>,</16/0/0>;dim=2,</16/0/1>"); /* not known yet */
    discovers(r, "GET /16/0/0?depth=9", "</16/0/0>;dim=2");
}

LW_TEST(in_1_1_a_resource_shows_its_instances)
{
    rig *r = *state;
    discovers(r, "GET /16/0/0", "</16/0/0>;dim=2,</16/0/0/0>,</16/0/0/2>");
}

LW_TEST(a_version_is_named_where_it_does_not_go_without_saying)
{
    rig *r = *state;
    discovers(r, "GET /42769", "</42769>;ver=2.1"); /* VER-11, VER-12 */
    discovers(r, "GET /1/0?depth=0",
              "</1/0>,</1/0/0>,</1/0/1>,</1/0/4>,</1/0/6>,</1/0/7>,</1/0/8>");
    expect(r, "GET /5", NONE, LW_CF_LINK, "", "2.05"); /* 1.1 where 1.0 is implied */
    assert_memory_equal(r->answer, "</5>;ver=1.1,</5/0>", 19);
    r->servers[0].version = LW_VERSION_1_2;
    expect(r, "GET /5", NONE, LW_CF_LINK, "", "2.05");
    assert_memory_equal(r->answer, "</5>,</5/0>", 11);
}

LW_TEST(an_object_without_instances_is_one_link)
{
    rig *r = *state;
    expect_plain(r, "DELETE /16/0", "2.02");
    discovers(r, "GET /16", "</16>");
}

LW_TEST(discover_needs_no_rights_and_no_observe)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 16, 0, 0};
    discovers(r, "GET /16?depth=1", "</16>,</16/0>,</16/0/0>;dim=2,</16/0/1>"); /* P-DM-24 */
    rig_name(r, rig_plain);
    discovers(r, "GET /16/0/1", "</16/0/1>");
}

LW_TEST(without_its_feature_a_depth_is_ignored)
{
    rig *r = *state;
    rig_name(r, rig_plain);
    discovers(r, "GET /16?depth=0", "</16>,</16/0>,</16/0/0>;dim=2,</16/0/1>"); /* DM-21 */
    discovers(r, "GET /16/0/0?depth=4", "</16/0/0>;dim=2,</16/0/0/0>,</16/0/0/2>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T_1_2(the_examples_of_the_specification_come_out),
        T_1_2(the_target_shows_what_it_inherits_and_lower_levels_do_not),
        T_1_2(depth_counts_levels_below_the_target),
        T_1_0(in_1_0_a_resource_shows_no_instances),
        T(in_1_1_a_resource_shows_its_instances),
        T(a_version_is_named_where_it_does_not_go_without_saying),
        T(an_object_without_instances_is_one_link),
        T(discover_needs_no_rights_and_no_observe),
        T_1_2(without_its_feature_a_depth_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
