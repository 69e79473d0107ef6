/* Devices: lists of them, one of them, and forgetting one. */
#include <stdio.h>
#include <stdlib.h>

#include "api/answer.h"
#include "api/call.h"
#include "api/gen/routes.h"
#include "base/num.h"
#include "host/addr.h"
#include "proto/register.h"

static const char *state_word(uint8_t state)
{
    return state == LW_DEVICE_ONLINE ? "online" : state == LW_DEVICE_ASLEEP ? "asleep" : "offline";
}

static void write_registration(json_out *o, const lw_row_device *row)
{
    char address[LW_ADDR_TEXT_MAX];
    char bindings[LW_BINDING_TEXT_MAX];
    size_t len = lw_binding_format(row->bindings, false, (lw_version)row->version, bindings);
    out_object(o, "registration");
    out_text(o, "id", row->location);
    out_bool(o, "active", row->is_registered);
    out_str(o, "version", lw_version_text((lw_version)row->version));
    out_text(o, "bindings", lw_bytes_of(bindings, len));
    out_bool(o, "queue_mode", row->queue_mode);
    out_uint(o, "lifetime", row->lifetime);
    out_str(o, "address", lw_addr_format(&row->hop.peer, address));
    out_time(o, "registered_at", row->registered_at);
    out_time(o, "updated_at", row->updated_at);
    if (row->expires_at == LW_TIME_NEVER) {
        out_null(o, "expires_at");
    } else {
        out_time(o, "expires_at", row->expires_at);
    }
    if (row->sms.len > 0) {
        out_text(o, "sms", row->sms);
    }
    if (row->profiles.len > 0) {
        out_text(o, "profiles", row->profiles);
    }
    if (row->unknown.len > 0) {
        out_text(o, "unknown", row->unknown);
    }
}

/* The members of a device; `links`: with the object list as it came. */
static void write_head(json_out *o, const lw_server_device *device, bool links)
{
    const lw_row_device *row = &device->row;
    out_text(o, "endpoint", row->endpoint);
    out_str(o, "state", state_word(device->state));
    out_time(o, "created_at", row->created_at);
    out_time(o, "seen_at", row->seen_at);
    out_uint(o, "requests", device->requests);
    out_uint(o, "observations", device->wishes);
    write_registration(o, row);
    if (links) {
        out_text(o, "links", row->links);
    }
    out_end(o, '}');
}

/* ---- A list ---------------------------------------------------------------------------------
 *
 * Written on the engine's thread, which is a copy that is JSON already. With a filter a task looks
 * at a part of the fleet and posts itself again, so that the engine is never kept for long; after
 * LW_API_LIST_MS the page is given as it is.
 *
 * A cursor is "SHARD.NUMBER": the device after which, in that shard, the next page begins.
 */
typedef struct list {
    api_ask ask;
    const lw_api *api;
    lw_device_filter filter; /* text points into `text` */
    char text[256 * 4];
    size_t shard;
    uint32_t limit, count;
    bool has_filter, has_more;
    uint64_t total;
    lw_time until; /* the engine's clock; 0: not begun */
    json_out items;
} list;

static void add_device(void *ctx, const lw_server_device *device)
{
    list *l = ctx;
    out_object(&l->items, NULL);
    write_head(&l->items, device, false);
    out_end(&l->items, '}');
    l->count++;
}

static void list_fini(api_ask *ask)
{
    out_fini(&((list *)ask)->items);
}

static void list_run(api_ask *ask)
{
    list *l = (list *)ask;
    const lw_api_shard *shard = ask->shard;
    lw_time now = lw_loop_now(shard->loop);
    if (l->until == 0) {
        l->until = now + LW_API_LIST_MS;
    }
    l->filter.limit = l->limit - l->count;
    l->filter.visits = LW_API_VISITS;
    l->filter.after = lw_server_list(shard->server, &l->filter, add_device, l);
    l->has_more = l->filter.after != 0;
    if (!l->has_more) {
        l->shard++;
        l->has_more = l->shard < l->api->shard_count;
    }
    l->total += l->has_filter ? 0 : lw_server_get_stats(shard->server).devices;
    if (l->has_more && l->count < l->limit && now < l->until) {
        ask->shard = &l->api->shards[l->shard];
        if (lw_inbox_post(ask->shard->inbox, &ask->task) == LW_OK) {
            return;
        }
    }
    ask_done(ask);
}

static void list_resumed(api_call *call, void *ask)
{
    list *l = ask;
    json_out o = {.text = NULL};
    char next[48];
    out_object(&o, NULL);
    out_array(&o, "items");
    if (l->items.len > 0) {
        out_raw(&o, NULL, lw_bytes_of(l->items.text, l->items.len));
    }
    out_end(&o, ']');
    if (l->has_more) {
        snprintf(next, sizeof next, "%zu.%llu", l->shard, (unsigned long long)l->filter.after);
        out_str(&o, "next", next);
    } else {
        out_null(&o, "next");
    }
    if (!l->has_filter) {
        out_uint(&o, "total", l->total);
    }
    out_end(&o, '}');
    o.failed = o.failed || l->items.failed;
    call_answer(call, 200, &o);
}

static bool read_cursor(lw_bytes text, size_t shards, size_t *out_shard, uint64_t *out_after)
{
    uint64_t shard;
    lw_bytes first = lw_bytes_cut(&text, '.');
    if (lw_num_parse_uint64(first, &shard) != LW_OK || shard >= shards || text.ptr == NULL ||
        lw_num_parse_uint64(text, out_after) != LW_OK) {
        return false;
    }
    *out_shard = (size_t)shard;
    return true;
}

static uint8_t read_states(lw_bytes names)
{
    uint8_t states = 0;
    while (names.ptr != NULL) {
        lw_bytes name = lw_bytes_cut(&names, ',');
        states |= (uint8_t)(lw_bytes_is(name, "online")    ? LW_DEVICE_ONLINE
                            : lw_bytes_is(name, "asleep")  ? LW_DEVICE_ASLEEP
                            : lw_bytes_is(name, "offline") ? LW_DEVICE_OFFLINE
                                                           : 0);
    }
    return states;
}

void api_serve_list_devices(api_call *call)
{
    list *l = ask_new(sizeof *l, list_run, list_fini);
    if (l == NULL) {
        call_failed(call, LW_ENOMEM);
        return;
    }
    lw_bytes q = call_text(call, "q");
    lw_bytes cursor = call_text(call, "cursor");
    if (cursor.len > 0 &&
        !read_cursor(cursor, call->api->shard_count, &l->shard, &l->filter.after)) {
        ask_drop(&l->ask);
        call_problem(call, API_MALFORMED, "this cursor was not given by this server");
        return;
    }
    l->api = call->api;
    l->limit = (uint32_t)call_number(call, "limit", 100);
    l->filter.states = read_states(call_text(call, "state"));
    l->filter.object = (int32_t)call_number(call, "object", -1);
    if (q.len > 0) {
        memcpy(l->text, q.ptr, q.len);
        l->filter.text = lw_bytes_of(l->text, q.len);
    }
    l->has_filter = q.len > 0 || l->filter.states != 0 || l->filter.object >= 0;
    ask_start(call, l, &call->api->shards[l->shard], list_resumed);
}

/* ---- One device ----------------------------------------------------------------------------- */

typedef struct one {
    api_ask ask;
    view view;
    char endpoint[256 * 4];
    size_t endpoint_len;
    json_out json;
} one;

/* An ask about one device, or NULL, which was answered. */
static one *one_new(api_call *call, void (*run)(api_ask *ask), void (*fini)(api_ask *ask))
{
    one *w = ask_new(sizeof *w, run, fini);
    if (w == NULL) {
        call_failed(call, LW_ENOMEM);
        return NULL;
    }
    lw_bytes endpoint = call_text(call, "endpoint");
    memcpy(w->endpoint, endpoint.ptr, endpoint.len);
    w->endpoint_len = endpoint.len;
    return w;
}

static void start_object(json_out *o, const view *v, uint16_t id, lw_object_version version)
{
    char text[LW_OBJECT_VERSION_TEXT_MAX];
    const lw_object_def *def = lw_registry_find(&v->models->registry, id, version);
    out_object(o, NULL);
    out_uint(o, "id", id);
    out_text(o, "version", lw_bytes_of(text, lw_object_version_format(version, text)));
    out_bool(o, "known", def != NULL);
    if (def != NULL) {
        out_str(o, "name", models_entry_of(v->models, def)->text->name);
    }
    out_array(o, "instances");
}

/* The engine tells objects and instances in the order of the list, which is any. */
typedef struct spot {
    lw_path path;
    lw_object_version version;
} spot;

static int by_path(const void *a, const void *b)
{
    return lw_path_compare(((const spot *)a)->path, ((const spot *)b)->path);
}

static void write_objects(json_out *o, const view *v, const lw_server_device *device)
{
    size_t cursor = 0;
    size_t count = 0;
    size_t room = 0;
    spot *spots = NULL;
    spot next;
    while (lw_server_next_object(device, &cursor, &next.path, &next.version.major,
                                 &next.version.minor)) {
        if (count == room) {
            room = room > 0 ? room * 2 : 32;
            spot *grown = realloc(spots, room * sizeof *spots);
            if (grown == NULL) {
                o->failed = true;
                break;
            }
            spots = grown;
        }
        spots[count++] = next;
    }
    if (count > 0) {
        qsort(spots, count, sizeof *spots, by_path);
    }
    out_array(o, "objects");
    for (size_t i = 0; i < count; i++) {
        const lw_path *path = &spots[i].path;
        if (i == 0 ||
            lw_path_id(*path, LW_LEVEL_OBJECT) != lw_path_id(spots[i - 1].path, LW_LEVEL_OBJECT)) {
            if (i > 0) {
                out_end(o, ']');
                out_end(o, '}');
            }
            start_object(o, v, lw_path_id(*path, LW_LEVEL_OBJECT), spots[i].version);
        }
        if (lw_path_depth(*path) > 1 && (i == 0 || !lw_path_equal(*path, spots[i - 1].path))) {
            out_uint(o, NULL, lw_path_id(*path, LW_LEVEL_INSTANCE));
        }
    }
    if (count > 0) {
        out_end(o, ']');
        out_end(o, '}');
    }
    out_end(o, ']');
    free(spots);
}

static void get_run(api_ask *ask)
{
    one *w = (one *)ask;
    view v = w->view;
    lw_server_device device;
    ask->err =
        lw_server_get(ask->shard->server, lw_bytes_of(w->endpoint, w->endpoint_len), &device);
    if (ask->err == LW_OK) {
        out_object(&w->json, NULL);
        write_head(&w->json, &device, true);
        write_objects(&w->json, &v, &device);
        out_end(&w->json, '}');
    }
    ask_done(ask);
}

static void get_fini(api_ask *ask)
{
    one *w = (one *)ask;
    models_drop(w->view.models);
    out_fini(&w->json);
}

static void no_device(api_call *call)
{
    call_problem(call, API_NOT_FOUND, "no device of that name was ever registered here");
}

static void get_resumed(api_call *call, void *ask)
{
    one *w = ask;
    if (w->ask.err != LW_OK) {
        no_device(call);
    } else {
        call_answer(call, 200, &w->json);
    }
}

void api_serve_get_device(api_call *call)
{
    one *w = one_new(call, get_run, get_fini);
    if (w != NULL) {
        w->view.models = models_hold(&call->api->models);
        ask_start(call, w, api_shard_of(call->api, call_text(call, "endpoint")), get_resumed);
    }
}

/* ---- Forgetting ----------------------------------------------------------------------------- */

static void forgotten(void *ctx, lw_err err)
{
    api_ask *ask = ctx;
    ask->err = err;
    ask_done(ask);
}

static void forget_run(api_ask *ask)
{
    one *w = (one *)ask;
    lw_err err = lw_server_remove(ask->shard->server, lw_loop_now(ask->shard->loop),
                                  lw_bytes_of(w->endpoint, w->endpoint_len), forgotten, ask);
    if (err != LW_OK) {
        forgotten(ask, err);
    }
}

static void forget_resumed(api_call *call, void *ask)
{
    lw_err err = ((one *)ask)->ask.err;
    if (err == LW_ENOTFOUND) {
        no_device(call);
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        call_answer_empty(call);
    }
}

void api_serve_forget_device(api_call *call)
{
    one *w = one_new(call, forget_run, NULL);
    if (w != NULL) {
        ask_start(call, w, api_shard_of(call->api, call_text(call, "endpoint")), forget_resumed);
    }
}
