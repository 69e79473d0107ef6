#include <string.h>

#include "coap/endpoint_priv.h"

void lw_coap_put_merged(lw_writer *w, const lw_bytes *options, uint32_t without,
                        const lw_bytes *extras, bool has_payload)
{
    lw_coap_out out;
    lw_coap_begin_options(&out, w);
    lw_coap_opt_iter it = lw_coap_opts(*options);
    lw_coap_opt_iter extra_it = lw_coap_opts(*extras);
    lw_coap_opt opt;
    lw_coap_opt extra;
    bool has_opt = lw_coap_opt_next(&it, &opt);
    bool has_extra = lw_coap_opt_next(&extra_it, &extra);
    while (has_opt || has_extra) {
        if (has_extra && (!has_opt || extra.number < opt.number)) {
            lw_coap_put(&out, extra.number, extra.value);
            has_extra = lw_coap_opt_next(&extra_it, &extra);
            continue;
        }
        if (opt.number != without) {
            lw_coap_put(&out, opt.number, opt.value);
        }
        has_opt = lw_coap_opt_next(&it, &opt);
    }
    if (has_payload) {
        lw_write_u8(w, 0xff);
    }
}

void lw_coap_extras_begin(lw_coap_extras *extras)
{
    lw_writer_init(&extras->w, extras->octets, sizeof extras->octets);
    lw_coap_begin_options(&extras->out, &extras->w);
}

size_t lw_coap_whole_limit(const lw_coap_peer *peer, size_t block, size_t overhead)
{
    bool fits_more = lw_coap_is_stream(peer) && peer->max_message >= overhead + block;
    return fits_more ? peer->max_message - overhead : block;
}

bool lw_coap_same_token(const lw_coap_token *a, const lw_coap_token *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

void lw_coap_prepend_head(const lw_coap_peer *peer, const lw_coap_head *head, lw_bytes *body)
{
    static const lw_coap_token none = {.len = 0};
    const lw_coap_token *token = head->token != NULL ? head->token : &none;
    uint8_t out[LW_COAP_HEADER_MAX];
    size_t len = 4 + (size_t)token->len;
    if (peer->params->stream_header != NULL) {
        len = peer->params->stream_header(head->code, token, body->len, out);
    } else {
        out[0] = (uint8_t)(0x40u | head->type << 4 | token->len);
        out[1] = (uint8_t)head->code;
        out[2] = (uint8_t)(head->mid >> 8);
        out[3] = (uint8_t)head->mid;
        memcpy(out + 4, token->octets, LW_COAP_TOKEN_MAX);
    }
    uint8_t *start = (uint8_t *)(uintptr_t)body->ptr - len;
    memcpy(start, out, len);
    body->ptr = start;
    body->len += len;
}
