/*
 * arithmetic.c - element-wise functions of two inputs: add, subtract, multiply, divide, maximum, minimum.
 */
#include "op.h"

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, VARIANTS };

static v4 minimum(v4 a, v4 b) { return v4_where_nan(b, b, v4_pmin(a, b)); }

MLM_INLINE v4 combine(uint32_t variant, v4 a, v4 b) {
    switch (variant) {
        case ADD: return v4_add(a, b);
        case SUBTRACT: return v4_sub(a, b);
        case MULTIPLY: return v4_mul(a, b);
        case DIVIDE: return v4_div(a, b);
        case MAXIMUM: return v4_max_or_nan(a, b);
        default: return minimum(a, b);
    }
}

static int check(const mlm_op_view *view) {
    return view->widths[0] == view->op->width && view->widths[1] == view->op->width;
}

static int run_arithmetic(mlm_run *run) {
    const uint32_t variant = run->op->variant, width = run->op->width;
    mlm_source a = run->inputs[0], b = run->inputs[1];
    mlm_rows y = run->output;
    for (uint32_t t = 0; t < run->rows; t++) {
        for (uint32_t i = 0; i < width; i += V4_LANES)
            v4_store(y.data + i, combine(variant, v4_load_row(a.data, i, width),
                                         v4_load_row(b.data, i, width)));
        a.data += a.stride;
        b.data += b.stride;
        y.data += y.stride;
    }
    return 0;
}

void mlm_arithmetic_class_counts(const mlm_op_view *view, mlm_work *work) {
    if (view->op->variant == MULTIPLY) work->row.macs = view->op->width;
}

/* mlm-op 6 */
const mlm_op_class mlm_arithmetic_class = {
    .name = "arithmetic",
    .least_inputs = 2,
    .most_inputs = 2,
    .flags = MLM_OP_IN_PLACE | MLM_OP_BROADCAST,
    .variants = VARIANTS,
    .parts = 1,
    .check = check,
    .run = run_arithmetic,
};
