/* Paths that are asked for together: the list in the body of a FETCH, and what Send is given.
 *
 * A list is kept ascending, and without what another of its paths covers: each value comes once
 * (DM-92), all of an instance together, and the same list given in another order is the same list
 * (OBS-27).
 */
#ifndef LW_CLIENT_TARGETS_H
#define LW_CLIENT_TARGETS_H

#include "client/serve.h"

/* The paths in the payload of a composite request become those of call->values. LW_EINVAL for an
 * empty list; LW_ENOMEM, LW_ETOOBIG. To be freed in any case. */
LW_MUST_CHECK lw_err lw_targets_read(lw_call *call);
void lw_targets_free(const lw_call *call);

/* Puts paths in order, in place, and drops what is covered; returns how many are left. */
size_t lw_targets_sort(lw_path *list, size_t count);

#endif
