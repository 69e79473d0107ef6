/* SenML (RFC 8428) as LwM2M uses it: what the JSON and the CBOR form share, for packs of values
 * (110, 112) and for fetch and patch packs (320, 322; RFC 8790).
 *
 * Reading: a format's parser turns one record into a lw_senml_record member by member
 * (lw_senml_put), then lw_senml_resolve applies base name and base time and gives an entry. Only
 * a complete record is resolved, so that a record cut off by the end of the input leaves no trace.
 *
 * Writing: lw_senml_plan walks the source once, decides on base name and base time, then gives the
 * records to write one after the other.
 */
#ifndef LW_CODEC_SENML_H
#define LW_CODEC_SENML_H

#include "codec/format.h"

/* Longest bn + n. A path is at most 24 octets; the rest is for what stands in front of it. */
#define LW_SENML_NAME_MAX 128u

/* Members. The values are the CBOR labels (RFC 8428 section 6) where there is one. */
typedef enum lw_senml_label {
    LW_SENML_BVER = -1,
    LW_SENML_BN = -2,
    LW_SENML_BT = -3,
    LW_SENML_BU = -4,
    LW_SENML_BV = -5,
    LW_SENML_BS = -6,
    LW_SENML_N = 0,
    LW_SENML_U = 1,
    LW_SENML_V = 2,
    LW_SENML_VS = 3,
    LW_SENML_VB = 4,
    LW_SENML_S = 5,
    LW_SENML_T = 6,
    LW_SENML_UT = 7,
    LW_SENML_VD = 8,
    LW_SENML_VLO = 9,      /* ours; its CBOR label is the text "vlo" */
    LW_SENML_OTHER = 10,   /* not known and not needed */
    LW_SENML_CRITICAL = 11 /* not known, ends with '_': must be understood (RFC 8428 section 4.4) */
} lw_senml_label;

/* "bn" -> LW_SENML_BN, … */
lw_senml_label lw_senml_label_of(lw_bytes name);

/* What a record has at most once. First the members that say something, in the order in which they
 * are written. */
typedef enum lw_senml_member {
    LW_SENML_BASE_NAME, /* bn */
    LW_SENML_BASE_TIME, /* bt */
    LW_SENML_NAME,      /* n */
    LW_SENML_VALUE,     /* v, vs, vb, vd, vlo; type NONE is null */
    LW_SENML_TIME,      /* t */
    LW_SENML_MEMBERS,
    LW_SENML_BASE_VERSION = LW_SENML_MEMBERS,
    LW_SENML_BASE_VALUE,
    LW_SENML_BASE_SUM,
    LW_SENML_BASE_UNIT,
    LW_SENML_UNIT,
    LW_SENML_SUM,
    LW_SENML_UPDATE_TIME,
    LW_SENML_UNKNOWN /* but these, which may be many */
} lw_senml_member;

/* Does its value say nothing to LwM2M? It may then be of any kind, containers included. */
bool lw_senml_is_ignored(lw_senml_label label);

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* One record as read. Slices point into the payload. */
typedef struct lw_senml_record {
    uint32_t has; /* bits 1 << lw_senml_member */
    lw_value members[LW_SENML_MEMBERS];
} lw_senml_record;

static inline bool lw_senml_has(const lw_senml_record *r, lw_senml_member member)
{
    return (r->has >> member & 1) != 0;
}

/* Adds a member to a zeroed record. `value` is what the bytes say: STRING, BOOLEAN, OPAQUE (vd,
 * already out of base64), a number as INTEGER, UNSIGNED or FLOAT, NONE for null. LW_EFORMAT for a
 * member that comes twice or has the wrong kind, a second value, and what must be refused: bver
 * above 10, bv or bs other than 0, an unknown critical member. Of ignored members the value is not
 * looked at. */
LW_MUST_CHECK lw_err lw_senml_put(lw_senml_record *r, lw_senml_label label, const lw_value *value);

/* What stays from record to record. Part of a format's decoder state. */
typedef struct lw_senml {
    lw_value base_time;
    uint8_t base_len;
    uint8_t name[LW_SENML_NAME_MAX]; /* base name, followed by the n of the current record */
} lw_senml;

/* Applies the record. LW_OK with an entry (its prefix points into s); LW_AGAIN when the record only
 * sets base values and the next is to be read; or a failure. d->cfg.use says what a record must
 * have: a fetch pack no value, others a value, which is null only in a patch of a format for
 * patches (RFC 8790 section 3.2). */
LW_MUST_CHECK lw_err lw_senml_resolve(lw_senml *s, const lw_decoder *d, const lw_senml_record *r,
                                      lw_entry *out_entry);

/* ---- Writing ----------------------------------------------------------------------------------
 *
 * bn is given once, in the first of several records: what all names have in common, up to and with
 * a '/'; or the whole name when they are all the same (a history). A single record has the full
 * name in n, and so have records with nothing in common, or of several prefixes (formats.md
 * sections 7 and 8). So is bt, when the first entry has one.
 */
typedef struct lw_senml_plan {
    const lw_source *source;
    const lw_encode_cfg *cfg;
    uint32_t count; /* of records */
    uint32_t index; /* of the next one */
    lw_cursor cursor;
    bool has_base;
    lw_path base;   /* what all paths have in common: its name is bn, if it has_base */
    lw_entry entry; /* the current one, and its full name */
    lw_value base_name;
    lw_value name;
    uint8_t text[LW_SENML_NAME_MAX];
} lw_senml_plan;

/* Sets of kinds of entries. */
#define LW_SENML_VALUES   (1u << LW_ENTRY_VALUE)
#define LW_SENML_PATHS    (1u << LW_ENTRY_PATH)
#define LW_SENML_REMOVALS (1u << LW_ENTRY_REMOVE)

/* `kinds` are those that the format writes. LW_ENOTSUP when the source has others, or paths among
 * values. Entries of kind EMPTY have no form in SenML and are left out. source and cfg are
 * borrowed.
 */
LW_MUST_CHECK lw_err lw_senml_plan_init(lw_senml_plan *p, const lw_source *source,
                                        const lw_encode_cfg *cfg, unsigned kinds);

/* LW_OK with the members of the next record, NULL for those it does not have (they are valid until
 * the next call); LW_END after the last, or a failure. LW_ESTATE when the source no longer is what
 * it was, LW_EINVAL when one of several names is what all have in common.
 */
LW_MUST_CHECK lw_err lw_senml_plan_next(lw_senml_plan *p,
                                        const lw_value *out_members[LW_SENML_MEMBERS]);

/* The label under which a value of that type is written. */
lw_senml_label lw_senml_label_of_type(uint32_t type);

#endif
