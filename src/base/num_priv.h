/* Big integers, as far as reading and writing floating point exactly takes them: 32-bit limbs, the
 * least significant first, in arrays of the caller's, all zero at first. The numbers of one
 * calculation have the same length, so that they are worked on side by side; it grows with the
 * largest, and a caller knows how large that can become.
 *
 * A fraction top / bottom gives its digits one by one, in base 2 to who reads a number, in base 10
 * to who writes one.
 */
#ifndef LW_BASE_NUM_PRIV_H
#define LW_BASE_NUM_PRIV_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>

/* A number of 64 bits fits this, and so does what every calculation starts with. */
#define LW_BIG_LEN_MIN 2u

void lw_big_set(uint32_t *a, uint64_t v); /* its first two limbs */

/* a = a * factor + addend, a = a * base^n */
void lw_big_times(uint32_t *a, unsigned *len, uint32_t factor, uint32_t addend);
void lw_big_times_power(uint32_t *a, unsigned *len, uint32_t base, int n);

/* The sign of a + times * b - c. */
int lw_big_compare(const uint32_t *a, uint32_t times, const uint32_t *b, const uint32_t *c,
                   unsigned len);

/* The next digit of top / bottom < 1 behind the point; the rest of it stays in `top`. */
unsigned lw_big_next_digit(uint32_t *top, const uint32_t *bottom, unsigned *len, uint32_t base);

/* ---- What reading and writing share -------------------------------------------------------------
 */

/* The value m * 10^exp10. */
struct decimal {
    uint64_t m;
    int exp10;
};

/* The double next to f * 2^e, ties to even; infinity when there is none. f has its top bit or the
 * one below it; `exact` when it is all there is, else a little follows. */
double lw_num_round(uint64_t f, int e, bool exact);

/* ---- The quick way -----------------------------------------------------------------------------
 * For processors that calculate with doubles. Where that is a call it needs more code than it is
 * worth, and with excess precision (x87) it would round twice: there the exact way is the only one.
 */
#ifndef LW_NUM_QUICK
#if defined(__arm__) && (!defined(__ARM_FP) || (__ARM_FP & 8) == 0)
#define LW_NUM_QUICK 0
#else
#define LW_NUM_QUICK (FLT_EVAL_METHOD == 0)
#endif
#endif

/* Both give what the exact way does, or false for what they are not sure of. d.m, v > 0. */
bool lw_num_quick_read(struct decimal d, double *out_v);
bool lw_num_quick_digits(double v, bool single, struct decimal *out);

#endif
