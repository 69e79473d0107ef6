#include "client/engine.h"

void lw_alarm_init(lw_alarm *alarm, void (*ring)(lw_client *client, lw_alarm *alarm))
{
    lw_deadline_init(&alarm->deadline);
    alarm->ring = ring;
}

void lw_alarm_set(lw_client *client, lw_alarm *alarm, lw_time at)
{
    lw_deadline_arm(&client->alarms, &alarm->deadline, at);
}
