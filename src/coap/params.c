#include "coap/params.h"

#include "base/apart.h"

const lw_coap_params lw_coap_params_udp = {
    .ack_timeout_ms = 2000,
    .response_timeout_ms = 93000, /* MAX_TRANSMIT_WAIT: as long as the peer may retransmit it */
    .ack_delay_ms = 1000,
    .max_latency_ms = 100000,
    .processing_delay_ms = 2000,
    .max_message = 1152, /* RFC 7252 section 4.6 */
    .ack_random_percent = 150,
    .probing_rate = 1,
    .max_retransmit = 4,
    .nstart = 1,
    .token_len = 4,
    .szx = 6,
};

const lw_coap_params lw_coap_params_lorawan = {
    .ack_timeout_ms = 300000,
    .response_timeout_ms = 3600000,
    .ack_delay_ms = 200000,
    .max_latency_ms = 100000,
    .processing_delay_ms = 300000,
    .max_message = 222,
    .ack_random_percent = 150,
    .probing_rate = 1,
    .max_retransmit = 4,
    .nstart = 1,
    .token_len = 2,
    .szx = 3,
};

/* ACK_TIMEOUT * (2^doublings - 1) * ACK_RANDOM_FACTOR. */
static uint32_t backoff(const lw_coap_params *p, unsigned doublings)
{
    return p->ack_timeout_ms * (uint32_t)p->ack_random_percent / 100 * ((1u << doublings) - 1);
}

uint32_t lw_coap_max_transmit_span(const lw_coap_params *p)
{
    return backoff(p, p->max_retransmit);
}

uint32_t lw_coap_max_transmit_wait(const lw_coap_params *p)
{
    return backoff(p, p->max_retransmit + 1u);
}

uint32_t lw_coap_exchange_lifetime(const lw_coap_params *p)
{
    return lw_coap_non_lifetime(p) + p->max_latency_ms + p->processing_delay_ms;
}

LW_APART uint32_t lw_coap_non_lifetime(const lw_coap_params *p)
{
    return lw_coap_max_transmit_span(p) + p->max_latency_ms;
}
