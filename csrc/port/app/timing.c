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
#include "report.h"
#include "sensor_format.h"
#include "timed.h"
#include "timing_facts.h"

#if PORT_EMULATED
#include "emulator.h"
#endif

enum {
    TILE = MODEL_TILE > 0 ? MODEL_TILE : MODEL_MAX_FRAMES, /* whole sequences are fed at once */
    INPUTS = TILE * MODEL_INPUTS_PER_FRAME
};

static mlm_arena_block arena[MLM_ARENA_BLOCKS(MODEL_ARENA_BYTES)] PORT_ARENA;
static uint64_t operator_counts[MODEL_OPERATORS];
/* What an application has its inputs in; of a model behind another one's front end they stay 0. */
static _Alignas(4) unsigned char inputs[INPUTS * MODEL_INPUT_BYTES];

static const void *take_inputs(uint32_t first) {
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
    return inputs;
}

#if PORT_EMULATED
uint32_t timed_counter(void) { return port_ticks(); }
uint64_t timed_as_reported(uint64_t counts) { return emulator_instructions(counts); }
static uint32_t counter_hz(void) { return 0; }
#else
uint32_t timed_counter(void) { return port_cycles(); }
uint64_t timed_as_reported(uint64_t counts) { return counts; }
static uint32_t counter_hz(void) { return port_cycles_per_second(); }
#endif

/* Inputs of the example that make whole tiles, for a hundred frames at most. */
static uint32_t timed_inputs(void) {
    const uint32_t there = TIMING_HAS_INPUTS ? EXAMPLE_LENGTH : TIMED_MOST_FRAMES * INPUTS;
    const uint32_t most = TIMED_MOST_FRAMES * MODEL_INPUTS_PER_FRAME;
    const uint32_t wanted = there < most ? there : most;
    return wanted < INPUTS ? INPUTS : wanted - wanted % INPUTS;
}

static void print_report(const timed_run *run) {
    const timed_conditions conditions = {
        .board = TIMING_BOARD,
        .model = TIMING_MODEL,
        .weights = TIMING_WEIGHTS,
        .arena = TIMING_ARENA,
        .tile = MODEL_TILE,
        .clock_hz = counter_hz(),
        .wrong = port_misconfigured(),
    };
    timed_print(&conditions, run);
}

int port_main(void) {
    mlm_model model;
    timed_run run = {.count = timed_inputs(),
                     .at_once = INPUTS,
                     .take = take_inputs,
                     .operators = operator_counts,
                     .operator_count = MODEL_OPERATORS};
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    mlm_status status = mlm_model_open(&model, model_blob, MODEL_BLOB_BYTES, 0);
    if (status == MLM_OK)
        status = mlm_session_init(&run.session, &model, &options, arena, sizeof arena);
    if (status == MLM_OK && MODEL_RUNS_SELF_TEST) status = mlm_session_self_test(run.session);
    report_line("self-test", mlm_status_string(status));
    if (status != MLM_OK) return (int)status;

    status = timed_measure(&run);
    report_line("timed", mlm_status_string(status));
    if (status != MLM_OK) return (int)status;
    print_report(&run);
    return 0;
}
