/*
 * math4.h - elementary functions on four lanes. Built from vec4.h only, so that every target gives
 * the same bits. Maximal errors are tested exhaustively by test/native/math_test.c. The coefficients
 * are our own minimax fits (weighted least squares driven to the Chebyshev solution, rounded to
 * binary32 one by one from the lowest power up, the rest refitted after each).
 */
#ifndef MLM_MATH4_H
#define MLM_MATH4_H

#include "vec4.h"

/* Of functions that are not what a model's time goes into: one copy a file. */
#define MLM_SHARED static __attribute__((noinline, unused))

/*
 * Adding 1.5 * 2^23 rounds |x| < 2^22 to the nearest integer and leaves it in the low mantissa bits,
 * where v4_exponent finds it; subtracting it again gives that integer as a float. No conversion needed.
 */
#define MLM_ROUND_MAGIC 12582912.0f

/*
 * 2^x for x <= 0, the exponential of the scan. Max error 2.6 ulp for -125 <= x <= 0. Below -125 it
 * gives 2^-125 instead of something smaller, which no state of a scan can tell from 0. A NaN gives
 * an unspecified number; the scan's dB*u carries the NaN on.
 */
#define MLM_EXP2_MIN (-125.0f)
#define MLM_EXP2_C1 0.693147f
#define MLM_EXP2_C2 0.24022265f
#define MLM_EXP2_C3 0.05550721f
#define MLM_EXP2_C4 0.0096705f
#define MLM_EXP2_C5 0.0013264942f

MLM_INLINE v4 v4_exp2_clamp(v4 x) { return v4_pmax(x, v4_splat(MLM_EXP2_MIN)); }

/* Splits clamped x into a whole number, in *e as v4_exponent gives it, and the rest in [-0.5, 0.5], *r. */
MLM_INLINE void v4_exp2_reduce(v4 x, v4 *e, v4 *r) {
    const v4 magic = v4_splat(MLM_ROUND_MAGIC);
    const v4 n = v4_add(x, magic);
    *e = v4_exponent(n);
    *r = v4_sub(x, v4_sub(n, magic));
}

/* 2^r: degree 5 in Estrin's order, constant term exactly 1. */
MLM_INLINE v4 v4_exp2_polynomial(v4 r) {
    const v4 r2 = v4_mul(r, r);
    const v4 high = v4_add(v4_mul(v4_splat(MLM_EXP2_C5), r), v4_splat(MLM_EXP2_C4));
    const v4 middle = v4_add(v4_mul(v4_splat(MLM_EXP2_C3), r), v4_splat(MLM_EXP2_C2));
    const v4 low = v4_add(v4_mul(v4_splat(MLM_EXP2_C1), r), v4_splat(1.0f));
    const v4 upper = v4_add(v4_mul(high, r2), middle);
    return v4_add(v4_mul(upper, r2), low);
}

MLM_INLINE v4 v4_exp2_negative(v4 x) {
    v4 e, r;
    v4_exp2_reduce(v4_exp2_clamp(x), &e, &r);
    return v4_add_exponent(v4_exp2_polynomial(r), e);
}

/*
 * e^-x by Cody-Waite reduction with log 2 in two parts: p in [0.7, 1.42] of e^-x = p * 2^n, with n in *e
 * as v4_exponent gives it, rounded with `magic`; |x| < 2^21. The sign is in the constants: s below is minus
 * the reduced argument.
 */
#define MLM_LOG2_E 1.44269504f
#define MLM_LN2_HIGH 0.693359375f /* nine bits: its product with any n here is exact */
#define MLM_LN2_LOW (-2.12194440e-4f)
#define MLM_EXP_C1 0.9999997f
#define MLM_EXP_C2 0.49999148f
#define MLM_EXP_C3 0.1666765f
#define MLM_EXP_C4 0.041898176f
#define MLM_EXP_C5 0.0082895f

MLM_INLINE void v4_exp_minus_reduce(v4 x, float magic, v4 *e, v4 *s) {
    const v4 n = v4_add(v4_mul(x, v4_splat(-MLM_LOG2_E)), v4_splat(magic));
    const v4 whole = v4_sub(n, v4_splat(magic));
    *e = v4_exponent(n);
    *s = v4_add(v4_add(x, v4_mul(whole, v4_splat(MLM_LN2_HIGH))),
                v4_mul(whole, v4_splat(MLM_LN2_LOW)));
}

MLM_INLINE v4 v4_exp_minus_polynomial(v4 s) {
    const v4 s2 = v4_mul(s, s);
    const v4 high = v4_add(v4_mul(v4_splat(-MLM_EXP_C5), s), v4_splat(MLM_EXP_C4));
    const v4 middle = v4_add(v4_mul(v4_splat(-MLM_EXP_C3), s), v4_splat(MLM_EXP_C2));
    const v4 low = v4_add(v4_mul(v4_splat(-MLM_EXP_C1), s), v4_splat(1.0f));
    return v4_add(v4_mul(v4_add(v4_mul(high, s2), middle), s2), low);
}

/*
 * e^-x for x >= 0, subnormal results included: max error 2.6 ulp for normal results, 1.6 units of
 * 2^-149 below. The power of two is built 2^64 too large and multiplied back, so that the last step rounds
 * into the subnormals. NaN gives an unspecified number.
 */
#define MLM_EXP_MAX 104.0f /* e^-104 rounds to 0 */
#define MLM_EXP_MAGIC (MLM_ROUND_MAGIC + 64.0f)
#define MLM_TWO_TO_MINUS_64 5.421010862427522e-20f

MLM_INLINE v4 v4_exp_minus(v4 x) {
    v4 e, s;
    v4_exp_minus_reduce(v4_pmin(x, v4_splat(MLM_EXP_MAX)), MLM_EXP_MAGIC, &e, &s);
    return v4_mul(v4_add_exponent(v4_exp_minus_polynomial(s), e), v4_splat(MLM_TWO_TO_MINUS_64));
}

/*
 * x / (1 + e^-x). Max error 3.8 ulp for x >= -88; below that, where the true value is between -6e-37
 * and 0, the result is -88 / e^88.
 */
#define MLM_SILU_MIN (-88.0f) /* e^88 is finite */
#define MLM_SILU_MAX 80.0f    /* 1 + e^-80 is 1 */

MLM_INLINE void v4_silu_reduce(v4 x, v4 *e, v4 *s) {
    const v4 above = v4_pmax(x, v4_splat(MLM_SILU_MIN));
    v4_exp_minus_reduce(v4_pmin(above, v4_splat(MLM_SILU_MAX)), MLM_ROUND_MAGIC, e, s);
}

MLM_INLINE v4 v4_silu_divide(v4 x, v4 exponential) {
    return v4_div(v4_pmax(x, v4_splat(MLM_SILU_MIN)), v4_add(v4_splat(1.0f), exponential));
}

MLM_INLINE v4 v4_silu(v4 x) {
    v4 e, s;
    v4_silu_reduce(x, &e, &s);
    return v4_silu_divide(x, v4_add_exponent(v4_exp_minus_polynomial(s), e));
}

/*
 * log(1 + e^x) = max(x, 0) + log1p(e^-|x|), with log1p(e) = 2 artanh(q), q = e / (e + 2), as q times a
 * polynomial in q^2. Max error 4.9 ulp for normal results, 2.2 units of 2^-149 below; equals PyTorch's
 * softplus, whose threshold of 20 only spares it the exponential.
 */
#define MLM_LOG1P_C0 2.0f
#define MLM_LOG1P_C1 0.6666641f
#define MLM_LOG1P_C2 0.40021777f
#define MLM_LOG1P_C3 0.2799736f
#define MLM_LOG1P_C4 0.28035504f

MLM_INLINE void v4_softplus_reduce(v4 x, v4 *e, v4 *s) {
    v4_exp_minus_reduce(v4_pmin(v4_abs(x), v4_splat(MLM_EXP_MAX)), MLM_EXP_MAGIC, e, s);
}

/* q from the two parts of e^-|x|. */
MLM_INLINE v4 v4_softplus_divide(v4 e, v4 s) {
    const v4 scaled = v4_add_exponent(v4_exp_minus_polynomial(s), e);
    const v4 exponential = v4_mul(scaled, v4_splat(MLM_TWO_TO_MINUS_64));
    return v4_div(exponential, v4_add(exponential, v4_splat(2.0f)));
}

MLM_INLINE v4 v4_softplus_sum(v4 x, v4 q) {
    const v4 q2 = v4_mul(q, q), q4 = v4_mul(q2, q2);
    const v4 high = v4_add(v4_mul(v4_splat(MLM_LOG1P_C4), q2), v4_splat(MLM_LOG1P_C3));
    const v4 middle = v4_add(v4_mul(v4_splat(MLM_LOG1P_C2), q2), v4_splat(MLM_LOG1P_C1));
    const v4 upper = v4_add(v4_mul(high, q4), middle);
    const v4 p = v4_add(v4_mul(upper, q2), v4_splat(MLM_LOG1P_C0));
    return v4_add(v4_pmax(x, v4_zero()), v4_mul(q, p));
}

MLM_INLINE v4 v4_softplus(v4 x) {
    v4 e, s;
    v4_softplus_reduce(x, &e, &s);
    return v4_softplus_sum(x, v4_softplus_divide(e, s));
}

/* The same for distances of softmax: NaN stays NaN. */
MLM_SHARED v4 v4_exp_minus_or_nan(v4 x) { return v4_where_nan(x, x, v4_exp_minus(x)); }

/*
 * e^-x - 1 for x >= 0, in (-1, 0], relative error: with e^-x = 2^n e^-s it is 2^n (e^-s - 1) + (2^n - 1),
 * and the last term is exact. Max error 1.1 ulp. From 30 on, where it is -1, x is not needed.
 */
#define MLM_EXPM1_C2 0.49999997f
#define MLM_EXPM1_C3 0.16666546f
#define MLM_EXPM1_C4 0.041667435f
#define MLM_EXPM1_C5 0.008366262f
#define MLM_EXPM1_C6 0.0013870656f
#define MLM_EXPM1_MAX 30.0f

/* e^-s - 1 for |s| <= log 2 / 2: degree 6, linear term exactly -1. */
MLM_INLINE v4 v4_expm1_polynomial(v4 s) {
    v4 p = v4_sub(v4_mul(v4_splat(MLM_EXPM1_C6), s), v4_splat(MLM_EXPM1_C5));
    p = v4_add(v4_mul(p, s), v4_splat(MLM_EXPM1_C4));
    p = v4_sub(v4_mul(p, s), v4_splat(MLM_EXPM1_C3));
    p = v4_add(v4_mul(p, s), v4_splat(MLM_EXPM1_C2));
    return v4_sub(v4_mul(v4_mul(s, s), p), s);
}

MLM_SHARED v4 v4_expm1_minus(v4 x) {
    v4 e, s;
    const v4 one = v4_splat(1.0f);
    v4_exp_minus_reduce(v4_pmin(x, v4_splat(MLM_EXPM1_MAX)), MLM_ROUND_MAGIC, &e, &s);
    const v4 power = v4_add_exponent(one, e);
    return v4_add(v4_mul(power, v4_expm1_polynomial(s)), v4_sub(power, one));
}

/*
 * 1 / (1 + e^-x), for negative x as e^x / (1 + e^x). Max error 3.7 ulp for normal results,
 * 1.6 units of 2^-149 below.
 */
MLM_SHARED v4 v4_sigmoid(v4 x) {
    const v4 one = v4_splat(1.0f), exponential = v4_exp_minus_or_nan(v4_abs(x));
    return v4_div(v4_where_negative(x, exponential, one), v4_add(one, exponential));
}

/* tanh(x) = +-m / (2 - m) with m = 1 - e^(-2 |x|). Max error 2.5 ulp. */
MLM_INLINE v4 v4_tanh(v4 x) {
    const v4 m = v4_expm1_minus(v4_abs(v4_add(x, x)));
    const v4 y = v4_div(m, v4_add(v4_splat(2.0f), m)); /* tanh(-|x|) */
    return v4_where_nan(x, x, v4_where_negative(x, y, v4_sub(v4_zero(), y)));
}

/* ELU with alpha 1 below 0, where it is not x: e^x - 1. Max error 1.1 ulp. */
MLM_INLINE v4 v4_elu(v4 x, v4 alpha) {
    return v4_where_negative(x, v4_mul(alpha, v4_expm1_minus(v4_abs(x))), x);
}

/*
 * GELU by its approximation with tanh, as x / (1 + e^-g), g = 2 sqrt(2 / pi) (x + 0.044715 x^3).
 * Below 0 the rounding of g counts |g| times: max error 46.1 ulp for x >= -5, where the value is -2e-7, and
 * 0.5 units of 2^-149 of subnormal results; below that it is between -3e-7 and 0.
 */
#define MLM_GELU_TANH_C1 1.5957691f
#define MLM_GELU_TANH_C3 0.071354814f

MLM_INLINE v4 v4_gelu_tanh(v4 x) {
    const v4 slope = v4_mul(v4_splat(MLM_GELU_TANH_C3), v4_mul(x, x));
    return v4_mul(x, v4_sigmoid(v4_mul(x, v4_add(slope, v4_splat(MLM_GELU_TANH_C1)))));
}

/* min(max(x, 0), 6), and that of x + 3 by 6: max error 1.1 ulp. NaN stays NaN. */
MLM_INLINE v4 v4_relu6(v4 x) { return v4_pmin(v4_pmax(x, v4_zero()), v4_splat(6.0f)); }
MLM_INLINE v4 v4_hard_sigmoid(v4 x) {
    return v4_div(v4_relu6(v4_add(x, v4_splat(3.0f))), v4_splat(6.0f));
}

/*
 * GELU, x * Phi(x) with Phi(x) = erfc(-x / sqrt 2) / 2 (the exact form, PyTorch's default). With
 * t = |x| / sqrt 2: erfc(t) = e^(-t^2) * polynomial in w = 1 / (1 + 0.4 t). x is cut to 12 bits for the
 * square, which is then exact; the rest of the exponent goes into a second exponential. Max error
 * 10.6 ulp for x > -13; below that the result is subnormal or 0.
 */
#define MLM_ERFC_W 0.28284271f /* 0.4 / sqrt 2 */
#define MLM_GELU_MAX 16.0f     /* e^-128 is 0: beyond it Phi is 0 or 1 */

MLM_INLINE v4 v4_gelu(v4 x) {
    static const float coefficients[10] = {-0.029206356f, 0.19590563f, -0.49385464f, 0.5408244f,
                                           -0.2788682f,   0.26911518f, 0.13069952f,  0.21470064f,
                                           0.2249783f,    0.22570556f};
    const v4 size = v4_abs(x);
    const v4 w = v4_div(v4_splat(1.0f), v4_add(v4_splat(1.0f), v4_mul(size, v4_splat(MLM_ERFC_W))));
    v4 p = v4_splat(coefficients[0]);
    for (int i = 1; i < 10; i++) p = v4_add(v4_mul(p, w), v4_splat(coefficients[i]));
    const v4 bounded = v4_pmin(size, v4_splat(MLM_GELU_MAX));
    const v4 cut = v4_truncate12(bounded);
    const v4 square = v4_mul(v4_mul(cut, cut), v4_splat(0.5f));
    const v4 rest = v4_mul(v4_mul(v4_sub(bounded, cut), v4_add(bounded, cut)), v4_splat(0.5f));
    v4 e = v4_splat(1.0f), exponent = square;
    for (int i = 0; i < 2; i++, exponent = rest) e = v4_mul(e, v4_exp_minus_or_nan(exponent));
    const v4 tail = v4_mul(v4_mul(v4_mul(e, w), p), v4_splat(0.5f)); /* erfc(t) / 2 */
    return v4_mul(x, v4_where_negative(x, tail, v4_sub(v4_splat(1.0f), tail)));
}

#endif
