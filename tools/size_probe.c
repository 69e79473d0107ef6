/* The program behind the budget `core` of tools/size-budgets.txt: a device that registers over
 * CoAP, serves every operation with TLV and SenML CBOR, notifies, sends and bootstraps. It is
 * linked, not run: each function stands for what a device does on one occasion, with as few lines
 * of its own as will keep that in the program. Numbers are written as integers; attributes with
 * fractions (lw_attr_decimal) are a choice of their own.
 */
#include "coap/bodies.h"
#include "coap/exchange.h"
#include "coap/observe.h"
#include "coap/reply.h"
#include "coap/transfer.h"
#include "codec/link.h"
#include "lw/format.h"
#include "proto/bootstrap.h"
#include "proto/execute.h"
#include "proto/register.h"
#include "proto/request.h"

static const lw_format *const formats[] = {&lw_format_tlv, &lw_format_senml_cbor, NULL};
static const lw_route route = {.version = LW_VERSION_1_1, .composite = true};

static uint8_t memory[4096];
static uint8_t buffer[LW_COAP_BUF_SIZE(1024)];
static uint8_t scratch[256];
static uint32_t seed = 1;
static lw_pool pool;
static lw_coap coap;
static lw_coap_peer peer;
static lw_coap_bodies bodies;
static lw_location location;

/* ---- A request of the server ---------------------------------------------------------------- */

static lw_err stored_next(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    (void)ctx;
    if (cursor->at[0]++ > 0) {
        return LW_END;
    }
    *out_entry = (lw_entry){.path = lw_path_resource(3, 0, 13), .value = lw_value_time(0)};
    return LW_OK;
}

static const lw_source stored = {.next = stored_next};

static lw_type type_of(void *ctx, lw_path path)
{
    (void)ctx;
    return path.id[2] == 13 ? LW_TYPE_TIME : LW_TYPE_INTEGER;
}

static lw_err store(const lw_request *request, const lw_format *format)
{
    lw_decode_cfg cfg = {.base = request->path,
                         .use = lw_op_rule_of(request->op)->body,
                         .type_of = type_of,
                         .scratch = scratch,
                         .scratch_len = sizeof scratch};
    lw_decoder d;
    lw_entry entry;
    lw_err err;
    lw_decoder_init(&d, format, &cfg);
    lw_decoder_feed(&d, request->payload, true);
    do {
        err = lw_decoder_next(&d, &entry);
    } while (err == LW_OK);
    return err == LW_END ? LW_OK : err;
}

static void list_links(const lw_request *request, lw_writer *w)
{
    lw_link_out links;
    if (request->op == LW_OP_BS_DISCOVER) {
        lw_bs_item item = {.path = lw_path_object(1)};
        lw_bs_discover_begin(&links, w, LW_VERSION_1_1);
        lw_bs_discover_put(&links, &item);
        return;
    }
    lw_link_begin(&links, w);
    lw_link_put(&links, lw_bytes_of(NULL, 0), request->path);
    lw_link_put_u16(&links, "dim", 2);
}

static lw_err carry_out(const lw_request *request, const lw_format *body, const lw_format *answer,
                        lw_coap_reply *reply)
{
    lw_exec_arg arg;
    lw_attrs_change change;
    lw_encode_cfg cfg = {.base = request->path};
    switch ((lw_op)request->op) {
    case LW_OP_EXECUTE:
        return lw_exec_args_find(request->payload, 0, &arg);
    case LW_OP_WRITE_ATTRIBUTES:
        return lw_request_attrs(request, NULL, &change);
    case LW_OP_DISCOVER:
    case LW_OP_BS_DISCOVER:
        list_links(request, &reply->payload);
        return LW_OK;
    case LW_OP_CREATE:
        lw_created_put(&reply->options, lw_path_instance(3, 0));
        break;
    default:
        break;
    }
    if (body != NULL) {
        return store(request, body);
    }
    return answer != NULL ? lw_encode(answer, &stored, &cfg, &reply->payload) : LW_OK;
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    (void)ctx;
    lw_request request;
    lw_format_choice choice = {.formats = formats, .version = LW_VERSION_1_1};
    const lw_format *body = NULL;
    const lw_format *answer = NULL;
    reply->code = lw_route_device(&route, in->msg, &request);
    if (reply->code == LW_COAP_EMPTY) {
        reply->code = lw_request_formats(&request, &choice, &body, &answer);
    }
    if (reply->code == LW_COAP_EMPTY) {
        lw_err err = carry_out(&request, body, answer, reply);
        reply->code = lw_op_code((lw_op)request.op, err);
    }
    return LW_OK;
}

/* ---- What a device sends -------------------------------------------------------------------- */

static void on_end(void *ctx, const lw_coap_result *result)
{
    (void)ctx;
    if (result->msg != NULL && lw_location_read(result->msg->options, &location) != LW_OK) {
        location.len = 0;
    }
}

static lw_err start(uint8_t code, const lw_coap_out *out)
{
    lw_bytes options = lw_writer_bytes(out->w);
    lw_coap_request request = {.code = code, .options = options, .on_end = on_end};
    return lw_coap_start(&coap, &peer, 0, &request, NULL);
}

static lw_err register_and_update(lw_coap_out *out, lw_writer *list)
{
    lw_registration reg = {.given = LW_REG_ENDPOINT | LW_REG_LIFETIME | LW_REG_LIST,
                           .endpoint = lw_bytes_str("probe"),
                           .lifetime = 300};
    lw_object_list_out objects;
    lw_object_list_begin(&objects, list, lw_bytes_of(NULL, 0), NULL, 0);
    lw_object_list_put(&objects, lw_path_instance(3, 0), NULL);
    reg.list = lw_writer_bytes(list);
    lw_register_put(out, &reg);
    lw_update_put(out, &location, &reg);
    lw_deregister_put(out, &location);
    return start(LW_COAP_POST, out);
}

static lw_err bootstrap(lw_coap_out *out)
{
    lw_bs_request request = {.endpoint = lw_bytes_str("probe"), .format = LW_CF_SENML_CBOR};
    lw_bs_request_put(out, &request);
    lw_bs_pack_request_put(out, &request);
    return start(LW_COAP_POST, out);
}

static lw_err send_values(lw_coap_out *out)
{
    lw_request request = lw_request_of(LW_OP_SEND, lw_path_root());
    request.content_format = LW_CF_SENML_CBOR;
    lw_request_put(out, &request);
    lw_coap_transfer_request transfer = {.code = LW_COAP_POST,
                                         .options = lw_writer_bytes(out->w),
                                         .body = lw_bytes_of(buffer, sizeof buffer),
                                         .on_end = on_end};
    lw_coap_transfer *started;
    return lw_coap_transfer_start(&coap, &peer, 0, &transfer, &started);
}

static lw_err write_value(void *ctx, lw_writer *out)
{
    (void)ctx;
    lw_encode_cfg cfg = {.base = lw_path_resource(3, 0, 13)};
    return lw_encode(&lw_format_senml_cbor, &stored, &cfg, out);
}

static lw_err notify(void)
{
    lw_coap_notification notification = {.code = LW_COAP_CONTENT, .write = write_value};
    uint16_t mid;
    lw_coap_exchange *exchange;
    return lw_coap_notify(&coap, &peer, 0, &notification, &mid, &exchange);
}

/* ---- The whole ------------------------------------------------------------------------------ */

static void send_datagram(void *ctx, lw_coap_peer *to, lw_bytes message)
{
    (void)ctx;
    (void)to;
    (void)message;
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        out[i] = (uint8_t)(seed >> 24);
    }
}

static const lw_coap_handler handler = {.send = send_datagram, .on_request = on_request};

int main(void)
{
    uint8_t text[256];
    lw_writer options;
    lw_writer list;
    lw_coap_out out;
    lw_pool_init(&pool, memory, sizeof memory);
    lw_coap_bodies_init(&bodies, 1024, 1, 60000);
    lw_coap_config config = {.mem = lw_pool_mem(&pool),
                             .rng = {.fill = fill},
                             .handler = &handler,
                             .limits = {16, 16, 4, 2},
                             .buf = buffer,
                             .buf_size = sizeof buffer,
                             .bodies = &bodies};
    if (lw_coap_init(&coap, &config) != LW_OK) {
        return 1;
    }
    lw_coap_peer_init(&coap, &peer, &lw_coap_params_udp);
    lw_writer_init(&options, scratch, sizeof scratch);
    lw_writer_init(&list, text, sizeof text);
    lw_coap_begin_options(&out, &options);
    if (register_and_update(&out, &list) != LW_OK || bootstrap(&out) != LW_OK ||
        send_values(&out) != LW_OK || notify() != LW_OK) {
        lw_coap_peer_drop(&coap, &peer);
    }
    while (lw_coap_next_deadline(&coap) != LW_TIME_NEVER) {
        lw_coap_step(&coap, lw_coap_next_deadline(&coap));
        lw_coap_feed(&coap, &peer, 0, lw_bytes_of(text, sizeof text));
    }
    lw_coap_fini(&coap);
    return 0;
}
