#include "server/dm/queue.h"

#include "base/assert.h"
#include "proto/request.h"
#include "server/dm/presence.h"
#include "server/dm/request.h"
#include "server/shared/device.h"
#include "server/shared/keep.h"

/* ---- Whose turn it is ----------------------------------------------------------------------- */

bool lw_queue_reaches(const lw_device *device)
{
    return device->is_registered && device->has_hop && device->state == LW_DEVICE_ONLINE &&
           !device->is_leaving;
}

/* The store has told whether the row is durable: it waits in the queue now, or never was there. */
static void on_queued(lw_pending *p, lw_err err)
{
    p->is_keeping = false;
    p->has_row = err == LW_OK;
    if (p->on_queued != NULL) {
        p->on_queued(p->ctx, p->id, err);
    }
    if (err == LW_OK) {
        lw_pending_set_state(p, LW_REQUEST_QUEUED);
    } else {
        lw_pending_end_as(p, LW_REQUEST_FAILED, err);
    }
}

static void on_row_kept(lw_server *server, lw_keep *kept, lw_err err)
{
    lw_pending *p = LW_CONTAINER(kept, lw_pending, keep);
    lw_device *device = p->device;
    on_queued(p, err);
    lw_queue_pump(server, device);
}

lw_err lw_queue_keep(lw_pending *p)
{
    lw_ticket ticket;
    lw_err err = lw_pending_put(p, LW_REQUEST_QUEUED, LW_URGENT, &ticket);
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
        lw_err err = p->when == LW_WHEN_NOW ? LW_ESTATE : lw_queue_keep(p);
        if (err != LW_OK) {
            lw_pending_end_as(p, LW_REQUEST_FAILED, err);
        }
    }
}

static void try_later(lw_pending *p)
{
    lw_pending_arm(p, lw_time_add(p->server->now, LW_QUEUE_RETRY_MS));
}

static void on_marked(lw_server *server, lw_keep *kept, lw_err err)
{
    lw_pending *p = LW_CONTAINER(kept, lw_pending, keep);
    p->is_keeping = false;
    p->is_marked = err == LW_OK;
    if (err == LW_OK) {
        lw_queue_pump(server, p->device);
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
    if (lw_pending_put(p, LW_REQUEST_SENT, LW_URGENT, &ticket) != LW_OK) {
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
    if (p->is_marked && lw_pending_put(p, LW_REQUEST_QUEUED, LW_LAZY, &ticket) == LW_OK) {
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
        lw_pending_set_state(p, LW_REQUEST_SENT);
        return LW_OK;
    }
    if (p->has_row && err == LW_ENOMEM) {
        try_later(p);
        return LW_AGAIN;
    }
    lw_pending_end_as(p, LW_REQUEST_FAILED, err);
    return LW_END;
}

void lw_queue_pump(lw_server *server, lw_device *device)
{
    lw_link *all = &device->queue.requests;
    lw_err err = LW_END;
    while (err == LW_END && !lw_list_is_empty(all) && !server->is_draining) {
        lw_pending *p = lw_pending_of(all->next);
        if (p->state == LW_REQUEST_SENT || p->is_keeping) {
            return;
        }
        if (!lw_queue_reaches(device)) {
            unmark(p);
            keep_others(device);
            return;
        }
        err = send(p);
    }
}

/* ---- What comes of an attempt --------------------------------------------------------------- */

/* It is not on its way any more, and will be again: at the next uplink, or at `at`. */
static void put_back(lw_pending *p, lw_time at)
{
    if (p->expires <= p->server->now) {
        lw_pending_end_as(p, LW_REQUEST_EXPIRED, LW_OK);
    } else {
        lw_pending_set_state(p, LW_REQUEST_QUEUED);
        lw_pending_arm(p, at);
    }
}

static void on_called_off(lw_pending *p)
{
    if (p->why == LW_PENDING_CANCELED) {
        lw_pending_end_as(p, LW_REQUEST_CANCELED, LW_ECANCELED);
    } else if (lw_pending_may_repeat(p) && (p->has_row || p->why == LW_PENDING_MOVED)) {
        put_back(p, p->why == LW_PENDING_LOST ? lw_time_add(p->server->now, LW_QUEUE_RETRY_MS)
                                              : LW_TIME_NEVER);
    } else {
        lw_pending_end_as(p, p->has_row ? LW_REQUEST_UNKNOWN : LW_REQUEST_FAILED, LW_ECANCELED);
    }
}

/* TRN-43: a device in queue mode that is silent sleeps, and what can wait waits. */
static void on_silence(lw_pending *p, bool was_acked)
{
    if (!was_acked) {
        lw_presence_silent(p->server, p->device);
    }
    if (!was_acked && p->device->queue_mode && p->when != LW_WHEN_NOW && lw_pending_may_repeat(p)) {
        put_back(p, LW_TIME_NEVER);
        return;
    }
    lw_server_result result = lw_pending_result(p);
    result.state = LW_REQUEST_FAILED;
    result.err = LW_ETIMEOUT;
    result.acked = was_acked;
    lw_pending_end(p, &result);
}

static void on_answered(lw_pending *p, const lw_coap_msg *msg)
{
    lw_server_result result = lw_pending_result(p);
    result.state = LW_REQUEST_DONE;
    result.code = msg->code;
    result.payload = msg->payload;
    result.format = lw_content_format_of(msg);
    if (msg->code == LW_COAP_CREATED && p->ask.op == LW_OP_CREATE &&
        lw_created_read(msg->options, &result.path) != LW_OK) {
        result.path = p->downlink.target;
    }
    lw_pending_end(p, &result);
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
        lw_pending_end_as(p, LW_REQUEST_FAILED, result->err);
    }
    if (!is_called_off) { /* who calls it off knows what comes next */
        lw_queue_pump(server, device);
    }
}

/* ---- What the engine tells ------------------------------------------------------------------ */

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
    lw_queue_pump(server, device);
}

static void call_off(lw_device *device, lw_pending_why why)
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
    if (!lw_queue_reaches(device)) {
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
    lw_pending_end(p, &result);
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
            lw_pending_end_as(p, LW_REQUEST_FAILED, LW_ECANCELED);
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
            lw_pending_arm(p, p->expires);
        } else if (is_waiting) {
            lw_pending_end_as(p, LW_REQUEST_EXPIRED, LW_OK);
        }
        lw_queue_pump(server, device);
    }
}
