/* Attributes, observations and what is stored, as lw_feature_persist keeps them beside the
 * registrations: a device that resumes one must not have forgotten them (CLI-72).
 *
 *   'A' ssid path attributes
 *   'O' ssid format sequence flags token mark count path* [attributes] 'W' { path sample }* 'E'
 *   'S' part time len octets                 stored, of the observation before it
 *
 * A path is its depth and ids. Attributes are the octets of lw_attrs: who changes it raises the
 * version of the record (persist.c). Mark and samples are what the server was told last, so that a
 * change during the restart is one. The record is not written with each notification, for the sake
 * of flash memory: a sequence that has grown since is made good by the clock (P-OBS-11), and a
 * sample that is older costs one notification. */
#include <string.h>

#include "base/reader.h"
#include "client/observe.h"

#define FLAG_COMPOSITE 1u
#define FLAG_QUERY     2u

/* ---- Saving ---------------------------------------------------------------------------------- */

static void write_attrs(lw_writer *w, const lw_attrs *attrs)
{
    _Static_assert(sizeof *attrs == 48, "no padding");
    lw_write_bytes(w, lw_bytes_of(attrs, sizeof *attrs));
}

static void write_sample(lw_writer *w, const lw_sample *sample)
{
    uint64_t number;
    memcpy(&number, &sample->number, sizeof number);
    lw_write_u8(w, sample->kind);
    lw_write_u64(w, sample->mark);
    lw_write_u64(w, number);
}

static void write_stored(lw_writer *w, const lw_observed *obs)
{
    lw_time offset = lw_history_offset(obs->all->client);
    for (const lw_snapshot *s = obs->stored; s != NULL; s = s->next) {
        lw_write_u8(w, 'S');
        lw_write_u8(w, s->part);
        lw_write_u64(w, (uint64_t)(s->at + offset));
        lw_write_u16(w, s->len);
        lw_write_bytes(w, lw_bytes_of(s->octets, s->len));
    }
}

static void write_observed(lw_writer *w, const lw_observed *obs)
{
    lw_write_u8(w, 'O');
    lw_write_u16(w, obs->server->ssid);
    lw_write_u16(w, obs->format->id);
    lw_write_u32(w, obs->sequence);
    lw_write_u8(w, (uint8_t)((obs->composite ? FLAG_COMPOSITE : 0u) |
                             (obs->query != NULL ? FLAG_QUERY : 0u)));
    lw_write_u8(w, obs->token.len);
    lw_write_bytes(w, lw_bytes_of(obs->token.octets, obs->token.len));
    lw_write_u64(w, obs->mark);
    lw_write_u8(w, obs->target_count);
    for (unsigned i = 0; i < obs->target_count; i++) {
        lw_write_u64(w, obs->targets[i].key);
    }
    if (obs->query != NULL) {
        write_attrs(w, obs->query);
    }
    for (const lw_watched *watched = obs->watched; watched != NULL; watched = watched->next) {
        lw_write_u8(w, 'W');
        lw_write_u64(w, watched->path.key);
        write_sample(w, &watched->watch.notified);
    }
    lw_write_u8(w, 'E');
    write_stored(w, obs);
}

lw_err lw_observing_save(void *state, lw_client *client, lw_writer *w)
{
    lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    (void)state;
    if (all == NULL) {
        return LW_ENOTFOUND;
    }
    for (size_t i = 0; i < client->cfg.attributes_max; i++) {
        const lw_attached *a = &all->attached[i];
        if (a->attrs.has != 0) {
            lw_write_u8(w, 'A');
            lw_write_u16(w, a->server->ssid);
            lw_write_u64(w, a->path.key);
            write_attrs(w, &a->attrs);
        }
    }
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        if (!lw_observed_of(l)->detached) {
            write_observed(w, lw_observed_of(l));
        }
    }
    return w->err;
}

/* ---- Restoring --------------------------------------------------------------------------------
 */

static void read_attrs(lw_reader *r, lw_attrs *attrs)
{
    lw_bytes octets = lw_read_bytes(r, sizeof *attrs);
    if (octets.len == sizeof *attrs) {
        memcpy(attrs, octets.ptr, sizeof *attrs);
    }
}

static lw_sample read_sample(lw_reader *r)
{
    lw_sample sample = {.kind = lw_read_u8(r)};
    sample.mark = lw_read_u64(r);
    uint64_t number = lw_read_u64(r);
    memcpy(&sample.number, &number, sizeof number);
    return sample;
}

static void restore_attached(lw_observing *all, lw_reader *r)
{
    lw_attrs attrs = {.has = 0};
    const lw_server *server = lw_client_server(all->client, lw_read_u16(r));
    lw_path path = {lw_read_u64(r)};
    read_attrs(r, &attrs);
    if (r->err == LW_OK && server != NULL && lw_tree_exists(&all->client->tree, path)) {
        lw_attached_set(all, server, path, &attrs);
    }
}

/* The sequence that is behind neither what was saved nor the clock. */
static uint32_t later(uint32_t saved, uint32_t clock)
{
    uint32_t ahead = (saved - clock) & 0xffffffu;
    return ahead < 1u << 23 ? saved : clock;
}

static void restore_watches(lw_observed *obs, lw_reader *r)
{
    while (lw_read_u8(r) == 'W') {
        lw_path path = {lw_read_u64(r)};
        lw_sample sample = read_sample(r);
        for (lw_watched *w = obs != NULL ? obs->watched : NULL; w != NULL; w = w->next) {
            if (lw_path_equal(w->path, path)) {
                lw_watch_set_notified(&w->watch, sample);
            }
        }
    }
}

/* Reads all of it even if it cannot be: NULL then. */
static lw_observed *restore_observed(lw_observing *all, lw_reader *r)
{
    lw_observed saved = {.server = lw_client_server(all->client, lw_read_u16(r))};
    lw_attrs query = {.has = 0};
    saved.format = lw_format_find(all->client->cfg.formats, lw_read_u16(r));
    saved.sequence = lw_read_u32(r);
    unsigned flags = lw_read_u8(r);
    lw_bytes token = lw_read_bytes(r, lw_read_u8(r));
    saved.mark = lw_read_u64(r);
    saved.target_count = lw_read_u8(r);
    lw_reader paths = *r;
    for (unsigned i = 0; i < saved.target_count; i++) {
        lw_read_u64(r);
    }
    if ((flags & FLAG_QUERY) != 0) {
        read_attrs(r, &query);
    }
    lw_observed *obs = NULL;
    if (r->err == LW_OK && token.len <= LW_COAP_TOKEN_MAX && saved.target_count > 0 &&
        saved.server != NULL && saved.server->registered && saved.format != NULL) {
        obs = lw_observed_new(all, saved.server, saved.target_count,
                              (flags & FLAG_QUERY) != 0 ? &query : NULL);
    }
    for (unsigned i = 0; obs != NULL && i < obs->target_count; i++) {
        obs->targets[i].key = lw_read_u64(&paths);
    }
    if (obs != NULL) {
        obs->format = saved.format;
        obs->composite = (flags & FLAG_COMPOSITE) != 0;
        obs->token.len = (uint8_t)token.len;
        memcpy(obs->token.octets, token.ptr, token.len);
        obs->sequence = later(saved.sequence, lw_observe_first_sequence(all->client));
        lw_notify_init(&obs->notify, all->client->now);
        lw_observed_told(obs);
        obs->mark = saved.mark;
    }
    restore_watches(obs, r);
    if (obs != NULL) {
        obs->changed = true;
    }
    return obs;
}

static void restore_stored(lw_observing *all, lw_observed *obs, lw_reader *r)
{
    uint8_t part = lw_read_u8(r);
    lw_time at = (lw_time)lw_read_u64(r) - lw_history_offset(all->client);
    lw_bytes octets = lw_read_bytes(r, lw_read_u16(r));
    if (r->err == LW_OK && obs != NULL && all->store != NULL && part < obs->target_count) {
        all->store->restore(all->store_state, obs, part, at, octets);
    }
}

lw_err lw_observing_restore(void *state, lw_client *client, lw_bytes saved)
{
    lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    lw_observed *obs = NULL;
    lw_reader r;
    (void)state;
    lw_reader_init(&r, saved);
    while (all != NULL && !lw_reader_at_end(&r)) {
        switch (lw_read_u8(&r)) {
        case 'A':
            restore_attached(all, &r);
            break;
        case 'O':
            obs = restore_observed(all, &r);
            break;
        case 'S':
            restore_stored(all, obs, &r);
            break;
        default:
            lw_reader_fail(&r, LW_EFORMAT);
            break;
        }
    }
    if (all != NULL) {
        lw_observing_look(all);
    }
    return r.err;
}
