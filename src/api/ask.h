/* A question to an engine, which lives on another thread.
 *
 *   HTTP thread                         engine's thread
 *   ask_new, fill in
 *   ask_start: posts it, the call waits
 *                                       run(ask): asks the engine; ask_done at once, or from a hook
 *   resumed(call, ask): answers
 *
 * Both sides hold the ask; either may go first: a caller that went away, or an engine that answers
 * much later. What is in it belongs to the engine's side until ask_is_done.
 */
#ifndef LW_API_ASK_H
#define LW_API_ASK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"
#include "http/http.h"

typedef struct api_call api_call;
typedef struct api_ask api_ask;

struct api_ask {
    lw_task task;
    atomic_int holders;
    pthread_mutex_t lock;
    lw_http_call *http; /* who waits; NULL: nobody any more */
    bool done;
    bool peeks; /* `resumed` is also called before it is done */
    const lw_api_shard *shard;
    lw_err err; /* for whoever fills it in */
    void (*run)(api_ask *ask);
    void (*fini)(api_ask *ask); /* frees what is in it; may be NULL */
};

/* `size` octets, zeroed, that begin with an api_ask; held by the caller. NULL: out of memory. */
void *ask_new(size_t size, void (*run)(api_ask *ask), void (*fini)(api_ask *ask));
void ask_drop(api_ask *ask);

/* Has the shard run it; the call waits, and `resumed` is called when it is done. Takes the caller's
 * hold. When the inbox is full the call is answered: 503. */
void ask_start(api_call *call, void *ask, const lw_api_shard *shard,
               void (*resumed)(api_call *call, void *ask));

/* On the engine's thread: everything is filled in. Gives back the engine's hold. */
void ask_done(api_ask *ask);
/* On the engine's thread: something is there to look at, and more will come. Use the lock. */
void ask_poke(api_ask *ask);

bool ask_is_done(api_ask *ask);

/* The call no longer waits for it. */
void ask_leave(api_call *call);

#endif
