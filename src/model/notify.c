#include "model/notify.h"

#include "base/apart.h"

/* ---- One value ---- */

bool lw_watch_begin(lw_watch *w, const lw_value *sent)
{
    *w = (lw_watch){.conditions = 0};
    if (sent->type == LW_TYPE_BOOLEAN) {
        w->conditions = LW_ATTR_BIT(LW_ATTR_EDGE);
        w->flag = sent->as.boolean;
        w->bits = w->flag;
    } else if (lw_value_to_number(sent, &w->number) && w->number == w->number) {
        w->conditions = LW_ATTRS_CONDITIONS & ~LW_ATTR_BIT(LW_ATTR_EDGE);
        w->bits = sent->as.uns; /* which no double keeps all of */
    }
    return w->conditions != 0;
}

bool lw_watch_sample(lw_watch *w, const lw_attrs *attrs, const lw_value *value,
                     const lw_attr_decimal *decimal)
{
    lw_watch now;
    (void)lw_watch_begin(&now, value);
    if (now.conditions != w->conditions) { /* a value came, went, or became a NaN */
        w->met = true;
    } else if ((now.conditions & attrs->has) == 0) {
        w->met = now.bits != w->bits;
    } else if (now.conditions == LW_ATTR_BIT(LW_ATTR_EDGE)) {
        w->met |= now.flag != w->flag && now.flag == attrs->edge;
    } else {
        w->met |= decimal->is_met(attrs, w->number, now.number);
    }
    w->flag = now.flag;
    return w->met;
}

/* ---- One observation ---- */

/* What is left of the period that holds back what waits, or of the one that pushes. Zero is none,
 * and so is a maximum below its minimum (ATT-21): it never ends. */
LW_APART static lw_time left_of(bool waits, uint32_t minimum, uint32_t maximum, lw_time passed)
{
    if (!waits && (maximum == 0 || maximum < minimum)) {
        return LW_TIME_NEVER;
    }
    return (waits ? minimum : maximum) * LW_SECOND_MS - passed;
}

lw_time lw_notify_evaluates_in(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    return left_of(n->changed, attrs->epmin, attrs->epmax, now - n->evaluated);
}

lw_time lw_notify_sends_in(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    return left_of(n->met, attrs->pmin, attrs->pmax, now - n->sent);
}

lw_time lw_notify_waits(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    lw_time evaluate = lw_notify_evaluates_in(n, attrs, now);
    lw_time send = lw_notify_sends_in(n, attrs, now);
    return send < evaluate ? send : evaluate;
}

void lw_notify_init(lw_notify *n, lw_time now)
{
    *n = (lw_notify){.sent = now, .confirmed = now, .evaluated = now};
}

void lw_notify_evaluated(lw_notify *n, bool met, lw_time now)
{
    n->evaluated = now;
    n->met = met;
    n->changed = false;
}

bool lw_notify_is_confirmable(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    return attrs->con || now - n->confirmed >= LW_NOTIFY_CON_INTERVAL_MS;
}

void lw_notify_sent(lw_notify *n, bool confirmable, lw_time now)
{
    lw_notify_evaluated(n, false, now);
    n->sent = now;
    if (confirmable) {
        n->confirmed = now;
    }
}

static uint32_t largest(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t smallest_not_zero(uint32_t a, uint32_t b)
{
    return a != 0 && (b == 0 || a < b) ? a : b;
}

void lw_notify_join(lw_attrs *whole, const lw_attrs *part)
{
    whole->con |= part->con;
    whole->pmin = largest(whole->pmin, part->pmin);
    whole->pmax = smallest_not_zero(whole->pmax, part->pmax);
    whole->epmin = largest(whole->epmin, part->epmin);
    whole->epmax = smallest_not_zero(whole->epmax, part->epmax);
}
