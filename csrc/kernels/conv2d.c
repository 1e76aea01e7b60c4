/*
 * conv2d.c - convolution over time and bands with strides, dilation, padding and groups: each output band as a
 * product of weight panels with a window that is laid out, tap of time by tap of time, band by band; of one
 * filter a channel channel by channel. Rows are [bands][channels].
 */
#include <stddef.h>
#include <string.h>

#include "bands.h"
#include "kernels.h"

enum { DENSE, DEPTHWISE, VARIANTS };
enum { TAPS, STRIDE, DILATION, BEFORE, AFTER, GROUPS, BANDS, BAND_WINDOW, ATTRIBUTES };
enum { WEIGHT, BIAS, TENSORS };
enum { HISTORY, WINDOWS, PRODUCTS, ROLES };
enum { BATCH = 4 /* bands that go through one product, which loads a weight once for them */ };

typedef struct conv2d {
    mlm_window time;
    mlm_bands bands;
    uint32_t groups;
    uint32_t inputs, outputs; /* channels of a group */
    uint32_t columns;         /* of the weight: elements of a window */
} conv2d;

static conv2d conv2d_of(const mlm_blob_op *op, uint32_t width) {
    const uint32_t *a = op->attributes;
    conv2d conv = {.time = {a[TAPS], a[STRIDE], a[DILATION], a[BEFORE], a[AFTER]},
                   .bands = mlm_bands_of(op, BANDS, width),
                   .groups = a[GROUPS]};
    if (conv.groups == 0 || conv.bands.out == 0) return conv;
    conv.inputs = conv.bands.channels / conv.groups;
    conv.outputs = op->width / conv.bands.out / conv.groups;
    conv.columns = conv.time.taps * conv.bands.taps * conv.inputs;
    return conv;
}

static MLM_COLD int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const conv2d conv = conv2d_of(op, view->widths[0]);
    if (!mlm_is_window(&conv.time) || !mlm_are_bands(&conv.bands, view) || conv.groups == 0 ||
        conv.bands.channels % conv.groups || op->width / conv.bands.out % conv.groups)
        return 0;
    const uint64_t columns = (uint64_t)conv.time.taps * conv.bands.taps * conv.inputs;
    const uint64_t rows =
        conv.groups > 1 ? (uint64_t)conv.groups * mlm_padded(conv.outputs) : conv.outputs;
    if (columns > UINT32_MAX || rows > UINT32_MAX || conv.outputs == 0 ||
        !mlm_has_optional_vector(view, BIAS, op->width / conv.bands.out))
        return 0;
    if (op->variant == DENSE) return mlm_has_matrix(view, WEIGHT, (uint32_t)rows, conv.columns);
    return conv.inputs == 1 && conv.outputs == 1 &&
           (uint64_t)conv.columns * mlm_padded(conv.groups) <= UINT32_MAX &&
           mlm_has_vector(view, WEIGHT, conv.columns * mlm_padded(conv.groups));
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    const conv2d conv = conv2d_of(view->op, view->widths[0]);
    return mlm_window_clock(&conv.time, clock);
}

/* How many of the bands from b on go through one product. */
static uint32_t batch_at(const conv2d *conv, uint32_t b) {
    const uint32_t left = conv->bands.out - b;
    return left < BATCH ? left : BATCH;
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const conv2d conv = conv2d_of(view->op, view->widths[0]);
    (void)shape;
    mlm_window_need(view, &conv.time, &need[HISTORY]);
    if (view->op->variant == DENSE) {
        const uint64_t most = batch_at(&conv, 0);
        need[WINDOWS].floats = most * conv.columns;
        need[PRODUCTS].floats = (1 + most) * mlm_padded(conv.outputs);
    } else {
        need[PRODUCTS].floats = mlm_padded(conv.groups);
    }
}

/* The windows of `count` bands from b on of one group, one behind the other; 0 where nothing is there. */
static void lay_out(const mlm_run *run, const conv2d *conv, uint32_t r, uint32_t b, uint32_t count,
                    uint32_t group) {
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
static void make_group(const mlm_run *run, const conv2d *conv, uint32_t r, uint32_t group,
                       float *y) {
    const uint32_t width = conv->outputs, padded = mlm_padded(width);
    const mlm_matrix weight = mlm_panels_from(mlm_matrix_of(run, WEIGHT), group * padded, padded);
    const float *bias = mlm_weights(run, BIAS);
    float *start = mlm_buffer_at(run, PRODUCTS);
    const mlm_source windows = {mlm_buffer_at(run, WINDOWS), conv->columns};
    const mlm_rows products = {start + padded, padded};
    memset(start, 0, padded * sizeof(float));
    if (bias) memcpy(start, bias + group * width, width * sizeof(float));
    for (uint32_t b = 0; b < conv->bands.out; b += BATCH) {
        const uint32_t count = batch_at(conv, b);
        lay_out(run, conv, r, b, count, group);
        mlm_linear(weight, start, windows, products, count);
        for (uint32_t n = 0; n < count; n++)
            memcpy(y + ((b + n) * conv->groups + group) * width, products.data + n * padded,
                   width * sizeof(float));
    }
}

/* One filter a channel: output row r, all channels of a band side by side. */
static void make_depthwise(const mlm_run *run, const conv2d *conv, uint32_t r, float *y) {
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
    const conv2d conv = conv2d_of(run->op, run->input_width);
    for (uint32_t t = 0; t < run->rows; t++) {
        float *y = run->output.data + (size_t)t * run->output.stride;
        if (run->op->variant == DEPTHWISE)
            make_depthwise(run, &conv, run->first + t, y);
        else
            for (uint32_t group = 0; group < conv.groups; group++)
                make_group(run, &conv, run->first + t, group, y);
    }
    mlm_window_advance(run, &conv.time, mlm_buffer_at(run, HISTORY));
    return 0;
}

/* Windows are laid out and read, what is new goes into the history, products are put in their places. */
void mlm_conv2d_class_counts(const mlm_op_view *view, mlm_work *work) {
    const conv2d conv = conv2d_of(view->op, view->widths[0]);
    const uint64_t covered = (uint64_t)conv.columns * conv.groups * conv.bands.out;
    const uint64_t moved = mlm_window_moves(view, &conv.time), width = view->op->width;
    const uint64_t laid = view->op->variant == DENSE ? covered : 0;
    work->row.macs = covered * conv.outputs;
    work->row.bytes_read = (covered + laid + moved + width) * sizeof(float);
    work->row.bytes_written = (laid + moved + 2 * width) * sizeof(float);
}

static const char *const roles[] = {"history", "windows", "products"};

/* mlm-op 73 */
const mlm_op_class mlm_conv2d_class = {
    .name = "conv2d",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = VARIANTS,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = clock_of,
    .needs = needs,
    .run = run_conv2d,
};
