/*
 * selective_scan.c - the recurrence at the heart of Mamba, groups of 4 channels side by side. On SIMD
 * targets two groups go through together, a block of states at a time and in phases (reduce the
 * exponents, polynomial, update and output) with small buffers between them: a processor looks ahead
 * over a few states' chains only, and WebAssembly engines schedule pure operations depth first; stores
 * are what orders them otherwise. What goes into which phase is measured: a shift or an addition more
 * in the polynomial's costs twice what it does in the others. Elsewhere the same operations run state
 * by state. The order of every sum is the same.
 */
#include "../core/math4.h"
#include "cortex_m7.h"
#include "scan.h"

enum { BLOCK = 4 /* states in a block of phases */ };

#define UNROLL _Pragma("GCC unroll 4")

#if MLM_CORTEX_M7

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    group at = group_of(scan, 0);
    const uint32_t states = scan->states, per_group = states * LANES;
    for (uint32_t g = scan->groups; g > 0; g--) {
        const float *bc = scan->bc.data, *dt = at.dt;
        float *x = at.x;
        for (uint32_t t = frames; t > 0; t--) {
            m7_scan_group(at.a, at.h, bc, states, dt, at.d, x);
            x += scan->x.stride;
            dt += scan->dt.stride;
            bc += scan->bc.stride;
        }
        at.a += per_group;
        at.h += per_group;
        at.d += LANES;
        at.dt += LANES;
        at.x += LANES;
    }
}

#else

#if defined(__wasm__) && !MLM_SIMD

enum { STATES = 8 /* in a block of phases */ };

/* Any number of states, in phases here too: engines without vectors gain as much. */
static v4 scan_states(uint32_t states, const float *a, float *h, const float *bc, v4 dt, v4 dt_x,
                      v4 y) {
    float exponent[STATES * LANES], rest[STATES * LANES];
    while (states > 0) {
        const uint32_t count = states < STATES ? states : STATES;
        for (uint32_t i = 0; i < count * LANES; i += LANES) {
            v4 e, r;
            v4_exp2_reduce(v4_exp2_clamp(v4_mul(dt, v4_load(a + i))), &e, &r);
            v4_store(exponent + i, e);
            v4_store(rest + i, r);
        }
        for (uint32_t i = 0; i < count * LANES; i += LANES)
            v4_store(rest + i,
                     v4_add_exponent(v4_exp2_polynomial(v4_load(rest + i)), v4_load(exponent + i)));
        for (uint32_t i = 0; i < count * LANES; i += LANES, bc += 2)
            y = update(v4_load(rest + i), v4_mul(dt_x, v4_splat(bc[0])), h + i, v4_splat(bc[1]), y);
        a += count * LANES;
        h += count * LANES;
        states -= count;
    }
    return y;
}

#else

/* One state after the other: any number of them. */
static v4 scan_states(uint32_t states, const float *a, float *h, const float *bc, v4 dt, v4 dt_x,
                      v4 y) {
    for (uint32_t n = 0; n < states; n++, a += LANES, h += LANES, bc += 2) {
        const v4 da = v4_exp2_negative(v4_mul(dt, v4_load(a)));
        y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
    }
    return y;
}

#endif

/* One group and one frame. */
static MLM_NOINLINE void scan_group(const mlm_scan *scan, uint32_t g, uint32_t t) {
    const group at = group_of(scan, g);
    const float *bc = scan->bc.data + t * scan->bc.stride;
    float *x = at.x + t * scan->x.stride;
    const v4 u = v4_load(x), dt = v4_load(at.dt + t * scan->dt.stride), d = v4_load(at.d);
    v4_store(x, scan_states(scan->states, at.a, at.h, bc, dt, v4_mul(dt, u), v4_mul(u, d)));
}

#if MLM_SIMD

/* Makes the stores to `buffer` happen here: otherwise compilers keep its elements in registers that
 * they do not have, and the phases are gone. */
#define END_PHASE(buffer) __asm volatile("" : : "r"(buffer) : "memory")

/* The lanes of two neighbouring groups. Named members stay in registers, arrays may not. */
typedef struct pair {
    v4 a, b;
} pair;

MLM_INLINE pair pair_load(const float *p) { return (pair){v4_load(p), v4_load(p + LANES)}; }
MLM_INLINE void pair_store(float *p, pair x) {
    v4_store(p, x.a);
    v4_store(p + LANES, x.b);
}
MLM_INLINE pair pair_mul(pair x, pair y) { return (pair){v4_mul(x.a, y.a), v4_mul(x.b, y.b)}; }

/* What goes from one phase to the next: 2^(dt a) as 2^r and an exponent, [BLOCK][two groups][4]. */
typedef struct phase_buffers {
    float e[BLOCK * 2 * LANES] __attribute__((aligned(16)));
    float r[BLOCK * 2 * LANES] __attribute__((aligned(16))); /* r, then 2^r in its place */
} phase_buffers;

/* First phase of BLOCK states: dt a in two parts; it is at least MLM_EXP2_MIN. The second group's a and
 * h lie `next` floats behind the first one's. */
MLM_INLINE void reduce_block(const float *a, uint32_t next, pair dt, phase_buffers *to) {
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        pair e, r;
        v4_exp2_reduce(v4_mul(dt.a, v4_load(a + n * LANES)), &e.a, &r.a);
        v4_exp2_reduce(v4_mul(dt.b, v4_load(a + next + n * LANES)), &e.b, &r.b);
        pair_store(to->e + n * 2 * LANES, e);
        pair_store(to->r + n * 2 * LANES, r);
    }
    END_PHASE(to);
}

/* Second phase: the polynomial. */
MLM_INLINE void polynomial_block(phase_buffers *between) {
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const pair r = pair_load(between->r + n * 2 * LANES);
        pair_store(between->r + n * 2 * LANES,
                   (pair){v4_exp2_polynomial(r.a), v4_exp2_polynomial(r.b)});
    }
    END_PHASE(between);
}

/* Third phase: h = dA h + dBx, and y with its output added. bc points at B of the first state. */
MLM_INLINE pair update_block(const phase_buffers *from, float *h, uint32_t next, const float *bc,
                             pair dt_x, pair y) {
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const v4 b = v4_splat(bc[2 * n]), c = v4_splat(bc[2 * n + 1]);
        const pair p = pair_load(from->r + n * 2 * LANES), e = pair_load(from->e + n * 2 * LANES);
        y.a = update(v4_add_exponent(p.a, e.a), v4_mul(dt_x.a, b), h + n * LANES, c, y.a);
        y.b = update(v4_add_exponent(p.b, e.b), v4_mul(dt_x.b, b), h + next + n * LANES, c, y.b);
    }
    return y;
}

/* The first phase of a block goes before the third of the one before it: both have all they need, so
 * that a processor works on one while the other waits. */
MLM_INLINE pair scan_blocks(uint32_t blocks, const float *a, float *h, uint32_t next,
                            const float *bc, pair dt, pair dt_x, pair y) {
    phase_buffers buffers[2], *ahead = buffers, *now = buffers + 1;
    for (uint32_t block = 0; block <= blocks; block++) {
        if (block > 0) polynomial_block(now);
        if (block < blocks) reduce_block(a, next, dt, ahead);
        if (block > 0) {
            y = update_block(now, h, next, bc, dt_x, y);
            h += BLOCK * LANES;
            bc += 2 * BLOCK;
        }
        a += BLOCK * LANES;
        phase_buffers *const done = now;
        now = ahead;
        ahead = done;
    }
    return y;
}

/* Clamping each exponent would be a tenth of the first two phases, and next to never changes one: frames
 * where it might, and numbers of states that blocks do not divide, go state by state. */
static void scan_pair(const mlm_scan *scan, uint32_t g, uint32_t frames) {
    const uint32_t states = scan->states;
    const int is_in_blocks = states % BLOCK == 0;
    group at = group_of(scan, g);
    const pair d = pair_load(at.d);
    const float *bc = scan->bc.data;
    for (uint32_t t = 0; t < frames; t++) {
        const pair u = pair_load(at.x), dt = pair_load(at.dt);
        const v4 lowest = v4_mul(v4_pmax(dt.a, dt.b), v4_splat(scan->lowest_a));
        if (is_in_blocks && !v4_any_less(lowest, v4_splat(MLM_EXP2_MIN))) {
            const pair y = scan_blocks(states / BLOCK, at.a, at.h, states * LANES, bc, dt,
                                       pair_mul(dt, u), pair_mul(u, d));
            pair_store(at.x, y);
        } else {
            scan_group(scan, g, t);
            scan_group(scan, g + 1, t);
        }
        at.x += scan->x.stride;
        at.dt += scan->dt.stride;
        bc += scan->bc.stride;
    }
}

#endif

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    uint32_t g = 0;
#if MLM_SIMD
    for (; g + 2 <= scan->groups; g += 2) scan_pair(scan, g, frames);
#endif
    for (; g < scan->groups; g++)
        for (uint32_t t = 0; t < frames; t++) scan_group(scan, g, t);
}

#endif
