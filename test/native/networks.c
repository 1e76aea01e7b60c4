/*
 * networks.c - networks that several tests look at: the paper's classifier, one of audio, one of tokens.
 */
#include "network.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t network_add_linear(network *net, uint32_t value, uint32_t width, int has_bias) {
    net_op op = op_of(LINEAR, 0, value);
    op.width = width;
    op.absent = has_bias ? 0 : 2;
    return network_add(net, op);
}

static net_op ssm_norm_of(uint32_t x_dbl, const block_sizes *sizes) {
    net_op op = op_of(SSM_NORM, 0, x_dbl);
    op.attributes[0] = sizes->rank;
    op.attributes[1] = sizes->states;
    op.attributes[2] = f32_bits(1e-6f);
    op.absent = sizes->optional >> 8; /* which of its weights are not there */
    return op;
}

uint32_t network_add_block(network *net, uint32_t value, const block_sizes *sizes) {
    const uint32_t optional = sizes->optional;
    const int in_bias = (optional & BLOCK_IN_BIAS) != 0;
    const uint32_t x = network_add_linear(net, value, sizes->inner, in_bias);
    net_op conv = op_of(CAUSAL_CONV, 0, x);
    conv.attributes[0] = sizes->taps;
    conv.attributes[1] = optional & BLOCK_CENTRED ? sizes->taps / 2 : 0;
    conv.attributes[2] = 1;
    conv.absent = optional & BLOCK_CONV_BIAS ? 0 : 2;
    const uint32_t convolved = network_add(net, conv);
    uint32_t x_dbl = network_add_linear(net, convolved, sizes->rank + 2 * sizes->states, 0);
    if (optional & BLOCK_SSM_NORM) x_dbl = network_add(net, ssm_norm_of(x_dbl, sizes));
    net_op scan = op_of_two(SELECTIVE_SCAN, 0, convolved, x_dbl);
    scan.attributes[0] = sizes->states;
    scan.attributes[1] = sizes->rank;
    scan.absent = optional & BLOCK_DT_BIAS ? 0 : 2;
    const uint32_t y = network_add(net, scan);
    net_op gate = op_of_two(GATE, 0, y, value);
    gate.absent = in_bias ? 0 : 2;
    const uint32_t gated = network_add(net, gate);
    if (optional & BLOCK_NO_OUT) return gated;
    return network_add_linear(net, gated, sizes->output, (optional & BLOCK_OUT_BIAS) != 0);
}

static void add_classifier(network *net, uint32_t x, uint32_t d_model, uint32_t states,
                           uint32_t classes) {
    const block_sizes sizes = {2 * d_model,         states,  4,
                               (d_model + 15) / 16, d_model, BLOCK_CONV_BIAS | BLOCK_DT_BIAS};
    x = network_add_linear(net, x, d_model, 1);
    x = network_add_block(net, x, &sizes);
    x = network_add(net, op_of(POOL, 0, x));
    network_add_output(net, network_add_linear(net, x, classes, 1));
    net->has_labels = 1;
}

network *network_paper(uint32_t input_width, uint32_t d_model, uint32_t classes) {
    network *net = network_new(MLM_INPUT_FRAMES, input_width, 1);
    add_classifier(net, 0, d_model, 16, classes);
    net->self_test_inputs = 3;
    return net;
}

network *network_audio(void) {
    network *net = network_new(MLM_INPUT_SAMPLES, 1, 6);
    net_op logmel = op_of(LOGMEL, 0, 0);
    logmel.width = 7;
    logmel.attributes[0] = 12;
    logmel.attributes[1] = 5;
    logmel.attributes[2] = 16;
    logmel.attributes[3] = 16000;
    logmel.attributes[4] = f32_bits(1e-5f);
    const uint32_t x = network_add(net, op_of(AFFINE, 0, network_add(net, logmel)));
    add_classifier(net, x, 14, 5, 6);
    net->self_test_inputs = 23;
    return net;
}

network *network_tokens(void) {
    network *net = network_new(MLM_INPUT_TOKENS, 1, 4);
    net_op embedding = op_of(EMBEDDING, 0, 0);
    embedding.width = 5;
    embedding.attributes[0] = 11;
    const uint32_t x = network_add(net, embedding);
    net_op head = op_of(LINEAR, 0, network_add(net, op_of(POOL, 1, x)));
    head.width = 11;
    head.absent = 2;
    head.tensors[0] = net->ops[0].tensors[0]; /* tied */
    network_add_output(net, network_add(net, head));
    return net;
}

network *network_of_lengths(void) {
    network *net = network_new(MLM_INPUT_FRAMES, 3, 11);
    const uint32_t x = network_add_linear(net, 0, 5, 1);
    net_op halve = op_of(WINDOW_POOL, 0, x), repeat = op_of(UPSAMPLE, 0, 0);
    halve.attributes[0] = halve.attributes[1] = repeat.attributes[0] = 2;
    net->min_frames = 2;
    repeat.inputs[0] = network_add(net, halve);
    const uint32_t y = network_add(net, op_of_two(ARITHMETIC, 0, x, network_add(net, repeat)));
    network_add_output(net, network_add(net, op_of(POOL, 0, y)));
    network_add_output(net, y);
    return net;
}

network *network_centred(void) {
    const block_sizes sizes = {9, 3, 4, 2, 5, BLOCK_CENTRED | BLOCK_CONV_BIAS};
    network *net = network_new(MLM_INPUT_FRAMES, 5, 12);
    const uint32_t y = network_add_block(net, 0, &sizes);
    const uint32_t sum = network_add(net, op_of_two(ARITHMETIC, 0, 0, y));
    network_add_output(net, network_add(net, op_of(POOL, 0, sum)));
    network_add_output(net, sum);
    net->self_test_inputs = 7;
    return net;
}

network *network_backwards(void) {
    network *net = network_new(MLM_INPUT_FRAMES, 4, 13);
    const block_sizes sizes = {6, 2, 3, 1, 4, BLOCK_DT_BIAS};
    const uint32_t forwards = network_add_block(net, 0, &sizes);
    const uint32_t turned = network_add(net, op_of(REVERSE, 0, forwards));
    const uint32_t backwards = network_add_block(net, turned, &sizes);
    const uint32_t both = network_add(net, op_of_two(ARITHMETIC, 0, backwards, 0));
    network_add_output(net, both);
    network_add_output(net, network_add(net, op_of(POOL, 2, both)));
    net->self_test_inputs = 6;
    return net;
}

void *network_random_input(const network *net, rng *random, uint32_t inputs) {
    const size_t count = (size_t)inputs * net->input_width;
    float *input = calloc(count + 1, sizeof *input);
    if (!input) exit(2);
    for (size_t i = 0; i < count; i++)
        if (net->input_kind == MLM_INPUT_SAMPLES16)
            ((int16_t *)(void *)input)[i] =
                (int16_t)((int32_t)rng_u32(random) >> (16 + rng_below(random, 8)));
        else if (net->input_kind == MLM_INPUT_TOKENS)
            input[i] = f32_from_bits(rng_below(random, net->ops[0].attributes[0]));
        else
            input[i] = rng_signed(random) * 2.0f;
    return input;
}

void network_describe(const network *net, char *text, size_t size) {
    int used =
        snprintf(text, size, "seed %llu, frames %u..%u, width %u:", (unsigned long long)net->seed,
                 net->min_frames, net->max_frames, net->input_width);
    for (uint32_t i = 0; i < net->op_count && (size_t)used < size; i++) {
        const net_op *op = &net->ops[i];
        net_view v;
        net_view_of(&v, net, op);
        used += snprintf(text + used, size - (size_t)used, "\n      %u = %s.%u(", i + 1,
                         op_rows[op->kind].name, op->variant);
        for (uint32_t k = 0; k < v.inputs && (size_t)used < size; k++)
            used += snprintf(text + used, size - (size_t)used, k ? ", %u" : "%u", op->inputs[k]);
        if ((size_t)used >= size) break;
        used += snprintf(text + used, size - (size_t)used, ") width %u stage %u clock %d [",
                         op->width, op->stage, op->clock == MLM_NO_CLOCK ? -1 : (int)op->clock);
        for (uint32_t a = 0; a < op_rows[op->kind].attributes && (size_t)used < size; a++)
            used += snprintf(text + used, size - (size_t)used, a ? " %x" : "%x", op->attributes[a]);
        if ((size_t)used < size) used += snprintf(text + used, size - (size_t)used, "]");
    }
    for (uint32_t i = 0; i < net->output_count && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, " out %u", net->outputs[i]);
}
