/* Wishes to observe: what operators want to be told, kept until they withdraw it.
 *
 *             the device can be reached            2.05 with Observe
 *   WAITING ----------------------------> ASKED -----------------------> ESTABLISHED
 *      ^  ^                               |   |                             |
 *      |  +------- no answer -------------+   | 4.xx, 5.xx, Reset, or       | an error, or an
 * answer |                                      | no Observe in the answer    | without Observe |
 * v                             | |                                   REFUSED
 * <------------------------+
 *      +--- a new registration, a restart, the end of the registration: from everywhere
 *
 * One Observe of a device is in flight at a time. The token of a wish is a keyed hash of what the
 * device was given as its location, the target, and when the wish was made: it is the same after a
 * restart without being stored, so that no notification is rejected by a server that has just come
 * back; and it is another after a new Register and for a wish that replaces another.
 */
#ifndef LW_SERVER_DM_OBSERVATION_H
#define LW_SERVER_DM_OBSERVATION_H

#include "server/engine.h"

/* A message of the device was answered: it can be asked now. */
void lw_observation_heard(lw_server *server, lw_device *device);
/* Its address changed: what was asked at the old one is asked again. */
void lw_observation_moved(lw_server *server, lw_device *device);
/* The registration ended: nothing is established any more. */
void lw_observation_stop(lw_server *server, lw_device *device);
/* The device is forgotten: wishes end (lw_server_free as well). */
void lw_observation_forget(lw_server *server, lw_device *device);

uint32_t lw_observation_count(const lw_device *device);

/* A response that no request waits for: what on_notification returns. */
LW_MUST_CHECK lw_err lw_observation_notified(lw_server *server, lw_peer *peer,
                                             const lw_coap_msg *msg);

LW_MUST_CHECK lw_err lw_observation_load(lw_server *server, const lw_row_wish *row);

/* Nothing is asked of anybody: for lw_server_drain. */
bool lw_observation_is_quiet(const lw_server *server);

#endif
