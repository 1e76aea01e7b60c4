/*
 * choices.h - where the decisions of a random network come from: a seeded generator, or bytes of a fuzzer,
 * so that a changed byte changes one decision. Knows nothing of what is decided.
 */
#ifndef CHOICES_H
#define CHOICES_H

#include <stddef.h>

#include "random.h"

typedef struct choices {
    const uint8_t *next, *end; /* read from the front; where there are no more, all is 0 */
    int has_bytes;
    rng random;
} choices;

static inline choices choices_of_seed(uint64_t seed) { return (choices){NULL, NULL, 0, {seed}}; }

static inline choices choices_of_bytes(const uint8_t *bytes, size_t size) {
    return (choices){bytes, bytes + size, 1, {0}};
}

/* 0 .. n-1; 0 < n <= 256 of bytes. */
static inline uint32_t choose(choices *from, uint32_t n) {
    if (!from->has_bytes) return rng_below(&from->random, n);
    return from->next == from->end ? 0 : *from->next++ % n;
}

static inline uint32_t choose_between(choices *from, uint32_t low, uint32_t high) {
    return low + choose(from, high - low + 1u);
}

/* One chance in n; never when bytes are at their end. */
static inline int choose_rarely(choices *from, uint32_t n) { return choose(from, n) == n - 1u; }

#endif
