#include "server/dm/kept.h"

#include "proto/op.h"
#include "server/dm/observation.h"
#include "server/shared/keep.h"

typedef struct kept {
    lw_keep keep;
    lw_link of_peer;
    lw_peer *peer;
    lw_coap_token token;
    uint16_t mid; /* of a notification */
    uint8_t op;
} kept;

static lw_err wait_for(lw_server *server, const kept *what, lw_ticket ticket,
                       void (*done)(lw_server *server, lw_keep *keep, lw_err err))
{
    kept *k = lw_mem_alloc(&server->mem, sizeof *k);
    if (k == NULL) {
        return LW_ENOMEM;
    }
    *k = *what;
    lw_list_init(&k->of_peer);
    lw_list_add_last(&k->peer->keeps, &k->of_peer);
    lw_keep_until(server, &k->keep, ticket, done);
    return LW_AGAIN;
}

static void give_back(lw_server *server, kept *k)
{
    lw_list_remove(&k->of_peer);
    lw_mem_release(&server->mem, k);
}

void lw_kept_drop(lw_server *server, lw_peer *peer)
{
    while (!lw_list_is_empty(&peer->keeps)) {
        kept *k = LW_CONTAINER(peer->keeps.next, kept, of_peer);
        lw_keep_stop(&k->keep);
        give_back(server, k);
    }
}

static void answer(lw_server *server, lw_keep *keep, lw_err err)
{
    kept *k = LW_CONTAINER(keep, kept, keep);
    lw_coap_peer *peer = &k->peer->link.coap;
    lw_coap_reply reply;
    if (lw_coap_answer_begin(&server->coap, peer, k->token, &reply) == LW_OK) {
        reply.code =
            err == LW_OK ? lw_op_rule_of((lw_op)k->op)->success : LW_COAP_SERVICE_UNAVAILABLE;
        if (lw_coap_answer_end(&server->coap, peer, server->now, &reply) != LW_OK) {
            lw_server_log(server, LW_LOG_WARN, lw_bytes_str(""), "an answer could not be sent");
        }
    }
    give_back(server, k);
}

lw_err lw_kept_answer(lw_server *server, lw_peer *peer, const lw_coap_msg *msg, lw_op op,
                      lw_ticket ticket)
{
    kept k = {.peer = peer, .token = msg->token, .op = (uint8_t)op};
    return wait_for(server, &k, ticket, answer);
}

static void acknowledge(lw_server *server, lw_keep *keep, lw_err err)
{
    kept *k = LW_CONTAINER(keep, kept, keep);
    if (err == LW_OK) {
        lw_coap_acknowledge(&server->coap, &k->peer->link.coap, k->mid);
    } else {
        lw_coap_forget(&server->coap, &k->peer->link.coap, k->mid);
        lw_observation_lost(server, k->peer, k->token);
    }
    give_back(server, k);
}

lw_err lw_kept_notification(lw_server *server, lw_peer *peer, const lw_coap_msg *msg,
                            lw_ticket ticket)
{
    kept k = {.peer = peer, .token = msg->token, .mid = msg->mid};
    return wait_for(server, &k, ticket, acknowledge);
}
