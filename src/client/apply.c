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

static void decode(const lw_apply *a, lw_decoder *d)
{
    lw_decoder_init(d, a->format, &a->cfg);
    lw_decoder_feed(d, a->payload, true);
}

static lw_err run(lw_apply *a, pass *take)
{
    if (a->format == NULL) { /* a Create without payload (DM-77) */
        return LW_OK;
    }
    lw_decoder d;
    lw_entry e;
    decode(a, &d);
    a->count = 0;
    lw_err err = lw_decoder_next(&d, &e);
    while (err == LW_OK) {
        bool is_strange = e.kind == LW_ENTRY_PATH || !lw_path_contains(a->cfg.base, e.path);
        err = is_strange ? LW_EINVAL : take(a, &e);
        a->count++;
        err = err == LW_OK ? lw_decoder_next(&d, &e) : err;
    }
    return err == LW_END ? LW_OK : err;
}

/* ---- Prepare --------------------------------------------------------------------------------- */

static lw_err prepare(lw_apply *a, const lw_entry *e)
{
    return a->rules->prepare != NULL ? a->rules->prepare(a, e->path) : LW_OK;
}

lw_err lw_apply_prepare(lw_apply *apply)
{
    return run(apply, prepare);
}

/* DM-31, DM-33: what a Replace starts from. Who prepares instances has emptied this one. */
static lw_err empty_base(const lw_apply *a)
{
    lw_tree *tree = &a->client->tree;
    unsigned depth = a->replace ? lw_path_depth(a->cfg.base) : LW_LEVEL_ROOT;
    if (depth == LW_LEVEL_INSTANCE && a->rules->prepare == NULL) {
        return lw_tree_start_with(tree, a->cfg.base, LW_TREE_REPLACE);
    }
    lw_err err = depth == LW_LEVEL_RESOURCE ? lw_tree_empty(tree, a->cfg.base) : LW_OK;
    return err == LW_ENOMEM ? err : LW_OK; /* a single one will be overwritten */
}

/* ---- Set ------------------------------------------------------------------------------------- */

/* Do the entries before say something of the path, too? */
static bool was_there(const lw_apply *a, lw_path path)
{
    lw_decoder d;
    lw_entry e;
    decode(a, &d);
    for (uint32_t i = 0; i < a->count && lw_decoder_next(&d, &e) == LW_OK; i++) {
        if (lw_path_equal(path, e.path)) {
            return true;
        }
    }
    return false;
}

/* A path that stands there twice is refused (FMT-30). The digests of short payloads say most of the
 * time that it does not; else the entries before are read once more, which is bounded by what the
 * tree has room for. Asked when the value is in place: reading overwrites the scratch that it may
 * stand in. */
static bool is_repeated(lw_apply *a, lw_path path)
{
    uint32_t lower = (uint32_t)path.key;
    uint32_t digest = (uint32_t)1 << ((lower ^ lower >> 16) & 31u);
    bool is_new = (a->seen & digest) == 0;
    a->seen |= digest;
    return !is_new && was_there(a, path);
}

/* MDL-08: an instance that is there, an object, or the null link: 65535 adds no level to a path. */
static bool leads_somewhere(const lw_apply *a, lw_objlnk link)
{
    return lw_tree_exists(&a->client->tree, lw_path_instance(link.object, link.instance));
}

static lw_err check_value(const lw_apply *a, const lw_value *value)
{
    const uint32_t exponent = 0x7FF00000; /* all ones: not finite */
    if (value->type == LW_TYPE_FLOAT) {
        return (value->as.uns >> 32 & exponent) == exponent ? LW_ERANGE : LW_OK;
    }
    bool is_stray = value->type == LW_TYPE_OBJLNK && !a->rules->bootstrap &&
                    !leads_somewhere(a, value->as.link);
    return is_stray ? LW_EINVAL : LW_OK;
}

static lw_err set_entry(const lw_apply *a, const lw_entry *e, const lw_place *at)
{
    if (e->kind == LW_ENTRY_REMOVE) {
        return a->rules->remove != NULL ? a->rules->remove(at->tree, at->path) : LW_EMETHOD;
    }
    if (e->kind == LW_ENTRY_EMPTY) { /* what is replaced was emptied; a merge adds nothing */
        return at->depth == at->asked ? LW_OK : lw_tree_empty(at->tree, at->path);
    }
    lw_value value = e->value;
    if (a->cfg.type_of != lw_tree_type_of && value.type == LW_TYPE_STRING &&
        at->def->type == LW_TYPE_OPAQUE) {
        value.type = LW_TYPE_OPAQUE;
    }
    lw_err err = check_value(a, &value);
    return err == LW_OK ? lw_tree_put(at->tree, &value, at->path) : err;
}

/* DM-36, BS-28: unknown optional resources are ignored, unless one is the target itself. BS-30: one
 * that must be there and that we do not have makes the instance unusable. */
static lw_err check_unknown(const lw_apply *a, const lw_place *at)
{
    const lw_resource_def *def =
        lw_object_def_resource(at->object->def, lw_path_id(at->path, LW_LEVEL_RESOURCE));
    bool is_mandatory = def != NULL && (def->flags & LW_DEF_MANDATORY) != 0;
    return is_mandatory || lw_path_reaches(a->cfg.base, LW_LEVEL_RESOURCE) ? LW_EINVAL : LW_OK;
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
    if (a->passing_on) {
        return is_kept ? LW_OK : set_entry(a, e, &at);
    }
    lw_err err = is_kept ? set_entry(a, e, &at) : lw_place_touch(&at);
    a->has_computed = a->has_computed || !is_kept;
    return err == LW_OK && is_repeated(a, e->path) ? LW_EINVAL : err;
}

/* ---- All of it ------------------------------------------------------------------------------- */

void lw_apply_init(lw_apply *apply, const lw_call *call, const lw_apply_rules *rules)
{
    *apply = (lw_apply){
        .client = call->client,
        .rules = rules,
        .format = call->body,
        .single = call->single,
        .payload = call->request.payload,
        .server = call->server,
        .cfg = {.base = call->request.path,
                .type_of = lw_tree_type_of,
                .type_ctx = &call->client->tree,
                .scratch = call->reply->payload.buf,
                .scratch_len = call->reply->payload.cap},
    };
}

lw_err lw_apply_payload(lw_apply *apply)
{
    lw_err err = run(apply, prepare);
    if (err == LW_OK) {
        err = empty_base(apply);
    }
    if (err == LW_OK) {
        err = run(apply, set);
    }
    if (err == LW_OK && apply->single && apply->count == 0) {
        err = LW_EINVAL;
    }
    if (err == LW_OK && apply->has_computed) {
        err = lw_tree_check(&apply->client->tree);
        apply->passing_on = true;
        err = err == LW_OK ? run(apply, set) : err;
    }
    return err;
}

lw_err lw_apply_as_whole(lw_apply *apply)
{
    lw_tree *tree = &apply->client->tree;
    lw_err err = lw_tree_begin(tree);
    return err == LW_OK ? lw_tree_end(tree, lw_apply_payload(apply)) : err;
}
