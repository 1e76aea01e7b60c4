/*
 * linear.c - matrix products over panels of 8 outputs. Micro-kernels hold one accumulator an output
 * and row in registers and walk the inputs once, so every sum is a plain left-to-right sum whatever
 * their shape; the shape only decides how often weights and inputs are loaded.
 */
#include "../core/vec4.h"
#include "cortex_m7.h"
#include "kernels.h"

enum { PANEL = 8 };

#if MLM_CORTEX_M7

void mlm_linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
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

#elif defined(__wasm__) && !MLM_SIMD

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

void mlm_linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
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

#else

/* The pieces of a micro-kernel for panel p and row t. One named variable an accumulator: arrays of
 * accumulators are not kept in registers by every compiler. */
#define DECLARE_PANEL(p, t)                          \
    const float *w##p = weight + (p)*inputs * PANEL; \
    const v4 b##p##l = v4_load(bias + (p)*PANEL), b##p##h = v4_load(bias + (p)*PANEL + 4);
#define DECLARE_ROW(t) const float *x##t = x + (t)*x_stride;
#define DECLARE_SUM(p, t) v4 s##p##t##l = b##p##l, s##p##t##h = b##p##h;
#define LOAD_PANEL(p, t)                                           \
    const v4 w##p##l = v4_load(w##p), w##p##h = v4_load(w##p + 4); \
    w##p += PANEL;
#define LOAD_ROW(t) const v4 v##t = v4_splat(*x##t++);
#define ACCUMULATE(p, t)                                    \
    s##p##t##l = v4_add(s##p##t##l, v4_mul(w##p##l, v##t)); \
    s##p##t##h = v4_add(s##p##t##h, v4_mul(w##p##h, v##t));
#define STORE_SUM(p, t)                                 \
    v4_store(y + (t)*y_stride + (p)*PANEL, s##p##t##l); \
    v4_store(y + (t)*y_stride + (p)*PANEL + 4, s##p##t##h);

#define PANELS1(m, t) m(0, t)
#define PANELS2(m, t) PANELS1(m, t) m(1, t)
#define PANELS3(m, t) PANELS2(m, t) m(2, t)
#define PANELS4(m, t) PANELS3(m, t) m(3, t)
#define PANELS5(m, t) PANELS4(m, t) m(4, t)
#define ROWS1(m) m(0)
#define ROWS2(m) ROWS1(m) m(1)
#define ROWS4(m) ROWS2(m) m(2) m(3)
#define BOTH1(panels, m) panels(m, 0)
#define BOTH4(panels, m) BOTH2(panels, m) panels(m, 2) panels(m, 3)
#define BOTH2(panels, m) BOTH1(panels, m) panels(m, 1)

#define ONE_INPUT(panels, rows) \
    { PANELS##panels(LOAD_PANEL, 0) ROWS##rows(LOAD_ROW) BOTH##rows(PANELS##panels, ACCUMULATE) }

/* Two inputs of one row. Each weight is loaded where it is used and not before: with all loads first,
 * as compilers like them, there are not enough registers. */
#define KEEP_LOADS_HERE __asm volatile("" : : : "memory");
#define ACCUMULATE_TWO(p, t)                                                \
    s##p##0l = v4_add(s##p##0l, v4_mul(v4_load(w##p), first));              \
    s##p##0l = v4_add(s##p##0l, v4_mul(v4_load(w##p + PANEL), second));     \
    s##p##0h = v4_add(s##p##0h, v4_mul(v4_load(w##p + 4), first));          \
    s##p##0h = v4_add(s##p##0h, v4_mul(v4_load(w##p + PANEL + 4), second)); \
    w##p += 2 * PANEL;                                                      \
    KEEP_LOADS_HERE
#define TWO_INPUTS(panels)                                          \
    {                                                               \
        const v4 first = v4_splat(x0[0]), second = v4_splat(x0[1]); \
        x0 += 2;                                                    \
        PANELS##panels(ACCUMULATE_TWO, 0)                           \
    }

/* The arguments of a strip, one word each: structs would go through memory. */
#define STRIP_PARAMETERS                                                                        \
    const float *weight, const float *bias, uint32_t inputs, const float *x, uint32_t x_stride, \
        float *y, uint32_t y_stride, uint32_t count

/*
 * A strip of `panels` panels over `count` times `rows` rows; the weights stay in the first-level cache
 * from one group of rows to the next. A function of its own each: register allocation in WebAssembly
 * engines goes by function.
 */
#define STRIP(panels, rows, all_inputs)                                                    \
    static MLM_NOINLINE void strip_##panels##x##rows(STRIP_PARAMETERS) {                   \
        for (; count > 0; count--) {                                                       \
            PANELS##panels(DECLARE_PANEL, 0) ROWS##rows(DECLARE_ROW)                       \
                BOTH##rows(PANELS##panels, DECLARE_SUM)                                    \
                    all_inputs BOTH##rows(PANELS##panels, STORE_SUM) x += (rows)*x_stride; \
            y += (rows)*y_stride;                                                          \
        }                                                                                  \
    }
/* The end is told by the first row's address: a counter would be one more register and step. */
#define ONE_BY_ONE(panels, rows) \
    for (const float *end = x0 + inputs; x0 != end;) ONE_INPUT(panels, rows)
#define TWO_BY_TWO(panels)                                                      \
    for (const float *end = x0 + inputs / 2 * 2; x0 != end;) TWO_INPUTS(panels) \
    if (inputs % 2) ONE_INPUT(panels, 1)

#if MLM_SIMD
STRIP(1, 1, ONE_BY_ONE(1, 1)) /* out-of-order cores hide the loop's own instructions */
#else
STRIP(1, 1, TWO_BY_TWO(1))
#endif
#if MLM_SIMD
STRIP(2, 1, ONE_BY_ONE(2, 1))
STRIP(4, 1, TWO_BY_TWO(4))
STRIP(5, 1, TWO_BY_TWO(5))
STRIP(2, 2, ONE_BY_ONE(2, 2))
STRIP(1, 4, ONE_BY_ONE(1, 4))
#endif

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

void mlm_linear(const float *weight, const float *bias, uint32_t inputs, uint32_t panels,
                mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[5 * PANEL] = {0.0f};
    const uint32_t bias_step = bias ? PANEL : 0;
    if (!bias) bias = zeros;
    uint32_t t = 0;
#if MLM_SIMD
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
#endif
    while (panels >= 1) {
        t = 0;
#if MLM_SIMD
        RUN_STRIP(1, 4);
#endif
        RUN_STRIP(1, 1);
        NEXT_PANELS(1);
    }
}

#endif
