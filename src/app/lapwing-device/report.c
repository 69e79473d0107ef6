#include "app/lapwing-device/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "app/shared/level.h"

#define LINE_MAX_ 2048

static void put_string(lw_bytes text)
{
    putchar('"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20 || c == 0x7f) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static void put_time(void)
{
    struct timespec now;
    struct tm utc;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    printf("\"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
}

void report_begin(const report *r, const char *event)
{
    if (r->json) {
        printf("{\"time\":");
        put_time();
        printf(",\"event\":\"%s\"", event);
    }
}

void report_text(const report *r, const char *key, lw_bytes value)
{
    if (r->json) {
        printf(",\"%s\":", key);
        put_string(value);
    }
}

void report_number(const report *r, const char *key, int64_t value)
{
    if (r->json) {
        printf(",\"%s\":%lld", key, (long long)value);
    }
}

__attribute__((format(printf, 2, 0))) static void end(const report *r, const char *format,
                                                      va_list args)
{
    char line[LINE_MAX_];
    vsnprintf(line, sizeof line, format, args);
    if (r->json) {
        report_text(r, "text", lw_bytes_str(line));
        puts("}");
    } else {
        puts(line);
    }
    fflush(stdout);
}

void report_end(const report *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end(r, format, args);
    va_end(args);
}

void report_say(const report *r, const char *event, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report_begin(r, event);
    end(r, format, args);
    va_end(args);
}

void report_log(void *ctx, int level, const char *module, lw_bytes text)
{
    const report *r = ctx;
    if (level < 0 || level > r->level || level >= LEVEL_COUNT) {
        return;
    }
    report_begin(r, "log");
    report_text(r, "level", lw_bytes_str(level_names[level]));
    report_text(r, "module", lw_bytes_str(module));
    report_end(r, "%s: %s: %.*s", level_names[level], module, (int)text.len,
               (const char *)text.ptr);
}
