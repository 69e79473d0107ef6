/* An ordered map from octets to pointers: a skip list.
 *
 * Keys are compared octet by octet, a prefix comes before what it begins. Adding, removing and
 * seeking take O(log n), going on takes O(1). The map copies keys; what it points to is its
 * owner's.
 */
#ifndef LW_STORE_ORDMAP_H
#define LW_STORE_ORDMAP_H

#include <stdint.h>

#include "lw/bytes.h"

#define LW_ORDMAP_LEVELS 16u /* 4^16 entries before it gets slower */

typedef struct lw_ordnode lw_ordnode;

typedef struct lw_ordmap {
    lw_ordnode *head[LW_ORDMAP_LEVELS];
    uint64_t rng; /* of levels: any start will do */
} lw_ordmap;

void lw_ordmap_init(lw_ordmap *map);
void lw_ordmap_fini(lw_ordmap *map); /* frees the nodes, not what they point to */

/* The node with this key, made when it is not there yet, its value then NULL. NULL: out of memory.
 */
lw_ordnode *lw_ordmap_put(lw_ordmap *map, lw_bytes key);
void lw_ordmap_remove(lw_ordmap *map, lw_bytes key); /* harmless when it is not there */

lw_ordnode *lw_ordmap_find(const lw_ordmap *map, lw_bytes key); /* NULL: not there */
lw_ordnode *lw_ordmap_seek(const lw_ordmap *map, lw_bytes key); /* the first not before key */
lw_ordnode *lw_ordnode_next(const lw_ordnode *node);

lw_bytes lw_ordnode_key(const lw_ordnode *node);
void *lw_ordnode_value(const lw_ordnode *node);
void lw_ordnode_set(lw_ordnode *node, void *value);

#endif
