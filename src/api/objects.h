/* Which objects a device has, in which versions: what is needed to understand its values on another
 * thread. */
#ifndef LW_API_OBJECTS_H
#define LW_API_OBJECTS_H

#include "api/answer.h"
#include "lw/server.h"

/* On the engine's thread. From malloc; NULL: no such device, or out of memory. */
api_objects *objects_of(const lw_server *server, lw_bytes endpoint);

#endif
