/* Endpoint names (VER-24, VER-26).
 *
 * Nothing is ever decided on a name alone (VER-25): what it may do depends on the identity that
 * comes with it.
 */
#ifndef LW_PROTO_ENDPOINT_H
#define LW_PROTO_ENDPOINT_H

#include <stdbool.h>

#include "lw/bytes.h"

#define LW_ENDPOINT_MAX 252u /* what fits behind "ep=" into one option */

/* UTF-8, not empty, not too long, without control characters. */
bool lw_endpoint_is_valid(lw_bytes name);

/* The URN shapes of the specification. */
typedef enum lw_endpoint_form {
    LW_ENDPOINT_OTHER, /* any text: legal, not recommended */
    LW_ENDPOINT_UUID,
    LW_ENDPOINT_OPS,        /* urn:dev:ops:PEN-PRODUCTCLASS-SERIAL */
    LW_ENDPOINT_OS,         /* urn:dev:os:PEN-SERIAL */
    LW_ENDPOINT_GSMA_IMEI,  /* RFC 7254 */
    LW_ENDPOINT_3GPP2_MEID, /* RFC 8464 */
    LW_ENDPOINT_DEPRECATED  /* urn:imei: and others, dropped in 1.2.1 */
} lw_endpoint_form;

lw_endpoint_form lw_endpoint_form_of(lw_bytes name);

#endif
