#include "server/dm/presence.h"

#include "server/dm/observation.h"
#include "server/dm/record.h"
#include "server/dm/registration.h"

void lw_presence_set(lw_server *server, lw_device *device, lw_device_state state)
{
    lw_device_state old = (lw_device_state)device->state;
    if (old == state) {
        return;
    }
    server->devices.asleep -= old == LW_DEVICE_ASLEEP;
    server->devices.asleep += state == LW_DEVICE_ASLEEP;
    device->state = state & 7u;
    if (state == LW_DEVICE_ASLEEP) {
        device->awake_until = 0;
    }
    if (old == LW_DEVICE_ONLINE && state == LW_DEVICE_ASLEEP) {
        lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_ASLEEP});
    } else if (old == LW_DEVICE_ASLEEP && state == LW_DEVICE_ONLINE) {
        lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_AWAKE});
    }
}

void lw_presence_arm(lw_server *server, lw_device *device)
{
    lw_time at = device->expires;
    lw_time awake_until = lw_server_time(server, device->awake_until);
    lw_time save_at = lw_server_time(server, device->save_at);
    at = awake_until < at ? awake_until : at;
    at = save_at < at ? save_at : at;
    lw_wheel_arm(&server->devices_due, &device->timer, at);
}

/* ---- Heard of -------------------------------------------------------------------------------- */

void lw_presence_heard(lw_server *server, lw_device *device)
{
    device->seen_at = lw_server_wall(server);
    server->after.device = device;
}

/* The answer is out: now what happened is told, and what waited for the device goes to it. */
void lw_server_settle(lw_server *server)
{
    lw_aftermath after = server->after;
    lw_device *device = after.device;
    server->after = (lw_aftermath){.device = NULL};
    if (device == NULL) {
        return;
    }
    if (after.registered) {
        lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_REGISTERED});
    } else if (after.updated) {
        lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_UPDATED});
    }
    if (!device->is_registered) {
        return;
    }
    lw_presence_set(server, device, LW_DEVICE_ONLINE);
    device->awake_until =
        device->queue_mode
            ? lw_server_seconds(server, lw_time_add(server->now, server->cfg.limits.awake_ms))
            : 0;
    lw_presence_arm(server, device);
    lw_observation_heard(server, device);
    lw_queue_heard(server, device);
}

void lw_presence_silent(lw_server *server, lw_device *device)
{
    if (device->queue_mode && device->state == LW_DEVICE_ONLINE) {
        lw_presence_set(server, device, LW_DEVICE_ASLEEP);
        lw_presence_arm(server, device);
    }
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void on_due(lw_server *server, lw_device *device)
{
    if (device->expires <= server->now) {
        lw_registration_expire(server, device);
    }
    if (lw_server_time(server, device->awake_until) <= server->now) {
        lw_presence_set(server, device, LW_DEVICE_ASLEEP);
    }
    if (lw_server_time(server, device->save_at) <= server->now) {
        lw_record_device(server, device);
    }
    lw_presence_arm(server, device);
}

void lw_presence_step(lw_server *server)
{
    lw_wheel_timer *timer;
    while ((timer = lw_wheel_take_due(&server->devices_due, server->now)) != NULL) {
        on_due(server, LW_CONTAINER(timer, lw_device, timer));
    }
}
