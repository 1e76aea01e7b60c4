/*
 * unfold.c - makes one row of the rows that a sliding window covers: a patch.
 */
#include <string.h>

#include "window.h"

enum { BY_TIME, BY_CHANNEL, VARIANTS };
enum { WINDOW, HOP, ATTRIBUTES };
enum { HISTORY, ROLES };

static mlm_window window_of(const mlm_blob_op *op) {
    return (mlm_window){op->attributes[WINDOW], op->attributes[HOP], 1, 0, 0};
}

static int check(const mlm_op_view *view) {
    const mlm_window window = window_of(view->op);
    return mlm_is_window(&window) &&
           (uint64_t)window.taps * view->widths[0] == (uint64_t)view->op->width;
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

static void put(const mlm_run *run, const float *row, uint32_t j, float *y) {
    const uint32_t width = run->input_width;
    if (run->op->variant == BY_TIME) {
        memcpy(y + (size_t)j * width, row, width * sizeof(float));
        return;
    }
    const uint32_t taps = run->op->attributes[WINDOW];
    for (uint32_t c = 0; c < width; c++) y[(size_t)c * taps + j] = row[c];
}

static int run_unfold(mlm_run *run) {
    const mlm_window window = window_of(run->op);
    const float *history = mlm_buffer_at(run, HISTORY);
    for (uint32_t t = 0; t < run->rows; t++)
        for (uint32_t j = 0; j < window.taps; j++)
            put(run, mlm_window_row(run, &window, history, run->first + t, j), j,
                run->output.data + (size_t)t * run->output.stride);
    mlm_window_advance(run, &window, mlm_buffer_at(run, HISTORY));
    return 0;
}

void mlm_unfold_class_counts(const mlm_op_view *view, mlm_work *work) {
    const mlm_window window = window_of(view->op);
    work->row.bytes_written += mlm_window_moves(view, &window) * sizeof(float);
    mlm_count_moves(work);
}

static const char *const roles[] = {"history"};

/* mlm-op 14 */
const mlm_op_class mlm_unfold_class = {
    .name = "unfold",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE | MLM_OP_MOVES,
    .variants = VARIANTS,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = clock_of,
    .needs = needs,
    .run = run_unfold,
};
