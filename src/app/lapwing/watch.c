/* watch: server-sent events, one line each, for as long as somebody looks. A stream that breaks is
 * taken up again behind the last event that was seen. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/progress.h"
#include "app/lapwing/show.h"

#define RETRY_S 1
/* A connection that misses so many of the server's signs of life is gone, whatever TCP says. */
#define HEARTBEATS_MISSED 4

typedef struct stream {
    cli *cli; /* quiet while the server is away, which is told once */
    http *http;
    char id[24]; /* of the last event, or of the newest when it began; "": not known */
    char *data;  /* of the event that is being read; owned */
    char event[32];
    bool was_opened;
} stream;

static paint color_of_event(const char *type)
{
    static const struct {
        const char *type;
        paint color;
    } rows[] = {{"registered", GREEN}, {"deregistered", YELLOW}, {"expired", RED},
                {"refused", RED},      {"bad_payload", RED},     {"lost", RED},
                {"observed", GREEN},   {"unobserved", YELLOW},   {"removed", YELLOW}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(type, rows[i].type) == 0) {
            return rows[i].color;
        }
    }
    return PLAIN;
}

static void print_values(const stream *s, const json_t *values)
{
    size_t i;
    json_t *value;
    json_array_foreach(values, i, value)
    {
        char text[SHOW_TEXT_MAX];
        const char *unit = text_of(value, "unit"), *name = text_of(value, "name");
        fputs(i == 0 ? "  " : ", ", stdout);
        print_text(stdout, name[0] != '\0' ? name : text_of(value, "path"), PLAIN, false);
        putchar('=');
        print_text(stdout, show_scalar(json_object_get(value, "value"), text), GREEN,
                   s->cli->color);
        if (unit[0] != '\0') {
            printf(" %s", unit);
        }
    }
}

/* "10:00:00  lamp-1  notification  /3303/0/5700  Sensor Value=21.5 Cel" */
static void print_event(const stream *s, const json_t *event)
{
    const char *at = text_of(event, "at"), *type = text_of(event, "type");
    const char *clock = strchr(at, 'T');
    const json_t *request = json_object_get(event, "request");
    size_t i;
    json_t *path;
    printf("%.8s  ", clock != NULL ? clock + 1 : at);
    print_text(stdout, text_of(event, "device"), BOLD, s->cli->color);
    fputs("  ", stdout);
    print_text(stdout, type, color_of_event(type), s->cli->color);
    if (text_of(event, "address")[0] != '\0') {
        printf("  %s", text_of(event, "address"));
    }
    json_array_foreach(json_object_get(event, "paths"), i, path)
    {
        printf("%s%s", i == 0 ? "  " : " ", json_string_value(path));
    }
    if (request != NULL) {
        char octets[PROGRESS_TEXT_MAX];
        progress_octets(request, octets);
        printf("  %s %s %s: %s", text_of(request, "id"), text_of(request, "operation"),
               text_of(request, "path"), octets[0] != '\0' ? octets : text_of(request, "state"));
    }
    print_values(s, json_object_get(event, "values"));
    if (text_of(event, "code")[0] != '\0') {
        printf("  %s", text_of(event, "code"));
    }
    if (text_of(event, "error")[0] != '\0') {
        fputs("  ", stdout);
        print_text(stdout, text_of(event, "error"), PLAIN, false);
    }
    putchar('\n');
}

/* An empty line ends an event. */
static void take_event(stream *s)
{
    json_t *event = s->data != NULL ? json_loads(s->data, 0, NULL) : NULL;
    if (strcmp(s->event, "reset") == 0) {
        fail(STATUS_OK, "some events are gone: the oldest that is left follows");
    } else if (strcmp(s->event, "dropped") == 0) {
        fail(STATUS_OK, "this reader was too slow");
    } else if (strcmp(s->event, "hello") == 0) {
        /* What happens while the connection is broken follows this one. */
        if (s->id[0] == '\0' && json_object_get(event, "newest") != NULL) {
            snprintf(s->id, sizeof s->id, "%lld", number_of(event, "newest"));
        }
        http_expect(s->http, number_of(event, "heartbeat") * 1000 * HEARTBEATS_MISSED);
    } else if (event != NULL) {
        s->cli->json ? show_json(event) : print_event(s, event);
        fflush(stdout);
    }
    json_decref(event);
    free(s->data);
    s->data = NULL;
    s->event[0] = '\0';
}

static const char *field(const char *line, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(line, name, len) != 0 || line[len] != ':') {
        return NULL;
    }
    return line + len + (line[len + 1] == ' ' ? 2 : 1);
}

static bool on_line(void *ctx, const char *line)
{
    stream *s = ctx;
    const char *value;
    s->was_opened = true;
    s->cli->quiet = false;
    if (line[0] == '\0') {
        take_event(s);
    } else if ((value = field(line, "id")) != NULL) {
        snprintf(s->id, sizeof s->id, "%s", value);
    } else if ((value = field(line, "event")) != NULL) {
        snprintf(s->event, sizeof s->event, "%s", value);
    } else if ((value = field(line, "data")) != NULL) {
        free(s->data);
        s->data = strdup(value); /* the server writes one line of data */
    }
    return !ferror(stdout);
}

status cmd_watch(cli *c, http *h, int argc, char **argv)
{
    stream s = {.cli = c, .http = h};
    url_path u = {.len = 0};
    status result;
    url_put(&u, "/v1/events");
    url_put_query(&u, "device", argc > 0 ? argv[0] : NULL);
    url_put_query(&u, "type", c->type);
    if (c->after != NULL) {
        snprintf(s.id, sizeof s.id, "%s", c->after);
    }
    for (;;) {
        answer a;
        result = http_stream(h, u.text, s.id[0] != '\0' ? s.id : NULL, on_line, &s, &a);
        c->quiet = result != STATUS_OK;
        if (result == STATUS_OK && a.code != 200) {
            result = show_problem(c, a.code, a.json);
            s.was_opened = false;
        }
        answer_fini(&a);
        free(s.data);
        s.data = NULL;
        if (!s.was_opened || ferror(stdout) != 0) {
            return result;
        }
        sleep(RETRY_S);
    }
}
