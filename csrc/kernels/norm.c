/*
 * norm.c - RMSNorm and LayerNorm. The sums over channels are scalar, in ascending order; only the
 * scaling of the elements is done four at a time.
 */
#include "../math/vec4.h"
#include "kernels.h"

/* What the elements of a row are seen from: their mean, or zero. */
typedef float (*centre_function)(const float *x, uint32_t width);

static float mean_of(const float *x, uint32_t width) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < width; i++) sum += x[i];
    return sum / (float)width;
}

static float zero_of(const float *x, uint32_t width) {
    (void)x, (void)width;
    return 0.0f;
}

static float mean_square(const float *x, float centre, uint32_t width) {
    float squares = 0.0f;
    for (uint32_t i = 0; i < width; i++) {
        const float centred = x[i] - centre;
        squares += centred * centred;
    }
    return squares / (float)width;
}

/* Infinity, but not NaN. */
MLM_INLINE int overflows(float x) { return f32_bits(x) == MLM_INFINITY_BITS; }

static void norm_row(const float *weight, const float *bias, float epsilon, uint32_t width,
                     centre_function centre_of, const float *x, float *y) {
    const float centre = centre_of(x, width);
    const float energy = mean_square(x, centre, width) + epsilon;
    /* As in PyTorch, where squares overflow. */
    const v4 scale = v4_splat(overflows(energy) ? 0.0f : f32_rsqrt(energy));
    const uint32_t padded = mlm_padded(width);
    for (uint32_t i = 0; i < padded; i += V4_LANES) {
        const v4 centred = v4_sub(v4_load_row(x, i, width), v4_splat(centre));
        const v4 scaled = v4_mul(v4_mul(centred, scale), v4_load(weight + i));
        v4_store(y + i, bias ? v4_add(scaled, v4_load(bias + i)) : scaled);
    }
}

void mlm_rms_norm(const float *weight, float epsilon, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride, y.data += y.stride)
        norm_row(weight, 0, epsilon, width, zero_of, x.data, y.data);
}

void mlm_layer_norm(const float *weight, const float *bias, float epsilon, uint32_t width,
                    mlm_source x, mlm_rows y, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride, y.data += y.stride)
        norm_row(weight, bias, epsilon, width, mean_of, x.data, y.data);
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { RMS, LAYER, VARIANTS };
enum { EPSILON, ATTRIBUTES };
enum { WEIGHT, BIAS, TENSORS };

static int check_norm(const mlm_op_view *view) {
    const uint32_t width = view->op->width;
    return view->widths[0] == width && mlm_is_epsilon(view->op, EPSILON) &&
           mlm_has_vector(view, WEIGHT, width) &&
           (view->op->variant == LAYER ? mlm_has_optional_vector(view, BIAS, width)
                                       : mlm_is_absent(view, BIAS));
}

static int run_norm(mlm_run *run) {
    const float epsilon = mlm_float_attribute(run->op, EPSILON);
    const float *weight = mlm_weights(run, WEIGHT);
    const uint32_t width = run->op->width;
    if (run->op->variant == RMS)
        mlm_rms_norm(weight, epsilon, width, run->inputs[0], run->output, run->rows);
    else
        mlm_layer_norm(weight, mlm_weights(run, BIAS), epsilon, width, run->inputs[0], run->output,
                       run->rows);
    return 0;
}

/* Square, scale, weight. */
void mlm_norm_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = 3 * (uint64_t)view->op->width;
}

/* mlm-op 7 */
const mlm_op_class mlm_norm_class = {
    .name = "norm",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = VARIANTS,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check_norm,
    .run = run_norm,
};
