#include "server/dm/registration.h"

#include <string.h>

#include "proto/endpoint.h"
#include "proto/op.h"
#include "server/dm/observation.h"
#include "server/dm/presence.h"
#include "server/dm/record.h"
#include "server/shared/device.h"
#include "server/shared/links.h"

/* ---- Refusals -------------------------------------------------------------------------------- */

static lw_err refuse(lw_server *server, lw_bytes endpoint, lw_op op, lw_refusal why,
                     lw_coap_reply *reply)
{
    uint8_t code = lw_refusal_code(why);
    if (!lw_endpoint_is_valid(endpoint)) {
        endpoint = lw_bytes_of(NULL, 0); /* nothing to show to people */
    }
    reply->code = lw_op_may_answer(op, code) ? code : LW_COAP_BAD_REQUEST;
    server->stats.refused++;
    lw_server_event event = {.kind = LW_SERVER_REFUSED,
                             .code = reply->code,
                             .why = lw_refusal_text(why),
                             .endpoint = endpoint,
                             .from = server->from};
    lw_server_tell(server, NULL, event);
    return LW_OK;
}

static lw_register_policy policy_of(const lw_server *server)
{
    const lw_server_cfg *cfg = &server->cfg;
    return (lw_register_policy){.strict = cfg->strict,
                                .links_max = cfg->limits.links,
                                .lifetime = cfg->strict ? 0 : cfg->limits.lifetime_default};
}

/* ---- What few devices have ------------------------------------------------------------------- */

static void put_unknown(const lw_request *request, lw_writer *w)
{
    lw_coap_opt_iter it = lw_coap_opts(request->options);
    lw_query query;
    while (lw_register_next_unknown(&it, &query)) {
        if (w->pos > 0) {
            lw_write_u8(w, '&');
        }
        lw_write_bytes(w, query.name);
        if (query.value.ptr != NULL) {
            lw_write_u8(w, '=');
            lw_write_bytes(w, query.value);
        }
    }
}

/* NULL in *out when there is nothing. */
static lw_err make_extra(lw_server *server, lw_bytes sms, lw_bytes profiles, lw_bytes unknown,
                         lw_extra **out)
{
    *out = NULL;
    size_t len = sms.len + profiles.len + unknown.len;
    if (len == 0) {
        return LW_OK;
    }
    lw_extra *extra = lw_mem_alloc(&server->mem, sizeof *extra + len);
    if (extra == NULL) {
        return LW_ENOMEM;
    }
    lw_writer w;
    lw_writer_init(&w, extra->octets, len);
    lw_write_bytes(&w, sms);
    lw_write_bytes(&w, profiles);
    lw_write_bytes(&w, unknown);
    extra->sms = (uint16_t)sms.len;
    extra->profiles = (uint16_t)profiles.len;
    extra->unknown = (uint16_t)unknown.len;
    *out = extra;
    return LW_OK;
}

/* ---- The object list -------------------------------------------------------------------------
 * REG-53: the lists of all profiles and the one in the payload, together.
 */

static lw_refusal merge_lists(lw_server *server, const lw_registration *reg, lw_bytes *out_text)
{
    lw_writer w;
    lw_writer_init(&w, server->scratch, LW_SERVER_SCRATCH);
    lw_bytes profiles = reg->profiles;
    lw_bytes profile;
    while (lw_profile_next(&profiles, &profile)) {
        lw_bytes list = lw_profile_list(server, profile);
        if (list.len == 0) {
            return LW_REFUSAL_UNKNOWN_LIST;
        }
        if (w.pos > 0) {
            lw_write_u8(&w, ',');
        }
        lw_write_bytes(&w, list);
    }
    if (reg->list.len > 0) {
        lw_write_u8(&w, ',');
        lw_write_bytes(&w, reg->list);
    }
    *out_text = lw_writer_bytes(&w);
    return w.err == LW_OK ? LW_REFUSAL_NONE : LW_REFUSAL_LONG_LIST;
}

static uint32_t digest_of(const lw_server *server, const lw_registration *reg)
{
    return (uint32_t)lw_hash(&server->secret, reg->profiles) | 1;
}

/* The text of the whole list. A profile whose list we asked for with 4.09 is the one that comes
 * with it now, and is remembered (REG-55). */
static lw_refusal find_list(lw_server *server, lw_peer *peer, const lw_registration *reg,
                            lw_bytes *out_text)
{
    *out_text = reg->list;
    if ((reg->given & LW_REG_PROFILES) == 0) {
        return LW_REFUSAL_NONE;
    }
    lw_refusal refusal = merge_lists(server, reg, out_text);
    if (refusal != LW_REFUSAL_UNKNOWN_LIST) {
        return refusal;
    }
    bool was_asked = peer->asked_list_of == digest_of(server, reg);
    if (!was_asked || reg->list.len == 0) {
        peer->asked_list_of = digest_of(server, reg);
        return LW_REFUSAL_UNKNOWN_LIST;
    }
    bool is_one = memchr(reg->profiles.ptr, ',', reg->profiles.len) == NULL;
    if (is_one && lw_profile_learn(server, reg->profiles, reg->list) != LW_OK) {
        lw_server_log(server, LW_LOG_WARN, reg->endpoint, "no room for another profile id");
    }
    *out_text = reg->list;
    return LW_REFUSAL_NONE;
}

static lw_refusal refusal_of(lw_err err)
{
    return err == LW_ETOOBIG ? LW_REFUSAL_LONG_LIST : LW_REFUSAL_BAD_LIST;
}

/* ---- The end --------------------------------------------------------------------------------- */

static void end(lw_server *server, lw_device *device, lw_queue_end why)
{
    lw_device_unlocate(server, device);
    lw_queue_cancel_all(server, device, why);
    lw_observation_stop(server, device);
    lw_device_move(server, device, NULL);
    device->expires = LW_TIME_NEVER;
    device->awake_until = 0;
    lw_presence_set(server, device, LW_DEVICE_OFFLINE);
    lw_presence_arm(server, device);
}

void lw_registration_expire(lw_server *server, lw_device *device)
{
    end(server, device, LW_QUEUE_EXPIRED);
    lw_record_device(server, device);
    server->stats.expired++;
    lw_server_log(server, LW_LOG_INFO, lw_device_name(device), "registration expired");
    lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_EXPIRED});
}

/* ---- The lifetime ---------------------------------------------------------------------------- */

static void restart_lifetime(lw_server *server, lw_device *device)
{
    lw_time grace = (lw_time)server->cfg.limits.expiry_grace * LW_SECOND_MS;
    lw_time lifetime = (lw_time)device->lifetime * LW_SECOND_MS;
    device->expires = device->lifetime != 0 /* P-REG-11 */
                          ? lw_time_add(server->now, lifetime + grace)
                          : LW_TIME_NEVER;
    device->updated_at = lw_server_wall(server);
}

/* ---- The address -----------------------------------------------------------------------------
 * What was sent to a device that is not there any more must not reach the one that is.
 */

static void leave_way(lw_server *server, lw_device *device)
{
    lw_queue_moved(server, device);
    lw_observation_moved(server, device);
}

static void settle_at(lw_server *server, lw_device *device, const lw_hop *hop)
{
    lw_device *other = lw_device_at(server, hop);
    if (other != NULL && other != device) {
        leave_way(server, other);
    }
    lw_device_move(server, device, hop);
}

/* ---- Register -------------------------------------------------------------------------------- */

/* What a Register needs memory for, before anything is changed. */
typedef struct prepared {
    lw_device *device; /* that is there already, or a new one */
    lw_links *links;
    lw_extra *extra;
} prepared;

static lw_err prepare_extra(lw_server *server, const lw_request *request,
                            const lw_registration *reg, prepared *p)
{
    uint8_t unknown[1024];
    lw_writer w;
    lw_writer_init(&w, unknown, sizeof unknown);
    put_unknown(request, &w);
    lw_bytes kept = w.err == LW_OK ? lw_writer_bytes(&w) : lw_bytes_of(NULL, 0);
    return make_extra(server, reg->sms, reg->profiles, kept, &p->extra);
}

static lw_err prepare(lw_server *server, const lw_request *request, const lw_registration *reg,
                      lw_bytes list, prepared *p)
{
    lw_err err = lw_links_borrow(server, list, reg->version, &p->links);
    if (err == LW_OK) {
        err = prepare_extra(server, request, reg, p);
    }
    if (err == LW_OK && p->device == NULL) {
        err = lw_device_add(server, reg->endpoint, 0, &p->device);
        if (err == LW_OK) {
            p->device->created_at = lw_server_wall(server);
        }
    }
    if (err != LW_OK) {
        lw_links_release(server, p->links);
        lw_mem_release(&server->mem, p->extra);
    }
    return err;
}

/* REG-07: the old registration ends first, with all that belonged to it. */
static void replace(lw_server *server, lw_device *device)
{
    end(server, device, LW_QUEUE_REPLACED);
    lw_server_event event = {.kind = LW_SERVER_DEREGISTERED, .replaced = true};
    lw_server_tell(server, device, event);
}

static void adopt(lw_server *server, lw_device *device, const prepared *p,
                  const lw_registration *reg)
{
    lw_links_release(server, device->links);
    lw_mem_release(&server->mem, device->extra);
    device->links = p->links;
    device->extra = p->extra;
    device->version = (uint8_t)reg->version;
    device->bindings = reg->bindings;
    device->queue_mode = (reg->given & LW_REG_QUEUE) != 0;
    device->lifetime = reg->lifetime;
    device->registered_at = lw_server_wall(server);
    restart_lifetime(server, device);
}

static void write_location(const lw_device *device, lw_coap_reply *reply)
{
    reply->code = LW_COAP_CREATED;
    lw_register_put_answer(&reply->options, lw_bytes_of(device->location, LW_LOCATION_TEXT));
}

static lw_err accept_register(lw_server *server, lw_peer *peer, const lw_request *request,
                              const lw_registration *reg, lw_bytes list, lw_coap_reply *reply)
{
    prepared p = {.device = lw_device_find(server, reg->endpoint)};
    if (p.device != NULL && p.device->is_leaving) {
        return LW_END; /* it is about to be forgotten: it will ask again */
    }
    lw_err err = prepare(server, request, reg, list, &p);
    if (err == LW_ETOOBIG || err == LW_EFORMAT) {
        return refuse(server, reg->endpoint, LW_OP_REGISTER, refusal_of(err), reply);
    }
    if (err != LW_OK) {
        lw_server_log(server, LW_LOG_WARN, reg->endpoint, "no room for another device");
        return LW_ENOMEM;
    }
    lw_device *device = p.device;
    if (device->is_registered) {
        replace(server, device);
    }
    adopt(server, device, &p, reg);
    err = lw_device_locate(server, device, lw_bytes_of(NULL, 0));
    if (err != LW_OK) {
        device->expires = LW_TIME_NEVER;
        return err; /* the host's random octets are not random */
    }
    settle_at(server, device, &peer->hop);
    lw_presence_set(server, device, LW_DEVICE_ONLINE);
    lw_presence_heard(server, device);
    server->after.registered = true;
    server->stats.registers++;
    lw_record_device(server, device);
    lw_server_log(server, LW_LOG_INFO, reg->endpoint, "registered");
    write_location(device, reply);
    return LW_OK;
}

lw_err lw_registration_register(lw_server *server, lw_peer *peer, const lw_request *request,
                                lw_coap_reply *reply)
{
    const lw_server_host *host = server->cfg.host;
    lw_register_policy policy = policy_of(server);
    lw_registration reg;
    lw_object_list list;
    lw_refusal refusal = lw_register_parse(request, &policy, &reg, &list);
    if (refusal != LW_REFUSAL_NONE) {
        return refuse(server, reg.endpoint, LW_OP_REGISTER, refusal, reply);
    }
    if (host->admit != NULL && !host->admit(host->ctx, reg.endpoint, &peer->hop)) {
        return refuse(server, reg.endpoint, LW_OP_REGISTER, LW_REFUSAL_FORBIDDEN, reply);
    }
    lw_bytes text;
    refusal = find_list(server, peer, &reg, &text);
    if (refusal != LW_REFUSAL_NONE) {
        return refuse(server, reg.endpoint, LW_OP_REGISTER, refusal, reply);
    }
    return accept_register(server, peer, request, &reg, text, reply);
}

/* ---- Update ---------------------------------------------------------------------------------- */

/* The device of that location, if it is spoken with where it registered: a registration belongs to
 * one of the server's sockets, and what comes in at another is of another security. */
static lw_device *find_target(const lw_server *server, const lw_peer *peer,
                              const lw_request *request)
{
    lw_device *device = lw_device_located(server, request->location);
    return device != NULL && device->hop.socket == peer->hop.socket ? device : NULL;
}

/* REG-45: it is elsewhere now. Without security nothing but the location tells who it is. */
static void follow(lw_server *server, lw_device *device, const lw_peer *peer)
{
    if (device->has_hop && lw_device_at(server, &peer->hop) == device) {
        return;
    }
    lw_server_log(server, LW_LOG_INFO, lw_device_name(device), "address changed");
    leave_way(server, device);
    settle_at(server, device, &peer->hop);
}

static lw_err update_extra(lw_server *server, const lw_request *request, lw_device *device,
                           const lw_registration *reg, lw_extra **out)
{
    lw_row_device row = lw_device_row(device);
    uint8_t unknown[1024];
    lw_writer w;
    lw_writer_init(&w, unknown, sizeof unknown);
    put_unknown(request, &w);
    bool has_unknown = w.err == LW_OK && w.pos > 0;
    return make_extra(server, (reg->given & LW_REG_SMS) != 0 ? reg->sms : row.sms,
                      (reg->given & LW_REG_PROFILES) != 0 ? reg->profiles : row.profiles,
                      has_unknown ? lw_writer_bytes(&w) : row.unknown, out);
}

/* Takes over what the Update says; true when that is anything new. */
static lw_err apply(lw_server *server, const lw_request *request, lw_device *device,
                    const lw_registration *reg, lw_bytes list, bool *out_changed)
{
    lw_links *links = NULL;
    lw_extra *extra = device->extra;
    lw_query query;
    lw_coap_opt_iter it = lw_coap_opts(request->options);
    bool has_extra =
        (reg->given & (LW_REG_SMS | LW_REG_PROFILES)) != 0 || lw_register_next_unknown(&it, &query);
    if (list.len > 0) {
        lw_err err = lw_links_borrow(server, list, (lw_version)device->version, &links);
        if (err != LW_OK) {
            return err;
        }
    }
    if (has_extra && update_extra(server, request, device, reg, &extra) != LW_OK) {
        lw_links_release(server, links);
        return LW_ENOMEM;
    }
    if (has_extra) {
        lw_mem_release(&server->mem, device->extra);
        device->extra = extra;
    }
    if (links != NULL) {
        lw_links_release(server, device->links);
        device->links = links;
    }
    device->lifetime = (reg->given & LW_REG_LIFETIME) != 0 ? reg->lifetime : device->lifetime;
    device->bindings = (reg->given & LW_REG_BINDING) != 0 ? reg->bindings : device->bindings;
    device->queue_mode = device->queue_mode || (reg->given & LW_REG_QUEUE) != 0; /* REG-35 */
    *out_changed = has_extra || (reg->given & ~LW_REG_ENDPOINT & ~LW_REG_VERSION) != 0;
    return LW_OK;
}

lw_err lw_registration_update(lw_server *server, lw_peer *peer, const lw_request *request,
                              lw_coap_reply *reply)
{
    lw_device *device = find_target(server, peer, request);
    if (device == NULL) {
        return refuse(server, lw_bytes_of(NULL, 0), LW_OP_UPDATE, LW_REFUSAL_NOT_FOUND, reply);
    }
    lw_bytes endpoint = lw_device_name(device);
    if (server->cfg.strict && lw_device_at(server, &peer->hop) != device) { /* REG-44, P-REG-05 */
        return refuse(server, endpoint, LW_OP_UPDATE, LW_REFUSAL_NOT_FOUND, reply);
    }
    lw_register_policy policy = policy_of(server);
    lw_registration current = {.endpoint = endpoint, .version = (lw_version)device->version};
    lw_registration reg;
    lw_object_list list;
    lw_bytes text;
    lw_refusal refusal = lw_update_parse(request, &policy, &current, &reg, &list);
    if (refusal == LW_REFUSAL_NONE) {
        refusal = find_list(server, peer, &reg, &text);
    }
    if (refusal != LW_REFUSAL_NONE) {
        return refuse(server, endpoint, LW_OP_UPDATE, refusal, reply);
    }
    bool changed;
    lw_err err = apply(server, request, device, &reg, text, &changed);
    if (err == LW_ETOOBIG || err == LW_EFORMAT) {
        return refuse(server, endpoint, LW_OP_UPDATE, refusal_of(err), reply);
    }
    if (err != LW_OK) {
        return err;
    }
    follow(server, device, peer);
    restart_lifetime(server, device);
    lw_presence_heard(server, device);
    server->after.updated = true;
    if ((reg.given & LW_REG_LIST) != 0) {
        lw_observation_listed(server, device);
    }
    server->stats.updates++;
    if (changed) {
        lw_record_device(server, device);
    } else {
        lw_record_device_soon(server, device);
    }
    reply->code = LW_COAP_CHANGED;
    return LW_OK;
}

/* ---- De-register ----------------------------------------------------------------------------- */

lw_err lw_registration_deregister(lw_server *server, lw_peer *peer, const lw_request *request,
                                  lw_coap_reply *reply)
{
    lw_device *device = find_target(server, peer, request);
    if (device == NULL) {
        reply->code = LW_COAP_NOT_FOUND;
        return LW_OK;
    }
    device->seen_at = lw_server_wall(server);
    end(server, device, LW_QUEUE_DEREGISTERED);
    lw_record_device(server, device);
    server->stats.deregisters++;
    lw_server_log(server, LW_LOG_INFO, lw_device_name(device), "de-registered");
    lw_server_tell(server, device, (lw_server_event){.kind = LW_SERVER_DEREGISTERED});
    reply->code = LW_COAP_DELETED;
    return LW_OK;
}

/* ---- At start -------------------------------------------------------------------------------- */

/* The row tells the wall clock; what is left of the lifetime counts from now. A registration that
 * ran out while nobody could hear its Updates gets the grace. */
static void restore_lifetime(lw_server *server, lw_device *device, const lw_row_device *row)
{
    lw_time grace = (lw_time)server->cfg.limits.expiry_grace * LW_SECOND_MS + LW_SAVE_EVERY_MS;
    lw_time lifetime = (lw_time)row->lifetime * LW_SECOND_MS;
    lw_time left = row->updated_at + lifetime - lw_server_wall(server);
    left = left < 0 ? 0 : left > lifetime ? lifetime : left;
    device->expires = row->lifetime != 0 ? lw_time_add(server->now, left + grace) : LW_TIME_NEVER;
}

static lw_err restore(lw_server *server, lw_device *device, const lw_row_device *row)
{
    if (!row->is_registered) {
        return LW_OK;
    }
    lw_err err =
        device->links != NULL ? lw_device_locate(server, device, row->location) : LW_EFORMAT;
    if (err == LW_OK) {
        restore_lifetime(server, device, row);
        lw_device_move(server, device, &row->hop);
        lw_presence_set(server, device, row->queue_mode ? LW_DEVICE_ASLEEP : LW_DEVICE_ONLINE);
        lw_presence_arm(server, device);
    }
    return err;
}

static lw_err fill(lw_server *server, lw_device *device, const lw_row_device *row)
{
    device->created_at = row->created_at;
    device->seen_at = row->seen_at;
    device->registered_at = row->registered_at;
    device->updated_at = row->updated_at;
    device->version = row->version;
    device->bindings = row->bindings;
    device->queue_mode = row->queue_mode;
    device->lifetime = row->lifetime;
    device->hop = row->hop;
    if (row->location.len == LW_LOCATION_TEXT) {
        memcpy(device->location, row->location.ptr, LW_LOCATION_TEXT);
    }
    lw_err err = make_extra(server, row->sms, row->profiles, row->unknown, &device->extra);
    if (err == LW_OK && row->links.len > 0) {
        err = lw_links_borrow(server, row->links, (lw_version)row->version, &device->links);
    }
    return err;
}

static bool makes_sense(const lw_row_device *row)
{
    size_t extra = row->sms.len | row->profiles.len | row->unknown.len;
    return lw_endpoint_is_valid(row->endpoint) && row->number != 0 && extra <= UINT16_MAX &&
           row->updated_at >= 0 && row->updated_at < LW_TIME_NEVER / 2 &&
           lw_version_text((lw_version)row->version)[0] != '\0';
}

lw_err lw_registration_load(lw_server *server, const lw_row_device *row)
{
    if (!makes_sense(row)) {
        return LW_EFORMAT;
    }
    if (lw_device_find(server, row->endpoint) != NULL) {
        return LW_EEXISTS;
    }
    lw_device *device;
    lw_err err = lw_device_add(server, row->endpoint, row->number, &device);
    if (err != LW_OK) {
        return err == LW_ERANGE ? LW_EFORMAT : err;
    }
    err = fill(server, device, row);
    if (err == LW_OK) {
        err = restore(server, device, row);
    }
    if (err != LW_OK) {
        lw_device_forget(server, device);
    }
    return err;
}
