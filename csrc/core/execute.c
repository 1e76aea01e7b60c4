/*
 * execute.c - walks the ops of a model over the rows in hand. Knows the op list and which kernel an op
 * needs; what is pushed and when is session.c's.
 */
#include "session.h"

/* ---- ops of one operator ------------------------------------------------------------------- */

static void run_pool(mlm_session *session, const mlm_blob_op *op, mlm_rows y) {
    const mlm_pool pool = (mlm_pool)op->variant;
    const uint32_t width = op->dims[MLM_DIM_OUTPUT];
    float *state = mlm_buffer_of(session, 0);
    if (session->phase == PHASE_FRAMES)
        mlm_pool_rows(pool, width, mlm_value_rows(session, op->inputs[0]), session->rows,
                      session->frames, state);
    else
        mlm_pool_result(pool, width, state, session->frames, y.data);
}

/* Makes frames of the samples in hand; without a full window the tile ends here. */
static void run_logmel(mlm_session *session, const mlm_blob_op *op, mlm_rows y) {
    const mlm_model *model = &session->model;
    const mlm_logmel_form form = {
        .window = op->dims[MLM_DIM_WINDOW],
        .hop = op->dims[MLM_DIM_HOP],
        .fft = op->dims[MLM_DIM_FFT],
        .bands = op->dims[MLM_DIM_OUTPUT],
        .floor = op->epsilon,
        .weights = mlm_weights(model, op->tensors[MLM_T_WINDOW]),
        .twiddles = mlm_weights(model, op->tensors[MLM_T_TWIDDLES]),
        .bins = (const uint32_t *)(const void *)mlm_weights(model, op->tensors[MLM_T_FILTER_BINS]),
        .filters = mlm_weights(model, op->tensors[MLM_T_FILTERS]),
    };
    const uint32_t samples = session->rows;
    const uint32_t have = session->inputs - samples - session->frames * form.hop;
    session->rows = mlm_logmel(&form, mlm_buffer_of(session, 0), have, session->input, samples,
                               mlm_buffer_of(session, 1), y);
    if (session->rows == 0) session->phase = PHASE_IDLE;
}

static void run_whole(mlm_session *session, const mlm_blob_op *op, mlm_step *step) {
    const mlm_model *model = &session->model;
    const mlm_source x = mlm_value_rows(session, op->inputs[0]);
    const mlm_rows y = mlm_output_rows(session, session->op);
    const uint32_t width = op->dims[MLM_DIM_OUTPUT], rows = session->rows;
    const float *weight = mlm_weights(model, op->tensors[MLM_T_WEIGHT]);
    const float *bias = mlm_weights(model, op->tensors[MLM_T_BIAS]);
    *step = mlm_step_of(session, y, width);
    switch (op->kind) {
        case MLM_OP_LINEAR:
            mlm_linear(weight, bias, op->dims[MLM_DIM_INPUT], y.stride / MLM_PANEL, x, y, rows);
            break;
        case MLM_OP_NORM:
            if (op->variant == 0)
                mlm_rms_norm(weight, op->epsilon, width, x, y, rows);
            else
                mlm_layer_norm(weight, bias, op->epsilon, width, x, y, rows);
            break;
        case MLM_OP_ADD: mlm_add(width, x, mlm_value_rows(session, op->inputs[1]), y, rows); break;
        case MLM_OP_AFFINE: mlm_affine(weight, bias, width, x, y, rows); break;
        case MLM_OP_LOGMEL:
            run_logmel(session, op, y);
            step->frames = session->rows;
            break;
        case MLM_OP_EMBEDDING: mlm_embedding(weight, width, session->input, y, rows); break;
        case MLM_OP_ACTIVATION: mlm_activate((mlm_activation)op->variant, width, x, y, rows); break;
        default: /* MLM_OP_POOL */
            run_pool(session, op, y);
            if (session->phase == PHASE_FRAMES) step->output = 0;
            break;
    }
}

/* ---- walking the ops -------------------------------------------------------------------------- */

static uint32_t other_buffers(const mlm_session *session, const mlm_blob_op *op) {
    if (op->kind == MLM_OP_POOL) return 1;
    if (op->kind == MLM_OP_LOGMEL) return 2;
    if (op->kind != MLM_OP_MAMBA) return 0;
    const uint32_t fused = op->dims[MLM_DIM_CONV] > 1 ? 6 : 5;
    return session->schedule == MLM_SCHEDULE_UNFUSED ? fused + 2 : fused;
}

/* Leaves the op in hand for the next one of this phase; idle behind the last one. Once an op: not worth
 * a copy in each caller. */
static __attribute__((noinline)) void next_op(mlm_session *session) {
    const mlm_blob_op *op = mlm_op_at(&session->model, session->op);
    const int is_pool = op->kind == MLM_OP_POOL;
    session->slot += other_buffers(session, op);
    session->op++;
    session->part = MLM_OPERATOR_IN_PROJ_X;
    if (session->phase == PHASE_FRAMES && is_pool) {
        session->frames += session->rows;
        session->phase = PHASE_IDLE;
    } else if (session->op == mlm_header(&session->model)->op_count) {
        session->phase = PHASE_IDLE;
    }
}

void mlm_step_once(mlm_session *session, mlm_step *step) {
    const mlm_blob_op *op = mlm_op_at(&session->model, session->op);
    if (op->kind == MLM_OP_MAMBA) {
        if (mlm_step_mamba(session, op, step)) return;
    } else {
        run_whole(session, op, step);
    }
    session->operator_index += mlm_op_operator_count(op, session->schedule);
    next_op(session);
}

void mlm_run_phase(mlm_session *session) {
    mlm_step step;
    while (session->phase != PHASE_IDLE) {
        const mlm_blob_op *op = mlm_op_at(&session->model, session->op);
        if (op->kind == MLM_OP_MAMBA)
            mlm_run_mamba(session, op);
        else
            run_whole(session, op, &step);
        next_op(session);
    }
}

static void begin(mlm_session *session, const void *input, uint32_t rows) {
    session->phase = PHASE_FRAMES;
    session->input = input;
    session->rows = rows;
    session->op = 0;
    session->part = MLM_OPERATOR_IN_PROJ_X;
    session->channel = 0;
    session->operator_index = 0;
    session->slot = mlm_header(&session->model)->op_count;
}

void mlm_begin_inputs(mlm_session *session, const void *frames, uint32_t count) {
    begin(session, frames, count);
    session->inputs += count;
}

/* The head begins at the pool, whose place in the walk a tile of frames has just left behind; it is
 * found again from the start since any number of heads may be run. */
void mlm_begin_end(mlm_session *session) {
    begin(session, 0, 1);
    while (mlm_op_at(&session->model, session->op)->kind != MLM_OP_POOL) next_op(session);
    session->operator_index = mlm_first_operator(&session->model, session->schedule, session->op);
    session->phase = PHASE_END;
}
