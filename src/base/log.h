/* Where decisions are told. A hook with ready text: the engines format into a small stack buffer,
 * the host decides where it goes. A NULL hook costs one comparison.
 */
#ifndef LW_BASE_LOG_H
#define LW_BASE_LOG_H

#include "lw/bytes.h"

typedef enum lw_log_level { LW_LOG_ERROR, LW_LOG_WARN, LW_LOG_INFO, LW_LOG_DEBUG } lw_log_level;

typedef struct lw_log {
    void (*line)(void *ctx, lw_log_level level, const char *module, lw_bytes text);
    void *ctx;
} lw_log;

/* Tells one line: `text` is borrowed for the call. log may be NULL. */
void lw_log_line(const lw_log *log, lw_log_level level, const char *module, lw_bytes text);

#endif
