/* The directory: devices by name, by location, by address, and in the order of their numbers. */
#ifndef LW_SERVER_SHARED_DEVICE_H
#define LW_SERVER_SHARED_DEVICE_H

#include "server/engine.h"

LW_MUST_CHECK lw_err lw_devices_init(lw_server *server);
/* Frees all devices. */
void lw_devices_fini(lw_server *server);

/* A new device of that name, which must not be there yet: not registered, nothing waits for it.
 * number 0: the next one. LW_ENOMEM, also at the ceiling; LW_ERANGE for a number that is not ours
 * to give; LW_EEXISTS for one that is taken. */
LW_MUST_CHECK lw_err lw_device_add(lw_server *server, lw_bytes name, uint64_t number,
                                   lw_device **out_device);
/* Takes it out of everything and frees it. Its wishes and queue are over already. */
void lw_device_forget(lw_server *server, lw_device *device);

lw_device *lw_device_find(const lw_server *server, lw_bytes name);
/* The registered device at that address. */
lw_device *lw_device_at(const lw_server *server, const lw_hop *hop);
/* The registered device whose location is that text. */
lw_device *lw_device_located(const lw_server *server, lw_bytes location);
/* The first with a number above `after`; NULL: none. */
lw_device *lw_device_after(const lw_server *server, uint64_t after);

/* ---- Location ---- */

/* Not found by its location any more. */
void lw_device_unlocate(lw_server *server, lw_device *device);
/* Found by that location: a text of LW_LOCATION_TEXT octets, or a new one when it is empty.
 * LW_EFORMAT for one that this shard cannot have given, LW_EEXISTS. */
LW_MUST_CHECK lw_err lw_device_locate(lw_server *server, lw_device *device, lw_bytes location);

/* ---- Address ---- */

/* Found at that address, and no other device any more. NULL: nowhere. Its peer goes with it. */
void lw_device_move(lw_server *server, lw_device *device, const lw_hop *hop);

#endif
