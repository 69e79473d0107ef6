/* The rows of protocol.md 15.3, the order of DM-05, and who is heard at all. Values are in the
 * tests of the operations. */
#include "testing/lw_test.h"

#include "testing/fakes.h"

#include "client/serve_rig_test.h"

static void deny(rig *r, unsigned rule, uint16_t object, uint16_t instance, unsigned denied)
{
    r->rules[rule] = (rig_rule){101, object, instance, ALL_RIGHTS & ~denied};
}

/* ---- 15.3, row by row ------------------------------------------------------------------------ */

LW_TEST(read_answers_2_05_4_01_4_04_4_05_and_4_06)
{
    rig *r = *state;
    expect_plain(r, "GET /3", "2.05");
    expect_plain(r, "GET /3/0", "2.05");
    expect_plain(r, "GET /3/0/9", "2.05");
    expect_plain(r, "GET /3/0/6/1", "2.05");
    expect_plain(r, "GET /3/0/9?x=1", "4.00");
    expect_plain(r, "GET /0/0/0", "4.01");
    expect_plain(r, "GET /21", "4.01");
    expect_plain(r, "GET /4711", "4.04");
    expect_plain(r, "GET /3/1", "4.04");
    expect_plain(r, "GET /3/0/17", "4.04");
    expect_plain(r, "GET /3/0/6/5", "4.04");
    expect_plain(r, "GET /text", "4.04");
    expect_plain(r, "GET /3/0/4", "4.05");   /* executable */
    expect_plain(r, "GET /5/0/0", "4.05");   /* write-only */
    expect_plain(r, "GET /3/0/9/0", "4.05"); /* DM-12 */
    expect_plain(r, "GET /3/0/6/0/0", "4.05");
    expect_plain(r, "GET /03/0", "4.05");
    expect_plain(r, "GET /", "4.05");
    expect(r, "GET /3/0", NONE, LW_CF_TEXT, "", "4.06"); /* P-DM-26 */
    expect(r, "GET /3/0", NONE, 9999, "", "4.06");
    deny(r, 0, 3, 0, LW_RIGHT_R);
    expect_plain(r, "GET /3/0/9", "4.01");
}

LW_TEST(discover_answers_2_05_4_00_4_01_4_04_and_4_05)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    expect(r, "GET /3", NONE, LW_CF_LINK, "", "2.05");
    expect(r, "GET /3/0", NONE, LW_CF_LINK, "", "2.05");
    expect(r, "GET /3/0/6", NONE, LW_CF_LINK, "", "2.05");
    expect(r, "GET /3?depth=4", NONE, LW_CF_LINK, "", "4.00");
    expect(r, "GET /0", NONE, LW_CF_LINK, "", "4.01");
    expect(r, "GET /4711", NONE, LW_CF_LINK, "", "4.04");
    expect(r, "GET /3/0/17", NONE, LW_CF_LINK, "", "4.04");
    expect(r, "GET /3/0/6/0", NONE, LW_CF_LINK, "", "4.05"); /* DM-20 */
    deny(r, 0, 3, 0, ALL_RIGHTS);
    expect(r, "GET /3/0", NONE, LW_CF_LINK, "", "2.05"); /* DM-25 */
}

LW_TEST(write_answers_2_04_4_00_4_01_4_04_4_05_and_4_15)
{
    rig *r = *state;
    expect(r, "PUT /3/0/14", LW_CF_TEXT, NONE, "'+01:00'", "2.04");
    expect(r, "PUT /16/0/0/2", LW_CF_TEXT, NONE, "'x'", "2.04");
    expect(r, "PUT /1/0/1", LW_CF_TEXT, NONE, "'never'", "4.00");
    expect_plain(r, "PUT /1/0/1", "4.00"); /* DM-07: neither payload nor query */
    expect(r, "PUT /1/0/1?pmin=1", LW_CF_TEXT, NONE, "'60'", "4.00"); /* DM-50 */
    expect(r, "PUT /0/0/0", LW_CF_TEXT, NONE, "'coap://x'", "4.01");
    expect(r, "PUT /3/1/14", LW_CF_TEXT, NONE, "'x'", "4.04");
    expect(r, "PUT /3/0/999", LW_CF_TEXT, NONE, "'x'", "4.04");  /* DM-36 */
    expect(r, "PUT /16/0/0/1", LW_CF_TEXT, NONE, "'x'", "4.04"); /* DM-34, P-DM-06 */
    expect(r, "PUT /3/0/9", LW_CF_TEXT, NONE, "'1'", "4.05");
    expect(r, "PUT /3/0/14/0", LW_CF_TEXT, NONE, "'x'", "4.05");
    expect(r, "PUT /3", LW_CF_TLV, NONE, "c1 01 00", "4.05"); /* DM-40 */
    expect(r, "PUT /3/0/14", 9999, NONE, "'x'", "4.15");
    expect(r, "PUT /3/0/14", LW_CF_OPAQUE, NONE, "'x'", "4.15"); /* FMT-13 */
    expect(r, "POST /16/0/0", LW_CF_TEXT, NONE, "'x'", "4.15");  /* DM-35 */
    expect(r, "POST /16/0/0/0", LW_CF_TLV, NONE, "c0 00", "4.05");
    deny(r, 0, 3, 0, LW_RIGHT_W);
    expect(r, "PUT /3/0/14", LW_CF_TEXT, NONE, "'x'", "4.01");
}

LW_TEST(execute_answers_2_04_4_00_4_01_4_04_and_4_05)
{
    rig *r = *state;
    expect_plain(r, "POST /3/0/4", "2.04");
    assert_string_equal(r->executed, "/3/0/4 ");
    expect(r, "POST /3/0/4", LW_CF_TEXT, NONE, "'2=x'", "4.00");
    expect(r, "POST /3/0/4", LW_CF_TLV, NONE, "c0 00", "4.00"); /* P-DM-16 */
    expect_plain(r, "POST /21/0/4", "4.01");
    expect_plain(r, "POST /3/7/4", "4.04");
    expect_plain(r, "POST /3/0/5", "4.04");
    expect_plain(r, "POST /3/0/9", "4.05");
    expect_plain(r, "POST /3/0/4/0", "4.05");
    expect_plain(r, "POST /", "4.05");
    deny(r, 0, 3, 0, LW_RIGHT_E);
    expect_plain(r, "POST /3/0/4", "4.01");
}

LW_TEST(create_answers_2_01_4_00_4_01_4_04_4_05_and_4_15)
{
    rig *r = *state;
    expect(r, "POST /16", LW_CF_TLV, NONE, "03 01 80 00 00", "4.00"); /* malformed */
    expect(r, "POST /16", LW_CF_TLV, NONE, "08 01 05 83 00 40 00 00", "4.00");
    expect(r, "POST /16", LW_CF_TLV, NONE, "04 01 82 00 40 00", "2.01");
    expect(r, "POST /16", LW_CF_TLV, NONE, "04 01 82 00 40 00", "4.00"); /* DM-72 */
    expect(r, "POST /16", NONE, NONE, "00", "4.00");                     /* no CF */
    expect(r, "POST /16", LW_CF_TLV, NONE, "00 02", "4.00");             /* mandatory missing */
    expect(r, "POST /0", LW_CF_TLV, NONE, "00 01", "4.01");
    expect(r, "POST /4711", LW_CF_TLV, NONE, "00 01", "4.04");
    expect(r, "POST /3", LW_CF_TLV, NONE, "00 01", "4.05"); /* P-DM-14, test 680 */
    expect(r, "POST /16", LW_CF_TEXT, NONE, "'x'", "4.15");
    deny(r, 0, 16, LW_ID_MAX, LW_RIGHT_C);
    expect(r, "POST /16", LW_CF_TLV, NONE, "04 02 82 00 40 00", "4.01");
}

LW_TEST(delete_answers_2_02_4_01_4_04_and_4_05)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    expect_plain(r, "DELETE /0/0", "4.01");
    expect_plain(r, "DELETE /16/3", "4.04");
    expect_plain(r, "DELETE /3/0", "4.05"); /* DM-81, although its hooks would */
    expect_plain(r, "DELETE /1/0", "4.05"); /* DM-82 */
    expect_plain(r, "DELETE /16", "4.05");
    expect_plain(r, "DELETE /16/0/0", "4.05");
    expect_plain(r, "DELETE /16/0/0/7", "4.04");
    expect_plain(r, "DELETE /3/0/6/0", "4.05"); /* DM-84: not writable */
    deny(r, 0, 16, 0, LW_RIGHT_D);
    expect_plain(r, "DELETE /16/0", "4.01");
    expect_plain(r, "DELETE /16/0/0/0", "4.01");
    deny(r, 0, 16, 0, 0);
    expect_plain(r, "DELETE /16/0", "2.02"); /* P-DM-15 */
}

LW_TEST(composites_answer_4_05_without_their_feature)
{
    rig *r = *state;
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/3/0/9\"}]'", "2.05");
    expect(r, "FETCH /3", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/3/0/9\"}]'", "4.05");
    expect(r, "iPATCH /1/0", LW_CF_SENML_JSON, NONE, "'[]'", "4.05");
    rig_name(r, rig_plain);
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/3/0/9\"}]'", "4.05"); /* DM-96 */
    expect(r, "iPATCH /", LW_CF_SENML_JSON, NONE, "'[]'", "4.05");
    rig_name(r, rig_full);
    r->servers[0].version = LW_VERSION_1_0;
    expect(r, "FETCH /", LW_CF_SENML_JSON, NONE, "'[{\"n\":\"/3/0/9\"}]'", "4.05");
}

LW_TEST(resource_instances_are_addressed_from_1_1_and_deleted_from_1_2_on)
{
    rig *r = *state;
    expect_plain(r, "DELETE /16/0/0/0", "4.05");
    r->servers[0].version = LW_VERSION_1_0;
    expect_plain(r, "GET /3/0/6/0", "4.05");
    expect(r, "PUT /16/0/0/0", LW_CF_TEXT, NONE, "'x'", "4.05");
    r->servers[0].version = LW_VERSION_1_2;
    expect_plain(r, "DELETE /16/0/0/0", "2.02");
}

/* ---- DM-05 ------------------------------------------------------------------------------------
 */

LW_TEST(checks_come_in_the_order_of_dm_05)
{
    rig *r = *state;
    deny(r, 0, 3, 0, ALL_RIGHTS);
    expect_plain(r, "GET /00/1", "4.05");     /* syntax before forbidden */
    expect_plain(r, "GET /0/99/99", "4.01");  /* forbidden before unknown */
    expect_plain(r, "GET /4711/0/4", "4.04"); /* object before instance */
    expect_plain(r, "GET /3/1/4", "4.04");    /* instance before right */
    expect_plain(r, "GET /3/0/999", "4.01");  /* right before resource: P-DM-01 */
    expect_plain(r, "GET /3/0/4", "4.01");    /* right before operation */
    r->rules[0].ssid = 0;
    expect(r, "PUT /3/0/999", 9999, NONE, "'x'", "4.04"); /* resource before operation */
    expect(r, "PUT /3/0/9", 9999, NONE, "'x'", "4.05");   /* operation before format */
    expect(r, "GET /3/0/4", NONE, 9999, "", "4.05");
    expect(r, "PUT /1/0/1", 9999, NONE, "'x'", "4.15"); /* format before payload */
}

/* ---- Who is heard -----------------------------------------------------------------------------
 */

LW_TEST(a_server_without_registration_gets_silence_and_is_heard_after_it)
{
    rig *r = *state;
    r->servers[0].registered = false; /* REG-08 */
    r->next_mid = 5;
    expect_plain(r, "GET /3/0/9", "");
    assert_false(r->answered);
    r->servers[0].registered = true; /* rule 24: the server asks again */
    r->next_mid = 5;
    expect_plain(r, "GET /3/0/9", "2.05");
}

LW_TEST(servers_are_not_served_while_a_bootstrap_runs)
{
    rig *r = *state;
    r->client.bootstrapping = true; /* BS-09, rule 12 */
    expect_plain(r, "GET /3/0/9", "");
    assert_false(r->answered);
}

LW_TEST(the_bootstrap_server_is_served_by_its_feature)
{
    rig *r = *state;
    rig_ask a = {.request = "DELETE /", .cf = NONE, .accept = NONE, .server = 2};
    assert_string_equal(rig_do(r, &a), "4.05"); /* without the feature */
    rig_name(r, rig_taking);
    a = (rig_ask){.request = "PUT /0/7", .cf = LW_CF_TLV, .accept = NONE, .server = 2};
    a.payload = lw_bytes_str("\xc1");
    assert_string_equal(rig_do(r, &a), "2.04");
    answer_reads(r, "Bootstrap-Write");
    a = (rig_ask){.request = "PUT /0/7", .cf = 9999, .accept = NONE, .server = 2};
    a.payload = lw_bytes_str("\xc1");
    assert_string_equal(rig_do(r, &a), "4.15");
    a = (rig_ask){.request = "POST /bs", .cf = NONE, .accept = NONE, .server = 2};
    assert_string_equal(rig_do(r, &a), "2.04");
    answer_reads(r, "Bootstrap-Finish");
    r->feature_err = LW_ENOTSUP;
    assert_string_equal(rig_do(r, &a), "4.06"); /* BS-35 */
}

LW_TEST(a_server_cannot_bootstrap)
{
    rig *r = *state;
    rig_name(r, rig_taking);
    expect_plain(r, "POST /bs", "4.04");
    expect(r, "PUT /3", LW_CF_TLV, NONE, "00 00", "4.05");
    assert_int_equal(r->feature_calls, 0);
}

/* ---- Features ---------------------------------------------------------------------------------
 */

LW_TEST(features_get_the_operations_they_name)
{
    rig *r = *state;
    rig_name(r, rig_taking);
    rig_ask a = {.request = "GET /3/0/9", .cf = NONE, .accept = NONE, .has_observe = true};
    assert_string_equal(rig_do(r, &a), "2.05");
    answer_reads(r, "Observe");
    a.request = "GET /3/0/17";
    assert_string_equal(rig_do(r, &a), "4.04"); /* OBS-08, checked before */
    expect_plain(r, "PUT /3?pmin=10", "2.04");
    answer_reads(r, "Write-Attributes");
    expect_plain(r, "PUT /3/0/4?pmin=10", "4.05"); /* DM-54 */
    expect_plain(r, "PUT /3/0/17?pmin=10", "4.04");
    assert_int_equal(r->feature_calls, 2);
}

LW_TEST(what_a_feature_wrote_before_it_failed_is_not_sent)
{
    rig *r = *state;
    rig_name(r, rig_taking);
    r->feature_err = LW_EINVAL;
    expect_plain(r, "PUT /3?pmin=10", "4.00");
    assert_int_equal(r->answer_len, 0);
}

LW_TEST(without_observe_an_observation_is_a_read)
{
    rig *r = *state;
    rig_name(r, rig_unobserved);
    rig_ask a = {.request = "GET /3/0/9", .cf = NONE, .accept = LW_CF_TEXT, .has_observe = true};
    assert_string_equal(rig_do(r, &a), "2.05"); /* OBS-04 */
    answer_reads(r, "100");
    a.observe = 1;
    assert_string_equal(rig_do(r, &a), "2.05"); /* OBS-21 */
    a.observe = 0;
    a.request = "GET /3/0/9?pmin=10";
    r->servers[0].version = LW_VERSION_1_2;
    assert_string_equal(rig_do(r, &a), "4.00"); /* OBS-02 */
    static const char list[] = "[{\"n\":\"/3/0/9\"}]";
    a = (rig_ask){.request = "FETCH /", .cf = LW_CF_SENML_JSON, .accept = LW_CF_SENML_JSON};
    a.has_observe = true;
    a.payload = lw_bytes_str(list);
    assert_string_equal(rig_do(r, &a), "2.05");
    answer_reads(r, "[{\"n\":\"/3/0/9\",\"v\":100}]");
}

LW_TEST(write_attributes_are_4_05_without_their_feature)
{
    rig *r = *state;
    expect_plain(r, "PUT /3?pmin=10", "4.05");
}

/* ---- Execute ----------------------------------------------------------------------------------
 */

LW_TEST(arguments_reach_the_resource_once_they_are_well_formed)
{
    rig *r = *state;
    expect(r, "POST /3/0/4", LW_CF_TEXT, NONE, "30 3d 27 55 27", "2.04");
    assert_string_equal(r->executed, "/3/0/4 0='U'");
    expect(r, "POST /1/0/8", NONE, NONE, "'0,1,2,3,4'", "2.04"); /* DM-07: no CF is text */
    assert_string_equal(r->executed, "/1/0/8 0,1,2,3,4");
    r->executed[0] = '\0';
    expect(r, "POST /3/0/4", LW_CF_TEXT, NONE, "'5,5'", "4.00"); /* P-DM-18 */
    expect(r, "POST /3/0/4", LW_CF_TEXT, NONE, "'1 '", "4.00");
    assert_string_equal(r->executed, "");
}

LW_TEST(execute_answers_what_the_resource_says)
{
    rig *r = *state;
    r->execute_result = LW_EINVAL;
    expect_plain(r, "POST /3/0/4", "4.00");
    r->execute_result = LW_EMETHOD;
    expect_plain(r, "POST /3/0/4", "4.05");
    r->execute_result = LW_EIO;
    expect_plain(r, "POST /3/0/4", "5.00");
    expect_plain(r, "POST /16/0/1", "4.05"); /* nobody there to execute it */
}

LW_TEST(execute_may_be_a_non)
{
    rig *r = *state;
    rig_ask a = {.request = "POST /3/0/4", .cf = NONE, .accept = NONE, .non = true};
    assert_string_equal(rig_do(r, &a), "2.04"); /* DM-62 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(read_answers_2_05_4_01_4_04_4_05_and_4_06),
        T(discover_answers_2_05_4_00_4_01_4_04_and_4_05),
        T(write_answers_2_04_4_00_4_01_4_04_4_05_and_4_15),
        T(execute_answers_2_04_4_00_4_01_4_04_and_4_05),
        T(create_answers_2_01_4_00_4_01_4_04_4_05_and_4_15),
        T(delete_answers_2_02_4_01_4_04_and_4_05),
        T(composites_answer_4_05_without_their_feature),
        T(resource_instances_are_addressed_from_1_1_and_deleted_from_1_2_on),
        T(checks_come_in_the_order_of_dm_05),
        T(a_server_without_registration_gets_silence_and_is_heard_after_it),
        T(servers_are_not_served_while_a_bootstrap_runs),
        T(the_bootstrap_server_is_served_by_its_feature),
        T(a_server_cannot_bootstrap),
        T(features_get_the_operations_they_name),
        T(what_a_feature_wrote_before_it_failed_is_not_sent),
        T(without_observe_an_observation_is_a_read),
        T(write_attributes_are_4_05_without_their_feature),
        T(arguments_reach_the_resource_once_they_are_well_formed),
        T(execute_answers_what_the_resource_says),
        T(execute_may_be_a_non),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
