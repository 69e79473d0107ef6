/* The instances of a device's declared objects (include/lw/declare.h), and transactions on them.
 *
 * All instances live in one block whose size follows from the declarations. Each instance is the
 * declared struct, which begins with its number and what of it is present. The tree answers: what
 * is there, in tree order; what value does it have; and it changes: one value at a time, or several
 * that hold or fall together.
 *
 *     object  -> [ number | present | values ] [ number | present | values ] …    instances_max
 * pieces
 *
 * Three rooms: tree.c finds, walks and reads; change.c changes; transaction.c keeps and takes back.
 *
 * A transaction keeps a copy of each instance before its first change; rollback copies it back,
 * commit compares and tells the observer what is different. Without a transaction every change is
 * told at once.
 */
#ifndef LW_MODEL_TREE_H
#define LW_MODEL_TREE_H

#include "base/mem.h"
#include "lw/declare.h"

typedef enum lw_tree_change {
    LW_TREE_VALUE,  /* path: resource, or resource instance of a multiple one */
    LW_TREE_ADDED,  /* path: instance */
    LW_TREE_REMOVED /* path: instance */
} lw_tree_change;

struct lw_tree {
    const lw_object *const *objects;
    uint8_t *block; /* the instances of one object after the other */
    bool in_transaction;
    const lw_mem *mem;
    void *ctx;                                                         /* of hooks and on_change */
    void (*on_change)(void *ctx, lw_tree_change change, lw_path path); /* NULL: nobody listens */
    struct lw_undo *undo;        /* of the open transaction, one an instance, oldest first */
    struct lw_undo *held;        /* of the transactions since lw_tree_hold, likewise */
    void (*hold)(lw_tree *tree); /* between lw_tree_hold and its end: what commit does; or NULL */
};

/* Objects: in any order, sound (lw_objects_are_sound), borrowed. Takes its block from mem:
 * LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_tree_init(lw_tree *tree, const lw_object *const *objects, const lw_mem *mem,
                                  void *ctx);
void lw_tree_fini(lw_tree *tree);

/* Octets that lw_tree_init takes of an lw_pool. */
size_t lw_tree_mem_needed(const lw_object *const *objects);

/* ---- What is there ---- */

/* The object that the path is of; NULL: not supported, or the root. */
const lw_object *lw_tree_object(const lw_tree *tree, lw_path path);
const lw_field *lw_object_field(const lw_object *object, uint16_t id); /* NULL: not declared */
bool lw_tree_exists(lw_tree *tree, lw_path path);

/* What a path names: definitions whether they are present or not, the rest as far as it is there.
 * Holds until an instance comes or goes. */
typedef struct lw_place {
    lw_tree *tree;
    const lw_object *object;    /* NULL: no such object */
    uint8_t *pieces;            /* of the object */
    struct lw_piece *piece;     /* NULL: no such instance */
    const lw_field *field;      /* NULL: not declared */
    const lw_resource_def *def; /* of the field */
    uint8_t *value;             /* that is stored, zero when it is not present; or NULL */
    uint8_t *present;           /* is it? NULL: no such instance, or not declared */
    unsigned value_level;       /* where values of the resource are: 3, or 4 of a multiple one; 0:
                                   not declared */
    unsigned asked, depth;      /* how many levels the path has, and how many of them are there:
                                   what DM-05 asks step by step */
    lw_path path;
} lw_place;

/* Returns at->depth. */
unsigned lw_place_find(lw_place *at, lw_tree *tree, lw_path path);

static inline unsigned lw_tree_find(lw_tree *tree, lw_path path, lw_place *out_place)
{
    return lw_place_find(out_place, tree, path);
}

/* Is its resource, present or not, a multiple one? */
static inline bool lw_place_is_multiple(const lw_place *at)
{
    return at->value_level == LW_LEVEL_RESOURCE_INSTANCE;
}

/* As lw_tree_get. */
LW_MUST_CHECK lw_err lw_place_get(const lw_place *at, lw_value *out_value);

/* Before a change of the instance: LW_ENOTFOUND when there is none; in a transaction keeps a copy
 * of it, for which LW_ENOMEM. The resource is there from now on. */
LW_MUST_CHECK lw_err lw_place_touch(const lw_place *at);

/* The definition of the resource at or above the path, whether it is present or not. NULL: unknown
 * to the definition, or not declared. */
const lw_resource_def *lw_tree_resource_def(lw_tree *tree, lw_path path);

/* Its type; NONE when unknown. `tree` is an lw_tree *: fits where a decoder asks for types. */
lw_type lw_tree_type_of(void *tree, lw_path path);

/* The next entity after *at in tree order, a parent before its children: of at most `lowest`
 * levels, and below what *at has as its first `top` levels. Start with *at as that scope, which is
 * not found itself. False, and *at as it was: none. */
bool lw_tree_walk(lw_tree *tree, lw_path *at, unsigned top, unsigned lowest);

/* The same at exactly `depth` levels. Objects without instances are found at depth 1. */
bool lw_tree_next(lw_tree *tree, lw_path *at, unsigned top, unsigned depth);

/* The next instance of the object that *at is, or is below; start with the object. */
bool lw_tree_next_instance(lw_tree *tree, lw_path *at);

/* Instances of a multiple resource, or of an object. */
unsigned lw_tree_count(lw_tree *tree, lw_path path);

/* ---- Transactions ---- */

/* LW_ESTATE when one is open. */
LW_MUST_CHECK lw_err lw_tree_begin(lw_tree *tree);
/* Is each instance that was changed complete, and what hooks->validate wants? In the open
 * transaction, or else since lw_tree_hold. */
LW_MUST_CHECK lw_err lw_tree_check(lw_tree *tree);
/* Checks, then tells what changed. On a failure nothing is told and the transaction is still open:
 * roll back. */
LW_MUST_CHECK lw_err lw_tree_commit(lw_tree *tree);
void lw_tree_rollback(lw_tree *tree);
/* Commits what went well (LW_OK), and else rolls back: LW_OK, what went wrong, or what the commit
 * refused. */
LW_MUST_CHECK lw_err lw_tree_end(lw_tree *tree, lw_err err);

/* Was the instance, which is there now, made in the open transaction? */
bool lw_tree_is_made(lw_tree *tree, lw_path instance);

/* A series of transactions that holds or falls as a whole, such as a bootstrap. From hold on, what
 * is committed can still be taken back, and is not told. What is set outside of a transaction
 * meanwhile, the device's own values, does not belong to it and is told as ever.
 *
 *   hold --> begin … commit, begin … rollback, … --> check --> settle
 *                                                    +------> revert
 *
 * Costs a copy of each instance that was there and is changed or removed; a new one its number.
 * LW_ESTATE when already holding. */
LW_MUST_CHECK lw_err lw_tree_hold(lw_tree *tree);
bool lw_tree_is_holding(const lw_tree *tree);
/* Was the instance, which is there now, made or changed since? */
bool lw_tree_is_held(lw_tree *tree, lw_path instance);
/* Everything stays, and what changed is told. No transaction may be open. */
void lw_tree_settle(lw_tree *tree);
/* Everything is as it was, an open transaction included. Harmless when not holding. */
void lw_tree_revert(lw_tree *tree);

/* A multiple resource without instances: what Write replace starts from (DM-33). */
LW_MUST_CHECK lw_err lw_tree_empty(lw_tree *tree, lw_path resource);

/* How an instance is to be written. In a transaction, what is mandatory and absent then has to be
 * set before it is committed. */
typedef enum lw_tree_start {
    LW_TREE_CLEAR,   /* every optional resource is absent and every mandatory one zero, but for the
                        defaults: Bootstrap-Write */
    LW_TREE_REPLACE, /* what servers write is absent: Replace (DM-31) */
    LW_TREE_DEMAND,  /* what servers write and is mandatory and zero is absent: Create (DM-74) */
    LW_TREE_KEPT     /* behind CLEAR: lw_tree_start_kept */
} lw_tree_start;

LW_MUST_CHECK lw_err lw_tree_start_with(lw_tree *tree, lw_path instance, lw_tree_start how);

/* What was kept follows (MDL-10), by a firmware that may not have known all of what is mandatory:
 * LW_TREE_CLEAR, but of the defaults only those of what has to have one value. */
LW_MUST_CHECK lw_err lw_tree_start_kept(lw_tree *tree, lw_path instance);

/* ---- Time ---- */

/* Calls hooks->step for every instance; the earliest time that one of them named. */
lw_time lw_tree_step(lw_tree *tree, lw_time now);

#endif
