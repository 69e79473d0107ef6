/* CoAP over TCP, TLS and WebSockets (RFC 8323 sections 3 and 4): framing, into and out of the same
 * lw_coap_msg that datagrams use.
 *
 * The caller collects what a connection delivers in a buffer and asks for messages from its front.
 * On TCP and TLS a frame says its length; on WebSockets one binary message is one frame. Any error
 * but LW_AGAIN ends the connection, with Abort (coap/signal.h).
 */
#ifndef LW_COAP_STREAM_H
#define LW_COAP_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "coap/msg.h"
#include "lw/bytes.h"
#include "lw/err.h"

typedef enum lw_stream_kind {
    LW_STREAM_TCP, /* and TLS */
    LW_STREAM_WEBSOCKET
} lw_stream_kind;

/* Parses the frame at the front of `in`. LW_OK: out_msg is a view into it, and *out_size octets of
 * `in` are the frame. LW_AGAIN: not complete; asking again makes sense once *out_size octets are
 * there (the whole frame, or enough to know its length). LW_ETOOBIG: the whole frame, header
 * included, is larger than our own Max-Message-Size. LW_EFORMAT: a message format error. */
LW_MUST_CHECK lw_err lw_stream_parse(lw_bytes in, size_t max_size, lw_coap_msg *out_msg,
                                     size_t *out_size);

/* The same for one WebSocket message. */
LW_MUST_CHECK lw_err lw_stream_parse_websocket(lw_bytes frame, lw_coap_msg *out_msg);

#define LW_STREAM_HEADER_MAX (1u + 4u + 1u + LW_COAP_TOKEN_MAX)

/* Writes the header of a message (length, code, token) whose options, marker and payload take
 * body_len octets, and returns its own length. Whoever does not know body_len beforehand leaves
 * LW_STREAM_HEADER_MAX octets in front of the body, and puts the header right before it when the
 * body is complete: nothing is moved. */
size_t lw_stream_header(lw_stream_kind kind, uint8_t code, lw_coap_token token, size_t body_len,
                        uint8_t out[LW_STREAM_HEADER_MAX]);

/* Writes a message that exists as a view; its type and message id play no part. */
void lw_stream_encode(lw_writer *w, lw_stream_kind kind, const lw_coap_msg *msg);

#endif
