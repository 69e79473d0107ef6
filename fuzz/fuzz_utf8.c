/* UTF-8: what is called valid consists of code points that encode back to the same octets, and
 * what is called invalid does not.
 */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

/* Decodes by RFC 3629's bit patterns alone; 0x110000 for octets that fit none of them. */
static uint32_t decode(const uint8_t *p, size_t left, size_t *out_len)
{
    static const uint8_t lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t len = p[0] < 0x80       ? 1
                 : p[0] >> 5 == 6  ? 2
                 : p[0] >> 4 == 14 ? 3
                 : p[0] >> 3 == 30 ? 4
                                   : 0;
    if (len == 0 || len > left) {
        return 0x110000;
    }
    uint32_t c = p[0] & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) {
            return 0x110000;
        }
        c = c << 6 | (p[i] & 0x3F);
    }
    *out_len = len;
    return c;
}

static bool is_valid(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t len = 0;
        uint32_t c = decode(data + i, size - i, &len);
        if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
            return false;
        }
        uint8_t again[4];
        if (lw_utf8_put(c, again) != len || memcmp(again, data + i, len) != 0) {
            return false; /* overlong */
        }
        i += len;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_CHECK(lw_utf8_is_valid(lw_bytes_of(data, size)) == is_valid(data, size));
    return 0;
}
