/* What the formats of one bare value share (text, opaque, CBOR 60): the payload is the value of the
 * resource or resource instance that the request names.
 */
#ifndef LW_CODEC_SINGLE_H
#define LW_CODEC_SINGLE_H

#include "codec/format.h"

/* decode_start: LW_ENOTSUP unless the base is a resource or resource instance (FMT-12). */
LW_MUST_CHECK lw_err lw_single_start(lw_decoder *d);

/* The whole payload, for decode_next: LW_OK once, then LW_END; LW_AGAIN until all of it is there.
 * Sets the entry's path and marks the input as used. */
LW_MUST_CHECK lw_err lw_single_take(lw_decoder *d, lw_entry *out_entry, lw_bytes *out_payload);

/* For encode: the one value of the source. LW_ENOTSUP when there are more, or none, or it lies
 * below the base (a multiple resource), carries a time, or is no value. */
LW_MUST_CHECK lw_err lw_single_value(const lw_source *source, const lw_encode_cfg *cfg,
                                     lw_value *out_value);

#endif
