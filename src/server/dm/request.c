#include "server/dm/request.h"

#include "proto/request.h"
#include "server/dm/presence.h"
#include "server/shared/links.h"

/* ---- The device, as downlink.h sees it ------------------------------------------------------ */

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

/* ---- An attempt ----------------------------------------------------------------------------- */

static void on_progress(void *ctx, const lw_progress *progress)
{
    lw_pending *p = ctx;
    lw_presence_heard(p->server, p->device);
    lw_pending_set_progress(p, progress);
    if (p->on_progress != NULL) {
        p->on_progress(p->ctx, p->id, progress);
    }
}

static void on_answer(void *ctx, const lw_coap_result *result);

/* To what is left of timeout_ms; 0: it has none. */
static void limit(const lw_pending *p)
{
    lw_time left = p->attempt_ends - p->server->now;
    if (p->timeout_ms != 0) {
        lw_coap_transfer_limit(p->transfer, left > 0 ? (uint32_t)left : 1);
    }
}

static lw_err start_transfer(lw_pending *p, lw_peer *peer, lw_bytes options)
{
    lw_coap_transfer_request request = {
        .code = lw_op_rule_of((lw_op)p->ask.op)->method,
        .options = options,
        .body = p->payload,
        .max_body = p->server->cfg.limits.body_max,
        .on_progress = on_progress,
        .on_end = on_answer,
        .ctx = p,
    };
    p->progress = (lw_progress){0};
    lw_err err = lw_coap_transfer_start(&p->server->coap, &peer->link.coap, p->server->now,
                                        &request, &p->transfer);
    if (err == LW_OK) {
        limit(p);
    }
    return err;
}

static void drop_payload(lw_pending *p)
{
    lw_mem_release(&p->server->mem, (void *)(uintptr_t)p->payload.ptr);
    p->payload = lw_bytes_of(NULL, 0);
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
    if (result->err == LW_OK) {
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

void lw_pending_call_off(lw_pending *p, lw_pending_why why)
{
    p->why = (uint8_t)why;
    lw_coap_transfer_cancel(p->transfer, p->server->now);
}
