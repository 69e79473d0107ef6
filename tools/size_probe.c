/* The program behind the budget `core` of tools/size-budgets.txt: a device that registers over
 * CoAP, serves every operation with TLV and SenML CBOR, notifies, sends and bootstraps. It is
 * linked, not run: each function stands for what a device does on one occasion, with as few lines
 * of its own as will keep that in the program.
 *
 * The data of the device and its callbacks are declared and never defined, so that link-time
 * optimisation cannot know what a real program would not know either. What it does know are the
 * choices of this device: numbers are written as integers (no lw_attr_decimal), requests are CON.
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

extern lw_coap *const coap;
extern lw_coap_peer *const peer;
extern lw_coap_config config;
extern lw_coap_bodies bodies;
extern lw_route route;
extern bool is_bootstrap;
extern lw_source source;
extern lw_encode_cfg encode_cfg;
extern lw_decode_cfg decode_cfg;
extern lw_registration registration;
extern lw_location location;
extern lw_bs_request bs_request;
extern const char *endpoint_text, *account_text;
extern lw_bs_item bs_item;
extern lw_coap_transfer_request transfer;
extern lw_coap_notification notification;
extern lw_coap_observer observer;
extern lw_link_out object_list;
extern lw_object_version object_version;
extern lw_path path;
extern lw_bytes octets;
extern lw_time now;

void device_send(void *ctx, lw_coap_peer *to, lw_bytes message);
lw_err device_apply(const lw_entry *entry);
lw_err device_execute(const lw_exec_arg *arg);
lw_err device_attach(const lw_attrs_change *change);
void device_ended(void *ctx, const lw_coap_result *result);

static const lw_format *const formats[] = {&lw_format_tlv, &lw_format_senml_cbor, NULL};

/* ---- A request of the server ---------------------------------------------------------------- */

static lw_err store(const lw_request *request, const lw_format *format)
{
    lw_decoder d;
    lw_entry entry;
    lw_err err;
    lw_decoder_init(&d, format, &decode_cfg);
    lw_decoder_feed(&d, request->payload, true);
    while ((err = lw_decoder_next(&d, &entry)) == LW_OK && device_apply(&entry) == LW_OK) {
    }
    return err;
}

static lw_err bs_discover(lw_writer *w)
{
    lw_link_out links;
    lw_bs_discover_begin(&links, w, route.version);
    lw_bs_discover_put(&links, &bs_item);
    return w->err;
}

static lw_err discover(const lw_request *request, lw_writer *w)
{
    lw_link_out links;
    lw_link_begin(&links, w);
    lw_link_put(&links, &request->path);
    unsigned depth = lw_request_depth(request, 0);
    lw_link_put_u16(&links, "dim", (uint16_t)depth);
    return depth <= LW_DEPTH_MAX ? w->err : LW_EINVAL;
}

static lw_err execute(const lw_request *request)
{
    lw_exec_arg arg;
    lw_err err = lw_exec_args_find(request->payload, 0, &arg);
    return err == LW_OK ? device_execute(&arg) : err;
}

static lw_err write_attributes(const lw_request *request)
{
    static const lw_attr_known known = {.bits = LW_ATTRS_PERIODS | LW_ATTRS_DELIVERY,
                                        .may_stand = lw_attr_may_stand};
    lw_attrs_change change = {.known = &known};
    lw_err err = lw_request_attrs(request, &change);
    return err == LW_OK ? device_attach(&change) : err;
}

static lw_err carry_out(const lw_request *request, const lw_format *body, const lw_format *answer,
                        lw_coap_reply *reply)
{
    switch ((lw_op)request->op) {
    case LW_OP_EXECUTE:
        return execute(request);
    case LW_OP_WRITE_ATTRIBUTES:
        return write_attributes(request);
    case LW_OP_DISCOVER:
        return discover(request, &reply->payload);
    case LW_OP_BS_DISCOVER:
        return bs_discover(&reply->payload);
    case LW_OP_CREATE:
        lw_created_put(&reply->options, path);
        break;
    default:
        break;
    }
    lw_err err = body != NULL ? store(request, body) : LW_OK;
    return answer != NULL ? lw_encode(answer, &source, &encode_cfg, &reply->payload) : err;
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    (void)ctx;
    lw_request request;
    lw_format_choice choice = {.formats = formats, .version = route.version};
    const lw_format *body = NULL;
    const lw_format *answer = NULL;
    route.front = lw_route_front;
    reply->code = is_bootstrap ? lw_route_bootstrap(route.version, in->msg, &request)
                               : lw_route_device(&route, in->msg, &request);
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

static void on_registered(void *ctx, const lw_coap_result *result)
{
    if (result->msg != NULL && lw_location_read(result->msg->options, &location) == LW_OK) {
        device_ended(ctx, result);
    }
}

static lw_err start(uint8_t code, const lw_coap_out *out)
{
    lw_coap_request request = {
        .code = code, .options = lw_writer_bytes(out->w), .on_end = on_registered};
    return lw_coap_start(coap, peer, now, &request, NULL);
}

static lw_err list_objects(lw_writer *w)
{
    lw_object_list_begin(&object_list, w, formats, registration.version);
    lw_object_list_put(&object_list, path, &object_version);
    return w->err;
}

static void put_parameters(lw_coap_out *out)
{
    if ((registration.given & LW_REG_ENDPOINT) != 0) {
        lw_query_put(out, "ep=", endpoint_text);
        lw_query_put(out, "lwm2m=", lw_version_text(registration.version));
    }
    if ((registration.given & LW_REG_LIFETIME) != 0) {
        lw_query_put_number(out, "lt=", registration.lifetime);
    }
    if ((registration.given & LW_REG_BINDING) != 0) {
        lw_binding_put(out, registration.binding, (registration.given & LW_REG_QUEUE) != 0);
    }
    if ((registration.given & LW_REG_QUEUE) != 0) {
        lw_query_put(out, "Q", "");
    }
    lw_registration_put_more(out, &registration);
}

static lw_err speak(lw_coap_out *out, int what)
{
    lw_coap_transfer *started;
    switch (what) {
    case 0:
        lw_registration_begin(out, NULL, true);
        put_parameters(out);
        return start(LW_COAP_POST, out);
    case 1:
        lw_registration_begin(out, &location, registration.list.len > 0);
        put_parameters(out);
        return start(LW_COAP_POST, out);
    case 2:
        lw_registration_begin(out, &location, false);
        return start(LW_COAP_DELETE, out);
    case 3:
        lw_bs_request_put(out, LW_OP_BS_REQUEST, bs_request.format, endpoint_text, NULL);
        return start(LW_COAP_POST, out);
    case 4:
        lw_bs_request_put(out, LW_OP_BS_PACK_REQUEST, bs_request.format, endpoint_text,
                          account_text);
        return start(LW_COAP_GET, out);
    case 5:
        lw_send_put(out, LW_CF_SENML_CBOR, octets);
        return start(LW_COAP_POST, out);
    case 6:
        return lw_coap_notify(coap, peer, now, &observer, &notification);
    case 7:
        return lw_coap_transfer_start(coap, peer, now, &transfer, &started);
    default:
        return list_objects(out->w);
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

static const lw_coap_handler handler = {.send = device_send, .on_request = on_request};

int main(int argc, char **argv)
{
    (void)argv;
    lw_writer options;
    lw_coap_out out;
    config.handler = &handler;
    lw_coap_bodies_init(&bodies, config.limits.max_seen, 1, config.limits.max_queued);
    if (lw_coap_init(coap, &config) != LW_OK) {
        return 1;
    }
    lw_coap_peer_init(coap, peer, &lw_coap_params_udp);
    lw_writer_init(&options, config.buf, config.buf_size);
    lw_coap_begin_options(&out, &options);
    if (speak(&out, argc) != LW_OK) {
        lw_coap_peer_drop(coap, peer);
    }
    lw_coap_step(coap, lw_coap_next_deadline(coap));
    lw_coap_feed(coap, peer, now, octets);
    lw_coap_fini(coap);
    return 0;
}
