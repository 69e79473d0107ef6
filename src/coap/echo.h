/* Freshness of requests (RFC 9175 section 2): the responder demands that a value of its own comes
 * back. One lw_coap_echo for each peer or security context that needs it (BS-14, SEC-43); embedded
 * in the owner's structure, zeroed before use. The requester's side is in coap/transfer.h.
 */
#ifndef LW_COAP_ECHO_H
#define LW_COAP_ECHO_H

#include "coap/reply.h"

#define LW_COAP_ECHO_LEN 8u

typedef struct lw_coap_echo {
    uint8_t value[LW_COAP_ECHO_LEN];
    bool is_set;
    lw_time at; /* when the value was made */
} lw_coap_echo;

/* True when the request brings back the value, not older than max_age_ms. */
bool lw_coap_echo_is_fresh(const lw_coap_echo *echo, const lw_coap_inbound *in, lw_time max_age_ms);

/* Makes the reply 4.01 with an Echo option. A value that is still fresh for half of max_age_ms is
 * used again, so that two requests in flight can both be repeated. */
void lw_coap_echo_demand(lw_coap *coap, lw_coap_echo *echo, const lw_coap_inbound *in,
                         lw_time max_age_ms, lw_coap_reply *reply);

#endif
