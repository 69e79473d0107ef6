/* Double to the shortest decimal text that reads back.
 *
 * Values as sensors give them, 21.5 or 43.61092, have few decimals: multiplying by 10^k until the
 * rounded product divided by 10^k is the value again finds them, in k + 1 steps of plain double
 * arithmetic. Everything else takes 17 digits from the extended product and drops digits as long
 * as what is left still reads back, which the exact reader decides. (The usual algorithms that
 * print without reading back need tables of all powers, or long division of big integers.)
 */
#include <float.h>
#include <string.h>

#include "base/num.h"
#include "base/num_priv.h"

#define TEN_TO_17      100000000000000000u /* with 17 digits every double reads back */
#define TEN_TO_15      1000000000000000u   /* with 15, at most one decimal does */
#define FEW_DIGITS_MAX 1e15

/* ---- The digits --------------------------------------------------------------------------------
 */

static bool reads_back(const struct decimal *d, double v, bool single)
{
    double back = lw_decimal_to_double(d);
    return single ? (float)back == (float)v : back == v;
}

static bool find_few_decimals(double v, bool single, struct decimal *out)
{
    if (v < 1e-6 || v >= FEW_DIGITS_MAX) {
        return false;
    }
    for (int k = 0;; k++) { /* up to 21, where the smallest v has too many digits */
        double scaled = v * lw_pow10_exact[k];
        if (scaled >= FEW_DIGITS_MAX) {
            return false;
        }
        uint64_t m = (uint64_t)(scaled + 0.5);
        double back = (double)m / lw_pow10_exact[k];
        if (single ? (float)back == (float)v : back == v) {
            *out = (struct decimal){.m = m, .exp10 = -k};
            return true;
        }
    }
}

/* v > 0 as 17 digits in front of a binary fraction: the integer part; *out_up tells whether the
 * fraction is a half or more, *out_exp10 what power of ten the last digit stands for. */
static uint64_t scale_to_17_digits(double v, int *out_exp10, bool *out_up)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    int biased = (int)(bits >> 52);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    struct extended x = lw_extended_of(biased != 0 ? fraction | (uint64_t)1 << 52 : fraction);
    x.e += (biased != 0 ? biased : 1) - 1075;
    /* floor(log10(2^b)); v may already be in the next decade. */
    int decade = (x.e + 63) * 78913 >> 18;
    int exp10 = decade - 16;
    struct extended y = lw_pow10_times(x, -exp10);
    if (y.f >> -y.e >= TEN_TO_17) {
        exp10++;
        y = lw_pow10_times(x, -exp10);
    }
    *out_exp10 = exp10;
    *out_up = (y.f >> (-y.e - 1) & 1) != 0;
    return y.f >> -y.e;
}

/* The decimals below and above v, the nearer one (up: above) first. */
static bool find_around(uint64_t below, bool up, double v, bool single, struct decimal *out)
{
    out->m = up ? below + 1 : below;
    if (reads_back(out, v, single)) {
        return true;
    }
    out->m = up ? below : below + 1;
    return reads_back(out, v, single);
}

/* With n digits only the two decimals around v can be the shortest. The product's error, less than
 * a tenth of the 17th digit, cannot hide the right one: where it could change the integer part, v
 * is so close to the decimal found that this one reads back. */
static void find_shortest(double v, bool single, struct decimal *out)
{
    bool up;
    int exp10;
    uint64_t whole = scale_to_17_digits(v, &exp10, &up);
    bool unique = !single && v >= DBL_MIN;                           /* then start with 15 */
    uint64_t unit = unique ? TEN_TO_17 / TEN_TO_15 : TEN_TO_17 / 10; /* 10^(17 - digits) */
    *out = (struct decimal){.exp10 = exp10 + (unique ? 2 : 16)};
    for (; unit > 1; unit /= 10, out->exp10--) {
        if (find_around(whole / unit, whole % unit >= unit / 2, v, single, out)) {
            return;
        }
    }
    (void)find_around(whole, up, v, single, out); /* 17 digits always read back */
}

/* ---- The text ----------------------------------------------------------------------------------
 */

static size_t put_zeros(char *out, size_t at, int count)
{
    for (int i = 0; i < count; i++) {
        out[at++] = '0';
    }
    return at;
}

static size_t put_digits(char *out, size_t at, const char *digits, size_t count)
{
    memcpy(out + at, digits, count);
    return at + count;
}

/* `point` digits stand in front of the decimal point; negative when zeros follow it. */
static size_t put_plain(char *out, size_t at, const char *digits, size_t len, int point)
{
    if (point <= 0) {
        at = put_digits(out, at, "0.", 2);
        at = put_zeros(out, at, -point);
        return put_digits(out, at, digits, len);
    }
    size_t whole = (size_t)point < len ? (size_t)point : len;
    at = put_digits(out, at, digits, whole);
    if (whole == len) {
        return put_zeros(out, at, point - (int)len);
    }
    out[at++] = '.';
    return put_digits(out, at, digits + whole, len - whole);
}

static size_t put_exponent(char *out, size_t at, const char *digits, size_t len, int point)
{
    out[at++] = digits[0];
    if (len > 1) {
        out[at++] = '.';
        at = put_digits(out, at, digits + 1, len - 1);
    }
    out[at++] = 'e';
    return at + lw_num_format_int64(point - 1, out + at);
}

size_t lw_num_format_double(double v, bool single, lw_num_style style, char out[LW_NUM_TEXT_MAX])
{
    if (!(v >= -DBL_MAX && v <= DBL_MAX)) {
        return 0;
    }
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    size_t at = 0;
    if (bits >> 63 != 0) { /* not v < 0: zero has a sign as well */
        out[at++] = '-';
        v = -v;
    }
    if (v == 0) {
        out[at++] = '0';
        return at;
    }
    struct decimal d;
    if (!find_few_decimals(v, single, &d)) {
        find_shortest(v, single, &d);
        for (; d.m % 10 == 0; d.m /= 10) {
            d.exp10++;
        }
    }
    char digits[LW_NUM_INT_TEXT_MAX];
    size_t len = lw_num_format_uint64(d.m, digits);
    int point = (int)len + d.exp10;
    if (style == LW_NUM_SHORT && (point > 21 || point <= -6)) {
        return put_exponent(out, at, digits, len, point);
    }
    return put_plain(out, at, digits, len, point);
}
