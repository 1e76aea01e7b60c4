/*
 * flatten_linear.c - a linear layer of all rows of a sequence, whose length is known: each row's share is
 * added as it comes, so that the rows need not be kept.
 */
#include <string.h>

#include "kernels.h"

enum { ROWS, ATTRIBUTES };
enum { WEIGHT, BIAS, TENSORS };
enum { SUM, ROLES };

static int check(const mlm_op_view *view) {
    const uint32_t rows = view->op->attributes[ROWS], width = view->op->width;
    const uint64_t columns = (uint64_t)rows * view->widths[0];
    return rows >= 1 && view->least_rows == rows && view->most_rows == rows &&
           columns <= UINT32_MAX && mlm_has_matrix(view, WEIGHT, width, (uint32_t)columns) &&
           mlm_has_optional_vector(view, BIAS, width);
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    need[SUM].floats = mlm_padded(view->op->width);
    need[SUM].is_state = 1;
}

/* Row `t` of the sequence, panel by panel: its weights are some columns of each. */
static void add_share(const mlm_run *run, uint32_t t, const float *x, float *sum) {
    const mlm_matrix weight = mlm_matrix_of(run, WEIGHT);
    const size_t first = (size_t)t * run->input_width;
    for (uint32_t o = 0; o < weight.rows; o += MLM_PANEL) {
        const mlm_matrix panel = mlm_panels_from(weight, o, MLM_PANEL);
        const mlm_matrix share = mlm_columns_from(panel, first, run->input_width);
        mlm_linear(share, sum + o, (mlm_source){x, 0}, (mlm_rows){sum + o, 0}, 1);
    }
}

static int run_flatten_linear(mlm_run *run) {
    const float *bias = mlm_weights(run, BIAS);
    const size_t bytes = mlm_padded(run->op->width) * sizeof(float);
    float *sum = mlm_buffer_at(run, SUM);
    if (run->phase == MLM_GIVE) {
        memcpy(run->output.data, sum, bytes);
        return 0;
    }
    if (run->first == 0 && bias) memcpy(sum, bias, bytes); /* else the sum is 0 */
    for (uint32_t t = 0; t < run->rows; t++)
        add_share(run, run->first + t, run->inputs[0].data + (size_t)t * run->inputs[0].stride,
                  sum);
    run->made.data = 0;
    return 0;
}

void mlm_flatten_linear_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = view->widths[0] * (uint64_t)view->op->width;
    /* Each weight is read once in the whole sequence; the sum goes in and out with each row. */
    work->row.bytes_read += work->row.bytes_written;
    work->once.bytes_read = work->pass.bytes_read + work->row.bytes_written;
    work->once.bytes_written = work->row.bytes_written;
    work->pass.bytes_read = 0;
}

static const char *const roles[] = {"sum"};

/* mlm-op 25 */
const mlm_op_class mlm_flatten_linear_class = {
    .name = "flatten_linear",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_POOL | MLM_OP_SEQUENCE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .run = run_flatten_linear,
};
