/* The text of a RangeEnumeration element as a range that a machine can check (MDL-07).
 *
 * People wrote these texts. What is understood:
 *
 *   "0..100" "1...3" "0-255" "[1:4]" "-1.5..2"   bounds, inclusive
 *   "0, 1, 2" "16-32-48" "10 or 26" "0..3, 99"   single values; neighbours become bounds
 *   "0: off 1: on 255: stuck"                    values with words, for integers
 *   "8 bit" "16-bit" "2 bytes"                   width of an unsigned integer
 *   "12" "64 bytes" "0..255 bytes" "8 bit"       length of a String, Opaque or Corelnk
 *
 * One number alone for an integer is not understood: it may be the largest value or the only one.
 */
#ifndef LW_DDF_RANGE_H
#define LW_DDF_RANGE_H

#include "lw/object.h"

#define LW_DDF_SET_MAX 255u /* what lw_range can count */

typedef enum lw_ddf_range_result {
    LW_DDF_RANGE_NONE,      /* nothing is restricted */
    LW_DDF_RANGE_FOUND,     /* `range` holds */
    LW_DDF_RANGE_DOWNWARDS, /* `range` holds, its bounds stood in the wrong order */
    LW_DDF_RANGE_UNREADABLE /* text for people */
} lw_ddf_range_result;

typedef struct lw_ddf_range {
    lw_range range; /* may point to what stands below */
    double bounds[2];
    int64_t set[LW_DDF_SET_MAX];
} lw_ddf_range;

/* `text` has no blanks at its ends and single ones inside. */
lw_ddf_range_result lw_ddf_range_parse(lw_bytes text, lw_type type, lw_ddf_range *out_range);

#endif
