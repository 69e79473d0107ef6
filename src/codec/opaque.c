/* application/octet-stream (42): the octets of one Opaque resource, nothing else (formats.md 4). */
#include "codec/single.h"

static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    lw_bytes payload;
    lw_err err = lw_single_take(d, out_entry, &payload);
    if (err == LW_OK) {
        out_entry->value = lw_value_bytes(LW_TYPE_OPAQUE, payload);
    }
    return err;
}

/* FMT-13: only an Opaque resource has this format. */
static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    lw_value value;
    lw_err err = lw_single_value(source, cfg, &value);
    if (err != LW_OK) {
        return err;
    }
    if (value.type != LW_TYPE_OPAQUE) {
        return LW_ENOTSUP;
    }
    lw_write_bytes(w, value.as.bytes);
    return LW_OK;
}

const lw_format lw_format_opaque = {
    .id = LW_CF_OPAQUE,
    .uses = LW_FORMAT_SINGLE,
    .since = 10,
    .encode = encode,
    .decode_start = lw_single_start,
    .decode_next = decode_next,
};
