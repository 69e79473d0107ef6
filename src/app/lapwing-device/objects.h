/* The objects this device has. */
#ifndef LW_APP_DEVICE_OBJECTS_H
#define LW_APP_DEVICE_OBJECTS_H

#include <stdbool.h>

#include "lw/declare.h"

#define OBJECTS_MAX 32

/* Those of the enabler `version` (10, 11 or 12), NULL-terminated. `has_modem`: also 10, 11 and 12,
 * of a modem this machine need not have. */
void objects_list(uint8_t version, bool has_modem, const lw_object *out[OBJECTS_MAX]);

#endif
