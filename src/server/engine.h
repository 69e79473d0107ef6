/* What the rooms of the server share. Not for its users: they include lw/server.h.
 *
 *   server.c            set-up, feed, step, kept: the front door, and where requests are routed
 *   shared/peer.h       an address and what CoAP remembers of it; made when heard of, let go when
 * idle shared/device.h     the directory of devices, by name, by location, by address, by number
 *   shared/links.h      object lists, one for all devices that sent the same
 *   shared/wheel.h      deadlines of a fleet
 *   shared/keep.h       what waits until the store has told that it is durable
 *   dm/registration.h   Register, Update, De-register, expiry
 *   dm/presence.h       awake, asleep, heard of
 *   dm/record.h         rows of devices and recorded values
 *   dm/send.h           what devices send by themselves
 *   dm/observation.h    wishes to observe, and notifications
 *   dm/queue.h          requests of operators: dm/submit.c takes them, dm/pending.h keeps them,
 *                       dm/request.h sends them, dm/downlink.h and dm/ask.h say how
 *
 * A datagram comes in through server.c, finds its peer, and the endpoint of src/coap calls back
 * with a request or a notification. Handlers return answers. What must not overtake the answer
 * (events, requests that waited) is noted on the device and done when the datagram is over:
 * lw_server_settle.
 */
#ifndef LW_SERVER_ENGINE_H
#define LW_SERVER_ENGINE_H

#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "coap/bodies.h"
#include "coap/endpoint.h"
#include "coap/later.h"
#include "coap/reply.h"
#include "lw/server.h"
#include "net/peer.h"
#include "proto/register.h"
#include "server/dm/queue.h"
#include "server/shared/wheel.h"

typedef struct lw_peer lw_peer;
typedef struct lw_links lw_links;   /* shared/links.h */
typedef struct lw_wishes lw_wishes; /* dm/observation.h */
typedef struct lw_extra lw_extra;   /* dm/registration.h */

/* The id in /rd/{id}: the shard and 64 random bits (SRV-02) in URL-safe base64. */
#define LW_LOCATION_TEXT 12u

/* ---- A device ---------------------------------------------------------------------------------
 * Everything here is paid for a million times: 300 octets with its name and its places in the maps.
 *
 *            Register                       awake_until is over: ASLEEP
 *   OFFLINE ----------> ONLINE ------------------------------------------> ASLEEP
 *      ^                  |  ^       any uplink, Register included: AWAKE    |  |
 *      |                  |  +-----------------------------------------------+  |
 *      +------------------+-----------------------------------------------------+
 *        De-register, a new Register, expiry
 */
struct lw_device {
    lw_map_node by_name, by_location, by_hop;
    lw_wheel_timer timer; /* the earliest of what follows; presence.c */
    lw_time expires;      /* with the grace; LW_TIME_NEVER: no registration, or for ever */
    uint32_t awake_until; /* queue mode; as lw_server_seconds */
    uint32_t save_at;     /* its row is behind; likewise */
    lw_queue queue;
    lw_wishes *wishes; /* NULL: none */
    lw_peer *peer;     /* that its address has now; NULL: idle, or the address is another's */
    lw_links *links;   /* NULL: it has never registered */
    lw_extra *extra;   /* sms, profiles, unknown parameters; NULL: none of them */
    uint64_t number;
    lw_hop hop;
    uint32_t lifetime;                                      /* s */
    lw_time created_at, seen_at, registered_at, updated_at; /* wall clock */
    uint8_t version;                                        /* lw_version */
    uint8_t bindings;                                       /* LW_BINDING_… */
    uint8_t location[LW_LOCATION_TEXT]; /* of the newest registration, also when that is over */
    uint8_t state : 3;                  /* lw_device_state; changed by lw_presence_set alone */
    bool queue_mode : 1;
    bool has_hop : 1;       /* found by its address: nobody else has taken it */
    bool is_leaving : 1;    /* lw_server_remove waits for the store */
    bool is_registered : 1; /* found by its location */
    uint8_t name_len;
    uint8_t name[]; /* endpoint */
};

static inline lw_bytes lw_device_name(const lw_device *device)
{
    return lw_bytes_of(device->name, device->name_len);
}

/* ---- A peer -----------------------------------------------------------------------------------
 * Peers are let go when they have been silent for EXCHANGE_LIFETIME, and made again when something
 * is to be sent or comes in.
 */
struct lw_peer {
    lw_net_link link;
    lw_map_node by_hop;
    lw_link idle;      /* in order of use: of devices or of strangers */
    lw_link keeps;     /* answers that wait for the store: shared/keep.h */
    lw_device *device; /* whose address it is; NULL: a stranger */
    lw_time used_at;
    lw_hop hop;
    uint32_t asked_list_of; /* digest of the profile ids that were answered with 4.09 (REG-55) */
};

static inline lw_peer *lw_peer_of(lw_coap_peer *coap)
{
    return LW_CONTAINER(lw_net_link_of(coap), lw_peer, link);
}

/* The way to a registered device, for whatever is sent to it; NULL: there is none, because its
 * address has become another device's, or for want of memory. */
lw_peer *lw_peer_reach(lw_server *server, lw_device *device);

/* ---- The engine -------------------------------------------------------------------------------
 */

/* What is done when the datagram is over, for the device that it came from. */
typedef struct lw_aftermath {
    lw_device *device; /* NULL: nothing */
    bool heard;
    bool registered, updated; /* to be told */
} lw_aftermath;

/* The addresses that were heard of. */
typedef struct lw_peers {
    lw_map by_hop;
    lw_link of_devices, of_strangers; /* the one that was silent longest first */
    uint32_t count, strangers;
} lw_peers;

/* The devices that are known. */
typedef struct lw_directory {
    lw_map by_name, by_location, by_hop;
    lw_device ***pages; /* by number, 1024 in a page: in order for lw_server_list */
    size_t pages_room;
    uint64_t last_number;
    uint32_t count, registered, asleep;
} lw_directory;

/* Of lw_coap_stats, which wrap, what has been added up. */
typedef struct lw_totals {
    lw_coap_stats seen;
    uint64_t received, sent, retransmitted, duplicates, malformed, timeouts;
} lw_totals;

struct lw_server {
    lw_server_cfg cfg;
    lw_mem mem;
    lw_rng rng;
    lw_log log;
    lw_time now;        /* of the call that is being worked on */
    const lw_hop *from; /* of its datagram; NULL: there is none */
    lw_time started;
    lw_time wall_offset; /* the wall clock is now + this */
    lw_hash_key secret;  /* of the maps */
    lw_coap coap;
    lw_coap_params params;
    lw_coap_bodies bodies;
    lw_net net;
    lw_peers peers;
    lw_directory devices;
    lw_map links;     /* shared/links.c */
    lw_link profiles; /* lists that are known by a profile id (REG-53); shared/links.c */
    uint16_t profile_count;
    lw_wheel devices_due;
    lw_queues queues;
    lw_wheel requests_due; /* for dm/queue.c */
    lw_link keeps;         /* by ticket, ascending */
    lw_aftermath after;
    lw_server_stats stats; /* counters of this floor; the others are filled in when asked */
    lw_totals totals;
    uint32_t asked; /* Observes in flight */
    bool is_draining;
    uint8_t *buf;     /* of the endpoint */
    uint8_t *scratch; /* LW_SERVER_SCRATCH octets for whoever needs them within a call */
};

#define LW_SERVER_SCRATCH 65536u

static inline lw_time lw_server_wall(const lw_server *server)
{
    return server->now + server->wall_offset;
}

/* Points in time that need not be exact, in half the room: seconds since the start, rounded up; 0:
 * never. */
static inline uint32_t lw_server_seconds(const lw_server *server, lw_time at)
{
    return (uint32_t)((at - server->started + LW_SECOND_MS - 1) / LW_SECOND_MS);
}

static inline lw_time lw_server_time(const lw_server *server, uint32_t seconds)
{
    return seconds != 0 ? server->started + (lw_time)seconds * LW_SECOND_MS : LW_TIME_NEVER;
}

/* Tells an event; endpoint (of device, which may be NULL) and time are filled in. */
void lw_server_tell(lw_server *server, const lw_device *device, lw_server_event event);

/* One line for people: the endpoint name, then what happened. */
void lw_server_log(lw_server *server, lw_log_level level, lw_bytes endpoint, const char *what);

/* Puts or removes a row. LW_OK with a ticket of 0 when nothing is kept (cfg.store is NULL). */
LW_MUST_CHECK lw_err lw_server_put(lw_server *server, const lw_row *row, lw_haste haste,
                                   lw_ticket *out_ticket);
LW_MUST_CHECK lw_err lw_server_drop(lw_server *server, const lw_row *key, lw_haste haste,
                                    lw_ticket *out_ticket);

/* Does what was noted in `after`. */
void lw_server_settle(lw_server *server);

#endif
