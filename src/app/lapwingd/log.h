/* The log of lapwingd: one line a decision, on stderr. Under systemd each line starts with its
 * priority, "<6>", and the journal has the time; elsewhere with the time and the level.
 *
 * Any thread; a line is one write. What devices said cannot forge lines: control characters come
 * out as \xNN.
 */
#ifndef LW_APP_LAPWINGD_LOG_H
#define LW_APP_LAPWINGD_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "app/shared/level.h"
#include "lw/bytes.h"

typedef struct logger {
    atomic_int level; /* lines above it are left out */
    bool is_journal;
} logger;

void log_init(logger *l, int level);

/* A line of the engine or another part: fits their log hooks, ctx is the logger. */
void log_line(void *ctx, int level, const char *module, lw_bytes text);

__attribute__((format(printf, 4, 5))) void log_say(logger *l, int level, const char *module,
                                                   const char *format, ...);

#endif
