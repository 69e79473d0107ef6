/* lw_feature_blockwise: bodies that are larger than a message (RFC 7959), of servers' requests and
 * of our own. */
#include "client/feature.h"
#include "client/serve.h"
#include "client/server.h"
#include "coap/bodies.h"

#define DEFAULT_BODY    2048
#define MAX_BODIES      2
#define BODY_TIMEOUT_MS 247000

/* ---- Packages, which no memory holds: each block goes to the object as it comes ---------------
 */

bool lw_write_is_streamed(const lw_call *call)
{
    const lw_place *target = &call->target;
    return call->request.op == LW_OP_WRITE && target->asked == LW_LEVEL_RESOURCE &&
           call->body != NULL && call->body->id == LW_CF_OPAQUE && target->field != NULL &&
           target->field->type == LW_TYPE_COMPUTED && target->object->hooks != NULL &&
           target->object->hooks->write != NULL;
}

static lw_err write_part(const lw_call *call)
{
    if (!lw_write_is_streamed(call)) {
        return LW_EINVAL; /* the blocks before had another Content-Format */
    }
    lw_tree *tree = &call->client->tree;
    const lw_request *request = &call->request;
    lw_value value = lw_value_bytes(LW_TYPE_OPAQUE, request->payload);
    lw_err err = call->target.object->hooks->write(tree->ctx, tree, request->path, value,
                                                   call->in->offset, call->in->more);
    bool goes_on = err == LW_OK && call->in->more;
    *call->in->stream = goes_on ? request->path.key : 0;
    return goes_on ? LW_END : err; /* 2.31 */
}

/* The last block may have any offset but 0. */
static lw_err serve(void *state, lw_call *call)
{
    (void)state;
    return call->in->more || call->in->offset > 0 ? write_part(call) : lw_serve_write(call);
}

static bool wants_stream(void *client, const lw_coap_inbound *in)
{
    return lw_serve_wants_stream(client, LW_CONTAINER(in->peer, lw_server, peer), in);
}

/* A stream is known by its path. */
static void on_stream_gone(void *ctx, lw_coap_peer *peer, uint64_t stream)
{
    lw_client *client = ctx;
    lw_path path = {.key = stream};
    const lw_object *object = lw_tree_object(&client->tree, path);
    (void)peer;
    if (object->hooks->lost != NULL) {
        object->hooks->lost(client->tree.ctx, &client->tree, path);
    }
}

/* ---- Requests of ours -------------------------------------------------------------------------
 */

static uint16_t body_max(const lw_client *client)
{
    return client->cfg.body_max != 0 ? client->cfg.body_max : DEFAULT_BODY;
}

lw_err lw_body_send(lw_server *server, const lw_coap_request *request, lw_body_fn body,
                    size_t body_len, void **out_asking)
{
    lw_client *client = server->client;
    lw_coap_transfer_request transfer = {
        .code = request->code,
        .options = request->options,
        .read = body_len > 0 ? body : NULL,
        .body = lw_bytes_of(NULL, body_len),
        .max_body = body_max(client),
        .on_end = request->on_end,
        .ctx = request->ctx,
    };
    lw_coap_transfer *started = NULL;
    lw_err err =
        lw_coap_transfer_start(&client->coap, &server->peer, client->now, &transfer, &started);
    *out_asking = started;
    return err;
}

static void cancel(void *asking, lw_time now)
{
    lw_coap_transfer_cancel(asking, now);
}

/* ---- Set-up -----------------------------------------------------------------------------------
 */

typedef struct blockwise {
    lw_coap_bodies bodies;
    lw_coap_handler handler; /* the client's, and what takes single blocks */
} blockwise;

static size_t size(const lw_client_cfg *cfg)
{
    (void)cfg;
    return sizeof(blockwise);
}

static lw_err init(lw_client *client, void *state)
{
    blockwise *b = state;
    lw_coap_bodies_init(&b->bodies, body_max(client), MAX_BODIES, BODY_TIMEOUT_MS);
    b->handler = *client->coap.config.handler;
    b->handler.wants_stream = wants_stream;
    b->handler.on_stream_gone = on_stream_gone;
    client->coap.config.bodies = &b->bodies;
    client->coap.config.handler = &b->handler;
    return LW_OK;
}

const lw_client_feature lw_feature_blockwise = {
    .ops = (uint32_t)1 << LW_OP_WRITE,
    .size = size,
    .init = init,
    .serve = serve,
    .part = LW_PART_BLOCKWISE,
    .as.blockwise = {.start = lw_body_send, .cancel = cancel},
};
