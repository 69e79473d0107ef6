/* Requests that wait for one device, and what the engine tells their queue. */
#ifndef LW_SERVER_DM_QUEUE_H
#define LW_SERVER_DM_QUEUE_H

#include "base/list.h"
#include "lw/server.h"

typedef struct lw_device lw_device;

/* Embedded in a device: every octet counts a million times. */
typedef struct lw_queue {
    lw_link requests; /* in order of acceptance */
} lw_queue;

typedef enum lw_queue_end {
    LW_QUEUE_REPLACED,     /* a new Register took the place of the registration */
    LW_QUEUE_DEREGISTERED, /* by the device */
    LW_QUEUE_EXPIRED,
    LW_QUEUE_REMOVED, /* the device is forgotten; its rows are gone already */
    LW_QUEUE_FREED    /* lw_server_free */
} lw_queue_end;

void lw_queue_init(lw_queue *queue);
void lw_queue_fini(lw_server *server, lw_device *device); /* after LW_QUEUE_REMOVED or FREED */

/* The device can be reached: after any message of it was answered, a Register first of all. */
void lw_queue_heard(lw_server *server, lw_device *device);
/* It is somewhere else now. What is in flight went to the old address: it starts again, or ends, as
 * its kind demands. */
void lw_queue_moved(lw_server *server, lw_device *device);
/* The registration ended. Requests that end are told exactly once; those that belong to the device
 * rather than to its registration stay. */
void lw_queue_cancel_all(lw_server *server, lw_device *device, lw_queue_end why);

/* Waiting, or in flight. */
uint32_t lw_queue_count(const lw_device *device);

LW_MUST_CHECK lw_err lw_queue_load(lw_server *server, const lw_row_request *row);

/* Nothing of anybody is in flight: for lw_server_drain. */
bool lw_queue_is_quiet(const lw_server *server);

/* Does what is due on server->requests_due. */
void lw_queue_step(lw_server *server);

#endif
