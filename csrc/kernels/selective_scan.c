/*
 * selective_scan.c - the recurrence at the heart of Mamba, groups of 4 channels side by side. On SIMD
 * targets two groups go through together, a block of states at a time and in phases (reduce the
 * exponents, polynomial, update and output) with a small buffer between them: WebAssembly engines
 * schedule pure operations depth first, and a store is what makes them overlap the states'
 * dependency chains. Elsewhere the same operations run state by state. The order of every sum is the
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

/* One state after the other: any number of them. */
static MLM_NOINLINE v4 scan_states(uint32_t states, const float *a, float *h, const float *bc, v4 dt,
                          v4 dt_x, v4 y) {
    for (uint32_t n = 0; n < states; n++, a += LANES, h += LANES, bc += 2) {
        const v4 da = v4_exp2_negative(v4_mul(dt, v4_load(a)));
        y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
    }
    return y;
}

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

/* BLOCK states; the second group's a and h lie `next` floats behind the first one's. bc points at B of
 * the first state. Returns y. */
MLM_INLINE pair scan_block(const float *a, float *h, uint32_t next, const float *bc, pair dt,
                           pair dt_x, pair y) {
    float whole[BLOCK * 2 * LANES] __attribute__((aligned(16)));
    float rest[BLOCK * 2 * LANES] __attribute__((aligned(16)));
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const pair x = {v4_mul(dt.a, v4_load(a + n * LANES)),
                        v4_mul(dt.b, v4_load(a + next + n * LANES))};
        pair k, r;
        v4_exp2_reduce(x.a, &k.a, &r.a);
        v4_exp2_reduce(x.b, &k.b, &r.b);
        pair_store(whole + n * 2 * LANES, k);
        pair_store(rest + n * 2 * LANES, r);
    }
    END_PHASE(whole);
    END_PHASE(rest);
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const pair k = pair_load(whole + n * 2 * LANES), r = pair_load(rest + n * 2 * LANES);
        const pair da = {v4_exp2_rebuild(k.a, r.a), v4_exp2_rebuild(k.b, r.b)};
        pair_store(rest + n * 2 * LANES, da);
    }
    END_PHASE(rest);
    UNROLL for (uint32_t n = 0; n < BLOCK; n++) {
        const v4 b = v4_splat(bc[2 * n]), c = v4_splat(bc[2 * n + 1]);
        const pair da = pair_load(rest + n * 2 * LANES);
        y.a = update(da.a, v4_mul(dt_x.a, b), h + n * LANES, c, y.a);
        y.b = update(da.b, v4_mul(dt_x.b, b), h + next + n * LANES, c, y.b);
    }
    return y;
}

static void scan_pair(const mlm_scan *scan, uint32_t g, uint32_t frames) {
    const uint32_t next = scan->states * LANES;
    group at = group_of(scan, g);
    const pair d = pair_load(at.d);
    const float *bc_row = scan->bc.data;
    for (uint32_t t = 0; t < frames; t++) {
        const pair u = pair_load(at.x), dt = pair_load(at.dt), dt_x = pair_mul(dt, u);
        pair y = pair_mul(u, d);
        const float *a = at.a, *bc = bc_row;
        float *h = at.h;
        uint32_t left = scan->states;
        for (; left >= BLOCK;
             left -= BLOCK, a += BLOCK * LANES, h += BLOCK * LANES, bc += 2 * BLOCK)
            y = scan_block(a, h, next, bc, dt, dt_x, y);
        y.a = scan_states(left, a, h, bc, dt.a, dt_x.a, y.a);
        y.b = scan_states(left, a + next, h + next, bc, dt.b, dt_x.b, y.b);
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
