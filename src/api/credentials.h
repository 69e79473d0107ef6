/* Credentials of devices: documents of the store, by endpoint.
 *
 * A document is the JSON that was put, with `changed_at` (ms) beside it; secrets stand in it as
 * they are and are left out of every answer. A PSK identity belongs to one endpoint.
 */
#ifndef LW_API_CREDENTIALS_H
#define LW_API_CREDENTIALS_H

#include <pthread.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "lw/ports.h"

typedef struct credentials {
    lw_store *store;
    pthread_mutex_t change; /* one change at a time; guards the map */
    lw_mem mem;
    lw_map identities; /* of PSK credentials */
    lw_link all;       /* of them */
    lw_hash_key key;
} credentials;

/* Reads the identities. LW_ENOMEM, or what the store says. */
LW_MUST_CHECK lw_err credentials_init(credentials *c, lw_store *store);
void credentials_fini(credentials *c);

#endif
