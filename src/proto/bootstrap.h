/* Bootstrap: what a device asks for, what it shows in Bootstrap-Discover, and the file of a
 * smartcard. Both directions side by side.
 *
 * The operations that a Bootstrap-Server sends, with the paths they may have, are in request.h.
 */
#ifndef LW_PROTO_BOOTSTRAP_H
#define LW_PROTO_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coap/msg.h"
#include "codec/format.h"
#include "codec/link.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/path.h"
#include "model/version.h"
#include "proto/refusal.h"
#include "proto/request.h"

/* ---- Bootstrap-Request, Bootstrap-Pack-Request ---------------------------------------------- */

typedef struct lw_bs_request {
    lw_bytes endpoint; /* ptr is NULL when left out: the identity tells it (BS-11) */
    uint16_t format;   /* Request: pct (BS-12). Pack: Accept. Or LW_CF_NONE */
    lw_bytes account;  /* Pack: acc, the instances of the Bootstrap-Server account as links (BS-60);
                          usually empty. Iterate with lw_bs_account_next */
} lw_bs_request;

typedef struct lw_bs_policy {
    bool strict;     /* refuse unknown parameters */
    bool identified; /* the security identity tells the endpoint name */
} lw_bs_policy;

/* Options behind lw_coap_begin; op: which of the two. Endpoint and account as in lw_bs_request,
 * NULL when left out. */
void lw_bs_request_put(lw_coap_out *out, lw_op op, uint16_t format, const char *endpoint,
                       const char *account);

/* Either of the two, as routed. */
lw_refusal lw_bs_request_parse(const lw_request *request, const lw_bs_policy *policy,
                               lw_bs_request *out_bs);

/* Takes the first instance off `account`: LW_OK, LW_END, or LW_EFORMAT. */
LW_MUST_CHECK lw_err lw_bs_account_next(lw_link_reader *account, lw_path *out_instance);

/* A format that a whole configuration can be written in: TLV, SenML JSON and CBOR, LwM2M CBOR
 * (BS-12). */
bool lw_bs_is_format(uint16_t content_format);

/* ---- Bootstrap-Discover (BS-21 to BS-23) ---------------------------------------------------- */

typedef struct lw_bs_item {
    lw_path path; /* object or instance */
    bool has_version;
    lw_object_version version;
    uint16_t ssid; /* of /0, /1, /21, /23 and /24 instances; 0: none */
    lw_bytes uri;  /* of a /0 instance; usually empty */
} lw_bs_item;

/* The device: begin writes </>;lwm2m=1.1. */
void lw_bs_discover_begin(lw_link_out *out, lw_writer *w, lw_version version);
void lw_bs_discover_put(lw_link_out *out, const lw_bs_item *item);

/* The Bootstrap-Server. */
typedef struct lw_bs_discover {
    lw_link_reader reader;
    lw_version version; /* once the root link was read: it stands first; NONE if there is none */
} lw_bs_discover;

lw_bs_discover lw_bs_discover_of(lw_bytes payload);
/* LW_OK, LW_END, or LW_EFORMAT. A value that cannot be read counts as absent. */
LW_MUST_CHECK lw_err lw_bs_discover_next(lw_bs_discover *discover, lw_bs_item *out_item);

/* ---- Smartcard file (BS-73, formats.md section 15) ------------------------------------------ */

typedef struct lw_card_object {
    uint16_t object;
    bool has_version;
    lw_object_version version;
    lw_bytes instances; /* TLV of object instances */
} lw_card_object;

typedef struct lw_card {
    lw_bytes rest;
    uint16_t left; /* objects that follow */
} lw_card;

/* LW_EFORMAT when the header does not fit the file. Octets behind what it announces are ignored: a
 * card's file has a fixed size. */
LW_MUST_CHECK lw_err lw_card_open(lw_card *card, lw_bytes file);
/* LW_OK, LW_END, or LW_EFORMAT. */
LW_MUST_CHECK lw_err lw_card_next(lw_card *card, lw_card_object *out_object);
/* The writer fails with LW_ETOOBIG when 16 bits do not hold a length. */
void lw_card_write(lw_writer *w, const lw_card_object *objects, size_t count);

#endif
