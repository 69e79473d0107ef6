/* Attributes, observations and what is stored, as lw_feature_persist keeps them beside the
 * registrations: a device that resumes one must not have forgotten them (CLI-72).
 *
 *   'A' ssid attached
 *   'O' ssid format kept path* [attributes] { 'W' entry }*
 *   'S' part time len octets                 stored, of the observation before it
 *
 * Attributes, paths and `kept` are the octets of their structures: who changes one raises the
 * version of the record (persist.c). Mark and watched values are what the server was told last, so
 * that a change during the restart is one. The record is not written with each notification, for
 * the sake of flash memory: a sequence that has grown since is made good by the clock (P-OBS-11),
 * and a value that is older costs one notification. */
#include <string.h>

#include "base/reader.h"
#include "client/observe.h"

/* What is saved of an observation besides what it points to. */
typedef struct kept {
    uint32_t mark;
    uint32_t sequence;
    lw_coap_token token;
    uint8_t target_count;
    uint8_t is_list;
    uint8_t has_query;
} kept;

/* ---- Saving ---------------------------------------------------------------------------------- */

static void write_stored(lw_writer *w, const lw_observed *obs)
{
    lw_time offset = lw_history_offset(obs->all->client);
    for (const lw_snapshot *s = obs->stored; s != NULL; s = s->next) {
        lw_write_u8(w, 'S');
        lw_write_u8(w, s->part);
        lw_write_u64(w, (uint64_t)(s->at + offset));
        lw_write_u16(w, s->len);
        lw_write_octets(w, s->octets, s->len);
    }
}

static void write_observed(lw_writer *w, const lw_observed *obs)
{
    kept k;
    memset(&k, 0, sizeof k); /* with what lies between them: the same octets each time */
    k.mark = obs->mark;
    k.sequence = obs->sequence;
    k.token = obs->token;
    k.target_count = (uint8_t)obs->values.target_count;
    k.is_list = obs->values.is_list;
    k.has_query = obs->query != NULL;
    lw_write_u8(w, 'O');
    lw_write_u16(w, obs->values.server->ssid);
    lw_write_u16(w, obs->format->id);
    lw_write_octets(w, &k, sizeof k);
    lw_write_octets(w, obs->targets, k.target_count * sizeof *obs->targets);
    lw_write_octets(w, obs->query, k.has_query != 0 ? sizeof *obs->query : 0);
    for (const lw_watched *watched = obs->watched; watched != NULL; watched = watched->next) {
        lw_entry told = {.path = watched->path, .value = watched->watch.notified};
        lw_write_u8(w, 'W');
        lw_entry_write(w, &told);
    }
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
            lw_write_octets(w, &a->attrs, sizeof a->attrs);
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

/* The octets of a structure; false when they are not all there. */
static bool read_octets(lw_reader *r, void *out, size_t len)
{
    lw_bytes octets = lw_read_bytes(r, len);
    if (r->err == LW_OK) {
        memcpy(out, octets.ptr, len);
    }
    return r->err == LW_OK;
}

static void restore_attached(lw_observing *all, lw_reader *r)
{
    lw_attrs attrs;
    const lw_server *server = lw_client_server(all->client, lw_read_u16(r));
    lw_path path = {lw_read_u64(r)};
    if (read_octets(r, &attrs, sizeof attrs) && server != NULL &&
        lw_tree_exists(&all->client->tree, path)) {
        lw_attached_set(all, server, path, &attrs);
    }
}

/* The sequence that is behind neither what was saved nor the clock. */
static uint32_t later(uint32_t saved, uint32_t clock)
{
    uint32_t ahead = (saved - clock) & 0xffffffu;
    return ahead < 1u << 23 ? saved : clock;
}

/* Reads all of it even if it cannot be: NULL then. */
static lw_observed *restore_observed(lw_observing *all, lw_reader *r)
{
    lw_client *client = all->client;
    kept k = {.target_count = 0};
    lw_attrs query;
    lw_server *server = lw_client_server(client, lw_read_u16(r));
    const lw_format *format = lw_format_find(client->cfg.formats, lw_read_u16(r));
    bool whole = read_octets(r, &k, sizeof k);
    lw_bytes targets = lw_read_bytes(r, k.target_count * sizeof(lw_path));
    if (k.has_query != 0) {
        whole = read_octets(r, &query, sizeof query);
    }
    if (!whole || r->err != LW_OK || k.target_count == 0 || k.token.len > LW_COAP_TOKEN_MAX ||
        server == NULL || !server->registered || format == NULL) {
        return NULL;
    }
    lw_readable values = {.client = client,
                          .server = server,
                          .targets = (const void *)targets.ptr,
                          .target_count = k.target_count,
                          .is_list = k.is_list != 0};
    lw_observed *obs = lw_observed_new(all, &values, k.has_query != 0 ? &query : NULL);
    if (obs != NULL) {
        obs->format = format;
        obs->token = k.token;
        obs->sequence = later(k.sequence, lw_observe_first_sequence(client));
        lw_notify_init(&obs->notify, client->now);
        lw_observed_told(obs);
        obs->mark = k.mark;
        obs->notify.changed = true;
    }
    return obs;
}

static void restore_watched(lw_observed *obs, lw_reader *r)
{
    lw_entry told;
    lw_entry_read(r, &told);
    for (lw_watched *w = obs != NULL ? obs->watched : NULL; w != NULL; w = w->next) {
        if (lw_path_equal(w->path, told.path)) {
            lw_watch_set_notified(&w->watch, &told.value);
        }
    }
}

static void restore_stored(lw_observing *all, lw_observed *obs, lw_reader *r)
{
    uint8_t part = lw_read_u8(r);
    lw_time at = (lw_time)lw_read_u64(r) - lw_history_offset(all->client);
    lw_bytes octets = lw_read_bytes(r, lw_read_u16(r));
    if (r->err == LW_OK && obs != NULL && all->store != NULL && part < obs->values.target_count) {
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
        case 'W':
            restore_watched(obs, &r);
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
