#include "host/heap.h"

#include <stdlib.h>

void *lw_heap_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

void lw_heap_release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

const lw_mem lw_heap = {.alloc = lw_heap_alloc, .release = lw_heap_release};
