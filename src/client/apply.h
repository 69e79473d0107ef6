/* The values of a payload into the tree: what Write, Create, Write-Composite and a bootstrap have
 * in common. Values are checked as the tree does, W of their resources and ranges included;
 * optional resources that are unknown are ignored where the operation says so.
 */
#ifndef LW_CLIENT_APPLY_H
#define LW_CLIENT_APPLY_H

#include "client/serve.h"

typedef struct lw_apply lw_apply;

/* How an operation differs from a Write to one target; what does not differ is NULL. */
typedef struct lw_apply_rules {
    bool bootstrap; /* all but executables may be set, and links lead to what is not there yet
                       (BS-29, BS-40). Else: what has W, and links that lead somewhere (MDL-08) */
    bool lenient;   /* what may not be set is ignored, not refused */
    /* An entry names this path, within the base: makes ready what it stands in, or refuses. Nothing
     * is set before all were asked for. */
    lw_err (*prepare)(lw_apply *apply, lw_path path);
    /* Where a value of that path goes. */
    lw_path (*place)(const lw_apply *apply, lw_path path);
    /* Null in a patch. */
    lw_err (*remove)(lw_tree *tree, lw_path path);
} lw_apply_rules;

struct lw_apply {
    lw_client *client;
    const lw_apply_rules *rules;
    const lw_format *format; /* NULL: no payload */
    bool single;             /* the base is that of one value, which must be there */
    bool replace;            /* DM-31, DM-33, BS-27: what is not given goes */
    bool has_computed;       /* values for the device itself came along */
    bool passing_on;         /* it is their turn */
    uint16_t first, chosen;  /* of Create: instances that it made; LW_ID_MAX: none yet */
    uint32_t count;          /* entries so far, in this pass */
    uint32_t seen;           /* digests of their paths */
    lw_bytes payload;
    const lw_server *server; /* of the rules */
    lw_decode_cfg cfg;       /* base: of the request; values outside are LW_EINVAL (DM-43). type_of:
                                the tree's, or NONE for an opaque resource, which then takes the
                                octets of a text. scratch: not where the payload is */
};

/* For a request: its base and payload, and what is unused of the answer as scratch. */
void lw_apply_init(lw_apply *apply, const lw_call *call, const lw_apply_rules *rules);

/* The first pass alone: asks rules->prepare for every entry. */
LW_MUST_CHECK lw_err lw_apply_prepare(lw_apply *apply);

/* Sets every value in an open transaction of the tree. The caller begins, commits or rolls back. */
LW_MUST_CHECK lw_err lw_apply_payload(lw_apply *apply);

/* The same in a transaction of its own: all or nothing (DM-39). */
LW_MUST_CHECK lw_err lw_apply_as_whole(lw_apply *apply);

#endif
