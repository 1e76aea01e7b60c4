/*
 * rows.c - moves rows of activations, whole or as far as they go.
 */
#include "../math/vec4.h"
#include "kernels.h"

v4 v4_load_some(const float *p, uint32_t count) {
    float part[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (uint32_t lane = 0; lane < count; lane++) part[lane] = p[lane];
    return v4_load(part);
}

void mlm_copy_rows(mlm_source x, mlm_rows y, uint32_t width, uint32_t frames) {
    const uint32_t first = x.data == y.data ? width / 4 * 4 : 0;
    if (first == width) return;
    for (; frames > 0; frames--, x.data += x.stride, y.data += y.stride)
        for (uint32_t i = first; i < width; i += 4)
            v4_store(y.data + i, v4_load_row(x.data, i, width));
}
