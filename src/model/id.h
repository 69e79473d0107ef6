/* Identifiers as text: decimal, without sign, blank or leading zero (DM-03). What paths and object
 * links are made of.
 */
#ifndef LW_MODEL_ID_H
#define LW_MODEL_ID_H

#include "lw/bytes.h"
#include "lw/err.h"

#define LW_ID_TEXT_MAX 5u

/* Reads the identifier at *pos and moves *pos behind it. LW_EFORMAT when there is none, or it has a
 * leading zero; LW_ERANGE above 65535. */
LW_MUST_CHECK lw_err lw_id_read(lw_bytes text, size_t *pos, uint16_t *out_id);

/* Writes the digits and returns how many. */
size_t lw_id_format(uint16_t id, char out[LW_ID_TEXT_MAX]);

#endif
