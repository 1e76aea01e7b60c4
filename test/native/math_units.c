/*
 * math_units.c - the inline functions of math/f32.h and math/math4.h as ordinary ones over arrays.
 * Compiled twice, with MATH_UNIT(name) giving vector_name, or with SCALAR_UNITS and MLM_NO_SIMD
 * scalar_name, so that one program compares both bodies of vec4.h. Knows nothing of what is right.
 */
#include "math_units.h"

#include "math/math4.h"

#define EACH_4(name, function)                                                           \
    void MATH_UNIT(name)(const float *x, float *y, size_t count) {                       \
        for (size_t i = 0; i < count; i += 4) v4_store(y + i, function(v4_load(x + i))); \
    }

EACH_4(exp2_negative, v4_exp2_negative)
EACH_4(exp_minus, v4_exp_minus)
EACH_4(silu, v4_silu)
EACH_4(softplus, v4_softplus)
EACH_4(gelu, v4_gelu)
EACH_4(expm1_minus, v4_expm1_minus)
EACH_4(sigmoid, v4_sigmoid)
EACH_4(tanh, v4_tanh)
EACH_4(gelu_tanh, v4_gelu_tanh)
EACH_4(hard_sigmoid, v4_hard_sigmoid)

MLM_INLINE v4 elu_of_alpha_1(v4 x) { return v4_elu(x, v4_splat(1.0f)); }
EACH_4(elu, elu_of_alpha_1)

#define EACH_1(name, function)                                     \
    void MATH_UNIT(name)(const float *x, float *y, size_t count) { \
        for (size_t i = 0; i < count; i++) y[i] = function(x[i]);  \
    }

EACH_1(sqrt, f32_sqrt)
EACH_1(rsqrt, f32_rsqrt)
EACH_1(log, f32_log)
