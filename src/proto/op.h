/* Operations: what each may be asked of, what it carries, and what may answer it.
 *
 * The tables of the specification stand in op.c in its row order (protocol.md section 15); both
 * ends use them. CoAP codes are chosen here, from errors (lw_op_code), and in refusal.h, where a
 * server says why it refuses a Register. How a request is recognised and built is in request.h.
 */
#ifndef LW_PROTO_OP_H
#define LW_PROTO_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "coap/msg.h"
#include "codec/format.h"
#include "lw/err.h"
#include "lw/object.h"
#include "lw/operation.h"
#include "model/version.h"

/* ---- The table ------------------------------------------------------------------------------ */

/* Where a request goes: to ids, or to a fixed path. */
typedef enum lw_op_place {
    LW_OP_AT_IDS,
    LW_OP_AT_BS,
    LW_OP_AT_BSPACK,
    LW_OP_AT_RD,
    LW_OP_AT_DP
} lw_op_place;

/* What else tells requests of one method apart: the Observe option of a GET or FETCH, a bit for
 * each of its values; an Accept of link-format; parameters without a body. */
typedef enum lw_op_mode {
    LW_OP_OBSERVED = 1,
    LW_OP_CANCELLED = 2,
    LW_OP_PLAIN = 4,
    LW_OP_LINKED = 8,
    LW_OP_ATTRIBUTED = 16
} lw_op_mode;

typedef struct lw_op_rule {
    uint8_t method : 3;     /* lw_coap_code */
    uint8_t mode : 5;       /* lw_op_mode */
    uint8_t levels : 5;     /* bit d: a path of d ids is allowed; 0: the path is fixed */
    uint8_t place : 3;      /* lw_op_place */
    uint8_t right : 5;      /* LW_RIGHT_… that it needs on an instance (ACL-04); 0: none */
    uint8_t minor : 2;      /* since LwM2M 1.minor */
    uint8_t may_be_non : 1; /* TRN-02: all others are CON */
    uint8_t success;        /* lw_coap_code */
    uint8_t body;           /* what a request carries: any of LW_FORMAT_… will do; 0: nothing */
    uint8_t answer;         /* what its success carries, likewise */
    uint16_t errors;        /* bit dd: 4.dd is listed */
} lw_op_rule;

/* In `body` and `answer` besides the uses of codec/format.h. */
#define LW_FORMAT_LINKS 64u  /* link-format */
#define LW_FORMAT_REAL  63u  /* all uses that a lw_format can have */
#define LW_FORMAT_ARGS  128u /* arguments of Execute: text/plain or nothing */

const lw_op_rule *lw_op_rule_of(lw_op op);

static inline lw_version lw_op_since(const lw_op_rule *rule)
{
    return (lw_version)(LW_VERSION_1_0 + (unsigned)rule->minor);
}

/* The first segment of its fixed path, "rd"; "" when it goes to ids. */
const char *lw_op_path(lw_op op);
void lw_op_put_path(lw_coap_out *out, lw_op op); /* that segment */

/* May a path of `depth` ids be the target, at a client of that version (DM-03)? */
bool lw_op_has_level(lw_op op, unsigned depth, lw_version version);

/* May this code answer it (DM-04)? What the table lists, any 5.xx, and the codes that layers below
 * may give to any request: 4.01 of an Echo challenge, 4.02, and those of block-wise transfer when
 * there is a body. */
bool lw_op_may_answer(lw_op op, uint8_t code);

/* The code for what came of a request: the success code for LW_OK, else a code that is legal for
 * the operation. LW_ENOTSUP means that what is asked for cannot be expressed (4.06), or, of what
 * has a body and no answer, that the format of the body is not supported (4.15); LW_ESTATE "not
 * now". What is wrong with octets (LW_EFORMAT, …) is the peer's fault only where there is a body.
 */
uint8_t lw_op_code(lw_op op, lw_err err);

/* DM-65: partial update of a multiple, writable resource; everything else is Execute. */
lw_op lw_op_of_resource_post(const lw_resource_def *def);

/* ---- Formats -------------------------------------------------------------------------------- */

typedef struct lw_format_choice {
    const lw_format *const *formats; /* what we have; NULL-terminated */
    lw_version version;              /* of the client; NEWEST while a bootstrap does not know it */
    bool single;                     /* one value: a single resource, or a resource instance */
    lw_type type;                    /* of that value; NONE: not known */
    uint16_t preferred;              /* what the peer asked for (pct), advertised (ct) or was seen
                                        using; LW_CF_NONE */
} lw_format_choice;

/* The format with that Content-Format number if we have it and it will do for the body, or for the
 * answer, of this operation (FMT-10); else NULL. */
const lw_format *lw_op_find_body_format(lw_op op, const lw_format_choice *choice, uint32_t id);
const lw_format *lw_op_find_answer_format(lw_op op, const lw_format_choice *choice, uint32_t id);

/* What a sender uses by default, and after a 4.15 or 4.06 what it tries next: pass NULL first, then
 * the format that was refused. NULL when none is left (formats.md section 16). */
const lw_format *lw_op_body_format(lw_op op, const lw_format_choice *choice,
                                   const lw_format *refused);
const lw_format *lw_op_answer_format(lw_op op, const lw_format_choice *choice,
                                     const lw_format *refused);

#endif
