/* The device: a client, its objects and what feeds them, from the command line's wishes. It can be
 * restarted within the process, as a reboot is. */
#ifndef LW_APP_DEVICE_DEVICE_H
#define LW_APP_DEVICE_DEVICE_H

#include "app/lapwing-device/firmware.h"
#include "app/lapwing-device/objects.h"
#include "app/lapwing-device/options.h"
#include "app/lapwing-device/report.h"
#include "app/lapwing-device/sensors.h"
#include "lw/posix.h"

typedef struct device {
    const options *options;
    const report *report;
    lw_posix *posix;
    const lw_object *objects[OBJECTS_MAX];
    lw_client_cfg cfg;
    lw_client *client;
    void *memory;
    sensors sensors;
    firmware firmware;
    lw_time next_tick;
    bool wants_restart;                 /* an Execute asked for it */
    uint16_t told[OPTIONS_SERVERS_MAX]; /* servers that were called registered since the start */
} device;

/* Makes the objects and the accounts. LW_EINVAL: the command line or the factory file is wrong; any
 * other failure: it could not be done. stderr says why. */
LW_MUST_CHECK lw_err device_open(device *d, const options *o, const report *r, lw_posix *posix);

/* Registers, or bootstraps. */
void device_start(device *d);

/* Waits for what comes and does what is due. A failure of waiting is told on stderr. */
LW_MUST_CHECK lw_err device_run(device *d);

/* De-registers, and waits for the answers at most `patience` milliseconds. */
void device_stop(device *d, lw_time patience);

void device_close(device *d);

#endif
