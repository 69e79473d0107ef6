/* What the program tells: a line of text each, or with --json an object each.
 *
 *   report_begin(r, "registered");
 *   report_number(r, "server", 1);
 *   report_end(r, "registered with server 1 at %s", uri);
 *
 * As text that is its last argument alone, so a script may wait for lines that start with
 * "registered". As JSON it is {"time":…,"event":"registered","server":1,"text":"registered with
 * …"}.
 */
#ifndef LW_APP_DEVICE_REPORT_H
#define LW_APP_DEVICE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"

typedef struct report {
    bool json;
    int level; /* of lines of the engine's log */
} report;

void report_begin(const report *r, const char *event);
void report_text(const report *r, const char *key, lw_bytes value);
void report_number(const report *r, const char *key, int64_t value);
__attribute__((format(printf, 2, 3))) void report_end(const report *r, const char *format, ...);

/* One line without further fields. */
__attribute__((format(printf, 3, 4))) void report_say(const report *r, const char *event,
                                                      const char *format, ...);

/* A line of the engine's log; takes a report as the log hook's ctx. */
void report_log(void *ctx, int level, const char *module, lw_bytes text);

#endif
