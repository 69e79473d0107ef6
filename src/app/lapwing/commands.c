#include "app/lapwing/commands.h"

#include <string.h>

#define HISTORY (BIT(CLI_FROM) | BIT(CLI_TO) | BIT(CLI_STEP) | BIT(CLI_LIMIT) | BIT(CLI_NEWEST))
#define EVENTS  (BIT(CLI_TYPE) | BIT(CLI_AFTER))

const command commands[] = {
    {NULL, NULL, "Devices", NULL, 0, NULL},
    {"devices", "", "devices and their state", cmd_devices,
     BIT(CLI_QUERY) | BIT(CLI_STATE) | BIT(CLI_OBJECT) | BIT(CLI_LIMIT),
     "devices --state online --object 3303"},
    {"device", "EP", "one device, its registration and objects", cmd_device, 0, "device lamp-1"},
    {"forget", "EP", "forget a device and all that is kept of it", cmd_forget, 0, "forget lamp-1"},

    {NULL, NULL, "Operations", NULL, 0, NULL},
    {"read", "EP PATH", "values with their names and units", cmd_read, CLI_OPERATION,
     "read lamp-1 /3/0"},
    {"write", "EP PATH VALUE...", "a resource, or ID=VALUE pairs of an instance", cmd_write,
     CLI_OPERATION | BIT(CLI_TYPE) | BIT(CLI_PARTIAL),
     "write lamp-1 /3/0/14 +02:00\n"
     "write lamp-1 /3/0 --partial 14=+02:00 15=Europe/Oslo\n"
     "write lamp-1 /5/0/0 @firmware.bin"},
    {"exec", "EP PATH [ARGUMENT...]", "execute a resource, with arguments such as 0=text", cmd_exec,
     CLI_OPERATION, "exec lamp-1 /3/0/4 --expires 10m"},
    {"create", "EP PATH [VALUE...]", "an instance with ID=VALUE pairs", cmd_create, CLI_OPERATION,
     "create lamp-1 /3303 5701=Cel"},
    {"delete", "EP PATH", "an instance", cmd_delete, CLI_OPERATION, "delete lamp-1 /3303/1"},
    {"discover", "EP PATH", "what is there, and its attributes", cmd_discover,
     CLI_OPERATION | BIT(CLI_DEPTH), "discover lamp-1 /3303"},
    {"attrs", "EP PATH ATTRIBUTE...", "set pmin=10, or take away with pmin=", cmd_attrs,
     CLI_OPERATION, "attrs lamp-1 /3303/0/5700 pmin=10 pmax=60"},
    {"composite read", "EP PATH...", "several paths at once", cmd_composite_read, CLI_OPERATION,
     "composite read lamp-1 /3/0/0 /3303/0/5700"},
    {"composite write", "EP PATH=VALUE...", "several resources at once", cmd_composite_write,
     CLI_OPERATION, "composite write lamp-1 /3/0/14=+02:00 /3/0/15=Europe/Oslo"},
    {"requests", "EP", "requests that wait, and those that ended", cmd_requests, BIT(CLI_LIMIT),
     "requests lamp-1"},
    {"request", "ID", "how a request stands; waits for its end", cmd_request,
     BIT(CLI_WAIT) | BIT(CLI_NO_WAIT), "request 17 --no-wait"},
    {"cancel", "ID", "a request that has not ended", cmd_cancel, 0, "cancel 17"},

    {NULL, NULL, "What devices tell", NULL, 0, NULL},
    {"observe", "EP PATH...", "be told of changes until unobserve; several paths together",
     cmd_observe, BIT(CLI_ATTRIBUTES),
     "observe lamp-1 /3303/0/5700\n"
     "observe lamp-1 /3/0/9 /3303/0/5700 --attributes pmin=5,con=true"},
    {"unobserve", "EP PATH...", "end that", cmd_unobserve, 0, "unobserve lamp-1 /3303/0/5700"},
    {"observations", "EP", "what is observed, and how it stands", cmd_observations, 0,
     "observations lamp-1"},
    {"watch", "[EP]", "what happens, until Ctrl-C", cmd_watch, EVENTS,
     "watch lamp-1 --type notification,send"},
    {"events", "[EP]", "the same as watch", cmd_watch, EVENTS, "events --json --after 1200"},
    {"history", "EP PATH", "recorded values", cmd_history, HISTORY,
     "history lamp-1 /3303/0/5700 --from 2h --step 60"},

    {NULL, NULL, "The server", NULL, 0, NULL},
    {"credentials", "[EP]", "how devices prove who they are, without secrets", cmd_credentials,
     BIT(CLI_LIMIT), "credentials"},
    {"credentials set", "EP FIELD...", "mode=psk identity=ID key=HEX, and others",
     cmd_credentials_set, 0,
     "credentials set lamp-1 mode=psk identity=lamp-1 key=00112233445566778899aabbccddeeff"},
    {"credentials delete", "EP", "take one away", cmd_credentials_delete, 0,
     "credentials delete lamp-1"},
    {"models", "", "definitions of objects", cmd_models, 0, "models"},
    {"model", "OBJECT [VERSION]", "one of them, with its resources", cmd_model, 0,
     "model 3303 1.1"},
    {"models add", "FILE", "add an OMA DDF file", cmd_models_add, 0, "models add 3442.xml"},
    {"models delete", "OBJECT VERSION", "take an added one away", cmd_models_delete, 0,
     "models delete 3442 1.0"},
    {"tokens", "", "who may call", cmd_tokens, 0, "tokens"},
    {"tokens add", "NAME", "make one; it is shown once", cmd_tokens_add,
     BIT(CLI_ROLE) | BIT(CLI_EXPIRES),
     "tokens add dashboard --role viewer\n"
     "tokens add visitor --expires 7d"},
    {"tokens delete", "NAME", "revoke one", cmd_tokens_delete, 0, "tokens delete dashboard"},
    {"server", "", "version, addresses, numbers", cmd_server, 0, "server"},
    {"complete", "[WORD...]", NULL, cmd_complete, 0, NULL},
};

const size_t command_count = sizeof commands / sizeof commands[0];

const flag cli_flags[] = {
    {.help = "Every command"},
    {"url", 0, "URL", "the server's API (LAPWING_URL, http://127.0.0.1:8080)", CLI_URL},
    {"token", 0, "TOKEN", "shown to it (LAPWING_TOKEN)", CLI_TOKEN},
    {"json", 'j', NULL, "print what the API says", CLI_JSON},
    {"help", 'h', NULL, "this page; with a command, its own", CLI_HELP},
    {"version", 'V', NULL, "version of this program", CLI_VERSION},
    {.help = "Operations"},
    {"wait", 'w', "SECONDS", "how long to wait for a device that sleeps (until it wakes)",
     CLI_WAIT},
    {"no-wait", 0, NULL, "do not wait: print the id of the request", CLI_NO_WAIT},
    {"queue", 0, NULL, "queue it, whether the device sleeps or not", CLI_QUEUE},
    {"expires", 0, "TIME", "when it is of no use any more: 30s, 5m, 2h, 7d; of a token",
     CLI_EXPIRES},
    {"force", 0, NULL, "ask although the device or its version says no", CLI_FORCE},
    {"type", 't', "TYPE", "of a value: string, integer, opaque …; of events", CLI_TYPE},
    {"partial", 0, NULL, "write: leave what is not named", CLI_PARTIAL},
    {"depth", 0, "LEVELS", "discover: levels below the path", CLI_DEPTH},
    {.help = "Lists"},
    {"query", 'q', "TEXT", "part of the endpoint name", CLI_QUERY},
    {"state", 's', "STATES", "online, asleep, offline, with commas", CLI_STATE},
    {"object", 'o', "ID", "devices with this object", CLI_OBJECT},
    {"limit", 'n', "N", "items at most", CLI_LIMIT},
    {"from", 0, "TIME", "history: since then, 2026-01-31T08:00:00Z or 2h for two hours ago",
     CLI_FROM},
    {"to", 0, "TIME", "history: before then", CLI_TO},
    {"step", 0, "SECONDS", "history: smallest and largest number of each step", CLI_STEP},
    {"newest", 0, NULL, "history: newest first", CLI_NEWEST},
    {.help = "Others"},
    {"attributes", 'a', "LIST", "observe: attributes to go with it, pmin=5,con=true (1.2)",
     CLI_ATTRIBUTES},
    {"after", 0, "ID", "watch: go on after this event", CLI_AFTER},
    {"role", 'r', "ROLE", "tokens add: viewer (default), operator or admin", CLI_ROLE},
};

const size_t cli_flag_count = sizeof cli_flags / sizeof cli_flags[0];

/* Words of the name that argv begins with; 0: it does not. */
static int match(const char *name, int argc, char **argv)
{
    const char *second = strchr(name, ' ');
    size_t len = second != NULL ? (size_t)(second - name) : strlen(name);
    if (argc < 1 || strlen(argv[0]) != len || strncmp(argv[0], name, len) != 0) {
        return 0;
    }
    if (second == NULL) {
        return 1;
    }
    return argc > 1 && strcmp(argv[1], second + 1) == 0 ? 2 : 0;
}

const command *command_find(int argc, char **argv, int *out_words)
{
    const command *found = NULL;
    *out_words = 0;
    for (size_t i = 0; i < command_count; i++) {
        int words = commands[i].name != NULL ? match(commands[i].name, argc, argv) : 0;
        if (words > *out_words) {
            found = &commands[i];
            *out_words = words;
        }
    }
    return found;
}

bool command_arg(const command *cmd, int index, char out[COMMAND_ARG_MAX])
{
    const char *at = cmd->args;
    for (;;) {
        at += strspn(at, " [");
        size_t len = strcspn(at, " ].");
        if (len == 0 || len >= COMMAND_ARG_MAX) {
            return false;
        }
        bool repeats = at[len] == '.';
        if (index == 0 || repeats) {
            memcpy(out, at, len);
            out[len] = '\0';
            return true;
        }
        at += len;
        at += strspn(at, "].");
        index--;
    }
}

bool command_takes(const command *cmd, int count)
{
    char name[COMMAND_ARG_MAX];
    int least = 0;
    /* Arguments before the first bracket must be there. */
    size_t required = strcspn(cmd->args, "[");
    for (size_t i = 0; i < required; i++) {
        least += cmd->args[i] != ' ' && (i == 0 || cmd->args[i - 1] == ' ');
    }
    return count >= least && (count == 0 || command_arg(cmd, count - 1, name));
}
