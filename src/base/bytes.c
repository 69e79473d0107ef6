#include "lw/bytes.h"

bool lw_octets_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

bool lw_octets_are(const uint8_t *octets, size_t len, const char *s)
{
    return lw_octets_equal(octets, len, (const uint8_t *)s, strlen(s));
}

lw_bytes lw_bytes_cut(lw_bytes *rest, char separator)
{
    lw_bytes all = *rest;
    const uint8_t *at = all.len > 0 ? memchr(all.ptr, separator, all.len) : NULL;
    if (at == NULL) {
        *rest = lw_bytes_of(NULL, 0);
        return all;
    }
    size_t len = (size_t)(at - all.ptr);
    *rest = lw_bytes_of(at + 1, all.len - len - 1);
    return lw_bytes_of(all.ptr, len);
}
