/* What a device gives the engine: randomness, links to servers, storage, a clock, and its own acts.
 *
 * The engine calls these; none may block, and none may call back into the engine (events of a link
 * come in through lw_client_link_up, lw_client_link_down and lw_client_feed, from the loop). A hook
 * that is marked optional may be NULL.
 */
#ifndef LW_PLATFORM_H
#define LW_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where to connect to, from one Security instance. Valid for the call. */
typedef struct lw_link_to {
    lw_bytes uri;        /* 0/x/0: coap://host:port, coaps://… */
    uint8_t security;    /* 0/x/2: 0 PSK, 1 RPK, 2 X.509, 3 NoSec, 4 EST */
    bool bootstrap;      /* 0/x/1 */
    lw_bytes identity;   /* 0/x/3 */
    lw_bytes server_key; /* 0/x/4 */
    lw_bytes secret;     /* 0/x/5 */
} lw_link_to;

typedef struct lw_platform {
    void *ctx; /* first argument of every hook */

    /* Unpredictable octets: tokens, message ids, jitter. */
    void (*random)(void *ctx, uint8_t *out, size_t len);

    /* Opens link number `link`: 0 … servers_max - 1 for servers, servers_max for the
     * Bootstrap-Server, servers_max + 1 for a download. Resolves the name, makes a socket, shakes
     * hands. LW_OK: it is up. LW_AGAIN: lw_client_link_up
     * or lw_client_link_down follows. LW_EFORMAT or LW_ENOTSUP: this URI or security mode will
     * never work. Any other failure: it may work later. A link that is open is closed first. */
    lw_err (*link_open)(void *ctx, uint8_t link, const lw_link_to *to);
    void (*link_close)(void *ctx, uint8_t link);

    /* Needed with lw_feature_bootstrap: could link_open ever work with this URI and security mode?
     * Opens nothing. LW_EFORMAT: it is no URI of a server; LW_ENOTSUP: no scheme or mode of this
     * platform, or they do not go together. Asked for every account before a bootstrap is accepted
     * (BS-40). */
    lw_err (*link_check)(void *ctx, lw_bytes uri, uint8_t security);

    /* Optional: the device's own address on a link that is up, as a digest, 0 when unknown. Without
     * a session a server knows the device by it: with another one than it registered from, also
     * after a power loss, the client registers anew (REG-44). */
    uint32_t (*own_address)(void *ctx, uint8_t link);

    /* Optional: seconds since 1970-01-01T00:00:00Z, or a negative number when unknown. Time-stamped
     * values, 1/x/12 and a registration that outlives a power loss need it. */
    int64_t (*wall_clock)(void *ctx);

    /* Optional, all three or none: one small record per name, kept over power loss. A write that is
     * cut off must leave the old record. LW_ENOTFOUND when there is none. Names are at most 15
     * octets of [a-z0-9.-]. load fills at most cap octets and tells the whole length. An empty
     * record erases. */
    lw_err (*store)(void *ctx, const char *name, lw_bytes record);
    lw_err (*load)(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len);
    void (*erase_all)(void *ctx);

    /* Optional: one line for people, without a newline. level: 0 error, 1 warning, 2 information,
     * 3 detail. */
    void (*log)(void *ctx, int level, const char *module, lw_bytes text);
} lw_platform;

#ifdef __cplusplus
}
#endif
#endif
