/* Decimal text to double, correctly rounded, in three steps of which most numbers need one:
 *
 * 1. Up to 2^53 and with |exp10| <= 22, m and the power of ten are both doubles, and one
 *    multiplication or division rounds correctly (Clinger).
 * 2. m times 10^exp10 in 64-bit extended precision, with a known bound of error. Unless the result
 *    lies within the bound of the middle between two doubles, the rounding is certain (all but one
 *    number in 100 or so of those that come here).
 * 3. Otherwise the decimal and that middle are compared as big integers: one comparison, because
 *    step 2 left only two candidates. Bounded by the 770 digits that can matter: two integers of
 *    336 octets on the stack.
 *
 * The powers of ten come from two small tables, 10^(28 j) and 5^0..5^27: one product each. Tables
 * of every power (10 kB) would save one of the two multiplications.
 */
#include <float.h>
#include <string.h>

#include "base/assert.h"
#include "base/num.h"
#include "base/num_priv.h"

#define FINE_STEPS 28
static const uint64_t pow5[FINE_STEPS] = {1u,
                                          5u,
                                          25u,
                                          125u,
                                          625u,
                                          3125u,
                                          15625u,
                                          78125u,
                                          390625u,
                                          1953125u,
                                          9765625u,
                                          48828125u,
                                          244140625u,
                                          1220703125u,
                                          6103515625u,
                                          30517578125u,
                                          152587890625u,
                                          762939453125u,
                                          3814697265625u,
                                          19073486328125u,
                                          95367431640625u,
                                          476837158203125u,
                                          2384185791015625u,
                                          11920928955078125u,
                                          59604644775390625u,
                                          298023223876953125u,
                                          1490116119384765625u,
                                          7450580596923828125u};

/* 10^-364, 10^-336, … 10^336: the top 64 bits, rounded to nearest. */
static const uint64_t pow10_coarse[] = {
    0xE1AFA13AFBD14D6E, 0xE3E27A444D8D98B8, 0xE61ACF033D1A45DF, 0xE858AD248F5C22CA,
    0xEA9C227723EE8BCB, 0xECE53CEC4A314EBE, 0xEF340A98172AACE5, 0xF18899B1BC3F8CA2,
    0xF3E2F893DEC3F126, 0xF64335BCF065D37D, 0xF8A95FCF88747D94, 0xFB158592BE068D2F,
    0xFD87B5F28300CA0E, 0x8000000000000000, 0x813F3978F8940984, 0x82818F1281ED44A0,
    0x83C7088E1AAB65DB, 0x850FADC09923329E, 0x865B86925B9BC5C2, 0x87AA9AFF79042287,
    0x88FCF317F22241E2, 0x8A5296FFE33CC930, 0x8BAB8EEFB6409C1A, 0x8D07E33455637EB3,
    0x8E679C2F5E44FF8F, 0x8FCAC257558EE4E6};

const double lw_pow10_exact[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- Extended precision ------------------------------------------------------------------------
 */

struct extended lw_extended_of(uint64_t m)
{
    int shift = __builtin_clzll(m);
    return (struct extended){m << shift, -shift};
}

static struct extended product(struct extended a, struct extended b)
{
    uint64_t a1 = a.f >> 32, a0 = a.f & UINT32_MAX;
    uint64_t b1 = b.f >> 32, b0 = b.f & UINT32_MAX;
    uint64_t mid1 = a1 * b0, mid0 = a0 * b1;
    uint64_t carry = (a0 * b0 >> 32) + (mid1 & UINT32_MAX) + (mid0 & UINT32_MAX);
    uint64_t high = a1 * b1 + (mid1 >> 32) + (mid0 >> 32) + (carry >> 32);
    uint64_t low = carry << 32;
    int e = a.e + b.e + 64;
    if (high >> 63 == 0) {
        high = high << 1 | low >> 63;
        e--;
    }
    return (struct extended){high, e};
}

struct extended lw_pow10_times(struct extended x, int n)
{
    lw_assert(n >= LW_POW10_MIN && n <= LW_POW10_MAX);
    int coarse = (n - LW_POW10_MIN) / FINE_STEPS;
    int fine = (n - LW_POW10_MIN) % FINE_STEPS;
    struct extended small = lw_extended_of(pow5[fine]);
    small.e += fine;
    x = product(x, small);
    int n_coarse = n - fine;
    int log2 = n_coarse * 217706 >> 16; /* floor(n * log2(10)) for |n| < 400 */
    return product(x, (struct extended){pow10_coarse[coarse], log2 - 63});
}

/* ---- Big integers, for the comparison only -----------------------------------------------------
 *
 * The largest: 771 digits are 2562 bits; 5^1095 (the denominator of the smallest number with that
 * many digits) times a 54-bit middle is 2597 bits. Shifting makes the two equally long.
 */
#define BIG_LIMBS  84
#define DIGITS_MAX 770

struct big {
    unsigned count;
    uint32_t limb[BIG_LIMBS]; /* least significant first; the top one is not zero */
};

static void big_times_plus(struct big *b, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (unsigned i = 0; i < b->count; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        lw_assert(b->count < BIG_LIMBS);
        b->limb[b->count++] = (uint32_t)carry;
    }
}

static void big_set(struct big *b, uint64_t v)
{
    b->limb[0] = (uint32_t)v;
    b->limb[1] = (uint32_t)(v >> 32);
    b->count = b->limb[1] != 0 ? 2 : b->limb[0] != 0 ? 1 : 0;
}

static void big_times_pow5(struct big *b, int n)
{
    for (; n >= 13; n -= 13) {
        big_times_plus(b, (uint32_t)pow5[13], 0); /* the largest that fits 32 bits */
    }
    big_times_plus(b, (uint32_t)pow5[n], 0);
}

static void big_shift_left(struct big *b, unsigned bits)
{
    unsigned limbs = bits / 32;
    lw_assert(b->count + limbs <= BIG_LIMBS);
    memmove(b->limb + limbs, b->limb, b->count * sizeof b->limb[0]);
    memset(b->limb, 0, limbs * sizeof b->limb[0]);
    b->count += limbs;
    big_times_plus(b, (uint32_t)1 << bits % 32, 0);
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (unsigned i = a->count; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i] ? -1 : 1;
        }
    }
    return 0;
}

/* All digits of d, or the first 770 and a 1 for the rest: no middle between two doubles has more
 * than 767, so what follows matters only by not being zero. Returns the exponent of the last. */
static int big_set_digits(struct big *b, const struct decimal *d)
{
    big_set(b, 0);
    int exp10 = d->exp_text;
    unsigned taken = 0;
    bool point = false;
    bool rest = false;
    for (size_t i = 0; i < d->digits.len; i++) {
        uint8_t c = d->digits.ptr[i];
        if (c == '.') {
            point = true;
            continue;
        }
        if (taken == DIGITS_MAX) {
            exp10 += point ? 0 : 1;
            rest = rest || c != '0';
            continue;
        }
        exp10 -= point ? 1 : 0;
        big_times_plus(b, 10, c - (uint32_t)'0');
        taken += b->count != 0 ? 1 : 0;
    }
    if (rest) {
        big_times_plus(b, 10, 1);
        exp10--;
    }
    return exp10;
}

/* The sign of d - middle * 2^e. */
static int compare_exactly(const struct decimal *d, uint64_t middle, int e)
{
    struct big decimal, binary;
    int exp10 = d->exp10;
    if (d->cut) {
        exp10 = big_set_digits(&decimal, d);
    } else {
        big_set(&decimal, d->m);
    }
    big_set(&binary, middle);
    /* d * 5^exp10 * 2^exp10 against middle * 2^e, with all exponents made positive. */
    if (exp10 >= 0) {
        big_times_pow5(&decimal, exp10);
    } else {
        big_times_pow5(&binary, -exp10);
    }
    int twos = exp10 - e;
    if (twos >= 0) {
        big_shift_left(&decimal, (unsigned)twos);
    } else {
        big_shift_left(&binary, (unsigned)-twos);
    }
    return big_compare(&decimal, &binary);
}

/* ---- Decimal to double -------------------------------------------------------------------------
 */

#define MANTISSA_BITS   53
#define EXPONENT_BIAS   1023
#define INFINITY_BITS   ((uint64_t)0x7FF << 52)
#define CUT_ERROR       48 /* EXTENDED_ERROR when m itself is one unit, 8 after the shift, off */
#define ZERO_BELOW_10TO (-342) /* 2^64 * 10^-343 is less than half the smallest subnormal */
#define HUGE_FROM_10TO  310

static double double_of_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Steps 2 and 3; d->m > 0. Returns the bits of the double. */
static uint64_t round_decimal(const struct decimal *d)
{
    if (d->exp10 < ZERO_BELOW_10TO) {
        return 0;
    }
    if (d->exp10 >= HUGE_FROM_10TO) {
        return INFINITY_BITS;
    }
    struct extended x = lw_pow10_times(lw_extended_of(d->m), d->exp10);
    int log2 = x.e + 63;
    bool normal = log2 > -EXPONENT_BIAS;
    int drop = normal ? 64 - MANTISSA_BITS : -(EXPONENT_BIAS + MANTISSA_BITS - 2) - x.e;
    if (drop > 66) {
        return 0; /* less than half of half the smallest subnormal, errors included */
    }
    if (drop > 64) {
        x.f >>= drop - 64;
        x.e += drop - 64;
        drop = 64;
    }
    uint64_t kept = drop < 64 ? x.f >> drop : 0;
    uint64_t rest = drop < 64 ? x.f & (((uint64_t)1 << drop) - 1) : x.f;
    int64_t over = (int64_t)(rest - ((uint64_t)1 << (drop - 1))); /* past the middle */
    int64_t error = d->cut ? CUT_ERROR : EXTENDED_ERROR;
    bool up = over > 0;
    if (over >= -error && over <= error) {
        int sign = compare_exactly(d, 2 * kept + 1, x.e + drop - 1);
        up = sign > 0 || (sign == 0 && (kept & 1) != 0);
    }
    kept += up ? 1 : 0;
    if (!normal) {
        return kept; /* a carry makes it the smallest normal number, as it should */
    }
    /* Adding instead of masking: the hidden bit of kept, and a carry, raise the exponent by one. */
    uint64_t biased = (uint64_t)(log2 + EXPONENT_BIAS - 1);
    uint64_t bits = (biased << (MANTISSA_BITS - 1)) + kept;
    return log2 > EXPONENT_BIAS || bits > INFINITY_BITS ? INFINITY_BITS : bits;
}

double lw_decimal_to_double(const struct decimal *d)
{
    /* With excess precision (x87) the one operation would round twice. */
    bool exact = FLT_EVAL_METHOD == 0 && !d->cut && d->m <= LW_DOUBLE_INTEGER_MAX;
    if (exact && d->exp10 >= 0 && d->exp10 <= LW_POW10_EXACT_MAX) {
        return (double)d->m * lw_pow10_exact[d->exp10];
    }
    if (exact && d->exp10 < 0 && d->exp10 >= -LW_POW10_EXACT_MAX) {
        return (double)d->m / lw_pow10_exact[-d->exp10];
    }
    return d->m == 0 ? 0.0 : double_of_bits(round_decimal(d));
}

/* ---- Reading text ------------------------------------------------------------------------------
 */

#define TEXT_LEN_MAX ((size_t)1 << 28) /* so that no exponent overflows an int */
#define EXPONENT_MAX (1 << 28)

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Digits and point from *at on. Trailing zeros stay out of m, so that m * 10^exp10 with
 * exp10 >= 0 is what makes a number integral. */
static lw_err scan_digits(lw_bytes text, size_t *at, struct decimal *d)
{
    unsigned zeros = 0; /* seen, not yet known to be in the middle */
    bool any = false;
    bool point = false;
    size_t i = *at;
    for (; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c)) {
            break;
        }
        any = true;
        d->exp10 += point ? 0 : 1;
        zeros++;
        if (d->cut || (c == '0' && d->m != 0)) {
            continue;
        }
        for (; zeros > 1 && d->m <= UINT64_MAX / 10; zeros--) {
            d->m *= 10;
            d->exp10--;
        }
        unsigned digit = c - (unsigned)'0';
        if (zeros > 1 || d->m > (UINT64_MAX - digit) / 10) {
            d->cut = true;
            continue;
        }
        d->m = d->m * 10 + digit;
        d->exp10--;
        zeros = 0;
    }
    d->digits = lw_bytes_of(text.ptr + *at, i - *at);
    *at = i;
    return any ? LW_OK : LW_EFORMAT;
}

static lw_err scan_exponent(lw_bytes text, size_t *at, int *out_exponent)
{
    size_t i = *at;
    *out_exponent = 0;
    if (i == text.len || (text.ptr[i] | 0x20) != 'e') {
        return LW_OK;
    }
    i++;
    bool negative = i < text.len && text.ptr[i] == '-';
    i += i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+') ? 1 : 0;
    if (i == text.len) {
        return LW_EFORMAT;
    }
    int exponent = 0;
    for (; i < text.len && is_digit(text.ptr[i]); i++) {
        exponent =
            exponent < EXPONENT_MAX / 10 ? exponent * 10 + (text.ptr[i] - '0') : EXPONENT_MAX;
    }
    *out_exponent = negative ? -exponent : exponent;
    *at = i;
    return LW_OK;
}

static lw_err scan(lw_bytes text, struct decimal *d, bool *out_negative)
{
    *d = (struct decimal){0};
    if (text.len > TEXT_LEN_MAX) {
        return LW_ETOOBIG;
    }
    *out_negative = text.len > 0 && text.ptr[0] == '-';
    size_t at = *out_negative ? 1 : 0;
    lw_err err = scan_digits(text, &at, d);
    if (err == LW_OK) {
        err = scan_exponent(text, &at, &d->exp_text);
    }
    if (err != LW_OK || at != text.len) {
        return LW_EFORMAT;
    }
    d->exp10 += d->exp_text;
    return LW_OK;
}

static lw_err to_double(const struct decimal *d, bool negative, double *out_v)
{
    double v = lw_decimal_to_double(d);
    *out_v = negative ? -v : v;
    return v <= DBL_MAX ? LW_OK : LW_ERANGE;
}

lw_err lw_num_parse_double(lw_bytes text, double *out_v)
{
    struct decimal d;
    bool negative;
    lw_err err = scan(text, &d, &negative);
    return err == LW_OK ? to_double(&d, negative, out_v) : err;
}

/* m * 10^exp10 as an integer, when it is one and fits. */
static bool to_integer(const struct decimal *d, bool negative, lw_value *out_value)
{
    uint64_t m = d->m;
    if (d->cut || (m != 0 && d->exp10 < 0) || (m == 0 && negative)) {
        return false;
    }
    for (int i = 0; m != 0 && i < d->exp10; i++) {
        if (m > UINT64_MAX / 10) {
            return false;
        }
        m *= 10;
    }
    if (negative) {
        if (m > (uint64_t)INT64_MAX + 1) {
            return false;
        }
        *out_value = (lw_value){.type = LW_TYPE_INTEGER, .as.integer = -(int64_t)(m - 1) - 1};
        return true;
    }
    if (m <= INT64_MAX) {
        *out_value = (lw_value){.type = LW_TYPE_INTEGER, .as.integer = (int64_t)m};
    } else {
        *out_value = (lw_value){.type = LW_TYPE_UNSIGNED, .as.uns = m};
    }
    return true;
}

lw_err lw_num_parse_value(lw_bytes text, lw_value *out_value)
{
    struct decimal d;
    bool negative;
    lw_err err = scan(text, &d, &negative);
    if (err != LW_OK) {
        return err;
    }
    if (to_integer(&d, negative, out_value)) {
        return LW_OK;
    }
    *out_value = (lw_value){.type = LW_TYPE_FLOAT};
    return to_double(&d, negative, &out_value->as.number);
}
