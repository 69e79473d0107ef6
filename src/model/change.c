#include "base/apart.h"
#include "model/tree_priv.h"

void lw_tree_tell(lw_tree *tree, lw_tree_change change, lw_path path)
{
    if (tree->on_change != NULL) {
        tree->on_change(tree->ctx, change, path);
    }
}

/* A transaction tells when it ends. */
static void changed(const lw_place *at, lw_tree_change change)
{
    if (!at->tree->in_transaction) {
        lw_tree_tell(at->tree, change, at->path);
    }
}

void lw_tree_changed(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    if (at.field != NULL && !lw_field_is_stored(at.field)) {
        lw_tree_tell(tree, LW_TREE_VALUE, path);
    } else {
        changed(&at, LW_TREE_VALUE);
    }
}

lw_err lw_tree_touch(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    return lw_place_touch(&at);
}

/* ---- One value ---- */

static lw_err write_through(const lw_place *at, const lw_value *value)
{
    const lw_object_hooks *hooks = at->object->hooks;
    if (at->def->type == LW_TYPE_NONE || hooks == NULL || hooks->write == NULL) {
        return LW_EMETHOD;
    }
    return hooks->write(at->tree->ctx, at->tree, at->path, *value, 0, false);
}

static lw_err store(const lw_place *at, const lw_value *value)
{
    lw_kept kept;
    uint8_t *slot = at->value;
    lw_err err = lw_field_pack(at->field, value, &kept);
    if (err == LW_OK && at->depth == at->asked && lw_field_holds(at->field, slot, &kept)) {
        return LW_OK;
    }
    err = err == LW_OK ? lw_place_touch(at) : err;
    if (err == LW_OK && slot == NULL) {
        slot = lw_field_insert(at->field, lw_piece_octets(at->piece),
                               lw_path_id(at->path, LW_LEVEL_RESOURCE_INSTANCE));
        err = slot == NULL ? LW_ENOMEM : LW_OK;
    }
    if (err == LW_OK) {
        lw_field_put(at->field, slot, &kept);
        changed(at, LW_TREE_VALUE);
    }
    return err;
}

/* The value gets the resource's type, and is in range. */
lw_err lw_tree_put(lw_tree *tree, const lw_value *value, lw_path path)
{
    lw_place at;
    lw_value checked;
    lw_tree_find(tree, path, &at);
    if (at.present == NULL) {
        return LW_ENOTFOUND;
    }
    if (at.asked != at.value_level) {
        return LW_EINVAL;
    }
    lw_err err = lw_value_convert(value, (lw_type)at.def->type, &checked);
    if (err == LW_OK) {
        err = lw_range_check(lw_object_def_range(at.object->def, at.def), &checked);
    }
    if (err != LW_OK) {
        return err;
    }
    return lw_field_is_stored(at.field) ? store(&at, &checked) : write_through(&at, &checked);
}

lw_err lw_tree_put_text(lw_tree *tree, const char *text, lw_path path)
{
    lw_value value = lw_value_string(text);
    return lw_tree_put(tree, &value, path);
}

lw_err lw_tree_put_integer(lw_tree *tree, int32_t number, lw_path path)
{
    lw_value value = lw_value_integer(number);
    return lw_tree_put(tree, &value, path);
}

/* ---- A resource ---- */

static void zero_field(const lw_field *field, lw_piece *p)
{
    memset(lw_piece_octets(p) + field->offset, 0, lw_field_extent(field));
}

/* All of the resource, which then is there without values, or is not there. */
static lw_err reset(const lw_place *at, uint8_t present)
{
    lw_err err = lw_place_touch(at);
    if (err == LW_OK) {
        zero_field(at->field, at->piece);
        *at->present = present;
        changed(at, LW_TREE_VALUE);
    }
    return err;
}

lw_err lw_tree_unset(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    if (at.depth < LW_LEVEL_RESOURCE || at.depth != at.asked) {
        return LW_ENOTFOUND;
    }
    bool whole = at.depth == LW_LEVEL_RESOURCE;
    if (!lw_field_is_stored(at.field) || (whole && lw_def_is(at.def, LW_DEF_MANDATORY))) {
        return LW_EMETHOD;
    }
    if (whole) {
        return reset(&at, LW_ABSENT);
    }
    lw_err err = lw_place_touch(&at);
    if (err == LW_OK) {
        lw_field_remove(at.field, lw_piece_octets(at.piece),
                        lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE));
        changed(&at, LW_TREE_VALUE);
    }
    return err;
}

lw_err lw_tree_empty(lw_tree *tree, lw_path resource)
{
    lw_place at;
    lw_tree_find(tree, resource, &at);
    if (at.present == NULL) {
        return LW_ENOTFOUND;
    }
    return at.field->count > 0 ? reset(&at, LW_PRESENT) : LW_EINVAL;
}

/* ---- An instance ---- */

static bool is_zero(const lw_field *field, lw_piece *p)
{
    const uint8_t *octets = lw_piece_octets(p) + field->offset;
    size_t len = lw_field_extent(field);
    while (len > 0 && octets[len - 1] == 0) {
        len--;
    }
    return len == 0;
}

/* Does the resource not stay as it is? */
static bool is_meant(const lw_field *f, const lw_resource_def *def, lw_tree_start how)
{
    unsigned single = def->flags & (LW_DEF_MANDATORY | LW_DEF_MULTIPLE);
    if (how == LW_TREE_KEPT) {
        return lw_field_is_stored(f) && single != LW_DEF_MANDATORY;
    }
    return how == LW_TREE_CLEAR || (def->ops & LW_OP_W) != 0;
}

LW_APART static void begin_piece(const lw_object *object, lw_piece *p, lw_tree_start how)
{
    uint8_t *present = p->present;
    for (const lw_field *f = object->fields; f < object->fields + object->field_count; f++) {
        const lw_resource_def *def = lw_object_def_resource(object->def, f->id);
        bool is_mandatory = lw_def_is(def, LW_DEF_MANDATORY);
        if (!is_meant(f, def, how)) {
            /* stays */
        } else if (how != LW_TREE_DEMAND) {
            zero_field(f, p);
            *present = !is_mandatory            ? (lw_field_is_stored(f) ? LW_ABSENT : LW_PRESENT)
                       : how == LW_TREE_REPLACE ? LW_DEMANDED
                                                : LW_PRESENT;
        } else if (is_mandatory && lw_field_is_stored(f) && is_zero(f, p)) {
            *present = LW_DEMANDED;
        }
        present++;
    }
}

static void set_defaults(const lw_place *at)
{
    const lw_object_hooks *hooks = at->object->hooks;
    if (hooks != NULL && hooks->defaults != NULL) {
        hooks->defaults(at->tree->ctx, at->tree, at->path);
    }
}

lw_err lw_tree_start_with(lw_tree *tree, lw_path instance, lw_tree_start how)
{
    lw_place at;
    lw_tree_find(tree, instance, &at);
    lw_err err = lw_place_touch(&at);
    if (err == LW_OK) {
        begin_piece(at.object, at.piece, how);
        if (how == LW_TREE_CLEAR) {
            set_defaults(&at);
        }
    }
    return err;
}

lw_err lw_tree_start_kept(lw_tree *tree, lw_path instance)
{
    lw_err err = lw_tree_start_with(tree, instance, LW_TREE_CLEAR);
    return err == LW_OK ? lw_tree_start_with(tree, instance, LW_TREE_KEPT) : err;
}

lw_err lw_tree_add(lw_tree *tree, uint16_t object, uint16_t id, lw_path *out_instance)
{
    lw_place at;
    bool is_chosen = id == LW_ID_MAX;
    id = is_chosen ? 0 : id;
    while (lw_tree_find(tree, lw_path_instance(object, id), &at) == LW_LEVEL_INSTANCE) {
        if (!is_chosen) {
            return LW_EEXISTS;
        }
        id++;
    }
    if (at.object == NULL) {
        return LW_ENOTFOUND;
    }
    at.piece = lw_piece_near(at.object, at.pieces, LW_ID_MAX);
    if (at.piece->number != 0) {
        return LW_ENOMEM;
    }
    if (id != 0 && (at.object->def->flags & LW_DEF_MULTIPLE) == 0) { /* MDL-09 */
        return LW_ERANGE;
    }
    lw_err err = lw_place_touch(&at);
    if (err != LW_OK) {
        return err;
    }
    at.piece->number = (uint16_t)(id + 1);
    begin_piece(at.object, at.piece, LW_TREE_CLEAR);
    *out_instance = at.path;
    changed(&at, LW_TREE_ADDED);
    set_defaults(&at);
    return LW_OK;
}

lw_err lw_tree_remove(lw_tree *tree, lw_path instance)
{
    lw_place at;
    if (lw_tree_find(tree, instance, &at) != LW_LEVEL_INSTANCE) {
        return LW_ENOTFOUND;
    }
    lw_err err = lw_place_touch(&at);
    if (err == LW_OK) {
        lw_wipe(at.piece, at.object->size);
        changed(&at, LW_TREE_REMOVED);
    }
    return err;
}
