/* The whole server engine, and a script of what happens to it: datagrams of devices and strangers
 * from many addresses, answers to what it asked, operators' calls, time, commits of the store and
 * their failures, restarts on the rows that were put, memory that runs out.
 *
 * Whatever the script: what is sent parses, no deadline stays in the past, the numbers agree with
 * each other, every call of an operator that was accepted ends once, and in the end all memory is
 * back.
 *
 * Input: steps. The low four bits of an octet say what, the high ones which of the devices or how;
 * further octets follow as each step needs them. A string is its length and its octets. */
#include "fuzz.h"

#include <string.h>

#include "base/list.h"
#include "base/rng.h"
#include "coap/msg.h"
#include "codec/format.h"
#include "lw/objects.h"
#include "lw/server.h"
#include "model/registry.h"
#include "testing/fakes.h"

#define DEVICES      8u
#define ROWS         64u
#define ROW_TEXT     3000u
#define CALLS        256u
#define STEPS_AT_ONE 1000u
#define WALL         INT64_C(1700000000000)

static const lw_registry registry = {.defs = lw_objects_all, .count = LW_OBJECTS_ALL_COUNT};

/* A row of the store, of the kinds that a server is given at start. */
typedef struct row {
    bool is_there;
    lw_row row;
    uint8_t text[ROW_TEXT];
} row;

typedef struct call {
    bool is_open;
    unsigned ends;
} call;

typedef struct heard {
    bool is_there;
    lw_hop to;
    uint16_t mid;
    lw_coap_token token;
} heard;

typedef struct world {
    lw_server *server;
    lw_server_cfg cfg;
    lw_server_host host;
    lw_fake_mem heap;
    lw_mem mem;
    lw_rng_seeded rng;
    lw_time now;
    lw_store store;
    lw_err put_answer;
    lw_ticket tickets;
    uint64_t highest[2];  /* number of a device, id of a request */
    bool takes_no_device; /* admit */
    char locations[DEVICES][32];
    size_t located;
    heard requests[8], tokens[8]; /* of the server: the newest; those that were Observes */
    size_t request_count, token_count;
    uint16_t mid;
    uint64_t last_request; /* of an operator */
    unsigned requests_open;
    call calls[CALLS];
    size_t call_count;
    row rows[ROWS];
} world;

/* ---- The script ------------------------------------------------------------------------------ */

typedef struct script {
    lw_bytes in;
    size_t pos;
} script;

static uint8_t next(script *s)
{
    return s->pos < s->in.len ? s->in.ptr[s->pos++] : 0;
}

static lw_bytes next_string(script *s)
{
    size_t len = next(s);
    lw_bytes rest = lw_bytes_from(s->in, s->pos);
    len = len < rest.len ? len : rest.len;
    s->pos += len;
    return lw_bytes_of(rest.ptr, len);
}

/* ---- What the server gets -------------------------------------------------------------------- */

static void *take_memory(void *ctx, size_t size)
{
    world *w = ctx;
    return w->mem.alloc(w->mem.ctx, size);
}

static void give_memory(void *ctx, void *ptr)
{
    world *w = ctx;
    w->mem.release(w->mem.ctx, ptr);
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
    world *w = ctx;
    lw_rng rng = lw_rng_seeded_rng(&w->rng);
    rng.fill(rng.ctx, out, len);
}

static bool admit(void *ctx, lw_bytes endpoint, const lw_hop *from)
{
    const world *w = ctx;
    FUZZ_CHECK(endpoint.len > 0 && from->peer.port != 0);
    return !w->takes_no_device;
}

static void remember(heard *list, size_t *count, const heard *h)
{
    list[(*count)++ % 8] = *h;
}

static void on_send(void *ctx, const lw_hop *to, lw_bytes datagram)
{
    world *w = ctx;
    lw_coap_msg m;
    FUZZ_CHECK(lw_coap_msg_parse(datagram, &m) == LW_OK);
    FUZZ_CHECK(datagram.len <= 1400 && to->peer.port != 0);
    heard h = {.is_there = true, .to = *to, .mid = m.mid, .token = m.token};
    lw_bytes value;
    if (lw_coap_code_is_request(m.code)) {
        remember(w->requests, &w->request_count, &h);
        if (lw_coap_opt_find(&m.options, LW_COAP_OPT_OBSERVE, &value)) {
            remember(w->tokens, &w->token_count, &h);
        }
    }
    lw_coap_opt_iter it = lw_coap_opts(m.options);
    if (m.code == LW_COAP_CREATED && lw_coap_opt_next_of(&it, LW_COAP_OPT_LOCATION_PATH, &value) &&
        lw_coap_opt_next_of(&it, LW_COAP_OPT_LOCATION_PATH, &value) && value.len < 32) {
        char *text = w->locations[w->located++ % DEVICES];
        memcpy(text, value.ptr, value.len);
        text[value.len] = '\0';
    }
}

static void on_event(void *ctx, const lw_server_event *event)
{
    (void)ctx;
    FUZZ_CHECK(event->kind <= LW_SERVER_REMOVED);
    FUZZ_CHECK(event->endpoint.len > 0 || event->kind == LW_SERVER_REFUSED);
    FUZZ_CHECK(event->kind != LW_SERVER_REQUEST || event->request != NULL);
}

static void on_log(void *ctx, int level, const char *module, lw_bytes text)
{
    (void)ctx, (void)module;
    FUZZ_CHECK(level >= 0 && level <= 3 && text.len > 0);
}

/* ---- The store ------------------------------------------------------------------------------- */

static bool same_key(const lw_row *a, const lw_row *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case LW_ROW_DEVICE:
        return lw_bytes_equal(a->as.device.endpoint, b->as.device.endpoint);
    case LW_ROW_WISH:
        return lw_bytes_equal(a->as.wish.endpoint, b->as.wish.endpoint) &&
               lw_bytes_equal(a->as.wish.target, b->as.wish.target);
    default:
        return a->as.request.id == b->as.request.id;
    }
}

static lw_bytes endpoint_of(const lw_row *r)
{
    return r->kind == LW_ROW_DEVICE ? r->as.device.endpoint
           : r->kind == LW_ROW_WISH ? r->as.wish.endpoint
                                    : r->as.request.endpoint;
}

static bool copy_slice(row *r, size_t *used, lw_bytes *slice)
{
    if (slice->len > ROW_TEXT - *used) {
        return false;
    }
    uint8_t *at = r->text + *used;
    if (slice->len > 0) {
        memcpy(at, slice->ptr, slice->len);
    }
    *slice = lw_bytes_of(at, slice->len);
    *used += slice->len;
    return true;
}

static bool copy_row(row *r, const lw_row *from)
{
    size_t used = 0;
    r->row = *from;
    lw_row_device *d = &r->row.as.device;
    lw_row_wish *w = &r->row.as.wish;
    lw_row_request *q = &r->row.as.request;
    switch (from->kind) {
    case LW_ROW_DEVICE:
        return copy_slice(r, &used, &d->endpoint) && copy_slice(r, &used, &d->location) &&
               copy_slice(r, &used, &d->sms) && copy_slice(r, &used, &d->profiles) &&
               copy_slice(r, &used, &d->links) && copy_slice(r, &used, &d->unknown);
    case LW_ROW_WISH:
        return copy_slice(r, &used, &w->endpoint) && copy_slice(r, &used, &w->target) &&
               copy_slice(r, &used, &w->attributes);
    default:
        return copy_slice(r, &used, &q->endpoint) && copy_slice(r, &used, &q->path) &&
               copy_slice(r, &used, &q->body) && copy_slice(r, &used, &q->arguments) &&
               copy_slice(r, &used, &q->answer);
    }
}

static void drop_rows(world *w, const lw_row *key)
{
    for (size_t i = 0; i < ROWS; i++) {
        bool below = key->kind == LW_ROW_DEVICE && w->rows[i].is_there &&
                     lw_bytes_equal(endpoint_of(&w->rows[i].row), key->as.device.endpoint);
        if (w->rows[i].is_there && (below || same_key(&w->rows[i].row, key))) {
            w->rows[i].is_there = false;
        }
    }
}

static world *world_of(lw_store *s)
{
    return LW_CONTAINER(s, world, store);
}

static lw_err put(lw_store *s, const lw_row *from, lw_haste haste, lw_ticket *out_ticket)
{
    world *w = world_of(s);
    (void)haste;
    if (w->put_answer != LW_OK) {
        return w->put_answer;
    }
    *out_ticket = ++w->tickets;
    if (from->kind == LW_ROW_VALUE) {
        return LW_OK;
    }
    uint64_t id = from->kind == LW_ROW_DEVICE ? from->as.device.number : from->as.request.id;
    uint64_t *highest = &w->highest[from->kind != LW_ROW_DEVICE];
    if (from->kind != LW_ROW_WISH && id > *highest) {
        *highest = id;
    }
    row *place = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        row *r = &w->rows[i];
        if (r->is_there ? same_key(&r->row, from) : place == NULL) {
            place = r;
            if (r->is_there) {
                break;
            }
        }
    }
    if (place != NULL) {
        place->is_there = copy_row(place, from);
    }
    return LW_OK;
}

static lw_err take_away(lw_store *s, const lw_row *key, lw_haste haste, lw_ticket *out_ticket)
{
    world *w = world_of(s);
    (void)haste;
    if (w->put_answer != LW_OK) {
        return w->put_answer;
    }
    *out_ticket = ++w->tickets;
    drop_rows(w, key);
    return LW_OK;
}

static lw_err highest(lw_store *s, lw_row_kind kind, uint8_t shard, uint64_t *out_highest)
{
    (void)shard;
    *out_highest = world_of(s)->highest[kind != LW_ROW_DEVICE];
    return LW_OK;
}

static const lw_store_ops store_ops = {.put = put, .remove = take_away, .highest = highest};

/* ---- Operators ------------------------------------------------------------------------------- */

static void on_kept(void *ctx, lw_err err)
{
    call *c = ctx;
    (void)err;
    FUZZ_CHECK(c->is_open);
    c->is_open = false;
    c->ends++;
}

static void on_end(void *ctx, const lw_server_result *result)
{
    FUZZ_CHECK(result->state <= LW_REQUEST_UNKNOWN); /* QUEUED: the server is freed */
    on_kept(ctx, LW_OK);
}

/* A call that an operator is about to make; NULL: enough of them. */
static call *open_call(world *w)
{
    call *c = w->call_count < CALLS ? &w->calls[w->call_count++] : NULL;
    if (c != NULL) {
        c->is_open = true;
    }
    return c;
}

static void settle_call(call *c, lw_err err)
{
    if (err != LW_OK) {
        FUZZ_CHECK(c->is_open && c->ends == 0);
        c->is_open = false;
    }
}

static lw_bytes name_of(unsigned index)
{
    static const char *const names[] = {"a", "b", "urn:dev:3", "d"};
    return lw_bytes_str(names[index % 4]);
}

static const char *const targets[] = {"/3/0/9", "/3303/0",          "/3",   "/3/0/9 /3303/0/5700",
                                      "/5/0/3", "/3/0/11/0 /1/0/1", "/4/0", "/3303/0/5700"};

static void observe(world *w, unsigned who, script *s)
{
    uint8_t what = next(s);
    lw_row_wish wish = {.endpoint = name_of(who),
                        .target = lw_bytes_str(targets[what % 8]),
                        .composite = strchr(targets[what % 8], ' ') != NULL,
                        .format = (what & 64) != 0 ? 110 : 65535};
    if ((what & 128) != 0) {
        wish.target = next_string(s);
    }
    if ((what & 32) != 0) {
        wish.attributes = lw_bytes_str("pmin=1&pmax=10");
    }
    call *c = open_call(w);
    if (c == NULL) {
        return;
    }
    settle_call(c, (what & 16) != 0 ? lw_server_unobserve(w->server, w->now, wish.endpoint,
                                                          wish.target, on_kept, c)
                                    : lw_server_observe(w->server, w->now, &wish, on_kept, c));
}

static void submit(world *w, unsigned who, script *s)
{
    static const uint8_t ops[] = {LW_OP_READ,    LW_OP_DISCOVER,         LW_OP_WRITE,
                                  LW_OP_EXECUTE, LW_OP_WRITE_ATTRIBUTES, LW_OP_CREATE,
                                  LW_OP_DELETE,  LW_OP_READ_COMPOSITE};
    uint8_t what = next(s);
    lw_server_request q = {.endpoint = name_of(who),
                           .op = ops[what % 8],
                           .depth = 255,
                           .format = 65535,
                           .when = (uint8_t)(what >> 4 & 3) % 3,
                           .force = (what & 128) != 0,
                           .on_end = on_end};
    if (lw_path_parse(lw_bytes_str(targets[next(s) % 8]), &q.path) != LW_OK) {
        q.path = lw_path_root();
    }
    if (q.op == LW_OP_WRITE || q.op == LW_OP_CREATE || q.op == LW_OP_READ_COMPOSITE) {
        q.body = next_string(s);
    } else if (q.op == LW_OP_WRITE_ATTRIBUTES || q.op == LW_OP_EXECUTE) {
        q.arguments = next_string(s);
    }
    call *c = open_call(w);
    if (c != NULL) {
        q.ctx = c;
        settle_call(c, lw_server_submit(w->server, w->now, &q, &w->last_request));
    }
}

static void see_device(void *ctx, const lw_server_device *device)
{
    (void)ctx;
    FUZZ_CHECK(device->row.endpoint.len > 0);
    size_t cursor = 0;
    lw_path path;
    uint8_t major;
    uint8_t minor;
    unsigned count = 0;
    while (lw_server_next_object(device, &cursor, &path, &major, &minor)) {
        FUZZ_CHECK(lw_path_depth(path) == 1 || lw_path_depth(path) == 2);
        FUZZ_CHECK(++count <= 65535);
    }
}

static void see_wish(void *ctx, const lw_server_wish *wish)
{
    (void)ctx;
    FUZZ_CHECK(wish->state <= LW_WISH_REFUSED && wish->row.target.len > 0);
}

static void see_request(void *ctx, const lw_server_result *result)
{
    (void)ctx;
    FUZZ_CHECK(result->state <= LW_REQUEST_SENT);
}

static void operate(world *w, unsigned who, script *s)
{
    lw_device_filter all = {.limit = 100, .visits = 100, .object = -1};
    lw_err err;
    call *c;
    switch (next(s) % 8) {
    case 0:
    case 1:
        submit(w, who, s);
        break;
    case 2:
    case 3:
        observe(w, who, s);
        break;
    case 4:
        c = open_call(w);
        if (c != NULL) {
            settle_call(c, lw_server_remove(w->server, w->now, name_of(who), on_kept, c));
        }
        break;
    case 5:
        c = open_call(w);
        if (c != NULL) {
            settle_call(c,
                        lw_server_cancel(w->server, w->now, w->last_request - who % 4, on_kept, c));
        }
        break;
    case 6:
        err = lw_server_set_profile(w->server, lw_bytes_str("v:p"), next_string(s));
        FUZZ_CHECK(err == LW_OK || err == LW_EINVAL || err == LW_ENOMEM);
        break;
    default:
        (void)lw_server_list(w->server, &all, see_device, NULL);
        err = lw_server_wishes(w->server, name_of(who), see_wish, NULL);
        err = lw_server_requests(w->server, name_of(who), see_request, NULL);
        (void)err;
        break;
    }
}

/* ---- Devices --------------------------------------------------------------------------------- */

static lw_hop hop_of(unsigned index)
{
    return (lw_hop){.peer = {.ip = {1, 2, 3}, .port = (uint16_t)(1000 + index % DEVICES)},
                    .local = {.ip = {9}, .port = 5683},
                    .socket = (uint8_t)(index / 12)};
}

static void feed(world *w, const lw_hop *from, const lw_writer *octets)
{
    if (octets->err == LW_OK) {
        lw_server_feed(w->server, w->now, from, lw_writer_bytes(octets));
    }
}

static void put_items(lw_coap_out *out, uint32_t number, lw_bytes text, char separator)
{
    while (text.len > 0) {
        lw_bytes item = lw_bytes_cut(&text, separator);
        lw_coap_put(out, number, lw_bytes_of(item.ptr, item.len < 255 ? item.len : 255));
    }
}

/* Register, Update, De-register, Send: `what` chooses, and how much of it comes from the script. */
static void request(world *w, unsigned who, script *s)
{
    static const char *const queries[] = {"lt=60&lwm2m=1.1",       "lt=300&lwm2m=1.0&b=UQ",
                                          "lt=60&lwm2m=1.2&Q",     "lt=0&lwm2m=1.2&pid=v:p",
                                          "lt=60&lwm2m=1.1&Q&x=1", "lwm2m=1.1&sms=12"};
    static const char *const lists[] = {"</1/0>,</3/0>,</3303/0>,</3303/1>", "</3/0>",
                                        "</>;ct=\"110 112\",</1/0>,</3/0>,</5/0>",
                                        "</lw>;rt=\"oma.lwm2m\",</lw/3/0>,</lw/3303>;ver=1.1"};
    uint8_t what = next(s);
    uint8_t how = next(s);
    uint8_t octets[1400];
    char query[400] = "";
    lw_writer line;
    lw_writer_init(&line, (uint8_t *)query, sizeof query);
    lw_writer o;
    lw_writer_init(&o, octets, sizeof octets);
    lw_coap_out out;
    lw_coap_token token = {.len = 1, .octets = {what}};
    bool is_delete = what % 8 == 5;
    lw_coap_begin(&out, &o, (what & 64) != 0 ? LW_COAP_NON : LW_COAP_CON,
                  is_delete ? LW_COAP_DELETE : LW_COAP_POST, w->mid++, token);
    bool is_send = what % 8 >= 6;
    lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, is_send ? "dp" : "rd");
    if (what % 8 >= 3 && !is_send) {
        lw_coap_put_str(&out, LW_COAP_OPT_URI_PATH, w->locations[how % DEVICES]);
    }
    bool is_register = what % 8 < 3;
    lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, is_send ? (how & 1 ? 110 : 112) : 40);
    if (is_register) {
        lw_write_str(&line, "ep=");
        lw_write_bytes(&line, name_of(how >> 4));
        lw_write_str(&line, "&");
        lw_write_str(&line, queries[how % 6]);
    }
    if ((what & 128) != 0) {
        lw_write_str(&line, "&");
        lw_write_bytes(&line, next_string(s));
    }
    put_items(&out, LW_COAP_OPT_URI_QUERY, lw_writer_bytes(&line), '&');
    if (is_send || (what & 32) != 0) {
        lw_coap_put_payload(&out, next_string(s));
    } else if (is_register || (what & 16) != 0) {
        lw_coap_put_payload(&out, lw_bytes_str(lists[how % 4]));
    }
    lw_hop from = hop_of(who);
    feed(w, &from, &o);
}

/* An answer to a request of the server, or a notification with the token of an Observe. */
static void answer(world *w, script *s, bool is_notification)
{
    static const uint8_t codes[] = {LW_COAP_CONTENT,        LW_COAP_CHANGED,
                                    LW_COAP_CONTENT,        LW_COAP_NOT_FOUND,
                                    LW_COAP_NOT_ACCEPTABLE, LW_COAP_UNSUPPORTED_CONTENT_FORMAT,
                                    LW_COAP_CREATED,        LW_COAP_EMPTY};
    static const uint16_t formats[] = {0, 110, 112, 11542, 42, 11543, 60, 11544};
    uint8_t what = next(s);
    uint8_t how = next(s);
    const heard *h = is_notification ? &w->tokens[how >> 5] : &w->requests[how >> 5];
    if (!h->is_there) {
        return;
    }
    uint8_t octets[1400];
    lw_writer o;
    lw_writer_init(&o, octets, sizeof octets);
    lw_coap_out out;
    uint8_t type = is_notification ? (what >> 3 & 1) : what & 8 ? LW_COAP_RST : LW_COAP_ACK;
    uint8_t code = type == LW_COAP_RST ? LW_COAP_EMPTY : codes[what & 7];
    bool is_separate = !is_notification && (what & 64) != 0;
    lw_coap_token token = code == LW_COAP_EMPTY ? (lw_coap_token){.len = 0} : h->token;
    lw_coap_begin(&out, &o, is_separate ? LW_COAP_CON : (lw_coap_type)type, code,
                  is_notification || is_separate ? w->mid++ : h->mid, token);
    if (code != LW_COAP_EMPTY) {
        if ((what & 16) != 0) {
            lw_coap_put_uint(&out, LW_COAP_OPT_OBSERVE, next(s));
        }
        lw_coap_put_uint(&out, LW_COAP_OPT_CONTENT_FORMAT, formats[how & 7]);
        if ((what & 32) != 0) {
            lw_coap_put_uint(&out, LW_COAP_OPT_BLOCK2, next(s));
        }
        lw_coap_put_payload(&out, next_string(s));
    }
    lw_hop from = (how & 8) != 0 ? hop_of(how >> 4) : h->to;
    feed(w, &from, &o);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void check(const world *w)
{
    lw_server_stats s = lw_server_get_stats(w->server);
    FUZZ_CHECK(s.registered <= s.devices && s.asleep <= s.registered);
    FUZZ_CHECK(s.devices <= w->cfg.limits.devices);
}

static void pass(world *w, lw_time ms)
{
    lw_time until = w->now + ms;
    for (unsigned steps = 0;; steps++) {
        lw_time at = lw_server_step(w->server, w->now);
        FUZZ_CHECK(at > w->now); /* what was due is done */
        if (at > until) {
            break;
        }
        /* Each retransmission and expiry is a step; a day of them is not. */
        w->now = steps < STEPS_AT_ONE ? at : until;
    }
    w->now = until;
    (void)lw_server_step(w->server, w->now);
}

static void start(world *w)
{
    lw_err err = lw_server_new(&w->cfg, w->now, WALL + w->now, &w->server);
    FUZZ_CHECK(err == LW_OK);
    static const uint8_t kinds[] = {LW_ROW_DEVICE, LW_ROW_WISH, LW_ROW_REQUEST};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < ROWS; i++) {
            const lw_row *r = &w->rows[i].row;
            if (w->rows[i].is_there && r->kind == kinds[k] &&
                (r->kind != LW_ROW_REQUEST || r->as.request.state <= LW_REQUEST_SENT)) {
                err = lw_server_load(w->server, r);
            }
        }
    }
}

static void stop(world *w)
{
    w->heap.fail_at = 0;
    lw_server_free(w->server);
    FUZZ_CHECK(w->heap.live == 0);
    for (size_t i = 0; i < w->call_count; i++) {
        FUZZ_CHECK(!w->calls[i].is_open && w->calls[i].ends <= 1);
    }
    w->call_count = 0;
    memset(w->calls, 0, sizeof w->calls);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void step(world *w, uint8_t op, script *s)
{
    unsigned how = op >> 4;
    lw_hop from = hop_of(how);
    switch (op & 15) {
    case 0:
        lw_server_feed(w->server, w->now, &from, next_string(s));
        break;
    case 1:
    case 2:
    case 3:
        request(w, how, s);
        break;
    case 4:
    case 5:
        answer(w, s, false);
        break;
    case 6:
    case 7:
        answer(w, s, true);
        break;
    case 8:
    case 9:
        operate(w, how, s);
        break;
    case 10:
        lw_server_kept(w->server, w->now, w->tickets, (how & 1) != 0 ? LW_EIO : LW_OK);
        break;
    case 11:
        w->put_answer = how == 1 ? LW_EIO : how == 2 ? LW_ENOMEM : LW_OK;
        break;
    case 12:
        pass(w, (lw_time)next(s) << how);
        break;
    case 13:
        w->heap.fail_at = w->heap.count + 1 + how; /* once */
        break;
    case 14:
        w->takes_no_device = how == 1;
        (void)lw_server_drain(w->server, w->now);
        break;
    default:
        if (how == 0) {
            stop(w);
            w->now += 1000;
            start(w);
        } else {
            lw_server_set_clock(w->server, w->now, WALL + w->now + how * 100000);
        }
        break;
    }
    (void)lw_server_step(w->server, w->now);
    check(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world w;
    memset(&w, 0, sizeof w);
    script s = {.in = lw_bytes_of(data, size)};
    uint8_t kind = next(&s);
    w.mem = lw_fake_mem_mem(&w.heap);
    w.now = 1000;
    lw_rng_seeded_init(&w.rng, kind);
    w.store.ops = &store_ops;
    w.host = (lw_server_host){.ctx = &w,
                              .send = on_send,
                              .on_event = on_event,
                              .random = fill,
                              .alloc = take_memory,
                              .release = give_memory,
                              .admit = admit,
                              .log = on_log};
    w.cfg = (lw_server_cfg){.shard = kind,
                            .host = &w.host,
                            .store = (kind & 1) != 0 ? NULL : &w.store,
                            .registry = &registry,
                            .strict = (kind & 2) != 0,
                            .record = (kind & 4) != 0,
                            .limits = {.devices = 3, .peers = 4, .body_max = 4096, .bodies = 4}};
    start(&w);
    while (s.pos < s.in.len) {
        step(&w, next(&s), &s);
    }
    stop(&w);
    return 0;
}
