/* A network in one process, on a virtual clock: nodes exchange datagrams over links that lose,
 * duplicate, delay and reorder them as a seeded generator decides. The same seed gives the same
 * run; print it when a test fails (lw_sim_seed).
 *
 *   lw_sim *sim = lw_sim_new(seed);
 *   lw_sim_node *a = lw_sim_add_node(sim, &(lw_sim_node_config){ … });
 *   lw_sim_set_link(sim, NULL, NULL, (lw_sim_link){.loss_permille = 300, …});   all links
 *   lw_sim_send(sim, a, lw_sim_address(b), datagram);
 *   lw_sim_run(sim, LW_TIME_NEVER);      until nothing is under way and nobody waits
 *
 * An address names a node for as long as the node has it: after lw_sim_rebind (a NAT that forgot,
 * another network) what is sent to the old one is lost.
 */
#ifndef LW_TESTING_SIMNET_H
#define LW_TESTING_SIMNET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "lw/bytes.h"
#include "lw/time.h"

typedef struct lw_sim lw_sim;
typedef struct lw_sim_node lw_sim_node;
typedef uint32_t lw_sim_addr;

typedef struct lw_sim_node_config {
    void (*receive)(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram);
    void (*step)(void *ctx, lw_time now);
    lw_time (*next_deadline)(void *ctx);
    void *ctx;
} lw_sim_node_config;

typedef struct lw_sim_link {
    uint16_t loss_permille;
    uint16_t duplicate_permille;         /* a second copy, with a delay and a fate of its own */
    uint16_t reorder_permille;           /* held back by another delay_max_ms */
    uint32_t delay_min_ms, delay_max_ms; /* evenly between */
    uint32_t mtu;                        /* larger datagrams are lost; 0: no limit */
} lw_sim_link;

typedef enum lw_sim_fate {
    LW_SIM_SENT,      /* under way, will arrive at `at` */
    LW_SIM_LOST,      /* lost on the link */
    LW_SIM_TOO_BIG,   /* larger than the mtu */
    LW_SIM_UNROUTABLE /* nobody has the address any more, at arrival */
} lw_sim_fate;

typedef struct lw_sim_packet {
    lw_sim_addr from, to;
    lw_time at; /* arrival, or when it was lost */
    lw_sim_fate fate;
    lw_bytes datagram;
} lw_sim_packet;

lw_sim *lw_sim_new(uint64_t seed);
void lw_sim_free(lw_sim *sim);
uint64_t lw_sim_seed(const lw_sim *sim);
lw_time lw_sim_now(const lw_sim *sim);

/* The generator of the network, for decisions that a test wants to make from the same seed. */
const lw_rng *lw_sim_rng(lw_sim *sim);

/* Owned by the network. */
lw_sim_node *lw_sim_add_node(lw_sim *sim, const lw_sim_node_config *config);
lw_sim_addr lw_sim_address(const lw_sim_node *node);

/* A new address for the node; returns it. */
lw_sim_addr lw_sim_rebind(lw_sim *sim, lw_sim_node *node);

/* The link from one node to another; NULL stands for any. The last call that matches holds; without
 * one a link is perfect and takes 1 ms. */
void lw_sim_set_link(lw_sim *sim, const lw_sim_node *from, const lw_sim_node *to, lw_sim_link link);

/* Called for every datagram when its fate is decided. */
void lw_sim_capture(lw_sim *sim, void (*hook)(void *ctx, const lw_sim_packet *packet), void *ctx);

/* The datagram is copied. It never arrives before this returns. */
void lw_sim_send(lw_sim *sim, lw_sim_node *from, lw_sim_addr to, lw_bytes datagram);

/* Lets time pass up to `until`: datagrams arrive and nodes step when they asked to. With
 * LW_TIME_NEVER until nothing is left to happen; the clock then stays at the last event. */
void lw_sim_run(lw_sim *sim, lw_time until);

#endif
