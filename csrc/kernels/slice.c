/*
 * slice.c - some neighbouring channels of each row.
 */
#include "kernels.h"

enum { FIRST, ATTRIBUTES };

static int check(const mlm_op_view *view) {
    return (uint64_t)view->op->attributes[FIRST] + view->op->width <= view->widths[0];
}

static int run_slice(mlm_run *run) {
    const mlm_source x = {run->inputs[0].data + run->op->attributes[FIRST], run->inputs[0].stride};
    mlm_copy_rows(x, run->output, run->op->width, run->rows);
    return 0;
}

void mlm_slice_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    mlm_count_moves(work);
}

/* mlm-op 10 */
const mlm_op_class mlm_slice_class = {
    .name = "slice",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_MOVES,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check,
    .run = run_slice,
};
