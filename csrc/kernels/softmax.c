/*
 * softmax.c - softmax and its logarithm over the channels of each row. A NaN or an infinity above makes
 * the row NaN, as in PyTorch.
 */
#include "../math/math4.h"
#include "op.h"

enum { SOFTMAX, LOG_SOFTMAX, VARIANTS };

/* Passes NaN over, which comes back with the sum. */
static float largest_of(const float *x, uint32_t width) {
    float largest = x[0];
    for (uint32_t i = 1; i < width; i++)
        if (x[i] > largest) largest = x[i];
    return largest;
}

/* e^(x - largest), which y receives if it is not null, and their sum. */
static float exponentials(const float *x, uint32_t width, float largest, float *y) {
    float sum = 0.0f, lanes[V4_LANES];
    for (uint32_t i = 0; i < width; i += V4_LANES) {
        const v4 below = v4_sub(v4_splat(largest), v4_load_row(x, i, width));
        const v4 exponential = v4_exp_minus_or_nan(below);
        v4_store(lanes, exponential);
        for (uint32_t lane = 0; lane < V4_LANES && i + lane < width; lane++) sum += lanes[lane];
        if (y) v4_store(y + i, exponential);
    }
    return sum;
}

static void softmax_row(const float *x, uint32_t width, float *y) {
    const v4 sum = v4_splat(exponentials(x, width, largest_of(x, width), y));
    for (uint32_t i = 0; i < width; i += V4_LANES) v4_store(y + i, v4_div(v4_load(y + i), sum));
}

static void log_softmax_row(const float *x, uint32_t width, float *y) {
    const float largest = largest_of(x, width);
    const v4 above = v4_splat(largest), log = v4_splat(f32_log(exponentials(x, width, largest, 0)));
    for (uint32_t i = 0; i < width; i += V4_LANES)
        v4_store(y + i, v4_sub(v4_sub(v4_load_row(x, i, width), above), log));
}

static int check(const mlm_op_view *view) { return view->widths[0] == view->op->width; }

static int run_softmax(mlm_run *run) {
    mlm_source x = run->inputs[0];
    mlm_rows y = run->output;
    for (uint32_t t = 0; t < run->rows; t++, x.data += x.stride, y.data += y.stride)
        (run->op->variant == SOFTMAX ? softmax_row : log_softmax_row)(x.data, run->op->width,
                                                                      y.data);
    return 0;
}

void mlm_softmax_class_counts(const mlm_op_view *view, mlm_work *work) {
    const int is_log = view->op->variant == LOG_SOFTMAX;
    work->row.exps = (uint64_t)view->op->width + (is_log ? 1 : 0);
    work->row.bytes_read *= 3;
    if (!is_log) work->row.bytes_written *= 2;
}

/* mlm-op 8 */
const mlm_op_class mlm_softmax_class = {
    .name = "softmax",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = VARIANTS,
    .parts = 1,
    .check = check,
    .run = run_softmax,
};
