/* A number in decimal digits is doubled, or halved, which is to take it five times and to move its
 * point; many times at once, as far as the sum of a column fits 32 bits. From 10^308 or 10^-324
 * that is 90 or 40 times through its digits, a few for most numbers: good for where no quick way
 * is.
 */
#include "base/num_priv.h"

#include <string.h>

#include "base/apart.h"
#include "base/num.h"

#define FACTOR_MAX (1u << 28)
#define GAIN_MAX   9 /* digits that multiplying adds in front */

_Static_assert(sizeof((struct digits *)0)->text >= LW_DIGITS_MAX + GAIN_MAX, "room to multiply");

void lw_digits_trim(struct digits *d)
{
    int zeros = 0;
    while (zeros < d->count && d->text[zeros] == '0') {
        zeros++;
    }
    d->count -= zeros;
    d->point -= zeros;
    memmove(d->text, d->text + zeros, (size_t)d->count);
    while (d->count > 0 && d->text[d->count - 1] == '0') {
        d->count--;
    }
    if (d->count > LW_DIGITS_MAX) {
        d->count = LW_DIGITS_MAX;
        d->cut = true;
    }
}

void lw_digits_set(struct digits *d, struct decimal v)
{
    d->count = (int)lw_num_format_uint64(v.m, d->text);
    d->point = d->count + v.exp10;
    d->cut = false;
    lw_digits_trim(d);
}

/* Its digits move to behind those that it gains. */
static void multiply(struct digits *d, uint32_t factor)
{
    uint32_t carry = 0;
    for (int i = d->count + GAIN_MAX; i-- > 0;) {
        carry += i >= GAIN_MAX ? (uint32_t)(d->text[i - GAIN_MAX] - '0') * factor : 0;
        d->text[i] = (char)('0' + carry % 10);
        carry /= 10;
    }
    d->count += GAIN_MAX;
    d->point += GAIN_MAX;
    lw_digits_trim(d);
}

void lw_digits_scale(struct digits *d, int n)
{
    uint32_t base = n < 0 ? 5 : 2;
    uint32_t factor = 1; /* as many as fit, at once */
    for (int left = n < 0 ? -n : n; left > 0; left--) {
        factor *= base;
        if (left == 1 || factor > FACTOR_MAX / base) {
            multiply(d, factor);
            factor = 1;
        }
    }
    d->point += n < 0 ? n : 0;
}

/* Scales it to at least a half and less than 1, and returns by which power of two it was larger. */
static int take_exponent(struct digits *d)
{
    int e = 0;
    while (d->point != 0 || d->text[0] < '5') {
        /* Not too far, as 10 is more than 2^3. */
        int n = d->point > 0 ? 2 - 3 * d->point : d->point < 0 ? -3 * d->point : 1;
        lw_digits_scale(d, n);
        e -= n;
    }
    return e;
}

LW_APART uint64_t lw_digits_whole(const char *text, int count, int n)
{
    uint64_t m = 0;
    for (int i = 0; i < n; i++) {
        m = m * 10 + (i < count ? (unsigned)(text[i] - '0') : 0);
    }
    return m;
}

uint64_t lw_num_bits(uint32_t exponent, uint64_t m, bool single)
{
    /* Added, not put: the hidden bit, where there is one, and a carry raise the exponent by one. */
    uint64_t e = exponent;
    return m + (single ? e << (FLT_MANT_DIG - 1) : e << (DBL_MANT_DIG - 1));
}

uint64_t lw_digits_round(struct digits *d, bool single)
{
    int bits = single ? FLT_MANT_DIG : DBL_MANT_DIG;
    int least = single ? FLT_MIN_EXP - FLT_MANT_DIG : DBL_MIN_EXP - DBL_MANT_DIG;
    if (d->count == 0) {
        return 0;
    }
    int e = take_exponent(d) - least;
    bits = e < bits ? e : bits; /* that it has: fewer when subnormal */
    if (bits < 0) {
        return 0;
    }
    lw_digits_scale(d, bits);
    uint64_t m = lw_digits_whole(d->text, d->count, d->point);
    int next = d->point < d->count ? d->text[d->point] - '0' : 0;
    bool more = d->cut || d->count > d->point + 1;
    m += 2 * next + more + (int)(m % 2) > 10; /* a half goes to the even one */
    return lw_num_bits((uint32_t)(e - bits), m, single);
}
