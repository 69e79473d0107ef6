/* Requests of a peer, and our answers.
 *
 *   request --on_request--> LW_OK: piggybacked on the ACK (CON), or a NON
 *               |
 *               +-- LW_AGAIN: (later) -- answered within ack_delay --> piggybacked
 *                                |
 *                                | ack_delay: empty ACK
 *                                v
 *                            (later, acked) -- answered --> separate CON or NON
 *                                |
 *                                +-- EXCHANGE_LIFETIME --> forgotten
 *
 * With coap/bodies.h a representation larger than a block is sent in blocks (RFC 7959 Block2). For
 * GET the handler writes it anew for each block and only the window that was asked for is kept: no
 * memory, and an ETag from the digest of the whole tells the client when it changed in between.
 * Answers to other methods exist once: those larger than a block are kept in lw_mem. FETCH is both:
 * kept where possible, written anew for a client that repeats its payload with each block (RFC 7959
 * and RFC 8132 do not say who is right).
 * Without it a request is taken when it is no more than one block, and Block2 means nothing; others
 * get 4.02. An answer goes whole, or is 5.00.
 *
 * No-Response (RFC 7967) is honoured: what the client does not want to hear is not sent.
 */
#ifndef LW_COAP_REPLY_H
#define LW_COAP_REPLY_H

#include "coap/block.h"
#include "coap/exchange.h"

/* A request as a handler sees it; valid for the call. */
struct lw_coap_inbound {
    lw_coap_peer *peer;
    const lw_coap_msg *msg; /* payload: the assembled body, or one block of it when streamed */
    size_t offset;          /* of payload in the body; 0 unless streamed */
    bool more;              /* streamed, and blocks follow: the answer is 2.31 by default */
    uint64_t *stream;       /* streamed: what the handler knows it by, 0 at first */
    lw_time now;
    struct lw_coap_body *body; /* private: what the payload is of; NULL: of this message alone */
};

/* What must be known of a request to answer it, now or later. Private to this floor. */
typedef struct lw_coap_ask {
    uint16_t mid;
    uint8_t answer; /* lw_coap_type: ACK is piggybacked, CON and NON are messages of their own */
    uint8_t no_response; /* bit class-1: answers of that class are not wanted */
    /* Of coap/bodies.c alone: */
    uint8_t method;
    bool exists_once; /* the answer cannot be written again for the next block */
    bool has_block1, has_block2;
    uint32_t block1; /* as the answer echoes it; 0 without */
    uint32_t block2; /* without M; 0 without */
    uint32_t key;    /* digest of method and options */
} lw_coap_ask;

struct lw_coap_reply {
    uint8_t code;        /* 5.00 until the handler sets it */
    bool non;            /* a separate answer goes out as NON even to a CON */
    lw_coap_ask ask;     /* private */
    lw_coap_out options; /* LW_COAP_REPLY_OPTIONS octets, in ascending order or inserted. Block1,
                            Block2, Size2 and (in blocks) an ETag are added when they are needed */
    lw_writer payload;   /* the whole representation, or a diagnostic message */
    lw_writer option_writer; /* private */
    lw_coap_request sent;    /* private: its token; options and payload as one, encoded */
};

/* Options and payload are empty, in the endpoint's buffer, as a handler gets them; the code
 * is 5.00. */
void lw_coap_reply_begin(lw_coap *coap, lw_coap_reply *reply);

/* Whether the payload as it was written can be sent: always with coap/bodies.h. */
bool lw_coap_reply_fits(const lw_coap *coap, const lw_coap_reply *reply);

#endif
