/* read, write, exec, create, delete, discover, attrs, composite */
#include <stdlib.h>
#include <string.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/request.h"
#include "app/lapwing/show.h"
#include "app/lapwing/typed.h"

status cmd_read(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    (void)argc;
    status s = device_url(&u, argv[0], "resources", argv[1]);
    return s == STATUS_OK ? operate(c, h, "GET", &u, NULL) : s;
}

status cmd_delete(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    (void)argc;
    status s = device_url(&u, argv[0], "resources", argv[1]);
    return s == STATUS_OK ? operate(c, h, "DELETE", &u, NULL) : s;
}

status cmd_discover(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    (void)argc;
    status s = device_url(&u, argv[0], "discover", argv[1]);
    url_put_query(&u, "depth", c->depth);
    return s == STATUS_OK ? operate(c, h, "GET", &u, NULL) : s;
}

/* ---- Values -----------------------------------------------------------------------------------
 */

/* "ID=VALUE" into an object; ID may be RESOURCE or RESOURCE/INSTANCE. `resource`: the ids are
 * instances of this one; -1: they are resources. */
static bool add_pair(typed *t, json_t *into, long object, long resource, const char *pair)
{
    char key[24];
    long ids[4];
    const char *equals = strchr(pair, '=');
    size_t len = equals != NULL ? (size_t)(equals - pair) : sizeof key;
    if (len >= sizeof key || len == 0) {
        fail(STATUS_USAGE, "'%s' is not of the form ID=VALUE", pair);
        return false;
    }
    memcpy(key, pair, len);
    key[len] = '\0';
    int count = path_parse(key, ids);
    if (key[0] == '/' || count < 1 || count > (resource < 0 ? 2 : 1)) {
        fail(STATUS_USAGE, "'%s' is not the id of a resource", key);
        return false;
    }
    json_t *value = typed_value(t, object, resource >= 0 ? resource : ids[0], equals + 1);
    if (value == NULL) {
        return false;
    }
    if (count == 2) {
        char first[8], second[8];
        snprintf(first, sizeof first, "%ld", ids[0]);
        snprintf(second, sizeof second, "%ld", ids[1]);
        if (json_object_get(into, first) == NULL) {
            json_object_set_new(into, first, json_object());
        }
        return json_object_set_new(json_object_get(into, first), second, value) == 0;
    }
    return json_object_set_new(into, key, value) == 0;
}

static json_t *pairs(typed *t, long object, long resource, int count, char **words)
{
    json_t *values = json_object();
    for (int i = 0; i < count; i++) {
        if (!add_pair(t, values, object, resource, words[i])) {
            json_decref(values);
            return NULL;
        }
    }
    return values;
}

/* One value for a single resource; pairs for an instance, or a resource of several. */
static json_t *write_body(cli *c, http *h, int count, const long ids[4], char **argv, int argc)
{
    typed t;
    json_t *body = NULL;
    typed_init(&t, c, h, argv[0]);
    bool is_pair = argc > 3 || (strchr(argv[2], '=') != NULL && count == 2);
    if (count >= 3 && !is_pair && !c->partial) {
        body = typed_value(&t, ids[0], ids[2], argv[2]);
    } else if (count == 4) {
        fail(STATUS_USAGE, "a resource instance has a single value");
    } else {
        body = pairs(&t, ids[0], count == 3 ? ids[2] : -1, argc - 2, argv + 2);
    }
    typed_fini(&t);
    return body;
}

status cmd_write(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    long ids[4];
    status s = device_url(&u, argv[0], "resources", argv[1]);
    if (s != STATUS_OK) {
        return s;
    }
    int count = path_parse(argv[1], ids);
    if (count < 2) {
        return fail(STATUS_USAGE, "write to an instance or a resource, not to an object");
    }
    json_t *body = write_body(c, h, count, ids, argv, argc);
    return body != NULL ? operate(c, h, c->partial ? "PATCH" : "PUT", &u, body) : STATUS_USAGE;
}

status cmd_create(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    long ids[4];
    typed t;
    status s = device_url(&u, argv[0], "resources", argv[1]);
    if (s != STATUS_OK) {
        return s;
    }
    if (path_parse(argv[1], ids) > 2) {
        return fail(STATUS_USAGE, "create below an object, /3303, or as an instance, /3303/1");
    }
    typed_init(&t, c, h, argv[0]);
    json_t *body = pairs(&t, ids[0], -1, argc - 2, argv + 2);
    typed_fini(&t);
    return body != NULL ? operate(c, h, "POST", &u, body) : STATUS_USAGE;
}

/* "0=text" or "0" each. */
status cmd_exec(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    status s = device_url(&u, argv[0], "resources", argv[1]);
    json_t *arguments = json_object();
    for (int i = 2; s == STATUS_OK && i < argc; i++) {
        char key[2] = {argv[i][0], '\0'};
        bool has_value = key[0] != '\0' && argv[i][1] == '=';
        if (key[0] < '0' || key[0] > '9' || (!has_value && argv[i][1] != '\0')) {
            s = fail(STATUS_USAGE, "'%s' is not an argument such as 0=text or 1", argv[i]);
            break;
        }
        json_object_set_new(arguments, key, has_value ? json_string(argv[i] + 2) : json_null());
    }
    if (s != STATUS_OK || argc == 2) {
        json_decref(arguments);
        return s == STATUS_OK ? operate(c, h, "POST", &u, NULL) : s;
    }
    return operate(c, h, "POST", &u, json_pack("{s:o}", "arguments", arguments));
}

/* "pmin=10", "con=true", or "pmin=" to take one away. */
json_t *attributes_of(int count, char **words)
{
    json_t *attributes = json_object();
    for (int i = 0; i < count; i++) {
        const char *equals = strchr(words[i], '=');
        char name[16];
        size_t len = equals != NULL ? (size_t)(equals - words[i]) : sizeof name;
        json_t *value = NULL;
        if (len < sizeof name && len > 0) {
            memcpy(name, words[i], len);
            name[len] = '\0';
            value = equals[1] == '\0' ? json_null() : json_loads(equals + 1, JSON_DECODE_ANY, NULL);
        }
        bool is_flag = value != NULL && (strcmp(name, "con") == 0 || strcmp(name, "edge") == 0);
        if (is_flag && json_is_integer(value)) {
            bool is_set = json_integer_value(value) != 0;
            json_decref(value);
            value = json_boolean(is_set);
        }
        if (value == NULL || json_is_string(value) || json_is_object(value)) {
            json_decref(value);
            json_decref(attributes);
            fail(STATUS_USAGE, "'%s' is not an attribute such as pmin=10", words[i]);
            return NULL;
        }
        json_object_set_new(attributes, name, value);
    }
    return attributes;
}

status cmd_attrs(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    status s = device_url(&u, argv[0], "attributes", argv[1]);
    json_t *attributes = s == STATUS_OK ? attributes_of(argc - 2, argv + 2) : NULL;
    return attributes != NULL ? operate(c, h, "PUT", &u, attributes) : STATUS_USAGE;
}

/* ---- Composite --------------------------------------------------------------------------------
 */

/* With a slash in front, as the API wants it. */
static const char *with_slash(const char *path, char *out, size_t size)
{
    snprintf(out, size, "%s%s", path[0] == '/' ? "" : "/", path);
    return out;
}

status cmd_composite_read(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    json_t *paths = json_array();
    status s = device_url(&u, argv[0], "composite/read", NULL);
    for (int i = 1; s == STATUS_OK && i < argc; i++) {
        char path[32];
        long ids[4];
        if (path_parse(argv[i], ids) < 0 && strcmp(argv[i], "/") != 0) {
            s = fail(STATUS_USAGE, "'%s' is not a path such as /3/0/9", argv[i]);
        } else {
            json_array_append_new(paths, json_string(with_slash(argv[i], path, sizeof path)));
        }
    }
    json_t *body = json_pack("{s:o}", "paths", paths);
    if (s != STATUS_OK) {
        json_decref(body);
        return s;
    }
    return operate(c, h, "POST", &u, body);
}

status cmd_composite_write(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    json_t *values = json_object();
    typed t;
    status s = device_url(&u, argv[0], "composite/write", NULL);
    typed_init(&t, c, h, argv[0]);
    for (int i = 1; s == STATUS_OK && i < argc; i++) {
        char path[32] = "", full[40];
        long ids[4];
        const char *equals = strchr(argv[i], '=');
        if (equals != NULL && (size_t)(equals - argv[i]) < sizeof path) {
            memcpy(path, argv[i], (size_t)(equals - argv[i]));
        }
        if (path_parse(path, ids) < 3) {
            s = fail(STATUS_USAGE, "'%s' is not of the form /3/0/14=VALUE", argv[i]);
            break;
        }
        json_t *value = typed_value(&t, ids[0], ids[2], equals + 1);
        s = value != NULL ? STATUS_OK : STATUS_USAGE;
        if (value != NULL) {
            json_object_set_new(values, with_slash(path, full, sizeof full), value);
        }
    }
    typed_fini(&t);
    json_t *body = json_pack("{s:o}", "values", values);
    if (s != STATUS_OK) {
        json_decref(body);
        return s;
    }
    return operate(c, h, "POST", &u, body);
}
