/* What happens between this device and its servers, as sentences. */
#ifndef LW_APP_DEVICE_EVENTS_H
#define LW_APP_DEVICE_EVENTS_H

#include "app/lapwing-device/report.h"
#include "lw/client.h"

/* `endpoint`: the name it goes by; `now` is monotonic, as event->retry_at. */
void event_report(const report *r, lw_client *client, const lw_client_event *event,
                  const char *endpoint, lw_time now);

#endif
