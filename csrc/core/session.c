/*
 * session.c - the public functions of a session: what is pushed, checked, received, saved and read.
 * Running ops is execute.c's.
 */
#include "session.h"

#include <string.h>

/* ---- a session in its arena ----------------------------------------------------------------------- */

typedef struct offset_writer {
    mlm_session *session;
    uint32_t op, slot; /* slot: of the other buffers of op `op` */
} offset_writer;

static void keep_offset(void *context, uint32_t role, const mlm_buffer *buffer) {
    offset_writer *writer = context;
    const mlm_model *model = &writer->session->model;
    if (role == MLM_ROLE_SESSION) return;
    uint32_t *offsets = mlm_offsets_of(writer->session);
    if (role == MLM_ROLE_OUTPUT) {
        offsets[buffer->op] = buffer->offset + (buffer->whole ? MLM_WHOLE_BIT : 0);
        return;
    }
    if (buffer->op < writer->op) *writer = (offset_writer){writer->session, 0, mlm_op_count(model)};
    for (; writer->op < buffer->op; writer->op++)
        writer->slot += mlm_class_of(mlm_op_at(model, writer->op))->roles;
    offsets[writer->slot + role] = buffer->offset;
}

/* max_frames of options and network, the first of which is the smaller one where there are both; 0: none. */
static uint32_t most_frames(const mlm_model *model, const mlm_frame_shape *shape) {
    const uint32_t network = mlm_header(model)->max_frames, countable = mlm_most_frames(model);
    const uint32_t most = shape->max_frames ? shape->max_frames : network;
    return most > 0 && most < countable ? most : countable;
}

static void begin_session(mlm_session *session, const mlm_model *model,
                          const mlm_frame_shape *shape) {
    const uint32_t clocks = mlm_clock_count(model);
    session->model = *model;
    session->schedule = shape->schedule & 15u;
    session->tile = shape->tile;
    session->most_frames = most_frames(model, shape);
    session->clocks = (uint8_t)clocks;
    session->receivers = (uint8_t)mlm_receiver_count(model);
    session->flags = mlm_looks_ahead(model) ? FLAG_LOOKS_AHEAD : 0;
    for (uint32_t c = 1; c <= clocks; c++) mlm_time_of(session, c)->op = mlm_clock_op(model, c);
}

mlm_status mlm_session_init(mlm_session **session, const mlm_model *model,
                            const mlm_options *options, void *arena, size_t arena_bytes) {
    mlm_frame_shape shape;
    mlm_plan plan;
    if (!session || !model || !options || !arena) return MLM_ERR_ARGUMENT;
    if (mlm_shape_of(&shape, model, options) != MLM_OK) return MLM_ERR_ARGUMENT;
    if ((uintptr_t)arena % MLM_ALIGNMENT != 0) return MLM_ERR_ALIGNMENT;
    const mlm_status status = mlm_plan_walk(&plan, model, &shape, 0, 0);
    if (status != MLM_OK) return status;
    if (arena_bytes < plan.arena_bytes) return MLM_ERR_ARENA_TOO_SMALL;

    mlm_session *made = arena;
    memset(made, 0, plan.session_bytes);
    begin_session(made, model, &shape);
    offset_writer writer = {made, 0, mlm_op_count(model)};
    mlm_plan_walk(&plan, model, &shape, keep_offset, &writer);
    for (uint32_t op = 0; op < mlm_op_count(model); op++)
        mlm_offsets_of(made)[op] = mlm_offsets_of(made)[mlm_overwritten_op(model, op)];
    made->states_bytes = plan.state_bytes - plan.session_bytes;
    mlm_session_reset(made);
    *session = made;
    return MLM_OK;
}

static unsigned char *states_of(const mlm_session *session) {
    return mlm_arena_of(session) + mlm_bookkeeping_bytes(&session->model);
}

static void reset_counts(mlm_session *session) {
    for (uint32_t i = 0; i < session->receivers; i++) mlm_receivers_of(session)[i].count = 0;
}

void mlm_session_reset(mlm_session *session) {
    memset(states_of(session), 0, session->states_bytes);
    session->inputs = 0;
    session->phase = PHASE_IDLE;
    session->flags &= FLAG_LOOKS_AHEAD;
    mlm_set_clocks(session, 0);
    reset_counts(session);
}

uint32_t mlm_session_frames(const mlm_session *session) {
    return mlm_frames_of(&session->model, session->inputs);
}

uint32_t mlm_session_inputs(const mlm_session *session) { return session->inputs; }

/* ---- outputs ---------------------------------------------------------------------------------------- */

/* The receiver of an output; null for a vector, and when there is no such output. */
static mlm_receiver *receiver_of(const mlm_session *session, uint32_t output) {
    const mlm_model *model = &session->model;
    mlm_receiver *receiver = mlm_receivers_of(session);
    if (output >= mlm_header(model)->output_count) return 0;
    for (uint32_t i = 0; i < output; i++)
        receiver += mlm_value_clock(model, mlm_outputs(model)[i].value) != MLM_NO_CLOCK;
    const uint32_t value = mlm_outputs(model)[output].value;
    return mlm_value_clock(model, value) == MLM_NO_CLOCK ? 0 : receiver;
}

mlm_status mlm_session_receive(mlm_session *session, uint32_t output, float *rows,
                               uint32_t capacity) {
    if (!session || (!rows && capacity > 0)) return MLM_ERR_ARGUMENT;
    mlm_receiver *receiver = receiver_of(session, output);
    if (!receiver) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    receiver->rows_bytes = 0;
    receiver->rows = rows;
    receiver->capacity = rows ? capacity : 0;
    receiver->count = 0;
    return MLM_OK;
}

uint32_t mlm_session_received(const mlm_session *session, uint32_t output) {
    const mlm_receiver *receiver = receiver_of(session, output);
    return receiver ? receiver->count : 0;
}

/* Whether the receivers have room for what is made from `before` to `frames` frames: by pushing, or at the
 * end, when later stages make all their rows. From frame 0 on they begin anew. */
static int has_room_for_rows(const mlm_session *session, uint32_t before, uint32_t frames,
                             int ended) {
    const mlm_model *model = &session->model;
    const mlm_receiver *receiver = mlm_receivers_of(session);
    for (uint32_t i = 0; session->receivers && i < mlm_header(model)->output_count; i++) {
        const mlm_blob_op *op = mlm_op_at(model, mlm_outputs(model)[i].value - 1);
        if (op->clock == MLM_NO_CLOCK) continue;
        const mlm_receiver *to = receiver++;
        if (!to->rows || (op->stage > 0 && !ended)) continue;
        const uint32_t then = op->stage > 0 ? 0 : mlm_rows_after(model, op->clock, before);
        const uint32_t now = ended ? mlm_total_rows(model, op->clock, frames)
                                   : mlm_rows_after(model, op->clock, frames);
        if (now > then && now - then > to->capacity - (before ? to->count : 0)) return 0;
    }
    return 1;
}

mlm_status mlm_session_vectors(const mlm_session *session, float *vectors) {
    if (!session || !vectors) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_model *model = &session->model;
    for (uint32_t i = 0; i < mlm_header(model)->output_count; i++) {
        const uint32_t op = mlm_outputs(model)[i].value - 1;
        if (mlm_op_at(model, op)->clock != MLM_NO_CLOCK) continue;
        const uint32_t width = mlm_op_at(model, op)->width;
        memcpy(vectors, mlm_output_of(session, op), width * sizeof(float));
        vectors += width;
    }
    return MLM_OK;
}

/* ---- pushing ------------------------------------------------------------------------------------------ */

/* Whether a sequence may have `inputs` inputs. */
static int has_room(const mlm_session *session, uint32_t inputs) {
    return mlm_frames_of(&session->model, inputs) <= session->most_frames;
}

static mlm_status check_tokens(const mlm_session *session, const int32_t *tokens, uint32_t count) {
    if (mlm_header(&session->model)->input_kind != MLM_INPUT_TOKENS) return MLM_OK;
    const uint32_t vocabulary = mlm_vocabulary(&session->model);
    for (uint32_t i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= vocabulary) return MLM_ERR_TOKEN;
    return MLM_OK;
}

/* Whether `count` inputs may come behind `before`. */
static mlm_status check_inputs(const mlm_session *session, uint32_t before, const void *inputs,
                               uint32_t count) {
    const int halves = mlm_header(&session->model)->input_kind == MLM_INPUT_SAMPLES16;
    const uintptr_t alignment = halves ? sizeof(int16_t) : sizeof(float);
    if ((count > 0 && !inputs) || (uintptr_t)inputs % alignment != 0) return MLM_ERR_ARGUMENT;
    if (count > MLM_UNKNOWN - before || !has_room(session, before + count)) return MLM_ERR_FRAMES;
    return check_tokens(session, inputs, count);
}

static mlm_status check_push(const mlm_session *session, const void *inputs, uint32_t count) {
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->flags & FLAG_ENDED) return MLM_ERR_ENDED;
    const mlm_status status = check_inputs(session, session->inputs, inputs, count);
    if (status != MLM_OK) return status;
    const uint32_t now = mlm_session_frames(session);
    const uint32_t then = mlm_frames_of(&session->model, session->inputs + count);
    return has_room_for_rows(session, now, then, 0) ? MLM_OK : MLM_ERR_OUTPUT;
}

static void push_checked(mlm_session *session, const void *inputs, uint32_t count) {
    const size_t bytes = mlm_input_bytes(&session->model);
    const unsigned char *next = inputs;
    while (count > 0) {
        const uint64_t frames = (uint64_t)session->to + session->tile;
        const uint64_t most = mlm_most_inputs(&session->model, frames) - session->inputs;
        const uint32_t now = count < most ? count : (uint32_t)most;
        mlm_begin_inputs(session, next, now);
        mlm_run_all(session);
        next += now * bytes;
        count -= now;
    }
}

mlm_status mlm_session_push(mlm_session *session, const void *inputs, uint32_t count) {
    if (!session) return MLM_ERR_ARGUMENT;
    const mlm_status status = check_push(session, inputs, count);
    if (status == MLM_OK) push_checked(session, inputs, count);
    return status;
}

/* Whether the sequence may end behind `frames` frames. */
static mlm_status check_length(const mlm_session *session, uint32_t frames) {
    if (frames < mlm_header(&session->model)->min_frames) return MLM_ERR_FRAMES;
    return session->clocks ? mlm_check_lengths(&session->model, frames) : MLM_OK;
}

static mlm_status check_end(const mlm_session *session) {
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->flags & FLAG_ENDED) return MLM_ERR_ENDED;
    const uint32_t frames = mlm_session_frames(session);
    const mlm_status status = check_length(session, frames);
    if (status != MLM_OK) return status;
    return has_room_for_rows(session, frames, frames, 1) ? MLM_OK : MLM_ERR_OUTPUT;
}

mlm_status mlm_session_finish(mlm_session *session, float *vectors) {
    if (!session) return MLM_ERR_ARGUMENT;
    const mlm_status status = check_end(session);
    if (status != MLM_OK) return status;
    mlm_begin_end(session);
    mlm_run_all(session);
    if (vectors) mlm_session_vectors(session, vectors);
    return MLM_OK;
}

mlm_status mlm_session_run(mlm_session *session, const void *inputs, uint32_t count,
                           float *vectors) {
    if (!session || !inputs) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const uint32_t frames = mlm_frames_of(&session->model, count);
    mlm_status status = check_inputs(session, 0, inputs, count);
    if (status == MLM_OK) status = check_length(session, frames);
    if (status != MLM_OK) return status;
    if (!has_room_for_rows(session, 0, frames, 1)) return MLM_ERR_OUTPUT;
    mlm_session_reset(session);
    push_checked(session, inputs, count);
    return mlm_session_finish(session, vectors);
}

/* ---- one operator at a time ------------------------------------------------------------------------- */

mlm_status mlm_session_feed(mlm_session *session, const void *inputs, uint32_t count) {
    if (!session || count == 0) return MLM_ERR_ARGUMENT;
    /* Never more than a tile of frames. */
    if (count > (uint64_t)session->tile * mlm_inputs_per_frame(&session->model))
        return MLM_ERR_ARGUMENT;
    const mlm_status status = check_push(session, inputs, count);
    if (status == MLM_OK) mlm_begin_inputs(session, inputs, count);
    return status;
}

mlm_status mlm_session_feed_end(mlm_session *session) {
    if (!session) return MLM_ERR_ARGUMENT;
    const mlm_status status = check_end(session);
    if (status == MLM_OK) mlm_begin_end(session);
    return status;
}

mlm_status mlm_session_step(mlm_session *session, mlm_step *step) {
    mlm_step done;
    if (!session) return MLM_ERR_ARGUMENT;
    return mlm_step_once(session, step ? step : &done) ? MLM_OK : MLM_DONE;
}

mlm_status mlm_session_repeat(mlm_session *session, uint32_t times) {
    if (!session) return MLM_ERR_ARGUMENT;
    return mlm_repeat_next(session, times) ? MLM_OK : MLM_DONE;
}

/* ---- saved state --------------------------------------------------------------------------------------- */

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

uint32_t mlm_session_state_bytes(const mlm_session *session) {
    return (uint32_t)sizeof(state_header) + session->states_bytes;
}

mlm_status mlm_session_save_state(const mlm_session *session, void *state, size_t bytes) {
    if (!session || !state || bytes != mlm_session_state_bytes(session)) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    if (session->flags & FLAG_ENDED) return MLM_ERR_ENDED;
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
    mlm_session_reset(session);
    memcpy(states_of(session), states, session->states_bytes);
    session->inputs = header.inputs;
    mlm_set_clocks(session, mlm_frames_of(&session->model, header.inputs));
    return MLM_OK;
}

/* ---- self-test ------------------------------------------------------------------------------------------ */

int mlm_equal_bits(const float *x, const float *y, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!f32_agree(f32_bits(x[i]), f32_bits(y[i]))) return 0;
    return 1;
}

const float *mlm_expected_output(const mlm_model *model, uint32_t output) {
    const mlm_blob_header *header = mlm_header(model);
    const float *rows = (const float *)(const void *)(model->blob + header->self_test_outputs);
    for (uint32_t i = 0; i < output; i++)
        rows += (size_t)mlm_output_rows(model, i, header->self_test_inputs) *
                mlm_value_width(model, mlm_outputs(model)[i].value);
    return rows;
}

static int vectors_are_equal(const mlm_session *session) {
    const mlm_model *model = &session->model;
    for (uint32_t i = 0; i < mlm_header(model)->output_count; i++) {
        const uint32_t op = mlm_outputs(model)[i].value - 1;
        if (mlm_op_at(model, op)->clock == MLM_NO_CLOCK &&
            !mlm_equal_bits(mlm_output_of(session, op), mlm_expected_output(model, i),
                            mlm_op_at(model, op)->width))
            return 0;
    }
    return 1;
}

/* Without a buffer of the caller's: outputs are compared where they are made. */
mlm_status mlm_session_self_test(mlm_session *session) {
    if (!session) return MLM_ERR_ARGUMENT;
    if (session->phase != PHASE_IDLE) return MLM_ERR_BUSY;
    const mlm_blob_header *header = mlm_header(&session->model);
    const uint32_t inputs = header->self_test_inputs;
    if (inputs == 0 || !has_room(session, inputs)) return MLM_ERR_FRAMES;
    const void *input = session->model.blob + header->self_test_input;
    mlm_session_reset(session);
    session->flags |= FLAG_TESTING;
    push_checked(session, input, inputs);
    mlm_begin_end(session);
    mlm_run_all(session);
    const int equal = !(session->flags & FLAG_DIFFERENT) && vectors_are_equal(session);
    mlm_session_reset(session);
    return equal ? MLM_OK : MLM_ERR_SELF_TEST;
}

/* ---- states of later stages ----------------------------------------------------------------------------- */

void mlm_clear_states(mlm_session *session, uint32_t stage) {
    const mlm_model *model = &session->model;
    uint32_t slot = mlm_op_count(model);
    for (uint32_t op = 0; op < mlm_op_count(model); op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const uint32_t roles = mlm_class_of(record)->roles;
        mlm_need needs[MLM_MAX_ROLES];
        if (record->stage == stage && roles > 0) {
            mlm_op_needs(model, op, session->schedule, session->tile, needs);
            for (uint32_t role = 0; role < roles; role++)
                if (needs[role].is_state && needs[role].floats > 0)
                    memset(mlm_arena_of(session) + mlm_offsets_of(session)[slot + role], 0,
                           mlm_need_bytes(needs + role));
        }
        slot += roles;
    }
}
