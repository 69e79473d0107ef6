/* Base64 (RFC 4648): written in the standard alphabet with padding or the URL-safe one without,
 * read in either, with or without padding.
 */
#ifndef LW_BASE_BASE64_H
#define LW_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"

typedef enum lw_base64_kind {
    LW_BASE64,    /* section 4: '+' '/', padded */
    LW_BASE64_URL /* section 5: '-' '_', without padding */
} lw_base64_kind;

size_t lw_base64_encoded_len(lw_base64_kind kind, size_t octets);

/* Goes through the writer in small pieces: no buffer of the whole is needed. */
void lw_base64_encode(lw_base64_kind kind, lw_bytes in, lw_writer *w);

/* No more octets than this come out of `len` characters. */
size_t lw_base64_decoded_max(size_t len);

/* Decodes into out, which may be the memory the text is in. Accepts '+' or '-', '/' or '_', and
 * padding that is complete or absent. LW_EFORMAT for any other character, line breaks included, for
 * a length that no encoding has, and for trailing bits that are not zero (section 3.5: so each
 * value has one text in each alphabet); LW_ETOOBIG when out is too small. */
LW_MUST_CHECK lw_err lw_base64_decode(lw_bytes text, uint8_t *out, size_t cap, size_t *out_len);

#endif
