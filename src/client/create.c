/* lw_feature_create: Create and Delete (DM-70..84). The object list that changes with them goes out
 * with the next Update, which the events of the tree ask for (DM-76). */
#include "client/apply.h"
#include "client/feature.h"
#include "lw/objects.h"

/* ---- Create ---------------------------------------------------------------------------------- */

/* DM-71: id LW_ID_MAX leaves the choice to us, once for all of a payload. */
static lw_err make(lw_apply *a, uint16_t id)
{
    lw_tree *tree = &a->client->tree;
    uint16_t object = lw_path_id(a->decoder.cfg.base, LW_LEVEL_OBJECT);
    lw_path instance = lw_path_instance(object, id);
    bool is_choice = id == LW_ID_MAX;
    bool is_made =
        is_choice ? a->chosen != LW_ID_MAX : id != a->chosen && lw_tree_is_made(tree, instance);
    if (is_made) {
        return LW_OK;
    }
    lw_err err = lw_tree_add(tree, object, id, &instance);
    if (err != LW_OK) {
        return err;
    }
    id = lw_path_id(instance, LW_LEVEL_INSTANCE);
    a->first = a->first == LW_ID_MAX ? id : a->first;
    a->chosen = is_choice ? id : a->chosen;
    err = lw_tree_object(tree, instance)->hooks->create(tree->ctx, tree, instance);
    if (err == LW_OK) {
        err = lw_tree_start_with(tree, instance, LW_TREE_DEMAND);
    }
    return err == LW_OK ? lw_rights_created(a->server, instance) : err; /* DM-75 */
}

static lw_err prepare(lw_apply *a, const lw_entry *e)
{
    return !lw_path_reaches(e->path, LW_LEVEL_INSTANCE)
               ? LW_OK
               : make(a, lw_path_id(e->path, LW_LEVEL_INSTANCE));
}

static lw_path place(const lw_apply *a, lw_path path)
{
    return lw_path_is_chosen(path) ? lw_path_with_instance(path, a->chosen) : path;
}

static lw_err create_in(lw_apply *a)
{
    lw_err err = lw_apply_payload(a);
    return err == LW_OK && a->first == LW_ID_MAX ? make(a, LW_ID_MAX) : err; /* at least one */
}

/* DM-74, DM-36: what a server cannot write is ignored. */
static lw_err create(const lw_call *call)
{
    static const lw_apply_rules rules = {
        .lenient = true, .prepare = prepare, .place = place, .check = lw_apply_check_link};
    lw_tree *tree = &call->client->tree;
    lw_apply apply;
    lw_apply_init(&apply, call, &rules);
    apply.first = apply.chosen = LW_ID_MAX;
    lw_err err = lw_tree_begin(tree);
    if (err == LW_OK) {
        err = lw_tree_end(tree, create_in(&apply));
    }
    if (err == LW_OK) { /* P-DM-13: always told; the first of several */
        lw_created_put(
            &call->reply->options,
            lw_path_instance(lw_path_id(call->request.path, LW_LEVEL_OBJECT), apply.first));
    }
    return err;
}

/* ---- Delete ---------------------------------------------------------------------------------- */

lw_err lw_remove_instance(lw_tree *tree, lw_path instance)
{
    const lw_object_hooks *hooks = lw_tree_object(tree, instance)->hooks;
    lw_err err = LW_OK;
    if (hooks != NULL && hooks->remove != NULL) {
        err = hooks->remove(tree->ctx, tree, instance);
    }
    return err == LW_OK ? lw_tree_remove(tree, instance) : err;
}

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
    return call->target.asked == LW_LEVEL_RESOURCE_INSTANCE
               ? lw_remove_resource_instance(tree, path)
               : lw_remove_instance(tree, path);
}

/* DM-81, DM-82 */
static bool is_the_device_s_own(const lw_call *call)
{
    const lw_object *object = call->target.object;
    const lw_object_hooks *hooks = object->hooks;
    return call->target.asked == LW_LEVEL_INSTANCE &&
           (hooks == NULL || hooks->remove == NULL || object->def->id == LW_OBJ_DEVICE);
}

static lw_err delete_target(const lw_call *call)
{
    lw_tree *tree = &call->client->tree;
    if (is_the_device_s_own(call)) {
        return LW_EMETHOD;
    }
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
