/*
 * network_random.c - random valid networks of all kinds of ops: branches that meet again, vectors beside
 * sequences, sequences read backwards, several heads. Knows the kinds by their rows and a few words about
 * those that read several inputs. Choices are made one a statement, since the order of evaluation within
 * one is the compiler's choice.
 */
#include "network.h"

enum { MOST_ROWS = 100, MOST_RANDOM_CLOCKS = 20, LENGTHS_TRIED = 24 };
enum { MAMBA_MOST_STATES = 5, MAMBA_MOST_RANK = 4 };

typedef struct maker {
    network *net;
    choices *from;
    const net_limits *limits;
} maker;

static int is_sequence(const network *net, uint32_t value) {
    return net_clock_of(net, value) != MLM_NO_CLOCK;
}

static uint32_t longest(const network *net) {
    return net->max_frames ? net->max_frames : net->min_frames + LENGTHS_TRIED;
}

/* Rows in the shortest sequence; 1 of a vector. */
static uint32_t least_rows(const network *net, uint32_t value) {
    const uint32_t clock = net_clock_of(net, value);
    return clock == MLM_NO_CLOCK ? 1 : net_total_rows(net, clock, net->min_frames);
}

/* Whether the op reads numbers of the value's type, all of the same where it only moves them. */
static int reads_type(const network *net, const net_op *op, uint32_t value) {
    const op_row *row = &op_rows[op->kind];
    const uint32_t type = net_type(net, value), floats = MLM_TYPE_BIT(MLM_DTYPE_F32);
    if (row->flags & ROW_MOVES)
        return op->inputs[0] == MLM_NO_VALUE ? type != MLM_DTYPE_I16
                                             : type == net_type(net, op->inputs[0]);
    return (row->input_types ? row->input_types : floats) >> type & 1u;
}

/* Any value from a random one on, backwards and around, that `suits`; MLM_NO_VALUE when none does. */
typedef int suits_function(const maker *m, const net_op *op, uint32_t value);

static uint32_t pick_value(const maker *m, const net_op *op, suits_function *suits) {
    const uint32_t first = m->net->input_kind == MLM_INPUT_FRAMES ? 0 : 1;
    const uint32_t count = m->net->op_count + 1 - first;
    const uint32_t back = choose(m->from, 2) ? 0 : choose(m->from, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t value = first + (2 * count - 1 - back - i) % count;
        if (reads_type(m->net, op, value) && suits(m, op, value)) return value;
    }
    return MLM_NO_VALUE;
}

static int suits_first(const maker *m, const net_op *op, uint32_t value) {
    return !(op_rows[op->kind].flags & ROW_SEQUENCE) || is_sequence(m->net, value);
}

/* Whether an op may have a further input: both have the same length, whatever it is. */
static int may_join(const maker *m, const net_op *op, uint32_t value) {
    const network *net = m->net;
    net_op joined = *op;
    net_view v;
    net_view_of(&v, net, op);
    joined.inputs[v.inputs] = value;
    const uint32_t clock = net_clock_of(net, value);
    for (uint32_t i = 0; i < v.inputs && clock != MLM_NO_CLOCK; i++) {
        const uint32_t other = net_clock_of(net, op->inputs[i]);
        if (other == MLM_NO_CLOCK) continue;
        for (uint32_t frames = net->min_frames; frames <= longest(net); frames++)
            if (net_total_rows(net, clock, frames) != net_total_rows(net, other, frames)) return 0;
    }
    return net_can_meet(net, &joined);
}

/* The same of an op that does not read vectors beside sequences. */
static int may_join_alike(const maker *m, const net_op *op, uint32_t value) {
    return is_sequence(m->net, value) == is_sequence(m->net, op->inputs[0]) &&
           value != op->inputs[0] && may_join(m, op, value);
}

static int may_join_of_same_width(const maker *m, const net_op *op, uint32_t value) {
    return net_width(m->net, value) == net_width(m->net, op->inputs[0]) && may_join(m, op, value);
}

/* ---- ops of several inputs ------------------------------------------------------------------------ */

enum { DIVIDE = 3 };

static int add_arithmetic(maker *m, net_op op) {
    if (op.variant == DIVIDE && choose(m->from, 4)) op.variant = 0; /* it makes infinities */
    uint32_t other = pick_value(m, &op, may_join_of_same_width);
    if (other == op.inputs[0] && choose(m->from, 4)) {
        other = pick_value(m, &op, may_join_alike);
        if (other == MLM_NO_VALUE) return 0;
        other = network_add_linear(m->net, other, net_width(m->net, op.inputs[0]), 1);
        if (!may_join(m, &op, other)) return 0;
    }
    op.inputs[1] = other;
    if (choose(m->from, 2)) op.inputs[1] = op.inputs[0], op.inputs[0] = other;
    network_add(m->net, op);
    return 1;
}

static int add_concat(maker *m, net_op op) {
    const uint32_t inputs = choose_between(m->from, 1, MLM_MAX_INPUTS);
    uint32_t width = net_width(m->net, op.inputs[0]);
    for (uint32_t i = 1; i < inputs; i++) {
        const uint32_t value = pick_value(m, &op, may_join);
        if (value == MLM_NO_VALUE || width + net_width(m->net, value) > m->limits->most_width)
            break;
        op.inputs[i] = value;
        width += net_width(m->net, value);
    }
    network_add(m->net, op);
    return 1;
}

static net_op random_ssm_norm(maker *m, uint32_t value, uint32_t states) {
    net_op op = op_of(SSM_NORM, 0, value);
    op.attributes[0] = net_width(m->net, value) - 2 * states;
    op.attributes[1] = states;
    op.attributes[2] = f32_bits(1e-5f);
    op.absent = choose(m->from, 8);
    return op;
}

static int add_ssm_norm(maker *m, net_op op) {
    const uint32_t width = net_width(m->net, op.inputs[0]);
    if (width < 3) return 0;
    const uint32_t states = choose_between(m->from, 1, (width - 1) / 2);
    network_add(m->net, random_ssm_norm(m, op.inputs[0], states));
    return 1;
}

static int add_scan(maker *m, net_op op) {
    const uint32_t source = pick_value(m, &op, may_join_alike);
    op.attributes[0] = choose_between(m->from, 1, MAMBA_MOST_STATES);
    op.attributes[1] = choose_between(m->from, 1, MAMBA_MOST_RANK);
    const uint32_t width = op.attributes[1] + 2 * op.attributes[0];
    uint32_t x_dbl =
        network_add_linear(m->net, source == MLM_NO_VALUE ? op.inputs[0] : source, width, 0);
    if (choose(m->from, 3) == 1)
        x_dbl = network_add(m->net, random_ssm_norm(m, x_dbl, op.attributes[0]));
    if (!may_join(m, &op, x_dbl)) return 0;
    op.inputs[1] = x_dbl;
    network_add(m->net, op);
    return 1;
}

/* Of what has the right widths: one layer each for x, B and C together and for dt. */
static int add_ssd_scan(maker *m, net_op op) {
    uint32_t *a = op.attributes;
    a[1] = choose_between(m->from, 1, 2);
    a[0] = a[1] * choose_between(m->from, 1, 3);
    a[2] = choose_between(m->from, 1, MAMBA_MOST_STATES);
    a[3] = choose(m->from, 2) ? f32_bits(0.01f) : 0;
    a[4] = choose(m->from, 2) ? f32_bits(0.5f) : MLM_INFINITY_BITS;
    op.width = a[0] * choose_between(m->from, 1, 6);
    const uint32_t source = op.inputs[0];
    op.inputs[0] = network_add_linear(m->net, source, op.width + 2 * a[1] * a[2], 0);
    op.inputs[1] = network_add_linear(m->net, source, a[0], 1);
    network_add(m->net, op);
    return 1;
}

static int add_gate(maker *m, net_op op) {
    op.inputs[1] = pick_value(m, &op, may_join_alike);
    if (op.inputs[1] == MLM_NO_VALUE || !op_rows[GATE].choose(m->from, NULL, &op, 0)) return 0;
    network_add(m->net, op);
    return 1;
}

static int add_attention_pool(maker *m, net_op op) {
    const uint32_t width = net_width(m->net, op.inputs[0]);
    if (least_rows(m->net, op.inputs[0]) == 0) return 0;
    op.inputs[1] = pick_value(m, &op, may_join_of_same_width);
    if (op.inputs[1] == MLM_NO_VALUE || !is_sequence(m->net, op.inputs[1]) || choose(m->from, 2))
        op.inputs[1] = network_add_linear(m->net, op.inputs[0], choose(m->from, 2) ? 1 : width, 1);
    network_add(m->net, op);
    return 1;
}

static int may_be_paced(const maker *m, const net_op *op, uint32_t value) {
    const network *net = m->net;
    return is_sequence(net, value) && may_join(m, op, value) &&
           net_available(net, value) == net_available(net, op->inputs[0]) &&
           net_is_ahead(net, net_clock_of(net, op->inputs[0]), net_clock_of(net, value));
}

/* A layer that makes rows of gates, and the recurrence over them. */
static int add_recurrent(maker *m, net_op op) {
    const uint32_t gates = op.kind == GRU ? 3 : 4;
    const uint32_t most = m->limits->most_width / gates;
    if (most == 0) return 0;
    op.width = choose_between(m->from, 1, most < 9 ? most : 9);
    op.inputs[0] = network_add_linear(m->net, op.inputs[0], gates * op.width, 1);
    network_add(m->net, op);
    return 1;
}

/* A layer that makes queries, keys and values, and attention over them. */
static int add_attention(maker *m, net_op op) {
    const uint32_t heads = choose_between(m->from, 1, 3), most = m->limits->most_width / 3 / heads;
    if (most == 0) return 0;
    op.width = heads * choose_between(m->from, 1, most < 6 ? most : 6);
    op.attributes[0] = heads;
    op.inputs[0] = network_add_linear(m->net, op.inputs[0], 3 * op.width, 1);
    network_add(m->net, op);
    return 1;
}

static int add_align(maker *m, net_op op) {
    op.inputs[1] = pick_value(m, &op, may_be_paced);
    /* The input is gone when a later stage runs. */
    if (op.inputs[1] == MLM_NO_VALUE) return 0;
    network_add(m->net, op);
    return 1;
}

static int add_block(maker *m) {
    net_op like = op_of(CAUSAL_CONV, 0, MLM_NO_VALUE);
    const uint32_t x = pick_value(m, &like, suits_first);
    block_sizes sizes;
    if (x == MLM_NO_VALUE) return 0;
    sizes.inner = choose_between(m->from, 1, 24);
    sizes.states = choose_between(m->from, 1, MAMBA_MOST_STATES);
    sizes.taps = choose_between(m->from, 1, 5);
    sizes.rank = choose_between(m->from, 1, MAMBA_MOST_RANK);
    sizes.output = choose(m->from, 2) ? net_width(m->net, x) : choose_between(m->from, 1, 20);
    sizes.optional = choose(m->from, 128);
    if (choose(m->from, 3)) sizes.optional &= ~(uint32_t)BLOCK_CENTRED;
    if (m->net->clock_count >= MOST_RANDOM_CLOCKS) return 0;
    const uint32_t y = network_add_block(m->net, x, &sizes);
    net_op add = op_of(ARITHMETIC, 0, x);
    if (net_width(m->net, y) != net_width(m->net, x) || !may_join(m, &add, y)) return 1;
    add.inputs[1] = y;
    network_add(m->net, add);
    return 1;
}

/* ---- any op --------------------------------------------------------------------------------------- */

static int is_small(const maker *m, const net_op *op, const net_view *view, uint32_t rows) {
    const op_row *row = &op_rows[op->kind];
    mlm_clock clock;
    if (op->width > m->limits->most_width) return 0;
    if (row->width && row->width(view) > m->limits->most_width) return 0;
    if (!row->clock || !row->clock(view, &clock)) return 1;
    return m->net->clock_count < MOST_RANDOM_CLOCKS && rows * clock.repeat < MOST_ROWS;
}

static int add_of_one_input(maker *m, net_op op) {
    const op_row *row = &op_rows[op.kind];
    const network *net = m->net;
    const uint32_t clock = net_clock_of(net, op.inputs[0]);
    const uint32_t most = clock == MLM_NO_CLOCK ? 1 : net_total_rows(net, clock, longest(net));
    net_view view;
    net_view_of(&view, net, &op);
    if (row->choose && !row->choose(m->from, &view, &op, least_rows(net, op.inputs[0]))) return 0;
    if (!is_small(m, &op, &view, most)) return 0;
    network_add(m->net, op);
    return 1;
}

static int add_kind(maker *m, uint32_t kind) {
    const op_row *row = &op_rows[kind];
    if (row->flags & ROW_FRONT) return 0;
    net_op op = op_of(kind, choose(m->from, row->variants), MLM_NO_VALUE);
    op.absent = choose(m->from, 4);
    op.inputs[0] = pick_value(m, &op, suits_first);
    if (op.inputs[0] == MLM_NO_VALUE) return 0;
    if (row->flags & (ROW_POOL | ROW_WHOLE) && least_rows(m->net, op.inputs[0]) == 0) return 0;
    switch (kind) {
        case ARITHMETIC: return add_arithmetic(m, op);
        case CONCAT: return add_concat(m, op);
        case SSM_NORM: return add_ssm_norm(m, op);
        case SELECTIVE_SCAN: return add_scan(m, op);
        case SSD_SCAN: return add_ssd_scan(m, op);
        case GATE: return add_gate(m, op);
        case ATTENTION_POOL: return add_attention_pool(m, op);
        case GRU:
        case LSTM: return add_recurrent(m, op);
        case ATTENTION: return add_attention(m, op);
        case ALIGN: return add_align(m, op);
        default: return add_of_one_input(m, op);
    }
}

/* Any kind, or a whole block of them. */
static int add_anything(maker *m) {
    const uint32_t number = choose(m->from, net_float_kinds() + 1);
    return number == net_float_kinds() ? add_block(m) : add_kind(m, net_float_kind(number));
}

#include "network_random_int.h"

/* ---- whole networks ------------------------------------------------------------------------------- */

static void choose_lengths(network *net, choices *from) {
    net->min_frames = choose_between(from, 1, 12);
    switch (choose(from, 4)) {
        case 0: net->max_frames = 0; break;
        case 1: net->max_frames = net->min_frames + choose(from, 20); break;
        default: net->max_frames = net->min_frames; break;
    }
}

static void add_front_end(maker *m) {
    uint32_t kind = m->net->input_kind == MLM_INPUT_TOKENS ? EMBEDDING : LOGMEL;
    if (m->limits->integers && kind == EMBEDDING) kind = OF_INTEGERS(EMBEDDING);
    if (m->net->input_kind == MLM_INPUT_SAMPLES16) kind = OF_INTEGERS(LOGMEL);
    net_op op = op_of(kind, 0, 0);
    net_view view;
    net_view_of(&view, m->net, &op);
    op_rows[kind].choose(m->from, &view, &op, 1);
    network_add(m->net, op);
}

static uint32_t as_floats(maker *m, uint32_t value) {
    if (net_type(m->net, value) == MLM_DTYPE_F32) return value;
    return add_typed(m, DEQUANTIZE, value, MLM_DTYPE_F32, 0);
}

/* The last value, and some of the others. */
static void choose_outputs(maker *m) {
    network *net = m->net;
    network_add_output(net, as_floats(m, net->op_count));
    const uint32_t more = choose(m->from, 4);
    for (uint32_t i = 0; i < more; i++) {
        const uint32_t value = as_floats(m, 1 + choose(m->from, net->op_count));
        uint32_t k = 0;
        while (k < net->output_count && net->outputs[k] != value) k++;
        if (k == net->output_count) network_add_output(net, value);
    }
    net->has_labels = !is_sequence(net, net->outputs[0]) && choose(m->from, 2);
}

network *network_random(choices *from, const net_limits *limits) {
    static const uint32_t kinds[] = {MLM_INPUT_FRAMES, MLM_INPUT_FRAMES, MLM_INPUT_FRAMES,
                                     MLM_INPUT_TOKENS, MLM_INPUT_SAMPLES};
    uint32_t kind = kinds[choose(from, 5)];
    if (kind == MLM_INPUT_SAMPLES && limits->integers && choose(from, 4))
        kind = MLM_INPUT_SAMPLES16;
    const uint32_t width = choose_between(from, 1, 12);
    const uint32_t seed = choose(from, 256);
    maker m = {network_new(kind, kind == MLM_INPUT_FRAMES ? width : 1, seed), from, limits};
    choose_lengths(m.net, from);
    if (kind != MLM_INPUT_FRAMES) add_front_end(&m);
    const uint32_t ops = choose_between(from, 1, limits->most_ops);
    if (limits->integers && kind == MLM_INPUT_FRAMES) add_typed(&m, QUANTIZE, 0, MLM_DTYPE_F32, 0);
    for (uint32_t tries = 0; m.net->op_count < ops && tries < 4 * ops; tries++)
        if (limits->integers && choose(from, 4) != 1)
            add_integers(&m);
        else
            add_anything(&m);
    if (m.net->op_count == 0) network_add_linear(m.net, 0, 3, 1);
    choose_outputs(&m);
    if (choose(from, 3) == 1) {
        const uint32_t frames =
            m.net->min_frames + choose(from, longest(m.net) - m.net->min_frames + 1);
        m.net->self_test_inputs = net_inputs_of(m.net, frames);
    }
    if (choose(from, 2)) network_use_i8(m.net, choose(from, 256));
    return m.net;
}
