/* Transmission parameters of a peer (RFC 7252 section 4.8), and the times derived from them.
 *
 * One constant structure serves all peers of a kind: the default for UDP, another for LoRaWAN or
 * NB-IoT, a third for reliable streams. It is borrowed for as long as the peer lives.
 */
#ifndef LW_COAP_PARAMS_H
#define LW_COAP_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "coap/msg.h"

typedef struct lw_coap_params {
    uint32_t ack_timeout_ms;      /* ACK_TIMEOUT */
    uint32_t response_timeout_ms; /* after an ACK (or a NON request): how long until the response */
    uint32_t ack_delay_ms;   /* how long a request waits for a piggybacked answer before its ACK
                                goes out alone; less than the peer's ACK_TIMEOUT */
    uint32_t max_latency_ms; /* MAX_LATENCY */
    uint32_t processing_delay_ms; /* PROCESSING_DELAY */
    uint32_t max_message;         /* octets of one message: datagram without security, or frame */
    uint16_t ack_random_percent;  /* ACK_RANDOM_FACTOR * 100, at least 100 */
    uint16_t probing_rate;        /* PROBING_RATE, octets a second; 0: not limited */
    uint8_t max_retransmit;       /* MAX_RETRANSMIT, at most 20 */
    uint8_t nstart;               /* NSTART, at least 1 */
    uint8_t token_len; /* of tokens we make, 1..8: 4 at least without security (TRN-06) */
    uint8_t szx;       /* largest block we send or ask for: 0..6 (16..1024 octets) */
    /* RFC 8323: writes the header of a message on a stream, which has no type, message id, ACK or
     * retransmission. NULL: datagrams. A pointer, so that a device without streams links none. */
    size_t (*stream_header)(unsigned code, const lw_coap_token *token, size_t body_len,
                            uint8_t *out);
} lw_coap_params;

/* RFC 7252 section 4.8, Table 2: ACK_TIMEOUT 2 s, 1.5, MAX_RETRANSMIT 4, NSTART 1. */
extern const lw_coap_params lw_coap_params_udp;

/* TRN-51: ACK_TIMEOUT 300 s, answers piggybacked where they can be. */
extern const lw_coap_params lw_coap_params_lorawan;

/* RFC 8323: one try, the response is all there is to wait for. */
extern const lw_coap_params lw_coap_params_tcp;
extern const lw_coap_params lw_coap_params_websocket;

/* RFC 7252 section 4.8.2, all in ms: the parameters must keep them below 2^32, 49 days.
 *
 * From the first transmission of a CON to its last. 45 s */
uint32_t lw_coap_max_transmit_span(const lw_coap_params *p);

/* From the first transmission of a CON until its sender gives up. 93 s */
uint32_t lw_coap_max_transmit_wait(const lw_coap_params *p);

/* How long a message id of a CON stays taken. 247 s */
uint32_t lw_coap_exchange_lifetime(const lw_coap_params *p);

/* How long a message id of a NON stays taken. 145 s */
uint32_t lw_coap_non_lifetime(const lw_coap_params *p);

#endif
