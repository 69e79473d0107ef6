/* lapwing COMMAND --help */
#include <stdio.h>
#include <string.h>

#include "app/lapwing/commands.h"

#define FLAGS_MAX 32

static const struct {
    const char *name, *text;
} arguments[] = {
    {"EP", "the endpoint name of a device"},
    {"PATH", "of an object, instance or resource: /3, /3/0, /3/0/9"},
    {"VALUE", "in the type of the resource; @FILE reads octets from a file; ID=VALUE several"},
    {"PATH=VALUE", "/3/0/14=+02:00"},
    {"ARGUMENT", "a digit, or a digit and a text: 0=text"},
    {"ATTRIBUTE", "pmin=10, gt=2.5 …; pmin= takes it away"},
    {"FIELD",
     "mode=psk, rpk, x509 or oscore, and what goes with it: identity, key, public_key, "
     "certificate,\n                         master_secret, master_salt, sender_id, recipient_id"},
    {"ID", "of a request: a number"},
    {"FILE", "definitions of objects in OMA's XML (DDF)"},
    {"OBJECT", "its number, 3303"},
    {"VERSION", "1.0, 1.1 …"},
    {"NAME", "of a token, for people"},
};

static void print_arguments(const command *cmd)
{
    char name[COMMAND_ARG_MAX], before[COMMAND_ARG_MAX] = "";
    for (int i = 0; command_arg(cmd, i, name) && strcmp(name, before) != 0; i++) {
        for (size_t k = 0; k < sizeof arguments / sizeof arguments[0]; k++) {
            if (strcmp(arguments[k].name, name) == 0) {
                printf("%s  %-22s %s\n", i == 0 ? "\nArguments\n" : "", name, arguments[k].text);
            }
        }
        memcpy(before, name, sizeof before);
    }
}

static void print_flags(const command *cmd)
{
    flag rows[FLAGS_MAX];
    flags f = {.rows = rows};
    rows[f.count++] = (flag){.help = "Options"};
    for (size_t i = 0; i < cli_flag_count && f.count < FLAGS_MAX; i++) {
        const flag *row = &cli_flags[i];
        if (row->name != NULL && (cmd->flags & BIT(row->id)) != 0) {
            rows[f.count++] = *row;
        }
    }
    for (size_t i = 0; i < cli_flag_count && f.count < FLAGS_MAX; i++) {
        const flag *row = &cli_flags[i];
        if (row->name != NULL && row->id <= CLI_COMMON_LAST && row->id != CLI_VERSION) {
            rows[f.count++] = *row;
        }
    }
    flags_list(&f, stdout);
}

static void print_examples(const command *cmd)
{
    const char *at = cmd->examples;
    puts(strchr(at, '\n') != NULL ? "\nExamples" : "\nExample");
    while (at != NULL) {
        printf("  lapwing %.*s\n", (int)strcspn(at, "\n"), at);
        at = strchr(at, '\n');
        at += at != NULL;
    }
}

/* Commands whose name begins with that word, other than `but`. Returns how many. */
static size_t print_family(const char *word, const command *but, const char *heading)
{
    size_t len = strlen(word), count = 0;
    for (size_t i = 0; i < command_count; i++) {
        const command *cmd = &commands[i];
        bool is_one = cmd->name != NULL && cmd->help != NULL && cmd != but &&
                      strncmp(cmd->name, word, len) == 0 &&
                      (cmd->name[len] == '\0' || cmd->name[len] == ' ');
        if (is_one) {
            char usage[80];
            snprintf(usage, sizeof usage, "%s %s", cmd->name, cmd->args);
            printf("%s  lapwing %-32s %s\n", count++ == 0 ? heading : "", usage, cmd->help);
        }
    }
    return count;
}

bool command_help(int argc, char **argv)
{
    int words;
    const command *cmd = command_find(argc, argv, &words);
    if (cmd == NULL || cmd->help == NULL) {
        return argc > 0 && print_family(argv[0], NULL, "usage:\n") > 0;
    }
    printf("usage: lapwing %s%s%s [OPTIONS]\n%s: %s\n", cmd->name, cmd->args[0] != '\0' ? " " : "",
           cmd->args, cmd->name, cmd->help);
    print_arguments(cmd);
    print_flags(cmd);
    print_examples(cmd);
    if (strchr(cmd->name, ' ') == NULL) {
        print_family(cmd->name, cmd, "\nSee also\n");
    }
    return true;
}
