/* Values of a payload into the tree.
 *
 * The payload is decoded once for each pass, so nothing of it is kept:
 *
 *   prepare   the payload can be read, and every entry has its place: in an instance that is there,
 *             may be written, or is made
 *   set       values that the tree keeps, which a rollback takes back
 *   pass on   values of computed resources, which it does not: last, when nothing is missing or
 *             refused any more
 */
#include "client/apply.h"

#include "model/field.h"

typedef lw_err pass(lw_apply *a, const lw_entry *e);

static lw_err run(lw_apply *a, pass *take)
{
    lw_decoder *d = &a->decoder;
    lw_entry e;
    if (d->format == NULL) { /* a Create without payload (DM-77) */
        return LW_OK;
    }
    lw_decoder_restart(d);
    a->count = 0;
    lw_err err = lw_decoder_next(d, &e);
    while (err == LW_OK) {
        bool is_outside = !lw_path_contains(d->cfg.base, e.path);
        err = is_outside ? LW_EINVAL : take != NULL ? take(a, &e) : LW_OK;
        a->count++;
        err = err == LW_OK ? lw_decoder_next(d, &e) : err;
    }
    return err == LW_END ? LW_OK : err;
}

/* ---- Prepare --------------------------------------------------------------------------------- */

lw_err lw_apply_prepare(lw_apply *apply)
{
    return run(apply, apply->rules->prepare);
}

/* DM-31, DM-33: what a Replace starts from. Who prepares instances has emptied this one. */
static lw_err empty_base(const lw_apply *a)
{
    lw_tree *tree = &a->client->tree;
    unsigned depth = a->replace ? lw_path_depth(a->decoder.cfg.base) : LW_LEVEL_ROOT;
    if (depth == LW_LEVEL_INSTANCE && a->rules->prepare == NULL) {
        return lw_tree_start_with(tree, a->decoder.cfg.base, LW_TREE_REPLACE);
    }
    lw_err err = depth == LW_LEVEL_RESOURCE ? lw_tree_empty(tree, a->decoder.cfg.base) : LW_OK;
    return err == LW_ENOMEM ? err : LW_OK; /* a single one will be overwritten */
}

/* ---- Set ------------------------------------------------------------------------------------- */

/* FMT-30: do the entries before say something of the path, too? They are read once more, which is
 * bounded by what the tree has room for. Asked when the value is in place: reading overwrites the
 * scratch that it may stand in. */
static bool is_repeated(const lw_apply *a, lw_path path)
{
    lw_decoder d = a->decoder;
    lw_entry e;
    d.cfg.type_of = NULL; /* a path is one whatever its value; looking types up would cost more */
    lw_decoder_restart(&d);
    for (uint32_t i = 0; i < a->count && lw_decoder_next(&d, &e) == LW_OK; i++) {
        if (lw_path_equal(path, e.path)) {
            return true;
        }
    }
    return false;
}

/* An instance that is there, an object, or the null link: 65535 adds no level to a path. */
lw_err lw_apply_check_link(const lw_apply *apply, const lw_place *at, lw_value *value)
{
    (void)apply;
    lw_objlnk link = value->as.link;
    return value->type != LW_TYPE_OBJLNK ||
                   lw_tree_exists(at->tree, lw_path_instance(link.object, link.instance))
               ? LW_OK
               : LW_EINVAL;
}

static lw_err set_value(const lw_apply *a, const lw_place *at, lw_value value)
{
    const uint32_t exponent = 0x7FF00000; /* all ones: not finite */
    if (value.type == LW_TYPE_FLOAT && (value.as.uns >> 32 & exponent) == exponent) {
        return LW_ERANGE;
    }
    lw_err err = a->rules->check(a, at, &value);
    return err == LW_OK ? lw_tree_put(at->tree, &value, at->path) : err;
}

static lw_err set_entry(const lw_apply *a, const lw_entry *e, const lw_place *at)
{
    switch (e->kind) {
    case LW_ENTRY_REMOVE: /* only in a patch */
        return a->rules->remove(at->tree, at->path);
    case LW_ENTRY_EMPTY: /* what is replaced was emptied; a merge adds nothing */
        return at->depth == at->asked ? LW_OK : lw_tree_empty(at->tree, at->path);
    default:
        return set_value(a, at, e->value);
    }
}

/* DM-36, BS-28: unknown optional resources are ignored, unless one is the target itself. BS-30: one
 * that must be there and that we do not have makes the instance unusable. */
static lw_err check_unknown(const lw_apply *a, const lw_place *at)
{
    const lw_resource_def *def =
        lw_object_def_resource(at->object->def, lw_path_id(at->path, LW_LEVEL_RESOURCE));
    bool is_mandatory = def != NULL && (def->flags & LW_DEF_MANDATORY) != 0;
    return is_mandatory || lw_path_reaches(a->decoder.cfg.base, LW_LEVEL_RESOURCE) ? LW_EINVAL
                                                                                   : LW_OK;
}

/* Both passes: values that the tree keeps, then those that the device takes. The first sees all. */
static lw_err set(lw_apply *a, const lw_entry *e)
{
    lw_tree *tree = &a->client->tree;
    const lw_apply_rules *rules = a->rules;
    if (!lw_path_reaches(e->path, LW_LEVEL_RESOURCE)) {
        return LW_OK; /* an instance or object without values */
    }
    lw_path path = rules->place != NULL ? rules->place(a, e->path) : e->path;
    lw_place at;
    lw_tree_find(tree, path, &at);
    if (at.def == NULL) {
        return check_unknown(a, &at);
    }
    bool is_open = rules->bootstrap ? (at.def->ops & LW_OP_E) == 0 : (at.def->ops & LW_OP_W) != 0;
    if (!is_open) {
        return rules->lenient ? LW_OK : LW_EMETHOD;
    }
    bool is_kept = lw_field_is_stored(at.field);
    lw_err err = LW_OK;
    if (is_kept != a->passing_on) {
        err = set_entry(a, e, &at);
    } else if (!is_kept) {
        err = lw_place_touch(&at);
    }
    return err == LW_OK && !a->passing_on && is_repeated(a, e->path) ? LW_EINVAL : err;
}

/* ---- All of it ------------------------------------------------------------------------------- */

void lw_apply_init(lw_apply *apply, const lw_call *call, const lw_apply_rules *rules)
{
    *apply = (lw_apply){
        .client = call->client,
        .rules = rules,
        .server = call->server,
        .single = call->single,
        .decoder = {.format = call->body,
                    .cfg = {.base = call->request.path,
                            .type_of = lw_tree_type_of,
                            .type_ctx = &call->client->tree,
                            .scratch = call->reply->payload.buf,
                            .scratch_len = call->reply->payload.cap}},
    };
    lw_decoder_feed(&apply->decoder, call->request.payload, true);
}

lw_err lw_apply_payload(lw_apply *apply)
{
    lw_err err = lw_apply_prepare(apply);
    if (err == LW_OK) {
        err = empty_base(apply);
    }
    if (err == LW_OK) {
        err = run(apply, set);
    }
    if (err == LW_OK && apply->single && apply->count == 0) {
        err = LW_EINVAL;
    }
    if (err == LW_OK) {
        err = lw_tree_check(&apply->client->tree);
    }
    if (err == LW_OK) {
        apply->passing_on = true;
        err = run(apply, set);
    }
    return err;
}

lw_err lw_apply_as_whole(lw_apply *apply)
{
    lw_tree *tree = &apply->client->tree;
    lw_err err = lw_tree_begin(tree);
    return err == LW_OK ? lw_tree_end(tree, lw_apply_payload(apply)) : err;
}
