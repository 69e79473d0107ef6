/* One request on its way to the device and back. An attempt may take several messages: blocks both
 * ways, an Echo, and anew in another format after 4.15 or 4.06. It ends once, in lw_queue_ended.
 */
#ifndef LW_SERVER_DM_REQUEST_H
#define LW_SERVER_DM_REQUEST_H

#include "server/dm/pending.h"

/* What a device is to those who translate for it. `device` is borrowed with the result. */
typedef struct lw_pending_target {
    const lw_server *server;
    const lw_device *device;
} lw_pending_target;
lw_downlink_device lw_pending_device(lw_pending_target *target);

/* Begins an attempt. LW_ESTATE: there is no way to the device now; LW_ENOMEM: perhaps later; others
 * as lw_downlink_start, and LW_ETOOBIG. lw_queue_ended is then not called. */
LW_MUST_CHECK lw_err lw_pending_transmit(lw_pending *p);
/* Calls the attempt off: lw_queue_ended, now. */
void lw_pending_call_off(lw_pending *p, lw_pending_why why);

/* Supplied by the queue: the attempt is over. */
void lw_queue_ended(lw_pending *p, const lw_coap_result *result);

#endif
