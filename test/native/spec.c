/*
 * spec.c - lists of ops to make test blobs from: the paper's classifier, and random ones. Knows
 * what is a valid model, and nothing of bytes. Random numbers are drawn one a statement, since the
 * order of evaluation within one is the compiler's choice.
 */
#include "blob_builder.h"

#include <stdio.h>
#include <string.h>

static op_spec *append(model_spec *spec, uint32_t kind, uint32_t input, uint32_t input_width,
                       uint32_t output_width) {
    op_spec *op = &spec->ops[spec->op_count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->inputs[0] = input;
    op->input_width = input_width;
    op->output_width = output_width;
    return op;
}

static uint32_t latest(const model_spec *spec) { return spec->op_count; }

static uint32_t width_of(const model_spec *spec, uint32_t value) {
    return value ? spec->ops[value - 1u].output_width : spec->input_width;
}

static void append_linear(model_spec *spec, rng *random, uint32_t output_width) {
    op_spec *op =
        append(spec, MLM_OP_LINEAR, latest(spec), width_of(spec, latest(spec)), output_width);
    if (rng_below(random, 4) != 0) op->optional = OPTIONAL_BIAS;
}

static void append_norm(model_spec *spec, rng *random) {
    const uint32_t width = width_of(spec, latest(spec));
    op_spec *op = append(spec, MLM_OP_NORM, latest(spec), width, width);
    op->variant = rng_below(random, 2);
    op->epsilon = rng_once_in(random, 2) ? 1e-5f : 1e-6f;
    if (op->variant && rng_below(random, 4) != 0) op->optional = OPTIONAL_BIAS;
}

static void append_activation(model_spec *spec, rng *random) {
    const uint32_t width = width_of(spec, latest(spec));
    op_spec *op = append(spec, MLM_OP_ACTIVATION, latest(spec), width, width);
    op->variant = rng_below(random, 3);
}

static void append_mamba(model_spec *spec, rng *random, const spec_limits *limits,
                         uint32_t output_width) {
    op_spec *op =
        append(spec, MLM_OP_MAMBA, latest(spec), width_of(spec, latest(spec)), output_width);
    op->d_inner = rng_between(random, 1, limits->max_width * 2u);
    op->d_state = rng_between(random, 1, limits->max_state);
    op->d_conv = rng_between(random, 1, 5);
    op->dt_rank = rng_between(random, 1, 6);
    op->optional = rng_below(random, 64);
    if (!(op->optional & OPTIONAL_OUT)) {
        op->optional &= ~(uint32_t)OPTIONAL_OUT_BIAS;
        op->output_width = op->d_inner;
    }
}

/* Adds an earlier value of the same width and on the same side of the pool, if there is one. */
static void append_add(model_spec *spec, rng *random, uint32_t first_value) {
    const uint32_t value = latest(spec), width = width_of(spec, value);
    const uint32_t start = rng_between(random, first_value, value);
    for (uint32_t i = start; i <= value; i++)
        if (width_of(spec, i) == width && (i > 0 || spec->input_kind == MLM_INPUT_FRAMES)) {
            append(spec, MLM_OP_ADD, value, width, width)->inputs[1] = i;
            return;
        }
}

static void append_affine(model_spec *spec) {
    const uint32_t width = width_of(spec, latest(spec));
    append(spec, MLM_OP_AFFINE, latest(spec), width, width);
}

/* Small transforms, any window and any hop, any number of bands; the affine op is often there. Floors
 * are low: of a row that lies on the floor altogether a layer norm makes noise. */
static void append_front_end(model_spec *spec, rng *random, uint32_t bands) {
    op_spec *op = append(spec, MLM_OP_LOGMEL, 0, 1, bands);
    op->fft = 4u << rng_below(random, 5);
    op->window = rng_between(random, 1, op->fft);
    op->hop = rng_between(random, 1, op->window);
    op->epsilon = rng_once_in(random, 2) ? 1e-3f : 0.05f;
    if (!rng_once_in(random, 3)) append_affine(spec);
}

/* x + mixer(norm(x)) */
static void append_residual_block(model_spec *spec, rng *random, const spec_limits *limits) {
    const uint32_t x = latest(spec), width = width_of(spec, x);
    append_norm(spec, random);
    append_mamba(spec, random, limits, width);
    if (width_of(spec, latest(spec)) != width) append_linear(spec, random, width);
    const uint32_t mixed = latest(spec);
    append(spec, MLM_OP_ADD, x, width, width)->inputs[1] = mixed;
}

uint32_t spec_frames_of(const model_spec *spec, uint32_t inputs) {
    const op_spec *first = &spec->ops[0];
    uint32_t frames = 0;
    if (spec->input_kind != MLM_INPUT_SAMPLES) return inputs;
    for (uint64_t end = first->window; end <= inputs; end += first->hop) frames++;
    return frames;
}

uint32_t spec_inputs_of(const model_spec *spec, uint32_t frames) {
    const op_spec *first = &spec->ops[0];
    return spec->input_kind == MLM_INPUT_SAMPLES ? first->window + (frames - 1u) * first->hop
                                                 : frames;
}

void spec_random(model_spec *spec, rng *random, const spec_limits *limits) {
    memset(spec, 0, sizeof *spec);
    spec->seed = rng_u32(random);
    spec->labels = rng_below(random, 2);
    spec->self_test_frames = rng_below(random, 3);
    const uint32_t kinds[] = {MLM_INPUT_FRAMES, MLM_INPUT_FRAMES, MLM_INPUT_TOKENS,
                              MLM_INPUT_SAMPLES};
    spec->input_kind = kinds[rng_below(random, 4)];
    const uint32_t first_width = rng_between(random, 1, limits->max_width);
    if (spec->input_kind == MLM_INPUT_TOKENS) {
        const uint32_t vocabulary = rng_between(random, 1, limits->max_vocabulary);
        append(spec, MLM_OP_EMBEDDING, 0, vocabulary, first_width);
    } else if (spec->input_kind == MLM_INPUT_SAMPLES) {
        append_front_end(spec, random, first_width);
        if (spec->self_test_frames)
            spec->self_test_frames = spec_inputs_of(spec, spec->self_test_frames);
    }
    spec->input_width = spec->input_kind == MLM_INPUT_FRAMES ? first_width : 1u;
    const uint32_t blocks = rng_between(random, 0, limits->max_blocks);
    for (uint32_t i = 0; i < blocks; i++) {
        const uint32_t width = rng_between(random, 1, limits->max_width);
        switch (rng_below(random, 9)) {
            case 0: append_linear(spec, random, width); break;
            case 1: append_norm(spec, random); break;
            case 2: append_activation(spec, random); break;
            case 3: append_add(spec, random, 0); break;
            case 4: append_affine(spec); break;
            case 5:
            case 6: append_mamba(spec, random, limits, width); break;
            default: append_residual_block(spec, random, limits); break;
        }
    }
    const uint32_t width = width_of(spec, latest(spec));
    op_spec *pool = append(spec, MLM_OP_POOL, latest(spec), width, width);
    pool->variant = rng_below(random, 3);
    const uint32_t pooled = latest(spec), heads = rng_below(random, 4);
    for (uint32_t i = 0; i < heads; i++) {
        switch (rng_below(random, 6)) {
            case 0: append_norm(spec, random); break;
            case 1: append_activation(spec, random); break;
            case 2: append_add(spec, random, pooled); break;
            case 3: append_affine(spec); break;
            default: append_linear(spec, random, rng_between(random, 1, limits->max_width)); break;
        }
    }
    if (spec->input_kind == MLM_INPUT_TOKENS && rng_once_in(random, 2) &&
        width_of(spec, latest(spec)) == spec->ops[0].output_width)
        append(spec, MLM_OP_LINEAR, latest(spec), spec->ops[0].output_width,
               spec->ops[0].input_width)
            ->optional = OPTIONAL_TIED;
}

void spec_paper(model_spec *spec, uint32_t input_width, uint32_t d_model, uint32_t classes) {
    memset(spec, 0, sizeof *spec);
    spec->seed = 1;
    spec->labels = 1;
    spec->self_test_frames = 3;
    spec->input_kind = MLM_INPUT_FRAMES;
    spec->input_width = input_width;
    append(spec, MLM_OP_LINEAR, 0, input_width, d_model)->optional = OPTIONAL_BIAS;
    op_spec *mamba = append(spec, MLM_OP_MAMBA, 1, d_model, d_model);
    mamba->d_inner = 2u * d_model;
    mamba->d_state = 16;
    mamba->d_conv = 4;
    mamba->dt_rank = (d_model + 15u) / 16u;
    mamba->optional = OPTIONAL_CONV_BIAS | OPTIONAL_DT_BIAS | OPTIONAL_OUT;
    append(spec, MLM_OP_POOL, 2, d_model, d_model);
    append(spec, MLM_OP_LINEAR, 3, d_model, classes)->optional = OPTIONAL_BIAS;
}

void spec_describe(const model_spec *spec, char *text, size_t size) {
    static const char *const kinds[] = {"?",    "linear",    "mamba",      "norm",   "add",
                                        "pool", "embedding", "activation", "logmel", "affine"};
    int used = snprintf(text, size, "seed %llu:", (unsigned long long)spec->seed);
    for (uint32_t i = 0; i < spec->op_count && used > 0 && (size_t)used < size; i++) {
        const op_spec *op = &spec->ops[i];
        used += snprintf(text + used, size - (size_t)used, " %s.%u %u->%u", kinds[op->kind],
                         op->variant, op->input_width, op->output_width);
        if (op->kind == MLM_OP_MAMBA && (size_t)used < size)
            used += snprintf(text + used, size - (size_t)used, " (%u,%u,%u,%u)", op->d_inner,
                             op->d_state, op->d_conv, op->dt_rank);
        if (op->kind == MLM_OP_LOGMEL && (size_t)used < size)
            used += snprintf(text + used, size - (size_t)used, " (%u/%u of %u)", op->window,
                             op->hop, op->fft);
    }
}
