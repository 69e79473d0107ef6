#include "coap/endpoint_priv.h"

const lw_coap_params lw_coap_params_udp = {
    LW_COAP_TIMES(2000, 150, 4, 100000, 2000),
    .response_timeout_ms = 93000, /* MAX_TRANSMIT_WAIT: as long as the peer may retransmit it */
    .ack_delay_ms = 1000,
    .max_message = 1152, /* RFC 7252 section 4.6 */
    .probing_rate = 1,
    .nstart = 1,
    .token_len = 4,
    .szx = 6,
    .put_head = lw_coap_put_head_of_datagram,
    .fire = lw_coap_fire_con,
};

const lw_coap_params lw_coap_params_lorawan = {
    LW_COAP_TIMES(300000, 150, 4, 100000, 300000),
    .response_timeout_ms = 3600000,
    .ack_delay_ms = 200000,
    .max_message = 222,
    .probing_rate = 1,
    .nstart = 1,
    .token_len = 2,
    .szx = 3,
    .put_head = lw_coap_put_head_of_datagram,
    .fire = lw_coap_fire_con,
};
