#include "base/writer.h"

#include <string.h>

#include "base/apart.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/quick.h"

void lw_writer_init(lw_writer *w, uint8_t *buf, size_t cap)
{
    *w = (lw_writer){.buf = buf, .cap = cap, .digest = LW_DIGEST_SEED};
}

LW_APART void lw_writer_init_window(lw_writer *w, uint8_t *buf, size_t cap, size_t from)
{
    *w = (lw_writer){
        .buf = buf, .cap = cap, .from = from, .digest = LW_DIGEST_SEED, .windowed = true};
}

void lw_writer_fail(lw_writer *w, lw_err err)
{
    if (w->err == LW_OK) {
        w->err = err;
    }
}

void lw_write_octets(lw_writer *w, const void *octets, size_t len)
{
    if (w->err != LW_OK || len == 0) {
        return;
    }
    if (w->windowed) {
        w->digest = lw_digest(w->digest, octets, len);
    } else if (len > w->cap - w->pos) {
        w->err = LW_ETOOBIG;
        return;
    }
    size_t skip = w->from > w->pos ? w->from - w->pos : 0; /* in front of the window */
    size_t at = w->pos > w->from ? w->pos - w->from : 0;   /* in it */
    w->pos += len;
    if (skip >= len || at >= w->cap) {
        return;
    }
    len -= skip;
    size_t room = w->cap - at;
    memcpy(w->buf + at, (const uint8_t *)octets + skip, len < room ? len : room);
}

void lw_write_str(lw_writer *w, const char *s)
{
    lw_write_bytes(w, lw_bytes_str(s));
}

void lw_write_u8(lw_writer *w, uint8_t v)
{
    if (LW_QUICK && w->err == LW_OK && !w->windowed && w->pos < w->cap) {
        w->buf[w->pos++] = v;
        return;
    }
    lw_write_octets(w, &v, 1);
}

void lw_write_uint(lw_writer *w, unsigned octets, uint64_t v)
{
    uint8_t b[8];
    lw_assert(octets <= sizeof b);
    for (unsigned i = octets; i > 0; i--) {
        b[i - 1] = (uint8_t)v;
        v >>= 8;
    }
    lw_write_octets(w, b, octets);
}

void lw_write_u16(lw_writer *w, uint16_t v)
{
    lw_write_uint(w, 2, v);
}

void lw_write_u32(lw_writer *w, uint32_t v)
{
    lw_write_uint(w, 4, v);
}

void lw_write_u64(lw_writer *w, uint64_t v)
{
    lw_write_uint(w, 8, v);
}

lw_bytes lw_writer_bytes(const lw_writer *w)
{
    if (!w->windowed) {
        return lw_bytes_of(w->buf, w->pos);
    }
    size_t kept = w->pos > w->from ? w->pos - w->from : 0;
    return lw_bytes_of(w->buf, kept < w->cap ? kept : w->cap);
}

size_t lw_writer_room(const lw_writer *w)
{
    if (w->err != LW_OK) {
        return 0;
    }
    return w->windowed ? SIZE_MAX : w->cap - w->pos;
}
