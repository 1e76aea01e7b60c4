/*
 * linear_int_wasm.h - the rows of linear_int.c, eight outputs at a time. For it alone.
 */
#ifndef MLM_LINEAR_INT_WASM_H
#define MLM_LINEAR_INT_WASM_H

/* As i32_mulw. */
MLM_INLINE v128_t scaled(v128_t sums, const int16_t *multipliers) {
    const v128_t m = wasm_i32x4_load16x4(multipliers);
    const v128_t low = wasm_i32x4_mul(wasm_v128_and(sums, splat_i32(0xFFFF)), m);
    return wasm_i32x4_add(wasm_i32x4_dot_i16x8(sums, wasm_i32x4_shl(m, 16)),
                          wasm_i32x4_shr(low, 16));
}

/* Two quads of 16 bits. */
MLM_INLINE void finish_i16(two_sums sums, const int16_t *multiplier, v128_t half, uint32_t right,
                           int16_t *y) {
    const v128_t low = wasm_i32x4_add(scaled(sums.low, multiplier), half);
    const v128_t high = wasm_i32x4_add(scaled(sums.high, multiplier + QUAD), half);
    wasm_v128_store(y, wasm_i16x8_narrow_i32x4(shr_by(low, right), shr_by(high, right)));
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
    const uint32_t quads = quads_of(layer->inputs), outputs = layer->outputs;
    const uint32_t right = end->right, is_plain = !(end->is_wide || end->is_narrowed);
    const v128_t base = splat_i32((int32_t)without_offset(x, quads)), half = splat_i32(end->half);
    const int32_t *bias = end->is_narrowed ? 0 : layer->bias;
    const int16_t *const multiplier = layer->multiplier;
    const uint8_t *w = layer->quads;
    for (uint32_t o = 0; o < outputs; o += 2 * QUAD, w += 2 * QUAD_BYTES * quads) {
        const int is_alone = outputs - o <= QUAD;
        two_sums sums = {base, base};
        if (bias) {
            sums.low = wasm_i32x4_add(base, wasm_v128_load(bias + o));
            sums.high = wasm_i32x4_add(base, wasm_v128_load(bias + o + QUAD));
        }
        sums = add_two_quads(sums, w, is_alone ? w : w + QUAD_BYTES * quads, x, quads);
        if (is_plain) {
            finish_i16(sums, multiplier + o, half, right, (int16_t *)y + o);
        } else {
            finish_any(layer, o, sums.low, end, y);
            finish_any(layer, o + QUAD, sums.high, end, y);
        }
    }
}

void mlm_i8_linear_rows(const mlm_i8_layer *layer, mlm_source from, mlm_rows to, uint32_t rows) {
    const ending end = ending_of(layer->shift, 0, 0);
    for (uint32_t t = 0; t < rows; t++)
        linear_any(layer, mlm_read_i16(from, t), &end, mlm_i16(to, t));
}

#endif
