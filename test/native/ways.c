/*
 * ways.c - see ways.h.
 */
#include "ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PORTION = 9 };

static const char *problem(const rig *r, const char *what) {
    free(r->room);
    return what;
}

#define EXPECT(condition) \
    if (!(condition)) return problem(&r, #condition)

static const void *input_at(const world *w, sequence x, uint32_t input) {
    return (const unsigned char *)x.data + (size_t)input * w->net->input_width * sizeof(float);
}

/* A portion of the inputs that are left: few frames, sometimes none. */
static uint32_t portion_of(world *w, uint32_t least, uint32_t left) {
    const uint32_t each = net_inputs_per_frame(w->net);
    const uint32_t most = rng_once_in(&w->random, 3) ? 1 : MOST_PORTION * each;
    return rng_between(&w->random, least, most < left ? most : left);
}

/* Whether as many rows have been received as inputs make, before the end. */
static int has_received(const rig *r, uint32_t inputs) {
    const network *net = r->w->net;
    const uint32_t frames = net_frames_of(net, inputs);
    for (uint32_t i = 0; i < net->output_count; i++) {
        const net_op *op = &net->ops[net->outputs[i] - 1];
        if (op->clock == MLM_NO_CLOCK || op->stage > 0) continue;
        if (mlm_session_received(r->session, i) != net_rows_after(net, op->clock, frames)) return 0;
        if (mlm_output_rows_pushed(&r->w->model, i, inputs) !=
            net_rows_after(net, op->clock, frames))
            return 0;
    }
    return 1;
}

static int has_received_all(const rig *r, uint32_t inputs) {
    const network *net = r->w->net;
    for (uint32_t i = 0; i < net->output_count; i++) {
        const uint32_t clock = net_clock_of(net, net->outputs[i]);
        const uint32_t frames = net_frames_of(net, inputs);
        const uint32_t rows = clock == MLM_NO_CLOCK ? 1 : net_total_rows(net, clock, frames);
        if (mlm_output_rows(&r->w->model, i, inputs) != rows) return 0;
        if (mlm_session_received(r->session, i) != (clock == MLM_NO_CLOCK ? 0 : rows)) return 0;
    }
    return 1;
}

/* The end of every way: finish, and the vectors to their places. */
static const char *end(rig r, sequence x, float *result) {
    float *vectors = vectors_new(r.w);
    const mlm_status status = mlm_session_finish(r.session, vectors);
    result_put_vectors(r.w, result, x.frames, vectors);
    free(vectors);
    EXPECT(status == MLM_OK);
    EXPECT(has_received_all(&r, x.inputs));
    EXPECT(mlm_session_frames(r.session) == x.frames);
    rig_close(&r);
    return NULL;
}

const char *way_run(world *w, mlm_options options, sequence x, float *result) {
    rig r = rig_open(w, options, 0xFF);
    float *vectors = vectors_new(w);
    result_receive(&r, result, x.frames, 0);
    const mlm_status status = mlm_session_run(r.session, x.data, x.inputs, vectors);
    result_put_vectors(w, result, x.frames, vectors);
    free(vectors);
    EXPECT(status == MLM_OK);
    EXPECT(mlm_session_frames(r.session) == x.frames);
    EXPECT(mlm_session_inputs(r.session) == x.inputs);
    EXPECT(has_received_all(&r, x.inputs));
    rig_close(&r);
    return NULL;
}

const char *way_portions(world *w, mlm_options options, sequence x, float *result) {
    rig r = rig_open(w, options, 0x7F);
    result_receive(&r, result, x.frames, 0);
    for (uint32_t done = 0; done < x.inputs;) {
        const uint32_t portion = portion_of(w, 0, x.inputs - done);
        EXPECT(mlm_session_push(r.session, input_at(w, x, done), portion) == MLM_OK);
        done += portion;
        EXPECT(mlm_session_inputs(r.session) == done);
        EXPECT(mlm_session_frames(r.session) == net_frames_of(w->net, done));
        EXPECT(has_received(&r, done));
    }
    return end(r, x, result);
}

const char *way_interim(world *w, mlm_options options, sequence x, float *result) {
    rig r = rig_open(w, options, 0x00);
    result_receive(&r, result, x.frames, 0);
    for (uint32_t done = 0; done < x.inputs; done++) {
        EXPECT(mlm_session_push(r.session, input_at(w, x, done), 1) == MLM_OK);
        const uint32_t frames = net_frames_of(w->net, done + 1);
        const mlm_status wanted = frames >= w->net->min_frames ? MLM_OK : MLM_ERR_FRAMES;
        for (uint32_t times = rng_below(&w->random, 3); times > 0; times--) {
            result_receive(&r, result, x.frames, 1);
            EXPECT(mlm_session_finish(r.session, NULL) == wanted);
            EXPECT(has_received(&r, done + 1));
        }
    }
    result_receive(&r, result, x.frames, 1);
    return end(r, x, result);
}

/* ---- operator by operator ------------------------------------------------------------------------- */

/* The first element that differs, for the message. */
static void name_difference(const float *got, const float *wanted, uint32_t count, char *text,
                            size_t size) {
    uint32_t i = 0;
    while (same_bits(got + i, wanted + i, 1) && i + 1 < count) i++;
    snprintf(text, size, "channel %u is %.9g, not %.9g", i, (double)got[i], (double)wanted[i]);
}

/* Whether rows that an op has made are those of the reference. */
static int is_as_wanted(const world *w, const mlm_step *step, uint32_t op, const reference *wanted,
                        char *text, size_t size) {
    const uint32_t width = w->net->ops[op].width;
    snprintf(text, size, "no such rows");
    if (step->first_row + step->rows > wanted->rows[op + 1] ||
        step->first_channel + step->width > width)
        return 0;
    for (uint32_t t = 0; t < step->rows; t++) {
        const float *got = (const float *)step->output + (size_t)t * step->stride;
        const float *row = wanted->values[op + 1] + (size_t)(step->first_row + t) * width;
        if (same_bits(got, row + step->first_channel, step->width)) continue;
        name_difference(got, row + step->first_channel, step->width, text, size);
        return 0;
    }
    return 1;
}

/* Whether it is the last operator of its op, which makes the op's output. */
static int makes_output(const world *w, uint32_t schedule, const mlm_operator_info *info,
                        uint32_t index) {
    mlm_operator_info next;
    return mlm_operator_get_info(&w->model, schedule, index + 1, &next) != MLM_OK ||
           next.op != info->op;
}

static const char *step_through(const rig *r, const reference *wanted) {
    static char text[300];
    char difference[100];
    const uint32_t schedule = r->options.schedule;
    mlm_status status;
    mlm_step step;
    while ((status = mlm_session_step(r->session, &step)) == MLM_OK) {
        mlm_operator_info info;
        if (mlm_operator_get_info(&r->w->model, schedule, step.operator_index, &info) != MLM_OK)
            return "a step of no operator";
        if (!wanted || !step.output || !makes_output(r->w, schedule, &info, step.operator_index))
            continue;
        if (is_as_wanted(r->w, &step, info.op, wanted, difference, sizeof difference)) continue;
        snprintf(text, sizeof text, "value %u differs, %u rows from row %u, channels %u + %u: %s",
                 info.op + 1, step.rows, step.first_row, step.first_channel, step.width,
                 difference);
        return text;
    }
    return status == MLM_DONE ? NULL : "step's status";
}

const char *way_steps(world *w, mlm_options options, sequence x, float *result,
                      const reference *wanted) {
    rig r = rig_open(w, options, 0x3C);
    const uint64_t tile = (uint64_t)r.plan.tile * net_inputs_per_frame(w->net);
    float *vectors = vectors_new(w);
    const char *wrong = NULL;
    result_receive(&r, result, x.frames, 0);
    for (uint32_t done = 0; done < x.inputs && !wrong;) {
        const uint32_t left = x.inputs - done, most = tile < left ? (uint32_t)tile : left;
        const uint32_t portion = rng_between(&w->random, 1, most);
        if (mlm_session_feed(r.session, input_at(w, x, done), portion) != MLM_OK) wrong = "feed";
        if (!wrong) wrong = step_through(&r, wanted);
        done += portion;
        if (!wrong && !has_received(&r, done)) wrong = "rows received by steps";
    }
    if (!wrong && mlm_session_feed_end(r.session) != MLM_OK) wrong = "feed_end";
    if (!wrong) wrong = step_through(&r, wanted);
    if (!wrong && !has_received_all(&r, x.inputs)) wrong = "rows received behind the end";
    if (!wrong && mlm_session_vectors(r.session, vectors) != MLM_OK) wrong = "vectors";
    result_put_vectors(w, result, x.frames, vectors);
    free(vectors);
    if (wrong) return problem(&r, wrong);
    rig_close(&r);
    return NULL;
}

/* ---- moves ---------------------------------------------------------------------------------------- */

/* Rows of outputs that have been made before a move stay where they were received. */
static void receive_rest(const rig *r, sequence x, uint32_t done, float *result) {
    const network *net = r->w->net;
    const uint32_t frames = net_frames_of(net, done);
    for (uint32_t i = 0; i < net->output_count; i++) {
        const net_op *op = &net->ops[net->outputs[i] - 1];
        const int is_vector = op->clock == MLM_NO_CLOCK;
        const uint32_t rows = is_vector ? 1 : net_total_rows(net, op->clock, x.frames);
        if (!is_vector) {
            const uint32_t before = op->stage > 0 ? 0 : net_rows_after(net, op->clock, frames);
            must(mlm_session_receive(r->session, i, result + (size_t)before * op->width,
                                     rows - before),
                 "receive the rest");
        }
        result += (size_t)rows * op->width;
    }
}

const char *way_moves(world *w, sequence x, float *result) {
    unsigned char *state = NULL;
    float *vectors = vectors_new(w);
    const char *wrong = NULL;
    uint32_t bytes = 0;
    for (uint32_t done = 0; done < x.inputs && !wrong;) {
        const mlm_options all[] = {stream_of(w, 1, x.frames), stream_of(w, 5, x.frames),
                                   layer_of(x.frames), unfused_of(x.frames)};
        rig r = rig_open(w, all[rng_below(&w->random, 4)], 0xA5);
        const uint32_t portion = portion_of(w, 1, x.inputs - done);
        if (!state) {
            bytes = mlm_session_state_bytes(r.session);
            state = aligned_block(bytes);
        } else if (mlm_session_state_bytes(r.session) != bytes) {
            wrong = "bytes of a state";
        } else if (mlm_session_load_state(r.session, state, bytes) != MLM_OK) {
            wrong = "load_state";
        }
        receive_rest(&r, x, done, result);
        if (!wrong && mlm_session_push(r.session, input_at(w, x, done), portion) != MLM_OK)
            wrong = "push behind a move";
        done += portion;
        if (!wrong && mlm_session_save_state(r.session, state, bytes) != MLM_OK)
            wrong = "save_state";
        if (!wrong && mlm_session_inputs(r.session) != done) wrong = "inputs behind a move";
        if (!wrong && done == x.inputs && mlm_session_finish(r.session, vectors) != MLM_OK)
            wrong = "finish behind moves";
        rig_close(&r);
    }
    result_put_vectors(w, result, x.frames, vectors);
    free(vectors);
    free(state);
    return wrong;
}
