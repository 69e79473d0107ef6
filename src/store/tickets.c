#include "store/tickets.h"

#include <stdbool.h>

static uint64_t number_of(lw_ticket ticket)
{
    return ticket >> 1;
}

static bool is_urgent(lw_ticket ticket)
{
    return (ticket & 1) != 0;
}

lw_ticket lw_tickets_take(lw_tickets *t, lw_haste haste)
{
    t->taken++;
    return t->taken << 1 | (haste == LW_URGENT ? 1u : 0u);
}

lw_ticket lw_tickets_newest(const lw_tickets *t)
{
    return t->taken << 1 | 1;
}

lw_ticket lw_tickets_durable(const lw_tickets *t)
{
    return t->durable << 1 | 1;
}

void lw_tickets_settle(lw_tickets *t, lw_ticket upto, lw_err err)
{
    uint64_t number = number_of(upto);
    if (err == LW_OK) {
        t->durable = number;
    } else if (number > t->settled) {
        lw_refusal *refusal = &t->refusals[t->refusal_count % LW_REFUSALS_MAX];
        if (t->refusal_count >= LW_REFUSALS_MAX) {
            t->forgotten = refusal->upto;
        }
        *refusal = (lw_refusal){t->settled, number};
        t->refusal_count++;
    }
    if (number > t->settled) {
        t->settled = number;
    }
}

lw_err lw_tickets_fate(const lw_tickets *t, lw_ticket ticket)
{
    uint64_t number = number_of(ticket);
    if (!is_urgent(ticket)) {
        return number <= t->durable ? LW_OK : LW_AGAIN;
    }
    if (number > t->settled) {
        return LW_AGAIN;
    }
    if (number <= t->forgotten) {
        return LW_EIO;
    }
    uint64_t known = t->refusal_count < LW_REFUSALS_MAX ? t->refusal_count : LW_REFUSALS_MAX;
    for (uint64_t i = 0; i < known; i++) {
        if (number > t->refusals[i].after && number <= t->refusals[i].upto) {
            return LW_EIO;
        }
    }
    return LW_OK;
}
