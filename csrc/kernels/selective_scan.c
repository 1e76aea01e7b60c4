/*
 * selective_scan.c - the recurrence at the heart of Mamba, groups of 4 channels side by side. On SIMD
 * targets two groups go through together, a block of states at a time and in phases (reduce the
 * exponents, polynomial, update and output) with a small buffer between them: WebAssembly engines
 * schedule pure operations depth first, and a store is what makes them overlap the states'
 * dependency chains; the first phase runs a block ahead. Elsewhere the same operations run state by state. The order of every sum is the
 * same.
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
    float whole[STATES * LANES], rest[STATES * LANES];
    while (states > 0) {
        const uint32_t count = states < STATES ? states : STATES;
        for (uint32_t i = 0; i < count * LANES; i += LANES) {
            v4 k, r;
            v4_exp2_reduce(v4_mul(dt, v4_load(a + i)), &k, &r);
            v4_store(whole + i, k);
            v4_store(rest + i, r);
        }
        for (uint32_t i = 0; i < count * LANES; i += LANES)
            v4_store(rest + i, v4_exp2_rebuild(v4_load(whole + i), v4_load(rest + i)));
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
static MLM_NOINLINE v4 scan_states(uint32_t states, const float *a, float *h, const float *bc,
                                   v4 dt, v4 dt_x, v4 y) {
    for (uint32_t n = 0; n < states; n++, a += LANES, h += LANES, bc += 2) {
        const v4 da = v4_exp2_negative(v4_mul(dt, v4_load(a)));
        y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
    }
    return y;
}

#endif

static void scan_group(const mlm_scan *scan, uint32_t g, uint32_t frames) {
    group at = group_of(scan, g);
    const v4 d = v4_load(at.d);
    const float *bc = scan->bc.data;
    for (; frames > 0; frames--) {
        const v4 u = v4_load(at.x), dt = v4_load(at.dt);
        v4_store(at.x, scan_states(scan->states, at.a, at.h, bc, dt, v4_mul(dt, u), v4_mul(u, d)));
        at.x += scan->x.stride;
        at.dt += scan->dt.stride;
        bc += scan->bc.stride;
    }
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

/* What goes from one phase to the next, [BLOCK][two groups][4] each. */
typedef struct phase_buffers {
    float whole[BLOCK * 2 * LANES] __attribute__((aligned(16)));
    float rest[BLOCK * 2 * LANES] __attribute__((aligned(16)));
    float da[BLOCK * 2 * LANES] __attribute__((aligned(16)));
} phase_buffers;

/* First phase of BLOCK states: dt a in two parts. The second group's a and h lie `next` floats behind
 * the first one's. */
MLM_INLINE void reduce_block(const float *a, uint32_t next, pair dt, phase_buffers *between) {
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const pair x = {v4_mul(dt.a, v4_load(a + n * LANES)),
                        v4_mul(dt.b, v4_load(a + next + n * LANES))};
        pair k, r;
        v4_exp2_reduce(x.a, &k.a, &r.a);
        v4_exp2_reduce(x.b, &k.b, &r.b);
        pair_store(between->whole + n * 2 * LANES, k);
        pair_store(between->rest + n * 2 * LANES, r);
    }
    END_PHASE(between);
}

/* Second phase: dA = 2^(dt a). */
MLM_INLINE void rebuild_block(phase_buffers *between) {
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const pair k = pair_load(between->whole + n * 2 * LANES);
        const pair r = pair_load(between->rest + n * 2 * LANES);
        const pair da = {v4_exp2_rebuild(k.a, r.a), v4_exp2_rebuild(k.b, r.b)};
        pair_store(between->da + n * 2 * LANES, da);
    }
    END_PHASE(between);
}

/* Third phase: h = dA h + dBx, and y with its output added. bc points at B of the first state. */
MLM_INLINE pair update_block(const phase_buffers *between, float *h, uint32_t next, const float *bc,
                             pair dt_x, pair y) {
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const v4 b = v4_splat(bc[2 * n]), c = v4_splat(bc[2 * n + 1]);
        const pair da = pair_load(between->da + n * 2 * LANES);
        y.a = update(da.a, v4_mul(dt_x.a, b), h + n * LANES, c, y.a);
        y.b = update(da.b, v4_mul(dt_x.b, b), h + next + n * LANES, c, y.b);
    }
    return y;
}

/* The first phase of a block goes before the third of the one before it: both have all they need, so
 * that a processor works on one while the other waits. */
static void scan_pair(const mlm_scan *scan, uint32_t g, uint32_t frames) {
    const uint32_t states = scan->states, next = states * LANES;
    const uint32_t blocks = states / BLOCK, left = states % BLOCK;
    group at = group_of(scan, g);
    const float *a = at.a, *last = a + blocks * BLOCK * LANES;
    const pair d = pair_load(at.d);
    const float *bc_row = scan->bc.data;
    phase_buffers between;
    for (uint32_t t = 0; t < frames; t++) {
        const pair u = pair_load(at.x), dt = pair_load(at.dt), dt_x = pair_mul(dt, u);
        pair y = pair_mul(u, d);
        const float *bc = bc_row;
        float *h = at.h;
        for (uint32_t block = 0; block <= blocks; block++) {
            if (block > 0) rebuild_block(&between);
            if (block < blocks) reduce_block(a + block * BLOCK * LANES, next, dt, &between);
            if (block > 0) {
                y = update_block(&between, h, next, bc, dt_x, y);
                h += BLOCK * LANES;
                bc += 2 * BLOCK;
            }
        }
        if (left > 0) {
            y.a = scan_states(left, last, h, bc, dt.a, dt_x.a, y.a);
            y.b = scan_states(left, last + next, h + next, bc, dt.b, dt_x.b, y.b);
        }
        pair_store(at.x, y);
        at.x += scan->x.stride;
        at.dt += scan->dt.stride;
        bc_row += scan->bc.stride;
    }
}

#endif

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    uint32_t g = 0;
#if MLM_SIMD
    for (; g + 2 <= scan->groups; g += 2) scan_pair(scan, g, frames);
#endif
    for (; g < scan->groups; g++) scan_group(scan, g, frames);
}

#endif
