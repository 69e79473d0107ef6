/* Double to the shortest decimal text that reads back, and of those the nearest: all digits of the
 * value are there, so the first few, cut off or rounded up, are tried until they read back. Where
 * LW_NUM_QUICK, few numbers come that far.
 */
#include <float.h>
#include <string.h>

#include "base/num.h"
#include "base/num_priv.h"

#define DIGITS_MAX 17 /* that it ever takes; the next tells how to round them */

/* The first digits of a double that is not zero; where its point is. */
static int take_digits(uint64_t bits, char out[DIGITS_MAX + 1])
{
    int exponent = (int)(bits >> 52);
    uint64_t hidden = (uint64_t)1 << 52;
    struct digits d;
    lw_digits_set(&d, (struct decimal){bits % hidden + (exponent > 0 ? hidden : 0), 0});
    lw_digits_scale(&d, (exponent > 0 ? exponent : 1) - 1075);
    for (int i = 0; i <= DIGITS_MAX; i++) {
        out[i] = (char)(i < d.count ? d.text[i] : '0');
    }
    return d.point;
}

static uint64_t read_back(struct decimal x, bool single)
{
    uint64_t bits;
    double v;
    if (LW_NUM_QUICK && !single && x.m > 0 && lw_num_quick_read(x, &v)) {
        memcpy(&bits, &v, sizeof bits);
        return bits;
    }
    struct digits d;
    lw_digits_set(&d, x);
    return lw_digits_round(&d, single);
}

/* Whether the first n digits read back, cut off or rounded up, the nearer one first. */
static bool suffice(const char *digits, int n, uint64_t want, bool single, struct decimal *x)
{
    uint64_t m = lw_digits_whole(digits, n, n);
    bool up = digits[n] >= '5';
    x->m = m + up;
    if (read_back(*x, single) == want) {
        return true;
    }
    x->m = m + !up;
    return read_back(*x, single) == want;
}

static struct decimal find_shortest(double v, bool single)
{
    char digits[DIGITS_MAX + 1];
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    int point = take_digits(bits, digits);
    if (single) {
        float narrow = (float)v;
        uint32_t narrow_bits;
        memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
        bits = narrow_bits;
    }
    struct decimal d;
    int low = 0, high = DIGITS_MAX; /* if some suffice, more do so as well */
    for (;;) {
        int n = (low + high) / 2;
        d.exp10 = point - n;
        bool enough = suffice(digits, n, bits, single, &d);
        if (low == high) {
            return d;
        }
        if (enough) {
            high = n;
        } else {
            low = n + 1;
        }
    }
}

/* ---- The text ----------------------------------------------------------------------------------
 */

/* `point` digits stand in front of the decimal point; negative when zeros follow it. */
static size_t put_plain(char *out, const char *digits, int len, int point)
{
    char *at = out;
    for (int i = point > 0 ? 0 : point - 1; i < len || i < point; i++) {
        if (i == point) {
            *at++ = '.';
        }
        *at++ = (char)(i >= 0 && i < len ? digits[i] : '0');
    }
    return (size_t)(at - out);
}

size_t lw_num_format_double(double v, bool single, lw_num_style style, char out[LW_NUM_TEXT_MAX])
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (bits << 1 >= LW_NUM_INFINITE << 1) {
        return 0;
    }
    char *at = out;
    if (bits >> 63 != 0) { /* not v < 0: zero has a sign as well */
        *at++ = '-';
        v = -v;
    }
    struct decimal d = {0, 0};
    if (bits << 1 != 0 && !(LW_NUM_QUICK && lw_num_quick_digits(v, single, &d))) {
        d = find_shortest(v, single);
    }
    char digits[LW_NUM_INT_TEXT_MAX];
    int len = (int)lw_num_format_uint64(d.m, digits);
    int point = len + d.exp10;
    if (style == LW_NUM_PLAIN || (point <= 21 && point > -6)) {
        at += put_plain(at, digits, len, point);
    } else {
        at += put_plain(at, digits, len, 1);
        *at++ = 'e';
        at += lw_num_format_int64(point - 1, at);
    }
    return (size_t)(at - out);
}
