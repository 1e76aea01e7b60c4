/*
 * execute.c - runs the ops of a tick, one behind the other. Knows the ops only by their classes; which tick
 * comes when is ticks.c's. What is done once a tick, or for few of its ops, is cold: small, where the loop is fast.
 */
#include "session.h"

/* ---- one op --------------------------------------------------------------------------------------- */

/* The clock by which an op reads: of an input made in its own stage, where there is one, as the rows of
 * others are all there. */
static MLM_COLD uint32_t reading_clock(const mlm_model *model, const mlm_blob_op *op) {
    uint32_t clock = mlm_value_clock(model, op->inputs[0]);
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++) {
        const uint32_t value = op->inputs[i], found = mlm_value_clock(model, value);
        if (found == MLM_NO_CLOCK) continue;
        if (value == 0 || mlm_op_at(model, value - 1)->stage == op->stage) return found;
        if (clock == MLM_NO_CLOCK) clock = found;
    }
    return clock;
}

/* What is the same for all ops of a tick. */
static void begin_run(const mlm_session *session, mlm_run *run) {
    const mlm_model *model = &session->model;
    run->op = 0;
    run->blob = model->blob;
    run->tensors = mlm_tensors(model);
    run->arena = mlm_arena_of(session);
    run->schedule = session->schedule;
    run->phase = session->phase == PHASE_GIVE ? MLM_GIVE : MLM_TAKE;
    run->stepping = 0;
    run->part = session->part;
    run->channel = session->channel;
}

/* Rows in the arena from row `first` of a whole sequence on, or those of this tick. */
static inline float *rows_at(const mlm_run *run, uint32_t offset, uint32_t first, uint32_t stride) {
    float *rows = (float *)(void *)(run->arena + (offset & ~MLM_WHOLE_BIT));
    return offset & MLM_WHOLE_BIT ? rows + (size_t)first * stride : rows;
}

/* Input `i` of an op. */
static inline void set_input(const mlm_session *session, const uint32_t *offsets,
                             mlm_run *restrict run, uint32_t i, uint32_t value, uint32_t first) {
    if (value == 0) {
        run->widths[i] = mlm_header(&session->model)->input_width;
        run->inputs[i] = (mlm_source){session->input, run->widths[i]};
        return;
    }
    const mlm_blob_op *maker = mlm_op_at(&session->model, value - 1);
    const uint32_t stride = maker->clock == MLM_NO_CLOCK ? 0 : mlm_row_words(maker);
    run->widths[i] = maker->width;
    run->inputs[i] = (mlm_source){rows_at(run, offsets[value - 1], first, stride), stride};
}

/* Ops for which the rows that they read are not those that they make. */
#define TIME_FLAGS (MLM_OP_POOL | MLM_OP_PACED | MLM_OP_FRONT | MLM_OP_WHOLE)

static inline int has_own_time(const mlm_op_class *class) {
    return class->clock || class->flags & TIME_FLAGS;
}

/* The rows of this tick, for an op with this clock; `in_clock` is the one of what it reads. */
static MLM_COLD void set_rows(const mlm_session *session, mlm_run *restrict run, uint32_t in_clock,
                              uint32_t clock) {
    mlm_span in = {0, 1};
    if (in_clock != MLM_NO_CLOCK && session->phase != PHASE_GIVE)
        in = mlm_rows_of(session, in_clock);
    mlm_span rows = in;
    if (clock != in_clock && clock != MLM_NO_CLOCK) rows = mlm_rows_of(session, clock);
    run->rows = rows.rows;
    run->first = rows.first;
    run->in_rows = in.rows;
    run->in_first = in.first;
    run->in_total = in_clock == MLM_NO_CLOCK ? 1 : mlm_total_of(session, in_clock);
}

static MLM_COLD void set_own_time(const mlm_session *session, const mlm_op_class *class,
                                  const mlm_blob_op *op, mlm_run *run) {
    const mlm_model *model = &session->model;
    set_rows(session, run,
             class->flags & MLM_OP_PACED ? mlm_value_clock(model, op->inputs[0])
                                         : reading_clock(model, op),
             op->clock);
    if (!(class->flags & MLM_OP_FRONT)) return;
    run->in_rows = session->in_hand;
    run->in_first = session->inputs - session->in_hand;
}

/* All inputs, whose rows begin at `first`. */
static MLM_COLD void set_inputs(const mlm_session *session, const uint32_t *offsets,
                                const mlm_blob_op *op, mlm_run *run, uint32_t first) {
    for (uint32_t i = 0; i < MLM_MAX_INPUTS && op->inputs[i] != MLM_NO_VALUE; i++)
        set_input(session, offsets, run, i, op->inputs[i], first);
    run->input_width = run->widths[0];
}

/* Both first inputs of an op, as one word. */
static inline uint32_t first_inputs(const mlm_blob_op *op) {
    return op->inputs[0] | (uint32_t)op->inputs[1] << 16;
}

/* Whether an op reads nothing but what the op before it has just made, as most do: rows of the same clock. */
static inline int follows(const mlm_run *run, const mlm_blob_op *op, uint32_t index) {
    return first_inputs(op) == (index | (uint32_t)MLM_NO_VALUE << 16) && run->op == op - 1 &&
           run->op->clock == op->clock && op->clock != MLM_NO_CLOCK;
}

/* Inputs, output and other buffers of op `index`, whose rows are set; `offsets` are the session's. */
static inline void set_places(const mlm_session *session, const uint32_t *offsets,
                              const mlm_op_class *class, const mlm_blob_op *op, uint32_t index,
                              uint32_t slot, mlm_run *restrict run) {
    if (!has_own_time(class) && follows(run, op, index)) {
        run->inputs[0] = (mlm_source){run->output.data, run->output.stride};
        run->widths[0] = run->input_width = run->op->width;
    } else {
        set_inputs(session, offsets, op, run, class->flags & MLM_OP_WHOLE ? 0 : run->in_first);
    }
    run->op = op;
    run->buffers = offsets + slot;
    const uint32_t stride = mlm_row_words(op);
    run->output = (mlm_rows){rows_at(run, offsets[index], run->first, stride), stride};
}

/* ---- the ops of a tick ---------------------------------------------------------------------------- */

/* Most ops have the rows of the op before them. */
enum { NO_TIME = 0x10000 /* no op's clock */ };

int mlm_run_ops(mlm_session *session, mlm_run *restrict run, int stepping) {
    const uint32_t stage = mlm_stage_in_hand(session), *const offsets = mlm_offsets_of(session);
    /* Before a later stage only pools have something to do. */
    const uint32_t with_turn = session->phase == PHASE_GIVE ? MLM_OP_POOL : ~0u;
    const mlm_blob_op *const ops = mlm_ops(&session->model);
    const mlm_blob_op *const end = ops + mlm_header(&session->model)->op_count;
    const mlm_blob_op *op = ops + session->op;
    uint32_t index = session->op, slot = session->slot, time = NO_TIME;
    begin_run(session, run);
    for (; op != end && op->stage == stage; op++, index++) {
        const mlm_op_class *class = mlm_class_of(op);
        if (has_own_time(class)) {
            set_own_time(session, class, op, run);
            time = NO_TIME;
        } else if (op->clock != time) {
            set_rows(session, run, op->clock, op->clock);
            time = op->clock;
        }
        if ((with_turn == ~0u || class->flags & with_turn) && (run->rows > 0 || run->in_rows > 0)) {
            set_places(session, offsets, class, op, index, slot, run);
            if (stepping) break;
            class->run(run);
        }
        slot += class->roles;
    }
    session->op = (uint16_t)index;
    session->slot = (uint16_t)slot;
    if (op != end && op->stage == stage) return 1;
    mlm_end_of_tick(session);
    return 0;
}

MLM_COLD void mlm_run_all(mlm_session *session) {
    mlm_run run;
    while (session->phase != PHASE_IDLE) mlm_run_ops(session, &run, 0);
}
