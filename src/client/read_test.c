/* Read: bytes of formats.md, rules DM-10..18, FMT-10..13. */
#include "testing/lw_test.h"

#include "testing/fakes.h"

#include "client/serve_rig_test.h"

/* formats.md 5.3, with /3/0 |121| */
#define DEVICE_TLV                                                                               \
    "C8 00 14 4F 70 65 6E 20 4D 6F 62 69 6C 65 20 41 6C 6C 69 61 6E 63 65 C8 01 16 4C 69 67 68 " \
    "74 "                                                                                        \
    "77 65 69 67 68 74 20 4D 32 4D 20 43 6C 69 65 6E 74 C8 02 09 33 34 35 30 30 30 31 32 33 C3 " \
    "03 "                                                                                        \
    "31 2E 30 86 06 41 00 01 41 01 05 88 07 08 42 00 0E D8 42 01 13 88 87 08 41 00 7D 42 01 03 " \
    "84 "                                                                                        \
    "C1 09 64 C1 0A 0F 83 0B 41 00 00 C4 0D 51 82 42 8F C6 0E 2B 30 32 3A 30 30 C1 10 55"

/* formats.md 8, |196| */
#define DEVICE_SENML_CBOR                                                                        \
    "90 A3 21 65 2F 33 2F 30 2F 00 61 30 03 74 4F 70 65 6E 20 4D 6F 62 69 6C 65 20 41 6C 6C 69 " \
    "61 6E 63 65 A2 00 61 31 03 76 4C 69 67 68 74 77 65 69 67 68 74 20 4D 32 4D 20 43 6C 69 65 " \
    "6E 74 A2 00 61 32 03 69 33 34 35 30 30 30 31 32 33 A2 00 61 33 03 63 31 2E 30 A2 00 63 36 " \
    "2F 30 02 01 A2 00 63 36 2F 31 02 05 A2 00 63 37 2F 30 02 19 0E D8 A2 00 63 37 2F 31 02 19 " \
    "13 88 A2 00 63 38 2F 30 02 18 7D A2 00 63 38 2F 31 02 19 03 84 A2 00 61 39 02 18 64 A2 00 " \
    "62 31 30 02 0F A2 00 64 31 31 2F 30 02 00 A2 00 62 31 33 02 1A 51 82 42 8F A2 00 62 31 34 " \
    "03 66 2B 30 32 3A 30 30 A2 00 62 31 36 03 61 55"

/* formats.md 10, |118| */
#define DEVICE_LWM2M_CBOR                                                                        \
    "A1 82 03 00 AD 00 74 4F 70 65 6E 20 4D 6F 62 69 6C 65 20 41 6C 6C 69 61 6E 63 65 01 76 4C " \
    "69 67 68 74 77 65 69 67 68 74 20 4D 32 4D 20 43 6C 69 65 6E 74 02 69 33 34 35 30 30 30 31 " \
    "32 33 03 63 31 2E 30 06 A2 00 01 01 05 07 A2 00 19 0E D8 01 19 13 88 08 A2 00 18 7D 01 19 " \
    "03 84 09 18 64 0A 0F 0B A1 00 00 0D 1A 51 82 42 8F 0E 66 2B 30 32 3A 30 30 10 61 55"

/* formats.md 7 */
#define DEVICE_SENML_JSON                                                                    \
    "[{\"bn\":\"/3/0/\",\"n\":\"0\",\"vs\":\"Open Mobile Alliance\"},{\"n\":\"1\",\"vs\":"   \
    "\"Lightweight M2M Client\"},{\"n\":\"2\",\"vs\":\"345000123\"},{\"n\":\"3\",\"vs\":"    \
    "\"1.0\"},{\"n\":\"6/0\",\"v\":1},{\"n\":\"6/1\",\"v\":5},{\"n\":\"7/0\",\"v\":3800},"   \
    "{\"n\":\"7/1\",\"v\":5000},{\"n\":\"8/0\",\"v\":125},{\"n\":\"8/1\",\"v\":900},{\"n\":" \
    "\"9\",\"v\":100},{\"n\":\"10\",\"v\":15},{\"n\":\"11/0\",\"v\":0},{\"n\":\"13\",\"v\":" \
    "1367491215},{\"n\":\"14\",\"vs\":\"+02:00\"},{\"n\":\"16\",\"vs\":\"U\"}]"

static void read_as(rig *r, const char *target, unsigned format, const char *hex)
{
    char request[64] = "GET ";
    strcat(request, target);
    expect(r, request, NONE, format, "", "2.05");
    assert_int_equal(r->content_format, format);
    answer_is(r, hex);
}

/* ---- Published bytes ---------------------------------------------------------------------------
 */

LW_TEST(an_instance_has_the_published_bytes)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    read_as(r, "/3/0", LW_CF_TLV, DEVICE_TLV);
    read_as(r, "/3", LW_CF_TLV, "08 00 79" DEVICE_TLV);
    read_as(r, "/3/0", LW_CF_SENML_CBOR, DEVICE_SENML_CBOR);
    read_as(r, "/3/0", LW_CF_LWM2M_CBOR, DEVICE_LWM2M_CBOR);
    expect(r, "GET /3/0", NONE, LW_CF_SENML_JSON, "", "2.05");
    answer_reads(r, DEVICE_SENML_JSON);
}

LW_TEST(a_single_value_has_the_published_bytes)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    rig_device_set_battery(&r->client.tree, 0, 95);
    read_as(r, "/3/0/9", LW_CF_TEXT, "'95'");
    read_as(r, "/3/0/9", LW_CF_CBOR, "18 5F");
    read_as(r, "/3/0/9", LW_CF_SENML_CBOR, "81 A2 00 66 2F 33 2F 30 2F 39 02 18 5F");
    read_as(r, "/3/0/9", LW_CF_SENML_JSON, "'[{\"n\":\"/3/0/9\",\"v\":95}]'");
    read_as(r, "/3/0/9", LW_CF_LWM2M_CBOR, "A1 83 03 00 09 18 5F");
    read_as(r, "/3/0/9", LW_CF_TLV, "C1 09 5F"); /* P-DM-09: no wrapper */
    read_as(r, "/3/0/13", LW_CF_TEXT, "'1367491215'");
}

LW_TEST(a_multiple_resource_has_the_published_bytes)
{
    rig *r = *state;
    r->servers[0].version = LW_VERSION_1_2;
    read_as(r, "/3/0/6", LW_CF_TLV, "86 06 41 00 01 41 01 05");
    read_as(r, "/3/0/6", LW_CF_LWM2M_CBOR, "A1 83 03 00 06 A2 00 01 01 05");
    read_as(r, "/3/0/11/0", LW_CF_LWM2M_CBOR, "A1 84 03 00 0B 00 00");
    read_as(r, "/3/0/6/1", LW_CF_TEXT, "'5'");
    read_as(r, "/3/0/6/1", LW_CF_TLV, "83 06 41 01 05");
}

LW_TEST(json_of_1_0_has_the_published_bytes)
{
    rig *r = *state;
    read_as(r, "/3/0/0", LW_CF_JSON,
            "'{\"bn\":\"/3/0/0\",\"e\":[{\"sv\":\"Open Mobile Alliance\"}]}'");
    r->servers[0].version = LW_VERSION_1_1;
    expect(r, "GET /3/0/0", NONE, LW_CF_JSON, "", "4.06"); /* FMT-02 */
}

/* ---- Which format ------------------------------------------------------------------------------
 */

LW_TEST(in_1_0_the_default_is_text_for_one_value_and_tlv_for_several)
{
    rig *r = *state;
    expect_plain(r, "GET /3/0/9", "2.05"); /* DM-13 */
    assert_int_equal(r->content_format, LW_CF_TEXT);
    expect_plain(r, "GET /3/0/6", "2.05");
    assert_int_equal(r->content_format, LW_CF_TLV);
    expect_plain(r, "GET /3/0", "2.05");
    assert_int_equal(r->content_format, LW_CF_TLV);
}

LW_TEST(in_1_1_the_default_is_senml_cbor)
{
    rig *r = *state;
    expect_plain(r, "GET /3/0/9", "2.05");
    assert_int_equal(r->content_format, LW_CF_SENML_CBOR);
    expect_plain(r, "GET /3", "2.05");
    assert_int_equal(r->content_format, LW_CF_SENML_CBOR);
}

LW_TEST(in_1_2_the_default_is_lwm2m_cbor_once_the_server_used_it)
{
    rig *r = *state;
    expect_plain(r, "GET /3/0", "2.05");
    assert_int_equal(r->content_format, LW_CF_SENML_CBOR);
    expect(r, "PUT /1/0/1", LW_CF_LWM2M_CBOR, NONE, "A1 83 01 00 01 18 3C", "2.04");
    expect_plain(r, "GET /3/0", "2.05");
    assert_int_equal(r->content_format, LW_CF_LWM2M_CBOR);
    rig_ask a = {.request = "GET /3/0", .cf = NONE, .accept = NONE, .server = 1};
    assert_string_equal(rig_do(r, &a), "2.05"); /* the other server did not */
    assert_int_equal(r->content_format, LW_CF_SENML_CBOR);
}

LW_TEST(formats_that_cannot_express_the_target_are_4_06)
{
    rig *r = *state;
    expect(r, "GET /3", NONE, LW_CF_CBOR, "", "4.06");
    expect(r, "GET /3/0/6", NONE, LW_CF_TEXT, "", "4.06"); /* FMT-12 */
    expect(r, "GET /3/0/6", NONE, LW_CF_CBOR, "", "4.06");
    expect(r, "GET /3/0/9", NONE, LW_CF_OPAQUE, "", "4.06"); /* FMT-13 */
    expect(r, "GET /3/0/0", NONE, LW_CF_OPAQUE, "", "4.06");
    expect(r, "GET /3/0", NONE, LW_CF_ETCH_CBOR, "", "4.06");
    expect(r, "GET /3/0", NONE, LW_CF_LWM2M_CBOR, "", "4.06"); /* since 1.2 */
}

LW_TEST(numbers_of_old_drafts_are_understood_and_not_sent)
{
    rig *r = *state;
    expect(r, "GET /3/0/9", NONE, LW_CF_TLV_DRAFT, "", "2.05"); /* FMT-03 */
    assert_int_equal(r->content_format, LW_CF_TLV);
    expect(r, "GET /3/0/9", NONE, LW_CF_TEXT_DRAFT, "", "2.05");
    assert_int_equal(r->content_format, LW_CF_TEXT);
}

/* ---- What is there -----------------------------------------------------------------------------
 */

LW_TEST(an_object_without_instances_is_an_empty_payload_with_its_format)
{
    rig *r = *state;
    read_as(r, "/42769", LW_CF_TLV, ""); /* DM-14, P-DM-10 */
    read_as(r, "/42769", LW_CF_SENML_JSON, "'[]'");
    read_as(r, "/42769", LW_CF_SENML_CBOR, "80");
    read_as(r, "/42769", LW_CF_LWM2M_CBOR, "A0");
}

LW_TEST(a_multiple_resource_without_instances_is_there)
{
    rig *r = *state;
    lw_path errors = lw_path_resource(3, 0, 11);
    assert_ok(lw_tree_empty(&r->client.tree, errors));
    read_as(r, "/3/0/11", LW_CF_TLV, "80 0B"); /* DM-15 */
    read_as(r, "/3/0/11", LW_CF_SENML_CBOR, "80");
    read_as(r, "/3/0/11", LW_CF_LWM2M_CBOR, "A1 83 03 00 0B A0");
    expect_plain(r, "GET /16/0/2", "4.04"); /* absent */
}

LW_TEST(a_value_that_is_not_known_yet_is_4_04_or_left_out)
{
    rig *r = *state;
    r->clock = 0;
    expect_plain(r, "GET /3/0/13", "4.04"); /* DM-16, P-DM-11 */
    expect(r, "GET /3/0/13", NONE, LW_CF_TEXT, "", "4.04");
    expect(r, "GET /3/0", NONE, LW_CF_SENML_JSON, "", "2.05");
    r->answer[r->answer_len] = '\0';
    assert_null(strstr((char *)r->answer, "\"13\""));
}

LW_TEST(a_fault_of_one_value_does_not_hide_the_others)
{
    rig *r = *state;
    r->clock_broken = true;
    expect_plain(r, "GET /3/0/13", "5.00");
    expect(r, "GET /3/0", NONE, LW_CF_SENML_JSON, "", "2.05");
    r->answer[r->answer_len] = '\0';
    assert_non_null(strstr((char *)r->answer, "\"9\""));
}

static unsigned unsteady_passes;

static lw_err unsteady_encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    (void)source;
    (void)cfg;
    lw_write_u8(w, (uint8_t)unsteady_passes);
    return unsteady_passes-- > 0 ? LW_ESTATE : LW_OK;
}

static const lw_format unsteady = {.id = LW_CF_TLV,
                                   .uses = LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED,
                                   .since = LW_VERSION_1_0,
                                   .encode = unsteady_encode};

LW_TEST(values_that_change_while_they_are_encoded_are_encoded_again)
{
    rig *r = *state;
    static const lw_format *const formats[] = {&unsteady, NULL};
    r->client.cfg.formats = formats;
    unsteady_passes = 2;
    expect_plain(r, "GET /3/0", "2.05");
    answer_is(r, "00");
    unsteady_passes = 100;
    expect_plain(r, "GET /3/0", "5.00");
    assert_int_equal(r->answer_len, 0);
}

LW_TEST(what_is_not_readable_is_left_out)
{
    rig *r = *state;
    lw_path at;
    assert_ok(lw_tree_add(&r->client.tree, 42769, 0, &at));
    assert_ok(rig_box_set_secret(&r->client.tree, 0, "x"));
    read_as(r, "/42769/0", LW_CF_TLV, "C1 00 00"); /* DM-11 */
    expect_plain(r, "GET /42769/0/5", "4.05");
}

LW_TEST(an_object_shows_the_instances_with_the_right)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 1, 1, LW_RIGHT_W};
    expect(r, "GET /1", NONE, LW_CF_SENML_JSON, "", "2.05"); /* DM-18 */
    answer_reads(r, "[{\"bn\":\"/1/0/\",\"n\":\"0\",\"v\":101},{\"n\":\"1\",\"v\":86400},"
                    "{\"n\":\"6\",\"vb\":true},{\"n\":\"7\",\"vs\":\"U\"}]");
    expect_plain(r, "GET /1/1", "4.01");
    r->rules[1] = (rig_rule){101, 1, 0, 0};
    expect_plain(r, "GET /1", "4.01"); /* instances exist, none readable */
    rig_ask a = {.request = "GET /1", .cf = NONE, .accept = NONE, .server = 1};
    assert_string_equal(rig_do(r, &a), "2.05"); /* rights are per server */
}

LW_TEST(without_the_access_feature_all_is_allowed)
{
    rig *r = *state;
    r->rules[0] = (rig_rule){101, 3, 0, 0};
    rig_name(r, rig_plain);
    expect_plain(r, "GET /3/0", "2.05"); /* ACL-01 */
}

LW_TEST(local_use_asks_no_rights)
{
    rig *r = *state;
    lw_path all = lw_path_root();
    lw_readable readable = {.client = &r->client, .targets = &all, .target_count = 1};
    lw_source source = lw_readable_source(&readable);
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    unsigned count = 0;
    while (source.next(source.ctx, &cursor, &e) == LW_OK) {
        count++;
    }
    assert_int_equal(source.next(source.ctx, &cursor, &e), LW_END);
    assert_int_equal(count, 2 * 4 + 16 + 4 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_instance_has_the_published_bytes),
        T(a_single_value_has_the_published_bytes),
        T(a_multiple_resource_has_the_published_bytes),
        T_1_0(json_of_1_0_has_the_published_bytes),
        T_1_0(in_1_0_the_default_is_text_for_one_value_and_tlv_for_several),
        T(in_1_1_the_default_is_senml_cbor),
        T_1_2(in_1_2_the_default_is_lwm2m_cbor_once_the_server_used_it),
        T(formats_that_cannot_express_the_target_are_4_06),
        T(numbers_of_old_drafts_are_understood_and_not_sent),
        T_1_2(an_object_without_instances_is_an_empty_payload_with_its_format),
        T_1_2(a_multiple_resource_without_instances_is_there),
        T(a_value_that_is_not_known_yet_is_4_04_or_left_out),
        T(a_fault_of_one_value_does_not_hide_the_others),
        T(values_that_change_while_they_are_encoded_are_encoded_again),
        T(what_is_not_readable_is_left_out),
        T(an_object_shows_the_instances_with_the_right),
        T(without_the_access_feature_all_is_allowed),
        T(local_use_asks_no_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
