/*
 * plan.c - gives every buffer its place in the arena:
 *
 *   session's own | states and whole sequences of stage 0 | vector outputs | region that the scratch
 *   buffers share by their lifetimes
 *
 * Scratch buffers are placed in the order in which their lives begin, each at the lowest offset that
 * nothing alive occupies. For the chains that networks are, this reaches the theoretical minimum;
 * where it does not, the plan says by how much. It needs no table, so a session can plan without any
 * memory but its stack. A later stage goes through time tick by tick, so its states and whole sequences
 * live as long as the stage. Knows sizes and lifetimes and nothing of maths.
 */
#include "plan.h"

#include <string.h>

#define LIMIT 0xFFFFFFFFu

/* Of buffers alive in the scratch region, in any order. */
typedef struct region {
    uint32_t offset[MLM_MAX_LIVE_BUFFERS], bytes[MLM_MAX_LIVE_BUFFERS];
    uint16_t last[MLM_MAX_LIVE_BUFFERS];
    uint32_t count;
    uint64_t start, end; /* offsets in the arena: of the region, of the highest byte used + 1 */
    uint64_t most_live;  /* largest sum of bytes alive so far */
} region;

/* A walk: what it goes over, where it is, and who is told. */
typedef struct walk {
    const mlm_model *model;
    const mlm_frame_shape *shape;
    mlm_buffer_visitor visit;
    void *context;
    uint64_t state, io; /* offset of the next state; of the next vector output */
    uint64_t io_live;   /* bytes of vector outputs made so far */
    uint64_t whole;     /* bytes of whole sequences */
    uint32_t buffers;
    region scratch;
} walk;

/* ---- the scratch region --------------------------------------------------------------------------- */

static void expire(region *scratch, uint32_t operator_index) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scratch->count; i++) {
        if (scratch->last[i] < operator_index) continue;
        scratch->offset[kept] = scratch->offset[i];
        scratch->bytes[kept] = scratch->bytes[i];
        scratch->last[kept++] = scratch->last[i];
    }
    scratch->count = kept;
}

static void note_live_sum(region *scratch, uint64_t others) {
    uint64_t sum = others;
    for (uint32_t i = 0; i < scratch->count; i++) sum += scratch->bytes[i];
    if (sum > scratch->most_live) scratch->most_live = sum;
}

/* The lowest offset at which `bytes` bytes overlap nothing alive: behind whatever is in the way, until nothing
 * is. */
static uint64_t lowest_fit(const region *scratch, uint64_t bytes) {
    uint64_t offset = scratch->start;
    uint32_t i = 0;
    while (i < scratch->count) {
        const uint64_t end = (uint64_t)scratch->offset[i] + scratch->bytes[i];
        if (offset < end && offset + bytes > scratch->offset[i]) {
            offset = end;
            i = 0;
        } else {
            i++;
        }
    }
    return offset;
}

static mlm_status place(walk *w, uint64_t bytes, uint32_t first, uint32_t last, uint32_t *placed) {
    region *scratch = &w->scratch;
    expire(scratch, first);
    const uint64_t offset = lowest_fit(scratch, bytes);
    if (offset + bytes > LIMIT) return MLM_ERR_TOO_LARGE;
    if (scratch->count == MLM_MAX_LIVE_BUFFERS) return MLM_ERR_CAPACITY;
    scratch->offset[scratch->count] = (uint32_t)offset;
    scratch->bytes[scratch->count] = (uint32_t)bytes;
    scratch->last[scratch->count++] = (uint16_t)last;
    if (offset + bytes > scratch->end) scratch->end = offset + bytes;
    note_live_sum(scratch, w->io_live);
    *placed = (uint32_t)offset;
    return MLM_OK;
}

/* ---- sizes ---------------------------------------------------------------------------------------- */

/* Sizes above this are all the same, too large for any arena; it keeps sums far from 2^64. */
#define HUGE_FLOATS ((uint64_t)1 << 40)

static uint64_t bytes_of(uint64_t floats) {
    const uint64_t alignment = MLM_ALIGNMENT;
    if (floats > HUGE_FLOATS) floats = HUGE_FLOATS;
    return (floats * sizeof(float) + alignment - 1) & ~(alignment - 1);
}

uint32_t mlm_need_bytes(const mlm_need *need) { return (uint32_t)bytes_of(need->floats); }

static uint32_t rows_a_tick(const mlm_model *model, uint32_t value, uint32_t tile) {
    const uint32_t clock = mlm_value_clock(model, value);
    return clock == MLM_NO_CLOCK ? 1 : mlm_rows_a_tick(model, clock, tile);
}

void mlm_op_needs(const mlm_model *model, uint32_t op, uint32_t schedule, uint32_t tile,
                  mlm_need needs[MLM_MAX_ROLES]) {
    const mlm_blob_op *record = mlm_op_at(model, op);
    const mlm_op_class *class = mlm_class_of(record);
    mlm_op_view view;
    mlm_shape shape = {schedule, rows_a_tick(model, record->inputs[0], tile),
                       rows_a_tick(model, op + 1, tile), 0};
    memset(needs, 0, MLM_MAX_ROLES * sizeof *needs);
    if (!class->needs) return;
    mlm_view_of(&view, model, op);
    if (class->flags & MLM_OP_PACED)
        shape.held = (uint32_t) class->most_ahead(model, mlm_value_clock(model, record->inputs[0]),
                                                  mlm_value_clock(model, record->inputs[1]));
    class->needs(&view, &shape, needs);
}

/* Of an op's own output, in words of 4 bytes. */
static uint64_t output_floats(const walk *w, uint32_t op) {
    const mlm_blob_op *record = mlm_op_at(w->model, op);
    uint64_t rows = rows_a_tick(w->model, op + 1, w->shape->tile);
    if (mlm_is_whole(w->model, op + 1))
        rows = mlm_total_rows(w->model, record->clock, w->shape->max_frames);
    return rows * mlm_row_words(record);
}

uint32_t mlm_receiver_count(const mlm_model *model) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < mlm_header(model)->output_count; i++)
        count += mlm_value_clock(model, mlm_outputs(model)[i].value) != MLM_NO_CLOCK;
    return count;
}

uint32_t mlm_bookkeeping_bytes(const mlm_model *model) {
    const uint32_t ops = mlm_header(model)->op_count;
    uint32_t slots = ops;
    for (uint32_t op = 0; op < ops; op++) slots += mlm_class_of(mlm_op_at(model, op))->roles;
    return mlm_round_up(MLM_SESSION_BYTES + MLM_CLOCK_BYTES * mlm_clock_count(model) +
                            MLM_RECEIVER_BYTES * mlm_receiver_count(model) +
                            slots * (uint32_t)sizeof(uint32_t),
                        MLM_ALIGNMENT);
}

/* ---- the walk ------------------------------------------------------------------------------------- */

typedef struct life {
    uint32_t first, last;
    uint8_t kind, whole;
} life;

static mlm_status visit_buffer(walk *w, uint32_t op, uint32_t role, uint64_t bytes, life alive) {
    uint32_t offset;
    if (bytes == 0) return MLM_OK;
    if (alive.kind == MLM_BUFFER_STATE) {
        offset = (uint32_t)w->state;
        w->state += bytes;
    } else if (alive.kind == MLM_BUFFER_IO) {
        offset = (uint32_t)w->io;
        w->io += bytes;
        w->io_live += bytes;
        expire(&w->scratch, alive.first);
        note_live_sum(&w->scratch, w->io_live);
    } else {
        const mlm_status status = place(w, bytes, alive.first, alive.last, &offset);
        if (status != MLM_OK) return status;
    }
    w->buffers++;
    if (alive.whole) w->whole += bytes;
    if (!w->visit) return MLM_OK;
    const mlm_op_class *class = mlm_class_of(mlm_op_at(w->model, op));
    const char *name = role == MLM_ROLE_OUTPUT ? "output" : class->role_names[role];
    const mlm_buffer buffer = {
        name,         offset,     (uint32_t)bytes, (uint16_t)alive.first, (uint16_t)alive.last,
        (uint16_t)op, alive.kind, alive.whole};
    w->visit(w->context, role, &buffer);
    return MLM_OK;
}

/* Which of an op's buffers are placed: those that live as long as its stage, or those that do not. */
enum { OF_THE_STAGE, OF_THE_OP };

static mlm_status visit_output(walk *w, uint32_t op, int which) {
    const mlm_model *model = w->model;
    const uint32_t schedule = w->shape->schedule;
    const mlm_blob_op *record = mlm_op_at(model, op);
    const int whole = mlm_is_whole(model, op + 1);
    if (mlm_overwritten_op(model, op) != op || which != (whole ? OF_THE_STAGE : OF_THE_OP))
        return MLM_OK;
    life alive = {mlm_output_first_operator(model, schedule, op),
                  mlm_output_last_operator(model, schedule, op), MLM_BUFFER_SCRATCH,
                  (uint8_t)whole};
    if (record->clock == MLM_NO_CLOCK && mlm_is_output(model, op + 1))
        alive.kind = MLM_BUFFER_IO;
    else if (whole && record->stage == 0)
        alive.kind = MLM_BUFFER_STATE;
    if (alive.kind == MLM_BUFFER_STATE) {
        alive.first = 0;
        alive.last = mlm_operator_count(model, schedule) - 1;
    }
    return visit_buffer(w, op, MLM_ROLE_OUTPUT, bytes_of(output_floats(w, op)), alive);
}

static mlm_status visit_needs(walk *w, uint32_t op, int which) {
    const mlm_model *model = w->model;
    const uint32_t schedule = w->shape->schedule;
    const mlm_blob_op *record = mlm_op_at(model, op);
    const uint32_t base = mlm_first_operator(model, schedule, op);
    mlm_need needs[MLM_MAX_ROLES];
    mlm_op_needs(model, op, schedule, w->shape->tile, needs);
    for (uint32_t role = 0; role < mlm_class_of(record)->roles; role++) {
        const mlm_need *need = needs + role;
        if (which != (need->is_state ? OF_THE_STAGE : OF_THE_OP)) continue;
        life alive = {base + mlm_op_operator_index(record, schedule, need->first),
                      base + mlm_op_operator_index(record, schedule, need->last),
                      MLM_BUFFER_SCRATCH, 0};
        if (need->is_state) {
            const uint32_t stage = record->stage;
            const uint32_t end =
                stage == 0 ? mlm_header(model)->op_count : mlm_stage_end(model, stage);
            alive.kind = stage == 0 || need->is_read ? MLM_BUFFER_STATE : MLM_BUFFER_SCRATCH;
            alive.first = mlm_first_operator(model, schedule, mlm_stage_begin(model, stage));
            alive.last = mlm_first_operator(model, schedule, end) - 1;
        }
        if (need->is_read) {
            alive.first = 0;
            alive.last = mlm_operator_count(model, schedule) - 1;
        }
        const mlm_status status = visit_buffer(w, op, role, bytes_of(need->floats), alive);
        if (status != MLM_OK) return status;
    }
    return MLM_OK;
}

static mlm_status visit_op(walk *w, uint32_t op, int which) {
    const mlm_status status = visit_output(w, op, which);
    return status == MLM_OK ? visit_needs(w, op, which) : status;
}

/* Everything in order: at the beginning of each stage what lives as long as it, then op by op. */
static mlm_status visit_all(walk *w) {
    const uint32_t ops = mlm_header(w->model)->op_count;
    uint32_t stage_end = 0;
    for (uint32_t op = 0; op < ops; op++) {
        mlm_status status = MLM_OK;
        if (op == stage_end) {
            stage_end = mlm_stage_end(w->model, mlm_op_at(w->model, op)->stage);
            for (uint32_t i = op; i < stage_end && status == MLM_OK; i++)
                status = visit_op(w, i, OF_THE_STAGE);
        }
        if (status == MLM_OK) status = visit_op(w, op, OF_THE_OP);
        if (status != MLM_OK) return status;
    }
    return MLM_OK;
}

static void begin(walk *w, uint64_t first_state, uint64_t states_end, uint64_t io_end) {
    w->state = first_state;
    w->io = states_end;
    w->io_live = w->whole = 0;
    w->buffers = 1; /* the session's own */
    memset(&w->scratch, 0, sizeof w->scratch);
    w->scratch.start = w->scratch.end = io_end;
}

mlm_status mlm_plan_walk(mlm_plan *plan, const mlm_model *model, const mlm_frame_shape *shape,
                         mlm_buffer_visitor visit, void *context) {
    const mlm_blob_header *header = mlm_header(model);
    const uint64_t own = mlm_bookkeeping_bytes(model);
    walk w = {.model = model, .shape = shape, .context = context};

    /* Once to find out how large states and vector outputs are, then with every place known. */
    begin(&w, own, 0, 0);
    mlm_status status = visit_all(&w);
    if (status != MLM_OK) return status;
    const uint64_t states = w.state, io = w.io;
    const uint64_t inputs = (uint64_t)shape->tile * mlm_inputs_per_frame(model);
    const uint64_t input_bytes = inputs * mlm_input_bytes(model);
    if (states + w.io + w.scratch.end > LIMIT || input_bytes > LIMIT) return MLM_ERR_TOO_LARGE;
    if (visit) {
        const mlm_buffer session = {"session",
                                    0,
                                    (uint32_t)own,
                                    0,
                                    (uint16_t)(mlm_operator_count(model, shape->schedule) - 1),
                                    0,
                                    MLM_BUFFER_STATE,
                                    0};
        visit(context, MLM_ROLE_SESSION, &session);
        begin(&w, own, states, states + io);
        w.visit = visit;
        visit_all(&w);
    }
    plan->scratch_bytes = (uint32_t)(w.scratch.end - w.scratch.start);
    plan->arena_bytes = (uint32_t)(states + io) + plan->scratch_bytes;
    plan->minimum_bytes = (uint32_t)(states + w.scratch.most_live);
    plan->state_bytes = (uint32_t)states;
    plan->session_bytes = (uint32_t)own;
    plan->io_bytes = (uint32_t)io;
    plan->whole_bytes = (uint32_t)w.whole;
    plan->input_bytes = (uint32_t)input_bytes;
    plan->output_bytes = 0;
    for (uint32_t i = 0; i < header->output_count; i++) {
        const uint32_t value = mlm_outputs(model)[i].value;
        if (mlm_value_clock(model, value) == MLM_NO_CLOCK)
            plan->output_bytes += mlm_value_width(model, value) * (uint32_t)sizeof(float);
    }
    plan->tile = shape->tile;
    plan->buffer_count = w.buffers;
    return MLM_OK;
}

/* ---- options, and the public functions ------------------------------------------------------------ */

mlm_status mlm_shape_of(mlm_frame_shape *shape, const mlm_model *model,
                        const mlm_options *options) {
    const int streaming = options->schedule == MLM_SCHEDULE_STREAM;
    const int bounded = !streaming || mlm_has_whole(model);
    const uint32_t most = mlm_header(model)->max_frames;
    if (options->schedule > MLM_SCHEDULE_UNFUSED || streaming != (options->tile > 0) ||
        bounded != (options->max_frames > 0) || (most > 0 && options->max_frames > most))
        return MLM_ERR_ARGUMENT;
    shape->schedule = options->schedule;
    shape->tile = streaming ? options->tile : options->max_frames;
    shape->max_frames = options->max_frames;
    return MLM_OK;
}

mlm_status mlm_arena_bytes(const mlm_model *model, const mlm_options *options, uint32_t *bytes) {
    mlm_frame_shape shape;
    mlm_plan plan;
    if (!model || !options || !bytes || mlm_shape_of(&shape, model, options) != MLM_OK)
        return MLM_ERR_ARGUMENT;
    const mlm_status status = mlm_plan_walk(&plan, model, &shape, 0, 0);
    if (status == MLM_OK) *bytes = plan.arena_bytes;
    return status;
}

uint32_t mlm_plan_buffer_count(const mlm_model *model, const mlm_options *options) {
    mlm_frame_shape shape;
    mlm_plan plan;
    if (!model || !options || mlm_shape_of(&shape, model, options) != MLM_OK) return 0;
    return mlm_plan_walk(&plan, model, &shape, 0, 0) == MLM_OK ? plan.buffer_count : 0;
}

typedef struct table_writer {
    mlm_buffer *next;
} table_writer;

static void write_to_table(void *context, uint32_t role, const mlm_buffer *buffer) {
    (void)role;
    *((table_writer *)context)->next++ = *buffer;
}

mlm_status mlm_plan_make(mlm_plan *plan, const mlm_model *model, const mlm_options *options,
                         mlm_buffer *table, uint32_t capacity) {
    mlm_frame_shape shape;
    mlm_plan found;
    if (!plan || !model || !options || !table || mlm_shape_of(&shape, model, options) != MLM_OK)
        return MLM_ERR_ARGUMENT;
    const mlm_status status = mlm_plan_walk(&found, model, &shape, 0, 0);
    if (status != MLM_OK) return status;
    if (capacity < found.buffer_count) return MLM_ERR_CAPACITY;
    table_writer writer = {table};
    return mlm_plan_walk(plan, model, &shape, write_to_table, &writer);
}
