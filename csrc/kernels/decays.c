/*
 * decays.c - what the states of heads decay by in a step, any number of lanes at a time.
 */
#include "../math/math4.h"
#include "kernels.h"

void mlm_decays(const float *a, float least, float most, uint32_t heads, mlm_rows dt, float *decay,
                uint32_t frames) {
    for (; frames > 0; frames--, dt.data += dt.stride, decay += dt.stride)
        for (uint32_t i = 0; i < heads; i += V4_LANES) {
            const v4 above = v4_pmax(v4_load(dt.data + i), v4_splat(least));
            const v4 step = v4_pmin(above, v4_splat(most));
            v4_store(dt.data + i, step);
            v4_store(decay + i, v4_exp2_negative(v4_mul(step, v4_load(a + i))));
        }
}
