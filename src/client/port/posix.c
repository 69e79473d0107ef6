#include "lw/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/port/posix_priv.h"

#define DATAGRAM_MAX 65535
#define TEXT_MAX     512
/* poll() does not count the time a machine was suspended, lw_posix_now does: a deadline that passed
 * meanwhile is noticed at the latest after this. */
#define NAP_MAX_MS 60000

#define LINK_NAME_MAX 300 /* a URI, for people */

typedef struct channel {
    int fd;                 /* -1: closed */
    bool heard;             /* something came from this address */
    bool complained;        /* told about a failure since it was last heard */
    struct addrinfo *found; /* all addresses of the name */
    struct addrinfo *next;  /* not yet tried */
    in_port_t port;         /* of this host, network order; 0: none yet */
    char name[LINK_NAME_MAX];
} channel;

struct lw_posix {
    lw_platform platform;
    lw_posix_cfg cfg;
    int dir; /* -1: nothing is kept */
    lw_posix_lookups *lookups;
    channel links[LW_POSIX_LINKS_MAX];
    int watched[LW_POSIX_WATCHED_MAX];
    unsigned watched_count;
    uint8_t datagram[DATAGRAM_MAX];
};

/* ---- Clocks, randomness, log ------------------------------------------------------------------
 */

lw_time lw_posix_now(void)
{
#ifdef CLOCK_BOOTTIME
    const clockid_t clock = CLOCK_BOOTTIME;
#else
    const clockid_t clock = CLOCK_MONOTONIC;
#endif
    struct timespec t;
    clock_gettime(clock, &t);
    return (lw_time)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t wall_clock(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

/* Without randomness tokens could be guessed: better none than those. */
static void fill_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len > 0) {
        size_t part = len < 256 ? len : 256; /* what one call gives */
        if (getentropy(out, part) != 0) {
            abort();
        }
        out += part;
        len -= part;
    }
}

static void log_line(void *ctx, int level, const char *module, lw_bytes text)
{
    static const char *const names[] = {"error", "warning", "info", "detail"};
    lw_posix *posix = ctx;
    if (posix->cfg.log != NULL) {
        posix->cfg.log(posix->cfg.log_ctx, level, module, text);
    } else if (level <= posix->cfg.log_level && level >= 0 && level <= 3) {
        fprintf(stderr, "%s: %s: %.*s\n", names[level], module, (int)text.len,
                (const char *)text.ptr);
    }
}

static void say(lw_posix *posix, int level, const char *name, const char *what, const char *why)
{
    char text[TEXT_MAX];
    int len =
        snprintf(text, sizeof text, "%s: %s%s%s", name, what, why[0] != '\0' ? ": " : "", why);
    size_t fits = len < (int)sizeof text ? (size_t)len : sizeof text - 1;
    log_line(posix, level, "link", lw_bytes_of(text, fits));
}

/* ---- URIs -------------------------------------------------------------------------------------
 */

static bool take_prefix(lw_bytes *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text->len < len || strncasecmp((const char *)text->ptr, prefix, len) != 0) {
        return false;
    }
    *text = lw_bytes_from(*text, len);
    return true;
}

static size_t find(lw_bytes text, char c)
{
    const uint8_t *at = text.len > 0 ? memchr(text.ptr, c, text.len) : NULL;
    return at != NULL ? (size_t)(at - text.ptr) : text.len;
}

static bool copy(char *out, size_t cap, lw_bytes text)
{
    if (text.len == 0 || text.len >= cap || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static lw_err take_port(lw_bytes text, char out[6])
{
    if (text.len == 0) {
        memcpy(out, "5683", 5);
        return LW_OK;
    }
    if (text.ptr[0] != ':' || !copy(out, 6, lw_bytes_from(text, 1)) ||
        out[strspn(out, "0123456789")] != '\0') {
        return LW_EFORMAT;
    }
    unsigned long number = strtoul(out, NULL, 10);
    return number >= 1 && number <= 65535 ? LW_OK : LW_EFORMAT;
}

/* What stands behind the authority is not about where to connect to. */
lw_err lw_posix_target_parse(lw_bytes uri, lw_posix_target *out_target)
{
    if (take_prefix(&uri, "coaps") || take_prefix(&uri, "coap+")) {
        return LW_ENOTSUP;
    }
    if (!take_prefix(&uri, "coap://")) {
        return LW_EFORMAT;
    }
    size_t end_of_authority = find(lw_bytes_of(uri.ptr, find(uri, '?')), '/');
    lw_bytes authority = lw_bytes_of(uri.ptr, end_of_authority);
    lw_bytes host, rest;
    if (authority.len > 0 && authority.ptr[0] == '[') {
        size_t end = find(authority, ']');
        host = lw_bytes_of(authority.ptr + 1, end - 1);
        rest = lw_bytes_from(authority, end + 1);
        if (end == authority.len) {
            return LW_EFORMAT;
        }
    } else {
        size_t end = find(authority, ':');
        host = lw_bytes_of(authority.ptr, end);
        rest = lw_bytes_from(authority, end);
    }
    if (!copy(out_target->host, sizeof out_target->host, host)) {
        return LW_EFORMAT;
    }
    return take_port(rest, out_target->port);
}

/* What will never work, and why. */
static lw_err judge(lw_bytes uri, uint8_t security, lw_posix_target *out_target,
                    const char **out_why)
{
    lw_err err = lw_posix_target_parse(uri, out_target);
    if (err != LW_OK) {
        *out_why = err == LW_ENOTSUP
                       ? "this build speaks coap:// over UDP alone, without DTLS or TCP"
                       : "not a URI of the form coap://host:port";
        return err;
    }
    *out_why = "coap:// needs security mode 3 (NoSec)";
    return security == LW_SECURITY_NOSEC ? LW_OK : LW_ENOTSUP;
}

lw_err lw_posix_check_uri(const char *uri, uint8_t security)
{
    lw_posix_target target;
    const char *why;
    return judge(lw_bytes_str(uri), security, &target, &why);
}

/* ---- Links ------------------------------------------------------------------------------------
 */

static void close_socket(channel *l)
{
    if (l->fd >= 0) {
        close(l->fd);
        l->fd = -1;
    }
}

static void forget_addresses(channel *l)
{
    if (l->found != NULL) {
        freeaddrinfo(l->found);
    }
    l->found = l->next = NULL;
}

/* ---- The port of a link ----
 * Without a session a server knows a device by its address: what it observes is refused from
 * another port. So a link keeps its port when it is opened again, after a restart, too.
 */

#define PORT_NAME_MAX 9

static void record_name(uint8_t index, char out[PORT_NAME_MAX])
{
    snprintf(out, PORT_NAME_MAX, "port.%u", index);
}

static in_port_t load_port(lw_posix *posix, uint8_t index)
{
    char name[PORT_NAME_MAX];
    uint8_t octets[2];
    size_t len = 0;
    record_name(index, name);
    bool is_kept = posix->dir >= 0 &&
                   lw_posix_record_load(posix->dir, name, octets, sizeof octets, &len) == LW_OK;
    return is_kept && len == 2 ? htons((uint16_t)(octets[0] << 8 | octets[1])) : 0;
}

static void keep_port(lw_posix *posix, uint8_t index, int fd)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    channel *l = &posix->links[index];
    if (getsockname(fd, (struct sockaddr *)&own, &len) != 0) {
        return;
    }
    in_port_t port = own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                               : ((struct sockaddr_in *)&own)->sin_port;
    if (port != l->port && posix->dir >= 0) {
        char name[PORT_NAME_MAX];
        uint8_t octets[2] = {(uint8_t)(ntohs(port) >> 8), (uint8_t)ntohs(port)};
        record_name(index, name);
        lw_err err = lw_posix_record_store(posix->dir, name, lw_bytes_of(octets, sizeof octets));
        (void)err; /* then it has another one after a restart */
    }
    l->port = port;
}

/* When somebody else has the port meanwhile, connect takes another. */
static void bind_port(int fd, int family, in_port_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = port};
    int bound = family == AF_INET6 ? bind(fd, (struct sockaddr *)&v6, sizeof v6)
                                   : bind(fd, (struct sockaddr *)&v4, sizeof v4);
    (void)bound;
}

/* ---- Opening and closing ---- */

static int open_socket(const struct addrinfo *to, in_port_t port)
{
    int fd = socket(to->ai_family, SOCK_DGRAM, 0);
    if (fd < 0) {
        return -1;
    }
    if (port != 0) {
        bind_port(fd, to->ai_family, port);
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* The next address that can be reached from here at all. */
static bool open_next(lw_posix *posix, uint8_t index)
{
    char address[64] = "";
    channel *l = &posix->links[index];
    close_socket(l);
    if (l->port == 0) {
        l->port = load_port(posix, index);
    }
    while (l->fd < 0 && l->next != NULL) {
        const struct addrinfo *to = l->next;
        l->next = to->ai_next;
        l->fd = open_socket(to, l->port);
        l->heard = l->complained = false;
        getnameinfo(to->ai_addr, to->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
        if (l->fd < 0) {
            say(posix, 1, l->name, address, strerror(errno));
        } else {
            keep_port(posix, index, l->fd);
            say(posix, 3, l->name, "goes to", address);
        }
    }
    return l->fd >= 0;
}

static void close_link(void *ctx, uint8_t index)
{
    lw_posix *posix = ctx;
    lw_posix_lookup_forget(posix->lookups, index);
    close_socket(&posix->links[index]);
    forget_addresses(&posix->links[index]);
}

static lw_err use_addresses(lw_posix *posix, uint8_t index, struct addrinfo *addresses)
{
    posix->links[index].found = posix->links[index].next = addresses;
    return open_next(posix, index) ? LW_OK : LW_EIO;
}

static void write_name(char name[LINK_NAME_MAX], lw_bytes uri)
{
    snprintf(name, LINK_NAME_MAX, "%.*s", (int)uri.len, (const char *)uri.ptr);
}

static lw_err check_link(void *ctx, lw_bytes uri, uint8_t security)
{
    lw_posix_target target;
    const char *why;
    lw_err err = judge(uri, security, &target, &why);
    if (err != LW_OK) {
        char name[LINK_NAME_MAX];
        write_name(name, uri);
        say(ctx, 0, name, why, "");
    }
    return err;
}

static lw_err open_link(void *ctx, uint8_t index, const lw_link_to *to)
{
    static const struct addrinfo numeric = {.ai_socktype = SOCK_DGRAM,
                                            .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    lw_posix *posix = ctx;
    lw_posix_target target;
    const char *why;
    struct addrinfo *addresses = NULL;
    if (index >= LW_POSIX_LINKS_MAX) {
        return LW_ENOTSUP;
    }
    close_link(ctx, index);
    channel *l = &posix->links[index];
    write_name(l->name, to->uri);
    lw_err err = judge(to->uri, to->security, &target, &why);
    if (err != LW_OK) {
        say(posix, 0, l->name, why, "");
        return err;
    }
    if (getaddrinfo(target.host, target.port, &numeric, &addresses) == 0) {
        return use_addresses(posix, index, addresses);
    }
    err = lw_posix_lookup(posix->lookups, index, &target);
    return err == LW_OK ? LW_AGAIN : err;
}

static void take_lookups(lw_posix *posix, lw_client *client)
{
    lw_posix_answer answer;
    while (lw_posix_lookup_take(posix->lookups, &answer)) {
        channel *l = &posix->links[answer.link];
        lw_err err = LW_EIO;
        if (answer.error != 0) {
            say(posix, 1, l->name, "the name was not found", gai_strerror(answer.error));
        } else {
            err = use_addresses(posix, answer.link, answer.addresses);
        }
        if (err == LW_OK) {
            lw_client_link_up(client, lw_posix_now(), answer.link);
        } else {
            lw_client_link_down(client, lw_posix_now(), answer.link, err);
        }
    }
}

/* The network says no. That may be a router that starts or a forged ICMP message: retransmission
 * goes on and decides; where a name has further addresses it goes on to the next. */
static void refused(lw_posix *posix, uint8_t index, int why)
{
    channel *l = &posix->links[index];
    if (!l->heard && l->next != NULL && open_next(posix, index)) {
        return;
    }
    if (!l->complained) {
        l->complained = true;
        say(posix, 1, l->name,
            why == ECONNREFUSED ? "nobody listens there (yet)" : "cannot be reached",
            strerror(why));
    }
}

static void send_datagram(lw_posix *posix, const lw_client_out *out)
{
    channel *l = &posix->links[out->link];
    /* The first send after a refusal reports it instead of sending. */
    for (int attempt = 0; attempt < 2 && l->fd >= 0; attempt++) {
        if (send(l->fd, out->octets.ptr, out->octets.len, 0) >= 0 || errno == EAGAIN) {
            return;
        }
        refused(posix, out->link, errno);
    }
}

static void receive_datagrams(lw_posix *posix, lw_client *client, uint8_t index)
{
    channel *l = &posix->links[index];
    while (l->fd >= 0) {
        ssize_t n = recv(l->fd, posix->datagram, sizeof posix->datagram, 0);
        if (n >= 0) {
            l->heard = true;
            l->complained = false;
            lw_client_feed(client, lw_posix_now(), index, lw_bytes_of(posix->datagram, (size_t)n));
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            refused(posix, index, errno);
        }
    }
}

/* FNV-1a */
static uint32_t digest(uint32_t sum, const char *text)
{
    while (*text != '\0') {
        sum = (sum ^ (uint8_t)*text++) * 16777619u;
    }
    return sum;
}

static uint32_t own_address(void *ctx, uint8_t index)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct sockaddr_storage own;
    socklen_t len = sizeof own;
    if (getsockname(((lw_posix *)ctx)->links[index].fd, (struct sockaddr *)&own, &len) != 0 ||
        getnameinfo((struct sockaddr *)&own, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return 0;
    }
    return digest(digest(digest(2166136261u, host), " "), port);
}

/* ---- Storage ----------------------------------------------------------------------------------
 */

static lw_err store(void *ctx, const char *name, lw_bytes record)
{
    lw_posix *posix = ctx;
    lw_err err = lw_posix_record_store(posix->dir, name, record);
    if (err != LW_OK) {
        say(posix, 0, name, "could not be stored",
            err == LW_EIO ? strerror(errno) : lw_err_text(err));
    }
    return err;
}

static lw_err load(void *ctx, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    return lw_posix_record_load(((lw_posix *)ctx)->dir, name, out, cap, out_len);
}

static void erase_all(void *ctx)
{
    lw_posix_record_erase_all(((lw_posix *)ctx)->dir);
}

/* ---- Lifetime ---------------------------------------------------------------------------------
 */

lw_err lw_posix_new(lw_posix **out_posix, const lw_posix_cfg *cfg)
{
    *out_posix = NULL;
    lw_posix *posix = calloc(1, sizeof *posix);
    if (posix == NULL) {
        return LW_ENOMEM;
    }
    posix->cfg = *cfg;
    posix->platform = (lw_platform){.ctx = posix,
                                    .random = fill_random,
                                    .link_open = open_link,
                                    .link_close = close_link,
                                    .link_check = check_link,
                                    .own_address = own_address,
                                    .wall_clock = wall_clock,
                                    .log = log_line};
    posix->dir = -1;
    for (unsigned i = 0; i < LW_POSIX_LINKS_MAX; i++) {
        posix->links[i].fd = -1;
    }
    posix->lookups = lw_posix_lookups_new();
    lw_err err = posix->lookups != NULL ? LW_OK : LW_ENOMEM;
    if (err == LW_OK && cfg->dir != NULL) {
        err = lw_posix_dir_open(cfg->dir, &posix->dir);
        posix->platform.store = store;
        posix->platform.load = load;
        posix->platform.erase_all = erase_all;
    }
    if (err != LW_OK) {
        lw_posix_free(posix);
        return err;
    }
    *out_posix = posix;
    return LW_OK;
}

void lw_posix_free(lw_posix *posix)
{
    int why = errno;
    if (posix == NULL) {
        return;
    }
    for (unsigned i = 0; i < LW_POSIX_LINKS_MAX; i++) {
        close_socket(&posix->links[i]);
        forget_addresses(&posix->links[i]);
    }
    if (posix->dir >= 0) {
        close(posix->dir);
    }
    lw_posix_lookups_free(posix->lookups);
    free(posix);
    errno = why;
}

const lw_platform *lw_posix_platform(lw_posix *posix)
{
    return &posix->platform;
}

/* ---- Waiting ----------------------------------------------------------------------------------
 */

lw_err lw_posix_watch(lw_posix *posix, int fd)
{
    if (posix->watched_count == LW_POSIX_WATCHED_MAX) {
        return LW_ENOMEM;
    }
    posix->watched[posix->watched_count++] = fd;
    return LW_OK;
}

void lw_posix_unwatch(lw_posix *posix, int fd)
{
    for (unsigned i = 0; i < posix->watched_count; i++) {
        if (posix->watched[i] == fd) {
            posix->watched[i] = posix->watched[--posix->watched_count];
            return;
        }
    }
}

/* Does what is due and sends what came of it. */
static lw_time run(lw_posix *posix, lw_client *client)
{
    lw_client_out out;
    lw_time wake = lw_client_step(client, lw_posix_now());
    while (lw_client_poll(client, &out)) {
        send_datagram(posix, &out);
    }
    return wake;
}

static int milliseconds_to(lw_time at)
{
    lw_time now = lw_posix_now();
    if (at <= now) {
        return 0;
    }
    return at - now < NAP_MAX_MS ? (int)(at - now) : NAP_MAX_MS;
}

lw_err lw_posix_wait(lw_posix *posix, lw_client *client, lw_time until)
{
    struct pollfd fds[LW_POSIX_LINKS_MAX + 1 + LW_POSIX_WATCHED_MAX];
    lw_time wake = run(posix, client);
    nfds_t count = 0;
    for (unsigned i = 0; i < LW_POSIX_LINKS_MAX; i++) { /* poll skips those that are -1 */
        fds[count++] = (struct pollfd){.fd = posix->links[i].fd, .events = POLLIN};
    }
    fds[count++] = (struct pollfd){.fd = lw_posix_lookups_fd(posix->lookups), .events = POLLIN};
    for (unsigned i = 0; i < posix->watched_count; i++) {
        fds[count++] = (struct pollfd){.fd = posix->watched[i], .events = POLLIN};
    }
    int ready = poll(fds, count, milliseconds_to(wake < until ? wake : until));
    if (ready < 0 && errno != EINTR) {
        return LW_EIO;
    }
    for (uint8_t i = 0; ready > 0 && i < LW_POSIX_LINKS_MAX; i++) {
        if (fds[i].revents != 0 && fds[i].fd == posix->links[i].fd) {
            receive_datagrams(posix, client, i);
        }
    }
    take_lookups(posix, client);
    run(posix, client);
    return LW_OK;
}
