#include "app/lapwingd/shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/addr.h"
#include "host/heap.h"

/* How often the wall clock is compared with the monotonic one, and how far they may drift apart
 * before the engine is told, and before people are. */
#define CLOCK_PERIOD_MS ((lw_time)1000)
#define CLOCK_DRIFT_MS  50
#define CLOCK_JUMP_MS   2000

/* ---- Hooks of the engine ----------------------------------------------------------------------
 */

static void on_send(void *ctx, const lw_hop *to, lw_bytes datagram)
{
    shard *s = ctx;
    if (to->socket < s->socket_count) {
        lw_datagram out = {.peer = to->peer, .local = to->local, .bytes = datagram};
        lw_udp_send(s->sockets[to->socket].udp, &out);
    }
}

/* Who it was is all that leads to a device that is kept out. */
static void log_refusal(const shard *s, const lw_server_event *e)
{
    char address[LW_ADDR_TEXT_MAX];
    log_say(s->cfg.log, LEVEL_INFO, "server", "%.*s%s%s; refused to %s", (int)e->endpoint.len,
            (const char *)e->endpoint.ptr, e->endpoint.len > 0 ? ": " : "", e->why,
            lw_addr_format(&e->from->peer, address));
}

static void on_event(void *ctx, const lw_server_event *event)
{
    const shard *s = ctx;
    if (event->kind == LW_SERVER_REFUSED) {
        log_refusal(s, event);
    }
    if (s->cfg.on_event != NULL) {
        s->cfg.on_event(s->cfg.ctx, event);
    }
}

static void on_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno != EINTR) {
            abort(); /* without randomness nothing here is safe */
        }
        if (got > 0) {
            out += got;
            len -= (size_t)got;
        }
    }
}

static void on_log(void *ctx, int level, const char *module, lw_bytes text)
{
    const shard *s = ctx;
    log_line(s->cfg.log, level, module, text);
}

/* ---- Running ----------------------------------------------------------------------------------
 */

void shard_step(shard *s)
{
    lw_timer_arm(s->timer, lw_server_step(s->server, lw_loop_now(s->loop)));
    for (unsigned i = 0; i < s->socket_count; i++) {
        lw_udp_flush(s->sockets[i].udp);
    }
}

static void on_batch(void *ctx, lw_time now, const lw_datagram *batch, size_t count)
{
    const shard_socket *from = ctx;
    shard *s = from->shard;
    for (size_t i = 0; i < count; i++) {
        lw_hop hop = {
            .peer = batch[i].peer, .local = batch[i].local, .socket = (uint8_t)(from - s->sockets)};
        lw_server_feed(s->server, now, &hop, batch[i].bytes);
    }
    shard_step(s);
}

/* Of the timer, and of the inbox after its tasks. */
static void on_step(void *ctx)
{
    shard_step(ctx);
}

/* What operators are refused with a 503, and devices with a 5.03, has a line in the log. */
static void look_at_store(shard *s)
{
    lw_store_health health = s->cfg.store->ops->health(s->cfg.store);
    bool fails = health.err != LW_OK;
    if (fails && !s->store_fails) {
        log_say(s->cfg.log, LEVEL_ERROR, "store", "nothing can be kept: %s", health.why);
    } else if (!fails && s->store_fails) {
        log_say(s->cfg.log, LEVEL_WARNING, "store", "changes are kept again");
    }
    s->store_fails = fails;
}

static void on_commits(void *ctx)
{
    shard *s = ctx;
    commit c;
    bool is_news = false;
    while (commits_take(&s->commits, &c)) {
        lw_server_kept(s->server, lw_loop_now(s->loop), c.ticket, c.err);
        is_news = is_news || (c.err != LW_OK) != s->store_fails;
    }
    if (is_news) {
        look_at_store(s);
    }
    shard_step(s);
}

static void on_clock(void *ctx)
{
    shard *s = ctx;
    lw_time now = lw_loop_now(s->loop), wall = lw_wall_clock();
    lw_time moved = wall - now - s->offset;
    if (moved > CLOCK_DRIFT_MS || moved < -CLOCK_DRIFT_MS) {
        s->offset += moved;
        lw_server_set_clock(s->server, now, wall);
        shard_step(s);
    }
    if (moved > CLOCK_JUMP_MS || moved < -CLOCK_JUMP_MS) {
        log_say(s->cfg.log, LEVEL_WARNING, "clock", "the wall clock jumped by %lld ms",
                (long long)moved);
    }
    look_at_store(s); /* damage is found by who reads, too */
    lw_timer_arm(s->clock, now + CLOCK_PERIOD_MS);
}

/* ---- Opening ----------------------------------------------------------------------------------
 */

static bool open_socket(shard *s, const char *text, char *why, size_t why_len)
{
    shard_socket *into = &s->sockets[s->socket_count];
    lw_udp_cfg cfg = {.on_batch = on_batch, .ctx = into};
    char reason[256];
    if (lw_addr_parse(text, (uint16_t)s->cfg.config->coap_port, &cfg.bind) != LW_OK) {
        snprintf(why, why_len, "listen %s: not an address", text);
        return false;
    }
    into->shard = s;
    into->udp = lw_udp_open(s->loop, &cfg, reason, sizeof reason);
    if (into->udp == NULL) {
        snprintf(why, why_len, "listen: %s", reason);
        return false;
    }
    s->socket_count++;
    return true;
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool open_sockets(shard *s, char *why, size_t why_len)
{
    const config *c = s->cfg.config;
    for (uint64_t i = 0; i < c->listen_count; i++) {
        /* "::" is all of IPv6 and of IPv4; on a machine without IPv6 the second alone. */
        bool is_all = strcmp(c->listen[i], "::") == 0;
        if (!open_socket(s, is_all && !has_ipv6() ? "0.0.0.0" : c->listen[i], why, why_len)) {
            return false;
        }
    }
    return true;
}

static lw_server_cfg engine_cfg(const shard *s)
{
    const config *c = s->cfg.config;
    return (lw_server_cfg){
        .host = &s->host,
        .store = s->cfg.store,
        .registry = s->cfg.registry,
        .strict = c->strict,
        .record = c->record,
        .accept_moved = c->accept_moved,
        .limits = {.devices = (uint32_t)c->max_devices,
                   .peers = (uint32_t)c->max_peers,
                   .links = (uint16_t)c->max_links,
                   .requests_per_device = (uint16_t)c->max_requests,
                   .wishes_per_device = (uint16_t)c->max_wishes,
                   .body_max = (uint32_t)c->max_body,
                   .bodies = (uint16_t)c->max_bodies,
                   .lifetime_default = (uint32_t)c->lifetime_default_s,
                   .expiry_grace = (uint32_t)c->expiry_grace_s,
                   .awake_ms = (uint32_t)c->awake_s * 1000,
                   .response_ms = (uint32_t)c->response_s * 1000,
                   .queue_s = (uint32_t)c->queue_s},
    };
}

typedef struct loading {
    shard *shard;
    size_t rows, left_out;
} loading;

/* One that is only kept to be asked for. */
static bool is_ended_request(const lw_row *row)
{
    return row->kind == LW_ROW_REQUEST && row->as.request.state != LW_REQUEST_QUEUED &&
           row->as.request.state != LW_REQUEST_SENT;
}

static bool load_row(void *ctx, const lw_row *row)
{
    loading *l = ctx;
    if (is_ended_request(row)) {
        return true;
    }
    l->rows++;
    l->left_out += lw_server_load(l->shard->server, row) != LW_OK;
    return true;
}

static bool load_rows(shard *s, char *why, size_t why_len)
{
    static const lw_row_kind kinds[] = {LW_ROW_DEVICE, LW_ROW_WISH, LW_ROW_REQUEST};
    static const char *const names[] = {"devices", "wishes", "requests"};
    lw_store *store = s->cfg.store;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        loading l = {.shard = s};
        lw_err err = store->ops->each(store, kinds[i], load_row, &l);
        if (err != LW_OK) {
            snprintf(why, why_len, "the store's %s cannot be read: %s", names[i], lw_err_text(err));
            return false;
        }
        if (l.rows > 0) {
            log_say(s->cfg.log, l.left_out > 0 ? LEVEL_WARNING : LEVEL_INFO, "store",
                    "%zu %s loaded, %zu left out", l.rows - l.left_out, names[i], l.left_out);
        }
    }
    return true;
}

static bool open_engine(shard *s, char *why, size_t why_len)
{
    lw_time now = lw_loop_now(s->loop), wall = lw_wall_clock();
    s->host = (lw_server_host){.ctx = s,
                               .send = on_send,
                               .on_event = on_event,
                               .random = on_random,
                               .alloc = lw_heap_alloc,
                               .release = lw_heap_release,
                               .log = on_log};
    lw_server_cfg cfg = engine_cfg(s);
    lw_err err = lw_server_new(&cfg, now, wall, &s->server);
    if (err != LW_OK) {
        snprintf(why, why_len, "the engine: %s", lw_err_text(err));
        return false;
    }
    s->offset = wall - now;
    return load_rows(s, why, why_len);
}

bool shard_open(shard *s, lw_loop *loop, const shard_cfg *cfg, char *why, size_t why_len)
{
    *s = (shard){.cfg = *cfg, .loop = loop};
    s->timer = lw_timer_new(loop, on_step, s);
    s->clock = lw_timer_new(loop, on_clock, s);
    s->wake = lw_wake_new(loop, on_commits, s);
    s->inbox = lw_inbox_new(loop, 0, on_step, s);
    commits_init(&s->commits, s->wake);
    if (s->timer == NULL || s->clock == NULL || s->wake == NULL || s->inbox == NULL) {
        snprintf(why, why_len, "out of memory");
        return false;
    }
    cfg->store->ctx = &s->commits;
    cfg->store->on_commit = commits_add;
    if (!open_engine(s, why, why_len) || !open_sockets(s, why, why_len)) {
        return false;
    }
    lw_timer_arm(s->clock, lw_loop_now(loop) + CLOCK_PERIOD_MS);
    shard_step(s);
    return true;
}

bool shard_address(const shard *s, unsigned i, char *text, size_t len)
{
    char address[LW_ADDR_TEXT_MAX];
    if (i >= s->socket_count) {
        return false;
    }
    lw_addr bound = lw_udp_bound(s->sockets[i].udp);
    snprintf(text, len, "coap %s", lw_addr_format(&bound, address));
    return true;
}

void shard_stop(shard *s)
{
    if (s->server != NULL && s->inbox != NULL) {
        lw_inbox_close(s->inbox);
    }
    lw_server_free(s->server);
    s->server = NULL;
    for (unsigned i = 0; i < s->socket_count; i++) {
        lw_udp_close(s->sockets[i].udp);
    }
    s->socket_count = 0;
}

void shard_close(shard *s)
{
    shard_stop(s);
    lw_timer_free(s->timer);
    lw_timer_free(s->clock);
    lw_wake_free(s->wake);
    lw_inbox_free(s->inbox);
    commits_fini(&s->commits);
}
