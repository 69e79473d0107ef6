#include "coap/endpoint_priv.h"
#include "coap/observe.h"

lw_err lw_coap_notify(lw_coap *coap, lw_coap_peer *peer, lw_time now, const lw_coap_notification *n,
                      uint16_t *out_mid, lw_coap_exchange **out_exchange)
{
    if (coap->busy || peer->closing) {
        return LW_ESTATE;
    }
    coap->now = now;
    lw_coap_reply reply = {.ask = {.token = n->token}};
    lw_coap_reply_begin(coap, &reply);
    reply.code = n->code;
    lw_err err = n->write != NULL ? n->write(n->write_ctx, &reply) : LW_OK;
    bool is_last = lw_coap_code_class(n->code) != 2; /* RFC 7641 section 4.2 */
    if (err == LW_OK) {
        reply.observe = is_last ? NULL : &n->sequence;
        err = lw_coap_reply_encode(coap, peer, &reply);
    }
    coap->busy = false;
    if (err != LW_OK) {
        return err;
    }
    if (out_mid != NULL) {
        *out_mid = peer->next_mid;
    }
    lw_coap_request told = {.code = n->code,
                            .non = !n->confirmable,
                            .token = &n->token,
                            .options = reply.body,
                            .on_end = n->on_end,
                            .ctx = n->ctx};
    return lw_coap_tell(coap, peer, &told, n->supersedes, out_exchange);
}
