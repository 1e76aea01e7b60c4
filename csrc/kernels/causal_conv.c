/*
 * causal_conv.c - the causal depthwise convolution of a Mamba block, one group of 4 channels at a time.
 * Four taps, the size that Mamba is trained with, keep the history in registers. One that looks ahead is
 * the same with its first outputs left out, and zeros behind the end.
 */
#include "../math/vec4.h"
#include "cortex_m7.h"
#include "dual_issue_conv1d.h"
#include "kernels.h"

enum { LANES = MLM_GROUP };

#if MLM_CORTEX_M7

MLM_INLINE void conv1d_4_taps(const float *weight, const float *bias, float *history, mlm_rows x,
                              uint32_t frames) {
    for (; frames > 0; frames--, x.data += x.stride)
        m7_conv1d_4_taps(weight, bias, history, x.data);
}

#else

static void conv1d_4_taps(const float *weight, const float *bias, float *history, mlm_rows x,
                          uint32_t frames) {
    const v4 b = v4_load(bias);
    const v4 w0 = v4_load(weight), w1 = v4_load(weight + 4);
    const v4 w2 = v4_load(weight + 8), w3 = v4_load(weight + 12);
    v4 h0 = v4_load(history), h1 = v4_load(history + 4), h2 = v4_load(history + 8);
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const v4 now = v4_load(x.data);
        v4 sum = v4_add(b, v4_mul(w0, h0));
        sum = v4_add(sum, v4_mul(w1, h1));
        sum = v4_add(sum, v4_mul(w2, h2));
        v4_store(x.data, v4_add(sum, v4_mul(w3, now)));
        h0 = h1;
        h1 = h2;
        h2 = now;
    }
    v4_store(history, h0);
    v4_store(history + 4, h1);
    v4_store(history + 8, h2);
}

/* One frame: the history moves on in memory. */
static void conv1d_4_taps_once(const float *weight, const float *bias, uint32_t bias_step,
                               float *history, float *x, uint32_t groups) {
    for (const float *end = x + groups * LANES; x != end; x += LANES) {
        const v4 now = v4_load(x), h1 = v4_load(history + 4), h2 = v4_load(history + 8);
        v4 sum = v4_add(v4_load(bias), v4_mul(v4_load(weight), v4_load(history)));
        sum = v4_add(sum, v4_mul(v4_load(weight + 4), h1));
        sum = v4_add(sum, v4_mul(v4_load(weight + 8), h2));
        v4_store(x, v4_add(sum, v4_mul(v4_load(weight + 12), now)));
        v4_store(history, h1);
        v4_store(history + 4, h2);
        v4_store(history + 8, now);
        weight += 4 * LANES;
        history += 3 * LANES;
        bias += bias_step;
    }
}

#endif

static void conv1d_any(const float *weight, const float *bias, uint32_t taps, float *history,
                       mlm_rows x, uint32_t frames) {
    for (uint32_t t = 0; t < frames; t++, x.data += x.stride) {
        const v4 now = v4_load(x.data);
        v4 sum = v4_load(bias);
        for (uint32_t k = 0; k + 1 < taps; k++) {
            const v4 past = v4_load(history + 4 * k);
            sum = v4_add(sum, v4_mul(v4_load(weight + 4 * k), past));
            if (k > 0) v4_store(history + 4 * (k - 1), past);
        }
        v4_store(x.data, v4_add(sum, v4_mul(v4_load(weight + 4 * (taps - 1)), now)));
        if (taps > 1) v4_store(history + 4 * (taps - 2), now);
    }
}

void mlm_conv1d(const float *weight, const float *bias, uint32_t taps, uint32_t groups,
                float *history, mlm_rows x, uint32_t frames) {
    static const float zeros[LANES] = {0.0f};
    const uint32_t bias_step = bias ? LANES : 0;
    if (!bias) bias = zeros;
#if !MLM_CORTEX_M7
    if (taps == 4 && frames == 1) {
        conv1d_4_taps_once(weight, bias, bias_step, history, x.data, groups);
        return;
    }
#endif
#if MLM_DUAL_ISSUE
    const uint32_t two = bias_step * (uint32_t)sizeof(float) / 2;
    for (; taps == 4 && frames >= 4; frames -= 4, x.data += 4 * x.stride)
        dual_issue_conv1d_4_rows(weight, bias, two, history, x.data, x.stride, groups);
    if (frames == 0) return;
#endif
    for (; groups > 0; groups--) {
        if (taps == 4)
            conv1d_4_taps(weight, bias, history, x, frames);
        else
            conv1d_any(weight, bias, taps, history, x, frames);
        weight += LANES * taps;
        if (taps > 1) history += LANES * (taps - 1); /* else there is none */
        bias += bias_step;
        x.data += LANES;
    }
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { TAPS, AHEAD, ACTIVATION, ATTRIBUTES };
enum { NO_ACTIVATION, THEN_SILU, ACTIVATION_COUNT };
enum { WEIGHT, BIAS, TENSORS };
enum { CONV_STATE, ROLES };
static const char *const role_names[ROLES] = {"conv_state"};

static uint32_t groups_of(uint32_t width) { return (width + LANES - 1) / LANES; }

static MLM_COLD int check_causal_conv(const mlm_op_view *view) {
    const uint32_t width = view->op->width, *attributes = view->op->attributes;
    return view->widths[0] == width && attributes[AHEAD] < attributes[TAPS] &&
           attributes[ACTIVATION] < ACTIVATION_COUNT &&
           mlm_has_tensor(view, WEIGHT, MLM_PACK_GROUPS, width, attributes[TAPS]) &&
           mlm_has_optional_vector(view, BIAS, width);
}

static MLM_COLD int check_conv_behind(const mlm_op_view *view) {
    return view->op->attributes[AHEAD] == 0 && check_causal_conv(view);
}

static int causal_conv_clock(const mlm_op_view *view, mlm_clock *clock) {
    const uint32_t ahead = view->op->attributes[AHEAD];
    *clock = (mlm_clock){.window = 1 + ahead,
                         .hop = 1,
                         .before = 0,
                         .after = ahead,
                         .repeat = 1,
                         .insert = MLM_NO_INSERT};
    return ahead > 0;
}

static void causal_conv_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)shape;
    const uint64_t past = view->op->attributes[TAPS] - 1;
    needs[CONV_STATE] =
        (mlm_need){.floats = past * groups_of(view->op->width) * LANES, .is_state = 1};
}

/* The history moves on by a row, or by zeros where x is null. */
static void remember(float *history, uint32_t past, uint32_t width, const float *x) {
    for (uint32_t i = 0; i < width; i += LANES, history += past * LANES) {
        for (uint32_t k = 1; k < past; k++)
            v4_store(history + (k - 1) * LANES, v4_load(history + k * LANES));
        v4_store(history + (past - 1) * LANES, x ? v4_load_row(x, i, width) : v4_zero());
    }
}

/*
 * Rows of a convolution that looks ahead, before the convolution: row r is input row r + ahead, or zeros
 * where there is none. What comes before the first of these goes into the history only.
 */
static MLM_COLD void gather_ahead(mlm_run *run, float *history) {
    const uint32_t width = run->op->width, ahead = run->op->attributes[AHEAD];
    const uint32_t past = run->op->attributes[TAPS] - 1;
    uint32_t left = run->in_rows;
    mlm_source x = run->inputs[0];
    for (uint32_t row = run->in_first; run->first == 0 && row < ahead; row++) {
        if (left == 0 && run->rows == 0) return;
        remember(history, past, width, left > 0 ? x.data : 0);
        if (left == 0) continue;
        left--;
        x.data += x.stride;
    }
    if (left > run->rows) left = run->rows;
    mlm_copy_rows(x, run->output, width, left);
    float *y = run->output.data + (size_t)left * run->output.stride;
    for (; left < run->rows; left++, y += run->output.stride)
        for (uint32_t i = 0; i < width; i += LANES) v4_store(y + i, v4_zero());
}

/* The convolution of the output's rows in place. */
MLM_INLINE int convolve(mlm_run *run, float *history) {
    const uint32_t *attributes = run->op->attributes, groups = groups_of(run->op->width);
    mlm_conv1d(mlm_weights(run, WEIGHT), mlm_weights(run, BIAS), attributes[TAPS], groups, history,
               run->output, run->rows);
    if (attributes[ACTIVATION] == THEN_SILU) mlm_silu(run->output, groups, run->rows);
    return 0;
}

static int run_conv_behind(mlm_run *run) {
    mlm_copy_rows(run->inputs[0], run->output, run->op->width, run->rows);
    return convolve(run, mlm_buffer_at(run, CONV_STATE));
}

static int run_causal_conv(mlm_run *run) {
    float *history = mlm_buffer_at(run, CONV_STATE);
    if (run->op->attributes[AHEAD] == 0) return run_conv_behind(run);
    gather_ahead(run, history);
    return convolve(run, history);
}

void mlm_causal_conv_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, taps = view->op->attributes[TAPS];
    work->row.macs = width * taps;
    mlm_count_state(work, width * (taps - 1));
    if (view->op->attributes[ACTIVATION] != THEN_SILU) return;
    work->row.exps = width;
    work->row.bytes_read *= 2;
    work->row.bytes_written *= 2;
}

#define CAUSAL_CONV                                                                      \
    .name = "causal_conv", .least_inputs = 1, .most_inputs = 1,                          \
    .flags = MLM_OP_SEQUENCE | MLM_OP_IN_PLACE, .variants = 1, .attributes = ATTRIBUTES, \
    .tensors = TENSORS, .parts = 1, .roles = ROLES, .role_names = role_names,            \
    .needs = causal_conv_needs

/* mlm-op 11 */
const mlm_op_class mlm_causal_conv_class = {
    CAUSAL_CONV,
    .check = check_causal_conv,
    .clock = causal_conv_clock,
    .run = run_causal_conv,
};

/* mlm-op 11, only attribute 1 is 0 */
const mlm_op_class mlm_conv_behind_class = {
    CAUSAL_CONV,
    .check = check_conv_behind,
    .run = run_conv_behind,
};
