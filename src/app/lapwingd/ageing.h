/* The clock by which recordings and requests that ended grow old and go.
 *
 * It is the wall clock, except that it never runs ahead of the time that has really passed since
 * the start: a clock that is set years too late for a minute would else take away everything. One
 * that is set back is believed at once; nothing goes too early by that.
 */
#ifndef LW_APP_LAPWINGD_AGEING_H
#define LW_APP_LAPWINGD_AGEING_H

#include "lw/time.h"

typedef struct ageing {
    lw_time now, wall; /* at the start, of both clocks */
} ageing;

lw_time ageing_clock(const ageing *since, lw_time now, lw_time wall);

#endif
