/* Transmission parameters of a peer (RFC 7252 section 4.8), and the times derived from them.
 *
 * One constant structure serves all peers of a kind: the default for UDP, another for LoRaWAN or
 * NB-IoT, a third for reliable streams. It is borrowed for as long as the peer lives.
 */
#ifndef LW_COAP_PARAMS_H
#define LW_COAP_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"

struct lw_coap;
struct lw_coap_timer;
struct lw_coap_token;

/* The times of RFC 7252 section 4.8.2 follow from the parameters: they stand beside them, worked
 * out by LW_COAP_TIMES, so that no device does it again. All must stay below 2^32 ms, 49 days. */
typedef struct lw_coap_params {
    uint32_t ack_timeout_ms; /* ACK_TIMEOUT */
    uint32_t ack_spread_ms;  /* ACK_TIMEOUT * (ACK_RANDOM_FACTOR - 1): so much is random */
    uint32_t
        exchange_lifetime_ms;     /* EXCHANGE_LIFETIME: how long the message id of a CON is taken */
    uint32_t non_lifetime_ms;     /* NON_LIFETIME: the same of a NON */
    uint32_t response_timeout_ms; /* after an ACK (or a NON request): how long until the response */
    uint32_t ack_delay_ms;  /* how long a request waits for a piggybacked answer before its ACK
                               goes out alone; less than the peer's ACK_TIMEOUT */
    uint32_t max_message;   /* octets of one message: datagram without security, or frame */
    uint16_t probing_rate;  /* PROBING_RATE, octets a second; 0: not limited */
    uint8_t max_retransmit; /* MAX_RETRANSMIT, at most 20 */
    uint8_t nstart;         /* NSTART, at least 1 */
    uint8_t token_len;      /* of tokens we make, 1..8: 4 at least without security (TRN-06) */
    uint8_t szx;            /* largest block we send or ask for: 0..6 (16..1024 octets) */
    /* What differs between datagrams and streams, by pointers, so that a device without streams
     * links none of it. RFC 8323: a message on a stream has no type, message id, ACK or
     * retransmission. */
    bool is_stream;
    /* Writes the header of a message right before its body, which becomes the whole. */
    void (*put_head)(uint32_t head, const struct lw_coap_token *token, lw_bytes *body);
    /* Begins an exchange, sends it again, ends it. */
    void (*fire)(struct lw_coap *coap, struct lw_coap_timer *timer);
} lw_coap_params;

/* For an initialiser: ACK_TIMEOUT, ACK_RANDOM_FACTOR * 100, MAX_RETRANSMIT, MAX_LATENCY,
 * PROCESSING_DELAY, and what follows from them. A CON is sent for the last time after
 * MAX_TRANSMIT_SPAN. */
#define LW_COAP_TIMES(timeout, percent, retransmit, latency, processing)                    \
    .ack_timeout_ms = (timeout), .ack_spread_ms = (timeout) / 100 * ((percent)-100),        \
    .max_retransmit = (retransmit),                                                         \
    .non_lifetime_ms = LW_COAP_MAX_TRANSMIT_SPAN(timeout, percent, retransmit) + (latency), \
    .exchange_lifetime_ms =                                                                 \
        LW_COAP_MAX_TRANSMIT_SPAN(timeout, percent, retransmit) + 2 * (latency) + (processing)
#define LW_COAP_MAX_TRANSMIT_SPAN(timeout, percent, retransmit) \
    ((timeout) / 100 * (percent) * ((1u << (retransmit)) - 1))

/* RFC 7252 section 4.8, Table 2. */
extern const lw_coap_params lw_coap_params_udp;

/* TRN-51: ACK_TIMEOUT 300 s, answers piggybacked where they can be. */
extern const lw_coap_params lw_coap_params_lorawan;

/* RFC 8323: one try, the response is all there is to wait for. */
extern const lw_coap_params lw_coap_params_tcp;
extern const lw_coap_params lw_coap_params_websocket;

#endif
