/* What the files of this port share.
 *
 *   posix.c     sockets, clocks, the log, and the wait that ties them to a client
 *   store.c     records as files
 *   resolve.c   names to addresses, in a thread
 */
#ifndef LW_CLIENT_PORT_POSIX_PRIV_H
#define LW_CLIENT_PORT_POSIX_PRIV_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

/* ---- URIs ---- */

typedef struct lw_posix_target {
    char host[256];
    char port[6];
} lw_posix_target;

/* Takes coap://host:port apart. LW_ENOTSUP: a scheme that CoAP has and this port does not;
 * LW_EFORMAT: anything else. */
lw_err lw_posix_target_parse(lw_bytes uri, lw_posix_target *out_target);

/* ---- Names ----
 * A lookup belongs to its thread until it is done; who no longer wants the answer forgets it.
 */

typedef struct lw_posix_lookups lw_posix_lookups;

lw_posix_lookups *lw_posix_lookups_new(void); /* NULL: no memory or no descriptors */
void lw_posix_lookups_free(lw_posix_lookups *lookups);

/* Readable when an answer is there. */
int lw_posix_lookups_fd(const lw_posix_lookups *lookups);

/* Starts one for `link`; it takes the place of one that goes on. LW_ENOMEM: no thread. */
lw_err lw_posix_lookup(lw_posix_lookups *lookups, uint8_t link, const lw_posix_target *target);
void lw_posix_lookup_forget(lw_posix_lookups *lookups, uint8_t link);

typedef struct lw_posix_answer {
    uint8_t link;
    int error;                  /* of getaddrinfo; 0: found */
    struct addrinfo *addresses; /* the caller's, to free with freeaddrinfo */
} lw_posix_answer;

/* The next answer that somebody still wants; false when there is none. */
bool lw_posix_lookup_take(lw_posix_lookups *lookups, lw_posix_answer *out_answer);

/* ---- Records ---- */

/* Opens and locks the directory. Failures as of lw_posix_new. */
lw_err lw_posix_dir_open(const char *path, int *out_dir);
lw_err lw_posix_record_store(int dir, const char *name, lw_bytes record);
lw_err lw_posix_record_load(int dir, const char *name, uint8_t *out, size_t cap, size_t *out_len);
void lw_posix_record_erase_all(int dir);

#endif
