/*
 * conv1d.c - convolution over time with stride, dilation, padding and groups, as products of weight
 * panels with windows that are laid out one row behind the other.
 */
#include <stddef.h>
#include <string.h>

#include "kernels.h"
#include "window.h"

enum { TAPS, STRIDE, DILATION, BEFORE, AFTER, GROUPS, ATTRIBUTES };
enum { WEIGHT, BIAS, TENSORS };
enum { HISTORY, WINDOWS, PRODUCTS, ROLES };
enum { BATCH = 4 /* windows that go through one product, which loads a weight once for them */ };

static mlm_window window_of(const mlm_blob_op *op) {
    const uint32_t *a = op->attributes;
    return (mlm_window){a[TAPS], a[STRIDE], a[DILATION], a[BEFORE], a[AFTER]};
}

static uint32_t group_width(const mlm_blob_op *op) { return op->width / op->attributes[GROUPS]; }

/* Rows from one window to the next where they are laid out: neighbours share the rows that both cover. */
static uint32_t pitch_of(const mlm_window *window) {
    return window->dilation == 1 && window->hop < window->taps ? window->hop : window->taps;
}

static int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const mlm_window window = window_of(op);
    const uint32_t groups = op->attributes[GROUPS];
    if (!mlm_is_window(&window) || groups == 0 || view->widths[0] % groups || op->width % groups)
        return 0;
    const uint64_t columns = (uint64_t)window.taps * (view->widths[0] / groups);
    const uint64_t rows = groups > 1 ? (uint64_t)groups * mlm_padded(group_width(op)) : op->width;
    return rows <= UINT32_MAX && columns <= UINT32_MAX &&
           mlm_has_matrix(view, WEIGHT, (uint32_t)rows, (uint32_t)columns) &&
           mlm_has_optional_vector(view, BIAS, op->width);
}

static int clock_of(const mlm_op_view *view, mlm_clock *clock) {
    const mlm_window window = window_of(view->op);
    return mlm_window_clock(&window, clock);
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    const mlm_blob_op *op = view->op;
    const mlm_window window = window_of(op);
    const uint32_t batch = shape->rows < BATCH ? shape->rows : BATCH;
    const uint64_t rows = (uint64_t)(batch - 1) * pitch_of(&window) + window.taps;
    mlm_window_need(view, &window, &need[HISTORY]);
    need[WINDOWS].floats = rows * (view->widths[0] / op->attributes[GROUPS]);
    if (op->attributes[GROUPS] > 1) /* the group's bias, and what is made */
        need[PRODUCTS].floats = (1 + (uint64_t)batch) * mlm_padded(group_width(op));
}

/* Lays out `count` windows from output row r on, `width` channels from `channel` on; 0 where a row is
 * absent. */
static mlm_source lay_out(const mlm_run *run, const mlm_window *window, uint32_t r, uint32_t count,
                          uint32_t channel, uint32_t width) {
    const uint32_t shared = window->taps - pitch_of(window);
    const float *history = mlm_buffer_at(run, HISTORY);
    float *to = mlm_buffer_at(run, WINDOWS);
    for (uint32_t n = 0; n < count; n++)
        for (uint32_t j = n == 0 ? 0 : shared; j < window->taps; j++, to += width) {
            const float *row = mlm_window_row(run, window, history, r + n, j);
            if (row)
                memcpy(to, row + channel, width * sizeof(float));
            else
                memset(to, 0, width * sizeof(float));
        }
    return (mlm_source){mlm_buffer_at(run, WINDOWS), pitch_of(window) * width};
}

/* One of several groups of `count` rows. Products are padded, and so have a place of their own. */
static void make_group(const mlm_run *run, uint32_t group, mlm_source windows, mlm_rows y,
                       uint32_t count) {
    const uint32_t width = group_width(run->op), padded = mlm_padded(width);
    const mlm_matrix weight = mlm_panels_from(mlm_matrix_of(run, WEIGHT), group * padded, padded);
    const float *bias = mlm_weights(run, BIAS);
    float *start = mlm_buffer_at(run, PRODUCTS);
    const mlm_rows products = {start + padded, padded};
    memset(start, 0, padded * sizeof(float));
    if (bias) memcpy(start, bias + group * width, width * sizeof(float));
    mlm_linear(weight, start, windows, products, count);
    for (uint32_t n = 0; n < count; n++)
        memcpy(y.data + (size_t)n * y.stride + group * width, products.data + (size_t)n * padded,
               width * sizeof(float));
}

static void make_rows(const mlm_run *run, const mlm_window *window, uint32_t r, uint32_t count,
                      mlm_rows y) {
    const uint32_t groups = run->op->attributes[GROUPS], width = run->input_width / groups;
    for (uint32_t group = 0; group < groups; group++) {
        const mlm_source windows = lay_out(run, window, r, count, group * width, width);
        if (groups > 1)
            make_group(run, group, windows, y, count);
        else
            mlm_linear(mlm_matrix_of(run, WEIGHT), mlm_weights(run, BIAS), windows, y, count);
    }
}

static int run_conv1d(mlm_run *run) {
    const mlm_window window = window_of(run->op);
    for (uint32_t done = 0; done < run->rows; done += BATCH) {
        const uint32_t left = run->rows - done;
        const mlm_rows y = {run->output.data + (size_t)done * run->output.stride,
                            run->output.stride};
        make_rows(run, &window, run->first + done, left < BATCH ? left : BATCH, y);
    }
    mlm_window_advance(run, &window, mlm_buffer_at(run, HISTORY));
    return 0;
}

void mlm_conv1d_class_counts(const mlm_op_view *view, mlm_work *work) {
    const mlm_blob_op *op = view->op;
    const mlm_window window = window_of(op);
    const uint32_t groups = op->attributes[GROUPS];
    const uint64_t covered = (uint64_t)window.taps * view->widths[0];
    const uint64_t moved = mlm_window_moves(view, &window);
    work->row.macs = covered * group_width(op);
    /* Windows are laid out and read, what is new goes into the history, groups are put together. */
    const uint64_t products = groups > 1 ? op->width : 0;
    work->row.bytes_read = (2 * covered + moved + products) * sizeof(float);
    work->row.bytes_written += (covered + moved + products) * sizeof(float);
}

static const char *const roles[] = {"history", "windows", "products"};

/* mlm-op 12 */
const mlm_op_class mlm_conv1d_class = {
    .name = "conv1d",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .clock = clock_of,
    .needs = needs,
    .run = run_conv1d,
};
