/*
 * ticks.c - how time passes for a session: the clocks, tick by tick, stage by stage. Knows the ops only by
 * their classes; running them is execute.c's, what is pushed and when session.c's.
 *
 * A tick lets frames pass. While they come in, stage 0 takes a tick for each tile of them; behind the end it
 * takes as many further ones as the ops that look ahead are behind. Every later stage starts at frame 0
 * again and reads what it needs of earlier ones from whole sequences.
 */
#include "session.h"

/* ---- clocks ------------------------------------------------------------------------------------- */

/* How clock `clock` is made, and of which one. */
static uint32_t change_of(const mlm_session *session, uint32_t clock, mlm_clock *change) {
    mlm_op_view view;
    mlm_view_of(&view, &session->model, mlm_time_of(session, clock)->op);
    mlm_class_of(view.op)->clock(&view, change);
    return mlm_value_clock(&session->model, view.op->inputs[0]);
}

/* Not worth a copy in the walk: most models have clock 0 only. */
static void move_clocks(mlm_session *session) {
    for (uint32_t c = 1; c <= session->clocks; c++) {
        mlm_clock change;
        mlm_time *time = mlm_time_of(session, c);
        const uint32_t made_of = change_of(session, c, &change);
        time->from = time->to;
        time->to = mlm_clock_rows(&change, mlm_time_of(session, made_of)->to, session->to);
    }
}

static void tick_to(mlm_session *session, uint32_t frames) {
    session->from = session->to;
    session->to = frames;
    if (session->clocks) move_clocks(session);
}

static void rewind_clocks(mlm_session *session) {
    for (uint32_t c = 0; c <= session->clocks; c++)
        mlm_time_of(session, c)->from = mlm_time_of(session, c)->to = 0;
}

void mlm_set_clocks(mlm_session *session, uint32_t frames) {
    session->to = frames;
    for (uint32_t c = 0; c <= session->clocks; c++) mlm_time_of(session, c)->total = MLM_UNKNOWN;
    tick_to(session, frames);
    tick_to(session, frames); /* behind a tick: from is to */
}

static void set_totals(mlm_session *session, uint32_t frames) {
    session->total = frames;
    for (uint32_t c = 1; c <= session->clocks; c++) {
        mlm_clock change;
        const uint32_t made_of = change_of(session, c, &change);
        mlm_time_of(session, c)->total = mlm_clock_total(&change, mlm_total_of(session, made_of));
    }
}

/* Whether no op of the stage makes or reads a row in the tick in hand; with `ever`, in any later one. */
static MLM_COLD int is_idle(const mlm_session *session, int ever) {
    uint32_t op = mlm_stage_begin(&session->model, session->stage);
    for (; mlm_is_in_stage(session, op, session->stage); op++) {
        const uint16_t *inputs = mlm_op_at(&session->model, op)->inputs;
        uint32_t value = op + 1;
        for (uint32_t i = 0; value != MLM_NO_VALUE; i++) {
            const uint32_t clock = mlm_value_clock(&session->model, value);
            if (clock != MLM_NO_CLOCK) {
                const mlm_time *time = mlm_time_of(session, clock);
                const uint32_t end = ever || time->to > time->total ? time->total : time->to;
                if ((ever ? time->to : time->from) < end) return 0;
            }
            value = i < MLM_MAX_INPUTS ? inputs[i] : MLM_NO_VALUE;
        }
    }
    return 1;
}

/* ---- where the walk is ---------------------------------------------------------------------------- */

/* Index in the offsets of an op's other buffers. */
static uint32_t slot_of(const mlm_session *session, uint32_t op) {
    uint32_t slot = mlm_header(&session->model)->op_count;
    for (uint32_t i = 0; i < op; i++) slot += mlm_class_of(mlm_op_at(&session->model, i))->roles;
    return slot;
}

static void start_at(mlm_session *session, uint32_t op) {
    session->op = (uint16_t)op;
    session->slot = (uint16_t)slot_of(session, op);
    session->part = 0;
    session->channel = 0;
}

static void pass(mlm_session *session, uint32_t frames) {
    const uint64_t to = (uint64_t)session->to + frames;
    tick_to(session, to < MLM_UNKNOWN ? (uint32_t)to : MLM_UNKNOWN - 1);
}

/* On to the next tick in which the stage has something to do. Behind an op that looks far ahead, and where
 * another stage's clock is the longest, there may be millions without: passes over twice as many each time,
 * and where that was too far, goes back and begins with one again. */
static MLM_COLD void pass_a_tick(mlm_session *session) {
    uint32_t frames = session->tile;
    for (;;) {
        const uint32_t before = session->to;
        pass(session, frames);
        if (is_idle(session, 0)) {
            if (is_idle(session, 1)) return;
            if (frames <= MLM_UNKNOWN / 2) frames *= 2;
        } else if (frames == session->tile) {
            return;
        } else {
            tick_to(session, before);
            frames = session->tile;
        }
    }
}

/* A further tick of a stage, whose vectors have been made in the first one; returns whether there is one. */
static int next_tick(mlm_session *session) {
    uint32_t op = mlm_stage_begin(&session->model, session->stage);
    while (mlm_is_in_stage(session, op, session->stage) &&
           mlm_op_at(&session->model, op)->clock == MLM_NO_CLOCK &&
           !mlm_is_pool(mlm_op_at(&session->model, op)))
        op++;
    if (is_idle(session, 1)) return 0;
    pass_a_tick(session);
    start_at(session, op);
    return 1;
}

static void give(mlm_session *session) {
    session->stage++;
    session->phase = PHASE_GIVE;
    start_at(session, mlm_stage_begin(&session->model, session->stage - 1u));
}

static void begin_stage(mlm_session *session) {
    mlm_clear_states(session, session->stage);
    session->phase = PHASE_LATER;
    rewind_clocks(session);
    pass_a_tick(session);
    start_at(session, mlm_stage_begin(&session->model, session->stage));
}

static void end_sequence(mlm_session *session) {
    if (session->flags & FLAG_LOOKS_AHEAD)
        session->flags |= FLAG_ENDED;
    else
        mlm_set_clocks(session, session->total);
    session->phase = PHASE_IDLE;
}

/* Behind the last op of a tick, or of those that give. */
void mlm_end_of_tick(mlm_session *session) {
    if (session->receivers && session->phase != PHASE_GIVE) mlm_hand_out(session);
    if (session->phase == PHASE_PUSH) {
        session->phase = PHASE_IDLE;
    } else if (session->phase == PHASE_GIVE) {
        if (mlm_is_in_stage(session, mlm_stage_begin(&session->model, session->stage),
                            session->stage))
            begin_stage(session);
        else
            end_sequence(session);
    } else if (!next_tick(session)) {
        give(session);
    }
}

/* ---- beginnings ----------------------------------------------------------------------------------- */

void mlm_begin_inputs(mlm_session *session, const void *inputs, uint32_t count) {
    session->phase = PHASE_PUSH;
    session->stage = 0;
    session->input = inputs;
    session->inputs += count;
    session->in_hand = count;
    tick_to(session, mlm_frames_of(&session->model, session->inputs));
    start_at(session, 0);
}

void mlm_begin_end(mlm_session *session) {
    session->stage = 0;
    session->in_hand = 0;
    session->from = session->to;
    set_totals(session, session->to);
    if (is_idle(session, 1)) {
        give(session);
    } else {
        session->phase = PHASE_FLUSH;
        pass_a_tick(session);
        start_at(session, 0);
    }
}
