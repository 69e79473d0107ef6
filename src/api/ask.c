#include "api/ask.h"

#include <stdlib.h>

#include "api/call.h"

void *ask_new(size_t size, void (*run)(api_ask *ask), void (*fini)(api_ask *ask))
{
    api_ask *ask = calloc(1, size);
    if (ask != NULL) {
        atomic_init(&ask->holders, 1);
        pthread_mutex_init(&ask->lock, NULL);
        ask->run = run;
        ask->fini = fini;
    }
    return ask;
}

void ask_drop(api_ask *ask)
{
    if (ask == NULL || atomic_fetch_sub(&ask->holders, 1) != 1) {
        return;
    }
    if (ask->fini != NULL) {
        ask->fini(ask);
    }
    pthread_mutex_destroy(&ask->lock);
    free(ask);
}

static void run_task(lw_task *task)
{
    api_ask *ask = (api_ask *)(void *)task;
    ask->run(ask);
}

void ask_start(api_call *call, void *what, const lw_api_shard *shard,
               void (*resumed)(api_call *call, void *ask))
{
    api_ask *ask = what;
    call->ask = ask;
    call->resumed = resumed;
    ask->http = call->http;
    ask->shard = shard;
    ask->done = false;
    ask->task.run = run_task;
    atomic_fetch_add(&ask->holders, 1); /* the engine's */
    if (lw_inbox_post(shard->inbox, &ask->task) != LW_OK) {
        atomic_fetch_sub(&ask->holders, 1);
        ask_leave(call);
        call_problem(call, API_BUSY, "too many calls are waiting");
        return;
    }
    lw_http_wait(call->http, 0);
}

static void tell(api_ask *ask, bool done)
{
    pthread_mutex_lock(&ask->lock);
    ask->done = ask->done || done;
    if (ask->http != NULL) {
        lw_http_resume(ask->http);
    }
    pthread_mutex_unlock(&ask->lock);
}

void ask_poke(api_ask *ask)
{
    tell(ask, false);
}

void ask_done(api_ask *ask)
{
    tell(ask, true);
    ask_drop(ask);
}

bool ask_is_done(api_ask *ask)
{
    pthread_mutex_lock(&ask->lock);
    bool done = ask->done;
    pthread_mutex_unlock(&ask->lock);
    return done;
}

void ask_leave(api_call *call)
{
    api_ask *ask = call->ask;
    if (ask == NULL) {
        return;
    }
    pthread_mutex_lock(&ask->lock);
    ask->http = NULL;
    pthread_mutex_unlock(&ask->lock);
    call->ask = NULL;
    ask_drop(ask);
}
