#include "coap/observe.h"

#include "coap/endpoint_priv.h"

#define FRESH_AFTER_MS (128 * LW_SECOND_MS)

bool lw_coap_observe_is_fresh(uint32_t known, lw_time known_at, uint32_t sequence, lw_time at)
{
    uint32_t ahead = (sequence - known) & 0xffffff;
    return (ahead != 0 && ahead < (1u << 23)) || at > lw_time_add(known_at, FRESH_AFTER_MS);
}

void lw_coap_observation_start(lw_coap_observation *obs, lw_link *list, lw_coap_token token)
{
    obs->token = token;
    obs->sequence = 0;
    obs->at = INT64_MIN; /* whatever comes is newer */
    lw_list_init(&obs->link);
    lw_list_add_last(list, &obs->link);
}

void lw_coap_observation_stop(lw_coap_observation *obs)
{
    lw_list_remove(&obs->link);
}

static void on_registered(void *ctx, const lw_coap_result *result)
{
    lw_coap_observation *obs = ctx;
    if (result->err == LW_OK && lw_coap_code_class(result->msg->code) == 2 &&
        lw_coap_has(&result->msg->noted, LW_COAP_NOTE_OBSERVE)) {
        lw_coap_observation_start(obs, obs->list, obs->token);
        obs->sequence = result->msg->noted.value[LW_COAP_NOTE_OBSERVE];
        obs->at = result->now;
    }
    if (obs->on_end != NULL) {
        obs->on_end(obs->ctx, result);
    }
}

/* The request with an Observe option among its own. */
static lw_err send_observe(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                           const lw_coap_request *request, uint32_t value)
{
    uint8_t options[LW_COAP_OBSERVE_OPTIONS_MAX];
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, options, sizeof options);
    lw_coap_begin_options(&out, &w);
    lw_coap_put_all(&out, &request->options, 0);
    lw_coap_insert_uint(&out, LW_COAP_OPT_OBSERVE, value);
    if (w.err != LW_OK) {
        return w.err;
    }
    lw_coap_request r = *request;
    r.options = lw_writer_plain(&w);
    return lw_coap_start(coap, peer, now, &r, NULL);
}

lw_err lw_coap_observe(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_link *list,
                       lw_coap_observation *obs, const lw_coap_request *request)
{
    lw_coap_request r = *request;
    lw_list_init(&obs->link);
    if (request->token != NULL) {
        obs->token = *request->token;
    } else {
        lw_coap_new_token(coap, peer, &obs->token);
    }
    obs->list = list;
    obs->on_end = request->on_end;
    obs->ctx = request->ctx;
    r.token = &obs->token;
    r.on_end = on_registered;
    r.ctx = obs;
    return send_observe(coap, peer, now, &r, LW_COAP_OBSERVE_REGISTER);
}

lw_err lw_coap_observe_cancel(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                              lw_coap_observation *obs, const lw_coap_request *request)
{
    lw_coap_request r = *request;
    r.token = &obs->token;
    lw_err err = send_observe(coap, peer, now, &r, LW_COAP_OBSERVE_DEREGISTER);
    if (err == LW_OK) {
        lw_coap_observation_stop(obs);
    }
    return err;
}

bool lw_coap_notified(lw_coap *coap, lw_coap_peer *peer, const lw_coap_msg *msg, lw_err err)
{
    if (err == LW_END) {
        lw_coap_forget(coap, peer, msg->mid);
    } else if (err == LW_OK && msg->type == LW_COAP_CON) {
        lw_coap_acknowledge(coap, peer, msg->mid);
    }
    return !lw_err_is_failure(err);
}

lw_err lw_coap_observations_feed(lw_link *list, const lw_coap_peer *peer, lw_time now,
                                 const lw_coap_msg *msg)
{
    lw_coap_observation *obs = NULL;
    for (lw_link *l = list->next; l != list && obs == NULL; l = l->next) {
        lw_coap_observation *o = LW_CONTAINER(l, lw_coap_observation, link);
        obs = lw_coap_same_token(&o->token, &msg->token) ? o : NULL;
    }
    if (obs == NULL) {
        return LW_ENOTFOUND;
    }
    if (lw_coap_code_class(msg->code) != 2) {
        lw_coap_observation_stop(
            obs); /* RFC 7641 section 3.2: no longer on the list of observers */
        return obs->on_notify(obs, now, msg);
    }
    uint32_t sequence = msg->noted.value[LW_COAP_NOTE_OBSERVE];
    if (!lw_coap_has(&msg->noted, LW_COAP_NOTE_OBSERVE)) {
        lw_coap_observation_stop(obs); /* a plain response: the server observes for us no more */
        return obs->on_notify(obs, now, msg);
    }
    if (!lw_coap_is_stream(peer) && obs->at != INT64_MIN &&
        !lw_coap_observe_is_fresh(obs->sequence, obs->at, sequence, now)) {
        return obs->on_stale != NULL ? obs->on_stale(obs, now, msg) : LW_OK;
    }
    obs->sequence = sequence;
    obs->at = now;
    return obs->on_notify(obs, now, msg);
}
