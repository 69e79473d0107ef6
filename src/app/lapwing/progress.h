/* How far a transfer is, for somebody at a terminal: "write /5/0/0: 61440 of 120021 octets, 51 %,
 * 92.4 kB/s". */
#ifndef LW_APP_LAPWING_PROGRESS_H
#define LW_APP_LAPWING_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_TEXT_MAX 120

typedef struct progress {
    char what[64];                           /* operation and path; "": nothing is known yet */
    char id[24];                             /* of the request */
    bool comes;                              /* from the device */
    int64_t octets, of_octets;               /* of: 0 when nobody knows */
    int64_t first_octets, first_ms, last_ms; /* what the rate is of */
} progress;

/* Takes a Request of the API, at that time of a clock that does not jump. */
void progress_take(progress *p, const json_t *request, int64_t now_ms);

/* Returns out; "" when nothing is known. */
const char *progress_text(const progress *p, char out[PROGRESS_TEXT_MAX]);

/* The part about the octets, of a Request: "61440 of 120021 octets", or "". Returns out. */
const char *progress_octets(const json_t *request, char out[PROGRESS_TEXT_MAX]);

#endif
