/* Time as numbers. Nothing below src/host reads a clock: `now` is passed in.
 *
 * lw_time is milliseconds. As a point in time of an engine it counts from an arbitrary origin and
 * never runs backwards (monotonic); as a timestamp of a value it counts from 1970-01-01T00:00:00Z
 * (may be negative). Contracts say which.
 */
#ifndef LW_TIME_H
#define LW_TIME_H

#include <stdint.h>

typedef int64_t lw_time;

#define LW_TIME_NEVER INT64_MAX
#define LW_SECOND_MS  ((lw_time)1000)

/* now + delay without overflow; LW_TIME_NEVER stays. delay >= 0. */
static inline lw_time lw_time_add(lw_time now, lw_time delay)
{
    return now > LW_TIME_NEVER - delay ? LW_TIME_NEVER : now + delay;
}

#endif
