/* Rules BS of protocol.md section 3; rows of formats.md sections 11 and 15. */
#include "proto/bootstrap.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing/lw_test.h"

#define REFUSED(refusal, expected) \
    assert_string_equal(lw_refusal_text(refusal), lw_refusal_text(LW_REFUSAL_##expected))

static uint8_t datagram[512];
static lw_writer writer;
static lw_coap_out out;

static void begin(uint8_t method)
{
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_coap_begin(&out, &writer, LW_COAP_CON, method, 1, (lw_coap_token){.len = 0});
}

static lw_request routed(void)
{
    lw_coap_msg msg;
    lw_request request;
    assert_ok(writer.err);
    assert_ok(lw_coap_msg_parse(lw_writer_bytes(&writer), &msg));
    assert_int_equal(lw_route_server(&msg, &request), LW_COAP_EMPTY);
    return request;
}

/* ---- Requests ------------------------------------------------------------------------------- */

static lw_bs_request bs;

/* A request with the queries of `query`, separated by "&". */
static lw_refusal ask(lw_op op, const char *query, const lw_bs_policy *policy)
{
    begin(lw_op_rule_of(op)->method);
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, lw_op_path(op));
    for (const char *at = query; *at != '\0'; at += strspn(at, "&")) {
        lw_coap_put(&out, LW_COAP_OPT_URI_QUERY, lw_bytes_of(at, strcspn(at, "&")));
        at += strcspn(at, "&");
    }
    lw_request request = routed();
    assert_int_equal(request.op, op);
    return lw_bs_request_parse(&request, policy, &bs);
}

static lw_refusal ask_bs(const char *query)
{
    return ask(LW_OP_BS_REQUEST, query, &(lw_bs_policy){.strict = false});
}

static lw_refusal ask_pack(const char *query)
{
    return ask(LW_OP_BS_PACK_REQUEST, query, &(lw_bs_policy){.strict = false});
}

LW_TEST(bs_10_a_request_goes_both_ways)
{
    begin(LW_COAP_POST);
    lw_bs_request_put(&out, LW_OP_BS_REQUEST, LW_CF_SENML_CBOR, "dev1", NULL);
    lw_request request = routed();
    assert_bytes(request.options, "\xB2"
                                  "bs\x47"
                                  "ep=dev1\x07"
                                  "pct=112");
    assert_int_equal(request.op, LW_OP_BS_REQUEST);
    REFUSED(lw_bs_request_parse(&request, &(lw_bs_policy){.strict = true}, &bs), NONE);
    assert_bytes(bs.endpoint, "dev1");
    assert_int_equal(bs.format, LW_CF_SENML_CBOR);
}

LW_TEST(bs_11_endpoint_may_be_left_out_when_the_identity_tells_it)
{
    lw_bs_policy identified = {.identified = true};
    REFUSED(ask(LW_OP_BS_REQUEST, "", &identified), NONE);
    assert_null(bs.endpoint.ptr);
    assert_int_equal(bs.format, LW_CF_NONE);
    REFUSED(ask_bs(""), NO_ENDPOINT); /* BS-13 */
    REFUSED(ask_bs("ep="), BAD_ENDPOINT);
    REFUSED(ask_bs("ep"), BAD_ENDPOINT);
    REFUSED(ask_bs("ep=a&ep=b"), REPEATED);
    begin(LW_COAP_POST);
    lw_bs_request_put(&out, LW_OP_BS_REQUEST, LW_CF_NONE, NULL, NULL);
    assert_bytes(routed().options, "\xB2"
                                   "bs");
}

LW_TEST(bs_12_pct_is_a_format_for_a_whole_configuration)
{
    static const uint16_t legal[] = {LW_CF_TLV, LW_CF_SENML_JSON, LW_CF_SENML_CBOR,
                                     LW_CF_LWM2M_CBOR};
    for (size_t i = 0; i < 4; i++) {
        char query[32];
        snprintf(query, sizeof query, "ep=a&pct=%u", legal[i]);
        REFUSED(ask_bs(query), NONE);
        assert_int_equal(bs.format, legal[i]);
    }
    REFUSED(ask_bs("ep=a&pct=0"), BAD_FORMAT);
    REFUSED(ask_bs("ep=a&pct=60"), BAD_FORMAT);
    REFUSED(ask_bs("ep=a&pct=11543"), BAD_FORMAT);
    REFUSED(ask_bs("ep=a&pct=77078"), BAD_FORMAT); /* 11542 modulo 2^16 */
    REFUSED(ask_bs("ep=a&pct=tlv"), BAD_FORMAT);
    REFUSED(ask_bs("ep=a&pct=110&pct=112"), REPEATED);
    assert_int_equal(lw_refusal_code(LW_REFUSAL_BAD_FORMAT), LW_COAP_UNSUPPORTED_CONTENT_FORMAT);
}

LW_TEST(unknown_parameters_are_ignored_or_refused)
{
    REFUSED(ask_bs("ep=a&x=1&acc=</0/0>"), NONE);
    REFUSED(ask(LW_OP_BS_REQUEST, "ep=a&x=1", &(lw_bs_policy){.strict = true}), UNKNOWN);
    REFUSED(ask(LW_OP_BS_PACK_REQUEST, "ep=a&pct=112", &(lw_bs_policy){.strict = true}), UNKNOWN);
}

LW_TEST(bs_60_a_pack_request_goes_both_ways)
{
    begin(LW_COAP_GET);
    lw_bs_request_put(&out, LW_OP_BS_PACK_REQUEST, LW_CF_SENML_CBOR, "dev1", "</0/2>,</21/0>");
    lw_request request = routed();
    assert_int_equal(request.op, LW_OP_BS_PACK_REQUEST);
    REFUSED(lw_bs_request_parse(&request, &(lw_bs_policy){.strict = true}, &bs), NONE);
    assert_bytes(bs.endpoint, "dev1");
    assert_int_equal(bs.format, LW_CF_SENML_CBOR);
    lw_link_reader account;
    lw_link_reader_init(&account, bs.account);
    lw_path instance;
    assert_ok(lw_bs_account_next(&account, &instance));
    assert_true(lw_path_equal(instance, lw_path_instance(0, 2)));
    assert_ok(lw_bs_account_next(&account, &instance));
    assert_true(lw_path_equal(instance, lw_path_instance(21, 0)));
    assert_err(lw_bs_account_next(&account, &instance), LW_END);
    begin(LW_COAP_GET); /* 1.2.0: without acc (BS-65) */
    lw_bs_request_put(&out, LW_OP_BS_PACK_REQUEST, LW_CF_NONE, NULL, NULL);
    assert_bytes(routed().options, "\xB6"
                                   "bspack");
}

LW_TEST(an_account_is_a_list_of_instances)
{
    REFUSED(ask_pack("ep=a&acc=</0/0>"), NONE);
    REFUSED(ask_pack("ep=a&acc="), NONE);
    REFUSED(ask_pack("ep=a&acc=</0>"), BAD_ACCOUNT);
    REFUSED(ask_pack("ep=a&acc=</0/0/1>"), BAD_ACCOUNT);
    REFUSED(ask_pack("ep=a&acc=</x/0/0>"), BAD_ACCOUNT);
    REFUSED(ask_pack("ep=a&acc=</x>"), BAD_ACCOUNT);
    REFUSED(ask_pack("ep=a&acc=</0/0>,"), BAD_ACCOUNT);
    REFUSED(ask_pack("ep=a&acc=</0/0>&acc=</0/1>"), REPEATED);
}

/* ---- Discover ------------------------------------------------------------------------------- */

/* Reads a payload and writes it again. */
static lw_err rewrite(lw_bytes payload, lw_version *out_version)
{
    lw_bs_discover discover = lw_bs_discover_of(payload);
    lw_link_out links;
    bool begun = false;
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_bs_item item;
    lw_err err;
    while ((err = lw_bs_discover_next(&discover, &item)) == LW_OK) {
        if (!begun) {
            lw_bs_discover_begin(&links, &writer, discover.version);
            begun = true;
        }
        lw_bs_discover_put(&links, &item);
    }
    *out_version = discover.version;
    assert_ok(writer.err);
    return err;
}

static void expect(const char *payload, const char *canonical, lw_version version)
{
    lw_version got;
    assert_err(rewrite(lw_bytes_str(payload), &got), LW_END);
    assert_int_equal(got, version);
    assert_true(lw_bytes_is(lw_writer_bytes(&writer), canonical));
}

static void expect_both_ways(const char *payload, lw_version version)
{
    expect(payload, payload, version);
}

LW_TEST(bs_21_discover_goes_both_ways)
{
    expect_both_ways("</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://server_1.example.com\",</0/1>,"
                     "</1/0>;ssid=101,</3/0>,</5>,</4>",
                     LW_VERSION_1_1);
    expect_both_ways("</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coap://a.example\",</0/1>,"
                     "</21/0>;ssid=101,</21/1>,</1/0>;ssid=101,</3/0>",
                     LW_VERSION_1_1);
    expect_both_ways("</>;lwm2m=1.1,</0/0>;ssid=101;uri=\"coaps://a.example\",</0/1>,"
                     "</0/2>;ssid=102;uri=\"coaps://b.example\"",
                     LW_VERSION_1_1);
    expect_both_ways("</>;lwm2m=1.2,</55>;ver=1.9,</55/0>", LW_VERSION_1_2); /* VER-11 */
}

LW_TEST(p_bs_14_the_syntax_of_1_0_is_read)
{
    static const char canonical[] = "</>;lwm2m=1.0,</0/0>;ssid=101,</0/1>,</1/0>;ssid=101,</3/0>";
    expect("lwm2m=1.0,</0/0>;ssid=101,</0/1>,</1/0>;ssid=101,</3/0>", canonical, LW_VERSION_1_0);
    expect("lwm2m=\"1.0\",</0/0/>;ssid=101, </0/1/>,</1/0>;ssid=\"101\",</3/0>", canonical,
           LW_VERSION_1_0); /* P-BS-15 */
}

LW_TEST(values_that_cannot_be_read_count_as_absent)
{
    expect("</>;lwm2m=1.1,</0/0>;ssid=70000;ver=x;uri=\"a\\\"b\"", "</>;lwm2m=1.1,</0/0>",
           LW_VERSION_1_1);
    expect("</>;lwm2m=2.0,</0/0>", "</>;lwm2m=,</0/0>", LW_VERSION_NONE);
    expect("</>;x=1", "", LW_VERSION_NONE);
}

LW_TEST(other_targets_are_refused)
{
    lw_version version;
    assert_err(rewrite(lw_bytes_str("</>;lwm2m=x"), &version), LW_EFORMAT);
    assert_err(rewrite(lw_bytes_str("</lwm2m/0/0>"), &version), LW_EFORMAT); /* VER-33 */
    assert_err(rewrite(lw_bytes_str("</3/0/0>"), &version), LW_EFORMAT);
    assert_err(rewrite(lw_bytes_str("<3>"), &version), LW_EFORMAT);
    assert_err(rewrite(lw_bytes_str("</3"), &version), LW_EFORMAT);
}

/* ---- Smartcard ------------------------------------------------------------------------------ */

static const uint8_t card_file[] = {
    0x00, 0x02, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x24, 0x08, 0x00, 0x21, 0xC8, 0x00,
    0x0F, 0x63, 0x6F, 0x61, 0x70, 0x3A, 0x2F, 0x2F, 0x31, 0x30, 0x2E, 0x30, 0x2E, 0x30,
    0x2E, 0x31, 0xC1, 0x01, 0x00, 0xC1, 0x02, 0x03, 0xC0, 0x03, 0xC0, 0x04, 0xC0, 0x05,
    0xC1, 0x0A, 0x65, 0x00, 0x01, 0x00, 0x00, 0x12, 0x08, 0x00, 0x0F, 0xC1, 0x00, 0x65,
    0xC4, 0x01, 0x00, 0x00, 0xA8, 0xC0, 0xC1, 0x06, 0x00, 0xC1, 0x07, 0x55};

static size_t read_card(lw_bytes file, lw_card_object *objects, size_t max, lw_err *out_err)
{
    lw_card card;
    size_t count = 0;
    *out_err = lw_card_open(&card, file);
    if (*out_err != LW_OK) {
        return 0;
    }
    lw_card_object object;
    while ((*out_err = lw_card_next(&card, &object)) == LW_OK) {
        if (count < max) {
            objects[count] = object;
        }
        count++;
    }
    return count;
}

LW_TEST(bs_73_the_card_of_the_example_goes_both_ways)
{
    lw_card_object objects[2];
    lw_err err;
    assert_int_equal(read_card(lw_bytes_of(card_file, sizeof card_file), objects, 2, &err), 2);
    assert_err(err, LW_END);
    assert_int_equal(objects[0].object, 0);
    assert_false(objects[0].has_version);
    assert_int_equal(objects[0].instances.len, 36);
    assert_int_equal(objects[1].object, 1);
    assert_int_equal(objects[1].instances.len, 18);
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_card_write(&writer, objects, 2);
    assert_true(lw_bytes_equal(lw_writer_bytes(&writer), lw_bytes_of(card_file, sizeof card_file)));
}

LW_TEST(the_length_of_a_card_may_count_its_header_and_padding_may_follow)
{
    uint8_t file[80] = {0};
    memcpy(file, card_file, sizeof card_file);
    file[3] = 68; /* unsure in the text: both readings are accepted */
    lw_card_object objects[2];
    lw_err err;
    assert_int_equal(read_card(lw_bytes_of(file, 68), objects, 2, &err), 2);
    assert_err(err, LW_END);
    assert_int_equal(read_card(lw_bytes_of(file, sizeof file), objects, 2, &err), 2);
    assert_err(err, LW_END);
}

LW_TEST(an_object_on_a_card_may_have_a_version)
{
    lw_card_object mine = {.object = 3303,
                           .has_version = true,
                           .version = {2, 5},
                           .instances = LW_BYTES_LIT("\x00\x03")};
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_card_write(&writer, &mine, 1);
    assert_bytes(lw_writer_bytes(&writer), "\x00\x01\x00\x08\x0C\xE7\x02\x05\x00\x02\x00\x03");
    lw_card_object read;
    lw_err err;
    assert_int_equal(read_card(lw_writer_bytes(&writer), &read, 1, &err), 1);
    assert_true(read.has_version);
    assert_int_equal(read.version.major, 2);
    assert_int_equal(read.version.minor, 5);
}

LW_TEST(a_card_that_is_cut_off_is_refused)
{
    for (size_t len = 0; len < sizeof card_file; len++) {
        uint8_t *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy + 1, card_file, len);
        lw_card_object objects[2];
        lw_err err;
        read_card(lw_bytes_of(copy + 1, len), objects, 2, &err);
        assert_err(err, LW_EFORMAT);
        free(copy);
    }
}

LW_TEST(a_card_holds_64_kilobytes)
{
    static uint8_t big[65536];
    lw_card_object mine = {.object = 1, .instances = lw_bytes_of(big, sizeof big)};
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_card_write(&writer, &mine, 1);
    assert_err(writer.err, LW_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bs_10_a_request_goes_both_ways),
        cmocka_unit_test(bs_11_endpoint_may_be_left_out_when_the_identity_tells_it),
        cmocka_unit_test(bs_12_pct_is_a_format_for_a_whole_configuration),
        cmocka_unit_test(unknown_parameters_are_ignored_or_refused),
        cmocka_unit_test(bs_60_a_pack_request_goes_both_ways),
        cmocka_unit_test(an_account_is_a_list_of_instances),
        cmocka_unit_test(bs_21_discover_goes_both_ways),
        cmocka_unit_test(p_bs_14_the_syntax_of_1_0_is_read),
        cmocka_unit_test(values_that_cannot_be_read_count_as_absent),
        cmocka_unit_test(other_targets_are_refused),
        cmocka_unit_test(bs_73_the_card_of_the_example_goes_both_ways),
        cmocka_unit_test(the_length_of_a_card_may_count_its_header_and_padding_may_follow),
        cmocka_unit_test(an_object_on_a_card_may_have_a_version),
        cmocka_unit_test(a_card_that_is_cut_off_is_refused),
        cmocka_unit_test(a_card_holds_64_kilobytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
