/* What operators do with requests, and what the store gives back of them. */
#include "server/dm/request.h"
#include "server/shared/device.h"

/* ---- What the store gave -------------------------------------------------------------------- */

static lw_err read_row(const lw_server *server, const lw_row_request *row, lw_downlink_ask *ask)
{
    *ask = (lw_downlink_ask){.op = row->op,
                             .body = row->body,
                             .arguments = row->arguments,
                             .format = row->format,
                             .depth = row->depth,
                             .force = row->force};
    bool is_ours = row->id >> 56 == server->cfg.shard && lw_pending_find(server, row->id) == NULL;
    bool is_open = row->state == LW_REQUEST_QUEUED || row->state == LW_REQUEST_SENT;
    bool is_op = row->op >= LW_OP_READ && row->op <= LW_OP_WRITE_COMPOSITE;
    bool has_end = row->expires_at >= 0 && row->expires_at < LW_TIME_NEVER / 2;
    if (!is_ours || !is_open || !is_op || !has_end ||
        lw_path_parse(row->path, &ask->path) != LW_OK) {
        return LW_EFORMAT;
    }
    return LW_OK;
}

lw_err lw_queue_load(lw_server *server, const lw_row_request *row)
{
    lw_downlink_ask ask;
    lw_device *device = lw_device_find(server, row->endpoint);
    lw_err err = device != NULL ? read_row(server, row, &ask) : LW_EFORMAT;
    if (err != LW_OK) {
        return err;
    }
    lw_pending *p = lw_pending_new(server, device, &ask);
    if (p == NULL) {
        return LW_ENOMEM;
    }
    p->id = row->id;
    p->when = LW_WHEN_QUEUED;
    p->timeout_ms = row->timeout_ms;
    p->created_at = row->created_at;
    p->expires = row->expires_at - server->wall_offset;
    p->has_row = true;
    lw_pending_join(p);
    if (row->state == LW_REQUEST_SENT && !lw_pending_may_repeat(p)) {
        lw_pending_end_as(p, LW_REQUEST_UNKNOWN, LW_OK);
    }
    return LW_OK;
}

/* ---- What operators do ---------------------------------------------------------------------- */

static lw_err check(lw_server *server, const lw_device *device, const lw_server_request *request,
                    const lw_downlink_ask *ask)
{
    bool is_reached = request->when == LW_WHEN_QUEUED || lw_queue_reaches(device) ||
                      (request->when == LW_WHEN_AWAKE && device->is_registered);
    if (server->is_draining || device->links == NULL || !is_reached) {
        return LW_ESTATE;
    }
    if (ask->op > LW_OP_WRITE_COMPOSITE) {
        return LW_EINVAL; /* observations are wishes */
    }
    if (ask->body.len > server->cfg.limits.body_max) {
        return LW_ETOOBIG;
    }
    if (lw_queue_count(device) >= server->cfg.limits.requests_per_device) {
        return LW_ENOMEM;
    }
    lw_pending_target target = {server, device};
    lw_downlink_device view = lw_pending_device(&target);
    lw_downlink downlink;
    return lw_downlink_start(&view, ask, &device->queue.learned, &server->mem, &downlink);
}

static lw_pending *make(lw_server *server, lw_device *device, const lw_server_request *request,
                        const lw_downlink_ask *ask)
{
    uint32_t ceiling = server->cfg.limits.queue_s;
    uint32_t wait =
        request->queue_s != 0 && request->queue_s < ceiling ? request->queue_s : ceiling;
    lw_pending *p = lw_pending_new(server, device, ask);
    if (p != NULL) {
        p->id = server->queues.last_id + 1;
        p->when = request->when;
        p->timeout_ms = request->timeout_ms;
        p->created_at = lw_server_wall(server);
        p->expires = lw_time_add(server->now, (lw_time)wait * LW_SECOND_MS);
        p->on_queued = request->on_queued;
        p->on_progress = request->on_progress;
        p->on_end = request->on_end;
        p->ctx = request->ctx;
        lw_pending_join(p);
    }
    return p;
}

/* The first step, whose failure is the caller's answer. */
static lw_err enter(lw_pending *p)
{
    lw_device *device = p->device;
    if (p->when == LW_WHEN_QUEUED || !lw_queue_reaches(device)) {
        return lw_queue_keep(p);
    }
    if (device->queue.requests.next != &p->link) {
        return LW_OK; /* others are before it */
    }
    lw_err err = lw_pending_transmit(p);
    if (err == LW_OK) {
        lw_pending_set_state(p, LW_REQUEST_SENT);
    }
    return err;
}

lw_err lw_server_submit(lw_server *server, lw_time now, const lw_server_request *request,
                        uint64_t *out_id)
{
    server->now = now;
    lw_device *device = lw_device_find(server, request->endpoint);
    if (device == NULL || device->is_leaving) {
        return LW_ENOTFOUND;
    }
    lw_downlink_ask ask = {.op = request->op,
                           .path = request->path,
                           .body = request->body,
                           .arguments = request->arguments,
                           .format = request->format,
                           .depth = request->depth,
                           .force = request->force};
    lw_err err = check(server, device, request, &ask);
    if (err != LW_OK) {
        return err;
    }
    lw_pending *p = make(server, device, request, &ask);
    if (p == NULL) {
        return LW_ENOMEM;
    }
    *out_id = p->id;
    err = enter(p);
    if (err != LW_OK) {
        lw_pending_leave(p);
        lw_pending_free(p);
        return err;
    }
    server->stats.requests++;
    lw_queue_pump(server, device); /* without a store it is in the queue already */
    return LW_OK;
}

typedef struct cancellation {
    lw_keep keep;
    lw_server_kept_fn *on_kept;
    void *ctx;
} cancellation;

static void on_cancellation_kept(lw_server *server, lw_keep *kept, lw_err err)
{
    cancellation c = *LW_CONTAINER(kept, cancellation, keep);
    lw_mem_release(&server->mem, LW_CONTAINER(kept, cancellation, keep));
    if (c.on_kept != NULL) {
        c.on_kept(c.ctx, err);
    }
}

static void cancel(lw_pending *p)
{
    lw_server *server = p->server;
    lw_device *device = p->device;
    p->has_row = false; /* it was put already, if there is one */
    if (p->transfer != NULL) {
        lw_pending_call_off(p, LW_PENDING_CANCELED);
    } else {
        lw_pending_end_as(p, LW_REQUEST_CANCELED, LW_ECANCELED);
    }
    lw_queue_pump(server, device);
}

/* The row first: what the store does not take is not cancelled. */
lw_err lw_server_cancel(lw_server *server, lw_time now, uint64_t id, lw_server_kept_fn *on_kept,
                        void *ctx)
{
    server->now = now;
    lw_pending *p = lw_pending_find(server, id);
    if (p == NULL) {
        return LW_ENOTFOUND;
    }
    cancellation *c = lw_mem_alloc(&server->mem, sizeof *c);
    if (c == NULL) {
        return LW_ENOMEM;
    }
    *c = (cancellation){.on_kept = on_kept, .ctx = ctx};
    lw_ticket ticket = 0;
    lw_err err = p->has_row || p->is_keeping
                     ? lw_pending_put(p, LW_REQUEST_CANCELED, LW_URGENT, &ticket)
                     : LW_OK;
    if (err != LW_OK) {
        lw_mem_release(&server->mem, c);
        return err;
    }
    if (ticket != 0) { /* before the next request gets a higher one */
        lw_keep_until(server, &c->keep, ticket, on_cancellation_kept);
    }
    cancel(p);
    if (ticket == 0) {
        lw_keep_until(server, &c->keep, ticket, on_cancellation_kept);
    }
    return LW_OK;
}

void lw_server_abandon(lw_server *server, lw_time now, uint64_t id)
{
    server->now = now;
    lw_pending *p = lw_pending_find(server, id);
    if (p != NULL) {
        p->on_queued = NULL;
        p->on_progress = NULL;
        p->on_end = NULL;
        if (!p->has_row && !p->is_keeping) {
            cancel(p);
        }
    }
}

lw_err lw_server_get_request(const lw_server *server, uint64_t id, lw_server_result *out_state)
{
    const lw_pending *p = lw_pending_find(server, id);
    if (p == NULL) {
        return LW_ENOTFOUND;
    }
    *out_state = lw_pending_result(p);
    return LW_OK;
}

lw_err lw_server_requests(const lw_server *server, lw_bytes endpoint,
                          void (*fn)(void *ctx, const lw_server_result *state), void *ctx)
{
    const lw_device *device = lw_device_find(server, endpoint);
    if (device == NULL) {
        return LW_ENOTFOUND;
    }
    lw_link *all = (lw_link *)(uintptr_t)&device->queue.requests;
    for (lw_link *l = all->next; l != all; l = l->next) {
        lw_server_result result = lw_pending_result(lw_pending_of(l));
        fn(ctx, &result);
    }
    return LW_OK;
}
