/* Wishes as operators make and withdraw them, and as the store keeps them. */
#include <string.h>

#include "codec/path_text.h"
#include "model/attr.h"
#include "proto/op.h"
#include "server/dm/observation.h"
#include "server/shared/device.h"
#include "server/shared/formats.h"

/* ---- Targets ---------------------------------------------------------------------------------
 * "/3/0/9", or the paths of a composite, sorted, each once, with a blank between them.
 */

#define TARGET_MAX 2048u

typedef struct target {
    size_t len;
    uint8_t text[TARGET_MAX];
} target;

static lw_err take_path(lw_path *paths, size_t *count, lw_path path)
{
    size_t at = *count;
    while (at > 0 && lw_path_compare(paths[at - 1], path) > 0) {
        at--;
    }
    if (at > 0 && lw_path_equal(paths[at - 1], path)) {
        return LW_OK;
    }
    if (*count == LW_WISH_PATHS_MAX) {
        return LW_EINVAL;
    }
    memmove(paths + at + 1, paths + at, (*count - at) * sizeof *paths);
    paths[at] = path;
    (*count)++;
    return LW_OK;
}

static lw_err read_paths(lw_bytes text, lw_path *paths, size_t *out_count)
{
    *out_count = 0;
    while (text.len > 0) {
        lw_path path;
        lw_err err = lw_path_parse(lw_bytes_cut(&text, ' '), &path);
        if (err == LW_OK) {
            err = take_path(paths, out_count, path);
        }
        if (err != LW_OK) {
            return LW_EINVAL;
        }
    }
    return *out_count > 0 ? LW_OK : LW_EINVAL;
}

static lw_err write_target(const lw_path *paths, size_t count, target *out)
{
    lw_writer w;
    lw_writer_init(&w, out->text, sizeof out->text);
    for (size_t i = 0; i < count; i++) {
        lw_write_str(&w, i > 0 ? " " : "");
        lw_write_path(&w, paths[i]);
    }
    out->len = w.pos;
    return w.err == LW_OK ? LW_OK : LW_EINVAL;
}

/* One text for all ways to write the same. */
static lw_err normalise(lw_bytes text, bool composite, target *out)
{
    lw_path paths[LW_WISH_PATHS_MAX];
    size_t count;
    lw_err err = read_paths(text, paths, &count);
    if (err == LW_OK && !composite &&
        (count != 1 ||
         !lw_op_has_level(LW_OP_OBSERVE, lw_path_depth(paths[0]), LW_VERSION_NEWEST))) {
        return LW_EINVAL;
    }
    return err == LW_OK ? write_target(paths, count, out) : err;
}

/* A source of paths over the text: the cursor is the place behind the last one. */
static lw_err next_path(void *ctx, lw_cursor *cursor, lw_entry *out_entry)
{
    const lw_bytes *all = ctx;
    lw_bytes rest = lw_bytes_from(*all, cursor->at[0]);
    if (rest.len == 0) {
        return LW_END;
    }
    lw_bytes text = lw_bytes_cut(&rest, ' ');
    cursor->at[0] += text.len + 1;
    *out_entry = (lw_entry){.kind = LW_ENTRY_PATH};
    return lw_path_parse(text, &out_entry->path);
}

lw_err lw_wish_write_paths(lw_bytes text, lw_writer *w)
{
    lw_source source = {.next = next_path, .ctx = &text};
    lw_encode_cfg cfg = {.base = lw_path_root()};
    return lw_encode(&lw_format_etch_cbor, &source, &cfg, w);
}

bool lw_wish_names(lw_bytes text, lw_path path)
{
    while (text.len > 0) {
        lw_path named;
        if (lw_path_parse(lw_bytes_cut(&text, ' '), &named) == LW_OK &&
            lw_path_contains(named, path)) {
            return true;
        }
    }
    return false;
}

static lw_err check_attributes(lw_bytes text)
{
    lw_attrs_change change = {.level = LW_LEVEL_RESOURCE, .known = &lw_attr_all};
    while (text.len > 0) {
        if (lw_attrs_take_query(&change, lw_bytes_cut(&text, '&')) != LW_OK) {
            return LW_EINVAL;
        }
    }
    return LW_OK;
}

/* ---- The wishes of a device ------------------------------------------------------------------ */

static lw_wish *wish_of(lw_link *link)
{
    return LW_CONTAINER(link, lw_wish, link);
}

static lw_wishes *wishes_of(lw_server *server, lw_device *device)
{
    if (device->wishes == NULL) {
        device->wishes = lw_mem_alloc(&server->mem, sizeof *device->wishes);
        if (device->wishes != NULL) {
            lw_list_init(&device->wishes->all);
            lw_list_init(&device->wishes->established);
        }
    }
    return device->wishes;
}

/* The newest with that target; `kept`: only one that is durable. */
static lw_wish *find(const lw_device *device, lw_bytes text, bool kept)
{
    if (device->wishes == NULL) {
        return NULL;
    }
    for (lw_link *l = device->wishes->all.prev; l != &device->wishes->all; l = l->prev) {
        lw_wish *w = wish_of(l);
        if (lw_bytes_equal(lw_wish_target(w), text) && !(kept && w->is_new)) {
            return w;
        }
    }
    return NULL;
}

static lw_err make(lw_server *server, lw_device *device, const target *at, const lw_row_wish *row,
                   lw_wish **out)
{
    lw_wishes *all = wishes_of(server, device);
    if (all == NULL || all->count >= server->cfg.limits.wishes_per_device) {
        return LW_ENOMEM;
    }
    lw_wish *w = lw_mem_alloc(&server->mem, sizeof *w + at->len + row->attributes.len);
    if (w == NULL) {
        return LW_ENOMEM;
    }
    w->server = server;
    w->device = device;
    w->created_at = row->created_at;
    w->asked_format = row->format;
    w->composite = row->composite;
    w->target_len = (uint16_t)at->len;
    w->attributes_len = (uint16_t)row->attributes.len;
    memcpy(w->texts, at->text, at->len);
    if (row->attributes.len > 0) {
        memcpy(w->texts + at->len, row->attributes.ptr, row->attributes.len);
    }
    lw_keep_init(&w->keep);
    lw_list_init(&w->obs.link);
    lw_list_init(&w->link);
    lw_list_add_last(&all->all, &w->link);
    all->count++;
    server->stats.wishes++;
    *out = w;
    return LW_OK;
}

static void give_back(lw_server *server, lw_wish *w)
{
    lw_observation_drop(server, w);
    lw_keep_stop(&w->keep);
    lw_list_remove(&w->link);
    w->device->wishes->count--;
    server->stats.wishes--;
    lw_mem_release(&server->mem, w);
}

void lw_observation_forget(lw_server *server, lw_device *device)
{
    if (device->wishes == NULL) {
        return;
    }
    while (!lw_list_is_empty(&device->wishes->all)) { /* whoever waited has been told before */
        give_back(server, wish_of(device->wishes->all.next));
    }
    lw_mem_release(&server->mem, device->wishes);
    device->wishes = NULL;
}

uint32_t lw_observation_count(const lw_device *device)
{
    return device->wishes != NULL ? device->wishes->count : 0;
}

static lw_row_wish row_of(const lw_wish *w)
{
    return (lw_row_wish){.endpoint = lw_device_name(w->device),
                         .target = lw_wish_target(w),
                         .composite = w->composite,
                         .attributes = lw_bytes_of(w->texts + w->target_len, w->attributes_len),
                         .format = w->asked_format,
                         .created_at = w->created_at};
}

/* ---- Operators ------------------------------------------------------------------------------- */

/* It is durable, or cannot be: the one it replaces stays until then. */
static void on_observe_kept(lw_server *server, lw_keep *keep, lw_err err)
{
    lw_wish *w = LW_CONTAINER(keep, lw_wish, keep);
    lw_server_kept_fn *on_kept = w->on_kept;
    void *ctx = w->ctx;
    if (err != LW_OK) {
        give_back(server, w);
    } else {
        lw_wish *old = find(w->device, lw_wish_target(w), true);
        if (old != NULL) {
            give_back(server, old);
        }
        w->is_new = false;
        lw_observation_ask_next(server, w->device);
    }
    if (on_kept != NULL) {
        on_kept(ctx, err);
    }
}

static lw_err check_wish(const lw_row_wish *wish, target *out)
{
    if (wish->attributes.len > LW_QUERY_MAX || check_attributes(wish->attributes) != LW_OK) {
        return LW_EINVAL;
    }
    if (wish->format != LW_CF_NONE && lw_format_find(lw_server_formats, wish->format) == NULL) {
        return LW_EINVAL;
    }
    return normalise(wish->target, wish->composite, out);
}

lw_err lw_server_observe(lw_server *server, lw_time now, const lw_row_wish *wish,
                         lw_server_kept_fn *on_kept, void *ctx)
{
    server->now = now;
    target at;
    lw_device *device = lw_device_find(server, wish->endpoint);
    if (device == NULL || device->is_leaving) {
        return LW_ENOTFOUND;
    }
    lw_err err = check_wish(wish, &at);
    if (err != LW_OK) {
        return err;
    }
    lw_row_wish dated = *wish;
    const lw_wish *old = find(device, lw_bytes_of(at.text, at.len), false);
    dated.created_at = lw_server_wall(server);
    if (old != NULL && dated.created_at <= old->created_at) {
        dated.created_at = old->created_at + 1; /* tells their tokens apart */
    }
    lw_wish *w;
    err = make(server, device, &at, &dated, &w);
    if (err != LW_OK) {
        return err;
    }
    w->is_new = true;
    w->on_kept = on_kept;
    w->ctx = ctx;
    lw_row row = {.kind = LW_ROW_WISH, .as.wish = row_of(w)};
    lw_ticket ticket;
    err = lw_server_put(server, &row, LW_URGENT, &ticket);
    if (err != LW_OK) {
        give_back(server, w);
        return err;
    }
    lw_keep_until(server, &w->keep, ticket, on_observe_kept);
    return LW_OK;
}

static void on_unobserve_kept(lw_server *server, lw_keep *keep, lw_err err)
{
    lw_wish *w = LW_CONTAINER(keep, lw_wish, keep);
    lw_server_kept_fn *on_kept = w->on_kept;
    void *ctx = w->ctx;
    w->is_withdrawn = false;
    if (err == LW_OK) {
        lw_device *device = w->device;
        lw_observation_cancel(server, w);
        lw_server_event event = {
            .kind = LW_SERVER_UNOBSERVED, .target = lw_wish_target(w), .composite = w->composite};
        lw_server_tell(server, device, event);
        give_back(server, w);
        lw_observation_ask_next(server, device);
    }
    if (on_kept != NULL) {
        on_kept(ctx, err);
    }
}

lw_err lw_server_unobserve(lw_server *server, lw_time now, lw_bytes endpoint, lw_bytes text,
                           lw_server_kept_fn *on_kept, void *ctx)
{
    server->now = now;
    lw_device *device = lw_device_find(server, endpoint);
    target at;
    lw_wish *w = device != NULL && !device->is_leaving && normalise(text, true, &at) == LW_OK
                     ? find(device, lw_bytes_of(at.text, at.len), false)
                     : NULL;
    if (w == NULL) {
        return LW_ENOTFOUND;
    }
    if (w->is_new || w->is_withdrawn) {
        return LW_ESTATE;
    }
    lw_row key = {.kind = LW_ROW_WISH, .as.wish = row_of(w)};
    lw_ticket ticket;
    lw_err err = lw_server_drop(server, &key, LW_URGENT, &ticket);
    if (err == LW_OK) {
        w->is_withdrawn = true;
        w->on_kept = on_kept;
        w->ctx = ctx;
        lw_keep_until(server, &w->keep, ticket, on_unobserve_kept);
    }
    return err;
}

lw_err lw_server_wishes(const lw_server *server, lw_bytes endpoint,
                        void (*fn)(void *ctx, const lw_server_wish *wish), void *ctx)
{
    const lw_device *device = lw_device_find(server, endpoint);
    if (device == NULL) {
        return LW_ENOTFOUND;
    }
    if (device->wishes == NULL) {
        return LW_OK;
    }
    for (lw_link *l = device->wishes->all.next; l != &device->wishes->all; l = l->next) {
        const lw_wish *w = wish_of(l);
        if (!w->is_new) {
            lw_server_wish shown = {.row = row_of(w),
                                    .state = w->state,
                                    .code = w->code,
                                    .why = w->state == LW_WISH_REFUSED ? w->why : NULL,
                                    .notified_at = w->notified_at,
                                    .notifications = w->notifications};
            fn(ctx, &shown);
        }
    }
    return LW_OK;
}

/* ---- At start -------------------------------------------------------------------------------- */

/* Notifications go on as if nothing had happened. A device that has not shown by one that it
 * observes is asked, again or for the first time, when it is heard of. */
lw_err lw_observation_load(lw_server *server, const lw_row_wish *row)
{
    lw_device *device = lw_device_find(server, row->endpoint);
    target at;
    if (device == NULL || check_wish(row, &at) != LW_OK) {
        return LW_EFORMAT;
    }
    if (find(device, lw_bytes_of(at.text, at.len), false) != NULL) {
        return LW_EEXISTS;
    }
    lw_wish *w;
    lw_err err = make(server, device, &at, row, &w);
    if (err == LW_OK && device->is_registered) {
        lw_observation_expect(server, w);
    }
    return err;
}
