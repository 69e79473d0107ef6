#include "lw/value.h"

#include "base/utf8.h"
#include "lw/path.h"
#include "model/id.h"

#define DOUBLE_BIAS 1023u

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
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_FLOAT:
        return a.as.uns == b.as.uns; /* all 64 bits wide, and equal when their bits are */
    case LW_TYPE_BOOLEAN:
        return a.as.boolean == b.as.boolean;
    case LW_TYPE_OBJLNK:
        return a.as.link.object == b.as.link.object && a.as.link.instance == b.as.link.instance;
    default:
        return true;
    }
}

/* The whole number that a double's magnitude is; LW_ERANGE from 2^64 on and for a fraction. */
static lw_err to_magnitude(lw_value value, uint64_t *out)
{
    value.as.uns &= INT64_MAX;                                /* without its sign */
    if ((uint32_t)(value.as.uns >> 52) >= DOUBLE_BIAS + 64) { /* also a NaN */
        return LW_ERANGE;
    }
    *out = (uint64_t)value.as.number;
    return lw_value_float((double)*out).as.uns == value.as.uns ? LW_OK : LW_ERANGE;
}

/* A whole number by its bits, which must mean the same there. */
static lw_err to_whole(lw_value *v, lw_type type)
{
    bool negative =
        v->type != LW_TYPE_UNSIGNED && v->as.integer < 0; /* the sign of a double, too */
    uint64_t bits = v->as.uns;
    lw_err err;
    switch (v->type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        break;
    case LW_TYPE_FLOAT:
        err = to_magnitude(*v, &bits);
        if (err != LW_OK) {
            return err;
        }
        bits = negative ? 0 - bits : bits;
        break;
    default:
        return LW_ETYPE;
    }
    v->as.uns = bits;
    bool is_negative = type != LW_TYPE_UNSIGNED && bits >> 63 != 0;
    return bits == 0 || negative == is_negative ? LW_OK : LW_ERANGE;
}

/* What is in the union; the type still is the one before. */
static lw_err convert(lw_value *v, lw_type type)
{
    switch (type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        if (v->type != LW_TYPE_STRING && v->type != LW_TYPE_CORELNK) {
            return LW_ETYPE;
        }
        return lw_utf8_is_valid(v->as.bytes) ? LW_OK : LW_EFORMAT;
    case LW_TYPE_INTEGER:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_TIME:
        return to_whole(v, type);
    case LW_TYPE_FLOAT:
        return lw_value_to_number(v, &v->as.number) ? LW_OK : LW_ETYPE;
    case LW_TYPE_OBJLNK:
        if (v->type == LW_TYPE_STRING) {
            return lw_objlnk_parse(v->as.bytes, &v->as.link);
        }
        break;
    default: /* BOOLEAN, OPAQUE and NONE come from nothing but themselves */
        break;
    }
    return v->type == type ? LW_OK : LW_ETYPE;
}

lw_err lw_value_convert(const lw_value *in, lw_type type, lw_value *out_value)
{
    lw_value out = *in;
    lw_err err = convert(&out, type);
    if (err == LW_OK) {
        out.type = type;
        out.single = out.single && type == LW_TYPE_FLOAT;
        *out_value = out;
    }
    return err;
}

bool lw_value_to_number(const lw_value *v, double *out_number)
{
    switch (v->type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        *out_number = (double)v->as.integer;
        return true;
    case LW_TYPE_UNSIGNED:
        *out_number = (double)v->as.uns;
        return true;
    case LW_TYPE_FLOAT:
        *out_number = v->as.number;
        return true;
    default:
        return false;
    }
}

lw_err lw_objlnk_parse(lw_bytes text, lw_objlnk *out_link)
{
    lw_objlnk link = {LW_ID_MAX, LW_ID_MAX};
    if (!lw_bytes_is(text, "FFFF:FFFF")) { /* as old texts write the null link */
        size_t pos = 0;
        lw_err err = lw_id_read(text, &pos, &link.object);
        if (err != LW_OK) {
            return err;
        }
        if (pos == text.len || text.ptr[pos++] != ':') {
            return LW_EFORMAT;
        }
        err = lw_id_read(text, &pos, &link.instance);
        if (err != LW_OK) {
            return err;
        }
        if (pos != text.len) {
            return LW_EFORMAT;
        }
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
