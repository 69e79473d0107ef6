/* The device's LwM2M client: an engine without I/O, clock or heap.
 *
 * Datagrams and `now` go in, datagrams and "wake me at" come out; nothing blocks, everything
 * happens inside these calls, on one thread.
 *
 *   static uint8_t memory[8 * 1024];
 *   lw_client *client;
 *   lw_client_init(&client, &cfg, memory, sizeof memory);
 *   lw_client_add_server(client, &server);
 *   lw_client_start(client, now);
 *   for (;;) {
 *       lw_time wake = lw_client_step(client, now);
 *       while (lw_client_poll(client, &out)) { send out.octets on link out.link }
 *       wait for a datagram or `wake`;
 *       on a datagram: lw_client_feed(client, now, link, datagram);
 *   }
 *
 * Objects are declared (lw/declare.h) and named in the configuration, so are formats and features:
 * what is not named is not linked. An application changes values through the setters of its
 * declarations on lw_client_tree(); the engine notices and notifies.
 */
#ifndef LW_CLIENT_H
#define LW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/declare.h"
#include "lw/err.h"
#include "lw/format.h"
#include "lw/path.h"
#include "lw/platform.h"
#include "lw/time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_client lw_client;

/* ---- Configuration ----------------------------------------------------------------------------
 */

/* Optional parts of the engine. Name those you want in lw_client_cfg.features. */
typedef struct lw_client_feature lw_client_feature;
extern const lw_client_feature
    lw_feature_blockwise; /* bodies larger than a message: packages, long object lists */
extern const lw_client_feature lw_feature_create;  /* Create and Delete */
extern const lw_client_feature lw_feature_observe; /* Observe, Notify, Write-Attributes */
extern const lw_client_feature
    lw_feature_observe_1_2; /* attributes in the query of Observe, con, hqmax; after observe */
extern const lw_client_feature lw_feature_thresholds; /* gt, lt, st, edge among the attributes */
extern const lw_client_feature
    lw_feature_one_way_thresholds; /* instead: gt counts upwards alone and lt downwards, as in the
                                      examples of the specification (P-OBS-03) */
extern const lw_client_feature
    lw_feature_store; /* keeps what cannot be sent (1/x/6); after observe */
extern const lw_client_feature lw_feature_depth;          /* Discover as deep as is asked (1.2) */
extern const lw_client_feature lw_feature_composite;      /* Read-, Write-, Observe-Composite */
extern const lw_client_feature lw_feature_send;           /* Send, with mute (1/x/23) */
extern const lw_client_feature lw_feature_bootstrap;      /* client and server initiated */
extern const lw_client_feature lw_feature_bootstrap_pack; /* the configuration in one answer (1.2);
                                                             with bootstrap and blockwise */
extern const lw_client_feature lw_feature_access;         /* Access Control, for several servers */
extern const lw_client_feature lw_feature_persist; /* state over power loss; needs platform store */

/* What happened, for logs and user interfaces. Valid for the call. */
typedef enum lw_client_event_kind {
    LW_CLIENT_REGISTERED,
    LW_CLIENT_UPDATED,
    LW_CLIENT_DEREGISTERED,
    LW_CLIENT_REGISTRATION_FAILED, /* err, code; retry_at tells whether and when again */
    LW_CLIENT_UPDATE_FAILED,       /* it registers anew, or a REGISTRATION_FAILED follows */
    LW_CLIENT_LINK_FAILED,
    LW_CLIENT_DISABLED, /* 1/x/4; retry_at is its end */
    LW_CLIENT_ASLEEP,   /* queue mode: the radio may be turned off */
    LW_CLIENT_AWAKE,
    LW_CLIENT_BOOTSTRAP_STARTED,
    LW_CLIENT_BOOTSTRAPPED,
    LW_CLIENT_BOOTSTRAP_FAILED,
    LW_CLIENT_STOPPED, /* nothing left to try: no server, no Bootstrap-Server */
    LW_CLIENT_SENT,    /* Send: err and code tell how it ended */
    LW_CLIENT_REBOOT,  /* 3/0/4, after its answer was acknowledged: restart now */
    LW_CLIENT_FACTORY_RESET
} lw_client_event_kind;

typedef struct lw_client_event {
    uint8_t kind;     /* lw_client_event_kind */
    uint8_t code;     /* CoAP code of the answer, 0 when there was none */
    uint16_t ssid;    /* Short Server ID; 0: the Bootstrap-Server, or none */
    lw_err err;       /* LW_OK, or why; LW_OK too when the server answered: `code` says why then */
    lw_time retry_at; /* where it says so above: when it goes on by itself, monotonic;
                         LW_TIME_NEVER: it does not */
} lw_client_event;

typedef struct lw_client_cfg {
    const char *endpoint; /* Endpoint Client Name, UTF-8 (VER-24) */
    uint8_t version;      /* newest enabler version to announce: 10, 11 or 12 */
    bool queue_mode;
    const lw_object *const *objects;          /* NULL-terminated, with a Security, a Server and a
                                                 Device object (lw/core_objects.h) */
    const lw_format *const *formats;          /* NULL-terminated, preferred first */
    const lw_client_feature *const *features; /* NULL-terminated; NULL: none */
    const lw_platform *platform;
    void *app; /* for hooks: lw_client_app */
    void (*on_event)(lw_client *client, const lw_client_event *event); /* may be NULL */
    /* A value changed, or an instance came or went (depth 2), whoever did it. May be NULL. */
    void (*on_change)(lw_client *client, lw_path path);

    /* Ceilings; 0 takes the default. */
    uint8_t servers_max;      /* accounts, the Bootstrap-Server not counted: 1 */
    uint8_t observations_max; /* all servers: 8 */
    uint8_t attributes_max;   /* paths with attributes, all servers: 8 */
    uint16_t stored_max;      /* notifications kept while a server cannot be reached: 16 */
    uint16_t payload_max; /* octets of an answer that goes whole, and of a block at most: 1024 */
    uint16_t body_max;    /* octets of a block-wise request body that is assembled: 2048 */
    uint32_t dynamic;     /* octets for what comes and goes: requests in flight, bodies: 2048 */
} lw_client_cfg;

/* Octets that lw_client_init needs for this configuration. 0: its objects are not sound
 * (lw_objects_are_sound), and no client can be made of them. */
size_t lw_client_mem_needed(const lw_client_cfg *cfg);

/* What cfg points to is borrowed as long as the client lives, `memory` too; cfg itself is copied.
 * LW_ENOMEM: too little memory. LW_EINVAL, and *out_client is NULL as after any failure:
 *   - no endpoint, formats, objects or platform, or one without random, link_open and link_close
 *   - a version that is not 10, 11 or 12; a payload_max below 16
 *   - no Security, Server or Device object
 *   - lw_feature_store, lw_feature_thresholds or lw_feature_observe_1_2 not behind
 *     lw_feature_observe, lw_feature_access without the object,
 *     lw_feature_bootstrap_pack without lw_feature_blockwise, lw_feature_persist without store and
 *     load of the platform
 * The objects have to be sound: lw_client_mem_needed says so in every build; here it is asserted,
 * where NDEBUG is not defined. */
LW_MUST_CHECK lw_err lw_client_init(lw_client **out_client, const lw_client_cfg *cfg, void *memory,
                                    size_t len);
/* Wipes keys. Says nothing to servers: stop first. */
void lw_client_fini(lw_client *client);

/* 0/x/2 Security Mode */
typedef enum lw_security_mode {
    LW_SECURITY_PSK = 0,
    LW_SECURITY_RPK = 1,
    LW_SECURITY_X509 = 2,
    LW_SECURITY_NOSEC = 3,
    LW_SECURITY_EST = 4
} lw_security_mode;

/* One account: a Security and (but for a Bootstrap-Server) a Server instance. Strings are copied.
 */
typedef struct lw_client_account {
    const char *uri;
    bool bootstrap;
    uint32_t ssid;       /* 1..65534; 0 for a Bootstrap-Server */
    uint32_t lifetime;   /* s; 0 means 86400 */
    uint32_t security;   /* lw_security_mode */
    lw_bytes identity;   /* 0/x/3 */
    lw_bytes server_key; /* 0/x/4 */
    lw_bytes secret;     /* 0/x/5 */
    uint32_t hold_off;   /* 0/x/11, Bootstrap-Server only, s */
} lw_client_account;

/* Adds an account as factory data (BS-03). LW_ESTATE: not after lw_client_start. LW_EINVAL: no URI,
 * or a Short Server ID that does not fit. LW_EEXISTS: this server, or a Bootstrap-Server, has one.
 * LW_ENOMEM: more than cfg.servers_max, or than there are instances of objects 0 and 1, or too
 * little cfg.dynamic. LW_ENOTSUP: a Bootstrap-Server without lw_feature_bootstrap. LW_ETOOBIG: the
 * URI or a key is longer than its resource. Nothing is added then. Whether the URI can be reached
 * shows when a link is opened. */
LW_MUST_CHECK lw_err lw_client_add_server(lw_client *client, const lw_client_account *account);

/* ---- Running ----------------------------------------------------------------------------------
 */

/* Registers with the servers there are, or bootstraps (CLI-01). Once in the life of a client. */
void lw_client_start(lw_client *client, lw_time now);

/* De-registers and then stays silent for good; step and poll until lw_client_is_stopped, which
 * waits for the answers as long as for any other, 93 s at most. */
void lw_client_stop(lw_client *client, lw_time now);
bool lw_client_is_stopped(const lw_client *client);

/* Does what is due and returns when to be called next; LW_TIME_NEVER: nothing waits. `now` is
 * monotonic milliseconds and never runs backwards. */
lw_time lw_client_step(lw_client *client, lw_time now);

typedef struct lw_client_out {
    uint8_t link;
    lw_bytes octets; /* valid until the next call of the engine */
} lw_client_out;

/* The next datagram to send; false when there is none, and *out is untouched. */
bool lw_client_poll(lw_client *client, lw_client_out *out);

/* A datagram that came on a link, borrowed for the call. What is no CoAP message, and what comes on
 * a link that is not up, is ignored. */
void lw_client_feed(lw_client *client, lw_time now, uint8_t link, lw_bytes datagram);

/* How an opening that link_open left open with LW_AGAIN ended; link_down also for a link that is
 * gone later. `why` is a failure, with the meanings it has in link_open. The link counts as closed
 * then: link_close is not called for it, link_open is when its time comes. */
void lw_client_link_up(lw_client *client, lw_time now, uint8_t link);
void lw_client_link_down(lw_client *client, lw_time now, uint8_t link, lw_err why);

/* The device got another address: under NoSec it must register anew (REG-44). */
void lw_client_address_changed(lw_client *client, lw_time now);

/* ---- For the application -----------------------------------------------------------------------
 */

/* The declared objects: read and write them with their setters and lw_tree_…. */
lw_tree *lw_client_tree(lw_client *client);
void *lw_client_app(const lw_client *client);
/* Inside a hook of lw_object_hooks: the client it is called for, from its ctx. */
lw_client *lw_client_of_hook(void *hook_ctx);

/* An Update now, with everything that changed; or, where the next attempt is waited for, that
 * attempt: call it when a network is back. ssid 0: all servers. LW_ENOTFOUND: no such account;
 * LW_ESTATE: nothing to hurry, it is not started, disabled, or on its way. */
lw_err lw_client_update(lw_client *client, uint16_t ssid);

/* Sends the values at these paths, as they are now, to one server, or to all (ssid 0) (OBS-30). An
 * LW_CLIENT_SENT for each server tells how it ended: acknowledged, refused, given up after the
 * retries of 1/x/17, or LW_ECANCELED by the end of the registration. LW_ENOTSUP without
 * lw_feature_send, before LwM2M 1.1, or when the server does not take it; LW_EDENIED when muted
 * (1/x/23) or nothing is readable; LW_ESTATE when not registered; LW_ENOMEM. */
lw_err lw_client_send(lw_client *client, uint16_t ssid, const lw_path *paths, size_t count);

/* Keeps the values at a path with the time of now, for the next lw_client_send of this path or one
 * above it: a history. At most cfg.stored_max, the oldest are dropped. LW_ENOTSUP, LW_ENOTFOUND,
 * LW_ENOMEM. */
lw_err lw_client_record(lw_client *client, lw_path path);

/* Bootstraps now, as 1/x/9 does (BS-08). LW_ESTATE without a Bootstrap-Server. */
lw_err lw_client_bootstrap(lw_client *client);

bool lw_client_is_registered(const lw_client *client, uint16_t ssid); /* ssid 0: with any */

/* Octets of the memory in use now, and at most so far; out_peak may be NULL. */
size_t lw_client_mem_used(const lw_client *client, size_t *out_peak);

#ifdef __cplusplus
}
#endif
#endif
