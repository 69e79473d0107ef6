/* application/cbor (60): one data item that is no container, nothing after it (formats.md 4). */
#include "codec/cbor.h"
#include "codec/single.h"

/* RFC 8949 section 3.4.2; may be left out, but Leshan reads no time without. */
#define EPOCH_TAG 1u

static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    lw_cbor c;
    lw_cbor_init(&c, d);
    lw_bytes payload;
    lw_err err = lw_single_take(d, out_entry, &payload);
    if (err != LW_OK) {
        return err;
    }
    lw_cbor_read_dated_value(&c, &out_entry->value);
    bool is_value = out_entry->value.type != LW_TYPE_NONE && c.at == c.end;
    if (c.err != LW_OK && c.err != LW_AGAIN) {
        return (lw_err)c.err;
    }
    return is_value && c.err == LW_OK ? LW_OK : LW_EFORMAT; /* it was the whole payload */
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    lw_value value;
    lw_err err = lw_single_value(source, cfg, &value);
    if (err == LW_OK && value.type == LW_TYPE_TIME) {
        lw_cbor_write_head(w, LW_CBOR_TAG, EPOCH_TAG);
    }
    if (err == LW_OK) {
        lw_cbor_write_value(w, &value);
    }
    return err;
}

const lw_format lw_format_cbor = {
    .id = LW_CF_CBOR,
    .uses = LW_FORMAT_SINGLE,
    .since = 11,
    .encode = encode,
    .decode_start = lw_single_start,
    .decode_next = decode_next,
};
