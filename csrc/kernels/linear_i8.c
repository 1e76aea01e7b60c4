/*
 * linear_i8.c - matrix products of f32 rows with i8 panels of 8 outputs. A sum is s = w_0 x_0 + w_1 x_1 + ... from
 * left to right, the weights as they are, from -128 to 127, which floats hold exactly; the first product is added
 * to 0. An element of y is then (s scale) + bias, the bias 0 where there is none: each operation rounded once, in
 * this order, whatever the shape of the micro-kernel, so that bits are the same everywhere. In a build without
 * matrices of this type the file is absent.
 */
#include <string.h>

#include "../math/vec4.h"
#include "cortex_m7.h"
#include "kernels.h"

enum { PANEL = MLM_PANEL, LANES = 4 };

#if MLM_SIMD && defined(__wasm_simd128__)

/*
 * Weights are made floats, some panels and inputs at a time, and go through the micro-kernels of those: here less code
 * is worth more than what a table of floats costs. Sums go on from where they were, in y.
 */
enum { WIDE_PANELS = 4, WIDE_INPUTS = 32 };

/* LLVM makes one conversion of three, which it then does lane by lane: it is not to see what is in x. */
MLM_INLINE v128_t hidden(v128_t x) {
    __asm("" : "+r"(x));
    return x;
}

/* As panels have them, outputs 0, 4, 1, 5 ... lie side by side: no shuffle takes them apart. */
static void widen(const int8_t *w, uint32_t inputs, float *wide) {
    for (const int8_t *end = w + inputs * PANEL; w != end; w += PANEL, wide += PANEL) {
        const v128_t eight = hidden(wasm_i16x8_load8x8(w));
        const v128_t even = wasm_i32x4_dot_i16x8(eight, wasm_i32x4_splat(1));
        v4_store(wide, wasm_f32x4_convert_i32x4(hidden(even)));
        v4_store(wide + LANES, wasm_f32x4_convert_i32x4(hidden(wasm_i32x4_shr(eight, 16))));
    }
}

static void scale(const float *scales, const float *bias, uint32_t outputs, float *y) {
    for (uint32_t i = 0; i < outputs; i += LANES)
        v4_store(y + i, v4_add(v4_mul(v4_load(y + i), v4_load(scales + i)), v4_load(bias + i)));
}

/* mlm-matrices i8 */
void mlm_linear_i8(const int8_t *weight, const float *scales, const float *bias, uint32_t inputs,
                   uint32_t panels, mlm_source x, mlm_rows y, uint32_t frames) {
    float wide[WIDE_PANELS * WIDE_INPUTS * PANEL];
    float kept[WIDE_PANELS * PANEL] = {0.0f}; /* bias, which may be where y is */
    for (uint32_t first = 0; first < panels; first += WIDE_PANELS) {
        const uint32_t some = panels - first < WIDE_PANELS ? panels - first : WIDE_PANELS;
        if (bias) memcpy(kept, bias + first * PANEL, some * PANEL * sizeof *kept);
        for (uint32_t i = 0; i < inputs; i += WIDE_INPUTS) {
            const uint32_t more = inputs - i < WIDE_INPUTS ? inputs - i : WIDE_INPUTS;
            for (uint32_t p = 0; p < some; p++)
                widen(weight + ((size_t)(first + p) * inputs + i) * PANEL, more,
                      wide + p * more * PANEL);
            for (uint32_t t = 0; t < frames; t++) {
                float *to = y.data + t * y.stride + first * PANEL;
                mlm_linear_f32(wide, i > 0 ? to : 0, more, some, x.data + t * x.stride + i,
                               x.stride, to, y.stride, 1);
            }
        }
        for (uint32_t t = 0; t < frames; t++)
            scale(scales + first * PANEL, kept, some * PANEL,
                  y.data + t * y.stride + first * PANEL);
    }
}

#else

/* Of one panel or several that lie one behind the other. */
typedef struct panels_i8 {
    const int8_t *weight;
    const float *scales, *bias;
    uint32_t inputs;
} panels_i8;

static panels_i8 panels_behind(panels_i8 panels, uint32_t count, uint32_t bias_step) {
    panels.weight += (size_t)count * panels.inputs * PANEL;
    panels.scales += count * PANEL;
    panels.bias += count * bias_step;
    return panels;
}

#if MLM_CORTEX_M7

static void rows_of_panel(const panels_i8 *p, mlm_source x, mlm_rows y, uint32_t frames) {
    const float *from = x.data;
    float *to = y.data;
    for (; frames >= 4; frames -= 4, from += 4 * x.stride, to += 4 * y.stride)
        for (uint32_t half = 0; half < PANEL / LANES; half++)
            m7_i8_half_4_rows(p->weight + half, p->scales + half * LANES, p->bias + half * LANES,
                              p->inputs, from, x.stride, to + half * LANES, y.stride);
    for (; frames >= 2; frames -= 2, from += 2 * x.stride, to += 2 * y.stride)
        m7_i8_panel_2_rows(p->weight, p->scales, p->bias, p->inputs, from, from + x.stride, to,
                           to + y.stride);
    if (frames) m7_i8_panel_1_row(p->weight, p->scales, p->bias, p->inputs, from, to);
}

#elif MLM_SIMD

/* The 8 weights of an input, as floats. */
typedef struct eight {
    v4 low, high;
} eight;

/* Each byte goes to the top of its word, and comes down with its sign. */
MLM_INLINE eight widened(const int8_t *w) {
    __m128i bytes = _mm_setzero_si128();
    memcpy(&bytes, w, PANEL);
    const __m128i tops = _mm_unpacklo_epi8(_mm_setzero_si128(), bytes);
    return (eight){_mm_cvtepi32_ps(_mm_srai_epi32(_mm_slli_epi32(tops, 16), 24)),
                   _mm_cvtepi32_ps(_mm_srai_epi32(tops, 24))};
}

MLM_INLINE void store_panel(const panels_i8 *p, uint32_t panel, v4 low, v4 high, float *y) {
    const float *scales = p->scales + panel * PANEL, *bias = p->bias + panel * PANEL;
    v4_store(y, v4_add(v4_mul(low, v4_load(scales)), v4_load(bias)));
    v4_store(y + LANES, v4_add(v4_mul(high, v4_load(scales + LANES)), v4_load(bias + LANES)));
}

/* m for each panel or row, with what else it takes. */
#define PANELS1(m, with) m(0, with)
#define PANELS2(m, with) PANELS1(m, with) m(1, with)
#define PANELS4(m, with) PANELS2(m, with) m(2, with) m(3, with)
#define ROWS1(m, with) m(0, with)
#define ROWS2(m, with) ROWS1(m, with) m(1, with)
#define ROWS4(m, with) ROWS2(m, with) m(2, with) m(3, with)

/* The pieces of a micro-kernel, of panel p and row t. One named variable an accumulator: arrays of
 * accumulators are not kept in registers by every compiler. */
#define WEIGHTS(p, _) const int8_t *w##p = panels->weight + (p)*inputs * PANEL;
#define INPUTS(t, _) const float *x##t = x.data + (t)*x.stride;
#define SUM(t, p) v4 low##p##t = zero, high##p##t = zero;
#define SUMS(p, rows) ROWS##rows(SUM, p)
#define INPUT(t, _) const v4 v##t = v4_splat(*x##t++);
#define ADD(t, p)                                       \
    low##p##t = v4_add(low##p##t, v4_mul(w.low, v##t)); \
    high##p##t = v4_add(high##p##t, v4_mul(w.high, v##t));
#define ADDS(p, rows)                  \
    {                                  \
        const eight w = widened(w##p); \
        w##p += PANEL;                 \
        ROWS##rows(ADD, p)             \
    }
#define STORE(t, p) \
    store_panel(panels, p, low##p##t, high##p##t, y.data + (t)*y.stride + (p)*PANEL);
#define STORES(p, rows) ROWS##rows(STORE, p)

/* Some panels over as many groups of `rows` rows as there are. A function of its own each, as compilers
 * allocate registers by function. Returns the rows that are left. */
#define STRIP(columns, rows)                                                                     \
    static MLM_NOINLINE uint32_t strip_##columns##x##rows(const panels_i8 *panels, mlm_source x, \
                                                          mlm_rows y, uint32_t frames) {         \
        const uint32_t inputs = panels->inputs;                                                  \
        const v4 zero = v4_splat(0.0f);                                                          \
        for (; frames >= (rows); frames -= (rows)) {                                             \
            PANELS##columns(WEIGHTS, 0) ROWS##rows(INPUTS, 0) PANELS##columns(SUMS, rows)        \
                const float *const end = x.data + inputs;                                        \
            while (x0 != end) {                                                                  \
                ROWS##rows(INPUT, 0) PANELS##columns(ADDS, rows)                                 \
            }                                                                                    \
            PANELS##columns(STORES, rows) x.data += (rows)*x.stride;                             \
            y.data += (rows)*y.stride;                                                           \
        }                                                                                        \
        return frames;                                                                           \
    }

STRIP(4, 1)
STRIP(2, 2)
STRIP(2, 1)
STRIP(1, 4)
STRIP(1, 1)

static mlm_source last_inputs(mlm_source x, uint32_t frames, uint32_t left) {
    return (mlm_source){x.data + (size_t)(frames - left) * x.stride, x.stride};
}
static mlm_rows last_outputs(mlm_rows y, uint32_t frames, uint32_t left) {
    return (mlm_rows){y.data + (size_t)(frames - left) * y.stride, y.stride};
}

static void rows_of_panel(const panels_i8 *p, mlm_source x, mlm_rows y, uint32_t frames) {
    const uint32_t left = strip_1x4(p, x, y, frames);
    strip_1x1(p, last_inputs(x, frames, left), last_outputs(y, frames, left), left);
}

#else

/* Half a panel, for which every machine has registers enough: every other byte. */
MLM_INLINE v4 widened(const int8_t *w) {
    return (v4){(float)w[0], (float)w[2], (float)w[4], (float)w[6]};
}

MLM_INLINE void store_half(const panels_i8 *p, uint32_t half, v4 sum, float *y) {
    const uint32_t at = half * LANES;
    v4_store(y + at, v4_add(v4_mul(sum, v4_load(p->scales + at)), v4_load(p->bias + at)));
}

static MLM_NOINLINE void half_2_rows(const panels_i8 *p, uint32_t half, const float *x0,
                                     const float *x1, float *y0, float *y1) {
    const int8_t *weight = p->weight + half;
    v4 sum0 = v4_splat(0.0f), sum1 = sum0;
    for (uint32_t left = p->inputs; left > 0; left--, weight += PANEL) {
        const v4 w = widened(weight);
        sum0 = v4_add(sum0, v4_mul(w, v4_splat(*x0++)));
        sum1 = v4_add(sum1, v4_mul(w, v4_splat(*x1++)));
    }
    store_half(p, half, sum0, y0);
    store_half(p, half, sum1, y1);
}

static MLM_NOINLINE void half_1_row(const panels_i8 *p, uint32_t half, const float *x, float *y) {
    const int8_t *weight = p->weight + half;
    v4 sum = v4_splat(0.0f);
    for (uint32_t left = p->inputs; left > 0; left--, weight += PANEL)
        sum = v4_add(sum, v4_mul(widened(weight), v4_splat(*x++)));
    store_half(p, half, sum, y);
}

static void rows_of_panel(const panels_i8 *p, mlm_source x, mlm_rows y, uint32_t frames) {
    for (uint32_t half = 0; half < PANEL / LANES; half++) {
        const float *from = x.data;
        float *to = y.data;
        uint32_t left = frames;
        for (; left >= 2; left -= 2, from += 2 * x.stride, to += 2 * y.stride)
            half_2_rows(p, half, from, from + x.stride, to, to + y.stride);
        if (left > 0) half_1_row(p, half, from, to);
    }
}

#endif

/* mlm-matrices i8 */
void mlm_linear_i8(const int8_t *weight, const float *scales, const float *bias, uint32_t inputs,
                   uint32_t panels, mlm_source x, mlm_rows y, uint32_t frames) {
    static const float zeros[4 * PANEL] = {0.0f};
    const uint32_t bias_step = bias ? PANEL : 0;
    panels_i8 p = {weight, scales, bias ? bias : zeros, inputs};
#if MLM_SIMD
    /* One row has only the panels' sums to overlap; of four rows a panel has enough. */
    for (; frames == 1 && panels >= 4; panels -= 4, y.data += 4 * PANEL) {
        strip_4x1(&p, x, y, 1);
        p = panels_behind(p, 4, bias_step);
    }
    for (; frames < 4 && panels >= 2; panels -= 2, y.data += 2 * PANEL) {
        const uint32_t left = strip_2x2(&p, x, y, frames);
        strip_2x1(&p, last_inputs(x, frames, left), last_outputs(y, frames, left), left);
        p = panels_behind(p, 2, bias_step);
    }
#endif
    for (; panels > 0; panels--, y.data += PANEL) {
        rows_of_panel(&p, x, y, frames);
        p = panels_behind(p, 1, bias_step);
    }
}

#endif
