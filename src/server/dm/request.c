#include "server/dm/request.h"

#include <string.h>

#include "proto/request.h"
#include "server/dm/presence.h"
#include "server/shared/links.h"

/* ---- The device, as downlink.h sees it --------------------------------------------------------
 */

static bool find_object(void *ctx, uint16_t object, const lw_object_def **out_def)
{
    const lw_pending_target *target = ctx;
    const lw_links *links = target->device->links;
    *out_def = lw_links_definition(target->server, links, object);
    return lw_links_find(links, object) != NULL;
}

lw_downlink_device lw_pending_device(lw_pending_target *target)
{
    const lw_device *device = target->device;
    return (lw_downlink_device){.version = (lw_version)device->version,
                                .alternate_path = device->links->alternate_path,
                                .formats = device->links->formats,
                                .object = find_object,
                                .ctx = target};
}

/* ---- What is kept -----------------------------------------------------------------------------
 */

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

static void drop_payload(lw_pending *p)
{
    lw_mem_release(&p->server->mem, (void *)(uintptr_t)p->payload.ptr);
    p->payload = lw_bytes_of(NULL, 0);
}

void lw_pending_free(lw_pending *p)
{
    drop_payload(p);
    lw_mem_release(&p->server->mem, p);
}

lw_server_result lw_pending_result(const lw_pending *p)
{
    return (lw_server_result){.id = p->id,
                              .state = p->state,
                              .op = p->ask.op,
                              .format = LW_CF_NONE,
                              .path = p->ask.path,
                              .endpoint = lw_device_name(p->device),
                              .at = lw_server_wall(p->server)};
}

lw_row_request lw_pending_row(const lw_pending *p, const lw_server_result *result, char *path_text)
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
        .expires_at = lw_time_add(p->expires, p->server->wall_offset),
        .state = result->state,
        .code = result->code,
        .err = (int8_t)result->err,
        .answer_format = result->format,
        .answer = result->payload,
        .ended_at = has_ended ? result->at : 0,
    };
}

bool lw_pending_may_repeat(const lw_pending *p)
{
    return p->ask.op != LW_OP_EXECUTE && p->ask.op != LW_OP_CREATE;
}

/* ---- An attempt -------------------------------------------------------------------------------
 */

static void on_progress(void *ctx, size_t sent, size_t received)
{
    lw_pending *p = ctx;
    lw_presence_heard(p->server, p->device);
    if (p->on_progress != NULL) {
        p->on_progress(p->ctx, p->id, sent, received);
    }
}

static void on_answer(void *ctx, const lw_coap_result *result);

/* What is left of timeout_ms; 0: it has none. */
static uint32_t time_left(const lw_pending *p)
{
    lw_time left = p->attempt_ends - p->server->now;
    return p->timeout_ms == 0 ? 0 : left > 0 ? (uint32_t)left : 1;
}

static lw_err start_transfer(lw_pending *p, lw_peer *peer, lw_bytes options)
{
    lw_coap_transfer_request request = {
        .code = lw_op_rule_of((lw_op)p->ask.op)->method,
        .options = options,
        .body = p->payload,
        .max_body = p->server->cfg.limits.body_max,
        .on_progress = on_progress,
        .timeout_ms = time_left(p),
        .on_end = on_answer,
        .ctx = p,
    };
    return lw_coap_transfer_start(&p->server->coap, &peer->link.coap, p->server->now, &request,
                                  &p->transfer);
}

/* In the formats that p->downlink holds. */
static lw_err attempt(lw_pending *p)
{
    lw_pending_target target = {p->server, p->device};
    lw_downlink_device device = lw_pending_device(&target);
    lw_peer *peer = lw_peer_reach(p->server, p->device);
    if (peer == NULL) {
        return LW_ESTATE;
    }
    uint8_t room[LW_DOWNLINK_OPTIONS_MAX];
    lw_writer options;
    lw_writer_init(&options, room, sizeof room);
    drop_payload(p);
    lw_err err =
        lw_downlink_encode(&p->downlink, &device, &p->ask, &p->server->mem, &options, &p->payload);
    return err == LW_OK ? start_transfer(p, peer, lw_writer_bytes(&options)) : err;
}

lw_err lw_pending_transmit(lw_pending *p)
{
    lw_pending_target target = {p->server, p->device};
    lw_downlink_device device = lw_pending_device(&target);
    lw_err err = lw_downlink_start(&device, &p->ask, &p->device->queue.learned, &p->server->mem,
                                   &p->downlink);
    p->why = LW_PENDING_LOST;
    p->attempt_ends = lw_time_add(p->server->now, p->timeout_ms);
    return err == LW_OK ? attempt(p) : err;
}

/* True: the device did not take a format, and there is another to try (SRV-04). */
static bool goes_on(lw_pending *p, uint8_t code, lw_err *out_err)
{
    lw_pending_target target = {p->server, p->device};
    lw_downlink_device device = lw_pending_device(&target);
    if (!lw_downlink_refused(&p->downlink, &device, &p->ask, &p->device->queue.learned,
                             &p->server->mem, code)) {
        return false;
    }
    *out_err = attempt(p);
    return true;
}

static void on_answer(void *ctx, const lw_coap_result *result)
{
    lw_pending *p = ctx;
    lw_coap_result end = *result;
    p->transfer = NULL;
    if (p->why == LW_PENDING_CANCELED) { /* by the callback of the last block */
        end = (lw_coap_result){.err = LW_ECANCELED, .now = result->now};
    } else if (result->err == LW_OK) {
        lw_presence_heard(p->server, p->device);
        if (goes_on(p, result->msg->code, &end.err)) {
            if (end.err == LW_OK) {
                return;
            }
            end.msg = NULL;
        } else if (lw_coap_code_class(result->msg->code) == 2) {
            lw_downlink_learn(&p->downlink, &p->device->queue.learned);
        }
    }
    drop_payload(p);
    lw_queue_ended(p, &end);
}

void lw_pending_call_off(lw_pending *p, lw_pending_end why)
{
    p->why = (uint8_t)why;
    lw_coap_transfer_cancel(p->transfer, p->server->now);
}
