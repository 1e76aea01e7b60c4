/*
 * quantize.c - makes integers of floats, or of integers with another exponent. Floats are taken apart as bits:
 * a core without an FPU would spend more on them than on the layer behind.
 */
#include "integer.h"
#include "wasm_int.h"

enum { SHIFT, INPUT_TYPE, ATTRIBUTES };
enum { SATURATIONS, ROLES };
static const char *const role_names[ROLES] = {"saturations"};
enum { COUNT_WORDS = 4 }; /* a buffer of 16 bytes, of which the first word counts */

enum {
    MANTISSA_BITS = 23,
    BIAS = 127,
    EXPONENT_MASK = 0xFF,
    MOST_SHIFT = 31,
    BITS_16 = 15,
    BITS_32 = 31
};

#if MLM_WASM_INT
#include "quantize_wasm.h"
#else

#define LEADING_BIT (1u << MANTISSA_BITS)
#define MANTISSA_MASK (LEADING_BIT - 1)

/*
 * floor(v + 1/2) of v = x 2^exponent, cut off at 32 bits and 0 for NaN, as floats give it. Their sum v + 1/2 is
 * rounded in two places only: just below 1/2, where it becomes 1, and from 2^23 on, where halves go to the
 * even neighbour.
 */
static MLM_NOINLINE int32_t rounded(float x, int32_t exponent) {
    const uint32_t bits = f32_bits(x), field = bits >> MANTISSA_BITS & EXPONENT_MASK;
    const int is_negative = bits >> 31 != 0;
    if (f32_is_nan(bits) || field == 0) return 0;
    const uint32_t mantissa = (bits & MANTISSA_MASK) | LEADING_BIT; /* v = mantissa 2^power */
    const int32_t power = (int32_t)field - BIAS - MANTISSA_BITS + exponent;
    if (field == EXPONENT_MASK || power > 31 - MANTISSA_BITS - 1)
        return is_negative ? INT32_MIN : INT32_MAX;
    if (power > 0) return (is_negative ? -(int32_t)mantissa : (int32_t)mantissa) * (1 << power);
    if (power == 0)
        return (is_negative ? -(int32_t)mantissa : (int32_t)mantissa) + (int32_t)(mantissa & 1u);
    const int32_t right = -power, least = MANTISSA_BITS + 2; /* from 1/4 on */
    if (right > least) return 0;
    if (right == least && mantissa == 2 * LEADING_BIT - 1) return !is_negative;
    return i32_round_shift(is_negative ? -(int32_t)mantissa : (int32_t)mantissa, (uint32_t)right);
}

static void write(mlm_rows y, uint32_t row, uint32_t i, int is_wide, int32_t value) {
    if (is_wide)
        mlm_i32(y, row)[i] = value;
    else
        mlm_i16(y, row)[i] = (int16_t)i32_to_i16(value);
}

/* Counts a float that is beyond numbers of `bits` bits without their sign, or none at all. */
static void count_if_far(uint32_t *count, float x, int32_t exponent, int32_t bits) {
    const uint32_t field = f32_bits(x) >> MANTISSA_BITS & EXPONENT_MASK;
    const int is_far =
        field == EXPONENT_MASK || (field > 0 && (int32_t)field - BIAS + exponent >= bits);
    if (is_far && *count != 0xFFFFFFFFu) ++*count;
}

static uint32_t *count_of(const mlm_run *run) {
    return (uint32_t *)(void *)mlm_buffer_at(run, SATURATIONS);
}

static MLM_NOINLINE int32_t rounded_and_counted(uint32_t *count, float x, int32_t exponent) {
    count_if_far(count, x, exponent, BITS_16);
    return rounded(x, exponent);
}

/* Whether floats whose exponents are 0 or EXPONENT_MASK are far from numbers of 16 bits. */
static int is_usual(int32_t exponent) {
    return exponent >= MLM_LEAST_EXPONENT && exponent <= MLM_MOST_EXPONENT;
}

/* Most numbers take fewer steps: those below 2^15, if not so small that halves are none. */
static void quantize_to_i16(const mlm_run *run, const float *x, int16_t *y) {
    const int32_t exponent = run->op->exponent;
    const uint32_t largest = (uint32_t)(BIAS + BITS_16 - 1 - exponent); /* field below 2^15 */
    const uint32_t fields = is_usual(exponent) ? BITS_16 + 1 : 0;
    uint32_t *const count = count_of(run);
    for (const float *const end = x + run->op->width; x != end; x++) {
        const uint32_t bits = f32_bits(*x);
        const uint32_t less = largest - (bits >> MANTISSA_BITS & EXPONENT_MASK);
        int32_t value;
        if (less < fields) {
            const int32_t magnitude = (int32_t)((bits & MANTISSA_MASK) | LEADING_BIT);
            value = i32_round_shift(bits >> 31 ? -magnitude : magnitude,
                                    less + MANTISSA_BITS + 1 - BITS_16);
        } else {
            value = rounded_and_counted(count, *x, exponent);
        }
        *y++ = (int16_t)i32_to_i16(value);
    }
}

#endif

/* ---- the op ---------------------------------------------------------------------------------- */

static int check(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    return view->widths[0] == op->width && mlm_names_input_type(view, INPUT_TYPE) &&
           (view->types[0] == MLM_DTYPE_F32 ? op->attributes[SHIFT] == 0
                                            : mlm_is_between(op, SHIFT, -MOST_SHIFT, MOST_SHIFT));
}

static void quantize_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    (void)view, (void)shape;
    needs[SATURATIONS] = (mlm_need){.floats = COUNT_WORDS, .is_state = 1, .is_read = 1};
}

#if !MLM_WASM_INT

static int run_quantize(mlm_run *run) {
    const mlm_blob_op *op = run->op;
    const int32_t shift = mlm_signed_attribute(op, SHIFT);
    const uint32_t type = op->attributes[INPUT_TYPE];
    const int is_wide = op->type == MLM_DTYPE_I32;
    for (uint32_t t = 0; t < run->rows; t++) {
        const float *x = run->inputs[0].data + (size_t)t * run->inputs[0].stride;
        const int16_t *x16 = mlm_read_i16(run->inputs[0], t);
        const int32_t *x32 = mlm_read_i32(run->inputs[0], t);
        if (type == MLM_DTYPE_F32 && !is_wide) {
            quantize_to_i16(run, x, mlm_i16(run->output, t));
            continue;
        }
        for (uint32_t i = 0; i < op->width; i++) {
            int32_t value;
            if (type == MLM_DTYPE_F32) {
                count_if_far(count_of(run), x[i], op->exponent, BITS_32);
                value = rounded(x[i], op->exponent);
            } else {
                value = i32_shift(type == MLM_DTYPE_I16 ? x16[i] : x32[i], shift);
            }
            write(run->output, t, i, is_wide, value);
        }
    }
    return 0;
}

#endif

void mlm_quantize_class_counts(const mlm_op_view *view, mlm_work *work) {
    (void)view, (void)work; /* a row in, a row out */
}

/* mlm-op 29 */
const mlm_op_class mlm_quantize_class = {
    .name = "quantize",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE | MLM_OP_SATURATES,
    .variants = 1,
    .types = MLM_TYPES_INTEGER,
    .input_types = MLM_TYPES_INTEGER | MLM_TYPE_BIT(MLM_DTYPE_F32),
    .attributes = ATTRIBUTES,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check,
    .needs = quantize_needs,
    .run = run_quantize,
};
