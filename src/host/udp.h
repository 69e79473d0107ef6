/* UDP in batches: one recvmmsg in, one sendmmsg out (bench/targets.md: 30 % less CPU than one at a
 * time; the rest is the kernel).
 *
 * Datagrams that arrive together are handed over together with one `now`. What is sent during that
 * call is queued and leaves in one sendmmsg after it; what is sent at other times leaves at the
 * next lw_udp_flush. Answers leave from the local address that the request came to (TRN-12).
 */
#ifndef LW_HOST_UDP_H
#define LW_HOST_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "host/addr.h"
#include "host/loop.h"
#include "lw/bytes.h"
#include "lw/err.h"

#define LW_UDP_BATCH        64
#define LW_UDP_DATAGRAM_MAX 2048 /* octets received; longer datagrams are dropped and counted */

typedef struct lw_datagram {
    lw_addr peer;   /* who sent it, or who gets it */
    lw_addr local;  /* where it arrived; only the address, the port is the socket's */
    lw_bytes bytes; /* borrowed for the call */
} lw_datagram;

typedef struct lw_udp_cfg {
    lw_addr bind;       /* port 0 takes a free one; [::]:port listens on IPv4 and IPv6 */
    int receive_buffer; /* octets asked for SO_RCVBUF; 0: 4 MiB */
    bool reuse_port;    /* several sockets on one port, one a shard */
    void (*on_batch)(void *ctx, lw_time now, const lw_datagram *batch, size_t count);
    void *ctx;
} lw_udp_cfg;

typedef struct lw_udp_stats {
    uint64_t received, sent;
    uint64_t dropped_by_kernel; /* receive buffer full (SO_RXQ_OVFL) */
    uint64_t dropped_too_long;
    uint64_t dropped_send; /* queue full, or refused by the kernel */
} lw_udp_stats;

typedef struct lw_udp lw_udp;

/* Opens, binds and starts to receive. On failure returns NULL and writes one sentence to why. */
lw_udp *lw_udp_open(lw_loop *loop, const lw_udp_cfg *cfg, char *why, size_t why_len);
/* Flushes and closes. NULL is ignored. */
void lw_udp_close(lw_udp *udp);

/* The address that was bound, with the port that was taken. */
lw_addr lw_udp_bound(const lw_udp *udp);

/* Queues a copy. A full queue is flushed first; what the kernel refuses is dropped and counted, as
 * the network itself would. */
void lw_udp_send(lw_udp *udp, const lw_datagram *out);
void lw_udp_flush(lw_udp *udp);

const lw_udp_stats *lw_udp_get_stats(const lw_udp *udp);

#endif
