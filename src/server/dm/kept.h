/* What devices are not told before it is durable: answers to Sends, acknowledgements of
 * notifications (design: acknowledged means stored).
 */
#ifndef LW_SERVER_DM_KEPT_H
#define LW_SERVER_DM_KEPT_H

#include "server/engine.h"

/* The answer to a request of that peer waits: what the handler returns, LW_AGAIN or LW_ENOMEM.
 * Once it is durable the answer is `op`'s success, or 5.03 when it could not be stored. */
LW_MUST_CHECK lw_err lw_kept_answer(lw_server *server, lw_peer *peer, const lw_coap_msg *msg,
                                    lw_op op, lw_ticket ticket);

/* A confirmable notification waits likewise: what lw_coap_notified is told. One that could not be
 * stored is not acknowledged, so that it comes again. */
LW_MUST_CHECK lw_err lw_kept_notification(lw_server *server, lw_peer *peer, const lw_coap_msg *msg,
                                          lw_ticket ticket);

/* The peer goes: nothing waits for it any more. */
void lw_kept_drop(lw_server *server, lw_peer *peer);

#endif
