/*
 * arithmetic_int_wasm.h - what arithmetic_int.c does with rows, four elements at a time. For it alone.
 */
#ifndef MLM_ARITHMETIC_INT_WASM_H
#define MLM_ARITHMETIC_INT_WASM_H

MLM_INLINE v128_t combine_four(uint32_t variant, v128_t a, v128_t b) {
    switch (variant) {
        case ADD: return add_saturating(a, b);
        case SUBTRACT: return subtract_saturating(a, b);
        case MAXIMUM: return wasm_i32x4_max(a, b);
        default: return wasm_i32x4_min(a, b);
    }
}

/* In fours, as rows are padded. */
static void combine_rows(const mlm_blob_op *op, const int32_t *a, const int32_t *b, int32_t *y) {
    const int32_t shift_a = mlm_signed_attribute(op, SHIFT_A);
    const int32_t shift_b = mlm_signed_attribute(op, SHIFT_B);
    for (uint32_t i = 0; i < op->width; i += 4) {
        const v128_t first = shift_four(wasm_v128_load(a + i), shift_a);
        const v128_t second = shift_four(wasm_v128_load(b + i), shift_b);
        wasm_v128_store(y + i, combine_four(op->variant, first, second));
    }
}

static void multiply_rows(const mlm_blob_op *op, const int32_t *a, const int32_t *b, int32_t *y) {
    for (uint32_t i = 0; i < op->width; i++)
        y[i] = shifted_product(a[i], b[i], op->attributes[SHIFT_PRODUCT]);
}

static int run_arithmetic(mlm_run *run) {
    for (uint32_t t = 0; t < run->rows; t++)
        (run->op->variant == MULTIPLY ? multiply_rows : combine_rows)(
            run->op, mlm_read_i32(run->inputs[0], t), mlm_read_i32(run->inputs[1], t),
            mlm_i32(run->output, t));
    return 0;
}

#endif
