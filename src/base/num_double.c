/* Decimal text to a number, exactly: an integer of 64 bits is what its digits say, anything else is
 * rounded as it stands (num_digits.c). Where LW_NUM_QUICK, one number in a hundred comes that far.
 */
#include <float.h>
#include <string.h>

#include "base/apart.h"
#include "base/num.h"
#include "base/num_priv.h"

#define TEXT_LEN_MAX ((size_t)1 << 28) /* so that no exponent overflows an int */
#define EXPONENT_MAX (1 << 28)

/* 10^310 and what is above is infinite; below 10^-324, less than half the smallest subnormal, is
 * zero. */
#define POINT_MAX 311
#define POINT_MIN (-324)

#define WHOLE_DIGITS_MAX 20 /* of an integer of 64 bits */

/* Takes digits and a point off the text. NULL: there is no digit. */
LW_APART static const uint8_t *scan_digits(const uint8_t *p, const uint8_t *end, struct digits *d)
{
    bool any = false;
    bool point = false;
    for (; p < end; p++) {
        uint8_t c = *p;
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!lw_num_is_digit(c)) {
            break;
        }
        any = true;
        bool leads = c == '0' && d->count == 0;
        d->point += !point - leads;
        if (leads) {
            continue;
        }
        if (d->count < LW_DIGITS_MAX) {
            d->text[d->count++] = (char)c;
        } else {
            d->cut = d->cut || c != '0';
        }
    }
    lw_digits_trim(d);
    return any ? p : NULL;
}

/* What follows the digits: nothing, or the exponent up to the end. */
static bool scan_exponent(const uint8_t *p, const uint8_t *end, int *out_exponent)
{
    *out_exponent = 0;
    if (p == end) {
        return true;
    }
    if ((*p++ | 0x20) != 'e') {
        return false;
    }
    uint8_t sign = p < end ? *p : 0;
    p += sign == '-' || sign == '+';
    bool any = p < end;
    int exponent = 0;
    for (; p < end && lw_num_is_digit(*p); p++) {
        exponent = exponent < EXPONENT_MAX / 10 ? exponent * 10 + (*p - '0') : EXPONENT_MAX;
    }
    *out_exponent = sign == '-' ? -exponent : exponent;
    return any && p == end;
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

static lw_err scan(lw_bytes text, struct digits *d, bool *out_negative)
{
    if (text.len == 0 || text.len > TEXT_LEN_MAX) {
        return text.len == 0 ? LW_EFORMAT : LW_ETOOBIG;
    }
    const uint8_t *end = text.ptr + text.len;
    bool negative = text.ptr[0] == '-';
    d->count = d->point = 0;
    d->cut = false;
    *out_negative = negative;
    const uint8_t *at = scan_digits(text.ptr + negative, end, d);
    int exponent;
    if (at == NULL || !scan_exponent(at, end, &exponent)) {
        return LW_EFORMAT;
    }
    d->point = d->count > 0 ? clamp(d->point + exponent, POINT_MIN, POINT_MAX) : 0;
    return LW_OK;
}

/* False when it is no whole number, does not fit, or is the zero that has a sign. */
static bool to_integer(const struct digits *d, bool negative, lw_value *out)
{
    if (d->cut || d->count > d->point || d->point > WHOLE_DIGITS_MAX) {
        return false;
    }
    uint64_t m = lw_digits_whole(d->text, d->count, d->point);
    bool is_long = m > INT64_MAX;
    out->type = negative || !is_long ? LW_TYPE_INTEGER : LW_TYPE_UNSIGNED;
    out->as.uns = negative ? 0 - m : m; /* two's complement */
    if (d->point == WHOLE_DIGITS_MAX && (d->text[0] != '1' || !is_long)) {
        return false; /* 2^64 is less than 2 * 10^19, and what is above it came out small */
    }
    return !negative || m - 1 <= INT64_MAX;
}

static bool to_double_quickly(const struct digits *d, uint64_t *out_bits)
{
    if (!LW_NUM_QUICK || d->cut || d->count == 0 || d->count >= WHOLE_DIGITS_MAX) {
        return false;
    }
    double v;
    struct decimal decimal = {lw_digits_whole(d->text, d->count, d->count), d->point - d->count};
    if (!lw_num_quick_read(decimal, &v)) {
        return false;
    }
    memcpy(out_bits, &v, sizeof v);
    return true;
}

lw_err lw_num_parse_value(lw_bytes text, lw_value *out_value)
{
    struct digits d;
    bool negative;
    lw_err err = scan(text, &d, &negative);
    if (err != LW_OK) {
        return err;
    }
    *out_value = (lw_value){.type = LW_TYPE_NONE};
    if (to_integer(&d, negative, out_value)) {
        return LW_OK;
    }
    uint64_t bits;
    if (!to_double_quickly(&d, &bits)) {
        bits = lw_digits_round(&d, false);
    }
    bool is_finite = bits < LW_NUM_INFINITE;
    bits = is_finite ? bits : LW_NUM_INFINITE;
    out_value->type = LW_TYPE_FLOAT;
    out_value->as.uns = bits | (uint64_t)negative << 63; /* those of as.number */
    return is_finite ? LW_OK : LW_ERANGE;
}

lw_err lw_num_parse_double(lw_bytes text, double *out_v)
{
    lw_value v = {.as.number = 0};
    lw_err err = lw_num_parse_value(text, &v);
    switch (v.type) {
    case LW_TYPE_INTEGER:
        *out_v = (double)v.as.integer;
        break;
    case LW_TYPE_UNSIGNED:
        *out_v = (double)v.as.uns;
        break;
    default:
        *out_v = v.as.number;
    }
    return err;
}
