/* A peer on a reliable stream (RFC 8323): TCP, TLS, or WebSocket messages.
 *
 *            start: our CSM goes out                 Ping --> Pong
 *   (init) ---------------------------> (waiting) --CSM--> (open) --Release--> (closing)
 *                                          |                 |                    |
 *                                          | no CSM in time, another message first,
 *                                          | a malformed frame, Abort, no Pong in time
 *                                          v                 v                    v
 *                                        (closed): on_closed, once
 *
 * Requests, answers and observations are those of the endpoint, without types and message ids. A
 * breach of the protocol is answered with Abort. Frames are parsed where they lie; only what is not
 * complete is kept.
 */
#ifndef LW_NET_STREAM_H
#define LW_NET_STREAM_H

#include "coap/gather.h"
#include "coap/stream.h"
#include "net/link.h"

typedef struct lw_net_stream_config {
    lw_stream_kind kind;
    uint32_t max_message;    /* that we take: said in our CSM, 1152 at least */
    uint32_t csm_timeout_ms; /* how long the peer's CSM may take */
} lw_net_stream_config;

typedef struct lw_net_stream {
    lw_net_link link; /* first */
    lw_net_stream_config config;
    lw_signal_csm csm;   /* the peer's */
    lw_coap_gather kept; /* the beginning of a frame */
    lw_coap_token ping;  /* of the Ping that waits for its Pong */
} lw_net_stream;

/* `session` becomes the stream's; NULL: plain. */
void lw_net_stream_init(lw_net *net, lw_net_stream *stream, const lw_net_stream_config *config,
                        lw_session *session);

/* The connection stands. A WebSocket feeds one message at a time. */
void lw_net_stream_start(lw_net *net, lw_net_stream *stream, lw_time now, lw_session_role role);

/* Asks whether the peer is there; no Pong within timeout_ms closes the stream (LW_ETIMEOUT). */
void lw_net_stream_ping(lw_net *net, lw_net_stream *stream, lw_time now, uint32_t timeout_ms);

/* Tells the peer that we want to close; drop it when nothing is pending any more. */
void lw_net_stream_release(lw_net *net, lw_net_stream *stream, lw_time now);

/* Ends everything pending with LW_ECANCELED and frees what the stream owns. The owner then closes
 * the connection. Harmless when repeated. */
void lw_net_stream_drop(lw_net *net, lw_net_stream *stream, lw_time now);

#endif
