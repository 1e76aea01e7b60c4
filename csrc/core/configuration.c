/*
 * configuration.c - what of the FPU's mode and the compiler's flags would give other bits, by sums of known results.
 * Knows no model; the self-test of a blob tells that something is wrong, this tells what.
 */
#include "../math/f32.h"
#include "mlm_inspect.h"

/* Through memory, or the compiler would work out itself what is made of it. */
static float hidden(float value) {
    volatile float place = value;
    return place;
}

#define HALF_OF_LEAST_NORMAL 0x00400000u

static int flushes(void) {
    const float result = hidden(0x1p-126f) * hidden(0.5f);
    const float read = hidden(0x1p-149f) * hidden(0x1p+30f);
    return f32_bits(result) != HALF_OF_LEAST_NORMAL || read == 0.0f;
}

/* (1 + 2^-12)^2 is rounded to 1 + 2^-11 before that is taken away, unless both are one step. */
static int fuses(void) {
    const float a = hidden(1.0f + 0x1p-12f), b = hidden(-(1.0f + 0x1p-11f));
    return a * a + b != 0.0f;
}

/* Halfway between two floats the even one, which is below the first and above the second sum. */
static int rounds_otherwise(void) {
    const float half_unit = hidden(0x1p-24f);
    const float down = hidden(1.0f) + half_unit, odd = hidden(1.0f) + hidden(0x1p-23f);
    return down != 1.0f || odd + half_unit != 1.0f + 0x1p-22f;
}

uint32_t mlm_configuration(void) {
    return (flushes() ? MLM_FLUSHES_SUBNORMALS : 0) | (fuses() ? MLM_FUSES : 0) |
           (rounds_otherwise() ? MLM_ROUNDS_OTHERWISE : 0);
}
