/*
 * arithmetic_int.c - element-wise functions of two inputs of 32 bits, each with an exponent of its own: both are
 * shifted to that of the output, or their product is.
 */
#include "integer.h"
#include "wasm_int.h"

/* As those of arithmetic.c, which has a quotient in between. */
enum { ADD = 0, SUBTRACT = 1, MULTIPLY = 2, MAXIMUM = 4, MINIMUM = 5, VARIANTS };
enum { SHIFT_A, SHIFT_B, SHIFT_PRODUCT, ATTRIBUTES };
enum { MOST_SHIFT = 31, MOST_PRODUCT_SHIFT = 62 };

static int32_t shifted_product(int32_t a, int32_t b, uint32_t s) {
    const int64_t product = (int64_t)a * b; /* at most 2^62, to which at most 2^61 comes */
    return i64_to_i32((product + (int64_t)(((uint64_t)1 << s) >> 1)) >> s);
}

#if !MLM_WASM_INT

MLM_INLINE int32_t combine(uint32_t variant, int32_t a, int32_t b) {
    switch (variant) {
        case ADD: return i32_add_saturating(a, b);
        case SUBTRACT: return i64_to_i32((int64_t)a - b);
        case MAXIMUM: return a > b ? a : b;
        default: return a < b ? a : b;
    }
}

#endif

/* ---- the op ---------------------------------------------------------------------------------- */

static int shifts_are_right(const mlm_blob_op *op) {
    const uint32_t *attributes = op->attributes;
    if (op->variant == MULTIPLY)
        return attributes[SHIFT_A] == 0 && attributes[SHIFT_B] == 0 &&
               mlm_is_between(op, SHIFT_PRODUCT, 0, MOST_PRODUCT_SHIFT);
    return mlm_is_between(op, SHIFT_A, -MOST_SHIFT, MOST_SHIFT) &&
           mlm_is_between(op, SHIFT_B, -MOST_SHIFT, MOST_SHIFT) && attributes[SHIFT_PRODUCT] == 0;
}

static int check(const mlm_op_view *view) {
    const uint32_t variant = view->op->variant, width = view->op->width;
    const int is_known = variant <= MULTIPLY || variant >= MAXIMUM;
    return is_known && view->widths[0] == width && view->widths[1] == width &&
           shifts_are_right(view->op);
}

#if MLM_WASM_INT
#include "arithmetic_int_wasm.h"
#else

/* What residual connections are, as calibration gives their sums the exponent of both sides. */
static void add_rows(const int32_t *a, const int32_t *b, int32_t *y, uint32_t width) {
    const int32_t *const end = a + width;
#if !defined(__wasm__)
    for (const int32_t *const fours = a + width / 4 * 4; a != fours; a += 4, b += 4, y += 4) {
        y[0] = i32_add_saturating(a[0], b[0]);
        y[1] = i32_add_saturating(a[1], b[1]);
        y[2] = i32_add_saturating(a[2], b[2]);
        y[3] = i32_add_saturating(a[3], b[3]);
    }
#endif
    while (a != end) *y++ = i32_add_saturating(*a++, *b++);
}

static MLM_NOINLINE void combine_rows(const mlm_blob_op *op, const int32_t *a, const int32_t *b,
                                      int32_t *y) {
    const uint32_t variant = op->variant, shift = op->attributes[SHIFT_PRODUCT];
    const int32_t shift_a = mlm_signed_attribute(op, SHIFT_A);
    const int32_t shift_b = mlm_signed_attribute(op, SHIFT_B);
    for (uint32_t i = 0; i < op->width; i++)
        y[i] = variant == MULTIPLY
                   ? shifted_product(a[i], b[i], shift)
                   : combine(variant, i32_shift(a[i], shift_a), i32_shift(b[i], shift_b));
}

static int run_arithmetic(mlm_run *run) {
    const mlm_blob_op *op = run->op;
    const int is_plain_sum =
        op->variant == ADD && (op->attributes[SHIFT_A] | op->attributes[SHIFT_B]) == 0;
    for (uint32_t t = 0; t < run->rows; t++) {
        const int32_t *a = mlm_read_i32(run->inputs[0], t), *b = mlm_read_i32(run->inputs[1], t);
        int32_t *y = mlm_i32(run->output, t);
        if (is_plain_sum)
            add_rows(a, b, y, op->width);
        else
            combine_rows(op, a, b, y);
    }
    return 0;
}

#endif

void mlm_arithmetic_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    if (view->op->variant == MULTIPLY) work->row.macs = view->op->width;
}

/* mlm-op 38 */
const mlm_op_class mlm_arithmetic_int_class = {
    .name = "arithmetic_int",
    .least_inputs = 2,
    .most_inputs = 2,
    .flags = MLM_OP_IN_PLACE | MLM_OP_BROADCAST,
    .variants = VARIANTS,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I32),
    .input_types = MLM_TYPE_BIT(MLM_DTYPE_I32),
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check,
    .run = run_arithmetic,
};
