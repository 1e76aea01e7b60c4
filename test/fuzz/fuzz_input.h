/*
 * fuzz_input.h - what a fuzzer input is: 16 bytes that say what to do, then a blob, or a recipe for
 * one. Shared by the target and by the program that writes the seeds.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdint.h>

/* fuzz_control.flags */
enum {
    FUZZ_FIX_CRC = 1,    /* write the right CRC before opening, to get past it */
    FUZZ_FIX_HEADER = 2, /* write magic, version and size too */
    FUZZ_RECIPE = 4,     /* the rest is a fuzz_recipe, not a blob */
    FUZZ_ODD_INPUTS = 8, /* NaN, infinities and subnormals among the inputs */
    FUZZ_ODD_TOKENS = 16 /* tokens outside of the vocabulary among the inputs */
};

typedef struct fuzz_control {
    uint8_t flags;
    uint8_t schedule, other_schedule; /* modulo 4: one value too many */
    uint8_t frames;                   /* modulo 20; of samples those that make so many */
    uint16_t tile, other_tile;
    uint16_t max_frames;
    uint8_t seed;        /* of the inputs */
    uint8_t cut;         /* input at which the state moves: of 255ths of all */
    uint16_t state_flip; /* bit of the saved state to change; 0: none */
    uint8_t reserved[2];
} fuzz_control;

_Static_assert(sizeof(fuzz_control) == 16, "control block");

/* A random valid model, then patches on it. */
typedef struct fuzz_recipe {
    uint32_t seed;
    uint8_t most_ops, most_width;
    uint8_t integers; /* odd: integers among floats */
    uint8_t reserved;
    /* then fuzz_patch ... */
} fuzz_recipe;

typedef struct fuzz_patch {
    uint32_t at; /* modulo the blob's size, a multiple of 2 */
    uint16_t value;
    uint16_t add; /* 0: value replaces; else it is added */
} fuzz_patch;

#endif
