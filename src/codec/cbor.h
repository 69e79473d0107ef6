/* CBOR (RFC 8949), as much of it as payloads need: a cursor over octets that reads heads and single
 * values, skips what it does not know, and the same for writing, shortest form always.
 *
 * Reading accepts every valid encoding: heads wider than needed, strings and containers of
 * indefinite length, tags. Its error is sticky: after a failure nothing is left to read, no
 * container has more, and what values, counts and heads say means nothing. Out of input is
 * LW_AGAIN.
 */
#ifndef LW_CODEC_CBOR_H
#define LW_CODEC_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "codec/format.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/value.h"

typedef enum lw_cbor_major {
    LW_CBOR_UINT,
    LW_CBOR_NEGATIVE, /* -1 - argument */
    LW_CBOR_BYTES,
    LW_CBOR_TEXT,
    LW_CBOR_ARRAY,
    LW_CBOR_MAP,
    LW_CBOR_TAG,
    LW_CBOR_SIMPLE /* false, true, null, floats, break */
} lw_cbor_major;

typedef struct lw_cbor {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *scratch; /* where strings in chunks are joined; moves on as it is used */
    size_t scratch_len;
    uint32_t err; /* lw_err: the first failure */
    /* The last head: */
    uint32_t major; /* lw_cbor_major */
    uint32_t info;  /* the low five bits */
    uint32_t len;   /* arg as far as it fits */
    uint64_t arg;   /* as many octets as info says; 0 when indefinite */
} lw_cbor;

/* Over what a decoder has left to read. */
void lw_cbor_init(lw_cbor *c, const lw_decoder *d);

/* Unless err is LW_OK, or it has failed before. */
void lw_cbor_fail(lw_cbor *c, lw_err err);

/* Containers count down to 0; a container of indefinite length stays here. */
#define LW_CBOR_INDEFINITE UINT32_MAX

/* Deepest nesting that lw_cbor_skip follows, as JSON's. */
#define LW_CBOR_DEPTH_MAX 32

/* One value that is no container, behind any number of tags: INTEGER, UNSIGNED (from 2^63 on),
 * FLOAT (single when it came in 16 or 32 bits), BOOLEAN, STRING, OPAQUE, NONE for null. Decimal
 * fractions and bigfloats (tags 4, 5) become FLOAT; other tags are ignored. LW_EFORMAT for
 * everything else, LW_ERANGE below -2^63, LW_ETOOBIG when scratch is too small. */
void lw_cbor_read_value(lw_cbor *c, lw_value *out_value);

/* The same, and a date as text (tag 0) becomes TIME. */
void lw_cbor_read_dated_value(lw_cbor *c, lw_value *out_value);

/* The head of an array or a map: how many items, or pairs. LW_EFORMAT when it is something else,
 * LW_ETOOBIG from 2^32 - 1 on. */
uint32_t lw_cbor_read_count(lw_cbor *c, lw_cbor_major major);

/* Does an item (a pair) of the container follow? Not after the last, nor after a failure. */
bool lw_cbor_more(lw_cbor *c, uint32_t *left);

/* Steps over one item of any kind. LW_EDEPTH when it nests deeper than LW_CBOR_DEPTH_MAX. */
void lw_cbor_skip(lw_cbor *c);

/* The major type of what follows, behind its tags; TAG for a decimal fraction or bigfloat. */
lw_cbor_major lw_cbor_peek(lw_cbor *c);

void lw_cbor_write_head(lw_writer *w, lw_cbor_major major, uint64_t argument);
/* BYTES or TEXT. */
void lw_cbor_write_string(lw_writer *w, lw_cbor_major major, const void *octets, size_t len);
static inline void lw_cbor_write_text(lw_writer *w, lw_bytes text)
{
    lw_cbor_write_string(w, LW_CBOR_TEXT, text.ptr, text.len);
}

/* Integers, floats and text in their shortest exact form, links as text, NONE as null. */
void lw_cbor_write_value(lw_writer *w, const lw_value *value);
void lw_cbor_write_int(lw_writer *w, int64_t v);

#endif
