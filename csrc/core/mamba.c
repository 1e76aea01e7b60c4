/*
 * mamba.c - the operators of a Mamba block over the rows in hand, chunk of channels by chunk. Knows
 * the sizes of the block and where its buffers are; the maths is in the kernels.
 */
#include "session.h"

/* The buffers and sizes of one mamba op, looked up once a tile. */
typedef struct mamba_block {
    const mlm_blob_op *op;
    mlm_source u;   /* [rows][input] */
    mlm_rows x;     /* [rows][d_inner] */
    mlm_rows x_dbl; /* [rows][dt_rank + 2 d_state] */
    mlm_rows dt, z; /* [rows][chunk] */
    mlm_rows y;     /* [rows][output] */
    float *scan_state, *conv_state, *da, *dbx;
    const float *weights[MLM_TENSOR_REFS];
    uint32_t groups;
} mamba_block;

static mamba_block mamba_of(mlm_session *session, const mlm_blob_op *op) {
    const uint32_t inner = op->dims[MLM_DIM_INNER];
    const uint32_t x_dbl = op->dims[MLM_DIM_DT_RANK] + 2 * op->dims[MLM_DIM_STATE];
    mamba_block block = {.op = op, .groups = mlm_round_up(inner, MLM_GROUP) / MLM_GROUP};
    block.u = mlm_value_rows(session, op->inputs[0]);
    uint32_t n = 0;
    block.scan_state = mlm_buffer_of(session, n++);
    if (op->dims[MLM_DIM_CONV] > 1) block.conv_state = mlm_buffer_of(session, n++);
    block.x = (mlm_rows){mlm_buffer_of(session, n++), mlm_row_stride(inner)};
    block.x_dbl = (mlm_rows){mlm_buffer_of(session, n++), mlm_row_stride(x_dbl)};
    block.dt = (mlm_rows){mlm_buffer_of(session, n++), mlm_dt_channels(op, session->schedule)};
    if (session->schedule == MLM_SCHEDULE_UNFUSED) {
        block.da = mlm_buffer_of(session, n++);
        block.dbx = mlm_buffer_of(session, n++);
    }
    block.z = (mlm_rows){mlm_buffer_of(session, n++), mlm_z_channels(op, session->schedule)};
    block.y = mlm_output_rows(session, session->op);
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++)
        block.weights[t] = mlm_weights(&session->model, op->tensors[t]);
    return block;
}

/* `channels` outputs from `first` on of a layer with d_inner outputs. */
static void linear_chunk(const mamba_block *block, uint32_t weight_ref, uint32_t bias_ref,
                         uint32_t inputs, uint32_t first, uint32_t channels, mlm_source x,
                         mlm_rows y, uint32_t rows) {
    const float *weight = block->weights[weight_ref] + (size_t)first * inputs;
    const float *bias = block->weights[bias_ref];
    mlm_linear(weight, bias ? bias + first : 0, inputs, channels / MLM_PANEL, x, y, rows);
}

static mlm_scan scan_chunk(const mlm_session *session, const mamba_block *block, uint32_t first,
                           uint32_t channels) {
    const mlm_blob_op *op = block->op;
    const uint32_t states = op->dims[MLM_DIM_STATE], group = first / MLM_GROUP;
    const uint32_t groups_left = block->groups - group, groups = channels / MLM_GROUP;
    const size_t per_channel = (size_t)first * states;
    return (mlm_scan){
        .a = block->weights[MLM_T_A] + per_channel,
        .d = block->weights[MLM_T_D] + first,
        .h = block->scan_state + per_channel,
        .groups = groups < groups_left ? groups : groups_left,
        .states = states,
        .lowest_a = session->lowest_a,
        .x = {block->x.data + first, block->x.stride},
        .bc = {block->x_dbl.data + op->dims[MLM_DIM_DT_RANK], block->x_dbl.stride},
        .dt = mlm_source_of(block->dt),
        .da = block->da,
        .dbx = block->dbx,
    };
}

/* Channels that one step of an operator works on. */
static uint32_t step_channels(const mamba_block *block, mlm_operator_kind kind) {
    if (kind == MLM_OPERATOR_GATE) return block->z.stride;
    return kind >= MLM_OPERATOR_DT_PROJ && kind <= MLM_OPERATOR_SELECTIVE_SCAN ? block->dt.stride
                                                                               : block->x.stride;
}

/* One operator over the rows in hand and its next channels, from `first` on. */
static void run_mamba_operator(mlm_session *session, const mamba_block *block,
                               mlm_operator_kind kind, uint32_t first) {
    const mlm_blob_op *op = block->op;
    const uint32_t rows = session->rows, inner = op->dims[MLM_DIM_INNER];
    const uint32_t input = op->dims[MLM_DIM_INPUT], rank = op->dims[MLM_DIM_DT_RANK];
    const uint32_t channels_left = block->x.stride - first;
    const uint32_t most = step_channels(block, kind);
    const uint32_t channels = most < channels_left ? most : channels_left;
    switch (kind) {
        case MLM_OPERATOR_IN_PROJ_X:
            linear_chunk(block, MLM_T_IN_X, MLM_T_IN_X_BIAS, input, 0, block->x.stride, block->u,
                         block->x, rows);
            break;
        case MLM_OPERATOR_CONV1D:
            mlm_conv1d(block->weights[MLM_T_CONV], block->weights[MLM_T_CONV_BIAS],
                       op->dims[MLM_DIM_CONV], block->groups, block->conv_state, block->x, rows);
            mlm_silu(block->x, block->groups, rows);
            break;
        case MLM_OPERATOR_X_PROJ:
            linear_chunk(block, MLM_T_X_PROJ, MLM_TENSOR_REFS - 1, inner, 0, block->x_dbl.stride,
                         mlm_source_of(block->x), block->x_dbl, rows);
            break;
        case MLM_OPERATOR_DT_PROJ:
            linear_chunk(block, MLM_T_DT, MLM_T_DT_BIAS, rank, first, channels,
                         mlm_source_of(block->x_dbl), block->dt, rows);
            mlm_softplus(block->dt, channels / MLM_GROUP, rows);
            break;
        case MLM_OPERATOR_DISCRETIZE: {
            const mlm_scan scan = scan_chunk(session, block, first, channels);
            mlm_discretize(&scan, rows);
            break;
        }
        case MLM_OPERATOR_SELECTIVE_SCAN: {
            const mlm_scan scan = scan_chunk(session, block, first, channels);
            if (session->schedule == MLM_SCHEDULE_UNFUSED)
                mlm_scan_discretized(&scan, rows);
            else
                mlm_selective_scan(&scan, rows);
            break;
        }
        case MLM_OPERATOR_GATE: {
            const mlm_rows y = {block->x.data + first, block->x.stride};
            linear_chunk(block, MLM_T_IN_Z, MLM_T_IN_Z_BIAS, input, first, channels, block->u,
                         block->z, rows);
            mlm_gate(y, mlm_source_of(block->z), channels / MLM_GROUP, rows);
            break;
        }
        default: /* MLM_OPERATOR_OUT_PROJ */
            linear_chunk(block, MLM_T_OUT, MLM_T_OUT_BIAS, inner, 0, block->y.stride,
                         mlm_source_of(block->x), block->y, rows);
            break;
    }
}

/* What an operator has just made of the channels from `first` on. */
static mlm_step made_by(const mlm_session *session, const mamba_block *block,
                        mlm_operator_kind kind, uint32_t first) {
    const mlm_blob_op *op = block->op;
    const uint32_t left = op->dims[MLM_DIM_INNER] - first, most = step_channels(block, kind);
    uint32_t width = most < left ? most : left;
    mlm_rows rows = {block->x.data + first, block->x.stride};
    if (kind == MLM_OPERATOR_X_PROJ) {
        rows = block->x_dbl;
        width = op->dims[MLM_DIM_DT_RANK] + 2 * op->dims[MLM_DIM_STATE];
    } else if (kind == MLM_OPERATOR_DT_PROJ) {
        rows = block->dt;
    } else if (kind == MLM_OPERATOR_DISCRETIZE) {
        rows = (mlm_rows){0, 0};
        width = 0;
    } else if (kind == MLM_OPERATOR_OUT_PROJ) {
        rows = block->y;
        width = op->dims[MLM_DIM_OUTPUT];
    }
    mlm_step step = mlm_step_of(session, rows, width);
    step.first_channel = first;
    return step;
}

/*
 * Moves on to the next operator and its first channel: dt (and discretize) and scan take turns over
 * chunks of channels, then gate goes over its own, then out_proj, if there is one, ends the block.
 * Returns whether there is a next operator.
 */
static int next_part(const mlm_session *session, const mamba_block *block, mlm_operator_kind *kind,
                     uint32_t *first) {
    uint32_t next = (uint32_t)*kind + 1;
    if (*kind == MLM_OPERATOR_SELECTIVE_SCAN || *kind == MLM_OPERATOR_GATE) {
        *first += step_channels(block, *kind);
        if (*first < block->x.stride)
            next = *kind == MLM_OPERATOR_GATE ? MLM_OPERATOR_GATE : MLM_OPERATOR_DT_PROJ;
        else
            *first = 0;
    }
    if (next == MLM_OPERATOR_DISCRETIZE && session->schedule != MLM_SCHEDULE_UNFUSED) next++;
    *kind = (mlm_operator_kind)next;
    return next < MLM_OPERATOR_OUT_PROJ ||
           (next == MLM_OPERATOR_OUT_PROJ && block->op->tensors[MLM_T_OUT] != MLM_NO_TENSOR);
}

int mlm_step_mamba(mlm_session *session, const mlm_blob_op *op, mlm_step *step) {
    const mamba_block block = mamba_of(session, op);
    mlm_operator_kind kind = (mlm_operator_kind)session->part;
    run_mamba_operator(session, &block, kind, session->channel);
    *step = made_by(session, &block, kind, session->channel);
    step->operator_index += mlm_op_operator_index(op, session->schedule, kind);
    const int more = next_part(session, &block, &kind, &session->channel);
    session->part = (uint8_t)kind;
    return more;
}

void mlm_run_mamba(mlm_session *session, const mlm_blob_op *op) {
    const mamba_block block = mamba_of(session, op);
    mlm_operator_kind kind = MLM_OPERATOR_IN_PROJ_X;
    uint32_t first = 0;
    do run_mamba_operator(session, &block, kind, first);
    while (next_part(session, &block, &kind, &first));
}
