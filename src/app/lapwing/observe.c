/* observe, unobserve, observations, history */
#include <stdlib.h>
#include <string.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/request.h"
#include "app/lapwing/show.h"
#include "app/lapwing/times.h"
#include "app/lapwing/typed.h"

/* "3/0/9,3303/0/5700" behind "observations/". */
static status put_paths(url_path *u, int count, char **paths)
{
    for (int i = 0; i < count; i++) {
        long ids[4];
        if (path_parse(paths[i], ids) < 0) {
            return fail(STATUS_USAGE, "'%s' is not a path such as /3/0/9", paths[i]);
        }
        url_put(u, i == 0 ? "/" : ",");
        url_put(u, paths[i] + (paths[i][0] == '/'));
    }
    return u->is_full ? fail(STATUS_USAGE, "these are too many paths") : STATUS_OK;
}

/* "pmin=5,con=true" */
static json_t *wish_of(const char *attributes)
{
    char *words[16], text[512];
    int count = 0;
    snprintf(text, sizeof text, "%s", attributes);
    char *rest = text;
    for (char *word = strtok_r(text, ",", &rest); word != NULL && count < 16;
         word = strtok_r(NULL, ",", &rest)) {
        words[count++] = word;
    }
    json_t *document = attributes_of(count, words);
    return document != NULL ? json_pack("{s:o}", "attributes", document) : NULL;
}

static void join_paths(const json_t *wish, char *out, size_t size)
{
    size_t i, len = 0;
    json_t *path;
    out[0] = '\0';
    json_array_foreach(json_object_get(wish, "paths"), i, path)
    {
        snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "", json_string_value(path));
        len = strlen(out);
    }
}

/* The sentence, or the code. */
static const char *refusal_of(const json_t *wish)
{
    const char *error = text_of(wish, "error");
    return error[0] != '\0' ? error : text_of(wish, "code");
}

status cmd_observe(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    json_t *body = NULL;
    answer a;
    status s = device_url(&u, argv[0], "observations", NULL);
    if (s != STATUS_OK || (s = put_paths(&u, argc - 1, argv + 1)) != STATUS_OK) {
        return s;
    }
    if (c->attributes != NULL && (body = wish_of(c->attributes)) == NULL) {
        return STATUS_USAGE;
    }
    s = api_send(c, h, "PUT", u.text, body, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        char paths[SHOW_TEXT_MAX];
        join_paths(a.json, paths, sizeof paths);
        if (strcmp(text_of(a.json, "state"), "refused") == 0) {
            printf("%s is not observed on %s: %s; it is asked for again at the next registration\n",
                   paths, argv[0], refusal_of(a.json));
        } else {
            printf("%s is observed on %s (%s); 'lapwing watch %s' shows what it tells\n", paths,
                   argv[0], text_of(a.json, "state"), argv[0]);
        }
    }
    answer_fini(&a);
    return s;
}

status cmd_unobserve(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    answer a;
    status s = device_url(&u, argv[0], "observations", NULL);
    if (s != STATUS_OK || (s = put_paths(&u, argc - 1, argv + 1)) != STATUS_OK) {
        return s;
    }
    s = api_send(c, h, "DELETE", u.text, NULL, &a);
    if (s == STATUS_OK && !c->json) {
        puts("not observed any more");
    }
    answer_fini(&a);
    return s;
}

static void add_observation(table *t, const json_t *wish)
{
    char text[SHOW_TEXT_MAX];
    const char *state = text_of(wish, "state");
    bool is_established = strcmp(state, "established") == 0;
    join_paths(wish, text, sizeof text);
    table_add(t, text);
    table_add_color(t, state,
                    is_established                  ? GREEN
                    : strcmp(state, "refused") == 0 ? RED
                                                    : YELLOW);
    table_add(t, refusal_of(wish));
    table_addf(t, "%lld", number_of(wish, "notifications"));
    table_add(t, show_age(text_of(wish, "notified_at"), text));
}

status cmd_observations(cli *c, http *h, int argc, char **argv)
{
    static const char *const heads[] = {"PATH", "STATE", "RESULT", "NOTIFICATIONS", "LAST", NULL};
    url_path u = {.len = 0};
    answer a;
    (void)argc;
    status s = device_url(&u, argv[0], "observations", NULL);
    if (s != STATUS_OK) {
        return s;
    }
    s = api_get(c, h, u.text, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        size_t i;
        json_t *wish;
        table t;
        table_init(&t, heads);
        json_array_foreach(json_object_get(a.json, "items"), i, wish)
        {
            add_observation(&t, wish);
        }
        table_print(&t, stdout, c->color);
        table_fini(&t);
    }
    answer_fini(&a);
    return s;
}

/* ---- History ----------------------------------------------------------------------------------
 */

/* A time as it is, or "2h" for two hours ago. */
static const char *moment(const char *text, char out[TIMES_TEXT_MAX])
{
    long ago;
    bool has_unit = text != NULL && text[0] != '\0' && strchr("smhd", text[strlen(text) - 1]);
    return has_unit && duration_parse(text, &ago) ? time_from_now(-ago, out) : text;
}

status cmd_history(cli *c, http *h, int argc, char **argv)
{
    url_path u = {.len = 0};
    char from[TIMES_TEXT_MAX], to[TIMES_TEXT_MAX];
    answer a;
    (void)argc;
    status s = device_url(&u, argv[0], "history", argv[1]);
    if (s != STATUS_OK) {
        return s;
    }
    url_put_query(&u, "from", moment(c->from, from));
    url_put_query(&u, "to", moment(c->to, to));
    url_put_query(&u, "step", c->step);
    url_put_query(&u, "limit", c->limit);
    url_put_query(&u, "order", c->newest ? "newest" : NULL);
    s = api_get(c, h, u.text, &a);
    if (s == STATUS_OK && !show_raw(c, &a)) {
        show_values(c, json_object_get(a.json, "items"));
        if (flag_of(a.json, "more")) {
            fputs("lapwing: there are more; --limit, --from or --step\n", stderr);
        }
    }
    answer_fini(&a);
    return s;
}
