/* Paths that are asked for together: the list in the body of a FETCH, and what Send is given.
 *
 * A list is kept ascending, and without what another of its paths covers: each value comes once
 * (DM-92), all of an instance together, and the same list given in another order is the same list
 * (OBS-27).
 */
#ifndef LW_CLIENT_TARGETS_H
#define LW_CLIENT_TARGETS_H

#include "client/serve.h"

typedef struct lw_targets {
    lw_path *list; /* from the client's memory */
    size_t count;
} lw_targets;

/* The paths in the payload of a composite request. LW_EINVAL for an empty list; LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_targets_read(lw_targets *targets, const lw_call *call);
void lw_targets_fini(lw_targets *targets, lw_client *client);

/* Puts paths in order, in place, and drops what is covered; returns how many are left. */
size_t lw_targets_sort(lw_path *list, size_t count);

/* LW_EDENIED when nothing can be read at any of them for want of rights (DM-93, ACL-08). */
LW_MUST_CHECK lw_err lw_targets_may_read(const lw_targets *targets, const lw_server *server);

/* All of them, as the server of the call may read them. The list is borrowed. */
lw_readable lw_targets_readable(const lw_targets *targets, const lw_call *call);

/* Answers with the values that are there now, best effort (DM-91); the code of the answer. */
uint8_t lw_targets_answer(const lw_targets *targets, const lw_call *call);

#endif
