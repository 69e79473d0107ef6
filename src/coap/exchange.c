#include "coap/exchange.h"

#include "base/apart.h"
#include "coap/endpoint_priv.h"

enum {
    STATE_QUEUED,      /* NSTART does not let it go yet; no deadline */
    STATE_UNCONFIRMED, /* counted against NSTART; deadline: the next transmission, or giving up */
    STATE_ACKED,       /* a CON, or what a stream has taken; deadline: the response timeout */
    STATE_PROBED       /* a NON, of which nobody knows whether it arrived; the same deadline */
};

struct lw_coap_exchange {
    lw_coap_timer timer;    /* first; its `fire` does what is next: begins, sends again, ends */
    lw_coap_exchange *next; /* of the peer */
    uint32_t state;
    uint16_t mid; /* what an ACK or RST must say; that of the superseded message until the message
                     here was sent itself */
    uint16_t own_mid;
    uint32_t retransmissions;
    lw_coap_peer *peer;
    lw_coap_end_fn on_end; /* may be NULL */
    void *ctx;
    uint32_t timeout_ms;          /* of the present transmission */
    uint32_t response_timeout_ms; /* 0: no response is expected, the ACK is the end */
    lw_bytes message;             /* encoded, in octets */
    lw_coap_token token;
    uint8_t octets[];
};

static lw_coap_exchange *of_timer(lw_coap_timer *timer)
{
    return (lw_coap_exchange *)(void *)timer;
}

static void transmit(lw_coap *coap, lw_coap_exchange *ex)
{
    ex->mid = ex->own_mid;
    lw_coap_timer_arm(coap, &ex->timer, ex->timeout_ms);
    lw_coap_send(coap, ex->peer, &ex->message);
}

static void wait_for_response(lw_coap *coap, lw_coap_exchange *ex, uint32_t delay_ms)
{
    ex->state = STATE_ACKED;
    lw_coap_timer_arm(coap, &ex->timer, delay_ms);
}

static void begin(lw_coap *coap, lw_coap_exchange *ex, uint32_t timeout_ms)
{
    ex->state = STATE_UNCONFIRMED;
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
 * unconfirmed, all. What goes stands before what is queued. */
static void begin_queued(lw_coap *coap, const lw_coap_peer *peer)
{
    unsigned unconfirmed = 0;
    for (lw_coap_exchange *ex = peer->exchanges; ex != NULL && unconfirmed < peer->params->nstart;
         ex = ex->next) {
        if (ex->state == STATE_QUEUED) {
            ex->timer.fire(coap, &ex->timer);
        }
        unconfirmed += ex->state == STATE_UNCONFIRMED;
    }
}

/* What points to it; with NULL the end of the list. */
static lw_coap_exchange **place_of(lw_coap_peer *peer, const lw_coap_exchange *ex)
{
    lw_coap_exchange **at = &peer->exchanges;
    while (*at != ex) {
        at = &(*at)->next;
    }
    return at;
}

void lw_coap_exchange_end(lw_coap *coap, lw_coap_exchange *ex, lw_err err, const lw_coap_msg *msg)
{
    lw_coap_peer *peer = ex->peer;
    lw_coap_end_fn on_end = ex->on_end;
    void *ctx = ex->ctx;
    lw_coap_result result = {.err = err,
                             .acked = ex->state == STATE_ACKED,
                             .msg = err == LW_OK ? msg : NULL,
                             .now = coap->now};
    coap->stats.timeouts += err == LW_ETIMEOUT;
    lw_coap_timer_disarm(&ex->timer);
    *place_of(peer, ex) = ex->next;
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
        wait_for_response(coap, ex, ex->response_timeout_ms);
        begin_queued(coap, ex->peer);
    }
}

void lw_coap_fire_con(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_exchange *ex = of_timer(timer);
    if (ex->state == STATE_QUEUED) {
        begin_con(coap, ex);
    } else if (ex->state == STATE_UNCONFIRMED &&
               ex->retransmissions < ex->peer->params->max_retransmit) {
        ex->retransmissions++;
        ex->timeout_ms *= 2;
        coap->stats.retransmitted++;
        transmit(coap, ex);
    } else {
        lw_coap_exchange_end(coap, ex, LW_ETIMEOUT, NULL);
    }
}

/* Nothing is acknowledged; a message without response is done, but tells so from step. */
void lw_coap_fire_on_stream(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_exchange *ex = of_timer(timer);
    if (ex->state == STATE_QUEUED) {
        wait_for_response(coap, ex, ex->response_timeout_ms);
        lw_coap_send(coap, ex->peer, &ex->message);
    } else {
        bool is_done = ex->response_timeout_ms == 0;
        lw_coap_exchange_end(coap, ex, is_done ? LW_OK : LW_ETIMEOUT, NULL);
    }
}

/* A NON request counts as outstanding for as long as it takes at PROBING_RATE (RFC 7252 section
 * 4.7). */
static void fire_non(lw_coap *coap, lw_coap_timer *timer)
{
    lw_coap_exchange *ex = of_timer(timer);
    uint32_t whole_ms = ex->response_timeout_ms;
    uint32_t rate = ex->peer->params->probing_rate;
    uint32_t probing_ms = rate != 0 ? (uint32_t)ex->message.len * 1000u / rate : 0;
    if (ex->state == STATE_QUEUED) {
        begin(coap, ex, probing_ms < whole_ms ? probing_ms : whole_ms);
    } else if (ex->state == STATE_UNCONFIRMED) {
        wait_for_response(coap, ex, whole_ms - ex->timeout_ms);
        ex->state = STATE_PROBED;
        begin_queued(coap, ex->peer);
    } else {
        lw_coap_exchange_end(coap, ex, LW_ETIMEOUT, NULL);
    }
}

LW_APART void lw_coap_cancel(lw_coap *coap, lw_coap_exchange *exchange, lw_time now)
{
    coap->now = now;
    lw_coap_exchange_end(coap, exchange, LW_ECANCELED, NULL);
}

void lw_coap_exchanges_drop(lw_coap *coap, lw_coap_peer *peer)
{
    while (peer->exchanges != NULL) {
        lw_coap_exchange_end(coap, peer->exchanges, LW_ECANCELED, NULL);
    }
}

/* ---- finding ------------------------------------------------------------------------------- */

lw_coap_exchange *lw_coap_exchange_by_token(lw_coap_peer *peer, const lw_coap_token *token)
{
    lw_coap_exchange *ex = peer->exchanges;
    while (ex != NULL && (ex->state == STATE_QUEUED || ex->response_timeout_ms == 0 ||
                          !lw_coap_same_token(&ex->token, token))) {
        ex = ex->next;
    }
    return ex;
}

lw_coap_exchange *lw_coap_exchange_by_mid(lw_coap_peer *peer, uint16_t mid)
{
    lw_coap_exchange *ex = peer->exchanges;
    while (ex != NULL && (ex->state == STATE_QUEUED || ex->mid != mid)) {
        ex = ex->next;
    }
    return ex;
}

void lw_coap_new_token(lw_coap *coap, const lw_coap_peer *peer, lw_coap_token *out_token)
{
    out_token->len = peer->params->token_len;
    coap->config.rng.fill(coap->config.rng.ctx, out_token->octets, out_token->len);
}

/* ---- starting ------------------------------------------------------------------------------ */

/* A message that is not in the list yet. One that takes the place of an older does not count
 * against the ceiling. */
static lw_err make(lw_coap *coap, lw_coap_peer *peer, const lw_coap_request *request,
                   const lw_coap_exchange *older, lw_coap_exchange **out)
{
    const lw_coap_params *params = peer->params;
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
    ex->timer.fire = params->fire;
    ex->peer = peer;
    ex->on_end = request->on_end;
    ex->ctx = request->ctx;
    ex->own_mid = peer->next_mid++;
    if (lw_coap_code_is_request(request->code)) {
        ex->response_timeout_ms = request->response_timeout_ms != 0 ? request->response_timeout_ms
                                                                    : params->response_timeout_ms;
    }
    if (request->token != NULL) {
        ex->token = *request->token;
    } else {
        lw_coap_new_token(coap, peer, &ex->token);
    }
    lw_writer w;
    lw_writer_init(&w, ex->octets + LW_COAP_HEADER_MAX, room);
    lw_coap_write_body(&w, &request->options, &request->payload);
    ex->message = lw_writer_plain(&w);
    params->put_head(lw_coap_head(LW_COAP_CON, request->code, ex->own_mid), &ex->token,
                     &ex->message);
    if (ex->message.len > peer->max_message) {
        lw_mem_release(&coap->config.mem, ex);
        return LW_ETOOBIG;
    }
    *out = ex;
    return LW_OK;
}

/* Takes its place in the list: at the end, or that of an older message, with its timing when that
 * is not confirmed yet. */
static void enqueue(lw_coap *coap, lw_coap_exchange *ex, lw_coap_exchange *older)
{
    lw_coap_peer *peer = ex->peer;
    lw_coap_exchange **at = place_of(peer, older);
    ex->next = *at;
    *at = ex;
    peer->queued++;
    if (older == NULL) {
        begin_queued(coap, peer);
        return;
    }
    if (older->state == STATE_UNCONFIRMED) {
        ex->state = STATE_UNCONFIRMED;
        ex->timeout_ms = older->timeout_ms;
        ex->retransmissions = older->retransmissions;
        ex->mid = older->mid;
        lw_deadline_arm(&coap->deadlines, &ex->timer.deadline, older->timer.deadline.at);
    }
    lw_coap_exchange_end(coap, older, LW_ECANCELED, NULL);
}

lw_err lw_coap_begin_exchange(lw_coap *coap, lw_coap_peer *peer, const lw_coap_request *request,
                              lw_coap_exchange **exchange)
{
    lw_coap_exchange *ex;
    lw_err err = make(coap, peer, request, *exchange, &ex);
    if (err == LW_OK) {
        enqueue(coap, ex, *exchange);
        *exchange = ex;
    }
    return err;
}

lw_err lw_coap_start(lw_coap *coap, lw_coap_peer *peer, lw_time now, const lw_coap_request *request,
                     lw_coap_exchange **out_exchange)
{
    lw_coap_exchange *started = NULL;
    coap->now = now;
    lw_err err = lw_coap_begin_exchange(coap, peer, request, &started);
    if (out_exchange != NULL) {
        *out_exchange = started;
    }
    return err;
}

lw_err lw_coap_start_non(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                         const lw_coap_request *request, lw_coap_exchange **out_exchange)
{
    lw_coap_exchange *ex = NULL;
    coap->now = now;
    lw_err err = make(coap, peer, request, NULL, &ex);
    if (err == LW_OK) {
        if (!lw_coap_is_stream(peer)) {
            uint8_t *first = ex->octets + (ex->message.ptr - ex->octets);
            *first |= LW_COAP_NON << 4; /* where CON is 0 */
            ex->timer.fire = fire_non;
        }
        enqueue(coap, ex, NULL);
    }
    if (out_exchange != NULL) {
        *out_exchange = ex;
    }
    return err;
}

lw_err lw_coap_ping(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_coap_end_fn on_end,
                    void *ctx)
{
    static const lw_coap_token none = {.len = 0};
    lw_coap_request ping = {.code = LW_COAP_EMPTY, .token = &none, .on_end = on_end, .ctx = ctx};
    return lw_coap_start(coap, peer, now, &ping, NULL);
}
