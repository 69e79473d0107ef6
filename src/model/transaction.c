#include "base/assert.h"
#include "model/tree_priv.h"

/* An instance as it was before the transaction first changed it; where there was none, its number
 * alone. */
typedef struct lw_undo {
    struct lw_undo *next;
    const lw_object *object;
    lw_piece *at;
    size_t len; /* of the copy, which follows */
} lw_undo;

static lw_piece *before(lw_undo *u)
{
    return (lw_piece *)(u + 1);
}

/* The copy of a piece in the list, or where it ends. */
static lw_undo **find_undo(lw_undo **list, const lw_piece *p)
{
    while (*list != NULL && (*list)->at != p) {
        list = &(*list)->next;
    }
    return list;
}

static lw_undo *undo_of(lw_tree *tree, lw_undo **list, lw_path instance)
{
    lw_place at;
    lw_tree_find(tree, instance, &at);
    return *find_undo(list, at.piece);
}

bool lw_tree_is_made(lw_tree *tree, lw_path instance)
{
    lw_undo *u = undo_of(tree, &tree->undo, instance);
    return u != NULL && before(u)->number == 0;
}

static lw_err keep(const lw_place *at)
{
    lw_tree *tree = at->tree;
    lw_piece *p = at->piece;
    lw_undo **end = find_undo(&tree->undo, p);
    if (!tree->in_transaction || *end != NULL) {
        return LW_OK;
    }
    size_t len = p->number != 0 ? at->object->size : sizeof *p;
    lw_undo *u = lw_mem_alloc(tree->mem, sizeof *u + len);
    if (u == NULL) {
        return LW_ENOMEM;
    }
    u->next = NULL;
    u->object = at->object;
    u->at = p;
    u->len = len;
    memcpy(before(u), p, len);
    *end = u;
    return LW_OK;
}

lw_err lw_place_touch(const lw_place *at)
{
    lw_err err = at->piece != NULL ? keep(at) : LW_ENOTFOUND;
    if (err == LW_OK && at->present != NULL) {
        *at->present = LW_PRESENT;
    }
    return err;
}

static void release(lw_tree *tree, lw_undo *u)
{
    lw_wipe(before(u), u->len);
    lw_mem_release(tree->mem, u);
}

/* Takes all copies off the list, oldest first. */
static void end(lw_tree *tree, lw_undo **list, void (*with)(lw_tree *tree, lw_undo *u))
{
    lw_undo *u = *list;
    *list = NULL; /* who is told of a change may begin the next transaction */
    while (u != NULL) {
        lw_undo *next = u->next;
        with(tree, u);
        release(tree, u);
        u = next;
    }
}

/* ---- Back ---- */

static void put_back(lw_tree *tree, lw_undo *u)
{
    (void)tree;
    lw_wipe(u->at, u->object->size);
    memcpy(u->at, before(u), u->len);
}

lw_err lw_tree_begin(lw_tree *tree)
{
    if (tree->in_transaction) {
        return LW_ESTATE;
    }
    tree->in_transaction = true;
    return LW_OK;
}

void lw_tree_rollback(lw_tree *tree)
{
    end(tree, &tree->undo, put_back);
    tree->in_transaction = false;
}

/* ---- Forward ---- */

/* DM-31, DM-74: what was to be set has been set. */
static bool is_complete(const lw_object *object, lw_piece *p)
{
    return memchr(p->present, LW_DEMANDED, object->field_count) == NULL;
}

static lw_path path_of(const lw_object *object, const lw_piece *p)
{
    return lw_path_instance(object->def->id, (uint16_t)(p->number - 1));
}

static lw_err validate(lw_tree *tree, const lw_object *object, lw_piece *p)
{
    if (p->number == 0) {
        return LW_OK;
    }
    if (!is_complete(object, p)) {
        return LW_EINVAL;
    }
    return object->hooks != NULL && object->hooks->validate != NULL
               ? object->hooks->validate(tree->ctx, tree, path_of(object, p))
               : LW_OK;
}

lw_err lw_tree_check(lw_tree *tree)
{
    lw_err err = LW_OK;
    const lw_undo *u = tree->in_transaction ? tree->undo : tree->held;
    for (; u != NULL && err == LW_OK; u = u->next) {
        err = validate(tree, u->object, u->at);
    }
    return err;
}

static void tell_instance(lw_tree *tree, lw_tree_change change, const lw_undo *u, const lw_piece *p)
{
    if (p->number != 0) {
        lw_tree_tell(tree, change, path_of(u->object, p));
    }
}

static bool differs(const lw_object *object, unsigned index, lw_piece *a, lw_piece *b)
{
    const lw_field *f = &object->fields[index];
    return a->present[index] != b->present[index] ||
           memcmp(lw_piece_octets(a) + f->offset, lw_piece_octets(b) + f->offset,
                  lw_field_extent(f)) != 0;
}

static void tell_difference(lw_tree *tree, lw_undo *u)
{
    const lw_object *object = u->object;
    if (before(u)->number != u->at->number) {
        tell_instance(tree, LW_TREE_REMOVED, u, before(u));
        tell_instance(tree, LW_TREE_ADDED, u, u->at);
        return;
    }
    /* Who is told may remove the instance. */
    for (unsigned i = 0; u->at->number != 0 && i < object->field_count; i++) {
        if (differs(object, i, before(u), u->at)) {
            lw_path instance = path_of(object, u->at);
            lw_tree_tell(tree, LW_TREE_VALUE, lw_path_resource_of(instance, object->fields[i].id));
        }
    }
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
        end(tree, &tree->undo, tell_difference);
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
    while (tree->undo != NULL) {
        lw_undo *u = tree->undo;
        lw_undo **end = find_undo(&tree->held, u->at);
        tree->undo = u->next;
        if (*end != NULL) {
            release(tree, u);
        } else {
            u->next = NULL;
            *end = u;
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
    return undo_of(tree, &tree->held, instance) != NULL;
}

void lw_tree_settle(lw_tree *tree)
{
    lw_assert(!tree->in_transaction);
    tree->hold = NULL;
    end(tree, &tree->held, tell_difference);
}

void lw_tree_revert(lw_tree *tree)
{
    lw_tree_rollback(tree);
    end(tree, &tree->held, put_back);
    tree->hold = NULL;
}
