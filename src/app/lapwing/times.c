#include "app/lapwing/times.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_MAX (1000L * 366 * 86400)

bool duration_parse(const char *text, long *out_seconds)
{
    static const char letters[] = "smhd";
    static const long seconds[] = {1, 60, 3600, 86400};
    size_t digits = strspn(text, "0123456789");
    const char *unit = text[digits] != '\0' ? strchr(letters, text[digits]) : letters;
    if (digits == 0 || digits > 12 || unit == NULL || (text[digits] != '\0' && text[digits + 1])) {
        return false;
    }
    long factor = seconds[unit - letters], number = strtol(text, NULL, 10);
    *out_seconds = number * factor;
    return number <= SECONDS_MAX / factor;
}

const char *time_from_now(long seconds, char out[TIMES_TEXT_MAX])
{
    time_t at = time(NULL) + seconds;
    struct tm utc;
    gmtime_r(&at, &utc);
    strftime(out, TIMES_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return out;
}
