/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef LW_BASE_UTF8_H
#define LW_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"

bool lw_utf8_is_valid(lw_bytes text);

/* Writes code point c (0..0x10FFFF, not a surrogate) and returns its length, 1..4. */
unsigned lw_utf8_put(uint32_t c, uint8_t out[4]);

#endif
