/* complete: what may stand at the end of a command line, one candidate a line, for the shells.
 * Endpoint names and paths come from the server; when that cannot be asked there are none. */
#include <stdlib.h>
#include <string.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/show.h"
#include "app/lapwing/typed.h"

static void offer(const char *candidate, const char *begun)
{
    if (strncmp(candidate, begun, strlen(begun)) == 0) {
        puts(candidate);
    }
}

/* The first or second words of commands. */
static void offer_commands(int argc, char **words, const char *begun)
{
    const char *last = "";
    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i].help != NULL ? commands[i].name : NULL;
        const char *second = name != NULL ? strchr(name, ' ') : NULL;
        char first[32];
        if (name == NULL) {
            continue;
        }
        snprintf(first, sizeof first, "%.*s",
                 (int)(second != NULL ? (size_t)(second - name) : strlen(name)), name);
        if (argc == 0 && strcmp(first, last) != 0) {
            offer(first, begun);
            last = commands[i].name;
        } else if (argc == 1 && second != NULL && strcmp(first, words[0]) == 0) {
            offer(second + 1, begun);
        }
    }
}

static void offer_flags(const command *cmd, const char *begun)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        char name[32];
        int id = cli_flags[i].id;
        bool fits = id <= CLI_COMMON_LAST || (cmd != NULL && (cmd->flags & BIT(id)) != 0);
        if (cli_flags[i].name != NULL && fits) {
            snprintf(name, sizeof name, "--%s", cli_flags[i].name);
            offer(name, begun);
        }
    }
}

static void offer_items(cli *c, http *h, const char *path, const char *list, const char *key,
                        const char *begun)
{
    answer a;
    size_t i;
    json_t *item;
    if (api_get(c, h, path, &a) == STATUS_OK) {
        json_array_foreach(json_object_get(a.json, list), i, item)
        {
            char text[SHOW_TEXT_MAX];
            offer(show_scalar(json_object_get(item, key), text), begun);
        }
    }
    answer_fini(&a);
}

static void offer_endpoints(cli *c, http *h, const char *begun)
{
    url_path u = {.len = 0};
    url_put(&u, "/v1/devices");
    url_put_query(&u, "limit", "200");
    url_put_query(&u, "q", begun[0] != '\0' ? begun : NULL);
    offer_items(c, h, u.text, "items", "endpoint", begun);
}

/* Resources of an instance, as the definition names them. */
static void offer_resources(cli *c, http *h, const json_t *object, long instance, const char *begun)
{
    char path[64];
    answer a;
    size_t i;
    json_t *resource;
    snprintf(path, sizeof path, "/v1/models/%lld/%s", number_of(object, "id"),
             text_of(object, "version"));
    if (api_get(c, h, path, &a) == STATUS_OK) {
        json_array_foreach(json_object_get(a.json, "resources"), i, resource)
        {
            snprintf(path, sizeof path, "/%lld/%ld/%lld", number_of(object, "id"), instance,
                     number_of(resource, "id"));
            offer(path, begun);
        }
    }
    answer_fini(&a);
}

/* Objects, instances, then resources: as deep as what was begun. */
static void offer_paths(cli *c, http *h, const char *endpoint, const char *begun)
{
    url_path u = {.len = 0};
    answer a;
    size_t i, k;
    json_t *object, *instance;
    long ids[4], depth = 0;
    for (const char *at = begun; *at != '\0'; at++) {
        depth += *at == '/';
    }
    url_put(&u, "/v1/devices/");
    url_put_escaped(&u, endpoint);
    if (api_get(c, h, u.text, &a) != STATUS_OK) {
        answer_fini(&a);
        return;
    }
    json_array_foreach(json_object_get(a.json, "objects"), i, object)
    {
        char path[64];
        snprintf(path, sizeof path, "/%lld", number_of(object, "id"));
        if (depth <= 1) {
            offer(path, begun);
            continue;
        }
        json_array_foreach(json_object_get(object, "instances"), k, instance)
        {
            long long id = json_integer_value(instance);
            snprintf(path, sizeof path, "/%lld/%lld", number_of(object, "id"), id);
            size_t len = strlen(path);
            if (depth == 2) {
                offer(path, begun);
            } else if (strncmp(begun, path, len) == 0 && begun[len] == '/' &&
                       path_parse(path, ids) == 2) {
                offer_resources(c, h, object, ids[1], begun);
            }
        }
    }
    answer_fini(&a);
}

/* The row of a word such as --type or -t; NULL: it is none. */
static const flag *flag_of_word(const char *word)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        const flag *row = &cli_flags[i];
        bool is_name =
            row->name != NULL && strncmp(word, "--", 2) == 0 && strcmp(word + 2, row->name) == 0;
        bool is_letter =
            row->letter != 0 && word[0] == '-' && word[1] == row->letter && word[2] == '\0';
        if (is_name || is_letter) {
            return row;
        }
    }
    return NULL;
}

/* What a flag may be given, where that is one of a few. */
static void offer_values(int id, const command *cmd, const char *begun)
{
    static const char *const states[] = {"online", "asleep", "offline", NULL};
    static const char *const roles[] = {"viewer", "operator", "admin", NULL};
    static const char *const types[] = {"string", "integer", "unsigned", "float",   "boolean",
                                        "opaque", "time",    "objlnk",   "corelnk", NULL};
    static const char *const events[] = {
        "registered", "updated", "deregistered", "expired",  "refused",    "awake",
        "asleep",     "send",    "notification", "observed", "unobserved", "bad_payload",
        "request",    "removed", "lost",         "progress", NULL};
    bool is_watch = cmd != NULL && cmd->run == cmd_watch;
    const char *const *values = id == CLI_STATE  ? states
                                : id == CLI_ROLE ? roles
                                : id != CLI_TYPE ? NULL
                                : is_watch       ? events
                                                 : types;
    for (size_t i = 0; values != NULL && values[i] != NULL; i++) {
        offer(values[i], begun);
    }
}

/* Words without flags and their values; what is left are the command and its arguments. */
static int drop_flags(int argc, char **argv, char **out_words)
{
    int count = 0;
    for (int i = 0; i < argc; i++) {
        if (argv[i][0] != '-') {
            out_words[count++] = argv[i];
            continue;
        }
        const flag *row = flag_of_word(argv[i]);
        i += row != NULL && row->value != NULL;
    }
    return count;
}

static void offer_argument(cli *c, http *h, const command *cmd, int index, char **arguments,
                           const char *begun)
{
    char kind[COMMAND_ARG_MAX];
    if (!command_arg(cmd, index, kind)) {
        return;
    }
    if (strcmp(kind, "EP") == 0) {
        offer_endpoints(c, h, begun);
    } else if (strncmp(kind, "PATH", 4) == 0) {
        offer_paths(c, h, arguments[0], begun[0] != '\0' ? begun : "/");
    } else if (strcmp(kind, "OBJECT") == 0) {
        offer_items(c, h, "/v1/models", "items", "id", begun);
    } else if (strcmp(kind, "NAME") == 0) {
        offer_items(c, h, "/v1/tokens", "items", "name", begun);
    }
}

/* argv: the words so far; the last is the one that is begun, maybe "". */
status cmd_complete(cli *c, http *h, int argc, char **argv)
{
    char **words = calloc((size_t)argc + 1, sizeof *words);
    const char *begun = argc > 0 ? argv[argc - 1] : "";
    int taken;
    if (words == NULL) {
        return STATUS_FAILED;
    }
    c->quiet = true;
    int count = drop_flags(argc - 1, argv, words);
    const command *cmd = command_find(count, words, &taken);
    const flag *before = argc > 1 ? flag_of_word(argv[argc - 2]) : NULL;
    if (before != NULL && before->value != NULL) {
        offer_values(before->id, cmd, begun);
    } else if (begun[0] == '-') {
        offer_flags(cmd, begun);
    } else {
        offer_commands(count, words, begun);
        if (cmd != NULL) {
            offer_argument(c, h, cmd, count - taken, words + taken, begun);
        }
    }
    free(words);
    return STATUS_OK;
}
