/* The platform of Linux and other POSIX systems: sockets, names, storage and clocks for the engine.
 *
 *   lw_posix *posix;
 *   lw_posix_new(&posix, &(lw_posix_cfg){.dir = "/var/lib/sensor"});
 *   cfg.platform = lw_posix_platform(posix);
 *   …
 *   lw_client_start(client, lw_posix_now());
 *   for (;;) {
 *       lw_posix_wait(posix, client, LW_TIME_NEVER);
 *   }
 *
 * One UDP socket per link, IPv4 or IPv6. Addresses open at once; names are looked up in a thread,
 * so that nothing waits for them, and of the addresses of a name the next is tried as long as
 * nobody answers at one. A link keeps its own port, with a directory also over restarts: servers
 * know a device without a session by it, and it registers anew when its address is another one.
 * coaps:// needs a secure session, which this platform has none of yet: LW_ENOTSUP.
 */
#ifndef LW_POSIX_H
#define LW_POSIX_H

#include "lw/client.h"
#include "lw/platform.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_posix lw_posix;

typedef struct lw_posix_cfg {
    const char *dir; /* records are files here, readable for the owner alone; made when it is not
                        there; NULL keeps nothing */
    /* Lines of the engine and of this platform, as lw_platform.log; NULL: to stderr, of levels up
     * to log_level. */
    void (*log)(void *log_ctx, int level, const char *module, lw_bytes text);
    void *log_ctx;
    int log_level; /* 0 errors, 1 warnings, 2 information, 3 detail */
} lw_posix_cfg;

#define LW_POSIX_LINKS_MAX   8u
#define LW_POSIX_WATCHED_MAX 4u

/* LW_EIO: the directory cannot be made or used, errno says why; LW_ESTATE: another process uses it;
 * LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_posix_new(lw_posix **out_posix, const lw_posix_cfg *cfg);

/* Could a link to this server ever open? LW_EFORMAT: this is no URI of a server; LW_ENOTSUP: no
 * transport or security mode (lw_security_mode) of this platform. */
LW_MUST_CHECK lw_err lw_posix_check_uri(const char *uri, uint8_t security);

/* Closes everything. The client goes first. */
void lw_posix_free(lw_posix *posix);

/* For lw_client_cfg.platform; lives as long as `posix`. */
const lw_platform *lw_posix_platform(lw_posix *posix);

/* Milliseconds that never run backwards, and go on while the machine is suspended. */
lw_time lw_posix_now(void);

/* The main loop's one line: does what is due, sends, waits for a datagram, a watched descriptor, a
 * signal, the client's next deadline or `until`, whichever comes first, and feeds what came.
 * LW_EIO: waiting itself failed. */
lw_err lw_posix_wait(lw_posix *posix, lw_client *client, lw_time until);

/* lw_posix_wait also returns when `fd` can be read; it is not read here. LW_ENOMEM: too many. */
lw_err lw_posix_watch(lw_posix *posix, int fd);
void lw_posix_unwatch(lw_posix *posix, int fd);

#ifdef __cplusplus
}
#endif
#endif
