/* What this machine is and how it does, from /proc, /sys and the C library, put into the objects
 * Device (3), Connectivity Monitoring (4) and Load (3322). What the machine does not tell is not
 * set, and so does not exist. */
#ifndef LW_APP_DEVICE_MACHINE_H
#define LW_APP_DEVICE_MACHINE_H

#include "lw/client.h"

/* What stays: maker, model, versions, total memory, bindings. `firmware` is 3/0/3. */
void machine_describe(lw_tree *tree, const char *firmware);

/* What changes: battery, free memory, load, addresses, time zone. True when an address changed, so
 * that a registration without a session would be taken for another device's (REG-44). */
bool machine_measure(lw_tree *tree);

#endif
