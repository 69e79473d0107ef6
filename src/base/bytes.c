#include "lw/bytes.h"

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
