/* The heap of a host, for portable code that is given its memory. */
#ifndef LW_HOST_HEAP_H
#define LW_HOST_HEAP_H

#include <stddef.h>

#include "base/mem.h"

/* malloc and free; ctx is not used. */
void *lw_heap_alloc(void *ctx, size_t size);
void lw_heap_release(void *ctx, void *ptr);

/* Both of them. */
extern const lw_mem lw_heap;

#endif
