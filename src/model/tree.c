#include "model/tree.h"

#include <stdalign.h>

#include "base/assert.h"
#include "model/field.h"

/* An instance: this header, then the declared struct. */
typedef struct piece {
    alignas(8) uint32_t present[LW_FIELDS_MAX / 32]; /* a bit a field */
    uint16_t id;
    bool used;
} piece;

/* An instance as it was before the transaction first changed it. The copy follows; where there was
 * no instance it is none. */
typedef struct undo {
    lw_link link;
    lw_tree_slot *slot;
    piece *at;
    bool was_used;
    alignas(8) uint8_t before[];
} undo;

static uint8_t *struct_of(piece *p)
{
    return (uint8_t *)(p + 1);
}

static piece *piece_at(const lw_tree_slot *slot, unsigned index)
{
    return (piece *)(void *)(slot->pieces + (size_t)index * slot->piece_size);
}

/* ---- Set-up ---- */

static bool is_sound(const lw_object *object)
{
    if (object->field_count > LW_FIELDS_MAX) {
        return false;
    }
    for (unsigned i = 0; i < object->field_count; i++) {
        const lw_field *f = &object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(object->def, f->id);
        bool ascending = i == 0 || f[-1].id < f->id;
        if (!ascending || def == NULL || !lw_field_suits(f, def)) {
            return false;
        }
    }
    return true;
}

static size_t padded(size_t octets)
{
    return (octets + 7u) / 8u * 8u;
}

static size_t piece_size_of(const lw_object *object)
{
    return sizeof(piece) + padded(object->size);
}

/* The slots, one more than there are objects, in front of the pieces. */
static size_t slots_size_of(const lw_object *const *objects)
{
    size_t count = 1;
    while (objects[count - 1] != NULL) {
        count++;
    }
    return padded(count * sizeof(lw_tree_slot));
}

static size_t block_size_of(const lw_object *const *objects)
{
    size_t octets = slots_size_of(objects);
    for (; *objects != NULL; objects++) {
        octets += piece_size_of(*objects) * (*objects)->instances_max;
    }
    return octets;
}

/* Puts an object in its place by id; false when the id is there already. */
static bool add_slot(lw_tree *tree, const lw_object *object, uint8_t *pieces)
{
    unsigned i = tree->slot_count;
    while (i > 0 && tree->slots[i - 1].object->def->id > object->def->id) {
        tree->slots[i] = tree->slots[i - 1];
        i--;
    }
    tree->slots[i] = (lw_tree_slot){
        .object = object, .pieces = pieces, .piece_size = (uint16_t)piece_size_of(object)};
    tree->slot_count++;
    return i == 0 || tree->slots[i - 1].object->def->id != object->def->id;
}

lw_err lw_tree_init(lw_tree *tree, const lw_object *const *objects, const lw_mem *mem,
                    void *hooks_ctx)
{
    *tree = (lw_tree){.mem = mem, .hooks_ctx = hooks_ctx, .size = block_size_of(objects)};
    lw_list_init(&tree->undo);
    lw_list_init(&tree->held);
    tree->slots = lw_mem_alloc(mem, tree->size);
    if (tree->slots == NULL) {
        return LW_ENOMEM;
    }
    uint8_t *pieces = (uint8_t *)tree->slots + slots_size_of(objects);
    for (; *objects != NULL; objects++) {
        if (tree->slot_count == UINT8_MAX || !is_sound(*objects) ||
            !add_slot(tree, *objects, pieces)) {
            lw_tree_fini(tree);
            return LW_EINVAL;
        }
        pieces += piece_size_of(*objects) * (*objects)->instances_max;
    }
    return LW_OK;
}

size_t lw_tree_mem_needed(const lw_object *const *objects)
{
    return lw_pool_cost(block_size_of(objects));
}

static void release(lw_tree *tree, undo *u)
{
    lw_list_remove(&u->link);
    lw_wipe(u->before, u->was_used ? u->slot->piece_size : 0);
    lw_mem_release(tree->mem, u);
}

static void forget(lw_tree *tree, lw_link *undos)
{
    while (!lw_list_is_empty(undos)) {
        undo *u = LW_CONTAINER(undos->next, undo, link);
        release(tree, u);
    }
}

void lw_tree_fini(lw_tree *tree)
{
    forget(tree, &tree->undo);
    forget(tree, &tree->held);
    if (tree->slots != NULL) {
        lw_wipe(tree->slots, tree->size);
    }
    lw_mem_release(tree->mem, tree->slots);
    tree->slots = NULL;
    tree->slot_count = 0;
}

/* ---- Finding ---- */

static lw_tree_slot *slot_from(const lw_tree *tree, uint32_t from)
{
    for (unsigned i = 0; i < tree->slot_count; i++) {
        if (tree->slots[i].object->def->id >= from) {
            return &tree->slots[i];
        }
    }
    return NULL;
}

static lw_tree_slot *find_slot(const lw_tree *tree, uint16_t object)
{
    lw_tree_slot *slot = slot_from(tree, object);
    return slot != NULL && slot->object->def->id == object ? slot : NULL;
}

/* The instance with the smallest id >= from. Instances stay where they are, in no order: objects
 * have few of them, and pointers to their structs stay valid. */
static piece *piece_from(const lw_tree_slot *slot, uint32_t from)
{
    piece *best = NULL;
    for (unsigned i = 0; i < slot->object->instances_max; i++) {
        piece *p = piece_at(slot, i);
        if (p->used && p->id >= from && (best == NULL || p->id < best->id)) {
            best = p;
        }
    }
    return best;
}

static piece *find_piece(const lw_tree_slot *slot, uint16_t id)
{
    piece *p = piece_from(slot, id);
    return p != NULL && p->id == id ? p : NULL;
}

static bool is_present(const piece *p, unsigned index)
{
    return (p->present[index / 32] >> index % 32 & 1u) != 0;
}

static void set_present(piece *p, unsigned index, bool present)
{
    uint32_t mask = (uint32_t)1 << index % 32;
    p->present[index / 32] =
        present ? p->present[index / 32] | mask : p->present[index / 32] & ~mask;
}

const lw_field *lw_object_field(const lw_object *object, uint16_t id)
{
    for (unsigned i = 0; i < object->field_count; i++) {
        if (object->fields[i].id == id) {
            return &object->fields[i];
        }
    }
    return NULL;
}

/* What a path names: definitions whether they are present or not, the rest as far as it is there.
 */
typedef struct place {
    lw_tree_slot *slot;         /* NULL: no such object */
    piece *piece;               /* NULL: no such instance */
    const lw_field *field;      /* NULL: not declared */
    const lw_resource_def *def; /* of the field */
    unsigned index;             /* of the field */
    unsigned depth;             /* how many levels of the path are there */
} place;

static lw_err next_resource_instance(lw_tree *tree, const place *at, lw_path path, uint32_t from,
                                     uint16_t *out_id)
{
    if ((at->def->flags & LW_DEF_MULTIPLE) == 0) {
        return LW_END;
    }
    if (lw_field_is_stored(at->field)) {
        return lw_field_next(at->field, struct_of(at->piece), from, out_id);
    }
    const lw_object_hooks *hooks = at->slot->object->hooks;
    return hooks != NULL && hooks->next != NULL
               ? hooks->next(tree->hooks_ctx, tree, lw_path_cut(path, LW_LEVEL_RESOURCE), from,
                             out_id)
               : LW_END;
}

/* Levels that the path does not give have LW_ID_MAX, which nothing has. */
static unsigned find(lw_tree *tree, lw_path path, place *at)
{
    uint16_t ri = lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE), id;
    *at = (place){.slot = find_slot(tree, lw_path_id(path, LW_LEVEL_OBJECT))};
    if (at->slot == NULL) {
        return at->depth;
    }
    const lw_object *object = at->slot->object;
    at->depth = LW_LEVEL_OBJECT;
    at->field = lw_object_field(object, lw_path_id(path, LW_LEVEL_RESOURCE));
    if (at->field != NULL) {
        at->index = (unsigned)(at->field - object->fields);
        at->def = lw_object_def_resource(object->def, at->field->id);
    }
    at->piece = find_piece(at->slot, lw_path_id(path, LW_LEVEL_INSTANCE));
    if (at->piece == NULL) {
        return at->depth;
    }
    at->depth = LW_LEVEL_INSTANCE;
    if (at->field != NULL && is_present(at->piece, at->index)) {
        bool is_instance =
            ri != LW_ID_MAX && next_resource_instance(tree, at, path, ri, &id) == LW_OK && id == ri;
        at->depth = is_instance ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
    }
    return at->depth;
}

/* Where values of the resource are. */
static unsigned value_level(const place *at)
{
    return (at->def->flags & LW_DEF_MULTIPLE) != 0 ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
}

const lw_object *lw_tree_object(const lw_tree *tree, lw_path path)
{
    lw_tree_slot *slot = find_slot(tree, lw_path_id(path, LW_LEVEL_OBJECT));
    return slot != NULL ? slot->object : NULL;
}

void *lw_tree_ctx(const lw_tree *tree)
{
    return tree->hooks_ctx;
}

void *lw_tree_struct(lw_tree *tree, lw_path path)
{
    place at;
    find(tree, path, &at);
    return at.piece != NULL ? struct_of(at.piece) : NULL;
}

bool lw_tree_exists(lw_tree *tree, lw_path path)
{
    return lw_tree_depth_of(tree, path) == lw_path_depth(path);
}

unsigned lw_tree_depth_of(lw_tree *tree, lw_path path)
{
    place at;
    return find(tree, path, &at);
}

const lw_resource_def *lw_tree_resource_def(lw_tree *tree, lw_path path)
{
    place at;
    find(tree, lw_path_cut(path, LW_LEVEL_RESOURCE), &at);
    return at.def;
}

const lw_field *lw_tree_field(lw_tree *tree, lw_path path)
{
    place at;
    find(tree, lw_path_cut(path, LW_LEVEL_RESOURCE), &at);
    return at.field;
}

lw_type lw_tree_type_of(void *tree, lw_path path)
{
    const lw_resource_def *def = lw_tree_resource_def(tree, path);
    return def != NULL ? (lw_type)def->type : LW_TYPE_NONE;
}

/* ---- Walking ---- */

static lw_err next_resource(const place *at, uint32_t from, uint16_t *out_id)
{
    const lw_object *object = at->slot->object;
    for (unsigned i = 0; i < object->field_count; i++) {
        if (object->fields[i].id >= from && is_present(at->piece, i)) {
            *out_id = object->fields[i].id;
            return LW_OK;
        }
    }
    return LW_END;
}

/* The child of `parent` with the smallest id >= from. */
static lw_err next_child(lw_tree *tree, lw_path parent, uint32_t from, uint16_t *out_id)
{
    place at;
    unsigned depth = find(tree, parent, &at);
    if (depth != lw_path_depth(parent)) {
        return LW_END;
    }
    switch (depth) {
    case LW_LEVEL_ROOT: {
        const lw_tree_slot *slot = slot_from(tree, from);
        *out_id = slot != NULL ? slot->object->def->id : 0;
        return slot != NULL ? LW_OK : LW_END;
    }
    case LW_LEVEL_OBJECT: {
        const piece *p = piece_from(at.slot, from);
        *out_id = p != NULL ? p->id : 0;
        return p != NULL ? LW_OK : LW_END;
    }
    case LW_LEVEL_INSTANCE:
        return next_resource(&at, from, out_id);
    default:
        return next_resource_instance(tree, &at, parent, from, out_id);
    }
}

lw_err lw_tree_walk(lw_tree *tree, lw_path scope, unsigned depth, lw_path after, lw_path *out_path)
{
    uint32_t from = 0;
    uint16_t id;
    while (lw_path_depth(after) >= depth || next_child(tree, after, from, &id) != LW_OK) {
        if (lw_path_depth(after) <= lw_path_depth(scope)) {
            return LW_END;
        }
        from = lw_path_last(after) + 1u;
        after = lw_path_parent(after);
    }
    *out_path = lw_path_child(after, id);
    return LW_OK;
}

lw_err lw_tree_next(lw_tree *tree, lw_path scope, unsigned depth, lw_path after, lw_path *out_path)
{
    lw_err err;
    do {
        err = lw_tree_walk(tree, scope, depth, after, &after);
    } while (err == LW_OK && lw_path_depth(after) < depth);
    if (err == LW_OK) {
        *out_path = after;
    }
    return err;
}

bool lw_tree_next_instance(lw_tree *tree, lw_path *at)
{
    lw_path object = lw_path_cut(*at, LW_LEVEL_OBJECT);
    return lw_tree_next(tree, object, LW_LEVEL_INSTANCE, *at, at) == LW_OK;
}

unsigned lw_tree_count(lw_tree *tree, lw_path path)
{
    unsigned count = 0;
    uint16_t id;
    for (uint32_t from = 0; next_child(tree, path, from, &id) == LW_OK; from = id + 1u) {
        count++;
    }
    return count;
}

/* ---- Reading ---- */

static lw_err get_computed(lw_tree *tree, const place *at, lw_path path, lw_value *out_value)
{
    const lw_object_hooks *hooks = at->slot->object->hooks;
    if (at->field->kind != LW_FIELD_COMPUTED || hooks == NULL || hooks->read == NULL) {
        return LW_ENOTFOUND;
    }
    lw_value value;
    lw_err err = hooks->read(tree->hooks_ctx, tree, path, &value);
    return err == LW_OK ? lw_value_convert(&value, (lw_type)at->def->type, out_value) : err;
}

/* Where the value of a stored resource is; NULL: no such instance of it. */
static uint8_t *slot_of(const place *at, lw_path path)
{
    uint8_t *instance = struct_of(at->piece);
    return lw_path_depth(path) == LW_LEVEL_RESOURCE
               ? lw_field_slot(at->field, instance)
               : lw_field_find(at->field, instance, lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE));
}

lw_err lw_tree_get(lw_tree *tree, lw_path path, lw_value *out_value)
{
    place at;
    unsigned depth = find(tree, path, &at);
    if (at.def == NULL || depth != lw_path_depth(path) || depth != value_level(&at)) {
        return LW_ENOTFOUND;
    }
    if (!lw_field_is_stored(at.field)) {
        return get_computed(tree, &at, path, out_value);
    }
    *out_value = lw_field_load(at.field, slot_of(&at, path), (lw_type)at.def->type);
    return LW_OK;
}

uint32_t lw_tree_number(lw_tree *tree, lw_path path, uint32_t absent)
{
    lw_value value;
    if (lw_tree_get(tree, path, &value) != LW_OK) {
        return absent;
    }
    if (value.type == LW_TYPE_BOOLEAN) {
        return value.as.boolean;
    }
    return value.as.uns < UINT32_MAX ? (uint32_t)value.as.uns : UINT32_MAX;
}

lw_bytes lw_tree_octets(lw_tree *tree, lw_path path)
{
    lw_value value;
    return lw_tree_get(tree, path, &value) == LW_OK ? value.as.bytes : lw_bytes_of(NULL, 0);
}

/* ---- Changing ---- */

static void tell(lw_tree *tree, lw_tree_change change, lw_path path)
{
    if (tree->on_change != NULL) {
        tree->on_change(tree->on_change_ctx, change, path);
    }
}

static void tell_outside(lw_tree *tree, lw_tree_change change, lw_path path)
{
    if (!tree->in_transaction) {
        tell(tree, change, path);
    }
}

void lw_tree_changed(lw_tree *tree, lw_path path)
{
    const lw_field *field = lw_tree_field(tree, path);
    bool is_computed = field != NULL && !lw_field_is_stored(field);
    if (!tree->in_transaction || is_computed) {
        tell(tree, LW_TREE_VALUE, path);
    }
}

static undo *find_undo(const lw_link *undos, const piece *p)
{
    for (lw_link *l = undos->next; l != undos; l = l->next) {
        undo *u = LW_CONTAINER(l, undo, link);
        if (u->at == p) {
            return u;
        }
    }
    return NULL;
}

static lw_err touch(lw_tree *tree, const place *at)
{
    piece *p = at->piece;
    if (!tree->in_transaction || find_undo(&tree->undo, p) != NULL) {
        return LW_OK;
    }
    size_t len = p->used ? at->slot->piece_size : 0;
    undo *u = lw_mem_alloc(tree->mem, sizeof *u + len);
    if (u == NULL) {
        return LW_ENOMEM;
    }
    u->slot = at->slot;
    u->at = p;
    u->was_used = p->used;
    memcpy(u->before, p, len);
    lw_list_add_last(&tree->undo, &u->link);
    return LW_OK;
}

lw_err lw_tree_touch(lw_tree *tree, lw_path path)
{
    place at;
    find(tree, path, &at);
    lw_err err = at.piece != NULL ? touch(tree, &at) : LW_ENOTFOUND;
    if (err == LW_OK && at.field != NULL) {
        set_present(at.piece, at.index, true);
    }
    return err;
}

/* The value with the resource's type, and in range. */
static lw_err check_value(const place *at, lw_value value, lw_value *out)
{
    lw_err err = lw_value_convert(&value, (lw_type)at->def->type, out);
    return err == LW_OK ? lw_range_check(at->def->range, *out) : err;
}

static lw_err write_through(lw_tree *tree, const place *at, lw_path path, lw_value value)
{
    const lw_object_hooks *hooks = at->slot->object->hooks;
    if (at->field->kind != LW_FIELD_COMPUTED || hooks == NULL || hooks->write == NULL) {
        return LW_EMETHOD;
    }
    return hooks->write(tree->hooks_ctx, tree, path, value, 0, false);
}

static lw_err store(lw_tree *tree, const place *at, lw_path path, const lw_value *value)
{
    lw_kept kept;
    lw_err err = lw_field_pack(at->field, value, &kept);
    if (err != LW_OK) {
        return err;
    }
    uint8_t *slot = slot_of(at, path);
    if (at->depth == lw_path_depth(path) && lw_field_holds(at->field, slot, &kept)) {
        return LW_OK;
    }
    err = touch(tree, at);
    if (err == LW_OK && slot == NULL) {
        slot = lw_field_insert(at->field, struct_of(at->piece),
                               lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE));
    }
    if (err != LW_OK || slot == NULL) {
        return LW_ENOMEM;
    }
    lw_field_put(at->field, slot, &kept);
    set_present(at->piece, at->index, true);
    tell_outside(tree, LW_TREE_VALUE, path);
    return LW_OK;
}

lw_err lw_tree_set(lw_tree *tree, lw_path path, lw_value value)
{
    place at;
    lw_value checked;
    find(tree, path, &at);
    if (at.piece == NULL || at.field == NULL) {
        return LW_ENOTFOUND;
    }
    if (lw_path_depth(path) != value_level(&at)) {
        return LW_EINVAL;
    }
    lw_err err = check_value(&at, value, &checked);
    if (err != LW_OK) {
        return err;
    }
    return lw_field_is_stored(at.field) ? store(tree, &at, path, &checked)
                                        : write_through(tree, &at, path, checked);
}

static void zero_field(const lw_field *field, piece *p)
{
    size_t len;
    uint8_t *region = lw_field_region(field, struct_of(p), &len);
    memset(region, 0, len);
}

/* All of the resource, which then is there without values, or is not there. */
static lw_err reset(lw_tree *tree, const place *at, lw_path path, bool present)
{
    lw_err err = touch(tree, at);
    if (err == LW_OK) {
        zero_field(at->field, at->piece);
        set_present(at->piece, at->index, present);
        tell_outside(tree, LW_TREE_VALUE, path);
    }
    return err;
}

lw_err lw_tree_unset(lw_tree *tree, lw_path path)
{
    place at;
    unsigned depth = find(tree, path, &at);
    if (depth < LW_LEVEL_RESOURCE || depth != lw_path_depth(path)) {
        return LW_ENOTFOUND;
    }
    bool whole = depth == LW_LEVEL_RESOURCE;
    if (!lw_field_is_stored(at.field) || (whole && (at.def->flags & LW_DEF_MANDATORY) != 0)) {
        return LW_EMETHOD;
    }
    if (whole) {
        return reset(tree, &at, path, false);
    }
    lw_err err = touch(tree, &at);
    if (err == LW_OK) {
        lw_field_remove(at.field, struct_of(at.piece),
                        lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE));
        tell_outside(tree, LW_TREE_VALUE, path);
    }
    return err;
}

lw_err lw_tree_empty(lw_tree *tree, lw_path resource)
{
    place at;
    find(tree, resource, &at);
    if (at.piece == NULL || at.field == NULL) {
        return LW_ENOTFOUND;
    }
    return at.field->count > 0 ? reset(tree, &at, resource, true) : LW_EINVAL;
}

/* Zero values; present is what is mandatory, and what the struct does not hold. */
static void reset_piece(const lw_tree_slot *slot, piece *p)
{
    for (unsigned i = 0; i < slot->object->field_count; i++) {
        const lw_field *f = &slot->object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(slot->object->def, f->id);
        zero_field(f, p);
        set_present(p, i, !lw_field_is_stored(f) || (def->flags & LW_DEF_MANDATORY) != 0);
    }
}

static void set_defaults(lw_tree *tree, const lw_tree_slot *slot, lw_path instance)
{
    const lw_object_hooks *hooks = slot->object->hooks;
    if (hooks != NULL && hooks->defaults != NULL) {
        hooks->defaults(tree->hooks_ctx, tree, instance);
    }
}

lw_err lw_tree_clear(lw_tree *tree, lw_path instance)
{
    place at;
    find(tree, instance, &at);
    lw_err err = at.piece != NULL ? touch(tree, &at) : LW_ENOTFOUND;
    if (err == LW_OK) {
        reset_piece(at.slot, at.piece);
        set_defaults(tree, at.slot, instance);
    }
    return err;
}

static bool is_zero(const lw_field *field, piece *p)
{
    size_t len;
    const uint8_t *region = lw_field_region(field, struct_of(p), &len);
    while (len > 0 && region[len - 1] == 0) {
        len--;
    }
    return len == 0;
}

lw_err lw_tree_demand(lw_tree *tree, lw_path instance, bool anew)
{
    place at;
    find(tree, instance, &at);
    lw_err err = at.piece != NULL ? touch(tree, &at) : LW_ENOTFOUND;
    for (unsigned i = 0; err == LW_OK && i < at.slot->object->field_count; i++) {
        const lw_field *f = &at.slot->object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(at.slot->object->def, f->id);
        bool is_kept = lw_field_is_stored(f);
        bool is_mandatory = (def->flags & LW_DEF_MANDATORY) != 0;
        if ((def->ops & LW_OP_W) == 0) {
            continue;
        }
        if (anew) {
            zero_field(f, at.piece);
        }
        if (anew ? is_kept || is_mandatory : is_kept && is_mandatory && is_zero(f, at.piece)) {
            set_present(at.piece, i, false);
        }
    }
    return err;
}

static piece *find_unused(const lw_tree_slot *slot)
{
    for (unsigned i = 0; i < slot->object->instances_max; i++) {
        if (!piece_at(slot, i)->used) {
            return piece_at(slot, i);
        }
    }
    return NULL;
}

lw_err lw_tree_add(lw_tree *tree, uint16_t object, uint16_t id, lw_path *out_instance)
{
    place at = {.slot = find_slot(tree, object)};
    if (at.slot == NULL) {
        return LW_ENOTFOUND;
    }
    bool is_chosen = id == LW_ID_MAX;
    bool single = (at.slot->object->def->flags & LW_DEF_MULTIPLE) == 0;
    id = is_chosen ? 0 : id;
    while (find_piece(at.slot, id) != NULL) {
        if (!is_chosen) {
            return LW_EEXISTS;
        }
        id++;
    }
    at.piece = find_unused(at.slot);
    if (at.piece == NULL || (single && id != 0)) { /* MDL-09 */
        return at.piece == NULL ? LW_ENOMEM : LW_ERANGE;
    }
    lw_err err = touch(tree, &at);
    if (err != LW_OK) {
        return err;
    }
    at.piece->used = true;
    at.piece->id = id;
    reset_piece(at.slot, at.piece);
    *out_instance = lw_path_instance(object, id);
    tell_outside(tree, LW_TREE_ADDED, *out_instance);
    set_defaults(tree, at.slot, *out_instance);
    return LW_OK;
}

lw_err lw_tree_remove(lw_tree *tree, lw_path instance)
{
    place at;
    if (find(tree, instance, &at) != LW_LEVEL_INSTANCE) {
        return LW_ENOTFOUND;
    }
    lw_err err = touch(tree, &at);
    if (err == LW_OK) {
        lw_wipe(at.piece, at.slot->piece_size);
        tell_outside(tree, LW_TREE_REMOVED, instance);
    }
    return err;
}

/* ---- Transactions ---- */

lw_err lw_tree_begin(lw_tree *tree)
{
    if (tree->in_transaction) {
        return LW_ESTATE;
    }
    tree->in_transaction = true;
    return LW_OK;
}

static void put_back(lw_tree *tree, lw_link *undos)
{
    for (lw_link *l = undos->next; l != undos; l = l->next) {
        undo *u = LW_CONTAINER(l, undo, link);
        if (u->was_used) {
            memcpy(u->at, u->before, u->slot->piece_size);
        } else {
            lw_wipe(u->at, u->slot->piece_size);
        }
    }
    forget(tree, undos);
}

void lw_tree_rollback(lw_tree *tree)
{
    put_back(tree, &tree->undo);
    tree->in_transaction = false;
}

/* DM-31, DM-74: what lw_tree_demand wants to see again. */
static bool is_complete(const lw_object *object, const piece *p)
{
    for (unsigned i = 0; i < object->field_count; i++) {
        const lw_resource_def *def = lw_object_def_resource(object->def, object->fields[i].id);
        if ((def->flags & LW_DEF_MANDATORY) != 0 && !is_present(p, i)) {
            return false;
        }
    }
    return true;
}

static lw_err validate_one(lw_tree *tree, const lw_object *object, const piece *p)
{
    if (!is_complete(object, p)) {
        return LW_EINVAL;
    }
    return object->hooks != NULL && object->hooks->validate != NULL
               ? object->hooks->validate(tree->hooks_ctx, tree,
                                         lw_path_instance(object->def->id, p->id))
               : LW_OK;
}

lw_err lw_tree_check(lw_tree *tree)
{
    const lw_link *undos = tree->in_transaction ? &tree->undo : &tree->held;
    lw_err err = LW_OK;
    for (lw_link *l = undos->next; l != undos && err == LW_OK; l = l->next) {
        const undo *u = LW_CONTAINER(l, undo, link);
        err = u->at->used ? validate_one(tree, u->slot->object, u->at) : LW_OK;
    }
    return err;
}

static bool field_differs(const lw_field *field, unsigned index, piece *a, piece *b)
{
    size_t len;
    const uint8_t *in_a = lw_field_region(field, struct_of(a), &len);
    const uint8_t *in_b = lw_field_region(field, struct_of(b), &len);
    return is_present(a, index) != is_present(b, index) || memcmp(in_a, in_b, len) != 0;
}

static void tell_difference(lw_tree *tree, undo *u)
{
    const lw_object *object = u->slot->object;
    piece *before = (piece *)(void *)u->before;
    bool same = u->was_used && u->at->used && before->id == u->at->id;
    if (u->was_used && !same) {
        tell(tree, LW_TREE_REMOVED, lw_path_instance(object->def->id, before->id));
    }
    if (u->at->used && !same) {
        tell(tree, LW_TREE_ADDED, lw_path_instance(object->def->id, u->at->id));
    }
    for (unsigned i = 0; same && i < object->field_count; i++) {
        const lw_field *f = &object->fields[i];
        if (field_differs(f, i, before, u->at)) {
            tell(tree, LW_TREE_VALUE, lw_path_resource(object->def->id, u->at->id, f->id));
        }
    }
}

static void tell_differences(lw_tree *tree, lw_link *undos)
{
    lw_link done;
    lw_list_take(undos, &done);
    for (lw_link *l = done.next; l != &done; l = l->next) {
        tell_difference(tree, LW_CONTAINER(l, undo, link));
    }
    forget(tree, &done);
}

lw_err lw_tree_commit(lw_tree *tree)
{
    lw_assert(tree->in_transaction);
    lw_err err = lw_tree_check(tree);
    if (err != LW_OK) {
        return err;
    }
    tree->in_transaction = false; /* the observer may change what it likes, in transactions too */
    if (tree->hold != NULL) {
        tree->hold(tree);
    } else {
        tell_differences(tree, &tree->undo);
    }
    return LW_OK;
}

lw_err lw_tree_end(lw_tree *tree, lw_err err)
{
    err = err == LW_OK ? lw_tree_commit(tree) : err;
    if (err != LW_OK) {
        lw_tree_rollback(tree);
    }
    return err;
}

/* ---- Series of transactions ---- */

/* The oldest copy of each instance counts. */
static void hold(lw_tree *tree)
{
    while (!lw_list_is_empty(&tree->undo)) {
        undo *u = LW_CONTAINER(tree->undo.next, undo, link);
        if (find_undo(&tree->held, u->at) != NULL) {
            release(tree, u);
        } else {
            lw_list_remove(&u->link);
            lw_list_add_last(&tree->held, &u->link);
        }
    }
}

lw_err lw_tree_hold(lw_tree *tree)
{
    if (tree->hold != NULL || tree->in_transaction) {
        return LW_ESTATE;
    }
    tree->hold = hold;
    return LW_OK;
}

bool lw_tree_is_holding(const lw_tree *tree)
{
    return tree->hold != NULL;
}

bool lw_tree_is_held(lw_tree *tree, lw_path instance)
{
    place at;
    find(tree, instance, &at);
    return at.piece != NULL && find_undo(&tree->held, at.piece) != NULL;
}

void lw_tree_settle(lw_tree *tree)
{
    lw_assert(!tree->in_transaction);
    tree->hold = NULL;
    tell_differences(tree, &tree->held);
}

void lw_tree_revert(lw_tree *tree)
{
    lw_tree_rollback(tree);
    put_back(tree, &tree->held);
    tree->hold = NULL;
}

/* ---- Time ---- */

/* The objects with something to do have few instances: all pieces are looked at. */
static lw_time step_slot(lw_tree *tree, const lw_tree_slot *slot, lw_time now)
{
    lw_time next = LW_TIME_NEVER;
    for (unsigned i = 0; i < slot->object->instances_max; i++) {
        const piece *p = piece_at(slot, i);
        if (p->used) {
            lw_path instance = lw_path_instance(slot->object->def->id, p->id);
            lw_time at = slot->object->hooks->step(tree->hooks_ctx, tree, instance, now);
            next = at < next ? at : next;
        }
    }
    return next;
}

lw_time lw_tree_step(lw_tree *tree, lw_time now)
{
    lw_time next = LW_TIME_NEVER;
    for (unsigned i = 0; i < tree->slot_count; i++) {
        const lw_object_hooks *hooks = tree->slots[i].object->hooks;
        if (hooks != NULL && hooks->step != NULL) {
            lw_time at = step_slot(tree, &tree->slots[i], now);
            next = at < next ? at : next;
        }
    }
    return next;
}
