/* Create and Delete (DM-70..84). The object list that changes with them goes out with the next
 * Update, which the events of the tree ask for (DM-76). */
#include "client/serve.h"

/* ---- Create ---------------------------------------------------------------------------------- */

/* The instances with their values and their owner. */
static lw_err make(const lw_call *call, lw_made *made)
{
    const lw_request *request = call->request;
    lw_apply apply = {
        .client = call->client,
        .format = call->body,
        .base = request->path,
        .payload = request->payload,
        .scratch = call->reply->payload.buf,
        .scratch_len = call->reply->payload.cap,
        .made = made,
    };
    lw_err err = lw_apply_payload(&apply);
    for (unsigned i = 0; i < made->count && err == LW_OK; i++) {
        lw_path instance = lw_path_instance(request->path.id[0], made->ids[i]);
        err = lw_rights_created(call->client, call->server, instance); /* DM-75 */
    }
    return err;
}

uint8_t lw_serve_create(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    lw_made made = {.count = 0};
    lw_err err = lw_tree_begin(tree);
    if (err != LW_OK) {
        return lw_op_code(LW_OP_CREATE, err);
    }
    err = make(call, &made);
    if (err == LW_OK) {
        err = lw_tree_commit(tree);
    }
    if (err != LW_OK) {
        lw_tree_rollback(tree);
        return lw_op_code(LW_OP_CREATE, err);
    }
    /* P-DM-13: always told; the first of several */
    lw_created_put(&call->reply->options, lw_path_instance(call->request->path.id[0], made.ids[0]));
    return lw_op_code(LW_OP_CREATE, LW_OK);
}

/* ---- Delete ---------------------------------------------------------------------------------- */

lw_err lw_remove_resource_instance(lw_tree *tree, lw_path path)
{
    lw_path resource = lw_path_cut(path, LW_LEVEL_RESOURCE);
    const lw_resource_def *def = lw_tree_resource_def(tree, path);
    bool is_last = lw_tree_exists(tree, path) && lw_tree_count(tree, resource) == 1;
    if (is_last && (def->flags & LW_DEF_MANDATORY) != 0) {
        return LW_EMETHOD;
    }
    return lw_tree_unset(tree, path);
}

static lw_err remove_target(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    lw_path path = call->request->path;
    if (path.depth == LW_LEVEL_RESOURCE_INSTANCE) {
        return lw_remove_resource_instance(tree, path);
    }
    const lw_object_hooks *hooks = lw_tree_object(tree, path.id[0])->hooks;
    lw_err err = hooks->remove(tree->hooks_ctx, tree, path);
    return err == LW_OK ? lw_tree_remove(tree, path) : err;
}

uint8_t lw_serve_delete(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    lw_err err = lw_tree_begin(tree);
    if (err != LW_OK) {
        return lw_op_code(LW_OP_DELETE, err);
    }
    err = remove_target(call);
    if (err == LW_OK) {
        err = lw_tree_commit(tree);
    }
    if (err != LW_OK) {
        lw_tree_rollback(tree);
    }
    return lw_op_code(LW_OP_DELETE, err);
}
