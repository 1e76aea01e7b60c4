/*
 * linear.c - matrix products over panels of 8 outputs. Micro-kernels hold one accumulator an output
 * and row in registers and walk the inputs once, so every sum is a plain left-to-right sum whatever
 * their shape; the shape only decides how often weights and inputs are loaded.
 */
#include "../math/vec4.h"
#include "cortex_m7.h"
#include "dual_issue_linear.h"
#include "kernels.h"

enum { PANEL = MLM_PANEL, LANES = 4 };

#if MLM_DUAL_ISSUE

static MLM_NOINLINE void panels_1_row(const float *weight, const float *bias, uint32_t bias_step,
                                      uint32_t inputs, uint32_t panels, const float *x, float *y) {
    dual_issue_panels_1_row(weight, bias, bias_step * (uint32_t)sizeof(float), inputs, panels, x,
                            y);
}

/* On their own, as they need nearly all registers. */
static MLM_NOINLINE void panel_2_rows(const float *weight, const float *bias, uint32_t inputs,
                                      const float *x, uint32_t x_stride, float *y,
                                      uint32_t y_stride) {
    dual_issue_panel_2_rows(weight, bias, inputs, x, x + x_stride, y, y + y_stride);
}

/* Of `half` floats of bias each half of a panel. */
static MLM_NOINLINE void panels_4_rows(const float *weight, const float *bias, uint32_t half,
                                       uint32_t inputs, uint32_t panels, const float *x,
                                       uint32_t x_stride, float *y, uint32_t y_stride) {
    enum { BYTES = sizeof(float) };
    dual_issue_panels_4_rows(weight, bias, half * BYTES, inputs, 2 * panels, x, x_stride, y,
                             y_stride * BYTES);
}

/* Each row's last input, where those before it have been added in pairs. */
static MLM_COLD void add_last_input(const float *weight, uint32_t inputs, uint32_t panels,
                                    mlm_source x, mlm_rows y, uint32_t frames) {
    x.data += inputs - 1;
    for (; frames > 0; frames--, x.data += x.stride, y.data += y.stride) {
        const float *w = weight + (inputs - 1) * PANEL, *const end = y.data + panels * PANEL;
        for (float *to = y.data; to != end; w += (inputs - 1) * PANEL)
            for (uint32_t i = 0; i < PANEL; i++) *to++ += *w++ * *x.data;
    }
}

static void add_pairs(const float *weight, const float *bias, uint32_t bias_step, uint32_t inputs,
                      uint32_t panels, mlm_source x, mlm_rows y, uint32_t frames) {
    /* Where more than one call goes over the weights, they are to be near from the second one on. */
    const uint32_t at_once = frames == 1 || frames == 4 ? panels : 1;
    for (; panels > 0; panels -= at_once) {
        const float *from = x.data;
        float *to = y.data;
        uint32_t left = frames;
        for (; left >= 4; left -= 4, from += 4 * x.stride, to += 4 * y.stride)
            panels_4_rows(weight, bias, bias_step / 2, inputs, at_once, from, x.stride, to,
                          y.stride);
        for (; left >= 2; left -= 2, from += 2 * x.stride, to += 2 * y.stride)
            panel_2_rows(weight, bias, inputs, from, x.stride, to, y.stride);
        if (left) panels_1_row(weight, bias, bias_step, inputs, at_once, from, to);
        weight += inputs * PANEL;
        bias += bias_step;
        y.data += PANEL;
    }
}

static void linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                   mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[PANEL] = {0.0f};
    add_pairs(weight, bias ? bias : zeros, bias ? PANEL : 0, inputs, panels, x, y, frames);
    if (inputs % 2) add_last_input(weight, inputs, panels, x, y, frames);
}

#elif MLM_CORTEX_M7

static void linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                   mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[PANEL] = {0.0f};
    for (uint32_t p = 0; p < panels; p++) {
        const float *w = weight + p * inputs * PANEL, *b = bias ? bias + p * PANEL : zeros;
        const float *from = x.data;
        float *to = y.data + p * PANEL;
        uint32_t left = frames;
        for (; left >= 2; left -= 2, from += 2 * x.stride, to += 2 * y.stride)
            m7_panel_2_rows(w, b, inputs, from, from + x.stride, to, to + y.stride);
        if (left) m7_panel_1_row(w, b, inputs, from, to);
    }
}

#elif !MLM_SIMD && defined(__wasm__)

/* Half a panel: WebAssembly engines load all weights of an input before they use the first, and with
 * eight of them and eight sums some would have no register. Two rows have enough sums to overlap. */
enum { HALF = 4 };

static MLM_NOINLINE void half_panel_2_rows(const float *weight, const float *bias, uint32_t inputs,
                                           const float *x0, const float *x1, float *y0, float *y1) {
    v4 sum0 = v4_load(bias), sum1 = sum0;
    for (; inputs > 0; inputs--, weight += PANEL) {
        const v4 w = v4_load(weight);
        sum0 = v4_add(sum0, v4_mul(w, v4_splat(*x0++)));
        sum1 = v4_add(sum1, v4_mul(w, v4_splat(*x1++)));
    }
    v4_store(y0, sum0);
    v4_store(y1, sum1);
}

static MLM_NOINLINE void half_panel_1_row(const float *weight, const float *bias, uint32_t inputs,
                                          const float *x, float *y) {
    v4 sum = v4_load(bias);
    for (; inputs > 0; inputs--, weight += PANEL)
        sum = v4_add(sum, v4_mul(v4_load(weight), v4_splat(*x++)));
    v4_store(y, sum);
}

static void linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                   mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[HALF] = {0.0f};
    for (uint32_t half = 0; half < 2 * panels; half++) {
        const float *w = weight + half / 2 * inputs * PANEL + half % 2 * HALF;
        const float *b = bias ? bias + half * HALF : zeros, *from = x.data;
        float *to = y.data + half * HALF;
        uint32_t left = frames;
        for (; left >= 2; left -= 2, from += 2 * x.stride, to += 2 * y.stride)
            half_panel_2_rows(w, b, inputs, from, from + x.stride, to, to + y.stride);
        if (left > 0) half_panel_1_row(w, b, inputs, from, to);
    }
}

#elif !MLM_SIMD

/*
 * With 32 registers for floats, eight inputs go in a turn, and those of one row to two panels. With fewer, compilers
 * that see several would mix them until the sums no longer fit; and processors that have fewer loop for nothing.
 */
#if defined(__riscv_flen) || defined(__ARM_FP)
#define TWO_PANELS 1
#define ROUND 8u
#define EACH_OF_ROUND(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7)
#else
#define TWO_PANELS 0
#define ROUND 1u
#define EACH_OF_ROUND(m) m(0)
#endif

enum { HALF = 4 };

/* Adds input i of x to the sums of a panel. */
#define ADD_TO_PANEL(i, low, high, weight)                                      \
    {                                                                           \
        const v4 input = v4_splat(x[i]);                                        \
        low = v4_add(low, v4_mul(v4_load(weight + (i)*PANEL), input));          \
        high = v4_add(high, v4_mul(v4_load(weight + (i)*PANEL + HALF), input)); \
    }
#define ADD_INPUT(i) ADD_TO_PANEL(i, low, high, weight)

#define ADD_INPUT_TO_2_PANELS(i)       \
    ADD_TO_PANEL(i, low, high, weight) \
    ADD_TO_PANEL(i, low2, high2, second)

/* Panel after panel; each one's weights begin where those of the one before it end. */
static MLM_AS_WRITTEN void panels_1_row(const float *weight, const float *bias, uint32_t bias_step,
                                        uint32_t inputs, uint32_t panels, const float *from,
                                        float *y) {
    const float *const end = from + inputs, *const whole = end - inputs % ROUND;
#if TWO_PANELS
    for (; panels >= 2; panels -= 2, y += 2 * PANEL) {
        const float *x = from, *second = weight + inputs * PANEL;
        v4 low = v4_load(bias), high = v4_load(bias + HALF);
        bias += bias_step;
        v4 low2 = v4_load(bias), high2 = v4_load(bias + HALF);
        bias += bias_step;
        for (; x != whole; x += ROUND, weight += ROUND * PANEL, second += ROUND * PANEL) {
            EACH_OF_ROUND(ADD_INPUT_TO_2_PANELS)
        }
        for (; x != end; x++, weight += PANEL, second += PANEL) {
            ADD_INPUT_TO_2_PANELS(0)
        }
        weight = second;
        v4_store(y, low);
        v4_store(y + HALF, high);
        v4_store(y + PANEL, low2);
        v4_store(y + PANEL + HALF, high2);
    }
#endif
    for (; panels > 0; panels--, bias += bias_step, y += PANEL) {
        const float *x = from;
        v4 low = v4_load(bias), high = v4_load(bias + HALF);
        for (; x != whole; x += ROUND, weight += ROUND * PANEL) {
            EACH_OF_ROUND(ADD_INPUT)
        }
        for (; x != end; x++, weight += PANEL) ADD_INPUT(0)
        v4_store(y, low);
        v4_store(y + HALF, high);
    }
}

/* Adds input i of two rows to their sums of half a panel. */
#define ADD_INPUT_OF_2_ROWS(i)                           \
    {                                                    \
        const v4 w = v4_load(weight + (i)*PANEL);        \
        sum0 = v4_add(sum0, v4_mul(w, v4_splat(x0[i]))); \
        sum1 = v4_add(sum1, v4_mul(w, v4_splat(x1[i]))); \
    }

/* The lower or upper four outputs of a panel, each weight loaded once. */
static MLM_AS_WRITTEN void half_panel_2_rows(const float *weight, const float *bias,
                                             uint32_t inputs, const float *x0, const float *x1,
                                             float *y0, float *y1) {
    const float *const end = x0 + inputs, *const whole = end - inputs % ROUND;
    v4 sum0 = v4_load(bias), sum1 = sum0;
    for (; x0 != whole; x0 += ROUND, x1 += ROUND, weight += ROUND * PANEL) {
        EACH_OF_ROUND(ADD_INPUT_OF_2_ROWS)
    }
    for (; x0 != end; x0++, x1++, weight += PANEL) ADD_INPUT_OF_2_ROWS(0)
    v4_store(y0, sum0);
    v4_store(y1, sum1);
}

static MLM_NOINLINE void panels_of_rows(const float *weight, const float *bias, uint32_t bias_step,
                                        uint32_t inputs, uint32_t panels, mlm_source x, mlm_rows y,
                                        uint32_t frames) {
    for (; panels > 0; panels--, weight += inputs * PANEL, bias += bias_step, y.data += PANEL) {
        const float *x0 = x.data;
        float *y0 = y.data;
        for (uint32_t t = 2; t <= frames; t += 2) {
            const float *const x1 = x0 + x.stride;
            float *const y1 = y0 + y.stride;
            half_panel_2_rows(weight, bias, inputs, x0, x1, y0, y1);
            half_panel_2_rows(weight + HALF, bias + HALF, inputs, x0, x1, y0 + HALF, y1 + HALF);
            x0 = x1 + x.stride;
            y0 = y1 + y.stride;
        }
        if (frames % 2) panels_1_row(weight, bias, 0, inputs, 1, x0, y0);
    }
}

static void linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                   mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[PANEL] = {0.0f};
    const uint32_t bias_step = bias ? PANEL : 0;
    if (!bias) bias = zeros;
    if (frames == 1)
        panels_1_row(weight, bias, bias_step, inputs, panels, x.data, y.data);
    else
        panels_of_rows(weight, bias, bias_step, inputs, panels, x, y, frames);
}

#else

/* m for each panel or row, with what else it takes; UP from the first one, DOWN from the last one. */
#define PANELS_UP1(m, ...) m(0, __VA_ARGS__)
#define PANELS_UP2(m, ...) PANELS_UP1(m, __VA_ARGS__) m(1, __VA_ARGS__)
#define PANELS_UP4(m, ...) PANELS_UP2(m, __VA_ARGS__) m(2, __VA_ARGS__) m(3, __VA_ARGS__)
#define PANELS_UP5(m, ...) PANELS_UP4(m, __VA_ARGS__) m(4, __VA_ARGS__)
#define PANELS_DOWN1(m, ...) m(0, __VA_ARGS__)
#define PANELS_DOWN2(m, ...) m(1, __VA_ARGS__) PANELS_DOWN1(m, __VA_ARGS__)
#define PANELS_DOWN4(m, ...) m(3, __VA_ARGS__) m(2, __VA_ARGS__) PANELS_DOWN2(m, __VA_ARGS__)
#define PANELS_DOWN5(m, ...) m(4, __VA_ARGS__) PANELS_DOWN4(m, __VA_ARGS__)
#define ROWS_UP1(m, ...) m(0, __VA_ARGS__)
#define ROWS_UP2(m, ...) ROWS_UP1(m, __VA_ARGS__) m(1, __VA_ARGS__)
#define ROWS_UP4(m, ...) ROWS_UP2(m, __VA_ARGS__) m(2, __VA_ARGS__) m(3, __VA_ARGS__)
#define ROWS_DOWN1(m, ...) m(0, __VA_ARGS__)
#define ROWS_DOWN2(m, ...) m(1, __VA_ARGS__) ROWS_DOWN1(m, __VA_ARGS__)

/* The pieces of a micro-kernel, of panel p, half h of it and row t, and of input i of those in a round.
 * One named variable an accumulator: arrays of accumulators are not kept in registers by every compiler. */
#define WEIGHTS(p, _) const float *w##p = back(weight + (p)*inputs * PANEL, skip * PANEL);
#define INPUTS(t, _) const float *x##t = back(x + (t)*x_stride, skip);
#define SUM(t, p, h) v4 sum##p##h##t = v4_load(bias + (p)*PANEL + (h)*LANES);
#define SUMS(p, rows) ROWS_UP##rows(SUM, p, 0) ROWS_UP##rows(SUM, p, 1)
#define LOAD_INPUT(t, i) const v4 v##t = v4_splat(x##t[i]);
#define ADD(t, p, h) sum##p##h##t = v4_add(sum##p##h##t, v4_mul(w, v##t));
#define ADD_HALF(p, h, i, all_rows)                         \
    {                                                       \
        const v4 w = v4_load(w##p + (i)*PANEL + (h)*LANES); \
        all_rows(ADD, p, h)                                 \
    }
#define ADD_UP(p, rows, i) ADD_HALF(p, 0, i, ROWS_UP##rows) ADD_HALF(p, 1, i, ROWS_UP##rows)
#define ADD_DOWN(p, rows, i) ADD_HALF(p, 1, i, ROWS_DOWN##rows) ADD_HALF(p, 0, i, ROWS_DOWN##rows)
#define NEXT_WEIGHTS(p, inputs_done) w##p += (inputs_done)*PANEL;
#define NEXT_INPUTS(t, inputs_done) x##t += (inputs_done);
#define STORE(t, p, h) v4_store(y + (t)*y_stride + (p)*PANEL + (h)*LANES, sum##p##h##t);
#define STORES(p, rows) ROWS_UP##rows(STORE, p, 0) ROWS_UP##rows(STORE, p, 1)

/* One input; a round of them, the last one of which goes through the sums the other way. */
#define ONE_INPUT(panels, rows, way, i) \
    { ROWS_UP##rows(LOAD_INPUT, i) PANELS_##way##panels(ADD_##way, rows, i) }
#define CASE_INPUT(panels, rows, way, i) \
    case i:                              \
        ONE_INPUT(panels, rows, way, i) __attribute__((fallthrough));
#define LAST_INPUT(panels, rows, way, i) \
    default:                             \
        ONE_INPUT(panels, rows, way, i)
#define ROUND1(panels, rows, way, last_way) LAST_INPUT(panels, rows, last_way, 0)
#define ROUND2(panels, rows, way, last_way) \
    CASE_INPUT(panels, rows, way, 0) LAST_INPUT(panels, rows, last_way, 1)
#define ROUND4(panels, rows, way, last_way) \
    CASE_INPUT(panels, rows, way, 0)        \
    CASE_INPUT(panels, rows, way, 1)        \
    CASE_INPUT(panels, rows, way, 2) LAST_INPUT(panels, rows, last_way, 3)

/* p - count, for a round that starts part way; by way of an integer, as it may be before the array. */
MLM_INLINE const float *back(const float *p, uint32_t count) {
    return (const float *)((uintptr_t)p - count * sizeof(float));
}

/*
 * A strip of `panels` panels over `count` times `rows` rows; the weights stay in the first-level cache
 * from one group of rows to the next. A function of its own each, as compilers allocate registers by
 * function; its arguments are one word each, as structs would go through memory.
 *
 * Inputs go in rounds; a first one that is not whole starts part way. The labels for that are worth more
 * than what they are for. Between two labels WebAssembly engines order operations as they like, and with
 * several inputs there they load all weights first and have not enough registers. With one input there,
 * they use weights as they come if it goes through the sums in the right way, which is the other one for
 * the last input of a round, and which is found by measuring.
 */
#define STRIP(panels, rows, round, way, last_way)                                                \
    static MLM_NOINLINE void strip_##panels##x##rows(                                            \
        const float *weight, const float *bias, uint32_t inputs, const float *x,                 \
        uint32_t x_stride, float *y, uint32_t y_stride, uint32_t count) {                        \
        for (; count > 0; count--) {                                                             \
            uint32_t skip = (0 - inputs) % (round);                                              \
            PANELS_UP##panels(WEIGHTS, 0) ROWS_UP##rows(INPUTS, 0) PANELS_UP##panels(SUMS, rows) \
                const float *const end = x + inputs;                                             \
            while (x0 != end) {                                                                  \
                switch (skip) { ROUND##round(panels, rows, way, last_way) }                      \
                skip = 0;                                                                        \
                PANELS_UP##panels(NEXT_WEIGHTS, round) ROWS_UP##rows(NEXT_INPUTS, round)         \
            }                                                                                    \
            PANELS_UP##panels(STORES, rows) x += (rows)*x_stride;                                \
            y += (rows)*y_stride;                                                                \
        }                                                                                        \
    }

STRIP(1, 1, 1, UP, UP)
STRIP(2, 1, 1, UP, UP)
STRIP(4, 1, 4, DOWN, UP)
STRIP(5, 1, 2, DOWN, UP)
STRIP(2, 2, 4, UP, DOWN)
STRIP(1, 4, 1, UP, UP)

#define RUN_STRIP(panels, rows)                                                            \
    do {                                                                                   \
        const uint32_t count = (frames - t) / (rows);                                      \
        if (count > 0)                                                                     \
            strip_##panels##x##rows(weight, bias, inputs, x.data + t * x.stride, x.stride, \
                                    y.data + t * y.stride, y.stride, count);               \
        t += count * (rows);                                                               \
    } while (0)

#define NEXT_PANELS(n)            \
    weight += (n)*inputs * PANEL; \
    bias += (n)*bias_step;        \
    y.data += (n)*PANEL;          \
    panels -= (n)

static void linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                   mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[5 * PANEL] = {0.0f};
    const uint32_t bias_step = bias ? PANEL : 0;
    if (!bias) bias = zeros;
    uint32_t t = 0;
    /* A panel alone would wait for its own sums; of four rows it has enough. */
    if (frames < 4 && panels % 2 && panels >= 5) {
        t = 0;
        RUN_STRIP(5, 1);
        NEXT_PANELS(5);
    }
    /* One row has only the panels' sums to overlap. */
    while (frames == 1 && panels >= 4) {
        t = 0;
        RUN_STRIP(4, 1);
        NEXT_PANELS(4);
    }
    while (panels >= 2) {
        t = 0;
        RUN_STRIP(2, 2);
        RUN_STRIP(2, 1);
        NEXT_PANELS(2);
    }
    while (panels >= 1) {
        t = 0;
        RUN_STRIP(1, 4);
        RUN_STRIP(1, 1);
        NEXT_PANELS(1);
    }
}

#endif

void mlm_linear_f32(const float *panels, const float *bias, uint32_t inputs, uint32_t panel_count,
                    const float *x, uint32_t x_stride, float *y, uint32_t y_stride,
                    uint32_t frames) {
    linear(panels, bias, inputs, panel_count, (mlm_source){x, x_stride}, (mlm_rows){y, y_stride},
           frames);
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { WEIGHT, BIAS, TENSORS };

static int check_linear(const mlm_op_view *view) {
    return mlm_has_matrix(view, WEIGHT, view->op->width, view->widths[0]) &&
           mlm_has_optional_vector(view, BIAS, view->op->width);
}

static int run_linear(mlm_run *run) {
    mlm_linear(mlm_matrix_of(run, WEIGHT), mlm_weights(run, BIAS), run->inputs[0], run->output,
               run->rows);
    return 0;
}

void mlm_linear_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = view->widths[0] * (uint64_t)view->op->width;
}

/* mlm-op 1 */
const mlm_op_class mlm_linear_class = {
    .name = "linear",
    .least_inputs = 1,
    .most_inputs = 1,
    .variants = 1,
    .tensors = TENSORS,
    .parts = 1,
    .check = check_linear,
    .run = run_linear,
};
