/*
 * math_units.c - the inline functions of core/f32.h and core/math4.h as ordinary ones over arrays.
 * Compiled twice, with MATH_UNIT(name) giving vector_name, or with SCALAR_UNITS and MLM_NO_SIMD
 * scalar_name, so that one program compares both bodies of vec4.h. Knows nothing of what is right.
 */
#include "math_units.h"

#include "core/math4.h"

#define EACH_4(name, function)                                                           \
    void MATH_UNIT(name)(const float *x, float *y, size_t count) {                       \
        for (size_t i = 0; i < count; i += 4) v4_store(y + i, function(v4_load(x + i))); \
    }

EACH_4(exp2_negative, v4_exp2_negative)
EACH_4(exp_minus, v4_exp_minus)
EACH_4(silu, v4_silu)
EACH_4(softplus, v4_softplus)
EACH_4(gelu, v4_gelu)

#define EACH_1(name, function)                                     \
    void MATH_UNIT(name)(const float *x, float *y, size_t count) { \
        for (size_t i = 0; i < count; i++) y[i] = function(x[i]);  \
    }

EACH_1(rsqrt, f32_rsqrt)
EACH_1(log, f32_log)
