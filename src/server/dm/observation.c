#include "server/dm/observation.h"

void lw_observation_heard(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
void lw_observation_moved(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
void lw_observation_stop(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
void lw_observation_forget(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
uint32_t lw_observation_count(const lw_device *device)
{
    (void)device;
    return 0;
}
lw_err lw_observation_notified(lw_server *server, lw_peer *peer, const lw_coap_msg *msg)
{
    (void)server, (void)peer, (void)msg;
    return LW_ENOTFOUND;
}
lw_err lw_observation_load(lw_server *server, const lw_row_wish *row)
{
    (void)server, (void)row;
    return LW_ENOTFOUND;
}
bool lw_observation_is_quiet(const lw_server *server)
{
    (void)server;
    return true;
}
