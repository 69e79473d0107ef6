#include "model/tree.h"

/* Moves *at to its next sibling, or to that of the nearest parent below scope that has one. */
static lw_err next_beside(const lw_tree *tree, lw_path scope, lw_path *at)
{
    lw_path p = *at;
    while (p.depth > scope.depth) {
        lw_path parent = lw_path_cut(p, p.depth - 1u);
        uint16_t id = p.id[p.depth - 1];
        lw_err err = LW_END;
        if (id < LW_ID_MAX) {
            err = tree->child_from(tree->ctx, parent, (uint16_t)(id + 1), &id);
        }
        if (err != LW_END) {
            *at = lw_path_child(parent, id);
            return err;
        }
        p = parent;
    }
    return LW_END;
}

lw_err lw_tree_next(const lw_tree *tree, lw_path scope, unsigned depth, lw_path *at)
{
    if (at->depth < depth && at->depth < LW_PATH_DEPTH_MAX) {
        uint16_t id = 0;
        lw_err err = tree->child_from(tree->ctx, *at, 0, &id);
        if (err != LW_END) {
            *at = lw_path_child(*at, id);
            return err;
        }
    }
    return next_beside(tree, scope, at);
}

unsigned lw_tree_depth_of(const lw_tree *tree, lw_path path)
{
    unsigned depth = 0;
    for (; depth < path.depth; depth++) {
        uint16_t id = 0;
        lw_path parent = lw_path_cut(path, depth);
        lw_err err = tree->child_from(tree->ctx, parent, path.id[depth], &id);
        if (err != LW_OK || id != path.id[depth]) {
            break;
        }
    }
    return depth;
}

unsigned lw_tree_count(const lw_tree *tree, lw_path parent)
{
    unsigned count = 0;
    lw_path at = parent;
    while (lw_tree_next(tree, parent, parent.depth + 1u, &at) == LW_OK) {
        count++;
    }
    return count;
}

const lw_resource_def *lw_tree_resource_def(const lw_tree *tree, lw_path path)
{
    if (path.depth < LW_LEVEL_RESOURCE) {
        return NULL;
    }
    const lw_object_def *def = tree->def_of(tree->ctx, path.id[0]);
    return def == NULL ? NULL : lw_object_def_resource(def, path.id[2]);
}

lw_type lw_tree_type_of(void *tree, lw_path path)
{
    const lw_resource_def *def = lw_tree_resource_def(tree, path);
    return def == NULL ? LW_TYPE_NONE : (lw_type)def->type;
}
