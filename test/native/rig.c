/*
 * rig.c - see rig.h.
 */
#include "rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 256, GUARD_BYTE = 0xC3, MOST_TEXT = 16000 };

void must(mlm_status status, const char *what) {
    if (status == MLM_OK) return;
    printf("%s: %s\n", what, mlm_status_string(status));
    exit(2);
}

static void *allocate(size_t bytes) {
    void *memory = calloc(bytes + 1, 1);
    if (!memory) exit(2);
    return memory;
}

/* ---- worlds --------------------------------------------------------------------------------------- */

void world_explain(const world *w, const char *what, uint32_t frames) {
    static char text[MOST_TEXT];
    network_describe(w->net, text, sizeof text);
    printf("    %s, %u frames, %s\n", what, frames, text);
}

int world_open(world *w, network *net) {
    mlm_fault fault = {0, 0, 0};
    w->net = net;
    w->random.state = net->seed ^ 0xABCDEFu;
    w->b = blob_build(net);
    const mlm_status status = mlm_model_open(&w->model, w->b.bytes, w->b.size, &fault);
    if (status == MLM_OK) {
        mlm_model_get_info(&w->model, &w->info);
        return 1;
    }
    if (status == MLM_ERR_OP && (fault.have == ALIGN || fault.needed > 0)) {
        world_close(w);
        return 0;
    }
    printf("op %u, needed %u, have %u\n", fault.index, fault.needed, fault.have);
    world_explain(w, mlm_status_string(status), 0);
    exit(2);
}

int world_random(world *w, uint64_t seed, const net_limits *limits) {
    choices from = choices_of_seed(seed);
    network *net = network_random(&from, limits);
    const uint32_t self_test_inputs = net->self_test_inputs;
    net->self_test_inputs = 0;
    if (!world_open(w, net)) return 0;
    if (self_test_inputs == 0) return 1;
    blob_free(&w->b);
    net->self_test_inputs = self_test_inputs;
    return world_open(w, net);
}

void world_close(world *w) {
    blob_free(&w->b);
    network_free(w->net);
    w->net = NULL;
}

uint32_t world_frames(world *w) {
    const uint32_t least = w->net->min_frames;
    const uint32_t most = w->net->max_frames ? w->net->max_frames : least + 24;
    return rng_between(&w->random, least, most);
}

sequence sequence_of(world *w, uint32_t frames) {
    sequence x = {NULL, net_inputs_of(w->net, frames), frames};
    if (w->net->input_kind == MLM_INPUT_SAMPLES)
        x.inputs += rng_below(&w->random, net_inputs_per_frame(w->net));
    x.data = network_random_input(w->net, &w->random, x.inputs);
    return x;
}

/* ---- options -------------------------------------------------------------------------------------- */

mlm_options stream_of(const world *w, uint32_t tile, uint32_t frames) {
    return (mlm_options){MLM_SCHEDULE_STREAM, tile, w->info.needs_max_frames ? frames : 0};
}

mlm_options layer_of(uint32_t frames) { return (mlm_options){MLM_SCHEDULE_LAYER, 0, frames}; }

mlm_options unfused_of(uint32_t frames) { return (mlm_options){MLM_SCHEDULE_UNFUSED, 0, frames}; }

/* ---- rigs ----------------------------------------------------------------------------------------- */

rig rig_open(const world *w, mlm_options options, unsigned char poison) {
    rig r = {.w = w, .options = options};
    const uint32_t count = mlm_plan_buffer_count(&w->model, &options);
    mlm_buffer *table = allocate(count * sizeof *table);
    must(mlm_plan_make(&r.plan, &w->model, &options, table, count), "rig: plan");
    free(table);
    r.room = aligned_block(r.plan.arena_bytes + 2 * GUARD);
    r.arena = r.room + GUARD;
    memset(r.room, GUARD_BYTE, r.plan.arena_bytes + 2 * GUARD);
    memset(r.arena, poison, r.plan.arena_bytes);
    must(mlm_session_init(&r.session, &w->model, &options, r.arena, r.plan.arena_bytes), "rig");
    return r;
}

int rig_is_intact(const rig *r) {
    for (uint32_t i = 0; i < GUARD; i++)
        if (r->room[i] != GUARD_BYTE || r->arena[r->plan.arena_bytes + i] != GUARD_BYTE) return 0;
    return 1;
}

void rig_close(rig *r) {
    if (!rig_is_intact(r)) {
        world_explain(r->w, "written outside of the arena", r->options.max_frames);
        exit(2);
    }
    free(r->room);
}

/* ---- results -------------------------------------------------------------------------------------- */

static uint32_t rows_of(const world *w, uint32_t output, uint32_t frames) {
    const uint32_t clock = net_clock_of(w->net, w->net->outputs[output]);
    return clock == MLM_NO_CLOCK ? 1 : net_total_rows(w->net, clock, frames);
}

static uint32_t output_width(const world *w, uint32_t output) {
    return net_width(w->net, w->net->outputs[output]);
}

static int is_vector(const world *w, uint32_t output) {
    return net_clock_of(w->net, w->net->outputs[output]) == MLM_NO_CLOCK;
}

uint32_t result_floats(const world *w, uint32_t frames) {
    uint32_t floats = 0;
    for (uint32_t i = 0; i < w->net->output_count; i++)
        floats += rows_of(w, i, frames) * output_width(w, i);
    return floats;
}

/* Full of numbers that no network makes, so that rows which are not written show. */
float *result_new(const world *w, uint32_t frames) {
    const uint32_t floats = result_floats(w, frames);
    float *result = allocate(floats * sizeof *result);
    for (uint32_t i = 0; i < floats; i++) result[i] = -1.2345e30f;
    return result;
}

void result_receive(const rig *r, float *result, uint32_t frames, int only_at_the_end) {
    const world *w = r->w;
    for (uint32_t i = 0; i < w->net->output_count; i++) {
        const uint32_t rows = rows_of(w, i, frames);
        const net_op *op = &w->net->ops[w->net->outputs[i] - 1];
        if (!is_vector(w, i) && (op->stage > 0 || !only_at_the_end))
            must(mlm_session_receive(r->session, i, result, rows), "receive");
        result += (size_t)rows * output_width(w, i);
    }
}

void result_put_vectors(const world *w, float *result, uint32_t frames, const float *vectors) {
    for (uint32_t i = 0; i < w->net->output_count; i++) {
        const uint32_t width = output_width(w, i);
        if (is_vector(w, i)) {
            memcpy(result, vectors, width * sizeof *vectors);
            vectors += width;
        }
        result += (size_t)rows_of(w, i, frames) * width;
    }
}

float *vectors_new(const world *w) {
    uint32_t floats = 0;
    for (uint32_t i = 0; i < w->net->output_count; i++)
        if (is_vector(w, i)) floats += output_width(w, i);
    return allocate(floats * sizeof(float));
}

int same_bits(const float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (f32_bits(a[i]) != f32_bits(b[i]) && !(isnan(a[i]) && isnan(b[i]))) return 0;
    return 1;
}
