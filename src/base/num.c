#include "base/num.h"

#include <string.h>

#define INT64_MIN_MAGNITUDE ((uint64_t)INT64_MAX + 1)

int lw_num_hex_digit(uint8_t c)
{
    if (lw_num_is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

lw_err lw_num_parse_uint64(lw_bytes text, uint64_t *out_v)
{
    if (text.len == 0) {
        return LW_EFORMAT;
    }
    uint64_t v = 0;
    bool fits = true;
    for (size_t i = 0; i < text.len; i++) {
        unsigned d = (unsigned)text.ptr[i] - '0';
        if (d > 9) {
            return LW_EFORMAT;
        }
        fits = fits && v <= UINT64_MAX / 10 && v * 10 <= UINT64_MAX - d;
        v = v * 10 + d;
    }
    *out_v = v;
    return fits ? LW_OK : LW_ERANGE;
}

lw_err lw_num_parse_uint32(lw_bytes text, uint32_t *out_v)
{
    uint64_t v = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned d = (unsigned)text.ptr[i] - '0';
        if (d > 9) {
            return LW_EFORMAT;
        }
        v = v > UINT32_MAX ? v : v * 10 + d; /* what does not fit stays so */
    }
    *out_v = (uint32_t)v;
    return text.len == 0 ? LW_EFORMAT : v > UINT32_MAX ? LW_ERANGE : LW_OK;
}

lw_err lw_num_parse_int64(lw_bytes text, int64_t *out_v)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t magnitude = 0;
    lw_err err = lw_num_parse_uint64(negative ? lw_bytes_from(text, 1) : text, &magnitude);
    if (err != LW_OK) {
        return err;
    }
    if (magnitude > (negative ? INT64_MIN_MAGNITUDE : (uint64_t)INT64_MAX)) {
        return LW_ERANGE;
    }
    /* Negated in two steps, because INT64_MIN has no positive counterpart. */
    *out_v = negative && magnitude > 0 ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return LW_OK;
}

size_t lw_num_format_uint64(uint64_t v, char *out)
{
    char digits[LW_NUM_INT_TEXT_MAX];
    size_t at = sizeof digits;
    while (v > UINT32_MAX) {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    }
    uint32_t low = (uint32_t)v; /* 32-bit division is one instruction where 64-bit is a call */
    do {
        digits[--at] = (char)('0' + low % 10);
        low /= 10;
    } while (low != 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

size_t lw_num_format_int64(int64_t v, char out[LW_NUM_INT_TEXT_MAX])
{
    if (v >= 0) {
        return lw_num_format_uint64((uint64_t)v, out);
    }
    out[0] = '-';
    char digits[LW_NUM_INT_TEXT_MAX];
    size_t len = lw_num_format_uint64(0 - (uint64_t)v, digits);
    memcpy(out + 1, digits, len); /* 19 digits at most */
    return len + 1;
}
