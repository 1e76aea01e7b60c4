/*
 * ssm_norm.c - RMSNorm of each of the three parts of a row of x_proj: dt, B and C, the last two of which
 * alternate. Falcon-Mamba has it without weights, Jamba with.
 */
#include "kernels.h"

enum { RANK, STATES, EPSILON, ATTRIBUTES };
enum { DT_WEIGHT, B_WEIGHT, C_WEIGHT, TENSORS };

static int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const uint32_t rank = op->attributes[RANK], states = op->attributes[STATES];
    return rank >= 1 && states >= 1 && view->widths[0] == op->width &&
           rank + 2 * (uint64_t)states == op->width && mlm_is_epsilon(op, EPSILON) &&
           mlm_has_optional_vector(view, DT_WEIGHT, rank) &&
           mlm_has_optional_vector(view, B_WEIGHT, states) &&
           mlm_has_optional_vector(view, C_WEIGHT, states);
}

/* `count` elements, `step` apart. */
static void norm_part(const mlm_run *run, uint32_t tensor, uint32_t count, uint32_t step,
                      const float *x, float *y) {
    const float *weight = mlm_weights(run, tensor);
    float squares = 0.0f;
    for (uint32_t i = 0; i < count; i++) squares += x[i * step] * x[i * step];
    const float mean = squares / (float)count;
    const float scale = mlm_norm_scale(mean + mlm_float_attribute(run->op, EPSILON));
    for (uint32_t i = 0; i < count; i++) {
        const float scaled = x[i * step] * scale;
        y[i * step] = weight ? scaled * weight[i] : scaled;
    }
}

static int run_ssm_norm(mlm_run *run) {
    const uint32_t rank = run->op->attributes[RANK], states = run->op->attributes[STATES];
    const float *x = run->inputs[0].data;
    float *y = run->output.data;
    for (uint32_t t = 0; t < run->rows; t++, x += run->inputs[0].stride, y += run->output.stride) {
        norm_part(run, DT_WEIGHT, rank, 1, x, y);
        norm_part(run, B_WEIGHT, states, 2, x + rank, y + rank);
        norm_part(run, C_WEIGHT, states, 2, x + rank + 1, y + rank + 1);
    }
    return 0;
}

void mlm_ssm_norm_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width;
    work->row.macs = 2 * width; /* square, scale, weight */
    for (uint32_t t = 0; t < TENSORS; t++)
        if (!mlm_is_absent(view, t))
            work->row.macs += view->op->attributes[t == DT_WEIGHT ? RANK : STATES];
    work->row.bytes_read *= 2;
}

/* mlm-op 27 */
const mlm_op_class mlm_ssm_norm_class = {
    .name = "ssm_norm",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check,
    .run = run_ssm_norm,
};
