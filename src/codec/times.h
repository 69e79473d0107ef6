/* When the value of an entry was taken: a payload has it as numbers of seconds, and entries keep it
 * so. Here it becomes milliseconds, for those who ask.
 */
#ifndef LW_CODEC_TIMES_H
#define LW_CODEC_TIMES_H

#include "codec/format.h"
#include "lw/time.h"

/* From here on a time is one since 1970, below it is relative to now (RFC 8428 section 4.5.3). */
#define LW_TIME_ABSOLUTE_FROM_MS (LW_SECOND_MS << 28)

/* Since 1970, as `now` is; without a time it is `now`. LW_ERANGE beyond 2^53 ms. */
LW_MUST_CHECK lw_err lw_entry_time(const lw_entry *entry, lw_time now, lw_time *out_time);

/* Gives an entry without one its time. `first` is that of its source's first entry: all are told by
 * how much later they are, when it is one since 1970. */
void lw_entry_set_time(lw_entry *entry, lw_time time, lw_time first);

#endif
