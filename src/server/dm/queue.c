#include "server/dm/queue.h"

void lw_queue_init(lw_queue *queue)
{
    lw_list_init(&queue->requests);
}
void lw_queue_fini(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
void lw_queue_heard(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
void lw_queue_moved(lw_server *server, lw_device *device)
{
    (void)server, (void)device;
}
void lw_queue_cancel_all(lw_server *server, lw_device *device, lw_queue_end why)
{
    (void)server, (void)device, (void)why;
}
uint32_t lw_queue_count(const lw_device *device)
{
    (void)device;
    return 0;
}
lw_err lw_queue_load(lw_server *server, const lw_row_request *row)
{
    (void)server, (void)row;
    return LW_ENOTFOUND;
}
bool lw_queue_is_quiet(const lw_server *server)
{
    (void)server;
    return true;
}
void lw_queue_step(lw_server *server)
{
    (void)server;
}
