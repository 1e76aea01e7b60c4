/*
 * dequantize.c - makes floats of integers, for what a network computes in floats and for its outputs.
 */
#include "integer.h"

enum { EXPONENT, INPUT_TYPE, ATTRIBUTES };
enum { MANTISSA_BITS = 23, BIAS = 127 };

static float power_of_two(int32_t n) {
    return f32_from_bits((uint32_t)(BIAS + n) << MANTISSA_BITS);
}

static int check(const mlm_op_view *view) {
    return view->widths[0] == view->op->width && mlm_names_input_type(view, INPUT_TYPE) &&
           mlm_is_between(view->op, EXPONENT, MLM_LEAST_EXPONENT, MLM_MOST_EXPONENT);
}

static int run_dequantize(mlm_run *run) {
    const mlm_blob_op *op = run->op;
    const float unit = power_of_two(-mlm_signed_attribute(op, EXPONENT));
    const int is_wide = op->attributes[INPUT_TYPE] == MLM_DTYPE_I32;
    for (uint32_t t = 0; t < run->rows; t++) {
        const int16_t *x16 = mlm_read_i16(run->inputs[0], t);
        const int32_t *x32 = mlm_read_i32(run->inputs[0], t);
        float *y = run->output.data + (size_t)t * run->output.stride;
        for (uint32_t i = 0; i < op->width; i++) y[i] = (float)(is_wide ? x32[i] : x16[i]) * unit;
        for (uint32_t i = op->width; i < mlm_padded(op->width); i++) y[i] = 0.0f;
    }
    return 0;
}

void mlm_dequantize_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view, (void)work; /* a row in, a row out */
}

/* mlm-op 30 */
const mlm_op_class mlm_dequantize_class = {
    .name = "dequantize",
    .least_inputs = 1,
    .most_inputs = 1,
    .variants = 1,
    .types = MLM_TYPE_BIT(MLM_DTYPE_F32),
    .input_types = MLM_TYPES_INTEGER,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check,
    .run = run_dequantize,
};
