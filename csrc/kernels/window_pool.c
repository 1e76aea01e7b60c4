/*
 * window_pool.c - average or maximum of the rows that a sliding window covers. Rows that are absent are
 * left out; the average counts them when PyTorch's count_include_pad is set.
 */
#include <stddef.h>

#include "window.h"

enum { AVERAGE, MAX, VARIANTS };
enum { WINDOW, STRIDE, BEFORE, AFTER, COUNT_ABSENT, ATTRIBUTES };
enum { HISTORY, ROLES };

static mlm_window window_of(const mlm_blob_op *op) {
    const uint32_t *a = op->attributes;
    return (mlm_window){a[WINDOW], a[STRIDE], 1, a[BEFORE], a[AFTER]};
}

static int check(const mlm_op_view *view) {
    const mlm_window window = window_of(view->op);
    return mlm_is_window(&window) && view->op->attributes[COUNT_ABSENT] <= 1 &&
           view->op->width == view->widths[0];
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    const mlm_window window = window_of(view->op);
    return mlm_window_clock(&window, clock);
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_window window = window_of(view->op);
    (void)shape;
    mlm_window_need(view, &window, &need[HISTORY]);
}

/* Takes a row into y: the first one as it is. */
static void take(int is_max, int is_first, const float *row, uint32_t width, float *y) {
    for (uint32_t i = 0; i < width; i += V4_LANES) {
        v4 x = v4_load_row(row, i, width);
        if (!is_first) x = is_max ? v4_max_or_nan(v4_load(y + i), x) : v4_add(v4_load(y + i), x);
        v4_store(y + i, x);
    }
}

static void make_row(const mlm_run *run, const mlm_window *window, uint32_t r, float *y) {
    const int is_max = run->op->variant == MAX;
    const float *history = mlm_buffer_at(run, HISTORY);
    uint32_t present = 0;
    for (uint32_t j = 0; j < window->taps; j++) {
        const float *row = mlm_window_row(run, window, history, r, j);
        if (row) take(is_max, present++ == 0, row, run->op->width, y);
    }
    if (is_max) return;
    const v4 divisor =
        v4_splat((float)(run->op->attributes[COUNT_ABSENT] ? window->taps : present));
    for (uint32_t i = 0; i < run->op->width; i += V4_LANES)
        v4_store(y + i, v4_div(v4_load(y + i), divisor));
}

static int run_window_pool(mlm_run *run) {
    const mlm_window window = window_of(run->op);
    for (uint32_t t = 0; t < run->rows; t++)
        make_row(run, &window, run->first + t, run->output.data + (size_t)t * run->output.stride);
    mlm_window_advance(run, &window, mlm_buffer_at(run, HISTORY));
    return 0;
}

void mlm_window_pool_class_counts(const mlm_op_view *view, mlm_work *work) {
    const mlm_window window = window_of(view->op);
    const uint64_t row = work->row.bytes_written;
    const uint64_t moved = mlm_window_moves(view, &window) * sizeof(float);
    /* A row and the sums in, the sums out, the average over them. */
    const uint64_t others = moved + (view->op->variant == AVERAGE ? row : 0);
    work->row.bytes_read = (2 * (uint64_t)window.taps - 1) * row + others;
    work->row.bytes_written = window.taps * row + others;
}

static const char *const roles[] = {"history"};

/* mlm-op 13 */
const mlm_op_class mlm_window_pool_class = {
    .name = "window_pool",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = VARIANTS,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = clock_of,
    .needs = needs,
    .run = run_window_pool,
};
