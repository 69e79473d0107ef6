/* credentials, models, tokens, server */
#include <stdlib.h>
#include <string.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/file.h"
#include "app/lapwing/pages.h"
#include "app/lapwing/show.h"
#include "app/lapwing/times.h"
#include "app/lapwing/typed.h"

/* GET of a list, a row an item. */
static status show_list(cli *c, http *h, const char *path, const char *const *heads,
                        void (*add)(table *t, const json_t *item))
{
    answer a;
    status s = api_get(c, h, path, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        size_t i;
        json_t *item;
        table t;
        table_init(&t, heads);
        json_array_foreach(json_object_get(a.json, "items"), i, item)
        {
            add(&t, item);
        }
        table_print(&t, stdout, c->color);
        table_fini(&t);
    }
    answer_fini(&a);
    return s;
}

static status delete_one(cli *c, http *h, const url_path *u, const char *said)
{
    answer a;
    status s = api_send(c, h, "DELETE", u->text, NULL, &a);
    if (s == STATUS_OK && !c->json) {
        puts(said);
    }
    answer_fini(&a);
    return s;
}

/* ---- Credentials ------------------------------------------------------------------------------
 */

static void add_credential(table *t, const json_t *item)
{
    static const char *const shown[] = {"identity", "public_key", "certificate", "sender_id"};
    char text[SHOW_TEXT_MAX];
    const char *what = "";
    for (size_t i = 0; i < sizeof shown / sizeof shown[0] && what[0] == '\0'; i++) {
        what = text_of(item, shown[i]);
    }
    table_add_color(t, text_of(item, "endpoint"), BOLD);
    table_add(t, text_of(item, "mode"));
    table_addf(t, "%.40s", what);
    table_add(t, show_age(text_of(item, "changed_at"), text));
}

status cmd_credentials(cli *c, http *h, int argc, char **argv)
{
    static const char *const heads[] = {"ENDPOINT", "MODE", "IDENTITY", "CHANGED", NULL};
    url_path u = {.len = 0};
    answer a;
    url_put(&u, "/v1/credentials");
    if (argc == 0) {
        return pages_show(c, h, &u, heads, add_credential);
    }
    url_put(&u, "/");
    url_put_escaped(&u, argv[0]);
    status s = api_get(c, h, u.text, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        const char *key;
        json_t *value;
        json_object_foreach(a.json, key, value)
        {
            char text[SHOW_TEXT_MAX];
            printf("%-14s", key);
            print_text(stdout, show_scalar(value, text), PLAIN, false);
            putchar('\n');
        }
    }
    answer_fini(&a);
    return s;
}

/* Fields of octets are written like opaque values; the others are what they look like. */
static json_t *field_value(cli *c, http *h, const char *name, const char *text)
{
    static const char *const octets[] = {"key",           "public_key", "certificate",
                                         "master_secret", "sender_id",  "recipient_id",
                                         "master_salt",   "id_context"};
    cli typed_cli = *c;
    typed t;
    typed_cli.type = "string";
    for (size_t i = 0; i < sizeof octets / sizeof octets[0]; i++) {
        if (strcmp(name, octets[i]) == 0) {
            typed_cli.type = "opaque";
        }
    }
    if (strcmp(name, "aead") == 0 || strcmp(name, "hmac") == 0) {
        typed_cli.type = "integer";
    }
    typed_init(&t, &typed_cli, h, "");
    json_t *value = typed_value(&t, 0, 0, text);
    json_t *bare = value != NULL ? json_incref(json_object_get(value, "value")) : NULL;
    json_decref(value);
    typed_fini(&t);
    return bare;
}

status cmd_credentials_set(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    answer a;
    json_t *body = json_object();
    for (int i = 1; i < argc; i++) {
        char name[32] = "";
        const char *equals = strchr(argv[i], '=');
        size_t len = equals != NULL ? (size_t)(equals - argv[i]) : sizeof name;
        if (len == 0 || len >= sizeof name) {
            json_decref(body);
            return fail(STATUS_USAGE, "'%s' is not of the form mode=psk or key=00ff", argv[i]);
        }
        memcpy(name, argv[i], len);
        json_t *value = field_value(c, h, name, equals + 1);
        if (value == NULL) {
            json_decref(body);
            return STATUS_USAGE;
        }
        json_object_set_new(body, name, value);
    }
    url_put(&u, "/v1/credentials/");
    url_put_escaped(&u, argv[0]);
    status s = api_send(c, h, "PUT", u.text, body, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        puts("done");
    }
    answer_fini(&a);
    return s;
}

status cmd_credentials_delete(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    (void)argc;
    url_put(&u, "/v1/credentials/");
    url_put_escaped(&u, argv[0]);
    return delete_one(c, h, &u, "deleted");
}

/* ---- Models -----------------------------------------------------------------------------------
 */

static void add_model(table *t, const json_t *item)
{
    table_addf(t, "%lld", number_of(item, "id"));
    table_add(t, text_of(item, "version"));
    table_add(t, text_of(item, "name"));
    table_add_color(t, text_of(item, "source"),
                    strcmp(text_of(item, "source"), "uploaded") == 0 ? GREEN : DIM);
}

status cmd_models(cli *c, http *h, int argc, char **argv)
{
    static const char *const heads[] = {"OBJECT", "VERSION", "NAME", "SOURCE", NULL};
    (void)argc;
    (void)argv;
    return show_list(c, h, "/v1/models", heads, add_model);
}

/* The newest version of an object; "" when there is none. */
static status newest_version(cli *c, http *h, const char *object, char *out, size_t size)
{
    answer a;
    size_t i;
    json_t *item;
    status s = api_get(c, h, "/v1/models", &a);
    out[0] = '\0';
    json_array_foreach(json_object_get(a.json, "items"), i, item)
    {
        if (s == STATUS_OK && number_of(item, "id") == strtol(object, NULL, 10)) {
            snprintf(out, size, "%s", text_of(item, "version")); /* they come ascending */
        }
    }
    answer_fini(&a);
    if (s == STATUS_OK && out[0] == '\0') {
        s = fail(STATUS_NOTFOUND, "object %s: no definition is known", object);
    }
    return s;
}

static void show_model(const cli *c, const json_t *model)
{
    static const char *const heads[] = {"ID",   "NAME", "DOES",  "TYPE",
                                        "MANY", "UNIT", "RANGE", NULL};
    size_t i;
    json_t *resource;
    table t;
    printf("/%lld %s %s\n", number_of(model, "id"), text_of(model, "name"),
           text_of(model, "version"));
    print_text(stdout, text_of(model, "description"), DIM, c->color);
    fputs("\n\n", stdout);
    table_init(&t, heads);
    json_array_foreach(json_object_get(model, "resources"), i, resource)
    {
        table_addf(&t, "%lld", number_of(resource, "id"));
        table_add(&t, text_of(resource, "name"));
        table_add(&t, text_of(resource, "operations"));
        table_add(&t, text_of(resource, "type"));
        table_add(&t, flag_of(resource, "multiple") ? "yes" : "");
        table_add(&t, text_of(resource, "unit"));
        table_add(&t, text_of(resource, "range"));
    }
    table_print(&t, stdout, c->color);
    table_fini(&t);
}

static void model_url(url_path *u, const char *object, const char *version)
{
    url_put(u, "/v1/models/");
    url_put_escaped(u, object[0] == '/' ? object + 1 : object);
    url_put(u, "/");
    url_put_escaped(u, version);
}

status cmd_model(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    char version[16];
    const char *object = argv[0] + (argv[0][0] == '/');
    answer a;
    snprintf(version, sizeof version, "%s", argc > 1 ? argv[1] : "");
    status s = argc > 1 ? STATUS_OK : newest_version(c, h, object, version, sizeof version);
    if (s != STATUS_OK) {
        return s;
    }
    model_url(&u, object, version);
    s = api_get(c, h, u.text, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        show_model(c, a.json);
    }
    answer_fini(&a);
    return s;
}

status cmd_models_add(cli *c, http *h, int argc, char **argv)
{
    size_t len;
    char *text = file_read(argv[0], &len);
    answer a;
    (void)argc;
    if (text == NULL) {
        return STATUS_USAGE;
    }
    call what = {.method = "POST",
                 .path = "/v1/models",
                 .body = text,
                 .body_len = len,
                 .type = "application/xml"};
    status s = api_call(c, h, &what, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(a.json, "items"), i, item)
        {
            printf("/%lld %s %s\n", number_of(item, "id"), text_of(item, "name"),
                   text_of(item, "version"));
        }
        json_array_foreach(json_object_get(a.json, "warnings"), i, item)
        {
            fprintf(stderr, "%s:%lld: %s\n", argv[0], number_of(item, "line"),
                    text_of(item, "detail"));
        }
    }
    free(text);
    answer_fini(&a);
    return s;
}

status cmd_models_delete(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    (void)argc;
    model_url(&u, argv[0], argv[1]);
    return delete_one(c, h, &u, "deleted");
}

/* ---- Tokens -----------------------------------------------------------------------------------
 */

static void add_token(table *t, const json_t *item)
{
    char text[SHOW_TEXT_MAX];
    table_add_color(t, text_of(item, "name"), BOLD);
    table_add(t, text_of(item, "role"));
    table_add(t, show_age(text_of(item, "created_at"), text));
    table_add(t, text_of(item, "expires_at"));
}

status cmd_tokens(cli *c, http *h, int argc, char **argv)
{
    static const char *const heads[] = {"NAME", "ROLE", "MADE", "EXPIRES", NULL};
    (void)argc;
    (void)argv;
    return show_list(c, h, "/v1/tokens", heads, add_token);
}

status cmd_tokens_add(cli *c, http *h, int argc, char **argv)
{
    answer a;
    char until[TIMES_TEXT_MAX];
    long left;
    (void)argc;
    bool expires = c->expires != NULL && duration_parse(c->expires, &left);
    json_t *body =
        json_pack("{s:s, s:s, s:s*}", "name", argv[0], "role", c->role != NULL ? c->role : "viewer",
                  "expires_at", expires ? time_from_now(left, until) : NULL);
    if (body == NULL) {
        return fail(STATUS_USAGE, "the name is not UTF-8");
    }
    status s = api_send(c, h, "POST", "/v1/tokens", body, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        puts(text_of(a.json, "token"));
    }
    answer_fini(&a);
    return s;
}

status cmd_tokens_delete(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    (void)argc;
    url_put(&u, "/v1/tokens/");
    url_put_escaped(&u, argv[0]);
    return delete_one(c, h, &u, "revoked");
}

/* ---- Server -----------------------------------------------------------------------------------
 */

status cmd_server(cli *c, http *h, int argc, char **argv)
{
    answer a;
    (void)argc;
    (void)argv;
    status s = api_get(c, h, "/v1/server", &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        char age[SHOW_TEXT_MAX];
        size_t i;
        json_t *address;
        const json_t *devices = json_object_get(a.json, "devices"),
                     *store = json_object_get(a.json, "store");
        printf("version       %s\n", text_of(a.json, "version"));
        printf("started       %s (%s)\n", text_of(a.json, "started_at"),
               show_age(text_of(a.json, "started_at"), age));
        json_array_foreach(json_object_get(a.json, "listen"), i, address)
        {
            printf("%-14s%s\n", i == 0 ? "listens" : "", json_string_value(address));
        }
        printf("devices       %lld known, %lld registered, %lld asleep\n",
               number_of(devices, "known"), number_of(devices, "registered"),
               number_of(devices, "asleep"));
        printf("store         %s, %lld octets, %lld changes wait\n",
               flag_of(store, "ok") ? "well" : text_of(store, "why"), number_of(store, "octets"),
               number_of(store, "waiting"));
        printf("you are       %s\n", text_of(a.json, "role"));
    }
    answer_fini(&a);
    return s;
}
