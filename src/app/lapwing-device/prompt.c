#include "app/lapwing-device/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/lapwing-device/values.h"
#include "model/tree.h"

#define SEND_PATHS_MAX 16

static void show_sign(const prompt *p)
{
    if (p->is_terminal) {
        fputs("> ", stdout);
        fflush(stdout);
    }
}

/* ---- Answers ----------------------------------------------------------------------------------
 */

static bool parse_path(prompt *p, const char *text, lw_path *out)
{
    lw_err err = lw_path_parse(lw_bytes_str(text), out);
    if (err != LW_OK) {
        report_say(p->device->report, "error", "%s: not a path such as /3/0/9", text);
    }
    return err == LW_OK;
}

static void say_result(prompt *p, const char *what, lw_err err)
{
    if (err == LW_OK) {
        report_say(p->device->report, "ok", "%s: done", what);
    } else {
        report_say(p->device->report, "error", "%s: %s", what, lw_err_text(err));
    }
}

static void show_value(prompt *p, lw_path path, lw_value value)
{
    const report *r = p->device->report;
    char name[LW_PATH_TEXT_MAX], text[VALUE_TEXT_MAX];
    size_t len = lw_path_format(path, name);
    value_print(value, text);
    report_begin(r, "value");
    report_text(r, "path", lw_bytes_of(name, len));
    report_text(r, "value", lw_bytes_str(text));
    report_end(r, "%.*s  %s  (%s)", (int)len, name, text,
               value_name(lw_client_tree(p->device->client), path));
}

/* ---- Commands ---------------------------------------------------------------------------------
 */

static void do_get(prompt *p, char *rest)
{
    lw_tree *tree = lw_client_tree(p->device->client);
    lw_path scope;
    unsigned shown = 0;
    if (!parse_path(p, rest, &scope)) {
        return;
    }
    lw_value value;
    lw_path at = scope;
    if (lw_path_depth(scope) >= LW_LEVEL_RESOURCE && lw_tree_get(tree, scope, &value) == LW_OK) {
        show_value(p, scope, value);
        return;
    }
    while (lw_path_depth(scope) < LW_PATH_DEPTH_MAX &&
           lw_tree_walk(tree, &at, lw_path_depth(scope), LW_PATH_DEPTH_MAX)) {
        if (lw_path_depth(at) >= LW_LEVEL_RESOURCE && lw_tree_get(tree, at, &value) == LW_OK) {
            show_value(p, at, value);
            shown++;
        }
    }
    if (shown == 0) {
        report_say(p->device->report, "error", "%s: no value there", rest);
    }
}

static void do_list(prompt *p, char *rest)
{
    const report *r = p->device->report;
    lw_tree *tree = lw_client_tree(p->device->client);
    lw_path at = lw_path_root();
    (void)rest;
    while (lw_tree_walk(tree, &at, LW_LEVEL_ROOT, LW_LEVEL_INSTANCE)) {
        char text[LW_PATH_TEXT_MAX];
        size_t len = lw_path_format(at, text);
        report_begin(r, "entity");
        report_text(r, "path", lw_bytes_of(text, len));
        report_end(r, lw_path_depth(at) == LW_LEVEL_OBJECT ? "%.*s  %s" : "  %.*s", (int)len, text,
                   value_name(tree, at));
    }
}

static void do_set(prompt *p, char *rest)
{
    const report *r = p->device->report;
    lw_tree *tree = lw_client_tree(p->device->client);
    char name[32];
    lw_path path;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(rest, " \t="), rest);
    if (name[0] == '\0') {
        report_say(r, "error", "set: which path, and to what value?");
        return;
    }
    if (!parse_path(p, name, &path)) {
        return;
    }
    lw_err err = value_assign_line(tree, rest);
    if (err == LW_EDEPTH) {
        report_say(r, "error",
                   "%s: name a single value, such as /3/0/9, or /3/0/7/1 of a multiple resource",
                   name);
    } else if (err == LW_ENOTFOUND) {
        report_say(r, "error", "%s: this device has no such resource", name);
    } else if (err == LW_EFORMAT) {
        report_say(r, "error", "%s: takes a value of type %s", name,
                   lw_type_name((lw_type)lw_tree_resource_def(tree, path)->type));
    } else {
        say_result(p, name, err);
    }
}

static void do_send(prompt *p, char *rest)
{
    lw_path paths[SEND_PATHS_MAX];
    size_t count = 0;
    for (char *word = strtok(rest, " \t"); word != NULL; word = strtok(NULL, " \t")) {
        if (count == SEND_PATHS_MAX) {
            report_say(p->device->report, "error", "send: at most %d paths", SEND_PATHS_MAX);
            return;
        }
        if (!parse_path(p, word, &paths[count++])) {
            return;
        }
    }
    if (count == 0) {
        report_say(p->device->report, "error", "send: which paths?");
        return;
    }
    lw_err err = lw_client_send(p->device->client, 0, paths, count);
    if (err == LW_EDENIED) {
        report_say(p->device->report, "error",
                   "send: nothing there is readable, or the server mutes Send (/1/x/23)");
    } else if (err != LW_OK) {
        say_result(p, "send", err);
    }
}

static void do_update(prompt *p, char *rest)
{
    (void)rest;
    lw_err err = lw_client_update(p->device->client, 0);
    if (err != LW_OK) {
        say_result(p, "update", err);
    }
}

static void do_bootstrap(prompt *p, char *rest)
{
    (void)rest;
    lw_err err = lw_client_bootstrap(p->device->client);
    if (err == LW_ESTATE) {
        report_say(p->device->report, "error", "bootstrap: this device has no Bootstrap-Server");
    } else if (err != LW_OK) {
        say_result(p, "bootstrap", err);
    }
}

static void do_reboot(prompt *p, char *rest)
{
    (void)rest;
    p->device->wants_restart = true;
}

static void do_quit(prompt *p, char *rest)
{
    (void)rest;
    p->wants_quit = true;
}

static void do_help(prompt *p, char *rest);

typedef struct command {
    const char *name;
    const char *arguments;
    const char *text;
    void (*run)(prompt *p, char *rest);
} command;

static const command commands[] = {
    {"list", "", "objects and their instances", do_list},
    {"get", "PATH", "the value there, or all values below", do_get},
    {"set", "PATH VALUE", "changes a value, and makes its instance when it is missing", do_set},
    {"send", "PATH...", "sends values to the servers unasked", do_send},
    {"update", "", "updates the registrations now", do_update},
    {"reboot", "", "starts the device anew", do_reboot},
    {"bootstrap", "", "bootstraps now", do_bootstrap},
    {"quit", "", "de-registers and ends", do_quit},
    {"help", "", "this list", do_help},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void do_help(prompt *p, char *rest)
{
    (void)rest;
    for (size_t i = 0; i < COMMANDS; i++) {
        const command *c = &commands[i];
        report_say(p->device->report, "help", "%-10s%-12s%s", c->name, c->arguments, c->text);
    }
}

static void run_line(prompt *p, char *line)
{
    char *name = line + strspn(line, " \t");
    size_t len = strcspn(name, " \t\r");
    char *rest = name + len;
    if (len == 0) {
        return;
    }
    if (*rest != '\0') {
        *rest++ = '\0';
        rest += strspn(rest, " \t\r");
        rest[strcspn(rest, "\r")] = '\0';
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            commands[i].run(p, rest);
            return;
        }
    }
    report_say(p->device->report, "error", "%s: no such command; 'help' lists them", name);
}

/* ---- Input ------------------------------------------------------------------------------------
 */

void prompt_start(prompt *p, device *d)
{
    *p = (prompt){.device = d, .is_terminal = isatty(STDIN_FILENO) != 0 && !d->report->json};
    show_sign(p);
}

static void run_lines(prompt *p)
{
    char *end;
    while (!p->wants_quit && (end = memchr(p->line, '\n', p->len)) != NULL) {
        size_t taken = (size_t)(end - p->line) + 1;
        *end = '\0';
        run_line(p, p->line);
        p->len -= taken;
        memmove(p->line, p->line + taken, p->len);
        show_sign(p);
    }
    if (p->len == sizeof p->line - 1) {
        p->len = 0;
        report_say(p->device->report, "error", "a line is at most %d octets", PROMPT_LINE_MAX - 2);
    }
}

void prompt_read(prompt *p)
{
    ssize_t n = read(STDIN_FILENO, p->line + p->len, sizeof p->line - 1 - p->len);
    if (n > 0) {
        p->len += (size_t)n;
        run_lines(p);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        p->is_closed = true;
        p->wants_quit = p->wants_quit || p->is_terminal; /* Ctrl-D */
    }
}
