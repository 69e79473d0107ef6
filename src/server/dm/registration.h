/* Register, Update, De-register, and the end of a registration that was not kept up
 * (protocol.md section 4).
 */
#ifndef LW_SERVER_DM_REGISTRATION_H
#define LW_SERVER_DM_REGISTRATION_H

#include "server/engine.h"

/* Parameters that few devices have, in one piece. */
struct lw_extra {
    uint16_t sms, profiles, unknown; /* octets of each */
    uint8_t octets[];
};

/* Handlers: they set reply->code, and return what on_request returns. */
LW_MUST_CHECK lw_err lw_registration_register(lw_server *server, lw_peer *peer,
                                              const lw_request *request, lw_coap_reply *reply);
LW_MUST_CHECK lw_err lw_registration_update(lw_server *server, lw_peer *peer,
                                            const lw_request *request, lw_coap_reply *reply);
LW_MUST_CHECK lw_err lw_registration_deregister(lw_server *server, lw_peer *peer,
                                                const lw_request *request, lw_coap_reply *reply);

/* Its lifetime, and the grace, are over. */
void lw_registration_expire(lw_server *server, lw_device *device);

/* A row at start. LW_EFORMAT, LW_EEXISTS, LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_registration_load(lw_server *server, const lw_row_device *row);

#endif
