/*
 * wasm_int.h - i32.h for WebAssembly's vectors. Its only product of wide numbers that is fast is the one of neighbouring
 * halves, added up: with 0 in one of them it is a product of 16 bits by 16.
 */
#ifndef MLM_WASM_INT_H
#define MLM_WASM_INT_H

#include "../math/i32_exp2.h"

#if MLM_SIMD && defined(__wasm_simd128__)
#define MLM_WASM_INT 1

#define splat_i32 wasm_i32x4_splat

/*
 * Shifts by a number that is not known when compiling. A compiler that moves it out of a loop, as a vector, no longer
 * sees that all lanes shift by the same, and shifts lane by lane: it may not move.
 */
MLM_INLINE v128_t shr_by(v128_t x, uint32_t s) {
    __asm__ volatile("" : "+r"(s));
    return wasm_i32x4_shr(x, s);
}
MLM_INLINE v128_t shl_by(v128_t x, uint32_t s) {
    __asm__ volatile("" : "+r"(s));
    return wasm_i32x4_shl(x, s);
}

/* A factor of 16 bits in the lower and in the upper half of its lanes. */
typedef struct factor {
    v128_t low, high;
} factor;

/* Of lanes from 0 to 2^15 - 1. */
MLM_INLINE factor factor_of(v128_t x) { return (factor){x, wasm_i32x4_shl(x, 16)}; }
/* Of signed ones. */
MLM_INLINE factor signed_factor_of(v128_t x) {
    return (factor){wasm_v128_and(x, splat_i32(0xFFFF)), wasm_i32x4_shl(x, 16)};
}

/* i32_mulw, of numbers below 2^31 - 2^15: their lower halves are signed here, so the upper ones are rounded. */
MLM_INLINE v128_t mulw(v128_t a, factor b) {
    const v128_t rounded = wasm_i32x4_add(a, splat_i32(1 << 15));
    return wasm_i32x4_add(wasm_i32x4_dot_i16x8(rounded, b.high),
                          wasm_i32x4_shr(wasm_i32x4_dot_i16x8(a, b.low), 16));
}

/* The same of any numbers: where a lower half is from 2^15 on, what is missing is 2^16 b. */
MLM_INLINE v128_t mulw_any(v128_t a, factor b) {
    const v128_t is_above = wasm_i32x4_shr(wasm_i32x4_shl(a, 16), 31);
    const v128_t lower = wasm_i32x4_shr(wasm_i32x4_dot_i16x8(a, b.low), 16);
    const v128_t missing = wasm_v128_and(wasm_i32x4_shr(b.high, 16), is_above);
    return wasm_i32x4_add(wasm_i32x4_add(wasm_i32x4_dot_i16x8(a, b.high), lower), missing);
}

/* i32_exp2_negative, of f 2^16. */
MLM_INLINE v128_t exp2_negative(v128_t f) {
    const v128_t c2 = splat_i32((int32_t)((uint32_t)MLM_EXP2_C2 << 16));
    v128_t t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(f, c2), splat_i32(MLM_EXP2_C1));
    t = wasm_i32x4_add(wasm_i32x4_dot_i16x8(t, f), splat_i32(MLM_EXP2_C0));
    return wasm_i32x4_add(wasm_i32x4_dot_i16x8(t, f), splat_i32(MLM_EXP2_ONE));
}

/* i32_shift of 4 lanes (integer.c); of most values that are added, one is not shifted. */
v128_t mlm_shift_four(v128_t x, int32_t s);
MLM_INLINE v128_t shift_four(v128_t x, int32_t s) { return s == 0 ? x : mlm_shift_four(x, s); }

/* i32_add_saturating of 4 lanes. */
MLM_INLINE v128_t add_saturating(v128_t a, v128_t b) {
    const v128_t sum = wasm_i32x4_add(a, b);
    const v128_t overflows = wasm_v128_and(wasm_v128_xor(a, sum), wasm_v128_xor(b, sum));
    const v128_t end = wasm_v128_xor(wasm_i32x4_shr(a, 31), splat_i32(INT32_MAX));
    return wasm_v128_bitselect(end, sum, wasm_i32x4_shr(overflows, 31));
}

MLM_INLINE v128_t subtract_saturating(v128_t a, v128_t b) {
    const v128_t rest = wasm_i32x4_sub(a, b);
    const v128_t overflows = wasm_v128_and(wasm_v128_xor(a, rest), wasm_v128_xor(a, b));
    const v128_t end = wasm_v128_xor(wasm_i32x4_shr(a, 31), splat_i32(INT32_MAX));
    return wasm_v128_bitselect(end, rest, wasm_i32x4_shr(overflows, 31));
}

MLM_INLINE v128_t narrow_to_i16(v128_t x) { return wasm_i16x8_narrow_i32x4(x, x); }

/* 2^n of n from -126 to 21; below 1 it is 0. There is no shift a lane: a float is made of its exponent, and added to 1.5
 * 2^23 it has its lowest bits where those of a whole number are. */
MLM_INLINE v128_t powers_of_two(v128_t n) {
    const v128_t magic = splat_i32(0x4B400000);
    const v128_t power = wasm_i32x4_shl(wasm_i32x4_add(n, splat_i32(127)), 23);
    return wasm_i32x4_sub(wasm_f32x4_add(power, magic), magic);
}

MLM_INLINE int32_t sum_of_lanes(v128_t x) {
    x = wasm_i32x4_add(x, wasm_i32x4_shuffle(x, x, 2, 3, 0, 1));
    return i32_add(wasm_i32x4_extract_lane(x, 0), wasm_i32x4_extract_lane(x, 1));
}

#else
#define MLM_WASM_INT 0
#endif

#endif
