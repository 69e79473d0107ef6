#include "server/dm/observation.h"

#include <string.h>

#include "proto/op.h"
#include "server/dm/kept.h"
#include "server/dm/presence.h"
#include "server/dm/record.h"
#include "server/shared/formats.h"
#include "server/shared/links.h"

static lw_wish *wish_of(lw_link *link)
{
    return LW_CONTAINER(link, lw_wish, link);
}

static bool is_established(const lw_wish *w)
{
    return !lw_list_is_empty(&w->obs.link);
}

static lw_server_event event_of(const lw_wish *w, lw_server_event_kind kind)
{
    return (lw_server_event){
        .kind = (uint8_t)kind, .target = lw_wish_target(w), .composite = w->composite};
}

/* All changes go through here. */
static void set_state(lw_wish *w, lw_wish_state state)
{
    w->server->asked -= w->state == LW_WISH_ASKED;
    w->server->asked += state == LW_WISH_ASKED;
    w->state = (uint8_t)state;
}

static lw_err on_notify(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg);
static lw_err on_stale(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg);

/* The device will send notifications from now on, or has been. */
static void join(lw_wish *w)
{
    w->obs.on_notify = on_notify;
    w->obs.on_stale = on_stale;
    if (!is_established(w)) {
        lw_coap_observation_start(&w->obs, &w->device->wishes->established, w->obs.token);
    }
}

/* What operators can do something about. */
static const char *sentence_of(lw_err err)
{
    switch (err) {
    case LW_OK:
        return NULL;
    case LW_ENOTFOUND:
        return "the device does not have this object";
    case LW_ENOTSUP:
        return "the device's LwM2M version does not have such observations, attributes or formats";
    case LW_EINVAL:
        return "the attributes do not go with this path or with each other";
    default:
        return lw_err_text(err);
    }
}

/* It will not send any, or not any more. */
static void refuse(lw_wish *w, uint8_t code, lw_err err, const char *why)
{
    lw_coap_observation_stop(&w->obs);
    set_state(w, LW_WISH_REFUSED);
    w->code = code;
    w->why = why != NULL ? why : sentence_of(err);
    lw_server_event event = event_of(w, LW_SERVER_UNOBSERVED);
    event.code = code;
    event.err = err;
    event.why = w->why;
    lw_server_tell(w->server, w->device, event);
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

static lw_coap_token token_of(const lw_server *server, const lw_wish *w)
{
    const lw_device *d = w->device;
    lw_hash_key key = {{0, 0x6c77206f62736572u}};
    uint32_t rest;
    memcpy(&key.half[0], d->location, 8);
    memcpy(&rest, d->location + 8, sizeof rest);
    key.half[1] ^= rest ^ (uint64_t)w->created_at << 32 ^ (uint64_t)w->created_at;
    uint64_t hash = lw_hash(&key, lw_wish_target(w));
    lw_coap_token token = {.len = LW_COAP_TOKEN_MAX, .octets = {server->cfg.shard}};
    for (size_t i = 1; i < LW_COAP_TOKEN_MAX; i++) {
        token.octets[i] = (uint8_t)(hash >> (8 * i));
    }
    return token;
}

void lw_observation_expect(lw_server *server, lw_wish *w)
{
    w->obs.token = token_of(server, w);
    join(w);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static bool names(void *ctx, lw_path path)
{
    return lw_wish_names(*(const lw_bytes *)ctx, path);
}

static lw_path base_of(const lw_wish *w)
{
    lw_path base = lw_path_root();
    return w->composite || lw_path_parse(lw_wish_target(w), &base) != LW_OK ? lw_path_root() : base;
}

static void tell_bad(lw_wish *w, lw_err err, uint16_t format, lw_bytes payload)
{
    w->server->stats.bad_payloads++;
    lw_server_event event = event_of(w, LW_SERVER_BAD_PAYLOAD);
    event.err = err;
    event.why = lw_err_text(err);
    event.format = format;
    event.payload = payload;
    lw_server_log(w->server, LW_LOG_INFO, lw_device_name(w->device),
                  "a notification that cannot be read");
    lw_server_tell(w->server, w->device, event);
}

/* A representation of the target. LW_OK: it is told, and durable with *out_ticket, or it cannot be
 * read, which is told instead. LW_ENOMEM, LW_EIO: the store did not take it; nothing is told. */
static lw_err take_value(lw_wish *w, uint16_t format, lw_bytes payload, bool is_stale,
                         lw_ticket *out_ticket)
{
    lw_bytes target = lw_wish_target(w);
    *out_ticket = 0;
    lw_report report = {.device = w->device,
                        .source = LW_VALUE_NOTIFIED,
                        .format = lw_format_find(lw_server_formats, format),
                        .payload = payload,
                        .base = base_of(w),
                        .only_timed = is_stale,
                        .allows = w->composite ? names : NULL,
                        .ctx = &target};
    lw_err err =
        report.format != NULL ? lw_record_report(w->server, &report, out_ticket) : LW_ENOTSUP;
    if (err == LW_ENOMEM || err == LW_EIO) {
        return err;
    }
    if (err != LW_OK) {
        tell_bad(w, err, format, payload);
        return LW_OK;
    }
    if (is_stale) {
        return LW_OK;
    }
    w->notified_at = lw_server_wall(w->server);
    w->notifications++;
    w->server->stats.notifications++;
    lw_server_event event = event_of(w, LW_SERVER_NOTIFIED);
    event.format = format;
    event.payload = payload;
    lw_server_tell(w->server, w->device, event);
    return LW_OK;
}

/* A representation that came as the answer to a request of ours: nothing waits for it to be
 * durable. */
static void take_answer(lw_wish *w, const lw_coap_msg *msg)
{
    lw_ticket ticket;
    if (take_value(w, lw_content_format_of(msg), msg->payload, false, &ticket) != LW_OK) {
        lw_server_log(w->server, LW_LOG_WARN, lw_device_name(w->device),
                      "the store did not take a value");
    }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static bool find_object(void *ctx, uint16_t object, const lw_object_def **out_def)
{
    const lw_links_types *types = ctx;
    *out_def = lw_links_definition(types->server, types->links, object);
    return lw_links_find(types->links, object) != NULL;
}

static lw_downlink_device describe(lw_links_types *types)
{
    return (lw_downlink_device){.version = (lw_version)types->links->version,
                                .alternate_path = types->links->alternate_path,
                                .formats = types->links->formats,
                                .object = find_object,
                                .ctx = types};
}

/* What is asked of the device; the paths of a composite are written into `w`. */
static lw_err write_ask(const lw_wish *wish, lw_op single, lw_op composite, lw_writer *w,
                        lw_downlink_ask *out)
{
    *out = (lw_downlink_ask){.op = (uint8_t)(wish->composite ? composite : single),
                             .path = base_of(wish),
                             .arguments =
                                 lw_bytes_of(wish->texts + wish->target_len, wish->attributes_len),
                             .format = wish->asked_format,
                             .depth = LW_DEPTH_DEFAULT};
    lw_err err = wish->composite ? lw_wish_write_paths(lw_wish_target(wish), w) : LW_OK;
    out->body = lw_writer_bytes(w);
    return err;
}

/* The request of a wish. */
typedef struct ask_parts {
    lw_links_types types;
    lw_downlink_device device;
    lw_downlink_ask ask;
    uint8_t options[LW_DOWNLINK_OPTIONS_MAX];
    uint8_t paths[LW_WISH_PATHS_MAX * 32];
    lw_writer options_writer;
} ask_parts;

/* Translates as it was translated for this registration before, or for the first time. */
static lw_err prepare(lw_wish *w, lw_op single, lw_op composite, ask_parts *p)
{
    p->types = (lw_links_types){.server = w->server, .links = w->device->links};
    p->device = describe(&p->types);
    lw_writer_init(&p->options_writer, p->options, sizeof p->options);
    lw_writer paths;
    lw_writer_init(&paths, p->paths, sizeof p->paths);
    lw_err err = write_ask(w, single, composite, &paths, &p->ask);
    if (err == LW_OK && !w->is_translated) {
        err = lw_downlink_start(&p->device, &p->ask, &w->device->queue.learned, &w->server->mem,
                                &w->downlink);
        w->is_translated = err == LW_OK;
    }
    return err;
}

static void stop_transfer(lw_wish *w)
{
    if (w->transfer != NULL) {
        lw_coap_transfer *t = w->transfer;
        w->transfer = NULL;
        lw_coap_transfer_cancel(t, w->server->now);
    }
}

/* Encodes the request and starts it, or goes on from its first answer. The payload is kept until
 * the transfer has ended. */
static lw_err start(lw_wish *w, ask_parts *p, lw_coap_transfer_request *request,
                    const lw_coap_msg *first)
{
    lw_server *server = w->server;
    lw_peer *peer = lw_peer_reach(server, w->device);
    if (peer == NULL) {
        return LW_ESTATE;
    }
    stop_transfer(w);
    lw_mem_release(&server->mem, w->payload);
    w->payload = NULL;
    lw_bytes payload;
    lw_err err = lw_downlink_encode(&w->downlink, &p->device, &p->ask, &server->mem,
                                    &p->options_writer, &payload);
    if (err != LW_OK) {
        return err;
    }
    w->payload = (uint8_t *)(uintptr_t)payload.ptr; /* ours to give back */
    request->code = lw_op_rule_of((lw_op)p->ask.op)->method;
    request->options = lw_writer_bytes(&p->options_writer);
    request->body = payload;
    request->max_body = server->cfg.limits.body_max;
    return first == NULL ? lw_coap_transfer_start(&server->coap, &peer->link.coap, server->now,
                                                  request, &w->transfer)
                         : lw_coap_transfer_continue(&server->coap, &peer->link.coap, server->now,
                                                     request, first, &w->transfer);
}

static void on_first(void *ctx, const lw_coap_msg *msg)
{
    lw_wish *w = ctx;
    if (lw_coap_has(&msg->noted, LW_COAP_NOTE_OBSERVE)) {
        join(w);
        w->obs.sequence = msg->noted.value[LW_COAP_NOTE_OBSERVE];
        w->obs.at = w->server->now;
        w->is_observed = true;
    }
}

static void on_asked(void *ctx, const lw_coap_result *result);

static lw_err send_observe(lw_wish *w)
{
    ask_parts p;
    lw_err err = prepare(w, LW_OP_OBSERVE, LW_OP_OBSERVE_COMPOSITE, &p);
    if (err != LW_OK) {
        return err;
    }
    w->obs.token = token_of(w->server, w);
    w->is_observed = false;
    lw_coap_transfer_request request = {
        .token = &w->obs.token, .on_first = on_first, .on_end = on_asked, .ctx = w};
    err = start(w, &p, &request, NULL);
    if (err == LW_OK) {
        set_state(w, LW_WISH_ASKED);
    }
    return err;
}

static lw_wish *next_waiting(const lw_wishes *all)
{
    for (lw_link *l = all->all.next; l != &all->all; l = l->next) {
        lw_wish *w = wish_of(l);
        if (w->state == LW_WISH_WAITING && !w->is_new && !w->is_withdrawn) {
            return w;
        }
    }
    return NULL;
}

static bool is_asking(const lw_wishes *all)
{
    for (lw_link *l = all->all.next; l != &all->all; l = l->next) {
        if (wish_of(l)->state == LW_WISH_ASKED) {
            return true;
        }
    }
    return false;
}

void lw_observation_ask_next(lw_server *server, lw_device *device)
{
    const lw_wishes *all = device->wishes;
    if (all == NULL || all->is_silent || device->state != LW_DEVICE_ONLINE || is_asking(all) ||
        server->is_draining) {
        return;
    }
    lw_wish *w;
    while ((w = next_waiting(all)) != NULL) {
        lw_err err = send_observe(w);
        if (err == LW_OK || err == LW_ENOMEM || err == LW_ESTATE) {
            return;
        }
        refuse(w, 0, err, NULL); /* not for this device, as it is registered now */
    }
}

/* ---- The answer ------------------------------------------------------------------------------ */

/* It asks for another format: 4.15, 4.06. */
static bool asks_again(lw_wish *w, uint8_t code)
{
    ask_parts p;
    return prepare(w, LW_OP_OBSERVE, LW_OP_OBSERVE_COMPOSITE, &p) == LW_OK &&
           lw_downlink_refused(&w->downlink, &p.device, &p.ask, &w->device->queue.learned,
                               &w->server->mem, code) &&
           send_observe(w) == LW_OK;
}

static void on_answered(lw_wish *w, const lw_coap_msg *msg)
{
    w->code = msg->code;
    if (lw_coap_code_class(msg->code) != 2) {
        if (!asks_again(w, msg->code)) {
            refuse(w, msg->code, LW_OK, NULL);
        }
        return;
    }
    if (!w->is_observed) {
        refuse(w, msg->code, LW_OK, "the device answers, but does not observe"); /* OBS-04 */
        return;
    }
    lw_downlink_learn(&w->downlink, &w->device->queue.learned);
    set_state(w, LW_WISH_ESTABLISHED);
    lw_server_event event = event_of(w, LW_SERVER_OBSERVED);
    event.code = msg->code;
    lw_server_tell(w->server, w->device, event);
    take_answer(w, msg);
}

/* No answer that can be used. */
static void on_failed(lw_wish *w, lw_err err)
{
    lw_wishes *all = w->device->wishes;
    if (w->is_observed) { /* the first block told so; what follows is lost */
        set_state(w, LW_WISH_ESTABLISHED);
        tell_bad(w, err, LW_CF_NONE, lw_bytes_of(NULL, 0));
    } else if (err == LW_ETIMEOUT || err == LW_ENOMEM) {
        set_state(w, LW_WISH_WAITING);
        all->is_silent = true;
        if (err == LW_ETIMEOUT) {
            lw_presence_silent(w->server, w->device);
        }
    } else {
        refuse(w, 0, err, NULL);
    }
}

static void on_asked(void *ctx, const lw_coap_result *result)
{
    lw_wish *w = ctx;
    w->transfer = NULL;
    if (result->err == LW_ECANCELED) {
        set_state(w, LW_WISH_WAITING);
        return; /* by us, or the way to the device is gone */
    }
    lw_server *server = w->server;
    lw_device *device = w->device;
    if (result->err == LW_OK) {
        on_answered(w, result->msg);
    } else {
        on_failed(w, result->err);
    }
    lw_observation_ask_next(server, device);
}

/* ---- Notifications --------------------------------------------------------------------------- */

static void on_fetched(void *ctx, const lw_coap_result *result)
{
    lw_wish *w = ctx;
    w->transfer = NULL;
    if (result->err == LW_OK && lw_coap_code_class(result->msg->code) == 2) {
        take_answer(w, result->msg);
    } else if (result->err != LW_ECANCELED) {
        tell_bad(w, result->err == LW_OK ? LW_EPROTO : result->err, LW_CF_NONE,
                 lw_bytes_of(NULL, 0));
    }
}

/* OBS-20: the first block came, the others are fetched. The newest notification counts. It is
 * acknowledged before it is durable: the device need not answer for the others otherwise. */
static lw_err fetch_rest(lw_wish *w, const lw_coap_msg *msg)
{
    ask_parts p;
    lw_err err = prepare(w, LW_OP_OBSERVE, LW_OP_OBSERVE_COMPOSITE, &p);
    lw_coap_transfer_request request = {.on_end = on_fetched, .ctx = w};
    if (err == LW_OK) {
        err = start(w, &p, &request, msg);
    }
    if (err != LW_OK) {
        tell_bad(w, err, lw_content_format_of(msg), msg->payload);
    }
    return LW_OK;
}

static bool has_more(const lw_coap_msg *msg)
{
    uint32_t block;
    return lw_block_noted(&msg->noted, LW_COAP_NOTE_BLOCK2, &block) && lw_block_has_more(block);
}

static lw_err keep_notification(lw_wish *w, const lw_coap_msg *msg, bool is_stale)
{
    lw_ticket ticket;
    lw_err err = take_value(w, lw_content_format_of(msg), msg->payload, is_stale, &ticket);
    if (err != LW_OK) {
        w->obs.at = INT64_MIN; /* it is not acknowledged, and will come again */
        return LW_END;
    }
    lw_peer *peer = w->device->peer;
    if (ticket == 0 || msg->type != LW_COAP_CON || peer == NULL) {
        return LW_OK;
    }
    err = lw_kept_notification(w->server, peer, msg, ticket);
    return err == LW_AGAIN ? LW_AGAIN : LW_END;
}

static lw_err on_notify(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg)
{
    lw_wish *w = LW_CONTAINER(obs, lw_wish, obs);
    (void)now;
    w->code = msg->code;
    if (lw_coap_code_class(msg->code) != 2) { /* OBS-13 */
        stop_transfer(w);
        refuse(w, msg->code, LW_OK, NULL);
        return LW_OK;
    }
    if (w->state == LW_WISH_WAITING) {
        set_state(w, LW_WISH_ESTABLISHED); /* it was asked before the server went down */
    }
    lw_err err = has_more(msg) ? fetch_rest(w, msg) : keep_notification(w, msg, false);
    if (!is_established(w)) {
        refuse(w, msg->code, LW_OK, "the device does not observe any more");
    }
    return err;
}

static lw_err on_stale(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg)
{
    (void)now;
    return has_more(msg) ? LW_OK : keep_notification(LW_CONTAINER(obs, lw_wish, obs), msg, true);
}

lw_err lw_observation_notified(lw_server *server, lw_peer *peer, const lw_coap_msg *msg)
{
    lw_device *device = peer->device;
    lw_err err = LW_ENOTFOUND;
    if (device != NULL && device->wishes != NULL) {
        err = lw_coap_observations_feed(&device->wishes->established, &peer->link.coap, server->now,
                                        msg);
    }
    server->stats.unknown_tokens += err == LW_ENOTFOUND;
    return err;
}

void lw_observation_lost(lw_server *server, lw_peer *peer, lw_coap_token token)
{
    (void)server;
    lw_wishes *all = peer->device != NULL ? peer->device->wishes : NULL;
    if (all == NULL) {
        return;
    }
    for (lw_link *l = all->established.next; l != &all->established; l = l->next) {
        lw_coap_observation *obs = LW_CONTAINER(l, lw_coap_observation, link);
        if (lw_coap_same_token(&obs->token, &token)) {
            obs->at = INT64_MIN;
        }
    }
}

/* ---- What the engine tells ------------------------------------------------------------------- */

void lw_observation_heard(lw_server *server, lw_device *device)
{
    if (device->wishes != NULL) {
        device->wishes->is_silent = false;
        lw_observation_ask_next(server, device);
    }
}

/* Does something to each wish of a device. */
static void each(lw_device *device, void (*fn)(lw_wish *w))
{
    if (device->wishes == NULL) {
        return;
    }
    for (lw_link *l = device->wishes->all.next; l != &device->wishes->all; l = l->next) {
        fn(wish_of(l));
    }
}

static void hope(lw_wish *w)
{
    if (w->state == LW_WISH_REFUSED) {
        set_state(w, LW_WISH_WAITING);
        w->is_translated = false;
    }
}

void lw_observation_listed(lw_server *server, lw_device *device)
{
    (void)server;
    each(device, hope);
}

/* Notifications go on being welcome, but the device may have given up: what it sent from its new
 * address before we knew of that was answered with Reset. */
static void call_back(lw_wish *w)
{
    stop_transfer(w);
    if (w->state != LW_WISH_REFUSED) {
        set_state(w, LW_WISH_WAITING);
    }
}

void lw_observation_moved(lw_server *server, lw_device *device)
{
    (void)server;
    each(device, call_back);
}

static void forget_registration(lw_wish *w)
{
    stop_transfer(w);
    lw_coap_observation_stop(&w->obs);
    set_state(w, LW_WISH_WAITING);
    w->code = 0;
    w->is_translated = false;
}

void lw_observation_stop(lw_server *server, lw_device *device)
{
    (void)server;
    each(device, forget_registration);
}

void lw_observation_drop(lw_server *server, lw_wish *w)
{
    stop_transfer(w);
    lw_coap_observation_stop(&w->obs);
    set_state(w, LW_WISH_WAITING); /* no longer counted as asked */
    lw_mem_release(&server->mem, w->payload);
    w->payload = NULL;
}

/* OBS-21. The answer is of no interest, and nobody is there to take it. */
void lw_observation_cancel(lw_server *server, lw_wish *w)
{
    bool was_established = is_established(w);
    stop_transfer(w);
    lw_coap_observation_stop(&w->obs);
    lw_peer *peer = was_established && w->device->state == LW_DEVICE_ONLINE
                        ? lw_peer_reach(server, w->device)
                        : NULL;
    if (peer == NULL) {
        return; /* its next notification is answered with Reset */
    }
    ask_parts p;
    lw_bytes payload = {NULL, 0};
    lw_err err = prepare(w, LW_OP_CANCEL, LW_OP_CANCEL_COMPOSITE, &p);
    if (err == LW_OK) {
        err = lw_downlink_encode(&w->downlink, &p.device, &p.ask, &server->mem, &p.options_writer,
                                 &payload);
    }
    if (err == LW_OK) {
        lw_coap_request request = {.code = lw_op_rule_of((lw_op)p.ask.op)->method,
                                   .token = &w->obs.token,
                                   .options = lw_writer_bytes(&p.options_writer),
                                   .payload = payload};
        err = lw_coap_start(&server->coap, &peer->link.coap, server->now, &request, NULL);
    }
    lw_mem_release(&server->mem, (uint8_t *)(uintptr_t)payload.ptr);
    if (err != LW_OK) {
        lw_server_log(server, LW_LOG_DEBUG, lw_device_name(w->device),
                      "an observation ends with a Reset");
    }
}

bool lw_observation_is_quiet(const lw_server *server)
{
    return server->asked == 0;
}
