/*
 * linear_int.c - linear layers with weights of a byte: sums of 32 bits that cannot overflow (the check
 * proves it), times a multiplier of 16 bits a row, shifted. Rows of 32 bits are narrowed to 16 with a shift
 * of their own first, so that loud and quiet frames have equally many digits.
 *
 * Inputs beyond a row's width, up to a multiple of 4, may be anything: their weights are 0.
 */
#include <string.h>

#include "quads_int.h"

enum { MOST_WEIGHT_SUM = 65535 }; /* of magnitudes in a row: times 32768, below 2^31 */

static uint32_t quads_of(uint32_t elements) { return (elements + QUAD - 1) / QUAD; }

/* What comes behind the sums, but for what is in the layer. */
typedef struct ending {
    int32_t half;         /* added before a shift to the right */
    uint32_t right, left; /* shifts, of which one is 0 */
    uint8_t is_wide;      /* an output of 32 bits */
    uint8_t is_narrowed;  /* the input is: the bias has the output's exponent */
} ending;

/* Shifts beyond 31 to the left bring 0 or an end of the range, as 31 does. */
static ending ending_of(int32_t shift, int is_wide, int is_narrowed) {
    const uint32_t right = shift > 0 ? (uint32_t)shift : 0;
    const uint32_t left = shift < 0 ? 0u - (uint32_t)shift : 0;
    return (ending){(int32_t)((1u << right) >> 1), right, left < 31 ? left : 31, (uint8_t)is_wide,
                    (uint8_t)is_narrowed};
}

#if MLM_QUADS_SIMD
#include "linear_int_wasm.h"
#else

/* Makes a quad of outputs of their sums. `bias`: what is added last, or null. */
typedef void (*finish_function)(const quad_sums *sums, const int16_t *multiplier,
                                const int32_t *bias, const ending *end, void *y);

/* ---- four sums ------------------------------------------------------------------------------------ */

#if defined(__ARM_FEATURE_DSP)

/* Two outputs of a word of multipliers. */
MLM_INLINE uint32_t two_of_16(uint32_t low, uint32_t high, uint32_t m, const ending *end) {
    uint32_t a, b;
    __asm__("smlawb %0, %1, %2, %3" : "=r"(a) : "r"(low), "r"(m), "r"(end->half));
    __asm__("smlawt %0, %1, %2, %3" : "=r"(b) : "r"(high), "r"(m), "r"(end->half));
    a = (uint32_t)i32_to_i16((int32_t)a >> end->right);
    b = (uint32_t)i32_to_i16((int32_t)b >> end->right);
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(a) : "r"(a), "r"(b));
    return a;
}

MLM_INLINE void finish_i16(const quad_sums *sums, const int16_t *multiplier, const int32_t *bias,
                           const ending *end, void *y) {
    (void)bias;
    uint32_t two[QUAD / 2];
    memcpy(two, __builtin_assume_aligned(multiplier, sizeof *two), sizeof two);
    two[0] = two_of_16(sums->s0, sums->s1, two[0], end);
    two[1] = two_of_16(sums->s2, sums->s3, two[1], end);
    memcpy(__builtin_assume_aligned(y, sizeof *two), two, sizeof two);
}

#elif !defined(__wasm__)

MLM_INLINE void finish_i16(const quad_sums *sums, const int16_t *multiplier, const int32_t *bias,
                           const ending *end, void *y) {
    (void)bias;
    const int32_t half = end->half;
    int16_t *to = y;
    to[0] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s0, multiplier[0]) + half) >> end->right);
    to[1] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s1, multiplier[1]) + half) >> end->right);
    to[2] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s2, multiplier[2]) + half) >> end->right);
    to[3] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s3, multiplier[3]) + half) >> end->right);
}

#endif

MLM_INLINE void store(const quad_sums *sums, uint32_t *to) {
    to[0] = sums->s0, to[1] = sums->s1, to[2] = sums->s2, to[3] = sums->s3;
}

/* Outputs in 32 bits. A product has 31 bits, so that rounding cannot overflow. */
MLM_INLINE void shift_quad(int32_t *v, const ending *end) {
    const int32_t half = end->half;
    const uint32_t right = end->right, left = end->left;
    if (left == 0) {
        v[0] = (v[0] + half) >> right, v[1] = (v[1] + half) >> right;
        v[2] = (v[2] + half) >> right, v[3] = (v[3] + half) >> right;
    } else {
        v[0] = i32_shift_left(v[0], left), v[1] = i32_shift_left(v[1], left);
        v[2] = i32_shift_left(v[2], left), v[3] = i32_shift_left(v[3], left);
    }
}

/* Of whatever types. */
MLM_INLINE void finish_any(const quad_sums *sums, const int16_t *multiplier, const int32_t *bias,
                           const ending *end, void *y) {
    int32_t v[QUAD], *const wide = y;
    int16_t *const narrow = y;
    store(sums, (uint32_t *)v);
    v[0] = i32_mulw(v[0], multiplier[0]), v[1] = i32_mulw(v[1], multiplier[1]);
    v[2] = i32_mulw(v[2], multiplier[2]), v[3] = i32_mulw(v[3], multiplier[3]);
    shift_quad(v, end);
    if (bias) {
        v[0] = i32_add_saturating(v[0], bias[0]), v[1] = i32_add_saturating(v[1], bias[1]);
        v[2] = i32_add_saturating(v[2], bias[2]), v[3] = i32_add_saturating(v[3], bias[3]);
    }
    if (end->is_wide) {
        wide[0] = v[0], wide[1] = v[1], wide[2] = v[2], wide[3] = v[3];
    } else {
        narrow[0] = (int16_t)i32_to_i16(v[0]), narrow[1] = (int16_t)i32_to_i16(v[1]);
        narrow[2] = (int16_t)i32_to_i16(v[2]), narrow[3] = (int16_t)i32_to_i16(v[3]);
    }
}

/* ---- one row ---------------------------------------------------------------------------------------- */

MLM_INLINE void linear_row(const mlm_i8_layer *layer, const int16_t *x, finish_function finish,
                           const ending *end, void *y) {
    const uint32_t quads = quads_of(layer->inputs), base = without_offset(x, quads);
    const int32_t *first = end->is_narrowed ? 0 : layer->bias;
    const int32_t *last = end->is_narrowed ? layer->bias : 0;
    const uint8_t *w = layer->quads;
    const int16_t *multiplier = layer->multiplier;
    unsigned char *to = y;
    const size_t step = QUAD * (end->is_wide ? sizeof(int32_t) : sizeof(int16_t));
    for (const int16_t *const all = multiplier + layer->outputs; multiplier < all;
         multiplier += QUAD, to += step) {
        const quad_sums sums = add_quads(first_sums(first, base), &w, x, quads);
        finish(&sums, multiplier, last, end, to);
        if (first) first += QUAD;
        if (last) last += QUAD;
    }
}

#if MLM_HAS_WHOLE_ROWS

MLM_INLINE whole_row whole_row_of(const mlm_i8_layer *layer, const int16_t *x, const ending *end,
                                  void *y) {
    const uint32_t quads = quads_of(layer->inputs);
    return (whole_row){.half = end->half,
                       .shift = (int32_t)end->right,
                       .end = layer->multiplier + layer->outputs,
                       .multiplier = layer->multiplier,
                       .y = y,
                       WHOLE_ROW_INPUTS(x, quads),
                       .base = without_offset(x, quads),
                       .bias = end->is_narrowed ? 0 : layer->bias};
}

/* Quads of outputs; returns whether all of them fit. */
MLM_INLINE int shift_row_left(int32_t *y, uint32_t outputs, uint32_t left) {
    uint32_t magnitudes = 0;
    for (const int32_t *const end = y + outputs; y < end; y += QUAD) {
        const int32_t y0 = y[0], y1 = y[1], y2 = y[2], y3 = y[3];
        magnitudes |= (uint32_t)((y0 ^ y0 >> 31) | (y1 ^ y1 >> 31));
        magnitudes |= (uint32_t)((y2 ^ y2 >> 31) | (y3 ^ y3 >> 31));
        y[0] = (int32_t)((uint32_t)y0 << left), y[1] = (int32_t)((uint32_t)y1 << left);
        y[2] = (int32_t)((uint32_t)y2 << left), y[3] = (int32_t)((uint32_t)y3 << left);
    }
    return magnitudes >> (31 - left) == 0;
}

#endif

static MLM_NOINLINE void linear_any(const mlm_i8_layer *layer, const int16_t *x, const ending *end,
                                    void *y);

static MLM_NOINLINE void linear_i16(const mlm_i8_layer *layer, const int16_t *x, int16_t *y) {
    const ending end = ending_of(layer->shift, 0, 0);
#if MLM_HAS_WHOLE_ROWS
    whole_row row = whole_row_of(layer, x, &end, y);
    add_i16_row(&row, layer->quads);
#elif defined(__wasm__) /* who wants speed has vectors */
    linear_any(layer, x, &end, y);
#else
    linear_row(layer, x, finish_i16, &end, y);
#endif
}

#if MLM_HAS_TWO_ROWS

/* Element i of both rows, of their sums. */
MLM_INLINE void finish_both(uint32_t sum, uint32_t other, int32_t multiplier, int32_t half,
                            uint32_t shift, int16_t *y, int16_t *v) {
    *y = (int16_t)i32_to_i16(i32_add_mulw((int32_t)sum, multiplier, half) >> shift);
    *v = (int16_t)i32_to_i16(i32_add_mulw((int32_t)other, multiplier, half) >> shift);
}

/* A row from x and the one from z, to y and to v. */
static MLM_NOINLINE void linear_two_rows(const mlm_i8_layer *layer, const int16_t *x,
                                         const int16_t *z, int16_t *y, int16_t *v) {
    const ending end = ending_of(layer->shift, 0, 0);
    const uint32_t quads = quads_of(layer->inputs);
    const uint32_t base = without_offset(x, quads), other = without_offset(z, quads);
    const int32_t *bias = layer->bias;
    const uint8_t *w = layer->quads;
    const int16_t *m = layer->multiplier;
    for (const int16_t *const all = m + layer->outputs; m < all; m += QUAD, y += QUAD, v += QUAD) {
        quad_sums sums = first_sums(bias, base), others = first_sums(bias, other);
        add_quads_of_two(&sums, &others, &w, x, z, quads);
        finish_both(sums.s0, others.s0, m[0], end.half, end.right, y, v);
        finish_both(sums.s1, others.s1, m[1], end.half, end.right, y + 1, v + 1);
        finish_both(sums.s2, others.s2, m[2], end.half, end.right, y + 2, v + 2);
        finish_both(sums.s3, others.s3, m[3], end.half, end.right, y + 3, v + 3);
        if (bias) bias += QUAD;
    }
}

#endif

void mlm_i8_linear_rows(const mlm_i8_layer *layer, mlm_source from, mlm_rows to, uint32_t rows) {
    uint32_t t = 0;
#if MLM_HAS_TWO_ROWS
    for (; t + 1 < rows; t += 2)
        linear_two_rows(layer, mlm_read_i16(from, t), mlm_read_i16(from, t + 1), mlm_i16(to, t),
                        mlm_i16(to, t + 1));
#endif
    for (; t < rows; t++) linear_i16(layer, mlm_read_i16(from, t), mlm_i16(to, t));
}

static MLM_NOINLINE void linear_any(const mlm_i8_layer *layer, const int16_t *x, const ending *end,
                                    void *y) {
#if MLM_HAS_WHOLE_ROWS
    if (end->is_wide && !(end->is_narrowed && layer->bias)) { /* nearly always */
        whole_row row = whole_row_of(layer, x, end, y);
        add_i32_row(&row, layer->quads);
        if (end->left == 0 || shift_row_left(y, layer->outputs, end->left)) return;
    }
#endif
    linear_row(layer, x, finish_any, end, y);
}

#endif

/* ---- layers ----------------------------------------------------------------------------------------- */

/* Sum of the magnitudes of a row of weights, 2^16 at most; more, too, where a weight that is padding is not 0. */
static MLM_COLD uint32_t weight_sum(const uint8_t *quads, uint32_t row, uint32_t inputs) {
    static const uint8_t order[QUAD] = {0, 2, 1, 3}; /* where an input is in its quad */
    const uint8_t *w =
        quads + (size_t)(row / QUAD) * quads_of(inputs) * QUAD_BYTES + row % QUAD * QUAD;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < QUAD * quads_of(inputs) && sum <= MOST_WEIGHT_SUM; i++) {
        const uint32_t magnitude =
            i32_magnitude(w[(size_t)(i / QUAD) * QUAD_BYTES + order[i % QUAD]] - OFFSET);
        if (i < inputs)
            sum += magnitude;
        else if (magnitude > 0)
            sum = MOST_WEIGHT_SUM + 1;
    }
    return sum;
}

/* Whether no sum of a row can leave 32 bits, and its multiplier is one. */
static MLM_COLD int row_is_sound(const mlm_i8_layer *layer, uint32_t row) {
    const uint32_t sum = weight_sum(layer->quads, row, layer->inputs);
    if (sum > MOST_WEIGHT_SUM || layer->multiplier[row] <= 0) return 0;
    const uint32_t most = sum << 15, bias = layer->bias ? i32_magnitude(layer->bias[row]) : 0;
    return bias <= (uint32_t)INT32_MAX - most;
}

MLM_COLD int mlm_is_i8_layer(const mlm_op_view *view, uint32_t weight, uint32_t bias,
                             uint32_t multiplier, uint32_t outputs, uint32_t inputs, int wide) {
    if (!mlm_has_typed(view, weight, MLM_DTYPE_I8, MLM_PACK_QUADS, outputs, inputs) ||
        !mlm_has_typed(view, multiplier, MLM_DTYPE_I16, MLM_PACK_VECTOR, outputs, 1))
        return 0;
    const int has_bias = !mlm_is_absent(view, bias);
    if (has_bias && !mlm_has_typed(view, bias, MLM_DTYPE_I32, MLM_PACK_VECTOR, outputs, 1))
        return 0;
    const mlm_i8_layer layer = {mlm_view_data(view, weight),
                                has_bias && !wide ? mlm_view_data(view, bias) : 0,
                                mlm_view_data(view, multiplier),
                                inputs,
                                outputs,
                                0};
    for (uint32_t row = 0; row < outputs; row++)
        if (!row_is_sound(&layer, row)) return 0;
    return 1;
}

void mlm_i8_layer_of(mlm_i8_layer *layer, const mlm_run *run, uint32_t weight, uint32_t bias,
                     uint32_t multiplier, int32_t shift) {
    const mlm_blob_tensor *quads = run->tensors + run->op->tensors[weight];
    layer->quads = run->blob + quads->offset;
    layer->bias = mlm_data(run, bias);
    layer->multiplier = mlm_data(run, multiplier);
    layer->inputs = quads->columns;
    layer->outputs = quads->rows;
    layer->shift = shift;
}

/* ---- the op ----------------------------------------------------------------------------------------- */

enum { WEIGHT, BIAS, MULTIPLIER, TENSORS };
enum { SHIFT, INPUT_TYPE, ATTRIBUTES };
enum { NARROW, ROLES };
static const char *const role_names[ROLES] = {"narrow"};

enum { MOST_I16_SHIFT = 15, LEAST_SHIFT = -16, MOST_SHIFT = 30 };

static int check_linear(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    const int narrows = view->types[0] == MLM_DTYPE_I32;
    const int is_plain = !narrows && op->type == MLM_DTYPE_I16;
    return mlm_names_input_type(view, INPUT_TYPE) &&
           mlm_is_between(op, SHIFT, is_plain ? 0 : LEAST_SHIFT,
                          is_plain ? MOST_I16_SHIFT : MOST_SHIFT) &&
           mlm_is_i8_layer(view, WEIGHT, BIAS, MULTIPLIER, op->width, view->widths[0], narrows);
}

static void linear_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)shape;
    if (view->types[0] == MLM_DTYPE_I32)
        needs[NARROW].floats = mlm_padded(view->widths[0]) / (sizeof(float) / sizeof(int16_t));
}

/* To 32 bits, from them or both. */
static void run_row(const mlm_run *run, const mlm_i8_layer *layer, uint32_t row, int is_wide,
                    int is_narrowed) {
    const int16_t *x = mlm_read_i16(run->inputs[0], row); /* where it has 16 bits */
    int32_t shift = layer->shift;
    if (is_narrowed) {
        int16_t *narrow = (int16_t *)(void *)mlm_buffer_at(run, NARROW);
        shift -= (int32_t)mlm_narrow_row(mlm_read_i32(run->inputs[0], row), layer->inputs, narrow);
        x = narrow;
    }
    const ending end = ending_of(shift, is_wide, is_narrowed);
    linear_any(layer, x, &end, mlm_i32(run->output, row));
}

static int run_linear(mlm_run *run) {
    const int32_t shift = mlm_signed_attribute(run->op, SHIFT);
    mlm_i8_layer layer;
    mlm_i8_layer_of(&layer, run, WEIGHT, BIAS, MULTIPLIER, shift);
    const int is_wide = run->op->type == MLM_DTYPE_I32;
    const int is_narrowed = run->op->attributes[INPUT_TYPE] == MLM_DTYPE_I32;
    if (is_wide || is_narrowed)
        for (uint32_t t = 0; t < run->rows; t++) run_row(run, &layer, t, is_wide, is_narrowed);
    else
        mlm_i8_linear_rows(&layer, run->inputs[0], run->output, run->rows);
    return 0;
}

void mlm_linear_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = view->widths[0] * (uint64_t)view->op->width;
}

/* mlm-op 33 */
const mlm_op_class mlm_linear_int_class = {
    .name = "linear_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .variants = 1,
    .types = MLM_TYPES_INTEGER,
    .input_types = MLM_TYPES_INTEGER,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check_linear,
    .needs = linear_needs,
    .run = run_linear,
};
