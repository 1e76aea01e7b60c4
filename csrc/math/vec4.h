/*
 * vec4.h - four lanes of binary32: the thin layer below every kernel. Three bodies of the same dozen
 * operations, WebAssembly SIMD128, SSE2, and plain C, give the same bits because no operation ever
 * crosses lanes. MLM_NO_SIMD chooses the plain one everywhere, MLM_ONE_LANE one lane of it.
 */
#ifndef MLM_VEC4_H
#define MLM_VEC4_H

#include "f32.h"

#define MLM_INLINE static inline __attribute__((always_inline))
#define MLM_NOINLINE __attribute__((noinline))
/* What is seldom called, in a file that is compiled for speed. */
#if defined(__clang__)
#define MLM_COLD __attribute__((noinline, cold, minsize))
#else
#define MLM_COLD __attribute__((noinline, cold)) /* which is for size, too */
#endif

/*
 * A function whose operations on four lanes stay in the order that they are written in, which overlaps them as
 * far as a small processor can. GCC overlaps more before it gives out registers, and then has too few.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define MLM_IN_ORDER __attribute__((noinline, optimize("no-schedule-insns")))
#define MLM_AS_WRITTEN __attribute__((noinline, optimize("no-schedule-insns", "no-tree-ter")))
#else
#define MLM_IN_ORDER
#define MLM_AS_WRITTEN
#endif

#if !defined(MLM_NO_SIMD) && defined(__wasm_simd128__)

#define MLM_SIMD 1
#include <wasm_simd128.h>

typedef v128_t v4;

MLM_INLINE v4 v4_load(const float *p) { return wasm_v128_load(p); }
MLM_INLINE void v4_store(float *p, v4 x) { wasm_v128_store(p, x); }
MLM_INLINE v4 v4_splat(float x) { return wasm_f32x4_splat(x); }
MLM_INLINE v4 v4_of(float a, float b, float c, float d) { return wasm_f32x4_make(a, b, c, d); }
MLM_INLINE v4 v4_add(v4 x, v4 y) { return wasm_f32x4_add(x, y); }
MLM_INLINE v4 v4_sub(v4 x, v4 y) { return wasm_f32x4_sub(x, y); }
MLM_INLINE v4 v4_mul(v4 x, v4 y) { return wasm_f32x4_mul(x, y); }
MLM_INLINE v4 v4_div(v4 x, v4 y) { return wasm_f32x4_div(x, y); }
/* One instruction where f32x4.abs makes its mask anew each time. */
MLM_INLINE v4 v4_abs(v4 x) { return wasm_v128_and(x, wasm_i32x4_splat(0x7FFFFFFF)); }
MLM_INLINE v4 v4_pmax(v4 x, v4 y) { return wasm_f32x4_pmax(x, y); }
MLM_INLINE v4 v4_pmin(v4 x, v4 y) { return wasm_f32x4_pmin(x, y); }
MLM_INLINE v4 v4_where_negative(v4 x, v4 then, v4 otherwise) {
    return wasm_v128_bitselect(then, otherwise, wasm_f32x4_lt(x, wasm_f32x4_splat(0.0f)));
}
MLM_INLINE v4 v4_where_nan(v4 x, v4 then, v4 otherwise) {
    return wasm_v128_bitselect(then, otherwise, wasm_f32x4_ne(x, x));
}
MLM_INLINE int v4_all_at_least(v4 x, v4 y) { return wasm_i32x4_all_true(wasm_f32x4_ge(x, y)); }
MLM_INLINE v4 v4_exponent(v4 n) { return wasm_i32x4_shl(n, 23); }
MLM_INLINE v4 v4_add_exponent(v4 x, v4 exponent) { return wasm_i32x4_add(x, exponent); }
MLM_INLINE v4 v4_truncate12(v4 x) {
    return wasm_v128_and(x, wasm_i32x4_splat((int32_t)0xFFFFF000u));
}
MLM_INLINE v4 v4_load_pairs(const float *p, const float *q) {
    return wasm_v128_load64_lane(q, wasm_v128_load64_zero(p), 1);
}
MLM_INLINE v4 v4_evens(v4 x, v4 y) { return wasm_i32x4_shuffle(x, y, 0, 2, 4, 6); }
MLM_INLINE v4 v4_odds(v4 x, v4 y) { return wasm_i32x4_shuffle(x, y, 1, 3, 5, 7); }
MLM_INLINE v4 v4_reversed(v4 x) { return wasm_i32x4_shuffle(x, x, 3, 2, 1, 0); }
MLM_INLINE v4 v4_mirrored(v4 x, v4 y) { return wasm_i32x4_shuffle(x, y, 0, 7, 6, 5); }

#elif !defined(MLM_NO_SIMD) && defined(__SSE2__)

#define MLM_SIMD 1
#include <emmintrin.h>

typedef __m128 v4;

MLM_INLINE v4 v4_load(const float *p) { return _mm_loadu_ps(p); }
MLM_INLINE void v4_store(float *p, v4 x) { _mm_storeu_ps(p, x); }
MLM_INLINE v4 v4_splat(float x) { return _mm_set1_ps(x); }
MLM_INLINE v4 v4_of(float a, float b, float c, float d) { return _mm_setr_ps(a, b, c, d); }
MLM_INLINE v4 v4_add(v4 x, v4 y) { return _mm_add_ps(x, y); }
MLM_INLINE v4 v4_sub(v4 x, v4 y) { return _mm_sub_ps(x, y); }
MLM_INLINE v4 v4_mul(v4 x, v4 y) { return _mm_mul_ps(x, y); }
MLM_INLINE v4 v4_div(v4 x, v4 y) { return _mm_div_ps(x, y); }
MLM_INLINE v4 v4_abs(v4 x) { return _mm_andnot_ps(_mm_set1_ps(-0.0f), x); }
/* maxps and minps give their second operand unless the first is strictly beyond it. */
MLM_INLINE v4 v4_pmax(v4 x, v4 y) { return _mm_max_ps(y, x); }
MLM_INLINE v4 v4_pmin(v4 x, v4 y) { return _mm_min_ps(y, x); }
MLM_INLINE v4 v4_where_negative(v4 x, v4 then, v4 otherwise) {
    const v4 mask = _mm_cmplt_ps(x, _mm_setzero_ps());
    return _mm_or_ps(_mm_and_ps(mask, then), _mm_andnot_ps(mask, otherwise));
}
MLM_INLINE v4 v4_where_nan(v4 x, v4 then, v4 otherwise) {
    const v4 mask = _mm_cmpunord_ps(x, x);
    return _mm_or_ps(_mm_and_ps(mask, then), _mm_andnot_ps(mask, otherwise));
}
MLM_INLINE int v4_all_at_least(v4 x, v4 y) { return _mm_movemask_ps(_mm_cmpge_ps(x, y)) == 0xF; }
MLM_INLINE v4 v4_exponent(v4 n) {
    return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(n), 23));
}
MLM_INLINE v4 v4_add_exponent(v4 x, v4 exponent) {
    return _mm_castsi128_ps(_mm_add_epi32(_mm_castps_si128(x), _mm_castps_si128(exponent)));
}
MLM_INLINE v4 v4_truncate12(v4 x) {
    return _mm_and_ps(x, _mm_castsi128_ps(_mm_set1_epi32((int)0xFFFFF000u)));
}
MLM_INLINE v4 v4_load_pairs(const float *p, const float *q) {
    const __m128d low = _mm_load_sd((const double *)(const void *)p);
    return _mm_castpd_ps(_mm_loadh_pd(low, (const double *)(const void *)q));
}
MLM_INLINE v4 v4_evens(v4 x, v4 y) { return _mm_shuffle_ps(x, y, 0x88); }
MLM_INLINE v4 v4_odds(v4 x, v4 y) { return _mm_shuffle_ps(x, y, 0xDD); }
MLM_INLINE v4 v4_reversed(v4 x) { return _mm_shuffle_ps(x, x, 0x1B); }
MLM_INLINE v4 v4_mirrored(v4 x, v4 y) {
    return _mm_move_ss(_mm_shuffle_ps(y, y, 0x6C), x); /* y[0], y[3], y[2], y[1] */
}

#else

#define MLM_SIMD 0

#if defined(MLM_ONE_LANE)

/* For files whose loops take any number of lanes: element by element, a quarter of the code. */
#define V4_LANES 1u
typedef struct v4 {
    float a;
} v4;
#define V4_EACH(expression_a, expression_b, expression_c, expression_d) \
    return (v4) { expression_a }
MLM_INLINE void v4_store(float *p, v4 x) { *p = x.a; }

#else

/* Named members, not an array: compilers keep them in registers. */
typedef struct v4 {
    float a, b, c, d;
} v4;
#define V4_EACH(expression_a, expression_b, expression_c, expression_d) \
    return (v4) { expression_a, expression_b, expression_c, expression_d }
MLM_INLINE void v4_store(float *p, v4 x) {
    p[0] = x.a;
    p[1] = x.b;
    p[2] = x.c;
    p[3] = x.d;
}

#endif

MLM_INLINE v4 v4_load(const float *p) { V4_EACH(p[0], p[1], p[2], p[3]); }
MLM_INLINE v4 v4_splat(float x) { V4_EACH(x, x, x, x); }
MLM_INLINE v4 v4_of(float a, float b, float c, float d) {
    (void)b, (void)c, (void)d; /* of one lane */
    V4_EACH(a, b, c, d);
}
MLM_INLINE v4 v4_add(v4 x, v4 y) { V4_EACH(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d); }
MLM_INLINE v4 v4_sub(v4 x, v4 y) { V4_EACH(x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d); }
MLM_INLINE v4 v4_mul(v4 x, v4 y) { V4_EACH(x.a * y.a, x.b * y.b, x.c * y.c, x.d * y.d); }
MLM_INLINE v4 v4_div(v4 x, v4 y) { V4_EACH(x.a / y.a, x.b / y.b, x.c / y.c, x.d / y.d); }
MLM_INLINE float f32_abs(float x) { return __builtin_fabsf(x); }
MLM_INLINE v4 v4_abs(v4 x) { V4_EACH(f32_abs(x.a), f32_abs(x.b), f32_abs(x.c), f32_abs(x.d)); }
/*
 * LLVM makes a maximum or minimum instruction of x < y ? y : x where the target has one that lets NaN
 * through (WebAssembly, AArch64), and that one takes +0 for larger than -0. It does not where it cannot
 * see what the condition is. A constant other than 0 has no such twin.
 */
#if defined(__clang__)
#define V4_HIDE(condition, y)                                                         \
    do {                                                                              \
        if (!(__builtin_constant_p(y) && (y) != 0.0f)) __asm__("" : "+r"(condition)); \
    } while (0)
#else
#define V4_HIDE(condition, y) ((void)0)
#endif
MLM_INLINE float f32_pmax(float x, float y) {
    int below = x < y;
    V4_HIDE(below, y);
    return below ? y : x;
}
MLM_INLINE v4 v4_pmax(v4 x, v4 y) {
    V4_EACH(f32_pmax(x.a, y.a), f32_pmax(x.b, y.b), f32_pmax(x.c, y.c), f32_pmax(x.d, y.d));
}
MLM_INLINE float f32_pmin(float x, float y) {
    int above = y < x;
    V4_HIDE(above, y);
    return above ? y : x;
}
MLM_INLINE v4 v4_pmin(v4 x, v4 y) {
    V4_EACH(f32_pmin(x.a, y.a), f32_pmin(x.b, y.b), f32_pmin(x.c, y.c), f32_pmin(x.d, y.d));
}
MLM_INLINE v4 v4_where_negative(v4 x, v4 then, v4 otherwise) {
    V4_EACH(x.a < 0.0f ? then.a : otherwise.a, x.b < 0.0f ? then.b : otherwise.b,
            x.c < 0.0f ? then.c : otherwise.c, x.d < 0.0f ? then.d : otherwise.d);
}
MLM_INLINE v4 v4_where_nan(v4 x, v4 then, v4 otherwise) {
    V4_EACH(x.a != x.a ? then.a : otherwise.a, x.b != x.b ? then.b : otherwise.b,
            x.c != x.c ? then.c : otherwise.c, x.d != x.d ? then.d : otherwise.d);
}
/* The bits of an x that goes on as a float. GCC would keep it where integers are and move it back. */
MLM_INLINE uint32_t f32_bits_apart(float x) {
#if defined(__GNUC__) && !defined(__clang__)
    float copy;
    __asm__("" : "=r"(copy) : "0"(x));
    return f32_bits(copy);
#else
    return f32_bits(x);
#endif
}
MLM_INLINE float f32_exponent(float n) { return f32_from_bits(f32_bits_apart(n) << 23); }
MLM_INLINE v4 v4_exponent(v4 n) {
    V4_EACH(f32_exponent(n.a), f32_exponent(n.b), f32_exponent(n.c), f32_exponent(n.d));
}
MLM_INLINE float f32_add_bits(float x, float y) { return f32_from_bits(f32_bits(x) + f32_bits(y)); }
MLM_INLINE v4 v4_add_exponent(v4 x, v4 e) {
    V4_EACH(f32_add_bits(x.a, e.a), f32_add_bits(x.b, e.b), f32_add_bits(x.c, e.c),
            f32_add_bits(x.d, e.d));
}

MLM_INLINE float f32_truncate12(float x) { return f32_from_bits(f32_bits(x) & 0xFFFFF000u); }
MLM_INLINE v4 v4_truncate12(v4 x) {
    V4_EACH(f32_truncate12(x.a), f32_truncate12(x.b), f32_truncate12(x.c), f32_truncate12(x.d));
}

#undef V4_EACH
#undef V4_HIDE

#endif

/*
 * v4_pmax(x, y) is x < y ? y : x lane by lane, v4_pmin(x, y) is y < x ? y : x: NaN in x comes through.
 * v4_where_negative(x, then, otherwise) is x < 0 ? then : otherwise.
 * v4_where_nan(x, then, otherwise) is x != x ? then : otherwise.
 * v4_all_at_least(x, y) is whether x >= y in all lanes, which NaN is not; on SIMD targets only.
 * v4_exponent(n) moves the integer k in the low mantissa bits of n (see math4.h) to where the exponent
 * is; v4_add_exponent(x, that) adds it to the exponent of x, wrapping: x * 2^k.
 * v4_truncate12(x) clears the low 12 mantissa bits.
 * What moves lanes is for SIMD targets only: v4_load_pairs(p, q) is p[0], p[1], q[0], q[1]; v4_evens and v4_odds take
 * every other lane of x, then of y; v4_reversed(x) is x[3] .. x[0], v4_mirrored(x, y) x[0], y[3], y[2], y[1].
 */

MLM_INLINE v4 v4_zero(void) { return v4_splat(0.0f); }

/* The larger one; NaN if either is NaN. */
MLM_INLINE v4 v4_max_or_nan(v4 x, v4 y) { return v4_where_nan(y, y, v4_pmax(x, y)); }

#if !defined(V4_LANES)
#define V4_LANES 4u
/* `count` elements, fewer than 4, and 0 beyond them. */
v4 v4_load_some(const float *p, uint32_t count);
#else
MLM_INLINE v4 v4_load_some(const float *p, uint32_t count) {
    return count ? v4_load(p) : v4_zero();
}
#endif

/* Elements i .. i + V4_LANES - 1 of a row of `width` elements, 0 beyond it: nothing beyond it is read. */
MLM_INLINE v4 v4_load_row(const float *row, uint32_t i, uint32_t width) {
    if (i + V4_LANES <= width) return v4_load(row + i);
    return v4_load_some(row + i, i < width ? width - i : 0);
}

#endif
