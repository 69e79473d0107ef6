#include "base/deadline.h"

#include <stddef.h>

void lw_deadlines_init(lw_deadlines *all)
{
    all->root = NULL;
}

void lw_deadline_init(lw_deadline *d)
{
    *d = (lw_deadline){.at = LW_TIME_NEVER};
}

bool lw_deadline_is_armed(const lw_deadline *d)
{
    return d->at != LW_TIME_NEVER;
}

/* Joins two heaps; the later root becomes the first child of the earlier. */
static lw_deadline *meld(lw_deadline *a, lw_deadline *b)
{
    if (a == NULL) {
        return b;
    }
    if (b == NULL) {
        return a;
    }
    if (b->at < a->at) {
        lw_deadline *t = a;
        a = b;
        b = t;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next != NULL) {
        b->next->prev = b;
    }
    a->child = b;
    a->prev = a->next = NULL;
    return a;
}

/* Joins a list of siblings into one heap: pairs from the left, then all of them from the right. */
static lw_deadline *meld_siblings(lw_deadline *first)
{
    lw_deadline *pairs = NULL; /* a stack, linked by next */
    while (first != NULL) {
        lw_deadline *a = first;
        lw_deadline *b = a->next;
        first = b != NULL ? b->next : NULL;
        a->prev = a->next = NULL;
        if (b != NULL) {
            b->prev = b->next = NULL;
        }
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    lw_deadline *root = NULL;
    while (pairs != NULL) {
        lw_deadline *next = pairs->next;
        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

static void cut(lw_deadlines *all, lw_deadline *d)
{
    if (all->root == d) {
        all->root = NULL;
    } else if (d->prev->child == d) {
        d->prev->child = d->next;
    } else {
        d->prev->next = d->next;
    }
    if (d->next != NULL) {
        d->next->prev = d->prev;
    }
    d->prev = d->next = NULL;
}

void lw_deadline_disarm(lw_deadlines *all, lw_deadline *d)
{
    if (!lw_deadline_is_armed(d)) {
        return;
    }
    cut(all, d);
    all->root = meld(all->root, meld_siblings(d->child));
    lw_deadline_init(d);
}

void lw_deadline_arm(lw_deadlines *all, lw_deadline *d, lw_time at)
{
    lw_deadline_disarm(all, d);
    if (at == LW_TIME_NEVER) {
        return;
    }
    d->at = at;
    all->root = meld(all->root, d);
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
    lw_deadline_disarm(all, d);
    return d;
}
