/* For net/peer and net/stream. */
#ifndef LW_NET_LINK_PRIV_H
#define LW_NET_LINK_PRIV_H

#include "net/link.h"

/* `session` becomes the link's; NULL: plain. */
void lw_net_link_init(lw_net *net, lw_net_link *link, const lw_coap_params *params,
                      lw_session *session);

/* Begins a client's handshake, and opens a link that needs none. */
void lw_net_link_start(lw_net *net, lw_net_link *link, lw_time now, lw_session_role role);

/* Tells once that the link is ready, if it is. */
void lw_net_link_open(lw_net *net, lw_net_link *link, lw_time now);

/* Says goodbye, ends what is pending, frees what the link owns. */
void lw_net_link_drop(lw_net *net, lw_net_link *link, lw_time now);

/* Takes over a changed own_deadline. */
void lw_net_link_arm(lw_net *net, lw_net_link *link);

#endif
