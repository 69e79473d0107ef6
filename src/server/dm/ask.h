/* An ask taken apart: checked against what the device has, its body decoded. For dm/downlink.c.
 */
#ifndef LW_SERVER_DM_ASK_H
#define LW_SERVER_DM_ASK_H

#include "proto/op.h"
#include "server/dm/downlink.h"

typedef struct lw_ask {
    const lw_downlink_device *device;
    const lw_downlink_ask *said;
    const lw_mem *mem;
    lw_op op;
    const lw_resource_def *def; /* of the target; NULL: not known, or no resource */
    lw_entry *list;             /* the body, in tree order; strings point into the ask's */
    size_t count;
    lw_entry empty; /* in place of a list without entries */
    bool is_single; /* the body is one value, at the target itself */
    lw_type type;   /* of that value */
} lw_ask;

/* Borrows all it is given. Failures of lw_downlink_start but for the formats; lw_ask_fini in any
 * case. */
LW_MUST_CHECK lw_err lw_ask_init(lw_ask *a, const lw_downlink_device *device,
                                 const lw_downlink_ask *said, const lw_mem *mem);
void lw_ask_fini(lw_ask *a);

/* LW_FORMAT_… that will do for its body; 0: it has none, or arguments. */
uint8_t lw_ask_body_uses(const lw_ask *a);
bool lw_ask_has_body(const lw_ask *a);

/* LW_ENOTSUP when the format cannot say it. */
LW_MUST_CHECK lw_err lw_ask_encode(const lw_ask *a, const lw_format *format, lw_writer *w);
LW_MUST_CHECK lw_err lw_ask_measure(const lw_ask *a, const lw_format *format, size_t *out_len);

/* Is the target one value, or may it be? */
bool lw_ask_is_about_one(const lw_ask *a);

/* Does it carry attributes in its query? */
bool lw_ask_takes_attributes(const lw_ask *a);

#endif
