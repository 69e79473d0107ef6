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

/* How a request stands with the engine of its shard. */
typedef struct standing {
    api_ask ask;
    uint64_t id;
    bool is_live;       /* it has not ended */
    bool is_final;      /* nobody waits any more */
    lw_server_result r; /* its endpoint is below */
    uint8_t endpoint[256];
} standing;

static void standing_run(api_ask *ask)
{
    standing *s = (standing *)ask;
    s->is_live = lw_server_get_request(ask->shard->server, s->id, &s->r) == LW_OK;
    if (s->is_live) {
        memcpy(s->endpoint, s->r.endpoint.ptr, s->r.endpoint.len);
        s->r.endpoint.ptr = s->endpoint;
    }
    ask_done(ask);
}

typedef struct writing {
    json_out *json;
    models_set *models;
    const watch *watch;           /* NULL: none that has ended */
    const lw_server_result *live; /* newer than the row; NULL: the engine does not have it */
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
    w->has_ended = result_has_ended(&r.r);
    if (w->watch != NULL) {
        r.r = w->watch->r;
        w->has_ended = true;
    } else if (w->live != NULL && !w->has_ended) {
        r.r.state = w->live->state;
        r.r.progress = w->live->progress;
    }
    result_write_request(w->json, NULL, &v, &r);
    return true;
}

/* The row, brought up to date by the watch or the engine; of a request that has none, what they
 * say. */
static lw_err write_request(api_call *call, const standing *s, json_out *o, bool *out_has_ended)
{
    lw_store *store = call->api->cfg.store;
    lw_row key = {.kind = LW_ROW_REQUEST, .as.request.id = s->id};
    bool was_told = call->watch != NULL && watch_has_ended(call->watch);
    writing w = {.json = o,
                 .models = models_hold(&call->api->models),
                 .watch = was_told ? call->watch : NULL,
                 .live = s->is_live ? &s->r : NULL};
    lw_err err = store->ops->get(store, &key, write_row, &w);
    if (err == LW_ENOTFOUND && (was_told || s->is_live)) { /* gone with its device; never had one */
        view v = {w.models, NULL};
        result r = {.r = was_told ? call->watch->r : s->r};
        result_write_request(o, NULL, &v, &r);
        w.has_ended = true; /* it is not waited for */
        err = LW_OK;
    }
    models_drop(w.models);
    *out_has_ended = w.has_ended;
    return w.is_bad ? LW_ENOTFOUND : err;
}

static void ask_standing(api_call *call, uint64_t id, bool is_final);

/* Answers, or waits: for its end, or for the row of an end that the engine has told already. */
static void look(api_call *call, void *ask)
{
    const standing *s = ask;
    bool has_ended, gives_up = s->is_final || call->http->stopping;
    bool timed_out = call->http->timed_out;
    unsigned wait_s = s->is_live ? (unsigned)call_number(call, "wait", 0) : 1;
    json_out o = {.text = NULL};
    lw_err err = write_request(call, s, &o, &has_ended);
    if (err == LW_ENOTFOUND) {
        no_request(call);
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else if (has_ended || gives_up || wait_s == 0) {
        call_answer(call, 200, &o);
    } else if (timed_out) {
        ask_standing(call, s->id, true); /* as it is now */
    } else {
        lw_http_wait(call->http, wait_s);
    }
    out_fini(&o);
}

static void ask_standing(api_call *call, uint64_t id, bool is_final)
{
    size_t shard = id >> 56;
    standing *s = ask_new(sizeof *s, standing_run, NULL);
    if (s == NULL) {
        call_failed(call, LW_ENOMEM);
        return;
    }
    s->id = id;
    s->is_final = is_final;
    ask_leave(call);
    /* One of a shard that there was once is in the store alone. */
    ask_start(call, s, &call->api->shards[shard < call->api->shard_count ? shard : 0], look);
}

void api_serve_get_request(api_call *call)
{
    uint64_t id = 0;
    if (lw_num_parse_uint64(call_text(call, "id"), &id) != LW_OK) {
        no_request(call);
        return;
    }
    if (call_number(call, "wait", 0) > 0) { /* before the state is looked at */
        call->watch = watch_open(&call->api->watches, call->http, id);
        if (call->watch == NULL) {
            call_failed(call, LW_ENOMEM);
            return;
        }
    }
    ask_standing(call, id, false);
}

/* ---- Those of a device ---------------------------------------------------------------------- */

/* How those stand that have not ended. */
typedef struct standings {
    api_ask ask;
    bool is_known; /* the device */
    lw_server_result *list;
    size_t count, room;
    uint64_t before; /* the cursor; 0: none */
    size_t endpoint_len;
    uint8_t endpoint[256 * 4];
} standings;

static void standings_fini(api_ask *ask)
{
    free(((standings *)ask)->list);
}

static void add_standing(void *ctx, const lw_server_result *r)
{
    standings *s = ctx;
    if (s->count == s->room) {
        size_t room = s->room > 0 ? 2 * s->room : 16;
        lw_server_result *grown = realloc(s->list, room * sizeof *grown);
        if (grown == NULL) {
            s->ask.err = LW_ENOMEM;
            return;
        }
        s->list = grown;
        s->room = room;
    }
    s->list[s->count++] = *r;
}

static void standings_run(api_ask *ask)
{
    standings *s = (standings *)ask;
    lw_bytes endpoint = lw_bytes_of(s->endpoint, s->endpoint_len);
    s->is_known = lw_server_requests(ask->shard->server, endpoint, add_standing, s) == LW_OK;
    ask_done(ask);
}

typedef struct page {
    writing w;
    const standings *live;
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
    p->w.live = NULL;
    for (size_t i = 0; i < p->live->count; i++) {
        p->w.live = p->live->list[i].id == p->last ? &p->live->list[i] : p->w.live;
    }
    return write_row(&p->w, row);
}

static void write_page(api_call *call, void *ask)
{
    lw_store *store = call->api->cfg.store;
    const standings *s = ask;
    json_out o = {.text = NULL};
    if (!s->is_known) {
        call_problem(call, API_NOT_FOUND, "no device of that name was ever registered here");
        return;
    }
    page p = {.w = {.json = &o, .models = models_hold(&call->api->models)},
              .live = s,
              .limit = (uint32_t)call_number(call, "limit", 100)};
    out_object(&o, NULL);
    out_array(&o, "items");
    lw_err err = s->ask.err;
    if (err == LW_OK) {
        err = store->ops->requests(store, lw_bytes_of(s->endpoint, s->endpoint_len), s->before,
                                   p.limit + 1, write_next, &p);
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

void api_serve_list_requests(api_call *call)
{
    lw_bytes endpoint = call_text(call, "endpoint");
    lw_bytes cursor = call_text(call, "cursor");
    uint64_t before = 0;
    if (cursor.len > 0 && lw_num_parse_uint64(cursor, &before) != LW_OK) {
        call_problem(call, API_MALFORMED, "this cursor was not given by this server");
        return;
    }
    standings *s = ask_new(sizeof *s, standings_run, standings_fini);
    if (s == NULL) {
        call_failed(call, LW_ENOMEM);
        return;
    }
    memcpy(s->endpoint, endpoint.ptr, endpoint.len);
    s->endpoint_len = endpoint.len;
    s->before = before;
    ask_start(call, s, api_shard_of(call->api, endpoint), write_page);
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
