/*
 * integer.h - for ops on integers: rows as they are passed to them, and what several of them share. Formats
 * and rounding are part of the contract in mlm.h.
 *
 * An element q of a value with exponent e is q 2^-e. Rows are i16 or i32, padded to 8 elements; what is in
 * the padding is never used. `stride` of mlm_rows and mlm_source is in words of 4 bytes for both.
 */
#ifndef MLM_INTEGER_H
#define MLM_INTEGER_H

#include "../math/i32.h"
#include "kernels.h"

static inline int16_t *mlm_i16(mlm_rows rows, uint32_t row) {
    return (int16_t *)(void *)(rows.data + (size_t)row * rows.stride);
}
static inline int32_t *mlm_i32(mlm_rows rows, uint32_t row) {
    return (int32_t *)(void *)(rows.data + (size_t)row * rows.stride);
}
static inline const int16_t *mlm_read_i16(mlm_source rows, uint32_t row) {
    return (const int16_t *)(const void *)(rows.data + (size_t)row * rows.stride);
}
static inline const int32_t *mlm_read_i32(mlm_source rows, uint32_t row) {
    return (const int32_t *)(const void *)(rows.data + (size_t)row * rows.stride);
}

static inline int32_t mlm_signed_attribute(const mlm_blob_op *op, uint32_t i) {
    return (int32_t)op->attributes[i];
}

/* Whether attribute `i` is from `least` to `most`. */
static inline int mlm_is_between(const mlm_blob_op *op, uint32_t i, int32_t least, int32_t most) {
    return mlm_signed_attribute(op, i) >= least && mlm_signed_attribute(op, i) <= most;
}

/* Whether attribute `i` says of which type input 0 is, as a run does not see it. */
static inline int mlm_names_input_type(const mlm_op_view *view, uint32_t i) {
    return view->op->attributes[i] == view->types[0];
}

/* Exponents of a power of two that a float can be scaled by. */
enum { MLM_LEAST_EXPONENT = -100, MLM_MOST_EXPONENT = 100 };

/* ---- for several ops (integer.c) --------------------------------------------------------------------- */

enum { MLM_BITS_16 = 15, MLM_MOST_16 = 32767 };

/* The k with which a row whose magnitudes have these bits, all of them together, has 16-bit numbers. */
MLM_INLINE uint32_t mlm_narrowing(uint32_t magnitudes) {
    const uint32_t bits = u32_bits(magnitudes);
    return bits > MLM_BITS_16 ? bits - MLM_BITS_16 : 0;
}
/* x 2^-k, halves up; what this would bring to 2^15 is one less. */
MLM_INLINE int16_t mlm_narrowed(int32_t x, uint32_t k) {
    if (k == 0) return (int16_t)x;
    const int32_t rounded = ((x >> (k - 1)) + 1) >> 1;
    return (int16_t)(rounded < MLM_MOST_16 ? rounded : MLM_MOST_16);
}
/* A row as 16-bit numbers: x = q 2^k, halves up, with the smallest k >= 0, which is returned. */
uint32_t mlm_narrow_row(const int32_t *x, uint32_t width, int16_t *q);
/* numerator / denominator, rounded down. */
int64_t mlm_floor_divide(int64_t numerator, uint64_t denominator);

/* ---- linear layers (linear_int.c) ------------------------------------------------------------------ */

/* Quads, bias (or null) and multiplier of output rows, all from the same one on. */
typedef struct mlm_i8_layer {
    const uint8_t *quads;
    const int32_t *bias;
    const int16_t *multiplier;
    uint32_t inputs, outputs;
    int32_t shift;
} mlm_i8_layer;

/* Whether tensors `weight`, `bias` (may be absent) and `multiplier` are such a layer, and no sum over 16-bit
 * inputs can leave 32 bits; where `wide`, the bias is added behind the shift instead. */
int mlm_is_i8_layer(const mlm_op_view *view, uint32_t weight, uint32_t bias, uint32_t multiplier,
                    uint32_t outputs, uint32_t inputs, int wide);
/* Into a place of the caller's: an engine waits for fields that it copies together just after they are written. */
void mlm_i8_layer_of(mlm_i8_layer *layer, const mlm_run *run, uint32_t weight, uint32_t bias,
                     uint32_t multiplier, int32_t shift);
/* The outputs from `first` on, `outputs` of them; `first` is a multiple of 4. */
static inline void mlm_i8_layer_from(mlm_i8_layer *layer, uint32_t first, uint32_t outputs) {
    layer->quads += (size_t)first * MLM_QUAD * ((layer->inputs + MLM_QUAD - 1) / MLM_QUAD);
    if (layer->bias) layer->bias += first;
    layer->multiplier += first;
    layer->outputs = outputs;
}
/* Rows of 16-bit inputs to rows of 16-bit outputs; writes up to 7 more in each, as rows are padded. */
void mlm_i8_linear_rows(const mlm_i8_layer *layer, mlm_source from, mlm_rows to, uint32_t rows);

/* ---- depthwise convolutions ------------------------------------------------------------------------- */

/* Their tensors: weights i16, a row of taps a channel; bias i32 and multiplier i16, which may be absent. */
enum { MLM_TAPS, MLM_TAPS_BIAS, MLM_TAPS_MULTIPLIER };
/* Whether they are, and no sum over 16-bit inputs can leave 32 bits: 32768 sum |w| + |b|, and where there is no
 * multiplier also what is added to round by `shift`. */
int mlm_are_i16_taps(const mlm_op_view *view, uint32_t channels, uint32_t taps, uint32_t shift);

/* ---- elementwise functions (activation_int.c) ------------------------------------------------------------ */

/* Whether an activation has a form for integers from exponent `from` to exponent `to`. */
int mlm_is_i16_activation(mlm_activation activation, int32_t from, int32_t to);
/* In place. */
void mlm_activate_i16(mlm_activation activation, int16_t *x, uint32_t width, int32_t from,
                      int32_t to);

#endif
