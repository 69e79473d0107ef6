/* lapwingd: the LwM2M server.
 *
 * Exit status: 0 after SIGTERM or SIGINT, and when a job is done; 1 when something failed at run
 * time; 2 for wrong usage or configuration. */
#define _GNU_SOURCE
#include <unistd.h>

#include "app/lapwingd/daemon.h"
#include "app/lapwingd/jobs.h"

typedef struct command_line {
    int argc;
    char **argv;
} command_line;

static bool reread(void *ctx, options *out_options)
{
    const command_line *line = ctx;
    return options_read(out_options, line->argc, line->argv, environ) == JOB_RUN;
}

int main(int argc, char **argv)
{
    command_line line = {argc, argv};
    options o;
    switch (options_read(&o, argc, argv, environ)) {
    case JOB_NONE:
        return 0;
    case JOB_WRONG:
        return 2;
    case JOB_RUN:
        return daemon_run(&o, reread, &line);
    default:
        return job_run(&o);
    }
}
