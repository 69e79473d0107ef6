#include "base/assert.h"
#include "model/tree_priv.h"

static size_t block_size_of(const lw_object *const *objects)
{
    size_t octets = 0;
    for (; *objects != NULL; objects++) {
        octets += (*objects)->size * (*objects)->instances_max;
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
        pieces += (*o)->size * (*o)->instances_max;
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
    return object->field_count <= LW_FIELDS_MAX && object->instances_max > 0;
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

lw_err lw_tree_init(lw_tree *tree, const lw_object *const *objects, const lw_mem *mem, void *ctx)
{
    lw_assert(lw_objects_are_sound(objects));
    *tree = (lw_tree){.objects = objects, .mem = mem, .ctx = ctx};
    tree->block = lw_mem_alloc(mem, block_size_of(objects));
    return tree->block != NULL ? LW_OK : LW_ENOMEM;
}

size_t lw_tree_mem_needed(const lw_object *const *objects)
{
    return lw_pool_cost(block_size_of(objects));
}

void lw_tree_fini(lw_tree *tree)
{
    lw_tree_revert(tree);
    if (tree->block != NULL) {
        lw_wipe(tree->block, block_size_of(tree->objects));
    }
    lw_mem_release(tree->mem, tree->block);
    tree->block = NULL;
}

/* ---- Finding ---- */

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

/* Of a resource that is there. */
static uint32_t next_resource_instance(const lw_place *at, uint32_t from)
{
    if (at->value_level == LW_LEVEL_RESOURCE) {
        return LW_ID_MAX;
    }
    if (lw_field_is_stored(at->field)) {
        return lw_field_next(at->field, lw_piece_octets(at->piece), from);
    }
    const lw_object_hooks *hooks = at->object->hooks;
    return hooks != NULL && hooks->next != NULL
               ? hooks->next(at->tree->ctx, at->tree, lw_path_cut(at->path, LW_LEVEL_RESOURCE),
                             from)
               : LW_ID_MAX;
}

/* Levels that the path does not give have LW_ID_MAX, which nothing has. */
unsigned lw_place_find(lw_place *at, lw_tree *tree, lw_path path)
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
        at->def = lw_object_def_resource(object->def, at->field->id);
        at->value_level =
            lw_def_is(at->def, LW_DEF_MULTIPLE) ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
    }
    lw_piece *p = lw_piece_near(object, at->pieces, instance);
    if (p->number != instance + 1u) {
        return at->depth;
    }
    at->piece = p;
    at->depth = LW_LEVEL_INSTANCE;
    if (at->field == NULL) {
        return at->depth;
    }
    if (lw_field_is_stored(at->field)) {
        at->value = lw_field_find(at->field, lw_piece_octets(p), ri);
    }
    at->present = &p->present[at->field - object->fields];
    if (*at->present == LW_PRESENT) {
        bool is_instance = ri != LW_ID_MAX && next_resource_instance(at, ri) == ri;
        at->depth = is_instance ? LW_LEVEL_RESOURCE_INSTANCE : LW_LEVEL_RESOURCE;
    }
    return at->depth;
}

const lw_object *lw_tree_object(const lw_tree *tree, lw_path path)
{
    uint8_t *pieces;
    return find_object(tree, lw_path_id(path, LW_LEVEL_OBJECT), &pieces);
}

void *lw_tree_ctx(const lw_tree *tree)
{
    return tree->ctx;
}

void *lw_tree_struct(lw_tree *tree, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    return at.piece != NULL ? lw_piece_octets(at.piece) : NULL;
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
    const uint8_t *present = at->piece->present;
    unsigned i = index_from(object, from);
    while (i < object->field_count && present[i] != LW_PRESENT) {
        i++;
    }
    return i < object->field_count ? object->fields[i].id : LW_ID_MAX;
}

/* The smallest id >= from of what is right below `parent`; LW_ID_MAX when none. */
static uint32_t next_child(lw_tree *tree, uint32_t from, lw_path parent)
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
        const lw_piece *p = lw_piece_near(at.object, at.pieces, from);
        return p->number > from ? p->number - 1u : LW_ID_MAX;
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
    uint32_t id = depth < lowest ? next_child(tree, 0, parent) : LW_ID_MAX;
    for (; id == LW_ID_MAX; depth--) {
        if (depth <= top) {
            return false;
        }
        uint32_t from = lw_path_id(parent, depth) + 1u;
        parent = lw_path_cut(parent, depth - 1);
        id = next_child(tree, from, parent);
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
    uint32_t id = next_child(tree, 0, path);
    for (; id != LW_ID_MAX; id = next_child(tree, id + 1, path)) {
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
    lw_err err = hooks->read(at->tree->ctx, at->tree, at->path, &value);
    return err == LW_OK ? lw_value_convert(&value, (lw_type)at->def->type, out_value) : err;
}

lw_err lw_place_get(const lw_place *at, lw_value *out_value)
{
    if (at->def == NULL || at->def->type == LW_TYPE_NONE || at->depth != at->asked ||
        at->depth != at->value_level) {
        return LW_ENOTFOUND;
    }
    if (at->value == NULL) {
        return get_computed(at, out_value);
    }
    lw_field_load(at->field, at->value, (lw_type)at->def->type, out_value);
    return LW_OK;
}

lw_err lw_tree_read(lw_tree *tree, lw_value *out_value, lw_path path)
{
    lw_place at;
    lw_tree_find(tree, path, &at);
    return lw_place_get(&at, out_value);
}

uint32_t lw_tree_number_or(lw_tree *tree, uint32_t absent, lw_path path)
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

/* ---- Time ---- */

lw_time lw_tree_step(lw_tree *tree, lw_time now)
{
    lw_time next = LW_TIME_NEVER;
    for (const lw_object *const *o = tree->objects; *o != NULL; o++) {
        const lw_object_hooks *hooks = (*o)->hooks;
        lw_path at = lw_path_object((*o)->def->id);
        while (hooks != NULL && hooks->step != NULL && lw_tree_next_instance(tree, &at)) {
            lw_time due = hooks->step(tree->ctx, tree, at, now);
            next = due < next ? due : next;
        }
    }
    return next;
}
