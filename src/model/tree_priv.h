/* How instances lie in the block of a tree: what tree.c, change.c and transaction.c share. */
#ifndef LW_MODEL_TREE_PRIV_H
#define LW_MODEL_TREE_PRIV_H

#include "model/field.h"
#include "model/tree.h"

/* How the declared structs begin (LW_MEMBERS). */
typedef struct lw_piece {
    uint16_t number;   /* the id of the instance plus one; 0: there is none */
    uint8_t present[]; /* an octet a field: is it there? */
} lw_piece;

enum {
    LW_ABSENT,
    LW_PRESENT,
    LW_DEMANDED /* absent, and to be set before the transaction is committed */
};

/* Fields are kept at offsets of the declared struct. */
static inline uint8_t *lw_piece_octets(lw_piece *p)
{
    return (uint8_t *)p;
}

/* As lw_number_near. */
static inline lw_piece *lw_piece_near(const lw_object *object, uint8_t *pieces, uint32_t from)
{
    return (lw_piece *)(void *)lw_number_near(pieces, object->size, object->instances_max, from);
}

void lw_tree_tell(lw_tree *tree, lw_tree_change change, lw_path path);

static inline bool lw_def_is(const lw_resource_def *def, unsigned flag)
{
    return (def->flags & flag) != 0;
}

#endif
