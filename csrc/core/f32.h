/*
 * f32.h - scalar binary32 arithmetic from + - * / and integer bit operations only. Knows nothing of
 * vectors or models. Every target gives the same bits, which is why there is no libm here.
 */
#ifndef MLM_F32_H
#define MLM_F32_H

#include <stdint.h>

#if defined(__FAST_MATH__)
#error "-ffast-math changes the bits: MambaLite-Micro must be compiled without it"
#endif
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "MambaLite-Micro reads its blobs in place and needs a little-endian target"
#endif

static inline uint32_t f32_bits(float x) {
    union {
        float f;
        uint32_t u;
    } pun = {x};
    return pun.u;
}

static inline float f32_from_bits(uint32_t bits) {
    union {
        uint32_t u;
        float f;
    } pun = {bits};
    return pun.f;
}

static inline int f32_is_finite(uint32_t bits) { return (bits & 0x7F800000u) != 0x7F800000u; }

/*
 * 1 / sqrt(x) for normal x > 0, max error 1.8 ulp: an estimate from the halved exponent, then Newton's
 * y (1.5 - 0.5 x y^2) until it no longer moves, four times being enough from 3.5 %. For x = 0,
 * subnormal x, infinity and NaN the result is whatever the iteration gives; norms never pass these
 * for finite input, since epsilon > 0.
 */
static inline float f32_rsqrt(float x) {
    const float half = 0.5f * x;
    float y = f32_from_bits(0x5F3759DFu - (f32_bits(x) >> 1));
    for (int i = 0; i < 4; i++) y = y * (1.5f - half * y * y);
    return y;
}

#endif
