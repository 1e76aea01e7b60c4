/*
 * steps.c - a session seen from outside: one operator at a time, the rows that it hands out, and how often its
 * state was cut off. What is run and when is execute.c's and ticks.c's.
 */
#include "session.h"

#include <string.h>

/* ---- one operator at a time ------------------------------------------------------------------------ */

/* Leaves the op in hand, which is done, for the next one. */
static void leave_op(mlm_session *session) {
    session->slot =
        (uint16_t)(session->slot + mlm_class_of(mlm_op_at(&session->model, session->op))->roles);
    session->op++;
    session->part = 0;
    session->channel = 0;
    session->flags &= (uint8_t)~FLAG_STEPPED;
}

/* Goes on to the next op that has something to do; returns whether there is one. */
static int find_turn(mlm_session *session, mlm_run *run) {
    while (session->phase != PHASE_IDLE)
        if (mlm_run_ops(session, run, 1)) return 1;
    return 0;
}

/* Moves on from what the step before did only now, as that may clear or reuse what it has shown. */
int mlm_step_once(mlm_session *session, mlm_step *step) {
    mlm_run run;
    if (session->flags & FLAG_STEPPED) leave_op(session);
    if (!find_turn(session, &run)) return 0;
    const mlm_blob_op *op = run.op;
    const uint32_t first = mlm_first_operator(&session->model, session->schedule, session->op);
    const uint32_t part = mlm_op_operator_index(op, session->schedule, run.part);
    run.stepping = 1;
    run.made = mlm_source_of(run.output);
    run.made_width = op->width;
    run.made_channel = 0;
    run.made_type = op->type;
    run.made_exponent = op->exponent;
    if (mlm_is_pool(op) && run.phase == MLM_TAKE) run.made.data = 0;
    const int more = mlm_class_of(op)->run(&run);
    *step = (mlm_step){
        first + part,     run.rows,          op->clock == MLM_NO_CLOCK ? 0 : run.first,
        run.made_channel, run.made_width,    run.made.stride << (run.made_type == MLM_DTYPE_I16),
        run.made_type,    run.made_exponent, run.made.data};
    if (more) {
        session->part = run.part;
        session->channel = run.channel;
    } else {
        session->flags |= FLAG_STEPPED;
    }
    return 1;
}

int mlm_repeat_next(mlm_session *session, uint32_t times) {
    mlm_run run;
    if (session->flags & FLAG_STEPPED) leave_op(session);
    if (!find_turn(session, &run)) return 0;
    const uint32_t channel = run.channel;
    const uint8_t part = run.part;
    run.stepping = 1;
    for (; times > 0; times--) {
        run.part = part;
        run.channel = channel;
        mlm_class_of(run.op)->run(&run);
    }
    return 1;
}

/* ---- rows that are outputs ------------------------------------------------------------------------- */

static void compare_rows(mlm_session *session, const float *rows, uint32_t stride, uint32_t width,
                         uint32_t count, const float *expected) {
    for (uint32_t t = 0; t < count; t++, rows += stride, expected += width)
        if (!mlm_equal_bits(rows, expected, width)) session->flags |= FLAG_DIFFERENT;
}

static void receive_rows(mlm_receiver *receiver, const float *rows, uint32_t stride, uint32_t width,
                         uint32_t count) {
    if (receiver->capacity > 0) {
        float *to = receiver->rows + (size_t)receiver->count * width;
        for (uint32_t t = 0; t < count; t++, rows += stride, to += width)
            memcpy(to, rows, width * sizeof(float));
    }
    receiver->count += count;
}

void mlm_hand_out(mlm_session *session) {
    const mlm_model *model = &session->model;
    mlm_receiver *receiver = mlm_receivers_of(session);
    for (uint32_t i = 0; i < mlm_header(model)->output_count; i++) {
        const uint32_t op = mlm_outputs(model)[i].value - 1;
        const mlm_blob_op *maker = mlm_op_at(model, op);
        if (maker->clock == MLM_NO_CLOCK) continue;
        const mlm_span made = mlm_rows_of(session, maker->clock);
        const uint32_t stride = mlm_row_words(maker);
        const float *rows = mlm_output_of(session, op);
        if (mlm_offsets_of(session)[op] & MLM_WHOLE_BIT) rows += (size_t)made.first * stride;
        if (maker->stage == session->stage && made.rows > 0) {
            if (session->flags & FLAG_TESTING)
                compare_rows(session, rows, stride, maker->width, made.rows,
                             mlm_expected_output(model, i) + (size_t)made.first * maker->width);
            else
                receive_rows(receiver, rows, stride, maker->width, made.rows);
        }
        receiver++;
    }
}

/* ---- state that was cut off ------------------------------------------------------------------------ */

uint32_t mlm_session_saturations(const mlm_session *session) {
    const mlm_model *model = &session->model;
    uint32_t slot = mlm_op_count(model), sum = 0;
    for (uint32_t op = 0; op < mlm_op_count(model); op++) {
        const mlm_op_class *class = mlm_class_of(mlm_op_at(model, op));
        if (class->flags & MLM_OP_SATURATES) {
            const uint32_t *count =
                (const void *)(mlm_arena_of(session) + mlm_offsets_of(session)[slot]);
            sum = sum + *count >= sum ? sum + *count : 0xFFFFFFFFu;
        }
        slot += class->roles;
    }
    return sum;
}
