/* Attributes, observations and what is stored, as lw_feature_persist keeps them behind the
 * registration of their server: a device that resumes one must not have forgotten them (CLI-72).
 *
 *   - 'A', an lw_attached up to its server
 *   - 'O', format 2, number of targets 1, is a list 1, has a query 1, then an lw_observed from the
 *     sequence to the end, targets included, and its query
 *   - 'W', a value that it watches, from the watch on
 *   - 'S', length 2, part 1, time 8 (as in a history), octets of what it stores
 *
 * Whatever lies in memory is taken as it lies: who changes one of these structures raises the
 * version of the record (persist.c). Mark and watched values are what the server was told last, so
 * that a change during the restart is one. The record is not written with each notification, for
 * the sake of flash memory: a sequence that has grown since is made good by the clock (P-OBS-11),
 * and a value that is older costs one notification. */
#include <string.h>

#include "client/observe.h"

/* Of the structures, what is kept. */
#define ATTACHED_TO   offsetof(lw_attached, server)
#define OBSERVED_FROM (offsetof(lw_observed, to) + offsetof(lw_coap_observer, sequence))
#define WATCHED       (sizeof(lw_watched) - offsetof(lw_watched, watch))

/* ---- Saving ---------------------------------------------------------------------------------- */

static void write_stored(lw_writer *w, lw_client *client, const lw_snapshot *s)
{
    lw_write_u8(w, 'S');
    lw_write_u16(w, s->len);
    lw_write_u8(w, s->part);
    lw_write_u64(w, (uint64_t)(s->at + lw_history_offset(client)));
    lw_write_octets(w, s->octets, s->len);
}

static void write_observed(lw_writer *w, const lw_observed *obs)
{
    uint16_t count = obs->values.target_count;
    bool has_query = obs->query != NULL;
    lw_write_u8(w, 'O');
    lw_write_u16(w, obs->format->id);
    lw_write_u8(w, (uint8_t)count);
    lw_write_u8(w, obs->values.is_list);
    lw_write_u8(w, has_query);
    lw_write_octets(w, &obs->to.sequence, lw_observed_size(count) - OBSERVED_FROM);
    if (has_query) {
        lw_write_octets(w, obs->query, sizeof *obs->query);
    }
    for (const lw_watched *watched = obs->watched; watched != NULL; watched = watched->next) {
        lw_write_u8(w, 'W');
        lw_write_octets(w, &watched->watch, WATCHED);
    }
    for (const lw_snapshot *s = obs->stored; s != NULL; s = s->next) {
        write_stored(w, obs->all->client, s);
    }
}

void lw_observing_save(const lw_server *server, lw_writer *w)
{
    const lw_client *client = server->client;
    const lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    if (all == NULL) {
        return;
    }
    for (size_t i = 0; i < client->cfg.attributes_max; i++) {
        if (all->attached[i].server == server) {
            lw_write_u8(w, 'A');
            lw_write_octets(w, &all->attached[i], ATTACHED_TO);
        }
    }
    for (const lw_link *l = all->list.next; l != &all->list; l = l->next) {
        const lw_observed *obs = LW_CONTAINER(l, const lw_observed, link);
        if (obs->values.server == server && !obs->detached) {
            write_observed(w, obs);
        }
    }
}

/* ---- Restoring --------------------------------------------------------------------------------
 */

static void restore_attached(lw_observing *all, const lw_server *server, lw_reader *in)
{
    lw_attached *place = lw_attached_place(all, NULL, lw_path_root());
    if (place == NULL) {
        lw_reader_fail(in, LW_ENOMEM);
        return;
    }
    lw_read_octets(in, place, ATTACHED_TO);
    place->server = server;
}

/* The sequence that is behind neither what was saved nor the clock. */
static uint32_t later(uint32_t saved, uint32_t clock)
{
    uint32_t ahead = (saved - clock) & 0xffffffu;
    return ahead < 1u << 23 ? saved : clock;
}

static const lw_attrs *read_query(lw_observing *all, lw_reader *in)
{
    lw_attrs query = {.has = 0};
    lw_read_octets(in, &query, sizeof query);
    if (all->since_1_2 == NULL) {
        lw_reader_fail(in, LW_ENOTSUP);
        return NULL;
    }
    return all->since_1_2->keep(all, &query);
}

static void restore_observed(lw_observing *all, lw_server *server, lw_reader *in)
{
    lw_client *client = all->client;
    const lw_format *format = lw_format_find(client->cfg.formats, lw_read_u16(in));
    size_t count = lw_read_u8(in);
    bool is_list = lw_read_u8(in) != 0;
    bool has_query = lw_read_u8(in) != 0;
    bool can_be = format != NULL && count > 0;
    lw_observed *obs = can_be ? lw_observed_new(all, server, count) : NULL;
    if (obs == NULL) {
        lw_reader_fail(in, LW_ENOMEM);
        return;
    }
    lw_read_octets(in, &obs->to.sequence, lw_observed_size(count) - OBSERVED_FROM);
    if (has_query) {
        obs->query = read_query(all, in);
    }
    uint32_t mark = obs->mark;
    obs->format = format;
    obs->values.is_list = is_list;
    obs->to.sequence = later(obs->to.sequence, lw_observe_first_sequence(client));
    lw_observed_told(obs);
    obs->mark = mark;
    obs->notify.changed = true;
    lw_observing_look(all);
}

static void restore_watched(const lw_observed *obs, lw_reader *in)
{
    lw_watched told = {.path = lw_path_root()};
    lw_read_octets(in, &told.watch, WATCHED);
    for (lw_watched *w = obs->watched; w != NULL; w = w->next) {
        if (lw_path_equal(w->path, told.path)) {
            w->watch = told.watch;
        }
    }
}

static void restore_stored(lw_observing *all, lw_observed *obs, lw_reader *in)
{
    if (all->store != NULL) {
        all->store->restore(all->store_state, obs, in);
    } else {
        lw_reader_fail(in, LW_ENOTSUP);
    }
}

void lw_observing_restore(lw_server *server, uint8_t kind, lw_reader *in)
{
    lw_observing *all = lw_client_feature_state(server->client, &lw_feature_observe);
    lw_observed *last = all != NULL && all->count > 0 ? lw_observed_of(all->list.prev) : NULL;
    if (all != NULL && kind == 'A') {
        restore_attached(all, server, in);
    } else if (all != NULL && kind == 'O') {
        restore_observed(all, server, in);
    } else if (last != NULL && kind == 'W') {
        restore_watched(last, in);
    } else if (last != NULL && kind == 'S') {
        restore_stored(all, last, in);
    } else {
        lw_reader_fail(in, LW_EFORMAT);
    }
}
