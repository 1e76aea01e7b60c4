/*
 * f32.h - scalar binary32 arithmetic from + - * / and integer bit operations only. Knows nothing of
 * vectors or models. Every target gives the same bits, which is why there is no libm here.
 */
#ifndef MLM_F32_H
#define MLM_F32_H

#include <float.h>
#include <stdint.h>

#if FLT_EVAL_METHOD != 0
#error "FLT_EVAL_METHOD is not 0: float would be rounded twice (on x86: -msse2 -mfpmath=sse)"
#endif
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

#define MLM_LEAST_NORMAL_BITS 0x00800000u
#define MLM_INFINITY_BITS 0x7F800000u

static inline int f32_is_finite(uint32_t bits) {
    return (bits & MLM_INFINITY_BITS) != MLM_INFINITY_BITS;
}

static inline int f32_is_positive_normal(uint32_t bits) {
    return bits >= MLM_LEAST_NORMAL_BITS && bits < MLM_INFINITY_BITS;
}

static inline int f32_is_nan(uint32_t bits) { return (bits & 0x7FFFFFFFu) > 0x7F800000u; }

/* The same bits, or NaN on both sides: its payload is no part of the contract. */
static inline int f32_agree(uint32_t x, uint32_t y) {
    return x == y || (f32_is_nan(x) && f32_is_nan(y));
}

/*
 * 1 / sqrt(x) for normal x > 0, max error 1.8 ulp: an estimate from the halved exponent, then Newton's
 * y (1.5 - 0.5 x y^2) until it no longer moves, four times being enough from 3.5 %. For x = 0,
 * subnormal x, infinity and NaN the result is whatever the iteration gives; norms never pass these,
 * since their epsilon is normal.
 */
static inline float f32_rsqrt(float x) {
    const float half = 0.5f * x;
    float y = f32_from_bits(0x5F3759DFu - (f32_bits(x) >> 1));
    for (int i = 0; i < 4; i++) y = y * (1.5f - half * y * y);
    return y;
}

/*
 * sqrt(x) for x >= 0, subnormal x too, max error 0.8 ulp: one step of Heron's from x / sqrt(x), which
 * is right but for rounding. 0, infinity and NaN come back as they are; of x < 0 it is NaN.
 */
static inline float f32_sqrt(float x) {
    if (x < 0.0f) return (x - x) / (x - x);
    if (x == 0.0f || !f32_is_finite(f32_bits(x))) return x;
    const int is_small = f32_bits(x) < MLM_LEAST_NORMAL_BITS;
    if (is_small) x *= 16777216.0f; /* 2^24 */
    const float y = x * f32_rsqrt(x), root = 0.5f * (y + x / y);
    return is_small ? root * 0.000244140625f : root; /* 2^-12 */
}

/*
 * ln(x) for normal x > 0, max error 2.0 ulp: x = m 2^k with m in [sqrt(1/2), sqrt 2), ln(m) =
 * 2 artanh(s) with s = (m - 1) / (m + 1), log 2 in two parts. Infinity and NaN come back as they are.
 */
#define MLM_LOG_C0 0.66666776f
#define MLM_LOG_C1 0.39977583f
#define MLM_LOG_C2 0.29870796f
#define MLM_SQRT_HALF_BITS 0x3F3504F3u

static inline float f32_log(float x) {
    const uint32_t bits = f32_bits(x);
    if (!f32_is_finite(bits)) return x;
    const uint32_t offset = bits - MLM_SQRT_HALF_BITS;
    const float k = (float)((int32_t)offset >> 23);
    const float f = f32_from_bits((offset & 0x007FFFFFu) + MLM_SQRT_HALF_BITS) - 1.0f;
    const float s = f / (f + 2.0f), z = s * s;
    const float rest = (MLM_LOG_C2 * z + MLM_LOG_C1) * z + MLM_LOG_C0;
    return k * 0.693359375f + (2.0f * s + (s * (z * rest) + k * -2.12194440e-4f));
}

#endif
