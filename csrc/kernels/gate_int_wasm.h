/*
 * gate_int_wasm.h - the products of gate_int.c, four channels at a time. For it alone.
 */
#ifndef MLM_GATE_INT_WASM_H
#define MLM_GATE_INT_WASM_H

enum { LANES = 4, NEAR_MOST = INT32_MAX - (1 << 15) };

/* In fours, as rows are padded; those where something may not fit lane by lane. */
static void multiply(const int32_t *y, const int16_t *g, uint32_t shift, int32_t *out,
                     uint32_t channels) {
    const int is_short = shift <= HALF_WORD;
    const uint32_t right = is_short ? shift : shift - HALF_WORD;
    const v128_t half = splat_i32((int32_t)((1u << right) >> 1));
    const v128_t most = splat_i32((int32_t)most_of(shift)), both = wasm_i32x4_shl(most, 1);
    for (uint32_t i = 0; i < channels; i += LANES) {
        const v128_t x = wasm_v128_load(y + i);
        const factor by = signed_factor_of(wasm_i32x4_load16x4(g + i));
        const v128_t high = wasm_i32x4_dot_i16x8(wasm_i32x4_add(x, splat_i32(1 << 15)), by.high);
        const v128_t low = wasm_i32x4_dot_i16x8(x, by.low);
        v128_t is_odd = wasm_i32x4_gt(x, splat_i32(NEAR_MOST));
        v128_t product;
        if (is_short) {
            is_odd = wasm_v128_or(is_odd, wasm_u32x4_ge(wasm_i32x4_add(high, most), both));
            product = wasm_i32x4_add(shl_by(high, HALF_WORD - shift),
                                     shr_by(wasm_i32x4_add(low, half), right));
        } else {
            product = wasm_i32x4_add(high, wasm_i32x4_shr(low, HALF_WORD));
            product = shr_by(wasm_i32x4_add(product, half), right);
        }
        if (wasm_v128_any_true(is_odd))
            for (uint32_t lane = i; lane < i + LANES; lane++)
                out[lane] = product_in_64_bits(y[lane], g[lane], shift);
        else
            wasm_v128_store(out + i, product);
    }
}

#endif
