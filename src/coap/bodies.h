/* Block-wise bodies on the responder's side (RFC 7959): optional, named in lw_coap_config.bodies.
 *
 * With it on_request sees a body once, whole, however many Block1 requests carried it (TRN-07,
 * TRN-09), and answers to POST, PUT, … may be larger than a block. What belongs together: the same
 * peer, method and options but Block1, Block2, Size1 and Size2; among them Uri-Path, Uri-Query and
 * Request-Tag (RFC 9175 section 3.3).
 *
 *                num 0                       in sequence: 2.31
 *   (nothing) ----------> (assembling) --------------------------+
 *        ^                  |  |  |  ^---------------------------+
 *        |  last block:     |  |  | not in sequence: 4.08 (the body is lost)
 *        +-- on_request ----+  |  | larger than max_body: 4.13 with Size1
 *        |                     |  v
 *        +--- timeout, drop ---+-(nothing)
 *
 * A handler that wants_stream gets each block instead, in order and once; nothing is kept but the
 * offset, and a final answer other than 2.31 to a block that is not the last ends it.
 *
 *   (nothing) -- answer to POST, … larger than a block --> (kept) -- last block fetched, timeout
 * -->
 */
#ifndef LW_COAP_BODIES_H
#define LW_COAP_BODIES_H

#include "coap/endpoint.h"

struct lw_coap_body_hooks;

struct lw_coap_bodies {
    const struct lw_coap_body_hooks *hooks; /* private: what the endpoint calls */
    uint32_t max_body;                      /* octets of one body: beyond it 4.13 */
    uint32_t timeout_ms;                    /* without a next block: forgotten */
    uint16_t max_bodies;                    /* at the same time, all peers: beyond it 5.03 */
    uint16_t count;
};

/* RFC 7959 section 2.4 and 2.5 let the state go after EXCHANGE_LIFETIME: 247000 ms. */
void lw_coap_bodies_init(lw_coap_bodies *bodies, uint32_t max_body, uint16_t max_bodies,
                         uint32_t timeout_ms);

#endif
