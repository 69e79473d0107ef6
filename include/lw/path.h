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
#define LW_PATH_TEXT_MAX  24u /* "/65535/65535/65535/65535" without a NUL */

typedef enum lw_level {
    LW_LEVEL_ROOT = 0,
    LW_LEVEL_OBJECT = 1,
    LW_LEVEL_INSTANCE = 2,
    LW_LEVEL_RESOURCE = 3,
    LW_LEVEL_RESOURCE_INSTANCE = 4
} lw_level;

typedef struct lw_path {
    uint16_t id[4]; /* object, instance, resource, resource instance; ids past depth are 0 */
    uint8_t depth;  /* lw_level: how many ids are given */
} lw_path;

static inline lw_path lw_path_root(void)
{
    lw_path p = {{0, 0, 0, 0}, 0};
    return p;
}

static inline lw_path lw_path_object(uint16_t o)
{
    lw_path p = {{o, 0, 0, 0}, 1};
    return p;
}

static inline lw_path lw_path_instance(uint16_t o, uint16_t i)
{
    lw_path p = {{o, i, 0, 0}, 2};
    return p;
}

static inline lw_path lw_path_resource(uint16_t o, uint16_t i, uint16_t r)
{
    lw_path p = {{o, i, r, 0}, 3};
    return p;
}

static inline lw_path lw_path_resource_instance(uint16_t o, uint16_t i, uint16_t r, uint16_t ri)
{
    lw_path p = {{o, i, r, ri}, 4};
    return p;
}

/* p with one more level. LW_PATH_DEPTH_MAX levels must not be reached yet. */
lw_path lw_path_child(lw_path p, uint16_t id);

/* p cut to at most `depth` levels. */
lw_path lw_path_cut(lw_path p, unsigned depth);

bool lw_path_equal(lw_path a, lw_path b);

/* True when b is a or lies below a. The root contains everything. */
bool lw_path_contains(lw_path a, lw_path b);

/* Tree order, a parent before its children: negative, zero, positive. */
int lw_path_compare(lw_path a, lw_path b);

/* Parses "/3/0/9" or "/" (DM-03: decimal, no leading zeros, no empty segment, ids 0..65535, at most
 * four). LW_EFORMAT when a segment is not a number, LW_EDEPTH when a fifth follows, LW_ERANGE when
 * an id is larger than 65535. One trailing slash is tolerated (REG-25). */
LW_MUST_CHECK lw_err lw_path_parse(lw_bytes text, lw_path *out_path);

/* Writes "/3/0/9" ("/" for the root), without a NUL; returns the length, at most LW_PATH_TEXT_MAX.
 */
size_t lw_path_format(lw_path p, char out[LW_PATH_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
