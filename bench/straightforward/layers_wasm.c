/*
 * layers_wasm.c - the straightforward layers for JavaScript, which writes sizes, weights, input and memory above
 * __heap_base and passes their addresses.
 */
#include "layers.h"

#define LAYER(name)                                                                              \
    __attribute__((export_name(#name "_memory"))) long name##_memory(const int *sizes,           \
                                                                     int frames) {               \
        return sf_##name##_memory(sizes, frames);                                                \
    }                                                                                            \
    __attribute__((export_name(#name))) void name(const int *sizes, const float *const *weights, \
                                                  const float *input, int frames, float *memory, \
                                                  float *logits) {                               \
        sf_##name(sizes, weights, input, frames, memory, logits);                                \
    }

LAYER(mamba2)
LAYER(gru)
