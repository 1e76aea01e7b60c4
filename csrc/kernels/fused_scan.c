/*
 * fused_scan.c - the recurrence at the heart of Mamba, groups of 4 channels side by side. On SIMD
 * targets four groups go through together, up to 16 states of them phase by phase (exponents,
 * polynomial, update and output) with small tables between the phases: a processor looks ahead over a
 * few states' chains only, and WebAssembly engines schedule pure operations depth first; stores are
 * what orders them otherwise. What goes into which phase is measured: the polynomial's chain is the one
 * that is waited for, so the shift of its exponent is in the phase before it and the addition in the
 * one behind. Elsewhere the same operations run state by state, a group that needs its exponents clamped
 * in clamping.c. The order of every sum is the same.
 */
#include "../math/powers.h"
#include "cortex_m7.h"
#include "dual_issue_scan.h"
#include "scan.h"

#if MLM_DUAL_ISSUE || (!MLM_CORTEX_M7 && !MLM_SIMD && !defined(__wasm__))

/*
 * Bits of the largest dt with which no exponent has to be clamped, or of one that is a little smaller. dt that are
 * not negative and not NaN are in the order of their bits, and others are above all of these.
 */
static uint32_t largest_dt_bits(float lowest_a) {
    const float most = MLM_EXP2_MIN * (1.0f - FLT_EPSILON) / lowest_a;
    return f32_bits(most < FLT_MAX ? most : FLT_MAX);
}

#endif

#if MLM_DUAL_ISSUE

/* All frames of a group; next to none is out of range. */
static void scan_group(const mlm_scan *scan, group at, uint32_t most, uint32_t frames) {
    enum { BYTES = sizeof(float) };
    const float *bc = scan->bc.data;
    const uint32_t states = scan->states, state = LANES * BYTES;
    dual_issue_frames next = {.dt = at.dt,
                              .x = at.x,
                              .dt_step = scan->dt.stride * BYTES,
                              .x_step = scan->x.stride * BYTES,
                              .d = at.d,
                              .states = states,
                              .a_back = (states - 1) * state,
                              .h_back = states * state,
                              .most = most,
                              .frames = frames,
                              .bc_on = (scan->bc.stride - 2 * states) * BYTES};
    while (bc = dual_issue_scan_frames(&next, at.a, at.h, bc), next.frames > 0) {
        mlm_scan_clamping(states, at.a, at.h, bc, next.dt, at.d, next.x);
        next.dt += scan->dt.stride;
        next.x += scan->x.stride;
        bc += scan->bc.stride;
        if (--next.frames == 0) return;
    }
}

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    const uint32_t most = largest_dt_bits(scan->lowest_a);
    if (frames == 0) return;
    for (uint32_t g = 0; g < scan->groups; g++) scan_group(scan, group_of(scan, g), most, frames);
}

#elif MLM_CORTEX_M7

/* Infinite dt go the portable way: next to never there are any, and only they can make an exponent NaN
 * that dt x B does not make NaN anyhow. */
void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    group at = group_of(scan, 0);
    const uint32_t states = scan->states, per_group = states * LANES;
    for (uint32_t g = scan->groups; g > 0; g--) {
        const float *bc = scan->bc.data, *dt = at.dt;
        float *x = at.x;
        for (uint32_t t = frames; t > 0; t--) {
            const float most = m7_largest(dt);
            if (most * scan->lowest_a >= MLM_EXP2_MIN)
                m7_scan_group(at.a, at.h, bc, states, dt, at.d, x);
            else if (f32_is_finite(f32_bits(most)))
                m7_scan_group_clamping(at.a, at.h, bc, states, dt, at.d, x);
            else
                mlm_scan_clamping(states, at.a, at.h, bc, dt, at.d, x);
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

#elif MLM_SIMD

enum { MOST_STATES = 16 /* that go through the phases together */ };

/* Any number of states, in phases: exponents, polynomial, update and output. */
static v4 scan_states(uint32_t states, const float *a, float *h, const float *bc, v4 dt, v4 dt_x,
                      v4 y) {
    float e[MOST_STATES * LANES], r[MOST_STATES * LANES];
    while (states > 0) {
        const uint32_t count = states < MOST_STATES ? states : MOST_STATES;
        for (uint32_t i = 0; i < count * LANES; i += LANES) {
            v4 exponent, rest;
            v4_exp2_reduce(v4_exp2_clamp(v4_mul(dt, v4_load(a + i))), &exponent, &rest);
            v4_store(e + i, exponent);
            v4_store(r + i, rest);
        }
        for (uint32_t i = 0; i < count * LANES; i += LANES)
            v4_store(r + i, v4_exp2_polynomial(v4_load(r + i)));
        for (uint32_t i = 0; i < count * LANES; i += LANES, bc += 2) {
            const v4 da = v4_add_exponent(v4_load(r + i), v4_load(e + i));
            y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h + i, v4_splat(bc[1]), y);
        }
        a += count * LANES;
        h += count * LANES;
        states -= count;
    }
    return y;
}

/* One group and one frame. */
static MLM_NOINLINE void scan_group(const mlm_scan *scan, uint32_t g, uint32_t t) {
    const group at = group_of(scan, g);
    const float *bc = scan->bc.data + t * scan->bc.stride;
    float *x = at.x + t * scan->x.stride;
    const v4 u = v4_load(x), dt = v4_load(at.dt + t * scan->dt.stride), d = v4_load(at.d);
    v4_store(x, scan_states(scan->states, at.a, at.h, bc, dt, v4_mul(dt, u), v4_mul(u, d)));
}

/*
 * 2^(dt a) on its way from one phase to the next, as an exponent and 2^r: two tables of [states][groups]
 * [4], the second one TABLE floats behind the first, so that one address serves both.
 */
enum { TABLE = MOST_STATES * GROUPS * LANES };

/* First phase, of one vector: exponent and r. */
MLM_INLINE void reduce(v4 x, float *e) {
    v4 exponent, r;
    v4_exp2_reduce(x, &exponent, &r);
    v4_store(e, exponent);
    v4_store(e + TABLE, r);
}

/* First phase. Each group's a, and its h, lie `next` floats behind those of the one before it. */
MLM_INLINE void reduce_states(uint32_t states, const float *a, uint32_t next, quad dt, float *e) {
    for (const float *end = a + states * LANES; a != end; a += LANES, e += GROUPS * LANES) {
        reduce(v4_mul(dt.a, v4_load(a)), e);
        reduce(v4_mul(dt.b, v4_load(a + next)), e + LANES);
        reduce(v4_mul(dt.c, v4_load(a + 2 * next)), e + 2 * LANES);
        reduce(v4_mul(dt.d, v4_load(a + 3 * next)), e + 3 * LANES);
    }
}

/* Second phase: 2^r in the place of r. */
MLM_INLINE void polynomial_states(uint32_t states, float *r) {
    for (const float *end = r + states * GROUPS * LANES; r != end; r += LANES)
        v4_store(r, v4_exp2_polynomial(v4_load(r)));
}

MLM_INLINE v4 power(const float *e) { return v4_add_exponent(v4_load(e + TABLE), v4_load(e)); }

/* Third phase: h = dA h + dBx; returns y with its output added. */
MLM_INLINE quad update_states(uint32_t states, const float *e, float *h, uint32_t next,
                              const float *bc, quad dt_x, quad y) {
    for (const float *end = h + states * LANES; h != end; h += LANES, bc += 2) {
        const v4 b = v4_splat(bc[0]), c = v4_splat(bc[1]);
        y.a = update(power(e), v4_mul(dt_x.a, b), h, c, y.a);
        y.b = update(power(e + LANES), v4_mul(dt_x.b, b), h + next, c, y.b);
        y.c = update(power(e + 2 * LANES), v4_mul(dt_x.c, b), h + 2 * next, c, y.c);
        y.d = update(power(e + 3 * LANES), v4_mul(dt_x.d, b), h + 3 * next, c, y.d);
        e += GROUPS * LANES;
    }
    return y;
}

/*
 * The largest dt of each lane, or NaN. v4_pmax passes over a NaN on its right and keeps one on its left:
 * only the first group is ever on the left, so that no NaN hides what another group has.
 */
MLM_INLINE v4 quad_largest(quad x) { return v4_pmax(v4_pmax(v4_pmax(x.a, x.b), x.c), x.d); }

/* Clamping each exponent would be a fifth of the first phase, and next to never changes one: frames
 * where it might go group by group. So do those with a NaN in the first group; elsewhere a NaN needs no
 * care, as dt x B carries it on. */
static void scan_groups(const mlm_scan *scan, uint32_t g, uint32_t frames) {
    const uint32_t next = scan->states * LANES;
    const v4 lowest_a = v4_splat(scan->lowest_a);
    group at = group_of(scan, g);
    const quad d = quad_load(at.d);
    const float *bc_row = scan->bc.data;
    float between[2 * TABLE] __attribute__((aligned(16)));
    for (uint32_t t = 0; t < frames; t++) {
        const quad u = quad_load(at.x), dt = quad_load(at.dt), dt_x = quad_mul(dt, u);
        const v4 lowest = v4_mul(quad_largest(dt), lowest_a);
        if (v4_all_at_least(lowest, v4_splat(MLM_EXP2_MIN))) {
            quad y = quad_mul(u, d);
            const float *a = at.a, *bc = bc_row;
            float *h = at.h;
            for (uint32_t left = scan->states; left > 0;) {
                const uint32_t states = left < MOST_STATES ? left : MOST_STATES;
                reduce_states(states, a, next, dt, between);
                polynomial_states(states, between + TABLE);
                y = update_states(states, between, h, next, bc, dt_x, y);
                a += states * LANES;
                h += states * LANES;
                bc += 2 * states;
                left -= states;
            }
            quad_store(at.x, y);
        } else {
            for (uint32_t i = 0; i < GROUPS; i++) scan_group(scan, g + i, t);
        }
        at.x += scan->x.stride;
        at.dt += scan->dt.stride;
        bc_row += scan->bc.stride;
    }
}

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    uint32_t g = 0;
    for (; g + GROUPS <= scan->groups; g += GROUPS) scan_groups(scan, g, frames);
    for (; g < scan->groups; g++)
        for (uint32_t t = 0; t < frames; t++) scan_group(scan, g, t);
}

#else

/* One group and one frame where no exponent has to be clamped. */
MLM_INLINE void scan_group_in_range(uint32_t states, const float *a, float *h, const float *bc,
                                    const float *dt_at, const float *d, float *x) {
    const v4 u = v4_load(x), dt = v4_load(dt_at), dt_x = v4_mul(dt, u);
    const float *const end = h + states * LANES;
    v4 y = v4_mul(u, v4_load(d));
#if !defined(__wasm__)
    /* The first states, whose A are trained from the least ones, are the slow ones. */
    for (; h != end; a += LANES, h += LANES, bc += 2) {
        const v4 exponent = v4_mul(dt, v4_load(a));
        if (!v4_is_near_0(exponent)) break;
        y = update(v4_exp2_near_0(exponent), v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
    }
#endif
    for (; h != end; a += LANES, h += LANES, bc += 2) {
        const v4 da = v4_exp2_in_range(v4_mul(dt, v4_load(a)));
        y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
    }
    v4_store(x, y);
}

/* One group and one frame where some may have to be. */
static MLM_COLD void clamp_group(const mlm_scan *scan, uint32_t g, uint32_t t) {
    const group at = group_of(scan, g);
    mlm_scan_clamping(scan->states, at.a, at.h, scan->bc.data + t * scan->bc.stride,
                      at.dt + t * scan->dt.stride, at.d, at.x + t * scan->x.stride);
}

#if defined(__wasm__)

/* Infinite dt are not in range, and what is NaN by its dt alone is so by dt x B, too. */
MLM_INLINE int is_in_range(const float *dt, float lowest_a) {
    const float most = f32_pmax(f32_pmax(dt[0], dt[1]), f32_pmax(dt[2], dt[3]));
    return most * lowest_a >= MLM_EXP2_MIN;
}

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    for (uint32_t g = 0; g < scan->groups; g++) {
        group at = group_of(scan, g);
        const float *bc = scan->bc.data;
        for (uint32_t t = 0; t < frames; t++) {
            if (is_in_range(at.dt, scan->lowest_a))
                scan_group_in_range(scan->states, at.a, at.h, bc, at.dt, at.d, at.x);
            else
                clamp_group(scan, g, t);
            at.x += scan->x.stride;
            at.dt += scan->dt.stride;
            bc += scan->bc.stride;
        }
    }
}

#else

MLM_INLINE int is_in_range(const float *dt, uint32_t most) {
    return f32_bits_apart(dt[0]) <= most && f32_bits_apart(dt[1]) <= most &&
           f32_bits_apart(dt[2]) <= most && f32_bits_apart(dt[3]) <= most;
}

/* Frame t of the groups from g on as far as they are in range; returns the first one that is not. Without a
 * call in the loop, the constants stay in registers. */
static MLM_IN_ORDER uint32_t scan_in_range(const mlm_scan *scan, uint32_t most, uint32_t g,
                                           uint32_t t) {
    group at = group_of(scan, g);
    const float *const bc = scan->bc.data + t * scan->bc.stride;
    const uint32_t groups = scan->groups, states = scan->states;
    at.dt += t * scan->dt.stride;
    at.x += t * scan->x.stride;
    for (; g < groups && is_in_range(at.dt, most); g++) {
        scan_group_in_range(states, at.a, at.h, bc, at.dt, at.d, at.x);
        at.a += states * LANES;
        at.h += states * LANES;
        at.d += LANES;
        at.dt += LANES;
        at.x += LANES;
    }
    return g;
}

void mlm_selective_scan(const mlm_scan *scan, uint32_t frames) {
    const uint32_t groups = scan->groups, most = largest_dt_bits(scan->lowest_a);
    for (uint32_t t = 0; t < frames; t++)
        for (uint32_t g = 0; (g = scan_in_range(scan, most, g, t)) < groups; g++)
            clamp_group(scan, g, t);
}

#endif

#endif
