/* The REST interface of lapwingd: src/api with the configuration, the log and the shard of this
 * program; and the first token, which lies in the data directory as `admin-token`. */
#ifndef LW_APP_LAPWINGD_REST_H
#define LW_APP_LAPWINGD_REST_H

#include "api/api.h"
#include "app/lapwingd/shard.h"

#define REST_LISTEN_MAX (CONFIG_LISTEN_MAX + 1)

typedef struct rest {
    lw_api *api;
    const config *config;
    logger *log;
    const shard *shard;
    char listen[REST_LISTEN_MAX][LW_ADDR_TEXT_MAX + 8]; /* "coap ADDRESS", … */
    size_t listen_count;
} rest;

/* Reads what the store has. False, with a sentence, when that fails; rest_close in any case. */
bool rest_open(rest *r, const config *c, lw_store *store, logger *log, char *why, size_t why_len);

const lw_registry *rest_registry(rest *r);

/* Serves HTTP in front of the shard, which runs from now on. */
bool rest_start(rest *r, shard *s, char *why, size_t why_len);

/* Says "listen PROTOCOL ADDRESS" for each bound address on stdout. */
void rest_print_addresses(const rest *r);

/* shard_cfg.on_event: to /v1/events. */
void rest_event(void *ctx, const lw_server_event *event);

/* Before the shard is stopped, and after it is. */
void rest_stop(rest *r);
void rest_close(rest *r);

#endif
