/* Stand-ins for what the engines get from outside: memory that fails on demand, a log that is kept.
 */
#ifndef LW_TESTING_FAKES_H
#define LW_TESTING_FAKES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/mem.h"
#include "lw/bytes.h"
#include "lw/err.h"

/* Heap memory that counts, and fails the n-th allocation. "For every n" is
 *
 *   for (size_t n = 1; n <= allocations_of_a_good_run; n++) { mem.fail_at = n; … }
 *
 * and lw_fake_mem_live must be 0 when everything has been given back. */
typedef struct lw_fake_mem {
    size_t count;    /* allocations asked for so far */
    size_t fail_at;  /* this one fails; 0: none */
    bool fail_after; /* and all that follow it */
    size_t live;     /* pieces handed out and not given back */
} lw_fake_mem;

lw_mem lw_fake_mem_mem(lw_fake_mem *fake);

/* The lines that were told, one after the other, each ended by a newline and the text by a NUL. */
typedef struct lw_fake_log {
    char text[4096];
    size_t len;
    size_t lines;
} lw_fake_log;

lw_log lw_fake_log_log(lw_fake_log *fake);
bool lw_fake_log_has(const lw_fake_log *fake, const char *text);

/* lw_platform.link_check of a device with UDP, and DTLS for every mode that has keys. */
lw_err lw_fake_link_check(void *ctx, lw_bytes uri, uint8_t security);

#endif
