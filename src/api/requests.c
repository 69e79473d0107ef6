#include "api/requests.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/call.h"
#include "api/gen/routes.h"
#include "api/objects.h"
#include "api/result.h"
#include "base/num.h"

/* ---- Watches -------------------------------------------------------------------------------- */

struct watch {
    lw_link link;
    watches *owner;
    lw_http_call *http;
    uint64_t id;
    bool has_ended;
    lw_server_result r; /* endpoint and payload lie in `octets` */
    uint8_t *octets;
    api_objects *objects;
};

void watches_init(watches *w)
{
    pthread_mutex_init(&w->lock, NULL);
    lw_list_init(&w->list);
}

void watches_fini(watches *w)
{
    pthread_mutex_destroy(&w->lock);
}

static void watch_end(watch *w, const lw_server *server, const lw_server_result *r)
{
    uint8_t *octets = malloc(r->endpoint.len + r->payload.len + 1);
    if (octets == NULL || w->has_ended) {
        free(octets);
        return;
    }
    memcpy(octets, r->endpoint.ptr, r->endpoint.len);
    if (r->payload.len > 0) {
        memcpy(octets + r->endpoint.len, r->payload.ptr, r->payload.len);
    }
    w->octets = octets;
    w->r = *r;
    w->r.endpoint = lw_bytes_of(octets, r->endpoint.len);
    w->r.payload = lw_bytes_of(octets + r->endpoint.len, r->payload.len);
    w->objects = objects_of(server, r->endpoint);
    w->has_ended = true;
    lw_http_resume(w->http);
}

void watches_tell(watches *all, const lw_server *server, const lw_server_result *r)
{
    if (r == NULL || !result_has_ended(r)) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        watch *w = LW_CONTAINER(l, watch, link);
        if (w->id == r->id) {
            watch_end(w, server, r);
        }
    }
    pthread_mutex_unlock(&all->lock);
}

watch *watch_open(watches *all, lw_http_call *http, uint64_t id)
{
    watch *w = calloc(1, sizeof *w);
    if (w != NULL) {
        w->owner = all;
        w->http = http;
        w->id = id;
        pthread_mutex_lock(&all->lock);
        lw_list_add_last(&all->list, &w->link);
        pthread_mutex_unlock(&all->lock);
    }
    return w;
}

void watch_close(watch *w)
{
    if (w == NULL) {
        return;
    }
    pthread_mutex_lock(&w->owner->lock);
    lw_list_remove(&w->link);
    pthread_mutex_unlock(&w->owner->lock);
    free(w->octets);
    free(w->objects);
    free(w);
}

static bool watch_has_ended(watch *w)
{
    pthread_mutex_lock(&w->owner->lock);
    bool has_ended = w->has_ended;
    pthread_mutex_unlock(&w->owner->lock);
    return has_ended;
}

/* ---- One request ---------------------------------------------------------------------------- */

static void no_request(api_call *call)
{
    call_problem(call, API_NOT_FOUND, "there is no such request, or it was not queued");
}

typedef struct writing {
    api_call *call;
    json_out *json;
    models_set *models;
    const watch *watch; /* NULL: none that has ended */
    bool has_ended, is_bad;
} writing;

static bool write_row(void *ctx, const lw_row *row)
{
    writing *w = ctx;
    view v = {w->models, w->watch != NULL ? w->watch->objects : NULL};
    result r;
    w->is_bad = !result_of_row(&row->as.request, &r);
    if (w->is_bad) {
        return true;
    }
    if (w->watch != NULL) {
        r.r = w->watch->r;
    }
    w->has_ended = result_has_ended(&r.r);
    result_write_request(w->json, NULL, &v, &r);
    return true;
}

/* Answers with the row, brought up to date by the watch; or waits. */
static void look(api_call *call)
{
    watch *watched = call->watch;
    uint64_t id = 0;
    bool was_told = watched != NULL && watch_has_ended(watched);
    json_out o = {.text = NULL};
    if (lw_num_parse_uint64(call_text(call, "id"), &id) != LW_OK) {
        no_request(call);
        return;
    }
    lw_store *store = call->api->cfg.store;
    lw_row key = {.kind = LW_ROW_REQUEST, .as.request.id = id};
    writing w = {.call = call,
                 .json = &o,
                 .models = models_hold(&call->api->models),
                 .watch = was_told ? watched : NULL};
    lw_err err = store->ops->get(store, &key, write_row, &w);
    models_drop(w.models);
    if (err == LW_ENOTFOUND || w.is_bad) {
        no_request(call);
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else if (!w.has_ended && watched != NULL && !call->http->timed_out && !call->http->stopping) {
        lw_http_wait(call->http, (unsigned)call_number(call, "wait", 0));
    } else {
        call_answer(call, 200, &o);
    }
    out_fini(&o);
}

void api_serve_get_request(api_call *call)
{
    uint64_t id = 0;
    if (call->watch == NULL && call_number(call, "wait", 0) > 0 &&
        lw_num_parse_uint64(call_text(call, "id"), &id) == LW_OK) {
        call->watch = watch_open(&call->api->watches, call->http, id);
        if (call->watch == NULL) {
            call_failed(call, LW_ENOMEM);
            return;
        }
    }
    look(call);
}

/* ---- Those of a device ---------------------------------------------------------------------- */

typedef struct page {
    writing w;
    uint32_t limit, count;
    uint64_t last;
    bool has_more;
} page;

static bool write_next(void *ctx, const lw_row *row)
{
    page *p = ctx;
    if (p->count == p->limit) {
        p->has_more = true;
        return false;
    }
    p->count++;
    p->last = row->as.request.id;
    return write_row(&p->w, row);
}

static bool ignore_row(void *ctx, const lw_row *row)
{
    (void)ctx, (void)row;
    return false;
}

void api_serve_list_requests(api_call *call)
{
    lw_store *store = call->api->cfg.store;
    lw_bytes endpoint = call_text(call, "endpoint");
    lw_bytes cursor = call_text(call, "cursor");
    lw_row key = {.kind = LW_ROW_DEVICE, .as.device.endpoint = endpoint};
    uint64_t before = 0;
    json_out o = {.text = NULL};
    if (cursor.len > 0 && lw_num_parse_uint64(cursor, &before) != LW_OK) {
        call_problem(call, API_MALFORMED, "this cursor was not given by this server");
        return;
    }
    lw_err err = store->ops->get(store, &key, ignore_row, NULL);
    if (err == LW_ENOTFOUND) {
        call_problem(call, API_NOT_FOUND, "no device of that name was ever registered here");
        return;
    }
    page p = {.w = {.call = call, .json = &o, .models = models_hold(&call->api->models)},
              .limit = (uint32_t)call_number(call, "limit", 100)};
    out_object(&o, NULL);
    out_array(&o, "items");
    if (err == LW_OK) {
        err = store->ops->requests(store, endpoint, before, p.limit + 1, write_next, &p);
    }
    out_end(&o, ']');
    if (p.has_more) {
        char next[24];
        snprintf(next, sizeof next, "%llu", (unsigned long long)p.last);
        out_str(&o, "next", next);
    } else {
        out_null(&o, "next");
    }
    out_end(&o, '}');
    models_drop(p.w.models);
    if (err != LW_OK) {
        out_fini(&o);
        call_failed(call, err);
        return;
    }
    call_answer(call, 200, &o);
}

/* ---- Cancelling ----------------------------------------------------------------------------- */

typedef struct cancel {
    api_ask ask;
    uint64_t id;
} cancel;

static void cancelled(void *ctx, lw_err err)
{
    api_ask *ask = ctx;
    ask->err = err;
    ask_done(ask);
}

static void cancel_run(api_ask *ask)
{
    lw_err err = lw_server_cancel(ask->shard->server, lw_loop_now(ask->shard->loop),
                                  ((cancel *)ask)->id, cancelled, ask);
    if (err != LW_OK) {
        cancelled(ask, err);
    }
}

static void cancel_resumed(api_call *call, void *ask)
{
    lw_err err = ((cancel *)ask)->ask.err;
    if (err == LW_ENOTFOUND) {
        call_problem(call, API_NOT_FOUND, "there is no such request that has not ended");
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        call_answer_empty(call);
    }
}

void api_serve_cancel_request(api_call *call)
{
    uint64_t id;
    /* The shard stands in the uppermost octet. */
    if (lw_num_parse_uint64(call_text(call, "id"), &id) != LW_OK ||
        id >> 56 >= call->api->shard_count) {
        no_request(call);
        return;
    }
    cancel *c = ask_new(sizeof *c, cancel_run, NULL);
    if (c == NULL) {
        call_failed(call, LW_ENOMEM);
        return;
    }
    c->id = id;
    ask_start(call, c, &call->api->shards[id >> 56], cancel_resumed);
}
