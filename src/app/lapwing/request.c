/* requests, request, cancel; and how an operation waits for its device */
#include "app/lapwing/request.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/pages.h"
#include "app/lapwing/progress.h"
#include "app/lapwing/show.h"
#include "app/lapwing/times.h"
#include "app/lapwing/typed.h"

/* How long one call waits, so that a connection that died is noticed. */
#define WAIT_SLICE_S 20

status device_url(url_path *u, const char *endpoint, const char *what, const char *path)
{
    long ids[4];
    u->device = endpoint;
    url_put(u, "/v1/devices/");
    url_put_escaped(u, endpoint);
    url_put(u, "/");
    url_put(u, what);
    if (path != NULL && path_parse(path, ids) < 0) {
        return fail(STATUS_USAGE, "'%s' is not a path such as /3/0/9", path);
    }
    if (path != NULL) {
        url_put(u, path[0] == '/' ? "" : "/");
        url_put(u, path);
    }
    return u->is_full ? fail(STATUS_USAGE, "the name is too long") : STATUS_OK;
}

static bool has_ended(const json_t *request)
{
    const char *state = text_of(request, "state");
    return strcmp(state, "queued") != 0 && strcmp(state, "sent") != 0;
}

/* What came of a request that ended. */
static status show_end(const cli *c, const json_t *request)
{
    static const struct {
        const char *state, *text;
        status status;
    } ends[] = {
        {"expired", "the device did not come in time", STATUS_TIMEOUT},
        {"canceled", "it was cancelled", STATUS_FAILED},
        {"unknown",
         "it was on its way when the server went down, the registration ended or the device "
         "moved; whether the device did it is not known",
         STATUS_FAILED},
    };
    const json_t *problem = json_object_get(request, "problem");
    const char *state = text_of(request, "state");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strcmp(state, ends[i].state) == 0) {
            if (c->json) {
                show_json(request);
            }
            return fail(ends[i].status, "request %s: %s", text_of(request, "id"), ends[i].text);
        }
    }
    if (problem != NULL) {
        return show_problem(c, (long)number_of(problem, "status"), problem);
    }
    show_answer(c, json_object_get(request, "answer"));
    return STATUS_OK;
}

/* Waits until the request ends, or --wait is over. */
static status follow(const cli *c, http *h, const char *id)
{
    long left = c->wait != NULL ? strtol(c->wait, NULL, 10) : -1;
    time_t until = time(NULL) + left;
    for (;;) {
        char path[128];
        answer a;
        long slice = left < 0 ? WAIT_SLICE_S : (long)(until - time(NULL));
        slice = slice > WAIT_SLICE_S ? WAIT_SLICE_S : slice < 0 ? 0 : slice;
        snprintf(path, sizeof path, "/v1/requests/%s?wait=%ld", id, slice);
        status s = api_get(c, h, path, &a);
        bool is_over = s != STATUS_OK || has_ended(a.json);
        if (s == STATUS_OK && is_over) {
            s = show_end(c, a.json);
        }
        answer_fini(&a);
        if (is_over) {
            return s;
        }
        if (left >= 0 && time(NULL) >= until) {
            return fail(STATUS_TIMEOUT, "it still waits; 'lapwing request %s' follows it", id);
        }
    }
}

static status show_accepted(const cli *c, http *h, const answer *a)
{
    const char *id = text_of(a->json, "id");
    if (c->no_wait) {
        if (!show_raw(c, a)) {
            puts(id);
        }
        return STATUS_OK;
    }
    if (!has_ended(a->json)) {
        fprintf(stderr, "%s: request %s waits until the device wakes%s\n",
                text_of(a->json, "device"), id,
                c->wait == NULL ? " (Ctrl-C leaves it in the queue)" : "");
    }
    char copy[32];
    snprintf(copy, sizeof copy, "%s", id);
    return follow(c, h, copy);
}

status operate(cli *c, http *h, const char *method, url_path *u, json_t *body)
{
    answer a;
    char seconds[24];
    long left;
    url_put_query(u, "async", c->queue ? "true" : NULL);
    url_put_query(u, "force", c->force ? "true" : NULL);
    if (c->expires != NULL && duration_parse(c->expires, &left)) {
        snprintf(seconds, sizeof seconds, "%ld", left);
        url_put_query(u, "expires", seconds);
    }
    if (u->is_full) {
        json_decref(body);
        return fail(STATUS_USAGE, "the names are too long");
    }
    http_follow(h, u->device);
    status s = api_send(c, h, method, u->text, body, &a);
    if (s == STATUS_OK && a.code == 202) {
        s = show_accepted(c, h, &a);
    } else if (s == STATUS_OK) {
        show_answer(c, a.json);
    }
    answer_fini(&a);
    return s;
}

/* ---- Commands ---------------------------------------------------------------------------------
 */

static paint color_of_state(const char *state)
{
    return strcmp(state, "done") == 0                                   ? GREEN
           : strcmp(state, "queued") == 0 || strcmp(state, "sent") == 0 ? YELLOW
                                                                        : RED;
}

static void add_request(table *t, const json_t *request)
{
    char text[SHOW_TEXT_MAX];
    const char *state = text_of(request, "state");
    char octets[PROGRESS_TEXT_MAX];
    const json_t *problem = json_object_get(request, "problem"),
                 *coap = json_object_get(problem, "coap");
    table_add(t, text_of(request, "id"));
    table_add(t, text_of(request, "operation"));
    table_add(t, text_of(request, "path"));
    table_add_color(t, state, color_of_state(state));
    table_add(t, show_age(text_of(request, "created_at"), text));
    if (coap != NULL) {
        table_addf(t, "%s %s", text_of(coap, "code"), text_of(coap, "name"));
    } else if (problem != NULL) {
        table_add(t, text_of(problem, "detail"));
    } else if (has_ended(request)) {
        table_add(t, text_of(json_object_get(request, "answer"), "code"));
    } else {
        table_add(t, progress_octets(request, octets));
    }
}

status cmd_requests(cli *c, http *h, int argc, char **argv)
{
    static const char *const heads[] = {"ID", "OPERATION", "PATH", "STATE", "MADE", "RESULT", NULL};
    url_path u = {.len = 0};
    (void)argc;
    status s = device_url(&u, argv[0], "requests", NULL);
    return s == STATUS_OK ? pages_show(c, h, &u, heads, add_request) : s;
}

static status check_id(const char *id)
{
    size_t len = strlen(id);
    return len > 0 && len <= 20 && strspn(id, "0123456789") == len
               ? STATUS_OK
               : fail(STATUS_USAGE, "'%s' is not the id of a request", id);
}

status cmd_request(cli *c, http *h, int argc, char **argv)
{
    char path[64];
    answer a;
    (void)argc;
    char octets[PROGRESS_TEXT_MAX];
    status s = check_id(argv[0]);
    if (s != STATUS_OK) {
        return s;
    }
    snprintf(path, sizeof path, "/v1/requests/%s", argv[0]);
    s = api_get(c, h, path, &a);
    if (s == STATUS_OK && !c->no_wait) {
        http_follow(h, text_of(a.json, "device"));
        s = follow(c, h, argv[0]);
    } else if (s == STATUS_OK && !show_raw(c, &a)) {
        progress_octets(a.json, octets);
        printf("%s %s of %s: %s%s%s\n", text_of(a.json, "operation"), text_of(a.json, "path"),
               text_of(a.json, "device"), text_of(a.json, "state"), octets[0] != '\0' ? ", " : "",
               octets);
    }
    answer_fini(&a);
    return s;
}

status cmd_cancel(cli *c, http *h, int argc, char **argv)
{
    char path[64];
    answer a;
    (void)argc;
    status s = check_id(argv[0]);
    if (s != STATUS_OK) {
        return s;
    }
    snprintf(path, sizeof path, "/v1/requests/%s", argv[0]);
    s = api_send(c, h, "DELETE", path, NULL, &a);
    if (s == STATUS_OK && !c->json) {
        puts("cancelled");
    }
    answer_fini(&a);
    return s;
}
