#include "coap/endpoint_priv.h"
#include "coap/observe.h"

lw_err lw_coap_notify(lw_coap *coap, lw_coap_peer *peer, lw_time now, const lw_coap_notification *n,
                      uint16_t *out_mid, lw_coap_exchange **out_exchange)
{
    if (coap->busy || peer->closing) {
        return LW_ESTATE;
    }
    coap->now = now;
    lw_coap_reply reply = {.ask = {.token = *n->token}};
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
    if (err != LW_OK) {
        return err;
    }
    if (out_mid != NULL) {
        *out_mid = peer->next_mid;
    }
    if (!n->confirmable) {
        lw_coap_head head = {
            .type = LW_COAP_NON, .code = n->code, .mid = peer->next_mid++, .token = n->token};
        lw_coap_send_body(coap, peer, &head, &reply.body);
        return LW_OK;
    }
    lw_coap_request told = {.code = n->code,
                            .token = n->token,
                            .options = reply.body,
                            .on_end = n->on_end,
                            .ctx = n->ctx};
    return lw_coap_tell(coap, peer, &told, n->supersedes, out_exchange);
}
