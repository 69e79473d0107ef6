/* Rules REG of protocol.md sections 4.1 to 4.6, message bytes of formats.md section 13. */
#include "proto/formats_for_tests.h"
#include "proto/register_for_tests.h"

#include <stdio.h>
#include <stdlib.h>

#include "testing/lw_test.h"

static uint8_t datagram[1024];

static lw_coap_msg parsed(const lw_writer *w)
{
    lw_coap_msg msg;
    assert_ok(w->err);
    assert_ok(lw_coap_msg_parse(lw_writer_bytes(w), &msg));
    return msg;
}

/* ---- A server parses ------------------------------------------------------------------------ */

/* POST to `path` ("rd", "rd/5a3f") with the queries of `query`, separated by "&". */
static lw_request request_of(const char *path, const char *query, uint16_t cf, const char *payload)
{
    lw_writer w;
    lw_writer_init(&w, datagram, sizeof datagram);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 1, (lw_coap_token){.len = 0});
    for (const char *at = path; *at != '\0'; at += strspn(at, "/")) {
        lw_coap_put(&out, LW_COAP_OPT_URI_PATH, lw_bytes_of(at, strcspn(at, "/")));
        at += strcspn(at, "/");
    }
    if (cf != LW_CF_NONE) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, cf);
    }
    for (const char *at = query; *at != '\0'; at += strspn(at, "&")) {
        lw_coap_put(&out, LW_COAP_OPT_URI_QUERY, lw_bytes_of(at, strcspn(at, "&")));
        at += strcspn(at, "&");
    }
    lw_coap_put_payload(&out, lw_bytes_str(payload));
    lw_coap_msg msg = parsed(&w);
    lw_request request;
    assert_int_equal(lw_route_server(&msg, &request), LW_COAP_EMPTY);
    return request;
}

static const lw_register_policy tolerant = {.links_max = 100};
static const lw_register_policy strict = {.links_max = 100, .strict = true};

static lw_registration reg;
static lw_object_list list;

static lw_refusal register_with(const char *query, const lw_register_policy *policy)
{
    lw_request request = request_of("rd", query, LW_CF_LINK, "</1/0>,</3/0>");
    assert_int_equal(request.op, LW_OP_REGISTER);
    return lw_register_parse(&request, policy, &reg, &list);
}

static lw_refusal register_list(const char *payload, const lw_register_policy *policy)
{
    lw_request request = request_of("rd", "ep=dev1&lt=300&lwm2m=1.1", LW_CF_LINK, payload);
    return lw_register_parse(&request, policy, &reg, &list);
}

#define REFUSED(refusal, expected) \
    assert_string_equal(lw_refusal_text(refusal), lw_refusal_text(LW_REFUSAL_##expected))

LW_TEST(reg_02_every_parameter_is_read)
{
    REFUSED(register_with("ep=dev1&lt=86400&lwm2m=1.2&b=UT&Q&sms=491771234567&pid=oma:x", &strict),
            NONE);
    assert_bytes(reg.endpoint, "dev1");
    assert_int_equal(reg.lifetime, 86400);
    assert_int_equal(reg.version, LW_VERSION_1_2);
    assert_int_equal(reg.bindings, LW_BINDING_U | LW_BINDING_T);
    assert_bytes(reg.sms, "491771234567");
    assert_bytes(reg.profiles, "oma:x");
    assert_int_equal(reg.given, 255);
    assert_int_equal(list.count, 2);
}

LW_TEST(reg_02_defaults_are_u_without_queue_mode)
{
    REFUSED(register_with("ep=dev1&lt=300&lwm2m=1.1", &strict), NONE);
    assert_int_equal(reg.bindings, LW_BINDING_U);
    assert_int_equal(reg.given, LW_REG_ENDPOINT | LW_REG_LIFETIME | LW_REG_VERSION | LW_REG_LIST);
}

LW_TEST(reg_02_endpoint_may_be_left_out_when_the_identity_tells_it)
{
    lw_register_policy identified = {.identified = true};
    REFUSED(register_with("lt=300&lwm2m=1.1", &identified), NONE);
    REFUSED(register_with("lt=300&lwm2m=1.0", &identified), NO_ENDPOINT);
    REFUSED(register_with("lt=300&lwm2m=1.1", &tolerant), NO_ENDPOINT); /* P-REG-22 */
    REFUSED(register_with("ep=&lt=300&lwm2m=1.1", &identified), BAD_ENDPOINT);
    REFUSED(register_with("ep&lt=300&lwm2m=1.1", &identified), BAD_ENDPOINT);
    REFUSED(register_with("ep=\xff&lt=300&lwm2m=1.1", &tolerant), BAD_ENDPOINT); /* VER-24 */
}

LW_TEST(p_reg_03_lifetime_is_required_unless_the_policy_has_one)
{
    REFUSED(register_with("ep=dev1&lwm2m=1.1", &tolerant), NO_LIFETIME);
    lw_register_policy lenient = {.lifetime = 86400, .version = LW_VERSION_1_0};
    REFUSED(register_with("ep=dev1&lwm2m=1.1", &lenient), NONE);
    assert_int_equal(reg.lifetime, 86400);
    assert_int_equal(reg.given & LW_REG_LIFETIME, 0);
    REFUSED(register_with("ep=dev1&lt=60", &lenient), NONE); /* early 1.0 drafts: no lwm2m */
    assert_int_equal(reg.version, LW_VERSION_1_0);
}

LW_TEST(lifetimes_are_seconds_and_saturate)
{
    REFUSED(register_with("ep=dev1&lt=0&lwm2m=1.0", &tolerant), NONE); /* P-REG-11: infinite */
    assert_int_equal(reg.lifetime, 0);
    REFUSED(register_with("ep=dev1&lt=4294967296&lwm2m=1.1", &tolerant), NONE); /* CLI-63 */
    assert_int_equal(reg.lifetime, UINT32_MAX);
    REFUSED(register_with("ep=dev1&lt=99999999999999999999999&lwm2m=1.1", &tolerant), NONE);
    assert_int_equal(reg.lifetime, UINT32_MAX);
    REFUSED(register_with("ep=dev1&lt=-1&lwm2m=1.1", &tolerant), BAD_LIFETIME);
    REFUSED(register_with("ep=dev1&lt=1.5&lwm2m=1.1", &tolerant), BAD_LIFETIME);
    REFUSED(register_with("ep=dev1&lt&lwm2m=1.1", &tolerant), BAD_LIFETIME);
}

LW_TEST(ver_02_versions_of_another_major_are_refused)
{
    REFUSED(register_with("ep=dev1&lt=60", &tolerant), NO_VERSION);
    REFUSED(register_with("ep=dev1&lt=60&lwm2m=2.0", &tolerant), UNSUPPORTED_VERSION);
    REFUSED(register_with("ep=dev1&lt=60&lwm2m=one", &tolerant), BAD_VERSION);
    REFUSED(register_with("ep=dev1&lt=60&lwm2m=1.3", &tolerant), NONE); /* VER-01 */
    assert_int_equal(reg.version, LW_VERSION_1_2);
    REFUSED(register_with("ep=dev1&lt=60&lwm2m=1.1.1", &tolerant), NONE); /* VER-05 */
    assert_int_equal(reg.version, LW_VERSION_1_1);
}

LW_TEST(p_reg_01_unknown_parameters_are_kept_or_refused)
{
    REFUSED(register_with("ep=dev1&x=1&lt=60&lwm2m=1.1&y", &strict), UNKNOWN);
    lw_request request = request_of("rd", "ep=dev1&x=1&lt=60&lwm2m=1.1&y", LW_CF_LINK, "</1/0>");
    REFUSED(lw_register_parse(&request, &tolerant, &reg, &list), NONE);
    lw_coap_opt_iter it = lw_coap_opts(request.options);
    lw_query query;
    assert_true(lw_register_next_unknown(&it, &query));
    assert_bytes(query.name, "x");
    assert_bytes(query.value, "1");
    assert_true(lw_register_next_unknown(&it, &query));
    assert_bytes(query.name, "y");
    assert_null(query.value.ptr);
    assert_false(lw_register_next_unknown(&it, &query));
}

LW_TEST(a_parameter_twice_is_refused)
{
    REFUSED(register_with("ep=dev1&lt=60&lwm2m=1.1&ep=dev2", &tolerant), REPEATED);
    REFUSED(register_with("ep=dev1&lt=60&lwm2m=1.1&Q&Q", &tolerant), REPEATED);
}

LW_TEST(reg_60_bindings_of_1_0)
{
    static const char *const legal[] = {"U", "UQ", "S", "SQ", "US", "UQS"};
    for (size_t i = 0; i < 6; i++) {
        char query[48];
        snprintf(query, sizeof query, "ep=d&lt=60&lwm2m=1.0&b=%s", legal[i]);
        REFUSED(register_with(query, &strict), NONE);
        assert_int_equal((reg.given & LW_REG_QUEUE) != 0, strchr(legal[i], 'Q') != NULL);
        char text[LW_BINDING_TEXT_MAX + 1] = "";
        lw_binding_format(reg.bindings, (reg.given & LW_REG_QUEUE) != 0, reg.version, text);
        assert_string_equal(text, legal[i]);
    }
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.0&b=USQ", &strict), BAD_BINDING);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.0&b=USQ", &tolerant), NONE);
    assert_int_equal(reg.bindings, LW_BINDING_U | LW_BINDING_S);
    assert_true((reg.given & LW_REG_QUEUE) != 0);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.0&b=UT", &strict), BAD_BINDING);
}

LW_TEST(reg_61_bindings_since_1_1_are_letters_in_any_order)
{
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=NTSU", &strict), NONE);
    assert_int_equal(reg.bindings, LW_BINDING_U | LW_BINDING_T | LW_BINDING_S | LW_BINDING_N);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=UM", &strict), BAD_BINDING);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.2&b=UMH", &strict), NONE);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=UU", &strict), BAD_BINDING);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=UQ", &strict), BAD_BINDING);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=UQ", &tolerant), NONE); /* P-REG-02 */
    assert_true((reg.given & LW_REG_QUEUE) != 0);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=u", &tolerant), BAD_BINDING);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=", &tolerant), BAD_BINDING);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&b=Q", &tolerant), BAD_BINDING);
    uint8_t bindings;
    bool queue;
    assert_err(lw_binding_parse(lw_bytes_of("U\0", 2), false, LW_VERSION_1_1, &bindings, &queue),
               LW_EFORMAT);
}

LW_TEST(reg_02_q_takes_no_value)
{
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&Q=1", &strict), BAD_QUEUE);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&Q=1", &tolerant), NONE);
    assert_true((reg.given & LW_REG_QUEUE) != 0);
}

LW_TEST(p_reg_18_a_plus_is_stripped_from_the_telephone_number)
{
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&sms=+4917", &tolerant), NONE);
    assert_bytes(reg.sms, "4917");
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&sms=", &tolerant), BAD_SMS);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&sms=+", &tolerant), BAD_SMS);
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.1&sms=0-1", &tolerant), BAD_SMS);
}

LW_TEST(reg_51_profile_ids_follow_their_grammar)
{
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.2&pid=6:27354b9a", &strict), NONE);
    assert_bytes(reg.profiles, "6:27354b9a");
    REFUSED(register_with("ep=d&lt=60&lwm2m=1.2&pid=\"6:27354b9a,v:a-b,oma:X1\"", &strict), NONE);
    lw_bytes rest = reg.profiles;
    lw_bytes profile;
    assert_true(lw_profile_next(&rest, &profile));
    assert_bytes(profile, "6:27354b9a");
    assert_true(lw_profile_next(&rest, &profile));
    assert_bytes(profile, "v:a-b");
    assert_true(lw_profile_next(&rest, &profile));
    assert_bytes(profile, "oma:X1");
    assert_false(lw_profile_next(&rest, &profile));
    static const char *const wrong[] = {"",        "6",    "6:", "6:XY",      "6:27354B", "x:abc",
                                        "oma:a b", "\"\"", "\"", "\"6:1a,\"", "6:1a,6:2b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char query[64];
        snprintf(query, sizeof query, "ep=d&lt=60&lwm2m=1.2&pid=%s", wrong[i]);
        REFUSED(register_with(query, &tolerant), BAD_PROFILE);
    }
}

/* ---- Object list ---------------------------------------------------------------------------- */

/* All the list gives, as "/3303;1.1 /3303/0". */
static const char *items(void)
{
    static char text[256];
    size_t len = 0;
    text[0] = '\0';
    lw_object_link link;
    unsigned count = 0;
    while (lw_object_list_next(&list, &link)) {
        char path[LW_PATH_TEXT_MAX];
        size_t path_len = lw_path_format(link.path, path);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", len > 0 ? " " : "",
                                (int)path_len, path);
        if (link.has_version) {
            len += (size_t)snprintf(text + len, sizeof text - len, ";%u.%u", link.version.major,
                                    link.version.minor);
        }
        count++;
    }
    assert_int_equal(count, list.count);
    return text;
}

LW_TEST(reg_20_objects_come_with_instances_or_alone)
{
    REFUSED(register_list("</1/0>,</3/0>,</5>", &strict), NONE);
    assert_string_equal(items(), "/1/0 /3/0 /5");
}

LW_TEST(ver_12_versions_stand_on_objects_or_instances)
{
    REFUSED(register_list("</55>;ver=1.9,</55/0>,</55/1>,</56/0>;ver=\"1.1\"", &strict), NONE);
    assert_string_equal(items(), "/55;1.9 /55/0 /55/1 /56/0;1.1"); /* VER-14 */
    REFUSED(register_list("</55>;ver=new", &tolerant), NONE);
    assert_string_equal(items(), "/55");
    REFUSED(register_list("</55>;ver=new", &strict), BAD_LIST);
    REFUSED(register_list("</55>;ver1.1", &tolerant), BAD_LIST);
}

LW_TEST(reg_21_objects_that_are_never_listed_are_ignored)
{
    REFUSED(register_list("</0/0>,</1/0>,</21>,</23/0>,</24/0>", &tolerant), NONE);
    assert_string_equal(items(), "/1/0");
    REFUSED(register_list("</0/0>,</1/0>", &strict), BAD_LIST); /* P-REG-21 */
    REFUSED(register_list("</24/0>,</1/0>", &strict), NONE);    /* P-REG-14 */
    assert_string_equal(items(), "/1/0");
}

LW_TEST(reg_23_the_root_link_announces_formats_and_alternate_path)
{
    REFUSED(register_list("</>;ct=\"110 112\",</1/0>", &strict), NONE);
    assert_bytes(list.formats, "110 112");
    assert_int_equal(list.alternate_path.len, 0);
    assert_string_equal(items(), "/1/0");
    REFUSED(register_list("</lwm2m>;rt=\"oma.lwm2m\";ct=110,</lwm2m/1/0>,</3/0>", &strict), NONE);
    assert_bytes(list.alternate_path, "lwm2m");
    assert_bytes(list.formats, "110");
    assert_string_equal(items(), "/1/0 /3/0"); /* VER-30: with the prefix and without */
    REFUSED(register_list("</a/1/0>,</a>;rt=\"x oma.lwm2m\"", &strict), NONE); /* anywhere */
    assert_string_equal(items(), "/1/0");
}

LW_TEST(reg_24_links_that_are_none_of_ours_are_ignored)
{
    REFUSED(register_list("</sensors>;rt=\"light\";ct=0,</1/0>;x=y,</42769/0>,</b/3/0>", &tolerant),
            NONE);
    assert_int_equal(list.alternate_path.len, 0);
    assert_int_equal(list.formats.len, 0);
    assert_string_equal(items(), "/1/0 /42769/0");
    REFUSED(register_list("</1/0>,</3/0/1>,</65535>,</1/65535>,<coap://x>,</70000>", &tolerant),
            NONE);
    assert_string_equal(items(), "/1/0");
    REFUSED(register_list("</1/0>,</3/0/1>", &strict), BAD_LIST);
    REFUSED(register_list("</1/0>,</65535>", &strict), BAD_LIST);
    REFUSED(register_list("</1/0>,<coap://x>", &strict), BAD_LIST);
}

LW_TEST(reg_25_a_malformed_list_is_refused_as_a_whole)
{
    REFUSED(register_list("</1/0>, </3/0/> , </1/0>", &strict), NONE);
    assert_string_equal(items(), "/1/0 /3/0 /1/0");
    REFUSED(register_list("</1/0>,</3/0", &tolerant), BAD_LIST);
    REFUSED(register_list("garbage", &tolerant), BAD_LIST);
}

LW_TEST(the_number_of_links_has_a_ceiling)
{
    lw_register_policy two = {.links_max = 2};
    REFUSED(register_list("</1/0>,</3/0>,</sensors>", &two), NONE);
    REFUSED(register_list("</1/0>,</3/0>,</5>", &two), LONG_LIST);
    assert_int_equal(lw_refusal_code(LW_REFUSAL_LONG_LIST), LW_COAP_REQUEST_ENTITY_TOO_LARGE);
}

LW_TEST(reg_04_a_list_must_be_there_in_link_format)
{
    REFUSED(register_list("", &tolerant), NO_LIST);
    REFUSED(register_list("</>;ct=110", &tolerant), NO_LIST);
    lw_request request = request_of("rd", "ep=d&lt=60&lwm2m=1.2", LW_CF_LINK, "");
    REFUSED(lw_register_parse(&request, &tolerant, &reg, &list), UNKNOWN_LIST); /* REG-53 */
    request = request_of("rd", "ep=d&lt=60&lwm2m=1.2&pid=6:27354b9a", LW_CF_NONE, "");
    REFUSED(lw_register_parse(&request, &tolerant, &reg, &list), NONE);
    assert_int_equal(list.count, 0);
    assert_int_equal(reg.given & LW_REG_LIST, 0);
    request = request_of("rd", "ep=d&lt=60&lwm2m=1.1", LW_CF_TEXT, "</1/0>");
    REFUSED(lw_register_parse(&request, &tolerant, &reg, &list), NOT_LINKS);
    request = request_of("rd", "ep=d&lt=60&lwm2m=1.1", LW_CF_NONE, "</1/0>");
    REFUSED(lw_register_parse(&request, &strict, &reg, &list), NOT_LINKS);
    REFUSED(lw_register_parse(&request, &tolerant, &reg, &list), NONE);
}

/* ---- Update --------------------------------------------------------------------------------- */

static lw_refusal update(const char *query, uint16_t cf, const char *payload,
                         const lw_register_policy *policy)
{
    lw_registration current = {.endpoint = LW_BYTES_LIT("dev1"), .version = LW_VERSION_1_1};
    lw_request request = request_of("rd/5a3f", query, cf, payload);
    assert_int_equal(request.op, LW_OP_UPDATE);
    assert_bytes(request.location, "5a3f");
    return lw_update_parse(&request, policy, &current, &reg, &list);
}

LW_TEST(reg_30_an_update_names_only_what_changed)
{
    REFUSED(update("", LW_CF_NONE, "", &strict), NONE);
    assert_int_equal(reg.given, 0);
    REFUSED(update("lt=60", LW_CF_NONE, "", &strict), NONE);
    assert_int_equal(reg.given, LW_REG_LIFETIME);
    assert_int_equal(reg.lifetime, 60);
    REFUSED(update("", LW_CF_LINK, "</1/0>,</3/0>,</5/0>", &strict), NONE);
    assert_int_equal(reg.given, LW_REG_LIST);
    assert_string_equal(items(), "/1/0 /3/0 /5/0");
    REFUSED(update("", LW_CF_LINK, "", &strict), NONE); /* REG-35 */
    assert_int_equal(reg.given, 0);
}

LW_TEST(reg_35_q_and_pid_may_stand_in_an_update)
{
    REFUSED(update("Q&pid=v:x", LW_CF_NONE, "", &strict), NONE);
    assert_int_equal(reg.given, LW_REG_QUEUE | LW_REG_PROFILES);
}

LW_TEST(reg_36_endpoint_and_version_of_an_update_must_be_the_same)
{
    REFUSED(update("ep=dev1&lwm2m=1.1", LW_CF_NONE, "", &strict), NONE);
    REFUSED(update("ep=dev2", LW_CF_NONE, "", &tolerant), OTHER_ENDPOINT);
    REFUSED(update("lwm2m=1.0", LW_CF_NONE, "", &tolerant), OTHER_ENDPOINT);
    REFUSED(update("lwm2m=2.0", LW_CF_NONE, "", &tolerant), OTHER_ENDPOINT);
}

LW_TEST(the_binding_of_an_update_follows_the_version_of_its_register)
{
    REFUSED(update("b=UQ", LW_CF_NONE, "", &strict), BAD_BINDING); /* legal in 1.0 */
    REFUSED(update("b=UT", LW_CF_NONE, "", &strict), NONE);
    REFUSED(update("x=1", LW_CF_NONE, "", &strict), UNKNOWN);
    REFUSED(update("lt=a", LW_CF_NONE, "", &tolerant), BAD_LIFETIME);
    REFUSED(update("", LW_CF_TLV, "x", &tolerant), NOT_LINKS);
    REFUSED(update("", LW_CF_LINK, "<", &tolerant), BAD_LIST);
}

LW_TEST(every_refusal_has_a_sentence_and_a_code_that_is_legal)
{
    for (unsigned i = 1; i < LW_REFUSAL_COUNT; i++) {
        uint8_t code = lw_refusal_code((lw_refusal)i);
        assert_true(strlen(lw_refusal_text((lw_refusal)i)) > 8);
        assert_true(lw_op_may_answer(LW_OP_REGISTER, code) ||
                    lw_op_may_answer(LW_OP_UPDATE, code) ||
                    lw_op_may_answer(LW_OP_BS_REQUEST, code));
    }
    assert_int_equal(lw_refusal_code(LW_REFUSAL_NONE), LW_COAP_EMPTY);
    assert_int_equal(lw_refusal_code(LW_REFUSAL_UNSUPPORTED_VERSION), LW_COAP_PRECONDITION_FAILED);
    assert_int_equal(lw_refusal_code(LW_REFUSAL_UNKNOWN_LIST), LW_COAP_CONFLICT);
    assert_int_equal(lw_refusal_code(LW_REFUSAL_COUNT), LW_COAP_BAD_REQUEST);
    assert_string_equal(lw_refusal_text(LW_REFUSAL_COUNT), "");
}

/* ---- A device puts -------------------------------------------------------------------------- */

static lw_coap_out out;
static lw_writer writer;

static void begin(uint8_t code, lw_coap_type type, uint16_t mid, lw_coap_token token)
{
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_coap_begin(&out, &writer, type, code, mid, token);
}

LW_TEST(register_has_the_bytes_of_the_vector)
{
    lw_registration mine = {.given = LW_REG_ENDPOINT | LW_REG_LIFETIME | LW_REG_VERSION |
                                     LW_REG_BINDING | LW_REG_LIST,
                            .endpoint = LW_BYTES_LIT("dev1"),
                            .lifetime = 300,
                            .version = LW_VERSION_1_1,
                            .binding = LW_BYTES_LIT("U"),
                            .list = LW_BYTES_LIT("</1/0>,</3/0>")};
    begin(LW_COAP_POST, LW_COAP_CON, 0x1001, (lw_coap_token){1, {0xA1}});
    put_registration(&out, NULL, &mine);
    lw_coap_put_payload(&out, mine.list);
    assert_bytes(lw_writer_bytes(&writer),
                 "\x41\x02\x10\x01\xA1\xB2\x72\x64\x11\x28\x37\x65\x70\x3D\x64\x65\x76\x31\x06\x6C"
                 "\x74\x3D\x33\x30\x30\x09\x6C\x77\x6D\x32\x6D\x3D\x31\x2E\x31\x03\x62\x3D\x55\xFF"
                 "\x3C\x2F\x31\x2F\x30\x3E\x2C\x3C\x2F\x33\x2F\x30\x3E");
    lw_coap_msg msg = parsed(&writer);
    lw_request request;
    assert_int_equal(lw_route_server(&msg, &request), LW_COAP_EMPTY);
    REFUSED(lw_register_parse(&request, &strict, &reg, &list), NONE);
    assert_int_equal(reg.given, mine.given);
    assert_bytes(reg.endpoint, "dev1");
    assert_string_equal(items(), "/1/0 /3/0");
}

LW_TEST(register_over_tcp_has_the_same_options_and_payload)
{
    lw_registration mine = {.given = LW_REG_ENDPOINT | LW_REG_LIFETIME | LW_REG_VERSION |
                                     LW_REG_BINDING | LW_REG_LIST,
                            .endpoint = LW_BYTES_LIT("dev1"),
                            .lifetime = 300,
                            .version = LW_VERSION_1_1,
                            .binding = LW_BYTES_LIT("T"),
                            .list = LW_BYTES_LIT("</1/0>,</3/0>")};
    lw_writer_init(&writer, datagram, sizeof datagram);
    lw_coap_begin_options(&out, &writer);
    put_registration(&out, NULL, &mine);
    lw_coap_put_payload(&out, mine.list);
    assert_bytes(lw_writer_bytes(&writer), /* behind D1 23 02 A1 */
                 "\xB2\x72\x64\x11\x28\x37\x65\x70\x3D\x64\x65\x76\x31\x06\x6C\x74\x3D\x33\x30\x30"
                 "\x09\x6C\x77\x6D\x32\x6D\x3D\x31\x2E\x31\x03\x62\x3D\x54\xFF\x3C\x2F\x31\x2F\x30"
                 "\x3E\x2C\x3C\x2F\x33\x2F\x30\x3E");
}

LW_TEST(its_answer_has_the_bytes_of_the_vector_and_names_the_location)
{
    begin(LW_COAP_CREATED, LW_COAP_ACK, 0x1001, (lw_coap_token){1, {0xA1}});
    lw_register_put_answer(&out, lw_bytes_str("5a3f"));
    assert_bytes(lw_writer_bytes(&writer), "\x61\x41\x10\x01\xA1\x82\x72\x64\x04\x35\x61\x33\x66");
    lw_coap_msg msg = parsed(&writer);
    lw_location location;
    assert_ok(lw_location_read(msg.options, &location));
    begin(LW_COAP_POST, LW_COAP_CON, 1, (lw_coap_token){.len = 0});
    lw_registration_begin(&out, &location, false);
    msg = parsed(&writer);
    assert_bytes(msg.options, "\xB2rd\x04"
                              "5a3f"); /* P-REG-08: parameterless */
    lw_request request;
    assert_int_equal(lw_route_server(&msg, &request), LW_COAP_EMPTY);
    assert_bytes(request.location, "5a3f");
}

LW_TEST(rule_23_a_location_of_any_shape_is_echoed_exactly)
{
    begin(LW_COAP_CREATED, LW_COAP_ACK, 1, (lw_coap_token){.len = 0});
    static const char *const segments[] = {"", "a/b", "\xC3\xA4", "0", "x y", "rd"};
    for (size_t i = 0; i < 6; i++) {
        lw_coap_put_str(&out, LW_COAP_OPT_LOCATION_PATH, segments[i]);
    }
    lw_coap_put_uint(&out, LW_COAP_OPT_MAX_AGE, 60);
    lw_location location;
    assert_ok(lw_location_read(parsed(&writer).options, &location));
    begin(LW_COAP_DELETE, LW_COAP_CON, 1, (lw_coap_token){.len = 0});
    lw_registration_begin(&out, &location, false);
    lw_coap_msg msg = parsed(&writer);
    lw_coap_opt_iter it = lw_coap_opts(msg.options);
    lw_coap_opt opt;
    for (size_t i = 0; i < 6; i++) {
        assert_true(lw_coap_opt_next(&it, &opt));
        assert_int_equal(opt.number, LW_COAP_OPT_URI_PATH);
        assert_true(lw_bytes_is(opt.value, segments[i]));
    }
    assert_false(lw_coap_opt_next(&it, &opt));
}

LW_TEST(reg_05_an_answer_without_location_is_told_and_a_long_one_too)
{
    lw_location location;
    begin(LW_COAP_CREATED, LW_COAP_ACK, 1, (lw_coap_token){.len = 0});
    assert_err(lw_location_read(parsed(&writer).options, &location), LW_ENOTFOUND);
    char segment[300];
    memset(segment, 'a', sizeof segment);
    lw_coap_put(&out, LW_COAP_OPT_LOCATION_PATH, lw_bytes_of(segment, LW_LOCATION_MAX - 1));
    assert_err(lw_location_read(parsed(&writer).options, &location), LW_ETOOBIG);
    begin(LW_COAP_CREATED, LW_COAP_ACK, 1, (lw_coap_token){.len = 0});
    lw_coap_put(&out, LW_COAP_OPT_LOCATION_PATH, lw_bytes_of(segment, 256));
    assert_err(lw_location_read(parsed(&writer).options, &location), LW_ETOOBIG);
    begin(LW_COAP_CREATED, LW_COAP_ACK, 1, (lw_coap_token){.len = 0});
    lw_coap_put(&out, LW_COAP_OPT_LOCATION_PATH, lw_bytes_of(segment, LW_LOCATION_MAX - 2));
    assert_ok(lw_location_read(parsed(&writer).options, &location));
}

static const char *put_queries(const lw_registration *mine)
{
    static char text[256];
    begin(LW_COAP_POST, LW_COAP_CON, 1, (lw_coap_token){.len = 0});
    put_registration(&out, NULL, mine);
    lw_coap_msg msg = parsed(&writer);
    lw_coap_opt_iter it = lw_coap_opts(msg.options);
    lw_coap_opt opt;
    size_t len = 0;
    while (lw_coap_opt_next(&it, &opt)) {
        if (opt.number == LW_COAP_OPT_URI_QUERY) {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", len > 0 ? "&" : "",
                                    (int)opt.value.len, (const char *)opt.value.ptr);
        }
    }
    return text;
}

LW_TEST(queue_mode_is_written_as_the_version_wants_it)
{
    lw_registration mine = {.given = LW_REG_BINDING | LW_REG_QUEUE,
                            .version = LW_VERSION_1_0,
                            .binding = LW_BYTES_LIT("US")};
    assert_string_equal(put_queries(&mine), "b=UQS");
    mine.version = LW_VERSION_1_1;
    assert_string_equal(put_queries(&mine), "b=US&Q");
}

LW_TEST(a_binding_is_its_letters_with_one_q_at_most)
{
    lw_registration mine = {.given = LW_REG_BINDING | LW_REG_QUEUE,
                            .version = LW_VERSION_1_0,
                            .binding = LW_BYTES_LIT("QUQS")};
    assert_string_equal(put_queries(&mine), "b=UQS");
    mine.binding = lw_bytes_str("UMHTSN");
    assert_string_equal(put_queries(&mine), "b=UQMHTSN");
    mine.given = LW_REG_BINDING;
    assert_string_equal(put_queries(&mine), "b=UMHTSN");
    mine.binding = lw_bytes_str("UMHTSNUMHTSN");
    assert_string_equal(put_queries(&mine), "b=UMHTSNU");
    mine.binding = lw_bytes_str("Q");
    assert_string_equal(put_queries(&mine), "b=");
}

LW_TEST(all_parameters_are_written_in_the_order_of_the_table)
{
    lw_registration mine = {.given = 127,
                            .endpoint = LW_BYTES_LIT("dev1"),
                            .lifetime = UINT32_MAX,
                            .version = LW_VERSION_1_2,
                            .binding = LW_BYTES_LIT("UM"),
                            .sms = LW_BYTES_LIT("4917"),
                            .profiles = LW_BYTES_LIT("6:27354b9a,oma:x")};
    assert_string_equal(put_queries(&mine), "ep=dev1&lt=4294967295&lwm2m=1.2&b=UM&Q&sms=4917"
                                            "&pid=\"6:27354b9a,oma:x\"");
    mine.given = LW_REG_PROFILES;
    mine.profiles = lw_bytes_str("oma:x");
    assert_string_equal(put_queries(&mine), "pid=oma:x");
}

LW_TEST(a_list_of_no_profiles_is_empty)
{
    lw_registration mine = {.given = LW_REG_PROFILES};
    assert_string_equal(put_queries(&mine), "pid=");
}

LW_TEST(a_name_that_does_not_fit_fails_the_writer)
{
    char name[LW_QUERY_MAX];
    memset(name, 'a', sizeof name);
    lw_registration mine = {.given = LW_REG_ENDPOINT, .endpoint = lw_bytes_of(name, sizeof name)};
    begin(LW_COAP_POST, LW_COAP_CON, 1, (lw_coap_token){.len = 0});
    put_registration(&out, NULL, &mine);
    assert_err(writer.err, LW_ETOOBIG);
    mine = (lw_registration){.given = LW_REG_PROFILES, .profiles = lw_bytes_of(name, sizeof name)};
    begin(LW_COAP_POST, LW_COAP_CON, 1, (lw_coap_token){.len = 0});
    put_registration(&out, NULL, &mine);
    assert_err(writer.err, LW_ETOOBIG);
}

LW_TEST(the_list_of_a_device_is_the_one_a_server_reads)
{
    uint8_t text[256];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_link_out objects;
    lw_object_list_begin(&objects, &w, every_format, LW_VERSION_1_1);
    lw_object_list_put(&objects, lw_path_instance(0, 0), NULL); /* REG-21 */
    lw_object_list_put(&objects, lw_path_instance(1, 0), NULL);
    lw_object_list_put(&objects, lw_path_object(3303), &(lw_object_version){1, 1});
    lw_object_list_put(&objects, lw_path_instance(3303, 0), NULL);
    lw_object_list_put(&objects, lw_path_instance(21, 0), NULL);
    assert_ok(w.err);
    assert_bytes(lw_writer_bytes(&w), "</>;ct=\"110 112 11543\",</1/0>,</3303>;ver=1.1,</3303/0>");
    REFUSED(lw_object_list_open(&list, lw_writer_bytes(&w), &strict), NONE);
    assert_string_equal(items(), "/1/0 /3303;1.1 /3303/0");
    lw_writer_init(&w, text, sizeof text);
    lw_object_list_begin(&objects, &w, every_format, LW_VERSION_1_0);
    lw_object_list_put(&objects, lw_path_object(5), NULL);
    assert_bytes(lw_writer_bytes(&w), "</>;ct=11543,</5>"); /* REG-23 */
    static const lw_format *const none[] = {&lw_format_text, &lw_format_tlv, NULL};
    lw_writer_init(&w, text, sizeof text);
    lw_object_list_begin(&objects, &w, none, LW_VERSION_1_2);
    lw_object_list_put(&objects, lw_path_object(5), NULL);
    assert_bytes(lw_writer_bytes(&w), "</5>"); /* no root link when there is nothing to say */
}

LW_TEST(every_truncation_of_a_register_is_parsed_or_refused)
{
    static const char whole[] = "\x41\x02\x10\x01\xA1\xB2\x72\x64\x11\x28\x37\x65\x70\x3D\x64\x65"
                                "\x76\x31\x06\x6C\x74\x3D\x33\x30\x30\x09\x6C\x77\x6D\x32\x6D\x3D"
                                "\x31\x2E\x31\x03\x62\x3D\x55\xFF</1/0>,</3/0>";
    for (size_t len = 0; len < sizeof whole; len++) {
        for (unsigned flip = 0; flip < 256; flip += 37) {
            uint8_t *copy = malloc(len + 1);
            assert_non_null(copy);
            memcpy(copy + 1, whole, len);
            if (len > 0) {
                copy[len] = (uint8_t)(copy[len] ^ flip); /* the last octet mutated */
            }
            lw_coap_msg msg;
            lw_request request;
            if (lw_coap_msg_parse(lw_bytes_of(copy + 1, len), &msg) == LW_OK &&
                lw_route_server(&msg, &request) == LW_COAP_EMPTY && request.op == LW_OP_REGISTER &&
                lw_register_parse(&request, &tolerant, &reg, &list) == LW_REFUSAL_NONE) {
                items();
            }
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reg_02_every_parameter_is_read),
        cmocka_unit_test(reg_02_defaults_are_u_without_queue_mode),
        cmocka_unit_test(reg_02_endpoint_may_be_left_out_when_the_identity_tells_it),
        cmocka_unit_test(p_reg_03_lifetime_is_required_unless_the_policy_has_one),
        cmocka_unit_test(lifetimes_are_seconds_and_saturate),
        cmocka_unit_test(ver_02_versions_of_another_major_are_refused),
        cmocka_unit_test(p_reg_01_unknown_parameters_are_kept_or_refused),
        cmocka_unit_test(a_parameter_twice_is_refused),
        cmocka_unit_test(reg_60_bindings_of_1_0),
        cmocka_unit_test(reg_61_bindings_since_1_1_are_letters_in_any_order),
        cmocka_unit_test(reg_02_q_takes_no_value),
        cmocka_unit_test(p_reg_18_a_plus_is_stripped_from_the_telephone_number),
        cmocka_unit_test(reg_51_profile_ids_follow_their_grammar),
        cmocka_unit_test(reg_20_objects_come_with_instances_or_alone),
        cmocka_unit_test(ver_12_versions_stand_on_objects_or_instances),
        cmocka_unit_test(reg_21_objects_that_are_never_listed_are_ignored),
        cmocka_unit_test(reg_23_the_root_link_announces_formats_and_alternate_path),
        cmocka_unit_test(reg_24_links_that_are_none_of_ours_are_ignored),
        cmocka_unit_test(reg_25_a_malformed_list_is_refused_as_a_whole),
        cmocka_unit_test(the_number_of_links_has_a_ceiling),
        cmocka_unit_test(reg_04_a_list_must_be_there_in_link_format),
        cmocka_unit_test(reg_30_an_update_names_only_what_changed),
        cmocka_unit_test(reg_35_q_and_pid_may_stand_in_an_update),
        cmocka_unit_test(reg_36_endpoint_and_version_of_an_update_must_be_the_same),
        cmocka_unit_test(the_binding_of_an_update_follows_the_version_of_its_register),
        cmocka_unit_test(every_refusal_has_a_sentence_and_a_code_that_is_legal),
        cmocka_unit_test(register_has_the_bytes_of_the_vector),
        cmocka_unit_test(register_over_tcp_has_the_same_options_and_payload),
        cmocka_unit_test(its_answer_has_the_bytes_of_the_vector_and_names_the_location),
        cmocka_unit_test(rule_23_a_location_of_any_shape_is_echoed_exactly),
        cmocka_unit_test(reg_05_an_answer_without_location_is_told_and_a_long_one_too),
        cmocka_unit_test(queue_mode_is_written_as_the_version_wants_it),
        cmocka_unit_test(a_binding_is_its_letters_with_one_q_at_most),
        cmocka_unit_test(all_parameters_are_written_in_the_order_of_the_table),
        cmocka_unit_test(a_list_of_no_profiles_is_empty),
        cmocka_unit_test(a_name_that_does_not_fit_fails_the_writer),
        cmocka_unit_test(the_list_of_a_device_is_the_one_a_server_reads),
        cmocka_unit_test(every_truncation_of_a_register_is_parsed_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
