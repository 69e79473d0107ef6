/* When to notify (ATT-30..39): two small states and no I/O.
 *
 * A lw_watch is kept for each value that conditions may look at: a resource, or an instance of one.
 * It decides whether one is met. Where any change counts, as in an object or an instance (ATT-39),
 * a mark of the whole representation does. A lw_notify is kept for each observation and decides
 * when a met condition may go out, and when one goes out regardless. Both are asked with the
 * attributes in force at that moment, so a Write-Attributes takes effect at once.
 *
 * When `changed` is set because a value did, and when the shorter of the two periods is over:
 *
 *     if (lw_notify_evaluates_in(&n, &attrs, now) <= 0) {
 *         bool met = the mark is not that of what was sent;
 *         for each watch: met |= lw_watch_sample(&watch, &its_attrs, &value, decimal);
 *         lw_notify_evaluated(&n, met, now);
 *     }
 *     if (lw_notify_sends_in(&n, &attrs, now) <= 0) {
 *         con = lw_notify_is_confirmable(&n, &attrs, now);
 *         send what the values are now;
 *         for each watch: lw_watch_begin(&watch, &the value sent);
 *         lw_notify_sent(&n, con, now);
 *     }
 *     wake me after the shorter of the two
 */
#ifndef LW_MODEL_NOTIFY_H
#define LW_MODEL_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/time.h"
#include "lw/value.h"
#include "model/attr.h"

/* ---- One value: is a condition met? -----------------------------------------------------------
 */

typedef struct lw_watch {
    double number;       /* that the server was told last */
    uint64_t bits;       /* which tell it from others, or the flag that it was told */
    uint16_t conditions; /* LW_ATTR_BIT of those that say anything about such a value */
    bool flag;           /* the last sample, for `edge` */
    bool met;            /* a condition was met since, and is not forgotten (ATT-31) */
} lw_watch;

/* At the first answer, and with each notification. False: no condition says anything about such a
 * value; gt, lt and st do about a number, but for a NaN, and edge does about a flag. */
bool lw_watch_begin(lw_watch *w, const lw_value *sent);

/* Compares with what was notified (st, gt, lt: ATT-32, ATT-33) and sampled (edge: ATT-35). Returns
 * whether a condition is met, now or earlier since the last notification. Without a condition in
 * `attrs`: whether the value is another than the one notified, now (ATT-30, ATT-31). */
bool lw_watch_sample(lw_watch *w, const lw_attrs *attrs, const lw_value *value,
                     const lw_attr_decimal *decimal);

/* ---- One observation: may it go out? ----------------------------------------------------------
 */

/* RFC 7641 4.5, P-OBS-13: one CON at least in 24 hours. */
#define LW_NOTIFY_CON_INTERVAL_MS (24 * 60 * 60 * LW_SECOND_MS)

typedef struct lw_notify {
    bool changed;      /* something did, and was not evaluated */
    bool met;          /* waits for pmin */
    lw_time evaluated; /* the last time that samples were taken */
    lw_time sent;      /* the last notification, or the first answer (P-OBS-01) */
    lw_time confirmed; /* the last one sent as CON, or the first answer */
} lw_notify;

/* At the first answer. */
void lw_notify_init(lw_notify *n, lw_time now);

/* How long until it is evaluated: after a change, until epmin is over since the last time; without
 * one, until epmax is (ATT-36). Now when that is not positive; LW_TIME_NEVER for none. */
lw_time lw_notify_evaluates_in(const lw_notify *n, const lw_attrs *attrs, lw_time now);
void lw_notify_evaluated(lw_notify *n, bool met, lw_time now);

/* Likewise until it is sent: with a condition met, until pmin is over since the last notification;
 * without one, until pmax is (ATT-30). pmax below pmin is ignored (ATT-21). */
lw_time lw_notify_sends_in(const lw_notify *n, const lw_attrs *attrs, lw_time now);

/* How long until either, once it was evaluated if it was to be. */
lw_time lw_notify_waits(const lw_notify *n, const lw_attrs *attrs, lw_time now);

/* `con` decides (1/x/26 is in the effective attributes), without it NON; but CON when the last one
 * is 24 hours ago (ATT-37). */
bool lw_notify_is_confirmable(const lw_notify *n, const lw_attrs *attrs, lw_time now);

/* The values were read and sent, or stored for later. */
void lw_notify_sent(lw_notify *n, bool confirmable, lw_time now);

/* Folds the attributes of one part of a composite into those of the whole (OBS-26): the largest
 * pmin and epmin, the smallest pmax and epmax that is not zero, con if any part has it (ATT-37),
 * defaults or not: `has` stays. Start with the empty set, or the first part. */
void lw_notify_join(lw_attrs *whole, const lw_attrs *part);

#endif
