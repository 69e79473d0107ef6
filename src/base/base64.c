#include "base/base64.h"

#define NOT_A_DIGIT 64u

static void write_digit(lw_writer *w, lw_base64_kind kind, unsigned v)
{
    unsigned c;
    if (v < 26) {
        c = 'A' + v;
    } else if (v < 52) {
        c = 'a' + (v - 26);
    } else if (v < 62) {
        c = '0' + (v - 52);
    } else {
        const char *last = kind == LW_BASE64 ? "+/" : "-_";
        c = (unsigned)last[v - 62];
    }
    lw_write_u8(w, (uint8_t)c);
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
    uint32_t group = 0;
    unsigned bits = 0; /* of it that are not written yet */
    for (size_t i = 0; i < in.len; i++) {
        group = group << 8 | in.ptr[i];
        for (bits += 8; bits >= 6;) {
            bits -= 6;
            write_digit(w, kind, group >> bits & 63);
        }
    }
    if (bits > 0) {
        write_digit(w, kind, group << (6 - bits) & 63);
    }
    for (size_t len = in.len; len % 3 != 0 && kind == LW_BASE64; len++) {
        lw_write_u8(w, '=');
    }
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
