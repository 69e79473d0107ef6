/* lapwing: the operator's command. It speaks the REST API of lapwingd.
 *
 * Exit status: cli.h. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lapwing/commands.h"
#include "app/lapwing/settings.h"
#include "app/lapwing/times.h"

#define PROGRAM "lapwing"

static void print_help(const flags *f)
{
    printf("usage: %s COMMAND [ARGUMENTS] [OPTIONS]\n"
           "Asks and commands an LwM2M server. EP is the endpoint name of a device, PATH such as\n"
           "/3, /3/0 or /3/0/9.\n",
           PROGRAM);
    for (size_t i = 0; i < command_count; i++) {
        const command *cmd = &commands[i];
        char usage[80];
        if (cmd->name == NULL) {
            printf("\n%s\n", cmd->help);
        } else if (cmd->help != NULL) {
            snprintf(usage, sizeof usage, "%s %s", cmd->name, cmd->args);
            printf("  %-32s %s\n", usage, cmd->help);
        }
    }
    flags_list(f, stdout);
}

/* One flag into the struct. */
static void take(cli *c, int id, const char *value)
{
    const char **const texts[] = {
        [CLI_WAIT] = &c->wait,
        [CLI_TYPE] = &c->type,
        [CLI_DEPTH] = &c->depth,
        [CLI_QUERY] = &c->query,
        [CLI_STATE] = &c->state,
        [CLI_OBJECT] = &c->object,
        [CLI_LIMIT] = &c->limit,
        [CLI_FROM] = &c->from,
        [CLI_TO] = &c->to,
        [CLI_STEP] = &c->step,
        [CLI_AFTER] = &c->after,
        [CLI_ROLE] = &c->role,
        [CLI_ATTRIBUTES] = &c->attributes,
        [CLI_EXPIRES] = &c->expires,
    };
    bool *const switches[] = {
        [CLI_JSON] = &c->json,   [CLI_NO_WAIT] = &c->no_wait, [CLI_QUEUE] = &c->queue,
        [CLI_FORCE] = &c->force, [CLI_PARTIAL] = &c->partial, [CLI_NEWEST] = &c->newest,
    };
    if (id == CLI_URL || id == CLI_TOKEN) {
        char **into = id == CLI_URL ? &c->url : &c->token;
        free(*into);
        *into = strdup(value);
    } else if (value != NULL) {
        *texts[id] = value;
    } else {
        *switches[id] = true;
    }
}

/* Digits, and few enough for an integer. */
static bool is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len > 0 && len <= 18 && text[len] == '\0';
}

/* False: the value of a flag makes no sense, and that was told. */
static bool check_value(const flag *row, const char *value)
{
    long seconds;
    if (value == NULL) {
        return true; /* a switch */
    }
    if ((CLI_NUMBERS & BIT(row->id)) != 0 && !is_number(value)) {
        return complain(PROGRAM, "--%s: '%s' is not a number", row->name, value);
    }
    if (row->id == CLI_EXPIRES && !duration_parse(value, &seconds)) {
        return complain(PROGRAM, "--%s: '%s' is not a time, as 30s, 5m, 2h or 7d", row->name,
                        value);
    }
    return true;
}

typedef struct line {
    int argc; /* words */
    char **argv;
    uint32_t given; /* flags */
} line;

/* STATUS_OK: go on; *out_done: help or version was printed. */
static status read_line(cli *c, int argc, char **argv, line *l, bool *out_done)
{
    bool wants_help = false;
    flags f = {.program = PROGRAM,
               .usage = "COMMAND [ARGUMENTS] [OPTIONS]\n",
               .rows = cli_flags,
               .count = cli_flag_count,
               .argc = argc,
               .argv = argv};
    flags_step step;
    while ((step = flags_next(&f)) == FLAGS_FLAG || step == FLAGS_WORD) {
        if (step == FLAGS_WORD) {
            l->argv[l->argc++] = (char *)f.value;
            f.only_words = f.only_words || strcmp(l->argv[0], "complete") == 0;
            continue;
        }
        if (f.row->id == CLI_VERSION) {
            puts(PROGRAM " " LAPWING_VERSION);
            *out_done = true;
            return STATUS_OK;
        }
        if (f.row->id == CLI_HELP) {
            wants_help = true;
            continue;
        }
        if (!check_value(f.row, f.value)) {
            return STATUS_USAGE;
        }
        l->given |= BIT(f.row->id);
        take(c, f.row->id, f.value);
    }
    if (step == FLAGS_END && wants_help && l->argc == 0) {
        print_help(&f);
        *out_done = true;
    } else if (step == FLAGS_END && wants_help) {
        *out_done = command_help(l->argc, l->argv);
    }
    return step == FLAGS_END ? STATUS_OK : STATUS_USAGE;
}

static const char *flag_name(int id)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        if (cli_flags[i].id == id && cli_flags[i].name != NULL) {
            return cli_flags[i].name;
        }
    }
    return "?";
}

static status check(const line *l, const command *cmd, int words)
{
    if (cmd == NULL) {
        l->argc == 0 ? complain(PROGRAM, "which command?")
                     : complain(PROGRAM, "%s: no such command", l->argv[0]);
        return STATUS_USAGE;
    }
    if (!command_takes(cmd, l->argc - words)) {
        return fail(STATUS_USAGE, "usage: lapwing %s %s\nTry 'lapwing %s --help'.", cmd->name,
                    cmd->args, cmd->name);
    }
    for (int id = CLI_COMMON_LAST + 1; id <= CLI_ROLE; id++) {
        if ((l->given & BIT(id)) != 0 && (cmd->flags & BIT(id)) == 0) {
            return fail(STATUS_USAGE, "%s does not take --%s\nTry 'lapwing %s --help'.", cmd->name,
                        flag_name(id), cmd->name);
        }
    }
    return STATUS_OK;
}

static status run(cli *c, const command *cmd, int argc, char **argv)
{
    status s = settings_load(c);
    if (s != STATUS_OK) {
        return s;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    http *h = http_new(c);
    s = h != NULL ? cmd->run(c, h, argc, argv) : fail(STATUS_FAILED, "out of memory");
    http_free(h);
    curl_global_cleanup();
    return s;
}

int main(int argc, char **argv)
{
    cli c = {.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
             .progress = isatty(STDERR_FILENO)};
    line l = {.argv = calloc((size_t)argc + 1, sizeof *l.argv)};
    bool is_done = false;
    int words;
    if (l.argv == NULL) {
        return (int)fail(STATUS_FAILED, "out of memory");
    }
    status s = read_line(&c, argc, argv, &l, &is_done);
    if (s == STATUS_OK && !is_done) {
        const command *cmd = command_find(l.argc, l.argv, &words);
        s = check(&l, cmd, words);
        if (s == STATUS_OK) {
            s = run(&c, cmd, l.argc - words, l.argv + words);
        }
    }
    free(l.argv);
    free(c.url);
    free(c.token);
    if (fflush(stdout) != 0 && s == STATUS_OK) {
        s = fail(STATUS_FAILED, "standard output cannot be written");
    }
    return (int)s;
}
