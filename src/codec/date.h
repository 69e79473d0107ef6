/* Dates of RFC 3339 ("2013-03-21T20:04:00Z"), as numbers without a calendar library. */
#ifndef LW_CODEC_DATE_H
#define LW_CODEC_DATE_H

#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

/* Seconds since 1970-01-01T00:00:00Z; a fraction of a second is dropped. LW_EFORMAT when the text
 * is not such a date, LW_ERANGE when the date does not exist. */
LW_MUST_CHECK lw_err lw_date_parse(lw_bytes text, int64_t *out_seconds);

#endif
