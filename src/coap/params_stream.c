#include <string.h>

#include "coap/endpoint_priv.h"
#include "coap/stream.h"

/* Of `head` a stream has the code alone. */
static void put_head(lw_stream_kind kind, uint32_t head, const lw_coap_token *token, lw_bytes *body)
{
    uint8_t octets[LW_STREAM_HEADER_MAX];
    size_t len = lw_stream_header(kind, (uint8_t)(head >> 16), *token, body->len, octets);
    uint8_t *at = (uint8_t *)(uintptr_t)body->ptr - len;
    memcpy(at, octets, len);
    *body = lw_bytes_of(at, len + body->len);
}

static void put_head_of_tcp(uint32_t head, const lw_coap_token *token, lw_bytes *body)
{
    put_head(LW_STREAM_TCP, head, token, body);
}

static void put_head_of_websocket(uint32_t head, const lw_coap_token *token, lw_bytes *body)
{
    put_head(LW_STREAM_WEBSOCKET, head, token, body);
}

/* RFC 8323 section 5.3.1: messages of 1152 octets until the peer's CSM says otherwise. */
#define STREAM_PARAMS                                                                             \
    LW_COAP_TIMES(2000, 100, 0, 100000, 2000), .response_timeout_ms = 93000, .max_message = 1152, \
                                               .nstart = 1, .token_len = 4, .szx = 6,             \
                                               .is_stream = true, .fire = lw_coap_fire_on_stream

const lw_coap_params lw_coap_params_tcp = {STREAM_PARAMS, .put_head = put_head_of_tcp};
const lw_coap_params lw_coap_params_websocket = {STREAM_PARAMS, .put_head = put_head_of_websocket};
