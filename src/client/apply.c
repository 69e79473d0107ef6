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

#define SEEN_BITS 251u /* a prime: all of a path counts */

typedef struct job {
    const lw_apply *apply;
    lw_tree *tree;
    uint32_t count;                    /* entries so far, in this pass */
    uint32_t seen[SEEN_BITS / 32 + 1]; /* digests of their paths */
    bool has_computed;                 /* values for the device itself came along */
    bool passing_on;                   /* it is their turn */
} job;

typedef lw_err pass(job *j, const lw_entry *e);

static void decode(const lw_apply *a, lw_decoder *d)
{
    lw_decode_cfg cfg = {
        .base = a->base,
        .use = a->rules->use,
        .type_of = a->type_of != NULL ? a->type_of : lw_tree_type_of,
        .type_ctx = &a->client->tree,
        .scratch = a->scratch,
        .scratch_len = a->scratch_len,
    };
    lw_decoder_init(d, a->format, &cfg);
    lw_decoder_feed(d, a->payload, true);
}

static lw_err run(job *j, pass *take)
{
    if (j->apply->format == NULL) { /* a Create without payload (DM-77) */
        return LW_OK;
    }
    lw_decoder d;
    lw_entry e;
    decode(j->apply, &d);
    j->count = 0;
    lw_err err = lw_decoder_next(&d, &e);
    while (err == LW_OK) {
        bool is_strange = e.kind == LW_ENTRY_PATH || e.prefix.len > 0 ||
                          !lw_path_contains(j->apply->base, e.path);
        err = is_strange ? LW_EINVAL : take(j, &e);
        j->count++;
        err = err == LW_OK ? lw_decoder_next(&d, &e) : err;
    }
    return err == LW_END ? LW_OK : err;
}

/* ---- Prepare --------------------------------------------------------------------------------- */

static lw_err prepare(job *j, const lw_entry *e)
{
    const lw_apply_rules *rules = j->apply->rules;
    return rules->prepare != NULL ? rules->prepare(j->apply, e->path) : LW_OK;
}

/* DM-31, DM-33: what a Replace starts from. Who prepares instances has emptied this one. */
static lw_err empty_base(const job *j)
{
    lw_path base = j->apply->base;
    unsigned depth = j->apply->replace ? lw_path_depth(base) : LW_LEVEL_ROOT;
    if (depth == LW_LEVEL_INSTANCE && j->apply->rules->prepare == NULL) {
        return lw_tree_start_with(j->tree, base, LW_TREE_REPLACE);
    }
    lw_err err = depth == LW_LEVEL_RESOURCE ? lw_tree_empty(j->tree, base) : LW_OK;
    return err == LW_ENOMEM ? err : LW_OK; /* a single one will be overwritten */
}

/* ---- Set ------------------------------------------------------------------------------------- */

/* Do the entries before say something of the path, too? */
static bool was_there(const job *j, lw_path path)
{
    lw_decoder d;
    lw_entry e;
    decode(j->apply, &d);
    for (uint32_t i = 0; i < j->count && lw_decoder_next(&d, &e) == LW_OK; i++) {
        if (lw_path_equal(path, e.path)) {
            return true;
        }
    }
    return false;
}

/* A path that stands there twice is refused (FMT-30). The digests say most of the time that it does
 * not; else the entries before are read once more, which is bounded by what the tree has room for.
 * Asked when the value is in place: reading overwrites the scratch that it may stand in. */
static bool is_repeated(job *j, lw_path path)
{
    unsigned digest = (unsigned)(path.key % SEEN_BITS);
    bool is_new = (j->seen[digest / 32] >> digest % 32 & 1u) == 0;
    j->seen[digest / 32] |= (uint32_t)1 << digest % 32;
    return !is_new && was_there(j, path);
}

/* MDL-08: an instance that is there, an object, or the null link: 65535 adds no level to a path. */
static bool leads_somewhere(const job *j, lw_objlnk link)
{
    return lw_tree_exists(j->tree, lw_path_instance(link.object, link.instance));
}

static lw_err check_value(const job *j, lw_value value)
{
    if (value.type == LW_TYPE_FLOAT) {
        double rest = value.as.number - value.as.number; /* NaN for what is not finite */
        return rest >= 0.0 ? LW_OK : LW_ERANGE;
    }
    bool is_stray = value.type == LW_TYPE_OBJLNK && !j->apply->rules->bootstrap &&
                    !leads_somewhere(j, value.as.link);
    return is_stray ? LW_EINVAL : LW_OK;
}

static lw_err set_entry(const job *j, const lw_entry *e, lw_path path, const lw_resource_def *def)
{
    const lw_apply *a = j->apply;
    if (e->kind == LW_ENTRY_REMOVE) {
        return a->rules->remove != NULL ? a->rules->remove(j->tree, path) : LW_EMETHOD;
    }
    if (e->kind == LW_ENTRY_EMPTY) { /* what is replaced was emptied; a merge adds nothing */
        return lw_tree_exists(j->tree, path) ? LW_OK : lw_tree_empty(j->tree, path);
    }
    lw_value value = e->value;
    if (a->type_of != NULL && value.type == LW_TYPE_STRING && def->type == LW_TYPE_OPAQUE) {
        value.type = LW_TYPE_OPAQUE;
    }
    lw_err err = check_value(j, value);
    return err == LW_OK ? lw_tree_set(j->tree, path, value) : err;
}

/* DM-36, BS-28: unknown optional resources are ignored, unless one is the target itself. BS-30: one
 * that must be there and that we do not have makes the instance unusable. */
static lw_err check_unknown(const job *j, lw_path path)
{
    const lw_object *object = lw_tree_object(j->tree, path);
    const lw_resource_def *def =
        lw_object_def_resource(object->def, lw_path_id(path, LW_LEVEL_RESOURCE));
    bool is_mandatory = def != NULL && (def->flags & LW_DEF_MANDATORY) != 0;
    return is_mandatory || lw_path_depth(j->apply->base) >= LW_LEVEL_RESOURCE ? LW_EINVAL : LW_OK;
}

/* Both passes: values that the tree keeps, then those that the device takes. The first sees all. */
static lw_err set(job *j, const lw_entry *e)
{
    const lw_apply_rules *rules = j->apply->rules;
    lw_path path = rules->place != NULL ? rules->place(j->apply, e->path) : e->path;
    const lw_resource_def *def = lw_tree_resource_def(j->tree, path);
    if (lw_path_depth(path) < LW_LEVEL_RESOURCE) {
        return LW_OK; /* an instance or object without values */
    }
    if (def == NULL) {
        return check_unknown(j, path);
    }
    bool is_open = rules->bootstrap ? (def->ops & LW_OP_E) == 0 : (def->ops & LW_OP_W) != 0;
    if (!is_open) {
        return rules->lenient ? LW_OK : LW_EMETHOD;
    }
    bool is_kept = lw_field_is_stored(lw_tree_field(j->tree, path));
    if (j->passing_on) {
        return is_kept ? LW_OK : set_entry(j, e, path, def);
    }
    lw_err err = is_kept ? set_entry(j, e, path, def) : lw_tree_touch(j->tree, path);
    j->has_computed = j->has_computed || !is_kept;
    return err == LW_OK && is_repeated(j, e->path) ? LW_EINVAL : err;
}

/* A single value was asked for: one must be there. */
static bool lacks_value(const job *j)
{
    lw_path base = j->apply->base;
    const lw_resource_def *def = lw_tree_resource_def(j->tree, base);
    return j->count == 0 && def != NULL &&
           (lw_path_depth(base) == LW_LEVEL_RESOURCE_INSTANCE ||
            (def->flags & LW_DEF_MULTIPLE) == 0);
}

/* ---- All of it ------------------------------------------------------------------------------- */

lw_apply lw_apply_of(const lw_call *call, const lw_apply_rules *rules)
{
    return (lw_apply){
        .client = call->client,
        .rules = rules,
        .format = call->body,
        .base = call->request->path,
        .payload = call->request->payload,
        .scratch = call->reply->payload.buf,
        .scratch_len = call->reply->payload.cap,
        .server = call->server,
    };
}

lw_err lw_apply_prepare(const lw_apply *apply)
{
    job j = {.apply = apply, .tree = &apply->client->tree};
    return run(&j, prepare);
}

lw_err lw_apply_payload(const lw_apply *apply)
{
    job j = {.apply = apply, .tree = &apply->client->tree};
    lw_err err = run(&j, prepare);
    if (err == LW_OK) {
        err = empty_base(&j);
    }
    if (err == LW_OK) {
        err = run(&j, set);
    }
    if (err == LW_OK && lacks_value(&j)) {
        err = LW_EINVAL;
    }
    if (err == LW_OK && j.has_computed) {
        err = lw_tree_check(j.tree);
        j.passing_on = true;
        err = err == LW_OK ? run(&j, set) : err;
    }
    return err;
}

lw_err lw_apply_as_whole(const lw_apply *apply)
{
    lw_tree *tree = &apply->client->tree;
    lw_err err = lw_tree_begin(tree);
    return err == LW_OK ? lw_tree_end(tree, lw_apply_payload(apply)) : err;
}
