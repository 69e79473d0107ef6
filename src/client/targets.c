#include "client/targets.h"

static lw_decoder decode(const lw_call *call)
{
    lw_decode_cfg cfg = {
        .base = lw_path_root(),
        .use = LW_FORMAT_FETCH,
        .scratch = call->reply->payload.buf,
        .scratch_len = call->reply->payload.cap,
    };
    lw_decoder d;
    lw_decoder_init(&d, call->body, &cfg);
    lw_decoder_feed(&d, call->request->payload, true);
    return d;
}

/* Counts the paths, and keeps them when there is a place for them. */
static lw_err read_paths(const lw_call *call, lw_path *list, size_t *out_count)
{
    lw_decoder d = decode(call);
    lw_entry e;
    lw_err err;
    *out_count = 0;
    while ((err = lw_decoder_next(&d, &e)) == LW_OK) {
        if (e.kind != LW_ENTRY_PATH || e.prefix.len > 0) {
            return LW_EINVAL;
        }
        if (list != NULL) {
            list[*out_count] = e.path;
        }
        (*out_count)++;
    }
    return err == LW_END ? LW_OK : err;
}

lw_err lw_targets_read(lw_targets *targets, const lw_call *call)
{
    *targets = (lw_targets){.list = NULL};
    size_t count;
    lw_err err = read_paths(call, NULL, &count);
    if (err != LW_OK || count == 0) {
        return err != LW_OK ? err : LW_EINVAL;
    }
    targets->list = lw_mem_alloc(&call->client->mem, count * sizeof *targets->list);
    if (targets->list == NULL) {
        return LW_ENOMEM;
    }
    err = read_paths(call, targets->list, &count);
    targets->count = lw_targets_sort(targets->list, count);
    return err;
}

void lw_targets_fini(lw_targets *targets, lw_client *client)
{
    lw_mem_release(&client->mem, targets->list);
    *targets = (lw_targets){.list = NULL};
}

size_t lw_targets_sort(lw_path *list, size_t count)
{
    for (size_t i = 1; i < count; i++) { /* lists are short */
        lw_path p = list[i];
        size_t at = i;
        for (; at > 0 && lw_path_compare(list[at - 1], p) > 0; at--) {
            list[at] = list[at - 1];
        }
        list[at] = p;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !lw_path_contains(list[kept - 1], list[i])) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

lw_err lw_targets_may_read(const lw_targets *targets, const lw_server *server)
{
    lw_err err = LW_EDENIED;
    for (size_t i = 0; i < targets->count && err != LW_OK; i++) {
        err = lw_rights_to_read(server, targets->list[i]);
    }
    return err;
}

lw_readable lw_targets_readable(const lw_targets *targets, const lw_call *call)
{
    return (lw_readable){
        .client = call->client,
        .server = call->server,
        .targets = targets->list,
        .target_count = targets->count,
    };
}

uint8_t lw_targets_answer(const lw_targets *targets, const lw_call *call)
{
    lw_op op = (lw_op)call->request->op;
    lw_err err = lw_targets_may_read(targets, call->server);
    if (err != LW_OK) {
        return lw_op_code(op, err);
    }
    lw_readable readable = lw_targets_readable(targets, call);
    return lw_op_answer_code(op, lw_answer_values(call, &readable, lw_path_root()));
}
