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

void lw_query_put(lw_coap_out *out, const char *name, const lw_bytes *value, bool quoted)
{
    uint8_t item[LW_QUERY_MAX];
    lw_writer w;
    lw_writer_init(&w, item, sizeof item);
    lw_write_str(&w, name);
    if (value->ptr != NULL) {
        const char *quote = quoted ? "\"" : "";
        lw_write_u8(&w, '=');
        lw_write_str(&w, quote);
        lw_write_bytes(&w, *value);
        lw_write_str(&w, quote);
    }
    lw_writer_fail(out->w, w.err);
    lw_coap_put_octets(out, LW_COAP_OPT_URI_QUERY, w.buf, w.pos);
}

void lw_query_put_number(lw_coap_out *out, const char *name, uint32_t value)
{
    char text[LW_NUM_INT_TEXT_MAX];
    lw_bytes digits = lw_bytes_of(text, lw_num_format_uint64(value, text));
    lw_query_put(out, name, &digits, false);
}
