/* Values of a payload into the tree.
 *
 * The payload is decoded once for each pass, so nothing of it is kept:
 *
 *   prepare   every entry has its place: within the base, in an instance that is there, may be
 *             written, or is made; what is replaced is emptied
 *   set       values that the tree keeps, which a rollback takes back
 *   pass on   values of computed resources, which it does not: last, when nothing else can fail
 *   complete  nothing that must be there is missing
 */
#include "client/serve.h"
#include "model/access.h"
#include "model/field.h"

#define SEEN_BITS 256u

typedef struct job {
    const lw_apply *apply;
    lw_tree *tree;
    uint32_t count;                /* entries so far, in this pass */
    uint32_t seen[SEEN_BITS / 32]; /* digests of their paths */
    bool has_computed;             /* values for the device itself came along */
    bool passing_on;               /* it is their turn */
    uint64_t given[LW_CREATE_MAX]; /* fields with a value: of each made instance, or of the one
                                      that is replaced */
} job;

typedef lw_err pass(job *j, const lw_entry *e);

/* P-BS-11: keys come as text in published SenML; a Bootstrap-Server means their octets. */
static lw_type type_in_bootstrap(void *tree, lw_path path)
{
    lw_type type = lw_tree_type_of(tree, path);
    return type == LW_TYPE_OPAQUE ? LW_TYPE_NONE : type;
}

static bool is_lenient(const lw_apply *apply)
{
    return apply->bootstrap &&
           (apply->format->id == LW_CF_SENML_CBOR || apply->format->id == LW_CF_SENML_JSON);
}

static lw_decoder decode(const job *j)
{
    lw_decode_cfg cfg = {
        .base = j->apply->base,
        .use = j->apply->use,
        .type_of = is_lenient(j->apply) ? type_in_bootstrap : lw_tree_type_of,
        .type_ctx = j->tree,
        .scratch = j->apply->scratch,
        .scratch_len = j->apply->scratch_len,
    };
    lw_decoder d;
    lw_decoder_init(&d, j->apply->format, &cfg);
    lw_decoder_feed(&d, j->apply->payload, true);
    return d;
}

static lw_err run(job *j, pass *take)
{
    if (j->apply->format == NULL) { /* a Create without payload (DM-77) */
        return LW_OK;
    }
    lw_decoder d = decode(j);
    lw_entry e;
    lw_err err;
    j->count = 0;
    while ((err = lw_decoder_next(&d, &e)) == LW_OK) {
        err = take(j, &e);
        if (err != LW_OK) {
            return err;
        }
        j->count++;
    }
    return err == LW_END ? LW_OK : err;
}

/* ---- Prepare --------------------------------------------------------------------------------- */

static int find_made(const lw_made *made, uint16_t id)
{
    for (unsigned i = 0; i < made->count; i++) {
        if (id == LW_ID_MAX ? made->chosen[i] : made->ids[i] == id) {
            return (int)i;
        }
    }
    return -1;
}

/* DM-71: id LW_ID_MAX leaves the choice to us. */
static lw_err make_instance(job *j, uint16_t id)
{
    lw_made *made = j->apply->made;
    int known = find_made(made, id);
    if (known >= 0) {
        return made->chosen[known] == (id == LW_ID_MAX) ? LW_OK : LW_EEXISTS;
    }
    if (made->count == LW_CREATE_MAX) {
        return LW_ENOMEM;
    }
    lw_path instance;
    lw_err err = lw_tree_add(j->tree, j->apply->base.id[0], id, &instance);
    if (err != LW_OK) {
        return err;
    }
    made->chosen[made->count] = id == LW_ID_MAX;
    made->ids[made->count++] = instance.id[1];
    const lw_object_hooks *hooks = lw_tree_object(j->tree, instance.id[0])->hooks;
    return hooks->create(j->tree->hooks_ctx, j->tree, instance);
}

/* BS-26, BS-27. Clearing twice does no harm: nothing is set yet. */
static lw_err prepare_bootstrap(const job *j, lw_path path)
{
    lw_path instance = lw_path_cut(path, LW_LEVEL_INSTANCE);
    lw_err err = LW_OK;
    if (!lw_tree_exists(j->tree, instance)) {
        err = lw_tree_add(j->tree, instance.id[0], instance.id[1], &instance);
    }
    bool is_whole = j->apply->replace && j->apply->base.depth <= LW_LEVEL_INSTANCE;
    return err == LW_OK && is_whole ? lw_tree_clear(j->tree, instance) : err;
}

/* DM-94: what DM-05 asks of a single target. */
static lw_err prepare_composite(const job *j, lw_path path)
{
    const lw_apply *a = j->apply;
    if (path.depth < LW_LEVEL_RESOURCE) {
        return LW_EINVAL;
    }
    if (lw_access_is_bootstrap_only(path.id[0])) {
        return LW_EDENIED;
    }
    if (!lw_tree_exists(j->tree, lw_path_cut(path, LW_LEVEL_INSTANCE))) {
        return LW_ENOTFOUND;
    }
    unsigned rights = lw_rights_of(a->client, a->server, path.id[0], path.id[1]);
    if ((rights & LW_RIGHT_W) == 0) {
        return LW_EDENIED;
    }
    const lw_resource_def *def = lw_tree_resource_def(j->tree, path);
    if (def == NULL) {
        return LW_ENOTFOUND;
    }
    return (def->ops & LW_OP_W) != 0 ? LW_OK : LW_EMETHOD;
}

static lw_err prepare(job *j, const lw_entry *e)
{
    const lw_apply *a = j->apply;
    lw_path path = e->path;
    if (e->kind == LW_ENTRY_PATH || e->prefix.len > 0 || !lw_path_contains(a->base, path)) {
        return LW_EINVAL;
    }
    if (a->server != NULL) {
        return prepare_composite(j, path);
    }
    if (path.depth < LW_LEVEL_INSTANCE) {
        return LW_OK; /* an object without instances */
    }
    if (a->made != NULL) {
        return make_instance(j, path.id[1]);
    }
    return a->bootstrap ? prepare_bootstrap(j, path) : LW_OK;
}

/* DM-31, DM-33: what a Replace starts from. Mandatory resources keep their values until others
 * come; that they come is seen at the end. */
static lw_err empty_base(job *j)
{
    const lw_apply *a = j->apply;
    const lw_object *object = lw_tree_object(j->tree, a->base.id[0]);
    bool is_instance = a->base.depth == LW_LEVEL_INSTANCE;
    if (!a->replace || a->base.depth == LW_LEVEL_RESOURCE_INSTANCE ||
        (is_instance && a->bootstrap) || a->base.depth < LW_LEVEL_INSTANCE) {
        return LW_OK;
    }
    lw_err err = LW_OK;
    for (unsigned i = 0; i < object->field_count && err == LW_OK; i++) {
        const lw_field *f = &object->fields[i];
        lw_path path = lw_path_resource(a->base.id[0], a->base.id[1], f->id);
        const lw_resource_def *def = lw_tree_resource_def(j->tree, path);
        bool is_meant = is_instance ? (def->ops & LW_OP_W) != 0 : f->id == a->base.id[2];
        if (!is_meant || !lw_field_is_stored(f)) {
            continue;
        }
        if (is_instance && (def->flags & LW_DEF_MANDATORY) == 0) {
            err = lw_tree_unset(j->tree, path);
            err = err == LW_ENOTFOUND ? LW_OK : err;
        } else if ((def->flags & LW_DEF_MULTIPLE) != 0) {
            err = lw_tree_empty(j->tree, path);
        }
    }
    return err;
}

/* ---- Set ------------------------------------------------------------------------------------- */

/* Where a value goes, once the instance has its id. */
static lw_path placed(const job *j, lw_path path)
{
    if (j->apply->made != NULL && path.id[1] == LW_ID_MAX) {
        path.id[1] = j->apply->made->ids[find_made(j->apply->made, LW_ID_MAX)];
    }
    return path;
}

/* A path that stands there twice is refused (FMT-30). The digests say most of the time that it does
 * not; else the entries before are read once more, which is bounded by what the tree has room for.
 * Asked when the value is in place: reading overwrites the scratch that it may stand in. */
static bool is_repeated(job *j, lw_path path)
{
    uint32_t h = path.depth;
    for (unsigned i = 0; i < LW_PATH_DEPTH_MAX; i++) {
        h = h * 31u + path.id[i];
    }
    h %= SEEN_BITS;
    bool is_new = (j->seen[h / 32] >> h % 32 & 1u) == 0;
    j->seen[h / 32] |= (uint32_t)1 << h % 32;
    if (is_new) {
        return false;
    }
    lw_decoder d = decode(j);
    lw_entry e;
    for (uint32_t i = 0; i < j->count && lw_decoder_next(&d, &e) == LW_OK; i++) {
        if (lw_path_equal(e.path, path)) {
            return true;
        }
    }
    return false;
}

/* DM-36, BS-28: unknown optional resources are ignored, unless one is the target itself. BS-30: one
 * that must be there and that we do not have makes the instance unusable. */
static lw_err check_unknown(const job *j, lw_path path)
{
    const lw_object *object = lw_tree_object(j->tree, path.id[0]);
    const lw_resource_def *def = lw_object_def_resource(object->def, path.id[2]);
    bool is_mandatory = def != NULL && (def->flags & LW_DEF_MANDATORY) != 0;
    return is_mandatory || j->apply->base.depth >= LW_LEVEL_RESOURCE ? LW_EINVAL : LW_OK;
}

/* May the operation write it? LW_END: it is to be ignored. */
static lw_err check_operation(const job *j, const lw_resource_def *def)
{
    if (j->apply->bootstrap) {
        return (def->ops & LW_OP_E) != 0 ? LW_END : LW_OK; /* BS-29 */
    }
    if ((def->ops & LW_OP_W) != 0) {
        return LW_OK;
    }
    return j->apply->made != NULL ? LW_END : LW_EMETHOD; /* DM-74, DM-36 */
}

/* MDL-08: the null link, an object, or an instance that is there. */
static bool leads_somewhere(const job *j, lw_objlnk link)
{
    if (link.object == LW_ID_MAX) {
        return link.instance == LW_ID_MAX;
    }
    return lw_tree_exists(j->tree, link.instance == LW_ID_MAX
                                       ? lw_path_object(link.object)
                                       : lw_path_instance(link.object, link.instance));
}

static lw_err check_value(const job *j, lw_value value)
{
    if (value.type == LW_TYPE_FLOAT) {
        double rest = value.as.number - value.as.number; /* NaN for what is not finite */
        return rest >= 0.0 ? LW_OK : LW_ERANGE;
    }
    if (value.type == LW_TYPE_OBJLNK && !j->apply->bootstrap) {
        return leads_somewhere(j, value.as.link) ? LW_OK : LW_EINVAL;
    }
    return LW_OK;
}

/* Null in a patch (formats.md 9): only resource instances go (DM-95), and one that is gone already
 * is as it should be. */
static lw_err remove_entry(const job *j, lw_path path)
{
    if (path.depth != LW_LEVEL_RESOURCE_INSTANCE) {
        return LW_EMETHOD;
    }
    lw_err err = lw_remove_resource_instance(j->tree, path);
    return err == LW_ENOTFOUND ? LW_OK : err;
}

static lw_err set_entry(const job *j, const lw_entry *e, lw_path path)
{
    if (e->kind == LW_ENTRY_REMOVE) {
        return remove_entry(j, path);
    }
    if (e->kind == LW_ENTRY_EMPTY) { /* what is replaced was emptied; a merge adds nothing */
        return lw_tree_exists(j->tree, path) ? LW_OK : lw_tree_empty(j->tree, path);
    }
    lw_value value = e->value;
    if (is_lenient(j->apply) && value.type == LW_TYPE_STRING &&
        lw_tree_type_of(j->tree, path) == LW_TYPE_OPAQUE) {
        value.type = LW_TYPE_OPAQUE;
    }
    lw_err err = check_value(j, value);
    return err == LW_OK ? lw_tree_set(j->tree, path, value) : err;
}

static void note_given(job *j, lw_path path, const lw_field *field)
{
    const lw_object *object = lw_tree_object(j->tree, path.id[0]);
    int i = j->apply->made != NULL ? find_made(j->apply->made, path.id[1]) : 0;
    j->given[i] |= (uint64_t)1 << (field - object->fields);
}

/* What an entry is for; NULL when it is to be ignored. */
static lw_err find_field(const job *j, lw_path path, const lw_field **out_field)
{
    *out_field = NULL;
    if (path.depth < LW_LEVEL_RESOURCE) {
        return LW_OK;
    }
    const lw_resource_def *def = lw_tree_resource_def(j->tree, path);
    if (def == NULL) {
        return check_unknown(j, path);
    }
    lw_err err = check_operation(j, def);
    if (err == LW_OK) {
        *out_field = lw_object_field(lw_tree_object(j->tree, path.id[0]), path.id[2]);
    }
    return err == LW_END ? LW_OK : err;
}

/* Both passes: values that the tree keeps, then those that the device takes. The first sees all. */
static lw_err set(job *j, const lw_entry *e)
{
    const lw_field *field;
    lw_path path = placed(j, e->path);
    lw_err err = find_field(j, path, &field);
    if (err != LW_OK || field == NULL) {
        return err;
    }
    bool is_due = lw_field_is_stored(field) != j->passing_on;
    if (is_due) {
        err = set_entry(j, e, path);
    }
    if (err != LW_OK || j->passing_on) {
        return err;
    }
    j->has_computed = j->has_computed || !is_due;
    note_given(j, path, field);
    return is_repeated(j, e->path) ? LW_EINVAL : LW_OK;
}

/* ---- Complete -------------------------------------------------------------------------------- */

/* Did hooks->create leave something other than zero there? */
static bool is_filled(const job *j, lw_path instance, const lw_field *field)
{
    size_t len;
    const uint8_t *region = lw_field_region(field, lw_tree_struct(j->tree, instance), &len);
    for (size_t i = 0; i < len; i++) {
        if (region[i] != 0) {
            return true;
        }
    }
    return false;
}

/* DM-31, DM-74: mandatory resources that a server writes have to come with it. */
static lw_err check_mandatory(const job *j, lw_path instance, uint64_t given)
{
    const lw_object *object = lw_tree_object(j->tree, instance.id[0]);
    for (unsigned i = 0; i < object->field_count; i++) {
        const lw_field *f = &object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(object->def, f->id);
        bool is_needed = (def->flags & LW_DEF_MANDATORY) != 0 && (def->ops & LW_OP_W) != 0;
        if (!is_needed || (given >> i & 1u) != 0) {
            continue;
        }
        bool is_there =
            j->apply->made != NULL && (!lw_field_is_stored(f) || is_filled(j, instance, f));
        if (!is_there) {
            return LW_EINVAL;
        }
    }
    return LW_OK;
}

static lw_err complete(const job *j)
{
    const lw_apply *a = j->apply;
    lw_err err = LW_OK;
    for (unsigned i = 0; a->made != NULL && i < a->made->count && err == LW_OK; i++) {
        err = check_mandatory(j, lw_path_instance(a->base.id[0], a->made->ids[i]), j->given[i]);
    }
    if (a->replace && !a->bootstrap && a->base.depth == LW_LEVEL_INSTANCE) {
        err = check_mandatory(j, a->base, j->given[0]);
    }
    return err;
}

/* A single value was asked for: one must be there. */
static bool lacks_value(const job *j)
{
    lw_path base = j->apply->base;
    const lw_resource_def *def = lw_tree_resource_def(j->tree, base);
    return j->count == 0 && def != NULL &&
           (base.depth == LW_LEVEL_RESOURCE_INSTANCE || (def->flags & LW_DEF_MULTIPLE) == 0);
}

lw_err lw_apply_payload(const lw_apply *apply)
{
    job j = {.apply = apply, .tree = &apply->client->tree};
    lw_err err = apply->bootstrap && apply->base.depth >= LW_LEVEL_INSTANCE
                     ? prepare_bootstrap(&j, apply->base)
                     : LW_OK;
    if (err == LW_OK) {
        err = run(&j, prepare);
    }
    if (err == LW_OK && lacks_value(&j)) {
        err = LW_EINVAL;
    }
    if (err == LW_OK && apply->made != NULL && apply->made->count == 0) {
        err = make_instance(&j, LW_ID_MAX);
    }
    if (err == LW_OK) {
        err = empty_base(&j);
    }
    if (err == LW_OK) {
        err = run(&j, set);
    }
    if (err == LW_OK) {
        err = complete(&j);
    }
    if (err == LW_OK && j.has_computed) {
        j.passing_on = true;
        err = run(&j, set);
    }
    return err;
}

lw_err lw_apply_as_whole(const lw_apply *apply)
{
    lw_tree *tree = &apply->client->tree;
    lw_err err = lw_tree_begin(tree);
    if (err != LW_OK) {
        return err;
    }
    err = lw_apply_payload(apply);
    if (err == LW_OK) {
        err = lw_tree_commit(tree);
    }
    if (err != LW_OK) {
        lw_tree_rollback(tree);
    }
    return err;
}
