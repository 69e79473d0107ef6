/* Every allocation of one engine, seen and failed from outside, without a word of it in the engine.
 *
 * For programs that are linked with LW_MEM_TAP (cmake/floors.cmake). As long as a tap
 * is open, what is asked of pools inside its block comes from the heap instead: the sanitizers then
 * watch each piece, which inside of a pool they cannot. Pieces from before are the pool's.
 *
 *   lw_mem_tap tap = {.fail_at = n};                 the n-th from here on fails
 *   lw_mem_tap_open(&tap, memory, sizeof memory);    after lw_client_init
 *   …
 *   lw_mem_tap_close(&tap);                          frees what is still live: the block is gone
 */
#ifndef LW_TESTING_MEM_TAP_H
#define LW_TESTING_MEM_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

typedef struct lw_mem_tap {
    size_t count;      /* allocations asked for so far */
    size_t fail_at;    /* this one fails; 0: none */
    size_t budget;     /* octets that may be live at once; 0: any number */
    const void *block; /* the pools are here */
    size_t block_len;
    size_t live; /* pieces handed out and not given back */
    size_t live_octets;
    lw_link pieces;
} lw_mem_tap;

/* One at a time. What was counted, and what is to fail, goes on from an earlier time. */
void lw_mem_tap_open(lw_mem_tap *tap, const void *block, size_t len);
void lw_mem_tap_close(lw_mem_tap *tap); /* harmless when it is not open */

#endif
