/*
 * reverse.c - the sequence from its end to its beginning.
 */
#include "kernels.h"

static int check(const mlm_op_view *view) { return view->widths[0] == view->op->width; }

static int run_reverse(mlm_run *run) {
    const mlm_source x = run->inputs[0];
    for (uint32_t t = 0; t < run->rows; t++) {
        const uint32_t row = run->in_total - 1 - (run->first + t);
        const mlm_rows y = {run->output.data + (size_t)t * run->output.stride, 0};
        mlm_copy_rows((mlm_source){x.data + (size_t)row * x.stride, 0}, y, run->op->width, 1);
    }
    return 0;
}

void mlm_reverse_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    mlm_count_moves(work);
}

/* mlm-op 19 */
const mlm_op_class mlm_reverse_class = {
    .name = "reverse",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_WHOLE | MLM_OP_SEQUENCE | MLM_OP_MOVES,
    .variants = 1,
    .parts = 1,
    .check = check,
    .run = run_reverse,
};
