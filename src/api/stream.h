/* Events on their way from the engines to the readers of /v1/events.
 *
 *   engine's thread        the hub's thread              HTTP threads
 *   hub_add: copies  --->  gives it an id, writes   ---> each reader takes from the ring
 *   (bounded queue)        its JSON into the ring        what its filter lets through
 *
 * The ring is the buffer of every reader: a reader has a place in it, and no memory of its own.
 * One whose place falls out of the ring is too slow and is dropped. Nothing ever waits for a
 * reader.
 *
 * How far a transfer is would be most of what is told while a fleet gets its firmware: it is for
 * readers that ask for it by name, and takes a place in the ring only while one of them is there
 * for it.
 *
 * Ids ascend, across restarts too: they are taken from blocks that were put to the store before.
 */
#ifndef LW_API_STREAM_H
#define LW_API_STREAM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/models.h"
#include "base/list.h"
#include "lw/ports.h"
#include "lw/server.h"

typedef struct hub_event hub_event; /* one of the ring */
typedef struct hub_raw hub_raw;     /* one that waits for the hub's thread */
typedef struct api_stream api_stream;

typedef struct hub_cfg {
    models *models;        /* borrowed */
    lw_store *store;       /* borrowed */
    size_t events, octets; /* kept; 0: LW_API_EVENTS_MAX, LW_API_EVENT_OCTETS_MAX */
    unsigned heartbeat_s;  /* 0: 15 */
    void *ctx;
    void (*log)(void *ctx, int level, const char *text);
} hub_cfg;

typedef struct hub {
    hub_cfg cfg;
    pthread_t thread;
    bool is_running;

    pthread_mutex_t in_lock; /* the queue; held for a few instructions */
    pthread_cond_t in_changed;
    hub_raw *first, **last;
    size_t waiting;
    uint64_t lost; /* since it was told last */
    bool stopping;

    pthread_mutex_t lock;  /* the ring and the readers */
    hub_event **ring;      /* cfg.events slots; id n at n % cfg.events */
    uint64_t oldest, next; /* ids; none is there when they are the same */
    size_t octets;
    uint64_t reserved; /* ids below it are promised to be ours */
    lw_link readers;
    size_t reader_count;
    atomic_size_t progress_readers; /* those that asked for progress */
    uint64_t dropped;               /* readers, so far */
} hub;

/* Reads from the store which ids were reserved. LW_ENOMEM, or what the store says. */
LW_MUST_CHECK lw_err hub_init(hub *h, const hub_cfg *cfg);
/* Reserves ids, and starts the thread. Events may be added before. */
LW_MUST_CHECK lw_err hub_start(hub *h);
/* What waits is still told. */
void hub_stop(hub *h);
void hub_fini(hub *h);

/* From an engine's thread. Never blocks. */
void hub_add(hub *h, const lw_server *server, const lw_server_event *event);

typedef struct stream_cfg {
    lw_bytes device; /* copied; empty: all */
    uint32_t types;  /* bit lw_server_event_kind; 0: all but PROGRESS */
    bool has_after;
    uint64_t after;          /* with has_after: begins behind that event */
    void (*wake)(void *ctx); /* from any thread: stream_read has something again */
    void *ctx;
} stream_cfg;

/* The bits of "registered,notification"; false for a name that is none. */
bool stream_types(lw_bytes names, uint32_t *out_types);

typedef struct hub_state {
    uint64_t oldest, newest; /* ids; newest 0: there was none */
    size_t readers;
    uint64_t dropped;
} hub_state;
hub_state hub_get_state(hub *h);

/* NULL: out of memory; or too many readers: then *out_is_full. */
api_stream *stream_open(hub *h, const stream_cfg *cfg, bool *out_is_full);
/* Fills out with what there is: octets, 0 when there is nothing now, STREAM_END. */
#define STREAM_END SIZE_MAX
size_t stream_read(api_stream *s, bool stopping, char *out, size_t cap);
void stream_close(api_stream *s);

#endif
