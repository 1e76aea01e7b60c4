/*
 * silu.c - SiLU, the gate that is made of it, and softplus, all in place. On SIMD targets a block of groups
 * goes through in phases with a small buffer between them: one group's chain of operations is longer than
 * what a processor looks ahead. Elsewhere group by group, its four lanes side by side.
 */
#include "../math/powers.h"
#include "cortex_m7.h"
#include "dual_issue_silu.h"
#include "dual_issue_softplus.h"
#include "kernels.h"

#if MLM_DUAL_ISSUE

enum { LANES = 4 };

/* Of at least one group. One that is out of range ends a series of others: next to none is. */
static void silu_row(float *x, uint32_t groups) {
    while ((groups = dual_issue_silu(&x, groups)) > 0) {
        mlm_silu_clamping(x, x);
        x += LANES;
        if (--groups == 0) return;
    }
}

static void softplus_row(float *x, uint32_t groups) {
    while ((groups = dual_issue_softplus(&x, groups)) > 0) {
        mlm_softplus_clamping(x);
        x += LANES;
        if (--groups == 0) return;
    }
}

static MLM_COLD void gate_clamping(float *x, const float *z) {
    float by[LANES];
    mlm_silu_clamping(z, by);
    for (uint32_t i = 0; i < LANES; i++) x[i] *= by[i];
}

static void gate_row(float *x, const float *z, uint32_t groups) {
    while ((groups = dual_issue_gate(&x, &z, groups)) > 0) {
        gate_clamping(x, z);
        x += LANES;
        z += LANES;
        if (--groups == 0) return;
    }
}

void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride) silu_row(x.data, groups);
}

void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride) softplus_row(x.data, groups);
}

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride, z.data += z.stride)
        gate_row(x.data, z.data, groups);
}

#elif MLM_CORTEX_M7

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

#elif MLM_SIMD

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

enum { LANES = 4 };

/*
 * Next to no group needs the clamps. Those that do are out of the inner loops: with a call in it, none would
 * keep its constants in registers.
 */
static MLM_COLD void gate_clamping(float *x, const float *z) {
    float by[LANES];
    mlm_silu_clamping(z, by);
    v4_store(x, v4_mul(v4_load(x), v4_load(by)));
}

static MLM_IN_ORDER void silu_row(float *x, const float *end) {
    for (; x != end; x += LANES) {
        for (; x != end; x += LANES) {
            const v4 now = v4_load(x);
            if (!v4_power_in_range(now)) break;
            v4_store(x, v4_silu_in_range(now));
        }
        if (x == end) return;
        mlm_silu_clamping(x, x);
    }
}

static MLM_IN_ORDER void softplus_row(float *x, const float *end) {
    for (; x != end; x += LANES) {
        for (; x != end; x += LANES) {
            const v4 now = v4_load(x);
            if (!v4_power_in_range(now)) break;
            v4_store(x, v4_softplus_in_range(now));
        }
        if (x == end) return;
        mlm_softplus_clamping(x);
    }
}

static MLM_IN_ORDER void gate_row(float *x, const float *z, const float *end) {
    for (; x != end; x += LANES, z += LANES) {
        for (; x != end; x += LANES, z += LANES) {
            const v4 now = v4_load(z);
            if (!v4_power_in_range(now)) break;
            v4_store(x, v4_mul(v4_load(x), v4_silu_in_range(now)));
        }
        if (x == end) return;
        gate_clamping(x, z);
    }
}

void mlm_silu(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride) silu_row(x.data, x.data + groups * LANES);
}

void mlm_softplus(mlm_rows x, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride) softplus_row(x.data, x.data + groups * LANES);
}

void mlm_gate(mlm_rows x, mlm_source z, uint32_t groups, uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride, z.data += z.stride)
        gate_row(x.data, z.data, x.data + groups * LANES);
}

#endif
