/* Register, Update and De-register, and their answers: both directions side by side.
 *
 * A device puts what there is to say into a request; a server parses a routed request into a
 * lw_registration, with its object list, or gets the reason of a refusal (refusal.h). Everything
 * parsed points into the message.
 */
#ifndef LW_PROTO_REGISTER_H
#define LW_PROTO_REGISTER_H

#include <stdbool.h>
#include <stdint.h>

#include "coap/msg.h"
#include "codec/format.h"
#include "codec/link.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/path.h"
#include "model/version.h"
#include "proto/query.h"
#include "proto/refusal.h"
#include "proto/request.h"

/* ---- Parameters ----------------------------------------------------------------------------- */

/* Transports of a binding (REG-60, REG-61), in the order in which they are written. */
#define LW_BINDING_U 1u  /* UDP */
#define LW_BINDING_M 2u  /* MQTT */
#define LW_BINDING_H 4u  /* HTTP */
#define LW_BINDING_T 8u  /* TCP */
#define LW_BINDING_S 16u /* SMS */
#define LW_BINDING_N 32u /* non-IP */

#define LW_BINDING_TEXT_MAX 7u

/* "U", "UT"; for 1.0 with the queue mode in it: "UQS" (REG-60). Returns the length. */
size_t lw_binding_format(unsigned bindings, bool queue, lw_version version,
                         char out[LW_BINDING_TEXT_MAX]);

/* Letters in any order, Q anywhere. With `strict` only what that version defines (P-REG-02 is for
 * the others). LW_EFORMAT. */
LW_MUST_CHECK lw_err lw_binding_parse(lw_bytes text, bool strict, lw_version version,
                                      uint8_t *out_bindings, bool *out_queue);

/* Which parameters are given. */
#define LW_REG_ENDPOINT 1u
#define LW_REG_LIFETIME 2u
#define LW_REG_VERSION  4u
#define LW_REG_BINDING  8u
#define LW_REG_QUEUE    16u /* queue mode is on. Without it in an Update: unchanged (REG-35) */
#define LW_REG_SMS      32u
#define LW_REG_PROFILES 64u
#define LW_REG_LIST     128u

typedef struct lw_registration {
    uint8_t given;      /* LW_REG_… */
    uint8_t bindings;   /* parsed: LW_BINDING_…; U when not given at Register */
    lw_version version; /* also set when not given: an Update follows that of its Register */
    uint32_t lifetime;  /* s; 0: infinite; huge ones saturate (CLI-63) */
    lw_bytes endpoint;
    lw_bytes binding;  /* letters; a Q among them is told by LW_REG_QUEUE */
    lw_bytes sms;      /* digits, without "+" (P-REG-18) */
    lw_bytes profiles; /* pid, without quotes: iterate with lw_profile_next */
    lw_bytes list;     /* object list in link-format */
} lw_registration;

/* Takes the first profile id off the list (REG-51); false when none is left or it is malformed. */
bool lw_profile_next(lw_bytes *profiles, lw_bytes *out_profile);

/* ---- Location ------------------------------------------------------------------------------- */

#define LW_LOCATION_MAX 128u /* octets of the options */

/* Where a registration lives: the segments that the server chose, any number of any shape, kept
 * and sent back as they are (REG-05, client-field-notes rule 23). */
typedef struct lw_location {
    uint8_t len;
    uint8_t octets[LW_LOCATION_MAX]; /* Uri-Path options */
} lw_location;

/* From the options of a 2.01. LW_ENOTFOUND when there is none: the registration has failed;
 * LW_ETOOBIG when it is longer than we keep. */
LW_MUST_CHECK lw_err lw_location_read(lw_bytes options, lw_location *out_location);

/* ---- A device puts -------------------------------------------------------------------------- */

/* The first options of Register (`location` NULL), Update or De-register: the path, and what an
 * object list as payload is written in. The list may go out in blocks. */
void lw_registration_begin(lw_coap_out *out, const lw_location *location, bool has_list);

/* Then what there is to say, with lw_query_put and lw_query_put_number, in the order of REG-02:
 * ep=, lt=, lwm2m=, b=, Q. The letters of b; in 1.0 with the queue mode behind the first (REG-60).
 */
void lw_binding_put(lw_coap_out *out, lw_bytes letters, bool queue);
/* And, for devices that have them: LW_REG_SMS, LW_REG_PROFILES. */
void lw_registration_put_more(lw_coap_out *out, const lw_registration *reg);

/* The object list. Begins with the root link if there is a format to announce, one that a server
 * cannot take for granted (REG-23): </>;ct="110 112". Objects that are never listed (REG-21) are
 * left out by put. */
void lw_object_list_begin(lw_link_out *out, lw_writer *w, const lw_format *const *formats,
                          lw_version version);
/* `version` NULL: the one that goes without saying (VER-11). */
void lw_object_list_put(lw_link_out *out, lw_path path, const lw_object_version *version);

/* ---- A server parses ------------------------------------------------------------------------ */

typedef struct lw_register_policy {
    bool strict;        /* refuse what the field sends and the text does not allow: unknown
                           parameters (P-REG-01), bindings of other versions (P-REG-02), links that
                           have no place in a list (P-REG-21) */
    bool identified;    /* the security identity tells the endpoint name (REG-02) */
    uint16_t links_max; /* ceiling of the object list; 0: none */
    uint32_t lifetime;  /* for a missing lt (P-REG-03); 0: refused */
    lw_version version; /* for a missing lwm2m (REG-02); NONE: refused */
} lw_register_policy;

/* A list that was checked as a whole when it was opened; lw_object_list_next then does not fail. */
typedef struct lw_object_list {
    lw_link_reader reader;
    lw_bytes alternate_path; /* announced by the root link, "lwm2m"; usually empty */
    lw_bytes formats;        /* its ct: iterate with lw_link_number_next; usually empty */
    uint16_t count;          /* objects and instances that next() will give */
    bool strict;
} lw_object_list;

typedef struct lw_object_link {
    lw_path path; /* object or instance; as listed, duplicates included */
    bool has_version;
    lw_object_version version; /* on an instance link it is the object's (VER-12); the object link
                                  wins if they disagree (VER-14) */
} lw_object_link;

lw_refusal lw_object_list_open(lw_object_list *list, lw_bytes payload,
                               const lw_register_policy *policy);
/* False when none is left. */
bool lw_object_list_next(lw_object_list *list, lw_object_link *out_link);

/* A Register, with defaults filled in. */
lw_refusal lw_register_parse(const lw_request *request, const lw_register_policy *policy,
                             lw_registration *out_reg, lw_object_list *out_list);

/* An Update of `current`, which tells endpoint and version (REG-36). The list is opened when
 * LW_REG_LIST is given. */
lw_refusal lw_update_parse(const lw_request *request, const lw_register_policy *policy,
                           const lw_registration *current, lw_registration *out_reg,
                           lw_object_list *out_list);

/* Parameters that are none of ours, kept for whoever shows them (REG-03): start with
 * lw_coap_opts(request->options); false when none is left. */
bool lw_register_next_unknown(lw_coap_opt_iter *it, lw_query *out_query);

/* The options of the 2.01: Location-Path /rd/{id}. */
void lw_register_put_answer(lw_coap_out *out, lw_bytes id);

#endif
