/* How instances lie in the block of a tree: what tree.c, change.c and transaction.c share. */
#ifndef LW_MODEL_TREE_PRIV_H
#define LW_MODEL_TREE_PRIV_H

#include <stdalign.h>

#include "model/field.h"
#include "model/tree.h"

/* An instance:
 *
 *     [ number | the declared struct | an octet a field: is it present? ]
 */
enum {
    LW_ABSENT,
    LW_PRESENT,
    LW_DEMANDED /* absent, and to be set before the transaction is committed */
};

typedef struct lw_piece {
    alignas(8) uint16_t number; /* the id of the instance plus one; 0: there is none */
} lw_piece;

static inline size_t lw_piece_size_of(const lw_object *object)
{
    return sizeof(lw_piece) + (object->size + object->field_count + 7u) / 8u * 8u;
}

static inline uint8_t *lw_piece_struct(lw_piece *p)
{
    return (uint8_t *)(p + 1);
}

static inline uint8_t *lw_piece_present(const lw_object *object, lw_piece *p)
{
    return lw_piece_struct(p) + object->size;
}

/* The instance with the smallest id >= from. Without one, a piece that is not used; and without
 * that some other, or NULL. */
lw_piece *lw_piece_near(const lw_object *object, uint8_t *pieces, uint32_t from);

void lw_tree_tell(lw_tree *tree, lw_tree_change change, lw_path path);

static inline bool lw_def_is(const lw_resource_def *def, unsigned flag)
{
    return (def->flags & flag) != 0;
}

#endif
