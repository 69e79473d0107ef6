#include "server/shared/wheel.h"

#include <string.h>

#define SLOT_BITS 8u

void lw_wheel_init(lw_wheel *wheel, lw_time now)
{
    memset(wheel->used, 0, sizeof wheel->used);
    wheel->tick = 0;
    wheel->origin = now;
    lw_list_init(&wheel->due);
    for (unsigned level = 0; level < LW_WHEEL_LEVELS; level++) {
        for (unsigned slot = 0; slot < LW_WHEEL_SLOTS; slot++) {
            lw_list_init(&wheel->slots[level][slot]);
        }
    }
}

void lw_wheel_timer_init(lw_wheel_timer *timer)
{
    lw_list_init(&timer->link);
    timer->at = LW_TIME_NEVER;
}

/* The first tick at or after that time. */
static uint64_t tick_of(const lw_wheel *wheel, lw_time at)
{
    if (at <= wheel->origin) {
        return 0;
    }
    uint64_t since = (uint64_t)at - (uint64_t)wheel->origin;
    return since / LW_WHEEL_TICK_MS + (since % LW_WHEEL_TICK_MS != 0);
}

static unsigned slot_of(uint64_t tick, unsigned level)
{
    return (unsigned)(tick >> (SLOT_BITS * level)) % LW_WHEEL_SLOTS;
}

/* The level on which the tick is less than a turn away from the present one, and not in the slot
 * that is being worked on. */
static void place(lw_wheel *wheel, lw_wheel_timer *timer)
{
    uint64_t tick = tick_of(wheel, timer->at);
    if (tick < wheel->tick) {
        lw_list_add_last(&wheel->due, &timer->link);
        return;
    }
    unsigned level = 0;
    while (level < LW_WHEEL_LEVELS - 1 &&
           (tick >> (SLOT_BITS * level)) - (wheel->tick >> (SLOT_BITS * level)) >= LW_WHEEL_SLOTS) {
        level++;
    }
    unsigned shift = SLOT_BITS * level;
    if ((tick >> shift) - (wheel->tick >> shift) >= LW_WHEEL_SLOTS) {
        tick = ((wheel->tick >> shift) + LW_WHEEL_SLOTS - 1) << shift; /* as far as it goes */
    }
    unsigned slot = slot_of(tick, level);
    lw_list_add_last(&wheel->slots[level][slot], &timer->link);
    wheel->used[level][slot / 64] |= UINT64_C(1) << slot % 64;
}

void lw_wheel_arm(lw_wheel *wheel, lw_wheel_timer *timer, lw_time at)
{
    lw_list_remove(&timer->link);
    timer->at = at;
    if (at != LW_TIME_NEVER) {
        place(wheel, timer);
    }
}

/* How far ahead the next slot that may hold something is, on one level, counted from the slot of
 * the present tick: 0..255; 256: none. */
static unsigned distance(const lw_wheel *wheel, unsigned level)
{
    unsigned from = slot_of(wheel->tick, level);
    for (unsigned d = 0; d < LW_WHEEL_SLOTS;) {
        unsigned slot = (from + d) % LW_WHEEL_SLOTS;
        uint64_t rest = wheel->used[level][slot / 64] >> slot % 64;
        if (rest != 0) {
            return d + (unsigned)__builtin_ctzll(rest);
        }
        d += 64 - slot % 64;
    }
    return LW_WHEEL_SLOTS;
}

/* The next tick at which something is to be done: a slot of the lowest level, or one above that is
 * to be taken apart when its turn begins. UINT64_MAX: none. */
static uint64_t next_tick(const lw_wheel *wheel)
{
    uint64_t next = UINT64_MAX;
    for (unsigned level = 0; level < LW_WHEEL_LEVELS; level++) {
        unsigned shift = SLOT_BITS * level;
        unsigned d = distance(wheel, level);
        if (d < LW_WHEEL_SLOTS) {
            uint64_t tick = ((wheel->tick >> shift) + d) << shift;
            tick = tick < wheel->tick ? wheel->tick : tick;
            next = tick < next ? tick : next;
        }
    }
    return next;
}

static void take_slot(lw_wheel *wheel, unsigned level, lw_link *out_list)
{
    unsigned slot = slot_of(wheel->tick, level);
    wheel->used[level][slot / 64] &= ~(UINT64_C(1) << slot % 64);
    lw_list_take(&wheel->slots[level][slot], out_list);
}

/* What the present tick holds: the slots above that begin with it are put into lower ones, then the
 * lowest one is due. */
static void do_tick(lw_wheel *wheel)
{
    for (unsigned level = LW_WHEEL_LEVELS - 1; level > 0; level--) {
        lw_link list;
        take_slot(wheel, level, &list);
        while (!lw_list_is_empty(&list)) {
            lw_wheel_timer *timer = LW_CONTAINER(list.next, lw_wheel_timer, link);
            lw_list_remove(&timer->link);
            place(wheel, timer);
        }
    }
    lw_link list;
    take_slot(wheel, 0, &list);
    while (!lw_list_is_empty(&list)) {
        lw_link *link = list.next;
        lw_list_remove(link);
        lw_list_add_last(&wheel->due, link);
    }
}

lw_wheel_timer *lw_wheel_take_due(lw_wheel *wheel, lw_time now)
{
    uint64_t end =
        now < wheel->origin ? 0 : ((uint64_t)now - (uint64_t)wheel->origin) / LW_WHEEL_TICK_MS + 1;
    while (lw_list_is_empty(&wheel->due)) {
        uint64_t next = next_tick(wheel);
        if (next >= end) {
            wheel->tick = end > wheel->tick ? end : wheel->tick;
            return NULL;
        }
        wheel->tick = next;
        do_tick(wheel);
        wheel->tick++;
    }
    lw_wheel_timer *timer = LW_CONTAINER(wheel->due.next, lw_wheel_timer, link);
    lw_list_remove(&timer->link);
    timer->at = LW_TIME_NEVER;
    return timer;
}

lw_time lw_wheel_next(const lw_wheel *wheel)
{
    if (!lw_list_is_empty(&wheel->due)) {
        return wheel->origin;
    }
    uint64_t next = next_tick(wheel);
    if (next > (uint64_t)(LW_TIME_NEVER - wheel->origin) / LW_WHEEL_TICK_MS) {
        return LW_TIME_NEVER;
    }
    return wheel->origin + (lw_time)(next * LW_WHEEL_TICK_MS);
}
