/*
 * session.c - runs the ops of a model over tiles of frames, inside one arena. It knows the op list
 * and where the plan put each buffer; the maths is in the kernels.
 */
#include <string.h>

#include "../kernels/kernels.h"
#include "f32.h"
#include "plan.h"

/* What the ops to be stepped through work on. */
enum { PHASE_IDLE = 0, PHASE_FRAMES = 1, PHASE_END = 2 };

/* Lies at the start of the arena, followed by uint32_t offsets[]: the output of each op, then every
 * other buffer in canonical order. The same layout on 32- and 64-bit targets. */
struct mlm_session {
    union {
        mlm_model model;
        uint64_t model_bytes;
    };
    union {
        const void *input; /* rows being processed */
        uint64_t input_bytes;
    };
    uint32_t schedule, tile, max_frames;
    uint32_t frames;    /* since the last reset, those being processed not included */
    uint32_t rows;      /* being processed: frames of the tile, or 1 at the end */
    uint32_t states_at; /* offset of the states */
    uint32_t states_bytes;
    uint32_t operator_index; /* first operator of the next op */
    uint32_t slot;           /* index in offsets[] of the next op's other buffers */
    uint32_t channel;        /* first channel of the next chunk, of the next mamba op */
    uint16_t op;             /* the next op */
    uint8_t part;            /* of a mamba op: its next operator, an mlm_operator_kind */
    uint8_t phase;
    uint32_t reserved;
};

_Static_assert(sizeof(struct mlm_session) <= MLM_SESSION_BYTES, "MLM_SESSION_BYTES too small");

/* ---- places -------------------------------------------------------------------------------- */

static uint32_t *offsets_of(mlm_session *session) {
    return (uint32_t *)(void *)((unsigned char *)session + MLM_SESSION_BYTES);
}

static float *at(mlm_session *session, uint32_t offset) {
    return (float *)(void *)((unsigned char *)session + offset);
}

/* The n-th buffer of the op in hand, in the order of its roles. */
static float *buffer(mlm_session *session, uint32_t n) {
    return at(session, offsets_of(session)[session->slot + n]);
}

static mlm_rows output_rows(mlm_session *session, uint32_t op) {
    const uint32_t width = mlm_op_at(&session->model, op)->dims[MLM_DIM_OUTPUT];
    return (mlm_rows){at(session, offsets_of(session)[op]), mlm_row_stride(width)};
}

static mlm_source value_rows(mlm_session *session, uint32_t value) {
    if (value == 0) return (mlm_source){session->input, mlm_header(&session->model)->input_width};
    const mlm_rows rows = output_rows(session, value - 1);
    return (mlm_source){rows.data, rows.stride};
}

static mlm_source source(mlm_rows rows) { return (mlm_source){rows.data, rows.stride}; }

static mlm_step step_of(const mlm_session *session, mlm_rows rows, uint32_t width) {
    return (mlm_step){session->operator_index, session->rows, 0, width, rows.stride, rows.data};
}

/* ---- ops of one operator ------------------------------------------------------------------- */

static void run_pool(mlm_session *session, const mlm_blob_op *op, mlm_rows y) {
    const mlm_pool pool = (mlm_pool)op->variant;
    const uint32_t width = op->dims[MLM_DIM_OUTPUT];
    float *state = buffer(session, 0);
    if (session->phase == PHASE_FRAMES)
        mlm_pool_rows(pool, width, value_rows(session, op->inputs[0]), session->rows,
                      session->frames, state);
    else
        mlm_pool_result(pool, width, state, session->frames, y.data);
}

static void run_whole(mlm_session *session, const mlm_blob_op *op, mlm_step *step) {
    const mlm_model *model = &session->model;
    const mlm_source x = value_rows(session, op->inputs[0]);
    const mlm_rows y = output_rows(session, session->op);
    const uint32_t width = op->dims[MLM_DIM_OUTPUT], rows = session->rows;
    const float *weight = mlm_weights(model, op->tensors[MLM_T_WEIGHT]);
    const float *bias = mlm_weights(model, op->tensors[MLM_T_BIAS]);
    *step = step_of(session, y, width);
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
        case MLM_OP_ADD: mlm_add(width, x, value_rows(session, op->inputs[1]), y, rows); break;
        case MLM_OP_EMBEDDING: mlm_embedding(weight, width, session->input, y, rows); break;
        case MLM_OP_ACTIVATION: mlm_activate((mlm_activation)op->variant, width, x, y, rows); break;
        default: /* MLM_OP_POOL */
            run_pool(session, op, y);
            if (session->phase == PHASE_FRAMES) step->output = 0;
            break;
    }
}

/* ---- mamba ---------------------------------------------------------------------------------- */

/* The buffers and sizes of one mamba op, looked up once a tile. */
typedef struct mamba_block {
    const mlm_blob_op *op;
    mlm_source u;   /* [rows][input] */
    mlm_rows x;     /* [rows][d_inner] */
    mlm_rows x_dbl; /* [rows][dt_rank + 2 d_state] */
    mlm_rows dt, z; /* [rows][chunk] */
    mlm_rows y;     /* [rows][output] */
    float *scan_state, *conv_state, *da, *dbx;
    uint32_t groups;
} mamba_block;

static mamba_block mamba_of(mlm_session *session, const mlm_blob_op *op) {
    const uint32_t inner = op->dims[MLM_DIM_INNER];
    const uint32_t x_dbl = op->dims[MLM_DIM_DT_RANK] + 2 * op->dims[MLM_DIM_STATE];
    mamba_block block = {.op = op, .groups = mlm_round_up(inner, MLM_GROUP) / MLM_GROUP};
    block.u = value_rows(session, op->inputs[0]);
    uint32_t n = 0;
    block.scan_state = buffer(session, n++);
    if (op->dims[MLM_DIM_CONV] > 1) block.conv_state = buffer(session, n++);
    block.x = (mlm_rows){buffer(session, n++), mlm_row_stride(inner)};
    block.x_dbl = (mlm_rows){buffer(session, n++), mlm_row_stride(x_dbl)};
    block.dt = (mlm_rows){buffer(session, n++), mlm_dt_channels(op, session->schedule)};
    if (session->schedule == MLM_SCHEDULE_UNFUSED) {
        block.da = buffer(session, n++);
        block.dbx = buffer(session, n++);
    }
    block.z = (mlm_rows){buffer(session, n++), mlm_z_channels(op, session->schedule)};
    block.y = output_rows(session, session->op);
    return block;
}

/* `channels` outputs from `first` on of a layer with d_inner outputs. */
static void linear_chunk(const mlm_model *model, const mlm_blob_op *op, uint32_t weight_ref,
                         uint32_t bias_ref, uint32_t inputs, uint32_t first, uint32_t channels,
                         mlm_source x, mlm_rows y, uint32_t rows) {
    const float *weight = mlm_weights(model, op->tensors[weight_ref]) + (size_t)first * inputs;
    const float *bias = mlm_weights(model, op->tensors[bias_ref]);
    mlm_linear(weight, bias ? bias + first : 0, inputs, channels / MLM_PANEL, x, y, rows);
}

static mlm_scan scan_chunk(const mlm_model *model, const mamba_block *block, uint32_t first,
                           uint32_t channels) {
    const mlm_blob_op *op = block->op;
    const uint32_t states = op->dims[MLM_DIM_STATE], group = first / MLM_GROUP;
    const uint32_t groups_left = block->groups - group, groups = channels / MLM_GROUP;
    const size_t per_channel = (size_t)first * states;
    return (mlm_scan){
        .a = mlm_weights(model, op->tensors[MLM_T_A]) + per_channel,
        .d = mlm_weights(model, op->tensors[MLM_T_D]) + first,
        .h = block->scan_state + per_channel,
        .groups = groups < groups_left ? groups : groups_left,
        .states = states,
        .x = {block->x.data + first, block->x.stride},
        .bc = {block->x_dbl.data + op->dims[MLM_DIM_DT_RANK], block->x_dbl.stride},
        .dt = source(block->dt),
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
                               mlm_operator_kind kind, uint32_t first, mlm_step *step) {
    const mlm_model *model = &session->model;
    const mlm_blob_op *op = block->op;
    const uint32_t rows = session->rows, inner = op->dims[MLM_DIM_INNER];
    const uint32_t input = op->dims[MLM_DIM_INPUT], rank = op->dims[MLM_DIM_DT_RANK];
    const uint32_t channels_left = block->x.stride - first;
    const uint32_t most = step_channels(block, kind);
    const uint32_t channels = most < channels_left ? most : channels_left;
    const uint32_t real = inner - first < channels ? inner - first : channels;
    switch (kind) {
        case MLM_OPERATOR_IN_PROJ_X:
            linear_chunk(model, op, MLM_T_IN_X, MLM_T_IN_X_BIAS, input, 0, block->x.stride,
                         block->u, block->x, rows);
            *step = step_of(session, block->x, inner);
            break;
        case MLM_OPERATOR_CONV1D:
            mlm_conv1d(mlm_weights(model, op->tensors[MLM_T_CONV]),
                       mlm_weights(model, op->tensors[MLM_T_CONV_BIAS]), op->dims[MLM_DIM_CONV],
                       block->groups, block->conv_state, block->x, rows);
            mlm_silu(block->x, block->groups, rows);
            *step = step_of(session, block->x, inner);
            break;
        case MLM_OPERATOR_X_PROJ:
            linear_chunk(model, op, MLM_T_X_PROJ, MLM_TENSOR_REFS - 1, inner, 0,
                         block->x_dbl.stride, source(block->x), block->x_dbl, rows);
            *step = step_of(session, block->x_dbl, rank + 2 * op->dims[MLM_DIM_STATE]);
            break;
        case MLM_OPERATOR_DT_PROJ:
            linear_chunk(model, op, MLM_T_DT, MLM_T_DT_BIAS, rank, first, channels,
                         source(block->x_dbl), block->dt, rows);
            mlm_softplus(block->dt, channels / MLM_GROUP, rows);
            *step = step_of(session, block->dt, real);
            break;
        case MLM_OPERATOR_DISCRETIZE: {
            const mlm_scan scan = scan_chunk(model, block, first, channels);
            mlm_discretize(&scan, rows);
            *step = step_of(session, (mlm_rows){0, 0}, 0);
            break;
        }
        case MLM_OPERATOR_SELECTIVE_SCAN: {
            const mlm_scan scan = scan_chunk(model, block, first, channels);
            if (session->schedule == MLM_SCHEDULE_UNFUSED)
                mlm_scan_discretized(&scan, rows);
            else
                mlm_selective_scan(&scan, rows);
            *step = step_of(session, scan.x, real);
            break;
        }
        case MLM_OPERATOR_GATE: {
            const mlm_rows y = {block->x.data + first, block->x.stride};
            linear_chunk(model, op, MLM_T_IN_Z, MLM_T_IN_Z_BIAS, input, first, channels, block->u,
                         block->z, rows);
            mlm_gate(y, source(block->z), channels / MLM_GROUP, rows);
            *step = step_of(session, y, real);
            break;
        }
        default: /* MLM_OPERATOR_OUT_PROJ */
            linear_chunk(model, op, MLM_T_OUT, MLM_T_OUT_BIAS, inner, 0, block->y.stride,
                         source(block->x), block->y, rows);
            *step = step_of(session, block->y, op->dims[MLM_DIM_OUTPUT]);
            break;
    }
    step->first_channel = first;
}

/* ---- walking the ops -------------------------------------------------------------------------- */

static uint32_t other_buffers(const mlm_session *session, const mlm_blob_op *op) {
    if (op->kind == MLM_OP_POOL) return 1;
    if (op->kind != MLM_OP_MAMBA) return 0;
    const uint32_t fused = op->dims[MLM_DIM_CONV] > 1 ? 6 : 5;
    return session->schedule == MLM_SCHEDULE_UNFUSED ? fused + 2 : fused;
}

/* Leaves the op in hand for the next one of this phase; idle behind the last one. */
static void next_op(mlm_session *session) {
    const mlm_blob_op *op = mlm_op_at(&session->model, session->op);
    const int is_pool = op->kind == MLM_OP_POOL;
    session->operator_index += mlm_op_operator_count(op, session->schedule);
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

/* dt (and discretize) and scan take turns over chunks of channels, then gate goes over its own, then
 * out_proj, if there is one, ends the block. Returns whether there is a next operator. */
static int next_part(mlm_session *session, const mamba_block *block, mlm_operator_kind kind) {
    uint32_t next = (uint32_t)kind + 1;
    if (kind == MLM_OPERATOR_SELECTIVE_SCAN || kind == MLM_OPERATOR_GATE) {
        session->channel += step_channels(block, kind);
        if (session->channel < block->x.stride)
            next = kind == MLM_OPERATOR_GATE ? MLM_OPERATOR_GATE : MLM_OPERATOR_DT_PROJ;
        else
            session->channel = 0;
    }
    if (next == MLM_OPERATOR_DISCRETIZE && session->schedule != MLM_SCHEDULE_UNFUSED) next++;
    session->part = (uint8_t)next;
    return next < MLM_OPERATOR_OUT_PROJ ||
           (next == MLM_OPERATOR_OUT_PROJ && block->op->tensors[MLM_T_OUT] != MLM_NO_TENSOR);
}

static int step_mamba(mlm_session *session, const mamba_block *block, mlm_step *step) {
    const mlm_operator_kind kind = (mlm_operator_kind)session->part;
    run_mamba_operator(session, block, kind, session->channel, step);
    return next_part(session, block, kind);
}

/* Executes the next operator of the phase in hand. */
static void step_once(mlm_session *session, mlm_step *step) {
    const mlm_blob_op *op = mlm_op_at(&session->model, session->op);
    if (op->kind == MLM_OP_MAMBA) {
        const mamba_block block = mamba_of(session, op);
        const uint32_t part =
            mlm_op_operator_index(op, session->schedule, (mlm_operator_kind)session->part);
        const int more = step_mamba(session, &block, step);
        step->operator_index = session->operator_index + part;
        if (!more) next_op(session);
    } else {
        run_whole(session, op, step);
        next_op(session);
    }
}

/* Executes what is left of the phase in hand, looking each mamba op up only once. */
static void run_phase(mlm_session *session) {
    mlm_step step;
    while (session->phase != PHASE_IDLE) {
        const mlm_blob_op *op = mlm_op_at(&session->model, session->op);
        if (op->kind == MLM_OP_MAMBA) {
            const mamba_block block = mamba_of(session, op);
            while (step_mamba(session, &block, &step)) {
            }
        } else {
            run_whole(session, op, &step);
        }
        next_op(session);
    }
}

static void begin_frames(mlm_session *session, const void *frames, uint32_t count) {
    session->phase = PHASE_FRAMES;
    session->input = frames;
    session->rows = count;
    session->op = 0;
    session->part = MLM_OPERATOR_IN_PROJ_X;
    session->channel = 0;
    session->operator_index = 0;
    session->slot = mlm_header(&session->model)->op_count;
}

/* The head begins at the pool, whose place in the walk a tile of frames has just left behind; it is
 * found again from the start since any number of heads may be run. */
static void begin_end(mlm_session *session) {
    begin_frames(session, 0, 1);
    while (mlm_op_at(&session->model, session->op)->kind != MLM_OP_POOL) next_op(session);
    session->phase = PHASE_END;
}

/* ---- public functions ------------------------------------------------------------------------- */

typedef struct offset_writer {
    mlm_session *session;
    uint32_t slot;
} offset_writer;

static void keep_offset(void *context, const mlm_buffer *buffer) {
    offset_writer *writer = context;
    uint32_t *offsets = offsets_of(writer->session);
    if (buffer->role == MLM_ROLE_SESSION) return;
    if (buffer->role == MLM_ROLE_OUTPUT) {
        offsets[buffer->op] = buffer->offset;
        return;
    }
    offsets[writer->slot++] = buffer->offset;
    const mlm_blob_op *op = mlm_op_at(&writer->session->model, buffer->op);
    if (buffer->role == MLM_ROLE_X && op->tensors[MLM_T_OUT] == MLM_NO_TENSOR)
        offsets[buffer->op] = buffer->offset;
}

mlm_status mlm_session_init(mlm_session **session, const mlm_model *model,
                            const mlm_options *options, void *arena, size_t arena_bytes) {
    mlm_shape shape;
    mlm_plan plan;
    if (!session || !model || !options || !arena) return MLM_ERR_ARGUMENT;
    if (mlm_shape_of(&shape, options) != MLM_OK) return MLM_ERR_ARGUMENT;
    if ((uintptr_t)arena % MLM_ALIGNMENT != 0) return MLM_ERR_ALIGNMENT;
    const mlm_status status = mlm_plan_walk(&plan, model, &shape, 0, 0);
    if (status != MLM_OK) return status;
    if (arena_bytes < plan.arena_bytes) return MLM_ERR_ARENA_TOO_SMALL;

    const uint32_t ops = mlm_header(model)->op_count;
    mlm_session *made = arena;
    memset(made, 0, plan.session_bytes);
    made->model = *model;
    made->schedule = shape.schedule;
    made->tile = shape.tile;
    made->max_frames = shape.max_frames;
    made->states_at = plan.session_bytes;
    made->states_bytes = plan.state_bytes - plan.session_bytes;
    offset_writer writer = {made, ops};
    mlm_plan_walk(&plan, model, &shape, keep_offset, &writer);
    for (uint32_t op = 0; op < ops; op++)
        offsets_of(made)[op] = offsets_of(made)[mlm_output_owner(model, op)];
    mlm_session_reset(made);
    *session = made;
    return MLM_OK;
}

void mlm_session_reset(mlm_session *session) {
    memset(at(session, session->states_at), 0, session->states_bytes);
    session->frames = 0;
    session->phase = PHASE_IDLE;
}

uint32_t mlm_session_frames(const mlm_session *session) { return session->frames; }

/* Whether `count` more frames may come: within max_frames and what a counter can hold. */
static mlm_status check_frames(const mlm_session *session, const void *frames, uint32_t count) {
    const uint32_t limit = session->max_frames ? session->max_frames : 0xFFFFFFFFu;
    if ((count > 0 && !frames) || (uintptr_t)frames % sizeof(float) != 0) return MLM_ERR_ARGUMENT;
    if (session->frames > limit || count > limit - session->frames) return MLM_ERR_FRAMES;
    const mlm_blob_header *header = mlm_header(&session->model);
    if (header->input_kind != MLM_INPUT_TOKENS) return MLM_OK;
    const uint32_t vocabulary = mlm_op_at(&session->model, 0)->dims[MLM_DIM_INPUT];
    const int32_t *tokens = frames;
    for (uint32_t i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= vocabulary) return MLM_ERR_TOKEN;
    return MLM_OK;
}

static void push_checked(mlm_session *session, const void *frames, uint32_t count) {
    const size_t frame_floats = mlm_header(&session->model)->input_width;
    const float *next = frames;
    while (count > 0) {
        const uint32_t rows = count < session->tile ? count : session->tile;
        begin_frames(session, next, rows);
        run_phase(session);
        next += rows * frame_floats;
        count -= rows;
    }
}

mlm_status mlm_session_push(mlm_session *session, const void *frames, uint32_t count) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_status status = check_frames(session, frames, count);
    if (status == MLM_OK) push_checked(session, frames, count);
    return status;
}

mlm_status mlm_session_finish(mlm_session *session, float *logits) {
    if (!session || !logits) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->frames == 0) return MLM_ERR_FRAMES;
    begin_end(session);
    run_phase(session);
    const mlm_blob_header *header = mlm_header(&session->model);
    memcpy(logits, output_rows(session, header->op_count - 1).data, header->logits * sizeof(float));
    return MLM_OK;
}

mlm_status mlm_session_run(mlm_session *session, const void *frames, uint32_t count,
                           float *logits) {
    if (!session || !frames || !logits) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (count == 0 || (session->max_frames && count > session->max_frames)) return MLM_ERR_FRAMES;
    const uint32_t before = session->frames;
    session->frames = 0;
    const mlm_status status = check_frames(session, frames, count);
    session->frames = before;
    if (status != MLM_OK) return status;
    mlm_session_reset(session);
    push_checked(session, frames, count);
    return mlm_session_finish(session, logits);
}

/* ---- one operator at a time --------------------------------------------------------------------- */

mlm_status mlm_session_feed(mlm_session *session, const void *frames, uint32_t count) {
    if (!session || count == 0 || count > session->tile) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_status status = check_frames(session, frames, count);
    if (status == MLM_OK) begin_frames(session, frames, count);
    return status;
}

mlm_status mlm_session_feed_end(mlm_session *session) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->frames == 0) return MLM_ERR_FRAMES;
    begin_end(session);
    return MLM_OK;
}

mlm_status mlm_session_step(mlm_session *session, mlm_step *step) {
    mlm_step done;
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase == PHASE_IDLE) return MLM_DONE;
    step_once(session, step ? step : &done);
    return MLM_OK;
}

/* ---- saved state --------------------------------------------------------------------------------- */

/* "MLS" and 0x1A. */
#define STATE_MAGIC 0x1A534C4Du

typedef struct state_header {
    uint32_t magic;
    uint32_t model_crc; /* the blob's */
    uint32_t frames;
    uint32_t crc; /* of the fields above and of the states behind this header */
} state_header;

static uint32_t state_crc(const state_header *header, const void *states, uint32_t bytes) {
    const uint32_t crc = mlm_crc32(0, (const unsigned char *)header, offsetof(state_header, crc));
    return mlm_crc32(crc, states, bytes);
}

static const unsigned char *states_of(const mlm_session *session) {
    return (const unsigned char *)session + session->states_at;
}

uint32_t mlm_session_state_bytes(const mlm_session *session) {
    return (uint32_t)sizeof(state_header) + session->states_bytes;
}

mlm_status mlm_session_save_state(const mlm_session *session, void *state, size_t bytes) {
    if (!session || !state || bytes != mlm_session_state_bytes(session)) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    state_header header = {STATE_MAGIC, mlm_header(&session->model)->crc32, session->frames, 0};
    header.crc = state_crc(&header, states_of(session), session->states_bytes);
    memcpy(state, &header, sizeof header);
    memcpy((unsigned char *)state + sizeof header, states_of(session), session->states_bytes);
    return MLM_OK;
}

mlm_status mlm_session_load_state(mlm_session *session, const void *state, size_t bytes) {
    state_header header;
    if (!session || !state) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (bytes != mlm_session_state_bytes(session)) return MLM_ERR_STATE;
    const unsigned char *states = (const unsigned char *)state + sizeof header;
    memcpy(&header, state, sizeof header);
    if (header.magic != STATE_MAGIC || header.model_crc != mlm_header(&session->model)->crc32 ||
        header.crc != state_crc(&header, states, session->states_bytes))
        return MLM_ERR_STATE;
    if (session->max_frames && header.frames > session->max_frames) return MLM_ERR_FRAMES;
    memcpy(at(session, session->states_at), states, session->states_bytes);
    session->frames = header.frames;
    return MLM_OK;
}

/* ---- self-test ------------------------------------------------------------------------------------ */

/* Runs the head and compares without a buffer of the caller's: the logits stay in the arena. */
static int logits_equal(mlm_session *session, const float *expected) {
    const uint32_t logits = mlm_header(&session->model)->logits;
    begin_end(session);
    run_phase(session);
    const mlm_rows made = output_rows(session, mlm_header(&session->model)->op_count - 1);
    for (uint32_t i = 0; i < logits; i++)
        if (f32_bits(made.data[i]) != f32_bits(expected[i])) return 0;
    return 1;
}

mlm_status mlm_session_self_test(mlm_session *session) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_blob_header *header = mlm_header(&session->model);
    const unsigned char *blob = session->model.blob;
    const uint32_t frames = header->self_test_frames;
    if (frames == 0 || (session->max_frames && frames > session->max_frames)) return MLM_ERR_FRAMES;
    mlm_session_reset(session);
    mlm_status status = mlm_session_push(session, blob + header->self_test_input, frames);
    if (status == MLM_OK &&
        !logits_equal(session, (const float *)(const void *)(blob + header->self_test_logits)))
        status = MLM_ERR_SELF_TEST;
    mlm_session_reset(session);
    return status;
}
