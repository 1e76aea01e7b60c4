/*
 * linear_int.c - linear layers with weights of a byte: sums of 32 bits that cannot overflow (the check
 * proves it), times a multiplier of 16 bits a row, shifted. Rows of 32 bits are narrowed to 16 with a shift
 * of their own first, so that loud and quiet frames have equally many digits.
 *
 * Inputs beyond a row's width, up to a multiple of 4, may be anything: their weights are 0.
 */
#include "quads_int.h"

enum { MOST_WEIGHT_SUM = 65535 }; /* of magnitudes in a row: times 32768, below 2^31 */

static uint32_t quads_of(uint32_t elements) { return (elements + QUAD - 1) / QUAD; }

/* What comes behind the sums, but for what is in the layer. */
typedef struct ending {
    int32_t shift;
    uint8_t is_wide;     /* an output of 32 bits */
    uint8_t is_narrowed; /* the input is: the bias has the output's exponent */
} ending;

/* Makes a quad of outputs, from `o` on, of their sums. */
typedef void (*finish_function)(const mlm_i8_layer *layer, uint32_t o, const quad_sums *sums,
                                const ending *end, void *y);

/* ---- four sums ------------------------------------------------------------------------------------ */

#if MLM_QUADS_SIMD

/* As i32_mulw. */
MLM_INLINE v128_t scaled(v128_t sums, const int16_t *multipliers) {
    const v128_t m = wasm_i32x4_load16x4(multipliers);
    const v128_t low = wasm_v128_and(sums, wasm_i32x4_splat(0xFFFF));
    return wasm_i32x4_add(wasm_i32x4_mul(wasm_i32x4_shr(sums, 16), m),
                          wasm_i32x4_shr(wasm_i32x4_mul(low, m), 16));
}

MLM_INLINE void finish_i16(const mlm_i8_layer *layer, uint32_t o, const quad_sums *sums,
                           const ending *end, void *y) {
    const v128_t half = wasm_i32x4_splat((int32_t)((1u << end->shift) >> 1));
    const v128_t v = wasm_i32x4_add(scaled(*sums, layer->multiplier + o), half);
    const v128_t shifted = wasm_i32x4_shr(v, (uint32_t)end->shift);
    wasm_v128_store64_lane((int16_t *)y + o, wasm_i16x8_narrow_i32x4(shifted, shifted), 0);
}

MLM_INLINE void store(const quad_sums *sums, uint32_t *to) { wasm_v128_store(to, *sums); }

#else

MLM_INLINE void finish_i16(const mlm_i8_layer *layer, uint32_t o, const quad_sums *sums,
                           const ending *end, void *y) {
    const int16_t *m = layer->multiplier + o;
    const int32_t half = (int32_t)((1u << end->shift) >> 1);
    int16_t *to = (int16_t *)y + o;
    to[0] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s0, m[0]) + half) >> end->shift);
    to[1] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s1, m[1]) + half) >> end->shift);
    to[2] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s2, m[2]) + half) >> end->shift);
    to[3] = (int16_t)i32_to_i16((i32_mulw((int32_t)sums->s3, m[3]) + half) >> end->shift);
}

MLM_INLINE void store(const quad_sums *sums, uint32_t *to) {
    to[0] = sums->s0, to[1] = sums->s1, to[2] = sums->s2, to[3] = sums->s3;
}

#endif

/* Of whatever types. */
static MLM_NOINLINE void finish_any(const mlm_i8_layer *layer, uint32_t o, const quad_sums *sums,
                                    const ending *end, void *y) {
    uint32_t stored[QUAD];
    store(sums, stored);
    for (uint32_t i = 0; i < QUAD; i++) {
        const int32_t product = i32_mulw((int32_t)stored[i], layer->multiplier[o + i]);
        int32_t v = i32_shift(product, end->shift);
        if (end->is_narrowed && layer->bias) v = i32_add_saturating(v, layer->bias[o + i]);
        if (end->is_wide)
            ((int32_t *)y)[o + i] = v;
        else
            ((int16_t *)y)[o + i] = (int16_t)i32_to_i16(v);
    }
}

/* ---- one row ---------------------------------------------------------------------------------------- */

MLM_INLINE void linear_row(const mlm_i8_layer *layer, const int16_t *x, finish_function finish,
                           const ending *end, void *y) {
    const uint32_t quads = quads_of(layer->inputs), base = without_offset(x, quads);
    const int32_t *bias = end->is_narrowed ? 0 : layer->bias;
    const uint8_t *w = layer->quads;
#if MLM_QUADS_SIMD
    for (uint32_t o = 0; o < layer->outputs; o += 2 * QUAD, w += 2 * QUAD_BYTES * quads) {
        const int is_last = layer->outputs - o <= QUAD;
        const two_sums sums = add_two_quads(w, is_last ? w : w + QUAD_BYTES * quads, x, quads);
        const quad_sums low = wasm_i32x4_add(sums.low, first_sums(bias ? bias + o : 0, base));
        finish(layer, o, &low, end, y);
        if (is_last) break;
        const quad_sums first = first_sums(bias ? bias + o + QUAD : 0, base);
        const quad_sums high = wasm_i32x4_add(sums.high, first);
        finish(layer, o + QUAD, &high, end, y);
    }
#else
    for (uint32_t o = 0; o < layer->outputs; o += QUAD, w += QUAD_BYTES * quads) {
        const quad_sums sums = add_quads(first_sums(bias ? bias + o : 0, base), w, x, quads);
        finish(layer, o, &sums, end, y);
    }
#endif
}

void mlm_i8_linear(const mlm_i8_layer *layer, const int16_t *x, int16_t *y) {
    const ending end = {layer->shift, 0, 0};
    linear_row(layer, x, finish_i16, &end, y);
}

static MLM_NOINLINE void linear_any(const mlm_i8_layer *layer, const int16_t *x, const ending *end,
                                    void *y) {
    linear_row(layer, x, finish_any, end, y);
}

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

mlm_i8_layer mlm_i8_layer_of(const mlm_run *run, uint32_t weight, uint32_t bias,
                             uint32_t multiplier, int32_t shift) {
    const mlm_matrix quads = mlm_matrix_of(run, weight);
    return (mlm_i8_layer){quads.data,    mlm_data(run, bias), mlm_data(run, multiplier),
                          quads.columns, quads.rows,          shift};
}

mlm_i8_layer mlm_i8_layer_from(mlm_i8_layer layer, uint32_t first, uint32_t outputs) {
    layer.quads += (size_t)first * QUAD * quads_of(layer.inputs);
    if (layer.bias) layer.bias += first;
    layer.multiplier += first;
    layer.outputs = outputs;
    return layer;
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

static void run_row(const mlm_run *run, const mlm_i8_layer *layer, uint32_t row) {
    const int16_t *x = mlm_read_i16(run->inputs[0], row); /* where it has 16 bits */
    ending end = {layer->shift, run->op->type == MLM_DTYPE_I32,
                  run->op->attributes[INPUT_TYPE] == MLM_DTYPE_I32};
    if (end.is_narrowed) {
        int16_t *narrow = (int16_t *)(void *)mlm_buffer_at(run, NARROW);
        end.shift -=
            (int32_t)mlm_narrow_row(mlm_read_i32(run->inputs[0], row), layer->inputs, narrow);
        x = narrow;
    }
    if (end.is_wide || end.is_narrowed)
        linear_any(layer, x, &end, mlm_i32(run->output, row));
    else
        mlm_i8_linear(layer, x, mlm_i16(run->output, row));
}

static int run_linear(mlm_run *run) {
    const int32_t shift = mlm_signed_attribute(run->op, SHIFT);
    const mlm_i8_layer layer = mlm_i8_layer_of(run, WEIGHT, BIAS, MULTIPLIER, shift);
    for (uint32_t t = 0; t < run->rows; t++) run_row(run, &layer, t);
    return 0;
}

void mlm_linear_int_class_counts(const mlm_op_view *view, const mlm_work *work,
                                 mlm_counts *counts) {
    counts->macs += work->rows * view->widths[0] * view->op->width;
    mlm_count_tensor(counts, work, view, WEIGHT);
    mlm_count_tensor(counts, work, view, BIAS);
    mlm_count_tensor(counts, work, view, MULTIPLIER);
    mlm_count_typed_rows(view, work, counts);
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
