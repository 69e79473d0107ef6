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

static uint64_t mark_of(const lw_value *value)
{
    switch (value->type) {
    case LW_TYPE_STRING:
    case LW_TYPE_OPAQUE:
    case LW_TYPE_CORELNK:
        return hash_of(value->as.bytes);
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
    case LW_TYPE_UNSIGNED:
    case LW_TYPE_FLOAT:
        return value->as.uns; /* all 64 bits wide: the bits are what differs */
    case LW_TYPE_BOOLEAN:
        return value->as.boolean;
    case LW_TYPE_OBJLNK:
        return (uint32_t)value->as.link.object << 16 | value->as.link.instance;
    default:
        return 0;
    }
}

lw_sample lw_sample_of(lw_value value)
{
    lw_sample sample = lw_sample_of_mark(mark_of(&value));
    bool is_number = lw_value_to_number(&value, &sample.number);
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

bool lw_watch_sample(lw_watch *w, const lw_attrs *attrs, lw_sample sample,
                     const lw_attr_decimal *decimal)
{
    if (sample.kind != w->notified.kind) { /* a value came, went, or became a NaN */
        w->met = true;
    } else if (conditions_on((lw_sample_kind)sample.kind, attrs) == 0) {
        w->met = sample.mark != w->notified.mark;
    } else if (sample.kind == LW_SAMPLE_NUMBER) {
        w->met |= decimal != NULL && decimal->is_met(attrs, w->notified.number, sample.number);
    } else {
        w->met |= sample.mark != w->sampled && (sample.mark != 0) == attrs->edge;
    }
    w->sampled = sample.mark;
    return w->met;
}

/* ---- One observation ---- */

static uint32_t period(const lw_attrs *attrs, lw_attr attr, uint32_t seconds)
{
    return has(attrs, attr) ? seconds : 0;
}

/* When two periods that began at `start` are over, the one that holds back and the one that pushes.
 * Zero is none, and so is a maximum below its minimum (ATT-21): never. */
typedef struct span {
    lw_time least, most; /* least <= most */
} span;

static span span_of(lw_time start, uint32_t minimum, uint32_t maximum)
{
    span s = {lw_time_add(start, minimum * LW_SECOND_MS), LW_TIME_NEVER};
    if (maximum != 0 && maximum >= minimum) {
        s.most = lw_time_add(start, maximum * LW_SECOND_MS);
    }
    return s;
}

static span sending(const lw_notify *n, const lw_attrs *attrs)
{
    return span_of(n->sent, period(attrs, LW_ATTR_PMIN, attrs->pmin),
                   period(attrs, LW_ATTR_PMAX, attrs->pmax));
}

static span evaluating(const lw_notify *n, const lw_attrs *attrs)
{
    return span_of(n->evaluated, period(attrs, LW_ATTR_EPMIN, attrs->epmin),
                   period(attrs, LW_ATTR_EPMAX, attrs->epmax));
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
    n->owed = now < evaluating(n, attrs).least;
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
    span s = sending(n, attrs);
    return now >= (n->met ? s.least : s.most);
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
    span send = sending(n, attrs);
    span evaluate = evaluating(n, attrs);
    lw_time by = n->met ? send.least : send.most;
    return earlier(by, n->owed ? evaluate.least : evaluate.most);
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
