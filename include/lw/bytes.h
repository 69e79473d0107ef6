/* Slices: a pointer and a length that somebody else owns.
 *
 * A lw_bytes is always borrowed. Unless a contract says otherwise it is valid for the duration of
 * the call it is passed to, or as long as the buffer it was parsed from stays unchanged.
 */
#ifndef LW_BYTES_H
#define LW_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_bytes {
    const uint8_t *ptr; /* may be NULL when len is 0 */
    size_t len;         /* octets */
} lw_bytes;

static inline lw_bytes lw_bytes_of(const void *ptr, size_t len)
{
    lw_bytes b = {(const uint8_t *)ptr, len};
    return b;
}

/* The octets of a NUL-terminated string, without the NUL. */
static inline lw_bytes lw_bytes_str(const char *s)
{
    return lw_bytes_of(s, strlen(s));
}

bool lw_octets_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

static inline bool lw_bytes_equal(lw_bytes a, lw_bytes b)
{
    return lw_octets_equal(a.ptr, a.len, b.ptr, b.len);
}

bool lw_octets_are(const uint8_t *octets, size_t len, const char *s);

static inline bool lw_bytes_is(lw_bytes a, const char *s)
{
    return lw_octets_are(a.ptr, a.len, s);
}

/* Octets from `from` to the end; empty when `from` is past the end. */
static inline lw_bytes lw_bytes_from(lw_bytes a, size_t from)
{
    return from < a.len ? lw_bytes_of(a.ptr + from, a.len - from) : lw_bytes_of(NULL, 0);
}

/* Takes what stands before the first separator off the front, and the separator with it; without
 * one all is taken, and rest->ptr is NULL. */
lw_bytes lw_bytes_cut(lw_bytes *rest, char separator);

/* A constant slice in an initialiser: LW_BYTES_LIT("text"). */
#define LW_BYTES_LIT(s)                     \
    {                                       \
        (const uint8_t *)(s), sizeof(s) - 1 \
    }

#ifdef __cplusplus
}
#endif
#endif
