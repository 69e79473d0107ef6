/* What lapwingd does instead of serving: looks after the store of a data directory. */
#ifndef LW_APP_LAPWINGD_JOBS_H
#define LW_APP_LAPWINGD_JOBS_H

#include "app/lapwingd/options.h"

/* Returns the exit status. */
int job_run(const options *o);

#endif
