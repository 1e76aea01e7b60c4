/*
 * quantize_wasm.h - what quantize.c does with rows, four elements at a time. Here floats are there to be used. For it
 * alone.
 */
#ifndef MLM_QUANTIZE_WASM_H
#define MLM_QUANTIZE_WASM_H

#include <string.h>

/* NaN becomes 0, and what is too large is cut off. */
MLM_INLINE v128_t rounded(v128_t x, v128_t unit) {
    const v128_t v = wasm_f32x4_add(wasm_f32x4_mul(x, unit), wasm_f32x4_splat(0.5f));
    return wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_floor(v));
}

/* The bits of the largest float that is a number, and below what the output has. */
MLM_INLINE v128_t most_near(const mlm_blob_op *op) {
    const int32_t bits = op->type == MLM_DTYPE_I32 ? 31 : 15;
    const int32_t field = i32_clamp(bits - op->exponent + BIAS, 0, EXPONENT_MASK);
    return splat_i32(field * (1 << MANTISSA_BITS) - 1);
}

/* In fours. Rows of y are padded, those of x may be a caller's. Returns how many floats were beyond the output. */
static uint32_t quantize_row(const mlm_blob_op *op, const void *x, void *y) {
    const int32_t shift = mlm_signed_attribute(op, SHIFT);
    const uint32_t type = op->attributes[INPUT_TYPE];
    const uint32_t element = type == MLM_DTYPE_I16 ? sizeof(int16_t) : sizeof(int32_t);
    const v128_t unit = splat_i32((BIAS + op->exponent) * (1 << MANTISSA_BITS));
    const v128_t near = most_near(op), magnitude = splat_i32(INT32_MAX);
    uint32_t far = 0;
    for (uint32_t i = 0; i < op->width; i += 4) {
        const void *from = (const char *)x + i * element;
        v128_t last = splat_i32(0), value;
        if (op->width - i < 4) from = memcpy(&last, from, (op->width - i) * element);
        if (type == MLM_DTYPE_F32) {
            const v128_t floats = wasm_v128_load(from);
            value = rounded(floats, unit);
            const v128_t are_far = wasm_i32x4_gt(wasm_v128_and(floats, magnitude), near);
            far += (uint32_t)__builtin_popcount(wasm_i32x4_bitmask(are_far));
        } else {
            value = mlm_shift_four(
                type == MLM_DTYPE_I16 ? wasm_i32x4_load16x4(from) : wasm_v128_load(from), shift);
        }
        if (op->type == MLM_DTYPE_I32)
            wasm_v128_store((int32_t *)y + i, value);
        else
            wasm_v128_store64_lane((int16_t *)y + i, narrow_to_i16(value), 0);
    }
    return far;
}

static int run_quantize(mlm_run *run) {
    uint32_t *count = (uint32_t *)(void *)mlm_buffer_at(run, SATURATIONS);
    for (uint32_t t = 0; t < run->rows; t++) {
        const uint32_t far =
            quantize_row(run->op, mlm_read_i32(run->inputs[0], t), mlm_i32(run->output, t));
        *count = far < ~*count ? *count + far : ~0u;
    }
    return 0;
}

#endif
