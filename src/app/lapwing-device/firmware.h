/* A firmware update that is only played: packages are looked at and forgotten, installing means to
 * restart the objects of this program with another version in 3/0/3.
 *
 * A package that begins with a line "lapwing-firmware VERSION" installs that version; with a word
 * behind it, it fails as that says: space, memory, integrity, type (no package for this device) or
 * install. Any other package installs a version that is named after its octets. */
#ifndef LW_APP_DEVICE_FIRMWARE_H
#define LW_APP_DEVICE_FIRMWARE_H

#include "lw/client.h"
#include "lw/core_objects.h"
#include "lw/firmware.h"

#define FIRMWARE_VERSION_MAX LW_DEVICE_TEXT_MAX

typedef struct firmware {
    lw_updater updater;
    const lw_platform *platform;
    lw_tree *tree;
    bool wants_restart;                     /* the device shall restart to install */
    char version[FIRMWARE_VERSION_MAX + 1]; /* that runs */
    char staged[FIRMWARE_VERSION_MAX + 1];  /* of the package that arrived */
    char outcome[16];
    char head[64]; /* the first octets of the package */
    size_t head_len;
    uint32_t digest;
} firmware;

/* Before lw_client_init: which version runs? `version` is the program's own. */
void firmware_load(firmware *f, const lw_platform *platform, const char *version);

/* After it: makes /5/0. */
LW_MUST_CHECK lw_err firmware_start(firmware *f, lw_client *client);

#endif
