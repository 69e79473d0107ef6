/* Requests: told apart when they arrive, checked once the target is known, and built.
 *
 * A device routes what a server sends (lw_route_device, lw_route_bootstrap), finds the target, and
 * checks the formats (lw_request_formats); a server builds the same requests (lw_request_put) and
 * routes what devices send (lw_route_server). Parameters of Register and Bootstrap-Request are in
 * register.h and bootstrap.h.
 */
#ifndef LW_PROTO_REQUEST_H
#define LW_PROTO_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "coap/msg.h"
#include "codec/format.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/path.h"
#include "model/attr.h"
#include "model/version.h"
#include "proto/op.h"

#define LW_DEPTH_MAX     3u
#define LW_DEPTH_DEFAULT 255u /* Discover without `depth` */

typedef struct lw_request {
    uint32_t op;             /* lw_op */
    uint32_t depth;          /* put: of a Discover, 0..3 or LW_DEPTH_DEFAULT */
    bool has_query;          /* routed: it had one, for lw_request_attrs and lw_request_depth */
    uint32_t content_format; /* lw_content_format */
    uint32_t accept;         /* lw_content_format */
    lw_path path;            /* of operations with levels */
    lw_bytes alternate_path; /* put in front of the path (VER-31); not told by routing */
    lw_bytes prefix;         /* of a gateway's end device, "d01" (GW-04); usually empty */
    lw_bytes location;       /* routed Update and De-register: the segment behind /rd */
    lw_bytes options;        /* routed: of the message, for lw_query_next */
    lw_bytes payload;        /* borrowed from the message, or to be put into one */
    lw_bytes query;          /* put: attributes of Write-Attributes and Observe, "pmin=10&st" */
} lw_request;

/* A request for `path` that carries nothing: no formats, default depth. */
lw_request lw_request_of(lw_op op, lw_path path);

/* ---- Routing -------------------------------------------------------------------------------- */

#define LW_OPS_ALL (((uint32_t)1 << LW_OP_COUNT) - 1)

typedef struct lw_route lw_route;
struct lw_route {
    lw_version version; /* that the device announced to this server */
    uint32_t ops;       /* that are served, bit lw_op each, of LW_OPS_ALL; without LW_OP_OBSERVE
                           and its composite, the option is left out (RFC 7641 section 2) */
    /* Takes off what stands in front of the ids, lw_route_front; NULL: nothing may. */
    void (*front)(const lw_route *route, lw_coap_opt_iter *it, lw_request *request);
    bool gateway;            /* a text segment before the ids names an end device (GW-04) */
    lw_bytes alternate_path; /* that the device announced, "lwm2m"; requests with and without it
                                are taken (DM-98). May be empty */
};

/* For devices with an alternate path, or behind which there are others. */
void lw_route_front(const lw_route *route, lw_coap_opt_iter *it, lw_request *request);

/* What a server asks of a device. LW_COAP_EMPTY when routed, else the code to answer with.
 *
 * Of the order of checks (DM-05) this does what needs the message alone: path syntax and level
 * (4.05; 4.04 for a path that is not of LwM2M), then forbidden objects (4.01). The engine goes on:
 * existence, rights, operations of the resource, then lw_request_formats. POST to a resource comes
 * out as LW_OP_EXECUTE: give its definition to lw_op_of_resource_post. */
uint8_t lw_route_device(const lw_route *route, const lw_coap_msg *msg, lw_request *out_request);

/* What the Bootstrap-Server asks in a session that runs. The version is the newest that the device
 * speaks. */
uint8_t lw_route_bootstrap(lw_version version, const lw_coap_msg *msg, lw_request *out_request);

/* Objects that no server may touch, and devices refuse to show (DM-02, SRV-07): 0, 21, 23, and by
 * adoption 24. */
bool lw_request_is_forbidden(const lw_path *path);

/* What a device asks of a server or Bootstrap-Server: /rd, /bs, /bspack, /dp. 4.04 for other
 * paths, 4.05 for other methods. */
uint8_t lw_route_server(const lw_coap_msg *msg, lw_request *out_request);

/* The Content-Format of a message; LW_CF_NONE when it says none. */
uint16_t lw_content_format_of(const lw_coap_msg *msg);

/* Takes the attributes in the query of Write-Attributes and Observe: failures as lw_attrs_take. */
LW_MUST_CHECK lw_err lw_request_attrs(const lw_request *request, lw_attrs_change *change);

/* How deep a Discover goes (DM-21), where it does not say as deep as otherwise. More than
 * LW_DEPTH_MAX: it says something wrong; unknown queries are ignored (DM-08). */
unsigned lw_request_depth(const lw_request *request, unsigned otherwise);

/* ---- Formats -------------------------------------------------------------------------------- */

/* The last checks of a request whose target is known, in the order of DM-05: Content-Format (4.15),
 * Accept (4.06), then what is wrong with the request as a whole (4.00). LW_COAP_EMPTY, and the
 * formats: `body` NULL when there is none to decode, `answer` NULL when none is to be encoded
 * (link-format and arguments are no lw_format). */
uint8_t lw_request_formats(const lw_request *request, const lw_format_choice *choice,
                           const lw_format **out_body, const lw_format **out_answer);

/* ---- Building ------------------------------------------------------------------------------- */

/* Writes options and payload behind lw_coap_begin (with lw_op_rule_of(op)->method). Not for
 * Register, Update, De-register and the requests of bootstrap.h, which have parameters. */
void lw_request_put(lw_coap_out *out, const lw_request *request);

/* The same for Send, without what a device needs for nothing else (OBS-30). */
void lw_send_put(lw_coap_out *out, uint16_t content_format, lw_bytes payload);

/* The Location-Path of a Create's 2.01 (DM-71), /o/i. Reading skips text segments in front, as a
 * client with an alternate path may send them; LW_ENOTFOUND when there is no location, LW_EFORMAT
 * when it does not name an instance. */
void lw_created_put(lw_coap_out *out, lw_path instance);
LW_MUST_CHECK lw_err lw_created_read(lw_bytes options, lw_path *out_instance);

#endif
