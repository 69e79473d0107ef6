/* The LwM2M server: an engine without I/O, clock or threads.
 *
 * Datagrams and `now` go in; datagrams, events and rows for the store go out through the hooks of
 * lw_server_host. One thread uses an engine; more cores take more engines, each with its own share
 * of the devices (its shard).
 *
 *   lw_server_new -> lw_server_load … -> { lw_server_feed, lw_server_step, lw_server_kept,
 *                                          lw_server_submit, lw_server_observe, … } ->
 * lw_server_free
 *
 * A device is what registers under an endpoint name. It stays known when its registration ends,
 * with the wishes to observe and the requests that wait for it, until lw_server_remove.
 *
 * What must be durable before it is acknowledged (Send and confirmable notifications when values
 * are recorded, queued requests, wishes) is put to the store, and the answer waits for
 * lw_server_kept. Registrations are written behind.
 */
#ifndef LW_SERVER_H
#define LW_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/addr.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/operation.h"
#include "lw/path.h"
#include "lw/ports.h"
#include "lw/progress.h"
#include "lw/time.h"
#include "lw/value.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_server lw_server;
typedef struct lw_registry lw_registry; /* model/registry.h: definitions of objects */

/* ---- Events -----------------------------------------------------------------------------------
 */

typedef enum lw_server_event_kind {
    LW_SERVER_REGISTERED, /* also when it replaces: after DEREGISTERED of the old one. Told when
                             the 2.01 is on its way */
    LW_SERVER_UPDATED,
    LW_SERVER_DEREGISTERED, /* by the device, or replaced by a new Register (replaced is set) */
    LW_SERVER_EXPIRED,
    LW_SERVER_REFUSED, /* a Register or Update: why, code */
    LW_SERVER_AWAKE,   /* queue mode: it can be reached now */
    LW_SERVER_ASLEEP,
    LW_SERVER_NOTIFIED,    /* path, format, payload */
    LW_SERVER_SENT,        /* Send: format, payload */
    LW_SERVER_OBSERVED,    /* a wish is established with the device */
    LW_SERVER_UNOBSERVED,  /* it ended: withdrawn (err OK), or the device refuses: code or err */
    LW_SERVER_BAD_PAYLOAD, /* a notification or Send that cannot be read: err, why */
    LW_SERVER_REQUEST,     /* a request changed its state: request */
    LW_SERVER_PROGRESS, /* of a request whose bodies go in blocks: request. Of each body its first
                           block, its last, and a few a second between */
    LW_SERVER_REMOVED   /* the device, by an operator */
} lw_server_event_kind;

typedef struct lw_server_event {
    uint8_t kind; /* lw_server_event_kind */
    uint8_t code; /* CoAP code that was involved; 0: none */
    bool replaced;
    lw_err err;
    const char *why;    /* one sentence for people, or NULL */
    lw_bytes endpoint;  /* may be empty in REFUSED */
    const lw_hop *from; /* REFUSED: who asked */
    lw_bytes target;    /* NOTIFIED, OBSERVED, UNOBSERVED: the wish's target */
    bool composite;
    uint16_t format;  /* of payload */
    lw_bytes payload; /* whole, as the device sent it */
    lw_time at;       /* wall clock, ms */
    const struct lw_server_result *request;
} lw_server_event;

/* ---- Set-up -----------------------------------------------------------------------------------
 */

typedef struct lw_server_host {
    void *ctx; /* first argument of every hook */

    /* One datagram, valid for the call. May lose it. */
    void (*send)(void *ctx, const lw_hop *to, lw_bytes datagram);
    /* Something happened; everything in it is valid for the call. May ask for the device
     * (lw_server_get, lw_server_next_object), and may not call the engine otherwise. */
    void (*on_event)(void *ctx, const lw_server_event *event);
    /* Unpredictable octets. */
    void (*random)(void *ctx, uint8_t *out, size_t len);
    /* `size` octets aligned for any type, or NULL. */
    void *(*alloc)(void *ctx, size_t size);
    void (*release)(void *ctx, void *ptr);
    /* May this device register from there? NULL: all may. */
    bool (*admit)(void *ctx, lw_bytes endpoint, const lw_hop *from);
    /* Optional: one line for people. level: 0 error, 1 warning, 2 information, 3 detail. */
    void (*log)(void *ctx, int level, const char *module, lw_bytes text);
} lw_server_host;

/* Ceilings and times; 0 takes the default, LW_LIMIT_NONE stands for 0. */
#define LW_LIMIT_NONE UINT32_MAX

typedef struct lw_server_limits {
    uint32_t devices;             /* 1,000,000 and more: 2,000,000 */
    uint32_t peers;               /* addresses that are no registered device's: 65,536 */
    uint32_t messages;            /* message ids remembered, all peers together: 262,144 */
    uint16_t links;               /* objects and instances in a list: 1,024 */
    uint16_t requests_per_device; /* waiting: 64 */
    uint16_t wishes_per_device;   /* 64 */
    uint32_t body_max;            /* octets of a block-wise body, both ways: 1 MiB */
    uint16_t bodies;              /* of them at the same time: 1,024 */
    uint32_t lifetime_default;    /* s, for a Register without lt: 86,400 */
    uint32_t expiry_grace;        /* s, added to the lifetime: EXCHANGE_LIFETIME, 247 */
    uint32_t awake_ms;            /* queue mode: reachable after an uplink: 93,000 */
    uint32_t response_ms;         /* from the ACK to the response: 60,000 */
    uint32_t queue_s;             /* a queued request waits at most: 604,800 */
} lw_server_limits;

typedef struct lw_server_cfg {
    uint8_t shard;
    const lw_server_host *host; /* borrowed while the engine lives */
    lw_store *store;            /* borrowed; NULL: nothing is kept */
    const lw_registry *registry;
    bool strict;       /* refuse what the field sends and the text does not allow */
    bool record;       /* keep values of notifications and Sends */
    bool accept_moved; /* a notification from a new address of the same identity moves it there */
    lw_server_limits limits;
} lw_server_cfg;

/* cfg is copied. LW_EINVAL, LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_server_new(const lw_server_cfg *cfg, lw_time now, lw_time wall,
                                   lw_server **out_server);
/* Says nothing to devices. Calls that wait for the store end with LW_ECANCELED. NULL is ignored. */
void lw_server_free(lw_server *server);

/* A row that the store gave: devices first, then wishes, then requests that had not ended. Before
 * the first feed. LW_EFORMAT for one that makes no sense: it is left out. */
LW_MUST_CHECK lw_err lw_server_load(lw_server *server, const lw_row *row);

/* ---- Running ----------------------------------------------------------------------------------
 */

/* What wall clock belongs to `now`: told at lw_server_new, and whenever it may have jumped. */
void lw_server_set_clock(lw_server *server, lw_time now, lw_time wall);

void lw_server_feed(lw_server *server, lw_time now, const lw_hop *from, lw_bytes datagram);
/* Does what is due; returns when to be called next, LW_TIME_NEVER: nothing waits. Call it after
 * feeding and after every call below that may have started something. */
lw_time lw_server_step(lw_server *server, lw_time now);

/* The store has told a commit: what waited for it goes on. */
void lw_server_kept(lw_server *server, lw_time now, lw_ticket ticket, lw_err err);

/* Other definitions from now on. Borrowed until the next call, or free. */
void lw_server_set_registry(lw_server *server, const lw_registry *registry);

/* The object list that a profile id stands for (pid of Register, 1.2), in link-format; one that is
 * known already is replaced. LW_EINVAL, LW_ENOMEM (also above 1,024 of them). */
LW_MUST_CHECK lw_err lw_server_set_profile(lw_server *server, lw_bytes id, lw_bytes list);

/* Stops taking new requests from operators and finishes what is in flight; true when nothing is. */
bool lw_server_drain(lw_server *server, lw_time now);

/* ---- Devices ----------------------------------------------------------------------------------
 */

typedef enum lw_device_state {
    LW_DEVICE_ONLINE = 1, /* registered, and can be reached */
    LW_DEVICE_ASLEEP = 2, /* registered in queue mode, and not awake */
    LW_DEVICE_OFFLINE = 4 /* not registered */
} lw_device_state;

typedef struct lw_server_device {
    lw_row_device row; /* borrowed */
    uint8_t state;     /* lw_device_state */
    uint32_t requests; /* waiting or in flight */
    uint32_t wishes;
    lw_bytes alternate_path; /* of its objects, "lwm2m"; usually empty */
    lw_bytes formats;        /* Content-Formats it announced, "110 112"; usually empty */
} lw_server_device;

/* LW_ENOTFOUND. Valid until the engine is called again. */
LW_MUST_CHECK lw_err lw_server_get(const lw_server *server, lw_bytes endpoint,
                                   lw_server_device *out_device);

typedef struct lw_device_filter {
    uint64_t after;  /* devices with a number above this: 0 to begin with */
    uint32_t limit;  /* devices given */
    uint32_t visits; /* devices looked at, so that one call cannot take long */
    uint8_t states;  /* lw_device_state, or-ed; 0: all */
    int32_t object;  /* that has this object; -1: any */
    lw_bytes text;   /* in the endpoint name, upper and lower case alike; empty: any */
} lw_device_filter;

/* Calls fn for devices in ascending order of number. Returns the number to go on after, or 0 when
 * the end was reached. */
uint64_t lw_server_list(const lw_server *server, const lw_device_filter *filter,
                        void (*fn)(void *ctx, const lw_server_device *device), void *ctx);

/* The objects and instances of a device, one after another; false when none is left. Begin with a
 * cursor of 0. */
bool lw_server_next_object(const lw_server_device *device, size_t *cursor, lw_path *out_path,
                           uint8_t *out_major, uint8_t *out_minor);

/* Forgets a device and all that waits for it. on_kept is called when that is durable; until then
 * the device is not heard. LW_ENOTFOUND, LW_ENOMEM, LW_EIO. */
typedef void lw_server_kept_fn(void *ctx, lw_err err);
LW_MUST_CHECK lw_err lw_server_remove(lw_server *server, lw_time now, lw_bytes endpoint,
                                      lw_server_kept_fn *on_kept, void *ctx);

/* ---- Requests ---------------------------------------------------------------------------------
 */

typedef enum lw_request_when {
    LW_WHEN_AWAKE, /* now; or queued, when the device sleeps */
    LW_WHEN_NOW,   /* now, or not at all: LW_ESTATE when it sleeps */
    LW_WHEN_QUEUED /* always queued and durable, and sent when its turn comes */
} lw_request_when;

/* What became of a request, up to now or for good. */
typedef struct lw_server_result {
    uint64_t id;
    uint8_t state;        /* lw_request_state */
    uint8_t op;           /* lw_op */
    lw_err err;           /* FAILED: LW_ETIMEOUT, LW_ERESET, … */
    bool acked;           /* LW_ETIMEOUT: the device took the message, but did not answer */
    uint8_t code;         /* DONE: the device's CoAP code */
    uint16_t format;      /* of payload */
    lw_bytes payload;     /* the answer, or a diagnostic text */
    lw_progress progress; /* SENT: how far bodies in blocks are; all 0: none of them yet */
    lw_path path;         /* of the request; Create: the instance that came into being */
    lw_bytes endpoint;
    lw_time at; /* wall clock */
} lw_server_result;

typedef struct lw_server_request {
    lw_bytes endpoint;
    uint8_t op; /* lw_op: device management, composites, Write-Attributes */
    lw_path path;
    /* Write, Create, Write-Composite: the values, in SenML CBOR with absolute names (Create: the
     * instance 65535 where the device chooses). Read-Composite: the paths, in SenML-ETCH CBOR.
     * The engine turns them into what the device takes. */
    lw_bytes body;
    lw_bytes arguments;  /* Execute: its arguments; Write-Attributes: "pmin=10&pmax" (a name alone
                            unsets) */
    uint8_t depth;       /* Discover; 255: not given */
    uint16_t format;     /* Content-Format or Accept; 65535: the engine chooses */
    uint8_t when;        /* lw_request_when */
    bool force;          /* leave out the checks of SRV-05 and SRV-07 */
    uint32_t timeout_ms; /* from sending to the end; 0: the protocol's own */
    uint32_t queue_s;    /* may wait in the queue; 0: the limit */
    /* It waits in the queue, durably: LW_OK; or could not be kept. Not called when it is sent at
     * once. May be NULL. */
    void (*on_queued)(void *ctx, uint64_t id, lw_err err);
    /* After each block of a body in blocks. May be NULL. */
    void (*on_progress)(void *ctx, uint64_t id, const lw_progress *progress);
    /* It ended; called once. Queued ones may end after a restart: then lw_server_free calls it with
     * the state so far and LW_ECANCELED, and the event and the row tell the end. May be NULL. */
    void (*on_end)(void *ctx, const lw_server_result *result);
    void *ctx;
} lw_server_request;

/* Everything is copied. LW_ENOTFOUND: no such device, or it does not have the object; LW_ESTATE: it
 * cannot be reached now (LW_WHEN_QUEUED takes one that has registered before); LW_ENOTSUP: it does
 * not know the operation (version), or there is no format for the body; LW_EINVAL: body, path or
 * arguments do not go with the operation; LW_EFORMAT, LW_ETYPE, LW_ERANGE: the values do not go
 * with its objects; LW_EDENIED: objects that a server must not touch (SRV-07); LW_ETOOBIG;
 * LW_ENOMEM: its queue is full, or the store's; LW_EIO: the store is out of order. on_end is then
 * not called. Callbacks may come before it returns, and may submit others, but nothing else. */
LW_MUST_CHECK lw_err lw_server_submit(lw_server *server, lw_time now,
                                      const lw_server_request *request, uint64_t *out_id);

/* LW_ENOTFOUND: it has ended or never was; LW_EIO, LW_ENOMEM: the store does not take it, and the
 * request goes on. One in flight ends, and its answer is ignored. on_kept is called once a restart
 * cannot bring it back. */
LW_MUST_CHECK lw_err lw_server_cancel(lw_server *server, lw_time now, uint64_t id,
                                      lw_server_kept_fn *on_kept, void *ctx);

/* Nobody listens any more: on_queued, on_progress and on_end are not called. It goes on if it is
 * queued and is cancelled if it is not. */
void lw_server_abandon(lw_server *server, lw_time now, uint64_t id);

/* How one stands that has not ended: LW_ENOTFOUND. Valid until the engine is called again. */
LW_MUST_CHECK lw_err lw_server_get_request(const lw_server *server, uint64_t id,
                                           lw_server_result *out_state);

/* Requests of a device that have not ended, in order. LW_ENOTFOUND: no such device. */
LW_MUST_CHECK lw_err lw_server_requests(const lw_server *server, lw_bytes endpoint,
                                        void (*fn)(void *ctx, const lw_server_result *state),
                                        void *ctx);

/* ---- Wishes to observe ------------------------------------------------------------------------
 */

typedef enum lw_wish_state {
    LW_WISH_WAITING, /* for the device */
    LW_WISH_ASKED,   /* Observe is in flight */
    LW_WISH_ESTABLISHED,
    LW_WISH_REFUSED /* by the device: code; asked again after the next registration */
} lw_wish_state;

typedef struct lw_server_wish {
    lw_row_wish row;
    uint8_t state;       /* lw_wish_state */
    uint8_t code;        /* the device's last answer */
    const char *why;     /* REFUSED: a sentence, static; NULL: the code says it */
    lw_time notified_at; /* wall clock; 0: never */
    uint64_t notifications;
} lw_server_wish;

/* Keeps a wish and makes it known to the device as soon as it can be; one with the same target is
 * replaced. row.endpoint must be a known device; created_at is set here. on_kept is called once it
 * is durable. LW_ENOTFOUND, LW_EINVAL (target or attributes), LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_server_observe(lw_server *server, lw_time now, const lw_row_wish *wish,
                                       lw_server_kept_fn *on_kept, void *ctx);
/* Withdraws it: an active cancel if the device can be reached, else passive. LW_ENOTFOUND: there is
 * none; LW_ESTATE: the store has not told yet that the wish, or its withdrawal, is durable;
 * LW_ENOMEM, LW_EIO: the store does not take it, and the wish stays. */
LW_MUST_CHECK lw_err lw_server_unobserve(lw_server *server, lw_time now, lw_bytes endpoint,
                                         lw_bytes target, lw_server_kept_fn *on_kept, void *ctx);
/* LW_ENOTFOUND: no such device. */
LW_MUST_CHECK lw_err lw_server_wishes(const lw_server *server, lw_bytes endpoint,
                                      void (*fn)(void *ctx, const lw_server_wish *wish), void *ctx);

/* ---- Numbers ----------------------------------------------------------------------------------
 */

typedef struct lw_server_stats {
    uint64_t received, sent, malformed, retransmitted, duplicates, timeouts; /* messages */
    uint64_t registers, updates, deregisters, expired, refused;
    uint64_t notifications, sends, bad_payloads, unknown_tokens;
    uint64_t requests, requests_failed;
    uint32_t devices, registered, asleep; /* now */
    uint32_t peers, waiting_requests, in_flight, wishes;
} lw_server_stats;

lw_server_stats lw_server_get_stats(const lw_server *server);

#ifdef __cplusplus
}
#endif
#endif
