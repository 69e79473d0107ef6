/* What every payload format is put through: its vectors (tests/vectors/README.md says what is done
 * with each), and random round trips. Fuzz targets use the parts at the end.
 */
#ifndef LW_TESTING_CODEC_VECTORS_H
#define LW_TESTING_CODEC_VECTORS_H

#include "codec/format.h"

/* A payload cut off anywhere can be a valid shorter one (TLV, text, opaque). For structured formats
 * it must then hold the first of the entries. */
#define LW_CODEC_CUTTABLE 1u

/* What random round trips may use. */
#define LW_CODEC_TIMES    2u  /* entries with times, histories */
#define LW_CODEC_PREFIXES 4u  /* gateway prefixes */
#define LW_CODEC_EMPTY    8u  /* empty containers */
#define LW_CODEC_ROOT     16u /* several objects in one payload */

/* Runs all cases of tests/vectors/`file`; tells what fails on stderr. True when all pass. */
bool lw_codec_vectors_run(const char *file, const lw_format *format, unsigned flags);

/* Encodes `rounds` random lists of entries and decodes them again. The seed is told on failure. */
bool lw_codec_random_run(const lw_format *format, unsigned flags, uint64_t seed, unsigned rounds);

/* ---- Parts ------------------------------------------------------------------------------------
 */

#define LW_DECODED_MAX 4096u

/* Entries read from a payload, with copies of their strings. Zero it first. */
typedef struct lw_decoded {
    lw_entry *list;
    size_t count;
    uint8_t *bytes; /* the copies */
    size_t bytes_len, bytes_cap;
    lw_err err; /* how the decoding ended: LW_END or a failure */
} lw_decoded;

/* Decodes `payload`, feeding `chunk` octets more each time (0: all at once). Each feed is a block
 * of its own, so that sanitizers see a read beyond it. Replaces what is in `out`. */
void lw_decoded_read(lw_decoded *out, const lw_format *format, const lw_decode_cfg *cfg,
                     lw_bytes payload, size_t chunk);
void lw_decoded_free(lw_decoded *d);

/* Same paths, kinds, times and values. Numbers of different types are equal when their values are:
 * without a known type, 21.0 comes back as the integer 21 from a format of text. */
bool lw_entry_equal(const lw_entry *a, const lw_entry *b);
bool lw_entries_equal(lw_entries a, lw_entries b);

/* The whole fuzz check of a format: `payload` decoded in one piece and in chunks gives the same;
 * what decodes is encoded, decoded again, and equal. False when not. Encoding may be refused. */
bool lw_codec_survives(const lw_format *format, const lw_decode_cfg *cfg, lw_bytes payload);

#endif
