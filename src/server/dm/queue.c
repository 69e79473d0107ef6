#include "server/dm/queue.h"

#include "base/assert.h"
#include "proto/request.h"
#include "server/dm/presence.h"
#include "server/dm/request.h"
#include "server/shared/device.h"
#include "server/shared/keep.h"

/* ---- All of them ------------------------------------------------------------------------------
 */

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

static lw_pending *find(const lw_server *server, uint64_t id)
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

static void add(lw_pending *p)
{
    lw_server *server = p->server;
    if (p->id > server->queues.last_id) {
        server->queues.last_id = p->id;
    }
    lw_map_add(&server->queues.by_id, &p->by_id);
    lw_list_add_last(&p->device->queue.requests, &p->link);
    server->stats.waiting_requests++;
}

static void arm(lw_pending *p, lw_time at)
{
    lw_wheel_arm(&p->server->requests_due, &p->timer, at < p->expires ? at : p->expires);
}

/* ---- States -----------------------------------------------------------------------------------
 */

static void tell(lw_pending *p, const lw_server_result *result)
{
    lw_server_event event = {.kind = LW_SERVER_REQUEST,
                             .code = result->code,
                             .err = result->err,
                             .format = result->format,
                             .request = result};
    lw_server_tell(p->server, p->device, event);
}

static void set_state(lw_pending *p, lw_request_state state)
{
    lw_server_stats *stats = &p->server->stats;
    bool was_sent = p->state == LW_REQUEST_SENT;
    bool is_sent = state == LW_REQUEST_SENT;
    stats->in_flight = stats->in_flight + is_sent - was_sent;
    stats->waiting_requests = stats->waiting_requests + was_sent - is_sent;
    p->state = (uint8_t)state;
    lw_server_result result = lw_pending_result(p);
    tell(p, &result);
}

static lw_err put(const lw_pending *p, const lw_server_result *result, lw_haste haste,
                  lw_ticket *out_ticket)
{
    char path[LW_PATH_TEXT_MAX];
    lw_row row = {.kind = LW_ROW_REQUEST, .as.request = lw_pending_row(p, result, path)};
    return lw_server_put(p->server, &row, haste, out_ticket);
}

static lw_err put_state(const lw_pending *p, lw_request_state state, lw_haste haste,
                        lw_ticket *out_ticket)
{
    lw_server_result result = lw_pending_result(p);
    result.state = (uint8_t)state;
    return put(p, &result, haste, out_ticket);
}

/* Out of everything it is in. */
static void leave(lw_pending *p)
{
    lw_server *server = p->server;
    server->stats.in_flight -= p->state == LW_REQUEST_SENT;
    server->stats.waiting_requests -= p->state != LW_REQUEST_SENT;
    lw_list_remove(&p->link);
    lw_map_remove(&server->queues.by_id, &p->by_id);
    lw_wheel_arm(&server->requests_due, &p->timer, LW_TIME_NEVER);
    lw_keep_stop(&p->keep);
}

/* The one end of a request, and of `p`. */
static void finish(lw_pending *p, const lw_server_result *result)
{
    lw_server *server = p->server;
    lw_server_result told = *result;
    void (*on_end)(void *, const lw_server_result *) = p->on_end;
    void *ctx = p->ctx;
    server->stats.requests_failed += told.state == LW_REQUEST_FAILED ||
                                     told.state == LW_REQUEST_EXPIRED ||
                                     told.state == LW_REQUEST_UNKNOWN;
    leave(p);
    tell(p, &told);
    lw_pending_free(p);
    if (on_end != NULL) {
        on_end(ctx, &told);
    }
}

/* Ends it, and its row with it. What the store refuses now it still has as it was: a request that
 * may be repeated will be, after a restart. */
static void end(lw_pending *p, const lw_server_result *result)
{
    lw_ticket ticket;
    if (p->has_row && !p->device->is_leaving && put(p, result, LW_LAZY, &ticket) != LW_OK) {
        lw_server_log(p->server, LW_LOG_WARN, lw_device_name(p->device),
                      "the end of a request could not be stored");
    }
    finish(p, result);
}

static void end_as(lw_pending *p, lw_request_state state, lw_err err)
{
    lw_server_result result = lw_pending_result(p);
    result.state = (uint8_t)state;
    result.err = err;
    end(p, &result);
}

/* ---- Whose turn it is -------------------------------------------------------------------------
 */

static bool is_reachable(const lw_device *device)
{
    return device->is_registered && device->has_hop && device->state == LW_DEVICE_ONLINE &&
           !device->is_leaving;
}

static void pump(lw_server *server, lw_device *device);

/* The store has told whether the row is durable: it waits in the queue now, or never was there. */
static void on_queued(lw_pending *p, lw_err err)
{
    p->is_keeping = false;
    p->has_row = err == LW_OK;
    if (p->on_queued != NULL) {
        p->on_queued(p->ctx, p->id, err);
    }
    if (err == LW_OK) {
        set_state(p, LW_REQUEST_QUEUED);
    } else {
        end_as(p, LW_REQUEST_FAILED, err);
    }
}

static void on_row_kept(lw_server *server, lw_keep *kept, lw_err err)
{
    lw_pending *p = LW_CONTAINER(kept, lw_pending, keep);
    lw_device *device = p->device;
    on_queued(p, err);
    pump(server, device);
}

static lw_err keep(lw_pending *p)
{
    lw_ticket ticket;
    lw_err err = put_state(p, LW_REQUEST_QUEUED, LW_URGENT, &ticket);
    if (err == LW_OK && ticket == 0) { /* there is no store */
        on_queued(p, LW_OK);
    } else if (err == LW_OK) {
        p->is_keeping = true;
        lw_keep_until(p->server, &p->keep, ticket, on_row_kept);
    }
    return err;
}

/* The device cannot be reached: what has no row gets one, or ends. */
static void keep_others(lw_device *device)
{
    lw_link *next;
    for (lw_link *l = device->queue.requests.next; l != &device->queue.requests; l = next) {
        lw_pending *p = lw_pending_of(l);
        next = l->next;
        if (p->has_row || p->is_keeping) {
            continue;
        }
        lw_err err = p->when == LW_WHEN_NOW ? LW_ESTATE : keep(p);
        if (err != LW_OK) {
            end_as(p, LW_REQUEST_FAILED, err);
        }
    }
}

static void try_later(lw_pending *p)
{
    arm(p, lw_time_add(p->server->now, LW_QUEUE_RETRY_MS));
}

static void on_marked(lw_server *server, lw_keep *kept, lw_err err)
{
    lw_pending *p = LW_CONTAINER(kept, lw_pending, keep);
    p->is_keeping = false;
    p->is_marked = err == LW_OK;
    if (err == LW_OK) {
        pump(server, p->device);
    } else {
        try_later(p);
    }
}

/* Lets the store know that it is about to go. True: it may, the store knows. */
static bool mark(lw_pending *p)
{
    lw_ticket ticket;
    if (!p->has_row || lw_pending_may_repeat(p) || p->is_marked) {
        return true;
    }
    if (put_state(p, LW_REQUEST_SENT, LW_URGENT, &ticket) != LW_OK) {
        try_later(p);
        return false;
    }
    p->is_marked = ticket == 0;
    p->is_keeping = ticket != 0;
    if (p->is_keeping) {
        lw_keep_until(p->server, &p->keep, ticket, on_marked);
    }
    return p->is_marked;
}

/* It did not go after all: a restart may send it. */
static void unmark(lw_pending *p)
{
    lw_ticket ticket;
    if (p->is_marked && put_state(p, LW_REQUEST_QUEUED, LW_LAZY, &ticket) == LW_OK) {
        p->is_marked = false;
    }
}

/* LW_OK: on its way. LW_AGAIN: later. LW_END: that was its end. */
static lw_err send(lw_pending *p)
{
    if (!mark(p)) {
        return LW_AGAIN;
    }
    lw_err err = lw_pending_transmit(p);
    if (err == LW_OK) {
        set_state(p, LW_REQUEST_SENT);
        return LW_OK;
    }
    if (p->has_row && err == LW_ENOMEM) {
        try_later(p);
        return LW_AGAIN;
    }
    end_as(p, LW_REQUEST_FAILED, err);
    return LW_END;
}

/* Sends the oldest request, if the device can be reached and none is under way. */
static void pump(lw_server *server, lw_device *device)
{
    lw_link *all = &device->queue.requests;
    lw_err err = LW_END;
    while (err == LW_END && !lw_list_is_empty(all) && !server->is_draining) {
        lw_pending *p = lw_pending_of(all->next);
        if (p->state == LW_REQUEST_SENT || p->is_keeping) {
            return;
        }
        if (!is_reachable(device)) {
            unmark(p);
            keep_others(device);
            return;
        }
        err = send(p);
    }
}

/* ---- What comes of an attempt -----------------------------------------------------------------
 */

/* It is not on its way any more, and will be again. */
static void put_back(lw_pending *p)
{
    if (p->expires <= p->server->now) {
        end_as(p, LW_REQUEST_EXPIRED, LW_OK);
    } else {
        set_state(p, LW_REQUEST_QUEUED);
        arm(p, p->expires);
    }
}

static void on_called_off(lw_pending *p)
{
    if (p->why == LW_PENDING_CANCELED) {
        end_as(p, LW_REQUEST_CANCELED, LW_ECANCELED);
    } else if (lw_pending_may_repeat(p) && (p->has_row || p->why == LW_PENDING_MOVED)) {
        bool is_lost = p->why == LW_PENDING_LOST;
        put_back(p);
        if (is_lost) {
            try_later(p);
        }
    } else {
        end_as(p, p->has_row ? LW_REQUEST_UNKNOWN : LW_REQUEST_FAILED, LW_ECANCELED);
    }
}

/* TRN-43: a device in queue mode that is silent sleeps, and what can wait waits. */
static void on_silence(lw_pending *p, bool was_acked)
{
    if (!was_acked) {
        lw_presence_silent(p->server, p->device);
    }
    if (!was_acked && p->device->queue_mode && p->when != LW_WHEN_NOW && lw_pending_may_repeat(p)) {
        put_back(p);
        return;
    }
    lw_server_result result = lw_pending_result(p);
    result.state = LW_REQUEST_FAILED;
    result.err = LW_ETIMEOUT;
    result.acked = was_acked;
    end(p, &result);
}

static void on_answered(lw_pending *p, const lw_coap_msg *msg)
{
    lw_server_result result = lw_pending_result(p);
    uint32_t format;
    result.state = LW_REQUEST_DONE;
    result.code = msg->code;
    result.payload = msg->payload;
    if (lw_coap_opt_find_uint(msg->options, LW_COAP_OPT_CONTENT_FORMAT, &format)) {
        result.format = (uint16_t)format;
    }
    if (msg->code == LW_COAP_CREATED && p->ask.op == LW_OP_CREATE &&
        lw_created_read(msg->options, &result.path) != LW_OK) {
        result.path = p->downlink.target;
    }
    end(p, &result);
}

void lw_queue_ended(lw_pending *p, const lw_coap_result *result)
{
    lw_server *server = p->server;
    lw_device *device = p->device;
    bool is_called_off = result->err == LW_ECANCELED;
    if (is_called_off) {
        on_called_off(p);
    } else if (result->err == LW_ETIMEOUT) {
        on_silence(p, result->acked);
    } else if (result->msg != NULL) {
        on_answered(p, result->msg);
    } else {
        end_as(p, LW_REQUEST_FAILED, result->err);
    }
    if (!is_called_off) { /* who calls it off knows what comes next */
        pump(server, device);
    }
}

/* ---- What the engine tells --------------------------------------------------------------------
 */

void lw_queue_init(lw_queue *queue)
{
    lw_list_init(&queue->requests);
    queue->learned = (lw_downlink_learned){{0}};
}

void lw_queue_fini(lw_server *server, lw_device *device)
{
    (void)server;
    lw_assert(lw_list_is_empty(&device->queue.requests));
    (void)device;
}

void lw_queue_heard(lw_server *server, lw_device *device)
{
    pump(server, device);
}

static void call_off(lw_device *device, lw_pending_end why)
{
    lw_link *all = &device->queue.requests;
    lw_pending *p = lw_pending_of(all->next);
    if (!lw_list_is_empty(all) && p->state == LW_REQUEST_SENT) {
        lw_pending_call_off(p, why);
    }
}

void lw_queue_moved(lw_server *server, lw_device *device)
{
    (void)server;
    call_off(device, LW_PENDING_MOVED);
    if (!is_reachable(device)) {
        keep_others(device);
    }
}

/* One that ends with its device or its engine; without a row to tell it. */
static void forget_one(lw_pending *p, lw_queue_end why)
{
    bool stays = why == LW_QUEUE_FREED && (p->has_row || p->is_keeping);
    p->has_row = false;
    if (p->transfer != NULL) {
        lw_pending_call_off(p, LW_PENDING_CANCELED);
        return;
    }
    lw_server_result result = lw_pending_result(p);
    result.err = LW_ECANCELED;
    if (!stays) { /* else it goes on after a restart */
        result.state = why == LW_QUEUE_REMOVED ? LW_REQUEST_CANCELED : LW_REQUEST_FAILED;
    }
    finish(p, &result);
}

void lw_queue_cancel_all(lw_server *server, lw_device *device, lw_queue_end why)
{
    lw_link *all = &device->queue.requests;
    (void)server;
    if (why == LW_QUEUE_REMOVED || why == LW_QUEUE_FREED) {
        while (!lw_list_is_empty(all)) {
            forget_one(lw_pending_of(all->next), why);
        }
        return;
    }
    device->queue.learned = (lw_downlink_learned){{0}};
    call_off(device, LW_PENDING_OVER);
    lw_link *next;
    for (lw_link *l = all->next; l != all; l = next) {
        lw_pending *p = lw_pending_of(l);
        next = l->next;
        if (!p->has_row && !p->is_keeping) {
            end_as(p, LW_REQUEST_FAILED, LW_ECANCELED);
        }
    }
}

uint32_t lw_queue_count(const lw_device *device)
{
    uint32_t count = 0;
    const lw_link *all = &device->queue.requests;
    for (const lw_link *l = all->next; l != all; l = l->next) {
        count++;
    }
    return count;
}

bool lw_queue_is_quiet(const lw_server *server)
{
    return server->stats.in_flight == 0;
}

void lw_queue_step(lw_server *server)
{
    lw_wheel_timer *timer;
    while ((timer = lw_wheel_take_due(&server->requests_due, server->now)) != NULL) {
        lw_pending *p = LW_CONTAINER(timer, lw_pending, timer);
        lw_device *device = p->device;
        bool is_waiting = p->state == LW_REQUEST_QUEUED && !p->is_keeping;
        if (p->expires > server->now) {
            arm(p, p->expires);
        } else if (is_waiting) {
            end_as(p, LW_REQUEST_EXPIRED, LW_OK);
        }
        pump(server, device);
    }
}

/* ---- What the store gave ----------------------------------------------------------------------
 */

static lw_err read_row(const lw_server *server, const lw_row_request *row, lw_downlink_ask *ask)
{
    *ask = (lw_downlink_ask){.op = row->op,
                             .body = row->body,
                             .arguments = row->arguments,
                             .format = row->format,
                             .depth = row->depth,
                             .force = row->force};
    bool is_ours = row->id >> 56 == server->cfg.shard && find(server, row->id) == NULL;
    bool is_open = row->state == LW_REQUEST_QUEUED || row->state == LW_REQUEST_SENT;
    bool is_op = row->op >= LW_OP_READ && row->op <= LW_OP_WRITE_COMPOSITE;
    if (!is_ours || !is_open || !is_op || lw_path_parse(row->path, &ask->path) != LW_OK) {
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
    add(p);
    if (row->state == LW_REQUEST_SENT && !lw_pending_may_repeat(p)) {
        end_as(p, LW_REQUEST_UNKNOWN, LW_OK);
    } else {
        arm(p, p->expires);
    }
    return LW_OK;
}

/* ---- What operators do ------------------------------------------------------------------------
 */

static lw_err check(lw_server *server, const lw_device *device, const lw_server_request *request,
                    const lw_downlink_ask *ask)
{
    bool is_reached = request->when == LW_WHEN_QUEUED || is_reachable(device) ||
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
        add(p);
        arm(p, p->expires);
    }
    return p;
}

/* The first step, whose failure is the caller's answer. */
static lw_err enter(lw_pending *p)
{
    lw_device *device = p->device;
    if (p->when == LW_WHEN_QUEUED || !is_reachable(device)) {
        return keep(p);
    }
    if (device->queue.requests.next != &p->link) {
        return LW_OK; /* others are before it */
    }
    lw_err err = lw_pending_transmit(p);
    if (err == LW_OK) {
        set_state(p, LW_REQUEST_SENT);
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
        leave(p);
        lw_pending_free(p);
        return err;
    }
    server->stats.requests++;
    pump(server, device); /* without a store it is in the queue already */
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
        end_as(p, LW_REQUEST_CANCELED, LW_ECANCELED);
    }
    pump(server, device);
}

/* The row first: what the store does not take is not cancelled. */
lw_err lw_server_cancel(lw_server *server, lw_time now, uint64_t id, lw_server_kept_fn *on_kept,
                        void *ctx)
{
    server->now = now;
    lw_pending *p = find(server, id);
    if (p == NULL) {
        return LW_ENOTFOUND;
    }
    cancellation *c = lw_mem_alloc(&server->mem, sizeof *c);
    if (c == NULL) {
        return LW_ENOMEM;
    }
    *c = (cancellation){.on_kept = on_kept, .ctx = ctx};
    lw_ticket ticket = 0;
    lw_server_result result = lw_pending_result(p);
    result.state = LW_REQUEST_CANCELED;
    result.err = LW_ECANCELED;
    lw_err err = p->has_row || p->is_keeping ? put(p, &result, LW_URGENT, &ticket) : LW_OK;
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
    lw_pending *p = find(server, id);
    if (p != NULL) {
        p->on_queued = NULL;
        p->on_progress = NULL;
        p->on_end = NULL;
        if (!p->has_row && !p->is_keeping) {
            cancel(p);
        }
    }
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
