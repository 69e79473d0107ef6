/* The configurations C.1 to C.26 of the enabler test specification (section "Configurations"), as
 * values to set. Without a secure session they are what they are but for mode 3 (NoSec) in place of
 * their keys; those that are about a transport or a key that is not built are refused. */
#ifndef LW_APP_DEVICE_CONFIGS_H
#define LW_APP_DEVICE_CONFIGS_H

#include <stdbool.h>

#include "app/lapwing-device/objects.h"
#include "lw/client.h"

/* `name` is "C.1" …; out_missing: what this build lacks for it, or NULL. */
bool config_is_known(const char *name, const char **out_missing);

/* URIs it needs, the Bootstrap-Server's included. */
unsigned config_servers(const char *name, bool bootstrap);
bool config_needs_bootstrap(const char *name);
modem config_modem(const char *name);

/* Sets its values. On a failure out_line is the line that could not be set. */
LW_MUST_CHECK lw_err config_apply(const char *name, lw_tree *tree, const char **out_line);

#endif
