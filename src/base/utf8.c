#include "base/utf8.h"

#include <stddef.h>

/* Octets of the sequence at p, 0 when it is not valid. `left` >= 1. */
static unsigned sequence_length(const uint8_t *p, size_t left)
{
    uint8_t a = p[0];
    if (a < 0x80) {
        return 1;
    }
    unsigned len = a < 0xC2 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : a < 0xF5 ? 4 : 0;
    if (len == 0 || left < len) {
        return 0;
    }
    for (unsigned i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (a == 0xE0 && p[1] < 0xA0) || (a == 0xF0 && p[1] < 0x90);
    bool surrogate = a == 0xED && p[1] > 0x9F;
    bool too_large = a == 0xF4 && p[1] > 0x8F;
    return overlong || surrogate || too_large ? 0 : len;
}

bool lw_utf8_is_valid(lw_bytes text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned len = sequence_length(text.ptr + i, text.len - i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

unsigned lw_utf8_put(uint32_t c, uint8_t out[4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}
