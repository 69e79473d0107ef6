/* Objects of a device, declared rather than programmed.
 *
 * A declaration says once which resources an object has and how each is kept. From it follow the
 * storage (a plain struct), typed setters that notice a change, Discover, access checks,
 * persistence, and transactions that roll back. Code is written only where the device must act.
 *
 *   #define SENSOR(T, ONE, MANY, CALL)         \
 *       CALL(T, EXECUTE, reset, 5605)          \
 *       ONE(T, FLOAT32, value, 5700, 0)        \
 *       ONE(T, STRING, unit, 5701, 8)
 *   LW_DECLARE(sensor, lw_object_3303_v1_1, SENSOR, 1, &sensor_hooks)
 *
 * gives `struct sensor`, `sensor_object` (name it in lw_client_cfg.objects), and setters such as
 * `sensor_set_value(tree, instance, 21.5f)`.
 *
 *   ONE(T, kind, name, id, capacity)         single resource; capacity in octets for STRING, OPAQUE
 *                                            and CORELNK, 0 for the others
 *   MANY(T, kind, name, id, capacity, count) multiple resource with room for `count` instances
 *   CALL(T, EXECUTE or COMPUTED, name, id)   nothing stored: hooks->execute, hooks->read
 *
 * T is passed on as it came. Rows stand ascending by id. A mandatory resource exists with its
 * instance (zero at first); an optional one exists from its first write on.
 */
#ifndef LW_DECLARE_H
#define LW_DECLARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/object.h"
#include "lw/path.h"
#include "lw/time.h"
#include "lw/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How one resource is kept in the struct of its instance. A multiple resource is
 * { uint16_t numbers[n]; T values[n]; }, in no order: numbers[i] is the id of the resource instance
 * plus one, or 0: there is none. A STRING, CORELNK or OPAQUE is
 * { uint16_t len; uint8_t octets[capacity]; }, without a NUL. */
typedef struct lw_field {
    uint16_t id;
    uint8_t type : 4;       /* lw_type; COMPUTED, or NONE: EXECUTE, nothing of them is kept */
    uint8_t has_length : 1; /* STRING, CORELNK, OPAQUE */
    uint8_t is_odd : 1;     /* their capacity: one octet of `size` is none of it */
    uint8_t gap : 2;        /* pairs of octets between numbers[] and values[] */
    uint8_t count;          /* instances there is room for; 0: a single resource */
    uint16_t offset;        /* of the value, or of the multiple's numbers[] */
    uint16_t size;          /* octets of one value as kept: 1, 2, 4 or 8 of a whole number, 4 or 8
                               of a FLOAT; 0: hooks are called instead */
} lw_field;

#define LW_TYPE_COMPUTED 15u /* whatever hooks->read gives; a type that no value has */

#define LW_FIELDS_MAX 64u /* resources an object may have on a device */

typedef struct lw_tree lw_tree;
typedef struct lw_object_hooks lw_object_hooks;

typedef struct lw_object {
    const lw_object_def *def;
    const lw_field *fields; /* ascending by id */
    uint8_t field_count;
    uint8_t instances_max;
    uint16_t size;                /* of the struct, which begins with LW_MEMBERS */
    const lw_object_hooks *hooks; /* NULL: none */
} lw_object;

/* Where a device acts. `ctx` is what the tree was given for all hooks, and what lw/acts.h takes;
 * every hook may be NULL. The struct of the instance is lw_tree_struct(tree, path). A failure is
 * the answer to the server: LW_EMETHOD 4.05, LW_EDENIED 4.01, LW_ENOTFOUND 4.04, LW_ETOOBIG 4.13,
 * LW_EINVAL and what is wrong with values 4.00, any other 5.00. */
struct lw_object_hooks {
    /* The instance is new, or all of it is about to be written anew: set what must not start as
     * zero. Called for whoever makes it: the device, a server, a bootstrap. */
    void (*defaults)(void *ctx, lw_tree *tree, lw_path instance);
    /* The value of a COMPUTED resource (path depth 3), or of an instance of a multiple one (depth
     * 4). LW_ENOTFOUND: no value now. Strings must stay valid until the next call of a hook. */
    lw_err (*read)(void *ctx, lw_tree *tree, lw_path path, lw_value *out_value);
    /* Instances of a multiple COMPUTED resource: the smallest id >= from. LW_ID_MAX when none. */
    uint16_t (*next)(void *ctx, lw_tree *tree, lw_path resource, uint32_t from);
    /* Execute (DM-60); the answer leaves before anything else happens when LW_OK is returned. */
    lw_err (*execute)(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments);
    /* All values of a transaction that the struct keeps are in place in this instance: may they
     * stay? A failure undoes all of the transaction. Asked twice when a server writes: before
     * `write` is called for the others, and after. */
    lw_err (*validate)(void *ctx, lw_tree *tree, lw_path instance);
    /* A write that is not kept in the struct: COMPUTED resources with W, and packages that arrive
     * in blocks: `value` then holds the octets at `offset`, `more` tells that others follow; blocks
     * come outside of transactions. What it does is not undone with a transaction. */
    lw_err (*write)(void *ctx, lw_tree *tree, lw_path path, lw_value value, size_t offset,
                    bool more);
    /* A body that went to `write` in blocks will not be continued. */
    void (*lost)(void *ctx, lw_tree *tree, lw_path path);
    /* A server wants an instance, which is there with its defaults: mandatory resources that are
     * zero after this the server must write (DM-74). NULL: only the device makes instances (DM-73).
     * A failure refuses it. This one and the next need lw_feature_create. */
    lw_err (*create)(void *ctx, lw_tree *tree, lw_path instance);
    /* A server wants it gone. NULL refuses (DM-82); a failure refuses. */
    lw_err (*remove)(void *ctx, lw_tree *tree, lw_path instance);
    /* Does what is due by itself, for each instance in each lw_client_step: `now` is monotonic. The
     * time it wants to be called again at the latest, or LW_TIME_NEVER. */
    lw_time (*step)(void *ctx, lw_tree *tree, lw_path instance, lw_time now);
};

/* ---- The macros -------------------------------------------------------------------------------
 */

#define LW_C_BOOLEAN(capacity) bool
#define LW_C_INT8(capacity)    int8_t
#define LW_C_INT16(capacity)   int16_t
#define LW_C_INT32(capacity)   int32_t
#define LW_C_INT64(capacity)   int64_t
#define LW_C_UINT8(capacity)   uint8_t
#define LW_C_UINT16(capacity)  uint16_t
#define LW_C_UINT32(capacity)  uint32_t
#define LW_C_UINT64(capacity)  uint64_t
#define LW_C_FLOAT32(capacity) float
#define LW_C_FLOAT64(capacity) double
#define LW_C_TIME(capacity)    int64_t
#define LW_C_OBJLNK(capacity)  lw_objlnk
#define LW_C_OCTETS(capacity)     \
    struct {                      \
        uint16_t len;             \
        uint8_t octets[capacity]; \
    }
#define LW_C_STRING(capacity)  LW_C_OCTETS(capacity)
#define LW_C_CORELNK(capacity) LW_C_OCTETS(capacity)
#define LW_C_OPAQUE(capacity)  LW_C_OCTETS(capacity)

#define LW_MEMBER_ONE(T, kind, name, rid, cap) LW_C_##kind(cap) name;
#define LW_MEMBER_MANY(T, kind, name, rid, cap, n) \
    struct {                                       \
        uint16_t numbers[n];                       \
        LW_C_##kind(cap) values[n];                \
    } name;
#define LW_MEMBER_CALL(T, kind, name, rid)

#define LW_MARK_ONE(T, kind, name, rid, cap)     uint8_t name;
#define LW_MARK_MANY(T, kind, name, rid, cap, n) uint8_t name;
#define LW_MARK_CALL(T, kind, name, rid)         uint8_t name;

#define LW_KEPT_EXECUTE  LW_TYPE_NONE
#define LW_KEPT_COMPUTED LW_TYPE_COMPUTED
#define LW_KEPT_BOOLEAN  LW_TYPE_BOOLEAN
#define LW_KEPT_INT8     LW_TYPE_INTEGER
#define LW_KEPT_INT16    LW_TYPE_INTEGER
#define LW_KEPT_INT32    LW_TYPE_INTEGER
#define LW_KEPT_INT64    LW_TYPE_INTEGER
#define LW_KEPT_UINT8    LW_TYPE_UNSIGNED
#define LW_KEPT_UINT16   LW_TYPE_UNSIGNED
#define LW_KEPT_UINT32   LW_TYPE_UNSIGNED
#define LW_KEPT_UINT64   LW_TYPE_UNSIGNED
#define LW_KEPT_FLOAT32  LW_TYPE_FLOAT
#define LW_KEPT_FLOAT64  LW_TYPE_FLOAT
#define LW_KEPT_TIME     LW_TYPE_TIME
#define LW_KEPT_OBJLNK   LW_TYPE_OBJLNK
#define LW_KEPT_STRING   LW_TYPE_STRING
#define LW_KEPT_CORELNK  LW_TYPE_CORELNK
#define LW_KEPT_OPAQUE   LW_TYPE_OPAQUE

#define LW_ROW_ONE(T, kind, name, rid, cap) \
    {.id = (rid),                           \
     .type = LW_KEPT_##kind,                \
     .has_length = (cap) > 0,               \
     .is_odd = (cap) % 2 != 0,              \
     .offset = offsetof(T, name),           \
     .size = sizeof(((T *)0)->name)},
#define LW_ROW_MANY(T, kind, name, rid, cap, n)                       \
    {.id = (rid),                                                     \
     .type = LW_KEPT_##kind,                                          \
     .has_length = (cap) > 0,                                         \
     .is_odd = (cap) % 2 != 0,                                        \
     .gap = (offsetof(T, name.values) - offsetof(T, name)) / 2 - (n), \
     .count = (n),                                                    \
     .offset = offsetof(T, name),                                     \
     .size = sizeof(((T *)0)->name.values[0])},
#define LW_ROW_CALL(T, kind, name, rid) {.id = (rid), .type = LW_KEPT_##kind},

/* What a setter takes, and the value it makes of it. */
#define LW_ARG_BOOLEAN bool
#define LW_ARG_INT8    int8_t
#define LW_ARG_INT16   int16_t
#define LW_ARG_INT32   int32_t
#define LW_ARG_INT64   int64_t
#define LW_ARG_UINT8   uint8_t
#define LW_ARG_UINT16  uint16_t
#define LW_ARG_UINT32  uint32_t
#define LW_ARG_UINT64  uint64_t
#define LW_ARG_FLOAT32 float
#define LW_ARG_FLOAT64 double
#define LW_ARG_TIME    int64_t
#define LW_ARG_OBJLNK  lw_objlnk
#define LW_ARG_STRING  const char *
#define LW_ARG_CORELNK const char *
#define LW_ARG_OPAQUE  lw_bytes

#define LW_VALUE_BOOLEAN(v) lw_value_boolean(v)
#define LW_VALUE_INT8(v)    lw_value_integer(v)
#define LW_VALUE_INT16(v)   lw_value_integer(v)
#define LW_VALUE_INT32(v)   lw_value_integer(v)
#define LW_VALUE_INT64(v)   lw_value_integer(v)
#define LW_VALUE_UINT8(v)   lw_value_unsigned(v)
#define LW_VALUE_UINT16(v)  lw_value_unsigned(v)
#define LW_VALUE_UINT32(v)  lw_value_unsigned(v)
#define LW_VALUE_UINT64(v)  lw_value_unsigned(v)
#define LW_VALUE_FLOAT32(v) lw_value_single(v)
#define LW_VALUE_FLOAT64(v) lw_value_float(v)
#define LW_VALUE_TIME(v)    lw_value_time(v)
#define LW_VALUE_OBJLNK(v)  lw_value_objlnk((v).object, (v).instance)
#define LW_VALUE_STRING(v)  lw_value_string(v)
#define LW_VALUE_CORELNK(v) lw_value_bytes(LW_TYPE_CORELNK, lw_bytes_str(v))
#define LW_VALUE_OPAQUE(v)  lw_value_bytes(LW_TYPE_OPAQUE, v)

#if defined(__GNUC__)
#define LW_SETTER __attribute__((unused)) static inline
#else
#define LW_SETTER static inline
#endif

#define LW_SETTER_ONE(T, kind, name, rid, cap)                                         \
    LW_SETTER lw_err T##_set_##name(lw_tree *tree, uint16_t instance, LW_ARG_##kind v) \
    {                                                                                  \
        lw_path path = lw_path_resource(T##_id(), instance, rid);                      \
        return lw_tree_set(tree, path, LW_VALUE_##kind(v));                            \
    }
#define LW_SETTER_MANY(T, kind, name, rid, cap, n)                                 \
    LW_SETTER lw_err T##_set_##name(lw_tree *tree, uint16_t instance, uint16_t ri, \
                                    LW_ARG_##kind v)                               \
    {                                                                              \
        lw_path path = lw_path_resource_instance(T##_id(), instance, rid, ri);     \
        return lw_tree_set(tree, path, LW_VALUE_##kind(v));                        \
    }
#define LW_SETTER_CALL(T, kind, name, rid)

/* Type, fields, object and setters in one file. For a header and a .c: LW_DECLARE_TYPE in the one,
 * LW_DECLARE_OBJECT in the other. */
#define LW_DECLARE(T, definition, LIST, instances, hooks_) \
    LW_DECLARE_TYPE(T, LIST)                               \
    LW_DECLARE_OBJECT(T, definition, LIST, instances, hooks_)

#define LW_DECLARE_TYPE(T, LIST)       \
    LW_DECLARE_STRUCT(T, LIST)         \
    extern const lw_object T##_object; \
    LW_SETTER uint16_t T##_id(void)    \
    {                                  \
        return T##_object.def->id;     \
    }                                  \
    LW_DECLARE_SETTERS(T, LIST)

#define LW_DECLARE_OBJECT(T, definition, LIST, instances, hooks_) \
    LW_DECLARE_VERSION(T##_object, T, definition, LIST, instances, hooks_)

/* The pieces. Several objects may have one struct: versions of an object, or objects with the same
 * resources. T##_id() then is the id that the setters write to. */
#define LW_DECLARE_STRUCT(T, LIST) \
    typedef struct T {             \
        LW_MEMBERS(T, LIST)        \
    } T;

/* What the struct of an instance begins with; members of your own may follow. The first one is the
 * tree's: the id plus one, 0 where there is no instance, and which of the resources are present. */
#define LW_MEMBERS(T, LIST)                                  \
    union {                                                  \
        struct {                                             \
            uint16_t lw_number;                              \
            LIST(T, LW_MARK_ONE, LW_MARK_MANY, LW_MARK_CALL) \
        } is;                                                \
        uint64_t aligned;                                    \
    } lw_head;                                               \
    LIST(T, LW_MEMBER_ONE, LW_MEMBER_MANY, LW_MEMBER_CALL)

#define LW_DECLARE_SETTERS(T, LIST) LIST(T, LW_SETTER_ONE, LW_SETTER_MANY, LW_SETTER_CALL)

/* The struct was declared with as many rows. */
#define LW_ROWS_FIT(T, fields) \
    (sizeof(uint16_t) + sizeof(fields) / sizeof(lw_field) <= sizeof(((T *)0)->lw_head.is))

#define LW_DECLARE_VERSION(object, T, definition, LIST, instances, hooks_)                     \
    static const lw_field object##_fields[] = {LIST(T, LW_ROW_ONE, LW_ROW_MANY, LW_ROW_CALL)}; \
    typedef uint8_t object##_has_rows_of_its_struct[LW_ROWS_FIT(T, object##_fields) ? 1 : -1]; \
    const lw_object object = {                                                                 \
        .def = &(definition),                                                                  \
        .fields = object##_fields,                                                             \
        .field_count = sizeof object##_fields / sizeof object##_fields[0],                     \
        .instances_max = (instances),                                                          \
        .size = sizeof(T),                                                                     \
        .hooks = (hooks_),                                                                     \
    };

/* Is that list of objects, NULL-terminated, one that a client can have: no id twice, room for an
 * instance, at most LW_FIELDS_MAX fields each, ascending, and each known to the definition and of
 * its type? The answer is lw_client_mem_needed, too: 0. A client only asserts it, where NDEBUG is
 * not defined. */
bool lw_objects_are_sound(const lw_object *const *objects);

/* ---- The tree, as an application sees it ------------------------------------------------------
 */

/* The `ctx` of hooks, for lw/acts.h outside of a hook. */
void *lw_tree_ctx(const lw_tree *tree);

/* The struct of the instance at or above the path, or NULL. Read from it freely; write through
 * setters, or call lw_tree_touch before and lw_tree_changed after writing directly. It stays where
 * it is as long as the instance exists. */
void *lw_tree_struct(lw_tree *tree, lw_path path);

/* Keeps a copy of the instance for a rollback, when a transaction is open: what setters do by
 * themselves. A resource that the path names is there from now on. */
LW_MUST_CHECK lw_err lw_tree_touch(lw_tree *tree, lw_path path);

/* The value at a resource (single) or resource instance. LW_ENOTFOUND when the object, instance,
 * resource or resource instance is not there, or has no value now. Octets are borrowed from the
 * tree. */
LW_MUST_CHECK lw_err lw_tree_read(lw_tree *tree, lw_value *out_value, lw_path path);

LW_MUST_CHECK static inline lw_err lw_tree_get(lw_tree *tree, lw_path path, lw_value *out_value)
{
    return lw_tree_read(tree, out_value, path);
}

/* The same as a number: of an INTEGER, UNSIGNED, TIME or BOOLEAN, at most UINT32_MAX, which is also
 * what a negative number is; `absent` when there is none. */
uint32_t lw_tree_number_or(lw_tree *tree, uint32_t absent, lw_path path);

static inline uint32_t lw_tree_number(lw_tree *tree, lw_path path, uint32_t absent)
{
    return lw_tree_number_or(tree, absent, path);
}

/* The same as octets; empty when there are none. */
lw_bytes lw_tree_octets(lw_tree *tree, lw_path path);

/* Sets one value, as the device itself: no rights, no W needed. Converted to the field's type and
 * checked against the range: LW_ETYPE, LW_ERANGE; LW_ETOOBIG when it does not fit its capacity;
 * LW_ENOMEM when a multiple resource is full or no memory is left for the undo. A path to an
 * instance of a multiple resource creates it. A change is told to the observer of the tree. */
lw_err lw_tree_put(lw_tree *tree, const lw_value *value, lw_path path);

static inline lw_err lw_tree_set(lw_tree *tree, lw_path path, lw_value value)
{
    return lw_tree_put(tree, &value, path);
}

lw_err lw_tree_put_text(lw_tree *tree, const char *text, lw_path path);
lw_err lw_tree_put_integer(lw_tree *tree, int32_t number, lw_path path);

/* Removes an optional resource or a resource instance. LW_EMETHOD for a mandatory resource. */
lw_err lw_tree_unset(lw_tree *tree, lw_path path);

/* A computed resource has another value now, or the struct was written directly. Computed values
 * stand outside of transactions: their change is told at once, the other's with the commit. */
void lw_tree_changed(lw_tree *tree, lw_path path);

/* Adds an instance; id LW_ID_MAX takes the smallest free one. LW_EEXISTS, LW_ENOTFOUND (no such
 * object), LW_ENOMEM (no room), LW_ERANGE (single object, other id than 0). */
LW_MUST_CHECK lw_err lw_tree_add(lw_tree *tree, uint16_t object, uint16_t id,
                                 lw_path *out_instance);
LW_MUST_CHECK lw_err lw_tree_remove(lw_tree *tree, lw_path instance);

#ifdef __cplusplus
}
#endif
#endif
