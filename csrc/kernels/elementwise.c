/*
 * elementwise.c - ops that treat every element alone: addition, scaling and activations.
 */
#include "../core/math4.h"
#include "kernels.h"

v4 v4_load_some(const float *p, uint32_t count) {
    float part[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (uint32_t lane = 0; lane < count; lane++) part[lane] = p[lane];
    return v4_load(part);
}

void mlm_add(uint32_t width, mlm_source x, mlm_source y, mlm_rows sum, uint32_t frames) {
    const uint32_t padded = mlm_padded(width);
    for (uint32_t t = 0; t < frames; t++) {
        for (uint32_t i = 0; i < padded; i += 4)
            v4_store(sum.data + i,
                     v4_add(v4_load_row(x.data, i, width), v4_load_row(y.data, i, width)));
        x.data += x.stride;
        y.data += y.stride;
        sum.data += sum.stride;
    }
}

void mlm_affine(const float *scale, const float *shift, uint32_t width, mlm_source x, mlm_rows y,
                uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride, y.data += y.stride)
        for (uint32_t i = 0; i < mlm_padded(width); i += 4)
            v4_store(y.data + i, v4_add(v4_mul(v4_load_row(x.data, i, width), v4_load(scale + i)),
                                        v4_load(shift + i)));
}

static v4 relu_or_gelu(mlm_activation activation, v4 x) {
    return activation == MLM_ACTIVATION_GELU ? v4_gelu(x) : v4_pmax(x, v4_zero());
}

void mlm_activate(mlm_activation activation, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames) {
    const uint32_t padded = mlm_padded(width);
    const mlm_rows all = y;
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride, y.data += y.stride)
        for (uint32_t i = 0; i < padded; i += 4) {
            const v4 row = v4_load_row(x.data, i, width);
            v4_store(y.data + i,
                     activation == MLM_ACTIVATION_SILU ? row : relu_or_gelu(activation, row));
        }
    if (activation == MLM_ACTIVATION_SILU) mlm_silu(all, padded / 4, frames);
}
