/*
 * causal_conv_int.c - the causal depthwise convolution of a Mamba block on integers: sums of 32 bits that cannot
 * overflow (the check proves it), times a multiplier of 16 bits a channel, shifted. Where there are no multipliers, sums
 * of all channels have one unit, and are shifted only.
 */
#include <string.h>

#include "integer.h"
#include "wasm_int.h"

enum { TAPS, AHEAD, ACTIVATION, SHIFT, SUM_EXPONENT, ATTRIBUTES };
enum { NO_ACTIVATION, THEN_SILU };
enum { WEIGHT = MLM_TAPS, BIAS, MULTIPLIER, TENSORS };
enum { CONV_STATE, ROLES };
static const char *const role_names[ROLES] = {"conv_state"};

enum { MOST_SHIFT = 15, MOST_PLAIN_SHIFT = 30, USUAL_TAPS = 4 };

/* Without an activation the sum's exponent is the output's. */
static int exponents_are_right(const mlm_blob_op *op) {
    const int32_t exponent = mlm_signed_attribute(op, SUM_EXPONENT);
    if (op->attributes[ACTIVATION] == NO_ACTIVATION) return exponent == op->exponent;
    return op->attributes[ACTIVATION] == THEN_SILU &&
           mlm_is_i16_activation(MLM_ACTIVATION_SILU, exponent, op->exponent);
}

static MLM_COLD int check_causal_conv(const mlm_op_view *view) {
    const int is_plain = mlm_is_absent(view, MULTIPLIER);
    const uint32_t width = view->op->width, *attributes = view->op->attributes;
    return view->widths[0] == width && attributes[TAPS] > 0 && attributes[AHEAD] == 0 &&
           mlm_is_between(view->op, SHIFT, 0, is_plain ? MOST_PLAIN_SHIFT : MOST_SHIFT) &&
           exponents_are_right(view->op) &&
           mlm_are_i16_taps(view, width, attributes[TAPS], attributes[SHIFT]);
}

/* Rows, the oldest first. */
static MLM_COLD void causal_conv_needs(const mlm_op_view *view, const mlm_shape *shape,
                                       mlm_need *needs) {
    (void)shape;
    const uint64_t past = view->op->attributes[TAPS] - 1;
    needs[CONV_STATE] = (mlm_need){.floats = past * mlm_padded(view->op->width) / 2, .is_state = 1};
}

typedef struct conv {
    const int16_t *weight, *multiplier; /* the latter may be null, and so may */
    const int32_t *bias;
    int16_t *history; /* [taps - 1][width up to 8] */
    uint32_t width, taps, shift;
} conv;

MLM_INLINE int16_t requantized(int32_t sum, uint32_t shift) {
    return (int16_t)i32_to_i16(i32_round_shift(sum, shift));
}

/* One row in place; the history moves on by it. */
static void convolve_any(const conv *op, int16_t *x) {
    const uint32_t row = mlm_padded(op->width);
    const int16_t *w = op->weight;
    for (uint32_t c = 0; c < op->width; c++) {
        int32_t sum = op->bias ? op->bias[c] : 0;
        int16_t *past = op->history + c, next = 0;
        for (uint32_t k = op->taps - 1; k > 0; k--, past += row) {
            next = k > 1 ? past[row] : x[c];
            sum += *w++ * *past;
            *past = next;
        }
        sum += *w++ * x[c];
        if (op->multiplier) sum = i32_mulw(sum, op->multiplier[c]);
        x[c] = requantized(sum, op->shift);
    }
}

#if MLM_WASM_INT
#include "causal_conv_int_wasm.h"
#else

/* A channel's sum: of its taps, what came before x, the oldest first, and x. The history moves on. */
MLM_INLINE int32_t sum_of(const int16_t *w, int16_t *h0, int16_t *h1, int16_t *h2, const int16_t *x,
                          int32_t bias) {
    const int16_t x1 = *h1, x2 = *h2, x3 = *x;
    const int32_t sum = bias + w[0] * *h0 + w[1] * x1 + w[2] * x2 + w[3] * x3;
    *h0 = x1, *h1 = x2, *h2 = x3;
    return sum;
}

/* One row in place, the channels from `from` on; the history moves on by it. */
MLM_INLINE void convolve_channels(const conv *op, uint32_t from, int16_t *x, int is_plain) {
    const uint32_t row = mlm_padded(op->width), shift = op->shift;
    const int16_t *w = op->weight + (size_t)from * USUAL_TAPS;
    const int16_t *m = is_plain ? 0 : op->multiplier + from;
    const int32_t *bias = op->bias ? op->bias + from : 0;
    int16_t *h0 = op->history + from, *h1 = h0 + row, *h2 = h1 + row;
    const int16_t *const end = x + op->width;
    x += from;
#if defined(__riscv) /* every pointer has a register, but moving them on costs */
    for (; end - x > 1; x += 2, h0 += 2, h1 += 2, h2 += 2, w += 2 * USUAL_TAPS) {
        int32_t sum = sum_of(w, h0, h1, h2, x, bias ? bias[0] : 0);
        x[0] = requantized(is_plain ? sum : i32_mulw(sum, m[0]), shift);
        sum = sum_of(w + USUAL_TAPS, h0 + 1, h1 + 1, h2 + 1, x + 1, bias ? bias[1] : 0);
        x[1] = requantized(is_plain ? sum : i32_mulw(sum, m[1]), shift);
        if (bias) bias += 2;
        if (!is_plain) m += 2;
    }
#endif
    for (; x != end; x++, w += USUAL_TAPS) {
        const int32_t sum = sum_of(w, h0++, h1++, h2++, x, bias ? *bias++ : 0);
        *x = requantized(is_plain ? sum : i32_mulw(sum, *m++), shift);
    }
}

static MLM_NOINLINE void convolve_plainly(const conv *op, uint32_t from, int16_t *x) {
    convolve_channels(op, from, x, 1);
}
static MLM_NOINLINE void convolve_scaled(const conv *op, uint32_t from, int16_t *x) {
    convolve_channels(op, from, x, 0);
}

#if defined(__ARM_FEATURE_DSP)

/* a of one half times b of the other, added; of words of two 16-bit numbers, lower halves (b) or upper ones (t). */
#define ADD_PRODUCT(halves, sum, a, b) \
    __asm__("smla" halves " %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))

MLM_INLINE uint32_t two_at(const int16_t *x) {
    uint32_t two;
    memcpy(&two, __builtin_assume_aligned(x, sizeof two), sizeof two);
    return two;
}
MLM_INLINE void put_two(int16_t *x, uint32_t two) {
    memcpy(__builtin_assume_aligned(x, sizeof two), &two, sizeof two);
}

/* Where there are no multipliers, but biases: channels in twos; returns how many. */
static MLM_NOINLINE uint32_t convolve_twos(const conv *op, int16_t *x) {
    const uint32_t width = op->width & ~1u, row = mlm_padded(op->width) * (uint32_t)sizeof *x;
    const int32_t half = (int32_t)((1u << op->shift) >> 1), *bias = op->bias;
    const int16_t *w = op->weight, *const end = x + width;
    int16_t *h = op->history;
    uint32_t older, newer, first, second, a, b;
    if (width == 0) return 0;
    /* clang-format off */
    __asm__ volatile(
        "1:\n"
        "ldrd %[a], %[b], [%[bias]], #8\n"
        "ldr %[older], [%[h]]\n"
        "ldr %[newer], [%[h], %[row]]\n"
        "add %[a], %[a], %[half]\n"
        "add %[b], %[b], %[half]\n"
        "ldr %[first], [%[w]], #8\n" /* taps 0 and 1 of the first channel, then of the second */
        "ldr %[second], [%[w]], #-4\n"
        "str %[newer], [%[h]]\n"
        "smlabb %[a], %[first], %[older], %[a]\n"
        "smlatb %[a], %[first], %[newer], %[a]\n"
        "smlabt %[b], %[second], %[older], %[b]\n"
        "smlatt %[b], %[second], %[newer], %[b]\n"
        "ldr %[older], [%[h], %[row], lsl #1]\n"
        "ldr %[newer], [%[x]]\n"
        "ldr %[first], [%[w]], #8\n" /* taps 2 and 3 */
        "ldr %[second], [%[w]], #4\n"
        "str %[older], [%[h], %[row]]\n"
        "str %[newer], [%[h], %[row], lsl #1]\n"
        "smlabb %[a], %[first], %[older], %[a]\n"
        "smlatb %[a], %[first], %[newer], %[a]\n"
        "smlabt %[b], %[second], %[older], %[b]\n"
        "smlatt %[b], %[second], %[newer], %[b]\n"
        "asr %[a], %[a], %[shift]\n"
        "asr %[b], %[b], %[shift]\n"
        "ssat %[a], #16, %[a]\n"
        "ssat %[b], #16, %[b]\n"
        "pkhbt %[a], %[a], %[b], lsl #16\n"
        "add %[h], %[h], #4\n"
        "str %[a], [%[x]], #4\n"
        "ldr %[first], %[end]\n"
        "cmp %[x], %[first]\n"
        "bne 1b\n"
        : [x] "+r"(x), [h] "+r"(h), [w] "+r"(w), [bias] "+r"(bias), [older] "=&r"(older),
          [newer] "=&r"(newer), [first] "=&r"(first), [second] "=&r"(second), [a] "=&r"(a),
          [b] "=&r"(b)
        : [row] "r"(row), [half] "r"(half), [shift] "r"(op->shift), [end] "m"(end)
        : "cc", "memory");
    /* clang-format on */
    return width;
}

/* Channels in twos, of which a word has one tap; returns how many. */
static uint32_t convolve_some(const conv *op, int16_t *x) {
    if (!op->multiplier) return op->bias ? convolve_twos(op, x) : 0;
    const uint32_t row = mlm_padded(op->width), shift = op->shift, width = op->width & ~1u;
    const int32_t half = (int32_t)((1u << shift) >> 1), *bias = op->bias;
    const int16_t *w = op->weight, *m = op->multiplier;
    int16_t *h = op->history;
    for (const int16_t *const end = x + width; x != end; x += 2, h += 2) {
        const uint32_t x0 = two_at(h), x1 = two_at(h + row), x2 = two_at(h + 2 * row);
        const uint32_t x3 = two_at(x), two = two_at(m);
        put_two(h, x1), put_two(h + row, x2), put_two(h + 2 * row, x3);
        int32_t a = 0, b = 0;
        if (bias) a = bias[0], b = bias[1], bias += 2;
        const uint32_t a01 = two_at(w), a23 = two_at(w + 2);
        ADD_PRODUCT("bb", a, a01, x0);
        ADD_PRODUCT("tb", a, a01, x1);
        ADD_PRODUCT("bb", a, a23, x2);
        ADD_PRODUCT("tb", a, a23, x3);
        const uint32_t b01 = two_at(w + 4), b23 = two_at(w + 6);
        ADD_PRODUCT("bt", b, b01, x0);
        ADD_PRODUCT("tt", b, b01, x1);
        ADD_PRODUCT("bt", b, b23, x2);
        ADD_PRODUCT("tt", b, b23, x3);
        w += 2 * USUAL_TAPS, m += 2;
        __asm__("smlawb %0, %0, %1, %2" : "+r"(a) : "r"(two), "r"(half));
        __asm__("smlawt %0, %0, %1, %2" : "+r"(b) : "r"(two), "r"(half));
        a = i32_to_i16(a >> shift), b = i32_to_i16(b >> shift);
        __asm__("pkhbt %0, %0, %1, lsl #16" : "+r"(a) : "r"(b));
        put_two(x, (uint32_t)a);
    }
    return width;
}
#undef ADD_PRODUCT

#elif defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__) && !defined(__clang__) && \
    !defined(__OPTIMIZE_SIZE__)
#include "causal_conv_int_armv6m.h"
#else

static uint32_t convolve_some(const conv *op, int16_t *x) {
    (void)op, (void)x;
    return 0;
}

#endif

static void convolve(const conv *op, int16_t *x) {
    if (op->taps != USUAL_TAPS)
        convolve_any(op, x);
    else
        (op->multiplier ? convolve_scaled : convolve_plainly)(op, convolve_some(op, x), x);
}

#endif

static int run_causal_conv(mlm_run *run) {
    const uint32_t *attributes = run->op->attributes, width = run->op->width;
    const conv op = {.weight = mlm_data(run, WEIGHT),
                     .multiplier = mlm_data(run, MULTIPLIER),
                     .bias = mlm_data(run, BIAS),
                     .history = (int16_t *)(void *)mlm_buffer_at(run, CONV_STATE),
                     .width = width,
                     .taps = attributes[TAPS],
                     .shift = attributes[SHIFT]};
    for (uint32_t t = 0; t < run->rows; t++) {
        const int16_t *x = mlm_read_i16(run->inputs[0], t);
        int16_t *y = mlm_i16(run->output, t);
        if (x != y) memcpy(y, x, width * sizeof *y);
        convolve(&op, y);
        if (attributes[ACTIVATION] == THEN_SILU)
            mlm_activate_i16(MLM_ACTIVATION_SILU, y, width,
                             mlm_signed_attribute(run->op, SUM_EXPONENT), run->op->exponent);
    }
    return 0;
}

void mlm_causal_conv_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, taps = view->op->attributes[TAPS];
    const int has_silu = view->op->attributes[ACTIVATION] == THEN_SILU;
    work->row.macs = width * taps;
    work->row.exps = has_silu ? width : 0;
    /* The rows before it, its own, and that again. */
    work->row.bytes_written = width * sizeof(int16_t) * (taps + (has_silu ? 1 : 0));
    work->row.bytes_read = work->row.bytes_written;
}

/* mlm-op 43 */
const mlm_op_class mlm_causal_conv_int_class = {
    .name = "causal_conv_int",
    .least_inputs = 1,
    .most_inputs = 1,
    .flags = MLM_OP_SEQUENCE | MLM_OP_IN_PLACE,
    .variants = 1,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .input_types = MLM_TYPE_BIT(MLM_DTYPE_I16),
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check_causal_conv,
    .needs = causal_conv_needs,
    .run = run_causal_conv,
};
