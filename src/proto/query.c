#include "proto/query.h"

#include "base/num.h"

bool lw_query_next(lw_coap_opt_iter *it, lw_query *out_query)
{
    if (!lw_coap_opt_next_of(it, LW_COAP_OPT_URI_QUERY, &out_query->value)) {
        return false;
    }
    out_query->name = lw_bytes_cut(&out_query->value, '=');
    return true;
}

void lw_query_put(lw_coap_out *out, const char *name, const lw_bytes *value)
{
    size_t name_len = strlen(name);
    size_t len = value != NULL ? name_len + 1 + value->len : name_len;
    if (len > LW_QUERY_MAX) {
        lw_writer_fail(out->w, LW_ETOOBIG);
        return;
    }
    lw_coap_put_head(out, LW_COAP_OPT_URI_QUERY, len);
    lw_write_octets(out->w, name, name_len);
    if (value != NULL) {
        lw_write_u8(out->w, '=');
        lw_write_bytes(out->w, *value);
    }
}

void lw_query_put_number(lw_coap_out *out, const char *name, uint32_t value)
{
    char text[LW_NUM_INT_TEXT_MAX];
    lw_bytes digits = lw_bytes_of(text, lw_num_format_uint64(value, text));
    lw_query_put(out, name, &digits);
}
