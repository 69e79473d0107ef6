#include "server/shared/peer.h"

#include <string.h>

#include "server/dm/kept.h"
#include "server/shared/device.h"

/* ---- Addresses ------------------------------------------------------------------------------- */

static uint8_t *put_addr(uint8_t *at, const lw_addr *addr)
{
    memcpy(at, addr->ip, sizeof addr->ip);
    memcpy(at + 16, &addr->scope, sizeof addr->scope);
    memcpy(at + 20, &addr->port, sizeof addr->port);
    return at + 22;
}

uint64_t lw_hop_hash(const lw_server *server, const lw_hop *hop)
{
    uint8_t octets[45]; /* without the padding of the structures */
    uint8_t *at = put_addr(put_addr(octets, &hop->peer), &hop->local);
    *at = hop->socket;
    return lw_hash(&server->secret, lw_bytes_of(octets, sizeof octets));
}

static bool addr_equal(const lw_addr *a, const lw_addr *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0 && a->scope == b->scope && a->port == b->port;
}

bool lw_hop_equal(const lw_hop *a, const lw_hop *b)
{
    return addr_equal(&a->peer, &b->peer) && addr_equal(&a->local, &b->local) &&
           a->socket == b->socket;
}

static uint64_t hash_of(const void *ctx, const lw_map_node *node)
{
    const lw_peer *peer = LW_CONTAINER((uintptr_t)node, lw_peer, by_hop);
    return lw_hop_hash(ctx, &peer->hop);
}

/* ---- Coming and going ------------------------------------------------------------------------ */

lw_err lw_peers_init(lw_server *server)
{
    lw_list_init(&server->peers.of_devices);
    lw_list_init(&server->peers.of_strangers);
    return lw_map_init(&server->peers.by_hop, &server->mem, hash_of, server);
}

/* Puts it at the end of the list it belongs to. */
static void touch(lw_server *server, lw_peer *peer)
{
    lw_link *list = peer->device != NULL ? &server->peers.of_devices : &server->peers.of_strangers;
    peer->used_at = server->now;
    lw_list_remove(&peer->idle);
    lw_list_add_last(list, &peer->idle);
}

static void set_device(lw_server *server, lw_peer *peer, lw_device *device)
{
    server->peers.strangers -= peer->device == NULL;
    server->peers.strangers += device == NULL;
    peer->device = device;
    if (device != NULL) {
        device->peer = peer;
    }
    touch(server, peer);
}

static void forget(lw_server *server, lw_peer *peer)
{
    if (peer->device != NULL) {
        peer->device->peer = NULL;
    } else {
        server->peers.strangers--;
    }
    lw_kept_drop(server, peer);
    lw_net_peer_drop(&server->net, &peer->link, server->now);
    lw_map_remove(&server->peers.by_hop, &peer->by_hop);
    lw_list_remove(&peer->idle);
    lw_mem_release(&server->mem, peer);
    server->peers.count--;
}

static lw_peer *oldest(lw_link *list)
{
    return lw_list_is_empty(list) ? NULL : LW_CONTAINER(list->next, lw_peer, idle);
}

void lw_peers_fini(lw_server *server)
{
    lw_link *lists[] = {&server->peers.of_devices, &server->peers.of_strangers};
    for (size_t i = 0; i < 2; i++) {
        while (lists[i]->next != NULL && oldest(lists[i]) != NULL) {
            forget(server, oldest(lists[i]));
        }
    }
    lw_map_fini(&server->peers.by_hop);
}

static lw_peer *make(lw_server *server, const lw_hop *hop, lw_device *device)
{
    if (device == NULL && server->peers.strangers >= server->cfg.limits.peers) {
        forget(server, oldest(&server->peers.of_strangers));
    }
    lw_peer *peer = lw_mem_alloc(&server->mem, sizeof *peer);
    if (peer == NULL) {
        return NULL;
    }
    peer->hop = *hop;
    lw_list_init(&peer->idle);
    lw_list_init(&peer->keeps);
    lw_net_peer_init(&server->net, &peer->link, &server->params, NULL);
    lw_net_peer_start(&server->net, &peer->link, server->now, LW_SESSION_SERVER);
    lw_map_add(&server->peers.by_hop, &peer->by_hop);
    server->peers.count++;
    server->peers.strangers++; /* until it is known as a device's */
    set_device(server, peer, device);
    return peer;
}

static lw_peer *find(const lw_server *server, const lw_hop *hop)
{
    lw_map_node *n = lw_map_first(&server->peers.by_hop, lw_hop_hash(server, hop));
    for (; n != NULL; n = n->next) {
        lw_peer *p = LW_CONTAINER(n, lw_peer, by_hop);
        if (lw_hop_equal(&p->hop, hop)) {
            return p;
        }
    }
    return NULL;
}

lw_peer *lw_peer_at(lw_server *server, const lw_hop *hop)
{
    lw_peer *peer = find(server, hop);
    if (peer == NULL) {
        return make(server, hop, lw_device_at(server, hop));
    }
    touch(server, peer);
    return peer;
}

lw_peer *lw_peer_reach(lw_server *server, lw_device *device)
{
    return device->has_hop ? lw_peer_at(server, &device->hop) : NULL;
}

void lw_peer_offer(lw_server *server, lw_device *device)
{
    lw_peer *peer = find(server, &device->hop);
    if (peer != NULL) {
        set_device(server, peer, device);
    }
}

void lw_peer_take_back(lw_server *server, lw_peer *peer)
{
    peer->device->peer = NULL;
    set_device(server, peer, NULL);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static bool is_busy(const lw_peer *peer)
{
    const lw_coap_peer *coap = &peer->link.coap;
    return coap->exchanges != NULL || coap->later != NULL || coap->bodies != NULL ||
           !lw_list_is_empty(&peer->keeps);
}

/* The time until which the one that was silent longest is kept. */
static lw_time step_list(lw_server *server, lw_link *list)
{
    lw_time lifetime = server->params.exchange_lifetime_ms;
    lw_peer *peer;
    while ((peer = oldest(list)) != NULL) {
        lw_time until = lw_time_add(peer->used_at, lifetime);
        if (until > server->now) {
            return until;
        }
        if (is_busy(peer)) {
            touch(server, peer);
        } else {
            forget(server, peer);
        }
    }
    return LW_TIME_NEVER;
}

lw_time lw_peers_step(lw_server *server)
{
    lw_time devices = step_list(server, &server->peers.of_devices);
    lw_time strangers = step_list(server, &server->peers.of_strangers);
    return devices < strangers ? devices : strangers;
}
