/* Read-Composite and Write-Composite (DM-90..98). */
#include "client/feature.h"
#include "client/serve.h"
#include "client/targets.h"

static uint8_t read_composite(const lw_call *call)
{
    lw_targets targets;
    lw_err err = lw_targets_read(&targets, call);
    uint8_t code =
        err == LW_OK ? lw_targets_answer(&targets, call) : lw_op_code(LW_OP_READ_COMPOSITE, err);
    lw_targets_fini(&targets, call->client);
    return code;
}

static uint8_t write_composite(const lw_call *call)
{
    lw_apply apply = {
        .client = call->client,
        .format = call->body,
        .use = LW_FORMAT_PATCH,
        .base = lw_path_root(),
        .payload = call->request->payload,
        .scratch = call->reply->payload.buf,
        .scratch_len = call->reply->payload.cap,
        .server = call->server,
    };
    return lw_op_code(LW_OP_WRITE_COMPOSITE, lw_apply_as_whole(&apply));
}

static uint8_t serve(void *state, const lw_call *call)
{
    (void)state;
    return call->request->op == LW_OP_READ_COMPOSITE ? read_composite(call) : write_composite(call);
}

const lw_client_feature lw_feature_composite = {
    .name = "composite",
    .ops = (uint32_t)1 << LW_OP_READ_COMPOSITE | (uint32_t)1 << LW_OP_WRITE_COMPOSITE,
    .serve = serve,
};
