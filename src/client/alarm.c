#include "client/engine.h"

/* A wait is so many parts of itself, and its jitter up to a tenth of them: fine enough to spread a
 * fleet also where the wait is a day. */
#define PARTS 64000u

void lw_alarm_set(lw_client *client, lw_alarm *alarm, lw_time at)
{
    lw_deadline_arm(&client->coap.deadlines, &alarm->deadline, at);
}

lw_time lw_alarm_after(const lw_client *client, uint32_t seconds)
{
    return seconds == LW_FOREVER ? LW_TIME_NEVER : client->now + seconds * LW_SECOND_MS;
}

void lw_alarm_set_in(lw_client *client, lw_alarm *alarm, uint32_t seconds)
{
    lw_alarm_set(client, alarm, lw_alarm_after(client, seconds));
}

void lw_alarm_set_jittered(lw_client *client, lw_alarm *alarm, uint32_t seconds)
{
    uint32_t parts = PARTS + lw_rng_below(&client->coap.config.rng, PARTS / 10 + 1);
    lw_time at = client->now + (lw_time)((uint64_t)seconds * parts / (PARTS / LW_SECOND_MS));
    lw_alarm_set(client, alarm, seconds == LW_FOREVER ? LW_TIME_NEVER : at);
}
