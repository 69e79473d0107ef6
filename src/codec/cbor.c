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

typedef struct head {
    unsigned major; /* lw_cbor_major */
    unsigned info;  /* the low five bits */
    uint32_t len;   /* arg as far as it fits */
    uint64_t arg;   /* as many octets as info says; 0 when indefinite */
} head;

/* A binary interchange format of IEEE 754 by the width of its fields. */
typedef struct ieee {
    uint8_t mantissa_bits;
    uint16_t bias;
} ieee;

static const ieee HALF = {10, 15};
static const ieee SINGLE = {23, 127};

#define DOUBLE_BIAS          1023
#define DOUBLE_MANTISSA_BITS 52
#define DOUBLE_EXPONENT_ALL  0x7ff

/* ---- Reading ----------------------------------------------------------------------------------
 */

static inline size_t left_of(const lw_cbor *c)
{
    return (size_t)(c->end - c->at);
}

static lw_err read_head(lw_cbor *c, head *h)
{
    if (c->at == c->end) {
        return LW_AGAIN;
    }
    uint8_t first = *c->at++;
    size_t octets = 0;
    h->major = first >> 5;
    h->info = first & 31;
    h->arg = h->info;
    if (h->info >= INFO_1_OCTET) {
        octets = (size_t)1 << (h->info - INFO_1_OCTET);
        h->arg = 0;
    }
    if (h->info > INFO_8_OCTETS) {
        octets = 0;
        /* integers and tags have no indefinite form */
        if (h->info != INFO_INDEFINITE || h->major < LW_CBOR_BYTES || h->major == LW_CBOR_TAG) {
            return LW_EFORMAT;
        }
    }
    if (left_of(c) < octets) {
        return LW_AGAIN;
    }
    h->arg = lw_uint_extend(h->arg, c->at, octets);
    h->len = h->arg >> 32 != 0 ? UINT32_MAX : (uint32_t)h->arg;
    c->at += octets;
    return LW_OK;
}

static lw_err take(lw_cbor *c, size_t len, lw_bytes *out)
{
    if (len > left_of(c)) {
        return LW_AGAIN;
    }
    *out = lw_bytes_of(c->at, len);
    c->at += len;
    return LW_OK;
}

/* Chunks up to a break, joined in scratch (RFC 8949 section 3.2.3). */
static lw_err join_chunks(lw_cbor *c, unsigned major, lw_bytes *out)
{
    uint32_t left = LW_CBOR_INDEFINITE;
    lw_err err;
    lw_writer w;
    lw_writer_init(&w, c->scratch, c->scratch_len);
    while ((err = lw_cbor_more(c, &left)) == LW_OK) {
        head h;
        lw_bytes chunk;
        err = read_head(c, &h);
        if (err == LW_OK) {
            err =
                h.major == major && h.info != INFO_INDEFINITE ? take(c, h.len, &chunk) : LW_EFORMAT;
        }
        if (err != LW_OK) {
            return err;
        }
        lw_write_bytes(&w, chunk);
    }
    *out = lw_writer_plain(&w);
    c->scratch += w.pos;
    c->scratch_len -= w.pos;
    return err == LW_END ? w.err : err;
}

static lw_err read_string(lw_cbor *c, const head *h, lw_value *out)
{
    out->type = h->major == LW_CBOR_TEXT ? LW_TYPE_STRING : LW_TYPE_OPAQUE;
    if (h->info == INFO_INDEFINITE) {
        return join_chunks(c, h->major, &out->as.bytes);
    }
    return take(c, h->len, &out->as.bytes);
}

static lw_err integer_of(const head *h, lw_value *out)
{
    bool negative = h->major == LW_CBOR_NEGATIVE;
    bool is_signed = h->arg <= INT64_MAX;
    out->type = is_signed ? LW_TYPE_INTEGER : LW_TYPE_UNSIGNED;
    out->as.uns = negative ? ~h->arg : h->arg; /* -1 - n is ~n */
    return negative && !is_signed ? LW_ERANGE : LW_OK;
}

/* The bits of a narrower format as those of a double: exact, payloads of NaN included, which a
 * float unit would have an opinion on. */
static uint64_t widen(uint32_t bits, ieee from)
{
    uint32_t exponent_all = 2u * from.bias + 1;
    uint32_t implicit_one = 1u << from.mantissa_bits;
    uint32_t mantissa = bits & (implicit_one - 1);
    uint32_t exponent = bits >> from.mantissa_bits & exponent_all;
    uint32_t sign = bits / implicit_one > exponent_all;
    if (exponent == exponent_all) {
        exponent = DOUBLE_EXPONENT_ALL;
    } else if (exponent != 0) {
        exponent += DOUBLE_BIAS - from.bias;
    } else if (mantissa != 0) { /* subnormal there, normal here */
        exponent = DOUBLE_BIAS - from.bias + 1u;
        while (mantissa < implicit_one) {
            mantissa <<= 1;
            exponent--;
        }
        mantissa -= implicit_one;
    }
    return (uint64_t)sign << 63 | (uint64_t)exponent << DOUBLE_MANTISSA_BITS |
           (uint64_t)mantissa << (DOUBLE_MANTISSA_BITS - from.mantissa_bits);
}

static lw_err read_simple(const head *h, lw_value *out)
{
    unsigned info = h->info;
    out->type = LW_TYPE_FLOAT;
    if (info == SIMPLE_HALF || info == SIMPLE_SINGLE) {
        out->single = true;
        out->as.uns = widen(h->len, info == SIMPLE_HALF ? HALF : SINGLE);
    } else if (info == SIMPLE_DOUBLE) {
        out->as.uns = h->arg; /* the bits of as.number */
    } else if (info == SIMPLE_FALSE || info == SIMPLE_TRUE) {
        out->type = LW_TYPE_BOOLEAN;
        out->as.boolean = info == SIMPLE_TRUE;
    } else if (info == SIMPLE_NULL) {
        out->type = LW_TYPE_NONE;
    } else {
        return LW_EFORMAT;
    }
    return LW_OK;
}

/* Tags 4 and 5: [exponent, mantissa] (RFC 8949 section 3.4.4). Mantissas beyond 64 bits are none.
 */
static lw_err read_parts(lw_cbor *c, head *exponent, head *mantissa)
{
    uint32_t left;
    unsigned count = 0;
    lw_err err = lw_cbor_read_count(c, LW_CBOR_ARRAY, &left);
    while (err == LW_OK && (err = lw_cbor_more(c, &left)) == LW_OK) {
        head *part = count == 0 ? exponent : mantissa;
        err = count < 2 ? read_head(c, part) : LW_EFORMAT;
        if (err == LW_OK && part->major > LW_CBOR_NEGATIVE) {
            err = LW_EFORMAT;
        }
        count++;
    }
    if (err != LW_END) {
        return err;
    }
    if (count < 2) {
        return LW_EFORMAT;
    }
    return exponent->arg <= INT64_MAX ? LW_OK : LW_ERANGE;
}

/* An integer becomes itself times base^exponent, in steps whose factor is exact as a double (10^22,
 * 2^22). */
static void scale(lw_value *value, double base, const head *exponent)
{
    bool divide = exponent->major == LW_CBOR_NEGATIVE;
    uint32_t left = exponent->len < 2200 ? exponent->len : 2200; /* beyond: infinite or zero */
    left += divide;                                              /* -1 - n */
    double x;
    (void)lw_value_to_number(value, &x);
    while (left > 0) {
        double factor = 1;
        do {
            factor *= base;
        } while (--left % 22 != 0);
        x = divide ? x / factor : x * factor;
    }
    value->type = LW_TYPE_FLOAT;
    value->as.number = x;
}

/* A tag that changes nothing in how the value under it is read. */
static bool is_plain_tag(const head *h)
{
    return h->major == LW_CBOR_TAG && h->arg != TAG_DECIMAL && h->arg != TAG_BIGFLOAT;
}

/* The head of the next item; of its tags only one that changes the meaning of a value. */
static lw_err read_item_head(lw_cbor *c, head *h)
{
    lw_err err;
    do {
        err = read_head(c, h);
    } while (err == LW_OK && is_plain_tag(h));
    return err;
}

lw_err lw_cbor_read_value(lw_cbor *c, lw_value *out_value)
{
    head h;
    lw_err err = read_item_head(c, &h);
    if (err != LW_OK) {
        return err;
    }
    head exponent;
    double base = h.arg == TAG_DECIMAL ? 10 : 2;
    bool is_fraction = h.major == LW_CBOR_TAG;
    if (is_fraction) {
        err = read_parts(c, &exponent, &h);
        if (err != LW_OK) {
            return err;
        }
    }
    out_value->single = false;
    switch (h.major) {
    case LW_CBOR_UINT:
    case LW_CBOR_NEGATIVE:
        err = integer_of(&h, out_value);
        if (err == LW_OK && is_fraction) {
            scale(out_value, base, &exponent);
        }
        return err;
    case LW_CBOR_BYTES:
    case LW_CBOR_TEXT:
        return read_string(c, &h, out_value);
    case LW_CBOR_SIMPLE:
        return read_simple(&h, out_value);
    default:
        return LW_EFORMAT;
    }
}

static lw_err count_of(const head *h, uint32_t *out_left)
{
    *out_left = h->info == INFO_INDEFINITE ? LW_CBOR_INDEFINITE : h->len;
    return h->len < LW_CBOR_INDEFINITE / 2 ? LW_OK : LW_ETOOBIG;
}

lw_err lw_cbor_read_count(lw_cbor *c, lw_cbor_major major, uint32_t *out_left)
{
    head h;
    lw_err err = read_item_head(c, &h);
    if (err != LW_OK) {
        return err;
    }
    return h.major == (unsigned)major ? count_of(&h, out_left) : LW_EFORMAT;
}

lw_err lw_cbor_peek(const lw_cbor *c, lw_cbor_major *out_major)
{
    lw_cbor ahead = *c;
    head h = {.major = LW_CBOR_SIMPLE};
    lw_err err = read_item_head(&ahead, &h);
    *out_major = (lw_cbor_major)h.major;
    return err;
}

lw_err lw_cbor_more(lw_cbor *c, uint32_t *left)
{
    if (*left != LW_CBOR_INDEFINITE) {
        if (*left == 0) {
            return LW_END;
        }
        --*left;
        return LW_OK;
    }
    if (c->at == c->end) {
        return LW_AGAIN;
    }
    if (*c->at != BREAK) {
        return LW_OK;
    }
    c->at++;
    *left = 0;
    return LW_END;
}

/* Of containers that say how many items they have only the sum counts: so many are `pending`. One
 * that ends with a break puts aside what is pending around it. An item takes an octet at least, so
 * no count beyond what is left need be believed. */
LW_APART lw_err lw_cbor_skip(lw_cbor *c)
{
    size_t aside[LW_CBOR_DEPTH_MAX];
    unsigned depth = 0;
    size_t pending = 1;
    while (depth > 0 || pending > 0) {
        if (pending == 0 && c->at < c->end && *c->at == BREAK) {
            c->at++;
            pending = aside[--depth];
            continue;
        }
        head h;
        lw_err err = read_head(c, &h);
        if (err != LW_OK) {
            return err;
        }
        pending -= pending > 0;
        if (h.info == INFO_INDEFINITE) {
            if (h.major == LW_CBOR_SIMPLE) {
                return LW_EFORMAT; /* a break that ends nothing */
            }
            if (depth == LW_CBOR_DEPTH_MAX) {
                return LW_EDEPTH;
            }
            aside[depth++] = pending;
            pending = 0;
        } else if (h.major == LW_CBOR_TAG) {
            pending++; /* the item that it tags */
        } else if (h.major >= LW_CBOR_BYTES && h.major <= LW_CBOR_MAP) {
            if (h.len > left_of(c)) {
                return LW_AGAIN;
            }
            if (h.major <= LW_CBOR_TEXT) {
                c->at += h.len;
            } else {
                pending += (size_t)h.len << (h.major - LW_CBOR_ARRAY); /* a map has pairs */
            }
        }
        if (pending > left_of(c)) {
            return LW_AGAIN;
        }
    }
    return LW_OK;
}

/* ---- Writing ----------------------------------------------------------------------------------
 */

static void write_argument(lw_writer *w, unsigned major, unsigned info, uint64_t arg)
{
    lw_write_u8(w, (uint8_t)(major << 5 | info));
    lw_write_uint(w, arg, 1u << (info - INFO_1_OCTET));
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

/* The opposite of widen; false when `to` cannot hold the value exactly. What is cut off, or does
 * not fit at all, shows when it is widened again. */
static bool narrow(uint64_t bits, ieee to, uint32_t *out)
{
    int exponent_all = 2 * to.bias + 1;
    uint32_t implicit_one = 1u << to.mantissa_bits;
    uint32_t mantissa =
        (uint32_t)(bits >> (DOUBLE_MANTISSA_BITS - to.mantissa_bits)) & (implicit_one - 1);
    int exponent = (int)(bits >> DOUBLE_MANTISSA_BITS & DOUBLE_EXPONENT_ALL);
    if (exponent == DOUBLE_EXPONENT_ALL) {
        exponent = exponent_all;
    } else if (exponent != 0) {
        exponent += to.bias - DOUBLE_BIAS;
        if (exponent >= exponent_all || exponent < -to.mantissa_bits) {
            return false;
        }
        if (exponent <= 0) { /* subnormal there */
            mantissa = (mantissa | implicit_one) >> (1 - exponent);
            exponent = 0;
        }
    }
    uint32_t sign = (uint32_t)(bits >> 63) * ((uint32_t)exponent_all + 1);
    *out = (sign | (uint32_t)exponent) << to.mantissa_bits | mantissa;
    return widen(*out, to) == bits;
}

static void write_float(lw_writer *w, uint64_t bits)
{
    unsigned info = SIMPLE_DOUBLE;
    uint32_t narrower;
    if (narrow(bits, HALF, &narrower)) {
        info = SIMPLE_HALF;
    } else if (narrow(bits, SINGLE, &narrower)) {
        info = SIMPLE_SINGLE;
    }
    write_argument(w, LW_CBOR_SIMPLE, info, info == SIMPLE_DOUBLE ? bits : narrower);
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
        write_float(w, value->as.uns); /* the bits of as.number */
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
