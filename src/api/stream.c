#include "api/stream.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/answer.h"
#include "api/call.h"
#include "api/objects.h"
#include "api/result.h"
#include "codec/format.h"
#include "host/addr.h"

#define RESERVE     1000000u /* ids of a block */
#define SETTING_KEY "events"
#define LOST        31u /* the bit of "lost" among the types */
#define PROGRESS    (1u << LW_SERVER_PROGRESS)

struct hub_event {
    atomic_int holders;
    uint64_t id;
    uint32_t type; /* bit */
    size_t device_len, text_len;
    char octets[]; /* device, text */
};

struct hub_raw {
    hub_raw *next;
    lw_server_event event; /* its slices lie behind it */
    lw_server_result request;
    lw_hop from;
    bool has_request;
    api_objects *objects; /* NULL: not needed */
    uint8_t octets[];
};

struct api_stream {
    lw_link link;
    hub *hub;
    void (*wake)(void *ctx);
    void *ctx;
    char *device; /* NULL: all */
    size_t device_len;
    uint32_t types;
    uint64_t next;  /* the id it looks at next */
    hub_event *now; /* held, while it is handed out in pieces */
    size_t now_offset;
    char notice[160]; /* what is to be said first: hello, reset, dropped */
    size_t notice_len, notice_offset;
    bool ends;        /* after the notice */
    bool waits;       /* has nothing to send */
    int64_t spoke_at; /* s */
};

static const char *const type_words[] = {
    [LW_SERVER_REGISTERED] = "registered",
    [LW_SERVER_UPDATED] = "updated",
    [LW_SERVER_DEREGISTERED] = "deregistered",
    [LW_SERVER_EXPIRED] = "expired",
    [LW_SERVER_REFUSED] = "refused",
    [LW_SERVER_AWAKE] = "awake",
    [LW_SERVER_ASLEEP] = "asleep",
    [LW_SERVER_NOTIFIED] = "notification",
    [LW_SERVER_SENT] = "send",
    [LW_SERVER_OBSERVED] = "observed",
    [LW_SERVER_UNOBSERVED] = "unobserved",
    [LW_SERVER_BAD_PAYLOAD] = "bad_payload",
    [LW_SERVER_REQUEST] = "request",
    [LW_SERVER_PROGRESS] = "progress",
    [LW_SERVER_REMOVED] = "removed",
};
#define TYPE_COUNT (sizeof type_words / sizeof *type_words)

bool stream_types(lw_bytes names, uint32_t *out_types)
{
    *out_types = 0;
    while (names.ptr != NULL) {
        lw_bytes name = lw_bytes_cut(&names, ',');
        uint32_t bit = lw_bytes_is(name, "lost") ? 1u << LOST : 0;
        for (size_t i = 0; i < TYPE_COUNT; i++) {
            bit |= lw_bytes_is(name, type_words[i]) ? 1u << i : 0;
        }
        if (bit == 0) {
            return false;
        }
        *out_types |= bit;
    }
    return true;
}

static int64_t now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

static void event_drop(hub_event *e)
{
    if (e != NULL && atomic_fetch_sub(&e->holders, 1) == 1) {
        free(e);
    }
}

/* ---- From the engine ------------------------------------------------------------------------ */

static lw_bytes keep(uint8_t **at, lw_bytes b)
{
    lw_bytes copy = lw_bytes_of(*at, b.len);
    if (b.len > 0) {
        memcpy(*at, b.ptr, b.len);
        *at += b.len;
    }
    return copy;
}

static hub_raw *raw_new(const lw_server *server, const lw_server_event *event)
{
    const lw_server_result *r = event->request;
    lw_bytes why = lw_bytes_str(event->why != NULL ? event->why : "");
    size_t size = event->endpoint.len + event->target.len + event->payload.len + why.len + 1 +
                  (r != NULL ? r->payload.len + r->endpoint.len : 0);
    hub_raw *raw = malloc(sizeof *raw + size);
    if (raw == NULL) {
        return NULL;
    }
    uint8_t *at = raw->octets;
    raw->next = NULL;
    raw->event = *event;
    raw->event.endpoint = keep(&at, event->endpoint);
    raw->event.target = keep(&at, event->target);
    raw->event.payload = keep(&at, event->payload);
    if (event->from != NULL) {
        raw->from = *event->from;
        raw->event.from = &raw->from;
    }
    raw->has_request = r != NULL;
    raw->event.request = NULL;
    if (r != NULL) {
        raw->request = *r;
        raw->request.payload = keep(&at, r->payload);
        raw->request.endpoint = keep(&at, r->endpoint);
    }
    if (event->why != NULL) {
        raw->event.why = (const char *)at;
        (void)keep(&at, why);
        *at = '\0';
    }
    bool has_values = event->payload.len > 0 || (r != NULL && r->payload.len > 0);
    raw->objects = has_values && server != NULL ? objects_of(server, event->endpoint) : NULL;
    return raw;
}

static void raw_free(hub_raw *raw)
{
    free(raw->objects);
    free(raw);
}

void hub_add(hub *h, const lw_server *server, const lw_server_event *event)
{
    bool is_progress = event->kind == LW_SERVER_PROGRESS;
    if (is_progress && atomic_load(&h->progress_readers) == 0) {
        return;
    }
    pthread_mutex_lock(&h->in_lock);
    bool has_room = h->waiting < LW_API_EVENT_QUEUE_MAX && !h->stopping;
    pthread_mutex_unlock(&h->in_lock);
    hub_raw *raw = has_room ? raw_new(server, event) : NULL;
    pthread_mutex_lock(&h->in_lock);
    if (raw == NULL) {
        h->lost += !is_progress; /* the next one says more */
    } else {
        *h->last = raw;
        h->last = &raw->next;
        h->waiting++;
    }
    pthread_cond_signal(&h->in_changed);
    pthread_mutex_unlock(&h->in_lock);
}

/* ---- Events as JSON ------------------------------------------------------------------------- */

static void write_paths(json_out *o, lw_bytes target)
{
    out_array(o, "paths");
    while (target.ptr != NULL) {
        out_text(o, NULL, lw_bytes_cut(&target, ' '));
    }
    out_end(o, ']');
}

/* What a payload's paths are relative to: of one observation its path, else the root. */
static lw_path base_of(const lw_server_event *e)
{
    lw_path path;
    bool has_path = e->target.len > 0 && !e->composite && lw_path_parse(e->target, &path) == LW_OK;
    return has_path ? path : lw_path_root();
}

static void write_event(json_out *o, const hub_raw *raw, const view *v)
{
    const lw_server_event *e = &raw->event;
    if (e->endpoint.len > 0) {
        out_text(o, "device", e->endpoint);
    }
    if (e->from != NULL) {
        char address[LW_ADDR_TEXT_MAX];
        out_str(o, "address", lw_addr_format(&e->from->peer, address));
    }
    if (e->replaced) {
        out_bool(o, "replaced", true);
    }
    if (e->code != 0) {
        out_code(o, "code", e->code);
    }
    if (e->why != NULL || e->err != LW_OK) {
        out_str(o, "error", e->why != NULL ? e->why : lw_err_text(e->err));
    }
    if (e->target.len > 0) {
        write_paths(o, e->target);
    }
    if (e->kind == LW_SERVER_NOTIFIED || e->kind == LW_SERVER_SENT) {
        answer_payload(o, v, base_of(e), e->format, e->payload, e->at);
    } else if (e->payload.len > 0) {
        out_object(o, "raw");
        out_str(o, "why", e->why != NULL ? e->why : lw_err_text(e->err));
        out_base64(o, "payload", e->payload);
        out_end(o, '}');
    }
    if (raw->has_request) {
        result r = {.r = raw->request};
        result_write_request(o, "request", v, &r);
    }
}

/* ---- The ring ------------------------------------------------------------------------------- */

/* Ids from `from` on will be ours: durable before one is used. */
static lw_err reserve(hub *h, uint64_t from)
{
    char text[64];
    uint64_t until = from + RESERVE;
    snprintf(text, sizeof text, "{\"reserved\":%llu}", (unsigned long long)until);
    lw_err err =
        store_put(h->cfg.store, LW_ROW_SETTING, lw_bytes_str(SETTING_KEY), lw_bytes_str(text));
    if (err == LW_OK) {
        h->reserved = until;
    }
    return err;
}

/* Needs the lock. */
static void drop_oldest(hub *h)
{
    hub_event **slot = &h->ring[h->oldest % h->cfg.events];
    h->octets -= (*slot)->text_len;
    event_drop(*slot);
    *slot = NULL;
    h->oldest++;
}

static void ring_put(hub *h, uint32_t type, lw_bytes device, json_out *o)
{
    hub_event *e = o->failed ? NULL : malloc(sizeof *e + device.len + o->len);
    if (e == NULL) {
        pthread_mutex_lock(&h->in_lock);
        h->lost++;
        pthread_mutex_unlock(&h->in_lock);
        return;
    }
    atomic_init(&e->holders, 1);
    e->type = 1u << type;
    e->device_len = device.len;
    e->text_len = o->len;
    if (device.len > 0) {
        memcpy(e->octets, device.ptr, device.len);
    }
    memcpy(e->octets + device.len, o->text, o->len);
    pthread_mutex_lock(&h->lock);
    while (h->oldest < h->next &&
           (h->next - h->oldest == h->cfg.events || h->octets + e->text_len > h->cfg.octets)) {
        drop_oldest(h);
    }
    e->id = h->next;
    h->ring[h->next % h->cfg.events] = e;
    h->octets += e->text_len;
    h->next++;
    pthread_mutex_unlock(&h->lock);
}

/* Only the hub's thread changes `next`: it may read it without the lock. */
static void begin_event(hub *h, json_out *o, const char *type, lw_time at)
{
    if (h->next >= h->reserved && reserve(h, h->next) != LW_OK) {
        /* Going on is better than silence; after a crash these ids could come twice. */
        h->cfg.log(h->cfg.ctx, 1, "event ids could not be kept: they may repeat after a restart");
        h->reserved = h->next + 1000;
    }
    out_format(o, "id: %llu\nevent: %s\ndata: ", (unsigned long long)h->next, type);
    out_object(o, NULL);
    out_uint(o, "id", h->next);
    out_str(o, "type", type);
    out_time(o, "at", at);
}

static void end_event(json_out *o)
{
    out_end(o, '}');
    out_format(o, "\n\n");
}

static bool wants(const api_stream *s, uint32_t type, lw_bytes device)
{
    return (s->types & type) != 0 &&
           (s->device == NULL || lw_bytes_equal(device, lw_bytes_of(s->device, s->device_len)));
}

static bool is_wanted(hub *h, uint32_t type, lw_bytes device)
{
    bool found = false;
    pthread_mutex_lock(&h->lock);
    for (lw_link *l = h->readers.next; l != &h->readers && !found; l = l->next) {
        found = wants(LW_CONTAINER(l, api_stream, link), type, device);
    }
    pthread_mutex_unlock(&h->lock);
    return found;
}

static void publish(hub *h, hub_raw *raw)
{
    if (raw->event.kind == LW_SERVER_PROGRESS && !is_wanted(h, PROGRESS, raw->event.endpoint)) {
        return;
    }
    json_out o = {.text = NULL};
    models_set *set = models_hold(h->cfg.models);
    view v = {set, raw->objects};
    if (raw->event.kind < TYPE_COUNT) {
        begin_event(h, &o, type_words[raw->event.kind], raw->event.at);
        write_event(&o, raw, &v);
        end_event(&o);
        ring_put(h, raw->event.kind, raw->event.endpoint, &o);
    }
    models_drop(set);
    out_fini(&o);
}

static void publish_lost(hub *h, uint64_t count)
{
    json_out o = {.text = NULL};
    begin_event(h, &o, "lost", lw_wall_clock());
    out_uint(&o, "count", count);
    end_event(&o);
    ring_put(h, LOST, lw_bytes_of(NULL, 0), &o);
    out_fini(&o);
}

/* Readers that wait look again. */
static void wake_readers(hub *h)
{
    pthread_mutex_lock(&h->lock);
    for (lw_link *l = h->readers.next; l != &h->readers; l = l->next) {
        api_stream *s = LW_CONTAINER(l, api_stream, link);
        if (s->waits) {
            s->waits = false;
            s->wake(s->ctx);
        }
    }
    pthread_mutex_unlock(&h->lock);
}

static void *run_hub(void *ctx)
{
    hub *h = ctx;
    bool stops = false;
    while (!stops) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += h->cfg.heartbeat_s;
        pthread_mutex_lock(&h->in_lock);
        if (h->first == NULL && h->lost == 0 && !h->stopping) {
            pthread_cond_timedwait(&h->in_changed, &h->in_lock, &until);
        }
        hub_raw *raw = h->first;
        uint64_t lost = h->lost;
        h->first = NULL;
        h->last = &h->first;
        h->waiting = 0;
        h->lost = 0;
        stops = h->stopping;
        pthread_mutex_unlock(&h->in_lock);
        while (raw != NULL) {
            hub_raw *next = raw->next;
            publish(h, raw);
            raw_free(raw);
            raw = next;
        }
        if (lost > 0) {
            publish_lost(h, lost);
        }
        wake_readers(h);
    }
    return NULL;
}

/* ---- Life ----------------------------------------------------------------------------------- */

static bool read_reserved(void *ctx, const lw_row *row)
{
    uint64_t *reserved = ctx;
    const lw_row_document *d = &row->as.document;
    json_t *json = json_loadb((const char *)d->text.ptr, d->text.len, 0, NULL);
    json_int_t number = json_integer_value(json_object_get(json, "reserved"));
    *reserved = number > 0 ? (uint64_t)number : 0;
    json_decref(json);
    return false;
}

lw_err hub_init(hub *h, const hub_cfg *cfg)
{
    pthread_condattr_t attr;
    *h = (hub){.cfg = *cfg};
    h->cfg.events = cfg->events > 0 ? cfg->events : LW_API_EVENTS_MAX;
    h->cfg.octets = cfg->octets > 0 ? cfg->octets : LW_API_EVENT_OCTETS_MAX;
    h->cfg.heartbeat_s = cfg->heartbeat_s > 0 ? cfg->heartbeat_s : 15;
    h->last = &h->first;
    lw_list_init(&h->readers);
    pthread_mutex_init(&h->lock, NULL);
    pthread_mutex_init(&h->in_lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&h->in_changed, &attr);
    pthread_condattr_destroy(&attr);
    h->ring = calloc(h->cfg.events, sizeof(hub_event *));
    if (h->ring == NULL) {
        return LW_ENOMEM;
    }
    uint64_t reserved = 1;
    lw_row key = {.kind = LW_ROW_SETTING, .as.document.key = lw_bytes_str(SETTING_KEY)};
    lw_err err = cfg->store->ops->get(cfg->store, &key, read_reserved, &reserved);
    if (err != LW_OK && err != LW_ENOTFOUND) {
        return err;
    }
    h->oldest = h->next = reserved > 0 ? reserved : 1;
    return LW_OK;
}

lw_err hub_start(hub *h)
{
    lw_err err = reserve(h, h->next);
    if (err != LW_OK) {
        return err;
    }
    h->is_running = pthread_create(&h->thread, NULL, run_hub, h) == 0;
    return h->is_running ? LW_OK : LW_ENOMEM;
}

void hub_stop(hub *h)
{
    if (h->is_running) {
        pthread_mutex_lock(&h->in_lock);
        h->stopping = true;
        pthread_cond_signal(&h->in_changed);
        pthread_mutex_unlock(&h->in_lock);
        pthread_join(h->thread, NULL);
        h->is_running = false;
    }
}

void hub_fini(hub *h)
{
    if (h->cfg.events == 0) {
        return;
    }
    hub_stop(h);
    for (hub_raw *raw = h->first; raw != NULL;) {
        hub_raw *next = raw->next;
        raw_free(raw);
        raw = next;
    }
    while (h->ring != NULL && h->oldest < h->next) {
        drop_oldest(h);
    }
    free(h->ring);
    pthread_cond_destroy(&h->in_changed);
    pthread_mutex_destroy(&h->in_lock);
    pthread_mutex_destroy(&h->lock);
    h->cfg.events = 0;
}

hub_state hub_get_state(hub *h)
{
    pthread_mutex_lock(&h->lock);
    hub_state state = {.oldest = h->oldest,
                       .newest = h->next - 1,
                       .readers = h->reader_count,
                       .dropped = h->dropped};
    pthread_mutex_unlock(&h->lock);
    return state;
}

/* ---- Readers -------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void say(api_stream *s, const char *format, ...)
{
    va_list args;
    size_t room = sizeof s->notice - s->notice_len;
    va_start(args, format);
    int len = vsnprintf(s->notice + s->notice_len, room, format, args);
    va_end(args);
    s->notice_len += (size_t)len < room ? (size_t)len : room - 1;
}

/* Where a stream begins, and what is to be said about it. Needs the lock. */
static void find_start(api_stream *s, bool has_after, uint64_t after)
{
    const hub *h = s->hub;
    s->next = has_after ? after + 1 : h->next;
    say(s, "event: hello\ndata: {\"oldest\":%llu,\"newest\":%llu,\"heartbeat\":%u}\n\n",
        (unsigned long long)h->oldest, (unsigned long long)(h->next - 1), h->cfg.heartbeat_s);
    if (s->next < h->oldest || s->next > h->next || after == UINT64_MAX) {
        s->next = after >= h->next ? h->next : h->oldest;
        say(s, "event: reset\ndata: {\"oldest\":%llu}\n\n", (unsigned long long)s->next);
    }
}

api_stream *stream_open(hub *h, const stream_cfg *cfg, bool *out_is_full)
{
    api_stream *s = calloc(1, sizeof *s);
    *out_is_full = false;
    if (s == NULL) {
        return NULL;
    }
    s->hub = h;
    s->wake = cfg->wake;
    s->ctx = cfg->ctx;
    s->types = cfg->types != 0 ? cfg->types : ~PROGRESS;
    if (cfg->device.len > 0) {
        s->device = malloc(cfg->device.len);
        if (s->device == NULL) {
            free(s);
            return NULL;
        }
        memcpy(s->device, cfg->device.ptr, cfg->device.len);
        s->device_len = cfg->device.len;
    }
    pthread_mutex_lock(&h->lock);
    *out_is_full = h->reader_count == LW_API_STREAMS_MAX;
    if (!*out_is_full) {
        h->reader_count++;
        h->progress_readers += (s->types & PROGRESS) != 0;
        lw_list_add_last(&h->readers, &s->link);
        find_start(s, cfg->has_after, cfg->after);
    }
    pthread_mutex_unlock(&h->lock);
    if (*out_is_full) {
        free(s->device);
        free(s);
        return NULL;
    }
    s->spoke_at = now_s();
    return s;
}

void stream_close(api_stream *s)
{
    if (s == NULL) {
        return;
    }
    pthread_mutex_lock(&s->hub->lock);
    lw_list_remove(&s->link);
    s->hub->reader_count--;
    s->hub->progress_readers -= (s->types & PROGRESS) != 0;
    pthread_mutex_unlock(&s->hub->lock);
    event_drop(s->now);
    free(s->device);
    free(s);
}

/* Holds the next event that this reader wants; false when there is none yet. Needs the lock. */
static bool take_next(api_stream *s)
{
    hub *h = s->hub;
    if (s->next < h->oldest) {
        say(s, "event: dropped\ndata: {\"why\":\"this reader was too slow\",\"next\":%llu}\n\n",
            (unsigned long long)s->next);
        s->ends = true;
        h->dropped++;
        return false;
    }
    while (s->next < h->next) {
        hub_event *e = h->ring[s->next++ % h->cfg.events];
        if (wants(s, e->type, lw_bytes_of(e->octets, e->device_len))) {
            atomic_fetch_add(&e->holders, 1);
            s->now = e;
            s->now_offset = 0;
            return true;
        }
    }
    return false;
}

static size_t copy_out(const char *from, size_t len, size_t *offset, char *out, size_t cap)
{
    size_t part = len - *offset < cap ? len - *offset : cap;
    memcpy(out, from + *offset, part);
    *offset += part;
    return part;
}

/* Fills `out` with what there is: the notice, then events. */
static size_t fill(api_stream *s, char *out, size_t cap)
{
    size_t len = 0;
    while (len < cap) {
        if (s->notice_offset < s->notice_len) {
            len += copy_out(s->notice, s->notice_len, &s->notice_offset, out + len, cap - len);
            continue;
        }
        s->notice_len = s->notice_offset = 0;
        if (s->now == NULL && !s->ends) {
            pthread_mutex_lock(&s->hub->lock);
            take_next(s);
            s->waits = s->now == NULL && s->notice_len == 0;
            pthread_mutex_unlock(&s->hub->lock);
        }
        if (s->now != NULL) {
            len += copy_out(s->now->octets + s->now->device_len, s->now->text_len, &s->now_offset,
                            out + len, cap - len);
            if (s->now_offset == s->now->text_len) {
                event_drop(s->now);
                s->now = NULL;
            }
        } else if (s->notice_len == 0) {
            break;
        }
    }
    return len;
}

size_t stream_read(api_stream *s, bool stopping, char *out, size_t cap)
{
    size_t len = stopping ? 0 : fill(s, out, cap);
    int64_t now = now_s();
    if (stopping || (len == 0 && s->ends)) {
        return STREAM_END;
    }
    if (len == 0 && now - s->spoke_at >= (int64_t)s->hub->cfg.heartbeat_s) {
        len = copy_out(": alive\n\n", 9, &(size_t){0}, out, cap);
    }
    if (len > 0) {
        s->spoke_at = now;
    }
    return len;
}
