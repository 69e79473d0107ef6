#include "proto/execute.h"

#include "client/serve.h"

/* DM-61: well formed as a whole; which arguments a resource takes it says itself (DM-64). */
static lw_err check_arguments(lw_bytes payload)
{
    lw_exec_args args = lw_exec_args_of(payload);
    lw_exec_arg arg;
    lw_err err;
    do {
        err = lw_exec_args_next(&args, &arg);
    } while (err == LW_OK);
    return err == LW_END ? LW_OK : err;
}

lw_err lw_serve_execute(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    const lw_request *request = &call->request;
    const lw_object_hooks *hooks = call->target.object->hooks;
    lw_err err = check_arguments(request->payload);
    if (err != LW_OK) {
        return err;
    }
    return hooks != NULL && hooks->execute != NULL
               ? hooks->execute(tree->ctx, tree, request->path, request->payload)
               : LW_EMETHOD;
}
