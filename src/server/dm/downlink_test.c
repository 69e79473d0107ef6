/* What goes to a device: "METHOD /path?query cf=… accept=… : payload in hex", from the tables of
 * protocol.md sections 5 and 15 and formats.md section 16.
 */
#include "testing/lw_test.h"

#include <stdio.h>
#include <string.h>

#include "lw/objects.h"
#include "model/registry.h"
#include "proto/request.h"
#include "server/dm/downlink.h"
#include "testing/fakes.h"

#define NOT_LISTED 3304u /* everything else is; nobody knows what 33000 is */

typedef struct rig {
    lw_downlink_device device;
    lw_downlink_learned learned;
    lw_downlink downlink;
    lw_fake_mem heap;
    lw_mem mem;
    char line[4096];
    uint8_t body[1024];
} rig;

static bool object_of(void *ctx, uint16_t object, const lw_object_def **out_def)
{
    rig *r = ctx;
    lw_object_version version = lw_object_version_implied(r->device.version, object);
    lw_registry all = {lw_objects_all, LW_OBJECTS_ALL_COUNT};
    *out_def = lw_registry_find(&all, object, version);
    return object != NOT_LISTED;
}

static rig make(lw_version version)
{
    return (rig){.device = {.version = version, .object = object_of}};
}

static void bind(rig *r)
{
    r->device.ctx = r;
    r->mem = lw_fake_mem_mem(&r->heap);
}

static lw_downlink_ask ask_of(lw_op op, const char *path)
{
    lw_downlink_ask ask = {.op = (uint8_t)op, .format = LW_CF_NONE, .depth = LW_DEPTH_DEFAULT};
    assert_ok(lw_path_parse(lw_bytes_str(path), &ask.path));
    return ask;
}

static lw_path path_of(const char *text)
{
    lw_path path;
    assert_ok(lw_path_parse(lw_bytes_str(text), &path));
    return path;
}

static lw_entry entry(const char *path, lw_value value)
{
    return (lw_entry){.kind = LW_ENTRY_VALUE, .path = path_of(path), .value = value};
}

static lw_entry target(const char *path)
{
    return (lw_entry){.kind = LW_ENTRY_PATH, .path = path_of(path)};
}

/* The body as the API writes it. */
static lw_bytes body_of(rig *r, const lw_format *format, const lw_entry *list, size_t count)
{
    lw_entries entries = {list, count};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_writer w;
    lw_writer_init(&w, r->body, sizeof r->body);
    assert_ok(lw_encode(format, &source, &cfg, &w));
    return lw_writer_bytes(&w);
}

static lw_bytes one(rig *r, const char *path, lw_value value)
{
    lw_entry e = entry(path, value);
    return body_of(r, &lw_format_senml_cbor, &e, 1);
}

/* ---- What is sent, as one line -------------------------------------------------------------- */

static void append(rig *r, const char *text, size_t len)
{
    size_t at = strlen(r->line);
    assert_true(at + len < sizeof r->line);
    memcpy(r->line + at, text, len);
    r->line[at + len] = '\0';
}

static void append_str(rig *r, const char *text)
{
    append(r, text, strlen(text));
}

static void append_number(rig *r, const char *name, uint32_t number)
{
    char text[64];
    snprintf(text, sizeof text, " %s=%u", name, (unsigned)number);
    append_str(r, text);
}

static void describe(rig *r, const lw_downlink_ask *ask, lw_bytes options, lw_bytes payload)
{
    r->line[0] = '\0';
    append_str(r, lw_coap_code_name(lw_op_rule_of((lw_op)ask->op)->method));
    append_str(r, " ");
    bool has_query = false;
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        switch (opt.number) {
        case LW_COAP_OPT_URI_PATH:
            append_str(r, "/");
            append(r, (const char *)opt.value.ptr, opt.value.len);
            break;
        case LW_COAP_OPT_URI_QUERY:
            append_str(r, has_query ? "&" : "?");
            append(r, (const char *)opt.value.ptr, opt.value.len);
            has_query = true;
            break;
        case LW_COAP_OPT_CONTENT_FORMAT:
            append_number(r, "cf", lw_coap_opt_uint(opt.value));
            break;
        case LW_COAP_OPT_ACCEPT:
            append_number(r, "accept", lw_coap_opt_uint(opt.value));
            break;
        default:
            append_number(r, "option", opt.number);
        }
    }
    append_str(r, payload.len > 0 ? " : " : "");
    for (size_t i = 0; i < payload.len; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", payload.ptr[i]);
        append_str(r, hex);
    }
}

/* Encodes with the formats that the rig's downlink has. */
static const char *again(rig *r, const lw_downlink_ask *ask)
{
    uint8_t room[LW_DOWNLINK_OPTIONS_MAX];
    lw_writer options;
    lw_bytes payload;
    lw_writer_init(&options, room, sizeof room);
    lw_err err = lw_downlink_encode(&r->downlink, &r->device, ask, &r->mem, &options, &payload);
    if (err != LW_OK) {
        snprintf(r->line, sizeof r->line, "%s", lw_err_name(err));
    } else {
        describe(r, ask, lw_writer_bytes(&options), payload);
    }
    lw_mem_release(&r->mem, (void *)(uintptr_t)payload.ptr);
    assert_int_equal(r->heap.live, 0);
    return r->line;
}

static const char *sent(rig *r, const lw_downlink_ask *ask)
{
    bind(r);
    lw_err err = lw_downlink_start(&r->device, ask, &r->learned, &r->mem, &r->downlink);
    assert_int_equal(r->heap.live, 0);
    return err == LW_OK ? again(r, ask) : lw_err_name(err);
}

static bool refused(rig *r, const lw_downlink_ask *ask, uint8_t code)
{
    return lw_downlink_refused(&r->downlink, &r->device, ask, &r->learned, &r->mem, code);
}

#define SENT(r, ask, text) assert_string_equal(sent(r, ask), text)

/* ---- Read, Discover, Delete ----------------------------------------------------------------- */

LW_TEST(dm_10_read_asks_a_device_of_1_1_for_senml_cbor)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0/9");
    SENT(&r, &ask, "GET /3/0/9 accept=112");
    ask.path = path_of("/3");
    SENT(&r, &ask, "GET /3 accept=112");
}

LW_TEST(dm_13_a_device_of_1_0_answers_in_what_it_has)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0");
    SENT(&r, &ask, "GET /3/0");
    ask.format = LW_CF_TLV;
    SENT(&r, &ask, "GET /3/0 accept=11542");
}

LW_TEST(the_announced_format_is_asked_for)
{
    rig r = make(LW_VERSION_1_2);
    r.device.formats = lw_bytes_str("0 11544 110");
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0");
    SENT(&r, &ask, "GET /3/0 accept=11544");
    r.device.version = LW_VERSION_1_0;
    r.device.formats = lw_bytes_str("11543");
    SENT(&r, &ask, "GET /3/0 accept=11543");
}

LW_TEST(fmt_10_after_4_06_the_next_format_is_asked_for_and_none_at_last)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0");
    SENT(&r, &ask, "GET /3/0 accept=112");
    assert_true(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
    assert_string_equal(again(&r, &ask), "GET /3/0 accept=110");
    assert_true(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
    assert_string_equal(again(&r, &ask), "GET /3/0 accept=11542");
    assert_true(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
    assert_string_equal(again(&r, &ask), "GET /3/0");
    assert_false(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
}

LW_TEST(srv_04_what_worked_after_a_refusal_is_remembered)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0");
    SENT(&r, &ask, "GET /3/0 accept=112");
    lw_downlink_learn(&r.downlink, &r.learned);
    SENT(&r, &ask, "GET /3/0 accept=112");
    assert_true(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
    assert_true(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
    lw_downlink_learn(&r.downlink, &r.learned);
    SENT(&r, &ask, "GET /3/0 accept=11542");
    lw_downlink_ask other = ask_of(LW_OP_READ, "/3/0/9"); /* of single values nothing is known */
    SENT(&r, &other, "GET /3/0/9 accept=112");
    SENT(&r, &ask, "GET /3/0 accept=11542");
    assert_true(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE)); /* it changed its mind */
    assert_string_equal(again(&r, &ask), "GET /3/0 accept=112");
}

LW_TEST(the_operators_format_is_not_changed_for_him)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0/9");
    ask.format = LW_CF_TEXT;
    SENT(&r, &ask, "GET /3/0/9 accept=0");
    assert_false(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE));
    ask.path = path_of("/3/0"); /* P-DM-26 */
    SENT(&r, &ask, "LW_ENOTSUP");
    ask.force = true;
    SENT(&r, &ask, "GET /3/0 accept=0");
    ask.format = 9999;
    SENT(&r, &ask, "LW_ENOTSUP");
}

LW_TEST(dm_21_discover_says_its_depth_to_1_2_alone)
{
    rig r = make(LW_VERSION_1_2);
    lw_downlink_ask ask = ask_of(LW_OP_DISCOVER, "/3");
    SENT(&r, &ask, "GET /3 accept=40");
    ask.depth = 0;
    SENT(&r, &ask, "GET /3?depth=0 accept=40");
    ask.depth = 4;
    SENT(&r, &ask, "LW_EINVAL");
    ask.depth = 1;
    r.device.version = LW_VERSION_1_1;
    SENT(&r, &ask, "LW_ENOTSUP");
    ask.force = true;
    SENT(&r, &ask, "GET /3?depth=1 accept=40");
}

LW_TEST(dm_80_delete_of_a_resource_instance_is_for_1_2)
{
    rig r = make(LW_VERSION_1_2);
    lw_downlink_ask ask = ask_of(LW_OP_DELETE, "/3303/1");
    SENT(&r, &ask, "DELETE /3303/1");
    ask.path = path_of("/3/0/11/1");
    SENT(&r, &ask, "DELETE /3/0/11/1");
    r.device.version = LW_VERSION_1_1;
    SENT(&r, &ask, "LW_ENOTSUP");
    ask.path = path_of("/3303");
    SENT(&r, &ask, "LW_EINVAL");
}

/* ---- Write ---------------------------------------------------------------------------------- */

LW_TEST(srv_04_a_single_value_goes_as_text_or_octets)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/1/0/1");
    ask.body = one(&r, "/1/0/1", lw_value_integer(300));
    SENT(&r, &ask, "PUT /1/0/1 cf=0 : 333030");
    ask = ask_of(LW_OP_WRITE, "/5/0/0");
    ask.body = one(&r, "/5/0/0", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of("\x01\xff", 2)));
    SENT(&r, &ask, "PUT /5/0/0 cf=42 : 01ff");
    r.device.formats = lw_bytes_str("112 110"); /* REG-23: what goes without saying is not there */
    SENT(&r, &ask, "PUT /5/0/0 cf=42 : 01ff");
}

LW_TEST(edge_22_an_empty_opaque_is_written_as_nothing)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/5/0/0");
    ask.body = one(&r, "/5/0/0", lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(NULL, 0)));
    SENT(&r, &ask, "PUT /5/0/0 cf=42");
}

LW_TEST(edge_22_an_empty_multiple_resource_is_written)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/33000/0/5");
    ask.body = lw_bytes_of("\x80", 1);
    SENT(&r, &ask, "PUT /33000/0/5 cf=11542 : 8005");
    r.device.version = LW_VERSION_1_1;
    SENT(&r, &ask, "PUT /33000/0/5 cf=112 : 80");
    ask.path = path_of("/33000/0"); /* everything optional goes */
    SENT(&r, &ask, "PUT /33000/0 cf=112 : 80");
    ask.path = path_of("/3/0/14"); /* of a single resource there is always one */
    SENT(&r, &ask, "LW_EINVAL");
}

LW_TEST(an_instance_goes_in_tlv_to_1_0_and_in_senml_cbor_from_1_1)
{
    rig r = make(LW_VERSION_1_0);
    lw_entry list[] = {entry("/1/0/2", lw_value_integer(5)), entry("/1/0/1", lw_value_integer(60))};
    lw_downlink_ask ask = ask_of(LW_OP_WRITE_PARTIAL, "/1/0");
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "POST /1/0 cf=11542 : c1013cc10205"); /* in order of ids */
    r.device.version = LW_VERSION_1_1;
    SENT(&r, &ask, "POST /1/0 cf=112 : 82a321652f312f302f00613102183ca20061320205");
}

LW_TEST(srv_04_after_4_15_the_next_format_is_tried_and_remembered)
{
    rig r = make(LW_VERSION_1_1);
    lw_entry list[] = {entry("/1/0/1", lw_value_integer(60)), entry("/1/0/2", lw_value_integer(5))};
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/1/0");
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    sent(&r, &ask);
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT)); /* SenML JSON */
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_string_equal(again(&r, &ask), "PUT /1/0 cf=11542 : c1013cc10205");
    lw_downlink_learn(&r.downlink, &r.learned);
    SENT(&r, &ask, "PUT /1/0 cf=11542 : c1013cc10205");
    assert_false(refused(&r, &ask, LW_COAP_BAD_REQUEST));
    assert_false(refused(&r, &ask, LW_COAP_NOT_ACCEPTABLE)); /* nothing was asked for */
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_false(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
}

LW_TEST(a_single_value_falls_back_from_text_to_what_is_left)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/1/0/1");
    ask.body = one(&r, "/1/0/1", lw_value_integer(60));
    SENT(&r, &ask, "PUT /1/0/1 cf=0 : 3630");
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_string_equal(again(&r, &ask), "PUT /1/0/1 cf=60 : 183c");
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_string_equal(again(&r, &ask), "PUT /1/0/1 cf=112 : 81a200662f312f302f3102183c");
    ask.format = LW_CF_TLV;
    SENT(&r, &ask, "PUT /1/0/1 cf=11542 : c1013c");
    assert_false(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
}

LW_TEST(values_get_the_types_of_the_devices_objects)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE_PARTIAL, "/3311/0"); /* 5851 is an integer */
    lw_entry list[] = {entry("/3311/0/5851", lw_value_float(50.0)),
                       entry("/3311/0/5850", lw_value_boolean(true))};
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "POST /3311/0 cf=11542 : e116da01e116db32");
    list[0].value = lw_value_float(50.5);
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "LW_ERANGE");
    list[0].value = lw_value_string("50");
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "LW_ETYPE");
}

LW_TEST(ver_15_objects_that_nobody_knows_are_written_as_their_values_tell)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/33000/0/5");
    ask.body = one(&r, "/33000/0/5", lw_value_string("on"));
    SENT(&r, &ask, "PUT /33000/0/5 cf=0 : 6f6e");
    ask.body = one(&r, "/33000/0/5/2", lw_value_integer(1));
    SENT(&r, &ask, "PUT /33000/0/5 cf=11542 : 8305410201");
    ask = ask_of(LW_OP_EXECUTE, "/33000/0/6");
    SENT(&r, &ask, "POST /33000/0/6");
    ask = ask_of(LW_OP_READ, "/33000/0/5");
    ask.format = LW_CF_TEXT;
    SENT(&r, &ask, "GET /33000/0/5 accept=0");
}

LW_TEST(dm_33_a_multiple_resource_is_replaced_or_merged)
{
    rig r = make(LW_VERSION_1_1);
    lw_entry list[] = {entry("/16/0/0/1", lw_value_string("b")),
                       entry("/16/0/0/0", lw_value_string("a"))};
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/16/0/0");
    ask.format = LW_CF_TLV;
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "PUT /16/0/0 cf=11542 : 8600410061410162");
    ask.op = LW_OP_WRITE_PARTIAL;
    SENT(&r, &ask, "POST /16/0/0 cf=11542 : 8600410061410162");
    ask.format = LW_CF_TEXT; /* DM-35 */
    SENT(&r, &ask, "LW_ENOTSUP");
    r.device.version = LW_VERSION_1_0; /* DM-30: there POST to a resource is Execute */
    ask.format = LW_CF_NONE;
    SENT(&r, &ask, "LW_ENOTSUP");
}

LW_TEST(dm_65_a_post_that_the_device_would_take_for_another_operation_is_not_sent)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_EXECUTE, "/16/0/0");
    SENT(&r, &ask, "LW_EINVAL");
    ask.force = true;
    SENT(&r, &ask, "POST /16/0/0");
    ask = ask_of(LW_OP_WRITE_PARTIAL, "/3/0/14");
    ask.body = one(&r, "/3/0/14/0", lw_value_string("+01"));
    SENT(&r, &ask, "LW_EINVAL");
}

LW_TEST(a_body_that_does_not_go_with_the_path_is_refused)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/1/0/1");
    SENT(&r, &ask, "LW_EINVAL"); /* no body */
    ask.body = one(&r, "/1/0/2", lw_value_integer(1));
    SENT(&r, &ask, "LW_EINVAL"); /* elsewhere */
    ask.body = one(&r, "/1/0/1/0", lw_value_integer(1));
    SENT(&r, &ask, "LW_EINVAL"); /* DM-12 */
    ask.path = path_of("/1/0/1/0");
    SENT(&r, &ask, "LW_EINVAL");
    ask.path = path_of("/1");
    SENT(&r, &ask, "LW_EINVAL"); /* DM-40 */
    ask.path = path_of("/1/0");
    lw_entry twice[] = {entry("/1/0/1", lw_value_integer(1)), entry("/1/0/1", lw_value_integer(2))};
    ask.body = body_of(&r, &lw_format_senml_cbor, twice, 2);
    SENT(&r, &ask, "LW_EINVAL");
    twice[0].time = lw_value_integer(1);
    ask.body = body_of(&r, &lw_format_senml_cbor, twice, 1);
    SENT(&r, &ask, "LW_EINVAL");
    ask.body = lw_bytes_of("\x81", 1);
    SENT(&r, &ask, "LW_EFORMAT");
    ask = ask_of(LW_OP_READ, "/1/0/1");
    ask.body = lw_bytes_of("\x80", 1);
    SENT(&r, &ask, "LW_EINVAL");
    ask = ask_of(LW_OP_READ, "/1/0/1");
    ask.arguments = lw_bytes_str("5");
    SENT(&r, &ask, "LW_EINVAL");
    ask = ask_of(LW_OP_WRITE_PARTIAL, "/1/0"); /* nothing to write */
    ask.body = lw_bytes_of("\x80", 1);
    SENT(&r, &ask, "LW_EINVAL");
    ask = ask_of(LW_OP_SEND, "/1/0");
    SENT(&r, &ask, "LW_EINVAL");
}

/* ---- Create --------------------------------------------------------------------------------- */

LW_TEST(dm_71_create_with_an_id)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_CREATE, "/3303");
    ask.body = one(&r, "/3303/7/5701", lw_value_string("C"));
    SENT(&r, &ask, "POST /3303 cf=112 : 81a2006c2f333330332f372f35373031036143");
    assert_true(lw_path_equal(r.downlink.target, path_of("/3303/7"))); /* P-DM-13 */
    r.device.version = LW_VERSION_1_0;
    SENT(&r, &ask, "POST /3303 cf=11542 : 0407e1164543");
}

LW_TEST(p_dm_12_a_create_without_an_id_goes_in_a_format_that_can_say_so)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_CREATE, "/3303");
    ask.body = one(&r, "/3303/65535/5701", lw_value_string("C"));
    SENT(&r, &ask, "POST /3303 cf=11542 : e1164543");
    assert_true(lw_path_equal(r.downlink.target, path_of("/3303")));
    r.device.version = LW_VERSION_1_2;
    sent(&r, &ask);
    assert_ptr_equal(r.downlink.body, &lw_format_lwm2m_cbor);
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_string_equal(again(&r, &ask), "POST /3303 cf=11542 : e1164543");
    ask.format = LW_CF_SENML_CBOR; /* DM-78 */
    SENT(&r, &ask, "LW_ENOTSUP");
}

LW_TEST(dm_72_create_of_several_instances)
{
    rig r = make(LW_VERSION_1_0);
    lw_entry list[] = {entry("/3303/8/5701", lw_value_string("F")),
                       entry("/3303/7/5701", lw_value_string("C"))};
    lw_downlink_ask ask = ask_of(LW_OP_CREATE, "/3303");
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "POST /3303 cf=11542 : 0407e11645430408e1164546");
    assert_true(lw_path_equal(r.downlink.target, path_of("/3303")));
    list[0].path = path_of("/3303/65535/5701");
    ask.body = body_of(&r, &lw_format_senml_cbor, list, 2);
    SENT(&r, &ask, "LW_EINVAL");
}

LW_TEST(dm_77_create_without_a_body)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_CREATE, "/3303");
    SENT(&r, &ask, "POST /3303");
}

/* ---- Execute and attributes ----------------------------------------------------------------- */

LW_TEST(dm_61_the_arguments_of_execute_follow_the_grammar)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_EXECUTE, "/3/0/4");
    SENT(&r, &ask, "POST /3/0/4");
    ask.arguments = lw_bytes_str("0='a',5");
    SENT(&r, &ask, "POST /3/0/4 cf=0 : 303d2761272c35");
    ask.arguments = lw_bytes_str("now");
    SENT(&r, &ask, "LW_EINVAL");
    ask.arguments = lw_bytes_str("");
    ask.path = path_of("/3/0");
    SENT(&r, &ask, "LW_EINVAL");
}

LW_TEST(dm_50_attributes_are_set_and_unset)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE_ATTRIBUTES, "/3/0/9");
    ask.arguments = lw_bytes_str("pmin=10&pmax=60&gt=45.5&st");
    SENT(&r, &ask, "PUT /3/0/9?pmin=10&pmax=60&gt=45.5&st");
    ask.arguments = lw_bytes_str("");
    SENT(&r, &ask, "LW_EINVAL"); /* DM-22: would be a Write */
    ask.arguments = lw_bytes_str("pmin=10&dim=2");
    SENT(&r, &ask, "LW_EINVAL"); /* DM-53 */
    ask.arguments = lw_bytes_str("con=1");
    SENT(&r, &ask, "LW_ENOTSUP"); /* of 1.2 */
    ask.arguments = lw_bytes_str("pmin=x");
    SENT(&r, &ask, "LW_EFORMAT");
}

LW_TEST(edge_26_thresholds_keep_every_digit)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE_ATTRIBUTES, "/33000/0/1");
    ask.arguments = lw_bytes_str("lt=-9007199254740993&gt=18446744073709551615");
    SENT(&r, &ask, "PUT /33000/0/1?lt=-9007199254740993&gt=18446744073709551615");
    ask.arguments = lw_bytes_str("gt=1e3"); /* ATT-14: not in the grammar */
    SENT(&r, &ask, "LW_EFORMAT");
    ask.arguments = lw_bytes_str("epmin=1"); /* an e in the name is none */
    SENT(&r, &ask, "PUT /33000/0/1?epmin=1");
}

LW_TEST(edge_25_attributes_that_contradict_each_other_are_not_sent)
{
    rig r = make(LW_VERSION_1_2);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE_ATTRIBUTES, "/3/0/9");
    ask.arguments = lw_bytes_str("lt=1&gt=3&st=1"); /* ATT-20, P-OBS-18 */
    SENT(&r, &ask, "LW_EINVAL");
    ask.arguments = lw_bytes_str("lt=5&gt=5");
    SENT(&r, &ask, "LW_EINVAL");
    ask.arguments = lw_bytes_str("epmin=9&epmax=5"); /* ATT-22 */
    SENT(&r, &ask, "LW_EINVAL");
    ask.arguments = lw_bytes_str("st=0"); /* ATT-23 */
    SENT(&r, &ask, "LW_EINVAL");
    ask.arguments = lw_bytes_str("pmin=9&pmax=5"); /* ATT-21: pmax is ignored */
    SENT(&r, &ask, "PUT /3/0/9?pmin=9&pmax=5");
    ask.path = path_of("/3/0/0"); /* ATT-15: a string */
    ask.arguments = lw_bytes_str("gt=5");
    SENT(&r, &ask, "LW_EINVAL");
    ask.path = path_of("/3/0/4"); /* not readable */
    ask.arguments = lw_bytes_str("pmin=5");
    SENT(&r, &ask, "LW_EINVAL");
    ask.force = true;
    SENT(&r, &ask, "PUT /3/0/4?pmin=5");
}

/* ---- Composites ----------------------------------------------------------------------------- */

LW_TEST(dm_90_read_composite_goes_to_the_root)
{
    rig r = make(LW_VERSION_1_1);
    lw_entry list[] = {target("/3/0/0"), target("/3/0/9")};
    lw_downlink_ask ask = ask_of(LW_OP_READ_COMPOSITE, "/");
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 2);
    SENT(&r, &ask, "FETCH  cf=112 accept=112 : 82a221652f332f302f006130a1006139");
    ask.format = LW_CF_SENML_JSON; /* of the answer */
    SENT(&r, &ask, "FETCH  cf=112 accept=110 : 82a221652f332f302f006130a1006139");
    ask.format = LW_CF_NONE;
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_ptr_equal(r.downlink.body, &lw_format_senml_json);
    r.device.version = LW_VERSION_1_0;
    SENT(&r, &ask, "LW_ENOTSUP");
    ask.force = true;
    SENT(&r, &ask, "FETCH  cf=112 : 82a221652f332f302f006130a1006139");
}

LW_TEST(dm_97_a_device_of_1_2_that_refuses_112_gets_322)
{
    rig r = make(LW_VERSION_1_2);
    lw_entry list[] = {target("/3/0/0")};
    lw_downlink_ask ask = ask_of(LW_OP_READ_COMPOSITE, "/");
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 1);
    sent(&r, &ask);
    assert_ptr_equal(r.downlink.body, &lw_format_senml_cbor);
    assert_true(refused(&r, &ask, LW_COAP_UNSUPPORTED_CONTENT_FORMAT));
    assert_ptr_equal(r.downlink.body, &lw_format_etch_cbor);
    r.device.formats = lw_bytes_str("322 11544");
    sent(&r, &ask);
    assert_ptr_equal(r.downlink.body, &lw_format_etch_cbor);
    assert_ptr_equal(r.downlink.answer, &lw_format_lwm2m_cbor);
}

LW_TEST(dm_95_a_removal_goes_in_a_patch_that_can_say_so)
{
    rig r = make(LW_VERSION_1_2);
    lw_entry list[] = {entry("/1/0/1", lw_value_integer(60)),
                       {.kind = LW_ENTRY_REMOVE, .path = path_of("/16/0/0/1")}};
    lw_downlink_ask ask = ask_of(LW_OP_WRITE_COMPOSITE, "/");
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 1);
    sent(&r, &ask);
    assert_ptr_equal(r.downlink.body, &lw_format_senml_cbor);
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 2);
    sent(&r, &ask);
    assert_ptr_equal(r.downlink.body, &lw_format_etch_cbor);
    r.device.version = LW_VERSION_1_1;
    SENT(&r, &ask, "LW_ENOTSUP");
}

LW_TEST(a_composite_says_something)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_READ_COMPOSITE, "/");
    ask.body = lw_bytes_of("\x80", 1);
    SENT(&r, &ask, "LW_EINVAL");
    ask.op = LW_OP_WRITE_COMPOSITE;
    SENT(&r, &ask, "LW_EINVAL");
}

LW_TEST(edge_21_read_composite_of_everything_and_of_a_resource_instance)
{
    rig r = make(LW_VERSION_1_1);
    lw_entry list[] = {target("/"), target("/3/0/11/0")};
    lw_downlink_ask ask = ask_of(LW_OP_READ_COMPOSITE, "/");
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 1);
    SENT(&r, &ask, "FETCH  cf=112 accept=112 : 81a100612f");
    ask.body = body_of(&r, &lw_format_etch_cbor, list + 1, 1);
    SENT(&r, &ask, "FETCH  cf=112 accept=112 : 81a100692f332f302f31312f30");
}

/* ---- Observations --------------------------------------------------------------------------- */

LW_TEST(obs_02_observe_carries_attributes_to_1_2)
{
    rig r = make(LW_VERSION_1_2);
    lw_downlink_ask ask = ask_of(LW_OP_OBSERVE, "/3/0/9");
    ask.arguments = lw_bytes_str("pmin=5");
    SENT(&r, &ask, "GET  option=6/3/0/9?pmin=5 accept=112");
    ask.op = LW_OP_CANCEL;
    SENT(&r, &ask, "GET  option=6/3/0/9?pmin=5 accept=112");
    r.device.version = LW_VERSION_1_1;
    SENT(&r, &ask, "LW_ENOTSUP");
    ask = ask_of(LW_OP_OBSERVE_COMPOSITE, "/");
    ask.arguments = lw_bytes_str("gt=5");
    lw_entry list[] = {target("/3/0/9")};
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 1);
    r.device.version = LW_VERSION_1_2;
    SENT(&r, &ask, "LW_EINVAL"); /* OBS-23 */
    ask.arguments = lw_bytes_str("");
    SENT(&r, &ask, "FETCH  option=6 cf=112 accept=112 : 81a100662f332f302f39");
}

/* ---- Where it goes -------------------------------------------------------------------------- */

LW_TEST(ver_31_the_alternate_path_stands_in_front)
{
    rig r = make(LW_VERSION_1_1);
    r.device.alternate_path = lw_bytes_str("lwm2m");
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3/0/9");
    SENT(&r, &ask, "GET /lwm2m/3/0/9 accept=112");
    lw_entry list[] = {target("/3/0/9")};
    ask = ask_of(LW_OP_READ_COMPOSITE, "/"); /* DM-98 */
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 1);
    SENT(&r, &ask, "FETCH /lwm2m cf=112 accept=112 : 81a100662f332f302f39");
    r.device.version = LW_VERSION_1_2; /* VER-32, VER-34 */
    SENT(&r, &ask, "FETCH /lwm2m cf=112 accept=112 : 81a1006c2f6c776d326d2f332f302f39");
}

LW_TEST(srv_05_what_the_device_does_not_have_is_not_asked_unless_forced)
{
    rig r = make(LW_VERSION_1_0);
    lw_downlink_ask ask = ask_of(LW_OP_READ, "/3304/0");
    SENT(&r, &ask, "LW_ENOTFOUND");
    ask.force = true;
    SENT(&r, &ask, "GET /3304/0");
    ask = ask_of(LW_OP_READ, "/3/0/11/0"); /* of 1.1 */
    SENT(&r, &ask, "LW_ENOTSUP");
    ask = ask_of(LW_OP_READ, "/3/65535"); /* VER-20 */
    SENT(&r, &ask, "LW_EINVAL");
}

LW_TEST(edge_24_srv_07_forbidden_objects_are_not_touched_unless_forced)
{
    rig r = make(LW_VERSION_1_1);
    static const char *const paths[] = {"/0/0", "/21/0", "/23/0", "/24/0"};
    for (size_t i = 0; i < 4; i++) {
        lw_downlink_ask ask = ask_of(LW_OP_READ, paths[i]);
        SENT(&r, &ask, "LW_EDENIED");
    }
    lw_entry list[] = {target("/0/0/1"), target("/3/0/9")};
    lw_downlink_ask ask = ask_of(LW_OP_READ_COMPOSITE, "/");
    ask.body = body_of(&r, &lw_format_etch_cbor, list, 2);
    SENT(&r, &ask, "LW_EDENIED");
    ask = ask_of(LW_OP_READ, "/0/0");
    ask.force = true;
    SENT(&r, &ask, "GET /0/0 accept=112");
}

LW_TEST(too_much_of_anything_is_refused)
{
    rig r = make(LW_VERSION_1_1);
    static uint8_t body[2 * LW_DOWNLINK_ENTRIES_MAX * 16];
    static lw_entry list[LW_DOWNLINK_ENTRIES_MAX + 1];
    for (size_t i = 0; i <= LW_DOWNLINK_ENTRIES_MAX; i++) {
        uint16_t resource = (uint16_t)(LW_DOWNLINK_ENTRIES_MAX - i);
        list[i] = entry("/33000/0/0/0", lw_value_integer(1));
        list[i].path = lw_path_resource_instance(33000, 0, resource, 0);
    }
    for (size_t more = 0; more <= 1; more++) {
        lw_entries entries = {list, LW_DOWNLINK_ENTRIES_MAX + more};
        lw_source source = lw_entries_source(&entries);
        lw_encode_cfg cfg = {.base = lw_path_root()};
        lw_writer w;
        lw_writer_init(&w, body, sizeof body);
        assert_ok(lw_encode(&lw_format_senml_cbor, &source, &cfg, &w));
        lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/33000/0");
        ask.body = lw_writer_bytes(&w);
        bind(&r);
        assert_err(lw_downlink_start(&r.device, &ask, &r.learned, &r.mem, &r.downlink),
                   more == 0 ? LW_OK : LW_ETOOBIG);
    }
}

LW_TEST(without_memory_it_says_so)
{
    rig r = make(LW_VERSION_1_1);
    lw_downlink_ask ask = ask_of(LW_OP_WRITE, "/1/0/1");
    ask.body = one(&r, "/1/0/1", lw_value_integer(60));
    SENT(&r, &ask, "PUT /1/0/1 cf=0 : 3630");
    size_t needed = r.heap.count;
    assert_int_equal(needed, 3);
    for (size_t n = 1; n <= needed; n++) {
        r.heap = (lw_fake_mem){.fail_at = n};
        SENT(&r, &ask, "LW_ENOMEM");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dm_10_read_asks_a_device_of_1_1_for_senml_cbor),
        cmocka_unit_test(dm_13_a_device_of_1_0_answers_in_what_it_has),
        cmocka_unit_test(the_announced_format_is_asked_for),
        cmocka_unit_test(fmt_10_after_4_06_the_next_format_is_asked_for_and_none_at_last),
        cmocka_unit_test(srv_04_what_worked_after_a_refusal_is_remembered),
        cmocka_unit_test(the_operators_format_is_not_changed_for_him),
        cmocka_unit_test(dm_21_discover_says_its_depth_to_1_2_alone),
        cmocka_unit_test(dm_80_delete_of_a_resource_instance_is_for_1_2),
        cmocka_unit_test(srv_04_a_single_value_goes_as_text_or_octets),
        cmocka_unit_test(edge_22_an_empty_opaque_is_written_as_nothing),
        cmocka_unit_test(edge_22_an_empty_multiple_resource_is_written),
        cmocka_unit_test(an_instance_goes_in_tlv_to_1_0_and_in_senml_cbor_from_1_1),
        cmocka_unit_test(srv_04_after_4_15_the_next_format_is_tried_and_remembered),
        cmocka_unit_test(a_single_value_falls_back_from_text_to_what_is_left),
        cmocka_unit_test(values_get_the_types_of_the_devices_objects),
        cmocka_unit_test(ver_15_objects_that_nobody_knows_are_written_as_their_values_tell),
        cmocka_unit_test(dm_33_a_multiple_resource_is_replaced_or_merged),
        cmocka_unit_test(dm_65_a_post_that_the_device_would_take_for_another_operation_is_not_sent),
        cmocka_unit_test(a_body_that_does_not_go_with_the_path_is_refused),
        cmocka_unit_test(dm_71_create_with_an_id),
        cmocka_unit_test(p_dm_12_a_create_without_an_id_goes_in_a_format_that_can_say_so),
        cmocka_unit_test(dm_72_create_of_several_instances),
        cmocka_unit_test(dm_77_create_without_a_body),
        cmocka_unit_test(dm_61_the_arguments_of_execute_follow_the_grammar),
        cmocka_unit_test(dm_50_attributes_are_set_and_unset),
        cmocka_unit_test(edge_26_thresholds_keep_every_digit),
        cmocka_unit_test(edge_25_attributes_that_contradict_each_other_are_not_sent),
        cmocka_unit_test(dm_90_read_composite_goes_to_the_root),
        cmocka_unit_test(dm_97_a_device_of_1_2_that_refuses_112_gets_322),
        cmocka_unit_test(dm_95_a_removal_goes_in_a_patch_that_can_say_so),
        cmocka_unit_test(a_composite_says_something),
        cmocka_unit_test(edge_21_read_composite_of_everything_and_of_a_resource_instance),
        cmocka_unit_test(obs_02_observe_carries_attributes_to_1_2),
        cmocka_unit_test(ver_31_the_alternate_path_stands_in_front),
        cmocka_unit_test(srv_05_what_the_device_does_not_have_is_not_asked_unless_forced),
        cmocka_unit_test(edge_24_srv_07_forbidden_objects_are_not_touched_unless_forced),
        cmocka_unit_test(too_much_of_anything_is_refused),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
