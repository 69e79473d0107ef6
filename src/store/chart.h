/* Recorded values made fewer for a chart: of one path, in each step of time, the smallest and the
 * largest number, in order of time. What has no number (texts, and NaN) is left out.
 *
 * Shared by the stores, so that they agree. Steps count from the query's `from`.
 */
#ifndef LW_STORE_CHART_H
#define LW_STORE_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/ports.h"

typedef struct lw_chart_point {
    lw_row_value value;
    double number;
    uint64_t order; /* among values of the same time */
} lw_chart_point;

typedef struct lw_chart {
    lw_time from, step;
    bool backwards; /* newest first */
    bool is_open;   /* there is a step that points were fed to */
    uint64_t index;
    lw_chart_point smallest, largest;
} lw_chart;

void lw_chart_init(lw_chart *chart, const lw_values_query *query); /* query->step > 0 */

/* Negative when a comes before b, oldest first. */
int lw_chart_compare(const lw_chart_point *a, const lw_chart_point *b);

/* Feeds the next value of the path, in order of time as the query wants it. When it begins a new
 * step, the points of the one before are put to out and their number (1 or 2) is returned; else 0.
 */
unsigned lw_chart_feed(lw_chart *chart, const lw_row_value *value, uint64_t order,
                       lw_chart_point out[2]);
/* The points of the last step. */
unsigned lw_chart_end(lw_chart *chart, lw_chart_point out[2]);

#endif
