#include <string.h>

#include "coap/endpoint_priv.h"

size_t lw_coap_whole_limit(const lw_coap_peer *peer, size_t block, size_t overhead)
{
    bool fits_more = lw_coap_is_stream(peer) && peer->max_message >= overhead + block;
    return fits_more ? peer->max_message - overhead : block;
}

void lw_coap_put_head_of_datagram(uint32_t head, const lw_coap_token *token, lw_bytes *body)
{
    size_t len = token->len;
    uint8_t *p = (uint8_t *)(uintptr_t)body->ptr - len;
    memcpy(p, token->octets, len);
    head |= (0x40u | (uint32_t)len) << 24;
    const uint8_t octets[4] = {(uint8_t)(head >> 24), (uint8_t)(head >> 16), (uint8_t)(head >> 8),
                               (uint8_t)head};
    p -= sizeof octets;
    memcpy(p, octets, sizeof octets); /* at once: one instruction turns them round */
    *body = lw_bytes_of(p, sizeof octets + len + body->len);
}
