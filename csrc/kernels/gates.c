/*
 * gates.c - the element-wise functions inside a Mamba block: SiLU, softplus, and the gate. On SIMD
 * targets and in WebAssembly a block of groups goes through in phases with a small buffer between
 * them: one group's chain of operations is longer than what a processor looks ahead.
 */
#include "../core/math4.h"
#include "cortex_m7.h"
#include "kernels.h"

#if MLM_CORTEX_M7

void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++) m7_silu(x.data + t * x.stride, groups);
}

void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++) m7_softplus(x.data + t * x.stride, groups);
}

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++)
        m7_gate(x.data + t * x.stride, z.data + t * z.stride, groups);
}

#elif MLM_SIMD || defined(__wasm__)

enum { BLOCK = 32 /* groups in a block of phases */, LANES = 4 };

/* What goes from one phase to the next: e and s of e^-x, or what was made of them. */
typedef struct phase_buffers {
    float e[BLOCK * LANES] __attribute__((aligned(16)));
    float s[BLOCK * LANES] __attribute__((aligned(16)));
} phase_buffers;

#define EACH_GROUP(i, groups) for (uint32_t i = 0; i < (groups)*LANES; i += LANES)

/* buffer.s = e^-x in the range of SiLU */
static void silu_exponentials(const float *x, uint32_t groups, phase_buffers *buffer) {
    EACH_GROUP(i, groups) {
        v4 e, s;
        v4_silu_reduce(v4_load(x + i), &e, &s);
        v4_store(buffer->e + i, e);
        v4_store(buffer->s + i, s);
    }
    EACH_GROUP(i, groups)
    v4_store(buffer->s + i, v4_add_exponent(v4_exp_minus_polynomial(v4_load(buffer->s + i)),
                                            v4_load(buffer->e + i)));
}

static void silu_block(float *x, uint32_t groups) {
    phase_buffers buffer;
    silu_exponentials(x, groups, &buffer);
    EACH_GROUP(i, groups)
    v4_store(x + i, v4_silu_divide(v4_load(x + i), v4_load(buffer.s + i)));
}

static void gate_block(float *x, const float *z, uint32_t groups) {
    phase_buffers buffer;
    silu_exponentials(z, groups, &buffer);
    EACH_GROUP(i, groups)
    v4_store(x + i, v4_mul(v4_load(x + i), v4_silu_divide(v4_load(z + i), v4_load(buffer.s + i))));
}

static void softplus_block(float *x, uint32_t groups) {
    phase_buffers buffer;
    EACH_GROUP(i, groups) {
        v4 e, s;
        v4_softplus_reduce(v4_load(x + i), &e, &s);
        v4_store(buffer.e + i, e);
        v4_store(buffer.s + i, s);
    }
    EACH_GROUP(i, groups)
    v4_store(buffer.s + i, v4_softplus_divide(v4_load(buffer.e + i), v4_load(buffer.s + i)));
    EACH_GROUP(i, groups)
    v4_store(x + i, v4_softplus_sum(v4_load(x + i), v4_load(buffer.s + i)));
}

void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride)
        for (uint32_t g = 0; g < groups; g += BLOCK)
            silu_block(x.data + g * LANES, groups - g < BLOCK ? groups - g : BLOCK);
}

void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames) {
    if (x.stride == groups * LANES) { /* nothing between the rows: one long row fills the blocks */
        groups *= frames;
        frames = 1;
    }
    for (; frames > 0; frames--, x.data += x.stride)
        for (uint32_t g = 0; g < groups; g += BLOCK)
            softplus_block(x.data + g * LANES, groups - g < BLOCK ? groups - g : BLOCK);
}

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride, z.data += z.stride)
        for (uint32_t g = 0; g < groups; g += BLOCK)
            gate_block(x.data + g * LANES, z.data + g * LANES,
                       groups - g < BLOCK ? groups - g : BLOCK);
}

#else

#define IN_PLACE(name, function)                                             \
    void name(mlm_rows x, uint32_t groups, uint32_t frames) {                \
        for (uint32_t t = 0; t < frames; t++, x.data += x.stride)            \
            for (uint32_t g = 0; g < groups; g++)                            \
                v4_store(x.data + 4 * g, function(v4_load(x.data + 4 * g))); \
    }

IN_PLACE(mlm_silu, v4_silu)
IN_PLACE(mlm_softplus, v4_softplus)

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride, z.data += z.stride)
        for (uint32_t g = 0; g < groups; g++)
            v4_store(x.data + 4 * g,
                     v4_mul(v4_load(x.data + 4 * g), v4_silu(v4_load(z.data + 4 * g))));
}

#endif
