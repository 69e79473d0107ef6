#include "store/fields.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/num.h"
#include "store/row.h"

#define EXACT ((int64_t)1 << 53) /* whole numbers up to this are exact in every reader of JSON */

typedef enum field_type {
    TEXT,
    OCTETS,
    BOOLEAN,
    U8,
    U16,
    U32,
    U64,
    I8,
    I64,
    ADDRESS,
    PATH,
    VALUE
} field_type;

typedef struct field {
    const char *name;
    field_type type;
    size_t offset; /* in the struct of the row's kind */
} field;

#define DEVICE(name, type)                         \
    {                                              \
#name, type, offsetof(lw_row_device, name) \
    }
#define WISH(name, type)                         \
    {                                            \
#name, type, offsetof(lw_row_wish, name) \
    }
#define REQUEST(name, type)                         \
    {                                               \
#name, type, offsetof(lw_row_request, name) \
    }
#define VALUE_(name, type)                        \
    {                                             \
#name, type, offsetof(lw_row_value, name) \
    }
#define DOCUMENT(name, type)                         \
    {                                                \
#name, type, offsetof(lw_row_document, name) \
    }

static const field device_fields[] = {
    DEVICE(endpoint, TEXT),
    DEVICE(number, U64),
    DEVICE(created_at, I64),
    DEVICE(seen_at, I64),
    DEVICE(is_registered, BOOLEAN),
    DEVICE(location, TEXT),
    {"peer", ADDRESS, offsetof(lw_row_device, hop.peer)},
    {"local", ADDRESS, offsetof(lw_row_device, hop.local)},
    {"socket", U8, offsetof(lw_row_device, hop.socket)},
    DEVICE(version, U8),
    DEVICE(bindings, U8),
    DEVICE(queue_mode, BOOLEAN),
    DEVICE(lifetime, U32),
    DEVICE(registered_at, I64),
    DEVICE(updated_at, I64),
    DEVICE(expires_at, I64),
    DEVICE(sms, TEXT),
    DEVICE(profiles, TEXT),
    DEVICE(links, TEXT),
    DEVICE(unknown, TEXT),
    {NULL, TEXT, 0},
};

static const field wish_fields[] = {
    WISH(endpoint, TEXT), WISH(target, TEXT),    WISH(composite, BOOLEAN), WISH(attributes, TEXT),
    WISH(format, U16),    WISH(created_at, I64), {NULL, TEXT, 0},
};

static const field request_fields[] = {
    REQUEST(id, U64),         REQUEST(endpoint, TEXT),
    REQUEST(op, U8),          REQUEST(path, TEXT),
    REQUEST(body, OCTETS),    REQUEST(arguments, TEXT),
    REQUEST(format, U16),     REQUEST(depth, U8),
    REQUEST(force, BOOLEAN),  REQUEST(timeout_ms, U32),
    REQUEST(created_at, I64), REQUEST(expires_at, I64),
    REQUEST(state, U8),       REQUEST(code, U8),
    REQUEST(err, I8),         REQUEST(answer_format, U16),
    REQUEST(answer, OCTETS),  REQUEST(ended_at, I64),
    {NULL, TEXT, 0},
};

static const field value_fields[] = {
    VALUE_(endpoint, TEXT),   VALUE_(path, PATH), VALUE_(at, I64),
    VALUE_(received_at, I64), VALUE_(source, U8), {"value", VALUE, offsetof(lw_row_value, value)},
    {NULL, TEXT, 0},
};

static const field document_fields[] = {
    DOCUMENT(key, TEXT),
    DOCUMENT(text, TEXT),
    {NULL, TEXT, 0},
};

static const field *fields_of(lw_row_kind kind)
{
    switch (kind) {
    case LW_ROW_DEVICE:
        return device_fields;
    case LW_ROW_WISH:
        return wish_fields;
    case LW_ROW_REQUEST:
        return request_fields;
    case LW_ROW_VALUE:
        return value_fields;
    default:
        return document_fields;
    }
}

/* ---- To JSON; NULL: out of memory ---- */

static json_t *of_int64(int64_t number)
{
    char text[LW_NUM_INT_TEXT_MAX];
    if (number >= -EXACT && number <= EXACT) {
        return json_integer(number);
    }
    return json_stringn(text, lw_num_format_int64(number, text));
}

json_t *lw_json_of_uint64(uint64_t number)
{
    char text[LW_NUM_INT_TEXT_MAX];
    if (number <= (uint64_t)EXACT) {
        return json_integer((json_int_t)number);
    }
    return json_stringn(text, lw_num_format_uint64(number, text));
}

static json_t *of_octets(lw_bytes octets)
{
    size_t len = lw_base64_encoded_len(LW_BASE64, octets.len);
    uint8_t *text = malloc(len + 1);
    if (text == NULL) {
        return NULL;
    }
    lw_writer w;
    lw_writer_init(&w, text, len);
    lw_base64_encode(LW_BASE64, octets, &w);
    json_t *json = json_stringn((const char *)text, len);
    free(text);
    return json;
}

static json_t *of_text(lw_bytes text)
{
    json_t *json = json_stringn(text.len > 0 ? (const char *)text.ptr : "", text.len);
    return json != NULL ? json : json_pack("{s:o}", "base64", of_octets(text));
}

static json_t *of_addr(const lw_addr *addr)
{
    char ip[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, addr->ip, ip, sizeof ip);
    return json_pack("{s:s, s:I, s:i}", "ip", ip, "scope", (json_int_t)addr->scope, "port",
                     (int)addr->port);
}

static json_t *of_path(lw_path path)
{
    char text[LW_PATH_TEXT_MAX];
    return json_stringn(text, lw_path_format(path, text));
}

static json_t *of_float(const lw_value *value)
{
    char text[24];
    json_t *json = json_real(value->as.number);
    if (json != NULL) {
        return json;
    }
    snprintf(text, sizeof text, "0x%016llx", (unsigned long long)value->as.uns); /* NaN, infinite */
    return json_string(text);
}

static json_t *of_typed(const lw_value *value)
{
    char text[LW_OBJLNK_TEXT_MAX];
    switch (value->type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        return of_text(value->as.bytes);
    case LW_TYPE_OPAQUE:
        return of_octets(value->as.bytes);
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        return of_int64(value->as.integer);
    case LW_TYPE_UNSIGNED:
        return lw_json_of_uint64(value->as.uns);
    case LW_TYPE_FLOAT:
        return of_float(value);
    case LW_TYPE_BOOLEAN:
        return json_boolean(value->as.boolean);
    case LW_TYPE_OBJLNK:
        return json_stringn(text, lw_objlnk_format(value->as.link, text));
    default:
        return json_null();
    }
}

static json_t *of_value(const lw_value *value)
{
    return json_pack("{s:s, s:b, s:o}", "type", lw_type_name(value->type), "single", value->single,
                     "value", of_typed(value));
}

static json_t *of_field(const void *at, field_type type)
{
    switch (type) {
    case TEXT:
        return of_text(*(const lw_bytes *)at);
    case OCTETS:
        return of_octets(*(const lw_bytes *)at);
    case BOOLEAN:
        return json_boolean(*(const bool *)at);
    case U8:
        return json_integer(*(const uint8_t *)at);
    case U16:
        return json_integer(*(const uint16_t *)at);
    case U32:
        return json_integer(*(const uint32_t *)at);
    case U64:
        return lw_json_of_uint64(*(const uint64_t *)at);
    case I8:
        return json_integer(*(const int8_t *)at);
    case I64:
        return of_int64(*(const int64_t *)at);
    case ADDRESS:
        return of_addr(at);
    case PATH:
        return of_path(*(const lw_path *)at);
    default:
        return of_value(at);
    }
}

json_t *lw_row_to_json(const lw_row *row)
{
    json_t *object = json_pack("{s:s}", "kind", lw_row_kind_name(row->kind));
    const uint8_t *base = (const uint8_t *)&row->as;
    for (const field *f = fields_of(row->kind); f->name != NULL && object != NULL; f++) {
        if (json_object_set_new(object, f->name, of_field(base + f->offset, f->type)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

/* ---- From JSON; false: it is something else ---- */

static lw_bytes string_of(const json_t *json)
{
    return lw_bytes_of(json_string_value(json), json_string_length(json));
}

static bool to_int64(const json_t *json, int64_t *out)
{
    if (json_is_integer(json)) {
        *out = json_integer_value(json);
        return true;
    }
    return json_is_string(json) && lw_num_parse_int64(string_of(json), out) == LW_OK;
}

bool lw_json_to_uint64(const json_t *json, uint64_t *out_number)
{
    if (json_is_integer(json)) {
        *out_number = (uint64_t)json_integer_value(json);
        return json_integer_value(json) >= 0;
    }
    return json_is_string(json) && lw_num_parse_uint64(string_of(json), out_number) == LW_OK;
}

static bool to_small(const json_t *json, int64_t least, int64_t most, int64_t *out)
{
    *out = json_integer_value(json);
    return json_is_integer(json) && *out >= least && *out <= most;
}

static bool to_octets(const json_t *json, lw_scratch *scratch, lw_bytes *out)
{
    size_t len = 0;
    uint8_t *octets = scratch->octets + scratch->used;
    if (!json_is_string(json) ||
        lw_base64_decode(string_of(json), octets, scratch->cap - scratch->used, &len) != LW_OK) {
        return false;
    }
    *out = lw_bytes_of(octets, len);
    scratch->used += len;
    return true;
}

static bool to_text(const json_t *json, lw_scratch *scratch, lw_bytes *out)
{
    if (json_is_object(json)) {
        return json_object_size(json) == 1 &&
               to_octets(json_object_get(json, "base64"), scratch, out);
    }
    *out = string_of(json);
    return json_is_string(json);
}

static bool to_addr(const json_t *json, lw_addr *out)
{
    int64_t scope, port;
    const char *ip = json_string_value(json_object_get(json, "ip"));
    if (json_object_size(json) != 3 || ip == NULL || inet_pton(AF_INET6, ip, out->ip) != 1 ||
        !to_small(json_object_get(json, "scope"), 0, UINT32_MAX, &scope) ||
        !to_small(json_object_get(json, "port"), 0, UINT16_MAX, &port)) {
        return false;
    }
    out->scope = (uint32_t)scope;
    out->port = (uint16_t)port;
    return true;
}

static bool to_float(const json_t *json, lw_value *out)
{
    unsigned long long bits;
    char rest;
    if (json_is_number(json)) {
        out->as.number = json_number_value(json);
        return true;
    }
    if (!json_is_string(json) || json_string_length(json) != 18 ||
        sscanf(json_string_value(json), "0x%16llx%c", &bits, &rest) != 1) {
        return false;
    }
    out->as.uns = bits;
    return true;
}

static bool to_typed(const json_t *json, lw_scratch *scratch, lw_value *out)
{
    switch (out->type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        return to_text(json, scratch, &out->as.bytes);
    case LW_TYPE_OPAQUE:
        return to_octets(json, scratch, &out->as.bytes);
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        return to_int64(json, &out->as.integer);
    case LW_TYPE_UNSIGNED:
        return lw_json_to_uint64(json, &out->as.uns);
    case LW_TYPE_FLOAT:
        return to_float(json, out);
    case LW_TYPE_BOOLEAN:
        out->as.boolean = json_is_true(json);
        return json_is_boolean(json);
    case LW_TYPE_OBJLNK:
        return json_is_string(json) && lw_objlnk_parse(string_of(json), &out->as.link) == LW_OK;
    default:
        return json_is_null(json);
    }
}

static bool to_value(const json_t *json, lw_scratch *scratch, lw_value *out)
{
    const char *name = json_string_value(json_object_get(json, "type"));
    const json_t *single = json_object_get(json, "single");
    if (json_object_size(json) != 3 || name == NULL || !json_is_boolean(single)) {
        return false;
    }
    for (int type = LW_TYPE_NONE; type <= LW_TYPE_CORELNK; type++) {
        if (strcmp(name, lw_type_name((lw_type)type)) == 0) {
            *out = (lw_value){.type = (uint8_t)type, .single = json_is_true(single)};
            return to_typed(json_object_get(json, "value"), scratch, out);
        }
    }
    return false;
}

static bool to_field(const json_t *json, lw_scratch *scratch, field_type type, void *at)
{
    int64_t number = 0;
    bool fits;
    switch (type) {
    case TEXT:
        return to_text(json, scratch, at);
    case OCTETS:
        return to_octets(json, scratch, at);
    case BOOLEAN:
        *(bool *)at = json_is_true(json);
        return json_is_boolean(json);
    case U8:
        fits = to_small(json, 0, UINT8_MAX, &number);
        *(uint8_t *)at = (uint8_t)number;
        return fits;
    case U16:
        fits = to_small(json, 0, UINT16_MAX, &number);
        *(uint16_t *)at = (uint16_t)number;
        return fits;
    case U32:
        fits = to_small(json, 0, UINT32_MAX, &number);
        *(uint32_t *)at = (uint32_t)number;
        return fits;
    case U64:
        return lw_json_to_uint64(json, at);
    case I8:
        fits = to_small(json, INT8_MIN, INT8_MAX, &number);
        *(int8_t *)at = (int8_t)number;
        return fits;
    case I64:
        return to_int64(json, at);
    case ADDRESS:
        return to_addr(json, at);
    case PATH:
        return json_is_string(json) && lw_path_parse(string_of(json), at) == LW_OK;
    default:
        return to_value(json, scratch, at);
    }
}

static bool find_kind(const json_t *object, uint8_t *out_kind)
{
    const char *name = json_string_value(json_object_get(object, "kind"));
    for (int kind = 0; kind < LW_ROW_KIND_COUNT && name != NULL; kind++) {
        if (strcmp(name, lw_row_kind_name((lw_row_kind)kind)) == 0) {
            *out_kind = (uint8_t)kind;
            return true;
        }
    }
    return false;
}

lw_err lw_row_from_json(const json_t *object, lw_scratch *scratch, lw_row *out_row,
                        const char **out_field)
{
    *out_row = (lw_row){0};
    *out_field = "kind";
    if (!find_kind(object, &out_row->kind)) {
        return LW_EFORMAT;
    }
    uint8_t *base = (uint8_t *)&out_row->as;
    size_t count = 1;
    for (const field *f = fields_of(out_row->kind); f->name != NULL; f++, count++) {
        *out_field = f->name;
        if (!to_field(json_object_get(object, f->name), scratch, f->type, base + f->offset)) {
            return LW_EFORMAT;
        }
    }
    *out_field = "a name that is not known";
    return json_object_size(object) == count ? LW_OK : LW_EFORMAT;
}
