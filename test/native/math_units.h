/*
 * math_units.h - see math_units.c. Counts are multiples of 4.
 */
#ifndef MATH_UNITS_H
#define MATH_UNITS_H

#include <stddef.h>

typedef void math_unit(const float *x, float *y, size_t count);

math_unit vector_exp2_negative, vector_exp_minus, vector_silu, vector_softplus, vector_gelu,
    vector_expm1_minus, vector_sigmoid, vector_tanh, vector_elu, vector_gelu_tanh,
    vector_hard_sigmoid, vector_sqrt, vector_rsqrt, vector_log;
math_unit scalar_exp2_negative, scalar_exp_minus, scalar_silu, scalar_softplus, scalar_gelu,
    scalar_expm1_minus, scalar_sigmoid, scalar_tanh, scalar_elu, scalar_gelu_tanh,
    scalar_hard_sigmoid, scalar_sqrt, scalar_rsqrt, scalar_log;

#ifdef SCALAR_UNITS
#define MATH_UNIT(name) scalar_##name
#else
#define MATH_UNIT(name) vector_##name
#endif

#endif
