/*
 * gate_int.c - multiplies rows of 32 bits by an activation of an integer linear layer: y * act(W u + b). The
 * layer is made chunk by chunk of channels, each just before it is used, so that it is never there as a whole.
 */
#include "integer.h"
#include "wasm_int.h"

enum { Y, U, INPUTS };
enum { WEIGHT, BIAS, MULTIPLIER, TENSORS };
enum {
    Z_SHIFT,
    Z_EXPONENT,    /* of the layer */
    GATE_EXPONENT, /* of its activation */
    SHIFT,         /* of the product */
    ATTRIBUTES
};
enum { Z, ROLES };
static const char *const role_names[ROLES] = {"z"};

enum {
    Z_CHANNELS = 64, /* a multiple of 8 */
    MOST_LINEAR_SHIFT = 15,
    MOST_SHIFT = 46, /* of a product of 32 and 16 bits */
    HALF_WORD = 16
};

static uint32_t z_channels(const mlm_blob_op *op, uint32_t schedule) {
    const uint32_t all = mlm_padded(op->width);
    return schedule == MLM_SCHEDULE_UNFUSED || all < Z_CHANNELS ? all : Z_CHANNELS;
}

static MLM_COLD int check_gate(const mlm_op_view *view) {
    const mlm_blob_op *op = view->op;
    return view->types[Y] == MLM_DTYPE_I32 && view->types[U] == MLM_DTYPE_I16 &&
           view->widths[Y] == op->width && mlm_is_between(op, Z_SHIFT, 0, MOST_LINEAR_SHIFT) &&
           mlm_is_between(op, SHIFT, 0, MOST_SHIFT) &&
           mlm_is_i16_activation((mlm_activation)op->variant, mlm_signed_attribute(op, Z_EXPONENT),
                                 mlm_signed_attribute(op, GATE_EXPONENT)) &&
           mlm_is_i8_layer(view, WEIGHT, BIAS, MULTIPLIER, op->width, view->widths[U], 0);
}

static MLM_COLD void gate_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    needs[Z].floats = (uint64_t)shape->rows * z_channels(view->op, shape->schedule) / 2;
}

static MLM_NOINLINE int32_t product_in_64_bits(int32_t y, int32_t g, uint32_t shift) {
    return i64_to_i32(((int64_t)y * g + (((int64_t)1 << shift) >> 1)) >> shift);
}

/* The upper product shifted, and the lower one, are below 2^30 each; of a shift of 0 the latter is not. */
MLM_INLINE uint32_t most_of(uint32_t shift) {
    return shift > 0 ? 1u << (30 - HALF_WORD + shift) : 0;
}

#if MLM_WASM_INT
#include "gate_int_wasm.h"
#else

/* The upper half of y, times g. */
MLM_INLINE int32_t upper_product(int32_t y, int32_t g) {
#if defined(__ARM_FEATURE_DSP)
    int32_t product;
    __asm__("smultb %0, %1, %2" : "=r"(product) : "r"(y), "r"(g));
    return product;
#else
    return (y >> HALF_WORD) * g;
#endif
}

/* y g 2^-shift, halves up, where shift <= 16: of the halves of y apart, unless it may not fit. */
MLM_INLINE int32_t short_product(int32_t y, int32_t g, uint32_t shift, int32_t half,
                                 uint32_t most) {
    const int32_t high = upper_product(y, g);
    if ((uint32_t)high + most >= 2 * most) return product_in_64_bits(y, g, shift);
    const int32_t low = (int32_t)((uint32_t)y & 0xFFFFu) * g + half;
    return high * (1 << (HALF_WORD - shift)) + (low >> shift);
}

static void multiply_short(const int32_t *y, const int16_t *g, uint32_t shift, int32_t *out,
                           uint32_t channels) {
    const uint32_t most = most_of(shift);
    const int32_t half = (int32_t)((1u << shift) >> 1);
    uint32_t i = 0;
#if !defined(__ARM_FEATURE_DSP) /* there a second one at a time has no registers */
    for (; i + 1 < channels; i += 2) {
        out[i] = short_product(y[i], g[i], shift, half, most);
        out[i + 1] = short_product(y[i + 1], g[i + 1], shift, half, most);
    }
#endif
    for (; i < channels; i++) out[i] = short_product(y[i], g[i], shift, half, most);
}

static void multiply_long(const int32_t *y, const int16_t *g, uint32_t shift, int32_t *out,
                          uint32_t channels) {
    for (uint32_t i = 0; i < channels; i++)
        out[i] = i32_round_shift(i32_mulw(y[i], g[i]), shift - HALF_WORD);
}

static void multiply(const int32_t *y, const int16_t *g, uint32_t shift, int32_t *out,
                     uint32_t channels) {
    (shift > HALF_WORD ? multiply_long : multiply_short)(y, g, shift, out, channels);
}

#endif

/* The channels from `first` on. */
static void run_chunk(const mlm_run *run, mlm_rows z, uint32_t first, uint32_t channels) {
    const mlm_blob_op *op = run->op;
    mlm_i8_layer layer;
    mlm_i8_layer_of(&layer, run, WEIGHT, BIAS, MULTIPLIER, mlm_signed_attribute(op, Z_SHIFT));
    mlm_i8_layer_from(&layer, first, channels);
    mlm_i8_linear_rows(&layer, run->inputs[U], z, run->rows);
    for (uint32_t t = 0; t < run->rows; t++) {
        int16_t *g = mlm_i16(z, t);
        mlm_activate_i16((mlm_activation)op->variant, g, channels,
                         mlm_signed_attribute(op, Z_EXPONENT),
                         mlm_signed_attribute(op, GATE_EXPONENT));
        multiply(mlm_read_i32(run->inputs[Y], t) + first, g, op->attributes[SHIFT],
                 mlm_i32(run->output, t) + first, channels);
    }
}

static int run_gate(mlm_run *run) {
    const uint32_t width = run->op->width, most = z_channels(run->op, run->schedule);
    const mlm_rows z = {mlm_buffer_at(run, Z), most / 2};
    uint32_t first = run->stepping ? run->channel : 0, channels;
    do {
        const uint32_t left = width - first;
        channels = left < most ? left : most;
        run_chunk(run, z, first, channels);
        first += most;
    } while (first < width && !run->stepping);
    if (!run->stepping) return 0;
    run->made = (mlm_source){run->output.data + run->channel, run->output.stride};
    run->made_channel = run->channel;
    run->made_width = channels;
    run->channel = first;
    return first < width;
}

void mlm_gate_int_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width, inputs = view->widths[U];
    work->row.macs = (inputs + 1) * width;
    work->row.exps = width * mlm_activation_exps((mlm_activation)view->op->variant);
    /* u, z twice, y */
    work->row.bytes_read = sizeof(int16_t) * (inputs + 2 * width) + sizeof(int32_t) * width;
    work->row.bytes_written = sizeof(int16_t) * 2 * width + sizeof(int32_t) * width;
}

/* mlm-op 60 */
const mlm_op_class mlm_gate_int_class = {
    .name = "gate_int",
    .least_inputs = INPUTS,
    .most_inputs = INPUTS,
    .flags = MLM_OP_IN_PLACE,
    .variants = MLM_ACTIVATIONS,
    .types = MLM_TYPE_BIT(MLM_DTYPE_I32),
    .input_types = MLM_TYPES_INTEGER,
    .attributes = ATTRIBUTES,
    .tensors = TENSORS,
    .parts = 1,
    .roles = ROLES,
    .role_names = role_names,
    .check = check_gate,
    .needs = gate_needs,
    .run = run_gate,
};
