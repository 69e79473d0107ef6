/* One typed value of a resource or resource instance (MDL-06).
 *
 * Strings, opaques and link lists are borrowed slices: a value parsed from a payload points into
 * it. A value type: copy it freely, the octets behind `bytes` stay where they are.
 */
#ifndef LW_VALUE_H
#define LW_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lw_type {
    LW_TYPE_NONE = 0, /* no value: an executable resource, a name without value, a removal */
    LW_TYPE_STRING,   /* UTF-8 */
    LW_TYPE_INTEGER,  /* signed, 64 bits */
    LW_TYPE_UNSIGNED, /* 64 bits, since 1.1 */
    LW_TYPE_FLOAT, /* IEEE 754 double; `single` tells that it came from, or goes out as, 32 bits */
    LW_TYPE_BOOLEAN,
    LW_TYPE_OPAQUE,
    LW_TYPE_TIME,   /* signed seconds since 1970-01-01T00:00:00Z */
    LW_TYPE_OBJLNK, /* object id and instance id */
    LW_TYPE_CORELNK /* link-format text, since 1.1 */
} lw_type;

typedef struct lw_objlnk {
    uint16_t object; /* 65535:65535 is the null link, o:65535 any instance of o (MDL-08) */
    uint16_t instance;
} lw_objlnk;

typedef struct lw_value {
    uint32_t type; /* lw_type: which member of the union holds */
    bool single;   /* FLOAT only: exactly representable in 32 bits, and meant so */
    union {
        lw_bytes bytes;  /* STRING, OPAQUE, CORELNK */
        int64_t integer; /* INTEGER, TIME */
        uint64_t uns;    /* UNSIGNED */
        double number;   /* FLOAT */
        bool boolean;    /* BOOLEAN */
        lw_objlnk link;  /* OBJLNK */
    } as;
} lw_value;

lw_value lw_value_none(void);
lw_value lw_value_string(const char *s); /* borrowed */
lw_value lw_value_bytes(lw_type type, lw_bytes b);
lw_value lw_value_integer(int64_t v);
lw_value lw_value_unsigned(uint64_t v);
lw_value lw_value_float(double v);
lw_value lw_value_single(float v);
lw_value lw_value_boolean(bool v);
lw_value lw_value_time(int64_t seconds);
lw_value lw_value_objlnk(uint16_t object, uint16_t instance);

/* Same type and same value. Floats compare by bits, so NaN equals itself and 0.0 differs from -0.0;
 * `single` is not compared. */
bool lw_value_equal(lw_value a, lw_value b);

/* The value as `type`, exactly or not at all: integral floats become integers, strings become link
 * lists and back, or an object link ("66:0"). Integers become floats, rounded to the nearest as any
 * decimal text of a float is. LW_ETYPE when the kinds do not fit, LW_ERANGE when the number does
 * not (a fraction or 2^63 for INTEGER, a negative for UNSIGNED), LW_EFORMAT when the octets of a
 * string are not UTF-8 or not an object link. An opaque comes from nothing but an opaque, a boolean
 * from nothing but a boolean (P-DM-20). *out_value is untouched on failure; it
 * may be `in`. */
LW_MUST_CHECK lw_err lw_value_convert(const lw_value *in, lw_type type, lw_value *out_value);

/* Numeric view for attributes: INTEGER, UNSIGNED, FLOAT and TIME (ATT-15); false for the others. */
bool lw_value_to_number(const lw_value *v, double *out_number);

#define LW_OBJLNK_TEXT_MAX 11u /* "65535:65535" without a NUL */

/* Parses "66:0". The halves are decimal like the ids of a path; the null link may also be the
 * "FFFF:FFFF" of old texts. LW_EFORMAT, or LW_ERANGE above 65535. */
LW_MUST_CHECK lw_err lw_objlnk_parse(lw_bytes text, lw_objlnk *out_link);

/* Writes "66:0", always decimal, without a NUL; returns the length. */
size_t lw_objlnk_format(lw_objlnk link, char out[LW_OBJLNK_TEXT_MAX]);

/* "String", "Integer", … as the specification spells them. */
const char *lw_type_name(lw_type type);

#ifdef __cplusplus
}
#endif
#endif
