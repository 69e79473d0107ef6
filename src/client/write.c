#include "client/serve.h"

/* One block of a body that is passed through; the last one may have any offset but 0. */
static bool is_part(const lw_coap_inbound *in)
{
    return in->more || in->offset > 0;
}

bool lw_write_is_streamed(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    lw_path path = call->request->path;
    const lw_object *object = lw_tree_object(tree, path.id[0]);
    const lw_field *field = object != NULL ? lw_object_field(object, path.id[2]) : NULL;
    return call->request->op == LW_OP_WRITE && path.depth == LW_LEVEL_RESOURCE &&
           call->body != NULL && call->body->id == LW_CF_OPAQUE && field != NULL &&
           field->kind == LW_FIELD_COMPUTED && object->hooks != NULL &&
           object->hooks->write != NULL;
}

static uint8_t write_part(const lw_call *call)
{
    if (!lw_write_is_streamed(call)) {
        return LW_COAP_BAD_REQUEST; /* the blocks before had another Content-Format */
    }
    lw_tree *tree = &call->client->tree;
    const lw_request *request = call->request;
    const lw_object_hooks *hooks = lw_tree_object(tree, request->path.id[0])->hooks;
    lw_value value = lw_value_bytes(LW_TYPE_OPAQUE, request->payload);
    lw_err err =
        hooks->write(tree->hooks_ctx, tree, request->path, value, call->in->offset, call->in->more);
    call->server->streaming = err == LW_OK && call->in->more ? request->path : lw_path_root();
    return err == LW_OK && call->in->more ? LW_COAP_CONTINUE : lw_op_code(LW_OP_WRITE, err);
}

void lw_serve_stream_gone(lw_client *client, lw_server *server)
{
    lw_path path = server->streaming;
    const lw_object *object =
        path.depth != LW_LEVEL_ROOT ? lw_tree_object(&client->tree, path.id[0]) : NULL;
    server->streaming = lw_path_root();
    if (object != NULL && object->hooks->lost != NULL) {
        object->hooks->lost(client->tree.hooks_ctx, &client->tree, path);
    }
}

uint8_t lw_serve_write(const lw_call *call)
{
    if (is_part(call->in)) {
        return write_part(call);
    }
    lw_apply apply = {
        .client = call->client,
        .format = call->body,
        .base = call->request->path,
        .payload = call->request->payload,
        .scratch = call->reply->payload.buf,
        .scratch_len = call->reply->payload.cap,
        .replace = call->request->op == LW_OP_WRITE,
    };
    return lw_op_code((lw_op)call->request->op, lw_apply_as_whole(&apply));
}
