/* Which changes are durable, which were refused, and which are still open.
 *
 * Changes are numbered in the order they are taken. A commit settles them up to a number: a good
 * one makes all of them durable; a bad one refuses the urgent ones, and the lazy ones stay open.
 * The lowest bit of a ticket says which of the two a change was, so that its fate follows from two
 * numbers and the few stretches that were refused. Guarded by its owner's lock.
 */
#ifndef LW_STORE_TICKETS_H
#define LW_STORE_TICKETS_H

#include <stdint.h>

#include "lw/ports.h"

#define LW_REFUSALS_MAX 64u

typedef struct lw_refusal {
    uint64_t after, upto; /* urgent changes with after < number <= upto */
} lw_refusal;

typedef struct lw_tickets {
    uint64_t taken;     /* the newest number that was given */
    uint64_t settled;   /* by a commit, good or bad */
    uint64_t durable;   /* by the newest good one */
    uint64_t forgotten; /* numbers up to this may have been refused, which is no longer known */
    lw_refusal refusals[LW_REFUSALS_MAX]; /* a ring */
    uint64_t refusal_count;
} lw_tickets;

lw_ticket lw_tickets_take(lw_tickets *t, lw_haste haste);

/* A commit reached `upto`; LW_OK or not. A bad one must reach the newest: lw_tickets_newest. */
void lw_tickets_settle(lw_tickets *t, lw_ticket upto, lw_err err);
lw_ticket lw_tickets_newest(const lw_tickets *t);
/* What may be told: everything up to this is durable, but for what was refused. */
lw_ticket lw_tickets_durable(const lw_tickets *t);

/* LW_OK: durable. LW_AGAIN: open. LW_EIO: refused, or settled so long ago that nobody knows. A
 * ticket that was never given counts as open. */
lw_err lw_tickets_fate(const lw_tickets *t, lw_ticket ticket);

#endif
