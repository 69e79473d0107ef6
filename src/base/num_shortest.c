/* Double to the shortest decimal text that reads back, and of those the nearest: the value is taken
 * as a fraction of big integers, whose digits are put out until what they say lies as near to the
 * value as the middle between it and its neighbour (Steele and White 1990). Where LW_NUM_QUICK, few
 * numbers come that far.
 */
#include <float.h>
#include <string.h>

#include "base/num.h"
#include "base/num_priv.h"

#define FRACTION_BITS 52 /* of a double, without the hidden one */
#define SINGLE_DROPS  29 /* what a float has fewer */

/* The value m * 2^e; `narrow` when the next one below is only half as far away as the one above. */
struct binary {
    uint64_t m;
    int e;
    bool narrow;
};

/* ---- The digits --------------------------------------------------------------------------------
 */

static struct binary take_apart(double v, bool single)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    int biased = (int)(bits >> FRACTION_BITS);
    uint64_t hidden = (uint64_t)1 << FRACTION_BITS;
    struct binary x = {.m = bits % hidden + (biased > 0 ? hidden : 0),
                       .e = (biased > 0 ? biased : 1) - 1075};
    int least = -1074;
    int drop = -149 - x.e > SINGLE_DROPS ? -149 - x.e : SINGLE_DROPS;
    if (single && drop <= FRACTION_BITS && x.m % ((uint64_t)1 << drop) == 0) {
        least = -149;
        x.m >>= drop;
        x.e += drop;
    }
    x.narrow = (x.m & (x.m - 1)) == 0 && x.e > least;
    return x;
}

#define LIMBS 34 /* 10 * 2^1075 is the largest, with the smallest subnormal over it */

static struct decimal find_shortest(struct binary x)
{
    /* A power of ten above x, perhaps the second: 10^k > 2 * 2^log2 > x. */
    int log2 = 63 - __builtin_clzll(x.m) + x.e;
    int k = (log2 * 78913 >> 18) + 2; /* floor(log2 * log10(2)) for |log2| < 1100 */
    /* x / 10^k = top / bottom, and on the same scale what it may be off, below and above. */
    uint32_t top[LIMBS] = {0}, bottom[LIMBS] = {0}, off[LIMBS] = {1};
    uint32_t above = x.narrow ? 2 : 1;
    unsigned len = LW_BIG_LEN_MIN;
    lw_big_set(top, x.m * 2 * above);
    bottom[0] = 2 * above;
    lw_big_times_power(bottom, &len, 2, -x.e);
    lw_big_times_power(top, &len, 2, x.e);
    lw_big_times_power(off, &len, 2, x.e);
    lw_big_times_power(bottom, &len, 10, k);
    lw_big_times_power(top, &len, 10, -k);
    lw_big_times_power(off, &len, 10, -k);
    int edge = x.m % 2 == 0 ? 0 : 1; /* the middle itself reads back as the even neighbour */
    struct decimal d = {.exp10 = k};
    bool low, high;
    do {
        lw_big_times(off, &len, 10, 0);
        d.m = d.m * 10 + lw_big_next_digit(top, bottom, &len, 10);
        d.exp10--;
        low = lw_big_compare(top, 0, top, off, len) <= -edge;
        high = lw_big_compare(top, above, off, bottom, len) >= edge;
    } while (!low && !high);
    bool nearer_above = lw_big_compare(top, 1, top, bottom, len) >= 0;
    d.m += high && (!low || nearer_above);
    return d;
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
    if (!LW_NUM_QUICK || !lw_num_quick_digits(v, single, &d)) {
        d = find_shortest(take_apart(v, single));
    }
    char digits[LW_NUM_INT_TEXT_MAX];
    size_t len = lw_num_format_uint64(d.m, digits);
    int point = (int)len + d.exp10;
    if (style == LW_NUM_PLAIN || (point <= 21 && point > -6)) {
        return put_plain(out, at, digits, len, point);
    }
    at = put_plain(out, at, digits, len, 1);
    out[at++] = 'e';
    return at + lw_num_format_int64(point - 1, out + at);
}
