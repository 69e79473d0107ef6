/* The requests of operators, in order, for each device.
 *
 *          its turn, and the device can be reached
 *   submit ------------------------------------------> SENT --- answer -------------> DONE
 *     |                                                |  |     Reset, silence, …  -> FAILED
 *     | it sleeps, or LW_WHEN_QUEUED                   |  |
 *     v                  its turn, any message of it   |  |     called off, and may not be
 *   QUEUED --------------------------------------------+  |     repeated: -------------> UNKNOWN
 *     |  ^                                                |
 *     |  +---- silence in queue mode, or called off: may be repeated
 *     +------ too old: EXPIRED;  an operator, or the device is removed: CANCELED
 *
 * One request of a device is in flight at a time, the oldest first. A request has a row in the
 * store from when it is QUEUED until the store forgets it; one that is sent at once has none.
 *
 * What may be carried out twice:
 *
 *   Read Discover Read-Composite                        yes: they change nothing
 *   Write Write-Partial Write-Attributes Write-Composite  yes: they say what is, not what becomes
 *   Delete                                              yes: the second is answered with 4.04
 *   Execute Create                                      no
 *
 * The latter are marked SENT in the store before the first message, and that must be durable. So
 * what may not be repeated is delivered once at most: when the server goes down, the registration
 * ends, or the device moves while one is in flight, it is UNKNOWN. One that is not acknowledged in
 * time is FAILED. The others are sent again.
 *
 * A request belongs to the device when it has a row, and outlives the registration; without one it
 * belongs to the registration, and fails with it (LW_ECANCELED).
 */
#ifndef LW_SERVER_DM_QUEUE_H
#define LW_SERVER_DM_QUEUE_H

#include "base/list.h"
#include "base/map.h"
#include "lw/server.h"
#include "server/dm/downlink.h"

typedef struct lw_device lw_device;
typedef struct lw_pending lw_pending; /* dm/pending.h */

/* After the store refused to mark a request, or memory was short. */
#define LW_QUEUE_RETRY_MS 2000u

/* Embedded in a device: every octet counts a million times. */
typedef struct lw_queue {
    lw_link requests;            /* lw_pending, in order of acceptance */
    lw_downlink_learned learned; /* about its formats */
} lw_queue;

/* All requests of an engine. */
typedef struct lw_queues {
    lw_map by_id;
    uint64_t last_id;
} lw_queues;

typedef enum lw_queue_end {
    LW_QUEUE_REPLACED,     /* a new Register took the place of the registration */
    LW_QUEUE_DEREGISTERED, /* by the device */
    LW_QUEUE_EXPIRED,
    LW_QUEUE_REMOVED, /* the device is forgotten; its rows are gone already */
    LW_QUEUE_FREED    /* lw_server_free */
} lw_queue_end;

/* Asks the store for the highest id that was given. */
LW_MUST_CHECK lw_err lw_queues_init(lw_server *server);
void lw_queues_fini(lw_server *server);

void lw_queue_init(lw_queue *queue);
void lw_queue_fini(lw_server *server, lw_device *device); /* after LW_QUEUE_REMOVED or FREED */

/* The device can be reached: after any message of it was answered, a Register first of all. */
void lw_queue_heard(lw_server *server, lw_device *device);
/* It is somewhere else now, or another device is where it was. What is in flight went to the old
 * address: it starts again, or ends, as its kind demands. */
void lw_queue_moved(lw_server *server, lw_device *device);
/* The registration ended. Requests that end are told exactly once; those that belong to the device
 * rather than to its registration stay. */
void lw_queue_cancel_all(lw_server *server, lw_device *device, lw_queue_end why);

/* Waiting, or in flight. */
uint32_t lw_queue_count(const lw_device *device);

/* A row of the store. LW_EFORMAT when it makes no sense; LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_queue_load(lw_server *server, const lw_row_request *row);

/* Nothing of anybody is in flight: for lw_server_drain. */
bool lw_queue_is_quiet(const lw_server *server);

/* Does what is due on server->requests_due. */
void lw_queue_step(lw_server *server);

/* ---- For dm/submit.c ------------------------------------------------------------------------ */

/* Is there a way to it, and is it awake? */
bool lw_queue_reaches(const lw_device *device);
/* Gives a request a row. Failures of the store: then it has none. */
LW_MUST_CHECK lw_err lw_queue_keep(lw_pending *p);
/* Sends the oldest request, if the device can be reached and none is under way. */
void lw_queue_pump(lw_server *server, lw_device *device);

#endif
