/* lapwingd at work: store, shard, API and signals on one loop, from start to end. */
#ifndef LW_APP_LAPWINGD_DAEMON_H
#define LW_APP_LAPWINGD_DAEMON_H

#include "app/lapwingd/options.h"

/* Reads the configuration anew, for SIGHUP; false when it is wrong, which it has told. */
typedef bool daemon_reread_fn(void *ctx, options *out_options);

/* Serves until SIGTERM or SIGINT. Returns the exit status. */
int daemon_run(const options *o, daemon_reread_fn *reread, void *ctx);

#endif
