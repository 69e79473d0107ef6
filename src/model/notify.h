/* When to notify (ATT-30..39): two small states and no I/O.
 *
 * A lw_watch is kept for each value that conditions may look at: a resource, or an instance of one.
 * It decides whether one is met. Where any change counts, as in an object or an instance (ATT-39),
 * a mark of the whole representation does. A lw_notify is kept for each observation and decides
 * when a met condition may go out, and when one goes out regardless. Both are asked with the
 * attributes in force at that moment, so a Write-Attributes takes effect at once.
 *
 * On each change of a value, and when lw_notify_deadline() is reached:
 *
 *     if (lw_notify_may_evaluate(&n, &attrs, now)) {
 *         bool met = the mark is not that of what was sent;
 *         for each watch: met |= lw_watch_sample(&watch, &its_attrs, sample, decimal);
 *         lw_notify_evaluated(&n, met, now);
 *     }
 *     if (lw_notify_is_due(&n, &attrs, now)) {
 *         con = lw_notify_is_confirmable(&n, &attrs, false, now);
 *         send what the values are now;
 *         for each watch: lw_watch_set_notified(&watch, the sample sent);
 *         lw_notify_sent(&n, con, now);
 *     }
 *     wake me at lw_notify_deadline(&n, &attrs);
 *
 * Time is monotonic.
 */
#ifndef LW_MODEL_NOTIFY_H
#define LW_MODEL_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/time.h"
#include "lw/value.h"
#include "model/attr.h"

/* ---- Marks: they differ when what they are made of differs -------------------------------------
 */

/* The bits of a value, or a 64-bit hash of its octets; 0 for none. A collision would hide one
 * change until the next one or pmax: 64 bits make that not happen. */
uint64_t lw_mark_of(const lw_value *value);

/* Of what `mark` is of, and of the word behind it. */
uint64_t lw_mark_add(uint64_t mark, uint64_t word);

/* ---- One value: is a condition met? -----------------------------------------------------------
 */

typedef enum lw_sample_kind {
    LW_SAMPLE_OTHER, /* only changed or not; also "no value now", and a NaN */
    LW_SAMPLE_NUMBER,
    LW_SAMPLE_BOOLEAN
} lw_sample_kind;

typedef struct lw_sample {
    uint8_t kind;  /* lw_sample_kind */
    uint64_t mark; /* of lw_mark_of */
    double number; /* NUMBER */
} lw_sample;

lw_sample lw_sample_of(lw_value value);

typedef struct lw_watch {
    lw_sample notified; /* what the server was told last */
    uint64_t sampled;   /* mark of the last sample, for `edge` */
    bool met;           /* a condition was met since, and is not forgotten (ATT-31) */
} lw_watch;

/* Compares with what was notified (st, gt, lt: ATT-32, ATT-33) and sampled (edge: ATT-35). Returns
 * whether a condition is met, now or earlier since the last notification. Without a condition in
 * `attrs`: whether the value is another than the one notified, now (ATT-30, ATT-31). */
bool lw_watch_sample(lw_watch *w, const lw_attrs *attrs, lw_sample sample,
                     const lw_attr_decimal *decimal);

/* At the first answer, and with each notification. */
void lw_watch_set_notified(lw_watch *w, lw_sample sent);

/* ---- One observation: may it go out? ----------------------------------------------------------
 */

/* RFC 7641 4.5, P-OBS-13: one CON at least in 24 hours. */
#define LW_NOTIFY_CON_INTERVAL_MS (24 * 60 * 60 * LW_SECOND_MS)

typedef struct lw_notify {
    lw_time sent;      /* the last notification, or the first answer (P-OBS-01) */
    lw_time confirmed; /* the last one sent as CON, or the first answer */
    lw_time evaluated; /* the last time that samples were taken */
    bool met;          /* waits for pmin */
    bool owed;         /* an evaluation was asked for within epmin */
} lw_notify;

/* At the first answer. */
void lw_notify_init(lw_notify *n, lw_time now);

/* False within epmin of the last evaluation (ATT-36); the deadline then includes the end of epmin.
 */
bool lw_notify_may_evaluate(lw_notify *n, const lw_attrs *attrs, lw_time now);

void lw_notify_evaluated(lw_notify *n, bool met, lw_time now);

/* A condition is met and pmin is over, or pmax is over (ATT-30). pmax below pmin is ignored
 * (ATT-21). */
bool lw_notify_is_due(const lw_notify *n, const lw_attrs *attrs, lw_time now);

/* `con` decides (1/x/26 is in the effective attributes), without it NON; but CON when the last one
 * is 24 hours ago (ATT-37). */
bool lw_notify_is_confirmable(const lw_notify *n, const lw_attrs *attrs, lw_time now);

/* The values were read and sent, or stored for later. */
void lw_notify_sent(lw_notify *n, bool confirmable, lw_time now);

/* When to look again if nothing changes: the end of pmin with a condition met, of pmax, of epmax,
 * or of epmin with an evaluation owed; LW_TIME_NEVER for none. */
lw_time lw_notify_deadline(const lw_notify *n, const lw_attrs *attrs);

/* Folds the attributes of one part of a composite into those of the whole (OBS-26): the largest
 * pmin and epmin, the smallest pmax and epmax that is not zero, con if any part has it (ATT-37).
 * Start with the empty set. */
void lw_notify_join(lw_attrs *whole, const lw_attrs *part);

#endif
