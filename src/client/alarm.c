#include "client/engine.h"

#define JITTER_PER_SECOND_MS 100u

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

/* The tenth stays below 50 days, also of years. */
void lw_alarm_set_jittered(lw_client *client, lw_alarm *alarm, uint32_t seconds)
{
    uint32_t span =
        seconds < UINT32_MAX / JITTER_PER_SECOND_MS ? seconds * JITTER_PER_SECOND_MS : UINT32_MAX;
    lw_time at = lw_alarm_after(client, seconds);
    lw_alarm_set(client, alarm, lw_time_add(at, lw_rng_below(&client->coap.config.rng, span)));
}
