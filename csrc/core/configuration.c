/*
 * configuration.c - what of the FPU's mode and the compiler's flags would give other bits, by sums of known results.
 * Knows no model; the self-test of a blob tells that something is wrong, this tells what.
 */
#include "../math/f32.h"
#include "mlm_inspect.h"

/* Volatile, or the compiler would work it out itself. */
static const volatile float least_normal = 0x1p-126f, least_subnormal = 0x1p-149f;
static const volatile float half = 0.5f, large = 0x1p+30f, one = 1.0f;
static const volatile float half_unit = 0x1p-24f, unit = 0x1p-23f;
static const volatile float factor = 1.0f + 0x1p-12f, minus_square = -(1.0f + 0x1p-11f);

#define HALF_OF_LEAST_NORMAL 0x00400000u

static int flushes(void) {
    const float result = least_normal * half, read = least_subnormal * large;
    return f32_bits(result) != HALF_OF_LEAST_NORMAL || read == 0.0f;
}

/* (1 + 2^-12)^2 is rounded to 1 + 2^-11 before that is taken away, unless both are one step. */
static int fuses(void) {
    const float a = factor, b = minus_square;
    return a * a + b != 0.0f;
}

/* Halfway between two floats the even one, which is below the first and above the second sum. */
static int rounds_otherwise(void) {
    const float down = one + half_unit, odd = one + unit;
    return down != 1.0f || odd + half_unit != 1.0f + 0x1p-22f;
}

uint32_t mlm_configuration(void) {
    return (flushes() ? MLM_FLUSHES_SUBNORMALS : 0) | (fuses() ? MLM_FUSES : 0) |
           (rounds_otherwise() ? MLM_ROUNDS_OTHERWISE : 0);
}
