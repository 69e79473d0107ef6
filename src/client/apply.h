/* The values of a payload into the tree: what Write, Create, Write-Composite and a bootstrap have
 * in common. Values are checked as the tree does, W of their resources and ranges included;
 * optional resources that are unknown are ignored where the operation says so.
 */
#ifndef LW_CLIENT_APPLY_H
#define LW_CLIENT_APPLY_H

#include "client/serve.h"

typedef struct lw_apply lw_apply;

/* How an operation differs from a Write to one target; what may be NULL and does not differ is. */
typedef struct lw_apply_rules {
    bool bootstrap; /* all but executables may be set (BS-29). Else: what has W */
    bool lenient;   /* what may not be set is ignored, not refused */
    /* An entry names this path, within the base: makes ready what it stands in, or refuses. Nothing
     * is set before all were asked for. May be NULL. */
    lw_err (*prepare)(lw_apply *apply, const lw_entry *e);
    /* Where a value of that path goes. May be NULL. */
    lw_path (*place)(const lw_apply *apply, lw_path path);
    /* What the operation wants of a value, or makes of it, before it is set. */
    lw_err (*check)(const lw_apply *apply, const lw_place *at, lw_value *value);
    /* Null in a patch. NULL where no payload is one. */
    lw_err (*remove)(lw_tree *tree, lw_path path);
} lw_apply_rules;

struct lw_apply {
    lw_client *client;
    const lw_apply_rules *rules;
    const lw_server *server; /* of the rules */
    bool single;             /* the base is that of one value, which must be there */
    bool replace;            /* DM-31, DM-33, BS-27: what is not given goes */
    bool passing_on;         /* it is the turn of values for the device itself */
    uint16_t first, chosen;  /* of Create: instances that it made; LW_ID_MAX: none yet */
    uint32_t count;          /* entries so far, in this pass */
    lw_decoder decoder; /* of the payload, fed with all of it; its format is NULL: there is none.
                           cfg.base: of the request; values outside are LW_EINVAL (DM-43).
                           cfg.scratch: not where the payload is */
};

/* For a request: its base and payload, and what is unused of the answer as scratch. */
void lw_apply_init(lw_apply *apply, const lw_call *call, const lw_apply_rules *rules);

/* rules->check of servers. MDL-08: a link leads somewhere. */
LW_MUST_CHECK lw_err lw_apply_check_link(const lw_apply *apply, const lw_place *at,
                                         lw_value *value);

/* The first pass alone: asks rules->prepare for every entry. */
LW_MUST_CHECK lw_err lw_apply_prepare(lw_apply *apply);

/* Sets every value in an open transaction of the tree. The caller begins, commits or rolls back. */
LW_MUST_CHECK lw_err lw_apply_payload(lw_apply *apply);

/* The same in a transaction of its own: all or nothing (DM-39). */
LW_MUST_CHECK lw_err lw_apply_as_whole(lw_apply *apply);

#endif
