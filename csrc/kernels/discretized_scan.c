/*
 * discretized_scan.c - the scan as textbooks write it, for the `unfused` schedule: dA and dBx of every
 * frame and state go through memory before the recurrence reads them. The same operations in the same
 * order as fused_scan.c.
 */
#include "scan.h"

void mlm_discretize(const mlm_scan *scan, uint32_t frames) {
    float *da = scan->da, *dbx = scan->dbx;
    for (uint32_t t = 0; t < frames; t++) {
        const float *bc = scan->bc.data + t * scan->bc.stride;
        for (uint32_t g = 0; g < scan->groups; g++) {
            const group at = group_of(scan, g);
            const v4 dt = v4_load(at.dt + t * scan->dt.stride);
            const v4 dt_x = v4_mul(dt, v4_load(at.x + t * scan->x.stride));
            for (uint32_t n = 0; n < scan->states; n++, da += LANES, dbx += LANES) {
                v4_store(da, v4_exp2_negative(v4_mul(dt, v4_load(at.a + n * LANES))));
                v4_store(dbx, v4_mul(dt_x, v4_splat(bc[2 * n])));
            }
        }
    }
}

void mlm_scan_discretized(const mlm_scan *scan, uint32_t frames) {
    const float *da = scan->da, *dbx = scan->dbx;
    for (uint32_t t = 0; t < frames; t++) {
        const float *bc = scan->bc.data + t * scan->bc.stride;
        for (uint32_t g = 0; g < scan->groups; g++) {
            const group at = group_of(scan, g);
            float *x = at.x + t * scan->x.stride;
            v4 y = v4_mul(v4_load(x), v4_load(at.d));
            for (uint32_t n = 0; n < scan->states; n++, da += LANES, dbx += LANES)
                y = update(v4_load(da), v4_load(dbx), at.h + n * LANES, v4_splat(bc[2 * n + 1]), y);
            v4_store(x, y);
        }
    }
}
