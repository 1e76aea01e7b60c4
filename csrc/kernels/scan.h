/*
 * scan.h - what scans share: one group of 4 channels, its update, and four groups side by side.
 */
#ifndef MLM_SCAN_H
#define MLM_SCAN_H

#include "../math/math4.h"
#include "kernels.h"

enum { LANES = 4 };

/* h = dA h + dBx for one state of 4 channels; returns y + h C. */
MLM_INLINE v4 update(v4 da, v4 dbx, float *h, v4 c, v4 y) {
    const v4 now = v4_add(v4_mul(da, v4_load(h)), dbx);
    v4_store(h, now);
    return v4_add(y, v4_mul(now, c));
}

/* One group of channels: its constants and state, and its elements in the first frame. */
typedef struct group {
    const float *a; /* [states][4] */
    float *h;       /* [states][4] */
    const float *d, *dt;
    float *x;
} group;

MLM_INLINE group group_of(const mlm_scan *scan, uint32_t g) {
    const uint32_t per_group = scan->states * LANES;
    return (group){scan->a + g * per_group, scan->h + g * per_group, scan->d + g * LANES,
                   scan->dt.data + g * LANES, scan->x.data + g * LANES};
}

#if MLM_SIMD

enum { GROUPS = 4 /* side by side: their states and sums are what the registers hold */ };

/* The lanes of four neighbouring groups. Named members stay in registers, arrays may not. */
typedef struct quad {
    v4 a, b, c, d;
} quad;

MLM_INLINE quad quad_load(const float *p) {
    return (quad){v4_load(p), v4_load(p + LANES), v4_load(p + 2 * LANES), v4_load(p + 3 * LANES)};
}
MLM_INLINE void quad_store(float *p, quad x) {
    v4_store(p, x.a);
    v4_store(p + LANES, x.b);
    v4_store(p + 2 * LANES, x.c);
    v4_store(p + 3 * LANES, x.d);
}
MLM_INLINE quad quad_mul(quad x, quad y) {
    return (quad){v4_mul(x.a, y.a), v4_mul(x.b, y.b), v4_mul(x.c, y.c), v4_mul(x.d, y.d)};
}

#endif

/* Of one group and frame, any dt and a (clamping.c). */
void mlm_scan_clamping(uint32_t states, const float *a, float *h, const float *bc, const float *dt,
                       const float *d, float *x);

#endif
