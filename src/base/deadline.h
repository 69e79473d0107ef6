/* Deadlines of one engine: "who must be woken next, and when?"
 *
 * An intrusive skew heap: no memory of its own, arming, disarming and taking the earliest are
 * logarithmic on average. A timing wheel arms as fast but wants slots up front, which a
 * microcontroller with three deadlines should not pay for; a fleet's registrations, of which almost
 * all are re-armed before they are due, get a wheel of their own in the server.
 */
#ifndef LW_BASE_DEADLINE_H
#define LW_BASE_DEADLINE_H

#include <stdbool.h>

#include "lw/time.h"

typedef struct lw_deadline lw_deadline;
struct lw_deadline {
    lw_time at;                /* when, while it is armed: lw_deadline_at */
    lw_deadline **place;       /* what points to it; NULL: not armed */
    lw_deadline *left, *right; /* both are later */
};

/* Stays where it is: what is armed points here. */
typedef struct lw_deadlines {
    lw_deadline *root;
} lw_deadlines;

void lw_deadlines_init(lw_deadlines *all);

/* One that is all zero is not armed. */
bool lw_deadline_is_armed(const lw_deadline *d);
/* LW_TIME_NEVER when it is not armed. */
lw_time lw_deadline_at(const lw_deadline *d);

/* Arms or re-arms. LW_TIME_NEVER disarms. */
void lw_deadline_arm(lw_deadlines *all, lw_deadline *d, lw_time at);
void lw_deadline_disarm(lw_deadline *d);

/* The earliest time armed, or LW_TIME_NEVER. */
lw_time lw_deadlines_next(const lw_deadlines *all);

/* Takes out and returns one deadline with at <= now, the earliest first; NULL when none is due. */
lw_deadline *lw_deadlines_take_due(lw_deadlines *all, lw_time now);

#endif
