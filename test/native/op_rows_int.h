/*
 * op_rows_int.h - rows of the kinds of ops on integers, for the table of op_rows.c, which includes this: number
 * types, exponents and shifts anywhere in their ranges, most of them where numbers neither vanish nor saturate.
 * Written from the contract in mlm.h, not from the core. Values of the rows' functions as in op_rows.c.
 */
#ifndef OP_ROWS_INT_H
#define OP_ROWS_INT_H

#include "network.h"

enum { SILU_, RELU_, SIGMOID_ = 4, TANH_, ACTIVATIONS_OF_INTEGERS = 4 };
enum { I16_ONLY = MLM_TYPE_BIT(MLM_DTYPE_I16), I32_ONLY = MLM_TYPE_BIT(MLM_DTYPE_I32) };

static uint32_t signed_between(choices *from, int32_t low, int32_t high) {
    return (uint32_t)(low + (int32_t)choose_between(from, 0, (uint32_t)(high - low)));
}

/* Mostly within the first two, else within the others. */
static uint32_t mostly(choices *from, int32_t low, int32_t high, int32_t least, int32_t most) {
    return choose_rarely(from, 4) ? signed_between(from, least, most)
                                  : signed_between(from, low, high);
}

static uint8_t any_integer(choices *from) {
    return choose(from, 2) ? MLM_DTYPE_I32 : MLM_DTYPE_I16;
}

static tensor_form of_type(tensor_form form, uint32_t dtype) {
    form.dtype = dtype;
    return form;
}

/* Weight, bias and multiplier of a linear layer. */
static void layer_forms(tensor_form *t, uint32_t width, uint32_t inputs) {
    t[0] = of_type(needed(MLM_PACK_QUADS, width, inputs, FILL_I8), MLM_DTYPE_I8);
    t[1] = of_type(maybe_vector(width, FILL_BIAS), MLM_DTYPE_I32);
    t[2] = of_type(vector_of(width, FILL_ABOVE_0), MLM_DTYPE_I16);
}

/* ---- layers --------------------------------------------------------------------------------------- */

static void linear_int_tensors(const net_view *v, tensor_form *t) {
    layer_forms(t, v->op->width, v->widths[0]);
}

/* Of the type that the op has already, if it has one. */
static int choose_linear_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    if (op->type == MLM_DTYPE_F32) op->type = any_integer(from);
    const int is_plain = v->types[0] == MLM_DTYPE_I16 && op->type == MLM_DTYPE_I16;
    op->attributes[0] = is_plain ? mostly(from, 6, 12, 0, 15) : mostly(from, -4, 10, -16, 30);
    op->attributes[1] = v->types[0];
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return op->width > 0 || choose_width(from, v, op, rows);
}

static void embedding_int_tensors(const net_view *v, tensor_form *t) {
    t[0] =
        of_type(needed(MLM_PACK_ROWS, v->op->attributes[0], v->op->width, FILL_I16), MLM_DTYPE_I16);
}

static int choose_embedding_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    op->type = MLM_DTYPE_I16;
    return choose_embedding(from, v, op, rows);
}

/* The filters' rows follow from the bins. */
static void logmel_int_tensors(const net_view *v, tensor_form *t) {
    t[0] = of_type(vector_of(v->op->attributes[0], FILL_I16), MLM_DTYPE_I16);
    t[1] = of_type(vector_of(v->op->attributes[2], FILL_TURNS), MLM_DTYPE_I16);
    t[2] = vector_of(2 * v->op->width, FILL_BINS);
    t[3] = of_type(vector_of(1, FILL_NOT_BELOW_0), MLM_DTYPE_I16);
    t[4] = of_type(vector_of(v->op->width, FILL_I16), MLM_DTYPE_I16);
    t[5] = of_type(vector_of(v->op->width, FILL_SMALL_BIAS), MLM_DTYPE_I32);
}

static int choose_logmel_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    op->type = MLM_DTYPE_I16;
    choose_logmel(from, v, op, rows);
    if (op->attributes[2] < 8) op->attributes[2] = 8;
    op->attributes[4] = 1u << choose(from, 32);
    op->attributes[5] = choose_rarely(from, 4) ? 1u << choose(from, 31) : 0;
    op->attributes[6] = choose(from, 16);
    return 1;
}

static void norm_int_tensors(const net_view *v, tensor_form *t) {
    t[0] = of_type(vector_of(v->op->width, FILL_I16), MLM_DTYPE_I16);
    t[1] = of_type(maybe_vector(v->op->width, FILL_SMALL_BIAS), MLM_DTYPE_I32);
}

static int choose_norm_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    op->type = MLM_DTYPE_I16;
    op->attributes[0] = mostly(from, 12, 18, 0, 30);
    op->attributes[1] = choose(from, 2) ? 0 : 1u << choose(from, 32);
    op->attributes[2] = choose_rarely(from, 4) ? 1u << choose(from, 30) : 0;
    op->attributes[3] = v->types[0];
    op->exponent = (int32_t)signed_between(from, 4, 15);
    return 1;
}

/* Exponents between which an activation has a form. */
static void choose_exponents(choices *from, uint32_t activation, int32_t *before, int32_t *after) {
    const int32_t most = 15;
    *before = (int32_t)signed_between(from, 4, most) + (activation == TANH_);
    *after = most - (int32_t)choose(from, 31);
    if (activation == SILU_) *after += *before;
    if (activation == RELU_) *after = *before + (int32_t)signed_between(from, -20, 20);
}

static uint32_t choose_function(choices *from) {
    static const uint32_t known[ACTIVATIONS_OF_INTEGERS] = {SILU_, RELU_, SIGMOID_, TANH_};
    return known[choose(from, ACTIVATIONS_OF_INTEGERS)];
}

static void causal_int_tensors(const net_view *v, tensor_form *t) {
    t[0] = of_type(needed(MLM_PACK_ROWS, v->op->width, v->op->attributes[0], FILL_TAPS),
                   MLM_DTYPE_I16);
    t[1] = of_type(maybe_vector(v->op->width, FILL_BIAS), MLM_DTYPE_I32);
    t[2] = of_type(maybe_vector(v->op->width, FILL_ABOVE_0), MLM_DTYPE_I16);
}

static int choose_causal_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    int32_t sum;
    (void)v, (void)rows;
    op->type = MLM_DTYPE_I16;
    op->attributes[0] = choose_between(from, 1, 6);
    op->attributes[2] = choose(from, 2);
    op->attributes[3] = mostly(from, 8, 15, 0, 15);
    choose_exponents(from, SILU_, &sum, &op->exponent);
    if (op->attributes[2] == 0) op->exponent = sum;
    op->attributes[4] = (uint32_t)sum;
    return 1;
}

/* ---- rows ----------------------------------------------------------------------------------------- */

static int choose_activation_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    int32_t before;
    (void)rows;
    op->type = v->types[0];
    op->variant = op->type == MLM_DTYPE_I32 ? (uint32_t)RELU_ : choose_function(from);
    choose_exponents(from, op->variant, &before, &op->exponent);
    op->attributes[0] = (uint32_t)before;
    op->attributes[1] = v->types[0];
    return 1;
}

/* Without a division. */
static int choose_arithmetic_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    enum { PRODUCT = 2, QUOTIENT };
    (void)v, (void)rows;
    op->type = MLM_DTYPE_I32;
    if (op->variant == QUOTIENT) op->variant = PRODUCT;
    if (op->variant == PRODUCT) {
        op->attributes[2] = mostly(from, 12, 31, 0, 62);
    } else {
        op->attributes[0] = mostly(from, -2, 6, -31, 31);
        op->attributes[1] = mostly(from, -2, 6, -31, 31);
    }
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return 1;
}

static int choose_pool_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    enum { MEAN, SUM = 4 };
    if (rows == 0) return 0;
    const int is_mean = op->variant == MEAN, is_sum = is_mean || op->variant == SUM;
    op->type = is_sum ? (uint32_t)MLM_DTYPE_I32 : v->types[0];
    if (op->variant == POOL_ROW) op->attributes[0] = choose(from, rows);
    if (is_sum) op->attributes[1] = mostly(from, 0, 8, is_mean ? 0 : -31, 16);
    op->attributes[2] = v->types[0];
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return 1;
}

static int choose_quantize(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    if (op->type == MLM_DTYPE_F32) op->type = any_integer(from);
    op->attributes[0] = v->types[0] == MLM_DTYPE_F32 ? 0 : mostly(from, -2, 16, -31, 31);
    op->attributes[1] = v->types[0];
    op->exponent = (int32_t)mostly(from, 6, 14, -100, 100);
    return 1;
}

static int choose_dequantize(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    op->attributes[0] = mostly(from, 8, 30, -100, 100);
    op->attributes[1] = v->types[0];
    return 1;
}

/* ---- Mamba ---------------------------------------------------------------------------------------- */

static void scan_int_tensors(const net_view *v, tensor_form *t) {
    const uint32_t width = v->op->width, *a = v->op->attributes;
    layer_forms(t, width, a[RANK]);
    t[3] = of_type(needed(MLM_PACK_ROWS, width, a[STATES], FILL_NOT_BELOW_0), MLM_DTYPE_I16);
    t[4] = of_type(maybe_vector(width, FILL_I16), MLM_DTYPE_I16);
}

/* But for states and rank. */
static int choose_scan_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    const int32_t digits = (int32_t)choose_between(from, 11, 30), line = 1 << 30;
    const int32_t largest = line >> (digits - 11) < 32767 ? line >> (digits - 11) : 32767;
    const int32_t most[] = {largest, largest, largest / 2, 0, -5000};
    (void)v, (void)rows;
    op->type = MLM_DTYPE_I32;
    op->attributes[2] = mostly(from, 6, 15, 0, 15);
    op->attributes[3] = (uint32_t)digits;
    op->attributes[4] = (uint32_t)most[choose(from, 5)];
    op->attributes[5] = mostly(from, 8, 20, -64, 64);
    op->attributes[6] = mostly(from, -10, 40, -127, 127);
    op->attributes[7] = mostly(from, -4, 16, -31, 64);
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return 1;
}

static void gate_int_tensors(const net_view *v, tensor_form *t) {
    layer_forms(t, v->op->width, v->widths[1]);
}

static int choose_gate_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    int32_t before, after;
    (void)v, (void)rows;
    op->type = MLM_DTYPE_I32;
    op->variant = choose_function(from);
    choose_exponents(from, op->variant, &before, &after);
    op->attributes[0] = mostly(from, 6, 12, 0, 15);
    op->attributes[1] = (uint32_t)before;
    op->attributes[2] = (uint32_t)after;
    op->attributes[3] = mostly(from, 8, 20, 0, 46);
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return 1;
}

/* ---- time and bands ------------------------------------------------------------------------------- */

enum { GROUPS_SHIFT = 24, POOL_UP = 7 };

static uint32_t groups_of(const net_op *op) {
    return op->attributes[GROUPS] & ((1u << GROUPS_SHIFT) - 1);
}

static void conv2d_int_tensors(const net_view *v, tensor_form *t) {
    const uint32_t *a = v->op->attributes, groups = groups_of(v->op);
    const uint32_t each = v->op->width / bands_out(v->op, BANDS) / groups;
    const uint32_t inputs = v->widths[0] / (a[BANDS] & 0xFFFF) / groups;
    const uint32_t columns = a[TAPS] * (a[BANDS + 1] & 0xFF) * inputs;
    layer_forms(t, groups > 1 ? groups * ((each + 3) / 4 * 4) : each, columns);
    if (v->op->variant != CONV2D_DEPTHWISE) return;
    layer_forms(t, groups, columns);
    t[0] = of_type(needed(MLM_PACK_ROWS, groups, columns, FILL_TAPS), MLM_DTYPE_I16);
    t[1].content = FILL_SMALL_BIAS;
}

static int choose_conv2d_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    choose_conv2d(from, v, op, rows);
    op->attributes[GROUPS] |= mostly(from, 6, 12, 0, 15) << GROUPS_SHIFT;
    op->type = MLM_DTYPE_I16;
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return 1;
}

static int choose_pool2d_int(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    enum { AVERAGE };
    choose_pool2d(from, v, op, rows);
    op->attributes[POOL_UP] = op->variant == AVERAGE ? mostly(from, 0, 3, 0, 15) : 0;
    op->type = MLM_DTYPE_I16;
    op->exponent = (int32_t)signed_between(from, -8, 20);
    return 1;
}

/* ---- the rows ------------------------------------------------------------------------------------- */

#define QUANTIZE_ROW                                                  \
    {                                                                 \
        "quantize", 1, 1, 1, 2, 0, NULL, NULL, NULL, choose_quantize, \
            MLM_TYPES_INTEGER | MLM_TYPE_BIT(MLM_DTYPE_F32)           \
    }
#define DEQUANTIZE_ROW \
    { "dequantize", 1, 1, 1, 2, 0, NULL, NULL, NULL, choose_dequantize, MLM_TYPES_INTEGER }
#define LINEAR_INT_ROW                                                                        \
    {                                                                                         \
        "linear_int", 1, 1, 1, 2, 0, linear_int_tensors, free_width, NULL, choose_linear_int, \
            MLM_TYPES_INTEGER                                                                 \
    }
#define EMBEDDING_INT_ROW                                                                \
    {                                                                                    \
        "embedding_int", 1, 1, 1, 1, ROW_FRONT, embedding_int_tensors, free_width, NULL, \
            choose_embedding_int, 0                                                      \
    }
#define LOGMEL_INT_ROW                                                             \
    {                                                                              \
        "logmel_int", 1, 1, 1, 7, ROW_FRONT, logmel_int_tensors, free_width, NULL, \
            choose_logmel_int, 0                                                   \
    }
#define ACTIVATION_INT_ROW \
    { "activation_int", 1, 1, 1, 2, 0, NULL, NULL, NULL, choose_activation_int, MLM_TYPES_INTEGER }
#define ARITHMETIC_INT_ROW                                                                    \
    {                                                                                         \
        "arithmetic_int", 2, 2, 6, 3, ROW_BROADCAST, NULL, NULL, NULL, choose_arithmetic_int, \
            I32_ONLY                                                                          \
    }
#define NORM_INT_ROW \
    { "norm_int", 1, 1, 2, 4, 0, norm_int_tensors, NULL, NULL, choose_norm_int, MLM_TYPES_INTEGER }
#define CAUSAL_CONV_INT_ROW                                                          \
    {                                                                                \
        "causal_conv_int", 1, 1, 1, 5, ROW_SEQUENCE, causal_int_tensors, NULL, NULL, \
            choose_causal_int, I16_ONLY                                              \
    }
#define POOL_INT_ROW                                                                        \
    {                                                                                       \
        "pool_int", 1, 1, 7, 3, ROW_SEQUENCE | ROW_POOL, NULL, NULL, NULL, choose_pool_int, \
            MLM_TYPES_INTEGER                                                               \
    }
#define SELECTIVE_SCAN_INT_ROW                                                        \
    {                                                                                 \
        "selective_scan_int", 2, 2, 2, 8, ROW_SEQUENCE, scan_int_tensors, NULL, NULL, \
            choose_scan_int, I16_ONLY                                                 \
    }
#define GATE_INT_ROW \
    { "gate_int", 2, 2, 1, 4, 0, gate_int_tensors, NULL, NULL, choose_gate_int, MLM_TYPES_INTEGER }
#define CONV2D_INT_ROW                                                                      \
    {                                                                                       \
        "conv2d_int", 1, 1, 2, 8, ROW_SEQUENCE, conv2d_int_tensors, free_width, conv_clock, \
            choose_conv2d_int, I16_ONLY                                                     \
    }
#define POOL2D_INT_ROW                                                                             \
    {                                                                                              \
        "pool2d_int", 1, 1, 2, 8, ROW_SEQUENCE, NULL, pool2d_width, pool_clock, choose_pool2d_int, \
            I16_ONLY                                                                               \
    }

#endif
