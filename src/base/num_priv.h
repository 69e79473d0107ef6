/* A number in decimal digits, as many as it takes to read and to write floating point exactly. It
 * is multiplied by powers of two, which never take many: those of a fraction are halved away, those
 * of a whole number stay few.
 *
 * Who reads a number scales it until its digits in front of the point are what a double keeps of
 * it. Who writes one scales the integer that a double keeps until its digits are those of the
 * value.
 */
#ifndef LW_BASE_NUM_PRIV_H
#define LW_BASE_NUM_PRIV_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>

#define LW_NUM_INFINITE ((uint64_t)0x7FF << 52) /* bits; those of a NaN are more */

/* The value m * 10^exp10. */
struct decimal {
    uint64_t m;
    int exp10;
};

/* No middle between two doubles has more than 767 digits: what follows those kept here matters only
 * by not being zero. */
#define LW_DIGITS_MAX 770

/* 0.text * 10^point. No zeros at either end of the digits, none at all for zero. */
struct digits {
    int count;
    int point;                    /* |point| < 400 */
    bool cut;                     /* digits other than zero follow */
    char text[LW_DIGITS_MAX + 9]; /* and room to work in */
};

void lw_digits_set(struct digits *d, struct decimal v);
/* Takes zeros off both ends. */
void lw_digits_trim(struct digits *d);
/* Times 2^n. */
void lw_digits_scale(struct digits *d, int n);
/* The first n digits as a number, zeros where there are no more; of more than 19, modulo 2^64. */
uint64_t lw_digits_whole(const char *text, int count, int n);
/* The bits of the double, or float, next to it; ties to even; from those of infinity on when there
 * is none. The digits are used up. */
uint64_t lw_digits_round(struct digits *d, bool single);

/* The bits of m * 2^exponent in units of the smallest subnormal, those of infinity and above when
 * it is too large. m is up to 2^53 (2^24) and from 2^52 (2^23) on, unless exponent is 0. */
uint64_t lw_num_bits(uint32_t exponent, uint64_t m, bool single);

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
