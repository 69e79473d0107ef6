/* What reading and writing floating point share: m * 10^exp10 to binary and back. */
#ifndef LW_BASE_NUM_PRIV_H
#define LW_BASE_NUM_PRIV_H

#include <stdint.h>

#include "lw/bytes.h"

/* The value m * 10^exp10. When m could not hold all digits they are read again from `digits`. */
struct decimal {
    uint64_t m;
    int exp10;
    int exp_text;    /* the exponent as written: that of the unit when `digits` has no point */
    bool cut;        /* digits other than zero follow those in m */
    lw_bytes digits; /* the text in front of the exponent; used only when cut */
};

/* f * 2^e with the top bit of f set. */
struct extended {
    uint64_t f;
    int e;
};

/* lw_pow10_times leaves an error of at most this many units of f's last place: 2 for the first
 * product, twice that plus the error of the factor plus the new truncation for the second. */
#define EXTENDED_ERROR 8

#define LW_POW10_MIN (-364)
#define LW_POW10_MAX 363

struct extended lw_extended_of(uint64_t m); /* m > 0 */
struct extended lw_pow10_times(struct extended x, int n);

/* 10^0..10^22: all powers of ten that are doubles. */
extern const double lw_pow10_exact[23];
#define LW_POW10_EXACT_MAX 22

#define LW_DOUBLE_INTEGER_MAX ((uint64_t)1 << 53) /* up to here every integer is a double */

/* The nearest double, ties to even; infinity when there is none. */
double lw_decimal_to_double(const struct decimal *d);

#endif
