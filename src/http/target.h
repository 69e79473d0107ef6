/* The target of an HTTP request ("/v1/devices/a%2Fb?limit=5"), taken apart.
 *
 * Segments are decoded one by one, so that an encoded slash stays inside its segment. The path is
 * also there as a whole, from any segment on: for routes whose last parameter has slashes itself.
 */
#ifndef LW_HTTP_TARGET_H
#define LW_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "lw/bytes.h"
#include "lw/err.h"

#define LW_TARGET_SEGMENTS_MAX 16u
#define LW_TARGET_ITEMS_MAX    16u /* of the query */

typedef struct lw_target_item {
    lw_bytes name, value;
} lw_target_item;

/* Everything points into the buffer that was parsed into. */
typedef struct lw_target {
    lw_bytes segments[LW_TARGET_SEGMENTS_MAX];
    size_t segment_count;
    lw_target_item items[LW_TARGET_ITEMS_MAX];
    size_t item_count;
} lw_target;

/* Decodes `text` into out, which has room for text.len octets. An absolute URL is taken by its
 * path. LW_EFORMAT: bad escapes, control characters, or not UTF-8; LW_ETOOBIG: too many segments or
 * items. */
LW_MUST_CHECK lw_err lw_target_parse(lw_bytes text, char *out, lw_target *out_target);

/* From segment `first` to the end of the path, slashes between. Empty when there is none. */
lw_bytes lw_target_rest(const lw_target *target, size_t first);

/* The value of the first item of that name, or NULL. */
const lw_bytes *lw_target_item_of(const lw_target *target, const char *name);

#endif
