/* One server and some clients as nodes of a simulated network; included by the simulations of
 * src/coap. Every request carries its number as payload; the server counts how often each was
 * handled, the client how often each ended. */
#ifndef LW_SIM_COAP_NODES_H
#define LW_SIM_COAP_NODES_H

#include <stdio.h>
#include <stdlib.h>

#include "testing/lw_test.h"

#include "base/reader.h"
#include "coap/bodies.h"
#include "coap/exchange.h"
#include "coap/later.h"
#include "coap/reply.h"
#include "coap/transfer.h"
#include "testing/fakes.h"
#include "testing/simnet.h"

#define CLIENTS 10u

typedef struct sim_client {
    lw_coap coap;
    lw_coap_peer server;
    lw_rng_seeded rng;
    lw_sim_node *node;
    uint8_t buf[LW_COAP_BUF_SIZE(1024)];
    struct world *world;
} sim_client;

typedef struct world {
    lw_sim *sim;
    lw_fake_mem mem;
    lw_coap server;
    lw_sim_node *server_node;
    lw_rng_seeded server_rng;
    uint8_t server_buf[LW_COAP_BUF_SIZE(70000)];
    lw_coap_bodies bodies;
    lw_coap_peer peers[CLIENTS]; /* of the server, one for each client */
    sim_client clients[CLIENTS];
    lw_coap_params params;
    lw_coap_handler server_handler, client_handler;
    lw_time (*server_deadline)(void *ctx);
    void (*server_step)(void *ctx, lw_time now);
    void *ctx; /* of the simulation */
} world;

static inline void server_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    world *w = ctx;
    size_t i = (size_t)(peer - w->peers);
    lw_sim_send(w->sim, w->server_node, lw_sim_address(w->clients[i].node), message);
}

static inline void server_receive(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram)
{
    world *w = ctx;
    for (size_t i = 0; i < CLIENTS; i++) {
        if (lw_sim_address(w->clients[i].node) == from) {
            lw_coap_feed(&w->server, &w->peers[i], now, datagram);
        }
    }
}

static inline void server_step(void *ctx, lw_time now)
{
    world *w = ctx;
    lw_coap_step(&w->server, now);
    if (w->server_step != NULL) {
        w->server_step(w->ctx, now);
    }
}

static inline lw_time server_deadline(void *ctx)
{
    world *w = ctx;
    lw_time own = lw_coap_next_deadline(&w->server);
    lw_time other = w->server_deadline != NULL ? w->server_deadline(w->ctx) : LW_TIME_NEVER;
    return own < other ? own : other;
}

static inline void client_send(void *ctx, lw_coap_peer *peer, lw_bytes message)
{
    sim_client *c = ctx;
    (void)peer;
    lw_sim_send(c->world->sim, c->node, lw_sim_address(c->world->server_node), message);
}

static inline lw_err client_request(void *ctx, const lw_coap_inbound *in, lw_coap_reply *reply)
{
    (void)ctx;
    (void)in;
    reply->code = LW_COAP_NOT_FOUND;
    return LW_OK;
}

static inline void client_receive(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram)
{
    sim_client *c = ctx;
    (void)from;
    lw_coap_feed(&c->coap, &c->server, now, datagram);
}

static inline void client_step(void *ctx, lw_time now)
{
    lw_coap_step(&((sim_client *)ctx)->coap, now);
}

static inline lw_time client_deadline(void *ctx)
{
    return lw_coap_next_deadline(&((sim_client *)ctx)->coap);
}

typedef struct world_config {
    uint64_t seed;
    lw_coap_params params;
    lw_err (*on_request)(void *ctx, const lw_coap_inbound *in,
                         lw_coap_reply *reply); /* ctx: world */
    uint32_t body_timeout_ms;
    void *ctx;
} world_config;

static inline world *world_new(const world_config *config)
{
    world *w = calloc(1, sizeof *w);
    w->sim = lw_sim_new(config->seed);
    w->params = config->params;
    w->ctx = config->ctx;
    /* 30 % loss, 10 % duplication, and an order that is anyone's guess. */
    lw_sim_set_link(w->sim, NULL, NULL,
                    (lw_sim_link){.loss_permille = 300,
                                  .duplicate_permille = 100,
                                  .reorder_permille = 100,
                                  .delay_min_ms = 20,
                                  .delay_max_ms = 1500});
    w->server_handler = (lw_coap_handler){.send = server_send, .on_request = config->on_request};
    w->client_handler = (lw_coap_handler){.send = client_send, .on_request = client_request};
    lw_coap_bodies_init(&w->bodies, 70000, 2 * CLIENTS, config->body_timeout_ms);
    lw_rng_seeded_init(&w->server_rng, config->seed + 1000);
    lw_coap_config server = {
        .mem = lw_fake_mem_mem(&w->mem),
        .rng = lw_rng_seeded_rng(&w->server_rng),
        .handler = &w->server_handler,
        .ctx = w,
        .limits = {.max_seen = 200000,
                   .max_seen_per_peer = 20000,
                   .max_queued = 64,
                   .max_later = 64},
        .later = &lw_coap_later_answers,
        .buf = w->server_buf,
        .buf_size = sizeof w->server_buf,
        .bodies = &w->bodies,
    };
    assert_ok(lw_coap_init(&w->server, &server));
    w->server_node = lw_sim_add_node(w->sim, &(lw_sim_node_config){.receive = server_receive,
                                                                   .step = server_step,
                                                                   .next_deadline = server_deadline,
                                                                   .ctx = w});
    for (size_t i = 0; i < CLIENTS; i++) {
        sim_client *c = &w->clients[i];
        c->world = w;
        lw_rng_seeded_init(&c->rng, config->seed + i + 1);
        lw_coap_config client = server;
        client.rng = lw_rng_seeded_rng(&c->rng);
        client.handler = &w->client_handler;
        client.ctx = c;
        client.limits.max_queued = 2000;
        client.buf = c->buf;
        client.buf_size = sizeof c->buf;
        client.bodies = NULL;
        assert_ok(lw_coap_init(&c->coap, &client));
        lw_coap_peer_init(&c->coap, &c->server, &w->params);
        lw_coap_peer_init(&w->server, &w->peers[i], &w->params);
        c->node = lw_sim_add_node(w->sim, &(lw_sim_node_config){.receive = client_receive,
                                                                .step = client_step,
                                                                .next_deadline = client_deadline,
                                                                .ctx = c});
    }
    return w;
}

/* Everything has ended, and all memory is back. */
static inline void world_free(world *w)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        lw_coap_peer_drop(&w->clients[i].coap, &w->clients[i].server);
        lw_coap_peer_drop(&w->server, &w->peers[i]);
        assert_int_equal(lw_coap_next_deadline(&w->clients[i].coap), LW_TIME_NEVER);
        lw_coap_fini(&w->clients[i].coap);
    }
    assert_int_equal(lw_coap_next_deadline(&w->server), LW_TIME_NEVER);
    lw_coap_fini(&w->server);
    assert_int_equal(w->mem.live, 0);
    lw_sim_free(w->sim);
    free(w);
}

/* Patience enough that only an improbable row of losses ends in a timeout. */
static inline lw_coap_params patient_params(void)
{
    lw_coap_params p = lw_coap_params_udp;
    p.max_retransmit = 20;
    p.non_lifetime_ms = LW_COAP_MAX_TRANSMIT_SPAN(2000, 150, 20) + 100000;
    p.exchange_lifetime_ms = p.non_lifetime_ms + 102000;
    p.response_timeout_ms = UINT32_MAX;
    return p;
}

#endif
