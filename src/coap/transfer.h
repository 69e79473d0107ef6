/* Requests with bodies of any size (RFC 7959): Block1 up, Block2 down, or both, as one call with
 * one end. A body that fits one message goes as a plain request.
 *
 *              2.31, or 2.xx to a block that is not the last (a server without state)
 *              +------+
 *              |      v
 *   start -> (uploading) -- the answer to the last block, or a failure --+
 *              ^  | 4.08: from 0 again; 4.13 with smaller block: smaller |
 *              +--+                                                      v
 *                                        Block2 with more -> (downloading) -- last block --> end
 *                                                               ^  | ETag differs: from 0 again
 *                                                               +--+
 *
 * Starting again is bounded (LW_COAP_TRANSFER_RESTARTS). A 4.01 with Echo is repeated with it
 * (RFC 9175 section 2.3). Bodies in several blocks carry a Request-Tag, so that two of them are
 * never mixed (RFC 9175 section 3).
 */
#ifndef LW_COAP_TRANSFER_H
#define LW_COAP_TRANSFER_H

#include "coap/exchange.h"
#include "lw/progress.h"

#define LW_COAP_TRANSFER_RESTARTS 3u

typedef struct lw_coap_transfer lw_coap_transfer;

typedef struct lw_coap_transfer_request {
    uint8_t code;
    bool ask_early; /* ask for blocks of the peer's size with the first request already */
    const lw_coap_token *token; /* until the answer begins; NULL: new ones. Copied */
    lw_bytes options;           /* encoded, without Block1, Block2, Size1, Request-Tag; copied. An
                                   Observe is left out of requests for later blocks, which also get
                                   tokens of their own (RFC 7959 section 2.6) */
    lw_bytes body;              /* borrowed until on_end; with `read` only its length counts */
    /* For bodies that are nowhere in one piece: gives octets [offset, offset + len); may be asked
     * for any place again. */
    lw_err (*read)(void *ctx, size_t offset, uint8_t *out, size_t len);

    uint32_t max_body; /* of an answer that is assembled: beyond it LW_ETOOBIG */
    /* Where the answer goes: to on_chunk, in order; offset 0 may come again when it starts anew,
     * and a failure ends the transfer. NULL: assembled in lw_mem and given with the end. */
    lw_err (*on_chunk)(void *ctx, size_t offset, lw_bytes chunk);
    /* After each block that was taken, or came, the last ones included. May be NULL. */
    void (*on_progress)(void *ctx, const lw_progress *progress);

    /* The first message of a successful answer, before the other blocks are asked for: whether an
     * Observe was accepted stands in no other (RFC 7959 section 2.6). May be NULL. */
    void (*on_first)(void *ctx, const lw_coap_msg *msg);

    /* result->msg: code and options of the last message, the whole body as payload (empty with
     * on_chunk). */
    lw_coap_end_fn on_end;
    void *ctx; /* of all callbacks */
} lw_coap_transfer_request;

/* Failures as lw_coap_start, or what the first block runs into; then on_end is not called.
 * out_transfer may be NULL; what it gets is valid until on_end. */
LW_MUST_CHECK lw_err lw_coap_transfer_start(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                            const lw_coap_transfer_request *request,
                                            lw_coap_transfer **out_transfer);

/* Instead of a first request: goes on from the message with the first block, a notification for
 * instance (OBS-20), and asks for the one after it. LW_EINVAL when it is the only block. */
LW_MUST_CHECK lw_err lw_coap_transfer_continue(lw_coap *coap, lw_coap_peer *peer, lw_time now,
                                               const lw_coap_transfer_request *request,
                                               const lw_coap_msg *first,
                                               lw_coap_transfer **out_transfer);

/* Ends it with LW_ETIMEOUT when it takes longer than that from now on; else the timeouts of each
 * exchange are all there are. */
void lw_coap_transfer_limit(lw_coap_transfer *transfer, uint32_t timeout_ms);

/* Ends it with LW_ECANCELED, now; or right after the callback of its own that calls this. */
void lw_coap_transfer_cancel(lw_coap_transfer *transfer, lw_time now);

#endif
