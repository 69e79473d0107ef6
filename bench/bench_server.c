/* What a server with a fleet does for each message: 100,000 devices are registered, and their
 * messages come in turn, so that nothing of the next one is in a cache. "Bare" is the least that
 * any server does for that datagram: parse it, route it, write an answer. Its share of our time is
 * the ratio.
 *
 * The last cases compare our server with itself: with 100,000 requests that wait, one for each of
 * as many sleeping devices, and without. The column of the others is that without.
 */
#include "bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coap/msg.h"
#include "codec/format.h"
#include "lw/objects.h"
#include "lw/server.h"
#include "model/registry.h"
#include "proto/request.h"

#define DEVICES 100000u
#define LINKS   "</1/0>,</3/0>,</5/0>,</3303/0>,</3303/1>"

typedef struct fleet {
    lw_server *server;
    lw_server_host host;
    lw_time now;
    uint32_t next; /* the device whose turn it is */
    uint16_t mid;
    size_t octets;         /* handed out */
    char (*locations)[16]; /* of all devices */
    lw_coap_token *tokens; /* of their observations; NULL: none */
    uint8_t last[1500];    /* sent */
    size_t last_len;
} fleet;

static const lw_registry registry = {.defs = lw_objects_all, .count = LW_OBJECTS_ALL_COUNT};

/* ---- What the engine needs --------------------------------------------------------------------
 */

static void on_send(void *ctx, const lw_hop *to, lw_bytes datagram)
{
    fleet *f = ctx;
    (void)to;
    memcpy(f->last, datagram.ptr, datagram.len);
    f->last_len = datagram.len;
}

static void on_event(void *ctx, const lw_server_event *event)
{
    (void)ctx;
    bench_keep(event);
}

static void give_random(void *ctx, uint8_t *out, size_t len)
{
    static uint64_t state = 88172645463325252u;
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out[i] = (uint8_t)state;
    }
}

static void *take(void *ctx, size_t size)
{
    fleet *f = ctx;
    void *ptr = malloc(size);
    f->octets += malloc_usable_size(ptr) + sizeof(size_t); /* with malloc's own word */
    return ptr;
}

static void give_back(void *ctx, void *ptr)
{
    fleet *f = ctx;
    f->octets -= ptr != NULL ? malloc_usable_size(ptr) + sizeof(size_t) : 0;
    free(ptr);
}

static lw_hop hop_of(uint32_t device)
{
    return (lw_hop){.peer = {.ip = {[10] = 0xff,
                                    [11] = 0xff,
                                    [12] = 10,
                                    [13] = (uint8_t)(device >> 16),
                                    [14] = (uint8_t)(device >> 8),
                                    [15] = (uint8_t)device},
                             .port = 5683},
                    .local = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 10}, .port = 5683}};
}

/* ---- Messages of devices ----------------------------------------------------------------------
 */

typedef struct message {
    lw_writer w;
    lw_coap_out out;
    uint8_t octets[512];
} message;

static void begin(message *m, uint8_t code, uint16_t mid)
{
    lw_writer_init(&m->w, m->octets, sizeof m->octets);
    lw_coap_begin(&m->out, &m->w, LW_COAP_CON, code, mid, (lw_coap_token){4, {1, 2, 3, 4}});
}

static lw_bytes update_of(const fleet *f, message *m, uint32_t device)
{
    begin(m, LW_COAP_POST, f->mid);
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_PATH, "rd");
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_PATH, f->locations[device]);
    return lw_writer_bytes(&m->w);
}

static lw_bytes register_of(const fleet *f, message *m, uint32_t device, bool queue_mode)
{
    char ep[32];
    snprintf(ep, sizeof ep, "ep=urn:dev:os:32473-%07u", (unsigned)device);
    begin(m, LW_COAP_POST, f->mid);
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_PATH, "rd");
    lw_coap_put_uint(&m->out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_LINK);
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_QUERY, ep);
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_QUERY, "lt=86400");
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_QUERY, "lwm2m=1.1");
    lw_coap_put_str(&m->out, LW_COAP_OPT_URI_QUERY, "b=U");
    if (queue_mode) {
        lw_coap_put_str(&m->out, LW_COAP_OPT_URI_QUERY, "Q");
    }
    lw_coap_put_payload(&m->out, lw_bytes_str(LINKS));
    return lw_writer_bytes(&m->w);
}

static lw_bytes notification_of(const fleet *f, message *m, uint32_t device)
{
    lw_writer_init(&m->w, m->octets, sizeof m->octets);
    lw_coap_begin(&m->out, &m->w, LW_COAP_NON, LW_COAP_CONTENT, f->mid, f->tokens[device]);
    lw_coap_put_uint(&m->out, LW_COAP_OPT_OBSERVE, f->mid);
    lw_coap_put_uint(&m->out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_TEXT);
    lw_coap_put_payload(&m->out, lw_bytes_str("21.5"));
    return lw_writer_bytes(&m->w);
}

/* Feeds it at the next millisecond of virtual time. */
static lw_coap_msg feed(fleet *f, uint32_t device, lw_bytes datagram)
{
    lw_hop hop = hop_of(device);
    lw_coap_msg answer = {.code = LW_COAP_EMPTY};
    f->now++;
    f->mid++;
    f->last_len = 0;
    lw_server_feed(f->server, f->now, &hop, datagram);
    (void)lw_server_step(f->server, f->now);
    if (f->last_len > 0) {
        BENCH_CHECK(lw_coap_msg_parse(lw_bytes_of(f->last, f->last_len), &answer) == LW_OK);
    }
    return answer;
}

static uint32_t next_device(fleet *f)
{
    f->next = (f->next + 7919) % DEVICES; /* a prime: in no order that a cache likes */
    return f->next;
}

/* ---- Fleets -----------------------------------------------------------------------------------
 */

static void register_one(fleet *f, uint32_t device, bool queue_mode)
{
    message m;
    lw_coap_msg answer = feed(f, device, register_of(f, &m, device, queue_mode));
    lw_coap_opt_iter it = lw_coap_opts(answer.options);
    lw_bytes segment;
    BENCH_CHECK(answer.code == LW_COAP_CREATED);
    while (lw_coap_opt_next_of(&it, LW_COAP_OPT_LOCATION_PATH, &segment)) {
        memcpy(f->locations[device], segment.ptr, segment.len);
        f->locations[device][segment.len] = '\0';
    }
}

static fleet *make_fleet(bool queue_mode)
{
    fleet *f = calloc(1, sizeof *f);
    BENCH_CHECK(f != NULL);
    f->locations = calloc(DEVICES, sizeof *f->locations);
    BENCH_CHECK(f->locations != NULL);
    f->host = (lw_server_host){.ctx = f,
                               .send = on_send,
                               .on_event = on_event,
                               .random = give_random,
                               .alloc = take,
                               .release = give_back};
    lw_server_cfg cfg = {.host = &f->host, .registry = &registry};
    BENCH_CHECK(lw_server_new(&cfg, 0, 1700000000000, &f->server) == LW_OK);
    for (uint32_t i = 0; i < DEVICES; i++) {
        register_one(f, i, queue_mode);
    }
    return f;
}

/* Lets time pass until all are asleep and CoAP has forgotten them. */
static void rest(fleet *f)
{
    f->now += 300000;
    (void)lw_server_step(f->server, f->now);
}

/* Every device is observed: one wish each, established. */
static void observe_all(fleet *f)
{
    f->tokens = calloc(DEVICES, sizeof *f->tokens);
    BENCH_CHECK(f->tokens != NULL);
    for (uint32_t i = 0; i < DEVICES; i++) {
        char name[32];
        snprintf(name, sizeof name, "urn:dev:os:32473-%07u", (unsigned)i);
        lw_row_wish wish = {.endpoint = lw_bytes_str(name),
                            .target = lw_bytes_str("/3303/0/5700"),
                            .format = LW_CF_TEXT};
        f->last_len = 0;
        BENCH_CHECK(lw_server_observe(f->server, f->now, &wish, NULL, NULL) == LW_OK);
        (void)lw_server_step(f->server, f->now);
        lw_coap_msg asked;
        BENCH_CHECK(lw_coap_msg_parse(lw_bytes_of(f->last, f->last_len), &asked) == LW_OK);
        f->tokens[i] = asked.token;
        message m;
        lw_writer_init(&m.w, m.octets, sizeof m.octets);
        lw_coap_begin(&m.out, &m.w, LW_COAP_ACK, LW_COAP_CONTENT, asked.mid, asked.token);
        lw_coap_put_uint(&m.out, LW_COAP_OPT_OBSERVE, 1);
        lw_coap_put_uint(&m.out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_TEXT);
        lw_coap_put_payload(&m.out, lw_bytes_str("21"));
        (void)feed(f, i, lw_writer_bytes(&m.w));
    }
}

/* A request waits for every second device; the others send. */
static void queue_for_half(fleet *f)
{
    for (uint32_t i = 0; i < DEVICES; i += 2) {
        for (unsigned n = 0; n < 2; n++) {
            char name[32];
            uint64_t id;
            snprintf(name, sizeof name, "urn:dev:os:32473-%07u", (unsigned)i);
            lw_server_request request = {.endpoint = lw_bytes_str(name),
                                         .op = LW_OP_READ,
                                         .path = lw_path_resource(3, 0, (uint16_t)n),
                                         .format = LW_CF_NONE,
                                         .depth = LW_DEPTH_DEFAULT};
            BENCH_CHECK(lw_server_submit(f->server, f->now, &request, &id) == LW_OK);
        }
    }
    BENCH_CHECK(lw_server_get_stats(f->server).waiting_requests == DEVICES);
}

/* ---- The cases --------------------------------------------------------------------------------
 */

static fleet *awake, *asleep, *waiting;

static void updates(fleet *f, size_t n, uint32_t odd)
{
    for (size_t i = 0; i < n; i++) {
        message m;
        uint32_t device = next_device(f) | odd;
        BENCH_CHECK(feed(f, device, update_of(f, &m, device)).code == LW_COAP_CHANGED);
    }
}

static void update(size_t n)
{
    updates(awake, n, 0);
}

/* The least that is done for it. */
static void bare(const fleet *f, lw_bytes datagram, uint8_t code)
{
    lw_coap_msg msg;
    lw_request request;
    message answer;
    BENCH_CHECK(lw_coap_msg_parse(datagram, &msg) == LW_OK);
    BENCH_CHECK(lw_route_server(&msg, &request) == LW_COAP_EMPTY);
    lw_writer_init(&answer.w, answer.octets, sizeof answer.octets);
    lw_coap_begin(&answer.out, &answer.w, LW_COAP_ACK, code, msg.mid, msg.token);
    bench_keep(&answer);
    bench_keep(f);
}

static void bare_update(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        message m;
        bare(awake, update_of(awake, &m, next_device(awake)), LW_COAP_CHANGED);
    }
}

static void register_again(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        register_one(asleep, next_device(asleep), true);
    }
}

static void bare_register(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        message m;
        bare(asleep, register_of(asleep, &m, next_device(asleep), true), LW_COAP_CREATED);
    }
}

static void notify(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        message m;
        uint32_t device = next_device(awake);
        (void)feed(awake, device, notification_of(awake, &m, device));
    }
    BENCH_CHECK(lw_server_get_stats(awake->server).unknown_tokens == 0);
}

static void bare_notification(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        message m;
        lw_coap_msg msg;
        lw_bytes datagram = notification_of(awake, &m, next_device(awake));
        BENCH_CHECK(lw_coap_msg_parse(datagram, &msg) == LW_OK);
        bench_keep(&msg);
    }
}

static void update_while_others_wait(size_t n)
{
    updates(waiting, n, 1);
}

static void update_while_none_waits(size_t n)
{
    updates(asleep, n, 1);
}

/* From lw_server_submit to its end. */
static void read_once(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[32];
        uint64_t id;
        uint32_t device = next_device(awake);
        snprintf(name, sizeof name, "urn:dev:os:32473-%07u", (unsigned)device);
        lw_server_request request = {.endpoint = lw_bytes_str(name),
                                     .op = LW_OP_READ,
                                     .path = lw_path_resource(3, 0, 9),
                                     .format = LW_CF_NONE,
                                     .depth = LW_DEPTH_DEFAULT};
        BENCH_CHECK(lw_server_submit(awake->server, awake->now, &request, &id) == LW_OK);
        lw_coap_msg asked;
        BENCH_CHECK(lw_coap_msg_parse(lw_bytes_of(awake->last, awake->last_len), &asked) == LW_OK);
        message m;
        lw_writer_init(&m.w, m.octets, sizeof m.octets);
        lw_coap_begin(&m.out, &m.w, LW_COAP_ACK, LW_COAP_CONTENT, asked.mid, asked.token);
        lw_coap_put_uint(&m.out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_TEXT);
        lw_coap_put_payload(&m.out, lw_bytes_str("95"));
        (void)feed(awake, device, lw_writer_bytes(&m.w));
    }
    BENCH_CHECK(lw_server_get_stats(awake->server).in_flight == 0);
}

static const bench_case cases[] = {
    {"an Update", update, bare_update, 0},
    {"a Register in place of another", register_again, bare_register, 0},
    {"a notification", notify, bare_notification, 0},
    {"a Read, from submit to its answer", read_once, NULL, 0},
    {"an Update while 100,000 requests wait", update_while_others_wait, update_while_none_waits,
     0.7},
};

int main(int argc, char **argv)
{
    awake = make_fleet(false);
    size_t talking = awake->octets;
    rest(awake);
    size_t silent = awake->octets;
    observe_all(awake);
    rest(awake);
    size_t observed = awake->octets;
    asleep = make_fleet(true);
    rest(asleep);
    waiting = make_fleet(true);
    rest(waiting);
    size_t before = waiting->octets;
    queue_for_half(waiting);
    size_t queued = waiting->octets - before;
    int status = bench_main(argc, argv, "server", "bare", cases, sizeof cases / sizeof cases[0]);
    printf("octets of one of %u registrations: %zu; while CoAP remembers its messages %zu; a wish "
           "%zu; a request that waits %zu\n",
           DEVICES, silent / DEVICES, talking / DEVICES, (observed - silent) / DEVICES,
           queued / DEVICES);
    return status;
}
