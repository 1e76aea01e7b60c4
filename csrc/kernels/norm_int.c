/*
 * norm_int.c - RMSNorm and LayerNorm of integers: a sum of squares in 64 bits, one square root and one division a
 * row. Rows of 32 bits are narrowed to 16 with a shift of their own first, so the result does not depend on how
 * loud a frame is.
 */
#include <string.h>

#include "integer.h"
#include "wasm_int.h"

enum { WIDENING = 8 }; /* bits that a row of 16 gets before its mean is taken off */
enum { SQUARE_BITS = 31, MOST_SCALE = 65535 };

/* How a row is scaled: x scale 2^(left - right) is its norm in Q30, as one of the shifts is 0. */
typedef struct norm_scale {
    int32_t scale;
    uint32_t left, right;
} norm_scale;

#if defined(__wasm__)

/* Rounded to 53 bits, a root of 32 is not brought up to the next whole number. */
static uint32_t integer_root(uint32_t x) { return (uint32_t)__builtin_sqrt(x); }

#else

/* Of a number from 2^30 on, whose root has 16 bits. */
static uint32_t integer_root(uint32_t x) {
    uint32_t root = 1u << 15;
#pragma GCC unroll 5
    for (uint32_t bit = 1u << 14; bit > 0; bit >>= 1)
        if ((root + bit) * (root + bit) <= x) root += bit;
    return root;
}

#endif

MLM_INLINE uint32_t square(int32_t x) { return (uint32_t)(x * x); }

#if MLM_WASM_INT

/* In twos, which have 32 bits. */
static uint64_t sum_of_squares(const int16_t *x, uint32_t width) {
    v128_t sums = splat_i32(0);
    uint32_t i = 0;
    for (; i < (width & ~7u); i += 8) {
        const v128_t eight = wasm_v128_load(x + i), twos = wasm_i32x4_dot_i16x8(eight, eight);
        sums = wasm_i64x2_add(sums, wasm_u64x2_extend_low_u32x4(twos));
        sums = wasm_i64x2_add(sums, wasm_u64x2_extend_high_u32x4(twos));
    }
    uint64_t sum =
        (uint64_t)wasm_i64x2_extract_lane(sums, 0) + (uint64_t)wasm_i64x2_extract_lane(sums, 1);
    for (; i < width; i++) sum += square(x[i]);
    return sum;
}

#else

/* In twos, which have 32 bits. */
static uint64_t sum_of_squares(const int16_t *x, uint32_t width) {
    uint64_t sum = width % 2 ? square(x[width - 1]) : 0;
#if defined(__ARM_FEATURE_DSP)
    uint32_t low = (uint32_t)sum, high = 0;
    for (const int16_t *const end = x + width / 2 * 2; x != end; x += 2) {
        uint32_t two;
        memcpy(&two, __builtin_assume_aligned(x, sizeof two), sizeof two);
        __asm__("smlald %0, %1, %2, %2" : "+r"(low), "+r"(high) : "r"(two));
    }
    sum = (uint64_t)high << 32 | low;
#else
    for (const int16_t *const end = x + width / 2 * 2; x != end; x += 2)
        sum += square(x[0]) + square(x[1]);
#endif
    return sum;
}

#endif

/* Of a row x 2^k; the sum is brought to 31 or 32 bits by an even shift. */
static norm_scale scale_of(const int16_t *x, uint32_t width, uint32_t k, uint64_t epsilon) {
    const uint64_t least = epsilon >> 2 * k;
    const uint64_t sum = sum_of_squares(x, width) + (least > 0 ? least : 1);
    const int32_t half = ((int32_t)u64_bits(sum) - SQUARE_BITS) >> 1; /* of the shift */
    const uint32_t even = (uint32_t)(half >= 0 ? sum >> 2 * half : sum << -2 * half);
    const uint32_t scale = (1u << SQUARE_BITS) / integer_root(even);
    const int32_t right = half + 1;
    return (norm_scale){(int32_t)(scale < MOST_SCALE ? scale : MOST_SCALE),
                        right < 0 ? (uint32_t)-right : 0, right > 0 ? (uint32_t)right : 0};
}

/* y = (x in Q30) gain + bias, shifted; y may be x. */
#if MLM_WASM_INT

/* In fours, as rows are padded. */
static void scale_row(const int16_t *x, norm_scale by, const int16_t *gain, const int32_t *bias,
                      uint32_t shift, uint32_t width, int16_t *y) {
    const v128_t half = splat_i32((int32_t)((1u << shift) >> 1)), scale = splat_i32(by.scale);
    for (uint32_t i = 0; i < width; i += 4) {
        const v128_t product = wasm_i32x4_mul(wasm_i32x4_load16x4(x + i), scale);
        const v128_t t = shr_by(shl_by(product, by.left), by.right);
        v128_t v = mulw_any(t, signed_factor_of(wasm_i32x4_load16x4(gain + i)));
        if (bias) v = wasm_i32x4_add(v, wasm_v128_load(bias + i));
        v = shr_by(wasm_i32x4_add(v, half), shift);
        wasm_v128_store64_lane(y + i, narrow_to_i16(v), 0);
    }
}

#else

MLM_INLINE int16_t normal(int32_t x, norm_scale by, int32_t gain, int32_t half, uint32_t shift) {
    const int32_t t = (x * by.scale) >> by.right;
    return (int16_t)i32_to_i16(i32_add_mulw(t, gain, half) >> shift);
}

static void scale_row(const int16_t *x, norm_scale by, const int16_t *gain, const int32_t *bias,
                      uint32_t shift, uint32_t width, int16_t *y) {
    const int32_t half = (int32_t)((1u << shift) >> 1);
    const int16_t *const end = x + width;
    if (!bias && by.left == 0) { /* nearly always */
#if defined(__ARM_FEATURE_DSP)
        if (width % 2) *y++ = normal(*x++, by, *gain++, half, shift);
        for (; x != end; x += 2, gain += 2, y += 2) {
            y[0] = normal(x[0], by, gain[0], half, shift);
            y[1] = normal(x[1], by, gain[1], half, shift);
        }
#else
        for (; x != end; x++, gain++, y++) *y = normal(*x, by, *gain, half, shift);
#endif
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        const int32_t t = (int32_t)((uint32_t)(x[i] * by.scale) << by.left) >> by.right;
        const int32_t v = i32_mulw(t, gain[i]) + half;
        y[i] = (int16_t)i32_to_i16((bias ? v + bias[i] : v) >> shift);
    }
}

#endif

/* ---- LayerNorm ---------------------------------------------------------------------------------- */

MLM_INLINE int32_t element(const void *x, int is_wide, uint32_t i) {
    return is_wide ? ((const int32_t *)x)[i] : ((const int16_t *)x)[i] * (1 << WIDENING);
}

static int64_t mean_of(const void *x, int is_wide, uint32_t width) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < width; i++) sum += element(x, is_wide, i);
    return mlm_floor_divide(2 * sum + width, 2 * (uint64_t)width);
}

/* The row seen from its mean, as q 2^k; q may be x, if that has 16 bits. Returns k. */
static MLM_NOINLINE uint32_t centre_row(const void *x, int is_wide, uint32_t width, int16_t *q) {
    const int64_t mean = mean_of(x, is_wide, width);
    uint32_t all = 0;
    for (uint32_t i = 0; i < width; i++)
        all |= i32_magnitude(i64_to_i32(element(x, is_wide, i) - mean));
    const uint32_t k = mlm_narrowing(all);
    for (uint32_t i = 0; i < width; i++)
        q[i] = mlm_narrowed(i64_to_i32(element(x, is_wide, i) - mean), k);
    return k;
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { RMS, LAYER, VARIANTS };
enum { SHIFT, EPSILON_LOW, EPSILON_HIGH, INPUT_TYPE, ATTRIBUTES };
enum { GAIN, BIAS, TENSORS };
enum { MOST_SHIFT = 30 };
#define MOST_BIAS (1u << 29)           /* with products below 2^29 and half of the shift: 31 bits */
#define END_OF_EPSILON_HIGH (1u << 30) /* the sum of squares stays below 2^63 */

static int bias_is_right(const mlm_op_view *view) {
    const uint32_t width = view->op->width;
    if (mlm_is_absent(view, BIAS)) return 1;
    if (!mlm_has_typed(view, BIAS, MLM_DTYPE_I32, MLM_PACK_VECTOR, width, 1)) return 0;
    const int32_t *bias = mlm_view_data(view, BIAS);
    for (uint32_t i = 0; i < width; i++)
        if (i32_magnitude(bias[i]) > MOST_BIAS) return 0;
    return 1;
}

static int check_norm(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    return view->widths[0] == op->width && mlm_names_input_type(view, INPUT_TYPE) &&
           mlm_is_between(op, SHIFT, 0, MOST_SHIFT) &&
           op->attributes[EPSILON_HIGH] < END_OF_EPSILON_HIGH &&
           mlm_has_typed(view, GAIN, MLM_DTYPE_I16, MLM_PACK_VECTOR, op->width, 1) &&
           bias_is_right(view);
}

static uint64_t epsilon_of(const mlm_blob_op *op) {
    return (uint64_t)op->attributes[EPSILON_HIGH] << 32 | op->attributes[EPSILON_LOW];
}

static void norm_row(const mlm_run *run, uint32_t row, int is_wide) {
    const mlm_blob_op *op = run->op;
    const int16_t *x = mlm_read_i16(run->inputs[0], row); /* where it has 16 bits */
    int16_t *y = mlm_i16(run->output, row);
    uint32_t k = 0;
    if (op->variant == LAYER) {
        k = centre_row(x, is_wide, op->width, y);
        x = y;
    } else if (is_wide) {
        k = mlm_narrow_row(mlm_read_i32(run->inputs[0], row), op->width, y);
        x = y;
    }
    scale_row(x, scale_of(x, op->width, k, epsilon_of(op)), mlm_data(run, GAIN),
              mlm_data(run, BIAS), op->attributes[SHIFT], op->width, y);
}

static int run_norm(mlm_run *run) {
    const int is_wide = run->op->attributes[INPUT_TYPE] == MLM_DTYPE_I32;
    for (uint32_t t = 0; t < run->rows; t++) norm_row(run, t, is_wide);
    return 0;
}

/* Square, scale, gain. */
void mlm_norm_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    work->row.macs = 3 * (uint64_t)view->op->width;
}

/* mlm-op 39 */
const mlm_op_class mlm_norm_int_class = {
    .name = "norm_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = VARIANTS,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .input_types = MLM_TYPES_INTEGER,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .check = check_norm,
    .run = run_norm,
};
