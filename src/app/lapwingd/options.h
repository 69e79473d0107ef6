/* The command line of lapwingd: what it is to do, and how it is configured. */
#ifndef LW_APP_LAPWINGD_OPTIONS_H
#define LW_APP_LAPWINGD_OPTIONS_H

#include "app/lapwingd/config.h"

typedef enum job {
    JOB_RUN,
    JOB_CHECK_CONFIG,
    JOB_CHECK_STORE,
    JOB_EXPORT,
    JOB_IMPORT,
    JOB_BACKUP,
    JOB_ADMIN_TOKEN,
    JOB_NONE, /* --help or --version: printed */
    JOB_WRONG /* said why on stderr: exit status 2 */
} job;

typedef struct options {
    job job;
    const char *config_file; /* NULL: none */
    const char *file;        /* of --export, --import, --backup; "-": stdout, stdin */
    config config;
} options;

/* Reads flags, file and environment; said again after SIGHUP. */
job options_read(options *o, int argc, char **argv, char *const *environ);

#endif
