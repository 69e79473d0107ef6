/* CoAP messages (RFC 7252 section 3): a view over a datagram, and a writer of one.
 *
 * Parsing and encoding allocate nothing. A parsed message points into the datagram; it is valid as
 * long as the datagram is. The same view serves messages that came over a stream (coap/stream.h),
 * which have no type and no message id.
 */
#ifndef LW_COAP_MSG_H
#define LW_COAP_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "coap/code.h"
#include "coap/option.h"
#include "lw/bytes.h"
#include "lw/err.h"

typedef enum lw_coap_type {
    LW_COAP_CON = 0,
    LW_COAP_NON = 1,
    LW_COAP_ACK = 2,
    LW_COAP_RST = 3
} lw_coap_type;

#define LW_COAP_TOKEN_MAX 8u

typedef struct lw_coap_token {
    uint8_t len; /* 0..8 */
    uint8_t octets[LW_COAP_TOKEN_MAX];
} lw_coap_token;

bool lw_coap_same_token(const lw_coap_token *a, const lw_coap_token *b);

typedef struct lw_coap_msg {
    uint8_t type; /* lw_coap_type; CON for messages from a stream */
    uint8_t code;
    uint16_t mid; /* message id; 0 for messages from a stream */
    lw_coap_token token;
    lw_bytes options; /* encoded and checked: iterate with lw_coap_opt_iter */
    lw_bytes payload;
    lw_coap_noted noted; /* of the options, once parsed; not for signals, whose numbers mean else */
} lw_coap_msg;

/* Parses and checks a whole datagram: header, token, every option's encoding, payload marker.
 * LW_EFORMAT for a message format error (RFC 7252 section 3) or a code of a reserved class (1, 6,
 * 7), which section 4.2 rejects alike; LW_ENOTSUP for another version than 1, which is to be
 * ignored silently. On LW_EFORMAT type, code and mid of out_msg hold what the header said when it
 * was complete, so that a CON can be answered with RST; else type is LW_COAP_ACK. */
LW_MUST_CHECK lw_err lw_coap_msg_parse(lw_bytes datagram, lw_coap_msg *out_msg);

/* What follows the header on every transport: token, options, payload. For stream framing. */
LW_MUST_CHECK lw_err lw_coap_msg_parse_tail(lw_coap_msg *msg, unsigned token_len, lw_bytes tail);

/* Writes one message into a writer: begin, options, payload. The writer is a plain one. Options are
 * put in ascending order, or inserted. Errors stick in the writer; an option out of order, or
 * behind the payload, is LW_EINVAL. */
typedef struct lw_coap_out {
    lw_writer *w;
    uint32_t start;   /* of the options in w */
    uint32_t number;  /* the highest that was put */
    bool has_payload; /* the marker is out */
} lw_coap_out;

void lw_coap_begin(lw_coap_out *out, lw_writer *w, lw_coap_type type, uint8_t code, uint16_t mid,
                   lw_coap_token token);
/* Options alone, without a header: for option sets that are kept and sent later. */
void lw_coap_begin_options(lw_coap_out *out, lw_writer *w);
void lw_coap_put_octets(lw_coap_out *out, uint32_t number, const void *octets, size_t len);
static inline void lw_coap_put(lw_coap_out *out, uint32_t number, lw_bytes value)
{
    lw_coap_put_octets(out, number, value.ptr, value.len);
}
void lw_coap_put_uint(lw_coap_out *out, uint32_t number, uint32_t value); /* shortest form */
void lw_coap_put_str(lw_coap_out *out, uint32_t number, const char *value);
/* The same in any order: the option goes to its place, behind those of its number. */
void lw_coap_insert_octets(lw_coap_out *out, uint32_t number, const void *octets, size_t len);
void lw_coap_insert_uint(lw_coap_out *out, uint32_t number, uint32_t value);
/* All of an encoded list but those numbered `without`; 0: all. */
void lw_coap_put_all(lw_coap_out *out, const lw_bytes *options, uint32_t without);
/* An option whose value the caller writes himself, `len` octets, straight to out->w. */
void lw_coap_put_head(lw_coap_out *out, uint32_t number, size_t len);
/* Writes the marker and the payload; nothing at all when it is empty. */
void lw_coap_put_payload_octets(lw_coap_out *out, const void *octets, size_t len);
static inline void lw_coap_put_payload(lw_coap_out *out, lw_bytes payload)
{
    lw_coap_put_payload_octets(out, payload.ptr, payload.len);
}

/* Writes a message that exists as a view. */
void lw_coap_msg_encode(lw_writer *w, const lw_coap_msg *msg);
/* The part of it that is the same on every transport: options, marker, payload. */
void lw_coap_write_body(lw_writer *w, const lw_bytes *options, const lw_bytes *payload);

#endif
