/*
 * scan.h - what the fused and the discretised scan share: one group of 4 channels and its update.
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

/* Of one group and frame, any dt and a (clamping.c). */
void mlm_scan_clamping(uint32_t states, const float *a, float *h, const float *bc, const float *dt,
                       const float *d, float *x);

#endif
