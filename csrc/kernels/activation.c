/*
 * activation.c - element-wise functions of one input.
 */
#include "../math/math4.h"
#include "kernels.h"

/* Variants of this op alone, behind those that gates have, too. */
enum { HARD_SWISH = MLM_ACTIVATIONS, VARIANTS };

static v4 leaky_relu(v4 x, v4 slope) { return v4_where_negative(x, v4_mul(x, slope), x); }

/* x relu6(x + 3) / 6 (Howard et al., arXiv 1905.02244, section 5.2), as torch.nn.Hardswish. */
static v4 hard_swish(v4 x) { return v4_mul(x, v4_hard_sigmoid(x)); }

MLM_INLINE v4 activate(uint32_t activation, v4 parameter, v4 x) {
    switch (activation) {
        case HARD_SWISH: return hard_swish(x);
        case MLM_ACTIVATION_RELU: return v4_pmax(x, v4_zero());
        case MLM_ACTIVATION_GELU: return v4_gelu(x);
        case MLM_ACTIVATION_GELU_TANH: return v4_gelu_tanh(x);
        case MLM_ACTIVATION_SIGMOID: return v4_sigmoid(x);
        case MLM_ACTIVATION_TANH: return v4_tanh(x);
        case MLM_ACTIVATION_LEAKY_RELU: return leaky_relu(x, parameter);
        case MLM_ACTIVATION_ELU: return v4_elu(x, parameter);
        case MLM_ACTIVATION_HARD_SIGMOID: return v4_hard_sigmoid(x);
        default: return v4_relu6(x);
    }
}

void mlm_activate(mlm_activation activation, float parameter, uint32_t width, mlm_source x,
                  mlm_rows y, uint32_t frames) {
    const v4 p = v4_splat(parameter);
    const uint32_t groups = (width + 3) / 4;
    if (activation == MLM_ACTIVATION_SILU || activation == MLM_ACTIVATION_SOFTPLUS) {
        mlm_copy_rows(x, y, width, frames);
        (activation == MLM_ACTIVATION_SILU ? mlm_silu : mlm_softplus)(y, groups, frames);
        return;
    }
    for (; frames > 0; frames--, x.data += x.stride, y.data += y.stride)
        for (uint32_t i = 0; i < width; i += V4_LANES)
            v4_store(y.data + i, activate(activation, p, v4_load_row(x.data, i, width)));
}

uint32_t mlm_activation_exps(mlm_activation activation) {
    static const uint8_t exps[MLM_ACTIVATIONS] = {
        [MLM_ACTIVATION_SILU] = 1,    [MLM_ACTIVATION_GELU] = 2, [MLM_ACTIVATION_GELU_TANH] = 1,
        [MLM_ACTIVATION_SIGMOID] = 1, [MLM_ACTIVATION_TANH] = 1, [MLM_ACTIVATION_SOFTPLUS] = 2,
        [MLM_ACTIVATION_ELU] = 1};
    return exps[activation];
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { PARAMETER, ATTRIBUTES };

static int has_parameter(uint32_t activation) {
    return activation == MLM_ACTIVATION_LEAKY_RELU || activation == MLM_ACTIVATION_ELU;
}

static int check(const mlm_op_view *view) {
    const uint32_t parameter = view->op->attributes[PARAMETER];
    return view->widths[0] == view->op->width &&
           (has_parameter(view->op->variant) ? f32_is_finite(parameter) : parameter == 0);
}

static int run_activation(mlm_run *run) {
    mlm_activate((mlm_activation)run->op->variant, mlm_float_attribute(run->op, PARAMETER),
                 run->op->width, run->inputs[0], run->output, run->rows);
    return 0;
}

void mlm_activation_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint32_t variant = view->op->variant;
    if (variant != HARD_SWISH)
        work->row.exps = view->op->width * (uint64_t)mlm_activation_exps((mlm_activation)variant);
}

/* mlm-op 5 */
const mlm_op_class mlm_activation_class = {
    .name = "activation",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = VARIANTS,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check,
    .run = run_activation,
};
