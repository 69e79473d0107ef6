/* Randomness, passed in: tokens, message ids, jitter. A host passes the kernel's; tests pass the
 * seeded generator below and print the seed.
 */
#ifndef LW_BASE_RNG_H
#define LW_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct lw_rng {
    void (*fill)(void *ctx, uint8_t *out, size_t len);
    void *ctx;
} lw_rng;

uint32_t lw_rng_u32(const lw_rng *rng);

/* Uniform in 0..bound-1; 0 when bound is 0. */
uint32_t lw_rng_below(const lw_rng *rng, uint32_t bound);

/* Repeatable, for tests, simulation and benchmarks: not for tokens on a network. */
typedef struct lw_rng_seeded {
    uint64_t state;
} lw_rng_seeded;

void lw_rng_seeded_init(lw_rng_seeded *s, uint64_t seed);
lw_rng lw_rng_seeded_rng(lw_rng_seeded *s);

#endif
