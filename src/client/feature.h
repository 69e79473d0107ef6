/* An optional part of the engine: one const table each, named in lw_client_cfg.features.
 *
 * The engine calls the hooks of every feature that is named, in the order of the list; any may be
 * NULL. `state` is the feature's own memory, zeroed at the start.
 */
#ifndef LW_CLIENT_FEATURE_H
#define LW_CLIENT_FEATURE_H

#include "base/reader.h"
#include "client/engine.h"
#include "model/attr.h"
#include "proto/op.h"
#include "proto/request.h"

struct lw_bootstrap; /* client/bootstrap.h */
struct lw_observed;  /* client/observe.h */

/* Gives octets [offset, offset + len) of the body of a request of ours. */
typedef lw_err (*lw_body_fn)(void *ctx, size_t offset, uint8_t *out, size_t len);

/* What concerns the whole client. */
typedef enum lw_client_moment {
    LW_MOMENT_LOAD,     /* it starts: what storage holds may take the place of the factory data */
    LW_MOMENT_ACCOUNTS, /* the accounts in the tree may be others: it starts, or a bootstrap is
                           about to be committed; a failure refuses it */
    LW_MOMENT_RESUME,   /* it starts, the servers are known: registrations may go on */
    LW_MOMENT_COMMIT,   /* a bootstrap is about to be acknowledged; a failure refuses it */
    LW_MOMENT_CHANGED,  /* what is kept of observations is different now */
    LW_MOMENT_STOP      /* lw_client_stop: no word more */
} lw_client_moment;

/* ---- Parts ------------------------------------------------------------------------------------
 * What one feature does for the others: the hooks of a part come together, none is NULL.
 */

typedef struct lw_part_access {
    /* Rights of the server on the instance at or above the path, or to create instances of an
     * object (LW_RIGHT_…). */
    unsigned (*rights)(const lw_server *server, lw_path path);
    /* A server created an instance. */
    lw_err (*created)(const lw_server *server, lw_path instance);
} lw_part_access;

typedef struct lw_part_observe {
    /* Writes to a link the attributes that the server attached at this path; of the target of a
     * Discover with those it inherits (DM-22). */
    void (*attributes)(void *state, const lw_server *server, lw_path path, bool is_target,
                       lw_writer *w);
    /* Serves Observe and Cancel of call->values, and answers. */
    lw_err (*observe)(void *state, const lw_call *call);
    /* A message of the server that is no request and answers none of ours; see lw_coap_handler. */
    void (*on_reset)(void *state, lw_server *server, uint16_t mid);
} lw_part_observe;

typedef struct lw_part_blockwise {
    /* Sends a request of ours whose body may take several messages; and gives up what is in
     * flight. */
    lw_err (*start)(lw_server *server, const lw_coap_request *request, lw_body_fn body,
                    size_t body_len, void **out_asking);
    void (*cancel)(void *asking, lw_time now);
} lw_part_blockwise;

/* blockwise.c: `start` of that, for who sends in blocks in any case. */
LW_MUST_CHECK lw_err lw_body_send(lw_server *server, const lw_coap_request *request,
                                  lw_body_fn body, size_t body_len, void **out_asking);

typedef struct lw_part_bootstrap {
    /* Starts it, or says LW_ESTATE when there is no Bootstrap-Server account. */
    lw_err (*begin)(void *state);
    /* As lw_route_bootstrap; 4.05 when no session runs (rule 11). */
    uint8_t (*route)(const void *state, lw_version version, const lw_coap_msg *msg,
                     lw_request *out_request);
    /* For lw_feature_persist: what outlives a power loss with the configuration. `save` is called
     * twice and writes the same; `restore` reads it, once the configuration is there again. */
    void (*save)(const void *state, lw_writer *out);
    void (*restore)(void *state, lw_reader *in);
} lw_part_bootstrap;

/* ---- The feature ------------------------------------------------------------------------------
 */

struct lw_client_feature {
    uint32_t ops; /* bit 1 << lw_op: the operations `serve` takes */
    uint8_t part; /* lw_part: what of `as` holds */

    size_t (*size)(const lw_client_cfg *cfg); /* octets of state; NULL: none */
    lw_err (*init)(lw_client *client, void *state);

    /* Serves one of its operations: everything of DM-05 but the payload was checked, and the
     * formats are chosen. Operations of a bootstrap come with their formats alone. Fills
     * reply->options and reply->payload; what it returns becomes the code (lw_op_code), except
     * LW_END: reply->code is what it is. */
    lw_err (*serve)(void *state, lw_call *call);

    void (*on_server)(void *state, lw_server *server, lw_server_event event);

    /* A failure matters where lw_client_moment says so. */
    lw_err (*on_moment)(void *state, lw_client *client, lw_client_moment moment);

    /* After a commit, or at once outside of a transaction. */
    void (*on_change)(void *state, lw_client *client, lw_tree_change change, lw_path path);

    union {
        lw_part_access access;
        lw_part_observe observe;
        /* composite: what is in effect for a list, of what is for its members (OBS-26) */
        void (*join)(const struct lw_observed *obs, lw_attrs *out_attrs);
        lw_part_blockwise blockwise;
        lw_part_bootstrap bootstrap;
        /* pack: asks for the whole configuration at once; LW_ENOTSUP: not for this device */
        lw_err (*ask_pack)(struct lw_bootstrap *bs);
    } as;
};

/* A feature that is named, with its state. */
struct lw_plug {
    lw_plug *next; /* NULL: this is the last one that has begun */
    const lw_client_feature *feature;
    max_align_t state[]; /* of feature->size */
};

/* All of them, in the order of the list:
 *
 *     LW_EACH_PLUG (client, plug) {
 *         if (plug->feature->on_server != NULL) {
 *             plug->feature->on_server(plug->state, server, event);
 *         }
 *     }
 */
#define LW_EACH_PLUG(client, plug) \
    for (lw_plug *plug = (client)->plugs; plug != NULL; plug = plug->next)

/* Who does the part; NULL: nobody. */
static inline lw_plug *lw_client_part(const lw_client *client, lw_part part)
{
    return client->parts[part];
}

/* Tells the features; the first failure. */
lw_err lw_client_reach(lw_client *client, lw_client_moment moment);

/* The state of a feature, or NULL when it is not named. */
void *lw_client_feature_state(const lw_client *client, const lw_client_feature *feature);

#endif
