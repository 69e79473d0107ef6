#include "client/serve.h"

#include "client/feature.h"
#include "model/access.h"

/* ---- Who serves what ------------------------------------------------------------------------- */

/* What every device serves; the rest is up to features. */
#define OWN_OPS                                                                               \
    ((uint32_t)1 << LW_OP_READ | (uint32_t)1 << LW_OP_DISCOVER | (uint32_t)1 << LW_OP_WRITE | \
     (uint32_t)1 << LW_OP_WRITE_PARTIAL | (uint32_t)1 << LW_OP_EXECUTE)

static lw_err serve_own(const lw_call *call)
{
    switch (call->request.op) {
    case LW_OP_READ:
        return lw_serve_read(call);
    case LW_OP_DISCOVER:
        return lw_serve_discover(call);
    case LW_OP_EXECUTE:
        return lw_serve_execute(call);
    default:
        return lw_serve_write(call);
    }
}

/* ---- The checks of DM-05 --------------------------------------------------------------------- */

static lw_err check_right(const lw_call *call, unsigned right)
{
    if (call->target.asked == LW_LEVEL_OBJECT && right == LW_RIGHT_R) { /* DM-18, DM-54 */
        return call->request.op == LW_OP_WRITE_ATTRIBUTES
                   ? LW_OK
                   : lw_rights_to_read(call->server, call->target.path);
    }
    unsigned rights = lw_rights_of(call->server, call->target.path);
    return (rights & right) == right ? LW_OK : LW_EDENIED;
}

/* DM-73: instances that only the device makes. Which ones it takes away it is asked when the rest
 * is checked: a Delete has no formats. */
static lw_err check_object(const lw_call *call)
{
    const lw_object_hooks *hooks = call->target.object->hooks;
    bool is_made = hooks != NULL && hooks->create != NULL;
    return call->request.op == LW_OP_CREATE && !is_made ? LW_EMETHOD : LW_OK;
}

/* An optional resource is made by its first Write. */
static lw_err check_resource(const lw_place *target, unsigned right)
{
    bool is_instance = target->asked == LW_LEVEL_RESOURCE_INSTANCE;
    if (target->def == NULL || (target->depth < LW_LEVEL_RESOURCE && right != LW_RIGHT_W)) {
        return LW_ENOTFOUND;
    }
    unsigned op = right == LW_RIGHT_D ? LW_OP_W : right; /* DM-84; else the same numbers */
    if ((is_instance && !lw_place_is_multiple(target)) || (target->def->ops & op) != op) {
        return LW_EMETHOD; /* DM-12, DM-34 */
    }
    return is_instance && target->depth < LW_LEVEL_RESOURCE_INSTANCE ? LW_ENOTFOUND : LW_OK;
}

static lw_err check_target(const lw_call *call)
{
    const lw_place *target = &call->target;
    unsigned right = lw_op_rule_of((lw_op)call->request.op)->right;
    if (target->asked == LW_LEVEL_ROOT || call->request.op < LW_OP_READ) {
        return LW_OK; /* a list is asked path by path, a bootstrap not at all (ACL-16) */
    }
    if (target->depth < target->asked && target->depth < LW_LEVEL_INSTANCE) {
        return LW_ENOTFOUND;
    }
    lw_err err = check_right(call, right);
    if (err != LW_OK) {
        return err;
    }
    return target->asked < LW_LEVEL_RESOURCE ? check_object(call) : check_resource(target, right);
}

static uint8_t choose_formats(lw_call *call, lw_version version)
{
    const lw_place *target = &call->target;
    call->single = target->asked == LW_LEVEL_RESOURCE_INSTANCE ||
                   (target->asked == LW_LEVEL_RESOURCE && !lw_place_is_multiple(target));
    lw_format_choice choice = {
        .formats = call->client->cfg.formats,
        .version = version,
        .single = call->single,
        .type = target->def != NULL ? (lw_type)target->def->type : LW_TYPE_NONE,
        .preferred = call->server->answers_lwm2m_cbor ? LW_CF_LWM2M_CBOR : LW_CF_NONE,
    };
    return lw_request_formats(&call->request, &choice, &call->body, &call->answer);
}

/* LW_COAP_EMPTY: it is known what is asked. */
static uint8_t route(lw_call *call, lw_version version)
{
    lw_client *client = call->client;
    if (call->server->ssid != 0) {
        lw_route to = {.version = version, .ops = OWN_OPS | client->ops};
        return lw_route_device(&to, call->in->msg, &call->request);
    }
    lw_plug *plug = lw_client_part(client, LW_PART_BOOTSTRAP);
    return plug != NULL ? plug->feature->as.bootstrap.route(plug->state, version, call->in->msg,
                                                            &call->request)
                        : LW_COAP_METHOD_NOT_ALLOWED;
}

/* Everything that can be said before the payload is looked at; LW_COAP_EMPTY: go on. */
static uint8_t check(lw_call *call)
{
    lw_client *client = call->client;
    lw_version version = (lw_version)call->server->version;
    lw_request *request = &call->request;
    uint8_t code = route(call, version);
    if (code != LW_COAP_EMPTY) {
        return code;
    }
    lw_tree_find(&client->tree, request->path, &call->target);
    if (request->op == LW_OP_EXECUTE) {
        request->op = (uint8_t)lw_op_of_resource_post(call->target.def);
    }
    if (request->content_format == LW_CF_LWM2M_CBOR || request->accept == LW_CF_LWM2M_CBOR) {
        call->server->answers_lwm2m_cbor = true; /* DM-13 */
    }
    lw_err err = check_target(call);
    return err == LW_OK ? choose_formats(call, version) : lw_op_code((lw_op)request->op, err);
}

/* ---- Serving --------------------------------------------------------------------------------- */

/* REG-08, BS-09 */
static bool is_heard(const lw_client *client, const lw_server *server)
{
    return server->ssid == 0 || (server->registered && !client->bootstrapping);
}

static lw_err dispatch(lw_call *call)
{
    LW_EACH_PLUG (call->client, plug) {
        if ((plug->feature->ops >> call->request.op & 1u) != 0) {
            return plug->feature->serve(plug->state, call);
        }
    }
    return serve_own(call);
}

static void begin(lw_call *call, lw_client *client, lw_server *server, const lw_coap_inbound *in,
                  lw_coap_reply *reply)
{
    call->client = client;
    call->server = server;
    call->in = in;
    call->reply = reply;
    call->values = (lw_readable){
        .client = client, .server = server, .targets = &call->request.path, .target_count = 1};
}

lw_err lw_serve(lw_client *client, lw_server *server, const lw_coap_inbound *in,
                lw_coap_reply *reply)
{
    if (!is_heard(client, server)) {
        return LW_END;
    }
    lw_call call;
    begin(&call, client, server, in, reply);
    uint8_t code = check(&call);
    if (code == LW_COAP_EMPTY) {
        lw_err err = dispatch(&call);
        if (err == LW_END) {
            return LW_OK;
        }
        code = lw_op_code((lw_op)call.request.op, err);
    }
    if (lw_coap_code_class(code) != 2) {
        lw_coap_reply_begin(&client->coap, reply); /* without what was written before it failed */
    }
    reply->code = code;
    return LW_OK;
}

bool lw_serve_wants_stream(lw_client *client, lw_server *server, const lw_coap_inbound *in)
{
    if (!is_heard(client, server)) {
        return true;
    }
    lw_call call;
    begin(&call, client, server, in, NULL);
    return check(&call) != LW_COAP_EMPTY || lw_write_is_streamed(&call);
}
