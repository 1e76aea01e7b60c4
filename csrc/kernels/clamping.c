/*
 * clamping.c - what fused_scan.c and silu.c do where an argument may be out of the range of powers.h, next to
 * never: any argument, for size. Knows of one group of 4 channels or elements.
 */
#define MLM_ONE_LANE
#include "scan.h"

#if !MLM_SIMD

void mlm_silu_clamping(const float *x, float *y) {
    for (uint32_t lane = 0; lane < LANES; lane++) v4_store(y + lane, v4_silu(v4_load(x + lane)));
}

void mlm_softplus_clamping(float *x) {
    for (uint32_t lane = 0; lane < LANES; lane++)
        v4_store(x + lane, v4_softplus(v4_load(x + lane)));
}

static void scan_channel(uint32_t states, const float *a, float *h, const float *bc, v4 dt, v4 d,
                         float *x) {
    const v4 u = v4_load(x), dt_x = v4_mul(dt, u);
    v4 y = v4_mul(u, d);
    for (const float *end = h + states * LANES; h != end; a += LANES, h += LANES, bc += 2) {
        const v4 da = v4_exp2_negative(v4_mul(dt, v4_load(a)));
        y = update(da, v4_mul(dt_x, v4_splat(bc[0])), h, v4_splat(bc[1]), y);
    }
    v4_store(x, y);
}

void mlm_scan_clamping(uint32_t states, const float *a, float *h, const float *bc, const float *dt,
                       const float *d, float *x) {
    for (uint32_t lane = 0; lane < LANES; lane++)
        scan_channel(states, a + lane, h + lane, bc, v4_load(dt + lane), v4_load(d + lane),
                     x + lane);
}

#endif
