#include "app/lapwingd/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/loop.h"

#define LINE_LEN 1024

/* systemd tells which stream leads to the journal by the device and inode of its file. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    unsigned long long device, inode;
    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(logger *l, int level)
{
    atomic_init(&l->level, level);
    l->is_journal = stderr_is_journal();
}

/* "<6>module: " or "2026-11-21T10:00:00.123Z info module: " */
static size_t put_head(const logger *l, int level, const char *module, char *out, size_t size)
{
    static const char priorities[LEVEL_COUNT] = {'3', '4', '6', '7'};
    lw_time now = lw_wall_clock();
    time_t seconds = (time_t)(now / LW_SECOND_MS);
    struct tm utc;
    char at[32];
    int len;
    if (l->is_journal) {
        len = snprintf(out, size, "<%c>%s: ", priorities[level], module);
        return (size_t)len;
    }
    gmtime_r(&seconds, &utc);
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
    len = snprintf(out, size, "%s.%03dZ %s %s: ", at, (int)(now % LW_SECOND_MS), level_names[level],
                   module);
    return (size_t)len;
}

void log_line(void *ctx, int level, const char *module, lw_bytes text)
{
    logger *l = ctx;
    char line[LINE_LEN];
    if (level < 0 || level >= LEVEL_COUNT || level > atomic_load(&l->level)) {
        return;
    }
    size_t len = put_head(l, level, module, line, 128);
    for (size_t i = 0; i < text.len && len + 5 < sizeof line; i++) {
        uint8_t c = text.ptr[i];
        if (c >= 0x20 && c != 0x7f) {
            line[len++] = (char)c;
        } else {
            len += (size_t)snprintf(line + len, 5, "\\x%02x", c);
        }
    }
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* there is nobody left to tell */
}

void log_say(logger *l, int level, const char *module, const char *format, ...)
{
    char text[LINE_LEN];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t fits = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    log_line(l, level, module, lw_bytes_of(text, fits));
}
