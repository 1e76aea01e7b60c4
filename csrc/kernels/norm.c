/*
 * norm.c - RMSNorm and LayerNorm. The sums over channels are scalar, in ascending order; only the
 * scaling of the elements is done four at a time.
 */
#include "../core/vec4.h"
#include "kernels.h"

/* What the elements of a row are seen from. */
typedef enum centre { FROM_ZERO, FROM_MEAN } centre;

MLM_INLINE float mean_of(const float *x, uint32_t width) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < width; i++) sum += x[i];
    return sum / (float)width;
}

MLM_INLINE float mean_square(const float *x, float from, uint32_t width) {
    float squares = 0.0f;
    for (uint32_t i = 0; i < width; i++) {
        const float distance = x[i] - from;
        squares += distance * distance;
    }
    return squares / (float)width;
}

/* Infinity, but not NaN. */
MLM_INLINE int overflows(float x) { return f32_bits(x) == MLM_INFINITY_BITS; }

MLM_INLINE void norm_row(const float *weight, const float *bias, float epsilon, uint32_t width,
                         centre seen_from, const float *x, float *y) {
    const float from = seen_from == FROM_MEAN ? mean_of(x, width) : 0.0f;
    const float energy = mean_square(x, from, width) + epsilon;
    /* As in PyTorch, where squares overflow. */
    const v4 scale = v4_splat(overflows(energy) ? 0.0f : f32_rsqrt(energy));
    const uint32_t padded = mlm_padded(width);
    for (uint32_t i = 0; i < padded; i += 4) {
        const v4 distance = v4_sub(v4_load_row(x, i, width), v4_splat(from));
        const v4 weighted = v4_mul(v4_mul(distance, scale), v4_load(weight + i));
        v4_store(y + i, bias ? v4_add(weighted, v4_load(bias + i)) : weighted);
    }
}

static void norm_rows(const float *weight, const float *bias, float epsilon, uint32_t width,
                      centre seen_from, mlm_source x, mlm_rows y, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride, y.data += y.stride)
        norm_row(weight, bias, epsilon, width, seen_from, x.data, y.data);
}

void mlm_rms_norm(const float *weight, float epsilon, uint32_t width, mlm_source x, mlm_rows y,
                  uint32_t frames) {
    norm_rows(weight, 0, epsilon, width, FROM_ZERO, x, y, frames);
}

void mlm_layer_norm(const float *weight, const float *bias, float epsilon, uint32_t width,
                    mlm_source x, mlm_rows y, uint32_t frames) {
    norm_rows(weight, bias, epsilon, width, FROM_MEAN, x, y, frames);
}
