/* The notify decision against a plain restatement of ATT-30..37: never two notifications within
 * pmin, always one by pmax, no met condition lost, one CON in 24 hours, no evaluation within epmin,
 * and no deadline that passes without effect.
 *
 * Input: 12 octets choose the attributes, then two octets a step: time that passes, value.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "model/notify.h"

typedef struct device {
    lw_attrs attrs;
    bool one_way;
    lw_notify n;
    lw_watch w;
    double value;

    /* The model: what the rules say, kept without the code under test. */
    lw_time sent;
    lw_time confirmed;
    lw_time evaluated;
    double notified;
    bool condition; /* was met at an evaluation since the last notification */
} device;

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

static lw_time pmin_of(const device *d)
{
    return has(&d->attrs, LW_ATTR_PMIN) ? (lw_time)d->attrs.pmin * 1000 : 0;
}

static lw_time pmax_of(const device *d)
{
    lw_time pmax = has(&d->attrs, LW_ATTR_PMAX) ? (lw_time)d->attrs.pmax * 1000 : 0;
    return pmax == 0 || pmax < pmin_of(d) ? LW_TIME_NEVER : pmax;
}

static lw_time epmin_of(const device *d)
{
    return has(&d->attrs, LW_ATTR_EPMIN) ? (lw_time)d->attrs.epmin * 1000 : 0;
}

static bool crosses(double last, double now, double threshold, bool up, bool one_way)
{
    bool before = up ? last > threshold : last < threshold;
    bool after = up ? now > threshold : now < threshold;
    return one_way ? !before && after : before != after;
}

static bool condition_is_met(const device *d)
{
    const lw_attrs *a = &d->attrs;
    double change = d->value < d->notified ? d->notified - d->value : d->value - d->notified;
    return (has(a, LW_ATTR_ST) && change >= a->st) ||
           (has(a, LW_ATTR_GT) && crosses(d->notified, d->value, a->gt, true, d->one_way)) ||
           (has(a, LW_ATTR_LT) && crosses(d->notified, d->value, a->lt, false, d->one_way));
}

static bool has_condition(const device *d)
{
    return has(&d->attrs, LW_ATTR_ST) || has(&d->attrs, LW_ATTR_GT) || has(&d->attrs, LW_ATTR_LT);
}

static lw_value value_of(const device *d)
{
    return lw_value_float(d->value);
}

static void evaluate(device *d, lw_time now)
{
    d->n.changed = true;
    bool may = lw_notify_evaluates_in(&d->n, &d->attrs, now) <= 0;
    FUZZ_CHECK(may == (now - d->evaluated >= epmin_of(d)));
    if (!may) {
        return;
    }
    const lw_attr_decimal *decimal = d->one_way ? &lw_attr_decimal_one_way : &lw_attr_decimal_text;
    const lw_value value = value_of(d);
    bool met = lw_watch_sample(&d->w, &d->attrs, &value, decimal);
    lw_notify_evaluated(&d->n, met, now);
    d->evaluated = now;
    d->condition = has_condition(d) ? d->condition || condition_is_met(d) : d->value != d->notified;
    FUZZ_CHECK(met == d->condition);
}

static void send_if_due(device *d, lw_time now)
{
    bool due = lw_notify_sends_in(&d->n, &d->attrs, now) <= 0;
    bool over_pmin = now - d->sent >= pmin_of(d);
    bool over_pmax = pmax_of(d) != LW_TIME_NEVER && now - d->sent >= pmax_of(d);
    FUZZ_CHECK(due == ((d->condition && over_pmin) || over_pmax));
    if (!due) {
        return;
    }
    FUZZ_CHECK(over_pmin);
    bool con = lw_notify_is_confirmable(&d->n, &d->attrs, now);
    FUZZ_CHECK(con || now - d->confirmed < LW_NOTIFY_CON_INTERVAL_MS);
    const lw_value value = value_of(d);
    (void)lw_watch_begin(&d->w, &value);
    lw_notify_sent(&d->n, con, now);
    d->sent = now;
    d->evaluated = now;
    d->notified = d->value;
    d->condition = false;
    if (con) {
        d->confirmed = now;
    }
}

static lw_time deadline_of(const device *d)
{
    lw_time send = lw_notify_sends_in(&d->n, &d->attrs, d->sent);
    lw_time evaluate = lw_notify_evaluates_in(&d->n, &d->attrs, d->sent);
    return lw_time_add(d->sent, send < evaluate ? send : evaluate);
}

static void wake(device *d, lw_time now)
{
    evaluate(d, now);
    send_if_due(d, now);
    lw_time deadline = deadline_of(d);
    FUZZ_CHECK(deadline > now); /* or the engine would spin */
    if (pmax_of(d) != LW_TIME_NEVER) {
        FUZZ_CHECK(deadline <= d->sent + pmax_of(d));
    }
    if (d->condition) {
        FUZZ_CHECK(deadline <= d->sent + pmin_of(d));
    }
}

/* Lets time pass up to `until`, waking whenever a deadline is reached on the way. */
static void run(device *d, lw_time until)
{
    for (unsigned i = 0; i < 50; i++) { /* then late: long steps stay affordable */
        lw_time deadline = deadline_of(d);
        if (deadline > until) {
            return;
        }
        wake(d, deadline);
    }
}

/* An attribute that is absent is zero. */
static uint32_t given(const device *d, lw_attr attr, unsigned value)
{
    return has(&d->attrs, attr) ? value : 0;
}

static void choose_attributes(device *d, const uint8_t *b)
{
    uint16_t without_edge = (uint16_t)~LW_ATTR_BIT(LW_ATTR_EDGE);
    d->attrs.has = (uint16_t)((b[0] | b[1] << 8) & ((1 << LW_ATTR_COUNT) - 1)) & without_edge;
    d->one_way = (b[1] & 0x80) != 0;
    d->attrs.pmin = given(d, LW_ATTR_PMIN, b[2]);
    d->attrs.pmax = given(d, LW_ATTR_PMAX, b[3]);
    d->attrs.epmin = given(d, LW_ATTR_EPMIN, b[4] & 15);
    d->attrs.epmax = given(d, LW_ATTR_EPMAX, b[5]);
    d->attrs.gt = (int8_t)given(d, LW_ATTR_GT, b[6]);
    d->attrs.lt = (int8_t)given(d, LW_ATTR_LT, b[7]);
    d->attrs.st = given(d, LW_ATTR_ST, b[8] + 1u);
    d->attrs.con = given(d, LW_ATTR_CON, b[9] & 1) != 0;
    d->value = (int8_t)b[10];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 12) {
        return 0;
    }
    device d = {0};
    choose_attributes(&d, data);
    d.notified = d.value;
    lw_notify_init(&d.n, 0);
    const lw_value value = value_of(&d);
    (void)lw_watch_begin(&d.w, &value);
    /* Octet 11 scales the steps: from a millisecond to some hours. */
    lw_time unit = (lw_time)1 << (data[11] % 16);
    lw_time now = 0;
    for (size_t i = 12; i + 1 < size; i += 2) {
        lw_time next = now + (1 + data[i]) * unit;
        run(&d, next - 1);
        now = next;
        d.value = (int8_t)data[i + 1];
        wake(&d, now);
    }
    return 0;
}
