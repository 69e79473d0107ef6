/* What an operator asks of a device, as the CoAP request that this device understands.
 *
 * An ask says the same whatever the device: values in SenML CBOR, paths in SenML-ETCH CBOR, an
 * operation and a path. Here it is checked (SRV-05, SRV-07) and translated: the formats follow from
 * the device's version, what it announced, the type of the resource, and what it refused before
 * (SRV-04); the values are given the types of its objects. Pure: nothing is sent or kept here.
 *
 *   lw_downlink_start -> { lw_downlink_encode -> answer -> lw_downlink_refused } -> learned
 *                                   ^                            | 4.15, 4.06: the next format
 *                                   +----------------------------+
 */
#ifndef LW_SERVER_DM_DOWNLINK_H
#define LW_SERVER_DM_DOWNLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/writer.h"
#include "codec/format.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/object.h"
#include "lw/operation.h"
#include "lw/path.h"
#include "model/version.h"

/* Entries of one body. */
#define LW_DOWNLINK_ENTRIES_MAX 16384u
/* Encoded options of a request: its path, an alternate path, attributes. */
#define LW_DOWNLINK_OPTIONS_MAX 512u

/* What is known of a device; borrowed for each call. */
typedef struct lw_downlink_device {
    lw_version version;
    lw_bytes alternate_path; /* "lwm2m"; usually empty */
    lw_bytes formats;        /* `ct` of its root link: lw_link_number_next; usually empty */
    /* False when the device did not list the object. *out_def: its definition, NULL when nobody
     * knows it. */
    bool (*object)(void *ctx, uint16_t object, const lw_object_def **out_def);
    void *ctx;
} lw_downlink_device;

/* All zero but format and depth asks for nothing special. */
typedef struct lw_downlink_ask {
    uint8_t op; /* lw_op: device management, composites, observations and their cancels */
    lw_path path;
    lw_bytes body;      /* values or paths; `80` is the empty list, no octets are no body */
    lw_bytes arguments; /* of Execute; "pmin=10&pmax" of Write-Attributes and Observe */
    uint16_t format;    /* Content-Format, or Accept of what has an answer; LW_CF_NONE: chosen */
    uint8_t depth;      /* of Discover; LW_DEPTH_DEFAULT */
    bool force;         /* without the checks of SRV-05 and SRV-07 */
} lw_downlink_ask;

/* What an answer has taught about a device's formats, for each use of them; all zero: nothing. */
typedef enum lw_downlink_use {
    LW_USE_BODY_SINGLE,
    LW_USE_BODY_STRUCTURED,
    LW_USE_BODY_FETCH,
    LW_USE_BODY_PATCH,
    LW_USE_ANSWER_SINGLE,
    LW_USE_ANSWER_STRUCTURED,
    LW_USE_ANSWER_COMPOSITE,
    LW_USE_COUNT
} lw_downlink_use;

typedef struct lw_downlink_learned {
    uint8_t format[LW_USE_COUNT]; /* 1 + its place in the table of formats */
} lw_downlink_learned;

/* The formats of one attempt. */
typedef struct lw_downlink {
    const lw_format *body;        /* NULL: there is none, or it is the text of Execute */
    const lw_format *answer;      /* asked for; NULL: no Accept is sent */
    bool was_refused;             /* an earlier one of this ask */
    uint8_t body_use, answer_use; /* lw_downlink_use */
    lw_path target; /* of the ask; Create: the instance, when the body names just one */
} lw_downlink;

/* Checks all that can be known before, and chooses the first formats. LW_EINVAL: the path, body or
 * arguments do not go with the operation; LW_ENOTSUP: this version does not know it, or there is no
 * format for it; LW_ENOTFOUND: the device does not list the object; LW_EDENIED: it is one that
 * servers must not touch; LW_EFORMAT, LW_ETYPE, LW_ERANGE: the values; LW_ETOOBIG: too many;
 * LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_downlink_start(const lw_downlink_device *device, const lw_downlink_ask *ask,
                                       const lw_downlink_learned *learned, const lw_mem *mem,
                                       lw_downlink *out_downlink);

/* Writes the options (without those of block-wise transfer) and gives the payload, which belongs to
 * the caller (lw_mem_release); ptr is NULL when it is empty. */
LW_MUST_CHECK lw_err lw_downlink_encode(const lw_downlink *downlink,
                                        const lw_downlink_device *device,
                                        const lw_downlink_ask *ask, const lw_mem *mem,
                                        lw_writer *options, lw_bytes *out_payload);

/* The device gave that code. True when the ask is worth another attempt, in the formats that
 * `downlink` now holds. Never for a format that the operator chose. */
bool lw_downlink_refused(lw_downlink *downlink, const lw_downlink_device *device,
                         const lw_downlink_ask *ask, const lw_downlink_learned *learned,
                         const lw_mem *mem, uint8_t code);

/* It went well: what was found out after a refusal is remembered. */
void lw_downlink_learn(const lw_downlink *downlink, lw_downlink_learned *learned);

#endif
