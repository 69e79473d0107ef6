/* Times as operators write them: 30s, 5m, 2h, 7d. */
#ifndef LW_APP_LAPWING_TIMES_H
#define LW_APP_LAPWING_TIMES_H

#include <stdbool.h>

/* Seconds; a number without a unit is some. False: it is none, or of more than a thousand years. */
bool duration_parse(const char *text, long *out_seconds);

/* RFC 3339, so many seconds from now; negative: ago. Returns out. */
#define TIMES_TEXT_MAX 32
const char *time_from_now(long seconds, char out[TIMES_TEXT_MAX]);

#endif
