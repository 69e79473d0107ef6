/* Tells systemd how the service is (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET
 * names; without it nothing happens. */
#ifndef LW_APP_LAPWINGD_NOTIFY_H
#define LW_APP_LAPWINGD_NOTIFY_H

#include "lw/time.h"

/* "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…", lines joined by newlines. */
void notify_systemd(const char *state);

/* How often WATCHDOG=1 is to be told: half of what systemd waits. 0: it does not ask for it. */
lw_time notify_watchdog_ms(void);

#endif
