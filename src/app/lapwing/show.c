#define _GNU_SOURCE
#include "app/lapwing/show.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

bool flag_of(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *show_scalar(const json_t *value, char out[SHOW_TEXT_MAX])
{
    _Static_assert(SHOW_TEXT_MAX > LW_NUM_TEXT_MAX, "the longest number fits");
    out[0] = '\0';
    switch (value != NULL ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        snprintf(out, SHOW_TEXT_MAX, "%s", json_string_value(value));
        break;
    case JSON_INTEGER:
        snprintf(out, SHOW_TEXT_MAX, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        out[lw_num_format_double(json_real_value(value), false, LW_NUM_SHORT, out)] = '\0';
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        snprintf(out, SHOW_TEXT_MAX, "%s", json_is_true(value) ? "true" : "false");
        break;
    default:
        break;
    }
    return out;
}

const char *show_age(const char *text, char out[SHOW_TEXT_MAX])
{
    static const struct {
        long seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    struct tm at = {0};
    out[0] = '\0';
    if (strptime(text, "%Y-%m-%dT%H:%M:%S", &at) == NULL) {
        return out;
    }
    long age = (long)(time(NULL) - timegm(&at));
    size_t i = 0;
    while (i < 3 && labs(age) < 2 * units[i].seconds) {
        i++;
    }
    snprintf(out, SHOW_TEXT_MAX, age >= 0 ? "%ld %s ago" : "in %ld %s",
             labs(age) / units[i].seconds, units[i].name);
    return out;
}

void show_json(const json_t *document)
{
    json_dumpf(document, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    putchar('\n');
}

bool show_raw(const cli *c, const answer *a)
{
    if (c->json && a->json != NULL) {
        show_json(a->json);
    }
    return c->json;
}

/* ---- What a device answered -------------------------------------------------------------------
 */

/* Opaque values come as base64, and long texts as they are: one line each is enough here. */
static void add_value(table *t, const json_t *value)
{
    char text[SHOW_TEXT_MAX];
    const char *type = text_of(value, "type");
    bool is_absent = strcmp(type, "empty") == 0 || strcmp(type, "removed") == 0;
    table_add_color(t, is_absent ? type : show_scalar(json_object_get(value, "value"), text),
                    is_absent ? DIM : GREEN);
}

void show_values(const cli *c, const json_t *values)
{
    static const char *const heads[] = {"PATH", "NAME", "VALUE", "UNIT", "TIME", NULL};
    static const char *const timeless[] = {"PATH", "NAME", "VALUE", "UNIT", NULL};
    bool has_time = false;
    size_t i;
    json_t *value;
    table t;
    json_array_foreach(values, i, value)
    {
        has_time = has_time || text_of(value, "at")[0] != '\0';
    }
    table_init(&t, has_time ? heads : timeless);
    json_array_foreach(values, i, value)
    {
        table_add(&t, text_of(value, "path"));
        table_add(&t, text_of(value, "name"));
        add_value(&t, value);
        table_add(&t, text_of(value, "unit"));
        if (has_time) {
            table_add_color(&t, text_of(value, "at"), DIM);
        }
    }
    table_print(&t, stdout, c->color);
    table_fini(&t);
}

static void show_links(const cli *c, const json_t *links)
{
    static const char *const heads[] = {"PATH", "NAME", "ATTRIBUTES", NULL};
    size_t i;
    json_t *link;
    table t;
    table_init(&t, heads);
    json_array_foreach(links, i, link)
    {
        char text[SHOW_TEXT_MAX] = "";
        const char *key;
        json_t *value;
        json_object_foreach(json_object_get(link, "attributes"), key, value)
        {
            size_t len = strlen(text);
            const char *shown = json_string_value(value);
            snprintf(text + len, sizeof text - len, "%s%s%s%s", len > 0 ? " " : "", key,
                     shown != NULL ? "=" : "", shown != NULL ? shown : "");
        }
        table_add(&t, text_of(link, "path"));
        table_add(&t, text_of(link, "name"));
        table_add(&t, text);
    }
    table_print(&t, stdout, c->color);
    table_fini(&t);
}

void show_answer(const cli *c, const json_t *said)
{
    const json_t *values = json_object_get(said, "values"), *links = json_object_get(said, "links"),
                 *raw = json_object_get(said, "raw");
    const char *code = text_of(said, "code");
    if (c->json) {
        show_json(said);
    } else if (values != NULL) {
        show_values(c, values);
    } else if (links != NULL) {
        show_links(c, links);
    } else if (raw != NULL) {
        printf("%s  (%s)\n", text_of(raw, "payload"), text_of(raw, "why"));
    } else if (strcmp(code, "2.01") == 0) {
        printf("%s created\n", text_of(said, "path"));
    } else {
        puts("done");
    }
}

/* ---- Problems ---------------------------------------------------------------------------------
 */

/* What to try, where the sentence alone would leave one guessing. */
static const char *hint_of(const cli *c, const char *type)
{
    return strcmp(type, "unauthorized") == 0 && c->token == NULL
               ? "; give --token, LAPWING_TOKEN or a line 'token: …' in ~/.config/lapwing"
               : "";
}

/* A sentence of the API names its parameters; here they are options. */
static const char *translate(const char *detail, char out[SHOW_TEXT_MAX])
{
    static const struct {
        const char *parameter, *option;
    } names[] = {{"force=true", "--force"}, {"async=true", "--queue"}};
    snprintf(out, SHOW_TEXT_MAX, "%s", detail);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *at = strstr(detail, names[i].parameter);
        if (at != NULL) {
            snprintf(out, SHOW_TEXT_MAX, "%.*s%s%s", (int)(at - detail), detail, names[i].option,
                     at + strlen(names[i].parameter));
        }
    }
    return out;
}

static status status_of(long code, const char *type)
{
    if (strcmp(type, "device-refused") == 0) {
        return STATUS_DEVICE;
    }
    switch (code) {
    case 401:
    case 403:
        return STATUS_DENIED;
    case 404:
        return STATUS_NOTFOUND;
    case 504:
        return STATUS_TIMEOUT;
    default:
        return STATUS_FAILED;
    }
}

static void show_errors(const json_t *errors)
{
    size_t i;
    json_t *error;
    json_array_foreach(errors, i, error)
    {
        const char *pointer = text_of(error, "pointer");
        fprintf(stderr, "  ");
        if (pointer[0] != '\0') {
            fprintf(stderr, "%s: ", pointer);
        }
        if (json_object_get(error, "line") != NULL) {
            fprintf(stderr, "line %lld: ", number_of(error, "line"));
        }
        fprintf(stderr, "%s\n", text_of(error, "detail"));
    }
}

status show_problem(const cli *c, long code, const json_t *problem)
{
    static const char prefix[] = "urn:lapwing:problem:";
    const char *type = text_of(problem, "type");
    const json_t *coap = json_object_get(problem, "coap");
    if (strncmp(type, prefix, sizeof prefix - 1) == 0) {
        type += sizeof prefix - 1;
    }
    status s = status_of(code, type);
    if (c->quiet) {
        return s;
    }
    if (c->json && problem != NULL) {
        show_json(problem);
    }
    if (coap != NULL) {
        const char *text = text_of(coap, "text");
        fail(s, "the device answered %s %s%s%s", text_of(coap, "code"), text_of(coap, "name"),
             text[0] != '\0' ? ": " : "", text);
    } else if (problem != NULL) {
        char text[SHOW_TEXT_MAX];
        const char *detail = translate(text_of(problem, "detail"), text);
        fail(s, "%s%s", detail[0] != '\0' ? detail : text_of(problem, "title"), hint_of(c, type));
        show_errors(json_object_get(problem, "errors"));
    } else {
        fail(s, "%s answered with HTTP status %ld: is this the API of lapwingd?", c->url, code);
    }
    return s;
}

/* ---- Calls ------------------------------------------------------------------------------------
 */

status api_call(const cli *c, http *h, const call *what, answer *out_answer)
{
    status s = http_call(h, what, out_answer);
    if (s == STATUS_OK && out_answer->code >= 400) {
        s = show_problem(c, out_answer->code,
                         json_is_object(out_answer->json) ? out_answer->json : NULL);
    }
    return s;
}

status api_get(const cli *c, http *h, const char *path, answer *out_answer)
{
    return api_call(c, h, &(call){.method = "GET", .path = path}, out_answer);
}

status api_send(const cli *c, http *h, const char *method, const char *path, json_t *body,
                answer *out_answer)
{
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(body);
    call what = {
        .method = method, .path = path, .body = text, .body_len = text != NULL ? strlen(text) : 0};
    status s = api_call(c, h, &what, out_answer);
    free(text);
    return s;
}
