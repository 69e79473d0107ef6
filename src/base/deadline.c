#include "base/deadline.h"

#include <stddef.h>

void lw_deadlines_init(lw_deadlines *all)
{
    all->root = NULL;
}

bool lw_deadline_is_armed(const lw_deadline *d)
{
    return d->place != NULL;
}

lw_time lw_deadline_at(const lw_deadline *d)
{
    return lw_deadline_is_armed(d) ? d->at : LW_TIME_NEVER;
}

static void put(lw_deadline **place, lw_deadline *d)
{
    *place = d;
    if (d != NULL) {
        d->place = place;
    }
}

/* Joins two heaps at `place`: down their right sides, the earlier first. The children of each that
 * is passed change sides, so that what grew long becomes short. */
static void meld(lw_deadline **place, lw_deadline *a, lw_deadline *b)
{
    while (a != NULL && b != NULL) {
        lw_deadline *first = b->at < a->at ? b : a;
        b = first == a ? b : a;
        a = first->right;
        put(place, first);
        put(&first->right, first->left);
        place = &first->left;
    }
    put(place, a != NULL ? a : b);
}

void lw_deadline_disarm(lw_deadline *d)
{
    if (lw_deadline_is_armed(d)) {
        meld(d->place, d->left, d->right);
        d->place = NULL;
        d->left = d->right = NULL;
    }
}

void lw_deadline_arm(lw_deadlines *all, lw_deadline *d, lw_time at)
{
    lw_deadline_disarm(d);
    if (at != LW_TIME_NEVER) {
        d->at = at;
        meld(&all->root, all->root, d);
    }
}

lw_time lw_deadlines_next(const lw_deadlines *all)
{
    return all->root != NULL ? all->root->at : LW_TIME_NEVER;
}

lw_deadline *lw_deadlines_take_due(lw_deadlines *all, lw_time now)
{
    lw_deadline *d = all->root;
    if (d == NULL || d->at > now) {
        return NULL;
    }
    lw_deadline_disarm(d);
    return d;
}
