/*
 * embedding.c - looks rows up in a table that is packed in panels, so that a language model's head
 * can share it.
 */
#include <stddef.h>

#include "kernels.h"

enum { PANEL = 8 };

void mlm_embedding(const float *weight, uint32_t width, const int32_t *tokens, mlm_rows y,
                   uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, y.data += y.stride) {
        const uint32_t token = (uint32_t)tokens[t];
        const float *row = weight + (size_t)(token / PANEL) * width * PANEL + token % PANEL;
        for (uint32_t i = 0; i < width; i++) y.data[i] = row[(size_t)i * PANEL];
        for (uint32_t i = width; i < mlm_padded(width); i++) y.data[i] = 0.0f;
    }
}
