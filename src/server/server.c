#include "lw/server.h"

#include <string.h>

#include "model/registry.h"
#include "proto/request.h"
#include "server/dm/observation.h"
#include "server/dm/presence.h"
#include "server/dm/record.h"
#include "server/dm/registration.h"
#include "server/dm/send.h"
#include "server/engine.h"
#include "server/shared/device.h"
#include "server/shared/keep.h"
#include "server/shared/links.h"
#include "server/shared/peer.h"

#define MODULE "server"

#define PAYLOAD_MAX        1024u /* of one message: a block */
#define SEEN_PER_PEER      64u   /* message ids of one peer */
#define QUEUED_PER_PEER    96u   /* requests and answers of ours: every wish, and some more */
#define LATER_PER_PEER     8u    /* requests of one peer that wait for the store */
#define HANDSHAKE_MESSAGES 4u

/* ---- What the host supplies -------------------------------------------------------------------
 */

static void *host_alloc(void *ctx, size_t size)
{
    const lw_server_host *host = ctx;
    return host->alloc(host->ctx, size);
}

static void host_release(void *ctx, void *ptr)
{
    const lw_server_host *host = ctx;
    host->release(host->ctx, ptr);
}

static void host_random(void *ctx, uint8_t *out, size_t len)
{
    const lw_server_host *host = ctx;
    host->random(host->ctx, out, len);
}

static void host_log(void *ctx, lw_log_level level, const char *module, lw_bytes text)
{
    const lw_server_host *host = ctx;
    host->log(host->ctx, (int)level, module, text);
}

static void send_octets(void *ctx, lw_net_link *link, lw_bytes octets)
{
    lw_server *server = ctx;
    const lw_server_host *host = server->cfg.host;
    host->send(host->ctx, &LW_CONTAINER(link, lw_peer, link)->hop, octets);
}

static void send_message(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    lw_server *server = ctx;
    lw_net_send(&server->net, peer, message);
}

/* Without a session there is nothing that could close. */
static void on_closed(void *ctx, lw_net_link *link, lw_time now, lw_err why)
{
    (void)ctx, (void)link, (void)now, (void)why;
}

void lw_server_tell(lw_server *server, const lw_device *device, lw_server_event event)
{
    const lw_server_host *host = server->cfg.host;
    if (device != NULL) {
        event.endpoint = lw_device_name(device);
    }
    event.at = lw_server_wall(server);
    host->on_event(host->ctx, &event);
}

void lw_server_log(lw_server *server, lw_log_level level, lw_bytes endpoint, const char *what)
{
    if (server->log.line == NULL) {
        return;
    }
    uint8_t text[512];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_write_bytes(&w, endpoint);
    lw_write_str(&w, endpoint.len > 0 ? ": " : "");
    lw_write_str(&w, what);
    lw_log_line(&server->log, level, MODULE, lw_writer_bytes(&w));
}

/* ---- The store --------------------------------------------------------------------------------
 */

lw_err lw_server_put(lw_server *server, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    lw_store *store = server->cfg.store;
    *out_ticket = 0;
    return store != NULL ? store->ops->put(store, row, haste, out_ticket) : LW_OK;
}

lw_err lw_server_drop(lw_server *server, const lw_row *key, lw_haste haste, lw_ticket *out_ticket)
{
    lw_store *store = server->cfg.store;
    *out_ticket = 0;
    return store != NULL ? store->ops->remove(store, key, haste, out_ticket) : LW_OK;
}

void lw_server_kept(lw_server *server, lw_time now, lw_ticket ticket, lw_err err)
{
    server->now = now;
    lw_keep_release(server, ticket, err);
}

/* ---- What comes in ----------------------------------------------------------------------------
 */

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    lw_server *server = ctx;
    lw_peer *peer = lw_peer_of(in->peer);
    lw_server_settle(server); /* of a request in the same datagram: its answer is out */
    lw_request request;
    uint8_t code = lw_route_server(in->msg, &request);
    if (code != LW_COAP_EMPTY) {
        reply->code = code;
        return LW_OK;
    }
    switch (request.op) {
    case LW_OP_REGISTER:
        return lw_registration_register(server, peer, &request, reply);
    case LW_OP_UPDATE:
        return lw_registration_update(server, peer, &request, reply);
    case LW_OP_DEREGISTER:
        return lw_registration_deregister(server, peer, &request, reply);
    case LW_OP_SEND:
        return lw_send_handle(server, peer, in, &request, reply);
    default: /* bootstrap is another role */
        reply->code = LW_COAP_NOT_FOUND;
        return LW_OK;
    }
}

static bool on_notification(void *ctx, lw_coap_peer *peer, lw_time now, const lw_coap_msg *msg)
{
    lw_server *server = ctx;
    (void)now;
    lw_server_settle(server);
    lw_err err = lw_observation_notified(server, lw_peer_of(peer), msg);
    return lw_coap_notified(&server->coap, peer, msg, err);
}

void lw_server_feed(lw_server *server, lw_time now, const lw_hop *from, lw_bytes datagram)
{
    server->now = now;
    lw_peer *peer = lw_peer_at(server, from);
    if (peer == NULL) {
        lw_server_log(server, LW_LOG_WARN, lw_bytes_str(""), "no memory for another peer");
        return;
    }
    uint32_t malformed = server->coap.stats.malformed;
    server->from = from;
    lw_net_feed(&server->net, &peer->link, now, datagram);
    if (peer->device != NULL && server->coap.stats.malformed == malformed) {
        lw_presence_heard(server, peer->device); /* TRN-42: any message */
    }
    lw_server_settle(server);
    server->from = NULL;
}

/* ---- Time -------------------------------------------------------------------------------------
 */

static lw_time earlier(lw_time a, lw_time b)
{
    return a < b ? a : b;
}

/* Adds up what the endpoint counts before it wraps. */
static uint64_t since(uint64_t total, uint32_t now, uint32_t seen)
{
    return total + (uint32_t)(now - seen);
}

static lw_totals totals_of(const lw_server *server)
{
    const lw_coap_stats *now = &server->coap.stats;
    const lw_totals *t = &server->totals;
    return (lw_totals){.seen = *now,
                       .received = since(t->received, now->received, t->seen.received),
                       .sent = since(t->sent, now->sent, t->seen.sent),
                       .retransmitted =
                           since(t->retransmitted, now->retransmitted, t->seen.retransmitted),
                       .duplicates = since(t->duplicates, now->duplicates, t->seen.duplicates),
                       .malformed = since(t->malformed, now->malformed, t->seen.malformed),
                       .timeouts = since(t->timeouts, now->timeouts, t->seen.timeouts)};
}

lw_time lw_server_step(lw_server *server, lw_time now)
{
    server->now = now;
    lw_net_step(&server->net, now);
    lw_server_settle(server);
    lw_presence_step(server);
    lw_queue_step(server);
    server->totals = totals_of(server);
    lw_time next = lw_peers_step(server);
    next = earlier(next, lw_net_next_deadline(&server->net));
    next = earlier(next, lw_wheel_next(&server->devices_due));
    return earlier(next, lw_wheel_next(&server->requests_due));
}

void lw_server_set_clock(lw_server *server, lw_time now, lw_time wall)
{
    server->now = now;
    server->wall_offset = wall - now;
}

bool lw_server_drain(lw_server *server, lw_time now)
{
    server->now = now;
    server->is_draining = true;
    return lw_queue_is_quiet(server) && lw_observation_is_quiet(server) &&
           lw_list_is_empty(&server->keeps);
}

/* ---- Set-up -----------------------------------------------------------------------------------
 */

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value == LW_LIMIT_NONE ? 0 : value != 0 ? value : standard;
}

static uint16_t or_default16(uint16_t value, uint16_t standard)
{
    return value != 0 ? value : standard;
}

static lw_server_limits with_defaults(const lw_server_limits *given)
{
    return (lw_server_limits){.devices = or_default(given->devices, 2000000),
                              .peers = or_default(given->peers, 65536),
                              .messages = or_default(given->messages, 262144),
                              .links = or_default16(given->links, 1024),
                              .requests_per_device = or_default16(given->requests_per_device, 64),
                              .wishes_per_device = or_default16(given->wishes_per_device, 64),
                              .body_max = or_default(given->body_max, 1024 * 1024),
                              .bodies = or_default16(given->bodies, 1024),
                              .lifetime_default = or_default(given->lifetime_default, 86400),
                              .expiry_grace = or_default(given->expiry_grace, 247),
                              .awake_ms = or_default(given->awake_ms, 93000),
                              .response_ms = or_default(given->response_ms, 60000),
                              .queue_s = or_default(given->queue_s, 604800)};
}

static const lw_coap_handler handler = {
    .send = send_message, .on_request = on_request, .on_notification = on_notification};

static const lw_net_io io = {.send = send_octets, .on_closed = on_closed};

/* LW_EINVAL, LW_ENOMEM. */
static lw_err init_coap(lw_server *server)
{
    const lw_server_limits *limits = &server->cfg.limits;
    server->params = lw_coap_params_udp;
    server->params.response_timeout_ms = limits->response_ms;
    server->params.token_len = LW_COAP_TOKEN_MAX;
    lw_coap_bodies_init(&server->bodies, limits->body_max, limits->bodies,
                        server->params.exchange_lifetime_ms);
    server->buf = lw_mem_alloc(&server->mem, LW_COAP_BUF_SIZE(PAYLOAD_MAX));
    server->scratch = lw_mem_alloc(&server->mem, LW_SERVER_SCRATCH);
    if (server->buf == NULL || server->scratch == NULL) {
        return LW_ENOMEM;
    }
    lw_coap_config config = {.mem = server->mem,
                             .rng = server->rng,
                             .handler = &handler,
                             .ctx = server,
                             .limits = {.max_seen = limits->messages,
                                        .max_seen_per_peer = SEEN_PER_PEER,
                                        .max_queued = QUEUED_PER_PEER,
                                        .max_later = LATER_PER_PEER},
                             .later = &lw_coap_later_answers,
                             .buf = server->buf,
                             .buf_size = LW_COAP_BUF_SIZE(PAYLOAD_MAX),
                             .bodies = &server->bodies};
    lw_net_init(&server->net, &server->coap, &io, server, HANDSHAKE_MESSAGES);
    return lw_coap_init(&server->coap, &config);
}

static lw_err init_rooms(lw_server *server)
{
    lw_err err = init_coap(server);
    if (err == LW_OK) {
        err = lw_links_init(server);
    }
    if (err == LW_OK) {
        err = lw_devices_init(server);
    }
    if (err == LW_OK) {
        err = lw_queues_init(server);
    }
    return err;
}

static void init(lw_server *server, const lw_server_cfg *cfg, lw_time now, lw_time wall)
{
    lw_server_host *host = (lw_server_host *)(uintptr_t)cfg->host; /* only passed back to us */
    server->cfg = *cfg;
    server->cfg.limits = with_defaults(&cfg->limits);
    server->mem = (lw_mem){.alloc = host_alloc, .release = host_release, .ctx = host};
    server->rng = (lw_rng){.fill = host_random, .ctx = host};
    server->log = (lw_log){.line = host->log != NULL ? host_log : NULL, .ctx = host};
    server->started = now;
    lw_server_set_clock(server, now, wall);
    host->random(host->ctx, (uint8_t *)&server->secret, sizeof server->secret);
    lw_wheel_init(&server->devices_due, now);
    lw_wheel_init(&server->requests_due, now);
    lw_list_init(&server->keeps);
    lw_list_init(&server->profiles);
}

static bool is_complete(const lw_server_host *host)
{
    return host != NULL && host->send != NULL && host->on_event != NULL && host->random != NULL &&
           host->alloc != NULL && host->release != NULL;
}

lw_err lw_server_new(const lw_server_cfg *cfg, lw_time now, lw_time wall, lw_server **out_server)
{
    *out_server = NULL;
    if (!is_complete(cfg->host)) {
        return LW_EINVAL;
    }
    lw_server *server = cfg->host->alloc(cfg->host->ctx, sizeof *server);
    if (server == NULL) {
        return LW_ENOMEM;
    }
    memset(server, 0, sizeof *server);
    init(server, cfg, now, wall);
    lw_err err = lw_peers_init(server);
    if (err == LW_OK) {
        err = init_rooms(server);
    }
    if (err != LW_OK) {
        lw_server_free(server);
        return err;
    }
    *out_server = server;
    return LW_OK;
}

void lw_server_free(lw_server *server)
{
    if (server == NULL) {
        return;
    }
    server->is_draining = true; /* what loses its peer is not sent again */
    lw_peers_fini(server);
    lw_keep_release(server, UINT64_MAX, LW_ECANCELED); /* answers went with their peers */
    lw_device *d = NULL;
    while ((d = lw_device_after(server, d != NULL ? d->number : 0)) != NULL) {
        lw_queue_cancel_all(server, d, LW_QUEUE_FREED);
        lw_queue_fini(server, d);
        lw_observation_forget(server, d);
    }
    lw_queues_fini(server);
    lw_devices_fini(server);
    lw_links_fini(server);
    if (server->buf != NULL && server->coap.config.buf != NULL) {
        lw_coap_fini(&server->coap);
    }
    lw_mem_release(&server->mem, server->buf);
    lw_mem_release(&server->mem, server->scratch);
    lw_wipe(&server->secret, sizeof server->secret);
    server->cfg.host->release(server->cfg.host->ctx, server);
}

lw_err lw_server_load(lw_server *server, const lw_row *row)
{
    switch (row->kind) {
    case LW_ROW_DEVICE:
        return lw_registration_load(server, &row->as.device);
    case LW_ROW_WISH:
        return lw_observation_load(server, &row->as.wish);
    case LW_ROW_REQUEST:
        return lw_queue_load(server, &row->as.request);
    default:
        return LW_EFORMAT;
    }
}

void lw_server_set_registry(lw_server *server, const lw_registry *registry)
{
    server->cfg.registry = registry;
}

lw_err lw_server_set_profile(lw_server *server, lw_bytes id, lw_bytes list)
{
    lw_bytes rest = id;
    lw_bytes one;
    lw_links *links;
    if (!lw_profile_next(&rest, &one) || !lw_bytes_equal(one, id)) {
        return LW_EINVAL;
    }
    lw_err err = lw_links_borrow(server, list, LW_VERSION_NEWEST, &links);
    if (err != LW_OK) {
        return err == LW_ENOMEM ? err : LW_EINVAL;
    }
    err = links->count > 0 ? lw_profile_learn(server, id, list) : LW_EINVAL;
    lw_links_release(server, links);
    return err;
}

/* ---- Devices ----------------------------------------------------------------------------------
 */

static lw_server_device shown(const lw_device *device)
{
    lw_server_device out = {.row = lw_device_row(device),
                            .state = device->state,
                            .requests = lw_queue_count(device),
                            .wishes = lw_observation_count(device)};
    if (device->links != NULL) {
        out.alternate_path = device->links->alternate_path;
        out.formats = device->links->formats;
    }
    return out;
}

lw_err lw_server_get(const lw_server *server, lw_bytes endpoint, lw_server_device *out_device)
{
    const lw_device *device = lw_device_find(server, endpoint);
    if (device == NULL) {
        return LW_ENOTFOUND;
    }
    *out_device = shown(device);
    return LW_OK;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool contains(lw_bytes name, lw_bytes text)
{
    for (size_t at = 0; at + text.len <= name.len; at++) {
        size_t i = 0;
        while (i < text.len && lower(name.ptr[at + i]) == lower(text.ptr[i])) {
            i++;
        }
        if (i == text.len) {
            return true;
        }
    }
    return false;
}

static bool passes(const lw_device *device, const lw_device_filter *filter)
{
    if (filter->states != 0 && (filter->states & device->state) == 0) {
        return false;
    }
    if (filter->object >= 0 &&
        (device->links == NULL || lw_links_find(device->links, (uint16_t)filter->object) == NULL)) {
        return false;
    }
    return contains(lw_device_name(device), filter->text);
}

uint64_t lw_server_list(const lw_server *server, const lw_device_filter *filter,
                        void (*fn)(void *ctx, const lw_server_device *device), void *ctx)
{
    uint64_t after = filter->after;
    uint32_t given = 0;
    for (uint32_t visits = 0; visits < filter->visits && given < filter->limit; visits++) {
        const lw_device *device = lw_device_after(server, after);
        if (device == NULL) {
            return 0;
        }
        after = device->number;
        if (passes(device, filter)) {
            lw_server_device out = shown(device);
            fn(ctx, &out);
            given++;
        }
    }
    return lw_device_after(server, after) != NULL ? after : 0;
}

bool lw_server_next_object(const lw_server_device *device, size_t *cursor, lw_path *out_path,
                           uint8_t *out_major, uint8_t *out_minor)
{
    lw_object_list list = {.alternate_path = device->alternate_path};
    lw_link_reader_init(&list.reader, device->row.links);
    list.reader.pos = *cursor;
    list.reader.begun = *cursor > 0;
    lw_object_link link;
    if (!lw_object_list_next(&list, &link)) {
        return false;
    }
    lw_object_version version =
        link.has_version ? link.version
                         : lw_object_version_implied((lw_version)device->row.version,
                                                     lw_path_id(link.path, LW_LEVEL_OBJECT));
    *cursor = list.reader.pos;
    *out_path = link.path;
    *out_major = version.major;
    *out_minor = version.minor;
    return true;
}

/* ---- Forgetting one ---------------------------------------------------------------------------
 */

typedef struct removal {
    lw_keep keep;
    lw_device *device;
    lw_server_kept_fn *on_kept;
    void *ctx;
} removal;

static void forget(lw_server *server, lw_device *device)
{
    lw_device_unlocate(server, device);
    lw_queue_cancel_all(server, device, LW_QUEUE_REMOVED);
    lw_queue_fini(server, device);
    lw_observation_forget(server, device);
    lw_presence_set(server, device, LW_DEVICE_OFFLINE);
    lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_REMOVED});
    lw_device_forget(server, device);
}

static void on_removed(lw_server *server, lw_keep *keep, lw_err err)
{
    removal r = *LW_CONTAINER(keep, removal, keep);
    lw_mem_release(&server->mem, LW_CONTAINER(keep, removal, keep));
    r.device->is_leaving = false;
    if (err == LW_OK) {
        forget(server, r.device);
    }
    if (r.on_kept != NULL) {
        r.on_kept(r.ctx, err);
    }
}

lw_err lw_server_remove(lw_server *server, lw_time now, lw_bytes endpoint,
                        lw_server_kept_fn *on_kept, void *ctx)
{
    server->now = now;
    lw_device *device = lw_device_find(server, endpoint);
    if (device == NULL || device->is_leaving) {
        return LW_ENOTFOUND;
    }
    removal *r = lw_mem_alloc(&server->mem, sizeof *r);
    if (r == NULL) {
        return LW_ENOMEM;
    }
    *r = (removal){.device = device, .on_kept = on_kept, .ctx = ctx};
    lw_row key = {.kind = LW_ROW_DEVICE, .as.device = lw_device_row(device)};
    lw_ticket ticket;
    lw_err err = lw_server_drop(server, &key, LW_URGENT, &ticket);
    if (err != LW_OK) {
        lw_mem_release(&server->mem, r);
        return err;
    }
    device->is_leaving = true;
    lw_keep_until(server, &r->keep, ticket, on_removed);
    return LW_OK;
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

lw_server_stats lw_server_get_stats(const lw_server *server)
{
    lw_server_stats stats = server->stats;
    lw_totals totals = totals_of(server);
    stats.received = totals.received;
    stats.sent = totals.sent;
    stats.retransmitted = totals.retransmitted;
    stats.duplicates = totals.duplicates;
    stats.malformed = totals.malformed;
    stats.timeouts = totals.timeouts;
    stats.devices = server->devices.count;
    stats.registered = server->devices.registered;
    stats.asleep = server->devices.asleep;
    stats.peers = server->peers.count;
    return stats;
}
