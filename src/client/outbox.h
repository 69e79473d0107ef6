/* Datagrams that wait for lw_client_poll, oldest first.
 *
 * They are copies in the client's dynamic memory: the endpoint hands octets out for the moment of a
 * call, the application fetches them when it likes. A full outbox drops the newest, as a network
 * would; what matters is repeated.
 */
#ifndef LW_CLIENT_OUTBOX_H
#define LW_CLIENT_OUTBOX_H

#include "base/mem.h"
#include "lw/client.h"

#define LW_OUTBOX_MAX 8u

typedef struct lw_outbox_item lw_outbox_item;

typedef struct lw_outbox {
    lw_outbox_item *first; /* NULL: none waits, as in a new outbox */
    lw_outbox_item *lent;  /* what the last take gave out */
} lw_outbox;

/* false: it is dropped, for the box is full, or for want of memory. */
bool lw_outbox_put(lw_outbox *box, const lw_mem *mem, uint8_t link, lw_bytes octets);

/* The oldest one, valid until the next take; false when none waits. */
bool lw_outbox_take(lw_outbox *box, const lw_mem *mem, lw_client_out *out);

/* Forgets what waits for a link that was closed. */
void lw_outbox_drop_link(lw_outbox *box, const lw_mem *mem, uint8_t link);

#endif
