/* Packages of Firmware Update and Software Management: where their octets go, and where they come
 * from when the device fetches them itself.
 *
 * No package is ever held in memory: it passes through in blocks.
 */
#ifndef LW_PACKAGE_H
#define LW_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/time.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pull -------------------------------------------------------------------------------------
 */

/* One fetch. Embedded in who asks for it; the fetcher keeps a pointer until on_end or stop. */
typedef struct lw_fetch_job lw_fetch_job;
struct lw_fetch_job {
    /* In order, without gaps. A failure ends the fetch, without on_end. */
    lw_err (*on_block)(lw_fetch_job *job, size_t offset, lw_bytes octets);
    /* LW_OK: that was all. LW_ENOTFOUND, LW_EFORMAT: the URI is wrong; LW_ENOTSUP: its protocol is
     * not ours; LW_ENOMEM: no memory; any other failure: the connection was lost. */
    void (*on_end)(lw_fetch_job *job, lw_err err);
    void *owner; /* of who asks */
    void *own;   /* of the fetcher */
};

/* Protocols of 5/0/8, as bits. */
#define LW_FETCH_COAP     1u
#define LW_FETCH_COAPS    2u
#define LW_FETCH_HTTP     4u
#define LW_FETCH_HTTPS    8u
#define LW_FETCH_COAP_TCP 16u
#define LW_FETCH_COAP_TLS 32u

/* Who can fetch: the engine over CoAP, or the application over what it has. */
typedef struct lw_fetch {
    uint8_t protocols;
    /* `ctx` is that of hooks (lw/acts.h). Failures as of on_end; neither callback is called inside
     * this call. The URI is copied. */
    lw_err (*start)(void *ctx, lw_fetch_job *job, lw_bytes uri);
    void (*stop)(void *ctx, lw_fetch_job *job);
} lw_fetch;

extern const lw_fetch lw_fetch_coap;  /* coap alone */
extern const lw_fetch lw_fetch_coaps; /* and coaps, for a platform that opens such links */

/* ---- Where it goes ----------------------------------------------------------------------------
 */

/* Failures: LW_ETOOBIG or LW_EIO no room in flash, LW_ENOMEM no memory, LW_ENOTSUP not a package
 * for this device, any other: integrity. */
typedef struct lw_package_port {
    lw_err (*open)(void *ctx); /* a package begins; whatever was there before is void */
    lw_err (*write)(void *ctx, size_t offset, lw_bytes octets); /* in order, without gaps */
    /* All is there: verify it. LW_AGAIN: the verdict is told later. */
    lw_err (*finish)(void *ctx);
    void (*discard)(void *ctx); /* reset, cancelled or failed: forget it; no verdict follows */
    const lw_fetch *fetch;      /* NULL: push only */
} lw_package_port;

/* ---- One package on its way -------------------------------------------------------------------
 * What both objects have in common; they keep the states.
 */

/* fault, result in object 5, result in object 9 */
#define LW_FAULT_LIST(X)          \
    X(LW_FAULT_NONE, 0, 0)        \
    X(LW_FAULT_NO_SPACE, 2, 50)   \
    X(LW_FAULT_NO_MEMORY, 3, 51)  \
    X(LW_FAULT_CONNECTION, 4, 52) \
    X(LW_FAULT_INTEGRITY, 5, 53)  \
    X(LW_FAULT_TYPE, 6, 54)       \
    X(LW_FAULT_URI, 7, 56)        \
    X(LW_FAULT_PROTOCOL, 9, 56)

typedef enum lw_fault {
#define LW_FAULT_ENUM(name, firmware, software) name,
    LW_FAULT_LIST(LW_FAULT_ENUM)
#undef LW_FAULT_ENUM
} lw_fault;

typedef struct lw_package lw_package;
struct lw_package {
    const lw_package_port *port;
    void *port_ctx;
    void *ctx; /* of hooks */
    /* All of it arrived and was judged, or a fetch failed. */
    void (*on_end)(lw_package *package, lw_fault fault);
    lw_fetch_job job;
    size_t received;
    bool fetching;
};

/* A Write of nothing or of one NUL resets (P-OBJ-03). */
bool lw_package_is_reset(lw_bytes octets, size_t offset, bool more);

/* A block that a server writes; offset 0 begins anew. LW_FAULT_CONNECTION when one is missing. */
lw_fault lw_package_push(lw_package *package, size_t offset, lw_bytes octets);

lw_fault lw_package_pull(lw_package *package, lw_bytes uri);

/* The last block was pushed: has it verified. */
void lw_package_complete(lw_package *package);
void lw_package_verdict(lw_package *package, lw_err verdict);

/* Stops and forgets. */
void lw_package_discard(lw_package *package);

/* When to store the state again, after storing it ended so; LW_TIME_NEVER: it is stored, or cannot
 * be kept at all. */
lw_time lw_package_save_again_at(const lw_package *package, lw_err stored);

lw_fault lw_fault_of(lw_err err); /* of the port */

/* The answer to a block that cannot be taken: a server that has more to send is stopped, one that
 * has sent all is told by the result (P-OBJ-01). */
lw_err lw_fault_answer(lw_fault fault, bool more);

#ifdef __cplusplus
}
#endif
#endif
