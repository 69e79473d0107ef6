#include "coap/exchange.h"

#include <string.h>

#include "base/apart.h"
#include "coap/endpoint_priv.h"

typedef enum state {
    STATE_QUEUED,      /* NSTART does not let it go yet; no deadline */
    STATE_UNCONFIRMED, /* counted against NSTART; deadline: the next transmission, or giving up */
    STATE_WAITING      /* acknowledged; deadline: the response timeout */
} state;

struct lw_coap_exchange {
    lw_link link; /* peer->exchanges */
    uint8_t state;
    bool acked; /* of a CON, and of what a stream has taken */
    bool is_ping;
    uint8_t retransmissions;
    uint16_t mid; /* what an ACK or RST must say; that of the superseded message until the message
                     here was sent itself */
    uint16_t own_mid;
    lw_coap_timer timer; /* its `fire` does what is next: fire, or fire_non */
    lw_coap_peer *peer;
    lw_coap_end_fn on_end; /* may be NULL */
    void *ctx;
    uint32_t timeout_ms;          /* of the present transmission */
    uint32_t response_timeout_ms; /* 0: no response is expected, the ACK is the end */
    lw_bytes message;             /* encoded, in octets */
    lw_coap_token token;
    uint8_t octets[];
};

static lw_coap_exchange *of_link(lw_link *l)
{
    return LW_CONTAINER(l, lw_coap_exchange, link);
}

static void set_state(lw_coap_exchange *ex, state to)
{
    lw_coap_peer *peer = ex->peer;
    peer->active =
        (uint8_t)(peer->active + (to == STATE_UNCONFIRMED) - (ex->state == STATE_UNCONFIRMED));
    ex->state = (uint8_t)to;
}

static void transmit(lw_coap *coap, lw_coap_exchange *ex)
{
    ex->mid = ex->own_mid;
    lw_coap_timer_arm(coap, &ex->timer, ex->timeout_ms);
    lw_coap_send(coap, ex->peer, &ex->message);
}

static void wait_for_response(lw_coap *coap, lw_coap_exchange *ex, uint32_t delay_ms)
{
    set_state(ex, STATE_WAITING);
    lw_coap_timer_arm(coap, &ex->timer, delay_ms);
}

static void begin(lw_coap *coap, lw_coap_exchange *ex, uint32_t timeout_ms)
{
    if (lw_coap_is_stream(ex->peer)) {
        /* Nothing is acknowledged; a message without response is done, but tells so from step. */
        ex->acked = true;
        wait_for_response(coap, ex, ex->response_timeout_ms);
        lw_coap_send(coap, ex->peer, &ex->message);
        return;
    }
    set_state(ex, STATE_UNCONFIRMED);
    ex->retransmissions = 0;
    ex->timeout_ms = timeout_ms;
    transmit(coap, ex);
}

/* RFC 7252 section 4.2: from ACK_TIMEOUT to ACK_TIMEOUT * ACK_RANDOM_FACTOR, evenly. */
static void begin_con(lw_coap *coap, lw_coap_exchange *ex)
{
    const lw_coap_params *p = ex->peer->params;
    begin(coap, ex, p->ack_timeout_ms + lw_rng_below(&coap->config.rng, p->ack_spread_ms + 1));
}

/* Lets queued exchanges go, oldest first, as far as NSTART allows: on a stream, where none is ever
 * active, all. */
static void begin_queued(lw_coap *coap, lw_coap_peer *peer)
{
    for (lw_link *l = peer->exchanges.next;
         l != &peer->exchanges && peer->active < peer->params->nstart; l = l->next) {
        lw_coap_exchange *ex = of_link(l);
        if (ex->state == STATE_QUEUED) {
            ex->timer.fire(coap, &ex->timer);
        }
    }
}

void lw_coap_exchange_end(lw_coap *coap, lw_coap_exchange *ex, lw_err err, const lw_coap_msg *msg)
{
    lw_coap_peer *peer = ex->peer;
    lw_coap_end_fn on_end = ex->on_end;
    void *ctx = ex->ctx;
    lw_coap_result result = {.err = err, .acked = ex->acked, .msg = msg, .now = coap->now};
    if (ex->is_ping && err == LW_ERESET) {
        result.err = LW_OK; /* alive, which was the question */
    }
    coap->stats.timeouts += err == LW_ETIMEOUT;
    set_state(ex, STATE_QUEUED); /* gives its place back */
    lw_coap_timer_disarm(&ex->timer);
    lw_list_remove(&ex->link);
    peer->queued--;
    lw_mem_release(&coap->config.mem, ex);
    if (!peer->closing) {
        begin_queued(coap, peer);
    }
    if (on_end != NULL) {
        on_end(ctx, &result); /* last: it may start others, or drop the peer from a step */
    }
}

void lw_coap_exchange_acked(lw_coap *coap, lw_coap_exchange *ex)
{
    if (ex->state != STATE_UNCONFIRMED) {
        return;
    }
    if (ex->mid != ex->own_mid) {
        begin_con(coap, ex); /* the superseded state arrived: now the newer, as a first try */
    } else if (ex->response_timeout_ms == 0) {
        lw_coap_exchange_end(coap, ex, LW_OK, NULL);
    } else {
        ex->acked = true;
        wait_for_response(coap, ex, ex->response_timeout_ms);
        begin_queued(coap, ex->peer);
    }
}

static void fire(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_exchange *ex = LW_CONTAINER(timer, lw_coap_exchange, timer);
    if (ex->state == STATE_QUEUED) {
        begin_con(coap, ex);
    } else if (ex->state == STATE_WAITING) {
        bool is_done = ex->response_timeout_ms == 0; /* sent over a stream, see begin */
        lw_coap_exchange_end(coap, ex, is_done ? LW_OK : LW_ETIMEOUT, NULL);
    } else if (ex->retransmissions < ex->peer->params->max_retransmit) {
        ex->retransmissions++;
        ex->timeout_ms *= 2;
        coap->stats.retransmitted++;
        transmit(coap, ex);
    } else {
        lw_coap_exchange_end(coap, ex, LW_ETIMEOUT, NULL);
    }
}

/* A NON request counts as outstanding for as long as it takes at PROBING_RATE (RFC 7252 section
 * 4.7). */
static void fire_non(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_exchange *ex = LW_CONTAINER(timer, lw_coap_exchange, timer);
    uint32_t whole_ms = ex->response_timeout_ms;
    uint32_t rate = ex->peer->params->probing_rate;
    uint32_t probing_ms = rate != 0 ? (uint32_t)ex->message.len * 1000u / rate : 0;
    if (ex->state == STATE_QUEUED) {
        begin(coap, ex, probing_ms < whole_ms ? probing_ms : whole_ms);
    } else if (ex->state == STATE_UNCONFIRMED) {
        wait_for_response(coap, ex, whole_ms - ex->timeout_ms);
        begin_queued(coap, ex->peer);
    } else {
        lw_coap_exchange_end(coap, ex, LW_ETIMEOUT, NULL);
    }
}

void lw_coap_cancel(lw_coap *coap, lw_coap_exchange *exchange, lw_time now)
{
    coap->now = now;
    lw_coap_exchange_end(coap, exchange, LW_ECANCELED, NULL);
}

void lw_coap_exchanges_drop(lw_coap *coap, lw_coap_peer *peer)
{
    while (!lw_list_is_empty(&peer->exchanges)) {
        lw_coap_exchange_end(coap, of_link(peer->exchanges.next), LW_ECANCELED, NULL);
    }
}

/* ---- finding ------------------------------------------------------------------------------- */

lw_coap_exchange *lw_coap_exchange_by_token(lw_coap_peer *peer, const lw_coap_token *token)
{
    for (lw_link *l = peer->exchanges.next; l != &peer->exchanges; l = l->next) {
        lw_coap_exchange *ex = of_link(l);
        if (ex->state != STATE_QUEUED && ex->response_timeout_ms != 0 &&
            lw_coap_same_token(&ex->token, token)) {
            return ex;
        }
    }
    return NULL;
}

lw_coap_exchange *lw_coap_exchange_by_mid(lw_coap_peer *peer, uint16_t mid)
{
    for (lw_link *l = peer->exchanges.next; l != &peer->exchanges; l = l->next) {
        lw_coap_exchange *ex = of_link(l);
        if (ex->state != STATE_QUEUED && ex->mid == mid) {
            return ex;
        }
    }
    return NULL;
}

void lw_coap_new_token(lw_coap *coap, const lw_coap_peer *peer, lw_coap_token *out_token)
{
    out_token->len = peer->params->token_len;
    coap->config.rng.fill(coap->config.rng.ctx, out_token->octets, out_token->len);
}

/* ---- starting ------------------------------------------------------------------------------ */

/* Takes its place in the list: at the end, or that of an older message, with its timing. */
LW_APART static void enqueue(lw_coap *coap, lw_coap_exchange *ex, lw_coap_exchange *older,
                             lw_coap_exchange **out_exchange)
{
    lw_coap_peer *peer = ex->peer;
    if (out_exchange != NULL) {
        *out_exchange = ex;
    }
    peer->queued++;
    if (older == NULL) {
        lw_list_add_last(&peer->exchanges, &ex->link);
        begin_queued(coap, peer);
        return;
    }
    lw_list_add_last(&older->link, &ex->link); /* right before it */
    ex->timeout_ms = older->timeout_ms;
    ex->retransmissions = older->retransmissions;
    ex->mid = older->mid;
    lw_deadline_arm(&coap->deadlines, &ex->timer.deadline, lw_deadline_at(&older->timer.deadline));
    set_state(ex, (state)older->state);
    set_state(older, STATE_QUEUED);
    lw_coap_exchange_end(coap, older, LW_ECANCELED, NULL);
}

/* A CON that is not in the list yet. With a response timeout of 0 the ACK is its end. One that
 * takes the place of an older does not count against the ceiling. */
static lw_err make(lw_coap *coap, lw_coap_peer *peer, const lw_coap_request *request,
                   const lw_coap_exchange *older, lw_coap_exchange **out)
{
    size_t room = request->options.len + 1 + request->payload.len;
    if (peer->closing || room > peer->max_message) {
        return peer->closing ? LW_ESTATE : LW_ETOOBIG;
    }
    lw_coap_exchange *ex = NULL;
    if (older != NULL || peer->queued < coap->config.limits.max_queued) {
        ex = lw_mem_alloc(&coap->config.mem, sizeof *ex + LW_COAP_HEADER_MAX + room);
    }
    if (ex == NULL) {
        return LW_ENOMEM;
    }
    ex->timer.fire = fire;
    ex->peer = peer;
    ex->on_end = request->on_end;
    ex->ctx = request->ctx;
    ex->own_mid = peer->next_mid++;
    if (request->token != NULL) {
        ex->token = *request->token;
    } else {
        lw_coap_new_token(coap, peer, &ex->token);
    }
    lw_writer w;
    lw_writer_init(&w, ex->octets + LW_COAP_HEADER_MAX, room);
    lw_coap_write_body(&w, &request->options, &request->payload);
    lw_coap_head head = {
        .type = LW_COAP_CON, .code = request->code, .mid = ex->own_mid, .token = &ex->token};
    ex->message = lw_writer_plain(&w);
    lw_coap_prepend_head(peer, &head, &ex->message);
    if (ex->message.len > peer->max_message) {
        lw_mem_release(&coap->config.mem, ex);
        return LW_ETOOBIG;
    }
    *out = ex;
    return LW_OK;
}

static lw_err make_request(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                           const lw_coap_request *request, lw_coap_exchange **out)
{
    coap->now = now;
    lw_err err = make(coap, peer, request, NULL, out);
    if (err == LW_OK) {
        (*out)->response_timeout_ms = request->response_timeout_ms != 0
                                          ? request->response_timeout_ms
                                          : peer->params->response_timeout_ms;
    }
    return err;
}

lw_err lw_coap_start(lw_coap *coap, lw_coap_peer *peer, lw_time now, const lw_coap_request *request,
                     lw_coap_exchange **out_exchange)
{
    lw_coap_exchange *ex;
    lw_err err = make_request(coap, peer, now, request, &ex);
    if (err == LW_OK) {
        enqueue(coap, ex, NULL, out_exchange);
    }
    return err;
}

lw_err lw_coap_start_non(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                         const lw_coap_request *request, lw_coap_exchange **out_exchange)
{
    lw_coap_exchange *ex;
    lw_err err = make_request(coap, peer, now, request, &ex);
    if (err == LW_OK) {
        ex->timer.fire = fire_non;
        if (!lw_coap_is_stream(peer)) {
            uint8_t *first = ex->octets + (ex->message.ptr - ex->octets);
            *first |= LW_COAP_NON << 4; /* where CON is 0 */
        }
        enqueue(coap, ex, NULL, out_exchange);
    }
    return err;
}

lw_err lw_coap_tell(lw_coap *coap, lw_coap_peer *peer, const lw_coap_request *told,
                    lw_coap_exchange *older, lw_coap_exchange **out_exchange)
{
    lw_coap_exchange *ex;
    lw_err err = make(coap, peer, told, older, &ex);
    if (err == LW_OK) {
        enqueue(coap, ex, older, out_exchange);
    }
    return err;
}

lw_err lw_coap_ping(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_coap_end_fn on_end,
                    void *ctx)
{
    static const lw_coap_token none = {.len = 0};
    lw_coap_request ping = {.code = LW_COAP_EMPTY, .token = &none, .on_end = on_end, .ctx = ctx};
    lw_coap_exchange *ex;
    coap->now = now;
    lw_err err = make(coap, peer, &ping, NULL, &ex);
    if (err == LW_OK) {
        ex->is_ping = true;
        enqueue(coap, ex, NULL, NULL);
    }
    return err;
}
