/*
 * positions.c - adds a learned row for its place in the sequence to each row.
 */
#include "op.h"

enum { ROWS, ATTRIBUTES };
enum { TABLE, TENSORS };

static int check(const mlm_op_view *view) {
    const uint32_t width = view->op->width, rows = view->op->attributes[ROWS];
    const uint64_t elements = (uint64_t)rows * width;
    return view->widths[0] == width && view->most_rows >= 1 && view->most_rows <= rows &&
           elements <= UINT32_MAX && mlm_has_vector(view, TABLE, (uint32_t)elements);
}

static int run_positions(mlm_run *run) {
    const uint32_t width = run->op->width;
    const float *table = mlm_weights(run, TABLE) + (size_t)run->first * width;
    mlm_source x = run->inputs[0];
    mlm_rows y = run->output;
    for (uint32_t t = 0; t < run->rows; t++, table += width, x.data += x.stride, y.data += y.stride)
        for (uint32_t i = 0; i < width; i += V4_LANES)
            v4_store(y.data + i,
                     v4_add(v4_load_row(x.data, i, width), v4_load_row(table, i, width)));
    return 0;
}

void mlm_positions_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view;
    work->row.bytes_read *= 2;
    work->pass.bytes_read = 0;
}

/* mlm-op 17 */
const mlm_op_class mlm_positions_class = {
    .name = "positions",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE | MLM_OP_IN_PLACE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check,
    .run = run_positions,
};
