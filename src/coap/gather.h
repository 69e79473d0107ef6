/* A body that is put together piece by piece in lw_mem: of requests (bodies.c), of answers
 * (transfer.c), of frames (net/stream.c). Zeroed before use; not for users of the endpoint. */
#ifndef LW_COAP_GATHER_H
#define LW_COAP_GATHER_H

#include "base/mem.h"

typedef struct lw_coap_gather {
    uint8_t *octets; /* owned */
    size_t len;
    size_t room;
} lw_coap_gather;

/* Appends. Room is made for `announced` octets in all, else doubled, and never beyond `max`, which
 * the caller has checked. LW_ENOMEM: nothing has changed. */
LW_MUST_CHECK lw_err lw_coap_gather_add(lw_coap_gather *g, const lw_mem *mem, const lw_bytes *part,
                                        size_t announced, size_t max);

/* Wipes and gives back. */
void lw_coap_gather_release(lw_coap_gather *g, const lw_mem *mem);

#endif
