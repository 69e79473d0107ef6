#include <string.h>

#include "coap/endpoint_priv.h"

static void put_extra(lw_coap_out *out, const lw_coap_extra *e)
{
    if (e->opaque.ptr != NULL) {
        lw_coap_put(out, e->number, e->opaque);
    } else {
        lw_coap_put_uint(out, e->number, e->uint);
    }
}

void lw_coap_put_merged(lw_writer *w, lw_bytes options, uint32_t without,
                        const lw_coap_extra *extras, unsigned extra_count, bool has_payload)
{
    lw_coap_out out;
    lw_coap_begin_options(&out, w);
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_coap_opt opt;
    unsigned i = 0;
    while (lw_coap_opt_next(&it, &opt)) {
        for (; i < extra_count && extras[i].number < opt.number; i++) {
            put_extra(&out, &extras[i]);
        }
        if (opt.number != without) {
            lw_coap_put(&out, opt.number, opt.value);
        }
    }
    for (; i < extra_count; i++) {
        put_extra(&out, &extras[i]);
    }
    if (has_payload) {
        lw_write_u8(w, 0xff);
    }
}

size_t lw_coap_extras_size(const lw_coap_extra *extras, unsigned extra_count)
{
    size_t size = 0;
    for (unsigned i = 0; i < extra_count; i++) {
        /* One octet of header, two of delta and two of length at most; a uint has up to four. */
        size += 5 + (extras[i].opaque.ptr != NULL ? extras[i].opaque.len : 4);
    }
    return size;
}

/* RFC 8323 section 3.2: Len and TKL, extended length, code. */
static size_t stream_head(uint8_t out[6], const lw_coap_head *head, size_t len)
{
    unsigned extended = len < 13 ? 0 : len < 269 ? 1 : len < 65805 ? 2 : 4;
    static const uint8_t nibble[] = {0, 13, 14, 0, 15};
    static const uint32_t bias[] = {0, 13, 269, 0, 65805};
    uint32_t rest = (uint32_t)len - bias[extended];
    lw_writer w;
    lw_writer_init(&w, out, 6);
    lw_write_u8(&w, (uint8_t)((extended == 0 ? len : nibble[extended]) << 4 | head->token.len));
    if (extended != 0) {
        lw_write_uint(&w, rest, extended);
    }
    lw_write_u8(&w, head->code);
    return w.pos;
}

lw_bytes lw_coap_prepend_head(const lw_coap_head *head, uint8_t *body, size_t body_len)
{
    uint8_t fixed[6];
    size_t fixed_len = 4;
    if (head->stream) {
        fixed_len = stream_head(fixed, head, body_len);
    } else {
        fixed[0] = (uint8_t)(0x40u | (unsigned)head->type << 4 | head->token.len);
        fixed[1] = head->code;
        fixed[2] = (uint8_t)(head->mid >> 8);
        fixed[3] = (uint8_t)head->mid;
    }
    uint8_t *token = body - head->token.len;
    memcpy(token, head->token.octets, head->token.len);
    memcpy(token - fixed_len, fixed, fixed_len);
    return lw_bytes_of(token - fixed_len, fixed_len + head->token.len + body_len);
}
