/* Floating point as text for processors that multiply doubles and 64-bit integers: the same results
 * as the exact way of num_double.c and num_shortest.c, some twenty times as fast, for all but one
 * number in a hundred; the others are told apart and left to that.
 *
 * Reading has two steps. Up to 2^53 and with |exp10| <= 22, m and the power of ten are both
 * doubles, and one multiplication or division rounds correctly (Clinger). Else m times 10^exp10 is
 * taken in 64-bit extended precision, with a known bound of error: unless the result lies within
 * the bound of the middle between two doubles, the rounding is certain.
 *
 * Writing has two as well. Values as sensors give them, 21.5 or 43.61092, have few decimals:
 * multiplying by 10^k until the rounded product divided by 10^k is the value again finds them, in
 * k + 1 steps. Everything else takes 17 digits from the extended product and drops digits as long
 * as what is left still reads back.
 *
 * The powers of ten come from two small tables, 10^(28 j) and 5^0..5^27: one product each. Tables
 * of every power (10 kB) would save one of the two multiplications.
 */
#include "base/num_priv.h"

#if LW_NUM_QUICK
#include <float.h>
#include <string.h>

#include "base/assert.h"

#define EXACT_POWER_MAX 22                  /* 10^22 is the last power of ten that is a double */
#define EXACT_MAX       ((uint64_t)1 << 53) /* up to here every integer is a double */

/* ---- Extended precision ------------------------------------------------------------------------
 */

/* f * 2^e with the top bit of f set. */
struct extended {
    uint64_t f;
    int e;
};

/* times_power_of_ten leaves an error of at most this many units of f's last place: 2 for the first
 * product, twice that plus the error of the factor plus the new truncation for the second. */
#define EXTENDED_ERROR 8

#define POWER_MIN (-364)
#define POWER_MAX 363

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

static const double pow10_exact[EXACT_POWER_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static struct extended extended_of(uint64_t m)
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

static struct extended times_power_of_ten(struct extended x, int n)
{
    lw_assert(n >= POWER_MIN && n <= POWER_MAX);
    int coarse = (n - POWER_MIN) / FINE_STEPS;
    int fine = (n - POWER_MIN) % FINE_STEPS;
    struct extended small = extended_of(pow5[fine]);
    small.e += fine;
    x = product(x, small);
    int n_coarse = n - fine;
    int log2 = n_coarse * 217706 >> 16; /* floor(n * log2(10)) for |n| < 400 */
    return product(x, (struct extended){pow10_coarse[coarse], log2 - 63});
}

/* The double next to f * 2^e and a little more, f having its top bit or the one below; infinity
 * when there is none.
 */
static double round_at(uint64_t f, int e)
{
    const int least = DBL_MIN_EXP - DBL_MANT_DIG;
    int drop = 64 - __builtin_clzll(f) - DBL_MANT_DIG;
    drop = e + drop < least ? least - e : drop;
    if (drop > 64) {
        return 0;
    }
    uint64_t kept = drop < 64 ? f >> drop : 0;
    uint64_t rest = f << (64 - drop);
    uint64_t bits = lw_num_bits((uint32_t)(e + drop - least), kept + (rest >> 63), false);
    bits = bits < LW_NUM_INFINITE ? bits : LW_NUM_INFINITE;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ---- Reading -----------------------------------------------------------------------------------
 */

bool lw_num_quick_read(struct decimal d, double *out_v)
{
    if (d.m <= EXACT_MAX && d.exp10 <= 0 && d.exp10 >= -EXACT_POWER_MAX) {
        *out_v = (double)d.m / pow10_exact[-d.exp10];
        return true;
    }
    if (d.exp10 < POWER_MIN) {
        return false;
    }
    struct extended x = times_power_of_ten(extended_of(d.m), d.exp10);
    if (x.f > UINT64_MAX - EXTENDED_ERROR) {
        return false;
    }
    *out_v = round_at(x.f + EXTENDED_ERROR, x.e);
    return *out_v == round_at(x.f - EXTENDED_ERROR, x.e);
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

/* With so few digits at most one decimal reads back: it is the shortest and the nearest. */
static bool find_few_digits(double v, bool single, struct decimal *out)
{
    double limit = single ? 1e6 : 1e15;
    for (int k = 0; v >= 1e-6 && v * pow10_exact[k] < limit; k++) { /* up to 21 */
        *out = (struct decimal){.m = (uint64_t)(v * pow10_exact[k] + 0.5), .exp10 = -k};
        double back = (double)out->m / pow10_exact[k];
        if (single ? (float)back == (float)v : back == v) {
            return true;
        }
    }
    return false;
}

/* v > 0 as 17 digits, cut off; *out_up tells whether a half or more was. */
static struct decimal scale_to_17_digits(double v, bool *out_up)
{
    const uint64_t ten_to_17 = 100000000000000000u;
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    struct extended x = extended_of((bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52);
    x.e += (int)(bits >> 52) - 1075;
    /* floor(log10(2^b)); v may already be in the next decade. */
    int decade = (x.e + 63) * 78913 >> 18;
    int exp10 = decade - 16;
    struct extended y = times_power_of_ten(x, -exp10);
    if (y.f >> -y.e >= ten_to_17) {
        exp10++;
        y = times_power_of_ten(x, -exp10);
    }
    *out_up = (y.f >> (-y.e - 1) & 1) != 0;
    return (struct decimal){.m = y.f >> -y.e, .exp10 = exp10};
}

/* With n digits only the two decimals around v can be the shortest. The product's error, less than
 * a tenth of the 17th digit, cannot hide the right one: where it could change the integer part, v
 * is so close to the decimal found that this one reads back. */
static bool find_many_digits(double v, struct decimal *out)
{
    bool half;
    struct decimal all = scale_to_17_digits(v, &half);
    out->exp10 = all.exp10 + 2;
    for (uint64_t unit = 100; unit > 0; unit /= 10, out->exp10--) {
        bool up = unit > 1 ? all.m % unit >= unit / 2 : half; /* the nearer one first */
        for (int i = 0; i < 2; i++, up = !up) {
            double back;
            out->m = all.m / unit + up;
            if (!lw_num_quick_read(*out, &back)) {
                return false;
            }
            if (back == v) {
                for (; out->m % 10 == 0; out->m /= 10) {
                    out->exp10++;
                }
                return true;
            }
        }
    }
    return false;
}

bool lw_num_quick_digits(double v, bool single, struct decimal *out)
{
    return find_few_digits(v, single, out) || (!single && v >= DBL_MIN && find_many_digits(v, out));
}

#endif
