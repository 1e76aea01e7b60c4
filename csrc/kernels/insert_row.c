/*
 * insert_row.c - puts a learned row (a class token) in front of a sequence, into it, or behind it.
 */
#include "kernels.h"

enum { POSITION, ATTRIBUTES };
enum { ROW, TENSORS };

/* A row in the middle must come in every sequence. */
static int check(const mlm_op_view *view) {
    const uint32_t position = view->op->attributes[POSITION];
    return (position == MLM_INSERT_END || position <= view->least_rows) &&
           position != MLM_NO_INSERT && view->widths[0] == view->op->width &&
           mlm_has_vector(view, ROW, view->op->width);
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    *clock = (mlm_clock){1, 1, 0, 0, 1, view->op->attributes[POSITION], 0};
    return 1;
}

/* Row `r` of the output. */
static const float *source_of(const mlm_run *run, uint32_t r) {
    uint32_t position = run->op->attributes[POSITION];
    if (position == MLM_INSERT_END) position = run->in_total; /* MLM_UNKNOWN before it is reached */
    if (r == position) return mlm_weights(run, ROW);
    const uint32_t row = r - (r > position) - run->in_first;
    return run->inputs[0].data + (size_t)row * run->inputs[0].stride;
}

static int run_insert_row(mlm_run *run) {
    for (uint32_t t = 0; t < run->rows; t++) {
        const mlm_rows y = {run->output.data + (size_t)t * run->output.stride, 0};
        mlm_copy_rows((mlm_source){source_of(run, run->first + t), 0}, y, run->op->width, 1);
    }
    return 0;
}

void mlm_insert_row_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    mlm_count_moves(work);
    work->pass.bytes_read = 0;
}

/* mlm-op 16 */
const mlm_op_class mlm_insert_row_class = {
    .name = "insert_row",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check,
    .clock = clock_of,
    .run = run_insert_row,
};
