/*
 * softplus_int.c - softplus of the integer scan: log(1 + e^v) = max(v, 0) + log(1 + e^-|v|), without a
 * division or a table.
 */
#include "../math/i32_exp2.h"
#include "scan_int.h"
#include "wasm_int.h"

/* Elements of one row seen as two types. */
typedef int32_t __attribute__((may_alias)) row_i32;
typedef int16_t __attribute__((may_alias)) row_i16;

enum {
    ARGUMENT = 11,  /* exponent of v */
    LOG2_E = 47274, /* log2(e) 2^15 */
    ONE = 32767,    /* in Q15 */
    HALF = 1 << 14  /* a half of a unit of Q15's product */
};

/* log(1 + t) / t = 1 + t (c0 + t (c1 + t (c2 + t c3))) in Q15, fitted as in i32_exp2.h; worst error 2.9e-4. */
enum { C0 = -16374, C1 = 10571, C2 = -6108, C3 = 1863 };

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

int mlm_softplus_fits(int32_t exponent, int32_t most) {
    /* Softplus grows; its log part is off by less than 2^-9. */
    const int64_t line = (int64_t)(most > 0 ? most : 0) * ((int64_t)1 << (exponent - ARGUMENT));
    return line + log_part(most, exponent) + (1 << (exponent - 9)) <= INT32_MAX;
}

#if MLM_WASM_INT

enum { LANES = 4, FLOAT_ONE = 127, FLOAT_EXPONENT = 23 };

/* c + r t of 4 lanes. */
MLM_INLINE v128_t steps(int32_t c, v128_t r, v128_t t) {
    const v128_t product = wasm_i32x4_add(wasm_i32x4_dot_i16x8(r, t), splat_i32(HALF));
    return wasm_i32x4_add(wasm_i32x4_shr(product, 15), splat_i32(c));
}

/* x 2^-n, rounded down, of 30 bits: exact in doubles, as there is no shift a lane. */
MLM_INLINE v128_t shifted_right(v128_t x, v128_t scale) {
    const v128_t upper = wasm_i32x4_shuffle(x, x, 2, 3, 2, 3);
    const v128_t upper_scale = wasm_i32x4_shuffle(scale, scale, 2, 3, 2, 3);
    const v128_t low =
        wasm_f64x2_mul(wasm_f64x2_convert_low_i32x4(x), wasm_f64x2_promote_low_f32x4(scale));
    const v128_t high = wasm_f64x2_mul(wasm_f64x2_convert_low_i32x4(upper),
                                       wasm_f64x2_promote_low_f32x4(upper_scale));
    return wasm_i32x4_shuffle(wasm_i32x4_trunc_sat_f64x2_zero(low),
                              wasm_i32x4_trunc_sat_f64x2_zero(high), 0, 1, 4, 5);
}

/* log_part of 4 lanes. */
MLM_INLINE v128_t log_parts(v128_t v, int32_t exponent) {
    const v128_t power = wasm_i32x4_mul(wasm_i32x4_abs(v), splat_i32(LOG2_E));
    const v128_t n = wasm_u32x4_shr(power, 26);
    const v128_t f = wasm_v128_and(wasm_i32x4_shl(power, 5), splat_i32(ONE << 16));
    const v128_t e = exp2_negative(f);
    const v128_t scale = wasm_i32x4_shl(wasm_i32x4_sub(splat_i32(FLOAT_ONE), n), FLOAT_EXPONENT);
    const v128_t t = wasm_i32x4_trunc_sat_f32x4(
        wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_i32x4_shr(e, 15)), scale));
    v128_t r = steps(C2, splat_i32(C3), t);
    r = steps(C1, r, t);
    r = steps(C0, r, t);
    r = wasm_i32x4_min(steps(ONE, r, t), splat_i32(ONE));
    const v128_t scaled = shifted_right(shr_by(e, (uint32_t)(30 - exponent)), scale);
    return wasm_i32x4_shl(mulw(scaled, factor_of(r)), 1);
}

/* Fours of channels; returns how many channels these are. */
static uint32_t softplus_fours(int32_t exponent, int32_t most, const int16_t *v, int32_t *dt,
                               uint32_t channels) {
    const uint32_t end = channels & ~3u;
    for (uint32_t i = 0; i < end; i += LANES) {
        const v128_t x = wasm_i32x4_min(wasm_i32x4_load16x4(v + i), splat_i32(most));
        const v128_t line =
            shl_by(wasm_i32x4_max(x, splat_i32(0)), (uint32_t)(exponent - ARGUMENT));
        wasm_v128_store(dt + i, wasm_i32x4_add(line, log_parts(x, exponent)));
    }
    return end;
}

#else

static uint32_t softplus_fours(int32_t exponent, int32_t most, const int16_t *v, int32_t *dt,
                               uint32_t channels) {
    (void)exponent, (void)most, (void)v, (void)dt, (void)channels;
    return 0;
}

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
    for (uint32_t i = softplus_fours(exponent, most, v, dt, channels); i < channels; i++)
        to[i] = softplus_of(from[i], most, exponent);
}
