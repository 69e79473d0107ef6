#include "net/peer.h"

#include "net/link_priv.h"

static lw_err take_datagram(lw_net *net, lw_net_link *link, lw_time now, lw_bytes plain)
{
    lw_coap_feed(net->coap, &link->coap, now, plain);
    return LW_OK;
}

void lw_net_peer_init(lw_net *net, lw_net_link *link, const lw_coap_params *params,
                      lw_session *session)
{
    lw_net_link_init(net, link, params, session);
    link->take = take_datagram;
}

void lw_net_peer_start(lw_net *net, lw_net_link *link, lw_time now, lw_session_role role)
{
    lw_net_link_start(net, link, now, role);
}

void lw_net_peer_drop(lw_net *net, lw_net_link *link, lw_time now)
{
    lw_net_link_drop(net, link, now);
}
