#include "api/out.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base64.h"
#include "base/num.h"
#include "base/utf8.h"
#include "codec/json.h"

/* Integers that every reader of JSON takes exactly (RFC 7493 section 2.2). */
#define EXACT_MAX 9007199254740992

void out_fini(json_out *o)
{
    free(o->text);
    *o = (json_out){.text = NULL};
}

/* Room for `more` octets, or NULL. */
static char *reserve(json_out *o, size_t more)
{
    if (o->failed || more > OUT_MAX - o->len) {
        o->failed = true;
        return NULL;
    }
    if (o->len + more > o->cap) {
        size_t cap = o->cap * 2 > o->len + more ? o->cap * 2 : o->len + more + 512;
        char *grown = realloc(o->text, cap);
        if (grown == NULL) {
            o->failed = true;
            return NULL;
        }
        o->text = grown;
        o->cap = cap;
    }
    return o->text + o->len;
}

static void put(json_out *o, const char *text, size_t len)
{
    char *at = reserve(o, len);
    if (at != NULL && len > 0) {
        memcpy(at, text, len);
        o->len += len;
    }
}

void out_format(json_out *o, const char *format, ...)
{
    va_list args;
    char *at = reserve(o, 256);
    if (at == NULL) {
        return;
    }
    va_start(args, format);
    int len = vsnprintf(at, 256, format, args);
    va_end(args);
    if (len >= 256) {
        at = reserve(o, (size_t)len + 1);
        if (at == NULL) {
            return;
        }
        va_start(args, format);
        vsnprintf(at, (size_t)len + 1, format, args);
        va_end(args);
    }
    o->len += len > 0 ? (size_t)len : 0;
}

static void begin(json_out *o, const char *name)
{
    if (o->comma) {
        put(o, ",", 1);
    }
    o->comma = true;
    if (name != NULL) {
        put(o, "\"", 1);
        put(o, name, strlen(name));
        put(o, "\":", 2);
    }
}

void out_object(json_out *o, const char *name)
{
    begin(o, name);
    put(o, "{", 1);
    o->comma = false;
}

void out_array(json_out *o, const char *name)
{
    begin(o, name);
    put(o, "[", 1);
    o->comma = false;
}

void out_end(json_out *o, char bracket)
{
    put(o, &bracket, 1);
    o->comma = true;
}

static void put_quoted(json_out *o, lw_bytes text)
{
    char *at = reserve(o, text.len * 6 + 2); /* "\u0001" for each octet */
    if (at != NULL) {
        lw_writer w;
        lw_writer_init(&w, (uint8_t *)at, text.len * 6 + 2);
        lw_json_write_string(&w, text);
        o->len += w.pos;
        o->failed = w.err != LW_OK;
    }
}

/* Only what devices send can be no UTF-8, and hardly ever is: octet by octet will do. */
static void put_repaired(json_out *o, lw_bytes text)
{
    put(o, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c < ' ' || c >= 0x7f) {
            put(o, "\xef\xbf\xbd", 3);
        } else {
            put(o, "\\", c == '"' || c == '\\');
            put(o, (const char *)&c, 1);
        }
    }
    put(o, "\"", 1);
}

void out_text(json_out *o, const char *name, lw_bytes text)
{
    begin(o, name);
    if (lw_utf8_is_valid(text)) {
        put_quoted(o, text);
    } else {
        put_repaired(o, text);
    }
}

void out_str(json_out *o, const char *name, const char *text)
{
    out_text(o, name, lw_bytes_str(text));
}

void out_int(json_out *o, const char *name, int64_t v)
{
    char text[LW_NUM_INT_TEXT_MAX];
    begin(o, name);
    put(o, text, lw_num_format_int64(v, text));
}

void out_uint(json_out *o, const char *name, uint64_t v)
{
    char text[LW_NUM_INT_TEXT_MAX];
    begin(o, name);
    put(o, text, lw_num_format_uint64(v, text));
}

void out_bool(json_out *o, const char *name, bool v)
{
    begin(o, name);
    put(o, v ? "true" : "false", v ? 4 : 5);
}

void out_null(json_out *o, const char *name)
{
    begin(o, name);
    put(o, "null", 4);
}

void out_base64(json_out *o, const char *name, lw_bytes octets)
{
    begin(o, name);
    put(o, "\"", 1);
    size_t len = lw_base64_encoded_len(LW_BASE64, octets.len);
    char *at = reserve(o, len);
    if (at != NULL) {
        lw_writer w;
        lw_writer_init(&w, (uint8_t *)at, len);
        lw_base64_encode(LW_BASE64, octets, &w);
        o->len += w.pos;
    }
    put(o, "\"", 1);
}

void out_path(json_out *o, const char *name, lw_path path)
{
    char text[LW_PATH_TEXT_MAX];
    out_text(o, name, lw_bytes_of(text, lw_path_format(path, text)));
}

/* Years of more than four digits have no text in RFC 3339: the number itself, then. */
static void put_time(json_out *o, const char *name, int64_t seconds, const char *fraction)
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
        out_int(o, name, seconds);
        return;
    }
    begin(o, name);
    out_format(o, "\"%04d-%02d-%02dT%02d:%02d:%02d%sZ\"", tm.tm_year + 1900, tm.tm_mon + 1,
               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, fraction);
}

void out_time(json_out *o, const char *name, lw_time ms)
{
    char fraction[8];
    int64_t rest = ((int64_t)ms % 1000 + 1000) % 1000;
    snprintf(fraction, sizeof fraction, ".%03d", (int)rest);
    put_time(o, name, ((int64_t)ms - rest) / 1000, fraction);
}

void out_date(json_out *o, const char *name, int64_t seconds)
{
    put_time(o, name, seconds, "");
}

void out_code(json_out *o, const char *name, uint8_t code)
{
    begin(o, name);
    out_format(o, "\"%u.%02u\"", code >> 5, code & 0x1fu);
}

void out_raw(json_out *o, const char *name, lw_bytes json)
{
    begin(o, name);
    put(o, (const char *)json.ptr, json.len);
}

static void put_number(json_out *o, const char *name, lw_value v)
{
    char text[LW_NUM_TEXT_MAX];
    double d = v.as.number;
    if (isnan(d) || isinf(d)) {
        out_str(o, name, isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
        return;
    }
    size_t len = lw_num_format_double(d, v.single, LW_NUM_SHORT, text);
    begin(o, name);
    put(o, text, len);
    /* Digits alone would be read as an integer, which some readers refuse above 2^63. */
    if (fabs(d) > EXACT_MAX && memchr(text, 'e', len) == NULL) {
        put(o, ".0", 2);
    }
}

void out_value(json_out *o, const char *name, lw_value v)
{
    char link[LW_OBJLNK_TEXT_MAX];
    char digits[LW_NUM_INT_TEXT_MAX];
    switch (v.type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        out_text(o, name, v.as.bytes);
        break;
    case LW_TYPE_OPAQUE:
        out_base64(o, name, v.as.bytes);
        break;
    case LW_TYPE_INTEGER:
        if (v.as.integer > EXACT_MAX || v.as.integer < -EXACT_MAX) {
            out_text(o, name, lw_bytes_of(digits, lw_num_format_int64(v.as.integer, digits)));
        } else {
            out_int(o, name, v.as.integer);
        }
        break;
    case LW_TYPE_UNSIGNED:
        if (v.as.uns > EXACT_MAX) {
            out_text(o, name, lw_bytes_of(digits, lw_num_format_uint64(v.as.uns, digits)));
        } else {
            out_uint(o, name, v.as.uns);
        }
        break;
    case LW_TYPE_FLOAT:
        put_number(o, name, v);
        break;
    case LW_TYPE_BOOLEAN:
        out_bool(o, name, v.as.boolean);
        break;
    case LW_TYPE_TIME:
        out_date(o, name, v.as.integer);
        break;
    case LW_TYPE_OBJLNK:
        out_text(o, name, lw_bytes_of(link, lw_objlnk_format(v.as.link, link)));
        break;
    default:
        out_null(o, name);
    }
}
