/* Reads octets from a slice, with a sticky error: read ten fields, check once.
 *
 * After a failure every read returns zero or an empty slice and consumes nothing. Running past the
 * end is LW_EFORMAT.
 */
#ifndef LW_BASE_READER_H
#define LW_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

typedef struct lw_reader {
    lw_bytes in; /* borrowed */
    size_t pos;  /* octets consumed */
    lw_err err;  /* first failure */
} lw_reader;

void lw_reader_init(lw_reader *r, lw_bytes in);

uint8_t lw_read_u8(lw_reader *r);
uint16_t lw_read_u16(lw_reader *r); /* big endian, as all below */
uint32_t lw_read_u32(lw_reader *r);
uint64_t lw_read_u64(lw_reader *r);
uint64_t lw_read_uint(lw_reader *r, unsigned octets); /* 0..8 octets */
lw_bytes lw_read_bytes(lw_reader *r, size_t len);     /* a view into the input */
lw_bytes lw_read_rest(lw_reader *r);
void lw_read_octets(lw_reader *r, void *out, size_t len); /* a copy; nothing after a failure */

/* Without a reader: v, and behind it the octets as its low ones. */
uint64_t lw_uint_extend(uint64_t v, const uint8_t *octets, size_t len);

size_t lw_reader_left(const lw_reader *r);
bool lw_reader_at_end(const lw_reader *r); /* nothing left, or failed */
void lw_reader_fail(lw_reader *r, lw_err err);

#endif
