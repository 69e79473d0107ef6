#include "model/notify.h"

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

/* ---- One value ---- */

/* FNV-1a. A collision hides one change until the next one or pmax: 64 bits make that not happen. */
static uint64_t hash_of(lw_bytes b)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < b.len; i++) {
        hash = (hash ^ b.ptr[i]) * 1099511628211u;
    }
    return hash;
}

static uint64_t mark_of(lw_value value)
{
    uint64_t bits;
    switch (value.type) {
    case LW_TYPE_STRING:
    case LW_TYPE_OPAQUE:
    case LW_TYPE_CORELNK:
        return hash_of(value.as.bytes);
    case LW_TYPE_FLOAT:
        memcpy(&bits, &value.as.number, sizeof bits);
        return bits;
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
        return (uint64_t)value.as.integer;
    case LW_TYPE_UNSIGNED:
        return value.as.uns;
    case LW_TYPE_BOOLEAN:
        return value.as.boolean;
    case LW_TYPE_OBJLNK:
        return (uint64_t)value.as.link.object << 16 | value.as.link.instance;
    default:
        return 0;
    }
}

lw_sample lw_sample_of(lw_value value)
{
    lw_sample sample = lw_sample_of_mark(mark_of(value));
    bool is_number = lw_value_to_number(value, &sample.number);
    if (is_number && sample.number == sample.number) { /* not a NaN */
        sample.kind = LW_SAMPLE_NUMBER;
    } else if (value.type == LW_TYPE_BOOLEAN) {
        sample.kind = LW_SAMPLE_BOOLEAN;
    }
    return sample;
}

lw_sample lw_sample_of_mark(uint64_t mark)
{
    return (lw_sample){.kind = LW_SAMPLE_OTHER, .mark = mark};
}

void lw_watch_init(lw_watch *w, lw_sample first)
{
    lw_watch_set_notified(w, first);
}

void lw_watch_set_notified(lw_watch *w, lw_sample sent)
{
    *w = (lw_watch){.notified = sent, .sampled = sent.mark};
}

/* The attributes among those given that say anything about a value of that kind. */
static uint16_t conditions_on(lw_sample_kind kind, const lw_attrs *attrs)
{
    const uint16_t on_number =
        LW_ATTR_BIT(LW_ATTR_GT) | LW_ATTR_BIT(LW_ATTR_LT) | LW_ATTR_BIT(LW_ATTR_ST);
    switch (kind) {
    case LW_SAMPLE_NUMBER:
        return attrs->has & on_number;
    case LW_SAMPLE_BOOLEAN:
        return attrs->has & LW_ATTR_BIT(LW_ATTR_EDGE);
    default:
        return 0;
    }
}

/* ATT-32..34. The threshold itself lies on the inner side of both gt and lt. */
static bool number_condition_is_met(const lw_attrs *attrs, double last, double now, bool one_way)
{
    if (has(attrs, LW_ATTR_ST) && (now > last ? now - last : last - now) >= attrs->st) {
        return true;
    }
    if (has(attrs, LW_ATTR_GT)) {
        bool was_above = last > attrs->gt;
        bool is_above = now > attrs->gt;
        if (was_above != is_above && (is_above || !one_way)) {
            return true;
        }
    }
    if (has(attrs, LW_ATTR_LT)) {
        bool was_below = last < attrs->lt;
        bool is_below = now < attrs->lt;
        if (was_below != is_below && (is_below || !one_way)) {
            return true;
        }
    }
    return false;
}

bool lw_watch_sample(lw_watch *w, const lw_attrs *attrs, lw_sample sample, bool one_way)
{
    if (sample.kind != w->notified.kind) { /* a value came, went, or became a NaN */
        w->met = true;
    } else if (conditions_on((lw_sample_kind)sample.kind, attrs) == 0) {
        w->met = sample.mark != w->notified.mark;
    } else if (sample.kind == LW_SAMPLE_NUMBER) {
        w->met |= number_condition_is_met(attrs, w->notified.number, sample.number, one_way);
    } else {
        w->met |= sample.mark != w->sampled && (sample.mark != 0) == attrs->edge;
    }
    w->sampled = sample.mark;
    return w->met;
}

/* ---- One observation ---- */

static lw_time minimum(const lw_attrs *attrs, lw_attr attr, uint32_t seconds)
{
    return has(attrs, attr) ? seconds * LW_SECOND_MS : 0;
}

/* Zero is none, and so is a maximum below its minimum (ATT-21). */
static lw_time maximum(const lw_attrs *attrs, lw_attr attr, uint32_t seconds, lw_time least)
{
    lw_time period = seconds * LW_SECOND_MS;
    return has(attrs, attr) && period != 0 && period >= least ? period : LW_TIME_NEVER;
}

static lw_time end_of_pmin(const lw_notify *n, const lw_attrs *attrs)
{
    return lw_time_add(n->sent, minimum(attrs, LW_ATTR_PMIN, attrs->pmin));
}

static lw_time end_of_pmax(const lw_notify *n, const lw_attrs *attrs)
{
    lw_time pmin = minimum(attrs, LW_ATTR_PMIN, attrs->pmin);
    return lw_time_add(n->sent, maximum(attrs, LW_ATTR_PMAX, attrs->pmax, pmin));
}

static lw_time end_of_epmin(const lw_notify *n, const lw_attrs *attrs)
{
    return lw_time_add(n->evaluated, minimum(attrs, LW_ATTR_EPMIN, attrs->epmin));
}

static lw_time end_of_epmax(const lw_notify *n, const lw_attrs *attrs)
{
    lw_time epmin = minimum(attrs, LW_ATTR_EPMIN, attrs->epmin);
    return lw_time_add(n->evaluated, maximum(attrs, LW_ATTR_EPMAX, attrs->epmax, epmin));
}

static lw_time earlier(lw_time a, lw_time b)
{
    return a < b ? a : b;
}

void lw_notify_init(lw_notify *n, lw_time now)
{
    *n = (lw_notify){.sent = now, .confirmed = now, .evaluated = now};
}

bool lw_notify_may_evaluate(lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    n->owed = now < end_of_epmin(n, attrs);
    return !n->owed;
}

void lw_notify_evaluated(lw_notify *n, bool met, lw_time now)
{
    n->evaluated = now;
    n->met = met;
    n->owed = false;
}

bool lw_notify_is_due(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    return (n->met && now >= end_of_pmin(n, attrs)) || now >= end_of_pmax(n, attrs);
}

bool lw_notify_is_confirmable(const lw_notify *n, const lw_attrs *attrs, bool preferred,
                              lw_time now)
{
    if (now >= lw_time_add(n->confirmed, LW_NOTIFY_CON_INTERVAL_MS)) {
        return true;
    }
    return has(attrs, LW_ATTR_CON) ? attrs->con : preferred;
}

void lw_notify_sent(lw_notify *n, bool confirmable, lw_time now)
{
    lw_time confirmed = confirmable ? now : n->confirmed;
    lw_notify_init(n, now);
    n->confirmed = confirmed;
}

lw_time lw_notify_deadline(const lw_notify *n, const lw_attrs *attrs)
{
    lw_time deadline = earlier(end_of_pmax(n, attrs), end_of_epmax(n, attrs));
    if (n->met) {
        deadline = earlier(deadline, end_of_pmin(n, attrs));
    }
    if (n->owed) {
        deadline = earlier(deadline, end_of_epmin(n, attrs));
    }
    return deadline;
}

typedef enum which { SMALLEST, LARGEST } which;

/* Zero is no period in either sense, so it never wins. */
static void join_period(lw_attrs *whole, uint32_t *period, const lw_attrs *part, uint32_t other,
                        lw_attr attr, which wanted)
{
    if (!has(part, attr) || other == 0) {
        return;
    }
    bool better = wanted == LARGEST ? other > *period : other < *period;
    if (better || !has(whole, attr)) {
        *period = other;
        whole->has |= LW_ATTR_BIT(attr);
    }
}

void lw_notify_join(lw_attrs *whole, const lw_attrs *part)
{
    join_period(whole, &whole->pmin, part, part->pmin, LW_ATTR_PMIN, LARGEST);
    join_period(whole, &whole->pmax, part, part->pmax, LW_ATTR_PMAX, SMALLEST);
    join_period(whole, &whole->epmin, part, part->epmin, LW_ATTR_EPMIN, LARGEST);
    join_period(whole, &whole->epmax, part, part->epmax, LW_ATTR_EPMAX, SMALLEST);
    if (has(part, LW_ATTR_CON)) {
        whole->con = part->con || (has(whole, LW_ATTR_CON) && whole->con);
        whole->has |= LW_ATTR_BIT(LW_ATTR_CON);
    }
}
