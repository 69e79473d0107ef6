/* A body that is put together piece by piece in lw_mem: of requests (bodies.c), of answers
 * (transfer.c), of frames (net/stream.c). Not for users of the endpoint. */
#ifndef LW_COAP_GATHER_H
#define LW_COAP_GATHER_H

#include "base/mem.h"
#include "coap/msg.h"

/* `max`, and perhaps `passes`, are set before use; the rest is zero. */
typedef struct lw_coap_gather {
    bool passes;     /* its pieces go elsewhere: they are counted only, `max` means nothing */
    uint8_t *octets; /* owned */
    size_t len;
    size_t room;
    size_t max; /* octets it may have */
} lw_coap_gather;

/* Appends. Room is made for `announced` octets in all, else doubled. `max` is the caller's to
 * check. LW_ENOMEM: nothing has changed. */
LW_MUST_CHECK lw_err lw_coap_gather_add(lw_coap_gather *g, const lw_mem *mem, const lw_bytes *part,
                                        size_t announced);

/* Takes the block that a message is by its Block1 or Block2 (`note`); one without that option is
 * the whole. LW_OK: it was the last; LW_AGAIN: more follow. LW_EPROTO: it is not the one behind
 * those that came, or not as long as it says; LW_ETOOBIG: the body is, or will be, larger than
 * `max`. */
LW_MUST_CHECK lw_err lw_coap_gather_block(lw_coap_gather *g, const lw_mem *mem,
                                          const lw_coap_msg *msg, lw_coap_note note);

/* Wipes and gives back; `max` stays. */
void lw_coap_gather_release(lw_coap_gather *g, const lw_mem *mem);

#endif
