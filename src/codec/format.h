/* Payload formats: values <-> bytes, one file a format, each exporting one const lw_format.
 *
 * A payload is a row of entries: a path with a value, a path alone (a fetch list, an empty
 * container), or a removal. Decoding pulls entries out of bytes; encoding pulls entries out of a
 * source and writes bytes. Neither builds a tree, allocates, or recurses on what the input says.
 *
 * What an application does not name in its table of formats is not linked.
 */
#ifndef LW_CODEC_FORMAT_H
#define LW_CODEC_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/format.h"
#include "lw/path.h"
#include "lw/value.h"

/* Content-Format numbers (formats.md section 1). */
typedef enum lw_content_format {
    LW_CF_TEXT = 0,
    LW_CF_LINK = 40,
    LW_CF_OPAQUE = 42,
    LW_CF_CBOR = 60,
    LW_CF_SENML_JSON = 110,
    LW_CF_SENML_CBOR = 112,
    LW_CF_ETCH_JSON = 320,
    LW_CF_ETCH_CBOR = 322,
    LW_CF_TEXT_DRAFT = 1541, /* early 1.0 drafts: received, never sent (FMT-03) */
    LW_CF_TLV_DRAFT = 1542,
    LW_CF_JSON_DRAFT = 1543,
    LW_CF_TLV = 11542,
    LW_CF_JSON = 11543,
    LW_CF_LWM2M_CBOR = 11544,
    LW_CF_NONE = 65535 /* no Content-Format or Accept given */
} lw_content_format;

typedef enum lw_entry_kind {
    LW_ENTRY_VALUE, /* path is a resource or resource instance, value holds */
    LW_ENTRY_PATH,  /* path alone: an item of a fetch list; value.type is NONE, as below */
    LW_ENTRY_EMPTY, /* an instance without resources, or a multiple resource without instances */
    LW_ENTRY_REMOVE /* null in an ETCH patch: remove this resource instance */
} lw_entry_kind;

typedef struct lw_entry {
    lw_path path;   /* absolute; instance 65535 = the client is to choose it (Create) */
    uint32_t kind;  /* lw_entry_kind */
    lw_value value; /* strings and opaques are borrowed */
    /* Numbers of seconds, whose sum says when (codec/times.h); type NONE where a payload says
     * nothing. The base is the same in all entries of a source. */
    lw_value base_time, time;
    lw_bytes prefix; /* text segments in front of the path, as "d01" of a gateway's device (GW-04);
                        the alternate path is not part of it. Usually empty. A source's stay where
                        they are as long as it is encoded */
} lw_entry;

static inline bool lw_entry_has_time(const lw_entry *e)
{
    return e->base_time.type != LW_TYPE_NONE || e->time.type != LW_TYPE_NONE;
}

/* ---- Decoding ----------------------------------------------------------------------------------
 *
 *   lw_decoder d;
 *   lw_decoder_init(&d, &lw_format_tlv, &cfg);
 *   lw_decoder_feed(&d, payload, true);
 *   while ((err = lw_decoder_next(&d, &entry)) == LW_OK) { … }
 *   if (err != LW_END) refuse;
 *
 * Streaming: feed part of the payload with last = false. When next() returns LW_AGAIN, keep the
 * octets from lw_decoder_consumed() on, append what comes next, feed the result: an entry that is
 * not complete is read again from its start, so the decoder itself keeps no input. A format that
 * cannot work on a part (text, opaque, CBOR 60, LwM2M JSON) returns LW_AGAIN until the whole
 * payload is there.
 */

/* The type of the resource at path (depth >= 3), for formats that do not say and to make the others
 * exact. Returns LW_TYPE_NONE when unknown: values then stay as the bytes tell (TLV: OPAQUE; text:
 * STRING). */
typedef lw_type lw_type_lookup(void *ctx, lw_path path);

#define LW_FORMAT_SINGLE     1u  /* one value only: r and ri (text, opaque, CBOR 60) */
#define LW_FORMAT_STRUCTURED 2u  /* instances, objects, several values */
#define LW_FORMAT_COMPOSITE  4u  /* answers of Read-Composite, notifications of composites */
#define LW_FORMAT_FETCH      8u  /* request body of FETCH */
#define LW_FORMAT_PATCH      16u /* request body of iPATCH */
#define LW_FORMAT_SEND       32u /* Send, and time-stamped values */

/* What may stand in front of paths in names (codec/front.h). */
typedef struct lw_front lw_front;

typedef struct lw_decode_cfg {
    lw_path base; /* the request path; root for composites, Send, bootstrap packs */
    uint8_t use;  /* LW_FORMAT_FETCH: a list of paths; LW_FORMAT_PATCH: values and removals;
                     anything else: values */
    const lw_front *front;   /* NULL: names are paths, and entries have no prefix */
    lw_type_lookup *type_of; /* NULL: no types known */
    void *type_ctx;
    uint8_t *scratch;   /* for values that cannot be views: unescaped strings, base64, joined */
    size_t scratch_len; /* chunks. A value that does not fit is LW_ETOOBIG */
} lw_decode_cfg;

#define LW_DECODER_STATE 208u /* octets of a format's own state */

typedef struct lw_decoder {
    bool last;    /* nothing follows `in` */
    uint8_t type; /* lw_type of the entry that is read, once `typed` */
    bool typed;
    lw_err err; /* sticky: LW_END and failures stay */
    const lw_format *format;
    lw_decode_cfg cfg;
    lw_bytes in; /* what was fed last */
    size_t pos;  /* octets of `in` that are done with */
    union {
        uint64_t align;
        uint8_t octets[LW_DECODER_STATE];
    } state; /* the format's own, between entries; zero at init */
} lw_decoder;

void lw_decoder_init(lw_decoder *d, const lw_format *format, const lw_decode_cfg *cfg);
void lw_decoder_feed(lw_decoder *d, lw_bytes in, bool last);
/* To the start of what was fed, which was all of the payload. */
void lw_decoder_restart(lw_decoder *d);

/* LW_OK with an entry, valid until the next call or feed; LW_AGAIN for more input; LW_END after the
 * last; or a failure: LW_EFORMAT, LW_ETYPE, LW_ERANGE, LW_ETOOBIG, LW_EDEPTH, LW_ENOTSUP.
 *
 * What holds for the entries of every format: a value stands at a resource or resource instance and
 * has the type that type_of says; 65535 occurs only as the instance of a Create (base is an
 * object); strings are valid UTF-8. What the caller checks: that paths lie below the base (answers
 * may follow links), duplicates that are not neighbours, ranges. */
LW_MUST_CHECK lw_err lw_decoder_next(lw_decoder *d, lw_entry *out_entry);
size_t lw_decoder_consumed(const lw_decoder *d);

/* ---- Encoding ----------------------------------------------------------------------------------
 *
 * A source yields entries in tree order (all of an instance together, all of a multiple resource
 * together; several times the same path for a history). Its position is a cursor that can be
 * copied, so a format looks ahead for counts and lengths by running a copy, instead of keeping what
 * it saw. The entries between two equal cursors must be the same on each pass; an encoder that
 * finds out they were not fails with LW_ESTATE (the caller tries again).
 */
typedef struct lw_cursor { /* the source's own; all zero is the start */
    lw_path path;
    uintptr_t at[2];
} lw_cursor;

typedef struct lw_source {
    /* LW_OK, LW_END, or a failure that ends the encoding. */
    lw_err (*next)(void *ctx, lw_cursor *cursor, lw_entry *out_entry);
    void *ctx;
} lw_source;

/* A source over an array. The array is borrowed as long as the source. */
typedef struct lw_entries {
    const lw_entry *list;
    size_t count;
} lw_entries;
lw_source lw_entries_source(const lw_entries *entries);

typedef struct lw_encode_cfg {
    lw_path base; /* the request path: what TLV is relative to and a bare value must stand at */
    const lw_front *front; /* NULL: names are paths, entries of SenML without prefix */
} lw_encode_cfg;

/* Formats can refuse what they cannot express: LW_ENOTSUP (FMT-12: 4.06). */
LW_MUST_CHECK lw_err lw_encode(const lw_format *format, const lw_source *source,
                               const lw_encode_cfg *cfg, lw_writer *w);

/* ---- The formats ------------------------------------------------------------------------------
 *
 * A format's decode_start (may be NULL) refuses a configuration it cannot serve. Its decode_next
 * returns what lw_decoder_next does, except that LW_AGAIN simply means "ran out of input": the
 * common part turns it into LW_EFORMAT when nothing follows. It then has left d->pos and its state
 * alone; or it has moved d->pos over what gave no entry, and is called again. It asks
 * lw_decoder_type_of for a type it must know to read a value, and leaves the conversion to that
 * type to the common part.
 */

struct lw_format {
    uint16_t id;   /* lw_content_format */
    uint8_t uses;  /* LW_FORMAT_… (the table of FMT-03) */
    uint8_t since; /* first enabler version: 10, 11, 12 */
    lw_err (*encode)(const lw_source *source, const lw_encode_cfg *cfg, lw_writer *w);
    lw_err (*decode_start)(lw_decoder *d); /* may be NULL */
    lw_err (*decode_next)(lw_decoder *d, lw_entry *out_entry);
};

/* The format with that Content-Format number in a NULL-terminated table; draft numbers find their
 * successors (FMT-03). NULL when the table does not have it. */
const lw_format *lw_format_find(const lw_format *const *formats, uint32_t id);

/* For whoever shows formats to people, or names them in HTTP. False for an unknown number. */
bool lw_format_describe(uint16_t id, const char **out_name, const char **out_media_type);

/* For formats: the type of the value at path, or LW_TYPE_NONE. Asked at most once an entry. */
lw_type lw_decoder_type_of(lw_decoder *d, const lw_path *path);

/* For formats: what decode_next returns when the payload is complete at d->pos. LW_END; LW_EFORMAT
 * when octets follow; LW_AGAIN as long as some may. */
lw_err lw_decoder_finish(const lw_decoder *d);

/* For formats with containers: the next entry that they write something for. A container without
 * anything in it is none when it stands above `empty_from`. LW_ENOTSUP for what has no value, or a
 * time; LW_EINVAL for a value above the resources or a container below. */
LW_MUST_CHECK lw_err lw_encoder_next(const lw_source *source, lw_cursor *cursor,
                                     lw_level empty_from, lw_entry *out_entry);

/* For formats that write numbers as text, after lw_num_parse_value: LW_ERANGE when a FLOAT meets an
 * integer's type. An integer of 64 bits would have been read as one, so the text was none, even if
 * the double it was rounded to is integral. */
LW_MUST_CHECK lw_err lw_decoder_check_number(lw_decoder *d, const lw_entry *e);

#endif
