/* Object definitions: what the specification says of an object, as constant tables.
 *
 * Generated from objects/ (src/model/gen), or written by hand, or loaded from DDF XML on a host.
 * A definition is immutable and outlives everything that points to it. Names, units and
 * descriptions stand in a table of their own (lw_object_text), so that a device that needs none
 * links none.
 */
#ifndef LW_OBJECT_H
#define LW_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/err.h"
#include "lw/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Operations of a resource (the "Operations" column of an object table). */
#define LW_OP_R 1u
#define LW_OP_W 2u
#define LW_OP_E 4u

/* Flags of objects and resources. */
#define LW_DEF_MULTIPLE  1u
#define LW_DEF_MANDATORY 2u

typedef enum lw_range_kind {
    LW_RANGE_INTEGER, /* lo..hi, inclusive */
    LW_RANGE_FLOAT,   /* as.bounds, inclusive */
    LW_RANGE_LENGTH,  /* octets of a String, Opaque or Corelnk: lo..hi, inclusive (MDL-07) */
    LW_RANGE_SET      /* one of the numbers: integers, or lengths for byte types */
} lw_range_kind;

/* Bounds that are small stand in the range itself: nearly all do. */
typedef struct lw_range {
    uint8_t kind;  /* lw_range_kind */
    uint8_t count; /* of numbers; 0 for INTEGER and LENGTH: lo and as.hi hold */
    int16_t lo;
    union {
        int32_t hi;
        const int64_t *numbers; /* lowest and highest, or all of a SET */
        const double *bounds;   /* lowest and highest */
    } as;
} lw_range;

#define LW_RANGES_MAX 63u /* that differ, of one object */

typedef struct lw_resource_def {
    uint16_t id;
    uint8_t type : 4;  /* lw_type; LW_TYPE_NONE for executables */
    uint8_t ops : 4;   /* LW_OP_R | LW_OP_W | LW_OP_E; 0: bootstrap interface only (MDL-03) */
    uint8_t flags : 2; /* LW_DEF_MULTIPLE, LW_DEF_MANDATORY */
    uint8_t range : 6; /* which of the object's, from 1; 0: none */
} lw_resource_def;

typedef struct lw_object_text lw_object_text;

typedef struct lw_object_def {
    uint16_t id;
    uint8_t major, minor;                     /* object version (VER-10) */
    uint8_t lwm2m_major : 4, lwm2m_minor : 4; /* first enabler version that knows this version */
    uint8_t flags;                            /* LW_DEF_MULTIPLE, LW_DEF_MANDATORY */
    uint16_t resource_count;
    const lw_resource_def *resources; /* ascending by id */
    const lw_range *ranges;           /* that resources name */
} lw_object_def;

/* What people read. resources[] is parallel to the definition's. Range and unit as printed in the
 * tables: a range that only people understand stands here alone. No pointer is NULL. */
typedef struct lw_resource_text {
    const char *name;
    const char *range; /* "" when none */
    const char *unit;  /* "" when none */
    const char *description;
} lw_resource_text;

struct lw_object_text {
    const lw_object_def *def;
    const char *name;
    const char *urn;
    const char *description;
    const lw_resource_text *resources;
};

/* The definition of resource `id`, or NULL. Binary search. */
const lw_resource_def *lw_object_def_resource(const lw_object_def *def, uint16_t id);

/* The range of one of its resources, or NULL. */
const lw_range *lw_object_def_range(const lw_object_def *def, const lw_resource_def *resource);

/* Range check of a value that already has the resource's type. LW_OK, or LW_ERANGE. NULL restricts
 * nothing, nor does a range whose kind has nothing to say about the type. An UNSIGNED above 2^63-1
 * counts as 2^63-1: `hi` INT64_MAX is no upper end. */
LW_MUST_CHECK lw_err lw_range_check(const lw_range *range, const lw_value *value);

#ifdef __cplusplus
}
#endif
#endif
