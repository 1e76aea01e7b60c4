/*
 * split_rows.c - cuts each row into several, one behind the other: the bands of a row become rows of its channels.
 */
#include "kernels.h"

enum { COUNT, ATTRIBUTES };
enum { MOST_COUNT = 1 << 16 };

static MLM_COLD int check(const mlm_op_view *view) {
    const uint32_t count = view->op->attributes[COUNT];
    return count >= 1 && count <= MOST_COUNT &&
           (uint64_t)count * view->op->width == (uint64_t)view->widths[0];
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    const uint32_t count = view->op->attributes[COUNT];
    *clock = (mlm_clock){1, 1, 0, 0, count, MLM_NO_INSERT, 0};
    return count != 1;
}

static int run_split_rows(mlm_run *run) {
    const uint32_t count = run->op->attributes[COUNT], width = run->op->width;
    const mlm_source x = run->inputs[0];
    for (uint32_t t = 0; t < run->rows; t++) {
        const uint32_t made = run->first + t, row = made / count - run->in_first;
        const float *part = x.data + (size_t)row * x.stride + (size_t)(made % count) * width;
        const mlm_rows y = {run->output.data + (size_t)t * run->output.stride, 0};
        mlm_copy_rows((mlm_source){part, 0}, y, width, 1);
    }
    return 0;
}

void mlm_split_rows_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    mlm_count_moves(work);
}

/* mlm-op 75 */
const mlm_op_class mlm_split_rows_class = {
    .name = "split_rows",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check,
    .clock = clock_of,
    .run = run_split_rows,
};
