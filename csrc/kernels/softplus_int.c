/*
 * softplus_int.c - softplus of the integer scan: log(1 + e^v) = max(v, 0) + log(1 + e^-|v|), without a
 * division or a table.
 */
#include "../math/i32_exp2.h"
#include "scan_int.h"
#include "wasm_int.h"

enum {
    ARGUMENT = 11,  /* exponent of v */
    LOG2_E = 47274, /* log2(e) 2^15 */
    ONE = 32767,    /* in Q15 */
    HALF = 1 << 14, /* a half of a unit of Q15's product */
    ROW_PADDING = 8
};

/* log(1 + t) / t = 1 + t (c0 + t (c1 + t (c2 + t c3))) in Q15, fitted as in i32_exp2.h; worst error 2.9e-4. */
enum { C0 = -16374, C1 = 10571, C2 = -6108, C3 = 1863 };

#if MLM_WASM_INT
#include "softplus_int_wasm.h"
#else

/* c + r t, in Q15. */
MLM_INLINE int32_t step(int32_t c, int32_t r, int32_t t) {
    const int32_t constant = c * (ONE + 1) + HALF;
#if defined(__ARM_FEATURE_DSP)
    __asm__("smlabb %0, %0, %1, %2" : "+r"(r) : "r"(t), "r"(constant));
    return r >> 15;
#else
    return (r * t + constant) >> 15;
#endif
}

/* log(1 + e^-|v|) with exponent `exponent`. */
MLM_INLINE int32_t log_part(int32_t v, int32_t exponent) {
    const uint32_t power = i32_magnitude(v) * (uint32_t)LOG2_E; /* Q26: |v| <= 2^15 */
    const uint32_t n = power >> 26;                             /* <= 23 */
    const int32_t e = i32_exp2_negative((int32_t)(power >> 11) & ONE);
    const int32_t t = e >> 15 >> n;
    int32_t r = step(C2, C3, t);
    r = step(C1, r, t);
    r = step(C0, r, t);
    r = step(ONE, r, t); /* not above ONE: what is added to it has never been above 0 */
    return 2 * i32_mulw(e >> (30 - exponent) >> n, r);
}

/* Elements of one row seen as two types. */
typedef int32_t __attribute__((may_alias)) row_i32;
typedef int16_t __attribute__((may_alias)) row_i16;

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__clang__)
#define SOFTPLUS_BY_HAND 1 /* it takes nearly all registers */
#include "softplus_int_dsp.h"
#else
#define SOFTPLUS_BY_HAND 0
#endif

MLM_INLINE int32_t softplus_of(int32_t v, int32_t most, int32_t exponent) {
    const int32_t x = v < most ? v : most;
    const uint32_t line = (uint32_t)(x > 0 ? x : 0) << (exponent - ARGUMENT);
    return (int32_t)(line + (uint32_t)log_part(x, exponent));
}

void mlm_softplus_i32(int32_t exponent, int32_t most, const int16_t *v, int32_t *dt,
                      uint32_t channels) {
    const row_i16 *from = (const row_i16 *)v;
    row_i32 *to = (row_i32 *)dt;
    uint32_t i = 0;
#if SOFTPLUS_BY_HAND
    i = softplus_twos(exponent, most, v, dt, channels);
#endif
    for (; i < channels; i++) to[i] = softplus_of(from[i], most, exponent);
}

#endif

MLM_COLD int mlm_softplus_fits(int32_t exponent, int32_t most) {
    /* Softplus grows; its log part is off by less than 2^-9, and does not wrap where the sum does. */
    const int64_t line = (int64_t)(most > 0 ? most : 0) * ((int64_t)1 << (exponent - ARGUMENT));
    const int16_t v[ROW_PADDING] = {(int16_t)most};
    int32_t dt[ROW_PADDING];
    mlm_softplus_i32(exponent, most, v, dt, 1);
    const int32_t part = (int32_t)((uint32_t)dt[0] - (uint32_t)line);
    return line + part + (1 << (exponent - 9)) <= INT32_MAX;
}
