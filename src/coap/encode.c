#include <string.h>

#include "coap/endpoint_priv.h"

size_t lw_coap_whole_limit(const lw_coap_peer *peer, size_t block, size_t overhead)
{
    bool fits_more = lw_coap_is_stream(peer) && peer->max_message >= overhead + block;
    return fits_more ? peer->max_message - overhead : block;
}

void lw_coap_prepend_head(const lw_coap_peer *peer, const lw_coap_head *head, lw_bytes *body)
{
    static const lw_coap_token none = {.len = 0};
    const lw_coap_token *token = head->token != NULL ? head->token : &none;
    uint8_t *p = (uint8_t *)(uintptr_t)body->ptr;
    if (peer->params->stream_header != NULL) {
        uint8_t out[LW_COAP_HEADER_MAX];
        size_t len = peer->params->stream_header(head->code, token, body->len, out);
        p -= len;
        memcpy(p, out, len);
    } else {
        p -= token->len;
        memcpy(p, token->octets, token->len);
        p -= 4;
        p[0] = (uint8_t)(0x40u | head->type << 4 | token->len);
        p[1] = (uint8_t)head->code;
        p[2] = (uint8_t)(head->mid >> 8);
        p[3] = (uint8_t)head->mid;
    }
    body->len += (size_t)(body->ptr - p);
    body->ptr = p;
}

void lw_coap_send_body(lw_coap *coap, lw_coap_peer *peer, const lw_coap_head *head, lw_bytes *body)
{
    lw_coap_prepend_head(peer, head, body);
    lw_coap_send(coap, peer, body);
}
