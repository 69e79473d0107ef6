#include "coap/msg.h"

#include <string.h>

#include "base/apart.h"
#include "base/quick.h"

#define VERSION    1u
#define HEADER_LEN 4u
#define HEAD_MAX   5u /* of an option */

bool lw_coap_same_token(const lw_coap_token *a, const lw_coap_token *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

/*  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |Ver| T |  TKL  |      Code     |          Message ID           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * then TKL octets of token, the options, and 0xff with a payload when there is one.
 */
lw_err lw_coap_msg_parse(lw_bytes datagram, lw_coap_msg *out_msg)
{
    /* One by one: zeroing all at once is a loop, which takes longer. */
    out_msg->type = LW_COAP_ACK;
    out_msg->code = LW_COAP_EMPTY;
    out_msg->mid = 0;
    out_msg->token = (lw_coap_token){.len = 0};
    out_msg->noted = (lw_coap_noted){.refused = 0};
    if (datagram.len < HEADER_LEN) {
        return LW_EFORMAT;
    }
    const uint8_t *p = datagram.ptr;
    if (p[0] >> 6 != VERSION) {
        return LW_ENOTSUP;
    }
    out_msg->type = p[0] >> 4 & 3u;
    out_msg->code = p[1];
    out_msg->mid = (uint16_t)(p[2] << 8 | p[3]);
    unsigned code_class = lw_coap_code_class(p[1]);
    lw_bytes rest = lw_bytes_of(p + HEADER_LEN, datagram.len - HEADER_LEN);
    if (code_class == 1 || code_class > 5 || (p[1] == LW_COAP_EMPTY && rest.len != 0)) {
        return LW_EFORMAT;
    }
    return lw_coap_msg_parse_tail(out_msg, p[0] & 15u, rest);
}

lw_err lw_coap_msg_parse_tail(lw_coap_msg *msg, unsigned token_len, lw_bytes tail)
{
    if (token_len > LW_COAP_TOKEN_MAX || token_len > tail.len) {
        return LW_EFORMAT;
    }
    msg->token.len = (uint8_t)token_len;
    for (unsigned i = 0; i < token_len; i++) {
        msg->token.octets[i] = tail.ptr[i];
    }
    return lw_coap_opts_split(lw_bytes_from(tail, token_len), &msg->options, &msg->payload,
                              &msg->noted);
}

/* Takes room for len octets; NULL when there is none or something failed before. */
static uint8_t *take(lw_writer *w, size_t len)
{
    if (w->err != LW_OK) {
        return NULL;
    }
    if (len > w->cap - w->pos) {
        w->err = LW_ETOOBIG;
        return NULL;
    }
    uint8_t *p = w->buf + w->pos;
    w->pos += len;
    return p;
}

/* At most 12 octets, which takes less time than the way into memcpy: encoding is half as fast
 * without it. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len >= 4) {
        memcpy(to, from, 4);
        if (len > 8) {
            memcpy(to + 4, from + 4, 4);
        }
        memcpy(to + len - 4, from + len - 4, 4);
    } else if (len > 0) {
        to[0] = from[0];
        to[len / 2] = from[len / 2];
        to[len - 1] = from[len - 1];
    }
}

void lw_coap_begin_options(lw_coap_out *out, lw_writer *w)
{
    *out = (lw_coap_out){.w = w, .start = (uint32_t)w->pos};
    if (w->windowed) {
        lw_writer_fail(w, LW_EINVAL);
    }
}

void lw_coap_begin(lw_coap_out *out, lw_writer *w, lw_coap_type type, uint8_t code, uint16_t mid,
                   lw_coap_token token)
{
    lw_coap_begin_options(out, w);
    if (token.len > LW_COAP_TOKEN_MAX) {
        lw_writer_fail(w, LW_EINVAL);
        return;
    }
    uint8_t *p = take(w, HEADER_LEN + token.len);
    if (p == NULL) {
        return;
    }
    out->start = (uint32_t)w->pos;
    p[0] = (uint8_t)(VERSION << 6 | (unsigned)type << 4 | token.len);
    p[1] = code;
    p[2] = (uint8_t)(mid >> 8);
    p[3] = (uint8_t)mid;
    copy_short(p + HEADER_LEN, token.octets, token.len);
}

/* Puts the extended form of v behind *at and returns its nibble (RFC 7252 section 3.1). */
static inline unsigned put_extended(uint8_t **at, uint32_t v)
{
    if (v < 13) {
        return v;
    }
    if (v < 269) {
        *(*at)++ = (uint8_t)(v - 13);
        return 13;
    }
    *(*at)++ = (uint8_t)((v - 269) >> 8);
    *(*at)++ = (uint8_t)(v - 269);
    return 14;
}

/* Returns its length. */
static inline size_t make_head(uint8_t head[HEAD_MAX], uint32_t delta, size_t value_len)
{
    uint8_t *p = head + 1;
    unsigned high = put_extended(&p, delta);
    unsigned low = put_extended(&p, (uint32_t)value_len);
    head[0] = (uint8_t)(high << 4 | low);
    return (size_t)(p - head);
}

void lw_coap_put_head(lw_coap_out *out, uint32_t number, size_t value_len)
{
    uint8_t head[HEAD_MAX];
    if (number < out->number || number > LW_COAP_OPT_NUMBER_MAX || out->has_payload) {
        lw_writer_fail(out->w, LW_EINVAL);
    } else if (value_len > LW_COAP_OPT_LEN_MAX) {
        lw_writer_fail(out->w, LW_ETOOBIG);
    } else {
        lw_write_octets(out->w, head, make_head(head, number - out->number, value_len));
        out->number = number;
    }
}

/* Nearly every option has a head of one octet and a short value. */
static inline bool put_quick(lw_coap_out *out, uint32_t number, const void *octets, size_t len)
{
    lw_writer *w = out->w;
    uint32_t delta = number - out->number;
    if (delta >= 13 || len >= 13 || number > LW_COAP_OPT_NUMBER_MAX || out->has_payload ||
        w->err != LW_OK || w->cap - w->pos <= len) {
        return false;
    }
    uint8_t *p = w->buf + w->pos;
    *p = (uint8_t)(delta << 4 | len);
    copy_short(p + 1, octets, len);
    w->pos += 1 + len;
    out->number = number;
    return true;
}

void lw_coap_put_octets(lw_coap_out *out, uint32_t number, const void *octets, size_t len)
{
    if (LW_QUICK && put_quick(out, number, octets, len)) {
        return;
    }
    lw_coap_put_head(out, number, len);
    lw_write_octets(out->w, octets, len);
}

void lw_coap_put_all(lw_coap_out *out, const lw_bytes *options, uint32_t without)
{
    lw_coap_opt_iter it = lw_coap_opts(*options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        if (opt.number != without) {
            lw_coap_put(out, opt.number, opt.value);
        }
    }
}

/* Returns where in `octets` the shortest form begins; it reaches to their end. */
static uint8_t *shortest(uint8_t octets[4], uint32_t value)
{
    uint8_t *p = octets + 4;
    for (; value != 0; value >>= 8) {
        *--p = (uint8_t)value;
    }
    return p;
}

void lw_coap_put_uint(lw_coap_out *out, uint32_t number, uint32_t value)
{
    uint8_t octets[4];
    uint8_t *p = shortest(octets, value);
    lw_coap_put_octets(out, number, p, (size_t)(octets + sizeof octets - p));
}

void lw_coap_put_str(lw_coap_out *out, uint32_t number, const char *value)
{
    lw_coap_put(out, number, lw_bytes_str(value));
}

/* Puts an option before the first of a larger number, which there is. That one counts from the new
 * option then, and what is behind its head moves up. */
static void insert(lw_coap_out *out, uint32_t number, const void *octets, size_t len)
{
    lw_writer *w = out->w;
    if (w->err != LW_OK) {
        return; /* what is there may not be whole */
    }
    uint8_t head[HEAD_MAX], next_head[HEAD_MAX];
    lw_coap_opt_iter it = lw_coap_opts(lw_bytes_of(w->buf + out->start, w->pos - out->start));
    lw_coap_opt next;
    while (lw_coap_opt_next_of(&it, number, &next.value)) {
    }
    uint8_t *at = w->buf + w->pos - it.rest.len;
    size_t head_len = make_head(head, number - it.number, len);
    (void)lw_coap_opt_next(&it, &next);
    size_t next_len = make_head(next_head, next.number - number, next.value.len);
    size_t tail_len = next.value.len + it.rest.len;
    uint8_t *tail = at + head_len + len + next_len;
    size_t end = (size_t)(tail - w->buf) + tail_len;
    if (end > w->cap || len > LW_COAP_OPT_LEN_MAX) {
        lw_writer_fail(w, LW_ETOOBIG);
        return;
    }
    memmove(tail, next.value.ptr, tail_len);
    memcpy(tail - next_len, next_head, next_len);
    memcpy(at, head, head_len);
    memcpy(at + head_len, octets, len);
    w->pos = end;
}

void lw_coap_insert_octets(lw_coap_out *out, uint32_t number, const void *octets, size_t len)
{
    if (number < out->number && !out->has_payload) {
        insert(out, number, octets, len);
    } else {
        lw_coap_put_octets(out, number, octets, len);
    }
}

void lw_coap_insert_uint(lw_coap_out *out, uint32_t number, uint32_t value)
{
    uint8_t octets[4];
    uint8_t *p = shortest(octets, value);
    lw_coap_insert_octets(out, number, p, (size_t)(octets + sizeof octets - p));
}

void lw_coap_put_payload_octets(lw_coap_out *out, const void *octets, size_t len)
{
    if (len == 0) {
        return;
    }
    if (out->has_payload) {
        lw_writer_fail(out->w, LW_EINVAL);
        return;
    }
    out->has_payload = true;
    lw_write_u8(out->w, LW_COAP_PAYLOAD_MARKER);
    lw_write_octets(out->w, octets, len);
}

void lw_coap_write_body(lw_writer *w, const lw_bytes *options, const lw_bytes *payload)
{
    lw_coap_out out = {.w = w};
    lw_write_bytes(w, *options);
    lw_coap_put_payload(&out, *payload);
}

void lw_coap_msg_encode(lw_writer *w, const lw_coap_msg *msg)
{
    lw_coap_out out;
    lw_coap_begin(&out, w, (lw_coap_type)msg->type, msg->code, msg->mid, msg->token);
    lw_coap_write_body(w, &msg->options, &msg->payload);
}
