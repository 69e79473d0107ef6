#include "client/observe.h"

#include <string.h>

/* ---- The life of an observation ---------------------------------------------------------------
 */

static void stop_sending(lw_observed *obs)
{
    lw_client *client = obs->values.client;
    if (obs->to.exchange != NULL) {
        lw_coap_cancel(&client->coap, obs->to.exchange, client->now);
    }
}

void lw_observed_free(lw_observed *obs)
{
    lw_observing *all = obs->all;
    stop_sending(obs);
    if (all->store != NULL) {
        all->store->drop(all->store_state, obs);
    }
    if (obs->watched != NULL) {
        all->thresholds->forget(obs);
    }
    lw_list_remove(&obs->link);
    lw_mem_release(&all->pool->mem, obs);
    all->count--;
    lw_client_state_changed(all->client);
}

/* P-OBS-11: goes on where another observation of the device before a restart had come to, unless
 * that notified more than once a second. */
uint32_t lw_observe_first_sequence(const lw_client *client)
{
    return (uint32_t)lw_client_seconds(client) & 0xffffffu;
}

lw_observed *lw_observed_new(lw_observing *all, lw_server *server, size_t targets)
{
    bool fits = all->count < all->client->cfg.observations_max && targets <= UINT8_MAX;
    lw_observed *obs = fits ? lw_mem_alloc(&all->pool->mem, lw_observed_size(targets)) : NULL;
    if (obs == NULL) {
        return NULL;
    }
    obs->all = all;
    obs->values.client = all->client;
    obs->values.server = server;
    obs->values.targets = obs->targets;
    obs->values.target_count = (uint16_t)targets;
    lw_notify_init(&obs->notify, all->client->now);
    lw_list_add_last(&all->list, &obs->link);
    all->count++;
    return obs;
}

/* ---- Finding ---------------------------------------------------------------------------------
 */

static bool has_targets(const lw_observed *obs, const lw_readable *values)
{
    return obs->values.server == values->server &&
           obs->values.target_count == values->target_count &&
           memcmp(obs->targets, values->targets, values->target_count * sizeof(lw_path)) == 0;
}

/* OBS-03: one observation for a token. Of those that only collect (store.c) the token means nothing
 * any more, and they give way when all places are taken. */
static bool gives_way(const lw_observed *obs, const lw_call *call)
{
    if (obs->detached) {
        return obs->all->count >= call->client->cfg.observations_max;
    }
    return obs->values.server == call->server &&
           lw_coap_same_token(&obs->to.token, &call->in->msg->token);
}

/* OBS-22, P-OBS-05: exactly that target; the one with the token of the request, if there is one. */
static lw_observed *find_cancelled(lw_observing *all, const lw_call *call)
{
    lw_observed *found = NULL;
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        lw_observed *obs = lw_observed_of(l);
        if (has_targets(obs, &call->values)) {
            found = obs;
            if (lw_coap_same_token(&obs->to.token, &call->in->msg->token)) {
                break;
            }
        }
    }
    return found;
}

/* ---- Requests --------------------------------------------------------------------------------
 */

/* OBS-20: blocks after the first belong to an observation that exists; whoever fetches them with
 * Observe all the same reads. */
static bool is_later_block(const lw_call *call)
{
    return call->in->msg->noted.value[LW_COAP_NOTE_BLOCK2] >> 4 != 0;
}

/* OBS-03: a new observation, in the place of the one with that target, query and format, whose
 * numbers (RFC 7641 section 4.4) and stored values go on. NULL when there is no room for it. */
static lw_observed *take_up(lw_observing *all, const lw_call *call, const lw_attrs *query)
{
    const lw_readable *readable = &call->values;
    uint32_t sequence = lw_observe_first_sequence(call->client);
    lw_snapshot *stored = NULL;
    lw_link *next;
    for (lw_link *l = all->list.next; l != &all->list; l = next) {
        lw_observed *obs = lw_observed_of(l);
        next = l->next;
        if (obs->format == call->answer && obs->query == query && has_targets(obs, readable)) {
            sequence = lw_coap_observe_next(obs->to.sequence);
            stored = obs->stored;
            obs->stored = NULL;
        } else if (!gives_way(obs, call)) {
            continue;
        }
        lw_observed_free(obs);
    }
    lw_observed *obs = lw_observed_new(all, call->server, readable->target_count);
    if (obs == NULL) { /* then none was as large */
        return NULL;
    }
    obs->values.is_list = readable->is_list;
    memcpy(obs->targets, readable->targets, readable->target_count * sizeof(lw_path));
    obs->query = query;
    obs->format = call->answer;
    obs->stored = stored;
    obs->to.sequence = sequence;
    obs->to.token = call->in->msg->token;
    lw_observed_told(obs);
    return obs;
}

static lw_err observe(lw_observing *all, const lw_call *call)
{
    const lw_attrs *query = NULL;
    if (call->request.has_query) { /* OBS-02 */
        lw_err err = all->since_1_2 != NULL ? all->since_1_2->query(all, call, &query) : LW_EINVAL;
        if (err != LW_OK) {
            return err;
        }
    }
    if (is_later_block(call)) {
        return lw_answer_values(call);
    }
    lw_observed *obs = take_up(all, call, query);
    if (obs == NULL) { /* OBS-04 */
        return lw_answer_values(call);
    }
    lw_coap_put_uint(&call->reply->options, LW_COAP_OPT_OBSERVE, obs->to.sequence);
    lw_err err = lw_answer_values(call);
    if (err != LW_OK || !lw_coap_reply_fits(&call->client->coap, call->reply)) {
        lw_observed_free(obs);
    }
    lw_observing_look(all);
    lw_client_state_changed(call->client);
    return err;
}

static lw_err cancel(lw_observing *all, const lw_call *call)
{
    lw_observed *obs = find_cancelled(all, call);
    if (obs != NULL) {
        lw_observed_free(obs);
    }
    return lw_answer_values(call);
}

static lw_err serve_targets(void *state, const lw_call *call)
{
    switch (call->request.op) {
    case LW_OP_OBSERVE:
    case LW_OP_OBSERVE_COMPOSITE:
        return observe(state, call);
    default:
        return cancel(state, call);
    }
}

static lw_err serve(void *state, lw_call *call)
{
    return call->request.op == LW_OP_WRITE_ATTRIBUTES ? lw_attached_write(state, call)
                                                      : serve_targets(state, call);
}

/* ---- Events ----------------------------------------------------------------------------------
 */

/* P-OBS-10: known by the message id of the notification that is rejected. */
static void on_reset(void *state, lw_server *server, uint16_t mid)
{
    lw_observing *all = state;
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        lw_observed *obs = lw_observed_of(l);
        if (obs->values.server == server && obs->to.has_mid && obs->to.mid == mid) {
            lw_observed_free(obs);
            return;
        }
    }
}

/* rule 31; unless it has to be delivered yet */
static void end(lw_observed *obs, lw_server_event event)
{
    const lw_observing *all = obs->all;
    if (all->store != NULL && all->store->outlives(all->store_state, obs, event)) {
        stop_sending(obs);
    } else {
        lw_observed_free(obs);
    }
}

static void on_server(void *state, lw_server *server, lw_server_event event)
{
    lw_observing *all = state;
    const unsigned ends =
        1u << LW_SERVER_EV_REGISTERED | 1u << LW_SERVER_EV_ENDED | 1u << LW_SERVER_EV_REMOVED;
    bool is_over = (1u << event & ends) != 0;
    lw_link *next;
    for (lw_link *l = all->list.next; l != &all->list; l = next) {
        next = l->next;
        if (is_over && lw_observed_of(l)->values.server == server) {
            end(lw_observed_of(l), event);
        }
    }
    if (event == LW_SERVER_EV_REMOVED) {
        lw_attached_forget(all, server, lw_path_root());
    }
    lw_observing_look(all);
}

/* ---- Set-up ----------------------------------------------------------------------------------
 */

static size_t fixed_size(const lw_client_cfg *cfg)
{
    return sizeof(lw_observing) + cfg->attributes_max * sizeof(lw_attached);
}

/* Room for as many observations of one value each. */
static size_t pool_size(const lw_client_cfg *cfg)
{
    return lw_pool_overhead() + cfg->observations_max * lw_pool_cost(lw_observed_size(1));
}

static size_t size(const lw_client_cfg *cfg)
{
    return fixed_size(cfg) + pool_size(cfg);
}

static lw_err init(lw_client *client, void *state)
{
    lw_observing *all = state;
    all->client = client;
    all->alarm.fire = lw_observing_ring;
    all->known.bits = LW_ATTRS_PERIODS;
    lw_list_init(&all->list);
    all->pool = lw_pool_init((uint8_t *)state + fixed_size(&client->cfg), pool_size(&client->cfg));
    return LW_OK;
}

const lw_client_feature lw_feature_observe = {
    .ops = (uint32_t)1 << LW_OP_OBSERVE | (uint32_t)1 << LW_OP_CANCEL |
           (uint32_t)1 << LW_OP_WRITE_ATTRIBUTES,
    .size = size,
    .init = init,
    .serve = serve,
    .on_server = on_server,
    .on_change = lw_observing_changed,
    .part = LW_PART_OBSERVE,
    .as.observe = {.attributes = lw_attached_discover,
                   .observe = serve_targets,
                   .on_reset = on_reset},
};
