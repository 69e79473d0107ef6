/* What servers observe, and the attributes that they attached: lw_feature_observe.
 *
 *   attributes.c   sets attached to paths, each by one server (ATT); what is in effect somewhere
 *   observe.c      Observe and Cancel, of one target or a list; the life of an observation
 *   notify.c       what changed, what is due, what goes out; one alarm for all
 *   thresholds.c   lw_feature_thresholds: gt, lt, st and edge, which look at each value
 *   observe_1_2.c  lw_feature_observe_1_2: attributes in the query of Observe, con and hqmax
 *   store.c        lw_feature_store: what could not be sent (1/x/6), linked when it is named
 *   observe_state.c   what lw_feature_persist keeps of it, linked with that
 *
 * Attributes stay when a registration ends or is made anew, and go with the server's account, with
 * their target, or when they are unset. DM-56 leaves it open; this reading serves both a server
 * that writes them once (they are "permanent" in 1.2, and per server in every version) and one that
 * writes them again after each Register.
 *
 * An observation ends with its registration (rule 31; but see store.c), its target (4.04, rule 35),
 * the right to read it (4.01), a Cancel or a Reset.
 */
#ifndef LW_CLIENT_OBSERVE_H
#define LW_CLIENT_OBSERVE_H

#include "client/feature.h"
#include "client/serve.h"
#include "client/snapshot.h"
#include "coap/observe.h"
#include "model/notify.h"

/* A free place has no server and no attributes. */
typedef struct lw_attached {
    lw_attrs attrs;
    lw_path path;
    const lw_server *server; /* last: what is in front of it is kept (observe_state.c) */
} lw_attached;

/* A value that conditions may look at. */
typedef struct lw_watched lw_watched;
struct lw_watched {
    lw_watched *next;
    uint8_t target; /* of the observation: where it is, and whose attributes count */
    lw_watch watch;
    lw_path path;
};

/* One observation. A value counts with its watch, if it has one, and else with the mark. From its
 * sequence on it is kept as it lies (observe_state.c). */
typedef struct lw_observed {
    lw_link link;
    struct lw_observing *all;
    lw_snapshot *stored;     /* oldest first; of lw_feature_store */
    lw_watched *watched;     /* in tree order; of lw_feature_thresholds */
    const lw_attrs *query;   /* of lw_feature_observe_1_2; NULL: the attached ones count */
    const lw_format *format; /* of the first answer, and of all notifications (OBS-10) */
    lw_readable values;      /* of its server, at its targets */
    lw_notify notify;
    bool detached;     /* its registration is over, it only collects (store.c) */
    uint8_t in_flight; /* of `stored`, in to.exchange */
    lw_coap_observer to;
    uint32_t mark; /* of what the server was told last */
    lw_path targets[];
} lw_observed;

/* Can its server not be reached for now? */
static inline bool lw_observed_is_away(const lw_observed *obs)
{
    return obs->detached || obs->values.server->offline;
}

/* The targets follow the structure. */
static inline size_t lw_observed_size(size_t targets)
{
    return sizeof(lw_observed) + targets * sizeof(lw_path);
}

/* What lw_feature_thresholds does, and its state. */
typedef struct lw_thresholds {
    void (*told)(lw_observed *obs);   /* watches the values as they are now */
    bool (*sample)(lw_observed *obs); /* is a condition met? */
    /* Of a source whose context is the observation: the values that are not watched. */
    lw_err (*next)(void *ctx, lw_cursor *cursor, lw_entry *out_entry);
    void (*forget)(lw_observed *obs); /* all values count with the mark */
} lw_thresholds;

/* What lw_feature_observe_1_2 does. */
typedef struct lw_observe_1_2 {
    /* OBS-02: the attributes in the query of a request. Those that are alike are the same, and stay
     * as long as an observation has them. */
    lw_err (*query)(struct lw_observing *all, const lw_call *call, const lw_attrs **out_query);
    const lw_attrs *(*keep)(struct lw_observing *all, const lw_attrs *query);
    /* Takes what has a default since 1.2, and what stands in the query of the observation. True:
     * instead of all that is attached. The query of a list says nothing of a single value. */
    bool (*replace)(const lw_observed *obs, bool is_value, lw_attrs *attrs);
} lw_observe_1_2;

typedef struct lw_watching {
    struct lw_observing *all;
    lw_pool *pool;
} lw_watching;

/* What lw_feature_store does; `state` is its own. */
typedef struct lw_store {
    /* Takes the values as they are now, to be delivered later as confirmable, when they must not be
     * lost or others wait before them. LW_END: they are to be sent, and nothing waits any more;
     * LW_AGAIN: they are not to be kept and cannot be sent. */
    lw_err (*keep)(void *state, lw_observed *obs, bool *confirmable);
    /* Sends the oldest of what is stored, unless something of the observation is in flight or its
     * server away. */
    lw_err (*deliver)(lw_observed *obs);
    void (*ended)(void *state, lw_observed *obs, lw_err err); /* what was delivered */
    void (*drop)(void *state, lw_observed *obs);              /* everything */
    /* Reads one as lw_snapshot_save writes it. */
    void (*restore)(void *state, lw_observed *obs, lw_reader *in);
    /* Stays the observation, detached, though its registration is over? */
    bool (*outlives)(void *state, lw_observed *obs, lw_server_event event);
} lw_store;

typedef struct lw_observing {
    lw_client *client;
    lw_alarm alarm;        /* the earliest of all observations */
    lw_link list;          /* lw_observed, oldest first */
    lw_pool *pool;         /* observations and what belongs to them */
    const lw_store *store; /* NULL: nothing is stored */
    void *store_state;
    const lw_thresholds *thresholds; /* NULL: any change counts */
    lw_watching *watching;
    const lw_observe_1_2 *since_1_2; /* NULL: a query is refused */
    lw_attr_known known;
    uint8_t count;
    lw_attached attached[]; /* cfg.attributes_max; the pool's block follows */
} lw_observing;

static inline lw_observed *lw_observed_of(lw_link *link)
{
    return LW_CONTAINER(link, lw_observed, link);
}

/* ---- attributes.c ---- */

LW_MUST_CHECK lw_err lw_attached_write(lw_observing *all, const lw_call *call);

/* Gives `attrs` what it lacks of what is attached at a path and, for the whole, above it. The
 * lowest wins, for each attribute by itself (ATT-10); what is attached below does not
 * count (ATT-11). */
void lw_attached_inherit(const lw_observing *all, const lw_server *server, lw_path path,
                         bool is_whole, lw_attrs *attrs);

/* The hook of the feature. */
void lw_attached_discover(void *state, const lw_server *server, lw_path path, bool is_target,
                          lw_writer *w);

/* The place for a path: the one that it has, or else a free one, where nothing is attached. NULL
 * when all are taken. */
lw_attached *lw_attached_place(const lw_observing *all, const lw_server *server, lw_path path);

/* Forgets what is attached at and below a path, by one server or (NULL) by all. */
void lw_attached_forget(lw_observing *all, const lw_server *server, lw_path path);

/* What is in effect for one target of an observation: what is attached, or instead of all that
 * what stands in its query (OBS-02); else the defaults of the server object, zero where it has none
 * (1/x/2 pmin, 1/x/3 pmax, 1/x/26 con). In `has` are those that are no defaults. The query of a
 * list says nothing of what is judged value by value (OBS-23). */
void lw_observed_attrs_at(const lw_observed *obs, unsigned target, bool is_value,
                          lw_attrs *out_attrs);

/* Changes change->attrs, of the target of a request or of its list, as its query says. LW_EINVAL,
 * for which 4.00 is answered: they are of no use. */
LW_MUST_CHECK lw_err lw_attrs_asked(const lw_observing *all, const lw_call *call,
                                    lw_attrs_change *change);

/* ---- observe.c ---- */

/* One in the list, with room for targets; the rest is zero. NULL without room. */
lw_observed *lw_observed_new(lw_observing *all, lw_server *server, size_t targets);

/* Ends an observation without a word. */
void lw_observed_free(lw_observed *obs);

uint32_t lw_observe_first_sequence(const lw_client *client);

/* ---- notify.c ---- */

/* Takes the values as they are now for what the server knows. */
void lw_observed_told(lw_observed *obs);

/* What is in effect for all of it. */
void lw_observed_attrs(const lw_observed *obs, lw_attrs *out_attrs);

/* Judges, if it is time to, whether the server is to be told. */
void lw_observed_evaluate(lw_observed *obs, const lw_attrs *attrs);

/* Looks at all observations with the next step. */
void lw_observing_look(lw_observing *all);
void lw_observing_ring(lw_coap *coap, lw_alarm *alarm);
/* The hook of the feature. */
void lw_observing_changed(void *state, lw_client *client, lw_tree_change change, lw_path path);

/* Sends a notification with what `write`, whose context is the observation, writes; NULL: with
 * nothing. */
LW_MUST_CHECK lw_err lw_observed_send(lw_observed *obs, uint8_t code, bool confirmable,
                                      lw_err (*write)(void *ctx, lw_coap_reply *reply));

/* ---- observe_state.c: called by lw_feature_persist ---- */

/* Writes what a server observes: pieces, each with its kind in front. */
void lw_observing_save(const lw_server *server, lw_writer *w);
/* Reads one of them. What fails is the reader; all is to be forgotten then. */
void lw_observing_restore(lw_server *server, uint8_t kind, lw_reader *in);

#endif
