/*
 * conv2d.c - convolution over time and bands with strides, dilation, padding and groups: each output band as a
 * product of weight panels with a window that is laid out, tap of time by tap of time, band by band; of one
 * filter a channel channel by channel. Rows are [bands][channels].
 */
#include <stddef.h>
#include <string.h>

#include "bands.h"
#include "kernels.h"

enum { WEIGHT, BIAS, TENSORS };
enum { HISTORY, WINDOWS, PRODUCTS, ROLES };

static MLM_COLD int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const mlm_conv2d conv = mlm_conv2d_of(op, view->widths[0]);
    if (!mlm_is_conv2d(&conv, view, MLM_PANEL) || conv.shift != 0 ||
        !mlm_has_optional_vector(view, BIAS, op->width / conv.bands.out))
        return 0;
    if (op->variant == MLM_CONV2D_DENSE)
        return mlm_has_matrix(view, WEIGHT, conv.groups * mlm_conv2d_rows(&conv, MLM_PANEL),
                              conv.columns);
    return mlm_has_vector(view, WEIGHT, conv.columns * mlm_padded(conv.groups));
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_conv2d conv = mlm_conv2d_of(view->op, view->widths[0]);
    (void)shape;
    mlm_window_need(view, &conv.time, &need[HISTORY]);
    if (view->op->variant == MLM_CONV2D_DENSE) {
        const uint64_t most = mlm_conv2d_batch(&conv, 0);
        need[WINDOWS].floats = most * conv.columns;
        need[PRODUCTS].floats = (1 + most) * mlm_padded(conv.outputs);
    } else {
        need[PRODUCTS].floats = mlm_padded(conv.groups);
    }
}

/* The windows of `count` bands from b on of one group, one behind the other; 0 where nothing is there. */
static void lay_out(const mlm_run *run, const mlm_conv2d *conv, uint32_t r, uint32_t b,
                    uint32_t count, uint32_t group) {
    const float *history = mlm_buffer_at(run, HISTORY);
    float *to = mlm_buffer_at(run, WINDOWS);
    for (uint32_t n = b; n < b + count; n++)
        for (uint32_t t = 0; t < conv->time.taps; t++) {
            const float *row = mlm_window_row(run, &conv->time, history, r, t);
            for (uint32_t j = 0; j < conv->bands.taps; j++, to += conv->inputs) {
                const float *from = mlm_band(&conv->bands, row, n, j);
                if (from)
                    memcpy(to, from + group * conv->inputs, conv->inputs * sizeof(float));
                else
                    memset(to, 0, conv->inputs * sizeof(float));
            }
        }
}

/* One group of output row r. Products are padded, and so have a place of their own. */
static void make_group(const mlm_run *run, const mlm_conv2d *conv, uint32_t r, uint32_t group,
                       float *y) {
    const uint32_t width = conv->outputs, padded = mlm_padded(width);
    const mlm_matrix weight = mlm_panels_from(mlm_matrix_of(run, WEIGHT), group * padded, padded);
    const float *bias = mlm_weights(run, BIAS);
    float *start = mlm_buffer_at(run, PRODUCTS);
    const mlm_source windows = {mlm_buffer_at(run, WINDOWS), conv->columns};
    const mlm_rows products = {start + padded, padded};
    memset(start, 0, padded * sizeof(float));
    if (bias) memcpy(start, bias + group * width, width * sizeof(float));
    for (uint32_t b = 0; b < conv->bands.out; b += MLM_CONV2D_BATCH) {
        const uint32_t count = mlm_conv2d_batch(conv, b);
        lay_out(run, conv, r, b, count, group);
        mlm_linear(weight, start, windows, products, count);
        for (uint32_t n = 0; n < count; n++)
            memcpy(y + ((b + n) * conv->groups + group) * width, products.data + n * padded,
                   width * sizeof(float));
    }
}

/* One filter a channel: output row r, all channels of a band side by side. */
static void make_depthwise(const mlm_run *run, const mlm_conv2d *conv, uint32_t r, float *y) {
    const uint32_t channels = conv->groups, padded = mlm_padded(channels);
    const float *history = mlm_buffer_at(run, HISTORY), *bias = mlm_weights(run, BIAS);
    float *sum = mlm_buffer_at(run, PRODUCTS);
    for (uint32_t b = 0; b < conv->bands.out; b++) {
        const float *weight = mlm_weights(run, WEIGHT);
        memset(sum, 0, padded * sizeof(float));
        if (bias) memcpy(sum, bias, channels * sizeof(float));
        for (uint32_t t = 0; t < conv->time.taps; t++) {
            const float *row = mlm_window_row(run, &conv->time, history, r, t);
            for (uint32_t j = 0; j < conv->bands.taps; j++, weight += padded) {
                const float *x = mlm_band(&conv->bands, row, b, j);
                for (uint32_t i = 0; x && i < channels; i += V4_LANES)
                    v4_store(sum + i, v4_add(v4_load(sum + i), v4_mul(v4_load_row(x, i, channels),
                                                                      v4_load(weight + i))));
            }
        }
        memcpy(y + b * channels, sum, channels * sizeof(float));
    }
}

static int run_conv2d(mlm_run *run) {
    const mlm_conv2d conv = mlm_conv2d_of(run->op, run->input_width);
    for (uint32_t t = 0; t < run->rows; t++) {
        float *y = run->output.data + (size_t)t * run->output.stride;
        if (run->op->variant == MLM_CONV2D_DEPTHWISE)
            make_depthwise(run, &conv, run->first + t, y);
        else
            for (uint32_t group = 0; group < conv.groups; group++)
                make_group(run, &conv, run->first + t, group, y);
    }
    mlm_window_advance(run, &conv.time, mlm_buffer_at(run, HISTORY));
    return 0;
}

void mlm_conv2d_class_counts(const mlm_op_view *view, mlm_work *work) {
    mlm_conv2d_counts(view, work, sizeof(float));
}

static const char *const roles[] = {"history", "windows", "products"};

/* mlm-op 73 */
const mlm_op_class mlm_conv2d_class = {
    .name = "conv2d",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = MLM_CONV2D_VARIANTS,
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
