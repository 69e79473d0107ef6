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

/* Takes digits and a point off the text. */
LW_APART static lw_err scan_digits(const uint8_t **at, const uint8_t *end, struct digits *d)
{
    const uint8_t *p = *at;
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
    *at = p;
    lw_digits_trim(d);
    return any ? LW_OK : LW_EFORMAT;
}

/* What follows the digits: nothing, or the exponent up to the end. */
static lw_err scan_exponent(const uint8_t *p, const uint8_t *end, int *out_exponent)
{
    *out_exponent = 0;
    if (p == end) {
        return LW_OK;
    }
    if ((*p++ | 0x20) != 'e') {
        return LW_EFORMAT;
    }
    uint8_t sign = p < end ? *p : 0;
    p += sign == '-' || sign == '+';
    bool any = p < end;
    int exponent = 0;
    for (; p < end && lw_num_is_digit(*p); p++) {
        exponent = exponent < EXPONENT_MAX / 10 ? exponent * 10 + (*p - '0') : EXPONENT_MAX;
    }
    *out_exponent = sign == '-' ? -exponent : exponent;
    return any && p == end ? LW_OK : LW_EFORMAT;
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
    const uint8_t *at = text.ptr;
    const uint8_t *end = at + text.len;
    d->count = d->point = 0;
    d->cut = false;
    *out_negative = *at == '-';
    at += *out_negative;
    int exponent = 0;
    lw_err err = scan_digits(&at, end, d);
    if (err == LW_OK) {
        err = scan_exponent(at, end, &exponent);
    }
    d->point = clamp(d->point + exponent, POINT_MIN, POINT_MAX);
    return err;
}

/* The value as an integer and a power of ten, which is 1 for whole numbers. False when it has too
 * many digits. */
static bool to_decimal(struct digits *d, struct decimal *out)
{
    int len = d->count;
    for (; len < d->point && d->point <= WHOLE_DIGITS_MAX; len++) {
        d->text[len] = '0';
    }
    out->m = 0;
    out->exp10 = len > 0 ? d->point - len : 0;
    return !d->cut &&
           (len == 0 || lw_num_parse_uint64(lw_bytes_of(d->text, (size_t)len), &out->m) == LW_OK);
}

/* False when it does not fit, or is the zero that has a sign. */
static bool to_integer(uint64_t m, bool negative, lw_value *out)
{
    out->type = negative || m <= INT64_MAX ? LW_TYPE_INTEGER : LW_TYPE_UNSIGNED;
    out->as.uns = negative ? 0 - m : m; /* two's complement */
    return !negative || (m > 0 && m <= (uint64_t)INT64_MAX + 1);
}

lw_err lw_num_parse_value(lw_bytes text, lw_value *out_value)
{
    struct digits digits;
    struct decimal d;
    bool negative;
    lw_err err = scan(text, &digits, &negative);
    if (err != LW_OK) {
        return err;
    }
    bool few = to_decimal(&digits, &d);
    *out_value = (lw_value){.type = LW_TYPE_NONE};
    if (few && d.exp10 == 0 && to_integer(d.m, negative, out_value)) {
        return LW_OK;
    }
    uint64_t bits = 0;
    double quick;
    if (LW_NUM_QUICK && few && d.m > 0 && lw_num_quick_read(d, &quick)) {
        memcpy(&bits, &quick, sizeof bits);
    } else {
        bits = lw_digits_round(&digits, false);
    }
    out_value->type = LW_TYPE_FLOAT;
    out_value->as.uns = bits | (uint64_t)negative << 63; /* those of as.number */
    return bits < LW_NUM_INFINITE ? LW_OK : LW_ERANGE;
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
