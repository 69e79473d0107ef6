#include "base/rng.h"

uint32_t lw_rng_u32(const lw_rng *rng)
{
    uint8_t b[4];
    rng->fill(rng->ctx, b, sizeof b);
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint32_t lw_rng_below(const lw_rng *rng, uint32_t bound)
{
    return (uint32_t)(((uint64_t)lw_rng_u32(rng) * bound) >> 32);
}

void lw_rng_seeded_init(lw_rng_seeded *s, uint64_t seed)
{
    s->state = seed;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(lw_rng_seeded *s)
{
    uint64_t z = (s->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void seeded_fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % 8 == 0) {
            v = next(ctx);
        }
        out[i] = (uint8_t)(v >> (8 * (i % 8)));
    }
}

lw_rng lw_rng_seeded_rng(lw_rng_seeded *s)
{
    return (lw_rng){.fill = seeded_fill, .ctx = s};
}
