/*
 * endless.c - lets a session forget inputs, so that its counts never end. What an op knows of time is the number
 * of its rows modulo the hop of its clock and the length of its history: a multiple of all of these can go.
 */
#include "../core/session.h"
#include "mlm_detector.h"

/* Forgetting begins here, and leaves at least half. */
#define MANY_INPUTS (1u << 31)
#define KEPT_INPUTS (MANY_INPUTS / 2)

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The least common multiple; 0 where it is more than what may be forgotten at once, or one of them is 0. */
static uint32_t common_multiple(uint32_t a, uint32_t b) {
    if (a == 0 || b == 0) return 0;
    const uint64_t multiple = (uint64_t)(a / common_divisor(a, b)) * b;
    return multiple <= KEPT_INPUTS ? (uint32_t)multiple : 0;
}

/* In frames, what is forgotten must be a multiple of this for an op whose input makes a row every `hop` frames. */
static uint32_t period_of(const mlm_clock *change, uint32_t hop) {
    const uint32_t ring = change->window > 2 ? change->window - 1 : 1;
    const uint64_t period = (uint64_t)hop * common_multiple(change->hop, ring);
    return period <= KEPT_INPUTS ? (uint32_t)period : 0;
}

/* Whether after KEPT_INPUTS every window is full that sees rows of this clock. */
static int is_full(const mlm_model *model, const mlm_clock *change, uint32_t clock) {
    const uint32_t frames = mlm_frames_of(model, KEPT_INPUTS);
    return mlm_rows_after(model, clock, frames) >= change->window;
}

/* Inputs of which a multiple can be forgotten; 0: none. */
static uint32_t period_in_inputs(const mlm_model *model) {
    uint32_t hops[MLM_MAX_CLOCKS + 1] = {1}, period = 1;
    if (mlm_header(model)->max_frames > 0 || mlm_looks_ahead(model)) return 0;
    if (mlm_most_inputs(model, mlm_most_frames(model)) <= MANY_INPUTS) return 0;
    for (uint32_t op = 0; op < mlm_header(model)->op_count; op++) {
        const mlm_blob_op *record = mlm_op_at(model, op);
        const mlm_op_class *class = mlm_class_of(record);
        mlm_op_view view;
        mlm_clock change;
        if (class->flags & (MLM_OP_POOL | MLM_OP_WHOLE) || record->stage > 0) return 0;
        if (!class->clock) continue;
        mlm_view_of(&view, model, op);
        class->clock(&view, &change);
        const uint32_t from = mlm_value_clock(model, record->inputs[0]);
        if (change.fixed || change.repeat != 1 || !is_full(model, &change, from)) return 0;
        period = common_multiple(period, period_of(&change, hops[from]));
        if (period == 0) return 0;
        hops[record->clock] = hops[from] * (record->clock == from ? 1 : change.hop);
    }
    const uint64_t inputs = (uint64_t)period * mlm_inputs_per_frame(model);
    return inputs <= KEPT_INPUTS ? (uint32_t)inputs : 0;
}

int mlm_model_is_endless(const mlm_model *model) { return period_in_inputs(model) > 0; }

uint32_t mlm_session_forget(mlm_session *session) {
    if (session->phase != PHASE_IDLE || session->inputs < MANY_INPUTS) return 0;
    const uint32_t period = period_in_inputs(&session->model);
    if (period == 0) return 0;
    const uint32_t forgotten = KEPT_INPUTS / period * period;
    session->inputs -= forgotten;
    mlm_set_clocks(session, mlm_frames_of(&session->model, session->inputs));
    return forgotten;
}
