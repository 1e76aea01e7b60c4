/*
 * harness.c - runs the linked model over the linked inputs in an emulator and prints what
 * `mambalite verify` compares: all outputs as bits, how far arena and stack were written, instructions
 * an operator. The exit status is that of the call that failed, or 0.
 *
 * Lines on the console:
 *   stack OPEN INIT SELF_TEST RUN      bytes, painted before each call
 *   arena HIGH_WATER GUARDS_INTACT     bytes written of two arenas of poison; 1 or 0
 *   outputs INDEX BITS ...             a line an input: vectors first, then the rows of sequences
 *   operator INDEX INSTRUCTIONS        a line an operator, of the first input stepped through
 *   total INSTRUCTIONS                 of one plain run of the first input
 *   status NAME                        last
 * and "stack overflow" or "fault" when that is what happened.
 */
#include <string.h>

#include "emulator.h"
#include "inputs.h"
#include "math/f32.h"
#include "mlm_inspect.h"
#include "model_blob.h"
#include "model_plan.h"
#include "port.h"
#include "print.h"
#include "receive.h"

enum { GUARD_WORDS = 16 };
#define GUARD 0x5AA55AA5u

/* Two fills, because a byte that is written may happen to equal one of them. */
enum { FIRST_POISON = 0xA5, SECOND_POISON = 0x5A };

static struct {
    uint32_t before[GUARD_WORDS];
    _Alignas(MLM_ALIGNMENT) unsigned char bytes[MODEL_ARENA_BYTES];
    uint32_t behind[GUARD_WORDS];
} arena PORT_ARENA;

EMULATOR_ONLY static uint64_t operator_ticks[MODEL_OPERATORS];
EMULATOR_ONLY static uint32_t run_ticks;
EMULATOR_ONLY static mlm_model model;
EMULATOR_ONLY static mlm_session *session;
EMULATOR_ONLY static const void *input;

static void print_status(mlm_status status) {
    port_write("status ");
    port_write(mlm_status_string(status));
    port_write("\n");
}

static void print_outputs(uint32_t index) {
    port_write("outputs");
    print_number(index);
    for (uint32_t i = 0; i < harness_output_floats; i++) print_bits(f32_bits(harness_outputs[i]));
    port_write("\n");
}

/* ---- what is measured ----------------------------------------------------------------------- */

static mlm_status call_open(void) {
    return mlm_model_open(&model, model_blob, MODEL_BLOB_BYTES, 0);
}

static mlm_status call_init(void) {
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    return mlm_session_init(&session, &model, &options, arena.bytes, sizeof arena.bytes);
}

/* Behind the vectors. */
static mlm_status receive_into(float *outputs) {
    if (MODEL_SEQUENCES == 0) return MLM_OK;
    return receive_all(session, &model, MODEL_OUTPUTS, harness_input_length,
                       outputs + MODEL_VECTOR_FLOATS);
}

static mlm_status call_self_test(void) { return mlm_session_self_test(session); }

static mlm_status call_run(void) {
    const uint32_t start = port_ticks();
    const mlm_status status =
        mlm_session_run(session, input, harness_input_length, harness_outputs);
    run_ticks = port_ticks() - start;
    return status;
}

/* Bytes of stack that a call takes. */
static __attribute__((noinline)) mlm_status on_painted_stack(mlm_status (*call)(void),
                                                             uint32_t *bytes) {
    const unsigned char *const top = stack_pointer();
    stack_paint();
    const mlm_status status = call();
    const unsigned char *const lowest = stack_lowest();
    if (lowest == stack_limit) port_write("stack overflow\n");
    *bytes = (uint32_t)(top - lowest);
    return status;
}

/* ---- arena ---------------------------------------------------------------------------------- */

static void poison_arena(unsigned char fill) {
    for (uint32_t i = 0; i < GUARD_WORDS; i++) arena.before[i] = arena.behind[i] = GUARD;
    memset(arena.bytes, fill, sizeof arena.bytes);
}

/* One past the last byte that is no longer poison. */
static uint32_t high_water(unsigned char fill) {
    uint32_t end = MODEL_ARENA_BYTES;
    while (end > 0 && arena.bytes[end - 1] == fill) end--;
    return end;
}

static int guards_intact(void) {
    for (uint32_t i = 0; i < GUARD_WORDS; i++)
        if (arena.before[i] != GUARD || arena.behind[i] != GUARD) return 0;
    return 1;
}

/* ---- one operator at a time ----------------------------------------------------------------- */

static void step_until_done(void) {
    mlm_step step;
    for (;;) {
        const uint32_t start = port_ticks();
        const mlm_status status = mlm_session_step(session, &step);
        const uint32_t end = port_ticks();
        if (status != MLM_OK) return;
        operator_ticks[step.operator_index] += end - start;
    }
}

static mlm_status step_through(const unsigned char *inputs, uint32_t count) {
    const uint32_t frames_a_tile = MODEL_TILE != 0 ? MODEL_TILE : MODEL_MAX_FRAMES;
    const uint32_t tile = frames_a_tile * MODEL_INPUTS_PER_FRAME;
    while (count > 0) {
        const uint32_t rows = count < tile ? count : tile;
        const mlm_status status = mlm_session_feed(session, inputs, rows);
        if (status != MLM_OK) return status;
        step_until_done();
        inputs += (size_t)rows * MODEL_INPUT_BYTES;
        count -= rows;
    }
    const mlm_status status = mlm_session_feed_end(session);
    if (status != MLM_OK) return status;
    step_until_done();
    return mlm_session_vectors(session, harness_stepped_outputs);
}

static int stepped_agree(void) {
    for (uint32_t i = 0; i < harness_output_floats; i++)
        if (!f32_agree(f32_bits(harness_outputs[i]), f32_bits(harness_stepped_outputs[i])))
            return 0;
    return 1;
}

/* The ticks of a run in 64 bits: the counter may have wrapped, and the stepped run, which takes a
 * little longer, tells how often. */
static uint64_t unwrapped(uint32_t ticks) {
    const uint64_t period = (uint64_t)1 << 32;
    uint64_t stepped = 0;
    for (uint32_t i = 0; i < MODEL_OPERATORS; i++) stepped += operator_ticks[i];
    if (stepped < ticks) return ticks;
    return ticks + (stepped - ticks + period / 2) / period * period;
}

static void print_instructions(uint32_t plain_run_ticks) {
    for (uint32_t i = 0; i < MODEL_OPERATORS; i++) {
        port_write("operator");
        print_number(i);
        print_number(emulator_instructions(operator_ticks[i]));
        port_write("\n");
    }
    port_write("total");
    print_number(emulator_instructions(unwrapped(plain_run_ticks)));
    port_write("\n");
}

/* ---- the measurements ----------------------------------------------------------------------- */

/* The first input in a poisoned arena, on a painted stack. */
static mlm_status measure_plain_run(void) {
    uint32_t open, init, self_test = 0, run;
    mlm_status status = on_painted_stack(call_open, &open);
    if (status != MLM_OK) return status;
    poison_arena(FIRST_POISON);
    status = on_painted_stack(call_init, &init);
    if (status == MLM_OK && MODEL_RUNS_SELF_TEST)
        status = on_painted_stack(call_self_test, &self_test);
    if (status == MLM_OK) status = receive_into(harness_outputs);
    if (status != MLM_OK) return status;
    input = harness_inputs;
    status = on_painted_stack(call_run, &run);
    if (status != MLM_OK) return status;
    port_write("stack");
    print_number(open);
    print_number(init);
    print_number(self_test);
    print_number(run);
    port_write("\n");
    print_outputs(0);
    return MLM_OK;
}

/* The first input once more, in other poison, one operator at a time. */
static mlm_status measure_stepped_run(void) {
    const uint32_t plain_end = high_water(FIRST_POISON), plain_run_ticks = run_ticks;
    const int plain_intact = guards_intact();
    poison_arena(SECOND_POISON);
    memset(operator_ticks, 0, sizeof operator_ticks);
    mlm_status status = call_init();
    if (status == MLM_OK) status = receive_into(harness_stepped_outputs);
    if (status == MLM_OK) status = step_through(harness_inputs, harness_input_length);
    if (status != MLM_OK) return status;
    const uint32_t stepped_end = high_water(SECOND_POISON);
    port_write("arena");
    print_number(plain_end > stepped_end ? plain_end : stepped_end);
    print_number((uint64_t)(plain_intact && guards_intact()));
    port_write("\n");
    print_instructions(plain_run_ticks);
    return stepped_agree() ? MLM_OK : MLM_ERR_SELF_TEST;
}

static mlm_status run_other_inputs(void) {
    const mlm_status received = receive_into(harness_outputs);
    if (received != MLM_OK) return received;
    for (uint32_t i = 1; i < harness_input_count; i++) {
        input = harness_inputs + (size_t)i * harness_input_length * MODEL_INPUT_BYTES;
        const mlm_status status = call_run();
        if (status != MLM_OK) return status;
        print_outputs(i);
    }
    return MLM_OK;
}

int port_main(void) {
    mlm_status status = measure_plain_run();
    if (status == MLM_OK) status = measure_stepped_run();
    if (status == MLM_OK) status = run_other_inputs();
    print_status(status);
    return (int)status;
}
