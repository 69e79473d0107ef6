#include "base/num_priv.h"

#include <stdbool.h>

void lw_big_set(uint32_t *a, uint64_t v)
{
    a[0] = (uint32_t)v;
    a[1] = (uint32_t)(v >> 32);
}

void lw_big_times(uint32_t *a, unsigned *len, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (unsigned i = 0; i < *len; i++) {
        carry += (uint64_t)a[i] * factor;
        a[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        a[(*len)++] = (uint32_t)carry;
    }
}

void lw_big_times_power(uint32_t *a, unsigned *len, uint32_t base, int n)
{
    uint32_t factor = 1; /* as many as fit, at once */
    for (; n > 0; n--) {
        factor *= base;
        if (n == 1 || factor > UINT32_MAX / base) {
            lw_big_times(a, len, factor, 0);
            factor = 1;
        }
    }
}

int lw_big_compare(const uint32_t *a, uint32_t times, const uint32_t *b, const uint32_t *c,
                   unsigned len)
{
    int64_t carry = 0;
    bool equal = true;
    for (unsigned i = 0; i < len; i++) {
        carry += (int64_t)((uint64_t)b[i] * times) + a[i] - c[i];
        equal = equal && (uint32_t)carry == 0;
        carry >>= 32;
    }
    return carry != 0 ? (int)carry : !equal;
}

static void subtract(uint32_t *a, const uint32_t *b, unsigned len)
{
    int64_t carry = 0;
    for (unsigned i = 0; i < len; i++) {
        carry += (int64_t)a[i] - b[i];
        a[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

unsigned lw_big_next_digit(uint32_t *top, const uint32_t *bottom, unsigned *len, uint32_t base)
{
    unsigned digit = 0;
    lw_big_times(top, len, base, 0);
    for (; lw_big_compare(top, 0, top, bottom, *len) >= 0; digit++) {
        subtract(top, bottom, *len);
    }
    return digit;
}
