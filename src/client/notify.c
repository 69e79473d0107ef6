/* A change is looked at with the next step, when everything of the observation is read, judged and,
 * if it is due, sent: several changes in a row become one notification, and nothing is sent from
 * within a request. */
#include "client/feature.h"
#include "client/observe.h"

#define RETRY_MS (1 * LW_SECOND_MS) /* after a notification that could not be sent for now */

/* ---- Values ---------------------------------------------------------------------------------- */

/* The digest of what the server is told, but for values that are watched each. Two that are alike
 * hide a change, one in four billions, until the next one or pmax. */
static uint32_t mark_of(const lw_observed *obs)
{
    lw_source source = lw_readable_source(&obs->values);
    lw_encode_cfg cfg = {.base = lw_readable_base(&obs->values)};
    lw_writer w;
    uint8_t none;
    const lw_thresholds *thresholds = obs->all->thresholds;
    if (thresholds != NULL) {
        source = (lw_source){.next = thresholds->next, .ctx = (void *)(uintptr_t)obs};
    }
    lw_writer_init_window(&w, &none, 0, 0);
    (void)(lw_encode(obs->format, &source, &cfg, &w) == LW_OK);
    return w.digest;
}

void lw_observed_told(lw_observed *obs)
{
    const lw_observing *all = obs->all;
    if (all->thresholds != NULL) {
        all->thresholds->told(obs);
    }
    obs->mark = mark_of(obs);
}

/* ---- Judging --------------------------------------------------------------------------------- */

void lw_observed_attrs(const lw_observed *obs, lw_attrs *out_attrs)
{
    const lw_plug *plug = lw_client_part(obs->values.client, LW_PART_COMPOSITE);
    if (obs->values.is_list && plug != NULL) {
        plug->feature->as.join(obs, out_attrs);
    } else {
        lw_observed_attrs_at(obs, 0, false, out_attrs);
    }
}

void lw_observed_evaluate(lw_observed *obs, const lw_attrs *attrs)
{
    const lw_observing *all = obs->all;
    lw_time now = all->client->now;
    if (lw_notify_evaluates_in(&obs->notify, attrs, now) > 0) {
        return;
    }
    bool met = mark_of(obs) != obs->mark;
    if (obs->watched != NULL) {
        met |= all->thresholds->sample(obs);
    }
    lw_notify_evaluated(&obs->notify, met, now);
}

static void take_change(lw_observed *obs, lw_path path)
{
    for (unsigned i = 0; i < obs->values.target_count; i++) {
        lw_path target = obs->targets[i];
        if (lw_path_contains(path, target) || lw_path_contains(target, path)) {
            obs->notify.changed = true;
        }
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
    obs->to.exchange = NULL;
    if (result->err == LW_ERESET) { /* rule 33: this one alone */
        lw_observed_free(obs);
    } else if (all->store != NULL) {
        all->store->ended(all->store_state, obs, result->err);
        lw_observing_look(all);
    }
}

lw_err lw_observed_send(lw_observed *obs, uint8_t code, bool confirmable,
                        lw_err (*write)(void *ctx, lw_coap_reply *reply))
{
    lw_client *client = obs->values.client;
    lw_coap_notification n = {
        .code = code,
        .confirmable = confirmable,
        .write = write,
        .write_ctx = obs,
        .on_end = write != NULL ? on_end : NULL,
        .ctx = obs,
    };
    return lw_coap_notify(&client->coap, &obs->values.server->peer, client->now, &obs->to, &n);
}

static lw_err write_values(void *ctx, lw_coap_reply *reply)
{
    const lw_observed *obs = ctx;
    return lw_reply_values(reply, obs->format, &obs->values);
}

/* OBS-13: the last notification tells why. */
static lw_err end(lw_observed *obs, lw_err why)
{
    lw_err err = lw_observed_send(obs, lw_op_code(LW_OP_OBSERVE, why), true, NULL);
    if (err == LW_OK) {
        obs->to.exchange = NULL; /* it ends without us */
        lw_observed_free(obs);
    }
    return err;
}

/* A value that cannot be had now, of a target that is there: nothing to say until it comes back. */
static bool has_no_value(const lw_observed *obs)
{
    lw_source source = lw_readable_source(&obs->values);
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    return lw_path_reaches(lw_readable_base(&obs->values), LW_LEVEL_RESOURCE) &&
           source.next(source.ctx, &cursor, &e) != LW_OK;
}

/* One that must not be lost is stored before it is sent, and so is one behind others that wait.
 * LW_AGAIN: it is neither to be stored nor can it be sent. */
static lw_err notify(lw_observed *obs, const lw_attrs *attrs)
{
    lw_observing *all = obs->all;
    lw_time now = all->client->now;
    bool confirmable = lw_notify_is_confirmable(&obs->notify, attrs, now);
    lw_err err = LW_OK;
    if (has_no_value(obs)) {
        confirmable = false;
    } else {
        err = all->store != NULL ? all->store->keep(all->store_state, obs, &confirmable) : LW_END;
        if (err == LW_END) {
            err = lw_observed_send(obs, LW_COAP_CONTENT, confirmable, write_values);
        }
    }
    if (err == LW_OK) {
        lw_observed_told(obs);
        lw_notify_sent(&obs->notify, confirmable, now);
    }
    return err;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Targets of a list may come and go (OBS-24). */
static lw_err may_go_on(const lw_observed *obs)
{
    const lw_readable *values = &obs->values;
    if (!values->is_list && !lw_tree_exists(&values->client->tree, obs->targets[0])) {
        return LW_ENOTFOUND; /* rule 35 */
    }
    return lw_readable_allowed(values); /* OBS-12 */
}

/* Says or stores what is due, and returns how long until the next look; the observation may be
 * gone. While the server cannot be reached, what is not stored waits, and what the value is when it
 * comes back is sent then (rule 37). */
static lw_time look_at(lw_observed *obs)
{
    const lw_store *store = obs->all->store;
    lw_time now = obs->all->client->now;
    bool only_stored = store != NULL && lw_observed_is_away(obs);
    if (!only_stored && !lw_server_is_ready(obs->values.server)) {
        return LW_TIME_NEVER;
    }
    lw_attrs attrs;
    lw_observed_attrs(obs, &attrs);
    lw_observed_evaluate(obs, &attrs);
    lw_err err = only_stored ? LW_OK : may_go_on(obs);
    if (err == LW_OK && lw_notify_waits(&obs->notify, &attrs, now) <= 0) {
        err = notify(obs, &attrs);
    }
    if (err == LW_OK && store != NULL) {
        err = store->deliver(obs);
    }
    if (err == LW_OK) {
        return lw_notify_waits(&obs->notify, &attrs, now);
    }
    bool may_pass = err == LW_ENOMEM || err == LW_ESTATE;
    return err == LW_AGAIN || (!may_pass && end(obs, err) == LW_OK) ? LW_TIME_NEVER : RETRY_MS;
}

void lw_observing_look(lw_observing *all)
{
    lw_alarm_set_in(all->client, &all->alarm, 0);
}

void lw_observing_ring(lw_coap *coap, lw_alarm *alarm)
{
    lw_observing *all = LW_CONTAINER(alarm, lw_observing, alarm);
    lw_client *client = coap->config.ctx;
    lw_time next = LW_TIME_NEVER;
    lw_link *following;
    for (lw_link *l = all->list.next; l != &all->list; l = following) {
        following = l->next;
        lw_time wait = look_at(lw_observed_of(l));
        next = wait < next ? wait : next;
    }
    lw_alarm_set(client, &all->alarm, lw_time_add(client->now, next));
}
