#include "base/mem.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

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

void lw_wipe(void *ptr, size_t len)
{
    volatile uint8_t *p = ptr;
    while (len-- > 0) {
        *p++ = 0;
    }
}

/* The block is a row of pieces, each a header and `size` octets, without gaps:
 *
 *   | size free | octets … | size free | octets … | … |
 */
typedef struct piece {
    alignas(max_align_t) size_t size; /* octets after the header, a multiple of PIECE_ALIGN */
    bool is_free;
} piece;

#define PIECE_ALIGN sizeof(piece)

static piece *piece_at(lw_pool *pool, size_t offset)
{
    return (piece *)(void *)(pool->block + offset);
}

static size_t piece_end(size_t offset, const piece *p)
{
    return offset + sizeof(piece) + p->size;
}

void lw_pool_init(lw_pool *pool, void *block, size_t size)
{
    size_t skip = (size_t)(-(uintptr_t)block % alignof(max_align_t));
    *pool = (lw_pool){0};
    if (size < skip + 2 * sizeof(piece)) {
        return;
    }
    pool->block = (uint8_t *)block + skip;
    pool->size = (size - skip) / PIECE_ALIGN * PIECE_ALIGN;
    *piece_at(pool, 0) = (piece){.size = pool->size - sizeof(piece), .is_free = true};
}

/* Cuts p down to `size` when the rest can be a piece of its own. */
static void split(lw_pool *pool, size_t offset, size_t size)
{
    piece *p = piece_at(pool, offset);
    if (p->size < size + 2 * sizeof(piece)) {
        return;
    }
    size_t rest = p->size - size - sizeof(piece);
    p->size = size;
    *piece_at(pool, piece_end(offset, p)) = (piece){.size = rest, .is_free = true};
}

/* Joins the free pieces that follow a free piece at `offset`. */
static void join_following(lw_pool *pool, size_t offset)
{
    piece *p = piece_at(pool, offset);
    while (piece_end(offset, p) < pool->size && piece_at(pool, piece_end(offset, p))->is_free) {
        p->size += sizeof(piece) + piece_at(pool, piece_end(offset, p))->size;
    }
}

static void *pool_alloc(void *ctx, size_t size)
{
    lw_pool *pool = ctx;
    if (size > pool->size) {
        return NULL;
    }
    size = (size + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
    for (size_t at = 0; at < pool->size; at = piece_end(at, piece_at(pool, at))) {
        piece *p = piece_at(pool, at);
        if (!p->is_free) {
            continue;
        }
        join_following(pool, at);
        if (p->size < size) {
            continue;
        }
        split(pool, at, size);
        p->is_free = false;
        pool->used += sizeof(piece) + p->size;
        if (pool->used > pool->used_peak) {
            pool->used_peak = pool->used;
        }
        return p + 1;
    }
    return NULL;
}

static void pool_release(void *ctx, void *ptr)
{
    lw_pool *pool = ctx;
    if (ptr == NULL) {
        return;
    }
    piece *p = (piece *)ptr - 1;
    lw_assert(!p->is_free);
    p->is_free = true;
    pool->used -= sizeof(piece) + p->size;
}

lw_mem lw_pool_mem(lw_pool *pool)
{
    return (lw_mem){.alloc = pool_alloc, .release = pool_release, .ctx = pool};
}

size_t lw_pool_cost(size_t size)
{
    return sizeof(piece) + (size + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
}

size_t lw_pool_overhead(void)
{
    return alignof(max_align_t) + PIECE_ALIGN;
}
