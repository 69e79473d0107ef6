/* Requests: any message is routed or refused with a code a device may give, formats are judged with
 * codes that are legal for the operation, and what was routed is built and routes to the same.
 *
 * Input: two octets of mode, then a datagram.
 */
#include "fuzz.h"

#include "proto/bootstrap.h"
#include "proto/execute.h"
#include "proto/request.h"

static uint8_t rebuilt[1 << 16];

static bool is_refusal_of_routing(uint8_t code)
{
    return code == LW_COAP_BAD_REQUEST || code == LW_COAP_UNAUTHORIZED ||
           code == LW_COAP_NOT_FOUND || code == LW_COAP_METHOD_NOT_ALLOWED;
}

static void check_formats(const lw_request *request, lw_version version, unsigned mode)
{
    static const lw_format *const formats[] = {&lw_format_text,
                                               &lw_format_opaque,
                                               &lw_format_cbor,
                                               &lw_format_tlv,
                                               &lw_format_json,
                                               &lw_format_senml_json,
                                               &lw_format_senml_cbor,
                                               &lw_format_etch_json,
                                               &lw_format_etch_cbor,
                                               &lw_format_lwm2m_cbor,
                                               NULL};
    lw_format_choice choice = {.formats = formats,
                               .version = version,
                               .single = (mode & 1u) != 0,
                               .type = (lw_type)(mode >> 1 & 7u),
                               .preferred = (uint16_t)request->accept};
    const lw_format *body;
    const lw_format *answer;
    uint8_t code = lw_request_formats(request, &choice, &body, &answer);
    FUZZ_CHECK(code == LW_COAP_EMPTY || lw_op_may_answer((lw_op)request->op, code));
    FUZZ_CHECK(body == NULL || body->since <= version);
    FUZZ_CHECK(answer == NULL || answer->since <= version);
    unsigned tried = 0;
    for (answer = NULL; (answer = lw_op_answer_format((lw_op)request->op, &choice, answer)) != NULL;
         tried++) {
        FUZZ_CHECK(tried < 10);
    }
}

/* The query as text; false when it does not fit. */
static bool join_query(lw_bytes options, lw_writer *w)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes item;
    while (lw_coap_opt_next_of(&it, LW_COAP_OPT_URI_QUERY, &item)) {
        lw_write_str(w, w->pos > 0 ? "&" : "");
        lw_write_bytes(w, item);
    }
    return w->err == LW_OK;
}

/* Builds what was routed. False when its query is none that we would write. */
static bool rebuild(const lw_request *routed, const lw_route *route, lw_writer *w)
{
    lw_request request = *routed;
    lw_attrs_change attrs = {.level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
    uint8_t text[1024];
    lw_writer query;
    lw_writer_init(&query, text, sizeof text);
    request.alternate_path = route->alternate_path;
    if (request.op == LW_OP_WRITE_ATTRIBUTES) {
        if (lw_request_attrs(routed, &attrs) != LW_OK || !join_query(routed->options, &query)) {
            return false;
        }
        request.query = lw_writer_bytes(&query);
    }
    request.depth = lw_request_depth(routed, LW_DEPTH_DEFAULT);
    if (request.depth > LW_DEPTH_MAX && request.depth != LW_DEPTH_DEFAULT) {
        return false;
    }
    lw_coap_out out;
    lw_writer_init(w, rebuilt, sizeof rebuilt);
    lw_coap_begin(&out, w, LW_COAP_CON, lw_op_rule_of((lw_op)request.op)->method, 1,
                  (lw_coap_token){.len = 0});
    lw_request_put(&out, &request);
    return w->err == LW_OK;
}

static uint8_t route_as(const lw_route *route, bool bootstrap, const lw_coap_msg *msg,
                        lw_request *request)
{
    return bootstrap ? lw_route_bootstrap(route->version, msg, request)
                     : lw_route_device(route, msg, request);
}

static void check_device(const lw_coap_msg *msg, const lw_route *route, bool bootstrap,
                         unsigned mode)
{
    lw_request request;
    uint8_t code = route_as(route, bootstrap, msg, &request);
    if (code != LW_COAP_EMPTY) {
        FUZZ_CHECK(is_refusal_of_routing(code));
        return;
    }
    FUZZ_CHECK(request.op < LW_OP_COUNT);
    FUZZ_CHECK(lw_op_rule_of((lw_op)request.op)->method == msg->code);
    FUZZ_CHECK(request.op == LW_OP_BS_FINISH ||
               lw_op_has_level((lw_op)request.op, lw_path_depth(request.path), route->version));
    check_formats(&request, route->version, mode);
    lw_writer w;
    if (!rebuild(&request, route, &w)) {
        return;
    }
    lw_coap_msg built;
    lw_request again;
    FUZZ_CHECK(lw_coap_msg_parse(lw_writer_bytes(&w), &built) == LW_OK);
    FUZZ_CHECK(route_as(route, bootstrap, &built, &again) == LW_COAP_EMPTY);
    FUZZ_CHECK(again.op == request.op);
    FUZZ_CHECK(request.op != LW_OP_DISCOVER || lw_request_depth(&again, LW_DEPTH_DEFAULT) ==
                                                   lw_request_depth(&request, LW_DEPTH_DEFAULT));
    FUZZ_CHECK(lw_path_equal(again.path, request.path));
    FUZZ_CHECK(lw_bytes_equal(again.prefix, request.prefix));
    FUZZ_CHECK(lw_bytes_equal(again.payload, request.payload));
    FUZZ_CHECK(again.content_format == request.content_format);
}

static void check_server(const lw_coap_msg *msg)
{
    lw_request request;
    uint8_t code = lw_route_server(msg, &request);
    if (code != LW_COAP_EMPTY) {
        FUZZ_CHECK(is_refusal_of_routing(code));
        return;
    }
    FUZZ_CHECK(lw_op_rule_of((lw_op)request.op)->method == msg->code);
    if (request.op == LW_OP_BS_REQUEST || request.op == LW_OP_BS_PACK_REQUEST) {
        lw_bs_request bs;
        lw_refusal refusal = lw_bs_request_parse(&request, &(lw_bs_policy){.strict = false}, &bs);
        FUZZ_CHECK(refusal == LW_REFUSAL_NONE ||
                   lw_op_may_answer((lw_op)request.op, lw_refusal_code(refusal)));
    }
}

/* The payload read as everything else that proto/ reads. */
static void check_payload(lw_bytes payload)
{
    lw_exec_args args = lw_exec_args_of(payload);
    lw_exec_arg arg;
    uint16_t seen = 0;
    lw_writer w;
    lw_writer_init(&w, rebuilt, sizeof rebuilt);
    lw_err err;
    while ((err = lw_exec_args_next(&args, &arg)) == LW_OK) {
        lw_exec_args_put(&w, &seen, arg);
    }
    FUZZ_CHECK(w.err == LW_OK);
    FUZZ_CHECK(err != LW_END || lw_bytes_equal(lw_writer_bytes(&w), payload));
    lw_bs_discover discover = lw_bs_discover_of(payload);
    lw_bs_item item;
    while (lw_bs_discover_next(&discover, &item) == LW_OK) {
        FUZZ_CHECK(lw_path_depth(item.path) == 1 || lw_path_depth(item.path) == 2);
    }
    lw_card card;
    lw_card_object object;
    if (lw_card_open(&card, payload) == LW_OK) {
        while (lw_card_next(&card, &object) == LW_OK) {
            FUZZ_CHECK(object.instances.len < payload.len);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lw_coap_msg msg;
    if (size < 2 || lw_coap_msg_parse(lw_bytes_of(data + 2, size - 2), &msg) != LW_OK) {
        return 0;
    }
    unsigned mode = data[0];
    lw_route route = {.version = (lw_version)(LW_VERSION_1_0 + mode % 3u),
                      .ops =
                          LW_OPS_ALL >> ((mode & 8u) != 0 ? 0 : LW_OP_COUNT - LW_OP_READ_COMPOSITE),
                      .front = (mode & 48u) != 0 ? lw_route_front : NULL,
                      .gateway = (mode & 16u) != 0};
    if ((mode & 32u) != 0) {
        route.alternate_path = lw_bytes_str("a/lwm2m");
    }
    check_device(&msg, &route, (mode & 4u) != 0, data[1]);
    check_server(&msg);
    check_payload(msg.payload);
    return 0;
}
