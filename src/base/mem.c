#include "base/mem.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "base/apart.h"
#include "base/assert.h"

void *lw_mem_alloc(const lw_mem *mem, size_t size)
{
    void *p = mem->alloc(mem->ctx, size);
    if (p != NULL) {
        memset(p, 0, size);
    }
    return p;
}

void lw_mem_release(const lw_mem *mem, void *ptr)
{
    if (ptr != NULL) {
        mem->release(mem->ctx, ptr);
    }
}

lw_err lw_mem_dup(const lw_mem *mem, lw_bytes b, lw_bytes *out_copy)
{
    *out_copy = lw_bytes_of(NULL, 0);
    if (b.len == 0) {
        return LW_OK;
    }
    uint8_t *copy = mem->alloc(mem->ctx, b.len);
    if (copy == NULL) {
        return LW_ENOMEM;
    }
    memcpy(copy, b.ptr, b.len);
    *out_copy = lw_bytes_of(copy, b.len);
    return LW_OK;
}

LW_APART void lw_wipe(void *ptr, size_t len)
{
    volatile uint8_t *p = ptr;
    while (len-- > 0) {
        *p++ = 0;
    }
}

/* The block is the pool, then a row of pieces, each with its header in front, without gaps:
 *
 *   | pool | size is_free | octets … | size is_free | octets … | … |
 */
typedef struct piece {
    alignas(max_align_t) size_t size; /* header included, a multiple of PIECE_ALIGN */
    bool is_free;
} piece;

#define PIECE_ALIGN sizeof(piece)
_Static_assert(sizeof(lw_pool) % PIECE_ALIGN == 0, "the first piece is aligned, too");

static piece *behind(piece *p)
{
    return (piece *)(void *)((uint8_t *)p + p->size);
}

/* Cuts p down to `size` when the rest can be a piece of its own. */
static void split(piece *p, size_t size)
{
    size_t rest = p->size - size;
    if (rest >= 2 * sizeof(piece)) {
        p->size = size;
        *behind(p) = (piece){.size = rest, .is_free = true};
    }
}

static void *pool_alloc(void *ctx, size_t size)
{
    lw_pool *pool = ctx;
    if (size >= pool->size) { /* its header is not in it yet */
        return NULL;
    }
    size = lw_pool_cost(size);
    const void *end = (uint8_t *)pool + pool->size;
    for (piece *p = (piece *)(pool + 1); p != end; p = behind(p)) {
        while (p->is_free && behind(p) != end && behind(p)->is_free) {
            p->size += behind(p)->size;
        }
        if (p->is_free && p->size >= size) {
            split(p, size);
            p->is_free = false;
            pool->used += p->size;
            pool->used_peak = pool->used > pool->used_peak ? pool->used : pool->used_peak;
            return p + 1;
        }
    }
    return NULL;
}

static void pool_release(void *ctx, void *ptr)
{
    lw_pool *pool = ctx;
    piece *p = (piece *)ptr - 1;
    lw_assert(!p->is_free);
    p->is_free = true;
    pool->used -= p->size;
}

LW_APART lw_pool *lw_pool_init(void *block, size_t size)
{
    size_t skip = (size_t)(-(uintptr_t)block % alignof(max_align_t));
    if (size < skip + sizeof(lw_pool) + sizeof(piece)) {
        return NULL;
    }
    lw_pool *pool = (lw_pool *)(void *)((uint8_t *)block + skip);
    size = (size - skip) / PIECE_ALIGN * PIECE_ALIGN;
    pool->mem.alloc = pool_alloc;
    pool->mem.release = pool_release;
    pool->mem.ctx = pool;
    pool->size = size;
    pool->used = 0;
    pool->used_peak = 0;
    *(piece *)(pool + 1) = (piece){.size = size - sizeof *pool, .is_free = true};
    return pool;
}

size_t lw_pool_cost(size_t size)
{
    return sizeof(piece) + (size + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
}

size_t lw_pool_overhead(void)
{
    return alignof(max_align_t) + PIECE_ALIGN + sizeof(lw_pool);
}
