/* What the store is given: rows of devices, and values that they report.
 *
 * A device's row is written when something in it has changed; an Update that only says "I am here"
 * is written at most every LW_SAVE_EVERY_MS. So after a restart the end of a registration may be
 * known that much too early: loading adds it (and what the lazy commit may have lost, 200 ms, is
 * less than the grace).
 */
#ifndef LW_SERVER_DM_RECORD_H
#define LW_SERVER_DM_RECORD_H

#include "codec/format.h"
#include "server/engine.h"

#define LW_SAVE_EVERY_MS 10000
#define LW_SAVE_AGAIN_MS 1000 /* after the store refused */

/* The row of a device; everything in it is borrowed. */
lw_row_device lw_device_row(const lw_device *device);

/* Puts the row, now. */
void lw_record_device(lw_server *server, lw_device *device);
/* Puts it within LW_SAVE_EVERY_MS. */
void lw_record_device_soon(lw_server *server, lw_device *device);

/* ---- Values ---- */

typedef struct lw_report {
    lw_device *device;
    uint8_t source; /* lw_value_source */
    const lw_format *format;
    lw_bytes payload;
    bool only_timed; /* keep the values that carry a time: the others are of the past */
    lw_path base;    /* the path that was observed; the root for Send and composites */
    /* May this path be in it? NULL: all that lie below base. */
    bool (*allows)(void *ctx, lw_path path);
    void *ctx;
} lw_report;

/* Reads a report twice: as a whole first, so that nothing of one that is malformed is kept; then,
 * if values are recorded, row by row into the store. *out_ticket tells when all are durable, 0:
 * nothing to wait for. Failures of decoding; LW_ENOTFOUND for a path that may not be in it or an
 * object that is not registered; LW_ENOMEM and LW_EIO of the store, when part of it may have been
 * kept. */
LW_MUST_CHECK lw_err lw_record_report(lw_server *server, const lw_report *report,
                                      lw_ticket *out_ticket);

#endif
