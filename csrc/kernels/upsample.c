/*
 * upsample.c - repeats each row.
 */
#include "kernels.h"

enum { REPEAT, ATTRIBUTES };
enum { MOST_REPEAT = 1 << 16 };

static int check(const mlm_op_view *view) {
    const uint32_t repeat = view->op->attributes[REPEAT];
    return repeat >= 1 && repeat <= MOST_REPEAT && view->widths[0] == view->op->width;
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    const uint32_t repeat = view->op->attributes[REPEAT];
    *clock = (mlm_clock){1, 1, 0, 0, repeat, MLM_NO_INSERT, 0};
    return repeat != 1;
}

static int run_upsample(mlm_run *run) {
    const mlm_source x = run->inputs[0];
    for (uint32_t t = 0; t < run->rows; t++) {
        const uint32_t row = (run->first + t) / run->op->attributes[REPEAT] - run->in_first;
        const mlm_rows y = {run->output.data + (size_t)t * run->output.stride, 0};
        mlm_copy_rows((mlm_source){x.data + (size_t)row * x.stride, 0}, y, run->op->width, 1);
    }
    return 0;
}

void mlm_upsample_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    mlm_count_moves(work);
}

/* mlm-op 15 */
const mlm_op_class mlm_upsample_class = {
    .name = "upsample",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE | MLM_OP_MOVES,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check,
    .clock = clock_of,
    .run = run_upsample,
};
