/* Create and Delete: DM-70..84, ACL-07, ACL-10. */
#include "testing/lw_test.h"

#include "testing/fakes.h"

#include "client/serve_rig_test.h"

static bool is_there(rig *r, uint16_t object, uint16_t instance)
{
    return lw_tree_exists(&r->client.tree, lw_path_instance(object, instance));
}

static void refused(rig *r, const char *request, unsigned cf, const char *hex, const char *code)
{
    uint32_t before = tree_digest(r);
    expect(r, request, cf, NONE, hex, code);
    assert_int_equal(tree_digest(r), before);
    assert_int_equal(r->changes, 0);
    assert_string_equal(r->location, "");
    assert_false(r->client.tree.in_transaction);
}

/* ---- Create ------------------------------------------------------------------------------------
 */

LW_TEST(the_published_portfolio_is_created)
{
    rig *r = *state;
    expect(r, "POST /16", LW_CF_TLV, NONE,
           "08 01 2E 88 00 2B 48 00 11 48 6F 73 74 20 44 65 76 69 63 65 20 49 44 20 23 32 48 01 14 "
           "48 6F 73 74 20 44 65 76 69 63 65 20 4D 6F 64 65 6C 20 23 32",
           "2.01");                            /* formats.md 5.3 */
    assert_string_equal(r->location, "/16/1"); /* P-DM-13: also when the id was given */
    value_is(r, "/16/1/0/0", "Host Device ID #2");
    value_is(r, "/16/1/0/1", "Host Device Model #2");
    assert_true(lw_path_equal(r->created, lw_path_instance(16, 1))); /* DM-75 */
    assert_int_equal(r->changes, 1);
}

LW_TEST(without_an_id_the_smallest_free_one_is_taken)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    expect(r, "POST /16", LW_CF_TLV, NONE, "83 00 41 00 'x'", "2.01"); /* DM-71 */
    assert_string_equal(r->location, "/16/1");
    value_is(r, "/16/1/0/0", "x");
    expect(r, "POST /16", LW_CF_LWM2M_CBOR, NONE, "a1 82 10 19 ff ff a1 00 a1 00 61 'y'",
           "2.01"); /* FMT-31 */
    assert_string_equal(r->location, "/16/2");
    value_is(r, "/16/2/0/0", "y");
}

LW_TEST(every_structured_format_creates)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    expect(r, "POST /42769", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/42769/5/0\",\"v\":1}]'", "2.01");
    assert_string_equal(r->location, "/42769/5");
    expect(r, "POST /42769", LW_CF_SENML_CBOR, NONE, "81 a2 00 6a '/42769/6/0' 02 02", "2.01");
    expect(r, "POST /42769", LW_CF_LWM2M_CBOR, NONE, "a1 82 19 a7 11 07 a1 00 03", "2.01");
    r->servers[0].version = LW_VERSION_1_0;
    expect(r, "POST /42769", LW_CF_JSON, NONE,
           "'{\"bn\":\"/42769/8/\",\"e\":[{\"n\":\"0\",\"v\":4}]}'", "2.01");
    value_is(r, "/42769/5/0", "1");
    value_is(r, "/42769/6/0", "2");
    value_is(r, "/42769/7/0", "3");
    value_is(r, "/42769/8/0", "4");
}

LW_TEST(several_instances_are_created_together)
{
    rig *r = *state;
    expect(r, "POST /16", LW_CF_TLV, NONE, "04 03 82 00 40 00 04 01 82 00 40 00", "2.01");
    assert_true(is_there(r, 16, 1) && is_there(r, 16, 3)); /* DM-72 */
    assert_string_equal(r->location, "/16/3");
}

LW_TEST(one_id_in_use_refuses_all)
{
    rig *r = *state;
    refused(r, "POST /16", LW_CF_TLV, "04 03 82 00 40 00 04 00 82 00 40 00", "4.00"); /* DM-72 */
    refused(r, "POST /16", LW_CF_TLV, "04 03 82 00 40 00 04 03 82 00 40 00", "4.00");
}

LW_TEST(an_object_has_room_for_so_many)
{
    rig *r = *state;
    refused(r, "POST /16", LW_CF_TLV,
            "04 03 82 00 40 00 04 01 82 00 40 00 04 02 82 00 40 00 04 05 82 00 40 00", "5.00");
}

LW_TEST(a_request_creates_as_many_as_there_is_room_for)
{
    rig *r = *state;
    expect(r, "POST /42769", LW_CF_TLV, NONE,
           "00 00 00 01 00 02 00 03 00 04 00 05 00 06 00 07 00 08", "2.01");
    assert_string_equal(r->location, "/42769/0");
    assert_true(is_there(r, 42769, 8));
}

LW_TEST(what_is_left_to_the_device_is_one_instance_and_no_other)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    /* {42769: {65535: {0: 1}, 3: {0: 2}, 65535: {1: 3}}}: the choice twice, one between */
    expect(r, "POST /42769", LW_CF_LWM2M_CBOR, NONE,
           "a1 19 a7 11 a3 19 ff ff a1 00 01 03 a1 00 02 19 ff ff a0", "2.01");
    assert_true(is_there(r, 42769, 0) && is_there(r, 42769, 3));
    assert_false(is_there(r, 42769, 1));
    value_is(r, "/42769/0/0", "1");
    value_is(r, "/42769/3/0", "2");
    assert_string_equal(r->location, "/42769/0");
    assert_true(lw_path_equal(r->created, lw_path_instance(42769, 3))); /* DM-75: told of each */
    r->changes = 0;
    /* {42769: {65535: {0: 1}, 1: {0: 2}}}: 1 is what was chosen */
    refused(r, "POST /42769", LW_CF_LWM2M_CBOR, "a1 19 a7 11 a2 19 ff ff a1 00 01 01 a1 00 02",
            "4.00");
}

LW_TEST(mandatory_resources_come_from_the_server_or_the_device)
{
    rig *r = *state;
    refused(r, "POST /16", LW_CF_TLV, "00 02", "4.00"); /* DM-74 */
    refused(r, "POST /16", NONE, "", "4.00");           /* DM-77 */
    expect_plain(r, "POST /42769", "2.01");
    assert_string_equal(r->location, "/42769/0");
    value_is(r, "/42769/0/0", "7"); /* its own default */
    expect(r, "POST /42769", LW_CF_TLV, NONE, "c1 00 01", "2.01");
    value_is(r, "/42769/1/0", "1");
}

LW_TEST(what_a_server_cannot_write_is_ignored)
{
    rig *r = *state;
    expect(r, "POST /16", LW_CF_TLV, NONE, "82 00 40 00 c1 03 01 c0 01 c1 63 01", "2.01");
    value_is(r, "/16/1/3", "-"); /* DM-74: read-only; executable; unknown */
    r->changes = 0;
    refused(r, "POST /42769", LW_CF_TLV, "c1 07 'x'", "4.00"); /* BS-30: mandatory, not ours */
}

LW_TEST(errors_in_values_create_nothing)
{
    rig *r = *state;
    refused(r, "POST /42769", LW_CF_TLV, "04 00 c2 00 00 05 05 01 c3 00 00 00 05", "4.00");
    r->servers[0].version = LW_VERSION_1_2;
    refused(r, "POST /16", LW_CF_LWM2M_CBOR, "a1 10 a0", "4.00");
    refused(r, "POST /42769", LW_CF_SENML_JSON, "'[{\"bn\":\"/42769/\",\"n\":\"0\",\"v\":1}]'",
            "4.00"); /* DM-78 */
    refused(r, "POST /42769", LW_CF_SENML_JSON, "'[{\"n\":\"/16/4/0/0\",\"vs\":\"\"}]'", "4.00");
}

LW_TEST(who_makes_instances_may_refuse)
{
    rig *r = *state;
    r->create_result = LW_EMETHOD;
    refused(r, "POST /16", LW_CF_TLV, "82 00 40 00", "4.05");
    r->create_result = LW_OK;
    r->created_result = LW_ENOMEM; /* no room for its rights */
    refused(r, "POST /16", LW_CF_TLV, "82 00 40 00", "5.00");
    r->created_result = LW_OK;
    r->validate_result = LW_EINVAL;
    refused(r, "POST /42769", LW_CF_TLV, "c1 00 01", "4.00");
}

LW_TEST(the_right_to_create_is_that_on_the_object)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 16, 0, 0}; /* P-ACL-04: not that on an instance */
    expect(r, "POST /16", LW_CF_TLV, NONE, "82 00 40 00", "2.01");
    r->rules[0] = (rig_rule){101, 16, LW_ID_MAX, LW_RIGHT_R};
    expect(r, "POST /16", LW_CF_TLV, NONE, "82 00 40 00", "4.01");
}

/* ---- Delete ------------------------------------------------------------------------------------
 */

LW_TEST(an_instance_is_deleted)
{
    rig *r = *state;
    expect_plain(r, "DELETE /16/0", "2.02"); /* DM-80 */
    assert_false(is_there(r, 16, 0));
    assert_int_equal(r->changes, 1);
    expect_plain(r, "DELETE /16/0", "4.04");
}

LW_TEST(a_device_may_refuse_a_delete)
{
    rig *r = *state;
    r->remove_result = LW_EMETHOD; /* DM-82 */
    refused(r, "DELETE /16/0", NONE, "", "4.05");
    refused(r, "DELETE /5/0", NONE, "", "4.05"); /* no hook at all */
}

LW_TEST(a_resource_instance_is_deleted_but_not_the_last_mandatory_one)
{
    rig *r = *state;
    expect_plain(r, "DELETE /16/0/0/0", "2.02");
    value_is(r, "/16/0/0/0", "-");
    r->changes = 0;
    refused(r, "DELETE /16/0/0/2", NONE, "", "4.05"); /* DM-84 */
    lw_path at;
    assert_ok(lw_tree_add(&r->client.tree, 42769, 0, &at));
    assert_ok(rig_box_set_numbers(&r->client.tree, 0, 3, 1));
    expect_plain(r, "DELETE /42769/0/4/3", "2.02"); /* optional */
}

LW_TEST(without_the_feature_instances_are_the_devices_own)
{
    rig *r = *state;
    rig_name(r, rig_plain);
    refused(r, "POST /16", LW_CF_TLV, "83 00 41 00 'x'", "4.05");
    refused(r, "DELETE /16/0", NONE, "", "4.05");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_published_portfolio_is_created),
        T(without_an_id_the_smallest_free_one_is_taken),
        T(every_structured_format_creates),
        T(several_instances_are_created_together),
        T(one_id_in_use_refuses_all),
        T(an_object_has_room_for_so_many),
        T(a_request_creates_as_many_as_there_is_room_for),
        T(what_is_left_to_the_device_is_one_instance_and_no_other),
        T(mandatory_resources_come_from_the_server_or_the_device),
        T(what_a_server_cannot_write_is_ignored),
        T(errors_in_values_create_nothing),
        T(who_makes_instances_may_refuse),
        T(the_right_to_create_is_that_on_the_object),
        T(an_instance_is_deleted),
        T(a_device_may_refuse_a_delete),
        T_1_2(a_resource_instance_is_deleted_but_not_the_last_mandatory_one),
        T(without_the_feature_instances_are_the_devices_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
