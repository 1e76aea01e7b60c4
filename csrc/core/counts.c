/*
 * counts.c - exact numbers of multiplications, exponentials and bytes moved, from the sizes of a model
 * and the shape of a plan. Knows nothing of time.
 */
#include "../kernels/kernels.h"
#include "graph.h"

/* What one operator does for `rows` rows in `passes` portions (tiles). */
typedef struct work {
    uint64_t rows, passes;
    mlm_counts *counts;
} work;

static uint64_t tensor_bytes(const mlm_model *model, const mlm_blob_op *op, uint32_t reference) {
    const uint16_t tensor = op->tensors[reference];
    return tensor == MLM_NO_TENSOR ? 0 : mlm_tensors(model)[tensor].bytes;
}

static void read_floats(const work *todo, uint64_t floats_per_row) {
    todo->counts->bytes_read += todo->rows * floats_per_row * sizeof(float);
}

static void write_floats(const work *todo, uint64_t floats_per_row) {
    todo->counts->bytes_written += todo->rows * floats_per_row * sizeof(float);
}

/* Weights, and states that are kept in registers within a tile, move once a tile. */
static void read_once_a_tile(const work *todo, uint64_t bytes) {
    todo->counts->bytes_read += todo->passes * bytes;
}

static void count_linear(const mlm_model *model, const work *todo, const mlm_blob_op *op,
                         uint32_t weight, uint32_t bias, uint64_t inputs, uint64_t outputs) {
    todo->counts->macs += todo->rows * inputs * outputs;
    read_once_a_tile(todo, tensor_bytes(model, op, weight) + tensor_bytes(model, op, bias));
    read_floats(todo, inputs);
    write_floats(todo, outputs);
}

static void count_activation(const work *todo, uint64_t elements, uint64_t exps) {
    todo->counts->exps += todo->rows * elements * exps;
    read_floats(todo, elements);
    write_floats(todo, elements);
}

static uint64_t gelu_exps(uint32_t activation) {
    if (activation == MLM_ACTIVATION_GELU) return 2;
    return activation == MLM_ACTIVATION_SILU ? 1 : 0;
}

/* Window, butterflies (4 multiplications each), spectrum (10 for two bins), filters, logarithms. */
static void count_logmel(const mlm_model *model, const work *todo, const mlm_blob_op *op) {
    const uint64_t window = op->dims[MLM_DIM_WINDOW], bands = op->dims[MLM_DIM_OUTPUT];
    const uint64_t points = op->dims[MLM_DIM_FFT] / 2;
    const uint64_t filters = mlm_tensors(model)[op->tensors[MLM_T_FILTERS]].rows;
    uint64_t stages = 0;
    for (uint64_t n = points; n > 1; n /= 2) stages++;
    todo->counts->macs +=
        todo->rows * (window + stages * points / 2 * 4 + (points / 2 - 1) * 10 + 4 + filters);
    todo->counts->exps += todo->rows * bands;
    for (uint32_t tensor = MLM_T_WINDOW; tensor <= MLM_T_FILTERS; tensor++)
        read_once_a_tile(todo, tensor_bytes(model, op, tensor));
    /* Samples to the window and out of it, what of it stays moves up; then the spectrum. */
    read_floats(todo, op->dims[MLM_DIM_HOP] + window + (window - op->dims[MLM_DIM_HOP]));
    write_floats(todo, op->dims[MLM_DIM_HOP] + (window - op->dims[MLM_DIM_HOP]));
    read_floats(todo, stages * 2 * points + 2 * points + filters);
    write_floats(todo, 2 * points + stages * 2 * points + points + 1 + bands);
}

static void count_whole(const mlm_model *model, const work *todo, const mlm_blob_op *op) {
    const uint64_t width = op->dims[MLM_DIM_OUTPUT];
    switch (op->kind) {
        case MLM_OP_LINEAR:
            count_linear(model, todo, op, MLM_T_WEIGHT, MLM_T_BIAS, op->dims[MLM_DIM_INPUT], width);
            break;
        case MLM_OP_NORM: /* square, scale, weight */
            todo->counts->macs += todo->rows * 3 * width;
            read_once_a_tile(
                todo, tensor_bytes(model, op, MLM_T_WEIGHT) + tensor_bytes(model, op, MLM_T_BIAS));
            read_floats(todo, width);
            write_floats(todo, width);
            break;
        case MLM_OP_AFFINE:
            todo->counts->macs += todo->rows * width;
            read_once_a_tile(
                todo, tensor_bytes(model, op, MLM_T_WEIGHT) + tensor_bytes(model, op, MLM_T_BIAS));
            read_floats(todo, width);
            write_floats(todo, width);
            break;
        case MLM_OP_LOGMEL: count_logmel(model, todo, op); break;
        case MLM_OP_ADD:
            read_floats(todo, 2 * width);
            write_floats(todo, width);
            break;
        case MLM_OP_EMBEDDING:
            read_floats(todo, width + 1);
            write_floats(todo, width);
            break;
        case MLM_OP_ACTIVATION: count_activation(todo, width, gelu_exps(op->variant)); break;
        default: { /* MLM_OP_POOL: a row and the state in, the state out; then the pooled row */
            const uint64_t state = op->variant == MLM_POOL_MEAN ? 2 * width : width;
            read_floats(todo, width + state);
            write_floats(todo, state);
            todo->counts->bytes_read += width * sizeof(float);
            todo->counts->bytes_written += width * sizeof(float);
            break;
        }
    }
}

static void count_mamba(const mlm_model *model, const work *todo, const mlm_blob_op *op,
                        mlm_operator_kind kind, int unfused) {
    const uint64_t input = op->dims[MLM_DIM_INPUT], inner = op->dims[MLM_DIM_INNER];
    const uint64_t states = op->dims[MLM_DIM_STATE], taps = op->dims[MLM_DIM_CONV];
    const uint64_t rank = op->dims[MLM_DIM_DT_RANK];
    const uint64_t history = inner * (taps - 1) * sizeof(float);
    switch (kind) {
        case MLM_OPERATOR_IN_PROJ_X:
            count_linear(model, todo, op, MLM_T_IN_X, MLM_T_IN_X_BIAS, input, inner);
            break;
        case MLM_OPERATOR_CONV1D:
            todo->counts->macs += todo->rows * inner * taps;
            read_once_a_tile(todo, tensor_bytes(model, op, MLM_T_CONV) +
                                       tensor_bytes(model, op, MLM_T_CONV_BIAS) + history);
            todo->counts->bytes_written += todo->passes * history;
            read_floats(todo, inner);
            write_floats(todo, inner);
            count_activation(todo, inner, 1);
            break;
        case MLM_OPERATOR_X_PROJ:
            count_linear(model, todo, op, MLM_T_X_PROJ, MLM_TENSOR_REFS - 1, inner,
                         rank + 2 * states);
            break;
        case MLM_OPERATOR_DT_PROJ:
            count_linear(model, todo, op, MLM_T_DT, MLM_T_DT_BIAS, rank, inner);
            count_activation(todo, inner, 1);
            break;
        case MLM_OPERATOR_DISCRETIZE: /* dt A, dt x, dt x B */
            todo->counts->macs += todo->rows * inner * (2 * states + 1);
            todo->counts->exps += todo->rows * inner * states;
            read_once_a_tile(todo, tensor_bytes(model, op, MLM_T_A));
            read_floats(todo, 2 * inner + states);
            write_floats(todo, 2 * inner * states);
            break;
        case MLM_OPERATOR_SELECTIVE_SCAN: /* dA h, h C, D x; fused also what discretize does */
            todo->counts->macs += todo->rows * inner * (2 * states + 1);
            if (!unfused) {
                todo->counts->macs += todo->rows * inner * (2 * states + 1);
                todo->counts->exps += todo->rows * inner * states;
                read_floats(todo, inner + inner * states); /* dt, A */
            }
            read_once_a_tile(todo, tensor_bytes(model, op, MLM_T_D));
            read_floats(todo, inner + inner * states); /* x, h */
            read_floats(todo, unfused ? 2 * inner * states + states : 2 * states);
            write_floats(todo, inner + inner * states);
            break;
        case MLM_OPERATOR_GATE:
            count_linear(model, todo, op, MLM_T_IN_Z, MLM_T_IN_Z_BIAS, input, inner);
            todo->counts->macs += todo->rows * inner;
            read_floats(todo, inner);
            count_activation(todo, inner, 1);
            break;
        default: /* MLM_OPERATOR_OUT_PROJ */
            count_linear(model, todo, op, MLM_T_OUT, MLM_T_OUT_BIAS, inner,
                         op->dims[MLM_DIM_OUTPUT]);
            break;
    }
}

mlm_status mlm_operator_counts(const mlm_model *model, const mlm_options *options, uint32_t frames,
                               uint32_t index, mlm_counts *counts) {
    mlm_shape shape;
    mlm_operator_info info;
    if (!model || !options || !counts || frames == 0 || mlm_shape_of(&shape, options) != MLM_OK ||
        (shape.max_frames && frames > shape.max_frames) ||
        mlm_operator_get_info(model, shape.schedule, index, &info) != MLM_OK)
        return MLM_ERR_ARGUMENT;
    mlm_counts made = {0, 0, 0, 0};
    work todo = {frames, ((uint64_t)frames + shape.tile - 1) / shape.tile, &made};
    if (info.op > mlm_pool_op(model)) todo.rows = todo.passes = 1;
    const mlm_blob_op *op = mlm_op_at(model, info.op);
    if (op->kind == MLM_OP_MAMBA)
        count_mamba(model, &todo, op, (mlm_operator_kind)info.kind,
                    shape.schedule == MLM_SCHEDULE_UNFUSED);
    else
        count_whole(model, &todo, op);
    *counts = made;
    return MLM_OK;
}
