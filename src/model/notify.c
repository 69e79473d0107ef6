#include "model/notify.h"

/* ---- One value ---- */

uint64_t lw_mark_add(uint64_t mark, uint64_t word)
{
    mark = (14695981039346656037u ^ mark ^ word) * 1099511628211u; /* FNV-1a, by words */
    return mark ^ mark >> 32;
}

static uint64_t mark_of_octets(lw_bytes b)
{
    uint64_t mark = lw_mark_add(0, b.len);
    for (size_t i = 0; i < b.len; i++) {
        mark = lw_mark_add(mark, b.ptr[i]);
    }
    return mark;
}

uint64_t lw_mark_of(const lw_value *value)
{
    switch (value->type) {
    case LW_TYPE_NONE:
        return 0;
    case LW_TYPE_STRING:
    case LW_TYPE_OPAQUE:
    case LW_TYPE_CORELNK:
        return mark_of_octets(value->as.bytes);
    case LW_TYPE_BOOLEAN:
        return value->as.boolean;
    case LW_TYPE_OBJLNK:
        return (uint32_t)value->as.link.object << 16 | value->as.link.instance;
    default: /* all 64 bits wide: the bits are what differs */
        return value->as.uns;
    }
}

lw_sample lw_sample_of(lw_value value)
{
    lw_sample sample = {.kind = LW_SAMPLE_OTHER, .mark = lw_mark_of(&value)};
    bool is_number = lw_value_to_number(&value, &sample.number);
    if (is_number && sample.number == sample.number) { /* not a NaN */
        sample.kind = LW_SAMPLE_NUMBER;
    } else if (value.type == LW_TYPE_BOOLEAN) {
        sample.kind = LW_SAMPLE_BOOLEAN;
    }
    return sample;
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

/* The end of a period that began at `start`: of the one that holds back, or of the one that pushes.
 * Zero is none, and so is a maximum below its minimum (ATT-21): it never ends. */
static lw_time end_of(lw_time start, bool holds_back, uint32_t minimum, uint32_t maximum)
{
    if (holds_back) {
        return lw_time_add(start, minimum * LW_SECOND_MS);
    }
    bool pushes = maximum != 0 && maximum >= minimum;
    return pushes ? lw_time_add(start, maximum * LW_SECOND_MS) : LW_TIME_NEVER;
}

static lw_time send_at(const lw_notify *n, const lw_attrs *attrs)
{
    return end_of(n->sent, n->met, attrs->pmin, attrs->pmax);
}

static lw_time evaluate_at(const lw_notify *n, const lw_attrs *attrs, bool owed)
{
    return end_of(n->evaluated, owed, attrs->epmin, attrs->epmax);
}

void lw_notify_init(lw_notify *n, lw_time now)
{
    *n = (lw_notify){.sent = now, .confirmed = now, .evaluated = now};
}

bool lw_notify_may_evaluate(lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    n->owed = now < evaluate_at(n, attrs, true);
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
    return now >= send_at(n, attrs);
}

bool lw_notify_is_confirmable(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    return attrs->con || now >= lw_time_add(n->confirmed, LW_NOTIFY_CON_INTERVAL_MS);
}

void lw_notify_sent(lw_notify *n, bool confirmable, lw_time now)
{
    lw_time confirmed = confirmable ? now : n->confirmed;
    lw_notify_init(n, now);
    n->confirmed = confirmed;
}

lw_time lw_notify_deadline(const lw_notify *n, const lw_attrs *attrs)
{
    lw_time send = send_at(n, attrs);
    lw_time evaluate = evaluate_at(n, attrs, n->owed);
    return send < evaluate ? send : evaluate;
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
    whole->has |= part->has & LW_ATTRS_COMPOSITE;
    whole->con |= part->con;
    whole->pmin = largest(whole->pmin, part->pmin);
    whole->pmax = smallest_not_zero(whole->pmax, part->pmax);
    whole->epmin = largest(whole->epmin, part->epmin);
    whole->epmax = smallest_not_zero(whole->epmax, part->epmax);
}
