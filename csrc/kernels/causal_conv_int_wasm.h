/*
 * causal_conv_int_wasm.h - the usual convolution of causal_conv_int.c, four channels at a time. For it alone.
 */
#ifndef MLM_CAUSAL_CONV_INT_WASM_H
#define MLM_CAUSAL_CONV_INT_WASM_H

/* Of neighbours in a and b, side by side. */
MLM_INLINE v128_t pairs_of(v128_t a, v128_t b) {
    return wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

/* 4 channels at a time: two taps of each in a lane, and their inputs. */
static void convolve_usual(const conv *op, int16_t *x) {
    const uint32_t row = mlm_padded(op->width);
    const v128_t half = splat_i32((int32_t)((1u << op->shift) >> 1));
    for (uint32_t c = 0; c < op->width; c += 4) {
        int16_t *h = op->history + c;
        const v128_t x0 = wasm_v128_load64_zero(h), x1 = wasm_v128_load64_zero(h + row);
        const v128_t x2 = wasm_v128_load64_zero(h + 2 * row), x3 = wasm_v128_load64_zero(x + c);
        const v128_t w = wasm_v128_load(op->weight + c * USUAL_TAPS);
        const v128_t v = wasm_v128_load(op->weight + (c + 2) * USUAL_TAPS);
        const v128_t older = wasm_i32x4_shuffle(w, v, 0, 2, 4, 6);
        const v128_t newer = wasm_i32x4_shuffle(w, v, 1, 3, 5, 7);
        v128_t sum = op->bias ? wasm_v128_load(op->bias + c) : splat_i32(0);
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(older, pairs_of(x0, x1)));
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(newer, pairs_of(x2, x3)));
        if (op->multiplier) sum = mulw_any(sum, factor_of(wasm_i32x4_load16x4(op->multiplier + c)));
        sum = shr_by(wasm_i32x4_add(sum, half), op->shift);
        wasm_v128_store64_lane(h, x1, 0);
        wasm_v128_store64_lane(h + row, x2, 0);
        wasm_v128_store64_lane(h + 2 * row, x3, 0);
        wasm_v128_store64_lane(x + c, narrow_to_i16(sum), 0);
    }
}

static void convolve(const conv *op, int16_t *x) {
    const int is_usual = op->taps == USUAL_TAPS && op->width % 4 == 0;
    (is_usual ? convolve_usual : convolve_any)(op, x);
}

#endif
