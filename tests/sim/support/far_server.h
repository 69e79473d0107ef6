/* An LwM2M server as a device sees one: the far end of the simulations of src/client.
 *
 * It shares nothing with the device but the CoAP endpoint: it reads paths and queries as text,
 * knows what it was told from nowhere else, and keeps all of it for the test to look at. By itself
 * it is honest: it registers, updates and de-registers whoever asks, accepts Sends, and starts a
 * bootstrap (`plan`). A test makes it misbehave:
 *
 *   far_server_answers(s, &(far_answer){.code = …}, 1);   the next request; then honest again
 *   s->always = &silence;                                  every request
 *   s->is_off = true;                                      hears nothing, as if unplugged
 *   far_server_forget(s);                                  4.04 to all that follows
 *   far_server_restart(s);                                 the same, with a CoAP endpoint of no
 * past far_server_send(s, octets)                             anything at all
 */
#ifndef LW_SIM_FAR_SERVER_H
#define LW_SIM_FAR_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/bodies.h"
#include "coap/exchange.h"
#include "coap/later.h"
#include "coap/reply.h"
#include "coap/transfer.h"
#include "testing/fakes.h"
#include "testing/simnet.h"

#define FAR_REQUESTS_MAX      512
#define FAR_NOTIFICATIONS_MAX 512
#define FAR_SCRIPT_MAX        32
#define FAR_PEERS_MAX         4
#define FAR_TEXT_MAX          256
#define FAR_BODY_MAX          4096

/* How one request is answered. */
typedef struct far_answer {
    uint8_t code;         /* LW_COAP_EMPTY: not at all */
    uint32_t after_ms;    /* a separate answer, this much later; 0: piggybacked */
    const char *location; /* "/rd/1"; NULL: none */
} far_answer;

extern const far_answer far_silence;

/* A request of the device, once however often it came. */
typedef struct far_request {
    lw_time at;
    lw_sim_addr from;
    lw_coap_token token;
    unsigned copies; /* that were not answered, and the one that was */
    bool is_ignored; /* with its copies */
    uint8_t code;
    char path[FAR_TEXT_MAX];  /* "/rd/1" */
    char query[FAR_TEXT_MAX]; /* "ep=dev1&lt=300" */
    int format;               /* -1: none */
    size_t len;
    char body[FAR_BODY_MAX];
} far_request;

typedef struct far_notification {
    lw_time at;
    uint8_t code;
    bool confirmable;
    lw_coap_token token;
    int64_t observe; /* -1: none */
    int format;
    size_t len;
    char body[FAR_BODY_MAX];
} far_notification;

/* A request of the server, and how it ended. */
typedef struct far_ask {
    uint8_t code;
    const char *target; /* "/3/0/9?pmin=10" */
    int observe;        /* as the option; -1: none */
    int accept, format; /* -1: none */
    lw_bytes body;
    uint8_t token; /* 0: a fresh one */
} far_ask;

typedef struct far_reply {
    bool is_over;
    lw_err err;
    uint8_t code;
    int64_t observe;
    int format;
    char location[FAR_TEXT_MAX];
    size_t len;
    char body[FAR_BODY_MAX];
} far_reply;

typedef struct far_registration {
    bool is_there;
    char endpoint[64];
    char location[FAR_TEXT_MAX];
    lw_sim_addr from;
    uint64_t lifetime;
    char list[FAR_BODY_MAX];
} far_registration;

typedef struct far_peer {
    lw_coap_peer coap;
    lw_sim_addr addr; /* 0: free */
} far_peer;

typedef struct far_later far_later;

typedef struct far_server {
    const char *name;
    lw_sim *sim;
    lw_sim_node *node;
    lw_coap coap;
    lw_coap_params params;
    lw_coap_bodies bodies;
    lw_fake_mem mem;
    lw_rng_seeded rng;
    far_peer peers[FAR_PEERS_MAX];
    lw_deadlines later;
    far_registration registration; /* one device at a time */
    unsigned registrations;        /* so far */
    bool is_off;
    const far_answer *always;
    far_answer script[FAR_SCRIPT_MAX];
    size_t script_len, script_pos;
    const far_ask *plan; /* what a bootstrap says: ended by a code of 0, Finish included */
    far_reply *plan_replies;
    size_t plan_pos;
    lw_coap_transfer *plan_step;
    unsigned plans_done;
    uint8_t rejects_token;      /* notifications with it get a Reset; 0: none do */
    bool ignores_notifications; /* no word, as if they were lost */
    size_t request_count, notification_count;
    far_request requests[FAR_REQUESTS_MAX];
    far_notification notifications[FAR_NOTIFICATIONS_MAX];
    uint8_t buf[LW_COAP_BUF_SIZE(FAR_BODY_MAX)];
} far_server;

far_server *far_server_new(lw_sim *sim, const char *name);
void far_server_free(far_server *s); /* NULL is ignored */

void far_server_answers(far_server *s, const far_answer *answers, size_t count);
void far_server_forget(far_server *s);
void far_server_restart(far_server *s);
/* Octets to the device that was heard of last. */
void far_server_send(far_server *s, lw_bytes octets);

/* Asks the device that was heard of last; `out` is filled when it is over, and not touched any more
 * after a restart. */
void far_server_ask(far_server *s, const far_ask *ask, far_reply *out);

/* The newest request with that method and path, "/rd" being also the start of "/rd/1"; NULL. */
const far_request *far_server_last(const far_server *s, uint8_t code, const char *path);
/* How many there were. */
unsigned far_server_count(const far_server *s, uint8_t code, const char *path);

/* The value of a parameter of a query; NULL when it is not there, "" when it has no value. */
const char *far_parameter(const char *query, const char *name, char out[FAR_TEXT_MAX]);

#endif
