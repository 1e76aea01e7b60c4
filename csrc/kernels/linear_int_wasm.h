/*
 * linear_int_wasm.h - the rows of linear_int.c, eight outputs at a time. For it alone.
 */
#ifndef MLM_LINEAR_INT_WASM_H
#define MLM_LINEAR_INT_WASM_H

#include "wasm_int.h"

/* As i32_mulw. */
MLM_INLINE v128_t scaled(v128_t sums, const int16_t *multipliers) {
    const v128_t m = wasm_i32x4_load16x4(multipliers);
    const v128_t low = wasm_i32x4_mul(wasm_v128_and(sums, splat_i32(0xFFFF)), m);
    return wasm_i32x4_add(wasm_i32x4_dot_i16x8(sums, wasm_i32x4_shl(m, 16)),
                          wasm_i32x4_shr(low, 16));
}

/* Two quads. */
MLM_INLINE void finish_i16(const mlm_i8_layer *layer, uint32_t o, two_sums sums, const ending *end,
                           int16_t *y) {
    const v128_t half = splat_i32(end->half);
    const v128_t low = wasm_i32x4_add(scaled(sums.low, layer->multiplier + o), half);
    const v128_t high = wasm_i32x4_add(scaled(sums.high, layer->multiplier + o + QUAD), half);
    wasm_v128_store(y + o,
                    wasm_i16x8_narrow_i32x4(shr_by(low, end->right), shr_by(high, end->right)));
}

/* A quad of whatever types. */
static MLM_NOINLINE void finish_any(const mlm_i8_layer *layer, uint32_t o, quad_sums sums,
                                    const ending *end, void *y) {
    v128_t v =
        mlm_shift_four(scaled(sums, layer->multiplier + o), (int32_t)(end->right - end->left));
    if (end->is_narrowed && layer->bias) v = add_saturating(v, wasm_v128_load(layer->bias + o));
    if (end->is_wide)
        wasm_v128_store((int32_t *)y + o, v);
    else
        wasm_v128_store64_lane((int16_t *)y + o, narrow_to_i16(v), 0);
}

/* ---- one row ---------------------------------------------------------------------------------------- */

/* Quads in twos, as rows and vectors are padded; a last one alone is made twice. */
static MLM_NOINLINE void linear_any(const mlm_i8_layer *layer, const int16_t *x, const ending *end,
                                    void *y) {
    const uint32_t quads = quads_of(layer->inputs), base = without_offset(x, quads);
    const int32_t *bias = end->is_narrowed ? 0 : layer->bias;
    const uint8_t *w = layer->quads;
    for (uint32_t o = 0; o < layer->outputs; o += 2 * QUAD, w += 2 * QUAD_BYTES * quads) {
        const int is_alone = layer->outputs - o <= QUAD;
        const two_sums first = {first_sums(bias ? bias + o : 0, base),
                                first_sums(bias ? bias + o + QUAD : 0, base)};
        const two_sums sums =
            add_two_quads(first, w, is_alone ? w : w + QUAD_BYTES * quads, x, quads);
        if (end->is_wide || end->is_narrowed) {
            finish_any(layer, o, sums.low, end, y);
            finish_any(layer, o + QUAD, sums.high, end, y);
        } else {
            finish_i16(layer, o, sums, end, y);
        }
    }
}

void mlm_i8_linear_rows(const mlm_i8_layer *layer, mlm_source from, mlm_rows to, uint32_t rows) {
    const ending end = ending_of(layer->shift, 0, 0);
    for (uint32_t t = 0; t < rows; t++)
        linear_any(layer, mlm_read_i16(from, t), &end, mlm_i16(to, t));
}

#endif
