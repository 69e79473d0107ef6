/* Send (POST /dp): values that a device reports by itself (OBS-30..35). */
#ifndef LW_SERVER_DM_SEND_H
#define LW_SERVER_DM_SEND_H

#include "server/engine.h"

/* A handler: sets reply->code, and returns what on_request returns; LW_AGAIN while the values
 * become durable. */
LW_MUST_CHECK lw_err lw_send_handle(lw_server *server, lw_peer *peer, const lw_coap_inbound *in,
                                    const lw_request *request, lw_coap_reply *reply);

#endif
