/* Sensors that are simulated: values that wander slowly within what is plausible, instances 0 of
 * Temperature, Humidity and Barometer, a light and a switch to play with, and a location. */
#ifndef LW_APP_DEVICE_SENSORS_H
#define LW_APP_DEVICE_SENSORS_H

#include "lw/client.h"

typedef struct sensors {
    uint32_t seed;
    float values[3];
    bool is_held[3]; /* somebody set it: it stays as it is */
} sensors;

lw_err sensors_start(sensors *s, lw_tree *tree, const char *name);

/* Moves them on; about once a second. A value that was set meanwhile, by factory data or at the
 * prompt, stays until the next sensors_start. */
void sensors_move(sensors *s, lw_tree *tree);

#endif
