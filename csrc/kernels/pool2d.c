/*
 * pool2d.c - average or maximum of windows over time and bands, channel by channel. What is absent is left out;
 * the average counts it when PyTorch's count_include_pad is set. Rows are [bands][channels].
 */
#include <stddef.h>
#include <string.h>

#include "bands.h"

enum { HISTORY, SUM, ROLES };

static int check(const mlm_op_view *view) {
    const mlm_pool2d pool = mlm_pool2d_of(view->op, view->widths[0]);
    return mlm_is_pool2d(&pool, view);
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_pool2d pool = mlm_pool2d_of(view->op, view->widths[0]);
    (void)shape;
    mlm_window_need(view, &pool.time, &need[HISTORY]);
    need[SUM].floats = mlm_padded(pool.bands.channels);
}

/* Takes a band into the sum: the first one as it is. */
static void take(int is_max, int is_first, const float *band, uint32_t channels, float *sum) {
    for (uint32_t i = 0; i < channels; i += V4_LANES) {
        v4 x = v4_load_row(band, i, channels);
        if (!is_first)
            x = is_max ? v4_max_or_nan(v4_load(sum + i), x) : v4_add(v4_load(sum + i), x);
        v4_store(sum + i, x);
    }
}

/* Output band b of row r, padded. */
static void make_band(const mlm_run *run, const mlm_pool2d *pool, uint32_t r, uint32_t b,
                      float *sum) {
    const mlm_window *window = &pool->time;
    const mlm_bands *bands = &pool->bands;
    const int is_max = run->op->variant == MLM_POOL2D_MAX;
    const float *history = mlm_buffer_at(run, HISTORY);
    uint32_t present = 0;
    for (uint32_t t = 0; t < window->taps; t++) {
        const float *row = mlm_window_row(run, window, history, r, t);
        for (uint32_t j = 0; j < bands->taps; j++) {
            const float *band = mlm_band(bands, row, b, j);
            if (band) take(is_max, present++ == 0, band, bands->channels, sum);
        }
    }
    if (is_max) return;
    const uint32_t all = window->taps * bands->taps;
    const v4 divisor =
        v4_splat((float)(run->op->attributes[MLM_POOL2D_COUNT_ABSENT] ? all : present));
    for (uint32_t i = 0; i < bands->channels; i += V4_LANES)
        v4_store(sum + i, v4_div(v4_load(sum + i), divisor));
}

static int run_pool2d(mlm_run *run) {
    const mlm_pool2d pool = mlm_pool2d_of(run->op, run->input_width);
    float *sum = mlm_buffer_at(run, SUM);
    for (uint32_t t = 0; t < run->rows; t++)
        for (uint32_t b = 0; b < pool.bands.out; b++) {
            make_band(run, &pool, run->first + t, b, sum);
            memcpy(run->output.data + (size_t)t * run->output.stride + b * pool.bands.channels, sum,
                   pool.bands.channels * sizeof(float));
        }
    mlm_window_advance(run, &pool.time, mlm_buffer_at(run, HISTORY));
    return 0;
}

void mlm_pool2d_class_counts(const mlm_op_view *view, mlm_work *work) {
    mlm_pool2d_counts(view, work, sizeof(float), sizeof(float));
}

static const char *const roles[] = {"history", "sum"};

/* mlm-op 74 */
const mlm_op_class mlm_pool2d_class = {
    .name = "pool2d",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = MLM_POOL2D_VARIANTS,
    .attributes = MLM_POOL2D_ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = mlm_pool2d_clock,
    .needs = needs,
    .run = run_pool2d,
};
