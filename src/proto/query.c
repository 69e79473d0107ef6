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

void lw_query_put(lw_coap_out *out, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    if (name_len + value_len > LW_QUERY_MAX) {
        lw_writer_fail(out->w, LW_ETOOBIG);
        return;
    }
    lw_coap_put_head(out, LW_COAP_OPT_URI_QUERY, name_len + value_len);
    lw_write_octets(out->w, name, name_len);
    lw_write_octets(out->w, value, value_len);
}

void lw_query_put_number(lw_coap_out *out, const char *name, uint32_t value)
{
    char text[LW_NUM_INT_TEXT_MAX + 1];
    text[lw_num_format_uint64(value, text)] = '\0';
    lw_query_put(out, name, text);
}
