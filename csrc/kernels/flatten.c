/*
 * flatten.c - all rows of a sequence, whose length is known, as one vector.
 */
#include <string.h>

#include "op.h"

enum { ROWS, ATTRIBUTES };
enum { TAKEN, ROLES };

static int check(const mlm_op_view *view) {
    const uint32_t rows = view->op->attributes[ROWS];
    return rows >= 1 && view->least_rows == rows && view->most_rows == rows &&
           (uint64_t)rows * view->widths[0] == view->op->width;
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    need[TAKEN].floats = view->op->width;
    need[TAKEN].is_state = 1;
}

static int run_flatten(mlm_run *run) {
    const mlm_source x = run->inputs[0];
    const uint32_t width = run->input_width;
    float *taken = mlm_buffer_at(run, TAKEN);
    if (run->phase == MLM_GIVE) {
        memcpy(run->output.data, taken, run->op->width * sizeof(float));
        return 0;
    }
    for (uint32_t t = 0; t < run->rows; t++)
        memcpy(taken + (size_t)(run->first + t) * width, x.data + (size_t)t * x.stride,
               width * sizeof(float));
    run->made.data = 0;
    return 0;
}

void mlm_flatten_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t all = view->op->width * sizeof(float);
    work->row.bytes_written = work->row.bytes_read;
    work->once.bytes_read = work->once.bytes_written = all;
}

static const char *const roles[] = {"taken"};

/* mlm-op 24 */
const mlm_op_class mlm_flatten_class = {
    .name = "flatten",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_POOL | MLM_OP_SEQUENCE | MLM_OP_MOVES,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .run = run_flatten,
};
