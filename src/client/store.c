/* Notifications that cannot be sent, or must not be lost (1/x/6): values with their time, a list in
 * each observation, oldest first. A confirmable notification is kept as well until it is
 * acknowledged, so that nothing is lost with it.
 *
 *   due -- keep --> stored -- deliver --> in flight -- acknowledged --> (gone)
 *                      ^                      |
 *                      +------- no answer ----+      the oldest is dropped for want of room, but
 *                                                    never one in flight (rule 37)
 *
 * Formats with times carry several moments in one message, as many as go into a block: what the
 * server would fetch as later blocks is the value of now. Other formats replay them one by one
 * (OBS-17).
 *
 * P-OBS-08: what is stored when a registration ends stays, and more is collected. After the next
 * Register it waits a minute for the server to observe the same target again, and is then
 * delivered. Another reading of the specification keeps nothing over a De-register; the values have
 * their times, so a server that gets them can tell. */
#include <string.h>

#include "client/observe.h"
#include "coap/block.h"
#include "lw/objects.h"

#define WAIT_FOR_OBSERVE_MS (60 * LW_SECOND_MS)

/* What a value of a number takes; longer ones take the room of several. */
#define SNAPSHOT_OCTETS 16u

typedef struct lw_store_state {
    lw_client *client;
    lw_alarm alarm; /* of who waits for its server to observe again */
    lw_pool *pool;
    uint16_t count;
} store;

static bool is_storing(const lw_server *server)
{
    return lw_server_setting(server, LW_RES_SERVER_NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE,
                             1) != 0;
}

/* ---- The list of an observation -------------------------------------------------------------- */

static void drop_at(store *st, lw_snapshot **at)
{
    lw_snapshot *gone = *at;
    *at = gone->next;
    lw_mem_release(&st->pool->mem, gone);
    st->count--;
}

static void drop(void *state, lw_observed *obs)
{
    while (obs->stored != NULL) {
        drop_at(state, &obs->stored);
    }
    obs->in_flight = 0;
}

/* The first that is not in flight. */
static lw_snapshot **first_waiting(lw_observed *obs)
{
    lw_snapshot **at = &obs->stored;
    for (unsigned i = 0; i < obs->in_flight; i++) {
        at = &(*at)->next;
    }
    return at;
}

/* The oldest of all observations goes; false when there is none. */
static bool make_room(store *st, lw_observing *all)
{
    lw_snapshot **oldest = NULL;
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        lw_snapshot **at = first_waiting(lw_observed_of(l));
        if (*at != NULL && (oldest == NULL || (*at)->at < (*oldest)->at)) {
            oldest = at;
        }
    }
    if (oldest != NULL) {
        drop_at(st, oldest);
    }
    return oldest != NULL;
}

static void add(store *st, lw_observed *obs, lw_snapshot *snapshot)
{
    lw_snapshot **at = &obs->stored;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = snapshot;
    st->count++;
}

/* ---- Keeping --------------------------------------------------------------------------------- */

static lw_err keep_part(store *st, lw_observed *obs, uint8_t part)
{
    lw_readable one = obs->values;
    one.targets += part;
    one.target_count = 1;
    lw_source source = lw_readable_source(&one);
    lw_snapshot *snapshot = NULL;
    lw_err err;
    do {
        bool has_room = st->count < lw_snapshots_max(&st->client->cfg);
        err = has_room ? lw_snapshot_take(&st->pool->mem, &source, st->client->now, &snapshot)
                       : LW_ENOMEM;
    } while (err == LW_ENOMEM && make_room(st, obs->all));
    if (err == LW_OK) {
        snapshot->part = part;
        add(st, obs, snapshot);
    }
    return err;
}

/* ATT-38: at most hqmax of this part. */
static void trim(store *st, lw_observed *obs, uint8_t part, uint32_t hqmax)
{
    uint32_t count = 0;
    for (const lw_snapshot *s = obs->stored; s != NULL; s = s->next) {
        count += s->part == part ? 1 : 0;
    }
    lw_snapshot **at = first_waiting(obs);
    while (*at != NULL && count > hqmax) {
        if ((*at)->part == part) {
            drop_at(st, at);
            count--;
        } else {
            at = &(*at)->next;
        }
    }
}

static bool has_hqmax(const lw_attrs *attrs)
{
    return (attrs->has & LW_ATTR_BIT(LW_ATTR_HQMAX)) != 0;
}

/* ATT-38: once a part has hqmax, those without are not stored. */
static bool any_hqmax(const lw_observed *obs)
{
    bool any = false;
    for (unsigned i = 0; i < obs->values.target_count; i++) {
        lw_attrs attrs;
        lw_observed_attrs_at(obs, i, true, &attrs);
        any |= has_hqmax(&attrs);
    }
    return any;
}

/* One record of each part, but for those that are not to be stored. */
static bool keep_parts(store *st, lw_observed *obs)
{
    bool bounded = any_hqmax(obs);
    bool kept = false;
    for (unsigned i = 0; i < obs->values.target_count; i++) {
        lw_attrs attrs;
        lw_observed_attrs_at(obs, i, true, &attrs);
        uint32_t hqmax = has_hqmax(&attrs) ? attrs.hqmax : 0;
        if (bounded && hqmax == 0) {
            continue;
        }
        kept |= keep_part(st, obs, (uint8_t)i) == LW_OK;
        if (bounded) {
            trim(st, obs, (uint8_t)i, hqmax);
        }
    }
    return kept;
}

static lw_err keep(void *state, lw_observed *obs, bool *confirmable)
{
    bool away = lw_observed_is_away(obs);
    bool is_due = away || *confirmable || obs->stored != NULL;
    if (is_due && is_storing(obs->values.server) && keep_parts(state, obs)) {
        *confirmable = true;
        if (away) {
            lw_client_state_changed(obs->all->client);
        }
        return LW_OK;
    }
    if (away) {
        return LW_AGAIN;
    }
    drop(state, obs); /* what there still is, of when 1/x/6 was not off */
    return LW_END;
}

static void restore(void *state, lw_observed *obs, lw_reader *in)
{
    store *st = state;
    size_t len = lw_read_u16(in);
    bool has_room = st->count < lw_snapshots_max(&st->client->cfg);
    lw_snapshot *s = has_room ? lw_mem_alloc(&st->pool->mem, sizeof *s + len) : NULL;
    if (s == NULL) {
        lw_reader_fail(in, LW_ENOMEM);
        return;
    }
    s->len = (uint16_t)len;
    s->part = lw_read_u8(in);
    s->at = (lw_time)lw_read_u64(in) - lw_history_offset(st->client);
    lw_read_octets(in, s->octets, len);
    add(st, obs, s);
}

/* ---- Delivering ------------------------------------------------------------------------------ */

/* The snapshots of the oldest moment: one of each part. */
static size_t first_moment(const lw_observed *obs)
{
    const lw_snapshot *s = obs->stored;
    size_t count = 1;
    for (; s->next != NULL && s->next->at == s->at && s->next->part > s->part; s = s->next) {
        count++;
    }
    return count;
}

static size_t all_moments(const lw_observed *obs)
{
    size_t count = 0;
    for (const lw_snapshot *s = obs->stored; s != NULL && count < UINT8_MAX; s = s->next) {
        count++;
    }
    return count;
}

/* Octets that go into one message. */
static size_t block_size(const lw_observed *obs, const lw_writer *out)
{
    size_t block = lw_block_size(obs->values.server->peer.params->szx);
    return out->cap < block ? out->cap : block;
}

static lw_err write_stored(void *ctx, lw_coap_reply *reply)
{
    lw_observed *obs = ctx;
    lw_writer *out = &reply->payload;
    lw_client *client = obs->all->client;
    bool has_times = lw_format_has_times(obs->format);
    bool is_now = obs->stored->at == client->now; /* and so are those behind it */
    lw_history history = {.first = obs->stored,
                          .has_times = has_times && !is_now,
                          .offset = lw_history_offset(client)};
    size_t count = has_times ? all_moments(obs) : first_moment(obs);
    lw_source source = lw_history_source(&history);
    lw_encode_cfg cfg = {.base = lw_readable_base(&obs->values)};
    const lw_writer start = *out;
    lw_err err;
    for (;; count /= 2) {
        *out = start;
        history.end = obs->stored;
        for (size_t i = 0; i < count; i++) {
            history.end = history.end->next;
        }
        err = lw_encode(obs->format, &source, &cfg, out);
        if (err != LW_OK || !has_times || count == 1 || out->pos <= block_size(obs, out)) {
            break;
        }
    }
    obs->in_flight = (uint8_t)count;
    lw_coap_put_uint(&reply->options, LW_COAP_OPT_CONTENT_FORMAT, obs->format->id);
    return err;
}

static lw_err deliver(lw_observed *obs)
{
    if (obs->stored == NULL || obs->to.exchange != NULL || lw_observed_is_away(obs)) {
        return LW_OK;
    }
    lw_err err = lw_observed_send(obs, LW_COAP_CONTENT, true, write_stored);
    if (err != LW_OK) {
        obs->in_flight = 0;
    }
    return err;
}

/* OBS-15: who does not acknowledge is offline, until an Update gets through. */
static void ended(void *state, lw_observed *obs, lw_err err)
{
    if (err == LW_OK) {
        for (; obs->in_flight > 0; obs->in_flight--) {
            drop_at(state, &obs->stored);
        }
    } else if (err == LW_ETIMEOUT && obs->in_flight > 0) {
        lw_server_go_offline(obs->values.server);
        lw_server_want_update(obs->values.server, LW_UPDATE_PLAIN);
    }
    obs->in_flight = 0;
}

/* ---- Over the end of a registration ---------------------------------------------------------- */

static bool outlives(void *state, lw_observed *obs, lw_server_event event)
{
    store *st = state;
    bool can_wait =
        lw_format_has_times(obs->format) && is_storing(obs->values.server) && !st->client->stopping;
    if (!can_wait || event == LW_SERVER_EV_REMOVED ||
        (event == LW_SERVER_EV_REGISTERED && obs->stored == NULL)) {
        return false;
    }
    obs->detached = true;
    lw_alarm_set_in(st->client, &st->alarm, 0);
    return true;
}

/* Frees those whose server was registered for a minute, and did not observe again; at the end all:
 * nothing will be delivered any more. */
static void ring(lw_coap *coap, lw_alarm *alarm)
{
    lw_client *client = coap->config.ctx;
    lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    lw_time wake = LW_TIME_NEVER;
    lw_link *next;
    for (lw_link *l = all->list.next; l != &all->list; l = next) {
        lw_observed *obs = lw_observed_of(l);
        const lw_server *server = obs->values.server;
        next = l->next;
        lw_time until = server->registered_at + WAIT_FOR_OBSERVE_MS;
        if (obs->detached && (client->stopping || (server->registered && client->now >= until))) {
            lw_observed_free(obs);
        } else if (obs->detached && server->registered && until < wake) {
            wake = until;
        }
    }
    lw_alarm_set(client, alarm, wake);
}

static lw_err on_moment(void *state, lw_client *client, lw_client_moment moment)
{
    store *st = state;
    if (moment == LW_MOMENT_STOP) {
        ring(&client->coap, &st->alarm);
    }
    return LW_OK;
}

static const lw_store hooks = {.keep = keep,
                               .restore = restore,
                               .deliver = deliver,
                               .ended = ended,
                               .drop = drop,
                               .outlives = outlives};

/* ---- Set-up ---------------------------------------------------------------------------------- */

static size_t pool_size(const lw_client_cfg *cfg)
{
    return lw_pool_overhead() +
           lw_snapshots_max(cfg) * lw_pool_cost(sizeof(lw_snapshot) + SNAPSHOT_OCTETS);
}

static size_t size(const lw_client_cfg *cfg)
{
    return sizeof(store) + pool_size(cfg);
}

static lw_err init(lw_client *client, void *state)
{
    store *st = state;
    lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    if (all == NULL) {
        return LW_EINVAL;
    }
    all->store = &hooks;
    all->store_state = st;
    st->client = client;
    st->alarm.fire = ring;
    st->pool = lw_pool_init(st + 1, pool_size(&client->cfg));
    return LW_OK;
}

const lw_client_feature lw_feature_store = {.size = size, .init = init, .on_moment = on_moment};
