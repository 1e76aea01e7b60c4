/*
 * activation_int.c - element-wise functions of one input of integers. What is made of a sigmoid has it from a
 * table with straight lines between its points.
 */
#include <string.h>

#include "integer.h"
#include "wasm_int.h"

enum {
    STEP = 4,      /* points of the table are 2^-4 apart */
    LAST = 255,    /* point with one behind it */
    ONE = 1 << 15, /* of a sigmoid: Q15 */
    SIGMOID_EXPONENT = 15,
    MOST_ROUND_SHIFT = 30,
    MOST_SHIFT = 31,
    MOST_EXPONENT = 200 /* of any value */
};

/* round(2^15 / (1 + e^(-i / 16))), at most 2^15 - 1. */
static const uint16_t sigmoids[LAST + 2] = {
    16384, 16896, 17407, 17916, 18421, 18923, 19420, 19912, 20397, 20874, 21344, 21804, 22255,
    22696, 23127, 23547, 23955, 24352, 24737, 25110, 25471, 25819, 26155, 26479, 26790, 27090,
    27377, 27653, 27917, 28169, 28411, 28642, 28862, 29072, 29272, 29462, 29644, 29816, 29979,
    30135, 30282, 30422, 30555, 30680, 30799, 30912, 31018, 31119, 31214, 31304, 31389, 31469,
    31545, 31616, 31684, 31747, 31807, 31864, 31917, 31968, 32015, 32060, 32102, 32141, 32179,
    32214, 32247, 32278, 32307, 32335, 32361, 32385, 32408, 32430, 32450, 32469, 32487, 32504,
    32520, 32535, 32549, 32562, 32574, 32586, 32597, 32607, 32617, 32626, 32635, 32643, 32650,
    32657, 32664, 32670, 32676, 32682, 32687, 32692, 32696, 32701, 32705, 32709, 32712, 32716,
    32719, 32722, 32725, 32727, 32730, 32732, 32734, 32736, 32738, 32740, 32742, 32743, 32745,
    32746, 32747, 32749, 32750, 32751, 32752, 32753, 32754, 32755, 32756, 32756, 32757, 32758,
    32758, 32759, 32759, 32760, 32760, 32761, 32761, 32762, 32762, 32762, 32763, 32763, 32763,
    32764, 32764, 32764, 32764, 32765, 32765, 32765, 32765, 32765, 32766, 32766, 32766, 32766,
    32766, 32766, 32766, 32766, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
    32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767,
};

/* The sigmoid of x >= 0, of 16 bits, whose exponent is shift + STEP. */
MLM_INLINE int32_t sigmoid_of_magnitude(int32_t x, int32_t shift) {
    const int32_t end = ((LAST + 1) << shift) - 1; /* behind LAST the line is flat */
#if defined(__ARM_FEATURE_DSP) /* one load of two points, of which each has its weight */
    uint32_t two, ones = 0xFFFF;
    int32_t over, s;
    __asm__("" : "+r"(ones)); /* else compilers make two instructions of the weights */
    __asm__("uqsub16 %0, %1, %2" : "=r"(over) : "r"(x), "r"(end));
    x -= over;
    memcpy(&two, sigmoids + (x >> shift), sizeof two);
    const uint32_t rest = (uint32_t)x & ((1u << shift) - 1);
    const uint32_t weights = rest * ones + (1u << shift); /* rest above what is left of 1 */
    __asm__("smuad %0, %1, %2" : "=r"(s) : "r"(two), "r"(weights));
    return s >> shift;
#else
    if (x > end) x = end;
    const int32_t i = x >> shift, rest = x & ((1 << shift) - 1);
#if defined(__thumb2__)
    uint32_t two; /* one load of two is less than two addresses */
    memcpy(&two, sigmoids + i, sizeof two);
    const int32_t low = (int32_t)(two & 0xFFFFu);
    return low + ((((int32_t)(two >> 16) - low) * rest) >> shift);
#else
    const uint16_t *point = sigmoids + i;
    const int32_t low = point[0];
    return low + (((point[1] - low) * rest) >> shift);
#endif
#endif
}

MLM_INLINE int32_t sigmoid(int32_t x, int32_t shift) {
    const int32_t s = sigmoid_of_magnitude(x < 0 ? -x : x, shift);
    return x < 0 ? ONE - s : s;
}

MLM_INLINE int16_t rounded(int32_t y, uint32_t shift) {
    return (int16_t)i32_to_i16(i32_round_shift(y, shift));
}

#if MLM_WASM_INT

enum { LANES = 4 };

/* Neighbours in the table: one below the other. */
MLM_INLINE v128_t points_of(v128_t points) {
    uint32_t i[LANES]; /* lanes are taken out one by one faster through memory */
    wasm_v128_store(i, points);
    v128_t pairs = wasm_v128_load32_zero(sigmoids + i[0]);
    pairs = wasm_v128_load32_lane(sigmoids + i[1], pairs, 1);
    pairs = wasm_v128_load32_lane(sigmoids + i[2], pairs, 2);
    return wasm_v128_load32_lane(sigmoids + i[3], pairs, 3);
}

MLM_INLINE v128_t silu_of(v128_t x, uint32_t step, uint32_t shift) {
    const int32_t end = ((LAST + 1) << step) - 1; /* behind LAST the line is flat */
    const v128_t most = wasm_i32x4_min(wasm_i32x4_abs(x), splat_i32(end));
    const v128_t pairs = points_of(shr_by(most, step));
    const v128_t low = wasm_v128_and(pairs, splat_i32(0xFFFF));
    const v128_t rise = wasm_i32x4_sub(wasm_u32x4_shr(pairs, 16), low);
    const v128_t rest = wasm_v128_and(most, splat_i32((1 << step) - 1));
    const v128_t s = wasm_i32x4_add(low, shr_by(wasm_i32x4_dot_i16x8(rise, rest), step));
    const v128_t is_negative = wasm_i32x4_shr(x, 31); /* then ONE - s, which is ~s + ONE + 1 */
    const v128_t sigmoid = wasm_i32x4_add(wasm_v128_xor(s, is_negative),
                                          wasm_v128_and(is_negative, splat_i32(ONE + 1)));
    const v128_t half = splat_i32((int32_t)((1u << shift) >> 1));
    return shr_by(wasm_i32x4_add(wasm_i32x4_dot_i16x8(x, sigmoid), half), shift);
}

/* In fours, as rows are padded. */
static MLM_NOINLINE void silu(int16_t *x, uint32_t width, int32_t from, uint32_t shift) {
    const uint32_t step = (uint32_t)(from - STEP);
    for (const int16_t *end = x + width; x < end; x += LANES)
        wasm_v128_store64_lane(x, narrow_to_i16(silu_of(wasm_i32x4_load16x4(x), step, shift)), 0);
}

#else

MLM_INLINE int16_t silu_of(int32_t x, int32_t step, uint32_t shift, int32_t half) {
    __asm__("" : "+r"(x)); /* else compilers take pains to keep its magnitude in 16 bits */
#if defined(__thumb2__) /* x (ONE - s) is ONE x + |x| s: without a condition */
    const int32_t magnitude = (int32_t)i32_magnitude(x);
    const int32_t sum = half + (x & (x >> 31)) * ONE;
    const int32_t product = magnitude * sigmoid_of_magnitude(magnitude, step) + sum;
#else
    const int32_t product = x * sigmoid(x, step) + half;
#endif
    return (int16_t)i32_to_i16(product >> shift);
}

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__clang__)

/* As sigmoid_of_magnitude has it. One instruction a line. */
/* clang-format off */
#define SILU \
    "ldrsh %[v], [%[x]]\n" \
    "eor %[size], %[v], %[v], asr #31\n" \
    "sub %[size], %[size], %[v], asr #31\n" \
    "and %[v], %[v], %[v], asr #31\n" \
    "uqsub16 %[rest], %[size], %[last]\n" \
    "add %[v], %[half], %[v], lsl #15\n" \
    "sub %[rest], %[size], %[rest]\n" \
    "asr %[s], %[rest], %[step]\n" \
    "and %[rest], %[rest], %[mask]\n" \
    "ldr %[s], [%[points], %[s], lsl #1]\n" \
    "mla %[rest], %[rest], %[ones], %[unit]\n" \
    "smuad %[s], %[s], %[rest]\n" \
    "asr %[s], %[s], %[step]\n" \
    "mla %[v], %[size], %[s], %[v]\n" \
    "asr %[v], %[v], %[shift]\n" \
    "ssat %[v], #16, %[v]\n" \
    "strh %[v], [%[x]], #2\n"

/* In twos, as rows are padded. */
static MLM_NOINLINE void silu(int16_t *x, uint32_t width, int32_t from, uint32_t shift) {
    const int32_t half = (int32_t)((1u << shift) >> 1), step = from - STEP, unit = 1 << step;
    const int16_t *const end = x + ((width + 1) & ~1u);
    uint32_t v, size, rest, s;
    if (x == end) return;
    __asm__ volatile(
        "1:\n" SILU SILU
        "ldr %[s], %[end]\n"
        "cmp %[x], %[s]\n"
        "bne 1b\n"
        : [x] "+r"(x), [v] "=&r"(v), [size] "=&r"(size), [rest] "=&r"(rest), [s] "=&r"(s)
        : [last] "r"(((LAST + 1) << step) - 1), [half] "r"(half), [step] "r"(step),
          [mask] "r"(unit - 1), [points] "r"(sigmoids), [ones] "r"(0xFFFF), [unit] "r"(unit),
          [shift] "r"(shift), [end] "m"(end)
        : "cc", "memory");
}
#undef SILU
/* clang-format on */

#else

/* Elements in one turn, as rows are padded. */
#if defined(__riscv)
#define SECOND_OF_TURN x[1] = silu_of(x[1], step, shift, half);
enum { TURN = 2 };
#else
#define SECOND_OF_TURN
enum { TURN = 1 };
#endif

static MLM_NOINLINE void silu(int16_t *x, uint32_t width, int32_t from, uint32_t shift) {
    const int32_t half = (int32_t)((1u << shift) >> 1), step = from - STEP;
    for (const int16_t *end = x + (width + TURN - 1) / TURN * TURN; x != end; x += TURN) {
        x[0] = silu_of(x[0], step, shift, half);
        SECOND_OF_TURN
    }
}

#endif
#endif

static void sigmoid_row(int16_t *x, uint32_t width, int32_t from, uint32_t shift) {
    for (const int16_t *end = x + width; x != end; x++)
        *x = rounded(sigmoid(*x, from - STEP), shift);
}

/* tanh(x) = 2 sigmoid(2 x) - 1; `from` is the exponent of 2 x, as which x is read. */
static void tanh_row(int16_t *x, uint32_t width, int32_t from, uint32_t shift) {
    for (const int16_t *end = x + width; x != end; x++)
        *x = rounded(2 * sigmoid(*x, from - STEP) - ONE, shift);
}

static void relu(int16_t *x, uint32_t width, int32_t shift) {
    for (const int16_t *end = x + width; x != end; x++)
        *x = (int16_t)i32_to_i16(i32_shift(*x > 0 ? *x : 0, shift));
}

static void relu_i32(const int32_t *x, int32_t *y, uint32_t width, int32_t shift) {
    for (uint32_t i = 0; i < width; i++) y[i] = i32_shift(x[i] > 0 ? x[i] : 0, shift);
}

static int is_between(int32_t x, int32_t least, int32_t most) { return x >= least && x <= most; }

int mlm_is_i16_activation(mlm_activation activation, int32_t from, int32_t to) {
    if (!is_between(from, -MOST_EXPONENT, MOST_EXPONENT) ||
        !is_between(to, -MOST_EXPONENT, MOST_EXPONENT))
        return 0;
    const int to_fits = is_between(SIGMOID_EXPONENT - to, 0, MOST_ROUND_SHIFT);
    switch (activation) {
        case MLM_ACTIVATION_SILU:
            return is_between(from, STEP, SIGMOID_EXPONENT) &&
                   is_between(SIGMOID_EXPONENT + from - to, 0, MOST_ROUND_SHIFT);
        case MLM_ACTIVATION_RELU: return is_between(from - to, -MOST_SHIFT, MOST_SHIFT);
        case MLM_ACTIVATION_SIGMOID: return to_fits && is_between(from, STEP, SIGMOID_EXPONENT);
        case MLM_ACTIVATION_TANH: return to_fits && is_between(from - 1, STEP, SIGMOID_EXPONENT);
        default: return 0;
    }
}

void mlm_activate_i16(mlm_activation activation, int16_t *x, uint32_t width, int32_t from,
                      int32_t to) {
    const int32_t shift = SIGMOID_EXPONENT - to;
    switch (activation) {
        case MLM_ACTIVATION_SILU: silu(x, width, from, (uint32_t)(shift + from)); return;
        case MLM_ACTIVATION_SIGMOID: sigmoid_row(x, width, from, (uint32_t)shift); return;
        case MLM_ACTIVATION_TANH: tanh_row(x, width, from - 1, (uint32_t)shift); return;
        default: relu(x, width, from - to);
    }
}

/* ---- the op ---------------------------------------------------------------------------------- */

enum { EXPONENT, INPUT_TYPE, ATTRIBUTES };

static MLM_COLD int check_activation(const mlm_op_view *view) {
    const mlm_activation activation = (mlm_activation)view->op->variant;
    return view->widths[0] == view->op->width && view->op->type == view->types[0] &&
           mlm_names_input_type(view, INPUT_TYPE) &&
           (view->op->type == MLM_DTYPE_I16 || activation == MLM_ACTIVATION_RELU) &&
           mlm_is_i16_activation(activation, mlm_signed_attribute(view->op, EXPONENT),
                                 view->op->exponent);
}

static int run_activation(mlm_run *run) {
    const mlm_blob_op *op = run->op;
    const int32_t from = mlm_signed_attribute(op, EXPONENT);
    for (uint32_t t = 0; t < run->rows; t++) {
        if (op->type == MLM_DTYPE_I32) {
            relu_i32(mlm_read_i32(run->inputs[0], t), mlm_i32(run->output, t), op->width,
                     from - op->exponent);
            continue;
        }
        const int16_t *x = mlm_read_i16(run->inputs[0], t);
        int16_t *y = mlm_i16(run->output, t);
        if (x != y) memcpy(y, x, op->width * sizeof *y);
        mlm_activate_i16((mlm_activation)op->variant, y, op->width, from, op->exponent);
    }
    return 0;
}

void mlm_activation_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t exps = mlm_activation_exps((mlm_activation)view->op->variant);
    work->row.exps = view->op->width * exps;
}

/* mlm-op 37 */
const mlm_op_class mlm_activation_int_class = {
    .name = "activation_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_IN_PLACE,
    .variants = MLM_ACTIVATIONS,
    .types = MLM_TYPES_INTEGER,
    .input_types = MLM_TYPES_INTEGER,
    .attributes = ATTRIBUTES,
    .parts = 1,
    .check = check_activation,
    .run = run_activation,
};
