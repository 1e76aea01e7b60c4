/*
 * pool_int.c - reduces a sequence of integers to one row, as rows come in: mean and sum, exact in 64 bits until
 * they are rounded, maximum, minimum, or one of its rows.
 */
#include <string.h>

#include "integer.h"
#include "wasm_int.h"

enum { MOST_UP = 16, MOST_DOWN = 31 }; /* bits behind the point that a mean or sum gets or loses */

/* ---- mean and sum ----------------------------------------------------------------------------- */

/* The mean of n rows times 2^up, halves up. What of the sum is a multiple of n is divided first: with `up` more
 * bits a sum could leave 64. */
static int32_t mean_of(int64_t sum, uint32_t n, uint32_t up) {
    const int64_t whole = mlm_floor_divide(sum, n); /* a mean of 32-bit numbers has 32 bits */
    const uint64_t rest = (uint64_t)sum - (uint64_t)whole * n;
    const int64_t part = mlm_floor_divide((int64_t)((rest << (up + 1)) + n), 2 * (uint64_t)n);
    return i64_to_i32(whole * ((int64_t)1 << up) + part);
}

/* The sum times 2^up, halves up. */
static int32_t sum_of(int64_t sum, int32_t up) {
    if (up >= 0) return i64_to_i32(i64_to_i32(sum) * ((int64_t)1 << up));
    return i64_to_i32((sum >> -up) + (sum >> (-up - 1) & 1));
}

static void give_sums(const mlm_run *run, uint32_t up_attribute, const int64_t *sums) {
    const int32_t up = mlm_signed_attribute(run->op, up_attribute);
    int32_t *y = mlm_i32(run->output, 0);
    for (uint32_t i = 0; i < run->op->width; i++)
        y[i] = run->op->variant == MLM_POOL_MEAN ? mean_of(sums[i], run->in_total, (uint32_t)up)
                                                 : sum_of(sums[i], up);
}

#if MLM_WASM_INT

static void add_row(const mlm_run *run, uint32_t row, int is_wide, int64_t *sums) {
    const int16_t *x16 = mlm_read_i16(run->inputs[0], row);
    const int32_t *x32 = mlm_read_i32(run->inputs[0], row);
    for (uint32_t i = 0; i < run->op->width; i += 4) {
        const v128_t x = is_wide ? wasm_v128_load(x32 + i) : wasm_i32x4_load16x4(x16 + i);
        const v128_t low = wasm_i64x2_extend_low_i32x4(x), high = wasm_i64x2_extend_high_i32x4(x);
        wasm_v128_store(sums + i, wasm_i64x2_add(wasm_v128_load(sums + i), low));
        wasm_v128_store(sums + i + 2, wasm_i64x2_add(wasm_v128_load(sums + i + 2), high));
    }
}

#else

static void add_row(const mlm_run *run, uint32_t row, int is_wide, int64_t *sums) {
    const int64_t *const end = sums + run->op->width;
    if (is_wide)
        for (const int32_t *x = mlm_read_i32(run->inputs[0], row); sums != end;) *sums++ += *x++;
    else
        for (const int16_t *x = mlm_read_i16(run->inputs[0], row); sums != end;) *sums++ += *x++;
}

#endif

/* ---- the others -------------------------------------------------------------------------------- */

/* What stays of what is kept and what comes. */
MLM_INLINE int32_t kept(uint32_t pool, int32_t before, int32_t x) {
    if (pool == MLM_POOL_MAX) return x > before ? x : before;
    if (pool == MLM_POOL_MIN) return x < before ? x : before;
    return x;
}

static void keep_row(uint32_t pool, uint32_t width, int is_wide, const void *x, void *state) {
    const int16_t *x16 = x;
    const int32_t *x32 = x;
    int16_t *state16 = state;
    int32_t *state32 = state;
    for (uint32_t i = 0; i < width; i++)
        if (is_wide)
            state32[i] = kept(pool, state32[i], x32[i]);
        else
            state16[i] = (int16_t)kept(pool, state16[i], x16[i]);
}

/* Whether row `index` of the sequence has a say. */
static int counts(uint32_t pool, uint32_t index, uint32_t wanted) {
    if (pool == MLM_POOL_FIRST) return index == 0;
    return pool != MLM_POOL_ROW || index == wanted;
}

static void keep_rows(const mlm_run *run, uint32_t wanted, int is_wide, void *state) {
    const uint32_t width = run->op->width;
    for (uint32_t t = 0; t < run->rows; t++) {
        const uint32_t index = run->first + t;
        const uint32_t pool = index == 0 ? MLM_POOL_FIRST : run->op->variant;
        if (!counts(run->op->variant, index, wanted)) continue;
        keep_row(pool, width, is_wide, mlm_read_i32(run->inputs[0], t), state);
    }
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { INDEX, UP, INPUT_TYPE, ATTRIBUTES };
enum { POOL_STATE, ROLES };
static const char *const role_names[ROLES] = {"pool_state"};

static int is_sum(uint32_t pool) { return pool == MLM_POOL_MEAN || pool == MLM_POOL_SUM; }

/* What is kept must be there in the shortest sequence already. */
static int check_pool(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const uint32_t *attributes = op->attributes;
    if (view->widths[0] != op->width || !mlm_names_input_type(view, INPUT_TYPE)) return 0;
    if (op->variant == MLM_POOL_ROW ? attributes[INDEX] >= view->least_rows
                                    : attributes[INDEX] != 0)
        return 0;
    if (!is_sum(op->variant)) return op->type == view->types[0] && attributes[UP] == 0;
    return op->type == MLM_DTYPE_I32 &&
           mlm_is_between(op, UP, op->variant == MLM_POOL_MEAN ? 0 : -MOST_DOWN, MOST_UP);
}

static void pool_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)shape;
    const uint64_t width = mlm_padded(view->op->width);
    uint64_t words = mlm_bytes_of(view->op->type, width) / sizeof(float);
    if (is_sum(view->op->variant)) words = 2 * width;
    needs[POOL_STATE] = (mlm_need){.floats = words, .is_state = 1};
}

static int run_pool(mlm_run *run) {
    const mlm_blob_op *op = run->op;
    const int is_wide = op->attributes[INPUT_TYPE] == MLM_DTYPE_I32;
    void *state = mlm_buffer_at(run, POOL_STATE);
    if (run->phase == MLM_GIVE) {
        if (is_sum(op->variant))
            give_sums(run, UP, state);
        else
            memcpy(run->output.data, state, (size_t)mlm_bytes_of(op->type, op->width));
        return 0;
    }
    if (is_sum(op->variant))
        for (uint32_t t = 0; t < run->rows; t++) add_row(run, t, is_wide, state);
    else
        keep_rows(run, op->attributes[INDEX], is_wide, state);
    run->made.data = 0;
    return 0;
}

/* A row and the state in, the state out; then the pooled row. One row only of those that keep a certain one. */
void mlm_pool_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    const mlm_blob_op *op = view->op;
    const uint64_t width = op->width, row = work->row.bytes_read;
    const uint64_t state = is_sum(op->variant) ? width * sizeof(int64_t) : work->row.bytes_written;
    work->once.bytes_read = state;
    work->once.bytes_written = work->row.bytes_written;
    work->row.bytes_read = work->row.bytes_written = 0;
    mlm_counts *taken =
        op->variant == MLM_POOL_FIRST || op->variant == MLM_POOL_ROW ? &work->once : &work->row;
    taken->bytes_read += row + state;
    taken->bytes_written += state;
}

/* mlm-op 54 */
const mlm_op_class mlm_pool_int_class = {
    .name = "pool_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_POOL | MLM_OP_SEQUENCE,
    .variants = MLM_POOL_STD, /* and not that one */
    .types = MLM_TYPES_INTEGER,
    .input_types = MLM_TYPES_INTEGER,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check_pool,
    .needs = pool_needs,
    .run = run_pool,
};
