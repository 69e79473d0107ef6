#include "base/map.h"

#include <string.h>

/* Linear hashing. With 2^k <= buckets < 2^(k+1) an element with hash h is in bucket h mod 2^(k+1)
 * if that exists, else in bucket h mod 2^k. The next bucket to come, number `buckets`, takes its
 * share out of bucket `buckets - 2^k`, whose elements it has been holding.
 */

#define SEGMENT 1024u /* buckets */
#define FIRST   8u    /* segments that there is room for at first */

void lw_map_fini(lw_map *map)
{
    if (map->buckets == 0) {
        return;
    }
    for (size_t i = 0; i * SEGMENT < map->buckets; i++) {
        lw_mem_release(map->mem, map->segments[i]);
    }
    lw_mem_release(map->mem, map->segments);
    *map = (lw_map){.buckets = 0};
}

static lw_map_node **bucket_at(const lw_map *map, size_t index)
{
    return &map->segments[index / SEGMENT][index % SEGMENT];
}

static size_t index_of(const lw_map *map, uint64_t hash)
{
    size_t index = (size_t)(hash & (2 * (uint64_t)map->low - 1));
    return index < map->buckets ? index : index - map->low;
}

/* Room for one bucket more. */
static bool make_room(lw_map *map)
{
    size_t segment = map->buckets / SEGMENT;
    if (map->buckets % SEGMENT != 0) {
        return true;
    }
    if (segment == map->segments_room) {
        size_t room = segment == 0 ? FIRST : 2 * segment;
        lw_map_node ***segments = lw_mem_alloc(map->mem, room * sizeof *segments);
        if (segments == NULL) {
            return false;
        }
        if (segment > 0) {
            memcpy(segments, map->segments, segment * sizeof *segments);
        }
        lw_mem_release(map->mem, map->segments);
        map->segments = segments;
        map->segments_room = room;
    }
    map->segments[segment] = lw_mem_alloc(map->mem, SEGMENT * sizeof(void *));
    return map->segments[segment] != NULL;
}

lw_err lw_map_init(lw_map *map, const lw_mem *mem,
                   uint64_t (*hash_of)(const void *ctx, const lw_map_node *node), const void *ctx)
{
    *map = (lw_map){.mem = mem, .hash_of = hash_of, .ctx = ctx};
    if (!make_room(map)) {
        lw_mem_release(mem, map->segments);
        *map = (lw_map){.buckets = 0};
        return LW_ENOMEM;
    }
    map->buckets = map->low = 1;
    return LW_OK;
}

static void grow(lw_map *map)
{
    if (!make_room(map)) {
        return;
    }
    size_t added = map->buckets++;
    map->low = added == 2 * map->low ? added : map->low;
    lw_map_node **from = bucket_at(map, added - map->low);
    lw_map_node **to = bucket_at(map, added);
    while (*from != NULL) {
        lw_map_node *node = *from;
        if ((map->hash_of(map->ctx, node) & map->low) != 0) {
            *from = node->next;
            *to = node;
            to = &node->next;
        } else {
            from = &node->next;
        }
    }
    *to = NULL;
}

void lw_map_add(lw_map *map, lw_map_node *node)
{
    if (map->count >= map->buckets) {
        grow(map);
    }
    lw_map_node **bucket = bucket_at(map, index_of(map, map->hash_of(map->ctx, node)));
    node->next = *bucket;
    *bucket = node;
    map->count++;
}

void lw_map_remove(lw_map *map, lw_map_node *node)
{
    lw_map_node **at = bucket_at(map, index_of(map, map->hash_of(map->ctx, node)));
    for (; *at != NULL; at = &(*at)->next) {
        if (*at == node) {
            *at = node->next;
            node->next = NULL;
            map->count--;
            return;
        }
    }
}

lw_map_node *lw_map_first(const lw_map *map, uint64_t hash)
{
    return *bucket_at(map, index_of(map, hash));
}
