/*
 * sequence_norm.c - GroupNorm and InstanceNorm over a sequence: mean and variance of a group of channels
 * over all rows. The sums, whose length has no bound, are compensated ones (Kahan).
 */
#include "kernels.h"

enum { GROUPS, EPSILON, ATTRIBUTES };
enum { WEIGHT, BIAS, TENSORS };
enum { STATISTICS, ROLES };

static int check(const mlm_op_view *view) {
    const uint32_t width = view->op->width, groups = view->op->attributes[GROUPS];
    return view->widths[0] == width && groups >= 1 && width % groups == 0 &&
           mlm_is_epsilon(view->op, EPSILON) && mlm_has_optional_vector(view, WEIGHT, width) &&
           mlm_has_optional_vector(view, BIAS, width);
}

/* Mean and scale of each channel's group: found in the first step, used in all. */
static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    need[STATISTICS].floats = 2 * (uint64_t)mlm_padded(view->op->width);
    need[STATISTICS].is_state = 1;
}

/* Mean over rows and channels of x - centre, or of its square: Kahan's sum, in which nothing is lost where
 * it is not finite. */
static float mean_of(mlm_source x, uint32_t width, uint32_t rows, float centre, int squared) {
    const float elements = (float)rows * (float)width;
    float sum = 0.0f, lost = 0.0f;
    for (; rows > 0; rows--, x.data += x.stride)
        for (uint32_t c = 0; c < width; c++) {
            const float centred = x.data[c] - centre;
            const float term = (squared ? centred * centred : centred) - lost, after = sum + term;
            lost = f32_is_finite(f32_bits(after)) ? (after - sum) - term : 0.0f;
            sum = after;
        }
    return sum / elements;
}

static void find_statistics(const mlm_run *run, float *means, float *scales) {
    const uint32_t width = run->op->width / run->op->attributes[GROUPS];
    const float epsilon = mlm_float_attribute(run->op, EPSILON);
    for (uint32_t first = 0; first < run->op->width; first += width) {
        const mlm_source x = {run->inputs[0].data + first, run->inputs[0].stride};
        /* From the first element: a constant channel's mean is exact then, and nothing is left of it. */
        const float origin = *x.data;
        const float mean = origin + mean_of(x, width, run->in_total, origin, 0);
        const float variance = mean_of(x, width, run->in_total, mean, 1);
        for (uint32_t c = first; c < first + width; c++) {
            means[c] = mean;
            scales[c] = mlm_norm_scale(variance + epsilon);
        }
    }
}

static int run_sequence_norm(mlm_run *run) {
    const uint32_t width = run->op->width;
    const float *weight = mlm_weights(run, WEIGHT), *bias = mlm_weights(run, BIAS);
    float *means = mlm_buffer_at(run, STATISTICS), *scales = means + mlm_padded(width);
    if (run->first == 0) find_statistics(run, means, scales);
    for (uint32_t t = 0; t < run->rows; t++) {
        const float *x = run->inputs[0].data + (size_t)(run->first + t) * run->inputs[0].stride;
        float *y = run->output.data + (size_t)t * run->output.stride;
        for (uint32_t i = 0; i < width; i += V4_LANES) {
            const v4 centred = v4_sub(v4_load_row(x, i, width), v4_load(means + i));
            v4 z = v4_mul(centred, v4_load(scales + i));
            if (weight) z = v4_mul(z, v4_load(weight + i));
            if (bias) z = v4_add(z, v4_load(bias + i));
            v4_store(y + i, z);
        }
    }
    return 0;
}

void mlm_sequence_norm_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width;
    work->row.macs = width * (mlm_is_absent(view, WEIGHT) ? 2 : 3);
    work->row.bytes_read *= 3;
    mlm_count_state(work, 2 * width);
}

static const char *const roles[] = {"statistics"};

/* mlm-op 21 */
const mlm_op_class mlm_sequence_norm_class = {
    .name = "sequence_norm",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_WHOLE | MLM_OP_SEQUENCE,
    .variants = 1,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .run = run_sequence_norm,
};
