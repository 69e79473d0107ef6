#include "base/log.h"

void lw_log_line(const lw_log *log, lw_log_level level, const char *module, lw_bytes text)
{
    if (log != NULL && log->line != NULL) {
        log->line(log->ctx, level, module, text);
    }
}
