#include "coap/stream.h"

#include <string.h>

#include "base/assert.h"

/* What the Len nibbles 13, 14 and 15 stand for: 1, 2 or 4 octets follow, to be added to the base
 * (RFC 8323 section 3.2). */
typedef struct len_form {
    uint32_t base;
    uint8_t octets;
} len_form;

static const len_form len_forms[] = {{13, 1}, {269, 2}, {65805, 4}};

/*  0 1 2 3 4 5 6 7
 * +-------+-------+----------------+------+-------+---------+------+---------+
 * |  Len  |  TKL  | Len, 0..4 more | Code | Token | Options | 0xff | Payload |
 * +-------+-------+----------------+------+-------+---------+------+---------+
 *                                                 |<--------- Len ---------->|
 */
lw_err lw_stream_parse(lw_bytes in, size_t max_size, lw_coap_msg *out_msg, size_t *out_size)
{
    *out_msg = (lw_coap_msg){0};
    *out_size = 2;
    if (in.len < 1) {
        return LW_AGAIN;
    }
    unsigned token_len = in.ptr[0] & 15u;
    if (token_len > LW_COAP_TOKEN_MAX) {
        return LW_EFORMAT;
    }
    unsigned nibble = in.ptr[0] >> 4;
    len_form form = nibble < 13 ? (len_form){nibble, 0} : len_forms[nibble - 13];
    size_t header_len = 1u + form.octets + 1u;
    *out_size = header_len;
    if (in.len < header_len) {
        return LW_AGAIN;
    }
    uint32_t extended = lw_coap_opt_uint(lw_bytes_of(in.ptr + 1, form.octets));
    uint64_t size = (uint64_t)header_len + token_len + form.base + extended;
    if (size > max_size) {
        return LW_ETOOBIG;
    }
    *out_size = (size_t)size;
    if (in.len < size) {
        return LW_AGAIN;
    }
    out_msg->code = in.ptr[header_len - 1];
    lw_bytes tail = lw_bytes_of(in.ptr + header_len, (size_t)size - header_len);
    return lw_coap_msg_parse_tail(out_msg, token_len, tail);
}

/* RFC 8323 section 4.2: Len is zero, the WebSocket frame knows the length. */
lw_err lw_stream_parse_websocket(lw_bytes frame, lw_coap_msg *out_msg)
{
    *out_msg = (lw_coap_msg){0};
    if (frame.len < 2 || frame.ptr[0] >> 4 != 0) {
        return LW_EFORMAT;
    }
    out_msg->code = frame.ptr[1];
    return lw_coap_msg_parse_tail(out_msg, frame.ptr[0] & 15u, lw_bytes_from(frame, 2));
}

size_t lw_stream_header(lw_stream_kind kind, uint8_t code, lw_coap_token token, size_t body_len,
                        uint8_t out[LW_STREAM_HEADER_MAX])
{
    lw_assert(token.len <= LW_COAP_TOKEN_MAX);
    unsigned nibble = 0;
    unsigned octets = 0;
    if (kind == LW_STREAM_TCP && body_len < len_forms[0].base) {
        nibble = (unsigned)body_len;
    } else if (kind == LW_STREAM_TCP) {
        unsigned i = body_len < len_forms[1].base ? 0 : body_len < len_forms[2].base ? 1 : 2;
        nibble = 13 + i;
        octets = len_forms[i].octets;
        body_len -= len_forms[i].base;
    }
    uint8_t *p = out;
    *p++ = (uint8_t)(nibble << 4 | token.len);
    while (octets > 0) {
        octets--;
        *p++ = (uint8_t)(body_len >> (8 * octets));
    }
    *p++ = code;
    memcpy(p, token.octets, token.len);
    return (size_t)(p - out) + token.len;
}

void lw_stream_encode(lw_writer *w, lw_stream_kind kind, const lw_coap_msg *msg)
{
    size_t marker_len = msg->payload.len > 0 ? 1 : 0;
    size_t body_len = msg->options.len + marker_len + msg->payload.len;
    uint8_t header[LW_STREAM_HEADER_MAX];
    size_t header_len = lw_stream_header(kind, msg->code, msg->token, body_len, header);
    lw_write_bytes(w, lw_bytes_of(header, header_len));
    lw_coap_write_body(w, &msg->options, &msg->payload);
}
