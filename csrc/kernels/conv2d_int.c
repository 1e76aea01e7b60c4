/*
 * conv2d_int.c - convolution over time and bands on integers: each output band as a linear layer (linear_int.c) of a
 * window that is laid out, tap of time by tap of time, band by band; of one filter a channel with weights of 16 bits,
 * channel by channel, in sums of 32 bits that cannot overflow (the check proves it), times a multiplier a channel,
 * shifted. What is absent is 0. Rows are [bands][channels].
 */
#include <string.h>

#include "bands_int.h"

enum { WEIGHT = MLM_TAPS, BIAS, MULTIPLIER, TENSORS };
enum { HISTORY, WINDOWS, PRODUCTS, ROLES };
enum { MOST_SHIFT = 15 };

/* ---- check ----------------------------------------------------------------------------------------- */

static MLM_COLD int check(const mlm_op_view *view) {
    const mlm_conv2d conv = mlm_conv2d_of(view->op, view->widths[0]);
    if (!mlm_is_conv2d(&conv, view, MLM_QUAD) || conv.shift > MOST_SHIFT) return 0;
    if (view->op->variant == MLM_CONV2D_DEPTHWISE)
        return !mlm_is_absent(view, MULTIPLIER) &&
               mlm_are_i16_taps(view, conv.groups, conv.columns, conv.shift);
    const uint32_t rows = conv.groups * mlm_conv2d_rows(&conv, MLM_QUAD);
    return mlm_is_i8_layer(view, WEIGHT, BIAS, MULTIPLIER, rows, conv.columns, 0);
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_conv2d conv = mlm_conv2d_of(view->op, view->widths[0]);
    (void)shape;
    mlm_window_need_i16(view, &conv.time, &need[HISTORY]);
    if (view->op->variant == MLM_CONV2D_DENSE) {
        const uint64_t most = mlm_conv2d_batch(&conv, 0);
        need[WINDOWS].floats = most * mlm_i16_stride(conv.columns);
        need[PRODUCTS].floats = most * mlm_i16_stride(conv.outputs);
    } else {
        need[PRODUCTS].floats = mlm_padded(conv.groups);
    }
}

/* ---- run ------------------------------------------------------------------------------------------- */

/* Of one group, what output band b covers in a row; 0 where nothing is there. Returns what lies behind it. */
static int16_t *lay_out_row(const mlm_conv2d *conv, const int16_t *row, uint32_t b, uint32_t group,
                            int16_t *to) {
    const uint32_t taps = conv->bands.taps, inputs = conv->inputs;
    for (uint32_t j = 0; j < taps; j++) {
        const int16_t *from = mlm_band_i16(&conv->bands, row, b, j);
        if (from) from += group * inputs;
        for (const int16_t *const end = to + inputs; to != end; to++) *to = from ? *from++ : 0;
    }
    return to;
}

/* The windows of `count` bands from b on of one group, one behind the other. */
static void lay_out(const mlm_run *run, const mlm_conv2d *conv, uint32_t r, uint32_t b,
                    uint32_t count, uint32_t group) {
    const float *history = mlm_buffer_at(run, HISTORY);
    float *window = mlm_buffer_at(run, WINDOWS);
    for (uint32_t n = b; n < b + count; n++, window += mlm_i16_stride(conv->columns)) {
        int16_t *to = (int16_t *)(void *)window;
        for (uint32_t t = 0; t < conv->time.taps; t++)
            to = lay_out_row(conv, mlm_window_row_i16(run, &conv->time, history, r, t), n, group,
                             to);
    }
}

/* One group of output row r. Products are padded, and so have a place of their own. */
static void make_group(const mlm_run *run, const mlm_conv2d *conv, uint32_t r, uint32_t group,
                       int16_t *y) {
    const uint32_t width = conv->outputs, stride = mlm_i16_stride(width);
    const mlm_source windows = {mlm_buffer_at(run, WINDOWS), mlm_i16_stride(conv->columns)};
    const mlm_rows products = {mlm_buffer_at(run, PRODUCTS), stride};
    mlm_i8_layer layer;
    mlm_i8_layer_of(&layer, run, WEIGHT, BIAS, MULTIPLIER, (int32_t)conv->shift);
    mlm_i8_layer_from(&layer, group * mlm_conv2d_rows(conv, MLM_QUAD), width);
    for (uint32_t b = 0; b < conv->bands.out; b += MLM_CONV2D_BATCH) {
        const uint32_t count = mlm_conv2d_batch(conv, b);
        lay_out(run, conv, r, b, count, group);
        mlm_i8_linear_rows(&layer, windows, products, count);
        for (uint32_t n = 0; n < count; n++)
            memcpy(y + ((b + n) * conv->groups + group) * width, mlm_i16(products, n),
                   width * sizeof *y);
    }
}

/* A tap of all channels, of which each has `taps`, side by side. */
static void add_tap(const int16_t *x, const int16_t *w, uint32_t channels, uint32_t taps,
                    int32_t *sum) {
    for (const int16_t *const end = x + channels; x != end; w += taps) *sum++ += *x++ * *w;
}

/* One filter a channel: output row r, all channels of a band side by side. */
static void make_depthwise(const mlm_run *run, const mlm_conv2d *conv, uint32_t r, int16_t *y) {
    const uint32_t channels = conv->groups;
    const int16_t *multiplier = mlm_data(run, MULTIPLIER);
    const int32_t *bias = mlm_data(run, BIAS);
    const float *history = mlm_buffer_at(run, HISTORY);
    int32_t *sum = (int32_t *)(void *)mlm_buffer_at(run, PRODUCTS);
    for (uint32_t b = 0; b < conv->bands.out; b++) {
        const int16_t *w = mlm_data(run, WEIGHT);
        for (uint32_t c = 0; c < channels; c++) sum[c] = bias ? bias[c] : 0;
        for (uint32_t t = 0; t < conv->time.taps; t++) {
            const int16_t *row = mlm_window_row_i16(run, &conv->time, history, r, t);
            for (uint32_t j = 0; j < conv->bands.taps; j++, w++) {
                const int16_t *x = mlm_band_i16(&conv->bands, row, b, j);
                if (x) add_tap(x, w, channels, conv->columns, sum);
            }
        }
        for (uint32_t c = 0; c < channels; c++)
            *y++ =
                (int16_t)i32_to_i16(i32_round_shift(i32_mulw(sum[c], multiplier[c]), conv->shift));
    }
}

static int run_conv2d(mlm_run *run) {
    const mlm_conv2d conv = mlm_conv2d_of(run->op, run->input_width);
    for (uint32_t t = 0; t < run->rows; t++) {
        int16_t *y = mlm_i16(run->output, t);
        if (run->op->variant == MLM_CONV2D_DEPTHWISE)
            make_depthwise(run, &conv, run->first + t, y);
        else
            for (uint32_t group = 0; group < conv.groups; group++)
                make_group(run, &conv, run->first + t, group, y);
    }
    mlm_window_advance_i16(run, &conv.time, mlm_buffer_at(run, HISTORY));
    return 0;
}

/* ---- the class -------------------------------------------------------------------------------------- */

void mlm_conv2d_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    mlm_conv2d_counts(view, work, sizeof(int16_t));
}

static const char *const roles[] = {"history", "windows", "products"};

/* mlm-op 105 */
const mlm_op_class mlm_conv2d_int_class = {
    .name = "conv2d_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = MLM_CONV2D_VARIANTS,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .input_types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .attributes = MLM_CONV2D_ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = mlm_conv2d_clock,
    .needs = needs,
    .run = run_conv2d,
};
