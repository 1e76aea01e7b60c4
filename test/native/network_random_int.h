/*
 * network_random_int.h - the part of network_random.c, which includes it, that adds ops on integers: conversions,
 * single ops, and Mamba blocks of them, each of types that it takes. Values may be of floats and of integers side by
 * side.
 */
#ifndef NETWORK_RANDOM_INT_H
#define NETWORK_RANDOM_INT_H

#include "network.h"

#define OF_INTEGERS(kind) (INTEGER_KINDS + (kind))

static void choose_attributes(maker *m, net_op *op) {
    net_view view;
    net_view_of(&view, m->net, op);
    op_rows[op->kind].choose(m->from, &view, op, least_rows(m->net, op->inputs[0]));
}

/* An op of one input whose output is to have a type, and a width where it is free. */
static uint32_t add_typed(maker *m, uint32_t kind, uint32_t value, uint32_t type, uint32_t width) {
    net_op op = op_of(kind, 0, value);
    op.type = type;
    op.width = width;
    op.absent = choose(m->from, 4);
    choose_attributes(m, &op);
    return network_add(m->net, op);
}

static uint32_t as_i16(maker *m, uint32_t value) {
    if (net_type(m->net, value) == MLM_DTYPE_I16) return value;
    return add_typed(m, QUANTIZE, value, MLM_DTYPE_I16, 0);
}

static uint32_t add_integer_scan(maker *m, net_op op) {
    op.attributes[0] = choose_between(m->from, 1, MAMBA_MOST_STATES);
    op.attributes[1] = choose_between(m->from, 1, MAMBA_MOST_RANK);
    const uint32_t width = op.attributes[1] + 2 * op.attributes[0];
    op.inputs[1] = add_typed(m, OF_INTEGERS(LINEAR), op.inputs[0], MLM_DTYPE_I16, width);
    op.absent = choose(m->from, 2) ? 2 : 16;
    choose_attributes(m, &op);
    return network_add(m->net, op);
}

static uint32_t add_integer_gate(maker *m, net_op op) {
    choose_attributes(m, &op);
    return network_add(m->net, op);
}

static int add_integer_block(maker *m) {
    net_op like = op_of(OF_INTEGERS(LINEAR), 0, MLM_NO_VALUE);
    const uint32_t x = pick_value(m, &like, suits_first);
    if (x == MLM_NO_VALUE || !is_sequence(m->net, x)) return 0;
    const uint32_t inner = choose_between(m->from, 1, 24);
    uint32_t u = add_typed(m, OF_INTEGERS(LINEAR), x, MLM_DTYPE_I16, inner);
    u = add_typed(m, OF_INTEGERS(CAUSAL_CONV), u, MLM_DTYPE_I16, 0);
    const uint32_t variant = choose(m->from, 2);
    const uint32_t y = add_integer_scan(m, op_of(OF_INTEGERS(SELECTIVE_SCAN), variant, u));
    const uint32_t gated = add_integer_gate(m, op_of_two(OF_INTEGERS(GATE), 0, y, as_i16(m, x)));
    add_typed(m, OF_INTEGERS(LINEAR), gated, MLM_DTYPE_I32, net_width(m->net, x));
    return 1;
}

static int add_integer_kind(maker *m, uint32_t kind) {
    net_op op = op_of(kind, choose(m->from, op_rows[kind].variants), MLM_NO_VALUE);
    op.absent = choose(m->from, 8);
    op.inputs[0] = pick_value(m, &op, suits_first);
    if (op.inputs[0] == MLM_NO_VALUE) return 0;
    switch (kind) {
        case OF_INTEGERS(ARITHMETIC):
            op.inputs[1] = pick_value(m, &op, may_join_of_same_width);
            choose_attributes(m, &op);
            network_add(m->net, op);
            return 1;
        case OF_INTEGERS(SELECTIVE_SCAN): add_integer_scan(m, op); return 1;
        case OF_INTEGERS(GATE):
            if (net_type(m->net, op.inputs[0]) != MLM_DTYPE_I32) return 0;
            op.inputs[1] = pick_value(m, &op, may_join_alike);
            if (op.inputs[1] == MLM_NO_VALUE) return 0;
            op.inputs[1] = as_i16(m, op.inputs[1]);
            if (!may_join(m, &op, op.inputs[1])) return 0;
            add_integer_gate(m, op);
            return 1;
        default: return add_of_one_input(m, op);
    }
}

static int add_integers(maker *m) {
    static const uint32_t kinds[] = {
        QUANTIZE,
        DEQUANTIZE,
        OF_INTEGERS(LINEAR),
        OF_INTEGERS(ACTIVATION),
        OF_INTEGERS(ARITHMETIC),
        OF_INTEGERS(NORM),
        OF_INTEGERS(CAUSAL_CONV),
        OF_INTEGERS(POOL),
        OF_INTEGERS(SELECTIVE_SCAN),
        OF_INTEGERS(GATE),
        CONV2D_INT,
        POOL2D_INT,
    };
    const uint32_t which = choose(m->from, 1 + sizeof kinds / sizeof *kinds);
    return which == 0 ? add_integer_block(m) : add_integer_kind(m, kinds[which - 1]);
}

#endif
