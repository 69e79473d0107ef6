/* The commands of `lapwing`, one row each: how they are called, what they do, which flags they
 * take. Help, completion and the checks of the command line come from this table. */
#ifndef LW_APP_LAPWING_COMMANDS_H
#define LW_APP_LAPWING_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "app/lapwing/http.h"
#include "app/shared/flags.h"

/* argv: its arguments, without the words of its name. */
typedef status command_fn(cli *c, http *h, int argc, char **argv);

typedef struct command {
    const char *name; /* one word, or two: "tokens add" */
    const char *args; /* "EP PATH [VALUE...]": completion knows EP, PATH, FILE … */
    const char *help; /* NULL: not listed */
    command_fn *run;
    uint32_t flags;       /* bits of cli_flag it takes beside those that all take */
    const char *examples; /* one a line, without "lapwing" */
} command;

extern const command commands[];
extern const size_t command_count;

/* The row whose name argv begins with; *out_words is how many words that took. NULL: none. */
const command *command_find(int argc, char **argv, int *out_words);

/* Whether that many arguments fit. */
bool command_takes(const command *cmd, int count);

/* What the argument at `index` is called, "EP"; false when there is none. */
#define COMMAND_ARG_MAX 24
bool command_arg(const command *cmd, int index, char out[COMMAND_ARG_MAX]);

/* Flags: what a row in cli_flags does. Those up to CLI_COMMON_LAST fit every command. */
typedef enum cli_flag {
    CLI_URL,
    CLI_TOKEN,
    CLI_JSON,
    CLI_HELP,
    CLI_VERSION,
    CLI_COMMON_LAST = CLI_VERSION,
    CLI_WAIT,
    CLI_NO_WAIT,
    CLI_QUEUE,
    CLI_FORCE,
    CLI_TYPE,
    CLI_PARTIAL,
    CLI_DEPTH,
    CLI_QUERY,
    CLI_STATE,
    CLI_OBJECT,
    CLI_LIMIT,
    CLI_FROM,
    CLI_TO,
    CLI_STEP,
    CLI_NEWEST,
    CLI_ATTRIBUTES,
    CLI_AFTER,
    CLI_EXPIRES,
    CLI_ROLE
} cli_flag;

#define BIT(flag) (1u << (flag))
/* What every operation on a device takes. */
#define CLI_OPERATION \
    (BIT(CLI_WAIT) | BIT(CLI_NO_WAIT) | BIT(CLI_QUEUE) | BIT(CLI_FORCE) | BIT(CLI_EXPIRES))
/* Those whose value is a number. */
#define CLI_NUMBERS                                                                      \
    (BIT(CLI_WAIT) | BIT(CLI_DEPTH) | BIT(CLI_OBJECT) | BIT(CLI_LIMIT) | BIT(CLI_STEP) | \
     BIT(CLI_AFTER))

/* The page of one command; or, of the first word of several, a line each. False: there is none. */
bool command_help(int argc, char **argv);

extern const flag cli_flags[];
extern const size_t cli_flag_count;

/* Each stands in the file of its group. */
command_fn cmd_devices, cmd_device, cmd_forget;
command_fn cmd_read, cmd_write, cmd_exec, cmd_create, cmd_delete, cmd_discover, cmd_attrs;
command_fn cmd_composite_read, cmd_composite_write;
command_fn cmd_observe, cmd_unobserve, cmd_observations, cmd_history;
command_fn cmd_watch;
command_fn cmd_requests, cmd_request, cmd_cancel;
command_fn cmd_credentials, cmd_credentials_set, cmd_credentials_delete;
command_fn cmd_models, cmd_model, cmd_models_add, cmd_models_delete;
command_fn cmd_tokens, cmd_tokens_add, cmd_tokens_delete;
command_fn cmd_server, cmd_complete;

#endif
