/*
 * network.c - see network.h: adding ops with their place in time, and the order in which a blob has them.
 */
#include "network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
    fprintf(stderr, "network: %s\n", what);
    exit(2);
}

network *network_new(uint32_t input_kind, uint32_t input_width, uint64_t seed) {
    network *net = calloc(1, sizeof *net);
    if (!net) fail("out of memory");
    net->input_kind = input_kind;
    net->input_width = input_width;
    net->min_frames = 1;
    net->seed = net->weights.state = seed;
    return net;
}

void network_free(network *net) {
    if (!net) return;
    for (uint32_t i = 0; i < net->tensor_count; i++)
        free(net->tensors[i].w), free(net->tensors[i].scales);
    free(net);
}

net_op op_of(uint32_t kind, uint32_t variant, uint32_t input) {
    net_op op = {.kind = kind, .variant = variant};
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++) op.inputs[i] = MLM_NO_VALUE;
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++) op.tensors[t] = MLM_NO_TENSOR;
    op.inputs[0] = input;
    return op;
}

net_op op_of_two(uint32_t kind, uint32_t variant, uint32_t x, uint32_t y) {
    net_op op = op_of(kind, variant, x);
    op.inputs[1] = y;
    return op;
}

/* ---- tensors -------------------------------------------------------------------------------------- */

/* From -most to most: of any size, and now and then at an end. */
static int32_t random_integer(rng *random, int32_t most) {
    if (rng_once_in(random, 8)) return rng_once_in(random, 2) ? most : -most;
    const int32_t size = most >> rng_below(random, 8);
    return (int32_t)rng_below(random, 2 * (uint32_t)size + 1) - size;
}

static float random_element(network *net, const net_op *op, const net_tensor *t, uint32_t row,
                            uint32_t column) {
    rng *random = &net->weights;
    const double turn = 6.283185307179586;
    const uint32_t group_rows = op->attributes[5] ? t->rows / op->attributes[5] : t->rows;
    const uint32_t bands = op->kind == CONV2D ? op->attributes[6] >> 16 : 1;
    const uint32_t outputs = op->attributes[5] ? op->width / bands / op->attributes[5] : op->width;
    switch (t->content) {
        case FILL_SMALL: return rng_signed(random) * 0.5f;
        case FILL_SCALE: return 1.0f + rng_signed(random) * 0.5f;
        case FILL_POSITIVE: return 0.5f + rng_signed(random) * 0.5f;
        case FILL_DT_BIAS: return net->dt_offset + rng_signed(random) * 2.0f - 2.0f;
        case FILL_A: /* of the S4D-real initialisation, -(1 .. states), times log2(e), with noise */
            return (float)(-(column + 1.0) * 1.4426950408889634 *
                           (1.0 + 0.25 * (double)rng_signed(random)));
        case FILL_TWIDDLES: /* cos and -sin by turns */
            return (float)(row % 2 ? -sin(turn * (row / 2) / t->rows)
                                   : cos(turn * (row / 2) / t->rows));
        case FILL_PADDED_GROUPS: /* rows of a group that are padding are 0 */
            if (row % group_rows >= outputs) return 0.0f;
            return rng_signed(random) * (float)sqrt(3.0 / t->columns);
        case FILL_I8: return (float)random_integer(random, 127);
        case FILL_I16: return (float)random_integer(random, 32767);
        case FILL_TAPS: return (float)random_integer(random, 4096);
        case FILL_ABOVE_0: return (float)abs(random_integer(random, 32766)) + 1.0f;
        case FILL_NOT_BELOW_0: return (float)abs(random_integer(random, 32767));
        case FILL_BIAS: return (float)random_integer(random, 1 << 24) * 64.0f;
        case FILL_SMALL_BIAS: return (float)random_integer(random, 1 << 24) * 32.0f;
        case FILL_TURNS:
            return 32767.0f * (float)(row % 2 ? -sin(turn * (row / 2) / t->rows)
                                              : cos(turn * (row / 2) / t->rows));
        default: return rng_signed(random) * (float)sqrt(3.0 / t->columns);
    }
}

/* Bins of each band anywhere in the spectrum, some without any; returns the weights, at least one. */
static uint32_t random_bins(network *net, uint32_t bins, const net_tensor *t) {
    uint32_t weights = 0;
    for (uint32_t i = 0; i < t->rows; i += 2) {
        const uint32_t first = rng_below(&net->weights, bins + 1);
        const uint32_t count = rng_below(&net->weights, bins - first + 1);
        t->w[i] = f32_from_bits(first);
        t->w[i + 1] = f32_from_bits(count);
        weights += count;
    }
    if (weights > 0) return weights;
    t->w[0] = f32_from_bits(0);
    t->w[1] = f32_from_bits(1);
    return 1;
}

static void make_tensor(network *net, net_op *op, tensor_form *form, uint32_t ref) {
    const uint32_t index = net->tensor_count++;
    net_tensor *t = &net->tensors[index];
    const size_t elements = (size_t)form->rows * form->columns;
    if (index == sizeof net->tensors / sizeof *net->tensors) fail("too many tensors");
    *t = (net_tensor){form->packing, form->dtype, form->rows, form->columns,
                      form->content, NULL,        NULL};
    t->w = calloc(elements + 1, sizeof *t->w);
    if (!t->w) fail("out of memory");
    op->tensors[ref] = index;
    if (form->content == FILL_BINS) {
        t->dtype = MLM_DTYPE_U32;
        form[1].rows = random_bins(net, op->attributes[2] / 2 + 1, t); /* of the filters */
        return;
    }
    for (uint32_t row = 0; row < t->rows; row++)
        for (uint32_t column = 0; column < t->columns; column++)
            t->w[row * t->columns + column] = random_element(net, op, t, row, column);
}

static void make_tensors(network *net, net_op *op) {
    tensor_form forms[MLM_TENSOR_REFS] = {{0}};
    net_view view;
    net_view_of(&view, net, op);
    if (!op_rows[op->kind].tensors) return;
    op_rows[op->kind].tensors(&view, forms);
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++)
        if (op->tensors[t] == MLM_NO_TENSOR && forms[t].rows > 0 &&
            !(forms[t].optional && (op->absent >> t & 1)))
            make_tensor(net, op, &forms[t], t);
    if (op->kind != SELECTIVE_SCAN) return;
    const net_tensor *a = &net->tensors[op->tensors[2]];
    float lowest = 0.0f;
    for (uint32_t i = 0; i < a->rows * a->columns; i++)
        if (a->w[i] < lowest) lowest = a->w[i];
    op->attributes[2] = f32_bits(lowest);
}

/* Whether tensor 0 of the op is the matrix of a linear layer. */
static int has_matrix(const net_op *op) {
    return op->kind == LINEAR || op->kind == CONV1D || (op->kind == CONV2D && op->variant == 0) ||
           op->kind == FLATTEN_LINEAR || op->kind == SELECTIVE_SCAN || op->kind == GATE ||
           op->kind == GRU || op->kind == LSTM;
}

static int has_other_reader(const network *net, uint32_t tensor) {
    for (uint32_t i = 0; i < net->op_count; i++)
        if (!has_matrix(&net->ops[i]) && net->ops[i].tensors[0] == tensor) return 1;
    return 0;
}

/* The largest weight of a row becomes 127. */
static void make_i8(net_tensor *t) {
    t->dtype = MLM_DTYPE_I8;
    t->scales = calloc(t->rows, sizeof *t->scales);
    if (!t->scales) fail("out of memory");
    for (uint32_t row = 0; row < t->rows; row++) {
        float *w = t->w + (size_t)row * t->columns, largest = 0.0f;
        for (uint32_t i = 0; i < t->columns; i++) largest = fmaxf(largest, fabsf(w[i]));
        t->scales[row] = largest / 127.0f;
        for (uint32_t i = 0; i < t->columns && largest > 0.0f; i++)
            w[i] = rintf(w[i] / t->scales[row]);
    }
}

void network_use_i8(network *net, uint32_t seed) {
    rng random = {seed};
    for (uint32_t i = 0; i < net->op_count; i++) {
        const uint32_t tensor = net->ops[i].tensors[0];
        if (!has_matrix(&net->ops[i]) || net->tensors[tensor].dtype != MLM_DTYPE_F32) continue;
        if (rng_below(&random, 2) && !has_other_reader(net, tensor)) make_i8(&net->tensors[tensor]);
    }
}

/* ---- adding --------------------------------------------------------------------------------------- */

static uint32_t stage_of(const network *net, const net_op *op) {
    uint32_t stage = 0;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        const uint32_t available = net_available(net, op->inputs[i]);
        if (available > stage) stage = available;
    }
    return stage + !!(op_rows[op->kind].flags & ROW_WHOLE);
}

/* A sequence that comes in the op's own stage. */
static int comes_in_stage(const network *net, uint32_t value, uint32_t stage) {
    return net_clock_of(net, value) != MLM_NO_CLOCK && net_available(net, value) == stage;
}

/* The input of an op that all others of its stage can wait for; MLM_NO_VALUE when there is none. */
static uint32_t pace_of(const network *net, const net_op *op, uint32_t stage) {
    net_view v;
    net_view_of(&v, net, op);
    for (uint32_t i = 0; i < v.inputs; i++) {
        if (!comes_in_stage(net, op->inputs[i], stage)) continue;
        const uint32_t pace = net_clock_of(net, op->inputs[i]);
        int all_ahead = 1;
        for (uint32_t k = 0; k < v.inputs; k++) {
            const uint32_t clock = net_clock_of(net, op->inputs[k]);
            if (comes_in_stage(net, op->inputs[k], stage) && clock != pace)
                all_ahead &= net_is_ahead(net, clock, pace);
        }
        if (all_ahead) return op->inputs[i];
    }
    return MLM_NO_VALUE;
}

int net_can_meet(const network *net, const net_op *op) {
    net_view v;
    const uint32_t stage = stage_of(net, op);
    net_view_of(&v, net, op);
    for (uint32_t i = 0; i < v.inputs; i++)
        if (comes_in_stage(net, op->inputs[i], stage))
            return pace_of(net, op, stage) != MLM_NO_VALUE;
    return 1;
}

static void align_inputs(network *net, net_op *op) {
    const uint32_t pace = pace_of(net, op, op->stage);
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        if (!comes_in_stage(net, op->inputs[i], op->stage)) continue;
        if (pace == MLM_NO_VALUE) fail("branches that cannot be aligned");
        if (net_clock_of(net, op->inputs[i]) != net_clock_of(net, pace))
            op->inputs[i] = network_add(net, op_of_two(ALIGN, 0, op->inputs[i], pace));
    }
}

/* The model's input is there while it comes in: later stages read a copy. */
static void slice_input(network *net, net_op *op) {
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++) {
        if (op->inputs[i] != 0 || op->stage == 0) continue;
        if (net->sliced_input == 0) {
            net_op copy = op_of(SLICE, 0, 0);
            copy.width = net->input_width;
            net->sliced_input = network_add(net, copy);
        }
        op->inputs[i] = net->sliced_input;
    }
}

static uint32_t clock_of_inputs(const network *net, const net_op *op) {
    uint32_t earlier = MLM_NO_CLOCK;
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        const uint32_t clock = net_clock_of(net, op->inputs[i]);
        if (comes_in_stage(net, op->inputs[i], op->stage)) return clock;
        if (earlier == MLM_NO_CLOCK) earlier = clock;
    }
    return earlier;
}

static uint32_t clock_number(network *net, uint32_t from, const mlm_clock *change) {
    for (uint32_t c = 1; c <= net->clock_count; c++)
        if (net->clocks[c].from == from && !memcmp(&net->clocks[c].change, change, sizeof *change))
            return c;
    if (++net->clock_count == MOST_CLOCKS) fail("too many clocks");
    net->clocks[net->clock_count] = (net_clock){from, *change};
    return net->clock_count;
}

static uint32_t clock_of_output(network *net, const net_op *op) {
    const op_row *row = &op_rows[op->kind];
    net_view view;
    mlm_clock change;
    if (row->flags & ROW_POOL) return MLM_NO_CLOCK;
    if (row->flags & ROW_PACED) return net_clock_of(net, op->inputs[1]);
    const uint32_t clock = clock_of_inputs(net, op);
    net_view_of(&view, net, op);
    if (clock == MLM_NO_CLOCK || !row->clock || !row->clock(&view, &change)) return clock;
    return clock_number(net, clock, &change);
}

uint32_t network_add(network *net, net_op op) {
    const op_row *row = &op_rows[op.kind];
    net_view view;
    op.stage = stage_of(net, &op);
    slice_input(net, &op);
    if (!(row->flags & ROW_PACED)) align_inputs(net, &op);
    net_view_of(&view, net, &op);
    const uint32_t width = row->width ? row->width(&view) : view.widths[0];
    if (width != NO_WIDTH) op.width = width;
    op.clock = clock_of_output(net, &op);
    if (row->flags & ROW_MOVES) {
        op.type = view.types[0];
        op.exponent = op.inputs[0] == 0 ? 0 : net->ops[op.inputs[0] - 1].exponent;
    }
    make_tensors(net, &op);
    if (net->op_count == MLM_MAX_OPS) fail("too many ops");
    net->ops[net->op_count++] = op;
    return net->op_count;
}

void network_add_output(network *net, uint32_t value) { net->outputs[net->output_count++] = value; }

/* ---- order ---------------------------------------------------------------------------------------- */

static int is_late(const net_op *op) {
    return op->clock != MLM_NO_CLOCK || op_rows[op->kind].flags & ROW_POOL;
}

static int comes_before(const net_op *a, const net_op *b) {
    if (a->stage != b->stage) return a->stage < b->stage;
    return !is_late(a) && is_late(b);
}

static void number_clocks(network *net) {
    net_clock clocks[MOST_CLOCKS];
    uint32_t number[MOST_CLOCKS] = {0}, count = 0;
    for (uint32_t i = 0; i < net->op_count; i++) {
        const uint32_t clock = net->ops[i].clock;
        if (clock == MLM_NO_CLOCK || clock == 0) continue;
        if (number[clock] == 0) {
            number[clock] = ++count;
            clocks[count] = net->clocks[clock];
            clocks[count].from = number[clocks[count].from];
        }
        net->ops[i].clock = number[clock];
    }
    for (uint32_t c = 1; c <= count; c++) net->clocks[c] = clocks[c];
    net->clock_count = count;
}

void network_sort(network *net) {
    static net_op sorted[MLM_MAX_OPS];
    static uint32_t moved[MLM_MAX_OPS + 1], order[MLM_MAX_OPS];
    for (uint32_t i = 0; i < net->op_count; i++) {
        uint32_t at = i;
        for (; at > 0 && comes_before(&net->ops[i], &net->ops[order[at - 1]]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    moved[0] = 0;
    for (uint32_t i = 0; i < net->op_count; i++) moved[order[i] + 1] = i + 1;
    for (uint32_t i = 0; i < net->op_count; i++) {
        sorted[i] = net->ops[order[i]];
        for (uint32_t k = 0; k < MLM_MAX_INPUTS; k++)
            if (sorted[i].inputs[k] != MLM_NO_VALUE)
                sorted[i].inputs[k] = moved[sorted[i].inputs[k]];
    }
    memcpy(net->ops, sorted, net->op_count * sizeof *sorted);
    for (uint32_t i = 0; i < net->output_count; i++) net->outputs[i] = moved[net->outputs[i]];
    net->sliced_input = moved[net->sliced_input];
    number_clocks(net);
}
