/* devices, device, forget */
#include <stdlib.h>
#include <string.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/pages.h"
#include "app/lapwing/show.h"

static paint color_of_state(const char *state)
{
    return strcmp(state, "online") == 0 ? GREEN : strcmp(state, "asleep") == 0 ? YELLOW : DIM;
}

static void add_device(table *t, const json_t *device)
{
    char text[SHOW_TEXT_MAX];
    const json_t *registration = json_object_get(device, "registration");
    const char *state = text_of(device, "state");
    table_add_color(t, text_of(device, "endpoint"), BOLD);
    table_add_color(t, state, color_of_state(state));
    table_add(t, text_of(registration, "version"));
    table_addf(t, "%s%s", text_of(registration, "bindings"),
               flag_of(registration, "queue_mode") ? " Q" : "");
    table_addf(t, "%lld", number_of(registration, "lifetime"));
    table_add(t, text_of(registration, "address"));
    table_add(t, show_age(text_of(device, "seen_at"), text));
    table_addf(t, "%lld", number_of(device, "requests"));
    table_addf(t, "%lld", number_of(device, "observations"));
}

status cmd_devices(cli *c, http *h, int argc, char **argv)
{
    static const char *const heads[] = {"ENDPOINT", "STATE", "LWM2M",    "BINDING",  "LIFETIME",
                                        "ADDRESS",  "SEEN",  "REQUESTS", "OBSERVED", NULL};
    url_path u = {.len = 0};
    (void)argc;
    (void)argv;
    url_put(&u, "/v1/devices");
    url_put_query(&u, "q", c->query);
    url_put_query(&u, "state", c->state);
    url_put_query(&u, "object", c->object);
    return pages_show(c, h, &u, heads, add_device);
}

static void row(const cli *c, const char *name, const char *text, paint color)
{
    if (text[0] != '\0') {
        printf("%-14s", name);
        print_text(stdout, text, color, c->color);
        putchar('\n');
    }
}

static void row_time(const cli *c, const char *name, const char *time)
{
    char age[SHOW_TEXT_MAX], text[SHOW_TEXT_MAX + 64];
    if (time[0] != '\0') {
        snprintf(text, sizeof text, "%s (%s)", time, show_age(time, age));
        row(c, name, text, PLAIN);
    }
}

static void show_device(const cli *c, const json_t *device)
{
    const json_t *r = json_object_get(device, "registration");
    const char *state = text_of(device, "state");
    char text[64];
    row(c, "endpoint", text_of(device, "endpoint"), BOLD);
    row(c, "state", state, color_of_state(state));
    row(c, "LwM2M", text_of(r, "version"), PLAIN);
    row(c, "bindings", text_of(r, "bindings"), PLAIN);
    row(c, "queue mode", flag_of(r, "queue_mode") ? "yes" : "no", PLAIN);
    snprintf(text, sizeof text, "%lld s", number_of(r, "lifetime"));
    row(c, "lifetime", text, PLAIN);
    row(c, "address", text_of(r, "address"), PLAIN);
    row(c, "registration", text_of(r, "id"), PLAIN);
    row_time(c, "first seen", text_of(device, "created_at"));
    row_time(c, "registered", text_of(r, "registered_at"));
    row_time(c, "updated", text_of(r, "updated_at"));
    row_time(c, "seen", text_of(device, "seen_at"));
    row_time(c, flag_of(r, "active") ? "expires" : "expired", text_of(r, "expires_at"));
    row(c, "SMS", text_of(r, "sms"), PLAIN);
    row(c, "profiles", text_of(r, "profiles"), PLAIN);
    row(c, "unknown", text_of(r, "unknown"), PLAIN);
}

static void show_objects(const cli *c, const json_t *objects)
{
    static const char *const heads[] = {"OBJECT", "VERSION", "NAME", "INSTANCES", NULL};
    size_t i, k;
    json_t *object, *instance;
    table t;
    table_init(&t, heads);
    json_array_foreach(objects, i, object)
    {
        char text[SHOW_TEXT_MAX] = "";
        json_array_foreach(json_object_get(object, "instances"), k, instance)
        {
            size_t len = strlen(text);
            snprintf(text + len, sizeof text - len, "%s%lld", k > 0 ? " " : "",
                     (long long)json_integer_value(instance));
        }
        table_addf(&t, "/%lld", number_of(object, "id"));
        table_add(&t, text_of(object, "version"));
        table_add_color(&t, flag_of(object, "known") ? text_of(object, "name") : "unknown",
                        flag_of(object, "known") ? PLAIN : DIM);
        table_add(&t, text);
    }
    putchar('\n');
    table_print(&t, stdout, c->color);
    table_fini(&t);
}

status cmd_device(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    answer a;
    (void)argc;
    url_put(&u, "/v1/devices/");
    url_put_escaped(&u, argv[0]);
    status s = api_get(c, h, u.text, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        show_device(c, a.json);
        show_objects(c, json_object_get(a.json, "objects"));
    }
    answer_fini(&a);
    return s;
}

status cmd_forget(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    answer a;
    (void)argc;
    url_put(&u, "/v1/devices/");
    url_put_escaped(&u, argv[0]);
    status s = api_send(c, h, "DELETE", u.text, NULL, &a);
    if (s == STATUS_OK && !c->json) {
        printf("%s is forgotten\n", argv[0]);
    }
    answer_fini(&a);
    return s;
}
