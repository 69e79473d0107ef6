/* Memory that is given back as a whole: many small pieces that live as long as each other.
 *
 * Pieces come from chunks that only grow in number, so a pointer stays good until fini.
 */
#ifndef LW_DDF_ARENA_H
#define LW_DDF_ARENA_H

#include <stddef.h>

#include "base/mem.h"

typedef struct lw_arena_chunk lw_arena_chunk;

typedef struct lw_arena {
    const lw_mem *mem;      /* borrowed until fini */
    lw_arena_chunk *chunks; /* the newest first */
} lw_arena;

void lw_arena_init(lw_arena *arena, const lw_mem *mem);

/* Zeroed memory, aligned for any type; NULL when out of memory. */
void *lw_arena_alloc(lw_arena *arena, size_t size);

/* A copy with a NUL behind it; NULL when out of memory. */
char *lw_arena_text(lw_arena *arena, lw_bytes text);

void lw_arena_fini(lw_arena *arena);

#endif
