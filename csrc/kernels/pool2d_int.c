/*
 * pool2d_int.c - average or maximum of windows over time and bands on integers, channel by channel. What is absent is
 * left out; the average counts it when PyTorch's count_include_pad is set. Rows are [bands][channels].
 */
#include <string.h>

#include "bands_int.h"

enum { UP = MLM_POOL2D_ATTRIBUTES, ATTRIBUTES };
enum { HISTORY, SUM, ROLES };
enum { MOST_COUNTED = 65535 /* times 32768, below 2^31 */, MOST_UP = 15 };
enum { SHARE_DIGITS = 31 /* of one part of a sum, behind the point */ };

static int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const mlm_pool2d pool = mlm_pool2d_of(op, view->widths[0]);
    const uint32_t most_up = op->variant == MLM_POOL2D_AVERAGE ? MOST_UP : 0;
    return mlm_is_pool2d(&pool, view) && op->attributes[UP] <= most_up &&
           (uint64_t)pool.time.taps * pool.bands.taps <= MOST_COUNTED;
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_pool2d pool = mlm_pool2d_of(view->op, view->widths[0]);
    (void)shape;
    mlm_window_need_i16(view, &pool.time, &need[HISTORY]);
    need[SUM].floats = mlm_padded(pool.bands.channels);
}

/* Takes a band into the sums, or the largest so far. */
static void take(int is_max, const int16_t *x, uint32_t channels, int32_t *sum) {
    const int16_t *const end = x + channels;
    if (is_max)
        for (; x != end; x++, sum++) *sum = *x > *sum ? *x : *sum;
    else
        while (x != end) *sum++ += *x++;
}

/* sum / counted 2^up, halves up: by a share of 32 bits, as dividing every sum would take longer than it. */
static void divide(int32_t *sum, uint32_t channels, uint32_t counted, uint32_t up) {
    const uint32_t share = ((1u << SHARE_DIGITS) + counted / 2) / counted;
    const uint32_t shift = SHARE_DIGITS - up;
    const int64_t half = (int64_t)1 << (shift - 1);
    for (const int32_t *const end = sum + channels; sum != end; sum++)
        *sum = (int32_t)((*sum * (int64_t)share + half) >> shift);
}

/* Output band b of row r. */
static void make_band(const mlm_run *run, const mlm_pool2d *pool, uint32_t r, uint32_t b,
                      int32_t *sum) {
    const mlm_window *window = &pool->time;
    const mlm_bands *bands = &pool->bands;
    const int is_max = run->op->variant == MLM_POOL2D_MAX;
    const float *history = mlm_buffer_at(run, HISTORY);
    uint32_t present = 0;
    for (uint32_t c = 0; c < bands->channels; c++) sum[c] = is_max ? INT16_MIN : 0;
    for (uint32_t t = 0; t < window->taps; t++) {
        const int16_t *row = mlm_window_row_i16(run, window, history, r, t);
        for (uint32_t j = 0; j < bands->taps; j++) {
            const int16_t *band = mlm_band_i16(bands, row, b, j);
            if (!band) continue;
            take(is_max, band, bands->channels, sum);
            present++;
        }
    }
    if (is_max) return;
    const uint32_t *a = run->op->attributes;
    divide(sum, bands->channels, a[MLM_POOL2D_COUNT_ABSENT] ? window->taps * bands->taps : present,
           a[UP]);
}

static int run_pool2d(mlm_run *run) {
    const mlm_pool2d pool = mlm_pool2d_of(run->op, run->input_width);
    int32_t *sum = (int32_t *)(void *)mlm_buffer_at(run, SUM);
    for (uint32_t t = 0; t < run->rows; t++) {
        int16_t *y = mlm_i16(run->output, t);
        for (uint32_t b = 0; b < pool.bands.out; b++) {
            make_band(run, &pool, run->first + t, b, sum);
            for (uint32_t c = 0; c < pool.bands.channels; c++) *y++ = (int16_t)i32_to_i16(sum[c]);
        }
    }
    mlm_window_advance_i16(run, &pool.time, mlm_buffer_at(run, HISTORY));
    return 0;
}

void mlm_pool2d_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    mlm_pool2d_counts(view, work, sizeof(int16_t), sizeof(int32_t));
}

static const char *const roles[] = {"history", "sum"};

/* mlm-op 106 */
const mlm_op_class mlm_pool2d_int_class = {
    .name = "pool2d_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = MLM_POOL2D_VARIANTS,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .input_types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = mlm_pool2d_clock,
    .needs = needs,
    .run = run_pool2d,
};
