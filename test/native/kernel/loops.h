/*
 * loops.h - what the plain loops of the kernel test share: elements of a case, and elementary functions of
 * one float, whose errors math_test knows.
 */
#ifndef KERNEL_LOOPS_H
#define KERNEL_LOOPS_H

#include "case.h"
#include "math/math4.h"

/* Element `channel` of row `t` of input `i`. */
static inline float at(const kernel_case *c, uint32_t i, uint32_t t, uint32_t channel) {
    return c->x[i][(c->is_vector[i] ? 0 : t) * c->widths[i] + channel];
}

/* Element of an optional vector. */
static inline float bias_at(const kernel_case *c, uint32_t t, uint32_t i) {
    return c->op.tensors[t] == MLM_NO_TENSOR ? 0.0f : c->w[t][i];
}

/* A sum of products with a row of matrix `t` begins with `start`, and ends: that of i8 gets its scale first. */
static inline float sum_before(const kernel_case *c, uint32_t t, float start) {
    return c->scales[t] ? 0.0f : start;
}
static inline float sum_behind(const kernel_case *c, uint32_t t, uint32_t row, float sum,
                               float start) {
    return c->scales[t] ? sum * c->scales[t][row] + start : sum;
}

static inline int has_tensor(const kernel_case *c, uint32_t t) {
    return c->op.tensors[t] != MLM_NO_TENSOR;
}

static inline float first_lane(v4 x) {
    float lanes[4];
    v4_store(lanes, x);
    return lanes[0];
}

#define ONE_FLOAT(name, function) \
    static inline float name(float x) { return first_lane(function(v4_splat(x))); }

ONE_FLOAT(exp2_of, v4_exp2_negative)
ONE_FLOAT(exp_minus_of, v4_exp_minus_or_nan)
ONE_FLOAT(expm1_minus_of, v4_expm1_minus)
ONE_FLOAT(silu_of, v4_silu)
ONE_FLOAT(softplus_of, v4_softplus)
ONE_FLOAT(gelu_of, v4_gelu)
ONE_FLOAT(gelu_tanh_of, v4_gelu_tanh)
ONE_FLOAT(sigmoid_of, v4_sigmoid)
ONE_FLOAT(tanh_of, v4_tanh)

/* condition ? then : otherwise, out of sight of compilers that make a maximum of x < y ? y : x, which has
 * another zero where one is -0 (see vec4.h). */
float either(int condition, float then, float otherwise);

static inline float larger(float a, float b) { return either(b != b || a < b, b, a); }
static inline float smaller(float a, float b) { return either(b != b || b < a, b, a); }
static inline float relu_of(float x) { return either(x < 0.0f, 0.0f, x); }
static inline float relu6_of(float x) { return smaller(relu_of(x), 6.0f); }

/* The activations of op 5, by variant. */
float activation_of(uint32_t variant, float parameter, float x);

/* 1 / sqrt(variance + epsilon); 0 where that is infinite. */
static inline float norm_scale(float energy) {
    return energy == f32_from_bits(0x7F800000u) ? 0.0f : f32_rsqrt(energy);
}

/* Kahan's sum; where it is not finite nothing is lost. */
typedef struct compensated {
    float sum, lost;
} compensated;

static inline void add_to(compensated *s, float x) {
    const float term = x - s->lost, after = s->sum + term;
    const float finite_is_zero = after * 0.0f;
    s->lost = finite_is_zero != finite_is_zero ? 0.0f : (after - s->sum) - term;
    s->sum = after;
}

#endif
