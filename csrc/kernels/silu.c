/*
 * silu.c - SiLU, the gate that is made of it, and softplus, all in place. On SIMD targets and in
 * WebAssembly a block of groups goes through in phases with a small buffer between them: one group's chain
 * of operations is longer than what a processor looks ahead.
 */
#include "../math/math4.h"
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

enum { LANES = 4, BLOCK = 32 * LANES /* elements that go through the phases together */ };

/*
 * What goes from one phase to the next: e and s of e^-x, or what was made of s in its place, BLOCK
 * elements each, so that one address serves both.
 */
typedef float phase_buffers[2 * BLOCK] __attribute__((aligned(16)));

/* The exponentials in the range of SiLU, where s is. */
static void silu_exponentials(const float *x, uint32_t count, float *e) {
    for (const float *from = x, *end = x + count; from != end; from += LANES, e += LANES) {
        v4 exponent, s;
        v4_silu_reduce(v4_load(from), &exponent, &s);
        v4_store(e, exponent);
        v4_store(e + BLOCK, s);
    }
    e -= count;
    for (const float *end = e + count; e != end; e += LANES) {
        const v4 polynomial = v4_exp_minus_polynomial(v4_load(e + BLOCK));
        v4_store(e + BLOCK, v4_add_exponent(polynomial, v4_load(e)));
    }
}

static void silu_block(float *x, uint32_t count) {
    phase_buffers between;
    silu_exponentials(x, count, between);
    const float *exponential = between + BLOCK;
    for (const float *end = x + count; x != end; x += LANES, exponential += LANES)
        v4_store(x, v4_silu_divide(v4_load(x), v4_load(exponential)));
}

static void gate_block(float *x, const float *z, uint32_t count) {
    phase_buffers between;
    silu_exponentials(z, count, between);
    const float *exponential = between + BLOCK;
    for (const float *end = x + count; x != end; x += LANES, z += LANES, exponential += LANES)
        v4_store(x, v4_mul(v4_load(x), v4_silu_divide(v4_load(z), v4_load(exponential))));
}

static void softplus_block(float *x, uint32_t count) {
    phase_buffers between;
    float *e = between;
    for (const float *from = x, *end = x + count; from != end; from += LANES, e += LANES) {
        v4 exponent, s;
        v4_softplus_reduce(v4_load(from), &exponent, &s);
        v4_store(e, exponent);
        v4_store(e + BLOCK, s);
    }
    e = between;
    for (const float *end = e + count; e != end; e += LANES)
        v4_store(e, v4_softplus_divide(v4_load(e), v4_load(e + BLOCK)));
    const float *q = between;
    for (const float *end = x + count; x != end; x += LANES, q += LANES)
        v4_store(x, v4_softplus_sum(v4_load(x), v4_load(q)));
}

static uint32_t at_most_a_block(uint32_t count) { return count < BLOCK ? count : BLOCK; }

void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames) {
    const uint32_t count = groups * LANES;
    for (; frames > 0; frames--, x.data += x.stride)
        for (uint32_t i = 0; i < count; i += BLOCK)
            silu_block(x.data + i, at_most_a_block(count - i));
}

void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames) {
    uint32_t count = groups * LANES;
    if (x.stride == count) { /* nothing between the rows: one long row fills the blocks */
        count *= frames;
        frames = 1;
    }
    for (; frames > 0; frames--, x.data += x.stride)
        for (uint32_t i = 0; i < count; i += BLOCK)
            softplus_block(x.data + i, at_most_a_block(count - i));
}

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    const uint32_t count = groups * LANES;
    for (; frames > 0; frames--, x.data += x.stride, z.data += z.stride)
        for (uint32_t i = 0; i < count; i += BLOCK)
            gate_block(x.data + i, z.data + i, at_most_a_block(count - i));
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
