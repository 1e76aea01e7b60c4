/*
 * loops.h - what the straightforward ports share: elementary functions from the C library and a matrix product.
 */
#ifndef STRAIGHTFORWARD_LOOPS_H
#define STRAIGHTFORWARD_LOOPS_H

#include <math.h>

static float silu(float x) { return x / (1.0f + expf(-x)); }

static float softplus(float x) { return x > 20.0f ? x : log1pf(expf(x)); }

/* y (rows, outputs) = x (rows, inputs) * weight (outputs, inputs) transposed + bias (outputs).
 * Only the first `inputs` of `x_stride` elements of a row of x are read. */
static void linear(const float *x, int x_stride, const float *weight, const float *bias, float *y,
                   int rows, int inputs, int outputs) {
    for (int t = 0; t < rows; t++) {
        for (int o = 0; o < outputs; o++) {
            float sum = bias ? bias[o] : 0.0f;
            for (int i = 0; i < inputs; i++) sum += weight[o * inputs + i] * x[t * x_stride + i];
            y[t * outputs + o] = sum;
        }
    }
}

#endif
