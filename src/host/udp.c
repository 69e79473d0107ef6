#define _GNU_SOURCE
#include "host/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define DEFAULT_RECEIVE_BUFFER (4 << 20)
#define CONTROL_LEN            128 /* packet info and the drop counter */
/* Enough for a batch in and its answers, so that on_batch never has to flush half-way. */
#define QUEUE_LEN (2 * LW_UDP_BATCH)

typedef union control {
    char octets[CONTROL_LEN];
    struct cmsghdr align;
} control;

/* One row of messages for recvmmsg or sendmmsg, with everything they point to. */
typedef struct row {
    struct mmsghdr *headers;
    struct iovec *vectors;
    struct sockaddr_storage *names;
    control *controls;
    uint8_t *octets; /* LW_UDP_DATAGRAM_MAX a message */
} row;

struct lw_udp {
    int fd;
    int family; /* AF_INET6 for a dual-stack socket, else AF_INET */
    lw_udp_cfg cfg;
    lw_addr bound;
    lw_loop *loop;
    lw_poll *poll;
    row in, out;
    size_t queued;
    uint32_t kernel_drops; /* the kernel's counter, which wraps */
    lw_udp_stats stats;
};

static bool row_init(row *r, size_t count)
{
    r->headers = calloc(count, sizeof *r->headers);
    r->vectors = calloc(count, sizeof *r->vectors);
    r->names = calloc(count, sizeof *r->names);
    r->controls = calloc(count, sizeof *r->controls);
    r->octets = calloc(count, LW_UDP_DATAGRAM_MAX);
    if (r->headers == NULL || r->vectors == NULL || r->names == NULL || r->controls == NULL ||
        r->octets == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        r->vectors[i].iov_base = r->octets + i * LW_UDP_DATAGRAM_MAX;
        r->headers[i].msg_hdr.msg_name = &r->names[i];
        r->headers[i].msg_hdr.msg_iov = &r->vectors[i];
        r->headers[i].msg_hdr.msg_iovlen = 1;
        r->headers[i].msg_hdr.msg_control = r->controls[i].octets;
    }
    return true;
}

static void row_fini(row *r)
{
    free(r->headers);
    free(r->vectors);
    free(r->names);
    free(r->controls);
    free(r->octets);
}

/* ---- Receiving ---- */

static void read_control(lw_udp *udp, struct msghdr *msg, lw_addr *local)
{
    *local = udp->bound;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(local->ip, &info.ipi6_addr, sizeof local->ip);
            local->scope = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = info.ipi_addr};
            lw_addr_from_sockaddr((struct sockaddr *)&sin, local);
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t drops;
            memcpy(&drops, CMSG_DATA(c), sizeof drops);
            udp->stats.dropped_by_kernel += (uint32_t)(drops - udp->kernel_drops);
            udp->kernel_drops = drops;
        }
    }
    local->port = udp->bound.port;
}

static size_t take_batch(lw_udp *udp, int count, lw_datagram batch[LW_UDP_BATCH])
{
    size_t kept = 0;
    for (int i = 0; i < count; i++) {
        struct mmsghdr *h = &udp->in.headers[i];
        lw_datagram *d = &batch[kept];
        read_control(udp, &h->msg_hdr, &d->local);
        if ((h->msg_hdr.msg_flags & MSG_TRUNC) != 0) {
            udp->stats.dropped_too_long++;
            continue;
        }
        if (lw_addr_from_sockaddr((struct sockaddr *)&udp->in.names[i], &d->peer)) {
            d->bytes = lw_bytes_of(udp->in.vectors[i].iov_base, h->msg_len);
            kept++;
        }
    }
    udp->stats.received += kept;
    return kept;
}

static void on_readable(void *ctx, int events)
{
    lw_udp *udp = ctx;
    lw_datagram batch[LW_UDP_BATCH];
    (void)events; /* an error on the socket (ICMP) is read and forgotten by recvmmsg */
    for (size_t i = 0; i < LW_UDP_BATCH; i++) {
        udp->in.vectors[i].iov_len = LW_UDP_DATAGRAM_MAX;
        udp->in.headers[i].msg_hdr.msg_namelen = sizeof udp->in.names[i];
        udp->in.headers[i].msg_hdr.msg_controllen = CONTROL_LEN;
    }
    int count = recvmmsg(udp->fd, udp->in.headers, LW_UDP_BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0) {
        return;
    }
    size_t kept = take_batch(udp, count, batch);
    if (kept > 0) {
        udp->cfg.on_batch(udp->cfg.ctx, lw_loop_now(udp->loop), batch, kept);
    }
    lw_udp_flush(udp);
}

/* ---- Sending ---- */

static void write_source(lw_udp *udp, size_t slot, const lw_addr *local)
{
    struct msghdr *msg = &udp->out.headers[slot].msg_hdr;
    if (lw_addr_is_any(local)) {
        msg->msg_control = NULL;
        msg->msg_controllen = 0;
        return;
    }
    struct in6_pktinfo info6 = {.ipi6_ifindex = local->scope};
    struct in_pktinfo info4 = {0};
    bool is_v6 = udp->family == AF_INET6;
    memcpy(&info6.ipi6_addr, local->ip, sizeof local->ip);
    memcpy(&info4.ipi_spec_dst, local->ip + 12, sizeof info4.ipi_spec_dst);
    size_t len = is_v6 ? sizeof info6 : sizeof info4;
    msg->msg_control = udp->out.controls[slot].octets;
    msg->msg_controllen = CMSG_SPACE(len);
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = is_v6 ? IPV6_PKTINFO : IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), is_v6 ? (void *)&info6 : (void *)&info4, len);
}

void lw_udp_send(lw_udp *udp, const lw_datagram *out)
{
    if (udp->queued == QUEUE_LEN) {
        lw_udp_flush(udp);
    }
    size_t slot = udp->queued;
    socklen_t name_len = lw_addr_to_sockaddr(&out->peer, udp->family, &udp->out.names[slot]);
    if (name_len == 0 || out->bytes.len > LW_UDP_DATAGRAM_MAX) {
        udp->stats.dropped_send++;
        return;
    }
    udp->out.headers[slot].msg_hdr.msg_namelen = name_len;
    udp->out.vectors[slot].iov_len = out->bytes.len;
    memcpy(udp->out.vectors[slot].iov_base, out->bytes.ptr, out->bytes.len);
    write_source(udp, slot, &out->local);
    udp->queued++;
}

void lw_udp_flush(lw_udp *udp)
{
    size_t done = 0;
    while (done < udp->queued) {
        unsigned left = (unsigned)(udp->queued - done);
        int sent = sendmmsg(udp->fd, udp->out.headers + done, left, MSG_DONTWAIT);
        if (sent > 0) {
            udp->stats.sent += (uint64_t)sent;
            done += (size_t)sent;
        } else if (sent < 0 && errno != EINTR) {
            /* The first of the rest cannot leave (buffer full, unreachable): CoAP repeats it. */
            udp->stats.dropped_send++;
            done++;
        }
    }
    udp->queued = 0;
}

/* ---- Opening and closing ---- */

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static void set_options(const lw_udp *udp)
{
    int size = udp->cfg.receive_buffer > 0 ? udp->cfg.receive_buffer : DEFAULT_RECEIVE_BUFFER;
    if (!set_option(udp->fd, SOL_SOCKET, SO_RCVBUFFORCE, size)) {
        set_option(udp->fd, SOL_SOCKET, SO_RCVBUF, size);
    }
    set_option(udp->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (udp->family == AF_INET6) {
        set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        set_option(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    } else {
        set_option(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
        /* Probe mode: do not fragment, and skip the id generator (4 % of a small server's CPU). */
        set_option(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
    if (udp->cfg.reuse_port) {
        set_option(udp->fd, SOL_SOCKET, SO_REUSEPORT, 1);
    }
}

static bool bind_socket(lw_udp *udp)
{
    struct sockaddr_storage name;
    socklen_t len = lw_addr_to_sockaddr(&udp->cfg.bind, udp->family, &name);
    if (bind(udp->fd, (struct sockaddr *)&name, len) != 0) {
        return false;
    }
    len = sizeof name;
    return getsockname(udp->fd, (struct sockaddr *)&name, &len) == 0 &&
           lw_addr_from_sockaddr((struct sockaddr *)&name, &udp->bound);
}

static bool open_socket(lw_udp *udp)
{
    udp->family = lw_addr_is_v4(&udp->cfg.bind) ? AF_INET : AF_INET6;
    udp->fd = socket(udp->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd < 0) {
        return false;
    }
    set_options(udp);
    return bind_socket(udp);
}

lw_udp *lw_udp_open(lw_loop *loop, const lw_udp_cfg *cfg, char *why, size_t why_len)
{
    char text[LW_ADDR_TEXT_MAX];
    lw_udp *udp = calloc(1, sizeof *udp);
    if (udp == NULL) {
        snprintf(why, why_len, "out of memory");
        return NULL;
    }
    udp->fd = -1;
    udp->loop = loop;
    udp->cfg = *cfg;
    if (!open_socket(udp)) {
        snprintf(why, why_len, "cannot listen on UDP %s: %s", lw_addr_format(&cfg->bind, text),
                 strerror(errno));
        lw_udp_close(udp);
        return NULL;
    }
    bool has_rows = row_init(&udp->in, LW_UDP_BATCH) && row_init(&udp->out, QUEUE_LEN);
    udp->poll = has_rows ? lw_poll_new(loop, udp->fd, on_readable, udp) : NULL;
    if (udp->poll == NULL) {
        snprintf(why, why_len, "out of memory");
        lw_udp_close(udp);
        return NULL;
    }
    lw_poll_set(udp->poll, LW_READABLE);
    return udp;
}

void lw_udp_close(lw_udp *udp)
{
    if (udp == NULL) {
        return;
    }
    if (udp->poll != NULL) {
        lw_udp_flush(udp);
        lw_poll_set(udp->poll, 0);
        lw_poll_free(udp->poll);
    }
    if (udp->fd >= 0) {
        close(udp->fd);
    }
    row_fini(&udp->in);
    row_fini(&udp->out);
    free(udp);
}

lw_addr lw_udp_bound(const lw_udp *udp)
{
    return udp->bound;
}

const lw_udp_stats *lw_udp_get_stats(const lw_udp *udp)
{
    return &udp->stats;
}
