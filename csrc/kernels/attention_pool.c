/*
 * attention_pool.c - the mean of a sequence, its rows weighted by the softmax of their scores: one score a
 * row, or one an element. Rows are taken as they come, relative to the largest score so far; when that
 * grows, what was taken shrinks.
 */
#include "../math/math4.h"
#include "op.h"

enum { LARGEST, WEIGHTS, SUM, ROLES };

static int check(const mlm_op_view *view) {
    const uint32_t width = view->op->width;
    return view->widths[0] == width && (view->widths[1] == 1 || view->widths[1] == width) &&
           !view->is_vector[1];
}

static void needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *need) {
    (void)shape;
    for (uint32_t role = 0; role < ROLES; role++) {
        need[role].floats = mlm_padded(view->widths[role == SUM ? 0 : 1]);
        need[role].is_state = 1;
    }
}

/* e^(low - high); 1 where both are the same infinity, or one is NaN. */
static v4 shrink(v4 high, v4 low) {
    const v4 distance = v4_sub(high, low);
    return v4_exp_minus_or_nan(v4_where_nan(distance, v4_zero(), distance));
}

static int has_one_score(const mlm_run *run) { return run->widths[1] == 1; }

/* State of scores. Of one score only the first element counts: a build of one lane makes no other, and a saved
 * state may come from one. */
static v4 load_state(const mlm_run *run, const float *state) {
    return has_one_score(run) ? v4_splat(*state) : v4_load(state);
}

/* Four scores, one for each lane, into the state at `i`: what the sum so far shrinks by, and the row's weight. */
static void take_scores(const mlm_run *run, uint32_t i, int is_first, v4 score, v4 *shrunk,
                        v4 *weight) {
    float *largest = mlm_buffer_at(run, LARGEST) + i, *weights = mlm_buffer_at(run, WEIGHTS) + i;
    const v4 before = is_first ? score : load_state(run, largest);
    const v4 now = v4_max_or_nan(before, score);
    *shrunk = shrink(now, before);
    *weight = shrink(now, score);
    v4_store(largest, now);
    v4_store(weights, v4_add(v4_mul(load_state(run, weights), *shrunk), *weight));
}

static void take_row(const mlm_run *run, int is_first, const float *x, const float *scores) {
    const uint32_t width = run->op->width;
    const int is_one = has_one_score(run);
    float *sum = mlm_buffer_at(run, SUM);
    v4 shrunk = v4_zero(), weight = v4_zero();
    for (uint32_t i = 0; i < width; i += V4_LANES) {
        if (i == 0 || !is_one) {
            const v4 score = is_one ? v4_splat(*scores) : v4_load_row(scores, i, width);
            take_scores(run, i, is_first, score, &shrunk, &weight);
        }
        v4_store(sum + i, v4_add(v4_mul(v4_load(sum + i), shrunk),
                                 v4_mul(weight, v4_load_row(x, i, width))));
    }
}

/* The sum by the weights. Where the largest score is an infinity or NaN it is NaN, as in PyTorch. */
static void give(const mlm_run *run) {
    const float *largest = mlm_buffer_at(run, LARGEST), *weights = mlm_buffer_at(run, WEIGHTS);
    const float *sum = mlm_buffer_at(run, SUM);
    for (uint32_t i = 0; i < run->op->width; i += V4_LANES) {
        const uint32_t at = has_one_score(run) ? 0 : i;
        const v4 top = load_state(run, largest + at);
        const v4 divisor = v4_add(load_state(run, weights + at), v4_sub(top, top));
        v4_store(run->output.data + i, v4_div(v4_load(sum + i), divisor));
    }
}

static int run_attention_pool(mlm_run *run) {
    mlm_source x = run->inputs[0], scores = run->inputs[1];
    if (run->phase == MLM_GIVE) {
        give(run);
        return 0;
    }
    for (uint32_t t = 0; t < run->rows; t++, x.data += x.stride, scores.data += scores.stride)
        take_row(run, run->first + t == 0, x.data, scores.data);
    run->made.data = 0;
    return 0;
}

void mlm_attention_pool_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, scores = view->widths[1];
    work->row.macs = 2 * width + scores;
    work->row.exps = 2 * scores;
    /* A row, its scores, and the state in and out; then the pooled row. */
    work->row.bytes_read = (2 * width + 3 * scores) * sizeof(float);
    work->row.bytes_written = (width + 2 * scores) * sizeof(float);
    work->once.bytes_read = work->row.bytes_written;
    work->once.bytes_written = width * sizeof(float);
}

static const char *const roles[] = {"largest_score", "weight_sum", "weighted_sum"};

/* mlm-op 23 */
const mlm_op_class mlm_attention_pool_class = {
    .name = "attention_pool",
    .least_inputs = 2,
    .most_inputs = 2,
    .flags = MLM_OP_POOL | MLM_OP_SEQUENCE,
    .variants = 1,
    .parts = 1,
    .roles = ROLES,
    .role_names = roles,
    .check = check,
    .needs = needs,
    .run = run_attention_pool,
};
