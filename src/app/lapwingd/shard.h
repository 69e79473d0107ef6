/* One shard: a loop, its UDP sockets, one engine, and what the store tells it. Used by the thread
 * that runs the loop.
 *
 *   datagrams -> lw_server_feed   \
 *   commits   -> lw_server_kept    >  then lw_server_step, the timer, and what is to be sent
 *   the API   -> tasks            /
 */
#ifndef LW_APP_LAPWINGD_SHARD_H
#define LW_APP_LAPWINGD_SHARD_H

#include "app/lapwingd/commits.h"
#include "app/lapwingd/config.h"
#include "app/lapwingd/log.h"
#include "host/inbox.h"
#include "host/udp.h"
#include "lw/server.h"

typedef struct shard_cfg {
    const config *config;
    lw_store *store;
    const lw_registry *registry;
    logger *log;
    void (*on_event)(void *ctx, const lw_server_event *event); /* or NULL */
    void *ctx;
} shard_cfg;

typedef struct shard shard;

/* One socket of a shard, as context of its batches. */
typedef struct shard_socket {
    shard *shard;
    lw_udp *udp;
} shard_socket;

struct shard {
    shard_cfg cfg;
    lw_loop *loop;
    lw_server *server;
    lw_server_host host;
    shard_socket sockets[CONFIG_LISTEN_MAX];
    unsigned socket_count;
    lw_timer *timer; /* the engine's next deadline */
    lw_timer *clock; /* looks whether the wall clock jumped, and after the store */
    lw_wake *wake;   /* something was committed */
    lw_inbox *inbox; /* what the API asks */
    commits commits;
    lw_time offset;   /* wall clock minus the loop's, as the engine knows it */
    bool store_fails; /* and the log said so */
};

/* Opens the sockets, then the engine with what the store has. Writes one sentence to why and
 * returns false when that fails; shard_close cleans up in any case. */
bool shard_open(shard *s, lw_loop *loop, const shard_cfg *cfg, char *why, size_t why_len);

/* After anything that may have started something in the engine: does what is due. */
void shard_step(shard *s);

/* "coap ADDRESS" of socket i; false when there is no such socket. */
bool shard_address(const shard *s, unsigned i, char *text, size_t len);

/* Does what the inbox still has, frees the engine and closes the sockets. The store may still
 * commit: close it next. */
void shard_stop(shard *s);
void shard_close(shard *s);

#endif
