#include "client/targets.h"

static void decode(const lw_call *call, lw_decoder *d)
{
    lw_decode_cfg cfg = {
        .base = lw_path_root(),
        .use = LW_FORMAT_FETCH,
        .scratch = call->reply->payload.buf,
        .scratch_len = call->reply->payload.cap,
    };
    lw_decoder_init(d, call->body, &cfg);
    lw_decoder_feed(d, call->request.payload, true);
}

/* Counts the paths, and keeps them when there is a place for them. */
static lw_err read_paths(const lw_call *call, lw_path *list, size_t *out_count)
{
    lw_decoder d;
    lw_entry e;
    lw_err err;
    decode(call, &d);
    *out_count = 0;
    while ((err = lw_decoder_next(&d, &e)) == LW_OK) {
        if (e.kind != LW_ENTRY_PATH) {
            return LW_EINVAL;
        }
        if (list != NULL) {
            list[*out_count] = e.path;
        }
        (*out_count)++;
    }
    return err == LW_END ? LW_OK : err;
}

lw_err lw_targets_read(lw_call *call)
{
    lw_readable *out = &call->values;
    out->is_list = true;
    out->targets = NULL;
    size_t count;
    lw_err err = read_paths(call, NULL, &count);
    if (err != LW_OK) {
        return err;
    }
    if (count == 0 || count > UINT16_MAX) {
        return count == 0 ? LW_EINVAL : LW_ETOOBIG;
    }
    lw_path *list = lw_mem_alloc(&call->client->pool->mem, count * sizeof *list);
    if (list == NULL) {
        return LW_ENOMEM;
    }
    out->targets = list;
    err = read_paths(call, list, &count);
    out->target_count = (uint16_t)lw_targets_sort(list, count);
    return err;
}

void lw_targets_free(const lw_call *call)
{
    lw_mem_release(&call->client->pool->mem, (void *)(uintptr_t)call->values.targets);
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
