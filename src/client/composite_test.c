/* Read-Composite and Write-Composite: DM-90..98, ACL-08. */
#include "testing/lw_test.h"

#include "testing/fakes.h"

#include "client/serve_rig_test.h"
#include "client/targets.h"

static lw_path at(const char *text)
{
    lw_path p;
    assert_ok(lw_path_parse(lw_bytes_str(text), &p));
    return p;
}

static void fetches(rig *r, const char *list, const char *answer)
{
    char payload[256] = "'";
    strcat(strcat(payload, list), "'");
    expect(r, "FETCH /", LW_CF_SENML_JSON, LW_CF_SENML_JSON, payload, "2.05");
    assert_int_equal(r->content_format, LW_CF_SENML_JSON);
    answer_reads(r, answer);
}

/* ---- Lists -------------------------------------------------------------------------------------
 */

LW_TEST(lists_are_kept_in_order_and_without_what_is_covered)
{
    (void)state;
    lw_path list[] = {at("/3/0/9"), at("/1"),     at("/3/0/7/1"), at("/3/0/7"),
                      at("/3/0/9"), at("/1/0/1"), at("/0")};
    assert_int_equal(lw_targets_sort(list, 7), 4);
    assert_true(lw_path_equal(list[0], at("/0")));
    assert_true(lw_path_equal(list[1], at("/1")));
    assert_true(lw_path_equal(list[2], at("/3/0/7")));
    assert_true(lw_path_equal(list[3], at("/3/0/9")));
    lw_path root[] = {at("/3"), at("/")};
    assert_int_equal(lw_targets_sort(root, 2), 1);
    assert_int_equal(lw_path_depth(root[0]), 0);
    assert_int_equal(lw_targets_sort(root, 0), 0);
}

/* ---- Read-Composite ----------------------------------------------------------------------------
 */

LW_TEST(the_published_request_is_answered)
{
    rig *r = *state;
    assert_ok(rig_device_set_battery(&r->client.tree, 0, 95));
    expect(r, "FETCH /", LW_CF_SENML_CBOR, NONE,
           "83 A1 00 66 2F 33 2F 30 2F 30 A1 00 66 2F 33 2F 30 2F 39 A1 00 66 2F 31 2F 30 2F 31",
           "2.05"); /* formats.md 8; the records come in the order of the tree */
    assert_int_equal(r->content_format, LW_CF_SENML_CBOR);
    answer_is(r, "83 A2 00 66 2F 31 2F 30 2F 31 02 1A 00 01 51 80 A2 00 66 2F 33 2F 30 2F 30 03 74 "
                 "4F 70 65 6E 20 4D 6F 62 69 6C 65 20 41 6C 6C 69 61 6E 63 65 A2 00 66 2F 33 2F 30 "
                 "2F 39 02 18 5F");
}

LW_TEST(names_may_be_of_any_level)
{
    rig *r = *state;
    fetches(r, "[{\"n\":\"/3/0/9\"}]", "[{\"n\":\"/3/0/9\",\"v\":100}]");
    fetches(r, "[{\"n\":\"/3/0/6/1\"}]", "[{\"n\":\"/3/0/6/1\",\"v\":5}]");
    fetches(r, "[{\"n\":\"/3/0/6\"}]",
            "[{\"bn\":\"/3/0/6/\",\"n\":\"0\",\"v\":1},{\"n\":\"1\",\"v\":5}]");
    fetches(r, "[{\"n\":\"/16/0\"},{\"n\":\"/5\"}]",
            "[{\"n\":\"/5/0/1\",\"vs\":\"\"},{\"n\":\"/5/0/3\",\"v\":0},{\"n\":\"/5/0/5\",\"v\":0},"
            "{\"n\":\"/5/0/9\",\"v\":0},{\"n\":\"/16/0/0/0\",\"vs\":\"host\"},"
            "{\"n\":\"/16/0/0/2\",\"vs\":\"model\"}]");
}

LW_TEST(every_value_comes_once)
{
    rig *r = *state;
    fetches(r, "[{\"n\":\"/3/0/9\"},{\"n\":\"/3/0/9\"}]", "[{\"n\":\"/3/0/9\",\"v\":100}]");
    fetches(r, "[{\"n\":\"/3/0/6/1\"},{\"n\":\"/3/0/6\"}]", /* DM-92 */
            "[{\"bn\":\"/3/0/6/\",\"n\":\"0\",\"v\":1},{\"n\":\"1\",\"v\":5}]");
}

LW_TEST(the_root_is_all_but_what_only_a_bootstrap_may_see)
{
    rig *r = *state;
    expect(r, "FETCH /", LW_CF_SENML_JSON, LW_CF_SENML_JSON, "'[{\"n\":\"/\"}]'", "2.05");
    r->answer[r->answer_len] = '\0';
    assert_null(strstr((char *)r->answer, "\"/0/")); /* DM-91, rule 25 */
    assert_non_null(strstr((char *)r->answer, "\"/1/1/7\""));
    assert_non_null(strstr((char *)r->answer, "\"/16/0/0/2\""));
}

LW_TEST(what_cannot_be_read_is_left_out)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 16, 0, 0};
    r->clock_broken = true;
    fetches(r,
            "[{\"n\":\"/3/0/9\"},{\"n\":\"/16/0/0\"},{\"n\":\"/0/0\"},{\"n\":\"/77/0/1\"},"
            "{\"n\":\"/3/0/4\"},{\"n\":\"/3/0/13\"},{\"n\":\"/3/0/9/0\"}]",
            "[{\"n\":\"/3/0/9\",\"v\":100}]");
    fetches(r, "[{\"n\":\"/77\"}]", "[]"); /* DM-91: missing is no error */
    fetches(r, "[{\"n\":\"/3/0/4\"}]", "[]");
}

LW_TEST(nothing_readable_for_want_of_rights_is_4_01)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 16, 0, 0};
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/16/0/0\"},{\"n\":\"/0\"}]'", "4.01");
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/0\"}]'", "4.01");
}

LW_TEST(a_list_that_is_none_is_refused)
{
    rig *r = *state;
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[]'", "4.00");
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/3/0/9\",\"v\":1}]'", "4.00");
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/d01/3/0/9\"}]'", "4.00");
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/3/x\"}]'", "4.00");
    expect(r, "FETCH /", NONE, NONE, "'[]'", "4.00");
    expect(r, "FETCH /", LW_CF_TLV, NONE, "c1 00 00", "4.15");
    expect(r, "FETCH /", LW_CF_ETCH_JSON, NONE, "'[{\"n\":\"/3/0/9\"}]'", "4.15"); /* since 1.2 */
    expect(r, "FETCH /", LW_CF_SENML_JSON, LW_CF_TLV, "'[{\"n\":\"/3/0/9\"}]'", "4.06");
}

LW_TEST(in_1_2_lists_are_etch_and_answers_may_be_lwm2m_cbor)
{
    rig *r = *state;
    expect(r, "FETCH /", LW_CF_ETCH_CBOR, LW_CF_LWM2M_CBOR,
           "83 A2 21 65 2F 33 2F 30 2F 00 61 30 A1 00 61 39 A2 21 65 2F 31 2F 30 2F 00 61 31",
           "2.05"); /* formats.md 9; 10, in the order of the tree */
    answer_is(r, "A2 83 01 00 01 1A 00 01 51 80 82 03 00 A2 00 74 4F 70 65 6E 20 4D 6F 62 69 6C 65 "
                 "20 41 6C 6C 69 61 6E 63 65 09 18 64");
    expect(r, "FETCH /", LW_CF_ETCH_JSON, LW_CF_SENML_JSON, "'[{\"n\":\"/3/0/9\"}]'", "2.05");
}

/* ---- Write-Composite ---------------------------------------------------------------------------
 */

static void refused(rig *r, unsigned cf, const char *hex, const char *code)
{
    uint32_t before = tree_digest(r);
    expect(r, "iPATCH /", cf, NONE, hex, code);
    assert_int_equal(tree_digest(r), before);
    assert_int_equal(r->changes, 0);
    assert_int_equal(r->clock, 1367491215);
}

LW_TEST(the_published_patches_are_applied)
{
    rig *r = *state;
    expect(r, "iPATCH /", LW_CF_SENML_CBOR, NONE,
           "83 A2 00 66 2F 31 2F 30 2F 31 02 18 3D A2 00 66 2F 31 2F 30 2F 36 04 F5 A2 00 69 2F 31 "
           "36 2F 30 2F 30 2F 30 03 62 61 61",
           "2.04"); /* formats.md 8 */
    value_is(r, "/1/0/1", "61");
    value_is(r, "/16/0/0/0", "aa");
    value_is(r, "/16/0/0/2", "model"); /* DM-95 */
    value_is(r, "/1/0/7", "U");
    expect(r, "iPATCH /", LW_CF_LWM2M_CBOR, NONE,
           "A2 82 01 00 A2 01 18 3E 06 F4 83 10 00 00 A1 00 62 61 62", "2.04");
    value_is(r, "/1/0/1", "62");
    value_is(r, "/1/0/6", "0");
    value_is(r, "/16/0/0/0", "ab");
}

LW_TEST(null_removes_a_resource_instance)
{
    rig *r = *state;
    expect(r, "iPATCH /", LW_CF_ETCH_CBOR, NONE,
           "82 A2 00 66 2F 31 2F 30 2F 31 02 19 01 2C A2 00 69 2F 31 36 2F 30 2F 30 2F 32 02 F6",
           "2.04"); /* formats.md 9 */
    value_is(r, "/1/0/1", "300");
    value_is(r, "/16/0/0/2", "-");
    expect(r, "iPATCH /", LW_CF_ETCH_JSON, NONE, "'[{\"n\":\"/16/0/0/2\",\"v\":null}]'",
           "2.04"); /* it is gone already */
    r->changes = 0;
    refused(r, LW_CF_ETCH_JSON, "'[{\"n\":\"/16/0/0/0\",\"v\":null}]'", "4.05"); /* DM-84 */
    refused(r, LW_CF_ETCH_JSON, "'[{\"n\":\"/16/0/0\",\"v\":null}]'", "4.05");
    refused(r, LW_CF_ETCH_JSON, "'[{\"n\":\"/1/0/1\",\"v\":null}]'", "4.05");
}

LW_TEST(one_bad_record_refuses_the_patch)
{
    rig *r = *state;
#define GOOD "{\"n\":\"/1/0/1\",\"v\":61},"
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/0/0/0\",\"vs\":\"x\"}]'", "4.01");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/77/0/0\",\"vs\":\"x\"}]'", "4.04");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/16/3/0/0\",\"vs\":\"x\"}]'", "4.04");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/1/0/99\",\"vs\":\"x\"}]'", "4.04");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/3/0/9\",\"v\":1}]'", "4.05"); /* DM-94 */
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/1/0/6\",\"v\":1}]'", "4.00");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/1/0/1\",\"v\":62}]'", "4.00");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/1/0\",\"v\":62}]'", "4.00");
    refused(r, LW_CF_SENML_JSON,
            "'[" GOOD "{\"n\":\"/3/0/13\",\"v\":7},{\"n\":\"/1/0/7\",\"v\":7}]'", "4.00");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "'", "4.00");
    refused(r, LW_CF_LWM2M_CBOR, "a2 82 01 00 a1 01 18 3d 10 a1 01 a0", "4.00");
    refused(r, LW_CF_TLV, "c1 01 00", "4.15");
    refused(r, NONE, "c1 01 00", "4.00");
}

LW_TEST(every_touched_instance_needs_the_right)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 16, 0, LW_RIGHT_R};
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/16/0/0/0\",\"vs\":\"x\"}]'", "4.01");
    refused(r, LW_CF_SENML_JSON, "'[" GOOD "{\"n\":\"/16/0/99\",\"vs\":\"x\"}]'", "4.01");
}

LW_TEST(a_patch_reaches_what_the_device_keeps_itself_last)
{
    rig *r = *state;
    expect(r, "iPATCH /", LW_CF_SENML_JSON, NONE,
           "'[{\"n\":\"/3/0/13\",\"v\":7}," GOOD "{\"n\":\"/1/0/2\",\"v\":3}]'", "2.04");
    assert_int_equal(r->clock, 7);
    value_is(r, "/1/0/2", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_kept_in_order_and_without_what_is_covered),
        T(the_published_request_is_answered),
        T(names_may_be_of_any_level),
        T(every_value_comes_once),
        T(the_root_is_all_but_what_only_a_bootstrap_may_see),
        T(what_cannot_be_read_is_left_out),
        T(nothing_readable_for_want_of_rights_is_4_01),
        T(a_list_that_is_none_is_refused),
        T_1_2(in_1_2_lists_are_etch_and_answers_may_be_lwm2m_cbor),
        T_1_2(the_published_patches_are_applied),
        T_1_2(null_removes_a_resource_instance),
        T_1_2(one_bad_record_refuses_the_patch),
        T(every_touched_instance_needs_the_right),
        T(a_patch_reaches_what_the_device_keeps_itself_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
