/*
 * i32_exp2.h - the exponential of integer networks: what softplus and the scan's decay are made of.
 */
#ifndef MLM_I32_EXP2_H
#define MLM_I32_EXP2_H

#include "i32.h"

/*
 * 2^-f = 1 + f (c0 + f (c1 + f c2)), f in [0, 1): the quadratic is the least-squares fit of (2^-f - 1) / f at 400
 * Chebyshev points of [0, 1]; worst error 2.6e-4. Constants are c2 2^17, c1 2^32 and c0 2^31, the last two
 * with half a unit of the shift that follows, and 1 in Q30 so that the result stays below it.
 */
#define MLM_EXP2_C2 (-5656)
#define MLM_EXP2_C1 1012943840
#define MLM_EXP2_C0 (-1487979748)
#define MLM_EXP2_ONE 0x3FFFC000

/* 2^-f in Q30, of f in Q15 below 1; from 2^29 - 2^14 on and below 2^30. */
MLM_INLINE int32_t i32_exp2_negative(int32_t f) {
#if defined(__ARM_FEATURE_DSP)
    int32_t t;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(t) : "r"(MLM_EXP2_C2), "r"(f), "r"(MLM_EXP2_C1));
    __asm__("smlatb %0, %0, %1, %2" : "+r"(t) : "r"(f), "r"(MLM_EXP2_C0));
    __asm__("smlatb %0, %0, %1, %2" : "+r"(t) : "r"(f), "r"(MLM_EXP2_ONE));
    return t;
#else
    int32_t c2 = MLM_EXP2_C2;
#if defined(__ARM_ARCH_6M__)
    __asm__("" : "+l"(c2)); /* else compilers make ten shifts and sums of a product in one cycle */
#endif
    int32_t t = MLM_EXP2_C1 + c2 * f;
    t = MLM_EXP2_C0 + (t >> 16) * f;
    return MLM_EXP2_ONE + (t >> 16) * f;
#endif
}

/* x 2^-s, rounded down, of an x that is not negative; 0 <= s < 256. */
MLM_INLINE int32_t i32_shift_right(int32_t x, int32_t s) {
#if defined(__ARM_ARCH)
    __asm__("lsr %0, %1" : "+l"(x) : "l"(s) : "cc");
    return x;
#else
    return s > 31 ? 0 : x >> s;
#endif
}

#endif
