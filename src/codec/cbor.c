#include "codec/cbor.h"

#include "base/apart.h"
#include "base/reader.h"
#include "model/id.h"

#define BREAK 0xffu

#define INFO_1_OCTET    24u
#define INFO_8_OCTETS   27u
#define INFO_INDEFINITE 31u

#define SIMPLE_FALSE  20u
#define SIMPLE_TRUE   21u
#define SIMPLE_NULL   22u
#define SIMPLE_HALF   25u
#define SIMPLE_SINGLE 26u
#define SIMPLE_DOUBLE 27u

#define TAG_DECIMAL  4u
#define TAG_BIGFLOAT 5u

#define HALF_INFINITE   0x7C00u
#define SINGLE_INFINITE 0x7F800000u

/* ---- Reading ----------------------------------------------------------------------------------
 */

void lw_cbor_fail(lw_cbor *c, lw_err err)
{
    if (err != LW_OK && c->err == LW_OK) {
        c->err = err;
        c->at = c->end;
    }
}

static inline size_t left_of(const lw_cbor *c)
{
    return (size_t)(c->end - c->at);
}

void lw_cbor_init(lw_cbor *c, const lw_decoder *d)
{
    c->at = d->in.ptr + d->pos;
    c->end = d->in.ptr + d->in.len;
    c->scratch = d->cfg.scratch;
    c->scratch_len = d->cfg.scratch_len;
    c->err = LW_OK;
}

/* Of what can stand where an item is expected: no break, which only lw_cbor_more takes. */
static void read_head(lw_cbor *c)
{
    size_t left = left_of(c);
    unsigned first = left > 0 ? *c->at : 0;
    size_t octets = 0;
    bool has_form = true;
    uint64_t arg = 0;
    c->major = first >> 5;
    c->info = first & 31;
    if (c->info < INFO_1_OCTET) {
        arg = c->info;
    } else if (c->info <= INFO_8_OCTETS) {
        octets = (size_t)1 << (c->info - INFO_1_OCTET);
    } else { /* strings and containers have an indefinite form */
        has_form =
            c->info == INFO_INDEFINITE && c->major >= LW_CBOR_BYTES && c->major < LW_CBOR_TAG;
    }
    if (octets >= left || !has_form) {
        lw_cbor_fail(c, has_form ? LW_AGAIN : LW_EFORMAT);
    } else {
        arg = lw_uint_extend(arg, c->at + 1, octets);
        c->at += 1 + octets;
    }
    c->arg = arg;
    c->len = arg >> 32 != 0 ? UINT32_MAX : (uint32_t)arg;
}

/* The octets of a string, c->len of them. */
static const uint8_t *take(lw_cbor *c)
{
    if (c->len > left_of(c)) {
        lw_cbor_fail(c, LW_AGAIN);
        c->len = 0;
    }
    const uint8_t *octets = c->at;
    c->at += c->len;
    return octets;
}

/* Chunks up to a break, joined in scratch (RFC 8949 section 3.2.3). */
static lw_bytes join_chunks(lw_cbor *c)
{
    uint32_t major = c->major;
    uint32_t left = LW_CBOR_INDEFINITE;
    lw_writer w;
    lw_writer_init(&w, c->scratch, c->scratch_len);
    while (lw_cbor_more(c, &left)) {
        read_head(c);
        if (c->major != major || c->info == INFO_INDEFINITE) {
            lw_writer_fail(&w, LW_EFORMAT);
        }
        const uint8_t *chunk = take(c);
        lw_write_octets(&w, chunk, c->len);
    }
    lw_cbor_fail(c, w.err);
    if (w.pos > 0) { /* there may be no scratch */
        c->scratch += w.pos;
        c->scratch_len -= w.pos;
    }
    return lw_writer_plain(&w);
}

static lw_bytes read_string(lw_cbor *c)
{
    if (c->info == INFO_INDEFINITE) {
        return join_chunks(c);
    }
    const uint8_t *octets = take(c);
    return lw_bytes_of(octets, c->len);
}

LW_APART static lw_err integer_of(const lw_cbor *c, lw_value *out)
{
    bool negative = c->major == LW_CBOR_NEGATIVE;
    bool is_signed = c->arg <= INT64_MAX;
    out->type = is_signed ? LW_TYPE_INTEGER : LW_TYPE_UNSIGNED;
    out->as.uns = negative ? ~c->arg : c->arg; /* -1 - n is ~n */
    return negative && !is_signed ? LW_ERANGE : LW_OK;
}

static double of_single(uint32_t bits)
{
    float single;
    memcpy(&single, &bits, sizeof single);
    return (double)single;
}

/* A half has the fields of a single that is 2^112 times as small, the exponent of infinities and
 * NaN apart. */
LW_APART static double of_half(uint32_t half)
{
    uint32_t bits = (half & 0x8000) << 16 | (half & 0x7FFF) << 13;
    if ((half & HALF_INFINITE) == HALF_INFINITE) {
        return of_single(bits | SINGLE_INFINITE);
    }
    return of_single(bits) * 0x1p112;
}

static lw_err simple_of(const lw_cbor *c, lw_value *out)
{
    unsigned info = c->info;
    if (info == SIMPLE_HALF || info == SIMPLE_SINGLE) {
        out->type = LW_TYPE_FLOAT;
        out->single = true;
        out->as.number = info == SIMPLE_HALF ? of_half(c->len) : of_single(c->len);
    } else if (info == SIMPLE_DOUBLE) {
        out->type = LW_TYPE_FLOAT;
        out->as.uns = c->arg; /* the bits of as.number */
    } else if (info == SIMPLE_FALSE || info == SIMPLE_TRUE) {
        out->type = LW_TYPE_BOOLEAN;
        out->as.boolean = info == SIMPLE_TRUE;
    } else {
        return info == SIMPLE_NULL ? LW_OK : LW_EFORMAT;
    }
    return LW_OK;
}

/* Tags 4 and 5: [exponent, mantissa] (RFC 8949 section 3.4.4), multiplied in steps whose factor is
 * exact as a double. Mantissas beyond 64 bits are none. */
static lw_err read_fraction(lw_cbor *c, lw_value *out)
{
    double base = c->len == TAG_DECIMAL ? 10 : 2;
    uint32_t left = lw_cbor_read_count(c, LW_CBOR_ARRAY);
    unsigned parts = 0;
    uint32_t power = 0; /* of the part before the last */
    bool divide = false;
    while (lw_cbor_more(c, &left)) {
        power = c->len;
        divide = c->major == LW_CBOR_NEGATIVE;
        read_head(c);
        if (c->major > LW_CBOR_NEGATIVE) {
            lw_cbor_fail(c, LW_EFORMAT);
        }
        parts++;
    }
    lw_err err = integer_of(c, out);
    if (parts != 2) {
        return LW_EFORMAT;
    }
    double x = out->type == LW_TYPE_UNSIGNED ? (double)out->as.uns : (double)out->as.integer;
    power = (power < 2200 ? power : 2200) + divide; /* -1 - n; beyond: infinite or zero */
    while (power > 0) {
        double factor = 1;
        do {
            factor *= base;
            power--;
        } while (power % 16 != 0);
        x = divide ? x / factor : x * factor;
    }
    out->type = LW_TYPE_FLOAT;
    out->as.number = x;
    return err;
}

/* The head of the next item; of its tags only one that changes the meaning of a value. */
static void read_item_head(lw_cbor *c)
{
    do {
        read_head(c);
    } while (c->major == LW_CBOR_TAG && c->len != TAG_DECIMAL && c->len != TAG_BIGFLOAT);
}

static lw_err read_item(lw_cbor *c, lw_value *out)
{
    switch (c->major) {
    case LW_CBOR_UINT:
    case LW_CBOR_NEGATIVE:
        return integer_of(c, out);
    case LW_CBOR_BYTES:
    case LW_CBOR_TEXT:
        out->type = c->major == LW_CBOR_TEXT ? LW_TYPE_STRING : LW_TYPE_OPAQUE;
        out->as.bytes = read_string(c);
        return LW_OK;
    case LW_CBOR_TAG:
        return read_fraction(c, out);
    case LW_CBOR_SIMPLE:
        return simple_of(c, out);
    default:
        return LW_EFORMAT;
    }
}

void lw_cbor_read_value(lw_cbor *c, lw_value *out_value)
{
    out_value->type = LW_TYPE_NONE;
    out_value->single = false;
    read_item_head(c);
    lw_cbor_fail(c, read_item(c, out_value));
}

uint32_t lw_cbor_read_count(lw_cbor *c, lw_cbor_major major)
{
    read_item_head(c);
    if (c->major != (uint32_t)major) {
        lw_cbor_fail(c, LW_EFORMAT);
    }
    if (c->info == INFO_INDEFINITE) {
        return LW_CBOR_INDEFINITE;
    }
    if (c->len == LW_CBOR_INDEFINITE) {
        lw_cbor_fail(c, LW_ETOOBIG);
    }
    return c->len;
}

lw_cbor_major lw_cbor_peek(lw_cbor *c)
{
    const uint8_t *at = c->at;
    read_item_head(c);
    if (c->err == LW_OK) {
        c->at = at;
    }
    return (lw_cbor_major)c->major;
}

bool lw_cbor_more(lw_cbor *c, uint32_t *left)
{
    if (c->err != LW_OK || *left == 0) {
        return false;
    }
    if (*left != LW_CBOR_INDEFINITE) {
        --*left;
        return true;
    }
    if (c->at == c->end) {
        lw_cbor_fail(c, LW_AGAIN);
        return false;
    }
    if (*c->at != BREAK) {
        return true;
    }
    c->at++;
    *left = 0;
    return false;
}

/* An item takes an octet at least, so no count beyond what is left need be believed. */
LW_APART void lw_cbor_skip(lw_cbor *c)
{
    uint32_t left[LW_CBOR_DEPTH_MAX + 1];
    int depth = 0;
    left[0] = 1;
    while (depth >= 0) {
        if (!lw_cbor_more(c, &left[depth])) {
            depth--;
            continue;
        }
        do {
            read_head(c);
        } while (c->major == LW_CBOR_TAG);
        bool is_open = c->info == INFO_INDEFINITE;
        bool is_string = c->major == LW_CBOR_BYTES || c->major == LW_CBOR_TEXT;
        if (is_string && !is_open) {
            (void)take(c);
        } else if (is_open || c->major == LW_CBOR_ARRAY || c->major == LW_CBOR_MAP) {
            if (c->len > left_of(c)) {
                lw_cbor_fail(c, LW_AGAIN);
            } else if (depth == LW_CBOR_DEPTH_MAX) {
                lw_cbor_fail(c, LW_EDEPTH);
            } else {
                left[++depth] = is_open ? LW_CBOR_INDEFINITE : c->len << (c->major == LW_CBOR_MAP);
            }
        }
    }
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void write_argument(lw_writer *w, unsigned major, unsigned info, uint64_t arg)
{
    lw_write_u8(w, (uint8_t)(major << 5 | info));
    lw_write_uint(w, 1u << (info - INFO_1_OCTET), arg);
}

void lw_cbor_write_head(lw_writer *w, lw_cbor_major major, uint64_t argument)
{
    if (argument < INFO_1_OCTET) {
        lw_write_u8(w, (uint8_t)((unsigned)major << 5 | argument));
        return;
    }
    unsigned info = INFO_8_OCTETS;
    uint32_t low = (uint32_t)argument;
    if (argument >> 32 == 0) {
        info = INFO_1_OCTET + (low > UINT8_MAX) + (low > UINT16_MAX);
    }
    write_argument(w, major, info, argument);
}

void lw_cbor_write_string(lw_writer *w, lw_cbor_major major, const void *octets, size_t len)
{
    lw_cbor_write_head(w, major, len);
    lw_write_octets(w, octets, len);
}

static uint32_t single_bits(double v)
{
    float single = (float)v;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return bits;
}

/* As a half or a single where that says the same. */
static void write_float(lw_writer *w, const lw_value *value)
{
    uint32_t single = single_bits(value->as.number);
    uint32_t small = single_bits(value->as.number * 0x1p-112);
    uint32_t half = (small >> 16 & 0x8000) | (small >> 13 & 0x7FFF);
    unsigned info = SIMPLE_DOUBLE;
    uint64_t arg = value->as.uns; /* the bits of as.number */
    if (lw_value_float(of_half(half)).as.uns == arg) {
        info = SIMPLE_HALF;
        arg = half;
    } else if (lw_value_float(of_single(single)).as.uns == arg) {
        info = SIMPLE_SINGLE;
        arg = single;
    }
    write_argument(w, LW_CBOR_SIMPLE, info, arg);
}

void lw_cbor_write_int(lw_writer *w, int64_t v)
{
    lw_cbor_write_head(w, v < 0 ? LW_CBOR_NEGATIVE : LW_CBOR_UINT,
                       (uint64_t)(v < 0 ? ~v : v)); /* -1 - n is ~n */
}

void lw_cbor_write_value(lw_writer *w, const lw_value *value)
{
    char link[LW_OBJLNK_TEXT_MAX];
    lw_bytes string = value->as.bytes;
    lw_cbor_major major = LW_CBOR_TEXT;
    switch (value->type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        lw_cbor_write_int(w, value->as.integer);
        return;
    case LW_TYPE_FLOAT:
        write_float(w, value);
        return;
    case LW_TYPE_UNSIGNED:
        lw_cbor_write_head(w, LW_CBOR_UINT, value->as.uns);
        return;
    case LW_TYPE_OBJLNK:
        string = lw_bytes_of(link, lw_objlnk_format(value->as.link, link));
        break;
    case LW_TYPE_OPAQUE:
        major = LW_CBOR_BYTES;
        break;
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        break;
    case LW_TYPE_BOOLEAN:
        lw_cbor_write_head(w, LW_CBOR_SIMPLE, value->as.boolean ? SIMPLE_TRUE : SIMPLE_FALSE);
        return;
    default:
        lw_cbor_write_head(w, LW_CBOR_SIMPLE, SIMPLE_NULL);
        return;
    }
    lw_cbor_write_string(w, major, string.ptr, string.len);
}
