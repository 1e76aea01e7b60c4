/*
 * pool.c - reduces a sequence to one row, as frames come in: mean, sum, deviation, maximum, minimum, or one
 * of its rows.
 */
#include "../math/vec4.h"
#include "kernels.h"

/* Kahan's compensated sum: `lost`, which is returned too, is what the sum so far is too large by. */
MLM_INLINE v4 add_once(float *sum, float *lost, v4 x) {
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
    float lanes[V4_LANES];
    for (uint32_t i = 0; i < width; i += V4_LANES)
        all_lost = v4_add(all_lost, add_once(sum + i, lost + i, v4_load_row(x, i, width)));
    v4_store(lanes, all_lost);
    for (uint32_t lane = 1; lane < V4_LANES; lane++) lanes[0] += lanes[lane];
    if (!f32_is_finite(f32_bits(lanes[0]))) forget_what_is_not_finite(lost, width);
}

static void add_compensated(float *sum, float *lost, v4 x) {
    add_once(sum, lost, x);
    forget_what_is_not_finite(lost, V4_LANES);
}

/*
 * Welford's running mean and sum of squared distances from it, both compensated; x is the `count`-th row.
 * A mean and what it is too large by are closer to the true mean than one float is: else a deviation that
 * is small beside its mean would have few digits.
 */
static void add_deviation(float *mean, float *mean_lost, float *squares, float *squares_lost, v4 x,
                          float count) {
    const v4 before = v4_add(v4_sub(x, v4_load(mean)), v4_load(mean_lost));
    add_compensated(mean, mean_lost, v4_div(before, v4_splat(count)));
    const v4 after = v4_add(v4_sub(x, v4_load(mean)), v4_load(mean_lost));
    add_compensated(squares, squares_lost, v4_mul(before, after));
}

static void deviate_by_row(const float *x, uint32_t width, float count, float *state) {
    const uint32_t padded = mlm_padded(width);
    float *mean = state, *squares = state + 2 * (size_t)padded;
    for (uint32_t i = 0; i < width; i += V4_LANES)
        add_deviation(mean + i, mean + padded + i, squares + i, squares + padded + i,
                      v4_load_row(x, i, width), count);
}

/* What is kept of a row and what was kept before: the larger, the smaller, or the row itself. */
static v4 keep(mlm_pool pool, v4 kept, v4 row) {
    if (pool == MLM_POOL_MAX) return v4_max_or_nan(kept, row);
    if (pool == MLM_POOL_MIN) return v4_where_nan(row, row, v4_pmin(kept, row));
    return row;
}

static void keep_row(mlm_pool pool, const float *x, uint32_t width, float *kept) {
    for (uint32_t i = 0; i < width; i += V4_LANES)
        v4_store(kept + i, keep(pool, v4_load(kept + i), v4_load_row(x, i, width)));
}

uint32_t mlm_pool_state_rows(mlm_pool pool) {
    if (pool == MLM_POOL_STD) return 4;
    return pool == MLM_POOL_MEAN || pool == MLM_POOL_SUM ? 2 : 1;
}

void mlm_pool_rows(mlm_pool pool, uint32_t width, mlm_source x, uint32_t frames, uint32_t before,
                   float *state) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const int is_first = before == 0 && t == 0;
        if (pool == MLM_POOL_MEAN || pool == MLM_POOL_SUM)
            add_row(x.data, width, state, state + mlm_padded(width));
        else if (pool == MLM_POOL_STD)
            deviate_by_row(x.data, width, (float)(before + t + 1), state);
        else if (pool != MLM_POOL_FIRST || is_first)
            keep_row(is_first ? MLM_POOL_FIRST : pool, x.data, width, state);
    }
}

void mlm_pool_result(mlm_pool pool, uint32_t width, const float *state, uint32_t total, float *y) {
    const uint32_t padded = mlm_padded(width);
    const v4 divisor = v4_splat(pool == MLM_POOL_MEAN ? (float)total : 1.0f);
    for (uint32_t i = 0; i < padded; i += V4_LANES)
        v4_store(y + i, v4_div(v4_load(state + i), divisor));
}

void mlm_pool_deviation(float epsilon, uint32_t width, const float *state, uint32_t divisor,
                        float *y) {
    const float *squares = state + 2 * (size_t)mlm_padded(width);
    for (uint32_t i = 0; i < width; i++) y[i] = f32_sqrt(squares[i] / (float)divisor + epsilon);
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { INDEX = 0, EPSILON = 0, UNBIASED = 1, ATTRIBUTES };
enum { POOL_STATE, ROLES };
static const char *const role_names[ROLES] = {"pool_state"};

/* A deviation without bias is divided by one less than the number of rows. */
enum { LEAST_UNBIASED = 2 };

static int deviates(const mlm_op_view *view) {
    const uint32_t epsilon = view->op->attributes[EPSILON];
    const uint32_t unbiased = view->op->attributes[UNBIASED];
    return (epsilon == 0 || mlm_is_epsilon(view->op, EPSILON)) &&
           (unbiased == 0 || (unbiased == 1 && view->least_rows >= LEAST_UNBIASED));
}

/* What is kept or divided by must be there in the shortest sequence already. */
static MLM_COLD int check_pool(const mlm_op_view *view) {
    const uint32_t *attributes = view->op->attributes;
    if (view->widths[0] != view->op->width) return 0;
    if (view->op->variant == MLM_POOL_STD) return deviates(view);
    if (view->op->variant == MLM_POOL_ROW)
        return attributes[INDEX] < view->least_rows && attributes[UNBIASED] == 0;
    return attributes[0] == 0 && attributes[1] == 0;
}

static void pool_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)shape;
    const uint64_t rows = mlm_pool_state_rows((mlm_pool)view->op->variant);
    needs[POOL_STATE] = (mlm_need){.floats = rows * mlm_padded(view->op->width), .is_state = 1};
}

static void take_rows(const mlm_run *run, float *state) {
    const mlm_pool pool = (mlm_pool)run->op->variant;
    const uint32_t width = run->op->width, index = run->op->attributes[INDEX];
    const mlm_source x = run->inputs[0];
    if (pool != MLM_POOL_ROW)
        mlm_pool_rows(pool, width, x, run->rows, run->first, state);
    else if (index >= run->first && index - run->first < run->rows)
        keep_row(pool, x.data + (size_t)(index - run->first) * x.stride, width, state);
}

static int run_pool(mlm_run *run) {
    const mlm_pool pool = (mlm_pool)run->op->variant;
    float *state = mlm_buffer_at(run, POOL_STATE);
    if (run->phase == MLM_TAKE) {
        take_rows(run, state);
        run->made.data = 0;
    } else if (pool == MLM_POOL_STD) {
        mlm_pool_deviation(mlm_float_attribute(run->op, EPSILON), run->op->width, state,
                           run->in_total - run->op->attributes[UNBIASED], run->output.data);
    } else {
        mlm_pool_result(pool, run->op->width, state, run->in_total, run->output.data);
    }
    return 0;
}

static int run_mean_pool(mlm_run *run) {
    float *state = mlm_buffer_at(run, POOL_STATE);
    const uint32_t width = run->op->width;
    if (run->phase == MLM_GIVE) {
        mlm_pool_result(MLM_POOL_MEAN, width, state, run->in_total, run->output.data);
        return 0;
    }
    mlm_source x = run->inputs[0];
    for (uint32_t t = run->rows; t > 0; t--, x.data += x.stride)
        add_row(x.data, width, state, state + mlm_padded(width));
    run->made.data = 0;
    return 0;
}

/* A row and the state in, the state out; then the pooled row. One row only of those that keep a certain
 * one. */
void mlm_pool_class_counts(const mlm_op_view *view, mlm_work *work) {
    const mlm_pool pool = (mlm_pool)view->op->variant;
    const uint64_t row = work->row.bytes_read, state = row * mlm_pool_state_rows(pool);
    work->once.bytes_read = work->once.bytes_written = row;
    work->row.bytes_read = work->row.bytes_written = 0;
    mlm_counts *taken = pool == MLM_POOL_FIRST || pool == MLM_POOL_ROW ? &work->once : &work->row;
    taken->bytes_read += row + state;
    taken->bytes_written += state;
    if (pool == MLM_POOL_STD) taken->macs = view->op->width;
}

#define POOL                                                                                     \
    .name = "pool", .least_inputs = 1, .most_inputs = 1, .flags = MLM_OP_POOL | MLM_OP_SEQUENCE, \
    .attributes = ATTRIBUTES, .parts = 1, .roles = ROLES, .role_names = role_names,              \
    .check = check_pool, .needs = pool_needs

/* mlm-op 22 */
const mlm_op_class mlm_pool_class = {
    POOL,
    .variants = MLM_POOLS,
    .run = run_pool,
};

/* mlm-op 22, only variant 0 */
const mlm_op_class mlm_mean_pool_class = {
    POOL,
    .variants = MLM_POOL_MEAN + 1,
    .run = run_mean_pool,
};
