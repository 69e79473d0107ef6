#include "store/ordmap.h"

#include <stdlib.h>
#include <string.h>

/* On level n are a quarter of the nodes of level n - 1; all are on level 0. The links of a node are
 * followed by its key:
 *
 *   | value, key_len, levels | next[0] … next[levels - 1] | key … |
 */
struct lw_ordnode {
    void *value;
    size_t key_len;
    unsigned levels;
    lw_ordnode *next[];
};

void lw_ordmap_init(lw_ordmap *map)
{
    *map = (lw_ordmap){.rng = 0x9E3779B97F4A7C15u};
}

void lw_ordmap_fini(lw_ordmap *map)
{
    for (lw_ordnode *node = map->head[0]; node != NULL;) {
        lw_ordnode *next = node->next[0];
        free(node);
        node = next;
    }
    lw_ordmap_init(map);
}

lw_bytes lw_ordnode_key(const lw_ordnode *node)
{
    return lw_bytes_of(node->next + node->levels, node->key_len);
}

void *lw_ordnode_value(const lw_ordnode *node)
{
    return node->value;
}

void lw_ordnode_set(lw_ordnode *node, void *value)
{
    node->value = value;
}

lw_ordnode *lw_ordnode_next(const lw_ordnode *node)
{
    return node->next[0];
}

static int compare(lw_bytes a, lw_bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The links, one a level, that lead to the first node not before key: from the head's on down, each
 * level starts where the one above it stopped. */
static void find_links(lw_ordmap *map, lw_bytes key, lw_ordnode **out_links[LW_ORDMAP_LEVELS])
{
    lw_ordnode **links = map->head;
    for (unsigned level = LW_ORDMAP_LEVELS; level-- > 0;) {
        while (links[level] != NULL && compare(lw_ordnode_key(links[level]), key) < 0) {
            links = links[level]->next;
        }
        out_links[level] = &links[level];
    }
}

lw_ordnode *lw_ordmap_seek(const lw_ordmap *map, lw_bytes key)
{
    lw_ordnode *const *links = map->head;
    for (unsigned level = LW_ORDMAP_LEVELS; level-- > 0;) {
        while (links[level] != NULL && compare(lw_ordnode_key(links[level]), key) < 0) {
            links = links[level]->next;
        }
    }
    return links[0];
}

lw_ordnode *lw_ordmap_find(const lw_ordmap *map, lw_bytes key)
{
    lw_ordnode *node = lw_ordmap_seek(map, key);
    return node != NULL && lw_bytes_equal(lw_ordnode_key(node), key) ? node : NULL;
}

static unsigned random_levels(lw_ordmap *map)
{
    map->rng ^= map->rng << 13; /* xorshift64 */
    map->rng ^= map->rng >> 7;
    map->rng ^= map->rng << 17;
    unsigned levels = 1;
    for (uint64_t bits = map->rng; (bits & 3) == 0 && levels < LW_ORDMAP_LEVELS; bits >>= 2) {
        levels++;
    }
    return levels;
}

lw_ordnode *lw_ordmap_put(lw_ordmap *map, lw_bytes key)
{
    lw_ordnode **links[LW_ORDMAP_LEVELS];
    find_links(map, key, links);
    lw_ordnode *node = *links[0];
    if (node != NULL && lw_bytes_equal(lw_ordnode_key(node), key)) {
        return node;
    }
    unsigned levels = random_levels(map);
    node = malloc(sizeof *node + levels * sizeof(void *) + key.len);
    if (node == NULL) {
        return NULL;
    }
    *node = (lw_ordnode){.key_len = key.len, .levels = levels};
    if (key.len > 0) {
        memcpy(node->next + levels, key.ptr, key.len);
    }
    for (unsigned level = 0; level < levels; level++) {
        node->next[level] = *links[level];
        *links[level] = node;
    }
    return node;
}

void lw_ordmap_remove(lw_ordmap *map, lw_bytes key)
{
    lw_ordnode **links[LW_ORDMAP_LEVELS];
    find_links(map, key, links);
    lw_ordnode *node = *links[0];
    if (node == NULL || !lw_bytes_equal(lw_ordnode_key(node), key)) {
        return;
    }
    for (unsigned level = 0; level < node->levels; level++) {
        *links[level] = node->next[level];
    }
    free(node);
}
