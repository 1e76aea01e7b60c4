/*
 * random.h - a small seeded generator (splitmix64): the same numbers on every machine, so that a
 * failing case is its seed. Knows nothing of what the numbers are for.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

static inline uint32_t rng_u32(rng *random) {
    uint64_t z = (random->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* 0 .. n-1; n > 0. */
static inline uint32_t rng_below(rng *random, uint32_t n) {
    return (uint32_t)(((uint64_t)rng_u32(random) * n) >> 32);
}

static inline uint32_t rng_between(rng *random, uint32_t low, uint32_t high) {
    return low + rng_below(random, high - low + 1u);
}

/* One chance in n. */
static inline int rng_once_in(rng *random, uint32_t n) { return rng_below(random, n) == 0; }

/* Uniform in [-1, 1), a multiple of 2^-23. */
static inline float rng_signed(rng *random) {
    return (float)((int32_t)(rng_u32(random) >> 8) - (1 << 23)) * 0x1p-23f;
}

#endif
