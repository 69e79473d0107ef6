/* Uri-Query options as name=value. Percent-encoding is not used inside CoAP options (VER-24). */
#ifndef LW_PROTO_QUERY_H
#define LW_PROTO_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "coap/msg.h"
#include "lw/bytes.h"

#define LW_QUERY_MAX 255u /* octets of one item (RFC 7252 table 4) */

typedef struct lw_query {
    lw_bytes name;
    lw_bytes value; /* ptr is NULL when no "=" stood there */
} lw_query;

/* The next query of the message `it` runs over (lw_coap_opts); false when none is left. */
bool lw_query_next(lw_coap_opt_iter *it, lw_query *out_query);

/* Writes both behind all options that are put already; the name ends with "=" unless it stands
 * alone, with an empty value. Longer than LW_QUERY_MAX: the writer fails with LW_ETOOBIG. */
void lw_query_put(lw_coap_out *out, const char *name, const char *value);
void lw_query_put_number(lw_coap_out *out, const char *name, uint32_t value);

#endif
