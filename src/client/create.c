/* lw_feature_create: Create and Delete (DM-70..84). The object list that changes with them goes out
 * with the next Update, which the events of the tree ask for (DM-76). */
#include "client/apply.h"
#include "client/feature.h"

/* ---- Create ---------------------------------------------------------------------------------- */

/* The instances of one Create. */
#define MADE_MAX 8u

typedef struct lw_made {
    uint8_t count;
    bool chosen[MADE_MAX]; /* its id was left to us (DM-71) */
    uint16_t ids[MADE_MAX];
} made;

static int find(const made *m, uint16_t id)
{
    for (unsigned i = 0; i < m->count; i++) {
        if (id == LW_ID_MAX ? m->chosen[i] : m->ids[i] == id) {
            return (int)i;
        }
    }
    return -1;
}

/* DM-71: id LW_ID_MAX leaves the choice to us. */
static lw_err make(const lw_apply *a, uint16_t id)
{
    lw_tree *tree = &a->client->tree;
    made *m = a->made;
    int known = find(m, id);
    if (known >= 0) {
        return m->chosen[known] == (id == LW_ID_MAX) ? LW_OK : LW_EEXISTS;
    }
    if (m->count == MADE_MAX) {
        return LW_ENOMEM;
    }
    lw_path instance;
    lw_err err = lw_tree_add(tree, lw_path_id(a->cfg.base, LW_LEVEL_OBJECT), id, &instance);
    if (err != LW_OK) {
        return err;
    }
    m->chosen[m->count] = id == LW_ID_MAX;
    m->ids[m->count++] = lw_path_id(instance, LW_LEVEL_INSTANCE);
    err = lw_tree_object(tree, instance)->hooks->create(tree->ctx, tree, instance);
    return err == LW_OK ? lw_tree_start_with(tree, instance, LW_TREE_DEMAND) : err;
}

static lw_err prepare(const lw_apply *a, lw_path path)
{
    return lw_path_depth(path) < LW_LEVEL_INSTANCE ? LW_OK
                                                   : make(a, lw_path_id(path, LW_LEVEL_INSTANCE));
}

static lw_path place(const lw_apply *a, lw_path path)
{
    if (lw_path_is_chosen(path)) {
        path = lw_path_with_instance(path, a->made->ids[find(a->made, LW_ID_MAX)]);
    }
    return path;
}

/* DM-74, DM-36: what a server cannot write is ignored. */
static lw_err create_in(const lw_call *call, made *m)
{
    static const lw_apply_rules rules = {.lenient = true, .prepare = prepare, .place = place};
    lw_apply apply;
    lw_apply_init(&apply, call, &rules);
    apply.made = m;
    lw_err err = lw_apply_payload(&apply);
    if (err == LW_OK && m->count == 0) { /* at least one */
        err = make(&apply, LW_ID_MAX);
    }
    for (unsigned i = 0; err == LW_OK && i < m->count; i++) {
        lw_path instance = lw_path_instance(lw_path_id(apply.cfg.base, LW_LEVEL_OBJECT), m->ids[i]);
        err = lw_rights_created(call->server, instance); /* DM-75 */
    }
    return err;
}

static lw_err create(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    made m = {.count = 0};
    lw_err err = lw_tree_begin(tree);
    if (err == LW_OK) {
        err = lw_tree_end(tree, create_in(call, &m));
    }
    if (err == LW_OK) { /* P-DM-13: always told; the first of several */
        lw_created_put(&call->reply->options,
                       lw_path_instance(lw_path_id(call->request.path, LW_LEVEL_OBJECT), m.ids[0]));
    }
    return err;
}

/* ---- Delete ---------------------------------------------------------------------------------- */

lw_err lw_remove_resource_instance(lw_tree *tree, lw_path path)
{
    lw_path resource = lw_path_cut(path, LW_LEVEL_RESOURCE);
    lw_place at;
    bool is_last = lw_tree_find(tree, path, &at) == LW_LEVEL_RESOURCE_INSTANCE &&
                   lw_tree_count(tree, resource) == 1;
    if (is_last && (at.def->flags & LW_DEF_MANDATORY) != 0) {
        return LW_EMETHOD;
    }
    return lw_tree_unset(tree, path);
}

static lw_err remove_target(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    lw_path path = call->request.path;
    if (call->target.asked == LW_LEVEL_RESOURCE_INSTANCE) {
        return lw_remove_resource_instance(tree, path);
    }
    lw_err err = call->target.object->hooks->remove(tree->ctx, tree, path);
    return err == LW_OK ? lw_tree_remove(tree, path) : err;
}

static lw_err delete_target(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    lw_err err = lw_tree_begin(tree);
    return err == LW_OK ? lw_tree_end(tree, remove_target(call)) : err;
}

/* ---------------------------------------------------------------------------------------------- */

static lw_err serve(void *state, lw_call *call)
{
    (void)state;
    return call->request.op == LW_OP_CREATE ? create(call) : delete_target(call);
}

const lw_client_feature lw_feature_create = {
    .ops = (uint32_t)1 << LW_OP_CREATE | (uint32_t)1 << LW_OP_DELETE,
    .serve = serve,
};
