#include "ddf/arena.h"

#include <stdalign.h>
#include <string.h>

/* Holds the definitions of a usual object in one to three chunks. */
#define CHUNK_SIZE 8192u

struct lw_arena_chunk {
    lw_arena_chunk *next;
    size_t size; /* of space[] */
    size_t used;
    alignas(max_align_t) uint8_t space[];
};

void lw_arena_init(lw_arena *arena, const lw_mem *mem)
{
    arena->mem = mem;
    arena->chunks = NULL;
}

static lw_arena_chunk *add_chunk(lw_arena *arena, size_t size)
{
    lw_arena_chunk *chunk = lw_mem_alloc(arena->mem, sizeof *chunk + size);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

void *lw_arena_alloc(lw_arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    size = (size + align - 1) / align * align;
    lw_arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        chunk = add_chunk(arena, size > CHUNK_SIZE ? size : CHUNK_SIZE);
    }
    if (chunk == NULL) {
        return NULL;
    }
    void *piece = chunk->space + chunk->used;
    chunk->used += size;
    return piece;
}

char *lw_arena_text(lw_arena *arena, lw_bytes text)
{
    char *copy = lw_arena_alloc(arena, text.len + 1);
    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

void lw_arena_fini(lw_arena *arena)
{
    while (arena->chunks != NULL) {
        lw_arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        lw_mem_release(arena->mem, chunk);
    }
}
