/* Writes octets into a caller's buffer, with a sticky error: write ten fields, check once.
 *
 * A windowed writer keeps only the octets [from, from + cap) of what is written and counts the
 * rest: so a block of a long representation is produced without holding the whole (RFC 7959
 * Block2), and `digest` over everything tells whether two productions were the same (an ETag).
 */
#ifndef LW_BASE_WRITER_H
#define LW_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

typedef struct lw_writer {
    uint8_t *buf;    /* caller's */
    size_t cap;      /* octets in buf */
    size_t pos;      /* octets written so far, those outside the window included */
    size_t from;     /* start of the window; 0 for a plain writer */
    uint32_t digest; /* FNV-1a over all octets; windowed writers only */
    bool windowed;
    lw_err err; /* first failure; later writes do nothing */
} lw_writer;

void lw_writer_init(lw_writer *w, uint8_t *buf, size_t cap);
void lw_writer_init_window(lw_writer *w, uint8_t *buf, size_t cap, size_t from);

void lw_write_octets(lw_writer *w, const void *octets, size_t len);
static inline void lw_write_bytes(lw_writer *w, lw_bytes b)
{
    lw_write_octets(w, b.ptr, b.len);
}
void lw_write_str(lw_writer *w, const char *s); /* without the NUL */
void lw_write_u8(lw_writer *w, uint8_t v);
void lw_write_u16(lw_writer *w, uint16_t v); /* big endian, as all below */
void lw_write_u32(lw_writer *w, uint32_t v);
void lw_write_u64(lw_writer *w, uint64_t v);
void lw_write_uint(lw_writer *w, unsigned octets, uint64_t v); /* the low `octets` octets, 0..8 */

/* Sets the error unless one is set already. */
void lw_writer_fail(lw_writer *w, lw_err err);

/* The octets that were kept: all of them for a plain writer, the window's share for a windowed. */
lw_bytes lw_writer_bytes(const lw_writer *w);

/* The same for one that is known to be plain. */
static inline lw_bytes lw_writer_plain(const lw_writer *w)
{
    return lw_bytes_of(w->buf, w->pos);
}

/* Room left before a plain writer fails with LW_ETOOBIG. */
size_t lw_writer_room(const lw_writer *w);

#endif
