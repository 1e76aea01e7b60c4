/*
 * concat.c - puts rows of up to four inputs side by side.
 */
#include <string.h>

#include "kernels.h"

static int check(const mlm_op_view *view) {
    uint64_t width = 0;
    for (uint32_t i = 0; i < view->inputs; i++) width += view->widths[i];
    return width == view->op->width;
}

static int run_concat(mlm_run *run) {
    float *column = run->output.data;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && run->op->inputs[i] != MLM_NO_VALUE; i++) {
        const mlm_source x = run->inputs[i];
        for (uint32_t t = 0; t < run->rows; t++)
            memcpy(column + (size_t)t * run->output.stride, x.data + (size_t)t * x.stride,
                   run->widths[i] * sizeof(float));
        column += run->widths[i];
    }
    return 0;
}

void mlm_concat_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view, (void)work; /* only moves */
}

/* mlm-op 9 */
const mlm_op_class mlm_concat_class = {
    .name = "concat",
    .least_inputs = 1,
    .most_inputs = MLM_MAX_INPUTS,
    .flags = MLM_OP_BROADCAST | MLM_OP_MOVES,
    .variants = 1,
    .parts = 1,
    .check = check,
    .run = run_concat,
};
