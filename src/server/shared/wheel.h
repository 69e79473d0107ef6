/* Deadlines of a fleet: a hierarchical timing wheel.
 *
 * Almost every deadline of a server is armed again before it is due (each Update moves an expiry),
 * so arming must cost the same with a million of them, and nothing may walk over them all. Four
 * wheels of 256 slots: the first turns in ticks of 128 ms, each other one slot for a turn of the
 * one below.
 *
 *   level   slot       turn
 *   0       128 ms     33 s
 *   1       33 s       2.3 h
 *   2       2.3 h      25 d
 *   3       25 d       17 a     what lies further waits there and is put back
 *
 * Arming and disarming are links in a list. A timer is moved down at most three times in its life.
 * A bit for each slot tells which have something in them, so that an idle stretch is jumped over.
 * Timers fire at the first tick at or after their time: never early, at most 128 ms late. The price
 * is 16 KiB for the slots; the pairing heap of base/deadline.h is better for few deadlines.
 */
#ifndef LW_SERVER_SHARED_WHEEL_H
#define LW_SERVER_SHARED_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "lw/time.h"

#define LW_WHEEL_TICK_MS 128
#define LW_WHEEL_LEVELS  4u
#define LW_WHEEL_SLOTS   256u

typedef struct lw_wheel_timer {
    lw_link link;
    lw_time at; /* LW_TIME_NEVER: not armed */
} lw_wheel_timer;

typedef struct lw_wheel {
    lw_link slots[LW_WHEEL_LEVELS][LW_WHEEL_SLOTS];
    uint64_t used[LW_WHEEL_LEVELS][LW_WHEEL_SLOTS / 64];
    uint64_t tick; /* the first that was not done yet */
    lw_time origin;
    lw_link due; /* taken from a slot, for take_due to give */
} lw_wheel;

void lw_wheel_init(lw_wheel *wheel, lw_time now);
void lw_wheel_timer_init(lw_wheel_timer *timer);

/* Arms or re-arms; LW_TIME_NEVER disarms. */
void lw_wheel_arm(lw_wheel *wheel, lw_wheel_timer *timer, lw_time at);

/* Takes out and returns a timer that is due, NULL: none. */
lw_wheel_timer *lw_wheel_take_due(lw_wheel *wheel, lw_time now);

/* When take_due is to be called next: not later than the first deadline needs. */
lw_time lw_wheel_next(const lw_wheel *wheel);

#endif
