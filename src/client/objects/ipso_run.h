/* Seconds on and off, for inputs and actuators. Not for applications. */
#ifndef LW_CLIENT_OBJECTS_IPSO_RUN_H
#define LW_CLIENT_OBJECTS_IPSO_RUN_H

#include "lw/ipso.h"

/* Counts up to now what it was, and goes on as what it is. */
void lw_ipso_run_account(lw_ipso_run *run, bool is_on, lw_time now);

/* 5852 and 5854, as hooks->read and hooks->write meet them. */
lw_value lw_ipso_run_read(lw_ipso_run *run, uint16_t resource, lw_time now);
lw_err lw_ipso_run_write(lw_ipso_run *run, uint16_t resource, lw_value value, lw_time now);

#endif
