#include "base/base64.h"

#define NOT_A_DIGIT 64u

static char digit_of(lw_base64_kind kind, unsigned v)
{
    if (v < 26) {
        return (char)('A' + v);
    }
    if (v < 52) {
        return (char)('a' + (v - 26));
    }
    if (v < 62) {
        return (char)('0' + (v - 52));
    }
    const char *last = kind == LW_BASE64 ? "+/" : "-_";
    return last[v - 62];
}

static unsigned value_of(uint8_t c)
{
    if (c >= 'a') {
        return c <= 'z' ? c - 'a' + 26u : NOT_A_DIGIT;
    }
    if (c >= 'A' && c <= 'Z') {
        return c - (unsigned)'A';
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52u;
    }
    switch (c) {
    case '+':
    case '-':
        return 62;
    case '/':
    case '_':
        return 63;
    default:
        return NOT_A_DIGIT;
    }
}

size_t lw_base64_encoded_len(lw_base64_kind kind, size_t octets)
{
    size_t rest = octets % 3;
    size_t tail = rest == 0 ? 0 : kind == LW_BASE64 ? 4 : rest + 1;
    return octets / 3 * 4 + tail;
}

size_t lw_base64_decoded_max(size_t len)
{
    return len / 4 * 3 + len % 4 * 3 / 4;
}

void lw_base64_encode(lw_base64_kind kind, lw_bytes in, lw_writer *w)
{
    char piece[64];
    size_t at = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t left = in.len - i;
        uint32_t group = (uint32_t)in.ptr[i] << 16;
        group |= left > 1 ? (uint32_t)in.ptr[i + 1] << 8 : 0;
        group |= left > 2 ? in.ptr[i + 2] : 0;
        size_t digits = left > 2 ? 4 : left + 1;
        for (size_t k = 0; k < digits; k++) {
            piece[at++] = digit_of(kind, group >> (18 - 6 * k) & 63);
        }
        for (size_t k = digits; k < 4 && kind == LW_BASE64; k++) {
            piece[at++] = '=';
        }
        if (at > sizeof piece - 4) {
            lw_write_bytes(w, lw_bytes_of(piece, at));
            at = 0;
        }
    }
    lw_write_bytes(w, lw_bytes_of(piece, at));
}

/* The text without its padding; LW_EFORMAT when the padding is not what the length asks for. */
static lw_err strip_padding(lw_bytes *text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text->len && text->ptr[text->len - 1 - padding] == '=') {
        padding++;
    }
    if (padding != 0 && text->len % 4 != 0) {
        return LW_EFORMAT;
    }
    text->len -= padding;
    return text->len % 4 == 1 ? LW_EFORMAT : LW_OK;
}

lw_err lw_base64_decode(lw_bytes text, uint8_t *out, size_t cap, size_t *out_len)
{
    *out_len = 0;
    lw_err err = strip_padding(&text);
    if (err != LW_OK) {
        return err;
    }
    uint32_t group = 0;
    unsigned bits = 0; /* in group, not yet written */
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned v = value_of(text.ptr[i]);
        if (v == NOT_A_DIGIT) {
            return LW_EFORMAT;
        }
        group = group << 6 | v;
        bits += 6;
        if (bits < 8) {
            continue;
        }
        if (len == cap) {
            return LW_ETOOBIG;
        }
        bits -= 8;
        out[len++] = (uint8_t)(group >> bits);
    }
    if ((group & ((1u << bits) - 1)) != 0) {
        return LW_EFORMAT;
    }
    *out_len = len;
    return LW_OK;
}
