#include "app/lapwingd/rest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/addr.h"

/* ---- Hooks ------------------------------------------------------------------------------------
 */

static void on_log(void *ctx, int level, const char *module, lw_bytes text)
{
    const rest *r = ctx;
    log_line(r->log, level, module, text);
}

static void on_access(void *ctx, const lw_api_access *access)
{
    const rest *r = ctx;
    char peer[LW_ADDR_TEXT_MAX];
    int shown = access->target.len < 512 ? (int)access->target.len : 512;
    log_say(r->log, LEVEL_DETAIL, "http", "%s %s %.*s %u %llu octets %lld us%s%s",
            lw_addr_format(access->peer, peer), access->method, shown,
            (const char *)access->target.ptr, access->status, (unsigned long long)access->octets,
            (long long)access->microseconds, access->token[0] != '\0' ? " by " : "", access->token);
}

void rest_event(void *ctx, const lw_server_event *event)
{
    rest *r = ctx;
    lw_api_event(r->api, r->shard != NULL ? r->shard->server : NULL, event);
}

/* ---- The first token --------------------------------------------------------------------------
 */

/* Into a file that only its owner can read, and that is there whole or not at all. */
static bool write_token(const char *path, const char *token)
{
    char fresh[CONFIG_TEXT_MAX + 32];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    bool written = dprintf(fd, "%s\n", token) > 0 && fsync(fd) == 0;
    return close(fd) == 0 && written && rename(fresh, path) == 0;
}

/* Without a token nobody could make one. */
static bool make_first_token(rest *r, char *why, size_t why_len)
{
    char token[LW_API_TOKEN_TEXT_MAX];
    char path[CONFIG_TEXT_MAX + 16];
    if (r->config->open || lw_api_token_count(r->api) > 0) {
        return true;
    }
    snprintf(path, sizeof path, "%s/admin-token", r->config->data_dir);
    lw_err err = lw_api_create_token(r->api, "admin", "admin", token);
    if (err != LW_OK) {
        snprintf(why, why_len, "the first token: %s", lw_err_text(err));
        return false;
    }
    if (!write_token(path, token)) {
        snprintf(why, why_len, "%s: %s; 'lapwingd --admin-token' makes another", path,
                 strerror(errno));
        return false;
    }
    log_say(r->log, LEVEL_INFO, "api", "the first token, admin, is in %s", path);
    return true;
}

/* ---- Life -------------------------------------------------------------------------------------
 */

bool rest_open(rest *r, const config *c, lw_store *store, logger *log, char *why, size_t why_len)
{
    lw_api_cfg cfg = {.open = c->open,
                      .threads = (unsigned)c->http_threads,
                      .version = LAPWING_VERSION,
                      .store = store,
                      .ctx = r,
                      .on_access = on_access,
                      .log = on_log};
    *r = (rest){.config = c, .log = log};
    if (lw_addr_parse(c->http, 0, &cfg.http) != LW_OK) {
        snprintf(why, why_len, "http %s: not an address", c->http);
        return false;
    }
    r->api = lw_api_new(&cfg, why, why_len);
    return r->api != NULL;
}

const lw_registry *rest_registry(rest *r)
{
    return lw_api_registry(r->api, 0);
}

bool rest_start(rest *r, shard *s, char *why, size_t why_len)
{
    lw_api_shard shards[] = {{.server = s->server, .inbox = s->inbox, .loop = s->loop}};
    const char *listen[REST_LISTEN_MAX + 1] = {NULL};
    char http[LW_ADDR_TEXT_MAX];
    r->shard = s;
    while (shard_address(s, (unsigned)r->listen_count, r->listen[r->listen_count],
                         sizeof r->listen[0])) {
        listen[r->listen_count] = r->listen[r->listen_count];
        r->listen_count++;
    }
    if (!lw_api_start(r->api, shards, 1, listen, why, why_len)) {
        return false;
    }
    lw_addr bound = lw_api_bound(r->api);
    snprintf(r->listen[r->listen_count++], sizeof r->listen[0], "http %s",
             lw_addr_format(&bound, http));
    return make_first_token(r, why, why_len);
}

void rest_print_addresses(const rest *r)
{
    for (size_t i = 0; i < r->listen_count; i++) {
        printf("listen %s\n", r->listen[i]);
    }
}

void rest_stop(rest *r)
{
    if (r->api != NULL) {
        lw_api_stop(r->api);
    }
}

void rest_close(rest *r)
{
    lw_api_free(r->api);
    r->api = NULL;
}
