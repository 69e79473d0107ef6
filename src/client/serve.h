/* Requests of servers: routed (proto/request.h), checked in the order of DM-05, handed to the room
 * that serves the operation. Also the pieces that several operations need.
 */
#ifndef LW_CLIENT_SERVE_H
#define LW_CLIENT_SERVE_H

#include "client/engine.h"
#include "lw/path.h"

/* The endpoint's on_request for a peer that is `server`. Answers 2.xx to 5.xx; silence for servers
 * that are not registered with (REG-08) is a reply code of LW_COAP_EMPTY. */
lw_err lw_serve(lw_client *client, lw_server *server, const lw_coap_inbound *in,
                lw_coap_reply *reply);

/* One operation each; the code of the answer. Rights, existence and formats are checked before. */
uint8_t lw_serve_read(const lw_call *call);
uint8_t lw_serve_discover(const lw_call *call);
uint8_t lw_serve_write(const lw_call *call); /* Replace and Partial Update, by call->request->op */
uint8_t lw_serve_execute(const lw_call *call);
uint8_t lw_serve_create(const lw_call *call);
uint8_t lw_serve_delete(const lw_call *call);

/* ---- Shared pieces ---- */

/* Rights of the server (LW_RIGHT_…): all without lw_feature_access, or with one account (ACL-02).
 */
unsigned lw_rights_of(lw_client *client, const lw_server *server, uint16_t object,
                      uint16_t instance);

/* A source of the readable values at and below a path, for lw_encode: resources without R, without
 * a value now, and instances without the right are left out (DM-11, DM-18). Zero server: no rights
 * are asked (local use). `visible` counts nothing; LW_END at once means there is nothing to read.
 */
typedef struct lw_readable {
    lw_client *client;
    const lw_server *server;
    const lw_path *targets; /* disjoint or not; each value once (DM-92) */
    size_t target_count;
} lw_readable;
lw_source lw_readable_source(const lw_readable *readable);

/* Decodes a payload and sets every value in an open transaction of the tree: types, ranges, W of
 * the resources (unless bootstrap), unknown optional resources ignored where the operation says so.
 * The caller begins, commits or rolls back. */
typedef struct lw_apply {
    lw_client *client;
    const lw_format *format;
    lw_path base; /* of the request; values outside are LW_EINVAL (DM-43) */
    lw_bytes payload;
    bool bootstrap;          /* BS-26: no rights, no W; missing instances are made */
    bool create;             /* DM-74: read-only values are ignored */
    bool replace;            /* DM-31, DM-33: what is not given goes */
    const lw_server *server; /* asked for W on each instance when set (Write-Composite) */
} lw_apply;
LW_MUST_CHECK lw_err lw_apply_payload(const lw_apply *apply);

#endif
