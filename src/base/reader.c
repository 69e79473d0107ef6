#include "base/reader.h"

#include <string.h>

void lw_reader_init(lw_reader *r, lw_bytes in)
{
    *r = (lw_reader){.in = in};
}

void lw_reader_fail(lw_reader *r, lw_err err)
{
    if (r->err == LW_OK) {
        r->err = err;
    }
}

lw_bytes lw_read_bytes(lw_reader *r, size_t len)
{
    if (r->err != LW_OK) {
        return lw_bytes_of(NULL, 0);
    }
    if (len > r->in.len - r->pos) {
        r->err = LW_EFORMAT;
        return lw_bytes_of(NULL, 0);
    }
    lw_bytes out = lw_bytes_of(len > 0 ? r->in.ptr + r->pos : NULL, len);
    r->pos += len;
    return out;
}

lw_bytes lw_read_rest(lw_reader *r)
{
    return lw_read_bytes(r, lw_reader_left(r));
}

void lw_read_octets(lw_reader *r, void *out, size_t len)
{
    lw_bytes octets = lw_read_bytes(r, len);
    if (octets.len > 0) {
        memcpy(out, octets.ptr, octets.len);
    }
}

uint64_t lw_uint_extend(uint64_t v, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        v = v << 8 | octets[i];
    }
    return v;
}

uint64_t lw_read_uint(lw_reader *r, unsigned octets)
{
    lw_bytes b = lw_read_bytes(r, octets);
    return lw_uint_extend(0, b.ptr, b.len);
}

uint8_t lw_read_u8(lw_reader *r)
{
    if (r->err != LW_OK || r->pos >= r->in.len) {
        lw_reader_fail(r, LW_EFORMAT);
        return 0;
    }
    return r->in.ptr[r->pos++];
}

uint16_t lw_read_u16(lw_reader *r)
{
    return (uint16_t)lw_read_uint(r, 2);
}

uint32_t lw_read_u32(lw_reader *r)
{
    return (uint32_t)lw_read_uint(r, 4);
}

uint64_t lw_read_u64(lw_reader *r)
{
    return lw_read_uint(r, 8);
}

size_t lw_reader_left(const lw_reader *r)
{
    return r->err == LW_OK ? r->in.len - r->pos : 0;
}

bool lw_reader_at_end(const lw_reader *r)
{
    return lw_reader_left(r) == 0;
}
