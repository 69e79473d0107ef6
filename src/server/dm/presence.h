/* Whether a device can be reached, and its deadlines: the end of its registration, of its awake
 * window (TRN-41..43), of the time its row may be behind.
 */
#ifndef LW_SERVER_DM_PRESENCE_H
#define LW_SERVER_DM_PRESENCE_H

#include "server/engine.h"

/* The one place where a device's state changes: counts, and tells AWAKE and ASLEEP. */
void lw_presence_set(lw_server *server, lw_device *device, lw_device_state state);

/* Any message of the device: noted now, done when the answer is out (lw_server_settle). */
void lw_presence_heard(lw_server *server, lw_device *device);

/* It did not answer: in queue mode it sleeps (TRN-43). */
void lw_presence_silent(lw_server *server, lw_device *device);

/* Takes over changed deadlines. */
void lw_presence_arm(lw_server *server, lw_device *device);

/* Does what is due on server->devices_due. */
void lw_presence_step(lw_server *server);

#endif
