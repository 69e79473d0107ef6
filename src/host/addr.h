/* Addresses (lw/addr.h) as text, and as the sockets of this machine want them. A dual-stack socket
 * needs no translation. Compare with lw_addr_equal, not memcmp.
 */
#ifndef LW_HOST_ADDR_H
#define LW_HOST_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "lw/addr.h"
#include "lw/bytes.h"
#include "lw/err.h"

#define LW_ADDR_TEXT_MAX 72 /* "[ipv6%scope]:port" with its NUL */

bool lw_addr_equal(const lw_addr *a, const lw_addr *b);
bool lw_addr_is_v4(const lw_addr *a);
bool lw_addr_is_loopback(const lw_addr *a);
bool lw_addr_is_any(const lw_addr *a);

/* Parses "127.0.0.1", "127.0.0.1:5683", "[::1]:5683", "::1"; without a port, `default_port` is
 * taken. Names are not resolved here. LW_EFORMAT, or LW_ERANGE for a port above 65535. */
LW_MUST_CHECK lw_err lw_addr_parse(const char *text, uint16_t default_port, lw_addr *out_addr);

/* "127.0.0.1:5683" or "[::1]:5683"; returns out. */
const char *lw_addr_format(const lw_addr *a, char out[LW_ADDR_TEXT_MAX]);

/* To the family that a socket of `family` (AF_INET or AF_INET6) wants; returns the length, or 0
 * when an IPv6 address cannot be said on an IPv4 socket. */
socklen_t lw_addr_to_sockaddr(const lw_addr *a, int family, struct sockaddr_storage *out);
bool lw_addr_from_sockaddr(const struct sockaddr *sa, lw_addr *out_addr);

#endif
