/* Who waits for the end of a queued request: GET /v1/requests/{id}?wait=…
 *
 * A row of the store says that a request waits, and, up to 200 ms after its end, what came of it.
 * What is between the engine knows: it is asked first, and a watch is told by its event of the end.
 */
#ifndef LW_API_REQUESTS_H
#define LW_API_REQUESTS_H

#include <pthread.h>
#include <stdbool.h>

#include "api/answer.h"
#include "base/list.h"
#include "http/http.h"
#include "lw/server.h"

typedef struct watches {
    pthread_mutex_t lock;
    lw_link list;
} watches;

void watches_init(watches *w);
void watches_fini(watches *w);

/* From an engine's thread: an event of kind REQUEST. */
void watches_tell(watches *w, const lw_server *server, const lw_server_result *r);

typedef struct watch watch;
/* Begins before the state is looked at, so that no end is missed. NULL: out of memory. */
watch *watch_open(watches *w, lw_http_call *http, uint64_t id);
void watch_close(watch *w);

#endif
