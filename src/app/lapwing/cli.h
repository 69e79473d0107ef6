/* What every command of `lapwing` works with. */
#ifndef LW_APP_LAPWING_CLI_H
#define LW_APP_LAPWING_CLI_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses; lapwing.1 lists them. */
typedef enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,   /* the server refused or failed */
    STATUS_USAGE = 2,    /* wrong command line */
    STATUS_CONNECT = 3,  /* no server there */
    STATUS_DENIED = 4,   /* no token, or its role does not suffice */
    STATUS_NOTFOUND = 5, /* no such thing on the server */
    STATUS_DEVICE = 6,   /* the device answered with an error */
    STATUS_TIMEOUT = 7   /* the device did not answer, or sleeps on */
} status;

typedef struct cli {
    char *url; /* without a slash at its end; owned */
    char *token;
    bool json;     /* print what the API said, one document a line */
    bool color;    /* stdout is a terminal, and NO_COLOR is not set */
    bool progress; /* stderr is a terminal */
    bool quiet;    /* failures are not told: completion */

    /* Flags of single commands; NULL: not given */
    const char *type, *query, *state, *object, *limit, *from, *to, *step, *depth, *role, *after,
        *attributes, *wait, *expires;
    bool no_wait, partial, queue, force, newest;
} cli;

/* "lapwing: …" on stderr; returns s. */
__attribute__((format(printf, 2, 3))) status fail(status s, const char *format, ...);

#endif
