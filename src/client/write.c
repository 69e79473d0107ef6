#include "client/serve.h"

uint8_t lw_serve_write(const lw_call *call)
{
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
