#include "server/dm/pending.h"

#include <string.h>

/* ---- All of them ---------------------------------------------------------------------------- */

static uint64_t hash_id(const lw_server *server, uint64_t id)
{
    return lw_hash(&server->secret, lw_bytes_of(&id, sizeof id));
}

static uint64_t hash_of(const void *ctx, const lw_map_node *node)
{
    const lw_pending *p = LW_CONTAINER((uintptr_t)node, lw_pending, by_id);
    return hash_id(ctx, p->id);
}

lw_err lw_queues_init(lw_server *server)
{
    lw_store *store = server->cfg.store;
    server->queues.last_id = (uint64_t)server->cfg.shard << 56;
    lw_err err = lw_map_init(&server->queues.by_id, &server->mem, hash_of, server);
    if (err == LW_OK && store != NULL) {
        uint64_t highest;
        err = store->ops->highest(store, LW_ROW_REQUEST, server->cfg.shard, &highest);
        if (err == LW_OK && highest > server->queues.last_id) {
            server->queues.last_id = highest;
        }
    }
    return err;
}

void lw_queues_fini(lw_server *server)
{
    lw_map_fini(&server->queues.by_id);
}

lw_pending *lw_pending_find(const lw_server *server, uint64_t id)
{
    lw_map_node *n = lw_map_first(&server->queues.by_id, hash_id(server, id));
    for (; n != NULL; n = n->next) {
        lw_pending *p = LW_CONTAINER(n, lw_pending, by_id);
        if (p->id == id) {
            return p;
        }
    }
    return NULL;
}

void lw_pending_join(lw_pending *p)
{
    lw_server *server = p->server;
    if (p->id > server->queues.last_id) {
        server->queues.last_id = p->id;
    }
    lw_map_add(&server->queues.by_id, &p->by_id);
    lw_list_add_last(&p->device->queue.requests, &p->link);
    server->stats.waiting_requests++;
    lw_pending_arm(p, p->expires);
}

void lw_pending_arm(lw_pending *p, lw_time at)
{
    lw_wheel_arm(&p->server->requests_due, &p->timer, at < p->expires ? at : p->expires);
}

void lw_pending_leave(lw_pending *p)
{
    lw_server *server = p->server;
    server->stats.in_flight -= p->state == LW_REQUEST_SENT;
    server->stats.waiting_requests -= p->state != LW_REQUEST_SENT;
    lw_list_remove(&p->link);
    lw_map_remove(&server->queues.by_id, &p->by_id);
    lw_wheel_arm(&server->requests_due, &p->timer, LW_TIME_NEVER);
    lw_keep_stop(&p->keep);
}

/* ---- What is kept --------------------------------------------------------------------------- */

static lw_bytes put_text(uint8_t **at, lw_bytes text)
{
    lw_bytes copy = lw_bytes_of(*at, text.len);
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
    }
    *at += text.len;
    return copy;
}

lw_pending *lw_pending_new(lw_server *server, lw_device *device, const lw_downlink_ask *ask)
{
    lw_pending *p = lw_mem_alloc(&server->mem, sizeof *p + ask->body.len + ask->arguments.len);
    if (p == NULL) {
        return NULL;
    }
    uint8_t *at = p->texts;
    lw_list_init(&p->link);
    lw_wheel_timer_init(&p->timer);
    lw_keep_init(&p->keep);
    p->server = server;
    p->device = device;
    p->ask = *ask;
    p->ask.body = put_text(&at, ask->body);
    p->ask.arguments = put_text(&at, ask->arguments);
    p->state = LW_REQUEST_QUEUED;
    return p;
}

void lw_pending_free(lw_pending *p)
{
    lw_mem_release(&p->server->mem, (void *)(uintptr_t)p->payload.ptr);
    lw_mem_release(&p->server->mem, p);
}

bool lw_pending_may_repeat(const lw_pending *p)
{
    return p->ask.op != LW_OP_EXECUTE && p->ask.op != LW_OP_CREATE;
}

/* ---- States --------------------------------------------------------------------------------- */

lw_server_result lw_pending_result(const lw_pending *p)
{
    static const lw_progress none = {0};
    return (lw_server_result){.id = p->id,
                              .state = p->state,
                              .op = p->ask.op,
                              .format = LW_CF_NONE,
                              .path = p->ask.path,
                              .progress = p->state == LW_REQUEST_SENT ? p->progress : none,
                              .endpoint = lw_device_name(p->device),
                              .at = lw_server_wall(p->server)};
}

static lw_row_request row_of(const lw_pending *p, const lw_server_result *result, char *path_text)
{
    bool has_ended = result->state != LW_REQUEST_QUEUED && result->state != LW_REQUEST_SENT;
    return (lw_row_request){
        .id = p->id,
        .endpoint = lw_device_name(p->device),
        .op = p->ask.op,
        .path = lw_bytes_of(path_text, lw_path_format(result->path, path_text)),
        .body = p->ask.body,
        .arguments = p->ask.arguments,
        .format = p->ask.format,
        .depth = p->ask.depth,
        .force = p->ask.force,
        .timeout_ms = p->timeout_ms,
        .created_at = p->created_at,
        .expires_at = p->expires + p->server->wall_offset,
        .state = result->state,
        .code = result->code,
        .err = lw_row_err(result->err),
        .answer_format = result->format,
        .answer = result->payload,
        .ended_at = has_ended ? result->at : 0,
    };
}

static void tell(lw_pending *p, lw_server_event_kind kind, const lw_server_result *result)
{
    lw_server_event event = {.kind = (uint8_t)kind,
                             .code = result->code,
                             .err = result->err,
                             .format = result->format,
                             .request = result};
    lw_server_tell(p->server, p->device, event);
}

void lw_pending_set_state(lw_pending *p, lw_request_state state)
{
    lw_server_stats *stats = &p->server->stats;
    bool was_sent = p->state == LW_REQUEST_SENT;
    bool is_sent = state == LW_REQUEST_SENT;
    stats->in_flight = stats->in_flight + is_sent - was_sent;
    stats->waiting_requests = stats->waiting_requests + was_sent - is_sent;
    p->state = (uint8_t)state;
    if (state != LW_REQUEST_QUEUED || p->has_row) { /* what waits without one will get it, or go */
        lw_server_result result = lw_pending_result(p);
        tell(p, LW_SERVER_REQUEST, &result);
    }
}

void lw_pending_set_progress(lw_pending *p, const lw_progress *progress)
{
    lw_time now = p->server->now;
    const lw_progress *before = &p->progress;
    bool is_first = progress->received > 0 ? before->received == 0 : before->sent == 0;
    bool is_last = progress->received > 0 ? progress->received == progress->received_of
                                          : progress->sent == progress->sent_of;
    p->progress = *progress;
    if (is_first || is_last || now - p->progress_told_at >= LW_PENDING_PROGRESS_MS) {
        lw_server_result result = lw_pending_result(p);
        p->progress_told_at = now;
        tell(p, LW_SERVER_PROGRESS, &result);
    }
}

static lw_err put(const lw_pending *p, const lw_server_result *result, lw_haste haste,
                  lw_ticket *out_ticket)
{
    char path[LW_PATH_TEXT_MAX];
    lw_row row = {.kind = LW_ROW_REQUEST, .as.request = row_of(p, result, path)};
    return lw_server_put(p->server, &row, haste, out_ticket);
}

lw_err lw_pending_put(const lw_pending *p, lw_request_state state, lw_haste haste,
                      lw_ticket *out_ticket)
{
    lw_server_result result = lw_pending_result(p);
    result.state = (uint8_t)state;
    return put(p, &result, haste, out_ticket);
}

/* What the store refuses now it still has as it was: a request that may be repeated will be, after
 * a restart. */
static void put_end(const lw_pending *p, const lw_server_result *result)
{
    lw_ticket ticket;
    if (p->has_row && !p->device->is_leaving && put(p, result, LW_LAZY, &ticket) != LW_OK) {
        lw_server_log(p->server, LW_LOG_WARN, lw_device_name(p->device),
                      "the end of a request could not be stored");
    }
}

void lw_pending_end(lw_pending *p, const lw_server_result *result)
{
    lw_server *server = p->server;
    lw_server_result told = *result;
    void (*on_end)(void *, const lw_server_result *) = p->on_end;
    void *ctx = p->ctx;
    server->stats.requests_failed += told.state == LW_REQUEST_FAILED ||
                                     told.state == LW_REQUEST_EXPIRED ||
                                     told.state == LW_REQUEST_UNKNOWN;
    put_end(p, result);
    lw_pending_leave(p);
    tell(p, LW_SERVER_REQUEST, &told);
    lw_pending_free(p);
    if (on_end != NULL) {
        on_end(ctx, &told);
    }
}

void lw_pending_end_as(lw_pending *p, lw_request_state state, lw_err err)
{
    lw_server_result result = lw_pending_result(p);
    result.state = (uint8_t)state;
    result.err = err;
    lw_pending_end(p, &result);
}
