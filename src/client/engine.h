/* What the rooms of the client share. Not for applications: they include lw/client.h.
 *
 *   client.c        set-up, step, poll, feed: the front door
 *   outbox.h        datagrams that wait for poll
 *   alarm.c         timers of everybody, in seconds
 *   account.c       /0 and /1 read as server accounts
 *   server.h        one server: its link and its registration (the machine of CLI 13.3)
 *   register.c      what Register, Update and De-register say
 *   schedule.c      which server registers when (CLI 13.2), and the fallback to bootstrap
 *   fetch.h         a download by the device itself (lw/package.h)
 *   acts.c          what hooks of objects ask of the engine (lw/acts.h)
 *   serve.h         requests of servers, and a room for each operation
 *   feature.h       the interface of optional parts
 *   objects/        Security, Server, Device, …: include lw/ headers alone
 *   port/           POSIX; the engine never includes it
 */
#ifndef LW_CLIENT_ENGINE_H
#define LW_CLIENT_ENGINE_H

#include "base/deadline.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/outbox.h"
#include "coap/endpoint.h"
#include "coap/exchange.h"
#include "coap/transfer.h"
#include "codec/format.h"
#include "lw/acts.h"
#include "lw/client.h"
#include "model/tree.h"
#include "model/version.h"
#include "proto/register.h"
#include "proto/request.h"

/* ---- Alarms -----------------------------------------------------------------------------------
 */

/* Something that wants to be woken: a timer of the endpoint, whose config.ctx is the client.
 * Embedded in its owner; LW_CONTAINER finds it. */
typedef lw_coap_timer lw_alarm;

void lw_alarm_set(lw_client *client, lw_alarm *alarm, lw_time at); /* LW_TIME_NEVER: off */

/* The largest number of seconds is never, also where a resource says it. */
#define LW_FOREVER UINT32_MAX
/* How long a link may take to come up, and the next command of a bootstrap (BS-37), in seconds; and
 * all transmissions of a message (RFC 7252 section 4.8.2, with lw_coap_params_udp). */
#define LW_EXCHANGE_LIFETIME 247u
#define LW_MAX_TRANSMIT_WAIT 93u

/* So many seconds from now, and the point in time that this is. */
lw_time lw_alarm_after(const lw_client *client, uint32_t seconds);
void lw_alarm_set_in(lw_client *client, lw_alarm *alarm, uint32_t seconds);
/* CLI-52: with up to 10 % on top, so that a fleet does not come all at once. */
void lw_alarm_set_jittered(lw_client *client, lw_alarm *alarm, uint32_t seconds);

/* ---- One server -------------------------------------------------------------------------------
 */

typedef enum lw_server_state {
    LW_SERVER_IDLE,  /* waits for its turn, or until the bootstrap is over; or has no account */
    LW_SERVER_DELAY, /* 1/x/14; until alarm */
    LW_SERVER_CONNECTING,    /* until link_up or link_down */
    LW_SERVER_REGISTERING,   /* until the exchange ends */
    LW_SERVER_REGISTERED,    /* alarm: next Update */
    LW_SERVER_UPDATING,      /* until the exchange ends */
    LW_SERVER_DEREGISTERING, /* until the exchange ends; then DISABLED, or IDLE */
    LW_SERVER_DISABLED,      /* 1/x/5; until alarm */
    LW_SERVER_BACKOFF        /* 1/x/18, 1/x/19; until alarm, if there is one: all sequences may be
                                over, and a bootstrap comes first */
} lw_server_state;

/* What the next Update has to say (REG-30, REG-31); and a Register: all of it. */
#define LW_UPDATE_LIFETIME LW_REG_LIFETIME
#define LW_UPDATE_BINDING  LW_REG_BINDING
#define LW_UPDATE_OBJECTS  LW_REG_LIST
#define LW_UPDATE_PLAIN    LW_REG_SMS /* nothing, but now: 1/x/8; no client here has a number */
#define LW_UPDATE_ALL \
    (LW_REG_ENDPOINT | LW_REG_LIFETIME | LW_REG_VERSION | LW_REG_BINDING | LW_REG_LIST)

typedef struct lw_server {
    lw_client *client;
    struct lw_server *next; /* place; NULL: this is the last */
    uint8_t link;       /* number for lw_platform: its place, or behind all of them an lw_other */
    uint8_t state;      /* lw_server_state; changed by enter alone */
    uint8_t version;    /* lw_version agreed, or tried next (VER-04) */
    uint8_t update;     /* LW_UPDATE_… pending */
    uint8_t telling;    /* LW_UPDATE_… of the Update in flight */
    uint8_t link_state; /* lw_err: LW_OK, it is up; LW_AGAIN, it is being opened; else closed */
    bool registered;    /* between 2.01 and the end of the registration, UPDATING included */
    bool had_success;   /* since the last bootstrap: 1/x/14 no longer counts (CLI-41) */
    bool answers_lwm2m_cbor; /* was seen using 11544 (DM-13) */
    bool asleep;             /* queue mode */
    bool disable;            /* wanted; and DEREGISTERING ends in DISABLED, not in IDLE */
    bool offline;            /* did not answer, or its link is down */
    bool moved;              /* its /0 instance changed: it needs a new link (BS-52) */
    bool has_turn;           /* the one with 1/x/13 that the others wait for (CLI-40) */
    uint16_t ssid;           /* 0: the Bootstrap-Server, or no account in this place; LW_ID_MAX: a
                                peer without account */
    uint16_t security;       /* instance of /0 */
    uint16_t account;        /* instance of /1; LW_ID_MAX for who is no server */
    uint32_t lifetime;       /* s, as the server knows it */
    uint32_t attempts;       /* of this sequence that failed (CLI-50) */
    uint32_t sequences;      /* of them that failed */
    uint32_t own_address;    /* that it was registered from, under NoSec; 0: unknown */
    void *asking;            /* Register, Update or De-register in flight: an
                                lw_coap_exchange, or what lw_feature_blockwise makes of it */
    lw_time expires;       /* when the registration may be over for the server; NEVER for a lifetime
                              of 0 (CLI-63) */
    lw_time registered_at; /* the last 2.01 */
    /* Its link is up (LW_OK), or down and why; link_state says so already. */
    void (*on_link)(struct lw_server *server, lw_err err);
    lw_alarm alarm; /* of the state */
    lw_alarm nap;   /* queue mode: when the awake window ends (TRN-41) */
    lw_coap_peer peer;
    lw_location location; /* of the registration, as the server gave it (rule 23) */
} lw_server;

/* May requests of this server be served, and notifications be sent to it (REG-08)? */
bool lw_server_is_registered(const lw_server *server);

/* May something be sent to it now? Not before an Update that is wanted or in flight (rule 37); an
 * event tells when it may again. */
bool lw_server_is_ready(const lw_server *server);

/* It does not answer: the registration lives on, but nobody can be told so until an Update gets
 * through. */
void lw_server_go_offline(lw_server *server);

/* Asks for an Update with these reasons; several in one tick become one (CLI-60). */
void lw_server_want_update(lw_server *server, uint8_t reasons);

/* A field of the server's /1 instance, as lw_tree_number. The largest value of any width, which
 * some of them give a meaning, is UINT32_MAX. */
uint32_t lw_server_setting(const lw_server *server, uint16_t resource, uint32_t absent);

/* ---- Events between rooms ---------------------------------------------------------------------
 */

typedef enum lw_server_event {
    LW_SERVER_EV_REGISTERED, /* a new registration: observations and queued data of an older one are
                                void (rule 31) */
    LW_SERVER_EV_UPDATED,
    LW_SERVER_EV_OFFLINE, /* the link is down or the server does not answer; still registered */
    LW_SERVER_EV_ONLINE,  /* a bootstrap is over and left it registered: what waited may go */
    LW_SERVER_EV_ENDED,   /* the registration is over: expired, de-registered, 4.04 */
    LW_SERVER_EV_REMOVED  /* the account is gone: forget all about the server */
} lw_server_event;

/* ---- One request of a server, while it is served ----------------------------------------------
 */

/* A source of the readable values at and below some paths, for lw_encode: resources without R or
 * without a value now, and instances without the right, are left out (DM-11, DM-16, DM-18). An
 * empty multiple resource is LW_ENTRY_EMPTY (DM-15). Server NULL: no rights are asked; the
 * Bootstrap-Server reads everything (BS-24). */
typedef struct lw_readable {
    lw_client *client;
    lw_server *server;
    const lw_path *targets; /* ascending and disjoint: lw_targets_sort */
    uint16_t target_count;
    bool is_list; /* of a composite operation, even with one target */
} lw_readable;

typedef struct lw_call {
    lw_client *client;
    lw_server *server;
    const lw_coap_inbound *in;
    lw_coap_reply *reply;
    const lw_format *body;   /* of the payload; NULL: none to decode */
    const lw_format *answer; /* to encode with; NULL: none */
    bool single;             /* the path is that of one value */
    lw_readable values;      /* at the path, or of the list in the payload */
    lw_request request;
    lw_place target; /* that its path names, as it was before the request changes anything */
} lw_call;

/* ---- Acts that wait for the answer to a request ------------------------------------------------
 */

#define LW_ACTS_MAX 4u

typedef struct lw_act_slot {
    lw_act act; /* NULL: free */
    lw_path path;
    lw_alarm alarm;
} lw_act_slot;

/* ---- The client -------------------------------------------------------------------------------
 */

/* Peers that are no servers to register with. Their links are numbered behind those of servers. */
typedef enum lw_other {
    LW_OTHER_BOOTSTRAP, /* the Bootstrap-Server (client/bootstrap.h) */
    LW_OTHER_FETCH      /* of a download of the device's own (client/fetch.h) */
} lw_other;

typedef struct lw_plug lw_plug; /* client/feature.h */

/* What one feature does for the others (client/feature.h). */
typedef enum lw_part {
    LW_PART_NONE,
    LW_PART_ACCESS,
    LW_PART_OBSERVE,
    LW_PART_COMPOSITE,
    LW_PART_BLOCKWISE,
    LW_PART_BOOTSTRAP,
    LW_PART_PACK,
    LW_PARTS
} lw_part;

struct lw_client {
    bool started;
    bool stopping;
    bool bootstrapping;  /* servers are not served, nothing is sent to them (BS-09, rule 12) */
    bool accounts_dirty; /* /0 or /1 changed: looked at with the next step */
    bool has_factory_data;
    bool erased;              /* factory reset: nothing is stored any more */
    bool clock_is_set;        /* by 3/0/13 */
    lw_server *peers;         /* who has a link: those that are no servers to register with */
    lw_server *servers;       /* and behind them servers_max of these */
    lw_plug *plugs;           /* the features */
    lw_plug *parts[LW_PARTS]; /* which of them does it; NULL: none */
    uint32_t ops;             /* that they serve, bit lw_op each */
    lw_time now;              /* of the call that is being served */
    lw_client_cfg cfg;        /* a copy, common ceilings filled in; what it points to is borrowed */
    lw_pool *pool;            /* of the memory in which all of this lies */
    int64_t clock_ahead;      /* s that 3/0/13 put the clock forward */
    lw_tree tree;
    lw_outbox outbox;
    lw_act_slot acts[LW_ACTS_MAX];
    lw_coap coap;
};

/* All places for servers, the unused ones among them: LW_EACH_SERVER (client, server) { … } */
#define LW_EACH_SERVER(client, server) \
    for (lw_server *server = (client)->servers; server != NULL; server = server->next)

/* Who has the link, or NULL; and a new one, in front of the others. */
lw_server *lw_client_peer(lw_client *client, unsigned link);
void lw_client_add_peer(lw_client *client, lw_server *peer);

/* The registered server with that Short Server ID, or NULL. */
lw_server *lw_client_server(lw_client *client, uint16_t ssid);

void lw_client_tell(lw_client *client, const lw_client_event *event);
/* What concerns no server, and of which there is no more to tell. */
void lw_client_tell_that(lw_client *client, lw_client_event_kind kind);
void lw_client_log(const lw_client *client, lw_log_level level, const char *module,
                   const char *text);
/* What the engine does, for who works on it: gone where lw_assert is. */
#ifdef NDEBUG
#define lw_trace(client, module, text) ((void)sizeof(text))
#else
#define lw_trace(client, module, text) lw_client_log(client, LW_LOG_DEBUG, module, text)
#endif
/* A warning with the number of an error: a device has no room for sentences. */
void lw_client_complain(const lw_client *client, const char *module, const char *what, lw_err err);

/* The platform's own clock, which goes on without power and which no server sets: seconds since
 * 1970, or -1. For deadlines that outlive a power loss. */
int64_t lw_client_clock(const lw_client *client);

/* The wall clock as far as it is known, or else any: seconds that go on. */
int64_t lw_client_seconds(const lw_client *client);

/* What a feature saves is different now: lw_feature_persist stores it with the next step. */
void lw_client_state_changed(lw_client *client);

/* Do instances of the object come from bootstraps and servers? Else they are the device's own. */
bool lw_object_is_configured(const lw_object *object);

/* The Short Server ID of an instance of /0 or /1: 0 for the Security instance of the
 * Bootstrap-Server, LW_ID_MAX without one that is valid. */
uint16_t lw_account_ssid(lw_client *client, lw_path instance);

/* The next instance of /0, or of /1, that has it; start with the object. */
bool lw_account_next(lw_client *client, uint16_t ssid, lw_path *at);

/* Reads /0 and /1 again after they changed (bootstrap, factory data): servers appear, go
 * (EV_REMOVED) or get another link (BS-52). Called by the bootstrap feature after its commit, and
 * by start. */
void lw_client_accounts_changed(lw_client *client);

#endif
