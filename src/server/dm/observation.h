/* Wishes to observe: what operators want to be told, kept until they withdraw it.
 *
 *             the device can be reached            2.05 with Observe
 *   WAITING ----------------------------> ASKED -----------------------> ESTABLISHED
 *      ^  ^                               |   |                             |
 *      |  +------- no answer -------------+   | 4.xx, 5.xx, Reset, or       | an error, or an
 * answer |                                      | no Observe in the answer    | without Observe |
 * v                             | |                                   REFUSED
 * <------------------------+
 *      +--- a new registration, another address, a restart, the end of the registration: from
 *           everywhere
 *
 * One Observe of a device is in flight at a time. The token of a wish is a keyed hash of what the
 * device was given as its location, the target, and when the wish was made: it is the same after a
 * restart without being stored, so that no notification is rejected by a server that has just come
 * back; and it is another after a new Register and for a wish that replaces another.
 */
#ifndef LW_SERVER_DM_OBSERVATION_H
#define LW_SERVER_DM_OBSERVATION_H

#include "coap/observe.h"
#include "coap/transfer.h"
#include "server/dm/downlink.h"
#include "server/engine.h"
#include "server/shared/keep.h"

#define LW_WISH_PATHS_MAX 128u /* of a composite */

typedef struct lw_wish {
    lw_link link;            /* lw_wishes.all, in the order in which they are asked */
    lw_keep keep;            /* its row: put, or taken away */
    lw_coap_observation obs; /* in lw_wishes.established while the device observes for us */
    lw_server *server;
    lw_device *device;
    lw_coap_transfer *transfer; /* the Observe, or the rest of a notification; NULL: none */
    lw_downlink downlink;
    lw_server_kept_fn *on_kept;
    void *ctx;
    lw_time created_at, notified_at; /* wall clock */
    uint64_t notifications;
    const char *why;       /* REFUSED: a sentence, or NULL: code says it */
    uint8_t *payload;      /* of the request in flight; owned */
    uint16_t asked_format; /* by the operator; 65535: chosen */
    uint8_t state;         /* lw_wish_state */
    uint8_t code;
    bool composite;
    bool is_translated; /* downlink holds */
    bool is_observed;   /* the first block of the answer said so */
    bool is_new;        /* not durable yet: asked for when it is */
    bool is_withdrawn;  /* until that is durable */
    uint16_t target_len, attributes_len;
    uint8_t texts[];
} lw_wish;

struct lw_wishes {
    lw_link all, established;
    uint16_t count;
    bool is_silent; /* it did not answer: not asked again before it is heard of */
};

static inline lw_bytes lw_wish_target(const lw_wish *wish)
{
    return lw_bytes_of(wish->texts, wish->target_len);
}

/* ---- What the engine tells ---- */

/* A message of the device was answered: it can be asked now. */
void lw_observation_heard(lw_server *server, lw_device *device);
/* It has another object list: what it refused may be there now. */
void lw_observation_listed(lw_server *server, lw_device *device);
/* Its address changed: everything is asked again, with the same tokens. */
void lw_observation_moved(lw_server *server, lw_device *device);
/* The registration ended: nothing is established any more. */
void lw_observation_stop(lw_server *server, lw_device *device);
/* The device is forgotten: wishes end (lw_server_free as well). */
void lw_observation_forget(lw_server *server, lw_device *device);

uint32_t lw_observation_count(const lw_device *device);

/* A response that no request waits for: what lw_coap_notified is to be told. */
LW_MUST_CHECK lw_err lw_observation_notified(lw_server *server, lw_peer *peer,
                                             const lw_coap_msg *msg);
/* The store could not keep a notification with that token: when it comes again it is as new. */
void lw_observation_lost(lw_server *server, lw_peer *peer, lw_coap_token token);

LW_MUST_CHECK lw_err lw_observation_load(lw_server *server, const lw_row_wish *row);

/* Nothing is asked of anybody: for lw_server_drain. */
bool lw_observation_is_quiet(const lw_server *server);

/* ---- Between wish.c and observation.c ---- */

/* Asks for the next one that waits, if the device can be asked. */
void lw_observation_ask_next(lw_server *server, lw_device *device);
/* It is wanted no more: tells the device if it can be reached, else its next notification is
 * answered with Reset. */
void lw_observation_cancel(lw_server *server, lw_wish *wish);
/* Leaves the list and stops what is in flight, without a word to the device. */
void lw_observation_drop(lw_server *server, lw_wish *wish);
/* It may have been asked for before the server went down: its notifications are welcome. */
void lw_observation_expect(lw_server *server, lw_wish *wish);
/* The paths of a composite, in SenML-ETCH CBOR. */
LW_MUST_CHECK lw_err lw_wish_write_paths(lw_bytes target, lw_writer *w);
/* Does a composite name this path, or one above it? */
bool lw_wish_names(lw_bytes target, lw_path path);

#endif
