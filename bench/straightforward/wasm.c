/*
 * wasm.c - the straightforward port for JavaScript, which writes sizes, weights, input and memory
 * above __heap_base and passes their addresses.
 */
#include "straightforward.h"

#define EXPORT(name) __attribute__((export_name(#name)))

EXPORT(memory_floats) long memory_floats(const sf_sizes *sizes, int frames) {
    return sf_memory_floats(sizes, frames);
}

EXPORT(run)
void run(const sf_sizes *sizes, const sf_weights *weights, const float *input, int frames,
         float *memory, float *logits) {
    sf_run(sizes, weights, input, frames, memory, logits);
}
