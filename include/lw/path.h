/* The path of an entity in the LwM2M tree: root, /o, /o/i, /o/i/r or /o/i/r/ri (MDL-01).
 *
 * Identifiers are 0..65534 (VER-20). 65535 (LW_ID_MAX) never names an entity; it stands for "any"
 * in object links, and for "the client chooses" as the instance of a Create (FMT-31). A value type:
 * copy it freely.
 */
#ifndef LW_PATH_H
#define LW_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LW_ID_MAX         65535u
#define LW_PATH_DEPTH_MAX 4u
#define LW_PATH_TEXT_MAX  24u /* "/65534/65534/65534/65534" without a NUL */

typedef enum lw_level {
    LW_LEVEL_ROOT = 0,
    LW_LEVEL_OBJECT = 1,
    LW_LEVEL_INSTANCE = 2,
    LW_LEVEL_RESOURCE = 3,
    LW_LEVEL_RESOURCE_INSTANCE = 4
} lw_level;

/* One number: 16 bits a level, the object's first, each an identifier plus one or 0 for none. Tree
 * order is the order of these numbers. How they are made is known to the functions below alone. */
typedef struct lw_path {
    uint64_t key;
} lw_path;

static inline lw_path lw_path_root(void)
{
    lw_path p = {0};
    return p;
}

static inline lw_path lw_path_object(uint16_t o)
{
    lw_path p = {(uint64_t)(o + 1u) << 48};
    return p;
}

/* The keys of the paths below: a number is returned in registers where a structure is not, unless
 * what makes one of the other becomes a function again. */
#if defined(__GNUC__)
#define LW_PATH_INLINE static inline __attribute__((always_inline))
#else
#define LW_PATH_INLINE static inline
#endif
static inline uint64_t lw_path_key(uint16_t o, uint16_t i, uint32_t lower)
{
    return (uint64_t)((o + 1u) << 16 | (uint16_t)(i + 1u)) << 32 | lower;
}
uint64_t lw_path_child_key(lw_path p, uint16_t id);
uint64_t lw_path_cut_key(lw_path p, unsigned depth);

static inline lw_path lw_path_instance(uint16_t o, uint16_t i)
{
    lw_path p = {lw_path_key(o, i, 0)};
    return p;
}

static inline lw_path lw_path_resource(uint16_t o, uint16_t i, uint16_t r)
{
    lw_path p = {lw_path_key(o, i, (r + 1u) << 16)};
    return p;
}

static inline lw_path lw_path_resource_instance(uint16_t o, uint16_t i, uint16_t r, uint16_t ri)
{
    lw_path p = {lw_path_key(o, i, (r + 1u) << 16 | (ri + 1u))};
    return p;
}

/* A resource of an instance, and an instance of a resource. */
static inline lw_path lw_path_resource_of(lw_path instance, uint16_t r)
{
    lw_path p = {instance.key | (uint32_t)(r + 1u) << 16};
    return p;
}

static inline lw_path lw_path_instance_of(lw_path resource, uint16_t ri)
{
    lw_path p = {resource.key | (ri + 1u)};
    return p;
}

/* How many levels are given. */
unsigned lw_path_depth(lw_path p);

/* The identifier at a level of 1 to 4: LW_LEVEL_OBJECT, …; LW_ID_MAX where none is given. */
static inline uint16_t lw_path_id(lw_path p, unsigned level)
{
    uint32_t word = level <= LW_LEVEL_INSTANCE ? (uint32_t)(p.key >> 32) : (uint32_t)p.key;
    return (uint16_t)((level % 2 != 0 ? word >> 16 : word) - 1);
}

/* Are so many levels given, or more? For a level that is known when it is compiled: shorter then
 * than what asks lw_path_depth. */
static inline bool lw_path_reaches(lw_path p, lw_level level)
{
    uint32_t lower = (uint32_t)p.key;
    switch (level) {
    case LW_LEVEL_RESOURCE_INSTANCE:
        return lower > UINT16_MAX && (uint16_t)lower != 0;
    case LW_LEVEL_RESOURCE:
        return lower > UINT16_MAX;
    case LW_LEVEL_INSTANCE:
        return lower != 0 || (uint16_t)(p.key >> 32) != 0;
    case LW_LEVEL_OBJECT:
        return p.key != 0;
    case LW_LEVEL_ROOT:
        break;
    }
    return true;
}

/* One level more. LW_EDEPTH when there are four; LW_ERANGE for LW_ID_MAX, which is for the instance
 * alone: the client chooses. The path stays as it is then. */
LW_MUST_CHECK lw_err lw_path_append(lw_path *p, uint16_t id);

/* p with one more level, where that cannot fail. */
static inline lw_path lw_path_child(lw_path p, uint16_t id)
{
    lw_path child = {lw_path_child_key(p, id)};
    return child;
}

/* Is it an instance, or below one, that the client is to choose (FMT-31)? */
static inline bool lw_path_is_chosen(lw_path p)
{
    return (uint32_t)p.key != 0 && (uint16_t)(p.key >> 32) == 0;
}

/* Such a path when the client has chosen. */
lw_path lw_path_with_instance(lw_path p, uint16_t id);

/* p cut to at most `depth` levels. */
LW_PATH_INLINE lw_path lw_path_cut(lw_path p, unsigned depth)
{
    lw_path cut = {lw_path_cut_key(p, depth)};
    return cut;
}

/* p without its last level, and the identifier there. The root has none. */
LW_PATH_INLINE lw_path lw_path_parent(lw_path p)
{
    return lw_path_cut(p, lw_path_depth(p) - 1);
}
uint16_t lw_path_last(lw_path p);

static inline bool lw_path_equal(lw_path a, lw_path b)
{
    return a.key == b.key;
}

/* True when b is a or lies below a. The root contains everything. */
bool lw_path_contains(lw_path a, lw_path b);

/* Tree order, a parent before its children: negative, zero, positive. */
static inline int lw_path_compare(lw_path a, lw_path b)
{
    return (a.key > b.key) - (a.key < b.key);
}

/* Parses "/3/0/9" or "/" (DM-03: decimal, no leading zeros, no empty segment, ids 0..65534, at most
 * four; 65535 as an instance). LW_EFORMAT when a segment is not a number, LW_EDEPTH when a fifth
 * follows, LW_ERANGE when an id is larger. One trailing slash is tolerated (REG-25). */
LW_MUST_CHECK lw_err lw_path_parse(lw_bytes text, lw_path *out_path);

/* Writes "/3/0/9" ("/" for the root), without a NUL; returns the length, at most LW_PATH_TEXT_MAX.
 */
size_t lw_path_format(lw_path p, char out[LW_PATH_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
