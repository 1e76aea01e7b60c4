/*
 * app.c - the example that an exported project runs: the blob's own self-test first, then one input,
 * whose outputs are compared with the simulation's bit for bit. A place to start an application from.
 */
#include "example.h"
#include "math/f32.h"
#include "mlm.h"
#include "model_blob.h"
#include "model_plan.h"
#include "port.h"
#include "print.h"
#include "receive.h"

/* All the memory that the session needs, exactly. */
static mlm_arena_block arena[MLM_ARENA_BLOCKS(MODEL_ARENA_BYTES)] PORT_ARENA;
/* What a run gives: the outputs that are vectors, then the rows of those that are sequences. */
static float outputs[EXAMPLE_OUTPUT_FLOATS];

enum { BITS_DIFFER = 100 /* behind every mlm_status */, MOST_VALUES = 16 /* that are printed */ };

static void print_line(const char *name, const char *text) {
    port_write(name);
    port_write(" ");
    port_write(text);
    port_write("\n");
}

static void print_amount(const char *name, uint64_t amount, const char *unit) {
    port_write(name);
    print_number(amount);
    port_write(" ");
    port_write(unit);
    port_write("\n");
}

static uint32_t first_maximum(const float *values, uint32_t count) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

static void print_class(const mlm_model *model, const float *scores, uint32_t count) {
    const uint32_t best = first_maximum(scores, count);
    port_write("class");
    print_number(best);
    port_write(" ");
    print_escaped(mlm_label(model, best));
    port_write("\n");
}

static void print_values(const float *values, uint32_t count) {
    for (uint32_t i = 0; i < count && i < MOST_VALUES; i++) print_float(f32_bits(values[i]));
    port_write(count > MOST_VALUES ? " ...\n" : "\n");
}

/* A class where the output has labels, the values of another vector, how many rows a sequence has. */
static void print_outputs(const mlm_model *model) {
    const float *values = outputs;
    for (uint32_t i = 0; i < MODEL_OUTPUTS; i++) {
        mlm_output_info info;
        mlm_output_get_info(model, i, &info);
        if (i == 0 && MODEL_LABELS > 0) {
            print_class(model, values, MODEL_LABELS);
            values += MODEL_LABELS;
            continue;
        }
        port_write("output ");
        print_escaped(info.name);
        if (info.is_sequence) {
            print_number(mlm_output_rows(model, i, EXAMPLE_LENGTH));
            port_write(" rows of");
            print_number(info.width);
            port_write("\n");
        } else {
            print_values(values, info.width);
            values += info.width;
        }
    }
}

static int agrees_with_simulation(void) {
    for (uint32_t i = 0; i < EXAMPLE_OUTPUT_FLOATS; i++)
        if (!f32_agree(f32_bits(outputs[i]), example_outputs[i])) return 0;
    return 1;
}

static void print_latency(uint32_t ticks) {
    const uint64_t per_second = port_ticks_per_second();
    if (per_second == 0) {
        print_line("latency", "not known: an emulator has no clock");
        return;
    }
    print_amount("latency", ticks, "ticks of the clock");
    print_amount("clock", per_second, "Hz");
    print_amount("latency", ticks * (uint64_t)1000000 / per_second, "microseconds");
}

static void print_memory(void) {
    print_amount("arena", sizeof arena, "bytes");
    const uint32_t stack = port_stack_bytes();
    if (stack != 0) print_amount("stack", stack, "bytes at most so far");
}

static mlm_status prepare(mlm_model *model, mlm_session **session) {
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    mlm_status status = mlm_model_open(model, model_blob, MODEL_BLOB_BYTES, 0);
    print_line("open", mlm_status_string(status));
    if (status != MLM_OK) return status;
    status = mlm_session_init(session, model, &options, arena, sizeof arena);
    print_line("init", mlm_status_string(status));
    if (status != MLM_OK) return status;
    if (!MODEL_RUNS_SELF_TEST) {
        print_line("self-test", "none for this model and plan");
        return MLM_OK;
    }
    status = mlm_session_self_test(*session);
    print_line("self-test", mlm_status_string(status));
    return status;
}

int port_main(void) {
    mlm_model model;
    mlm_session *session;
    print_line("MambaLite-Micro", MLM_VERSION_STRING);
    mlm_status status = prepare(&model, &session);
    if (status != MLM_OK) return (int)status;

    if (MODEL_SEQUENCES > 0) {
        float *rows = outputs + MODEL_VECTOR_FLOATS;
        status = receive_all(session, &model, MODEL_OUTPUTS, EXAMPLE_LENGTH, rows);
        if (status != MLM_OK) return (int)status;
    }
    const uint32_t start = port_ticks();
    status = mlm_session_run(session, example_input, EXAMPLE_LENGTH, outputs);
    const uint32_t ticks = port_ticks() - start;
    print_line("run", mlm_status_string(status));
    if (status != MLM_OK) return (int)status;

    print_outputs(&model);
    print_latency(ticks);
    print_memory();
    const int equal = agrees_with_simulation();
    print_line("bits", equal ? "equal to the simulation's" : "differ from the simulation's");
    return equal ? 0 : BITS_DIFFER;
}
