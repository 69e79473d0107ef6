/* Notification attributes: what a server attaches to a path to steer Observe (ATT).
 *
 * A lw_attrs is the set attached at one level, or the effective set of an observation. Write-
 * Attributes and Observe queries are taken into a copy of it, a lw_attrs_change, which then takes
 * the place of the set as a whole or not at all (DM-52). Sets are kept per server (ATT-12) by
 * whoever owns the tree; what they do is decided in model/notify.h.
 */
#ifndef LW_MODEL_ATTR_H
#define LW_MODEL_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/object.h"
#include "lw/path.h"
#include "model/version.h"

/* In the order of the table of ATT, 6.2. */
typedef enum lw_attr {
    LW_ATTR_PMIN,
    LW_ATTR_PMAX,
    LW_ATTR_GT,
    LW_ATTR_LT,
    LW_ATTR_ST,
    LW_ATTR_EPMIN,
    LW_ATTR_EPMAX,
    LW_ATTR_EDGE,
    LW_ATTR_CON,
    LW_ATTR_HQMAX,
    LW_ATTR_COUNT
} lw_attr;

#define LW_ATTR_BIT(attr) ((uint16_t)(1u << (attr)))

/* What every device knows, for whatever can be read. */
#define LW_ATTRS_PERIODS                                                                  \
    (LW_ATTR_BIT(LW_ATTR_PMIN) | LW_ATTR_BIT(LW_ATTR_PMAX) | LW_ATTR_BIT(LW_ATTR_EPMIN) | \
     LW_ATTR_BIT(LW_ATTR_EPMAX))
/* What looks at a single value. */
#define LW_ATTRS_CONDITIONS                                                        \
    (LW_ATTR_BIT(LW_ATTR_GT) | LW_ATTR_BIT(LW_ATTR_LT) | LW_ATTR_BIT(LW_ATTR_ST) | \
     LW_ATTR_BIT(LW_ATTR_EDGE))
/* How it is sent and stored: since 1.2. */
#define LW_ATTRS_DELIVERY (LW_ATTR_BIT(LW_ATTR_CON) | LW_ATTR_BIT(LW_ATTR_HQMAX))

/* All zero is the empty set. */
typedef struct lw_attrs {
    uint16_t has; /* LW_ATTR_BIT of those present; the fields of others are zero */
    bool edge;    /* true: rising */
    bool con;
    uint32_t pmin, pmax;   /* s; pmax 0: none (P-OBS-02) */
    uint32_t epmin, epmax; /* s; epmax 0: none */
    uint32_t hqmax;        /* entries */
    double gt, lt, st;
} lw_attrs;

/* Each is the size of the field that it fills. */
typedef enum lw_attr_syntax {
    LW_ATTR_SYNTAX_FLAG = sizeof(bool),      /* "0" or "1" */
    LW_ATTR_SYNTAX_WHOLE = sizeof(uint32_t), /* 1*DIGIT */
    LW_ATTR_SYNTAX_NUMBER = sizeof(double)   /* decimal, sign and exponent on input (ATT-14) */
} lw_attr_syntax;

typedef struct lw_attr_info {
    char name[6];
    uint8_t offset; /* of its field in lw_attrs */
    uint8_t syntax; /* lw_attr_syntax */
    uint8_t since;  /* lw_version */
} lw_attr_info;

extern const lw_attr_info lw_attr_table[LW_ATTR_COUNT];

/* What gt, lt and st take: how they are read and written, whether they may stand together, and
 * whether the step from one value to another meets one of them. A device that offers none of the
 * three has NULL instead, and links no floating-point numbers. */
typedef struct lw_attr_decimal {
    lw_err (*parse)(lw_bytes text, double *out_number);
    void (*write)(lw_writer *w, double number);
    bool (*fit)(const lw_attrs *attrs);                             /* ATT-20, ATT-23 */
    bool (*is_met)(const lw_attrs *attrs, double last, double now); /* ATT-32..34 */
} lw_attr_decimal;

extern const lw_attr_decimal lw_attr_decimal_text;
extern const lw_attr_decimal
    lw_attr_decimal_one_way; /* gt upwards alone, lt downwards (P-OBS-03) */

typedef struct lw_attrs_change lw_attrs_change;

/* What a device knows. */
typedef struct lw_attr_known {
    uint16_t bits; /* LW_ATTR_BIT */
    /* Of what is no period: may it stand where the set does (ATT-15)? */
    bool (*may_stand)(const lw_attrs_change *change, unsigned attr);
    const lw_attr_decimal *decimal; /* of gt, lt and st */
} lw_attr_known;

extern const lw_attr_known lw_attr_all;

bool lw_attr_may_stand(const lw_attrs_change *change, unsigned attr);

/* ---- A request to change a set ----------------------------------------------------------------
 */

/* Begins with the set that is there (the empty one for an Observe query), and with where it is
 * attached: a resource that is not known, in no version, takes whatever is well formed. */
struct lw_attrs_change {
    lw_attrs attrs;  /* as it is to be */
    uint16_t named;  /* LW_ATTR_BIT of what the request names, with a value or without (DM-51) */
    uint8_t level;   /* lw_level */
    uint8_t version; /* of the client, lw_version; NONE: not checked */
    const lw_resource_def *def; /* at r and ri; NULL: types are not checked */
    const lw_attr_known *known;
};

/* Takes one attribute: `value` with a NULL pointer means that no "=" stood there, which unsets it.
 * LW_ENOTFOUND for a name that is not known (4.00 in a request, DM-53; ignored in links),
 * LW_EFORMAT for a bad value or an attribute named twice, LW_ERANGE for a number that cannot be
 * kept; LW_EINVAL when it does not fit level or type (ATT-15), LW_ENOTSUP when the version does not
 * know it. The change is of no use then. */
LW_MUST_CHECK lw_err lw_attrs_take(lw_attrs_change *change, lw_bytes name, lw_bytes value);

/* The same from a query item, "pmin=10" or "pmin". */
LW_MUST_CHECK lw_err lw_attrs_take_query(lw_attrs_change *change, lw_bytes item);

/* May the set be as it is now? LW_EINVAL when lt + 2 st < gt does not hold (ATT-20, P-OBS-18), st
 * is not positive (ATT-23), or the request itself has epmin >= epmax (ATT-22). pmax < pmin is not
 * an error (ATT-21). */
LW_MUST_CHECK lw_err lw_attrs_check(const lw_attrs_change *change);

/* Gives `attrs` what it lacks and `upper`, of a level above, has. */
void lw_attrs_inherit(lw_attrs *attrs, const lw_attrs *upper);

/* ---- Text ------------------------------------------------------------------------------------
 */

/* Writes ";pmin=10;gt=45": all of the set, in the order of lw_attr. */
void lw_attrs_write_link(lw_writer *w, const lw_attrs *attrs, const lw_attr_known *known);

#endif
