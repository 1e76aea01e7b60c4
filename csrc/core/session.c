/*
 * session.c - the public functions of a session: what is pushed, checked, saved and read. Running ops
 * is execute.c's.
 */
#include "session.h"

#include <string.h>

#include "f32.h"

typedef struct offset_writer {
    mlm_session *session;
    uint32_t slot;
} offset_writer;

static void keep_offset(void *context, const mlm_buffer *buffer) {
    offset_writer *writer = context;
    uint32_t *offsets = mlm_offsets_of(writer->session);
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

/* Out of line: inside, it would deepen the stack of mlm_session_init, which is the deepest. */
static __attribute__((noinline)) float lowest_a_of(const mlm_model *model) {
    float lowest = 0.0f;
    for (uint32_t i = 0; i < mlm_header(model)->op_count; i++) {
        const mlm_blob_op *op = mlm_op_at(model, i);
        if (op->kind != MLM_OP_MAMBA) continue;
        const float *a = mlm_weights(model, op->tensors[MLM_T_A]);
        const uint32_t channels = mlm_round_up(op->dims[MLM_DIM_INNER], MLM_GROUP);
        const float *end = a + (size_t)channels * op->dims[MLM_DIM_STATE];
        for (; a != end; a++)
            if (*a < lowest) lowest = *a;
    }
    return lowest;
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
    made->lowest_a = lowest_a_of(model);
    made->states_at = plan.session_bytes;
    made->states_bytes = plan.state_bytes - plan.session_bytes;
    offset_writer writer = {made, ops};
    mlm_plan_walk(&plan, model, &shape, keep_offset, &writer);
    for (uint32_t op = 0; op < ops; op++)
        mlm_offsets_of(made)[op] = mlm_offsets_of(made)[mlm_output_owner(model, op)];
    mlm_session_reset(made);
    *session = made;
    return MLM_OK;
}

void mlm_session_reset(mlm_session *session) {
    memset(mlm_at(session, session->states_at), 0, session->states_bytes);
    session->frames = 0;
    session->inputs = 0;
    session->phase = PHASE_IDLE;
}

uint32_t mlm_session_frames(const mlm_session *session) { return session->frames; }

uint32_t mlm_session_inputs(const mlm_session *session) { return session->inputs; }

/* Whether `inputs` inputs in all are within max_frames. */
static int has_room(const mlm_session *session, uint32_t inputs) {
    return session->max_frames == 0 ||
           mlm_frames_of(&session->model, inputs) <= session->max_frames;
}

/* Whether `count` inputs may come behind `before`: within max_frames and what a counter can hold. */
static mlm_status check_frames(const mlm_session *session, uint32_t before, const void *frames,
                               uint32_t count) {
    if ((count > 0 && !frames) || (uintptr_t)frames % sizeof(float) != 0) return MLM_ERR_ARGUMENT;
    if (count > 0xFFFFFFFFu - before || !has_room(session, before + count)) return MLM_ERR_FRAMES;
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
        const uint64_t frames_then = (uint64_t)session->frames + session->tile;
        const uint64_t most = mlm_most_inputs(&session->model, frames_then) - session->inputs;
        const uint32_t rows = count < most ? count : (uint32_t)most;
        mlm_begin_inputs(session, next, rows);
        mlm_run_phase(session);
        next += rows * frame_floats;
        count -= rows;
    }
}

mlm_status mlm_session_push(mlm_session *session, const void *frames, uint32_t count) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_status status = check_frames(session, session->inputs, frames, count);
    if (status == MLM_OK) push_checked(session, frames, count);
    return status;
}

mlm_status mlm_session_finish(mlm_session *session, float *logits) {
    if (!session || !logits) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->frames == 0) return MLM_ERR_FRAMES;
    mlm_begin_end(session);
    mlm_run_phase(session);
    const mlm_blob_header *header = mlm_header(&session->model);
    memcpy(logits, mlm_output_rows(session, header->op_count - 1).data,
           header->logits * sizeof(float));
    return MLM_OK;
}

mlm_status mlm_session_run(mlm_session *session, const void *frames, uint32_t count,
                           float *logits) {
    if (!session || !frames || !logits) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (mlm_frames_of(&session->model, count) == 0) return MLM_ERR_FRAMES;
    const mlm_status status = check_frames(session, 0, frames, count);
    if (status != MLM_OK) return status;
    mlm_session_reset(session);
    push_checked(session, frames, count);
    return mlm_session_finish(session, logits);
}

/* ---- one operator at a time --------------------------------------------------------------------- */

/* Never make more than a tile of frames. */
static uint64_t inputs_per_tile(const mlm_session *session) {
    return (uint64_t)session->tile * mlm_inputs_per_frame(&session->model);
}

mlm_status mlm_session_feed(mlm_session *session, const void *frames, uint32_t count) {
    if (!session || count == 0 || count > inputs_per_tile(session)) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_status status = check_frames(session, session->inputs, frames, count);
    if (status == MLM_OK) mlm_begin_inputs(session, frames, count);
    return status;
}

mlm_status mlm_session_feed_end(mlm_session *session) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->frames == 0) return MLM_ERR_FRAMES;
    mlm_begin_end(session);
    return MLM_OK;
}

mlm_status mlm_session_step(mlm_session *session, mlm_step *step) {
    mlm_step done;
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase == PHASE_IDLE) return MLM_DONE;
    mlm_step_once(session, step ? step : &done);
    return MLM_OK;
}

/* ---- saved state --------------------------------------------------------------------------------- */

/* "MLS" and 0x1A. */
#define STATE_MAGIC 0x1A534C4Du

typedef struct state_header {
    uint32_t magic;
    uint32_t model_crc; /* the blob's */
    uint32_t inputs;
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
    state_header header = {STATE_MAGIC, mlm_header(&session->model)->crc32, session->inputs, 0};
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
    if (!has_room(session, header.inputs)) return MLM_ERR_FRAMES;
    memcpy(mlm_at(session, session->states_at), states, session->states_bytes);
    session->inputs = header.inputs;
    session->frames = mlm_frames_of(&session->model, header.inputs);
    return MLM_OK;
}

/* ---- self-test ------------------------------------------------------------------------------------ */

/* Runs the head and compares without a buffer of the caller's: the logits stay in the arena. */
static int logits_equal(mlm_session *session, const float *expected) {
    const uint32_t logits = mlm_header(&session->model)->logits;
    mlm_begin_end(session);
    mlm_run_phase(session);
    const mlm_rows made = mlm_output_rows(session, mlm_header(&session->model)->op_count - 1);
    for (uint32_t i = 0; i < logits; i++)
        if (!f32_agree(f32_bits(made.data[i]), f32_bits(expected[i]))) return 0;
    return 1;
}

mlm_status mlm_session_self_test(mlm_session *session) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_blob_header *header = mlm_header(&session->model);
    const unsigned char *blob = session->model.blob;
    const uint32_t frames = header->self_test_frames;
    if (frames == 0 || !has_room(session, frames)) return MLM_ERR_FRAMES;
    mlm_session_reset(session);
    mlm_status status = mlm_session_push(session, blob + header->self_test_input, frames);
    if (status == MLM_OK &&
        !logits_equal(session, (const float *)(const void *)(blob + header->self_test_logits)))
        status = MLM_ERR_SELF_TEST;
    mlm_session_reset(session);
    return status;
}
