/*
 * gate.c - multiplies rows by an activation of a linear layer: y * act(W u + b). The layer is made chunk by
 * chunk of channels, each just before it is used, so that it is never there as a whole.
 */
#include "../math/vec4.h"
#include "kernels.h"

enum { Y, U, INPUTS };
enum { WEIGHT, BIAS, TENSORS };
enum { Z, ROLES };
static const char *const role_names[ROLES] = {"z"};

enum { LANES = 4, Z_CHANNELS = 64 /* a multiple of 8, the smallest that keeps the kernels busy */ };

static uint32_t z_channels(const mlm_blob_op *op, uint32_t schedule) {
    const uint32_t all = mlm_padded(op->width);
    return schedule == MLM_SCHEDULE_UNFUSED || all < Z_CHANNELS ? all : Z_CHANNELS;
}

/* Activations with a parameter have no place for it here. y is overwritten while u is still read: they
 * cannot be one value. */
static MLM_COLD int check_gate(const mlm_op_view *view) {
    const uint32_t width = view->op->width, variant = view->op->variant;
    return variant != MLM_ACTIVATION_LEAKY_RELU && variant != MLM_ACTIVATION_ELU &&
           view->widths[Y] == width && view->op->inputs[Y] != view->op->inputs[U] &&
           mlm_has_matrix(view, WEIGHT, width, view->widths[U]) &&
           mlm_has_optional_vector(view, BIAS, width);
}

static void gate_needs(const mlm_op_view *view, const mlm_shape *shape, mlm_need *needs) {
    needs[Z].floats = (uint64_t)shape->rows * z_channels(view->op, shape->schedule);
}

/* x = x act(z) */
static void multiply(mlm_activation activation, mlm_rows x, mlm_rows z, uint32_t channels,
                     uint32_t rows) {
    mlm_activate(activation, 0.0f, channels, mlm_source_of(z), z, rows);
    for (; rows > 0; rows--, x.data += x.stride, z.data += z.stride)
        for (uint32_t i = 0; i < channels; i += LANES)
            v4_store(x.data + i, v4_mul(v4_load(x.data + i), v4_load(z.data + i)));
}

/* The channels from `first` on, `channels` of them with padding. */
MLM_INLINE void run_chunk(mlm_run *run, int is_silu, uint32_t first, uint32_t channels) {
    const mlm_matrix weight = mlm_panels_from(mlm_matrix_of(run, WEIGHT), first, channels);
    const float *bias = mlm_weights(run, BIAS);
    const mlm_source y = {run->inputs[Y].data + first, run->inputs[Y].stride};
    const mlm_rows out = {run->output.data + first, run->output.stride};
    const mlm_rows z = {mlm_buffer_at(run, Z), z_channels(run->op, run->schedule)};
    const uint32_t left = run->op->width - first;
    mlm_copy_rows(y, out, channels < left ? channels : left, run->rows);
    mlm_linear(weight, bias ? bias + first : 0, run->inputs[U], z, run->rows);
    if (is_silu)
        mlm_gate(out, mlm_source_of(z), channels / LANES, run->rows);
    else
        multiply((mlm_activation)run->op->variant, out, z, channels, run->rows);
}

MLM_INLINE int run_chunks(mlm_run *run, int is_silu) {
    const uint32_t width = run->op->width, all = mlm_padded(width);
    const uint32_t most = z_channels(run->op, run->schedule);
    uint32_t first = run->stepping ? run->channel : 0;
    do {
        run_chunk(run, is_silu, first, all - first < most ? all - first : most);
        first += most;
    } while (first < all && !run->stepping);
    if (!run->stepping) return 0;
    run->made = (mlm_source){run->output.data + run->channel, run->output.stride};
    run->made_channel = run->channel;
    run->made_width = width - run->channel < most ? width - run->channel : most;
    run->channel = first;
    return first < all;
}

static int run_silu_gate(mlm_run *run) { return run_chunks(run, 1); }

static int run_gate(mlm_run *run) {
    return run_chunks(run, run->op->variant == MLM_ACTIVATION_SILU);
}

void mlm_gate_class_counts(const mlm_op_view *view, mlm_work *work) {
    const uint64_t width = view->op->width;
    work->row.macs = (view->widths[U] + (uint64_t)1) * width;
    work->row.exps = width * mlm_activation_exps((mlm_activation)view->op->variant);
    /* The layer's inputs and outputs, then both factors and the product. */
    work->row.bytes_read = (view->widths[U] + 2 * width) * sizeof(float);
    work->row.bytes_written = 2 * width * sizeof(float);
}

#define GATE                                                                                       \
    .name = "gate", .least_inputs = INPUTS, .most_inputs = INPUTS, .flags = MLM_OP_IN_PLACE,       \
    .tensors = TENSORS, .parts = 1, .roles = ROLES, .role_names = role_names, .check = check_gate, \
    .needs = gate_needs

/* mlm-op 28 */
const mlm_op_class mlm_gate_class = {
    GATE,
    .variants = MLM_ACTIVATIONS,
    .run = run_gate,
};

/* mlm-op 28, only variant 0 */
const mlm_op_class mlm_silu_gate_class = {
    GATE,
    .variants = MLM_ACTIVATION_SILU + 1,
    .run = run_silu_gate,
};
