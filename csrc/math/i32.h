/*
 * i32.h - arithmetic of integer networks. The portable form here is the definition; every other form gives
 * its bits. Shifts to the right round down (>> of a negative number does, in every compiler that the core is
 * built with); where a value is stored, half a unit has been added before, so that halves go up.
 */
#ifndef MLM_I32_H
#define MLM_I32_H

#include "vec4.h"

_Static_assert(-3 >> 1 == -2, "right shifts round down");

/* Sums that may leave 32 bits on the way come back into them. */
MLM_INLINE int32_t i32_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* a b 2^-16, rounded down; b has 16 bits. */
MLM_INLINE int32_t i32_mulw(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP)
    int32_t product;
    __asm__("smulwb %0, %1, %2" : "=r"(product) : "r"(a), "r"(b));
    return product;
#elif defined(__ARM_ARCH_6M__) || defined(__XTENSA__)
    /* Not all of these have the upper half of a product. */
    return (a >> 16) * b + ((int32_t)((uint32_t)a & 0xFFFFu) * b >> 16);
#else
    return (int32_t)(((int64_t)a * (int32_t)((uint32_t)b << 16)) >> 32);
#endif
}

/* That and c; the sum must not leave 32 bits. */
MLM_INLINE int32_t i32_add_mulw(int32_t a, int32_t b, int32_t c) {
#if defined(__ARM_FEATURE_DSP)
    int32_t sum;
    __asm__("smlawb %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
#else
    return i32_mulw(a, b) + c;
#endif
}

MLM_INLINE int32_t i32_clamp(int32_t x, int32_t least, int32_t most) {
    return x < least ? least : x > most ? most : x;
}

MLM_INLINE int32_t i32_to_i16(int32_t x) {
#if defined(__ARM_FEATURE_SAT)
    int32_t y;
    __asm__("ssat %0, #16, %1" : "=r"(y) : "r"(x));
    return y;
#elif defined(__ARM_ARCH_6M__)
    return (int16_t)x == x ? x : (x >> 31) ^ 32767; /* its constants would have to be loaded */
#else
    return i32_clamp(x, -32768, 32767);
#endif
}

MLM_INLINE int32_t i64_to_i32(int64_t x) {
    return x > INT32_MAX ? INT32_MAX : x < INT32_MIN ? INT32_MIN : (int32_t)x;
}

MLM_INLINE int32_t i32_add_saturating(int32_t a, int32_t b) {
    int32_t sum;
#if defined(__ARM_FEATURE_DSP)
    __asm__("qadd %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
#else
    if (__builtin_add_overflow(a, b, &sum)) return a < 0 ? INT32_MIN : INT32_MAX;
#endif
    return sum;
}

/* x 2^-s, halves up; x + 2^(s-1) must not leave 32 bits. 0 <= s <= 31. */
MLM_INLINE int32_t i32_round_shift(int32_t x, uint32_t s) {
    return (int32_t)((uint32_t)x + ((1u << s) >> 1)) >> s;
}

/* x 2^s, cut off at the ends of 32 bits. 0 <= s <= 31. */
MLM_INLINE int32_t i32_shift_left(int32_t x, uint32_t s) {
    const int32_t shifted = (int32_t)((uint32_t)x << s);
    if (__builtin_expect(shifted >> s != x, 0)) return x < 0 ? INT32_MIN : INT32_MAX;
    return shifted;
}

/* x 2^-s, halves up, for any s; cut off at the ends of 32 bits. */
MLM_INLINE int32_t i32_shift(int32_t x, int32_t s) {
    if (s > 31) return 0;
    if (s > 0) return (x >> s) + ((x >> (s - 1)) & 1); /* what is shifted out last is the half */
    return i32_shift_left(x, s < -31 ? 31 : 0u - (uint32_t)s);
}

MLM_INLINE uint32_t i32_magnitude(int32_t x) { return x < 0 ? 0u - (uint32_t)x : (uint32_t)x; }

/* Bits that a number needs; 0 for 0. */
MLM_INLINE uint32_t u32_bits(uint32_t x) { return x ? 32u - (uint32_t)__builtin_clz(x) : 0; }
MLM_INLINE uint32_t u64_bits(uint64_t x) {
    const uint32_t high = (uint32_t)(x >> 32);
    return high ? 32 + u32_bits(high) : u32_bits((uint32_t)x);
}

#endif
