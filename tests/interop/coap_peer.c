/* A CoAP server and client on real sockets, for tests against foreign programs: the endpoint, the
 * net floor and the host floor as a daemon would wire them, UDP and TCP.
 *
 *   coap_peer serve                              prints "udp PORT" and "tcp PORT", until end of
 * input coap_peer ask udp|tcp PORT METHOD PATH [FILE] one request to 127.0.0.1; FILE is its body;
 * prints the code, then writes the answer's body coap_peer watch udp|tcp PORT PATH COUNT observes
 * until COUNT notifications came
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "coap/bodies.h"
#include "coap/later.h"
#include "coap/observe.h"
#include "coap/reply.h"
#include "coap/transfer.h"
#include "coap/uri.h"
#include "host/loop.h"
#include "host/udp.h"
#include "net/peer.h"
#include "net/stream.h"

#define PEERS_MAX  16
#define BODY_MAX   (256 * 1024)
#define SLOW_MS    3000 /* longer than any ACK may wait */
#define COUNT_MS   300
#define GIVE_UP_MS 60000

typedef struct wire wire;
typedef struct peer {
    union { /* first; a stream begins with a link */
        lw_net_link link;
        lw_net_stream stream;
    };
    wire *wire;
    lw_addr addr; /* UDP */
    lw_addr local;
    int fd; /* TCP, else -1 */
    lw_poll *poll;
    bool used;
    bool observes;
    uint32_t sequence;
    lw_coap_token token, slow_token;
    lw_time slow_at; /* LW_TIME_NEVER: nothing is owed */
} peer;

struct wire {
    lw_loop *loop;
    lw_udp *udp;
    int listener;
    lw_poll *listener_poll;
    lw_timer *timer, *ticker;
    lw_coap coap;
    lw_coap_bodies bodies;
    lw_net net;
    peer peers[PEERS_MAX];
    uint8_t buf[LW_COAP_BUF_SIZE(BODY_MAX)];
    uint8_t store[BODY_MAX];
    size_t store_len;
    unsigned count;
    /* the client's */
    int exit_code;
    unsigned wanted;
    lw_link observations;
    lw_coap_observation observation;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "coap_peer: %s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
    exit(1);
}

static void *heap_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void heap_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

static void fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (getrandom(out, len, 0) != (ssize_t)len) {
        die("getrandom");
    }
}

static void rearm(wire *w)
{
    lw_time next = lw_net_next_deadline(&w->net);
    for (size_t i = 0; i < PEERS_MAX; i++) {
        peer *p = &w->peers[i];
        next = p->used && p->slow_at < next ? p->slow_at : next;
    }
    lw_timer_arm(w->timer, next);
}

/* ---- resources ------------------------------------------------------------------------------- */

static void put_pattern(lw_writer *w, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        lw_write_u8(w, (uint8_t)("0123456789abcdef"[(i / 16 + i) % 16]));
    }
}

static uint8_t get(wire *w, peer *p, const char *path, const lw_coap_inbound *in,
                   lw_coap_reply *reply)
{
    uint32_t observe;
    if (strcmp(path, "/small") == 0) {
        lw_write_str(&reply->payload, "hello");
    } else if (strcmp(path, "/big") == 0) {
        put_pattern(&reply->payload, 5000);
    } else if (strcmp(path, "/store") == 0) {
        lw_write_bytes(&reply->payload, lw_bytes_of(w->store, w->store_len));
    } else if (strcmp(path, "/count") == 0) {
        char text[16];
        bool has = lw_coap_opt_find_uint(&in->msg->options, LW_COAP_OPT_OBSERVE, &observe);
        p->observes = has && observe == LW_COAP_OBSERVE_REGISTER;
        if (p->observes) {
            p->token = in->msg->token;
            lw_coap_put_uint(&reply->options, LW_COAP_OPT_OBSERVE, p->sequence);
        }
        snprintf(text, sizeof text, "%u", w->count);
        lw_write_str(&reply->payload, text);
    } else {
        return LW_COAP_NOT_FOUND;
    }
    return LW_COAP_CONTENT;
}

static uint8_t change(wire *w, const char *path, const lw_coap_msg *msg, lw_coap_reply *reply)
{
    bool is_store = strcmp(path, "/store") == 0;
    if (strcmp(path, "/echo") == 0 && (msg->code == LW_COAP_POST || msg->code == LW_COAP_FETCH)) {
        lw_write_bytes(&reply->payload, msg->payload);
        return msg->code == LW_COAP_FETCH ? LW_COAP_CONTENT : LW_COAP_CHANGED;
    }
    if (!is_store) {
        return LW_COAP_NOT_FOUND;
    }
    size_t at = msg->code == LW_COAP_PATCH || msg->code == LW_COAP_IPATCH ? w->store_len : 0;
    if (msg->code == LW_COAP_DELETE) {
        w->store_len = 0;
        return LW_COAP_DELETED;
    }
    if (msg->payload.len > BODY_MAX - at) {
        return LW_COAP_REQUEST_ENTITY_TOO_LARGE;
    }
    if (msg->payload.len > 0) {
        memcpy(w->store + at, msg->payload.ptr, msg->payload.len);
    }
    w->store_len = at + msg->payload.len;
    return LW_COAP_CHANGED;
}

static lw_err on_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    wire *w = ctx;
    peer *p = (peer *)(void *)lw_net_link_of(in->peer);
    char path[128] = "";
    size_t len = 0;
    lw_coap_opt_iter it = lw_coap_opts(in->msg->options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt) && len + opt.value.len + 2 < sizeof path) {
        if (opt.number == LW_COAP_OPT_URI_PATH) {
            path[len++] = '/';
            memcpy(path + len, opt.value.ptr, opt.value.len);
            len += opt.value.len;
        }
    }
    path[len] = '\0';
    if (in->msg->code == LW_COAP_GET && strcmp(path, "/slow") == 0) {
        p->slow_token = in->msg->token;
        p->slow_at = in->now + SLOW_MS;
        return LW_AGAIN;
    }
    reply->code =
        in->msg->code == LW_COAP_GET ? get(w, p, path, in, reply) : change(w, path, in->msg, reply);
    return LW_OK;
}

static void answer_slow(wire *w, peer *p, lw_time now)
{
    lw_coap_reply reply;
    p->slow_at = LW_TIME_NEVER;
    if (lw_coap_answer_begin(&w->coap, &p->link.coap, p->slow_token, &reply) != LW_OK) {
        return;
    }
    reply.code = LW_COAP_CONTENT;
    lw_write_str(&reply.payload, "late");
    if (lw_coap_answer_end(&w->coap, &p->link.coap, now, &reply) != LW_OK) {
        die("answer");
    }
}

static lw_err write_count(void *ctx, lw_coap_reply *reply)
{
    char text[16];
    snprintf(text, sizeof text, "%u", ((wire *)ctx)->count);
    lw_write_str(&reply->payload, text);
    return LW_OK;
}

static void on_notification_end(void *ctx, const lw_coap_result *result)
{
    peer *p = ctx;
    if (result->err == LW_ERESET || result->err == LW_ETIMEOUT) {
        p->observes = false;
    }
}

static void on_tick(void *ctx)
{
    wire *w = ctx;
    lw_time now = lw_loop_now(w->loop);
    w->count++;
    for (size_t i = 0; i < PEERS_MAX; i++) {
        peer *p = &w->peers[i];
        if (!p->used || !p->observes) {
            continue;
        }
        lw_coap_observer to = {.sequence = p->sequence, .token = p->token};
        lw_coap_notification n = {.code = LW_COAP_CONTENT,
                                  .confirmable = w->count % 2 == 0,
                                  .write = write_count,
                                  .write_ctx = w,
                                  .on_end = on_notification_end,
                                  .ctx = p};
        lw_err err = lw_coap_notify(&w->coap, &p->link.coap, now, &to, &n);
        p->sequence = to.sequence;
        p->observes = err == LW_OK;
    }
    lw_timer_arm(w->ticker, now + COUNT_MS);
    lw_udp_flush(w->udp);
    rearm(w);
}

/* ---- wires ------------------------------------------------------------------------------------
 */

static void on_send(void *ctx, lw_coap_peer *coap_peer, lw_bytes message)
{
    lw_net_send(&((wire *)ctx)->net, coap_peer, message);
}

static bool on_notification(void *ctx, lw_coap_peer *coap_peer, lw_time now, const lw_coap_msg *msg)
{
    wire *w = ctx;
    lw_err err = lw_coap_observations_feed(&w->observations, coap_peer, now, msg);
    return lw_coap_notified(&w->coap, coap_peer, msg, err);
}

static void on_reset(void *ctx, lw_coap_peer *coap_peer, uint16_t mid)
{
    (void)ctx;
    (void)mid; /* one observation a peer */
    ((peer *)(void *)lw_net_link_of(coap_peer))->observes = false;
}

static const lw_coap_handler handler = {.send = on_send,
                                        .on_request = on_request,
                                        .on_notification = on_notification,
                                        .on_reset = on_reset};

static void io_send(void *ctx, lw_net_link *link, lw_bytes octets)
{
    wire *w = ctx;
    peer *p = (peer *)(void *)link;
    if (p->fd < 0) {
        lw_udp_send(w->udp, &(lw_datagram){.peer = p->addr, .local = p->local, .bytes = octets});
        return;
    }
    for (size_t done = 0; done < octets.len;) { /* blocking: the other side reads */
        ssize_t n = send(p->fd, octets.ptr + done, octets.len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) {
            return;
        }
        done += n > 0 ? (size_t)n : 0;
    }
}

static void io_closed(void *ctx, lw_net_link *link, lw_time now, lw_err why)
{
    (void)ctx;
    (void)now;
    (void)why;
    ((peer *)(void *)link)->observes = false;
}

static const lw_net_io io = {.send = io_send, .on_closed = io_closed};

static peer *new_peer(wire *w)
{
    for (size_t i = 0; i < PEERS_MAX; i++) {
        peer *p = &w->peers[i];
        if (!p->used) {
            *p = (peer){.wire = w, .fd = -1, .used = true, .slow_at = LW_TIME_NEVER};
            return p;
        }
    }
    return NULL;
}

static peer *udp_peer(wire *w, const lw_addr *addr, const lw_addr *local)
{
    for (size_t i = 0; i < PEERS_MAX; i++) {
        peer *p = &w->peers[i];
        if (p->used && p->fd < 0 && lw_addr_equal(&p->addr, addr)) {
            return p;
        }
    }
    peer *p = new_peer(w);
    if (p != NULL) {
        p->addr = *addr;
        p->local = *local;
        lw_net_peer_init(&w->net, &p->link, &lw_coap_params_udp, NULL);
        lw_net_peer_start(&w->net, &p->link, lw_loop_now(w->loop), LW_SESSION_SERVER);
    }
    return p;
}

static void on_batch(void *ctx, lw_time now, const lw_datagram *batch, size_t count)
{
    wire *w = ctx;
    for (size_t i = 0; i < count; i++) {
        peer *p = udp_peer(w, &batch[i].peer, &batch[i].local);
        if (p != NULL) {
            lw_net_feed(&w->net, &p->link, now, batch[i].bytes);
        }
    }
    rearm(w);
}

static void on_timer(void *ctx)
{
    wire *w = ctx;
    lw_time now = lw_loop_now(w->loop);
    for (size_t i = 0; i < PEERS_MAX; i++) {
        peer *p = &w->peers[i];
        if (p->used && p->slow_at <= now) {
            answer_slow(w, p, now);
        }
    }
    lw_net_step(&w->net, now);
    lw_udp_flush(w->udp);
    rearm(w);
}

static void on_tcp(void *ctx, int events)
{
    peer *p = ctx;
    wire *w = p->wire;
    uint8_t octets[8192];
    ssize_t n = recv(p->fd, octets, sizeof octets, 0);
    lw_time now = lw_loop_now(w->loop);
    (void)events;
    if (n < 0 && errno == EAGAIN) {
        return;
    }
    if (n > 0) {
        lw_net_feed(&w->net, &p->link, now, lw_bytes_of(octets, (size_t)n));
    } else {
        lw_net_closed(&w->net, &p->link, now, LW_END);
    }
    if (p->link.is_closed) {
        lw_net_stream_drop(&w->net, &p->stream, now);
        lw_poll_set(p->poll, 0);
        lw_poll_free(p->poll);
        close(p->fd);
        p->used = false;
    }
    rearm(w);
}

static peer *tcp_peer(wire *w, int fd, lw_session_role role)
{
    peer *p = new_peer(w);
    if (p == NULL) {
        close(fd);
        return NULL;
    }
    p->fd = fd;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    p->poll = lw_poll_new(w->loop, fd, on_tcp, p);
    lw_poll_set(p->poll, LW_READABLE);
    lw_net_stream_config config = {
        .kind = LW_STREAM_TCP, .max_message = 8192, .csm_timeout_ms = 5000};
    lw_net_stream_init(&w->net, &p->stream, &config, NULL);
    lw_net_stream_start(&w->net, &p->stream, lw_loop_now(w->loop), role);
    return p;
}

static void on_accept(void *ctx, int events)
{
    wire *w = ctx;
    int fd = accept(w->listener, NULL, NULL);
    (void)events;
    if (fd >= 0) {
        tcp_peer(w, fd, LW_SESSION_SERVER);
    }
    rearm(w);
}

static uint16_t listen_tcp(wire *w)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof sin;
    w->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (w->listener < 0 || bind(w->listener, (struct sockaddr *)&sin, len) != 0 ||
        listen(w->listener, 8) != 0 ||
        getsockname(w->listener, (struct sockaddr *)&sin, &len) != 0) {
        die("listen");
    }
    fcntl(w->listener, F_SETFL, O_NONBLOCK);
    w->listener_poll = lw_poll_new(w->loop, w->listener, on_accept, w);
    lw_poll_set(w->listener_poll, LW_READABLE);
    return ntohs(sin.sin_port);
}

static wire *open_wire(void)
{
    char why[160];
    wire *w = calloc(1, sizeof *w);
    w->loop = lw_loop_new();
    w->listener = -1;
    lw_list_init(&w->observations);
    lw_coap_bodies_init(&w->bodies, BODY_MAX, 8, 60000);
    lw_coap_config config = {
        .mem = {.alloc = heap_alloc, .release = heap_release},
        .rng = {.fill = fill_random},
        .handler = &handler,
        .ctx = w,
        .limits = {.max_seen = 1000, .max_seen_per_peer = 100, .max_queued = 8, .max_later = 4},
        .later = &lw_coap_later_answers,
        .buf = w->buf,
        .buf_size = sizeof w->buf,
        .bodies = &w->bodies,
    };
    if (lw_coap_init(&w->coap, &config) != LW_OK) {
        die("endpoint");
    }
    lw_net_init(&w->net, &w->coap, &io, w, 8);
    lw_udp_cfg udp = {.on_batch = on_batch, .ctx = w};
    if (lw_addr_parse("127.0.0.1", 0, &udp.bind) != LW_OK) {
        die("address");
    }
    w->udp = lw_udp_open(w->loop, &udp, why, sizeof why);
    if (w->udp == NULL) {
        fprintf(stderr, "coap_peer: %s\n", why);
        exit(1);
    }
    w->timer = lw_timer_new(w->loop, on_timer, w);
    w->ticker = lw_timer_new(w->loop, on_tick, w);
    return w;
}

static void close_wire(wire *w)
{
    lw_time now = lw_loop_now(w->loop);
    for (size_t i = 0; i < PEERS_MAX; i++) {
        peer *p = &w->peers[i];
        if (!p->used) {
            continue;
        }
        if (p->fd < 0) {
            lw_net_peer_drop(&w->net, &p->link, now);
            continue;
        }
        lw_net_stream_drop(&w->net, &p->stream, now);
        lw_poll_free(p->poll);
        close(p->fd);
    }
    lw_poll_free(w->listener_poll);
    if (w->listener >= 0) {
        close(w->listener);
    }
    lw_coap_fini(&w->coap);
    lw_timer_free(w->timer);
    lw_timer_free(w->ticker);
    lw_udp_close(w->udp);
    lw_loop_free(w->loop);
    free(w);
}

/* ---- roles ------------------------------------------------------------------------------------
 */

static void on_input(void *ctx, int events)
{
    wire *w = ctx;
    char octet;
    (void)events;
    if (read(STDIN_FILENO, &octet, 1) <= 0) {
        lw_loop_stop(w->loop);
    }
}

static int serve(void)
{
    wire *w = open_wire();
    lw_poll *input = lw_poll_new(w->loop, STDIN_FILENO, on_input, w);
    lw_poll_set(input, LW_READABLE);
    printf("udp %u\n", (unsigned)lw_udp_bound(w->udp).port);
    printf("tcp %u\n", (unsigned)listen_tcp(w));
    fflush(stdout);
    lw_timer_arm(w->ticker, lw_loop_now(w->loop) + COUNT_MS);
    lw_loop_run(w->loop);
    lw_poll_free(input);
    close_wire(w);
    return 0;
}

static peer *connect_to(wire *w, const char *transport, const char *port)
{
    lw_addr addr;
    if (lw_addr_parse("127.0.0.1", (uint16_t)strtoul(port, NULL, 10), &addr) != LW_OK) {
        die(port);
    }
    if (strcmp(transport, "udp") == 0) {
        lw_addr any = lw_udp_bound(w->udp);
        return udp_peer(w, &addr, &any);
    }
    struct sockaddr_storage sa;
    socklen_t len = lw_addr_to_sockaddr(&addr, AF_INET, &sa);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sa, len) != 0) {
        die("connect");
    }
    return tcp_peer(w, fd, LW_SESSION_CLIENT);
}

static void print_code(uint8_t code)
{
    char text[4];
    lw_coap_code_format(code, text);
    printf("%.4s\n", text);
}

static void on_answer(void *ctx, const lw_coap_result *result)
{
    wire *w = ctx;
    if (result->err != LW_OK) {
        printf("%s\n", lw_err_name(result->err));
        w->exit_code = 1;
    } else {
        print_code(result->msg->code);
        fwrite(result->msg->payload.ptr, 1, result->msg->payload.len, stdout);
    }
    lw_loop_stop(w->loop);
}

static void give_up(void *ctx)
{
    wire *w = ctx;
    fprintf(stderr, "coap_peer: no end after %d s\n", GIVE_UP_MS / 1000);
    w->exit_code = 1;
    lw_loop_stop(w->loop);
}

static int run_client(wire *w)
{
    lw_timer *limit = lw_timer_new(w->loop, give_up, w);
    lw_timer_arm(limit, lw_loop_now(w->loop) + GIVE_UP_MS);
    lw_udp_flush(w->udp);
    rearm(w);
    lw_loop_run(w->loop);
    int code = w->exit_code;
    lw_timer_free(limit);
    close_wire(w);
    return code;
}

static uint8_t method_of(const char *name)
{
    static const struct {
        const char *name;
        uint8_t code;
    } methods[] = {{"GET", LW_COAP_GET},     {"POST", LW_COAP_POST},
                   {"PUT", LW_COAP_PUT},     {"DELETE", LW_COAP_DELETE},
                   {"FETCH", LW_COAP_FETCH}, {"IPATCH", LW_COAP_IPATCH}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return methods[i].code;
        }
    }
    die(name);
}

static size_t put_path(const char *path, uint8_t *out, size_t cap)
{
    lw_writer writer;
    lw_coap_out options;
    lw_writer_init(&writer, out, cap);
    lw_coap_begin_options(&options, &writer);
    lw_coap_put_path(&options, lw_bytes_str(path));
    return lw_writer_bytes(&writer).len;
}

static int ask(char **args, const char *file)
{
    static uint8_t body[BODY_MAX];
    uint8_t options[256];
    wire *w = open_wire();
    peer *p = connect_to(w, args[0], args[1]);
    size_t len = 0;
    if (file != NULL) {
        FILE *f = fopen(file, "rb");
        if (f == NULL) {
            die(file);
        }
        len = fread(body, 1, sizeof body, f);
        fclose(f);
    }
    lw_coap_transfer_request request = {
        .code = method_of(args[2]),
        .options = lw_bytes_of(options, put_path(args[3], options, sizeof options)),
        .body = lw_bytes_of(body, len),
        .max_body = BODY_MAX,
        .on_end = on_answer,
        .ctx = w,
    };
    lw_time now = lw_loop_now(w->loop);
    if (lw_coap_transfer_start(&w->coap, &p->link.coap, now, &request, NULL) != LW_OK) {
        die("request");
    }
    return run_client(w);
}

static lw_err on_notify(lw_coap_observation *obs, lw_time now, const lw_coap_msg *msg)
{
    wire *w = obs->ctx;
    (void)now;
    printf("%.*s\n", (int)msg->payload.len, (const char *)msg->payload.ptr);
    if (--w->wanted == 0) {
        lw_loop_stop(w->loop);
    }
    return LW_OK;
}

static void on_observe_end(void *ctx, const lw_coap_result *result)
{
    wire *w = ctx;
    if (result->err != LW_OK || result->msg->code != LW_COAP_CONTENT) {
        w->exit_code = 1;
        lw_loop_stop(w->loop);
    }
}

static int watch(char **args)
{
    uint8_t options[256];
    wire *w = open_wire();
    peer *p = connect_to(w, args[0], args[1]);
    w->wanted = (unsigned)strtoul(args[3], NULL, 10);
    w->observation.on_notify = on_notify;
    w->observation.ctx = w;
    lw_coap_request request = {
        .code = LW_COAP_GET,
        .options = lw_bytes_of(options, put_path(args[2], options, sizeof options)),
        .on_end = on_observe_end,
        .ctx = w,
    };
    w->observation.on_end = on_observe_end;
    lw_time now = lw_loop_now(w->loop);
    if (lw_coap_observe(&w->coap, &p->link.coap, now, &w->observations, &w->observation,
                        &request) != LW_OK) {
        die("observe");
    }
    return run_client(w);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "serve") == 0) {
        return serve();
    }
    if ((argc == 6 || argc == 7) && strcmp(argv[1], "ask") == 0) {
        return ask(argv + 2, argc == 7 ? argv[6] : NULL);
    }
    if (argc == 6 && strcmp(argv[1], "watch") == 0) {
        return watch(argv + 2);
    }
    fprintf(stderr, "usage: coap_peer serve | ask udp|tcp PORT METHOD PATH [FILE] | "
                    "watch udp|tcp PORT PATH COUNT\n");
    return 2;
}
