/* A server on a table: virtual time, devices whose datagrams are put together by hand, a store that
 * commits when it is told to, and a record of all that was sent and told.
 */
#ifndef LW_SERVER_RIG_TEST_H
#define LW_SERVER_RIG_TEST_H

#include "testing/lw_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/rng.h"
#include "coap/msg.h"
#include "lw/objects.h"
#include "lw/server.h"
#include "model/registry.h"
#include "proto/register.h"
#include "testing/fakes.h"

#define RIG_SENT_MAX   512
#define RIG_EVENTS_MAX 512
#define RIG_ROWS_MAX   512
#define RIG_WALL       INT64_C(1700000000000) /* when a rig begins */

typedef struct rig_datagram {
    lw_time at;
    lw_hop to;
    size_t len;
    uint8_t octets[1400];
    lw_coap_msg msg; /* points into octets */
} rig_datagram;

typedef struct rig_event {
    lw_server_event event; /* its slices point into text, or are empty */
    lw_server_result request;
    char endpoint[256], target[256];
    uint8_t payload[2048];
    lw_hop from;
} rig_event;

/* A row that was put, or the key of one that was removed; what the tests look at. */
typedef struct rig_row {
    uint8_t kind;
    bool is_removal;
    uint8_t haste;
    lw_row row; /* its slices point into text */
    char text[4096];
} rig_row;

typedef struct rig {
    lw_server *server;
    lw_server_cfg cfg;
    lw_server_host host;
    lw_fake_mem heap;
    lw_mem mem;
    lw_fake_log log;
    lw_rng_seeded seed;
    lw_time now;
    bool refuse_all; /* by admit */
    size_t sent_count;
    rig_datagram sent[RIG_SENT_MAX];
    size_t event_count;
    rig_event events[RIG_EVENTS_MAX];
    uint16_t next_mid;
    /* The store: */
    lw_store store;
    lw_err put_answer; /* LW_OK: it takes rows */
    lw_ticket tickets, told;
    uint64_t highest;        /* id of a request */
    uint64_t highest_number; /* of a device */
    size_t row_count;
    rig_row rows[RIG_ROWS_MAX];
} rig;

/* ---- What the server gets from outside --------------------------------------------------------
 */

static inline void *rig_alloc(void *ctx, size_t size)
{
    rig *r = ctx;
    return r->mem.alloc(r->mem.ctx, size);
}

static inline void rig_release(void *ctx, void *ptr)
{
    rig *r = ctx;
    r->mem.release(r->mem.ctx, ptr);
}

static inline void rig_random(void *ctx, uint8_t *out, size_t len)
{
    rig *r = ctx;
    lw_rng rng = lw_rng_seeded_rng(&r->seed);
    rng.fill(rng.ctx, out, len);
}

static inline void rig_send(void *ctx, const lw_hop *to, lw_bytes datagram)
{
    rig *r = ctx;
    assert_true(r->sent_count < RIG_SENT_MAX);
    rig_datagram *d = &r->sent[r->sent_count++];
    assert_true(datagram.len <= sizeof d->octets);
    d->at = r->now;
    d->to = *to;
    d->len = datagram.len;
    memcpy(d->octets, datagram.ptr, datagram.len);
    assert_ok(lw_coap_msg_parse(lw_bytes_of(d->octets, d->len), &d->msg));
}

static inline lw_bytes rig_keep_text(char *at, size_t room, lw_bytes text)
{
    assert_true(text.len < room);
    if (text.len > 0) {
        memcpy(at, text.ptr, text.len);
    }
    at[text.len] = '\0';
    return lw_bytes_of(at, text.len);
}

static inline void rig_on_event(void *ctx, const lw_server_event *event)
{
    rig *r = ctx;
    assert_true(r->event_count < RIG_EVENTS_MAX);
    rig_event *e = &r->events[r->event_count++];
    e->event = *event;
    e->event.endpoint = rig_keep_text(e->endpoint, sizeof e->endpoint, event->endpoint);
    e->event.target = rig_keep_text(e->target, sizeof e->target, event->target);
    e->event.payload = rig_keep_text((char *)e->payload, sizeof e->payload, event->payload);
    if (event->request != NULL) {
        e->request = *event->request;
        e->event.request = &e->request;
    }
    if (event->from != NULL) {
        e->from = *event->from;
        e->event.from = &e->from;
    }
}

static inline bool rig_admit(void *ctx, lw_bytes endpoint, const lw_hop *from)
{
    rig *r = ctx;
    assert_true(endpoint.len > 0 && from->peer.port != 0);
    return !r->refuse_all;
}

static inline void rig_log(void *ctx, int level, const char *module, lw_bytes text)
{
    rig *r = ctx;
    lw_log log = lw_fake_log_log(&r->log);
    log.line(log.ctx, (lw_log_level)level, module, text);
}

/* ---- The store ---- */

static inline void rig_keep_slice(rig_row *kept, size_t *used, lw_bytes *slice)
{
    *slice = rig_keep_text(kept->text + *used, sizeof kept->text - *used, *slice);
    *used += slice->len + 1;
}

static inline void rig_keep_row(rig *r, const lw_row *row, bool is_removal, lw_haste haste)
{
    assert_true(r->row_count < RIG_ROWS_MAX);
    rig_row *k = &r->rows[r->row_count++];
    *k = (rig_row){
        .kind = row->kind, .is_removal = is_removal, .haste = (uint8_t)haste, .row = *row};
    size_t used = 0;
    switch (row->kind) {
    case LW_ROW_DEVICE:
        if (row->as.device.number > r->highest_number) {
            r->highest_number = row->as.device.number;
        }
        rig_keep_slice(k, &used, &k->row.as.device.endpoint);
        rig_keep_slice(k, &used, &k->row.as.device.location);
        rig_keep_slice(k, &used, &k->row.as.device.sms);
        rig_keep_slice(k, &used, &k->row.as.device.profiles);
        rig_keep_slice(k, &used, &k->row.as.device.links);
        rig_keep_slice(k, &used, &k->row.as.device.unknown);
        break;
    case LW_ROW_WISH:
        rig_keep_slice(k, &used, &k->row.as.wish.endpoint);
        rig_keep_slice(k, &used, &k->row.as.wish.target);
        rig_keep_slice(k, &used, &k->row.as.wish.attributes);
        break;
    case LW_ROW_REQUEST:
        rig_keep_slice(k, &used, &k->row.as.request.endpoint);
        rig_keep_slice(k, &used, &k->row.as.request.path);
        rig_keep_slice(k, &used, &k->row.as.request.body);
        rig_keep_slice(k, &used, &k->row.as.request.arguments);
        rig_keep_slice(k, &used, &k->row.as.request.answer);
        break;
    default:
        assert_int_equal(row->kind, LW_ROW_VALUE);
        rig_keep_slice(k, &used, &k->row.as.value.endpoint);
        if (row->as.value.value.type == LW_TYPE_STRING ||
            row->as.value.value.type == LW_TYPE_OPAQUE ||
            row->as.value.value.type == LW_TYPE_CORELNK) {
            rig_keep_slice(k, &used, &k->row.as.value.value.as.bytes);
        }
        break;
    }
}

static inline rig *rig_of(lw_store *s)
{
    return LW_CONTAINER(s, rig, store);
}

static inline lw_err rig_put(lw_store *s, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    rig *r = rig_of(s);
    if (r->put_answer != LW_OK) {
        return r->put_answer;
    }
    rig_keep_row(r, row, false, haste);
    *out_ticket = ++r->tickets;
    return LW_OK;
}

static inline lw_err rig_remove(lw_store *s, const lw_row *key, lw_haste haste,
                                lw_ticket *out_ticket)
{
    rig *r = rig_of(s);
    if (r->put_answer != LW_OK) {
        return r->put_answer;
    }
    rig_keep_row(r, key, true, haste);
    *out_ticket = ++r->tickets;
    return LW_OK;
}

/* Everything that was put is durable now, or was refused. */
static inline void rig_commit(rig *r, lw_err err)
{
    lw_server_kept(r->server, r->now, r->tickets, err);
}

static inline lw_err rig_highest(lw_store *s, lw_row_kind kind, uint8_t shard,
                                 uint64_t *out_highest)
{
    const rig *r = rig_of(s);
    (void)shard;
    *out_highest = kind == LW_ROW_DEVICE ? r->highest_number : r->highest;
    return LW_OK;
}

static const lw_store_ops rig_store_ops = {
    .put = rig_put, .remove = rig_remove, .highest = rig_highest};

/* The newest row of that kind; NULL: none. */
static inline const rig_row *rig_row_of(const rig *r, lw_row_kind kind)
{
    for (size_t i = r->row_count; i > 0; i--) {
        if (r->rows[i - 1].kind == kind) {
            return &r->rows[i - 1];
        }
    }
    return NULL;
}

static inline size_t rig_rows(const rig *r, lw_row_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < r->row_count; i++) {
        count += r->rows[i].kind == kind;
    }
    return count;
}

static const lw_registry rig_registry = {.defs = lw_objects_all, .count = LW_OBJECTS_ALL_COUNT};

/* ---- Begin and end ----------------------------------------------------------------------------
 */

/* cfg may be NULL; host, store and registry are filled in. With `record` there is a store. */
static inline rig *rig_new(const lw_server_cfg *cfg)
{
    rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->mem = lw_fake_mem_mem(&r->heap);
    lw_rng_seeded_init(&r->seed, 1);
    r->host = (lw_server_host){.ctx = r,
                               .send = rig_send,
                               .on_event = rig_on_event,
                               .random = rig_random,
                               .alloc = rig_alloc,
                               .release = rig_release,
                               .admit = rig_admit,
                               .log = rig_log};
    r->store.ops = &rig_store_ops;
    r->cfg = cfg != NULL ? *cfg : (lw_server_cfg){.shard = 3};
    r->cfg.host = &r->host;
    r->cfg.store = &r->store;
    r->cfg.registry = &rig_registry;
    r->next_mid = 1000;
    r->now = 5000;
    assert_ok(lw_server_new(&r->cfg, r->now, RIG_WALL, &r->server));
    return r;
}

static inline void rig_free(rig *r)
{
    lw_server_free(r->server);
    assert_int_equal(r->heap.live, 0);
    free(r);
}

/* The process ends and begins again, `down` ms later, with the rows that were put: the newest of
 * each key. */
static inline void rig_restart(rig *r, lw_time down)
{
    lw_server_free(r->server);
    assert_int_equal(r->heap.live, 0);
    lw_time wall = RIG_WALL + r->now - 5000 + down;
    r->now = 77; /* another origin of the monotonic clock */
    r->sent_count = r->event_count = 0;
    assert_ok(lw_server_new(&r->cfg, r->now, wall, &r->server));
}

/* Gives the rows of a kind to the new server; those of the same key must not have been put twice
 * unless `key` tells which are the same. */
static inline void rig_load(rig *r, const lw_row *row)
{
    assert_ok(lw_server_load(r->server, row));
}

static inline void rig_step(rig *r)
{
    (void)lw_server_step(r->server, r->now);
}

/* Lets time pass, stopping whenever the server wants to be called. */
static inline void rig_pass(rig *r, lw_time ms)
{
    lw_time until = r->now + ms;
    for (;;) {
        lw_time next = lw_server_step(r->server, r->now);
        if (next > until) {
            break;
        }
        r->now = next > r->now ? next : r->now + 1;
    }
    r->now = until;
    rig_step(r);
}

/* ---- Devices ----------------------------------------------------------------------------------
 */

/* 10.0.0.1:port on socket 0. */
static inline lw_hop rig_hop(uint16_t port)
{
    return (lw_hop){
        .peer = {.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}, .port = port},
        .local = {.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9}, .port = 5683}};
}

typedef struct rig_message {
    uint8_t type; /* lw_coap_type */
    uint8_t code;
    uint16_t mid;            /* 0: the next one */
    const char *token;       /* NULL: none */
    size_t token_len;        /* 0: as a text */
    int observe;             /* value + 1; 0: none */
    const char *target;      /* "/rd?ep=a&lt=60" */
    int format;              /* + 1; 0: none */
    uint32_t block1, block2; /* value + 1; 0: none */
    uint32_t size2;          /* 0: none */
    lw_bytes payload;
} rig_message;

static inline void rig_put_split(lw_coap_out *out, uint32_t number, const char *text,
                                 char separator)
{
    lw_bytes rest = lw_bytes_str(text);
    while (rest.len > 0) {
        lw_coap_put(out, number, lw_bytes_cut(&rest, separator));
    }
}

static inline void rig_put_target(lw_coap_out *out, const rig_message *m)
{
    char path[512];
    if (m->target == NULL) {
        return;
    }
    assert_true(strlen(m->target) < sizeof path);
    strcpy(path, m->target);
    char *query = strchr(path, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    rig_put_split(out, LW_COAP_OPT_URI_PATH, path + 1, '/');
    if (m->format != 0) {
        lw_coap_put_uint(out, LW_COAP_OPT_CONTENT_FORMAT, (uint32_t)m->format - 1);
    }
    if (query != NULL) {
        rig_put_split(out, LW_COAP_OPT_URI_QUERY, query, '&');
    }
}

/* Feeds a message; returns its message id. */
static inline uint16_t rig_message_from(rig *r, const lw_hop *from, const rig_message *m)
{
    uint8_t octets[1400];
    lw_writer w;
    lw_writer_init(&w, octets, sizeof octets);
    lw_coap_token token = {.len = 0};
    if (m->token != NULL) {
        token.len = (uint8_t)(m->token_len != 0 ? m->token_len : strlen(m->token));
        memcpy(token.octets, m->token, token.len);
    }
    uint16_t mid = m->mid != 0 ? m->mid : r->next_mid++;
    lw_coap_out out;
    lw_coap_begin(&out, &w, (lw_coap_type)m->type, m->code, mid, token);
    if (m->observe != 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, (uint32_t)m->observe - 1);
    }
    if (m->target != NULL) {
        rig_put_target(&out, m);
    } else if (m->format != 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, (uint32_t)m->format - 1);
    }
    if (m->block2 != 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK2, m->block2 - 1);
    }
    if (m->block1 != 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK1, m->block1 - 1);
    }
    if (m->size2 != 0) {
        lw_coap_put_uint(&out, LW_COAP_OPT_SIZE2, m->size2);
    }
    lw_coap_put_payload(&out, m->payload);
    assert_int_equal(w.err, LW_OK);
    lw_server_feed(r->server, r->now, from, lw_writer_bytes(&w));
    rig_step(r);
    return mid;
}

/* The newest datagram; it fails when nothing was sent since `since`. */
static inline const rig_datagram *rig_last(const rig *r)
{
    assert_true(r->sent_count > 0);
    return &r->sent[r->sent_count - 1];
}

/* The answer to the request with that message id, NULL: none. */
static inline const rig_datagram *rig_answer(const rig *r, uint16_t mid)
{
    for (size_t i = r->sent_count; i > 0; i--) {
        const lw_coap_msg *m = &r->sent[i - 1].msg;
        if (m->type == LW_COAP_ACK && m->mid == mid) {
            return &r->sent[i - 1];
        }
    }
    return NULL;
}

/* A confirmable request in link-format; the code it is answered with, piggybacked. */
static inline uint8_t rig_request(rig *r, uint16_t port, uint8_t method, const char *target,
                                  const char *links)
{
    lw_hop hop = rig_hop(port);
    bool has_links = links != NULL && links[0] != '\0';
    rig_message m = {.type = LW_COAP_CON,
                     .code = method,
                     .token = "t",
                     .target = target,
                     .format = has_links ? 41 : 0,
                     .payload = lw_bytes_str(has_links ? links : "")};
    const rig_datagram *answer = rig_answer(r, rig_message_from(r, &hop, &m));
    return answer != NULL ? answer->msg.code : LW_COAP_EMPTY;
}

#define RIG_LINKS "</1/0>,</3/0>"

/* Registers; the location ("/rd/…") goes to out. */
static inline void rig_register(rig *r, uint16_t port, const char *target, const char *links,
                                char out[32])
{
    assert_int_equal(rig_request(r, port, LW_COAP_POST, target, links), LW_COAP_CREATED);
    size_t i = r->sent_count;
    while (r->sent[i - 1].msg.code != LW_COAP_CREATED) {
        i--;
    }
    lw_coap_opt_iter it = lw_coap_opts(r->sent[i - 1].msg.options);
    lw_bytes segment;
    size_t len = 0;
    while (lw_coap_opt_next_of(&it, LW_COAP_OPT_LOCATION_PATH, &segment)) {
        out[len++] = '/';
        memcpy(out + len, segment.ptr, segment.len);
        len += segment.len;
    }
    out[len] = '\0';
    assert_int_equal(len, 16);
}

/* ---- What was told ----------------------------------------------------------------------------
 */

/* The kinds of the events since the last call, as text: "REGISTERED UPDATED". */
static inline const char *rig_told(rig *r)
{
    static const char *const names[] = {[LW_SERVER_REGISTERED] = "REGISTERED",
                                        [LW_SERVER_UPDATED] = "UPDATED",
                                        [LW_SERVER_DEREGISTERED] = "DEREGISTERED",
                                        [LW_SERVER_EXPIRED] = "EXPIRED",
                                        [LW_SERVER_REFUSED] = "REFUSED",
                                        [LW_SERVER_AWAKE] = "AWAKE",
                                        [LW_SERVER_ASLEEP] = "ASLEEP",
                                        [LW_SERVER_NOTIFIED] = "NOTIFIED",
                                        [LW_SERVER_SENT] = "SENT",
                                        [LW_SERVER_OBSERVED] = "OBSERVED",
                                        [LW_SERVER_UNOBSERVED] = "UNOBSERVED",
                                        [LW_SERVER_BAD_PAYLOAD] = "BAD_PAYLOAD",
                                        [LW_SERVER_REQUEST] = "REQUEST",
                                        [LW_SERVER_PROGRESS] = "PROGRESS",
                                        [LW_SERVER_REMOVED] = "REMOVED"};
    static char text[1024];
    text[0] = '\0';
    for (size_t i = 0; i < r->event_count; i++) {
        if (i > 0) {
            strcat(text, " ");
        }
        strcat(text, names[r->events[i].event.kind]);
    }
    r->event_count = 0;
    return text;
}

/* The event told last. */
static inline const lw_server_event *rig_event_last(const rig *r)
{
    assert_true(r->event_count > 0);
    return &r->events[r->event_count - 1].event;
}

static inline lw_server_device rig_device(const rig *r, const char *endpoint)
{
    lw_server_device device;
    assert_ok(lw_server_get(r->server, lw_bytes_str(endpoint), &device));
    return device;
}

#endif
