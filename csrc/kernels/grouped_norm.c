/*
 * grouped_norm.c - RMSNorm of groups of channels, each by its own mean square, as between the scan and the
 * output of Mamba-2. The arithmetic of an element is that of norm.c.
 */
#include "kernels.h"

enum { GROUPS, EPSILON, ATTRIBUTES };
enum { WEIGHT, TENSORS };

static int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const uint32_t groups = op->attributes[GROUPS];
    return groups >= 1 && op->width % groups == 0 && view->widths[0] == op->width &&
           mlm_is_epsilon(op, EPSILON) && mlm_has_vector(view, WEIGHT, op->width);
}

static void norm_group(const float *weight, float epsilon, uint32_t width, const float *x,
                       float *y) {
    float squares = 0.0f;
    for (uint32_t i = 0; i < width; i++) squares += x[i] * x[i];
    const float scale = mlm_norm_scale(squares / (float)width + epsilon);
    for (uint32_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
}

static int run_grouped_norm(mlm_run *run) {
    const float epsilon = mlm_float_attribute(run->op, EPSILON);
    const float *weight = mlm_weights(run, WEIGHT), *x = run->inputs[0].data;
    const uint32_t width = run->op->width, each = width / run->op->attributes[GROUPS];
    float *y = run->output.data;
    for (uint32_t t = 0; t < run->rows; t++, x += run->inputs[0].stride, y += run->output.stride)
        for (uint32_t i = 0; i < width; i += each)
            norm_group(weight + i, epsilon, each, x + i, y + i);
    return 0;
}

/* Square, scale, weight; a row is read for its squares and again to be scaled. */
void mlm_grouped_norm_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = 3 * (uint64_t)view->op->width;
    work->row.bytes_read *= 2;
}

/* mlm-op 72 */
const mlm_op_class mlm_grouped_norm_class = {
    .name = "grouped_norm",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check,
    .run = run_grouped_norm,
};
