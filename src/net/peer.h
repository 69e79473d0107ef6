/* A peer that speaks datagrams: UDP, DTLS, and whatever else carries one message at a time.
 *
 *   lw_net_peer_init -> lw_net_peer_start -> [handshake] -> on_open -> … -> lw_net_peer_drop
 *
 * The endpoint's `send` is lw_net_send, its requests are started on &link->coap.
 */
#ifndef LW_NET_PEER_H
#define LW_NET_PEER_H

#include "net/link.h"

/* `session` becomes the link's; NULL: plain. params is borrowed while the link lives. */
void lw_net_peer_init(lw_net *net, lw_net_link *link, const lw_coap_params *params,
                      lw_session *session);

/* A client begins the handshake, a server waits for it. Without a session the link opens here. */
void lw_net_peer_start(lw_net *net, lw_net_link *link, lw_time now, lw_session_role role);

/* Says goodbye, ends everything pending with LW_ECANCELED, frees the session. Harmless when
 * repeated. */
void lw_net_peer_drop(lw_net *net, lw_net_link *link, lw_time now);

#endif
