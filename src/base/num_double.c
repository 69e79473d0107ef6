/* Decimal text to a number, exactly: the digits are read into a big integer, so an integer is there
 * at once. Anything else is that integer over or times a power of ten, whose binary digits long
 * division gives: 64 of them, and whether something is left, are all that rounding asks for. Where
 * LW_NUM_QUICK, one number in a hundred comes that far.
 */
#include <float.h>
#include <string.h>

#include "base/num.h"
#include "base/num_priv.h"

#define TEXT_LEN_MAX ((size_t)1 << 28) /* so that no exponent overflows an int */
#define EXPONENT_MAX (1 << 28)

/* No middle between two doubles has more than 767 digits: what follows those kept here matters only
 * by not being zero. */
#define DIGITS_MAX 770

/* 10^309 and what is above is infinite; below 10^-324, less than half the smallest subnormal, is
 * zero. Told by the place of the first digit: 1 is the unit's, 0 the one behind the point. */
#define POINT_MAX 309
#define POINT_MIN (-323)

/* 770 digits are 2558 bits, and 5^(770 + 323) is 2538: made equally long, and a bit more. */
#define LIMBS 81

#define WHOLE_DIGITS_MAX 20 /* of an integer of 64 bits */

/* The value top * 10^exp10, of which the last digits may still be in `recent`. */
struct number {
    uint32_t top[LIMBS];
    unsigned len; /* limbs in use */
    int count;    /* digits read, from the first that is not zero on */
    int exp10;
    uint32_t recent; /* < power */
    uint32_t power;  /* of ten */
    bool negative;
    bool cut; /* digits other than zero follow */
};

/* ---- Reading text ------------------------------------------------------------------------------
 */

static void flush(struct number *n)
{
    lw_big_times(n->top, &n->len, n->power, n->recent);
    n->recent = 0;
    n->power = 1;
}

static void put_digit(struct number *n, unsigned digit)
{
    n->recent = n->recent * 10 + digit;
    n->power *= 10;
    n->exp10--;
    if (n->power > UINT32_MAX / 10) {
        flush(n);
    }
}

/* Digits and point from *at on. Zeros at the end stay out of `top`, so that exp10 >= 0 is what
 * makes a number integral. */
static lw_err scan_digits(lw_bytes text, size_t *at, struct number *n)
{
    int waiting = 0; /* zeros that something may follow */
    bool any = false;
    bool point = false;
    for (; *at < text.len; ++*at) {
        uint8_t c = text.ptr[*at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!lw_num_is_digit(c)) {
            break;
        }
        any = true;
        n->exp10 += !point;
        if (c == '0' && n->count > 0) {
            waiting++;
            continue;
        }
        if (n->count + waiting >= DIGITS_MAX) {
            n->cut = true;
            continue;
        }
        n->count += c == '0' ? 0 : waiting + 1;
        for (; waiting > 0; waiting--) {
            put_digit(n, 0);
        }
        put_digit(n, c - (unsigned)'0');
    }
    flush(n);
    return any ? LW_OK : LW_EFORMAT;
}

/* What follows the digits: nothing, or the exponent up to the end. */
static lw_err scan_exponent(lw_bytes text, size_t at, int *out_exponent)
{
    *out_exponent = 0;
    if (at == text.len) {
        return LW_OK;
    }
    if ((text.ptr[at++] | 0x20) != 'e') {
        return LW_EFORMAT;
    }
    uint8_t sign = at < text.len ? text.ptr[at] : 0;
    at += sign == '-' || sign == '+' ? 1 : 0;
    bool any = at < text.len;
    int exponent = 0;
    for (; at < text.len && lw_num_is_digit(text.ptr[at]); at++) {
        exponent =
            exponent < EXPONENT_MAX / 10 ? exponent * 10 + (text.ptr[at] - '0') : EXPONENT_MAX;
    }
    *out_exponent = sign == '-' ? -exponent : exponent;
    return any && at == text.len ? LW_OK : LW_EFORMAT;
}

static lw_err scan(lw_bytes text, struct number *n)
{
    n->top[0] = n->top[1] = 0;
    n->len = LW_BIG_LEN_MIN;
    n->count = n->exp10 = 0;
    n->recent = 0;
    n->power = 1;
    n->cut = false;
    if (text.len > TEXT_LEN_MAX) {
        return LW_ETOOBIG;
    }
    n->negative = text.len > 0 && text.ptr[0] == '-';
    size_t at = n->negative ? 1 : 0;
    int exponent = 0;
    lw_err err = scan_digits(text, &at, n);
    if (err == LW_OK) {
        err = scan_exponent(text, at, &exponent);
    }
    n->exp10 += exponent;
    return err;
}

/* ---- To double ---------------------------------------------------------------------------------
 */

#define FRACTION_BITS 52 /* of a double, without the hidden one */
#define EXPONENT_MIN  (-1074)
#define INFINITY_BITS ((uint64_t)0x7FF << FRACTION_BITS)

double lw_num_round(uint64_t f, int e, bool exact)
{
    const uint64_t half = (uint64_t)1 << 63;
    int drop = 64 - __builtin_clzll(f) - (FRACTION_BITS + 1);
    drop = e + drop < EXPONENT_MIN ? EXPONENT_MIN - e : drop;
    if (drop > 64) {
        return 0;
    }
    uint64_t kept = drop < 64 ? f >> drop : 0;
    uint64_t rest = f << (64 - drop);
    kept += rest > half || (rest == half && (!exact || kept % 2 != 0));
    /* Added, not put: the hidden bit, where there is one, and a carry raise the exponent by one. */
    uint64_t bits = ((uint64_t)(e + drop - EXPONENT_MIN) << FRACTION_BITS) + kept;
    bits = bits < INFINITY_BITS ? bits : INFINITY_BITS;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static int bit_length(const uint32_t *a, unsigned len)
{
    while (a[len - 1] == 0) {
        len--;
    }
    return (int)len * 32 - __builtin_clz(a[len - 1]);
}

/* By long division. */
static double divide(struct number *n)
{
    uint32_t bottom[LIMBS] = {1};
    memset(n->top + n->len, 0, sizeof n->top - n->len * sizeof n->top[0]);
    lw_big_times_power(n->top, &n->len, 5, n->exp10);
    lw_big_times_power(bottom, &n->len, 5, -n->exp10);
    /* top / bottom * 2^exp10, made less than 1 and more than a quarter */
    int e = bit_length(n->top, n->len) - bit_length(bottom, n->len) + 1;
    lw_big_times_power(bottom, &n->len, 2, e);
    lw_big_times_power(n->top, &n->len, 2, -e);
    uint64_t f = 0;
    for (int i = 0; i < 64; i++) {
        f = f << 1 | lw_big_next_digit(n->top, bottom, &n->len, 2);
    }
    uint32_t left = n->cut;
    for (unsigned i = 0; i < n->len; i++) {
        left |= n->top[i];
    }
    return lw_num_round(f, e - 64 + n->exp10, left == 0);
}

/* False when it does not fit, or is the zero that has a sign. */
static bool to_integer(uint64_t m, bool negative, lw_value *out)
{
    out->type = negative || m <= INT64_MAX ? LW_TYPE_INTEGER : LW_TYPE_UNSIGNED;
    out->as.uns = negative ? 0 - m : m; /* two's complement */
    return !negative || (m > 0 && m <= (uint64_t)INT64_MAX + 1);
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

lw_err lw_num_parse_value(lw_bytes text, lw_value *out_value)
{
    struct number n;
    lw_err err = scan(text, &n);
    if (err != LW_OK) {
        return err;
    }
    n.exp10 = clamp(n.exp10, POINT_MIN - 1 - n.count, POINT_MAX + 1 - n.count);
    if (n.count == 0 || n.exp10 < WHOLE_DIGITS_MAX) { /* may be whole; zero is, in any case */
        lw_big_times_power(n.top, &n.len, 10, n.exp10);
        n.exp10 = n.count > 0 && n.exp10 < 0 ? n.exp10 : 0;
    }
    struct decimal d = {(uint64_t)n.top[1] << 32 | n.top[0], n.exp10};
    bool few = n.len == LW_BIG_LEN_MIN && !n.cut;
    *out_value = (lw_value){.type = LW_TYPE_NONE};
    if (few && d.exp10 == 0 && to_integer(d.m, n.negative, out_value)) {
        return LW_OK;
    }
    double v = 0;
    if (n.count > 0 && !(LW_NUM_QUICK && few && lw_num_quick_read(d, &v))) {
        v = divide(&n);
    }
    *out_value = (lw_value){.type = LW_TYPE_FLOAT, .as.number = n.negative ? -v : v};
    return v <= DBL_MAX ? LW_OK : LW_ERANGE;
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
