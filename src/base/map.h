/* A hash map of elements that carry their own node, and grows without ever stopping: linear
 * hashing. Each addition splits at most one bucket in two, so that no call pays for the size of the
 * map, and buckets come in small segments, so that no large piece of memory is moved or cleared.
 *
 * Adding cannot fail: without memory for another bucket the chains become longer. A map does not
 * shrink; its buckets cost one pointer for each element it held at most.
 *
 *   for (lw_map_node *n = lw_map_first(&map, hash); n != NULL; n = n->next) { compare the key }
 *
 * gives all elements whose hash may be that one, and some others. Keys that strangers choose are
 * hashed with a secret (base/hash.h).
 */
#ifndef LW_BASE_MAP_H
#define LW_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

typedef struct lw_map_node lw_map_node;
struct lw_map_node {
    lw_map_node *next; /* in its bucket */
};

typedef struct lw_map {
    const lw_mem *mem; /* borrowed */
    /* The hash that an element was added with: kept nowhere, to save memory. */
    uint64_t (*hash_of)(const void *ctx, const lw_map_node *node);
    const void *ctx;
    lw_map_node ***segments;
    size_t segments_room;
    size_t buckets;
    size_t low;   /* the largest power of two that is not larger */
    size_t count; /* of elements */
} lw_map;

/* LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_map_init(lw_map *map, const lw_mem *mem,
                                 uint64_t (*hash_of)(const void *ctx, const lw_map_node *node),
                                 const void *ctx);
/* Frees the buckets; the elements are their owners'. Harmless for one that is all zero. */
void lw_map_fini(lw_map *map);

void lw_map_add(lw_map *map, lw_map_node *node);
/* Harmless when it is not there. */
void lw_map_remove(lw_map *map, lw_map_node *node);
lw_map_node *lw_map_first(const lw_map *map, uint64_t hash);

#endif
