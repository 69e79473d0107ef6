#include "coap/endpoint_priv.h"
#include "coap/observe.h"

lw_err lw_coap_notify(lw_coap *coap, lw_coap_peer *peer, lw_time now, lw_coap_notification *n)
{
    if (coap->busy || peer->closing) {
        return LW_ESTATE;
    }
    coap->now = now;
    lw_coap_reply reply = {.ask = {.answer = n->confirmable ? LW_COAP_CON : LW_COAP_NON},
                           .sent = {.token = n->token, .on_end = n->on_end, .ctx = n->ctx}};
    lw_coap_reply_begin(coap, &reply);
    reply.code = n->code;
    if (lw_coap_code_class(n->code) == 2) { /* RFC 7641 section 4.2: the last has none */
        lw_coap_put_uint(&reply.options, LW_COAP_OPT_OBSERVE, n->sequence);
    }
    lw_err err = n->write != NULL ? n->write(n->write_ctx, &reply) : LW_OK;
    if (err == LW_OK) {
        err = lw_coap_reply_encode(coap, peer, &reply);
    }
    coap->busy = false;
    n->mid = peer->next_mid;
    return err == LW_OK ? lw_coap_reply_send(coap, peer, &reply, &n->exchange) : err;
}
