/*
 * element_loops.c - specifications of ops that treat each row alone and have no matrix.
 */
#include "loops.h"

float activation_of(uint32_t variant, float parameter, float x) {
    switch (variant) {
        case 0: return silu_of(x);
        case 1: return relu_of(x);
        case 2: return gelu_of(x);
        case 3: return gelu_tanh_of(x);
        case 4: return sigmoid_of(x);
        case 5: return tanh_of(x);
        case 6: return softplus_of(x);
        case 7: return x < 0.0f ? x * parameter : x;
        case 8: return x < 0.0f ? parameter * expm1_minus_of(-x) : x;
        case 9: return relu6_of(x + 3.0f) / 6.0f;
        case 10: return relu6_of(x);
        default: return x * (relu6_of(x + 3.0f) / 6.0f);
    }
}

static int make_rows_alone(kernel_case *c) {
    case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static int make_affine(kernel_case *c) {
    case_vector(c, 0, c->size);
    case_vector(c, 1, c->size);
    return make_rows_alone(c);
}

static void affine(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, t, i) * c->w[0][i] + c->w[1][i];
}

static int make_activation(kernel_case *c) {
    if (c->op.variant == 7 || c->op.variant == 8)
        case_float_attribute(c, 0, rng_signed(&c->random));
    return make_rows_alone(c);
}

static void activation(const kernel_case *c, float *y) {
    const float parameter = f32_from_bits(c->op.attributes[0]);
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++)
            *y++ = activation_of(c->op.variant, parameter, at(c, 0, t, i));
}

static int make_arithmetic(kernel_case *c) {
    const uint32_t which = case_below(c, 4); /* one of them is a vector, or none */
    for (uint32_t i = 0; i < 2; i++)
        if (which == i)
            case_vector_input(c, c->size);
        else
            case_input(c, c->size, c->length);
    c->op.width = c->size;
    c->out_rows = c->length;
    return 1;
}

static float combined(uint32_t variant, float a, float b) {
    switch (variant) {
        case 0: return a + b;
        case 1: return a - b;
        case 2: return a * b;
        case 3: return a / b;
        case 4: return larger(a, b);
        default: return smaller(a, b);
    }
}

static void arithmetic(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++)
            *y++ = combined(c->op.variant, at(c, 0, t, i), at(c, 1, t, i));
}

static int make_norm(kernel_case *c) {
    case_float_attribute(c, 0, 1e-5f);
    case_vector(c, 0, c->size);
    if (c->op.variant == 1) case_maybe_vector(c, 1, c->size);
    return make_rows_alone(c);
}

static void norm_row(const kernel_case *c, const float *x, float *y) {
    const uint32_t width = c->op.width;
    float mean = 0.0f, squares = 0.0f;
    if (c->op.variant == 1) {
        for (uint32_t i = 0; i < width; i++) mean += x[i];
        mean /= (float)width;
    }
    for (uint32_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
    const float scale = norm_scale(squares / (float)width + f32_from_bits(c->op.attributes[0]));
    for (uint32_t i = 0; i < width; i++) {
        y[i] = (x[i] - mean) * scale * c->w[0][i];
        if (has_tensor(c, 1)) y[i] += c->w[1][i];
    }
}

static void norm(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        norm_row(c, c->x[0] + t * c->op.width, y + t * c->op.width);
}

static void softmax(const kernel_case *c, float *y) {
    const uint32_t width = c->op.width;
    for (uint32_t t = 0; t < c->out_rows; t++, y += width) {
        const float *x = c->x[0] + t * width;
        float largest = x[0], sum = 0.0f;
        for (uint32_t i = 1; i < width; i++) largest = larger(largest, x[i]);
        for (uint32_t i = 0; i < width; i++) sum += exp_minus_of(largest - x[i]);
        for (uint32_t i = 0; i < width; i++)
            y[i] = c->op.variant == 0 ? exp_minus_of(largest - x[i]) / sum
                                      : (x[i] - largest) - f32_log(sum);
    }
}

static int make_concat(kernel_case *c) {
    const uint32_t inputs = 1 + case_below(c, MLM_MAX_INPUTS);
    c->op.width = 0;
    for (uint32_t i = 0; i < inputs; i++) {
        const uint32_t width = i == 0 ? c->size : 1 + case_below(c, 9);
        if (i > 0 && rng_once_in(&c->random, 3))
            case_vector_input(c, width);
        else
            case_input(c, width, c->length);
        c->op.width += width;
    }
    c->out_rows = c->length;
    return 1;
}

static void concat(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->inputs; i++)
            for (uint32_t n = 0; n < c->widths[i]; n++) *y++ = at(c, i, t, n);
}

static int make_slice(kernel_case *c) {
    make_rows_alone(c);
    c->op.attributes[0] = case_below(c, c->size);
    c->op.width = 1 + case_below(c, c->size - c->op.attributes[0]);
    return 1;
}

static void slice(const kernel_case *c, float *y) {
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t i = 0; i < c->op.width; i++) *y++ = at(c, 0, t, c->op.attributes[0] + i);
}

static int make_ssm_norm(kernel_case *c) {
    const uint32_t rank = 1 + case_below(c, c->size), states = c->size;
    c->op.attributes[0] = rank;
    c->op.attributes[1] = states;
    case_float_attribute(c, 2, 1e-6f);
    case_maybe_vector(c, 0, rank);
    case_maybe_vector(c, 1, states);
    case_maybe_vector(c, 2, states);
    case_input(c, rank + 2 * states, c->length);
    c->op.width = rank + 2 * states;
    c->out_rows = c->length;
    return 1;
}

static void ssm_norm_part(const kernel_case *c, uint32_t tensor, uint32_t count, uint32_t step,
                          const float *x, float *y) {
    float squares = 0.0f;
    for (uint32_t i = 0; i < count; i++) squares += x[i * step] * x[i * step];
    const float scale = norm_scale(squares / (float)count + f32_from_bits(c->op.attributes[2]));
    for (uint32_t i = 0; i < count; i++) {
        y[i * step] = x[i * step] * scale;
        if (has_tensor(c, tensor)) y[i * step] *= c->w[tensor][i];
    }
}

static void ssm_norm(const kernel_case *c, float *y) {
    const uint32_t rank = c->op.attributes[0], states = c->op.attributes[1];
    for (uint32_t t = 0; t < c->out_rows; t++, y += c->op.width) {
        const float *x = c->x[0] + t * c->op.width;
        ssm_norm_part(c, 0, rank, 1, x, y);
        ssm_norm_part(c, 1, states, 2, x + rank, y + rank);
        ssm_norm_part(c, 2, states, 2, x + rank + 1, y + rank + 1);
    }
}

static int make_grouped_norm(kernel_case *c) {
    c->op.attributes[0] = 1 + case_below(c, 4);
    case_float_attribute(c, 1, 1e-6f);
    c->op.width = c->op.attributes[0] * c->size;
    case_vector(c, 0, c->op.width);
    case_input(c, c->op.width, c->length);
    c->out_rows = c->length;
    return 1;
}

static void grouped_norm(const kernel_case *c, float *y) {
    const uint32_t each = c->op.width / c->op.attributes[0];
    for (uint32_t t = 0; t < c->out_rows; t++)
        for (uint32_t first = 0; first < c->op.width; first += each) {
            float squares = 0.0f;
            for (uint32_t i = first; i < first + each; i++)
                squares += at(c, 0, t, i) * at(c, 0, t, i);
            const float epsilon = f32_from_bits(c->op.attributes[1]);
            const float scale = norm_scale(squares / (float)each + epsilon);
            for (uint32_t i = first; i < first + each; i++)
                *y++ = at(c, 0, t, i) * scale * c->w[0][i];
        }
}

const kernel_spec element_specs[] = {
    {4, make_affine, affine, 0},
    {5, make_activation, activation, 0},
    {6, make_arithmetic, arithmetic, 0},
    {7, make_norm, norm, 0},
    {8, make_rows_alone, softmax, 0},
    {9, make_concat, concat, 0},
    {10, make_slice, slice, 0},
    {27, make_ssm_norm, ssm_norm, 0},
    {72, make_grouped_norm, grouped_norm, 0},
    {0, 0, 0, 0},
};
