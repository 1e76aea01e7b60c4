/*
 * pool2d.c - average or maximum of windows over time and bands, channel by channel. What is absent is left out;
 * the average counts it when PyTorch's count_include_pad is set. Rows are [bands][channels].
 */
#include <stddef.h>
#include <string.h>

#include "bands.h"

enum { AVERAGE, MAX, VARIANTS };
enum { WINDOW, STRIDE, BEFORE, AFTER, COUNT_ABSENT, BANDS, BAND_WINDOW, ATTRIBUTES };
enum { HISTORY, SUM, ROLES };

static mlm_window window_of(const mlm_blob_op *op) {
    const uint32_t *a = op->attributes;
    return (mlm_window){a[WINDOW], a[STRIDE], 1, a[BEFORE], a[AFTER]};
}

static int check(const mlm_op_view *view) {
    const mlm_window window = window_of(view->op);
    const mlm_bands bands = mlm_bands_of(view->op, BANDS, view->widths[0]);
    return mlm_is_window(&window) && mlm_are_bands(&bands, view) && bands.dilation == 1 &&
           view->op->attributes[COUNT_ABSENT] <= 1 &&
           (uint64_t)bands.channels * bands.out == view->op->width;
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    const mlm_window window = window_of(view->op);
    return mlm_window_clock(&window, clock);
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_window window = window_of(view->op);
    (void)shape;
    mlm_window_need(view, &window, &need[HISTORY]);
    need[SUM].floats = mlm_padded(mlm_bands_of(view->op, BANDS, view->widths[0]).channels);
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
static void make_band(const mlm_run *run, const mlm_window *window, const mlm_bands *bands,
                      uint32_t r, uint32_t b, float *sum) {
    const int is_max = run->op->variant == MAX;
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
    const v4 divisor = v4_splat((float)(run->op->attributes[COUNT_ABSENT] ? all : present));
    for (uint32_t i = 0; i < bands->channels; i += V4_LANES)
        v4_store(sum + i, v4_div(v4_load(sum + i), divisor));
}

static int run_pool2d(mlm_run *run) {
    const mlm_window window = window_of(run->op);
    const mlm_bands bands = mlm_bands_of(run->op, BANDS, run->input_width);
    float *sum = mlm_buffer_at(run, SUM);
    for (uint32_t t = 0; t < run->rows; t++)
        for (uint32_t b = 0; b < bands.out; b++) {
            make_band(run, &window, &bands, run->first + t, b, sum);
            memcpy(run->output.data + (size_t)t * run->output.stride + b * bands.channels, sum,
                   bands.channels * sizeof(float));
        }
    mlm_window_advance(run, &window, mlm_buffer_at(run, HISTORY));
    return 0;
}

/* Each band that is covered and the sums in, the sums out, the average over them. */
void mlm_pool2d_class_counts(const mlm_op_view *view, mlm_work *work) {
    const mlm_window window = window_of(view->op);
    const mlm_bands bands = mlm_bands_of(view->op, BANDS, view->widths[0]);
    const uint64_t row = work->row.bytes_written, taps = (uint64_t)window.taps * bands.taps;
    const uint64_t moved = mlm_window_moves(view, &window) * sizeof(float);
    const uint64_t others = moved + (view->op->variant == AVERAGE ? row : 0);
    work->row.bytes_read = (2 * taps - 1) * row + others;
    work->row.bytes_written = taps * row + others;
}

static const char *const roles[] = {"history", "sum"};

/* mlm-op 74 */
const mlm_op_class mlm_pool2d_class = {
    .name = "pool2d",
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
    .run = run_pool2d,
};
