#include "codec/single.h"

lw_err lw_single_start(lw_decoder *d)
{
    return lw_path_reaches(d->cfg.base, LW_LEVEL_RESOURCE) ? LW_OK : LW_ENOTSUP;
}

lw_err lw_single_take(lw_decoder *d, lw_entry *out_entry, lw_bytes *out_payload)
{
    uint8_t *taken = &d->state.octets[0];
    if (*taken != 0) {
        return LW_END;
    }
    if (!d->last) {
        return LW_AGAIN;
    }
    *taken = 1;
    *out_payload = d->in;
    d->pos = d->in.len;
    out_entry->path = d->cfg.base;
    return LW_OK;
}

lw_err lw_single_value(const lw_source *source, const lw_encode_cfg *cfg, lw_value *out_value)
{
    lw_cursor cursor = {.at = {0}};
    lw_entry entry;
    lw_err err = source->next(source->ctx, &cursor, &entry);
    if (err != LW_OK) {
        return err == LW_END ? LW_ENOTSUP : err;
    }
    bool fits = entry.kind == LW_ENTRY_VALUE && !lw_entry_has_time(&entry) &&
                lw_path_depth(entry.path) <= lw_path_depth(cfg->base) &&
                entry.value.type != LW_TYPE_NONE;
    *out_value = entry.value;
    err = source->next(source->ctx, &cursor, &entry);
    if (err == LW_OK || !fits) {
        return LW_ENOTSUP;
    }
    return err == LW_END ? LW_OK : err;
}
