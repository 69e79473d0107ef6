#include "client/objects/ipso_run.h"

#include "lw/objects.h"

void lw_ipso_run_account(lw_ipso_run *run, bool is_on, lw_time now)
{
    if (run->since != 0) { /* before the engine has a time there is nothing to count */
        run->sum[run->is_on] += now - run->since;
    }
    run->since = now;
    run->is_on = is_on;
}

lw_value lw_ipso_run_read(lw_ipso_run *run, uint16_t resource, lw_time now)
{
    lw_ipso_run_account(run, run->is_on, now);
    return lw_value_integer(run->sum[resource == LW_RES_ON_TIME] / LW_SECOND_MS);
}

lw_err lw_ipso_run_write(lw_ipso_run *run, uint16_t resource, lw_value value, lw_time now)
{
    if (value.as.integer < 0 || value.as.integer > INT32_MAX) {
        return LW_ERANGE;
    }
    lw_ipso_run_account(run, run->is_on, now);
    run->sum[resource == LW_RES_ON_TIME] = value.as.integer * LW_SECOND_MS;
    return LW_OK;
}
