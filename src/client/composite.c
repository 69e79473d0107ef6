/* Read-Composite and Write-Composite (DM-90..98); Observe-Composite reads its list here and is
 * handed on to lw_feature_observe. */
#include "client/feature.h"
#include "client/serve.h"
#include "client/targets.h"

static uint8_t observe_targets(const lw_targets *targets, const lw_call *call)
{
    lw_client *client = call->client;
    lw_err err = lw_targets_may_read(targets, client, call->server);
    if (err != LW_OK) {
        return lw_op_code((lw_op)call->request->op, err);
    }
    lw_readable readable = lw_targets_readable(targets, call);
    LW_EACH_FEATURE (client, i, observe) {
        return client->cfg.features[i]->observe(client->feature_state[i], call, &readable);
    }
    return lw_targets_answer(targets, call); /* RFC 7641 section 2 */
}

static uint8_t serve_targets(const lw_call *call,
                             uint8_t (*serve)(const lw_targets *targets, const lw_call *call))
{
    lw_targets targets;
    lw_err err = lw_targets_read(&targets, call);
    uint8_t code = err == LW_OK ? serve(&targets, call) : lw_op_code((lw_op)call->request->op, err);
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
    switch (call->request->op) {
    case LW_OP_READ_COMPOSITE:
        return serve_targets(call, lw_targets_answer);
    case LW_OP_WRITE_COMPOSITE:
        return write_composite(call);
    default:
        return serve_targets(call, observe_targets);
    }
}

const lw_client_feature lw_feature_composite = {
    .name = "composite",
    .ops = (uint32_t)1 << LW_OP_READ_COMPOSITE | (uint32_t)1 << LW_OP_WRITE_COMPOSITE |
           (uint32_t)1 << LW_OP_OBSERVE_COMPOSITE | (uint32_t)1 << LW_OP_CANCEL_COMPOSITE,
    .serve = serve,
};
