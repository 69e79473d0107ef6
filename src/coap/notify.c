#include "coap/endpoint_priv.h"
#include "coap/observe.h"

lw_err lw_coap_notify(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_coap_observer *to,
                      const lw_coap_notification *n)
{
    if (coap->busy || peer->closing) {
        return LW_ESTATE;
    }
    coap->now = now;
    bool confirmable = n->confirmable || to->exchange != NULL;
    uint32_t sequence = lw_coap_observe_next(to->sequence);
    lw_coap_reply reply = {.ask = {.answer = confirmable ? LW_COAP_CON : LW_COAP_NON},
                           .sent = {.token = &to->token, .on_end = n->on_end, .ctx = n->ctx}};
    lw_coap_reply_begin(coap, &reply);
    reply.code = n->code;
    lw_err err = LW_OK;
    if (n->write != NULL) { /* RFC 7641 section 4.2: the last has no Observe */
        lw_coap_put_uint(&reply.options, LW_COAP_OPT_OBSERVE, sequence);
        err = n->write(n->write_ctx, &reply);
    }
    if (err == LW_OK) {
        err = lw_coap_reply_encode(coap, peer, &reply);
    }
    coap->busy = false;
    uint16_t mid = peer->next_mid;
    if (err == LW_OK) {
        err = lw_coap_reply_send(coap, peer, &reply, &to->exchange);
    }
    if (err == LW_OK) {
        to->mid = mid;
        to->has_mid = !confirmable;
        to->sequence = sequence;
    }
    return err;
}
