/* An IP address and port in 24 octets: what a peer is found by.
 *
 * IPv4 is kept in its IPv6-mapped form (::ffff:a.b.c.d), so that one comparison serves both. A
 * value type. How it is read and written as text stands in src/host/addr.h.
 */
#ifndef LW_ADDR_H
#define LW_ADDR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_addr {
    uint8_t ip[16];
    uint32_t scope; /* interface index of a link-local address, else 0 */
    uint16_t port;  /* host byte order */
} lw_addr;

#ifdef __cplusplus
}
#endif
#endif
