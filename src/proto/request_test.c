/* The rows of protocol.md section 15, message bytes of formats.md section 13. */
#include "proto/request.h"

#include <stdio.h>

#include "proto/formats_for_tests.h"
#include "testing/lw_test.h"

/* ---- Requests as text ----------------------------------------------------------------------- */

#define NONE (-1)

typedef struct ask {
    uint8_t method;
    const char *target; /* "/3/0?pmin=10"; "" for no Uri-Path */
    int observe;        /* NONE, 0, 1 */
    uint16_t cf, accept;
    const char *payload; /* NULL: none */
} ask;

static uint8_t datagram[512];

static void put_parts(lw_coap_out *out, uint32_t number, const char **at, const char *ends)
{
    while (**at != '\0' && strchr(ends, **at) == NULL) {
        const char *start = *at + 1; /* behind the slash, question mark or ampersand */
        size_t len = strcspn(start, "/?&");
        lw_coap_put(out, number, lw_bytes_of(start, len));
        *at = start + len;
    }
}

static lw_coap_msg message(const ask *a)
{
    lw_writer w;
    lw_writer_init(&w, datagram, sizeof datagram);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, a->method, 1, (lw_coap_token){.len = 0});
    if (a->observe != NONE) {
        lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, (uint32_t)a->observe);
    }
    const char *at = a->target;
    put_parts(&out, LW_COAP_OPT_URI_PATH, &at, "?&");
    if (a->cf != LW_CF_NONE) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, a->cf);
    }
    put_parts(&out, LW_COAP_OPT_URI_QUERY, &at, "");
    if (a->accept != LW_CF_NONE) {
        lw_coap_put_uint(&out, LW_COAP_OPT_ACCEPT, a->accept);
    }
    if (a->payload != NULL) {
        lw_coap_put_payload(&out, lw_bytes_str(a->payload));
    }
    assert_ok(w.err);
    lw_coap_msg msg;
    assert_ok(lw_coap_msg_parse(lw_writer_bytes(&w), &msg));
    return msg;
}

#define COMPOSITES                                                                \
    ((uint32_t)1 << LW_OP_READ_COMPOSITE | (uint32_t)1 << LW_OP_WRITE_COMPOSITE | \
     (uint32_t)1 << LW_OP_OBSERVE_COMPOSITE | (uint32_t)1 << LW_OP_CANCEL_COMPOSITE)

static const lw_route route_1_2 = {.version = LW_VERSION_1_2, .ops = LW_OPS_ALL};

/* What a device makes of it: the operation's name, or the code as "4.05". Route NULL: asked by the
 * Bootstrap-Server. */
static const char *device(const lw_route *route, ask a)
{
    static char code_text[5];
    lw_coap_msg msg = message(&a);
    lw_request request;
    uint8_t code = route != NULL ? lw_route_device(route, &msg, &request)
                                 : lw_route_bootstrap(LW_VERSION_1_2, &msg, &request);
    if (code == LW_COAP_EMPTY) {
        assert_true(lw_bytes_equal(request.payload, msg.payload));
        return lw_op_name((lw_op)request.op);
    }
    lw_coap_code_format(code, code_text);
    return code_text;
}

static const char *dm(ask a)
{
    return device(&route_1_2, a);
}

static const char *bs(ask a)
{
    return device(NULL, a);
}

#define ASK(verb, ...) ((ask){LW_COAP_##verb, __VA_ARGS__})
#define PLAIN          NONE, LW_CF_NONE, LW_CF_NONE, NULL /* no option, no payload */
#define TLV            NONE, LW_CF_TLV, LW_CF_NONE, "x"
#define DISCOVER       NONE, LW_CF_NONE, LW_CF_LINK, NULL
#define OBSERVE        0, LW_CF_NONE, LW_CF_NONE, NULL
#define CANCEL         1, LW_CF_NONE, LW_CF_NONE, NULL

static lw_bytes build(lw_coap_type type, uint16_t mid, lw_coap_token token,
                      const lw_request *request)
{
    lw_writer w;
    lw_writer_init(&w, datagram, sizeof datagram);
    lw_coap_out out;
    lw_coap_begin(&out, &w, type, lw_op_rule_of((lw_op)request->op)->method, mid, token);
    lw_request_put(&out, request);
    assert_ok(w.err);
    return lw_writer_bytes(&w);
}

/* ---- "Distinguishing requests by method and path", row by row ------------------------------- */

LW_TEST(get_reads_discovers_or_observes)
{
    assert_string_equal(dm(ASK(GET, "", PLAIN)), "4.05");
    assert_string_equal(dm(ASK(GET, "", DISCOVER)), "4.05"); /* outside a bootstrap */
    assert_string_equal(dm(ASK(GET, "/3", PLAIN)), "Read");
    assert_string_equal(dm(ASK(GET, "/3/0", PLAIN)), "Read");
    assert_string_equal(dm(ASK(GET, "/3/0/9", PLAIN)), "Read");
    assert_string_equal(dm(ASK(GET, "/3/0/7/1", PLAIN)), "Read");
    assert_string_equal(dm(ASK(GET, "/3", DISCOVER)), "Discover");
    assert_string_equal(dm(ASK(GET, "/3/0", DISCOVER)), "Discover");
    assert_string_equal(dm(ASK(GET, "/3/0/7", DISCOVER)), "Discover");
    assert_string_equal(dm(ASK(GET, "/3/0/7/1", DISCOVER)), "4.05"); /* DM-20 */
    assert_string_equal(dm(ASK(GET, "/3", OBSERVE)), "Observe");
    assert_string_equal(dm(ASK(GET, "/3/0/7/1", OBSERVE)), "Observe");
    assert_string_equal(dm(ASK(GET, "/3/0/7/1", CANCEL)), "Cancel Observation");
    assert_string_equal(dm(ASK(GET, "/3/0", 2, LW_CF_NONE, LW_CF_NONE, NULL)), "Read");
}

LW_TEST(put_writes_or_sets_attributes)
{
    assert_string_equal(dm(ASK(PUT, "", TLV)), "4.05");
    assert_string_equal(dm(ASK(PUT, "/3", TLV)), "4.05"); /* DM-40 */
    assert_string_equal(dm(ASK(PUT, "/3/0", TLV)), "Write Replace");
    assert_string_equal(dm(ASK(PUT, "/3/0/14", TLV)), "Write Replace");
    assert_string_equal(dm(ASK(PUT, "/3/0/7/1", TLV)), "Write Replace");
    assert_string_equal(dm(ASK(PUT, "?pmin=1", PLAIN)), "4.05");
    assert_string_equal(dm(ASK(PUT, "/3?pmin=1", PLAIN)), "Write-Attributes");
    assert_string_equal(dm(ASK(PUT, "/3/0?pmin=1", PLAIN)), "Write-Attributes");
    assert_string_equal(dm(ASK(PUT, "/3/0/9?pmin=1", PLAIN)), "Write-Attributes");
    assert_string_equal(dm(ASK(PUT, "/3/0/7/1?pmin=1", PLAIN)), "Write-Attributes");
    /* Zero-length value when a Content-Format is given; nothing at all is told as 4.00 later. */
    assert_string_equal(dm(ASK(PUT, "/3/0/14?a=1", NONE, LW_CF_TEXT, LW_CF_NONE, NULL)),
                        "Write Replace");
    assert_string_equal(dm(ASK(PUT, "/3/0/14", PLAIN)), "Write Replace");
}

LW_TEST(post_creates_updates_or_executes)
{
    assert_string_equal(dm(ASK(POST, "", TLV)), "4.05");
    assert_string_equal(dm(ASK(POST, "/3303", TLV)), "Create");
    assert_string_equal(dm(ASK(POST, "/3303/0", TLV)), "Write Partial Update");
    assert_string_equal(dm(ASK(POST, "/3/0/4", PLAIN)), "Execute");
    assert_string_equal(dm(ASK(POST, "/3/0/4/0", PLAIN)), "4.05");
}

LW_TEST(delete_takes_instances_and_resource_instances)
{
    assert_string_equal(dm(ASK(DELETE, "", PLAIN)), "4.05");
    assert_string_equal(dm(ASK(DELETE, "/3303", PLAIN)), "4.05"); /* DM-80 */
    assert_string_equal(dm(ASK(DELETE, "/3303/0", PLAIN)), "Delete");
    assert_string_equal(dm(ASK(DELETE, "/3303/0/5700", PLAIN)), "4.05");
    assert_string_equal(dm(ASK(DELETE, "/3303/0/5700/1", PLAIN)), "Delete");
}

LW_TEST(fetch_and_ipatch_are_composites_of_the_root)
{
    assert_string_equal(dm(ASK(FETCH, "", TLV)), "Read-Composite");
    assert_string_equal(dm(ASK(FETCH, "/", TLV)), "Read-Composite"); /* DM-98 */
    assert_string_equal(dm(ASK(FETCH, "", OBSERVE)), "Observe-Composite");
    assert_string_equal(dm(ASK(FETCH, "", CANCEL)), "Cancel Observation-Composite");
    assert_string_equal(dm(ASK(IPATCH, "", TLV)), "Write-Composite");
    assert_string_equal(dm(ASK(FETCH, "/3", TLV)), "4.05");
    assert_string_equal(dm(ASK(FETCH, "/3/0", TLV)), "4.05");
    assert_string_equal(dm(ASK(FETCH, "/3/0/1", TLV)), "4.05");
    assert_string_equal(dm(ASK(IPATCH, "/3/0/1/1", TLV)), "4.05");
    assert_string_equal(dm(ASK(PATCH, "", TLV)), "4.05"); /* not used by LwM2M */
}

LW_TEST(dm_96_a_client_without_composites_answers_4_05)
{
    lw_route without = {.version = LW_VERSION_1_2, .ops = LW_OPS_ALL & ~COMPOSITES};
    assert_string_equal(device(&without, ASK(FETCH, "", TLV)), "4.05");
    assert_string_equal(device(&without, ASK(IPATCH, "", TLV)), "4.05");
    lw_route old = {.version = LW_VERSION_1_0, .ops = LW_OPS_ALL};
    assert_string_equal(device(&old, ASK(FETCH, "", TLV)), "4.05");
}

LW_TEST(levels_depend_on_the_version)
{
    lw_route v10 = {.version = LW_VERSION_1_0, .ops = LW_OPS_ALL};
    lw_route v11 = {.version = LW_VERSION_1_1, .ops = LW_OPS_ALL};
    assert_string_equal(device(&v10, ASK(GET, "/3/0/7/1", PLAIN)), "4.05");
    assert_string_equal(device(&v11, ASK(GET, "/3/0/7/1", PLAIN)), "Read");
    assert_string_equal(device(&v10, ASK(PUT, "/3/0/7/1?pmin=1", PLAIN)), "4.05");
    assert_string_equal(device(&v11, ASK(DELETE, "/3/0/7/1", PLAIN)), "4.05");
}

LW_TEST(dm_03_path_syntax_comes_first)
{
    assert_string_equal(dm(ASK(GET, "/03", PLAIN)), "4.05");        /* leading zero */
    assert_string_equal(dm(ASK(GET, "/70000", PLAIN)), "4.05");     /* no identifier */
    assert_string_equal(dm(ASK(GET, "/1/2/3/4/5", PLAIN)), "4.05"); /* a fifth */
    assert_string_equal(dm(ASK(GET, "/3/0/power", PLAIN)), "4.04"); /* not of LwM2M */
    assert_string_equal(dm(ASK(GET, "/3a", PLAIN)), "4.04");
    assert_string_equal(dm(ASK(GET, "/3//0", PLAIN)), "4.04");
    assert_string_equal(dm(ASK(GET, "/.well-known/core", PLAIN)), "4.04");
    assert_string_equal(dm(ASK(FETCH, "//", TLV)), "4.04");
    assert_string_equal(dm(ASK(GET, "/0/0/x", PLAIN)), "4.04"); /* before the 4.01 of DM-02 */
    assert_string_equal(dm(ASK(DELETE, "/0/0/1", PLAIN)), "4.05");
}

LW_TEST(dm_02_security_objects_are_forbidden_at_every_level)
{
    assert_string_equal(dm(ASK(GET, "/0", PLAIN)), "4.01");
    assert_string_equal(dm(ASK(GET, "/0/0/1", PLAIN)), "4.01");
    assert_string_equal(dm(ASK(GET, "/0", DISCOVER)), "4.01");
    assert_string_equal(dm(ASK(GET, "/0/0", OBSERVE)), "4.01");
    assert_string_equal(dm(ASK(PUT, "/0?pmin=1", PLAIN)), "4.01");
    assert_string_equal(dm(ASK(PUT, "/21/0", TLV)), "4.01");
    assert_string_equal(dm(ASK(POST, "/23", TLV)), "4.01");
    assert_string_equal(dm(ASK(DELETE, "/24/0", PLAIN)), "4.01");
}

/* ---- Bootstrap rows ------------------------------------------------------------------------- */

LW_TEST(bs_20_discover_is_asked_of_the_root_or_an_object)
{
    assert_string_equal(bs(ASK(GET, "", DISCOVER)), "Bootstrap-Discover");
    assert_string_equal(bs(ASK(GET, "", PLAIN)), "Bootstrap-Discover");
    assert_string_equal(bs(ASK(GET, "/0", DISCOVER)), "Bootstrap-Discover");
    assert_string_equal(bs(ASK(GET, "/0/0", DISCOVER)), "4.00");
}

LW_TEST(bs_24_read_is_asked_of_objects_1_and_2)
{
    assert_string_equal(bs(ASK(GET, "/1", PLAIN)), "Bootstrap-Read");
    assert_string_equal(bs(ASK(GET, "/1/0", PLAIN)), "Bootstrap-Read");
    assert_string_equal(bs(ASK(GET, "/2", PLAIN)), "Bootstrap-Read");
    assert_string_equal(bs(ASK(GET, "/2/0", PLAIN)), "Bootstrap-Read");
    assert_string_equal(bs(ASK(GET, "/0/0", PLAIN)), "4.05");
    assert_string_equal(bs(ASK(GET, "/3", PLAIN)), "4.05");
    assert_string_equal(bs(ASK(GET, "/1/0/1", PLAIN)), "4.05");
}

LW_TEST(bs_25_write_is_put_at_object_instance_or_resource)
{
    assert_string_equal(bs(ASK(PUT, "", TLV)), "4.05");
    assert_string_equal(bs(ASK(PUT, "/0", TLV)), "Bootstrap-Write");
    assert_string_equal(bs(ASK(PUT, "/0/1", TLV)), "Bootstrap-Write");
    assert_string_equal(bs(ASK(PUT, "/0/1/0", TLV)), "Bootstrap-Write");
    assert_string_equal(bs(ASK(PUT, "/0/1/0/0", TLV)), "4.05");
    assert_string_equal(bs(ASK(POST, "/0/1", TLV)), "4.05");
    assert_string_equal(bs(ASK(FETCH, "", TLV)), "4.05");
}

LW_TEST(bs_31_delete_takes_root_object_or_instance)
{
    assert_string_equal(bs(ASK(DELETE, "", PLAIN)), "Bootstrap-Delete");
    assert_string_equal(bs(ASK(DELETE, "/", PLAIN)), "Bootstrap-Delete");
    assert_string_equal(bs(ASK(DELETE, "/1", PLAIN)), "Bootstrap-Delete");
    assert_string_equal(bs(ASK(DELETE, "/1/0", PLAIN)), "Bootstrap-Delete");
    assert_string_equal(bs(ASK(DELETE, "/1/0/1", PLAIN)), "4.00");
}

LW_TEST(bs_34_finish_is_posted_to_bs_inside_a_session_only)
{
    assert_string_equal(bs(ASK(POST, "/bs", PLAIN)), "Bootstrap-Finish");
    assert_string_equal(bs(ASK(GET, "/bs", PLAIN)), "4.05");
    assert_string_equal(bs(ASK(POST, "/bs/1", PLAIN)), "4.04");
    assert_string_equal(dm(ASK(POST, "/bs", PLAIN)), "4.04"); /* client-field-notes rule 11 */
}

/* ---- Alternate path and gateway ------------------------------------------------------------- */

LW_TEST(ver_31_the_alternate_path_is_taken_off)
{
    lw_route route = {
        .version = LW_VERSION_1_1,
        .ops = LW_OPS_ALL,
        .front = lw_route_front,
        .alternate_path = LW_BYTES_LIT("a/lwm2m"),
    };
    lw_coap_msg msg = message(&ASK(GET, "/a/lwm2m/3/0/0", PLAIN));
    lw_request request;
    assert_int_equal(lw_route_device(&route, &msg, &request), LW_COAP_EMPTY);
    assert_true(lw_path_equal(request.path, lw_path_resource(3, 0, 0)));
    assert_string_equal(device(&route, ASK(FETCH, "/a/lwm2m", TLV)), "Read-Composite");
    assert_string_equal(device(&route, ASK(FETCH, "", TLV)), "Read-Composite"); /* DM-98 */
    assert_string_equal(device(&route, ASK(GET, "/3/0", PLAIN)), "Read");
    assert_string_equal(device(&route, ASK(GET, "/a/3/0", PLAIN)), "4.04");
    assert_string_equal(device(&route, ASK(GET, "/a", PLAIN)), "4.04");
}

LW_TEST(gw_04_a_prefix_names_an_end_device)
{
    lw_route route = {
        .version = LW_VERSION_1_1,
        .ops = LW_OPS_ALL,
        .front = lw_route_front,
        .gateway = true,
        .alternate_path = LW_BYTES_LIT("lwm2m"),
    };
    lw_coap_msg msg = message(&ASK(GET, "/lwm2m/d01/3303/0", PLAIN));
    lw_request request;
    assert_int_equal(lw_route_device(&route, &msg, &request), LW_COAP_EMPTY);
    assert_bytes(request.prefix, "d01");
    assert_true(lw_path_equal(request.path, lw_path_instance(3303, 0)));
    assert_string_equal(device(&route, ASK(GET, "/d01/d02/3303", PLAIN)), "4.04");
    assert_string_equal(device(&route, ASK(GET, "/3303/d01", PLAIN)), "4.04");
    assert_string_equal(dm(ASK(GET, "/d01/3303/0", PLAIN)), "4.04"); /* no gateway */
    lw_request odd = lw_request_of(LW_OP_READ, lw_path_object(3303));
    odd.prefix = lw_bytes_str("d/1"); /* GW-09 */
    assert_ok(lw_coap_msg_parse(build(LW_COAP_CON, 1, (lw_coap_token){.len = 0}, &odd), &msg));
    assert_int_equal(lw_route_device(&route, &msg, &request), LW_COAP_NOT_FOUND);
}

LW_TEST(ver_33_a_bootstrap_knows_neither_alternate_path_nor_end_devices)
{
    assert_string_equal(bs(ASK(PUT, "/1/0", TLV)), "Bootstrap-Write");
    assert_string_equal(bs(ASK(PUT, "/lwm2m/1/0", TLV)), "4.04");
    assert_string_equal(bs(ASK(PUT, "/d01/1/0", TLV)), "4.04"); /* GW-03 */
}

/* ---- Discover depth, attributes ------------------------------------------------------------- */

/* 255: it does not say; -1: wrong. */
static int discover_depth(const char *target)
{
    lw_route route = {.version = LW_VERSION_1_2, .ops = LW_OPS_ALL};
    lw_coap_msg msg = message(&ASK(GET, target, DISCOVER));
    lw_request request;
    assert_int_equal(lw_route_device(&route, &msg, &request), LW_COAP_EMPTY);
    unsigned depth = lw_request_depth(&request, LW_DEPTH_DEFAULT);
    return depth <= LW_DEPTH_MAX || depth == LW_DEPTH_DEFAULT ? (int)depth : -1;
}

LW_TEST(dm_21_depth_is_0_to_3)
{
    assert_int_equal(discover_depth("/3?depth=0"), 0);
    assert_int_equal(discover_depth("/3?x=1&depth=3"), 3);
    assert_int_equal(discover_depth("/3?depth=1&x=9"), 1);
    assert_int_equal(discover_depth("/3?depths=1"), LW_DEPTH_DEFAULT);
    assert_int_equal(discover_depth("/3"), LW_DEPTH_DEFAULT);
    assert_int_equal(discover_depth("/3?depth=4"), -1);
    assert_int_equal(discover_depth("/3?depth=/"), -1);
    assert_int_equal(discover_depth("/3?depth=00"), -1);
    assert_int_equal(discover_depth("/3?depth="), -1);
    assert_int_equal(discover_depth("/3?depth"), -1);
}

LW_TEST(dm_50_attributes_are_read_from_the_query)
{
    lw_coap_msg msg = message(&ASK(PUT, "/3/0/7?pmin=10&gt=42.5&lt", PLAIN));
    lw_request request;
    assert_int_equal(lw_route_device(&route_1_2, &msg, &request), LW_COAP_EMPTY);
    const lw_attrs_change none = {.level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
    lw_attrs_change change = none;
    assert_ok(lw_request_attrs(&request, &change));
    uint16_t set = LW_ATTR_BIT(LW_ATTR_PMIN) | LW_ATTR_BIT(LW_ATTR_GT);
    assert_int_equal(change.attrs.pmin, 10);
    assert_int_equal(change.attrs.has, set);
    assert_int_equal(change.named, set | LW_ATTR_BIT(LW_ATTR_LT));
    change = none;
    msg = message(&ASK(PUT, "/3/0/7?dim=1", PLAIN)); /* DM-53 */
    assert_int_equal(lw_route_device(&route_1_2, &msg, &request), LW_COAP_EMPTY);
    assert_err(lw_request_attrs(&request, &change), LW_ENOTFOUND);
}

/* ---- Server side ---------------------------------------------------------------------------- */

static const char *server(ask a)
{
    static char code_text[5];
    lw_coap_msg msg = message(&a);
    lw_request request;
    uint8_t code = lw_route_server(&msg, &request);
    if (code == LW_COAP_EMPTY) {
        return lw_op_name((lw_op)request.op);
    }
    lw_coap_code_format(code, code_text);
    return code_text;
}

LW_TEST(a_server_is_asked_for_its_fixed_paths)
{
    assert_string_equal(server(ASK(POST, "/bs?ep=a", PLAIN)), "Bootstrap-Request");
    assert_string_equal(server(ASK(GET, "/bspack?ep=a", PLAIN)), "Bootstrap-Pack-Request");
    assert_string_equal(server(ASK(POST, "/rd?ep=a", TLV)), "Register");
    assert_string_equal(server(ASK(POST, "/rd/5a3f", PLAIN)), "Update");
    assert_string_equal(server(ASK(DELETE, "/rd/5a3f", PLAIN)), "De-register");
    assert_string_equal(server(ASK(POST, "/dp", TLV)), "Send");
    assert_string_equal(server(ASK(GET, "/rd", PLAIN)), "4.05");
    assert_string_equal(server(ASK(PUT, "/rd/5a3f", PLAIN)), "4.05");
    assert_string_equal(server(ASK(GET, "/bs", PLAIN)), "4.05");
    assert_string_equal(server(ASK(POST, "/rd/a/b", PLAIN)), "4.04");
    assert_string_equal(server(ASK(POST, "/dp/1", PLAIN)), "4.04");
    assert_string_equal(server(ASK(POST, "/x", PLAIN)), "4.04");
    assert_string_equal(server(ASK(POST, "", PLAIN)), "4.04");
}

LW_TEST(the_location_of_an_update_is_told)
{
    lw_coap_msg msg = message(&ASK(POST, "/rd/5a3f", PLAIN));
    lw_request request;
    assert_int_equal(lw_route_server(&msg, &request), LW_COAP_EMPTY);
    assert_bytes(request.location, "5a3f");
}

/* ---- Formats -------------------------------------------------------------------------------- */

/* What lw_request_formats makes of a request: "body answer" by number, or the code. */
static const char *formats(ask a, lw_format_choice choice)
{
    static char result[16];
    lw_coap_msg msg = message(&a);
    lw_request request;
    uint8_t code = lw_route_device(&route_1_2, &msg, &request);
    assert_int_equal(code, LW_COAP_EMPTY);
    choice.formats = every_format;
    const lw_format *body;
    const lw_format *answer;
    code = lw_request_formats(&request, &choice, &body, &answer);
    if (code != LW_COAP_EMPTY) {
        lw_coap_code_format(code, result);
        result[4] = '\0';
        return result;
    }
    snprintf(result, sizeof result, "%d %d", body != NULL ? body->id : -1,
             answer != NULL ? answer->id : -1);
    return result;
}

LW_TEST(fmt_10_formats_that_do_not_fit_are_4_15_and_4_06)
{
    lw_format_choice instance = CHOICE(1);
    lw_format_choice integer = SINGLE(1, INTEGER);
    ask read = ASK(GET, "/3/0", PLAIN);
    assert_string_equal(formats(read, instance), "-1 112");
    read.accept = LW_CF_TLV;
    assert_string_equal(formats(read, instance), "-1 11542");
    read.accept = LW_CF_TLV_DRAFT; /* FMT-03 */
    assert_string_equal(formats(read, instance), "-1 11542");
    read.accept = LW_CF_TEXT; /* DM-13, P-DM-26 */
    assert_string_equal(formats(read, instance), "4.06");
    assert_string_equal(formats(read, integer), "-1 0");
    read.accept = LW_CF_OPAQUE; /* FMT-13 */
    assert_string_equal(formats(read, integer), "4.06");
    read.accept = LW_CF_JSON; /* FMT-02 */
    assert_string_equal(formats(read, instance), "4.06");
    assert_string_equal(formats(read, CHOICE(0)), "-1 11543");
    read.accept = 4711;
    assert_string_equal(formats(read, instance), "4.06");

    ask write = ASK(PUT, "/3/0/14", TLV);
    assert_string_equal(formats(write, integer), "11542 -1");
    write.cf = LW_CF_OPAQUE;
    assert_string_equal(formats(write, integer), "4.15");
    assert_string_equal(formats(write, SINGLE(1, OPAQUE)), "42 -1");
    write.cf = LW_CF_LWM2M_CBOR;
    assert_string_equal(formats(write, integer), "4.15"); /* since 1.2 */
    assert_string_equal(formats(write, SINGLE(2, INTEGER)), "11544 -1");
    write.cf = LW_CF_ETCH_CBOR;
    assert_string_equal(formats(write, SINGLE(2, INTEGER)), "4.15");

    ask partial = ASK(POST, "/3/0", TLV);
    assert_string_equal(formats(partial, instance), "11542 -1");
    partial.cf = LW_CF_TEXT; /* DM-35 */
    assert_string_equal(formats(partial, instance), "4.15");
    assert_string_equal(formats(ASK(DELETE, "/3303/0", PLAIN), instance), "-1 -1");
}

LW_TEST(composites_have_a_format_in_and_a_format_out)
{
    ask fetch = ASK(FETCH, "", NONE, LW_CF_ETCH_CBOR, LW_CF_LWM2M_CBOR, "x");
    assert_string_equal(formats(fetch, CHOICE(2)), "322 11544");
    assert_string_equal(formats(fetch, CHOICE(1)), "4.15"); /* before 4.06 */
    fetch.cf = LW_CF_SENML_CBOR;
    assert_string_equal(formats(fetch, CHOICE(1)), "4.06");
    fetch.accept = LW_CF_NONE;
    assert_string_equal(formats(fetch, CHOICE(1)), "112 112");
    fetch.cf = LW_CF_NONE; /* DM-07 */
    assert_string_equal(formats(fetch, CHOICE(1)), "4.00");
    fetch.accept = LW_CF_TLV; /* 4.06 before 4.00 (DM-05) */
    assert_string_equal(formats(fetch, CHOICE(1)), "4.06");
}

LW_TEST(dm_07_a_body_needs_a_content_format)
{
    ask write = ASK(PUT, "/3/0/14", NONE, LW_CF_NONE, LW_CF_NONE, "x");
    assert_string_equal(formats(write, SINGLE(1, STRING)), "4.00");
    write.payload = NULL;
    assert_string_equal(formats(write, SINGLE(1, STRING)), "4.00");
    write.cf = LW_CF_TEXT; /* a value of zero length */
    assert_string_equal(formats(write, SINGLE(1, STRING)), "0 -1");
    assert_string_equal(formats(ASK(POST, "/3303", PLAIN), CHOICE(1)), "-1 -1"); /* DM-77 */
    ask create = ASK(POST, "/3303", NONE, LW_CF_NONE, LW_CF_NONE, "x");
    assert_string_equal(formats(create, CHOICE(1)), "4.00");
}

LW_TEST(dm_08_queries_where_none_belong_are_4_00)
{
    assert_string_equal(formats(ASK(GET, "/3/0?a=1", PLAIN), CHOICE(1)), "4.00");
    assert_string_equal(formats(ASK(PUT, "/3/0?pmin=1", TLV), CHOICE(1)), "4.00"); /* DM-50 */
    assert_string_equal(formats(ASK(POST, "/3/0?pmin=1", TLV), CHOICE(1)), "4.00");
    assert_string_equal(formats(ASK(GET, "/3/0?pmin=1", OBSERVE), CHOICE(2)),
                        "-1 112");                                                    /* OBS-02 */
    assert_string_equal(formats(ASK(POST, "/1/0/8?0=U", PLAIN), CHOICE(1)), "-1 -1"); /* P-TRN-13 */
}

LW_TEST(dm_60_execute_takes_text_or_nothing)
{
    ask execute = ASK(POST, "/3/0/4", NONE, LW_CF_NONE, LW_CF_NONE, "5");
    assert_string_equal(formats(execute, CHOICE(1)), "-1 -1");
    execute.cf = LW_CF_TEXT;
    assert_string_equal(formats(execute, CHOICE(1)), "-1 -1");
    execute.cf = LW_CF_TLV; /* P-DM-16 */
    assert_string_equal(formats(execute, CHOICE(1)), "4.00");
}

LW_TEST(a_device_without_a_fitting_format_answers_4_06)
{
    static const lw_format *const only_text[] = {&lw_format_text, NULL};
    lw_format_choice choice = CHOICE(0);
    choice.formats = only_text;
    lw_coap_msg msg = message(&ASK(GET, "/3/0", PLAIN));
    lw_request request;
    assert_int_equal(lw_route_device(&route_1_2, &msg, &request), LW_COAP_EMPTY);
    const lw_format *body;
    const lw_format *answer;
    assert_int_equal(lw_request_formats(&request, &choice, &body, &answer), LW_COAP_NOT_ACCEPTABLE);
}

/* ---- Building ------------------------------------------------------------------------------- */

LW_TEST(observe_has_the_bytes_of_the_vector)
{
    lw_request request = lw_request_of(LW_OP_OBSERVE, lw_path_resource(3, 0, 9));
    request.accept = LW_CF_SENML_CBOR;
    assert_bytes(build(LW_COAP_CON, 1, (lw_coap_token){1, {0xB2}}, &request),
                 "\x41\x01\x00\x01\xB2\x60\x51\x33\x01\x30\x01\x39\x61\x70");
}

LW_TEST(read_composite_has_the_bytes_of_the_vector)
{
    lw_request request = lw_request_of(LW_OP_READ_COMPOSITE, lw_path_root());
    request.content_format = LW_CF_SENML_CBOR;
    request.accept = LW_CF_SENML_CBOR;
    request.payload = lw_bytes_of("\x82\xA1\x00\x66/3/0/0\xA1\x00\x66/3/0/9", 19);
    assert_bytes(build(LW_COAP_CON, 3, (lw_coap_token){1, {0xC3}}, &request),
                 "\x41\x05\x00\x03\xC3\xC1\x70\x51\x70\xFF\x82\xA1\x00\x66\x2F\x33\x2F\x30\x2F\x30"
                 "\xA1\x00\x66\x2F\x33\x2F\x30\x2F\x39");
}

LW_TEST(execute_has_the_bytes_of_the_vector)
{
    lw_request request = lw_request_of(LW_OP_EXECUTE, lw_path_resource(1, 0, 8));
    assert_bytes(build(LW_COAP_CON, 0xB60B, (lw_coap_token){4, {0x21, 0x61, 0xFB, 0x63}}, &request),
                 "\x44\x02\xB6\x0B\x21\x61\xFB\x63\xB1\x31\x01\x30\x01\x38");
}

LW_TEST(what_is_built_is_routed_to_the_same_request)
{
    for (unsigned op = 0; op < LW_OP_COUNT; op++) {
        for (unsigned depth = 0; depth <= LW_PATH_DEPTH_MAX; depth++) {
            if (!lw_op_has_level((lw_op)op, depth, LW_VERSION_1_2)) {
                continue;
            }
            bool bootstrap = op <= LW_OP_BS_FINISH;
            lw_path path = lw_path_cut(lw_path_resource_instance(1, 2, 3, 4), depth);
            lw_request request = lw_request_of((lw_op)op, path);
            request.alternate_path = lw_bytes_str("root/lwm2m");
            const lw_op_rule *rule = lw_op_rule_of((lw_op)op);
            if (rule->body != 0) {
                request.payload = lw_bytes_str("body");
                request.content_format = rule->body == LW_FORMAT_ARGS ? LW_CF_TEXT : LW_CF_TLV;
            }
            if (op == LW_OP_WRITE_ATTRIBUTES) {
                request.query = lw_bytes_str("pmin=10&con");
            }
            lw_coap_msg msg;
            assert_ok(lw_coap_msg_parse(build(LW_COAP_CON, 1, (lw_coap_token){.len = 0}, &request),
                                        &msg));
            lw_route route = {.version = LW_VERSION_1_2,
                              .ops = LW_OPS_ALL,
                              .front = lw_route_front,
                              .alternate_path = LW_BYTES_LIT("root/lwm2m")};
            lw_request routed;
            assert_int_equal(bootstrap ? lw_route_bootstrap(LW_VERSION_1_2, &msg, &routed)
                                       : lw_route_device(&route, &msg, &routed),
                             LW_COAP_EMPTY);
            if (op == LW_OP_WRITE_PARTIAL && depth == LW_LEVEL_RESOURCE) {
                lw_resource_def def = {.ops = LW_OP_R | LW_OP_W, .flags = LW_DEF_MULTIPLE};
                assert_int_equal(routed.op, LW_OP_EXECUTE);
                routed.op = (uint8_t)lw_op_of_resource_post(&def);
            }
            assert_int_equal(routed.op, op);
            assert_true(lw_path_equal(routed.path, path));
            assert_true(lw_bytes_equal(routed.payload, request.payload));
            assert_int_equal(routed.content_format, request.content_format);
            if (request.query.len > 0) {
                lw_attrs_change read = {.level = LW_LEVEL_OBJECT, .known = &lw_attr_all};
                assert_ok(lw_request_attrs(&routed, &read));
                assert_int_equal(read.attrs.pmin, 10);
                assert_int_equal(read.named & ~read.attrs.has, LW_ATTR_BIT(LW_ATTR_CON));
            }
        }
    }
}

LW_TEST(requests_to_a_server_are_built_too)
{
    lw_request request = lw_request_of(LW_OP_SEND, lw_path_root());
    request.content_format = LW_CF_SENML_CBOR;
    request.payload = lw_bytes_of("\x80", 1);
    lw_coap_msg msg;
    assert_ok(lw_coap_msg_parse(build(LW_COAP_CON, 1, (lw_coap_token){.len = 0}, &request), &msg));
    lw_request routed;
    assert_int_equal(lw_route_server(&msg, &routed), LW_COAP_EMPTY);
    assert_int_equal(routed.op, LW_OP_SEND);
    assert_int_equal(routed.content_format, LW_CF_SENML_CBOR);
}

LW_TEST(obs_30_send_is_built_the_same_way_on_a_device)
{
    lw_request request = lw_request_of(LW_OP_SEND, lw_path_root());
    request.content_format = LW_CF_SENML_CBOR;
    request.payload = lw_bytes_of("\x80", 1);
    lw_bytes by_table = build(LW_COAP_CON, 1, (lw_coap_token){.len = 0}, &request);
    uint8_t octets[32];
    lw_writer w;
    lw_writer_init(&w, octets, sizeof octets);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_POST, 1, (lw_coap_token){.len = 0});
    lw_send_put(&out, LW_CF_SENML_CBOR, request.payload);
    assert_true(lw_bytes_equal(lw_writer_bytes(&w), by_table));
}

LW_TEST(discover_and_gateway_requests_carry_depth_and_prefix)
{
    lw_request request = lw_request_of(LW_OP_DISCOVER, lw_path_object(3));
    request.depth = 1;
    request.prefix = lw_bytes_str("d01");
    lw_coap_msg msg;
    assert_ok(lw_coap_msg_parse(build(LW_COAP_CON, 1, (lw_coap_token){.len = 0}, &request), &msg));
    lw_route route = {
        .version = LW_VERSION_1_2, .ops = LW_OPS_ALL, .front = lw_route_front, .gateway = true};
    lw_request routed;
    assert_int_equal(lw_route_device(&route, &msg, &routed), LW_COAP_EMPTY);
    assert_int_equal(routed.op, LW_OP_DISCOVER);
    assert_int_equal(lw_request_depth(&routed, LW_DEPTH_DEFAULT), 1);
    assert_bytes(routed.prefix, "d01");
}

LW_TEST(options_of_a_wrong_length_count_as_absent)
{
    lw_writer w;
    lw_writer_init(&w, datagram, sizeof datagram);
    lw_coap_out out;
    lw_coap_begin(&out, &w, LW_COAP_CON, LW_COAP_GET, 1, (lw_coap_token){.len = 0});
    lw_coap_put(&out, LW_COAP_OPT_OBSERVE, lw_bytes_of("\0\0\0\0", 4));
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, "3");
    lw_coap_put(&out, LW_COAP_OPT_CONTENT_FORMAT, lw_bytes_of("\0\0\0", 3));
    lw_coap_put(&out, LW_COAP_OPT_ACCEPT, lw_bytes_of("\0\0\x28", 3));
    lw_coap_msg msg;
    assert_ok(lw_coap_msg_parse(lw_writer_bytes(&w), &msg));
    lw_request request;
    assert_int_equal(lw_route_device(&route_1_2, &msg, &request), LW_COAP_EMPTY);
    assert_int_equal(request.op, LW_OP_READ);
    assert_int_equal(request.content_format, LW_CF_NONE);
    assert_int_equal(request.accept, LW_CF_NONE);
}

/* The location in a 2.01 with these segments. */
static lw_err created(const char *segments, lw_path *out_path)
{
    lw_writer w;
    lw_writer_init(&w, datagram, sizeof datagram);
    lw_coap_out out;
    lw_coap_begin_options(&out, &w);
    put_parts(&out, LW_COAP_OPT_LOCATION_PATH, &segments, "");
    lw_coap_put_uint(&out, LW_COAP_OPT_MAX_AGE, 1);
    return lw_created_read(lw_writer_bytes(&w), out_path);
}

LW_TEST(dm_71_a_create_tells_where_the_instance_is)
{
    lw_writer w;
    lw_writer_init(&w, datagram, sizeof datagram);
    lw_coap_out out;
    lw_coap_begin_options(&out, &w);
    lw_created_put(&out, lw_path_instance(3303, 12));
    assert_bytes(lw_writer_bytes(&w), "\x84"
                                      "3303\x02"
                                      "12");
    lw_path path;
    assert_ok(lw_created_read(lw_writer_bytes(&w), &path));
    assert_true(lw_path_equal(path, lw_path_instance(3303, 12)));
    assert_ok(created("/lwm2m/2/5", &path));
    assert_true(lw_path_equal(path, lw_path_instance(2, 5)));
    assert_err(created("", &path), LW_ENOTFOUND);
    assert_err(created("/2", &path), LW_EFORMAT);
    assert_err(created("/2/5/1", &path), LW_EFORMAT);
    assert_err(created("/2/x", &path), LW_EFORMAT);
    assert_err(created("/02/1", &path), LW_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_reads_discovers_or_observes),
        cmocka_unit_test(put_writes_or_sets_attributes),
        cmocka_unit_test(post_creates_updates_or_executes),
        cmocka_unit_test(delete_takes_instances_and_resource_instances),
        cmocka_unit_test(fetch_and_ipatch_are_composites_of_the_root),
        cmocka_unit_test(dm_96_a_client_without_composites_answers_4_05),
        cmocka_unit_test(levels_depend_on_the_version),
        cmocka_unit_test(dm_03_path_syntax_comes_first),
        cmocka_unit_test(dm_02_security_objects_are_forbidden_at_every_level),
        cmocka_unit_test(bs_20_discover_is_asked_of_the_root_or_an_object),
        cmocka_unit_test(bs_24_read_is_asked_of_objects_1_and_2),
        cmocka_unit_test(bs_25_write_is_put_at_object_instance_or_resource),
        cmocka_unit_test(bs_31_delete_takes_root_object_or_instance),
        cmocka_unit_test(bs_34_finish_is_posted_to_bs_inside_a_session_only),
        cmocka_unit_test(ver_31_the_alternate_path_is_taken_off),
        cmocka_unit_test(gw_04_a_prefix_names_an_end_device),
        cmocka_unit_test(ver_33_a_bootstrap_knows_neither_alternate_path_nor_end_devices),
        cmocka_unit_test(dm_21_depth_is_0_to_3),
        cmocka_unit_test(dm_50_attributes_are_read_from_the_query),
        cmocka_unit_test(a_server_is_asked_for_its_fixed_paths),
        cmocka_unit_test(the_location_of_an_update_is_told),
        cmocka_unit_test(fmt_10_formats_that_do_not_fit_are_4_15_and_4_06),
        cmocka_unit_test(composites_have_a_format_in_and_a_format_out),
        cmocka_unit_test(dm_07_a_body_needs_a_content_format),
        cmocka_unit_test(dm_08_queries_where_none_belong_are_4_00),
        cmocka_unit_test(dm_60_execute_takes_text_or_nothing),
        cmocka_unit_test(a_device_without_a_fitting_format_answers_4_06),
        cmocka_unit_test(observe_has_the_bytes_of_the_vector),
        cmocka_unit_test(read_composite_has_the_bytes_of_the_vector),
        cmocka_unit_test(execute_has_the_bytes_of_the_vector),
        cmocka_unit_test(what_is_built_is_routed_to_the_same_request),
        cmocka_unit_test(requests_to_a_server_are_built_too),
        cmocka_unit_test(obs_30_send_is_built_the_same_way_on_a_device),
        cmocka_unit_test(discover_and_gateway_requests_carry_depth_and_prefix),
        cmocka_unit_test(options_of_a_wrong_length_count_as_absent),
        cmocka_unit_test(dm_71_a_create_tells_where_the_instance_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
