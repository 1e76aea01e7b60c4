/*
 * powers.h - the exponentials of math4.h for processors without SIMD, where no argument is out of range:
 * without clamps, and with the same bits. Knows of four lanes; who calls sees to the range.
 */
#ifndef MLM_POWERS_H
#define MLM_POWERS_H

#include "math4.h"

#if !MLM_SIMD

/*
 * Their constants, in another file: a compiler makes those that it knows anew wherever registers are few, in
 * two or more instructions each. 2^k is a float of its own to multiply by, made as 2^(k + 1): `magic` leaves
 * its exponent in the low mantissa bits, and polynomials have halved coefficients. All that is exact.
 */
#define MLM_POWER_MAGIC \
    (MLM_ROUND_MAGIC + 128.0f) /* even, so that ties are rounded as with MLM_ROUND_MAGIC */
typedef struct mlm_exp2_constants {
    float c0, c1, c2, c3, c4, c5;
} mlm_exp2_constants;
typedef struct mlm_power_constants {
    float magic;
    mlm_exp2_constants exp2_halved; /* of which c0, one half, serves others, too */
    float minus_log2_e, ln2_high, ln2_low;
    float exp_c1, exp_c2, exp_c3, exp_c4, exp_c5;
    float one, two;
    float log1p_c0, log1p_c1, log1p_c2, log1p_c3, log1p_c4;
} mlm_power_constants;
extern const mlm_power_constants mlm_powers;
extern const mlm_exp2_constants mlm_exp2; /* apart, as few targets have both */

/* p 2^(k + 1), of halved p and n = k + magic. To multiply is the shortest way, but where it is a call. */
#if defined(__SOFTFP__) || defined(__riscv_float_abi_soft) || defined(__XTENSA_SOFT_FLOAT__)
MLM_INLINE float f32_times_power(float p, float n) {
    return f32_from_bits(f32_bits(p) + ((f32_bits(n) - 127u) << 23));
}
#else
MLM_INLINE float f32_times_power(float p, float n) { return p * f32_exponent(n); }
#endif
MLM_INLINE v4 v4_times_power(v4 p, v4 n) {
    return (v4){f32_times_power(p.a, n.a), f32_times_power(p.b, n.b), f32_times_power(p.c, n.c),
                f32_times_power(p.d, n.d)};
}

MLM_INLINE v4 v4_exp2_polynomial_of(v4 r, const mlm_exp2_constants *k) {
    const v4 r2 = v4_mul(r, r);
    const v4 high = v4_add(v4_mul(v4_splat(k->c5), r), v4_splat(k->c4));
    const v4 middle = v4_add(v4_mul(v4_splat(k->c3), r), v4_splat(k->c2));
    const v4 low = v4_add(v4_mul(v4_splat(k->c1), r), v4_splat(k->c0));
    return v4_add(v4_mul(v4_add(v4_mul(high, r2), middle), r2), low);
}

/* 2^x for MLM_EXP2_MIN <= x <= 0, as v4_exp2_negative. */
MLM_INLINE v4 v4_exp2_in_range(v4 x) {
    const v4 magic = v4_splat(mlm_powers.magic), n = v4_add(x, magic);
    const v4 r = v4_sub(x, v4_sub(n, magic));
    return v4_times_power(v4_exp2_polynomial_of(r, &mlm_powers.exp2_halved), n);
}

/* The same for -1/2 <= x <= 0, where the nearest whole number is 0. To compare floats may be a call. */
#define MLM_MINUS_HALF_BITS 0xBF000000u
MLM_INLINE int f32_is_near_0(float x) { return f32_bits_apart(x) <= MLM_MINUS_HALF_BITS; }
MLM_INLINE int v4_is_near_0(v4 x) {
    return f32_is_near_0(x.a) && f32_is_near_0(x.b) && f32_is_near_0(x.c) && f32_is_near_0(x.d);
}
MLM_INLINE v4 v4_exp2_near_0(v4 x) { return v4_exp2_polynomial_of(x, &mlm_exp2); }

/* e^-x for |x| <= MLM_POWER_MAX: its power of two is normal, which SiLU's and softplus' both take for granted. */
#define MLM_POWER_MAX MLM_SILU_MAX
#define MLM_POWER_MAX_BITS 0x42A00000u

MLM_INLINE v4 v4_exp_minus_in_range(v4 x) {
    const mlm_power_constants *const k = &mlm_powers;
    const v4 n = v4_add(v4_mul(x, v4_splat(k->minus_log2_e)), v4_splat(k->magic));
    const v4 whole = v4_sub(n, v4_splat(k->magic));
    const v4 s = v4_add(v4_add(x, v4_mul(whole, v4_splat(k->ln2_high))),
                        v4_mul(whole, v4_splat(k->ln2_low)));
    const v4 s2 = v4_mul(s, s);
    const v4 high = v4_add(v4_mul(v4_splat(k->exp_c5), s), v4_splat(k->exp_c4));
    const v4 middle = v4_add(v4_mul(v4_splat(k->exp_c3), s), v4_splat(k->exp_c2));
    const v4 low = v4_add(v4_mul(v4_splat(k->exp_c1), s), v4_splat(k->exp2_halved.c0));
    const v4 upper = v4_add(v4_mul(high, s2), middle);
    return v4_times_power(v4_add(v4_mul(upper, s2), low), n);
}

MLM_INLINE v4 v4_silu_in_range(v4 x) {
    const mlm_power_constants *const k = &mlm_powers;
    return v4_div(x, v4_add(v4_splat(k->one), v4_exp_minus_in_range(x)));
}

MLM_INLINE v4 v4_softplus_in_range(v4 x) {
    const mlm_power_constants *const k = &mlm_powers;
    const v4 size = v4_abs(x), exponential = v4_exp_minus_in_range(size);
    const v4 q = v4_div(exponential, v4_add(exponential, v4_splat(k->two)));
    const v4 q2 = v4_mul(q, q), q4 = v4_mul(q2, q2);
    const v4 high = v4_add(v4_mul(v4_splat(k->log1p_c4), q2), v4_splat(k->log1p_c3));
    const v4 middle = v4_add(v4_mul(v4_splat(k->log1p_c2), q2), v4_splat(k->log1p_c1));
    const v4 p = v4_add(v4_mul(v4_add(v4_mul(high, q4), middle), q2), v4_splat(k->log1p_c0));
    const v4 above = v4_mul(v4_add(x, size), v4_splat(k->exp2_halved.c0)); /* max(x, 0), exactly */
    return v4_add(above, v4_mul(q, p));
}

/* Whether |x| <= MLM_POWER_MAX in all lanes, by its bits, as to compare floats may be a call. */
MLM_INLINE int f32_power_in_range(float x) {
    const uint32_t most = MLM_POWER_MAX_BITS << 1; /* without its sign */
    return f32_bits_apart(x) << 1 <= most;
}
MLM_INLINE int v4_power_in_range(v4 x) {
    return f32_power_in_range(x.a) && f32_power_in_range(x.b) && f32_power_in_range(x.c) &&
           f32_power_in_range(x.d);
}

#endif

#endif
