#include "model/tree.h"

#include <stdalign.h>

#include "base/apart.h"
#include "base/assert.h"
#include "model/field.h"

/* An instance: this header, then the declared struct. */
typedef struct lw_piece {
    alignas(8) uint32_t present[LW_FIELDS_MAX / 32]; /* a bit a field */
    uint16_t number; /* the id of the instance plus one; 0: there is none */
} lw_piece;

/* An instance as it was before the transaction first changed it; where there was none, the header
 * alone. */
typedef struct undo {
    lw_link link;
    const lw_object *object;
    lw_piece *at;
    lw_piece before; /* and the struct */
} undo;

static uint8_t *struct_of(lw_piece *p)
{
    return (uint8_t *)(p + 1);
}

static size_t piece_size_of(const lw_object *object)
{
    return sizeof(lw_piece) + (object->size + 7u) / 8u * 8u;
}

static size_t block_size_of(const lw_object *const *objects)
{
    size_t octets = 0;
    for (; *objects != NULL; objects++) {
        octets += piece_size_of(*objects) * (*objects)->instances_max;
    }
    return octets;
}

/* The object with the smallest id >= from, and its instances. There are few objects: where each has
 * its part of the block is added up, not kept. */
static const lw_object *object_from(const lw_tree *tree, uint32_t from, uint8_t **out_pieces)
{
    const lw_object *best = NULL;
    uint8_t *pieces = tree->block;
    for (const lw_object *const *o = tree->objects; *o != NULL; o++) {
        uint16_t id = (*o)->def->id;
        if (id >= from && (best == NULL || id < best->def->id)) {
            best = *o;
            *out_pieces = pieces;
        }
        pieces += piece_size_of(*o) * (*o)->instances_max;
    }
    return best;
}

/* ---- Set-up ---- */

static bool is_sound(const lw_object *object)
{
    for (unsigned i = 0; i < object->field_count; i++) {
        const lw_field *f = &object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(object->def, f->id);
        bool ascending = i == 0 || f[-1].id < f->id;
        if (!ascending || def == NULL || !lw_field_suits(f, def)) {
            return false;
        }
    }
    return object->field_count <= LW_FIELDS_MAX;
}

bool lw_objects_are_sound(const lw_object *const *objects)
{
    for (const lw_object *const *o = objects; *o != NULL; o++) {
        for (const lw_object *const *other = objects; other < o; other++) {
            if ((*other)->def->id == (*o)->def->id) {
                return false;
            }
        }
        if (!is_sound(*o)) {
            return false;
        }
    }
    return true;
}

lw_err lw_tree_init(lw_tree *tree, const lw_object *const *objects, const lw_mem *mem,
                    void *hooks_ctx)
{
    lw_assert(lw_objects_are_sound(objects));
    *tree = (lw_tree){.objects = objects, .mem = mem, .hooks_ctx = hooks_ctx};
    lw_list_init(&tree->undo);
    lw_list_init(&tree->held);
    tree->block = lw_mem_alloc(mem, block_size_of(objects));
    return tree->block != NULL ? LW_OK : LW_ENOMEM;
}

size_t lw_tree_mem_needed(const lw_object *const *objects)
{
    return lw_pool_cost(block_size_of(objects));
}

static size_t size_before(const undo *u)
{
    return u->before.number != 0 ? piece_size_of(u->object) : sizeof(lw_piece);
}

static void release(lw_tree *tree, undo *u)
{
    lw_list_remove(&u->link);
    lw_wipe(&u->before, size_before(u));
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
    if (tree->block != NULL) {
        lw_wipe(tree->block, block_size_of(tree->objects));
    }
    lw_mem_release(tree->mem, tree->block);
    tree->block = NULL;
}

/* ---- Finding ---- */

static lw_piece *piece_at(const lw_object *object, uint8_t *pieces, unsigned index)
{
    return (lw_piece *)(void *)(pieces + index * piece_size_of(object));
}

/* The instance with the smallest id >= from. Instances stay where they are, in no order: objects
 * have few of them, and pointers to their structs stay valid. */
static lw_piece *piece_from(const lw_object *object, uint8_t *pieces, uint32_t from)
{
    lw_piece *best = NULL;
    for (unsigned i = 0; i < object->instances_max; i++) {
        lw_piece *p = piece_at(object, pieces, i);
        if (p->number > from && (best == NULL || p->number < best->number)) {
            best = p;
        }
    }
    return best;
}

static bool is_present(const lw_piece *p, unsigned index)
{
    return (p->present[index / 32] >> index % 32 & 1u) != 0;
}

static void set_present(lw_piece *p, unsigned index, bool present)
{
    uint32_t mask = (uint32_t)1 << index % 32;
    p->present[index / 32] =
        present ? p->present[index / 32] | mask : p->present[index / 32] & ~mask;
}

/* The first field with an id >= from. */
static unsigned index_from(const lw_object *object, uint32_t from)
{
    unsigned i = 0;
    while (i < object->field_count && object->fields[i].id < from) {
        i++;
    }
    return i;
}

const lw_field *lw_object_field(const lw_object *object, uint16_t id)
{
    unsigned i = index_from(object, id);
    return i < object->field_count && object->fields[i].id == id ? &object->fields[i] : NULL;
}

static const lw_object *find_object(const lw_tree *tree, uint16_t id, uint8_t **out_pieces)
{
    const lw_object *object = object_from(tree, id, out_pieces);
    return object != NULL && object->def->id == id ? object : NULL;
}

bool lw_place_is_multiple(const lw_place *at)
{
    return at->def != NULL && (at->def->flags & LW_DEF_MULTIPLE) != 0;
}

/* Of a resource that is there. */
static uint32_t next_resource_instance(const lw_place *at, uint32_t from)
{
    if (!lw_place_is_multiple(at)) {
        return LW_ID_MAX;
    }
    if (lw_field_is_stored(at->field)) {
        return lw_field_next(at->field, struct_of(at->piece), from);
    }
    const lw_object_hooks *hooks = at->object->hooks;
    return hooks != NULL && hooks->next != NULL
               ? hooks->next(at->tree->hooks_ctx, at->tree,
                             lw_path_cut(at->path, LW_LEVEL_RESOURCE), from)
               : LW_ID_MAX;
}

/* Levels that the path does not give have LW_ID_MAX, which nothing has. */
unsigned lw_tree_find(lw_tree *tree, lw_path path, lw_place *at)
{
    uint16_t instance = lw_path_id(path, LW_LEVEL_INSTANCE);
    uint16_t ri = lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE);
    *at = (lw_place){.tree = tree, .path = path, .asked = lw_path_depth(path)};
    at->object = find_object(tree, lw_path_id(path, LW_LEVEL_OBJECT), &at->pieces);
    const lw_object *object = at->object;
    if (object == NULL) {
        return 0;
    }
    at->depth = LW_LEVEL_OBJECT;
    at->field = lw_object_field(object, lw_path_id(path, LW_LEVEL_RESOURCE));
    if (at->field != NULL) {
        at->index = (unsigned)(at->field - object->fields);
        at->def = lw_object_def_resource(object->def, at->field->id);
    }
    lw_piece *p = piece_from(object, at->pieces, instance);
    if (p == NULL || p->number != instance + 1u) {
        return at->depth;
    }
    at->piece = p;
    at->depth = LW_LEVEL_INSTANCE;
    if (at->field == NULL) {
        return at->depth;
    }
    if (lw_field_is_stored(at->field)) {
        at->value = lw_field_find(at->field, struct_of(p), ri);
    }
    if (is_present(p, at->index)) {
        bool is_instance = ri != LW_ID_MAX && next_resource_instance(at, ri) == ri;
        at->depth = is_instance ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
    }
    return at->depth;
}

/* Where values of the resource are. */
static unsigned value_level(const lw_place *at)
{
    return lw_place_is_multiple(at) ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
}

const lw_object *lw_tree_object(const lw_tree *tree, lw_path path)
{
    uint8_t *pieces;
    return find_object(tree, lw_path_id(path, LW_LEVEL_OBJECT), &pieces);
}

void *lw_tree_ctx(const lw_tree *tree)
{
    return tree->hooks_ctx;
}

void *lw_tree_struct(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    return at.piece != NULL ? struct_of(at.piece) : NULL;
}

bool lw_tree_exists(lw_tree *tree, lw_path path)
{
    lw_place at;
    return lw_tree_find(tree, path, &at) == at.asked;
}

const lw_resource_def *lw_tree_resource_def(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    return at.def;
}

lw_type lw_tree_type_of(void *tree, lw_path path)
{
    const lw_resource_def *def = lw_tree_resource_def(tree, path);
    return def != NULL ? (lw_type)def->type : LW_TYPE_NONE;
}

/* ---- Walking ---- */

static uint32_t next_resource(const lw_place *at, uint32_t from)
{
    const lw_object *object = at->object;
    unsigned i = index_from(object, from);
    while (i < object->field_count && !is_present(at->piece, i)) {
        i++;
    }
    return i < object->field_count ? object->fields[i].id : LW_ID_MAX;
}

/* The smallest id >= from of what is right below `parent`; LW_ID_MAX when none. */
static uint32_t next_child(lw_tree *tree, lw_path parent, uint32_t from)
{
    lw_place at;
    if (lw_tree_find(tree, parent, &at) != at.asked) {
        return LW_ID_MAX;
    }
    switch (at.depth) {
    case LW_LEVEL_ROOT: {
        const lw_object *object = object_from(tree, from, &at.pieces);
        return object != NULL ? object->def->id : LW_ID_MAX;
    }
    case LW_LEVEL_OBJECT: {
        const lw_piece *p = piece_from(at.object, at.pieces, from);
        return p != NULL ? p->number - 1u : LW_ID_MAX;
    }
    case LW_LEVEL_INSTANCE:
        return next_resource(&at, from);
    case LW_LEVEL_RESOURCE:
        return next_resource_instance(&at, from);
    default:
        return LW_ID_MAX;
    }
}

bool lw_tree_walk(lw_tree *tree, lw_path *at, unsigned top, unsigned lowest)
{
    lw_path parent = *at;
    unsigned depth = lw_path_depth(parent);
    uint32_t id = depth < lowest ? next_child(tree, parent, 0) : LW_ID_MAX;
    for (; id == LW_ID_MAX; depth--) {
        if (depth <= top) {
            return false;
        }
        uint32_t from = lw_path_id(parent, depth) + 1u;
        parent = lw_path_cut(parent, depth - 1);
        id = next_child(tree, parent, from);
    }
    *at = lw_path_child(parent, (uint16_t)id);
    return true;
}

bool lw_tree_next(lw_tree *tree, lw_path *at, unsigned top, unsigned depth)
{
    lw_path next = *at;
    do {
        if (!lw_tree_walk(tree, &next, top, depth)) {
            return false;
        }
    } while (lw_path_depth(next) < depth);
    *at = next;
    return true;
}

bool lw_tree_next_instance(lw_tree *tree, lw_path *at)
{
    return lw_tree_next(tree, at, LW_LEVEL_OBJECT, LW_LEVEL_INSTANCE);
}

unsigned lw_tree_count(lw_tree *tree, lw_path path)
{
    unsigned count = 0;
    uint32_t id = next_child(tree, path, 0);
    for (; id != LW_ID_MAX; id = next_child(tree, path, id + 1)) {
        count++;
    }
    return count;
}

/* ---- Reading ---- */

static lw_err get_computed(const lw_place *at, lw_value *out_value)
{
    const lw_object_hooks *hooks = at->object->hooks;
    if (hooks == NULL || hooks->read == NULL) {
        return LW_ENOTFOUND;
    }
    lw_value value;
    lw_err err = hooks->read(at->tree->hooks_ctx, at->tree, at->path, &value);
    return err == LW_OK ? lw_value_convert(&value, (lw_type)at->def->type, out_value) : err;
}

lw_err lw_place_get(const lw_place *at, lw_value *out_value)
{
    if (at->def == NULL || at->def->type == LW_TYPE_NONE || at->depth != at->asked ||
        at->depth != value_level(at)) {
        return LW_ENOTFOUND;
    }
    if (at->value == NULL) {
        return get_computed(at, out_value);
    }
    lw_field_load(at->field, at->value, (lw_type)at->def->type, out_value);
    return LW_OK;
}

lw_err lw_tree_get(lw_tree *tree, lw_path path, lw_value *out_value)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    return lw_place_get(&at, out_value);
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
    lw_place at;
    lw_tree_find(tree, path, &at);
    bool is_computed = at.field != NULL && !lw_field_is_stored(at.field);
    if (!tree->in_transaction || is_computed) {
        tell(tree, LW_TREE_VALUE, path);
    }
}

static undo *find_undo(const lw_link *undos, const lw_piece *p)
{
    for (lw_link *l = undos->next; l != undos; l = l->next) {
        undo *u = LW_CONTAINER(l, undo, link);
        if (u->at == p) {
            return u;
        }
    }
    return NULL;
}

static lw_err touch(const lw_place *at)
{
    lw_tree *tree = at->tree;
    lw_piece *p = at->piece;
    if (p == NULL) {
        return LW_ENOTFOUND;
    }
    if (!tree->in_transaction || find_undo(&tree->undo, p) != NULL) {
        return LW_OK;
    }
    size_t len = p->number != 0 ? piece_size_of(at->object) : sizeof(lw_piece);
    undo *u = lw_mem_alloc(tree->mem, offsetof(undo, before) + len);
    if (u == NULL) {
        return LW_ENOMEM;
    }
    u->object = at->object;
    u->at = p;
    memcpy(&u->before, p, len);
    lw_list_add_last(&tree->undo, &u->link);
    return LW_OK;
}

lw_err lw_tree_touch(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    lw_err err = touch(&at);
    if (err == LW_OK && at.field != NULL) {
        set_present(at.piece, at.index, true);
    }
    return err;
}

static lw_err write_through(const lw_place *at, const lw_value *value)
{
    const lw_object_hooks *hooks = at->object->hooks;
    if (at->def->type == LW_TYPE_NONE || hooks == NULL || hooks->write == NULL) {
        return LW_EMETHOD;
    }
    return hooks->write(at->tree->hooks_ctx, at->tree, at->path, *value, 0, false);
}

static lw_err store(const lw_place *at, const lw_value *value)
{
    lw_kept kept;
    uint8_t *slot = at->value;
    lw_err err = lw_field_pack(at->field, value, &kept);
    if (err == LW_OK && at->depth == at->asked && lw_field_holds(at->field, slot, &kept)) {
        return LW_OK;
    }
    err = err == LW_OK ? touch(at) : err;
    if (err == LW_OK && slot == NULL) {
        slot = lw_field_insert(at->field, struct_of(at->piece),
                               lw_path_id(at->path, LW_LEVEL_RESOURCE_INSTANCE));
        err = slot == NULL ? LW_ENOMEM : LW_OK;
    }
    if (err == LW_OK) {
        lw_field_put(at->field, slot, &kept);
        set_present(at->piece, at->index, true);
        tell_outside(at->tree, LW_TREE_VALUE, at->path);
    }
    return err;
}

/* The value gets the resource's type, and is in range. */
lw_err lw_tree_put(lw_tree *tree, const lw_value *value, lw_path path)
{
    lw_place at;
    lw_value checked;
    lw_tree_find(tree, path, &at);
    if (at.piece == NULL || at.field == NULL) {
        return LW_ENOTFOUND;
    }
    if (at.asked != value_level(&at)) {
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

static void zero_field(const lw_field *field, lw_piece *p)
{
    memset(struct_of(p) + field->offset, 0, lw_field_extent(field));
}

/* All of the resource, which then is there without values, or is not there. */
static lw_err reset(const lw_place *at, bool present)
{
    lw_err err = touch(at);
    if (err == LW_OK) {
        zero_field(at->field, at->piece);
        set_present(at->piece, at->index, present);
        tell_outside(at->tree, LW_TREE_VALUE, at->path);
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
    if (!lw_field_is_stored(at.field) || (whole && (at.def->flags & LW_DEF_MANDATORY) != 0)) {
        return LW_EMETHOD;
    }
    if (whole) {
        return reset(&at, false);
    }
    lw_err err = touch(&at);
    if (err == LW_OK) {
        lw_field_remove(at.field, struct_of(at.piece),
                        lw_path_id(path, LW_LEVEL_RESOURCE_INSTANCE));
        tell_outside(tree, LW_TREE_VALUE, path);
    }
    return err;
}

lw_err lw_tree_empty(lw_tree *tree, lw_path resource)
{
    lw_place at;
    lw_tree_find(tree, resource, &at);
    if (at.piece == NULL || at.field == NULL) {
        return LW_ENOTFOUND;
    }
    return at.field->count > 0 ? reset(&at, true) : LW_EINVAL;
}

static bool is_zero(const lw_field *field, lw_piece *p)
{
    const uint8_t *octets = struct_of(p) + field->offset;
    size_t len = lw_field_extent(field);
    while (len > 0 && octets[len - 1] == 0) {
        len--;
    }
    return len == 0;
}

LW_APART static void begin_piece(const lw_object *object, lw_piece *p, lw_tree_start how)
{
    bool is_new = how == LW_TREE_CLEAR;
    for (unsigned i = 0; i < object->field_count; i++) {
        const lw_field *f = &object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(object->def, f->id);
        bool is_kept = lw_field_is_stored(f);
        bool is_mandatory = (def->flags & LW_DEF_MANDATORY) != 0;
        if (!is_new && (def->ops & LW_OP_W) == 0) {
            continue;
        }
        if (how != LW_TREE_DEMAND) {
            zero_field(f, p);
        }
        if (is_new) {
            set_present(p, i, !is_kept || is_mandatory);
        } else if (how == LW_TREE_REPLACE ? is_kept || is_mandatory
                                          : is_kept && is_mandatory && is_zero(f, p)) {
            set_present(p, i, false);
        }
    }
}

static void set_defaults(const lw_place *at)
{
    const lw_object_hooks *hooks = at->object->hooks;
    if (hooks != NULL && hooks->defaults != NULL) {
        hooks->defaults(at->tree->hooks_ctx, at->tree, at->path);
    }
}

lw_err lw_tree_start_with(lw_tree *tree, lw_path instance, lw_tree_start how)
{
    lw_place at;
    lw_tree_find(tree, instance, &at);
    lw_err err = touch(&at);
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
    lw_place at;
    lw_err err = lw_tree_start_with(tree, instance, LW_TREE_CLEAR);
    lw_tree_find(tree, instance, &at);
    for (unsigned i = 0; i < at.object->field_count && err == LW_OK; i++) {
        const lw_field *f = &at.object->fields[i];
        const lw_resource_def *def = lw_object_def_resource(at.object->def, f->id);
        bool is_mandatory = (def->flags & LW_DEF_MANDATORY) != 0;
        bool is_single = (def->flags & LW_DEF_MULTIPLE) == 0;
        if (lw_field_is_stored(f) && !(is_mandatory && is_single)) {
            zero_field(f, at.piece);
            set_present(at.piece, i, is_mandatory);
        }
    }
    return err;
}

static lw_piece *find_unused(const lw_place *at)
{
    for (unsigned i = 0; i < at->object->instances_max; i++) {
        lw_piece *p = piece_at(at->object, at->pieces, i);
        if (p->number == 0) {
            return p;
        }
    }
    return NULL;
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
    bool single = (at.object->def->flags & LW_DEF_MULTIPLE) == 0;
    at.piece = find_unused(&at);
    if (at.piece == NULL || (single && id != 0)) { /* MDL-09 */
        return at.piece == NULL ? LW_ENOMEM : LW_ERANGE;
    }
    lw_err err = touch(&at);
    if (err != LW_OK) {
        return err;
    }
    at.piece->number = (uint16_t)(id + 1);
    begin_piece(at.object, at.piece, LW_TREE_CLEAR);
    *out_instance = at.path;
    tell_outside(tree, LW_TREE_ADDED, at.path);
    set_defaults(&at);
    return LW_OK;
}

lw_err lw_tree_remove(lw_tree *tree, lw_path instance)
{
    lw_place at;
    if (lw_tree_find(tree, instance, &at) != LW_LEVEL_INSTANCE) {
        return LW_ENOTFOUND;
    }
    lw_err err = touch(&at);
    if (err == LW_OK) {
        lw_wipe(at.piece, piece_size_of(at.object));
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
        lw_wipe(u->at, piece_size_of(u->object));
        memcpy(u->at, &u->before, size_before(u));
    }
    forget(tree, undos);
}

void lw_tree_rollback(lw_tree *tree)
{
    put_back(tree, &tree->undo);
    tree->in_transaction = false;
}

/* DM-31, DM-74: what lw_tree_demand wants to see again. */
static bool is_complete(const lw_object *object, const lw_piece *p)
{
    for (unsigned i = 0; i < object->field_count; i++) {
        const lw_resource_def *def = lw_object_def_resource(object->def, object->fields[i].id);
        if ((def->flags & LW_DEF_MANDATORY) != 0 && !is_present(p, i)) {
            return false;
        }
    }
    return true;
}

static lw_err validate_one(lw_tree *tree, const lw_object *object, const lw_piece *p)
{
    if (!is_complete(object, p)) {
        return LW_EINVAL;
    }
    return object->hooks != NULL && object->hooks->validate != NULL
               ? object->hooks->validate(
                     tree->hooks_ctx, tree,
                     lw_path_instance(object->def->id, (uint16_t)(p->number - 1)))
               : LW_OK;
}

lw_err lw_tree_check(lw_tree *tree)
{
    const lw_link *undos = tree->in_transaction ? &tree->undo : &tree->held;
    lw_err err = LW_OK;
    for (lw_link *l = undos->next; l != undos && err == LW_OK; l = l->next) {
        const undo *u = LW_CONTAINER(l, undo, link);
        err = u->at->number != 0 ? validate_one(tree, u->object, u->at) : LW_OK;
    }
    return err;
}

static bool field_differs(const lw_field *field, unsigned index, lw_piece *a, lw_piece *b)
{
    return is_present(a, index) != is_present(b, index) ||
           memcmp(struct_of(a) + field->offset, struct_of(b) + field->offset,
                  lw_field_extent(field)) != 0;
}

static void tell_instance(lw_tree *tree, lw_tree_change change, const undo *u, const lw_piece *p)
{
    if (p->number != 0) {
        tell(tree, change, lw_path_instance(u->object->def->id, (uint16_t)(p->number - 1)));
    }
}

static void tell_difference(lw_tree *tree, undo *u)
{
    const lw_object *object = u->object;
    if (u->before.number != u->at->number) {
        tell_instance(tree, LW_TREE_REMOVED, u, &u->before);
        tell_instance(tree, LW_TREE_ADDED, u, u->at);
        return;
    }
    for (unsigned i = 0; u->at->number != 0 && i < object->field_count; i++) {
        const lw_field *f = &object->fields[i];
        if (field_differs(f, i, &u->before, u->at)) {
            uint16_t id = (uint16_t)(u->at->number - 1);
            tell(tree, LW_TREE_VALUE, lw_path_resource(object->def->id, id, f->id));
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
    lw_place at;
    lw_tree_find(tree, instance, &at);
    return find_undo(&tree->held, at.piece) != NULL;
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

lw_time lw_tree_step(lw_tree *tree, lw_time now)
{
    lw_time next = LW_TIME_NEVER;
    for (const lw_object *const *o = tree->objects; *o != NULL; o++) {
        const lw_object_hooks *hooks = (*o)->hooks;
        lw_path at = lw_path_object((*o)->def->id);
        while (hooks != NULL && hooks->step != NULL && lw_tree_next_instance(tree, &at)) {
            lw_time due = hooks->step(tree->hooks_ctx, tree, at, now);
            next = due < next ? due : next;
        }
    }
    return next;
}
