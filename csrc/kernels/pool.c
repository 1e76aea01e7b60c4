/*
 * pool.c - reduces a sequence to one row: mean, last or maximum, as frames come in.
 */
#include "../core/vec4.h"
#include "kernels.h"

/* Kahan's compensated sum: `lost`, which is returned too, is what the sum so far is too large by. */
static v4 add_compensated(float *sum, float *lost, v4 x) {
    const v4 before = v4_load(sum);
    const v4 term = v4_sub(x, v4_load(lost));
    const v4 after = v4_add(before, term);
    const v4 lost_now = v4_sub(v4_sub(after, before), term);
    v4_store(lost, lost_now);
    v4_store(sum, after);
    return lost_now;
}

/* What a sum that is not finite has lost is not finite either, and would make NaN of infinity. */
static MLM_NOINLINE void forget_what_is_not_finite(float *lost, uint32_t width) {
    for (uint32_t i = 0; i < width; i++)
        if (!f32_is_finite(f32_bits(lost[i]))) lost[i] = 0.0f;
}

/* One look at all that a row has lost spares each element one: finite, it is too little to overflow. */
static void add_row(const float *x, uint32_t width, float *sum, float *lost) {
    v4 all_lost = v4_zero();
    float lanes[4];
    uint32_t i = 0;
    for (; i + 4 <= width; i += 4)
        all_lost = v4_add(all_lost, add_compensated(sum + i, lost + i, v4_load(x + i)));
    if (i < width)
        all_lost =
            v4_add(all_lost, add_compensated(sum + i, lost + i, v4_load_some(x + i, width - i)));
    v4_store(lanes, all_lost);
    if (!f32_is_finite(f32_bits(lanes[0] + lanes[1] + lanes[2] + lanes[3])))
        forget_what_is_not_finite(lost, width);
}

/* The maximum so far, or the row itself, as it is the first or the last one. */
static void keep_row(int is_max, const float *x, uint32_t width, float *kept) {
    for (uint32_t i = 0; i < width; i += 4) {
        const v4 row = v4_load_row(x, i, width);
        v4_store(kept + i, is_max ? v4_max_or_nan(v4_load(kept + i), row) : row);
    }
}

void mlm_pool_rows(mlm_pool pool, uint32_t width, mlm_source x, uint32_t frames, uint32_t before,
                   float *state) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const int is_first = before == 0 && t == 0;
        if (pool == MLM_POOL_MEAN)
            add_row(x.data, width, state, state + mlm_padded(width));
        else
            keep_row(pool == MLM_POOL_MAX && !is_first, x.data, width, state);
    }
}

void mlm_pool_result(mlm_pool pool, uint32_t width, const float *state, uint32_t total, float *y) {
    const uint32_t padded = mlm_padded(width);
    const v4 divisor = v4_splat(pool == MLM_POOL_MEAN ? (float)total : 1.0f);
    for (uint32_t i = 0; i < padded; i += 4) v4_store(y + i, v4_div(v4_load(state + i), divisor));
}
