/* text/plain (0): one value as text, by the type of its resource (formats.md sections 2 and 3). */
#include "base/base64.h"
#include "base/num.h"
#include "codec/single.h"

/* Only 0 and 1: "true" is what people write, not what the specification says. */
static lw_err read_boolean(lw_bytes text, lw_value *out)
{
    if (text.len != 1 || (text.ptr[0] != '0' && text.ptr[0] != '1')) {
        return LW_EFORMAT;
    }
    *out = lw_value_boolean(text.ptr[0] == '1');
    return LW_OK;
}

static lw_err read_opaque(const lw_decode_cfg *cfg, lw_bytes text, lw_value *out)
{
    size_t len;
    lw_err err = lw_base64_decode(text, cfg->scratch, cfg->scratch_len, &len);
    *out = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(cfg->scratch, len));
    return err;
}

static lw_err decode_next(lw_decoder *d, lw_entry *out_entry)
{
    lw_bytes text;
    lw_err err = lw_single_take(d, out_entry, &text);
    if (err != LW_OK) {
        return err;
    }
    switch (lw_decoder_type_of(d, &out_entry->path)) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_FLOAT:
    case LW_TYPE_TIME:
        err = lw_num_parse_value(text, &out_entry->value);
        return err == LW_OK ? lw_decoder_check_number(d, out_entry) : err;
    case LW_TYPE_BOOLEAN:
        return read_boolean(text, &out_entry->value);
    case LW_TYPE_OPAQUE:
        return read_opaque(&d->cfg, text, &out_entry->value);
    default: /* also an object link, which the common part reads from a string */
        out_entry->value = lw_value_bytes(LW_TYPE_STRING, text);
        return LW_OK;
    }
}

static lw_err write_float(lw_writer *w, lw_value value)
{
    char text[LW_NUM_TEXT_MAX];
    size_t len = lw_num_format_double(value.as.number, value.single, LW_NUM_PLAIN, text);
    lw_write_bytes(w, lw_bytes_of(text, len));
    return len > 0 ? LW_OK : LW_ENOTSUP;
}

static lw_err encode(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w)
{
    lw_value value;
    lw_err err = lw_single_value(source, cfg, &value);
    if (err != LW_OK) {
        return err;
    }
    char text[LW_NUM_INT_TEXT_MAX];
    switch (value.type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        lw_write_bytes(w, value.as.bytes);
        return LW_OK;
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        lw_write_bytes(w, lw_bytes_of(text, lw_num_format_int64(value.as.integer, text)));
        return LW_OK;
    case LW_TYPE_UNSIGNED:
        lw_write_bytes(w, lw_bytes_of(text, lw_num_format_uint64(value.as.uns, text)));
        return LW_OK;
    case LW_TYPE_FLOAT:
        return write_float(w, value);
    case LW_TYPE_BOOLEAN:
        lw_write_u8(w, value.as.boolean ? '1' : '0');
        return LW_OK;
    case LW_TYPE_OPAQUE:
        lw_base64_encode(LW_BASE64, value.as.bytes, w);
        return LW_OK;
    case LW_TYPE_OBJLNK:
        lw_write_bytes(w, lw_bytes_of(text, lw_objlnk_format(value.as.link, text)));
        return LW_OK;
    default:
        return LW_ENOTSUP;
    }
}

const lw_format lw_format_text = {
    .id = LW_CF_TEXT,
    .uses = LW_FORMAT_SINGLE,
    .since = 10,
    .encode = encode,
    .decode_start = lw_single_start,
    .decode_next = decode_next,
};
