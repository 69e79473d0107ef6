/* JSON (RFC 8259) token by token: nothing is built, allocated or copied.
 *
 * A reader walks over a window of the text that may end anywhere. A token that is not complete in
 * it is LW_AGAIN and leaves the reader as it was; the caller keeps what lies from `pos` on, appends
 * what comes next, sets `in` and `pos` anew and asks again. A reader is a plain value: a copy of it
 * is a place to return to.
 *
 * Strict: no comments, no trailing commas, no byte order mark, strings are valid UTF-8 with paired
 * surrogates. Names that come twice in an object are handed out twice; the format above decides.
 */
#ifndef LW_CODEC_JSON_H
#define LW_CODEC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/value.h"

#define LW_JSON_DEPTH_MAX 32u /* open arrays and objects; one bit each */

typedef enum lw_json_kind {
    LW_JSON_NULL,
    LW_JSON_BOOLEAN,
    LW_JSON_NUMBER,
    LW_JSON_STRING,
    LW_JSON_NAME, /* of a member, with its colon: a value follows */
    LW_JSON_ARRAY,
    LW_JSON_ARRAY_END,
    LW_JSON_OBJECT,
    LW_JSON_OBJECT_END
} lw_json_kind;

typedef struct lw_json_token {
    uint8_t kind;  /* lw_json_kind */
    bool boolean;  /* of BOOLEAN */
    bool escaped;  /* the text holds escapes: lw_json_text resolves them */
    lw_bytes text; /* NUMBER: as it stands; STRING and NAME: what is between the quotes */
} lw_json_token;

/* ---- Reading ----------------------------------------------------------------------------------
 */

/* All zero and `in` set is a reader at the start of a text. */
typedef struct lw_json {
    lw_bytes in;
    size_t pos;       /* octets of `in` that are done with */
    bool last;        /* nothing follows `in` */
    uint8_t expect;   /* what may come next; the reader's own */
    uint8_t depth;    /* arrays and objects that are open */
    uint32_t objects; /* bit n: what was opened at depth n is an object */
} lw_json;

void lw_json_init(lw_json *j, lw_bytes in, bool last);

/* LW_OK with a token; LW_AGAIN when `in` ends before it does and is not the last; LW_END after a
 * complete value and nothing but blanks; LW_EFORMAT; LW_EDEPTH. */
LW_MUST_CHECK lw_err lw_json_next(lw_json *j, lw_json_token *out_token);

/* After token t: if it opened an array or object, goes on behind its end. Results as above, without
 * LW_END; after LW_AGAIN the reader is somewhere inside. */
LW_MUST_CHECK lw_err lw_json_skip(lw_json *j, const lw_json_token *t);

/* The text of a STRING or NAME: the token's view, or the unescaped octets, written to scratch (a
 * plain writer, which can serve several). LW_ETOOBIG when it is full. */
LW_MUST_CHECK lw_err lw_json_text(const lw_json_token *t, lw_writer *scratch, lw_bytes *out_text);

/* A token without nested values as a value: STRING, BOOLEAN, a number as lw_num_parse_value tells
 * it, NONE for null. LW_EFORMAT for the others. */
LW_MUST_CHECK lw_err lw_json_value(const lw_json_token *t, lw_writer *scratch, lw_value *out_value);

/* ---- Writing ----------------------------------------------------------------------------------
 */

/* `"name":`, after a comma unless *first, which becomes false. The name is plain. */
void lw_json_write_name(lw_writer *w, const char *name, bool *first);

/* Quotes and escapes. Text that is not UTF-8 fails the writer with LW_EFORMAT. */
void lw_json_write_string(lw_writer *w, lw_bytes text);

/* An INTEGER, UNSIGNED, FLOAT or TIME. NaN and infinities fail the writer with LW_ENOTSUP. */
void lw_json_write_number(lw_writer *w, lw_value v);

#endif
