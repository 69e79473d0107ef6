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

/* Each has the number of its result in 5/0/5. */
typedef enum lw_fault {
    LW_FAULT_NONE = 0,
    LW_FAULT_NO_SPACE = 2,
    LW_FAULT_NO_MEMORY = 3,
    LW_FAULT_CONNECTION = 4,
    LW_FAULT_INTEGRITY = 5,
    LW_FAULT_TYPE = 6,
    LW_FAULT_URI = 7,
    LW_FAULT_PROTOCOL = 9
} lw_fault;

typedef struct lw_package lw_package;
struct lw_package {
    const lw_package_port *port;
    void *port_ctx;
    void *ctx; /* of hooks */
    /* All of it arrived and was judged, or it cannot go on. */
    void (*on_end)(lw_package *package, lw_fault fault);
    lw_fetch_job job;
    size_t received;
    bool fetching;
    lw_time save_at; /* storing the state failed: again then; LW_TIME_NEVER: it is stored, or cannot
                        be kept at all */
};

/* A Write of nothing or of one NUL resets (P-OBJ-03). */
bool lw_package_is_reset(lw_bytes octets, size_t offset, bool more);

/* A block that a server writes; offset 0 begins anew, and a block that is missing is a lost
 * connection. What is wrong is told by on_end; the answer stops a server that has more to send,
 * LW_ETOOBIG or LW_EIO, while one that has sent all learns it from the result (P-OBJ-01). */
LW_MUST_CHECK lw_err lw_package_push(lw_package *package, size_t offset, lw_bytes octets,
                                     bool more);

/* Fetches it; what is wrong is told by on_end, also from within. */
void lw_package_pull(lw_package *package, lw_bytes uri);

/* The last block was pushed: has it verified. */
void lw_package_complete(lw_package *package);
void lw_package_verdict(lw_package *package, lw_err verdict);

/* Stops and forgets. */
void lw_package_discard(lw_package *package);

/* Stores the state of its object, and sets save_at. */
void lw_package_store(lw_package *package, const char *name, lw_bytes record);

#ifdef __cplusplus
}
#endif
#endif
