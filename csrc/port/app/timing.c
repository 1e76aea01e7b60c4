/*
 * timing.c - instead of app.c, where the build is told so (MAMBALITE_TIMING): what each operator takes on this
 * board, and the conditions, in lines that `mambalite timing add` reads. docs/timing-report.md has their format.
 */
#include <string.h>

#include "example.h"
#include "mlm_inspect.h"
#include "model_blob.h"
#include "model_plan.h"
#include "port.h"
#include "print.h"
#include "report.h"
#include "sensor_format.h"
#include "timing_facts.h"

#if PORT_EMULATED
#include "emulator.h"
#define COUNTER port_ticks
#else
#define COUNTER port_cycles
#endif

enum {
    FORMAT = 1,
    MOST_FRAMES = 100,
    TILE = MODEL_TILE > 0 ? MODEL_TILE : MODEL_MAX_FRAMES, /* whole sequences are fed at once */
    INPUTS = TILE * MODEL_INPUTS_PER_FRAME
};

static mlm_arena_block arena[MLM_ARENA_BLOCKS(MODEL_ARENA_BYTES)] PORT_ARENA;
static uint64_t operator_counts[MODEL_OPERATORS];
/* What an application has its inputs in; of a model behind another one's front end they stay 0. */
static _Alignas(4) unsigned char inputs[INPUTS * MODEL_INPUT_BYTES];

static void take_inputs(uint32_t first) {
#if TIMING_HAS_INPUTS
    const sensor_value *const from =
        (const sensor_value *)(const void *)example_input + (size_t)first * SENSOR_WIDTH;
#if SENSOR_MAKES_FLOATS
    float *const to = (float *)(void *)inputs;
    for (uint32_t i = 0; i < INPUTS; i++) to[i] = (float)from[i] / 32768.0f;
#else
    memcpy(inputs, from, sizeof inputs);
#endif
#else
    (void)first;
#endif
}

/* The counter is one of 32 bits: nothing that is timed at once may take longer than its turn. */
static uint64_t counted(uint32_t start) { return (uint32_t)(COUNTER() - start); }

static void step_until_done(mlm_session *session) {
    mlm_step step;
    for (;;) {
        const uint32_t start = COUNTER();
        if (mlm_session_step(session, &step) != MLM_OK) return;
        operator_counts[step.operator_index] += counted(start);
    }
}

/* Inputs of the example that make whole tiles, for a hundred frames at most. */
static uint32_t timed_inputs(void) {
    const uint32_t there = TIMING_HAS_INPUTS ? EXAMPLE_LENGTH : MOST_FRAMES * INPUTS;
    const uint32_t most = MOST_FRAMES * MODEL_INPUTS_PER_FRAME;
    const uint32_t wanted = there < most ? there : most;
    return wanted < INPUTS ? INPUTS : wanted - wanted % INPUTS;
}

static mlm_status step_through(mlm_session *session, uint32_t count) {
    mlm_session_reset(session);
    for (uint32_t at = 0; at < count; at += INPUTS) {
        take_inputs(at);
        const mlm_status status = mlm_session_feed(session, inputs, INPUTS);
        if (status != MLM_OK) return status;
        step_until_done(session);
    }
    const mlm_status status = mlm_session_feed_end(session);
    if (status == MLM_OK) step_until_done(session);
    return status;
}

static mlm_status run_whole(mlm_session *session, uint32_t count, uint64_t *total) {
    *total = 0;
    mlm_session_reset(session);
    for (uint32_t at = 0; at < count; at += INPUTS) {
        take_inputs(at);
        const uint32_t start = COUNTER();
        const mlm_status status = mlm_session_push(session, inputs, INPUTS);
        if (status != MLM_OK) return status;
        *total += counted(start);
    }
    const uint32_t start = COUNTER();
    const mlm_status status = mlm_session_finish(session, 0);
    *total += counted(start);
    return status;
}

static uint64_t as_counted(uint64_t counts) {
#if PORT_EMULATED
    return emulator_instructions(counts);
#else
    return counts;
#endif
}

static void print_pair(const char *name, uint64_t number) {
    port_write(name);
    print_number(number);
    port_write("\n");
}

static void print_conditions(void) {
    const char *const machine = port_misconfigured();
    print_pair("mambalite-timing", FORMAT);
    report_line("core", MLM_VERSION_STRING);
    report_line("board", TIMING_BOARD);
    report_line("model", TIMING_MODEL);
    print_pair("tile", MODEL_TILE);
#if PORT_EMULATED
    report_line("counter", "instructions");
#else
    report_line("counter", "cycles");
    print_pair("clock", port_cycles_per_second());
#endif
    report_line("state", machine ? machine : "as planned");
    report_line("weights", TIMING_WEIGHTS);
    report_line("arena", TIMING_ARENA);
}

static void print_operators(uint32_t frames, uint64_t total) {
    print_pair("frames", frames);
    for (uint32_t i = 0; i < MODEL_OPERATORS; i++) {
        port_write("operator");
        print_number(i);
        print_number(as_counted(operator_counts[i]));
        port_write("\n");
    }
    print_pair("total", as_counted(total));
    port_write("end\n");
}

int port_main(void) {
    mlm_model model;
    mlm_session *session;
    uint64_t total = 0;
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    mlm_status status = mlm_model_open(&model, model_blob, MODEL_BLOB_BYTES, 0);
    if (status == MLM_OK)
        status = mlm_session_init(&session, &model, &options, arena, sizeof arena);
    if (status == MLM_OK && MODEL_RUNS_SELF_TEST) status = mlm_session_self_test(session);
    report_line("self-test", mlm_status_string(status));
    if (status != MLM_OK) return (int)status;

    const uint32_t count = timed_inputs();
    status = run_whole(session, count, &total);
    const uint32_t frames = mlm_session_frames(session);
    if (status == MLM_OK) status = step_through(session, count);
    report_line("timed", mlm_status_string(status));
    if (status != MLM_OK) return (int)status;
    print_conditions();
    print_operators(frames, total);
    return 0;
}
