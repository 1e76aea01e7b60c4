/*
 * norm.c - RMSNorm and LayerNorm. The sums over channels are scalar, in ascending order; only the
 * scaling of the elements is done four at a time.
 */
#include "../core/vec4.h"
#include "kernels.h"

void mlm_rms_norm(const float *weight, float epsilon, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames) {
    const uint32_t padded = mlm_padded(width);
    for (uint32_t t = 0; t < frames; t++) {
        float squares = 0.0f;
        for (uint32_t i = 0; i < width; i++) squares += x.data[i] * x.data[i];
        const v4 scale = v4_splat(f32_rsqrt(squares / (float)width + epsilon));
        for (uint32_t i = 0; i < padded; i += 4)
            v4_store(y.data + i,
                     v4_mul(v4_mul(v4_load_row(x.data, i, width), scale), v4_load(weight + i)));
        x.data += x.stride;
        y.data += y.stride;
    }
}

void mlm_layer_norm(const float *weight, const float *bias, float epsilon, uint32_t width,
                    mlm_source x, mlm_rows y, uint32_t frames) {
    const uint32_t padded = mlm_padded(width);
    for (uint32_t t = 0; t < frames; t++) {
        float sum = 0.0f, squares = 0.0f;
        for (uint32_t i = 0; i < width; i++) sum += x.data[i];
        const float mean = sum / (float)width;
        for (uint32_t i = 0; i < width; i++) {
            const float centred = x.data[i] - mean;
            squares += centred * centred;
        }
        const v4 scale = v4_splat(f32_rsqrt(squares / (float)width + epsilon));
        for (uint32_t i = 0; i < padded; i += 4) {
            const v4 centred = v4_sub(v4_load_row(x.data, i, width), v4_splat(mean));
            const v4 scaled = v4_mul(v4_mul(centred, scale), v4_load(weight + i));
            v4_store(y.data + i, bias ? v4_add(scaled, v4_load(bias + i)) : scaled);
        }
        x.data += x.stride;
        y.data += y.stride;
    }
}
