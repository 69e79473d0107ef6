#include "codec/cbor.h"

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
    uint8_t major;
    uint8_t info; /* the low five bits */
    uint64_t arg; /* as many octets as info says; 0 when indefinite */
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
    h->major = first >> 5;
    h->info = first & 31;
    h->arg = h->info;
    if (h->info < INFO_1_OCTET) {
        return LW_OK;
    }
    if (h->info > INFO_8_OCTETS) {
        h->arg = 0;
        /* integers and tags have no indefinite form */
        bool may_be_indefinite = h->major >= LW_CBOR_BYTES && h->major != LW_CBOR_TAG;
        return h->info == INFO_INDEFINITE && may_be_indefinite ? LW_OK : LW_EFORMAT;
    }
    size_t octets = (size_t)1 << (h->info - INFO_1_OCTET);
    if (left_of(c) < octets) {
        return LW_AGAIN;
    }
    uint64_t arg = 0;
    for (const uint8_t *end = c->at + octets; c->at < end; c->at++) {
        arg = arg << 8 | *c->at;
    }
    h->arg = arg;
    return LW_OK;
}

static lw_err take(lw_cbor *c, uint64_t len, lw_bytes *out)
{
    if (len > left_of(c)) {
        return LW_AGAIN;
    }
    *out = lw_bytes_of(c->at, (size_t)len);
    c->at += len;
    return LW_OK;
}

/* Chunks up to a break, joined in scratch (RFC 8949 section 3.2.3). */
static lw_err join_chunks(lw_cbor *c, unsigned major, lw_bytes *out)
{
    uint8_t *start = c->scratch;
    uint32_t left = LW_CBOR_INDEFINITE;
    lw_err err;
    while ((err = lw_cbor_more(c, &left)) == LW_OK) {
        head h;
        lw_bytes chunk;
        err = read_head(c, &h);
        if (err == LW_OK && (h.major != major || h.info == INFO_INDEFINITE)) {
            err = LW_EFORMAT;
        }
        if (err == LW_OK) {
            err = take(c, h.arg, &chunk);
        }
        if (err == LW_OK && chunk.len > c->scratch_len) {
            err = LW_ETOOBIG;
        }
        if (err != LW_OK) {
            return err;
        }
        if (chunk.len > 0) {
            memcpy(c->scratch, chunk.ptr, chunk.len);
            c->scratch += chunk.len;
            c->scratch_len -= chunk.len;
        }
    }
    *out = lw_bytes_of(start, (size_t)(c->scratch - start));
    return err == LW_END ? LW_OK : err;
}

static lw_err read_string(lw_cbor *c, const head *h, lw_value *out)
{
    out->type = h->major == LW_CBOR_TEXT ? LW_TYPE_STRING : LW_TYPE_OPAQUE;
    if (h->info == INFO_INDEFINITE) {
        return join_chunks(c, h->major, &out->as.bytes);
    }
    return take(c, h->arg, &out->as.bytes);
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
    out->type = LW_TYPE_FLOAT;
    switch (h->info) {
    case SIMPLE_FALSE:
    case SIMPLE_TRUE:
        out->type = LW_TYPE_BOOLEAN;
        out->as.boolean = h->info == SIMPLE_TRUE;
        return LW_OK;
    case SIMPLE_NULL:
        out->type = LW_TYPE_NONE;
        return LW_OK;
    case SIMPLE_HALF:
    case SIMPLE_SINGLE:
        out->single = true;
        out->as.uns = widen((uint32_t)h->arg, h->info == SIMPLE_HALF ? HALF : SINGLE);
        return LW_OK;
    case SIMPLE_DOUBLE:
        out->as.uns = h->arg; /* the bits of as.number */
        return LW_OK;
    default:
        return LW_EFORMAT;
    }
}

/* x * base^exponent, in steps whose factor is exact as a double (10^22, 2^22). */
static double scale(double x, double base, int64_t exponent)
{
    bool divide = exponent < 0;
    uint64_t steps = divide ? 0 - (uint64_t)exponent : (uint64_t)exponent;
    uint32_t left = steps < 2200 ? (uint32_t)steps : 2200; /* beyond, all is infinite or zero */
    while (left > 0) {
        double factor = 1;
        for (unsigned i = 0; i < 22 && left > 0; i++, left--) {
            factor *= base;
        }
        x = divide ? x / factor : x * factor;
    }
    return x;
}

/* Tags 4 and 5: [exponent, mantissa] (RFC 8949 section 3.4.4). Mantissas beyond 64 bits are none.
 */
static lw_err read_fraction(lw_cbor *c, double base, lw_value *out)
{
    uint32_t left;
    lw_value parts[2] = {{.type = LW_TYPE_NONE}, {.type = LW_TYPE_NONE}};
    unsigned count = 0;
    lw_err err = lw_cbor_read_count(c, LW_CBOR_ARRAY, &left);
    while (err == LW_OK && (err = lw_cbor_more(c, &left)) == LW_OK) {
        head h;
        err = count < 2 ? read_head(c, &h) : LW_EFORMAT;
        if (err == LW_OK) {
            err = h.major <= LW_CBOR_NEGATIVE ? integer_of(&h, &parts[count++]) : LW_EFORMAT;
        }
    }
    if (err != LW_END) {
        return err;
    }
    if (count < 2) {
        return LW_EFORMAT;
    }
    if (parts[0].type != LW_TYPE_INTEGER) {
        return LW_ERANGE;
    }
    double mantissa;
    (void)lw_value_to_number(parts[1], &mantissa);
    *out = lw_value_float(scale(mantissa, base, parts[0].as.integer));
    return LW_OK;
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
    out_value->single = false;
    switch (h.major) {
    case LW_CBOR_TAG:
        return read_fraction(c, h.arg == TAG_DECIMAL ? 10 : 2, out_value);
    case LW_CBOR_UINT:
    case LW_CBOR_NEGATIVE:
        return integer_of(&h, out_value);
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
    *out_left = h->info == INFO_INDEFINITE ? LW_CBOR_INDEFINITE : (uint32_t)h->arg;
    return h->arg < LW_CBOR_INDEFINITE / 2 ? LW_OK : LW_ETOOBIG;
}

lw_err lw_cbor_read_count(lw_cbor *c, lw_cbor_major major, uint32_t *out_left)
{
    head h;
    lw_err err = read_item_head(c, &h);
    if (err != LW_OK) {
        return err;
    }
    return h.major == (uint8_t)major ? count_of(&h, out_left) : LW_EFORMAT;
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

/* Counts of items still to come, innermost last, stand for the recursion. */
lw_err lw_cbor_skip(lw_cbor *c)
{
    uint32_t left[LW_CBOR_DEPTH_MAX] = {1};
    unsigned depth = 0;
    for (;;) {
        head h;
        lw_bytes string;
        uint32_t count = 0;
        lw_err err = lw_cbor_more(c, &left[depth]);
        if (err == LW_END) {
            if (depth == 0) {
                return LW_OK;
            }
            depth--;
            continue;
        }
        if (err == LW_OK) {
            err = read_head(c, &h);
        }
        if (err != LW_OK) {
            return err;
        }
        bool is_string = h.major == LW_CBOR_BYTES || h.major == LW_CBOR_TEXT;
        bool is_container = h.major == LW_CBOR_ARRAY || h.major == LW_CBOR_MAP;
        if (is_string && h.info != INFO_INDEFINITE) {
            err = take(c, h.arg, &string);
        } else if (is_string || is_container) {
            err = ++depth < LW_CBOR_DEPTH_MAX ? count_of(&h, &count) : LW_EDEPTH;
            if (err == LW_OK) {
                bool pairs = h.major == LW_CBOR_MAP && count != LW_CBOR_INDEFINITE;
                left[depth] = pairs ? 2 * count : count;
            }
        } else if (h.major == LW_CBOR_TAG && left[depth] != LW_CBOR_INDEFINITE) {
            left[depth]++; /* the item that it tags is still to come */
        } else if (h.major == LW_CBOR_SIMPLE && h.info == INFO_INDEFINITE) {
            err = LW_EFORMAT; /* a break that ends nothing */
        }
        if (err != LW_OK) {
            return err;
        }
    }
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
    unsigned info = INFO_1_OCTET;
    info += argument > UINT8_MAX;
    info += argument > UINT16_MAX;
    info += argument > UINT32_MAX;
    write_argument(w, major, info, argument);
}

static void write_string(lw_writer *w, lw_cbor_major major, lw_bytes b)
{
    lw_cbor_write_head(w, major, b.len);
    lw_write_bytes(w, b);
}

void lw_cbor_write_text(lw_writer *w, lw_bytes text)
{
    write_string(w, LW_CBOR_TEXT, text);
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
    uint32_t narrower;
    if (narrow(bits, HALF, &narrower)) {
        write_argument(w, LW_CBOR_SIMPLE, SIMPLE_HALF, narrower);
    } else if (narrow(bits, SINGLE, &narrower)) {
        write_argument(w, LW_CBOR_SIMPLE, SIMPLE_SINGLE, narrower);
    } else {
        write_argument(w, LW_CBOR_SIMPLE, SIMPLE_DOUBLE, bits);
    }
}

void lw_cbor_write_int(lw_writer *w, int64_t v)
{
    lw_cbor_write_head(w, v < 0 ? LW_CBOR_NEGATIVE : LW_CBOR_UINT,
                       v < 0 ? ~(uint64_t)v : (uint64_t)v); /* -1 - n is ~n */
}

void lw_cbor_write_value(lw_writer *w, const lw_value *value)
{
    char link[LW_OBJLNK_TEXT_MAX];
    switch (value->type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        lw_cbor_write_int(w, value->as.integer);
        return;
    case LW_TYPE_UNSIGNED:
        lw_cbor_write_head(w, LW_CBOR_UINT, value->as.uns);
        return;
    case LW_TYPE_FLOAT:
        write_float(w, value->as.uns); /* the bits of as.number */
        return;
    case LW_TYPE_BOOLEAN:
        lw_cbor_write_head(w, LW_CBOR_SIMPLE, value->as.boolean ? SIMPLE_TRUE : SIMPLE_FALSE);
        return;
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        lw_cbor_write_text(w, value->as.bytes);
        return;
    case LW_TYPE_OPAQUE:
        write_string(w, LW_CBOR_BYTES, value->as.bytes);
        return;
    case LW_TYPE_OBJLNK:
        lw_cbor_write_text(w, lw_bytes_of(link, lw_objlnk_format(value->as.link, link)));
        return;
    default:
        lw_cbor_write_head(w, LW_CBOR_SIMPLE, SIMPLE_NULL);
        return;
    }
}
