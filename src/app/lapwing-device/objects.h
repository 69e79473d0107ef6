/* The objects this device has. */
#ifndef LW_APP_DEVICE_OBJECTS_H
#define LW_APP_DEVICE_OBJECTS_H

#include <stdint.h>

#include "lw/declare.h"

#define OBJECTS_MAX 32

/* Objects 10, 11 and 12, of a modem this machine need not have; with object 10 of that version. */
typedef enum modem { MODEM_NONE, MODEM_1_0, MODEM_1_1 } modem;

/* Those of the enabler `version` (10, 11 or 12), NULL-terminated. */
void objects_list(uint8_t version, modem with, const lw_object *out[OBJECTS_MAX]);

#endif
