#include "lw/value.h"

#include "base/utf8.h"
#include "model/id.h"

#define TWO_POW_64 18446744073709551616.0
#define TWO_POW_63 ((uint64_t)1 << 63)

lw_value lw_value_none(void)
{
    return (lw_value){.type = LW_TYPE_NONE};
}

lw_value lw_value_string(const char *s)
{
    return lw_value_bytes(LW_TYPE_STRING, lw_bytes_str(s));
}

lw_value lw_value_bytes(lw_type type, lw_bytes b)
{
    return (lw_value){.type = (uint8_t)type, .as.bytes = b};
}

lw_value lw_value_integer(int64_t v)
{
    return (lw_value){.type = LW_TYPE_INTEGER, .as.integer = v};
}

lw_value lw_value_unsigned(uint64_t v)
{
    return (lw_value){.type = LW_TYPE_UNSIGNED, .as.uns = v};
}

lw_value lw_value_float(double v)
{
    return (lw_value){.type = LW_TYPE_FLOAT, .as.number = v};
}

lw_value lw_value_single(float v)
{
    return (lw_value){.type = LW_TYPE_FLOAT, .single = true, .as.number = (double)v};
}

lw_value lw_value_boolean(bool v)
{
    return (lw_value){.type = LW_TYPE_BOOLEAN, .as.boolean = v};
}

lw_value lw_value_time(int64_t seconds)
{
    return (lw_value){.type = LW_TYPE_TIME, .as.integer = seconds};
}

lw_value lw_value_objlnk(uint16_t object, uint16_t instance)
{
    return (lw_value){.type = LW_TYPE_OBJLNK, .as.link = {object, instance}};
}

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

bool lw_value_equal(lw_value a, lw_value b)
{
    if (a.type != b.type) {
        return false;
    }
    switch (a.type) {
    case LW_TYPE_STRING:
    case LW_TYPE_OPAQUE:
    case LW_TYPE_CORELNK:
        return lw_bytes_equal(a.as.bytes, b.as.bytes);
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        return a.as.integer == b.as.integer;
    case LW_TYPE_UNSIGNED:
        return a.as.uns == b.as.uns;
    case LW_TYPE_FLOAT:
        return bits_of(a.as.number) == bits_of(b.as.number);
    case LW_TYPE_BOOLEAN:
        return a.as.boolean == b.as.boolean;
    case LW_TYPE_OBJLNK:
        return a.as.link.object == b.as.link.object && a.as.link.instance == b.as.link.instance;
    default:
        return true;
    }
}

/* An integer of either signedness, so that all conversions meet in one place. */
typedef struct whole {
    bool negative;
    uint64_t magnitude;
} whole;

static whole whole_of_integer(int64_t v)
{
    return (whole){v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v};
}

static lw_err whole_of_float(double v, whole *out)
{
    double magnitude = v < 0 ? -v : v;
    if (!(magnitude < TWO_POW_64)) { /* also a NaN */
        return LW_ERANGE;
    }
    *out = (whole){v < 0, (uint64_t)magnitude};
    return (double)out->magnitude == magnitude ? LW_OK : LW_ERANGE;
}

static lw_err whole_of(lw_value in, whole *out)
{
    switch (in.type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        *out = whole_of_integer(in.as.integer);
        return LW_OK;
    case LW_TYPE_UNSIGNED:
        *out = (whole){false, in.as.uns};
        return LW_OK;
    case LW_TYPE_FLOAT:
        return whole_of_float(in.as.number, out);
    default:
        return LW_ETYPE;
    }
}

static lw_err to_whole(lw_value in, lw_type type, lw_value *out)
{
    whole w;
    lw_err err = whole_of(in, &w);
    if (err != LW_OK) {
        return err;
    }
    if (type == LW_TYPE_UNSIGNED) {
        *out = lw_value_unsigned(w.magnitude);
        return w.negative ? LW_ERANGE : LW_OK;
    }
    uint64_t largest = w.negative ? TWO_POW_63 : TWO_POW_63 - 1;
    if (w.magnitude > largest) {
        return LW_ERANGE;
    }
    /* -(m - 1) - 1, because -2^63 has no positive twin. */
    *out = lw_value_integer(w.negative ? -(int64_t)(w.magnitude - 1) - 1 : (int64_t)w.magnitude);
    out->type = (uint8_t)type;
    return LW_OK;
}

static lw_err to_float(lw_value in, lw_value *out)
{
    if (in.type == LW_TYPE_FLOAT) {
        *out = in;
        return LW_OK;
    }
    double number;
    if (!lw_value_to_number(in, &number)) {
        return LW_ETYPE;
    }
    *out = lw_value_float(number);
    return LW_OK;
}

static lw_err to_text(lw_value in, lw_type type, lw_value *out)
{
    if (in.type != LW_TYPE_STRING && in.type != LW_TYPE_CORELNK) {
        return LW_ETYPE;
    }
    *out = lw_value_bytes(type, in.as.bytes);
    return lw_utf8_is_valid(in.as.bytes) ? LW_OK : LW_EFORMAT;
}

static lw_err to_objlnk(lw_value in, lw_value *out)
{
    if (in.type != LW_TYPE_STRING) {
        return LW_ETYPE;
    }
    *out = lw_value_objlnk(0, 0);
    return lw_objlnk_parse(in.as.bytes, &out->as.link);
}

static lw_err convert(lw_value in, lw_type type, lw_value *out)
{
    switch (type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        return to_text(in, type, out);
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        return to_whole(in, type, out);
    case LW_TYPE_FLOAT:
        return to_float(in, out);
    default:
        break;
    }
    if (in.type == (uint8_t)type) { /* BOOLEAN, OPAQUE and NONE are nothing but themselves */
        *out = in;
        return LW_OK;
    }
    return type == LW_TYPE_OBJLNK ? to_objlnk(in, out) : LW_ETYPE;
}

lw_err lw_value_convert(lw_value in, lw_type type, lw_value *out_value)
{
    lw_value out;
    lw_err err = convert(in, type, &out);
    if (err == LW_OK) {
        *out_value = out;
    }
    return err;
}

bool lw_value_to_number(lw_value v, double *out_number)
{
    switch (v.type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        *out_number = (double)v.as.integer;
        return true;
    case LW_TYPE_UNSIGNED:
        *out_number = (double)v.as.uns;
        return true;
    case LW_TYPE_FLOAT:
        *out_number = v.as.number;
        return true;
    default:
        return false;
    }
}

/* A decimal id, or the hexadecimal FFFF with which old texts write MAX_ID. */
static lw_err read_link_half(lw_bytes text, size_t *pos, uint16_t *out)
{
    lw_bytes rest = lw_bytes_from(text, *pos);
    if (rest.len >= 4 && (memcmp(rest.ptr, "FFFF", 4) == 0 || memcmp(rest.ptr, "ffff", 4) == 0)) {
        *pos += 4;
        *out = UINT16_MAX;
        return LW_OK;
    }
    return lw_id_read(text, pos, out);
}

lw_err lw_objlnk_parse(lw_bytes text, lw_objlnk *out_link)
{
    lw_objlnk link;
    size_t pos = 0;
    lw_err err = read_link_half(text, &pos, &link.object);
    if (err != LW_OK) {
        return err;
    }
    if (pos == text.len || text.ptr[pos++] != ':') {
        return LW_EFORMAT;
    }
    err = read_link_half(text, &pos, &link.instance);
    if (err != LW_OK) {
        return err;
    }
    if (pos != text.len) {
        return LW_EFORMAT;
    }
    *out_link = link;
    return LW_OK;
}

size_t lw_objlnk_format(lw_objlnk link, char out[LW_OBJLNK_TEXT_MAX])
{
    size_t len = lw_id_format(link.object, out);
    out[len++] = ':';
    return len + lw_id_format(link.instance, out + len);
}

const char *lw_type_name(lw_type type)
{
    static const char *const names[] = {
        [LW_TYPE_NONE] = "none",       [LW_TYPE_STRING] = "String",
        [LW_TYPE_INTEGER] = "Integer", [LW_TYPE_UNSIGNED] = "Unsigned Integer",
        [LW_TYPE_FLOAT] = "Float",     [LW_TYPE_BOOLEAN] = "Boolean",
        [LW_TYPE_OPAQUE] = "Opaque",   [LW_TYPE_TIME] = "Time",
        [LW_TYPE_OBJLNK] = "Objlnk",   [LW_TYPE_CORELNK] = "Corelnk",
    };
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}
