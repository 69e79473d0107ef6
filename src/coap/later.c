#include "coap/later.h"

#include "coap/bodies.h"
#include "coap/endpoint_priv.h"

/* A request whose handler returned LW_AGAIN. */
typedef struct lw_coap_later lw_coap_later;
struct lw_coap_later {
    lw_coap_timer timer; /* first; ack_delay, then EXCHANGE_LIFETIME */
    lw_coap_later *next;
    lw_coap_peer *peer;
    lw_coap_ask ask;
    lw_coap_token token;
};

static lw_coap_later **find(lw_coap_peer *peer, const lw_coap_token *token)
{
    lw_coap_later **at = &peer->later;
    while (*at != NULL && !lw_coap_same_token(&(*at)->token, token)) {
        at = &(*at)->next;
    }
    return at;
}

static void take_off(lw_coap *coap, lw_coap_later **at)
{
    lw_coap_later *l = *at;
    *at = l->next;
    lw_coap_timer_disarm(&l->timer);
    lw_mem_release(&coap->config.mem, l);
}

/* From now on the answer is separate. */
static void acknowledge(lw_coap *coap, lw_coap_later *l)
{
    l->ask.answer = LW_COAP_CON;
    lw_coap_timer_arm(coap, &l->timer, l->peer->params->exchange_lifetime_ms);
    lw_coap_acknowledge(coap, l->peer, l->ask.mid);
}

static void fire(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_later *l = (lw_coap_later *)(void *)timer;
    if (l->ask.answer == LW_COAP_ACK) {
        acknowledge(coap, l);
        return;
    }
    lw_coap_later **at = &l->peer->later;
    while (*at != l) {
        at = &(*at)->next;
    }
    take_off(coap, at);
}

static lw_err keep(lw_coap *coap, lw_coap_peer *peer, const lw_coap_reply *reply)
{
    lw_coap_later **at = &peer->later;
    unsigned waiting = 0;
    for (; *at != NULL; at = &(*at)->next) {
        waiting++;
    }
    lw_coap_later *l = NULL;
    if (waiting < coap->config.limits.max_later) {
        l = lw_mem_alloc(&coap->config.mem, sizeof *l);
    }
    if (l == NULL) {
        return LW_ENOMEM;
    }
    l->timer.fire = fire;
    l->peer = peer;
    l->ask = reply->ask;
    l->token = *reply->sent.token;
    *at = l;
    bool is_acked = l->ask.answer == LW_COAP_ACK;
    lw_coap_timer_arm(coap, &l->timer,
                      is_acked ? peer->params->ack_delay_ms : peer->params->exchange_lifetime_ms);
    return LW_OK;
}

static void on_duplicate(lw_coap *coap, lw_coap_peer *peer, uint16_t mid)
{
    for (lw_coap_later *l = peer->later; l != NULL; l = l->next) {
        if (l->ask.mid == mid && l->ask.answer == LW_COAP_ACK) {
            acknowledge(coap, l);
            return;
        }
    }
}

static void drop(lw_coap *coap, lw_coap_peer *peer)
{
    while (peer->later != NULL) {
        take_off(coap, &peer->later);
    }
}

const lw_coap_later_hooks lw_coap_later_answers = {keep, on_duplicate, drop};

lw_err lw_coap_answer_begin(lw_coap *coap, lw_coap_peer *peer, lw_coap_token token,
                            lw_coap_reply *reply)
{
    if (coap->busy) {
        return LW_ESTATE;
    }
    const lw_coap_later *l = *find(peer, &token);
    if (l == NULL) {
        return LW_ENOTFOUND;
    }
    *reply = (lw_coap_reply){.ask = l->ask, .sent = {.token = &l->token}};
    lw_coap_reply_begin(coap, reply);
    if (coap->config.bodies != NULL) {
        coap->config.bodies->hooks->window(reply);
    }
    return LW_OK;
}

lw_err lw_coap_answer_end(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_coap_reply *reply)
{
    coap->now = now;
    if (reply->non && reply->ask.answer == LW_COAP_CON) {
        reply->ask.answer = LW_COAP_NON;
    }
    lw_err err = lw_coap_reply_finish(coap, peer, reply, LW_OK);
    lw_coap_later **at = find(peer, reply->sent.token);
    if (err == LW_OK && *at != NULL) {
        take_off(coap, at);
    }
    return err;
}
