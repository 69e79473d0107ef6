#include "app/lapwing/typed.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/lapwing/file.h"
#include "app/lapwing/show.h"
#include "base/base64.h"
#include "base/num.h"

#define SAFE_INTEGER 9007199254740992 /* 2^53: further out JSON's readers lose digits */

int path_parse(const char *text, long out_ids[4])
{
    int count = 0;
    text += *text == '/';
    while (*text != '\0' && count < 4) {
        char *end;
        if (*text < '0' || *text > '9') {
            return -1;
        }
        out_ids[count++] = strtol(text, &end, 10);
        if (out_ids[count - 1] > 65535 || (*end != '\0' && (*end != '/' || end[1] == '\0'))) {
            return -1;
        }
        text = *end == '/' ? end + 1 : end;
    }
    return *text == '\0' && count > 0 ? count : -1;
}

/* ---- Definitions ------------------------------------------------------------------------------
 */

void typed_init(typed *t, const cli *c, http *h, const char *endpoint)
{
    *t = (typed){.cli = c, .http = h, .endpoint = endpoint, .object = -1};
}

void typed_fini(typed *t)
{
    json_decref(t->objects);
    json_decref(t->model);
}

/* Failures are told by the operation itself, which asks the same server about the same device. */
static json_t *ask(typed *t, const char *path)
{
    cli quiet = *t->cli;
    answer a;
    quiet.quiet = true;
    json_t *document = api_get(&quiet, t->http, path, &a) == STATUS_OK ? json_incref(a.json) : NULL;
    answer_fini(&a);
    return document != NULL ? document : json_null();
}

static const char *version_of(typed *t, long object)
{
    size_t i;
    json_t *known;
    if (t->objects == NULL) {
        url_path u = {.len = 0};
        url_put(&u, "/v1/devices/");
        url_put_escaped(&u, t->endpoint);
        json_t *device = ask(t, u.text);
        json_t *objects = json_object_get(device, "objects");
        t->objects = objects != NULL ? json_incref(objects) : json_array();
        json_decref(device);
    }
    json_array_foreach(t->objects, i, known)
    {
        if (number_of(known, "id") == object) {
            return text_of(known, "version");
        }
    }
    return NULL;
}

/* "integer", …; NULL: not known. */
static const char *type_of(typed *t, long object, long resource)
{
    size_t i;
    json_t *defined;
    if (t->object != object) {
        char path[64];
        const char *version = version_of(t, object);
        json_decref(t->model);
        snprintf(path, sizeof path, "/v1/models/%ld/%s", object, version != NULL ? version : "");
        t->model = version != NULL ? ask(t, path) : json_null();
        t->object = object;
    }
    json_array_foreach(json_object_get(t->model, "resources"), i, defined)
    {
        if (number_of(defined, "id") == resource) {
            return json_string_value(json_object_get(defined, "type"));
        }
    }
    return NULL;
}

/* ---- Text to JSON -----------------------------------------------------------------------------
 */

static json_t *refuse(const char *text, const char *expected)
{
    fail(STATUS_USAGE, "'%s' is not %s", text, expected);
    return NULL;
}

static json_t *integer(const char *text)
{
    lw_bytes digits = lw_bytes_str(text);
    int64_t number;
    uint64_t magnitude;
    if (lw_num_parse_int64(digits, &number) == LW_OK) {
        bool is_safe = number >= -SAFE_INTEGER && number <= SAFE_INTEGER;
        return is_safe ? json_integer(number) : json_string(text);
    }
    return lw_num_parse_uint64(digits, &magnitude) == LW_OK ? json_string(text) : NULL;
}

static json_t *real(const char *text)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    double number;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return json_string(text);
        }
    }
    return lw_num_parse_double(lw_bytes_str(text), &number) == LW_OK ? json_real(number) : NULL;
}

static json_t *boolean(const char *text)
{
    bool is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    bool is_false = strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
    return is_true || is_false ? json_boolean(is_true) : NULL;
}

static json_t *moment(const char *text)
{
    uint64_t seconds;
    char out[32];
    if (lw_num_parse_uint64(lw_bytes_str(text), &seconds) != LW_OK) {
        return json_string(text);
    }
    time_t at = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&at, &utc) == NULL || strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        return NULL;
    }
    return json_string(out);
}

static json_t *base64_of(const char *octets, size_t len)
{
    size_t size = lw_base64_encoded_len(LW_BASE64, len);
    uint8_t *text = malloc(size + 1);
    lw_writer w;
    if (text == NULL) {
        return NULL;
    }
    lw_writer_init(&w, text, size);
    lw_base64_encode(LW_BASE64, lw_bytes_of(octets, len), &w);
    json_t *value = json_stringn((const char *)text, size);
    free(text);
    return value;
}

static char *read_hex(const char *text, size_t *out_len)
{
    size_t len = 0;
    char *octets = malloc(strlen(text) / 2 + 1);
    for (; octets != NULL && text[0] != '\0'; text += 2) {
        int high = lw_num_hex_digit((uint8_t)text[0]);
        int low = lw_num_hex_digit((uint8_t)text[1]);
        if (high < 0 || low < 0) {
            refuse(text, "octets: write hexadecimal digits, or @FILE");
            free(octets);
            return NULL;
        }
        octets[len++] = (char)(high << 4 | low);
    }
    *out_len = len;
    return octets;
}

static json_t *opaque(const char *text)
{
    size_t len;
    char *octets = text[0] == '@' ? file_read(text + 1, &len) : read_hex(text, &len);
    json_t *value = octets != NULL ? base64_of(octets, len) : NULL;
    free(octets);
    return value;
}

/* Where no definition helps: what it looks like. */
static const char *guess(const char *text)
{
    json_t *value = integer(text);
    const char *type = "integer";
    if (value == NULL) {
        value = real(text);
        type = "float";
    }
    json_decref(value);
    bool is_boolean = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    return value != NULL ? type : is_boolean ? "boolean" : text[0] == '@' ? "opaque" : "string";
}

static json_t *convert(const char *type, const char *text)
{
    static const struct {
        const char *type;
        json_t *(*fn)(const char *text);
        const char *expected; /* NULL: fn tells */
    } rows[] = {
        {"integer", integer, "an integer"}, {"unsigned", integer, "an integer"},
        {"float", real, "a number"},        {"boolean", boolean, "true or false"},
        {"time", moment, "a time"},         {"opaque", opaque, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(type, rows[i].type) == 0) {
            json_t *value = rows[i].fn(text);
            return value != NULL || rows[i].expected == NULL ? value
                                                             : refuse(text, rows[i].expected);
        }
    }
    return json_string(text);
}

json_t *typed_value(typed *t, long object, long resource, const char *text)
{
    const char *type = t->cli->type;
    const char *defined = type == NULL ? type_of(t, object, resource) : NULL;
    if (defined != NULL) {
        return convert(defined, text);
    }
    type = type != NULL ? type : guess(text);
    json_t *value = convert(type, text);
    return value != NULL ? json_pack("{s:s, s:o}", "type", type, "value", value) : NULL;
}
