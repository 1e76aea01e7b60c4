/*
 * transpose.c - channels become rows: a sequence of as many rows as the input has channels.
 */
#include "kernels.h"

static int check(const mlm_op_view *view) {
    return view->least_rows == view->op->width && view->most_rows == view->op->width;
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    *clock = (mlm_clock){1, 1, 0, 0, 1, MLM_NO_INSERT, view->widths[0]};
    return 1;
}

static int run_transpose(mlm_run *run) {
    const mlm_source x = run->inputs[0];
    for (uint32_t t = 0; t < run->rows; t++) {
        const float *column = x.data + run->first + t;
        float *y = run->output.data + (size_t)t * run->output.stride;
        for (uint32_t i = 0; i < run->op->width; i++, column += x.stride) y[i] = *column;
    }
    return 0;
}

void mlm_transpose_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    mlm_count_moves(work);
}

/* mlm-op 20 */
const mlm_op_class mlm_transpose_class = {
    .name = "transpose",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_WHOLE | MLM_OP_SEQUENCE | MLM_OP_MOVES,
    .variants = 1,
    .parts = 1,
    .check = check,
    .clock = clock_of,
    .run = run_transpose,
};
