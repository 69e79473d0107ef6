/* JSON as it is written: a text that grows, with commas where they belong.
 *
 *   json_out o = {0};
 *   out_object(&o); out_text(&o, "endpoint", ep); out_end(&o, '}');
 *
 * Names are NULL in arrays. What cannot be kept sets `failed`, and what follows is ignored: check
 * once, at the end. Numbers are written so that they read back as they were: no detour by printf.
 */
#ifndef LW_API_OUT_H
#define LW_API_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/path.h"
#include "lw/time.h"
#include "lw/value.h"

#define OUT_MAX (64u * 1024 * 1024) /* octets of one text */

typedef struct json_out {
    char *text; /* from malloc; NULL while empty */
    size_t len, cap;
    bool comma; /* something stands before the next item */
    bool failed;
} json_out;

void out_fini(json_out *o);

void out_object(json_out *o, const char *name);
void out_array(json_out *o, const char *name);
void out_end(json_out *o, char bracket); /* '}' or ']' */

void out_text(json_out *o, const char *name, lw_bytes text); /* what is no UTF-8 becomes U+FFFD */
void out_str(json_out *o, const char *name, const char *text);
void out_int(json_out *o, const char *name, int64_t v);
void out_uint(json_out *o, const char *name, uint64_t v);
void out_bool(json_out *o, const char *name, bool v);
void out_null(json_out *o, const char *name);
void out_base64(json_out *o, const char *name, lw_bytes octets);
void out_path(json_out *o, const char *name, lw_path path);
/* RFC 3339 in UTC: with milliseconds for a time of ours, without for a value. */
void out_time(json_out *o, const char *name, lw_time ms);
void out_date(json_out *o, const char *name, int64_t seconds);
/* A CoAP code, "2.05". */
void out_code(json_out *o, const char *name, uint8_t code);
/* JSON that is one already. */
void out_raw(json_out *o, const char *name, lw_bytes json);
/* A device's value, as the interface says it. NONE is null. */
void out_value(json_out *o, const char *name, lw_value v);

/* Plain text between: for what is no JSON. */
__attribute__((format(printf, 2, 3))) void out_format(json_out *o, const char *format, ...);

#endif
