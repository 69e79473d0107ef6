/* Answers that come later than their request was handled: on_request returns LW_AGAIN, and somebody
 * else answers when it can. In coap/reply.h is when such an answer is piggybacked, and when it is
 * separate. An endpoint that always answers at once does not name this, and does not link it.
 */
#ifndef LW_COAP_LATER_H
#define LW_COAP_LATER_H

#include "coap/reply.h"

/* For lw_coap_config.later. */
extern const lw_coap_later_hooks lw_coap_later_answers;

/* The answer to a request for which on_request returned LW_AGAIN. Fill `reply` as a handler does,
 * then call lw_coap_answer_end; nothing else of this endpoint in between. LW_ENOTFOUND when the
 * request is no longer waiting; LW_ESTATE while another answer is being written. */
LW_MUST_CHECK lw_err lw_coap_answer_begin(lw_coap *coap, lw_coap_peer *peer, lw_coap_token token,
                                          lw_coap_reply *reply);

/* Sends it. On LW_ENOMEM the request waits on, and the answer may be given again. */
LW_MUST_CHECK lw_err lw_coap_answer_end(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                        lw_coap_reply *reply);

#endif
