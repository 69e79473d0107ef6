/* Numbers as decimal text, exactly: what libc does with strtod and printf, without locale, heap or
 * rounding surprises. Reading is correctly rounded (to nearest, ties to even); writing gives the
 * shortest text that reads back to the same number.
 *
 * Text is not NUL-terminated, neither read nor written. Integers and floating point live in
 * different files: a program that uses only the first part links no floating point.
 */
#ifndef LW_BASE_NUM_H
#define LW_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/value.h"

/* ---- Integers ---------------------------------------------------------------------------------
 * Grammar: digits, with an optional leading '-' for int64. Leading zeros are accepted; '+', blanks
 * and the empty text are LW_EFORMAT. LW_ERANGE when the number does not fit. */
LW_MUST_CHECK lw_err lw_num_parse_int64(lw_bytes text, int64_t *out_v);
LW_MUST_CHECK lw_err lw_num_parse_uint64(lw_bytes text, uint64_t *out_v);
LW_MUST_CHECK lw_err lw_num_parse_uint32(lw_bytes text, uint32_t *out_v);

#define LW_NUM_INT_TEXT_MAX 20u /* "-9223372036854775808", "18446744073709551615" */

/* Return the length; the text of a smaller number needs less room. */
size_t lw_num_format_int64(int64_t v, char out[LW_NUM_INT_TEXT_MAX]);
size_t lw_num_format_uint64(uint64_t v, char *out);

/* Decimal ones. */
static inline bool lw_num_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* What a hexadecimal digit stands for, in upper or lower case; -1 for anything else. */
int lw_num_hex_digit(uint8_t c);

/* ---- Floating point ---------------------------------------------------------------------------
 * Grammar: optional '-', digits with at most one '.' anywhere among or beside them ("5." and ".5"
 * are accepted, "." is not), optional exponent. No '+' in front, no blanks, no "inf" or "nan". A
 * stricter grammar (JSON's) is its reader's business. */

/* LW_EFORMAT, or LW_ERANGE when the number rounds to infinity. What is too small becomes a
 * subnormal or zero, with its sign. */
LW_MUST_CHECK lw_err lw_num_parse_double(lw_bytes text, double *out_v);

/* The same grammar without loss: INTEGER when the number is integral and fits int64 (also "1E2",
 * "21.0", "9007199254740993.0"), else UNSIGNED when it fits uint64, else FLOAT. "-0" is FLOAT, so
 * that its sign survives; it converts to an integer all the same. */
LW_MUST_CHECK lw_err lw_num_parse_value(lw_bytes text, lw_value *out_value);

typedef enum lw_num_style {
    LW_NUM_PLAIN, /* never an exponent: 6.667e-11 is 0.00000000006667 */
    LW_NUM_SHORT  /* an exponent below 1e-6 and from 1e21 on */
} lw_num_style;

#define LW_NUM_TEXT_MAX 328u /* the longest plain text: "-0." and 324 digits */

/* The shortest text that reads back to v, as a float when `single` says that v is one. Integral
 * numbers have no ".0". Returns the length: 0 for NaN and infinities, which have no text. */
size_t lw_num_format_double(double v, bool single, lw_num_style style, char out[LW_NUM_TEXT_MAX]);

#endif
