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

void lw_coap_extras_add(lw_coap_extras *extras, uint16_t number, uint32_t value)
{
    lw_coap_extra *e = &extras->list[extras->count++];
    e->number = number;
    e->uint = value;
    e->opaque.ptr = NULL;
}

void lw_coap_extras_add_opaque(lw_coap_extras *extras, uint16_t number, const uint8_t *ptr,
                               size_t len)
{
    lw_coap_extra *e = &extras->list[extras->count++];
    e->number = number;
    e->opaque = lw_bytes_of(ptr, len);
}

bool lw_coap_same_token(const lw_coap_token *a, const lw_coap_token *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
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

lw_bytes lw_coap_prepend_head(const lw_coap_params *params, const lw_coap_head *head, uint8_t *body,
                              size_t body_len)
{
    static const lw_coap_token none = {.len = 0};
    const lw_coap_token *token = head->token != NULL ? head->token : &none;
    uint8_t out[LW_COAP_HEADER_MAX];
    size_t len = 4 + (size_t)token->len;
    if (params->stream_header != NULL) {
        len = params->stream_header(head->code, *token, body_len, out);
    } else {
        out[0] = (uint8_t)(0x40u | (unsigned)head->type << 4 | token->len);
        out[1] = head->code;
        out[2] = (uint8_t)(head->mid >> 8);
        out[3] = (uint8_t)head->mid;
        memcpy(out + 4, token->octets, LW_COAP_TOKEN_MAX);
    }
    memcpy(body - len, out, len);
    return lw_bytes_of(body - len, len + body_len);
}
