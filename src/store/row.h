/* Rows as the stores handle them: copied, checked, named, and waiting as changes.
 */
#ifndef LW_STORE_ROW_H
#define LW_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/ports.h"

/* "device", "wish", "request", "value", "credential", …: the names of files and exports, which
 * never change. NULL when there is no such kind. */
const char *lw_row_kind_name(lw_row_kind kind);
bool lw_row_kind_is_document(lw_row_kind kind);

#define LW_ROW_SLICES_MAX 6u

/* Where the row points to octets: fills out with pointers into *row, returns how many. */
size_t lw_row_slices(lw_row *row, lw_bytes *out[LW_ROW_SLICES_MAX]);

/* LW_EINVAL: no such kind, or an empty key; LW_ETOOBIG: LW_ROW_KEY_MAX or LW_ROW_MAX. With `key`
 * only the key is looked at, and values have none. */
LW_MUST_CHECK lw_err lw_row_check(const lw_row *row, bool key);

/* LW_EINVAL: no endpoint, or a step below 0. */
LW_MUST_CHECK lw_err lw_values_query_check(const lw_values_query *query);

/* A row on the heap with all it points to, in one piece: free() it. NULL: out of memory. */
lw_row *lw_row_dup(const lw_row *row);

/* ---- Changes: what was put and is not yet durable ---- */

typedef struct lw_change lw_change;
struct lw_change {
    lw_change *next;
    lw_ticket ticket;
    bool urgent;
    bool removal;  /* of the row with this key */
    size_t octets; /* of memory, this struct included */
    lw_row row;
};

/* Checks and copies; the change is one piece of heap. LW_EINVAL, LW_ETOOBIG, LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_change_new(const lw_row *row, bool removal, lw_haste haste,
                                   lw_change **out_change);

/* A queue of changes in order of arrival. */
typedef struct lw_changes {
    lw_change *first, *last;
    size_t count, urgent;
    size_t octets;
} lw_changes;

void lw_changes_add(lw_changes *list, lw_change *change);
lw_change *lw_changes_take_first(lw_changes *list); /* NULL when empty */
/* Puts all of `more` behind what is there; more is empty afterwards. */
void lw_changes_append(lw_changes *list, lw_changes *more);
/* Frees the urgent ones. */
void lw_changes_drop_urgent(lw_changes *list);
void lw_changes_clear(lw_changes *list);

#endif
