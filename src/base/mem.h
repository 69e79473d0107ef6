/* Memory for portable code: an allocator passed in, never malloc by name.
 *
 * lw_mem is the interface. lw_pool implements it over one block that the caller owns (a static
 * array on a microcontroller); a host passes its own heap. Tests pass one that fails the n-th
 * request.
 */
#ifndef LW_BASE_MEM_H
#define LW_BASE_MEM_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

typedef struct lw_mem {
    /* `size` octets aligned for any type, or NULL. */
    void *(*alloc)(void *ctx, size_t size);
    /* Gives back what alloc returned; never NULL. */
    void (*release)(void *ctx, void *ptr);
    void *ctx;
} lw_mem;

/* Zeroed memory, or NULL. */
void *lw_mem_alloc(const lw_mem *mem, size_t size);
void lw_mem_release(const lw_mem *mem, void *ptr);

/* A copy of b; ptr is NULL when out of memory, and also when b is empty. */
LW_MUST_CHECK lw_err lw_mem_dup(const lw_mem *mem, lw_bytes b, lw_bytes *out_copy);

/* Overwrites in a way the compiler may not remove: for keys and plaintext. */
void lw_wipe(void *ptr, size_t len);

/* First-fit over one block, neighbours joined when room is looked for. Meant for tens of live
 * pieces, where its linear walk is shorter than a smarter structure's code. Lies at the front of
 * the block. Overhead: this, and one header a piece. */
typedef struct lw_pool {
    alignas(max_align_t) lw_mem mem;
    size_t size;      /* octets of the block, from here */
    size_t used;      /* octets handed out, headers included */
    size_t used_peak; /* the largest `used` ever was */
} lw_pool;

/* `block` is borrowed until the pool is no longer used. NULL: nothing fits into it. */
lw_pool *lw_pool_init(void *block, size_t size);

/* What a piece of `size` octets takes of the block, and what the block itself takes at most to
 * begin on an aligned place. For sizing a block beforehand. */
size_t lw_pool_cost(size_t size);
size_t lw_pool_overhead(void);

#endif
