/* Addresses: from where a datagram came to what CoAP knows of it, and the device that is there.
 *
 * A peer costs its struct only while it is in use: what has been silent for EXCHANGE_LIFETIME, when
 * CoAP has forgotten its message ids, is let go. Peers of devices are as many as devices speak in
 * that time; strangers have a ceiling (lw_server_limits.peers), beyond which the one that was
 * silent longest goes first.
 */
#ifndef LW_SERVER_SHARED_PEER_H
#define LW_SERVER_SHARED_PEER_H

#include "server/engine.h"

LW_MUST_CHECK lw_err lw_peers_init(lw_server *server);
/* All peers go; nothing is said to devices. */
void lw_peers_fini(lw_server *server);

/* The peer at that address, made if need be; now the one that was used last. NULL without memory.
 */
lw_peer *lw_peer_at(lw_server *server, const lw_hop *hop);

/* The device has come to an address: the peer there is its own from now on, if there is one. */
void lw_peer_offer(lw_server *server, lw_device *device);
/* It is a stranger's. What CoAP has in flight goes on. */
void lw_peer_take_back(lw_server *server, lw_peer *peer);

/* Lets the idle go; returns when to be called next. */
lw_time lw_peers_step(lw_server *server);

uint64_t lw_hop_hash(const lw_server *server, const lw_hop *hop);
bool lw_hop_equal(const lw_hop *a, const lw_hop *b);

#endif
