/*
 * pool.c - reduces a sequence to one row: mean, last or maximum, as frames come in.
 */
#include "../core/vec4.h"
#include "kernels.h"

/* Kahan's compensated sum: `lost` is what the sum so far is too large by. */
static void add_compensated(float *sum, float *lost, v4 x) {
    const v4 before = v4_load(sum);
    const v4 term = v4_sub(x, v4_load(lost));
    const v4 after = v4_add(before, term);
    v4_store(lost, v4_sub(v4_sub(after, before), term));
    v4_store(sum, after);
}

void mlm_pool_rows(mlm_pool pool, uint32_t width, mlm_source x, uint32_t frames, uint32_t before,
                   float *state) {
    const uint32_t padded = mlm_padded(width);
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const int is_first = before == 0 && t == 0;
        for (uint32_t i = 0; i < padded; i += 4) {
            const v4 row = v4_load_row(x.data, i, width);
            if (pool == MLM_POOL_MEAN)
                add_compensated(state + i, state + padded + i, row);
            else if (pool == MLM_POOL_MAX && !is_first)
                v4_store(state + i, v4_max_or_nan(v4_load(state + i), row));
            else
                v4_store(state + i, row);
        }
    }
}

void mlm_pool_result(mlm_pool pool, uint32_t width, const float *state, uint32_t total, float *y) {
    const uint32_t padded = mlm_padded(width);
    const v4 divisor = v4_splat(pool == MLM_POOL_MEAN ? (float)total : 1.0f);
    for (uint32_t i = 0; i < padded; i += 4) v4_store(y + i, v4_div(v4_load(state + i), divisor));
}
