/* What the server needs of the outside to keep things: a store, as rows in and rows out.
 *
 * Two kinds of rows. The engine's own are typed: devices, wishes to observe, requests, recorded
 * values. What belongs to the layers above (credentials, bootstrap plans, models, tokens, settings)
 * are documents: JSON text by a key.
 *
 * A change is put, gets a ticket, and is durable when `on_commit` has told a ticket at least as
 * high (design: acknowledged means stored). Putting copies and never blocks: one writer thread
 * commits whatever has gathered in one transaction (group commit). Reading blocks, gives what is
 * durable, and is for start-up and for threads that may wait.
 *
 * Implemented in src/store: memory and SQLite; one conformance suite runs against both.
 */
#ifndef LW_PORTS_H
#define LW_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/addr.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/path.h"
#include "lw/time.h"
#include "lw/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All times in rows are milliseconds since 1970-01-01T00:00:00Z. */

/* ---- Rows -------------------------------------------------------------------------------------
 */

typedef enum lw_row_kind {
    LW_ROW_DEVICE,     /* key: endpoint */
    LW_ROW_WISH,       /* key: endpoint, target */
    LW_ROW_REQUEST,    /* key: id */
    LW_ROW_VALUE,      /* appended; not removed one by one */
    LW_ROW_CREDENTIAL, /* documents from here on; key: endpoint */
    LW_ROW_BOOTSTRAP,  /* key: endpoint */
    LW_ROW_MODEL,      /* key: "ID/MAJOR.MINOR"; the text is DDF XML */
    LW_ROW_TOKEN,      /* key: the token's name */
    LW_ROW_SETTING,
    LW_ROW_KIND_COUNT
} lw_row_kind;

/* Where datagrams of a device come from and go to. */
typedef struct lw_hop {
    lw_addr peer;
    lw_addr local; /* of ours: answers leave from where the request came to (TRN-12) */
    uint8_t socket; /* which of the server's sockets: 0 coap, 1 coaps, … as the host numbers them */
} lw_hop;

/* A device the server knows. It stays when its registration ends, until an operator removes it. */
typedef struct lw_row_device {
    lw_bytes endpoint;
    uint64_t number; /* order of first arrival; never given twice */
    lw_time created_at;
    lw_time seen_at; /* last uplink */

    bool is_registered; /* the rest is of its newest registration, also when that is over */
    lw_bytes location;  /* the id in /rd/{id} */
    lw_hop hop;
    uint8_t version;  /* lw_version */
    uint8_t bindings; /* LW_BINDING_… */
    bool queue_mode;
    uint32_t lifetime; /* s; 0: infinite */
    lw_time registered_at;
    lw_time updated_at;
    lw_time expires_at; /* LW_TIME_NEVER */
    lw_bytes sms;
    lw_bytes profiles;
    lw_bytes links;   /* the object list as it was received, link-format */
    lw_bytes unknown; /* parameters that are none of ours, "a=b&c" (REG-03) */
} lw_row_device;

/* An operator's wish to observe, kept until it is withdrawn. */
typedef struct lw_row_wish {
    lw_bytes endpoint;
    lw_bytes target; /* "/3/0/9"; of a composite the sorted paths with a blank between them */
    bool composite;
    lw_bytes attributes; /* "pmin=5&pmax=60" to go with the Observe (1.2); usually empty */
    uint16_t format;     /* asked for; 65535: the server chooses */
    lw_time created_at;
} lw_row_wish;

typedef enum lw_request_state {
    LW_REQUEST_QUEUED,   /* waits for the device, or for its turn */
    LW_REQUEST_SENT,     /* in flight */
    LW_REQUEST_DONE,     /* answered: code, format, payload */
    LW_REQUEST_FAILED,   /* err says why */
    LW_REQUEST_EXPIRED,  /* the device did not come in time */
    LW_REQUEST_CANCELED, /* by an operator, or because the device was removed */
    LW_REQUEST_UNKNOWN   /* it was in flight when the server went down, the registration ended or
                            the device moved, and it must not be repeated: Execute, Create */
} lw_request_state;

/* An error as rows keep it, whatever lw_err numbers it: 0 is success, failures go down from -1. */
static inline int8_t lw_row_err(lw_err err)
{
    return (int8_t)(lw_err_is_failure(err) ? (int)LW_END - (int)err : 0);
}

static inline lw_err lw_row_err_of(int8_t stored)
{
    return stored < 0 ? (lw_err)((int)LW_END - stored) : LW_OK;
}

typedef struct lw_row_request {
    uint64_t id; /* ascending in order of acceptance; the shard in the uppermost octet */
    lw_bytes endpoint;
    uint8_t op;         /* lw_op */
    lw_bytes path;      /* "/3/0/9"; of a Create that is done the new instance */
    lw_bytes body;      /* values or paths: lw_server_request says how */
    lw_bytes arguments; /* of Execute; attributes of Write-Attributes */
    uint16_t format;
    uint8_t depth;
    bool force;
    uint32_t timeout_ms;
    lw_time created_at;
    lw_time expires_at;
    /* What came of it: */
    uint8_t state; /* lw_request_state */
    uint8_t code;
    int8_t err; /* lw_row_err */
    uint16_t answer_format;
    lw_bytes answer;
    lw_time ended_at;
} lw_row_request;

typedef enum lw_value_source {
    LW_VALUE_NOTIFIED,
    LW_VALUE_SENT, /* by the Send operation */
    LW_VALUE_READ
} lw_value_source;

/* One recorded value. */
typedef struct lw_row_value {
    lw_bytes endpoint;
    lw_path path;
    lw_time at; /* the device's timestamp, or when it was received */
    lw_time received_at;
    uint8_t source; /* lw_value_source */
    lw_value value;
} lw_row_value;

typedef struct lw_row_document {
    lw_bytes key;
    lw_bytes text;
} lw_row_document;

typedef struct lw_row {
    uint8_t kind; /* lw_row_kind */
    union {
        lw_row_device device;
        lw_row_wish wish;
        lw_row_request request;
        lw_row_value value;
        lw_row_document document;
    } as;
} lw_row;

/* ---- The store --------------------------------------------------------------------------------
 */

typedef uint64_t lw_ticket; /* ascending; 0: nothing to wait for */

/* Ceilings of a row: LW_ETOOBIG. */
#define LW_ROW_KEY_MAX 4096u               /* octets of each part of a key */
#define LW_ROW_MAX     (16u * 1024 * 1024) /* octets of all its texts */

typedef enum lw_haste {
    LW_LAZY,  /* may wait up to 200 ms for others; kept and tried again when a commit fails */
    LW_URGENT /* somebody waits for it: committed at once, refused when the commit fails */
} lw_haste;

/* A question for recorded values: those of endpoint below path with from <= at < to. */
typedef struct lw_values_query {
    lw_bytes endpoint;
    lw_path path;
    lw_time from, to;
    bool newest_first;
    uint32_t limit; /* of values given */
    lw_time step;   /* 0: every value. Else a chart: for each path and each step the smallest
                       and the largest number, in order of time */
} lw_values_query;

/* Return false to stop. The row is valid for the call. May put and ask the store in turn. */
typedef bool lw_row_fn(void *ctx, const lw_row *row);

typedef struct lw_store_health {
    lw_err err;      /* LW_OK, or why changes are refused */
    const char *why; /* one sentence for people; "" when it is well. Static or lives as the store */
    uint64_t waiting;       /* changes put and not yet durable */
    uint64_t commits, rows; /* so far */
    uint64_t octets;        /* on disk */
} lw_store_health;

typedef struct lw_store lw_store;

typedef struct lw_store_ops {
    /* Takes a change: the row replaces one with the same key. Any thread; never blocks. LW_EINVAL:
     * an empty key; LW_ENOMEM when too much waits already (the caller refuses in turn); LW_EIO
     * while the store is out of order, then lazy changes are still taken. out_ticket may be NULL.
     */
    lw_err (*put)(lw_store *s, const lw_row *row, lw_haste haste, lw_ticket *out_ticket);
    /* Takes away the row with that key; of a device also its wishes, requests and values. */
    lw_err (*remove)(lw_store *s, const lw_row *key, lw_haste haste, lw_ticket *out_ticket);

    /* Waits until the ticket is durable, or was refused. Not on the loop's thread. */
    lw_err (*wait)(lw_store *s, lw_ticket ticket);

    /* All rows of a kind in ascending order of key, values in the order they came. Blocks; any
     * thread but the loop's once that runs. */
    lw_err (*each)(lw_store *s, lw_row_kind kind, lw_row_fn *fn, void *ctx);
    /* One row by its key: LW_ENOTFOUND. fn is called once. */
    lw_err (*get)(lw_store *s, const lw_row *key, lw_row_fn *fn, void *ctx);
    /* Requests of one device, newest first, at most limit, with id below `before` (0: all). */
    lw_err (*requests)(lw_store *s, lw_bytes endpoint, uint64_t before, uint32_t limit,
                       lw_row_fn *fn, void *ctx);
    /* Documents of a kind with a key above `after` (empty: from the first), at most limit,
     * ascending: for a page of many. */
    lw_err (*documents)(lw_store *s, lw_row_kind kind, lw_bytes after, uint32_t limit,
                        lw_row_fn *fn, void *ctx);
    lw_err (*values)(lw_store *s, const lw_values_query *query, lw_row_fn *fn, void *ctx);
    /* The largest number of a device, or id of a request, that was ever put with `shard` in its
     * uppermost octet, rows that are gone included: so that none is given twice. 0: none was. */
    lw_err (*highest)(lw_store *s, lw_row_kind kind, uint8_t shard, uint64_t *out_highest);

    lw_store_health (*health)(lw_store *s);
    /* Commits what waits, then closes and frees. */
    void (*close)(lw_store *s);
} lw_store_ops;

struct lw_store {
    const lw_store_ops *ops;
    /* Set by the owner before the first put. Called on a thread of the store's choice, tickets
     * ascending: all changes up to `ticket` that were not told before are durable (LW_OK), or the
     * urgent ones among them are refused (the lazy ones are tried again and told by a later call,
     * maybe with the same ticket). It may come before put has returned: take a note, wake the loop,
     * and do the rest there. May be NULL. */
    void (*on_commit)(void *ctx, lw_ticket ticket, lw_err err);
    void *ctx;
};

#ifdef __cplusplus
}
#endif
#endif
