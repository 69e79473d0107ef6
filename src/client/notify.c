/* A change is looked at with the next step, when everything of the observation is read, judged and,
 * if it is due, sent: several changes in a row become one notification, and nothing is sent from
 * within a request. One that conditions may look at is judged at once: a value that crosses a
 * threshold and falls back before anything can be sent has crossed it (rule 38). */
#include "client/feature.h"
#include "client/observe.h"

#include <string.h>

#define RETRY_MS (1 * LW_SECOND_MS) /* after a notification that could not be sent for now */

/* ---- Values ---------------------------------------------------------------------------------- */

lw_path lw_observed_base(const lw_observed *obs)
{
    return obs->composite ? lw_path_root() : obs->targets[0];
}

lw_readable lw_observed_values(const lw_observed *obs, const lw_path *targets, size_t count)
{
    return (lw_readable){.client = obs->all->client,
                         .server = obs->server,
                         .targets = targets,
                         .target_count = count};
}

static bool is_watched(const lw_observed *obs, lw_path path)
{
    const lw_watched *w = obs->watched;
    while (w != NULL && !lw_path_equal(w->path, path)) {
        w = w->next;
    }
    return w != NULL;
}

/* Of all that the server is told, but for the values that are watched each; 0 for nothing. */
static uint64_t mark_of(const lw_observed *obs)
{
    lw_readable readable = lw_observed_values(obs, obs->targets, obs->target_count);
    lw_source source = lw_readable_source(&readable);
    lw_cursor cursor = {{0}};
    lw_entry e;
    uint64_t mark = 0;
    while (source.next(source.ctx, &cursor, &e) == LW_OK) {
        mark = lw_mark_add(mark, e.path.key);
        mark = lw_mark_add(mark, is_watched(obs, e.path) ? 0 : lw_mark_of(&e.value));
    }
    return mark;
}

void lw_observed_told(lw_observed *obs)
{
    const lw_client *client = obs->all->client;
    LW_EACH_PART (client, i, LW_PART_THRESHOLDS) {
        client->cfg.features[i]->as.thresholds.told(obs);
    }
    obs->mark = mark_of(obs);
}

/* ---- Judging --------------------------------------------------------------------------------- */

/* Without attributes that a query may have for the whole of a list (OBS-23). */
void lw_observed_attrs_at(const lw_observed *obs, lw_path target, lw_attrs *out_attrs)
{
    lw_attrs_in_effect(obs->all, obs->server, target, obs->composite ? NULL : obs->query,
                       out_attrs);
}

/* OBS-26: only what joins counts for a list; what is judged value by value is that of each target
 * (lw_observed_attrs_at). */
void lw_observed_attrs(const lw_observed *obs, lw_attrs *out_attrs)
{
    const lw_client *client = obs->all->client;
    lw_attrs_in_effect(obs->all, obs->server, obs->targets[0], obs->query, out_attrs);
    LW_EACH_PART (client, f, LW_PART_COMPOSITE) {
        for (unsigned i = 1; i < obs->target_count; i++) {
            lw_attrs part;
            lw_attrs_in_effect(obs->all, obs->server, obs->targets[i], obs->query, &part);
            client->cfg.features[f]->as.join(out_attrs, &part);
        }
    }
}

static void evaluate(lw_observed *obs, const lw_attrs *attrs)
{
    const lw_client *client = obs->all->client;
    obs->changed = false;
    if (!lw_notify_may_evaluate(&obs->notify, attrs, client->now)) {
        return;
    }
    bool met = mark_of(obs) != obs->mark;
    LW_EACH_PART (client, i, LW_PART_THRESHOLDS) {
        met |= client->cfg.features[i]->as.thresholds.sample(obs);
    }
    lw_notify_evaluated(&obs->notify, met, client->now);
}

static void take_change(lw_observed *obs, lw_path path)
{
    for (unsigned i = 0; i < obs->target_count; i++) {
        obs->changed |=
            lw_path_contains(path, obs->targets[i]) || lw_path_contains(obs->targets[i], path);
    }
    if (obs->changed && is_watched(obs, path)) {
        lw_attrs attrs;
        lw_observed_attrs(obs, &attrs);
        evaluate(obs, &attrs);
    }
}

void lw_observing_changed(void *state, lw_client *client, lw_tree_change change, lw_path path)
{
    lw_observing *all = state;
    (void)client;
    if (change == LW_TREE_REMOVED) { /* DM-83 */
        lw_attached_forget(all, NULL, path);
    }
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        take_change(lw_observed_of(l), path);
    }
    lw_observing_look(all); /* also for 1/x/2 and 1/x/3, which are in effect everywhere */
}

/* ---- Sending --------------------------------------------------------------------------------- */

static void on_end(void *ctx, const lw_coap_result *result)
{
    lw_observed *obs = ctx;
    lw_observing *all = obs->all;
    obs->exchange = NULL;
    if (result->err == LW_ERESET) { /* rule 33: this one alone */
        lw_observed_free(obs);
    } else if (all->store != NULL) {
        all->store->ended(all->store_state, obs, result->err);
        lw_observing_look(all);
    }
}

static lw_err send(lw_observed *obs, lw_coap_notification *n)
{
    lw_client *client = obs->all->client;
    lw_coap_exchange *older = obs->exchange;
    lw_coap_exchange *exchange = NULL;
    n->token = obs->token;
    n->supersedes = older;
    lw_err err =
        lw_coap_notify(&client->coap, &obs->server->peer, client->now, n, &obs->mid, &exchange);
    if (err == LW_OK) {
        obs->exchange = exchange;
        obs->has_mid = !n->confirmable;
    }
    return err;
}

lw_err lw_observed_send(lw_observed *obs, bool confirmable,
                        lw_err (*write)(void *ctx, lw_writer *out), void *ctx)
{
    uint8_t octets[8];
    lw_writer w;
    lw_coap_out options;
    lw_writer_init(&w, octets, sizeof octets);
    lw_coap_begin_options(&options, &w);
    lw_coap_put_uint(&options, LW_COAP_OPT_CONTENT_FORMAT, obs->format->id);
    lw_coap_notification n = {
        .code = LW_COAP_CONTENT,
        .sequence = lw_coap_observe_next(obs->sequence),
        .confirmable = confirmable || obs->exchange != NULL, /* to take the place of the older */
        .options = lw_writer_bytes(&w),
        .write = write,
        .write_ctx = ctx,
        .on_end = on_end,
        .ctx = obs,
    };
    lw_err err = send(obs, &n);
    if (err == LW_OK) {
        obs->sequence = n.sequence;
    }
    return err;
}

static lw_err write_values(void *ctx, lw_writer *out)
{
    lw_observed *obs = ctx;
    lw_readable readable = lw_observed_values(obs, obs->targets, obs->target_count);
    lw_source source = lw_readable_source(&readable);
    lw_encode_cfg cfg = {.base = lw_observed_base(obs)};
    return lw_encode(obs->format, &source, &cfg, out);
}

/* OBS-13: the last notification tells why. */
static lw_err end(lw_observed *obs, uint8_t code)
{
    lw_coap_notification n = {.code = code, .confirmable = true};
    lw_err err = send(obs, &n);
    if (err == LW_OK) {
        obs->exchange = NULL; /* it ends without us */
        lw_observed_free(obs);
    }
    return err;
}

/* A value that cannot be had now, of a target that is there: nothing to say until it comes back. */
static bool has_no_value(const lw_observed *obs)
{
    return !obs->composite && lw_path_depth(obs->targets[0]) >= LW_LEVEL_RESOURCE &&
           mark_of(obs) == 0;
}

static void take_as_told(lw_observed *obs, bool confirmable)
{
    lw_observed_told(obs);
    lw_notify_sent(&obs->notify, confirmable, obs->all->client->now);
}

static bool keep(lw_observed *obs)
{
    lw_observing *all = obs->all;
    bool kept = all->store != NULL && all->store->keep(all->store_state, obs);
    if (kept) {
        take_as_told(obs, true); /* as it will be delivered */
    }
    return kept;
}

/* One that must not be lost is stored before it is sent, and so is one behind others that wait. */
static lw_err notify(lw_observed *obs, const lw_attrs *attrs)
{
    lw_observing *all = obs->all;
    bool confirmable = lw_notify_is_confirmable(&obs->notify, attrs, all->client->now);
    if (has_no_value(obs)) {
        take_as_told(obs, false);
        return LW_OK;
    }
    if ((confirmable || obs->stored != NULL) && keep(obs)) {
        return LW_OK;
    }
    if (obs->stored != NULL) { /* 1/x/6 was turned off */
        all->store->drop(all->store_state, obs);
    }
    lw_err err = lw_observed_send(obs, confirmable, write_values, obs);
    if (err == LW_OK) {
        take_as_told(obs, confirmable);
    }
    return err;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* The code that ends the observation now; EMPTY: it goes on. Targets of a list may come and go
 * (OBS-24). */
static uint8_t why_over(const lw_observed *obs)
{
    lw_client *client = obs->all->client;
    if (!obs->composite && !lw_tree_exists(&client->tree, obs->targets[0])) {
        return LW_COAP_NOT_FOUND; /* rule 35 */
    }
    for (unsigned i = 0; i < obs->target_count; i++) {
        if (lw_rights_to_read(obs->server, obs->targets[i]) == LW_OK) {
            return LW_COAP_EMPTY;
        }
    }
    return LW_COAP_UNAUTHORIZED; /* OBS-12 */
}

static lw_err speak(lw_observed *obs, const lw_attrs *attrs)
{
    lw_observing *all = obs->all;
    lw_err err = LW_OK;
    if (lw_notify_is_due(&obs->notify, attrs, all->client->now)) {
        err = notify(obs, attrs);
    }
    if (err == LW_OK && obs->stored != NULL && obs->exchange == NULL) {
        err = all->store->deliver(all->store_state, obs);
    }
    return err;
}

/* Sends what there is to say, and returns when to look again; the observation may be gone. */
static lw_time look_at_present(lw_observed *obs, const lw_attrs *attrs)
{
    uint8_t code = why_over(obs);
    lw_err err = LW_OK;
    if (code == LW_COAP_EMPTY) {
        err = speak(obs, attrs);
        bool may_pass = err == LW_OK || err == LW_ENOMEM || err == LW_ESTATE;
        code = may_pass ? LW_COAP_EMPTY : lw_op_answer_code(LW_OP_OBSERVE, err);
    }
    if (code != LW_COAP_EMPTY) {
        err = end(obs, code);
        if (err == LW_OK) {
            return LW_TIME_NEVER;
        }
    }
    return err == LW_OK ? lw_notify_deadline(&obs->notify, attrs)
                        : obs->all->client->now + RETRY_MS;
}

/* The server cannot be reached: what is due is stored; without that it waits, and what the value is
 * when the server comes back is sent then (rule 37). */
static lw_time look_at_away(lw_observed *obs, const lw_attrs *attrs)
{
    lw_time now = obs->all->client->now;
    if (obs->detached && now >= obs->until) {
        lw_observed_free(obs);
        return LW_TIME_NEVER;
    }
    lw_time until = obs->detached ? obs->until : LW_TIME_NEVER;
    if (lw_notify_is_due(&obs->notify, attrs, now)) {
        if (!keep(obs)) {
            return until;
        }
        lw_client_state_changed(obs->all->client);
    }
    lw_time deadline = lw_notify_deadline(&obs->notify, attrs);
    return deadline < until ? deadline : until;
}

static lw_time look_at(lw_observed *obs)
{
    lw_attrs attrs;
    lw_observed_attrs(obs, &attrs);
    if (obs->changed || obs->all->client->now >= lw_notify_deadline(&obs->notify, &attrs)) {
        evaluate(obs, &attrs);
    }
    if (obs->held || obs->detached || obs->server->offline) {
        return look_at_away(obs, &attrs);
    }
    return lw_server_is_ready(obs->server) ? look_at_present(obs, &attrs) : LW_TIME_NEVER;
}

void lw_observing_look(lw_observing *all)
{
    lw_alarm_set(all->client, &all->alarm, all->client->now);
}

void lw_observing_ring(lw_client *client, lw_alarm *alarm)
{
    lw_observing *all = LW_CONTAINER(alarm, lw_observing, alarm);
    lw_time next = LW_TIME_NEVER;
    lw_link *following;
    for (lw_link *l = all->list.next; l != &all->list; l = following) {
        following = l->next;
        lw_time at = look_at(lw_observed_of(l));
        next = at < next ? at : next;
    }
    lw_alarm_set(client, alarm, next);
}
