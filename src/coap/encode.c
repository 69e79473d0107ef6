#include <string.h>

#include "coap/endpoint_priv.h"

size_t lw_coap_whole_limit(const lw_coap_peer *peer, size_t block, size_t overhead)
{
    bool fits_more = lw_coap_is_stream(peer) && peer->max_message >= overhead + block;
    return fits_more ? peer->max_message - overhead : block;
}

void lw_coap_put_head_of_datagram(const lw_coap_head *head, lw_bytes *body)
{
    const lw_coap_token *token = head->token;
    uint8_t *p = (uint8_t *)(uintptr_t)body->ptr - token->len;
    memcpy(p, token->octets, token->len);
    p -= 4;
    p[0] = (uint8_t)(0x40u | head->type << 4 | token->len);
    p[1] = (uint8_t)head->code;
    p[2] = (uint8_t)(head->mid >> 8);
    p[3] = (uint8_t)head->mid;
    *body = lw_bytes_of(p, 4u + token->len + body->len);
}
