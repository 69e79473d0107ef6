/* The tree of objects, instances, resources and resource instances that are there now, as whoever
 * owns the data shows it to those who read it: Read, Discover, Register, composites.
 *
 * The owner answers three questions; everything else is asked through them, without copying the
 * tree and without a list of it. A path is the cursor of a walk, so the tree may change between two
 * steps: the walk goes on behind that path, whether it still exists or not.
 */
#ifndef LW_MODEL_TREE_H
#define LW_MODEL_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/err.h"
#include "lw/object.h"
#include "lw/path.h"
#include "lw/value.h"

typedef struct lw_tree {
    /* The smallest id >= from among the children of `parent` (root to resource): LW_OK, or LW_END
     * when there is none. `parent` may not exist: it has no children then. Resources include
     * executables and those without a value now; a single resource has no children. */
    lw_err (*child_from)(void *ctx, lw_path parent, uint16_t from, uint16_t *out_id);

    /* The definition of an object, or NULL. */
    const lw_object_def *(*def_of)(void *ctx, uint16_t object);

    /* The value of a single resource or a resource instance; borrowed until the tree changes.
     * LW_ENOTFOUND when it has none now (DM-16). */
    lw_err (*value_of)(void *ctx, lw_path leaf, lw_value *out_value);

    void *ctx;
} lw_tree;

/* Steps to what follows *at in tree order, among the entities below `scope` down to level `depth`:
 * a parent before its children, siblings ascending. Start with *at = scope. LW_END after the last.
 */
LW_MUST_CHECK lw_err lw_tree_next(const lw_tree *tree, lw_path scope, unsigned depth, lw_path *at);

/* How many levels of the path exist: path.depth when it is there. What DM-05 asks step by step. */
unsigned lw_tree_depth_of(const lw_tree *tree, lw_path path);

/* How many children: the instances of an object, the `dim` of a multiple resource. */
unsigned lw_tree_count(const lw_tree *tree, lw_path parent);

/* The definition of the resource at or above the path, or NULL. */
const lw_resource_def *lw_tree_resource_def(const lw_tree *tree, lw_path path);

/* Its type; NONE when unknown. `tree` is a const lw_tree *: fits where a decoder asks for types. */
lw_type lw_tree_type_of(void *tree, lw_path path);

#endif
