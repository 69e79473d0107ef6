/* Read-Composite and Write-Composite (DM-90..98); Observe-Composite reads its list here and is
 * handed on to lw_feature_observe. */
#include "client/apply.h"
#include "client/feature.h"
#include "client/observe.h"
#include "client/targets.h"
#include "model/access.h"
#include "model/notify.h"

static lw_err answer(const lw_call *call)
{
    lw_plug *plug = lw_client_part(call->client, LW_PART_OBSERVE);
    return call->request.op != LW_OP_READ_COMPOSITE && plug != NULL
               ? plug->feature->as.observe.observe(plug->state, call)
               : lw_answer_values(call);
}

static lw_err serve_targets(lw_call *call)
{
    lw_err err = lw_targets_read(call);
    if (err == LW_OK) {
        err = lw_readable_allowed(&call->values);
    }
    if (err == LW_OK) {
        err = answer(call);
    }
    lw_targets_free(call);
    return err;
}

/* DM-94: what DM-05 asks of a single target. */
static lw_err prepare(lw_apply *a, const lw_entry *e)
{
    lw_path path = e->path;
    lw_place at;
    lw_tree_find(&a->client->tree, path, &at);
    if (!lw_path_reaches(path, LW_LEVEL_RESOURCE)) {
        return LW_EINVAL;
    }
    if (lw_access_is_bootstrap_only(lw_path_id(path, LW_LEVEL_OBJECT))) {
        return LW_EDENIED;
    }
    if (at.depth < LW_LEVEL_INSTANCE) {
        return LW_ENOTFOUND;
    }
    if ((lw_rights_of(a->server, path) & LW_RIGHT_W) == 0) {
        return LW_EDENIED;
    }
    if (at.def == NULL) {
        return LW_ENOTFOUND;
    }
    return (at.def->ops & LW_OP_W) != 0 ? LW_OK : LW_EMETHOD;
}

/* Only resource instances go (formats.md 9, DM-95), and one that is gone already is as it should
 * be. */
static lw_err remove_instance(lw_tree *tree, lw_path path)
{
    if (lw_path_depth(path) != LW_LEVEL_RESOURCE_INSTANCE) {
        return LW_EMETHOD;
    }
    lw_err err = lw_remove_resource_instance(tree, path);
    return err == LW_ENOTFOUND ? LW_OK : err;
}

static lw_err write_composite(const lw_call *call)
{
    static const lw_apply_rules rules = {
        .prepare = prepare, .check = lw_apply_check_link, .remove = remove_instance};
    lw_apply apply;
    lw_apply_init(&apply, call, &rules);
    apply.decoder.cfg.base = lw_path_root();
    apply.decoder.cfg.use = LW_FORMAT_PATCH;
    return lw_apply_as_whole(&apply);
}

/* Only what joins counts; what is judged value by value is that of each target. */
static void join(const lw_observed *obs, lw_attrs *out_attrs)
{
    *out_attrs = (lw_attrs){.has = 0};
    for (unsigned i = 0; i < obs->values.target_count; i++) {
        lw_attrs part;
        lw_observed_attrs_at(obs, i, false, &part);
        lw_notify_join(out_attrs, &part);
    }
}

static lw_err serve(void *state, lw_call *call)
{
    (void)state;
    return call->request.op == LW_OP_WRITE_COMPOSITE ? write_composite(call) : serve_targets(call);
}

const lw_client_feature lw_feature_composite = {
    .ops = (uint32_t)1 << LW_OP_READ_COMPOSITE | (uint32_t)1 << LW_OP_WRITE_COMPOSITE |
           (uint32_t)1 << LW_OP_OBSERVE_COMPOSITE | (uint32_t)1 << LW_OP_CANCEL_COMPOSITE,
    .serve = serve,
    .part = LW_PART_COMPOSITE,
    .as.join = join,
};
