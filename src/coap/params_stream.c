#include "coap/params.h"
#include "coap/stream.h"

static size_t tcp_header(unsigned code, const lw_coap_token *token, size_t body_len, uint8_t *out)
{
    return lw_stream_header(LW_STREAM_TCP, (uint8_t)code, *token, body_len, out);
}

static size_t websocket_header(unsigned code, const lw_coap_token *token, size_t body_len,
                               uint8_t *out)
{
    return lw_stream_header(LW_STREAM_WEBSOCKET, (uint8_t)code, *token, body_len, out);
}

/* RFC 8323 section 5.3.1: messages of 1152 octets until the peer's CSM says otherwise. */
#define STREAM_PARAMS                                                                             \
    LW_COAP_TIMES(2000, 100, 0, 100000, 2000), .response_timeout_ms = 93000, .max_message = 1152, \
                                               .nstart = 1, .token_len = 4, .szx = 6

const lw_coap_params lw_coap_params_tcp = {STREAM_PARAMS, .stream_header = tcp_header};
const lw_coap_params lw_coap_params_websocket = {STREAM_PARAMS, .stream_header = websocket_header};
