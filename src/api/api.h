/* The REST interface: HTTP in front of the engines and the store.
 *
 *   lw_api_new      reads models and tokens from the store: the engines want its definitions
 *   lw_api_start    serves, as soon as the engines run
 *   lw_api_event    what the engines tell, on its way to /v1/events
 *   lw_api_stop     before the inboxes are closed: no call waits any more
 *   lw_api_free     after the engines are freed
 *
 * Engines are asked on their own threads, by tasks in their inboxes; HTTP threads work on copies.
 */
#ifndef LW_API_API_H
#define LW_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/inbox.h"
#include "host/loop.h"
#include "lw/addr.h"
#include "lw/ports.h"
#include "lw/server.h"

/* ---- Limits -----------------------------------------------------------------------------------
 */

#define LW_API_TOKENS_MAX       1000u
#define LW_API_STREAMS_MAX      256u                /* readers of /v1/events */
#define LW_API_EVENTS_MAX       65536u              /* kept for readers that come back */
#define LW_API_EVENT_OCTETS_MAX (32u * 1024 * 1024) /* of all that are kept */
#define LW_API_EVENT_QUEUE_MAX  16384u /* between engine and stream; more are counted as lost */
#define LW_API_VISITS           20000u /* devices looked at by one task of a list */
#define LW_API_LIST_MS          2000   /* a page that is filtered looks no longer */

typedef struct lw_api_shard {
    lw_server *server;
    lw_inbox *inbox;
    lw_loop *loop;
} lw_api_shard;

/* What an access log says of a call. */
typedef struct lw_api_access {
    const lw_addr *peer;
    const char *token; /* its name; "" without one */
    const char *method;
    lw_bytes target;
    unsigned status; /* 0: the caller went away */
    uint64_t octets;
    int64_t microseconds;
} lw_api_access;

typedef struct lw_api_cfg {
    lw_addr http;
    bool open;           /* no tokens: the address must be a loopback one */
    unsigned threads;    /* of HTTP; 0: 4 */
    const char *version; /* of the program */
    lw_store *store;     /* borrowed */
    void *ctx;           /* of the hooks, which any thread may call. Each may be NULL */
    void (*on_access)(void *ctx, const lw_api_access *access);
    void (*log)(void *ctx, int level, const char *module, lw_bytes text);
    /* Which shard has, or would have, that device. NULL: the first. */
    size_t (*shard_of)(void *ctx, lw_bytes endpoint);
    /* False, with a sentence, when the server should get no work. The store is looked at anyway. */
    bool (*is_ready)(void *ctx, char *why, size_t why_len);
} lw_api_cfg;

typedef struct lw_api lw_api;

/* NULL, and one sentence in why, when that fails. Blocks: it reads the store. */
lw_api *lw_api_new(const lw_api_cfg *cfg, char *why, size_t why_len);

/* The definitions that an engine begins with. They stay until the engine of that shard was given
 * others, or lw_api_free. */
const lw_registry *lw_api_registry(lw_api *api, size_t shard);

/* `shards` is copied. `listen`: the addresses of the server as printed at start, copied, ended by
 * NULL. False, and one sentence in why, when that fails. */
bool lw_api_start(lw_api *api, const lw_api_shard *shards, size_t count, const char *const *listen,
                  char *why, size_t why_len);

/* Where HTTP listens; after lw_api_start. */
lw_addr lw_api_bound(const lw_api *api);

/* From on_event of the engine of that shard, also before lw_api_start. Never blocks. */
void lw_api_event(lw_api *api, const lw_server *server, const lw_server_event *event);

/* How many tokens there are; and a new one, for the first start. `token` has room for
 * LW_API_TOKEN_TEXT_MAX. LW_EEXISTS, LW_EINVAL, LW_ENOMEM, LW_EIO. */
#define LW_API_TOKEN_TEXT_MAX 64
size_t lw_api_token_count(lw_api *api);
LW_MUST_CHECK lw_err lw_api_create_token(lw_api *api, const char *name, const char *role,
                                         char *out_token);

/* Answers what waits with 503, ends the streams, closes HTTP. */
void lw_api_stop(lw_api *api);
void lw_api_free(lw_api *api);

#endif
