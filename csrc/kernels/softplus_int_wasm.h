/*
 * softplus_int_wasm.h - softplus_int.c, four channels at a time. For it alone.
 */
#ifndef MLM_SOFTPLUS_INT_WASM_H
#define MLM_SOFTPLUS_INT_WASM_H

enum { LANES = 4 };

/* step of 4 lanes: c before the shift. */
MLM_INLINE v128_t steps(int32_t c, v128_t r, v128_t t) {
    const v128_t sum = splat_i32(c * (1 << 15) + HALF);
    return wasm_i32x4_shr(wasm_i32x4_add(wasm_i32x4_dot_i16x8(r, t), sum), 15);
}

/*
 * e^-|v| shifted right by n, which is from 0 to 23: by up to 14 its halves of 15 bits times 2^(14 - n), which is 0 for
 * more; then the upper half times 2^(29 - n).
 */
MLM_INLINE v128_t shifted_by_whole(v128_t e, v128_t left, v128_t by) {
    const v128_t upper = wasm_i32x4_shr(e, 15), lower = wasm_v128_and(e, splat_i32(ONE));
    v128_t low = wasm_i32x4_dot_i16x8(lower, by);
    if (wasm_i32x4_bitmask(left)) {
        const v128_t far = powers_of_two(wasm_i32x4_add(left, splat_i32(15)));
        low = wasm_i32x4_add(
            low, wasm_i32x4_dot_i16x8(upper, wasm_v128_and(far, wasm_i32x4_shr(left, 31))));
    }
    const v128_t high = wasm_i32x4_shl(wasm_i32x4_dot_i16x8(upper, by), 1);
    return wasm_i32x4_add(high, wasm_i32x4_shr(low, 14));
}

/* Four channels on their way: e^-|v| in Q15; the same as dt has it; and the line. */
typedef struct four {
    v128_t t, shifted, line;
} four;

MLM_INLINE four exponential_of(v128_t x, v128_t unit, uint32_t right) {
    const v128_t power = wasm_i32x4_mul(wasm_i32x4_abs(x), splat_i32(LOG2_E));
    const v128_t left = wasm_i32x4_sub(splat_i32(14), wasm_u32x4_shr(power, 26));
    const v128_t by = powers_of_two(left);
    const v128_t e = exp2_negative(wasm_v128_and(wasm_i32x4_shl(power, 5), splat_i32(ONE << 16)));
    const v128_t t = wasm_i32x4_shr(wasm_i32x4_dot_i16x8(wasm_i32x4_shr(e, 15), by), 14);
    const v128_t line = wasm_i32x4_mul(wasm_i32x4_max(x, splat_i32(0)), unit);
    return (four){t, shifted_by_whole(shr_by(e, right), left, by), line};
}

MLM_INLINE v128_t softplus_of(const four *x) {
    const v128_t t = x->t;
    v128_t r = steps(C2, splat_i32(C3), t);
    r = steps(C1, r, t);
    r = steps(C0, r, t);
    r = steps(ONE, r, t);
    return wasm_i32x4_add(x->line, wasm_i32x4_shl(mulw(x->shifted, factor_of(r)), 1));
}

/*
 * In fours, as rows are padded. Exponentials of some channels come first, and are stored: both chains of products in one
 * are too long, as in scan_states_wasm.h. What of v lies where dt of these channels goes has been read before.
 */
void mlm_softplus_i32(int32_t exponent, int32_t most, const int16_t *v, int32_t *dt,
                      uint32_t channels) {
    const v128_t unit = splat_i32(1 << (exponent - ARGUMENT)), limit = splat_i32(most);
    four some[MLM_BOUND_CHANNELS / LANES];
    for (uint32_t first = 0; first < channels; first += MLM_BOUND_CHANNELS) {
        const uint32_t left = channels - first;
        const uint32_t end = first + (left < MLM_BOUND_CHANNELS ? left : MLM_BOUND_CHANNELS);
        four *x = some;
        for (uint32_t i = first; i < end; i += LANES)
            *x++ = exponential_of(wasm_i32x4_min(wasm_i32x4_load16x4(v + i), limit), unit,
                                  (uint32_t)(30 - exponent));
        x = some;
        for (uint32_t i = first; i < end; i += LANES) wasm_v128_store(dt + i, softplus_of(x++));
    }
}

#endif
