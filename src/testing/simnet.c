#include "testing/simnet.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/deadline.h"

struct lw_sim_node {
    lw_sim_node_config config;
    lw_sim_addr addr;
    lw_sim_node *next;
};

typedef struct rule {
    struct rule *next;
    const lw_sim_node *from, *to;
    lw_sim_link link;
} rule;

typedef struct packet {
    lw_deadline arrival; /* first */
    lw_sim_addr from, to;
    size_t len;
    uint8_t octets[];
} packet;

struct lw_sim {
    uint64_t seed;
    lw_rng_seeded generator;
    lw_rng rng;
    lw_time now;
    lw_sim_addr last_addr;
    lw_sim_node *nodes;
    rule *rules; /* newest first */
    lw_deadlines under_way;
    void (*hook)(void *ctx, const lw_sim_packet *packet);
    void *hook_ctx;
};

static void *must_alloc(size_t size)
{
    void *p = calloc(1, size);
    lw_assert(p != NULL);
    return p;
}

lw_sim *lw_sim_new(uint64_t seed)
{
    lw_sim *sim = must_alloc(sizeof *sim);
    sim->seed = seed;
    lw_rng_seeded_init(&sim->generator, seed);
    sim->rng = lw_rng_seeded_rng(&sim->generator);
    lw_deadlines_init(&sim->under_way);
    return sim;
}

void lw_sim_free(lw_sim *sim)
{
    lw_deadline *d;
    while ((d = lw_deadlines_take_due(&sim->under_way, LW_TIME_NEVER)) != NULL) {
        free(d);
    }
    while (sim->nodes != NULL) {
        lw_sim_node *next = sim->nodes->next;
        free(sim->nodes);
        sim->nodes = next;
    }
    while (sim->rules != NULL) {
        rule *next = sim->rules->next;
        free(sim->rules);
        sim->rules = next;
    }
    free(sim);
}

uint64_t lw_sim_seed(const lw_sim *sim)
{
    return sim->seed;
}

lw_time lw_sim_now(const lw_sim *sim)
{
    return sim->now;
}

const lw_rng *lw_sim_rng(lw_sim *sim)
{
    return &sim->rng;
}

lw_sim_node *lw_sim_add_node(lw_sim *sim, const lw_sim_node_config *config)
{
    lw_sim_node *node = must_alloc(sizeof *node);
    node->config = *config;
    node->addr = ++sim->last_addr;
    node->next = sim->nodes;
    sim->nodes = node;
    return node;
}

lw_sim_addr lw_sim_address(const lw_sim_node *node)
{
    return node->addr;
}

lw_sim_addr lw_sim_rebind(lw_sim *sim, lw_sim_node *node)
{
    node->addr = ++sim->last_addr;
    return node->addr;
}

static lw_sim_node *find_node(const lw_sim *sim, lw_sim_addr addr)
{
    lw_sim_node *n = sim->nodes;
    while (n != NULL && n->addr != addr) {
        n = n->next;
    }
    return n;
}

void lw_sim_set_link(lw_sim *sim, const lw_sim_node *from, const lw_sim_node *to, lw_sim_link link)
{
    rule *r = must_alloc(sizeof *r);
    *r = (rule){.next = sim->rules, .from = from, .to = to, .link = link};
    sim->rules = r;
}

static lw_sim_link link_between(const lw_sim *sim, const lw_sim_node *from, const lw_sim_node *to)
{
    for (const rule *r = sim->rules; r != NULL; r = r->next) {
        if ((r->from == NULL || r->from == from) && (r->to == NULL || r->to == to)) {
            return r->link;
        }
    }
    return (lw_sim_link){.delay_min_ms = 1, .delay_max_ms = 1};
}

void lw_sim_capture(lw_sim *sim, void (*hook)(void *ctx, const lw_sim_packet *packet), void *ctx)
{
    sim->hook = hook;
    sim->hook_ctx = ctx;
}

static void tell(lw_sim *sim, lw_sim_packet p)
{
    if (sim->hook != NULL) {
        sim->hook(sim->hook_ctx, &p);
    }
}

static bool happens(lw_sim *sim, uint16_t permille)
{
    return lw_rng_below(&sim->rng, 1000) < permille;
}

static lw_time delay(lw_sim *sim, const lw_sim_link *link)
{
    uint32_t spread = link->delay_max_ms - link->delay_min_ms;
    lw_time ms = link->delay_min_ms + lw_rng_below(&sim->rng, spread + 1);
    return happens(sim, link->reorder_permille) ? ms + link->delay_max_ms : ms;
}

static void send_copy(lw_sim *sim, const lw_sim_link *link, lw_sim_packet p)
{
    p.at = sim->now;
    if (happens(sim, link->loss_permille)) {
        p.fate = LW_SIM_LOST;
        tell(sim, p);
        return;
    }
    packet *copy = must_alloc(sizeof *copy + p.datagram.len);
    p.at = sim->now + delay(sim, link);
    copy->from = p.from;
    copy->to = p.to;
    copy->len = p.datagram.len;
    if (p.datagram.len != 0) {
        memcpy(copy->octets, p.datagram.ptr, p.datagram.len);
    }
    lw_deadline_arm(&sim->under_way, &copy->arrival, p.at);
    tell(sim, p);
}

void lw_sim_send(lw_sim *sim, lw_sim_node *from, lw_sim_addr to, lw_bytes datagram)
{
    lw_sim_link link = link_between(sim, from, find_node(sim, to));
    lw_sim_packet p = {.from = from->addr, .to = to, .at = sim->now, .datagram = datagram};
    if (link.mtu != 0 && datagram.len > link.mtu) {
        p.fate = LW_SIM_TOO_BIG;
        tell(sim, p);
        return;
    }
    send_copy(sim, &link, p);
    if (happens(sim, link.duplicate_permille)) {
        send_copy(sim, &link, p);
    }
}

static void deliver(lw_sim *sim, packet *p)
{
    lw_sim_node *node = find_node(sim, p->to);
    lw_bytes datagram = lw_bytes_of(p->octets, p->len);
    if (node != NULL) {
        node->config.receive(node->config.ctx, sim->now, p->from, datagram);
    } else {
        tell(sim, (lw_sim_packet){.from = p->from,
                                  .to = p->to,
                                  .at = sim->now,
                                  .fate = LW_SIM_UNROUTABLE,
                                  .datagram = datagram});
    }
    free(p);
}

/* The node that wants to be woken first, and when. */
static lw_sim_node *next_node(const lw_sim *sim, lw_time *out_at)
{
    lw_sim_node *first = NULL;
    *out_at = LW_TIME_NEVER;
    for (lw_sim_node *n = sim->nodes; n != NULL; n = n->next) {
        lw_time at = n->config.next_deadline != NULL ? n->config.next_deadline(n->config.ctx)
                                                     : LW_TIME_NEVER;
        if (at < *out_at) {
            *out_at = at;
            first = n;
        }
    }
    return first;
}

void lw_sim_run(lw_sim *sim, lw_time until)
{
    for (;;) {
        lw_time wake;
        lw_sim_node *node = next_node(sim, &wake);
        lw_time arrival = lw_deadlines_next(&sim->under_way);
        lw_time at = wake < arrival ? wake : arrival;
        if (at == LW_TIME_NEVER || at > until) {
            break;
        }
        sim->now = at > sim->now ? at : sim->now;
        if (arrival <= wake) {
            deliver(sim, (packet *)(void *)lw_deadlines_take_due(&sim->under_way, sim->now));
        } else {
            node->config.step(node->config.ctx, sim->now);
        }
    }
    if (until != LW_TIME_NEVER && until > sim->now) {
        sim->now = until;
    }
}
