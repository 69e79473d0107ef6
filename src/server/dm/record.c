#include "server/dm/record.h"

#include "codec/front.h"
#include "codec/times.h"
#include "server/dm/presence.h"
#include "server/dm/registration.h"
#include "server/shared/links.h"

/* ---- Devices --------------------------------------------------------------------------------- */

lw_row_device lw_device_row(const lw_device *device)
{
    lw_row_device row = {.endpoint = lw_device_name(device),
                         .number = device->number,
                         .created_at = device->created_at,
                         .seen_at = device->seen_at,
                         .is_registered = device->is_registered,
                         .hop = device->hop,
                         .version = device->version,
                         .bindings = device->bindings,
                         .queue_mode = device->queue_mode,
                         .lifetime = device->lifetime,
                         .registered_at = device->registered_at,
                         .updated_at = device->updated_at,
                         .expires_at = LW_TIME_NEVER};
    if (device->version != 0) {
        row.location = lw_bytes_of(device->location, LW_LOCATION_TEXT);
    }
    if (device->lifetime != 0) {
        row.expires_at = device->updated_at + (lw_time)device->lifetime * LW_SECOND_MS;
    }
    if (device->links != NULL) {
        row.links = device->links->text;
    }
    const lw_extra *extra = device->extra;
    if (extra != NULL) {
        row.sms = lw_bytes_of(extra->octets, extra->sms);
        row.profiles = lw_bytes_of(extra->octets + extra->sms, extra->profiles);
        row.unknown = lw_bytes_of(extra->octets + extra->sms + extra->profiles, extra->unknown);
    }
    return row;
}

void lw_record_device(lw_server *server, lw_device *device)
{
    lw_row row = {.kind = LW_ROW_DEVICE, .as.device = lw_device_row(device)};
    lw_ticket ticket;
    bool is_put = lw_server_put(server, &row, LW_LAZY, &ticket) == LW_OK;
    device->save_at = is_put ? 0 : lw_server_seconds(server, server->now + LW_SAVE_AGAIN_MS);
    lw_presence_arm(server, device);
}

void lw_record_device_soon(lw_server *server, lw_device *device)
{
    if (device->save_at == 0) {
        device->save_at = lw_server_seconds(server, server->now + LW_SAVE_EVERY_MS);
    }
    lw_presence_arm(server, device);
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* May this stand in the report? LW_ENOTFOUND, LW_ERANGE: not, and nothing of it is taken. */
static lw_err check(const lw_report *report, const lw_entry *entry)
{
    if (entry->prefix.len > 0 || !lw_path_contains(report->base, entry->path) ||
        lw_links_find(report->device->links, lw_path_id(entry->path, LW_LEVEL_OBJECT)) == NULL) {
        return LW_ENOTFOUND; /* with a prefix it is another device's, behind a gateway */
    }
    if (report->allows != NULL && !report->allows(report->ctx, entry->path)) {
        return LW_ENOTFOUND;
    }
    lw_time at;
    return lw_entry_time(entry, 0, &at);
}

static lw_err put_value(lw_server *server, const lw_report *report, const lw_entry *entry,
                        lw_ticket *out_ticket)
{
    if (entry->kind != LW_ENTRY_VALUE || entry->value.type == LW_TYPE_NONE ||
        (report->only_timed && !lw_entry_has_time(entry))) {
        return LW_OK;
    }
    lw_time wall = lw_server_wall(server);
    lw_time at;
    lw_err err = lw_entry_time(entry, wall, &at); /* P-OBS-22 */
    if (err != LW_OK) {
        return err;
    }
    lw_row row = {.kind = LW_ROW_VALUE,
                  .as.value = {.endpoint = lw_device_name(report->device),
                               .path = entry->path,
                               .at = at,
                               .received_at = wall,
                               .source = report->source,
                               .value = entry->value}};
    return lw_server_put(server, &row, LW_URGENT, out_ticket);
}

static lw_err read_once(lw_server *server, const lw_report *report, bool keep,
                        lw_ticket *out_ticket)
{
    lw_links_types types = {.server = server, .links = report->device->links};
    lw_front front = lw_front_of(report->device->links->alternate_path);
    lw_decode_cfg cfg = {.base = report->base,
                         .use = LW_FORMAT_SEND,
                         .front = &front,
                         .type_of = lw_links_type_of,
                         .type_ctx = &types,
                         .scratch = server->scratch,
                         .scratch_len = LW_SERVER_SCRATCH};
    lw_decoder d;
    lw_decoder_init(&d, report->format, &cfg);
    lw_decoder_feed(&d, report->payload, true);
    lw_entry entry;
    lw_err err;
    while ((err = lw_decoder_next(&d, &entry)) == LW_OK) {
        err = keep ? put_value(server, report, &entry, out_ticket) : check(report, &entry);
        if (err != LW_OK) {
            return err;
        }
    }
    return err == LW_END ? LW_OK : err;
}

lw_err lw_record_report(lw_server *server, const lw_report *report, lw_ticket *out_ticket)
{
    *out_ticket = 0;
    lw_err err = read_once(server, report, false, out_ticket);
    if (err == LW_OK && server->cfg.record && server->cfg.store != NULL) {
        err = read_once(server, report, true, out_ticket);
    }
    return err;
}
