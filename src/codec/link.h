/* CoRE link-format (RFC 6690): object lists of Register and Update, answers of Discover and
 * Bootstrap-Discover, the `acc` of a Bootstrap-Pack-Request, Corelnk values.
 *
 * Reading gives views into the payload, link by link, attribute by attribute; writing goes straight
 * into a lw_writer. What a link means is told by proto/: here are only the syntax and the split of
 * a target into alternate path and numeric path.
 *
 *   list = link *("," link)        link = "<" target ">" *(";" name ["=" (token / quoted)])
 *
 * Tolerated, as clients in the field send it (REG-25): blanks around commas and semicolons, any
 * value quoted or bare, slashes at the end of targets, and a bare lwm2m=1.0 as the first item
 * (BS-21). Refused: an item left empty, an open quote, and a name with a dot, which RFC 6690 would
 * allow, because `;ver1.1` is a `ver` that lost its sign.
 */
#ifndef LW_CODEC_LINK_H
#define LW_CODEC_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/path.h"
#include "model/version.h"

/* ---- Reading -------------------------------------------------------------------------------- */

typedef struct lw_corelink {
    lw_bytes target; /* between the angle brackets; "/" for a bare lwm2m=… */
    lw_bytes attrs;  /* its attributes, checked: iterate with lw_link_attr_next */
} lw_corelink;

typedef struct lw_link_reader {
    lw_bytes in; /* borrowed */
    size_t pos;  /* octets that are done with */
    bool last;   /* nothing follows `in` */
    bool begun;  /* a link was read already */
    bool comma;  /* a comma was read: a link must follow */
    lw_err err;  /* sticky */
} lw_link_reader;

void lw_link_reader_init(lw_link_reader *r, lw_bytes in);

/* LW_OK with a link, LW_END after the last one (at once for an empty payload), LW_EFORMAT; and
 * LW_AGAIN when the payload is read in parts. */
LW_MUST_CHECK lw_err lw_link_next(lw_link_reader *r, lw_corelink *out_link);

/* In parts: feed a first part right after init(). On LW_AGAIN keep the octets from consumed() on,
 * append what comes next, feed the result. A link that is not complete is read again from its start
 * (links are short). */
void lw_link_feed(lw_link_reader *r, lw_bytes in, bool last);
size_t lw_link_consumed(const lw_link_reader *r);

typedef struct lw_link_attr {
    lw_bytes name;
    lw_bytes value; /* without its quotes; empty when there is none */
    bool has_value;
    bool escaped; /* value holds backslashes: read it through lw_link_attr_text */
} lw_link_attr;

/* Takes the first attribute off *attrs; false when none is left. */
bool lw_link_attr_next(lw_bytes *attrs, lw_link_attr *out_attr);

/* The first attribute of that name. */
bool lw_link_attr_find(const lw_corelink *link, const char *name, lw_link_attr *out_attr);

/* The value without backslashes: as it stands when it has none, else through `scratch`. LW_ETOOBIG
 * when it does not fit there. */
LW_MUST_CHECK lw_err lw_link_attr_text(const lw_link_attr *attr, uint8_t *scratch,
                                       size_t scratch_len, lw_bytes *out_text);

/* The value as a number 0..65535 (ssid, dim): LW_EFORMAT or LW_ERANGE when it is none. */
LW_MUST_CHECK lw_err lw_link_attr_u16(const lw_link_attr *attr, uint16_t *out_number);

/* Takes the first number off a list separated by blanks, the value of `ct` (REG-23). LW_END when
 * none is left. */
LW_MUST_CHECK lw_err lw_link_number_next(lw_bytes *numbers, uint16_t *out_number);

/* Splits a target: "/lwm2m/3/0" is "lwm2m" and /3/0. The prefix has no slash at either end and is
 * empty most of the time; it holds no numeric segment (VER-30). Errors as lw_path_parse. */
LW_MUST_CHECK lw_err lw_link_target_split(lw_bytes target, lw_bytes *out_prefix, lw_path *out_path);

/* ---- Writing -------------------------------------------------------------------------------- */

typedef struct lw_link_out {
    lw_writer *w; /* errors stick here; may be windowed */
    bool begun;
} lw_link_out;

void lw_link_begin(lw_link_out *out, lw_writer *w);

/* Starts a link: "," if need be, then <path>. */
void lw_link_put(lw_link_out *out, const lw_path *path);

/* Attributes of the link started last: ;name=value, the value bare or in quotes. Notification
 * attributes follow with lw_attrs_write_link(out->w, …) of model/attr.h. */
void lw_link_put_attr(lw_link_out *out, const char *name, lw_bytes token);
void lw_link_put_quoted(lw_link_out *out, const char *name, const lw_bytes *text);
void lw_link_put_u16(lw_link_out *out, const char *name, uint16_t number);
void lw_link_put_version(lw_link_out *out, const lw_object_version *version); /* ;ver=1.1 */

#endif
