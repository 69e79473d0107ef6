/* What lies between a CoAP endpoint and the network: for each peer a link, with a secure session or
 * without.
 *
 *   network -> lw_net_feed -> session -> plaintext -> take: the endpoint, or the frames of a stream
 *   network <- io->send    <- session <- lw_net_send <- the endpoint
 *
 * A link is a peer that speaks datagrams (net/peer.h) or a stream (net/stream.h); it is embedded in
 * its owner's structure. A message that is written while the handshake runs is kept and goes out
 * when it is over; how many is a ceiling.
 */
#ifndef LW_NET_LINK_H
#define LW_NET_LINK_H

#include "base/deadline.h"
#include "base/list.h"
#include "coap/endpoint.h"
#include "coap/signal.h"
#include "sec/session.h"

typedef struct lw_net lw_net;
typedef struct lw_net_link lw_net_link;

/* What the owner supplies. Callbacks must not drop the link they are called for. */
typedef struct lw_net_io {
    /* One datagram, or the next octets of a stream, ready for the network; valid for the call. */
    void (*send)(void *ctx, lw_net_link *link, lw_bytes octets);

    /* The link is ready: the handshake is over; on a stream the peer's CSM is here too. May be
     * NULL. */
    void (*on_open)(void *ctx, lw_net_link *link, lw_time now);

    /* The link is of no use any more and is to be dropped, which ends what was pending. Once for a
     * link. LW_END: the peer closed it properly; LW_ERESET: the peer aborted; else what went wrong.
     */
    void (*on_closed)(void *ctx, lw_net_link *link, lw_time now, lw_err why);

    /* Streams: the peer wants to close (RFC 8323 section 5.5). What is pending still ends, nothing
     * new can be started. May be NULL. */
    void (*on_release)(void *ctx, lw_net_link *link, lw_time now, const lw_signal_release *release);
} lw_net_io;

/* All links of one endpoint. */
struct lw_net {
    lw_coap *coap;
    const lw_net_io *io;
    void *ctx;              /* of io */
    uint16_t max_waiting;   /* messages of one link that wait for its handshake */
    lw_deadlines deadlines; /* of sessions and streams */
};

struct lw_net_link {
    lw_deadline deadline; /* first: the earlier of the session's and own_deadline */
    lw_coap_peer coap;
    lw_session *session; /* owned; NULL: plain */
    struct lw_net_waiting *waiting;
    /* What came in, in the clear. A failure closes the link. */
    lw_err (*take)(lw_net *net, lw_net_link *link, lw_time now, lw_bytes plain);
    lw_time
        own_deadline;    /* until when a stream waits for CSM or Pong; LW_TIME_NEVER: it does not */
    bool waits_for_csm;  /* a stream that is not open before the peer's CSM */
    bool is_established; /* the session is, or there is none */
    bool is_open;
    bool is_closed;
};

/* The link of a peer that the endpoint speaks of. */
static inline lw_net_link *lw_net_link_of(lw_coap_peer *peer)
{
    return LW_CONTAINER(peer, lw_net_link, coap);
}

/* coap and io are borrowed while the net lives. */
void lw_net_init(lw_net *net, lw_coap *coap, const lw_net_io *io, void *ctx, uint16_t max_waiting);

/* Does what is due for sessions and streams, then for the endpoint. */
void lw_net_step(lw_net *net, lw_time now);
lw_time lw_net_next_deadline(const lw_net *net);

/* What the endpoint's `send` calls: protects a message and sends it, or keeps it until the
 * handshake is over. What cannot be kept is lost, as on a network. */
void lw_net_send(lw_net *net, lw_coap_peer *peer, lw_bytes message);

/* What the network delivered for the link: a datagram, or octets of the stream. */
void lw_net_feed(lw_net *net, lw_net_link *link, lw_time now, lw_bytes octets);

/* The network says that the connection is gone: as if the peer had closed it. */
void lw_net_closed(lw_net *net, lw_net_link *link, lw_time now, lw_err why);

/* LW_IDENTITY_NONE without a session. */
lw_identity lw_net_identity(const lw_net_link *link);

/* Parks the session of an idle link as a blob and frees it; the link stays, and lw_net_unpark gives
 * it a session again. LW_ESTATE when there is none or something is pending. */
LW_MUST_CHECK lw_err lw_net_park(lw_net *net, lw_net_link *link, lw_writer *blob);
void lw_net_unpark(lw_net *net, lw_net_link *link, lw_session *session);

#endif
