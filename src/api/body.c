#include "api/body.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/num.h"
#include "base/utf8.h"
#include "codec/date.h"
#include "model/attr.h"
#include "model/id.h"
#include "proto/execute.h"

/* ---- Memory and faults ---------------------------------------------------------------------- */

void body_fini(body *b)
{
    for (size_t i = 0; i < b->piece_count; i++) {
        free(b->pieces[i]);
    }
    free(b->pieces);
    free(b->entries);
    b->pieces = NULL;
    b->entries = NULL;
    b->piece_count = b->piece_cap = b->count = b->cap = 0;
    b->encoded = lw_bytes_of(NULL, 0);
}

/* Memory that lives as long as the body, or NULL. */
static void *take_piece(body *b, size_t size)
{
    if (b->piece_count == b->piece_cap) {
        size_t cap = b->piece_cap > 0 ? b->piece_cap * 2 : 8;
        void **grown = realloc(b->pieces, cap * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        b->pieces = grown;
        b->piece_cap = cap;
    }
    void *piece = malloc(size > 0 ? size : 1);
    if (piece != NULL) {
        b->pieces[b->piece_count++] = piece;
    }
    return piece;
}

static const char no_memory[] = "there is no memory for it";

/* A place in the JSON, two names deep at most. */
typedef struct place {
    const char *outer, *inner; /* NULL: not that deep */
} place;

/* RFC 6901: "~" and "/" in a name are escaped. Cut where it does not fit. */
static void point_at(char *out, size_t size, place at)
{
    const char *names[] = {at.outer, at.inner};
    size_t len = 0;
    for (size_t i = 0; i < 2 && names[i] != NULL; i++) {
        len += (size_t)snprintf(out + len, size - len, "/");
        for (const char *c = names[i]; *c != '\0' && len + 3 < size; c++) {
            const char *escaped = *c == '~' ? "~0" : *c == '/' ? "~1" : NULL;
            len += escaped != NULL ? (size_t)snprintf(out + len, size - len, "%s", escaped)
                                   : (size_t)snprintf(out + len, size - len, "%c", *c);
        }
        if (len + 3 >= size) {
            break;
        }
    }
    out[len] = '\0';
    while (!lw_utf8_is_valid(lw_bytes_of(out, len)) && len > 0) {
        out[--len] = '\0'; /* a character was cut */
    }
}

__attribute__((format(printf, 3, 4))) static bool fail(body *b, place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(b->why, sizeof b->why, format, args);
    va_end(args);
    point_at(b->pointer, sizeof b->pointer, at);
    return false;
}

/* ---- One value ------------------------------------------------------------------------------ */

static const char *read_integer(const json_t *json, lw_value *out)
{
    double d = json_real_value(json);
    if (json_is_integer(json)) {
        *out = lw_value_integer(json_integer_value(json));
        return NULL;
    }
    if (json_is_real(json) && d == floor(d) && fabs(d) < 9007199254740992.0) {
        *out = lw_value_integer((int64_t)d);
        return NULL;
    }
    int64_t v;
    if (json_is_string(json) &&
        lw_num_parse_int64(lw_bytes_str(json_string_value(json)), &v) == LW_OK) {
        *out = lw_value_integer(v);
        return NULL;
    }
    return "must be a whole number of 64 bits; outside of +-2^53 as a string of digits";
}

static const char *read_unsigned(const json_t *json, lw_value *out)
{
    lw_value v;
    uint64_t u;
    if (json_is_string(json) &&
        lw_num_parse_uint64(lw_bytes_str(json_string_value(json)), &u) == LW_OK) {
        *out = lw_value_unsigned(u);
        return NULL;
    }
    if (read_integer(json, &v) == NULL && v.as.integer >= 0) {
        *out = lw_value_unsigned((uint64_t)v.as.integer);
        return NULL;
    }
    return "must be a whole number of 64 bits that is not negative; above 2^53 as a string of "
           "digits";
}

static const char *read_float(const json_t *json, lw_value *out)
{
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    if (json_is_number(json)) {
        *out = lw_value_float(json_number_value(json));
    } else if (strcmp(text, "NaN") == 0) {
        *out = lw_value_float((double)NAN);
    } else if (strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0) {
        *out = lw_value_float(text[0] == '-' ? (double)-INFINITY : (double)INFINITY);
    } else {
        return "must be a number, or \"NaN\", \"Infinity\", \"-Infinity\"";
    }
    return NULL;
}

static const char *read_opaque(body *b, const json_t *json, lw_value *out)
{
    if (!json_is_string(json)) {
        return "must be a string of base64";
    }
    lw_bytes text = lw_bytes_of(json_string_value(json), json_string_length(json));
    size_t cap = lw_base64_decoded_max(text.len);
    uint8_t *octets = take_piece(b, cap);
    size_t len = 0;
    if (octets == NULL) {
        return no_memory;
    }
    if (lw_base64_decode(text, octets, cap, &len) != LW_OK) {
        return "must be a string of base64";
    }
    *out = lw_value_bytes(LW_TYPE_OPAQUE, lw_bytes_of(octets, len));
    return NULL;
}

static const char *read_time(const json_t *json, lw_value *out)
{
    int64_t seconds;
    if (json_is_integer(json)) {
        *out = lw_value_time(json_integer_value(json));
        return NULL;
    }
    if (json_is_string(json) &&
        lw_date_parse(lw_bytes_str(json_string_value(json)), &seconds) == LW_OK) {
        *out = lw_value_time(seconds);
        return NULL;
    }
    return "must be a time such as \"2026-01-31T08:00:00Z\", or seconds since 1970";
}

static const char *read_link(const json_t *json, lw_value *out)
{
    lw_objlnk link;
    if (!json_is_string(json) ||
        lw_objlnk_parse(lw_bytes_str(json_string_value(json)), &link) != LW_OK) {
        return "must be an object link such as \"3:0\"";
    }
    *out = lw_value_objlnk(link.object, link.instance);
    return NULL;
}

static lw_type type_of_json(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return LW_TYPE_STRING;
    case JSON_INTEGER:
        return LW_TYPE_INTEGER;
    case JSON_REAL:
        return LW_TYPE_FLOAT;
    case JSON_TRUE:
    case JSON_FALSE:
        return LW_TYPE_BOOLEAN;
    default:
        return LW_TYPE_NONE;
    }
}

static const char *read_plain(body *b, const json_t *json, lw_type type, lw_value *out)
{
    switch (type == LW_TYPE_NONE ? type_of_json(json) : type) {
    case LW_TYPE_STRING:
    case LW_TYPE_CORELNK:
        if (!json_is_string(json)) {
            return "must be a string";
        }
        *out = lw_value_bytes(type == LW_TYPE_CORELNK ? LW_TYPE_CORELNK : LW_TYPE_STRING,
                              lw_bytes_of(json_string_value(json), json_string_length(json)));
        return NULL;
    case LW_TYPE_INTEGER:
        return read_integer(json, out);
    case LW_TYPE_UNSIGNED:
        return read_unsigned(json, out);
    case LW_TYPE_FLOAT:
        return read_float(json, out);
    case LW_TYPE_BOOLEAN:
        if (!json_is_boolean(json)) {
            return "must be true or false";
        }
        *out = lw_value_boolean(json_is_true(json));
        return NULL;
    case LW_TYPE_OPAQUE:
        return read_opaque(b, json, out);
    case LW_TYPE_TIME:
        return read_time(json, out);
    case LW_TYPE_OBJLNK:
        return read_link(json, out);
    default:
        return "must be a value: a string, a number, true or false";
    }
}

/* {"type": …, "value": …}; instances and multiple resources have numbers for names. */
static bool is_typed(const json_t *json)
{
    return json_is_object(json) &&
           (json_object_get(json, "type") != NULL || json_object_get(json, "value") != NULL);
}

static bool type_of_name(const char *name, lw_type *out_type)
{
    static const char *const names[] = {
        [LW_TYPE_STRING] = "string", [LW_TYPE_INTEGER] = "integer", [LW_TYPE_UNSIGNED] = "unsigned",
        [LW_TYPE_FLOAT] = "float",   [LW_TYPE_BOOLEAN] = "boolean", [LW_TYPE_OPAQUE] = "opaque",
        [LW_TYPE_TIME] = "time",     [LW_TYPE_OBJLNK] = "objlnk",   [LW_TYPE_CORELNK] = "corelnk",
    };
    for (unsigned i = 1; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out_type = (lw_type)i;
            return true;
        }
    }
    return false;
}

const char *body_value(body *b, const json_t *json, lw_type type, lw_value *out_value)
{
    if (!is_typed(json)) {
        return read_plain(b, json, type, out_value);
    }
    const json_t *name = json_object_get(json, "type");
    const json_t *value = json_object_get(json, "value");
    if (!json_is_string(name) || value == NULL || json_object_size(json) != 2 ||
        !type_of_name(json_string_value(name), &type)) {
        return "must have a type (string, integer, unsigned, float, boolean, opaque, time, objlnk, "
               "corelnk) and a value";
    }
    return read_plain(b, value, type, out_value);
}

/* ---- Values at their paths ------------------------------------------------------------------ */

static bool add(body *b, lw_entry entry, place at)
{
    if (b->count == BODY_ENTRIES_MAX) {
        return fail(b, at, "these are more than %u values", BODY_ENTRIES_MAX);
    }
    if (b->count == b->cap) {
        size_t cap = b->cap > 0 ? b->cap * 2 : 16;
        lw_entry *grown = realloc(b->entries, cap * sizeof *grown);
        if (grown == NULL) {
            return fail(b, at, "%s", no_memory);
        }
        b->entries = grown;
        b->cap = cap;
    }
    b->entries[b->count++] = entry;
    return true;
}

static bool add_value(body *b, const json_t *json, lw_path path, place at)
{
    lw_entry entry = {.kind = LW_ENTRY_VALUE, .path = path};
    lw_type type = b->type_of != NULL ? b->type_of(b->ctx, path) : LW_TYPE_NONE;
    const char *why = body_value(b, json, type, &entry.value);
    if (why != NULL) {
        char text[LW_PATH_TEXT_MAX];
        int len = (int)lw_path_format(path, text);
        return fail(b, at, "%.*s %s", len, text, why);
    }
    return add(b, entry, at);
}

static bool read_id(const char *name, uint16_t *out_id)
{
    size_t pos = 0;
    lw_bytes text = lw_bytes_str(name);
    return lw_id_read(text, &pos, out_id) == LW_OK && pos == text.len && *out_id != LW_ID_MAX;
}

/* The resource instances of a multiple resource: {"0": …, "1": …}. `outer`: the name that the
 * object has itself, or NULL. */
static bool add_instances(body *b, const json_t *json, lw_path path, const char *outer)
{
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)json, name, item)
    {
        place at = {outer != NULL ? outer : name, outer != NULL ? name : NULL};
        uint16_t id;
        if (!read_id(name, &id)) {
            return fail(b, at, "the names are the ids of resource instances: numbers up to 65534");
        }
        if (!add_value(b, item, lw_path_child(path, id), at)) {
            return false;
        }
    }
    return true;
}

/* The resources of an instance; one may be a multiple resource. */
static bool add_resources(body *b, const json_t *json, lw_path path)
{
    const char *name;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)json, name, item)
    {
        place at = {name, NULL};
        uint16_t id;
        if (!read_id(name, &id)) {
            return fail(b, at, "the names are the ids of resources: numbers up to 65534");
        }
        lw_path child = lw_path_child(path, id);
        bool is_multiple = json_is_object(item) && !is_typed(item);
        if (is_multiple ? !add_instances(b, item, child, name) : !add_value(b, item, child, at)) {
            return false;
        }
    }
    return true;
}

static int by_path(const void *a, const void *b)
{
    return lw_path_compare(((const lw_entry *)a)->path, ((const lw_entry *)b)->path);
}

/* Encoders want tree order. A value takes the octets of its text and a few more. */
static bool encode(body *b, const lw_format *format)
{
    size_t cap = 64;
    for (size_t i = 0; i < b->count; i++) {
        lw_value v = b->entries[i].value;
        bool is_text =
            v.type == LW_TYPE_STRING || v.type == LW_TYPE_OPAQUE || v.type == LW_TYPE_CORELNK;
        cap += 64 + (is_text ? v.as.bytes.len : 0);
    }
    uint8_t *octets = take_piece(b, cap);
    if (octets == NULL) {
        return fail(b, (place){NULL, NULL}, "%s", no_memory);
    }
    if (b->count > 0) {
        qsort(b->entries, b->count, sizeof *b->entries, by_path);
    }
    lw_entries entries = {b->entries, b->count};
    lw_source source = lw_entries_source(&entries);
    lw_encode_cfg cfg = {.base = lw_path_root()};
    lw_writer w;
    lw_writer_init(&w, octets, cap);
    lw_err err = lw_encode(format, &source, &cfg, &w);
    if (err != LW_OK) {
        return fail(b, (place){NULL, NULL}, "the values cannot be encoded: %s", lw_err_text(err));
    }
    b->encoded = lw_writer_bytes(&w);
    return true;
}

bool body_read_write(body *b, const json_t *json, lw_path path)
{
    place here = {NULL, NULL};
    bool by_id = json_is_object(json) && !is_typed(json);
    bool is_read;
    if (lw_path_depth(path) == LW_LEVEL_OBJECT) {
        return fail(b, here, "a Write goes to an instance or below; POST creates instances");
    }
    if (lw_path_depth(path) == LW_LEVEL_INSTANCE) {
        if (!by_id) {
            return fail(b, here, "an instance is an object with the resources by id");
        }
        is_read = add_resources(b, json, path);
    } else if (lw_path_depth(path) == LW_LEVEL_RESOURCE && by_id) {
        is_read = add_instances(b, json, path, NULL);
    } else {
        is_read = add_value(b, json, path, here);
    }
    return is_read && encode(b, &lw_format_senml_cbor);
}

bool body_read_create(body *b, const json_t *json, lw_path path)
{
    place here = {NULL, NULL};
    if (!json_is_object(json)) {
        return fail(b, here, "an instance is an object with the resources by id");
    }
    lw_path instance =
        lw_path_depth(path) == LW_LEVEL_OBJECT ? lw_path_child(path, LW_ID_MAX) : path;
    return add_resources(b, json, instance) && encode(b, &lw_format_senml_cbor);
}

/* The member `name`, which must be the only one. */
static json_t *only_member(body *b, const json_t *json, const char *name)
{
    json_t *member = json_object_get(json, name);
    if (member == NULL || json_object_size(json) != 1) {
        fail(b, (place){NULL, NULL}, "must be an object with \"%s\" and nothing else", name);
        return NULL;
    }
    return member;
}

bool body_read_values(body *b, const json_t *json)
{
    json_t *values = only_member(b, json, "values");
    const char *name;
    json_t *item;
    if (values == NULL) {
        return false;
    }
    if (!json_is_object(values) || json_object_size(values) == 0) {
        return fail(b, (place){"values", NULL}, "must be an object with values by path");
    }
    bool has_removals = false;
    json_object_foreach(values, name, item)
    {
        place at = {"values", name};
        lw_path path;
        if (lw_path_parse(lw_bytes_str(name), &path) != LW_OK ||
            lw_path_depth(path) < LW_LEVEL_RESOURCE) {
            return fail(b, at, "the names are paths of resources or resource instances");
        }
        if (json_is_null(item)) {
            if (lw_path_depth(path) != LW_LEVEL_RESOURCE_INSTANCE) {
                return fail(b, at, "only a resource instance can be removed with null");
            }
            has_removals = true;
            if (!add(b, (lw_entry){.kind = LW_ENTRY_REMOVE, .path = path}, at)) {
                return false;
            }
        } else if (!add_value(b, item, path, at)) {
            return false;
        }
    }
    return encode(b, has_removals ? &lw_format_etch_cbor : &lw_format_senml_cbor);
}

bool body_read_paths(body *b, const json_t *json)
{
    json_t *paths = only_member(b, json, "paths");
    size_t i;
    json_t *item;
    if (paths == NULL) {
        return false;
    }
    if (!json_is_array(paths) || json_array_size(paths) == 0 ||
        json_array_size(paths) > BODY_PATHS_MAX) {
        return fail(b, (place){"paths", NULL}, "must be a list of 1 to %u paths", BODY_PATHS_MAX);
    }
    json_array_foreach(paths, i, item)
    {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        place at = {"paths", index};
        lw_path path;
        if (!json_is_string(item) ||
            lw_path_parse(lw_bytes_str(json_string_value(item)), &path) != LW_OK) {
            return fail(b, at, "must be a path such as \"/3/0/9\"");
        }
        if (!add(b, (lw_entry){.kind = LW_ENTRY_PATH, .path = path}, at)) {
            return false;
        }
    }
    return encode(b, &lw_format_etch_cbor);
}

/* ---- Texts ---------------------------------------------------------------------------------- */

#define TEXT_MAX 8192u

static bool start_text(body *b, lw_writer *w)
{
    uint8_t *octets = take_piece(b, TEXT_MAX);
    if (octets == NULL) {
        return fail(b, (place){NULL, NULL}, "%s", no_memory);
    }
    lw_writer_init(w, octets, TEXT_MAX);
    return true;
}

bool body_read_arguments(body *b, const json_t *json)
{
    json_t *arguments = only_member(b, json, "arguments");
    uint16_t seen = 0;
    const char *name;
    json_t *item;
    lw_writer w;
    if (arguments == NULL || !start_text(b, &w)) {
        return false;
    }
    if (!json_is_object(arguments)) {
        return fail(b, (place){"arguments", NULL}, "must be an object with texts by digit");
    }
    json_object_foreach(arguments, name, item)
    {
        place at = {"arguments", name};
        lw_exec_arg arg = {.digit = (uint8_t)(name[0] - '0')};
        if (name[0] < '0' || name[0] > '9' || name[1] != '\0') {
            return fail(b, at, "the names are digits, 0 to 9");
        }
        if (json_is_string(item)) {
            arg.value = lw_bytes_of(json_string_value(item), json_string_length(item));
        } else if (!json_is_null(item)) {
            return fail(b, at, "must be a string or null");
        }
        lw_exec_args_put(&w, &seen, arg);
        if (w.err != LW_OK) {
            return fail(b, at,
                        "must be printable ASCII without blanks, quotes and backslashes "
                        "(arguments have no escapes)");
        }
    }
    b->encoded = lw_writer_bytes(&w);
    return true;
}

/* Writes name=value; false when the value does not fit the attribute. */
static bool write_attribute(lw_writer *w, const lw_attr_info *info, const json_t *value)
{
    char text[LW_NUM_TEXT_MAX];
    lw_write_str(w, w->pos > 0 ? "&" : "");
    lw_write_str(w, info->name);
    if (json_is_null(value)) {
        return true;
    }
    lw_write_str(w, "=");
    if (info->syntax == LW_ATTR_SYNTAX_FLAG) {
        lw_write_str(w, json_is_true(value) ? "1" : "0");
        return json_is_boolean(value);
    }
    if (info->syntax == LW_ATTR_SYNTAX_NUMBER) {
        if (!json_is_number(value)) {
            return false;
        }
        size_t len = lw_num_format_double(json_number_value(value), false, LW_NUM_PLAIN, text);
        lw_write_bytes(w, lw_bytes_of(text, len));
        return true;
    }
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > UINT32_MAX) {
        return false;
    }
    lw_write_bytes(w, lw_bytes_of(text, lw_num_format_int64(number, text)));
    return true;
}

static const lw_attr_info *attribute_of(const char *name)
{
    for (size_t i = 0; i < LW_ATTR_COUNT; i++) {
        if (strcmp(lw_attr_table[i].name, name) == 0) {
            return &lw_attr_table[i];
        }
    }
    return NULL;
}

bool body_read_attributes(body *b, const json_t *json, bool may_unset)
{
    const char *name;
    json_t *item;
    lw_writer w = {.buf = NULL};
    if (!json_is_object(json) || json_object_size(json) == 0) {
        return fail(b, (place){NULL, NULL}, "must be an object with at least one attribute");
    }
    if (!start_text(b, &w)) {
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)json, name, item)
    {
        const lw_attr_info *info = attribute_of(name);
        place at = {name, NULL};
        if (info == NULL) {
            return fail(b, at,
                        "there is no such attribute: pmin, pmax, gt, lt, st, epmin, epmax, edge, "
                        "con, hqmax");
        }
        if ((json_is_null(item) && !may_unset) || !write_attribute(&w, info, item)) {
            return fail(b, at, "must be %s%s",
                        info->syntax == LW_ATTR_SYNTAX_FLAG     ? "true or false"
                        : info->syntax == LW_ATTR_SYNTAX_NUMBER ? "a number"
                                                                : "a whole number below 2^32",
                        may_unset ? ", or null to take it away" : "");
        }
    }
    b->encoded = lw_writer_bytes(&w);
    return true;
}
