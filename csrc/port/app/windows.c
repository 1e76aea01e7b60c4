/*
 * app.c - the program of an exported project: the blob's own self-test first, then one window of the sensor's
 * inputs after the other, each from an empty state, as training saw sequences. The simulated sensor gives the
 * example once, whose outputs are compared with the simulation's bit for bit. A place to start an application from.
 */
#include "example.h"
#include "math/f32.h"
#include "mlm.h"
#include "model_blob.h"
#include "model_plan.h"
#include "port.h"
#include "print.h"
#include "receive.h"
#include "report.h"
#include "sensor.h"

/* All the memory that the session needs, exactly. */
static mlm_arena_block arena[MLM_ARENA_BLOCKS(MODEL_ARENA_BYTES)] PORT_ARENA;
/* What a window gives: the outputs that are vectors, then the rows of those that are sequences. */
static float outputs[EXAMPLE_OUTPUT_FLOATS];

enum { BITS_DIFFER = 100 /* behind every mlm_status */, MOST_VALUES = 16 /* that are printed */ };

static uint32_t first_maximum(const float *values, uint32_t count) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

static void print_values(const float *values, uint32_t count) {
    for (uint32_t i = 0; i < count && i < MOST_VALUES; i++) print_float(f32_bits(values[i]));
    port_write(count > MOST_VALUES ? " ...\n" : "\n");
}

/* Yours: what becomes of a window's outputs. Here a class where the output has labels, the values of another
 * vector, how many rows a sequence has. */
static void use_outputs(const mlm_model *model) {
    const float *values = outputs;
    for (uint32_t i = 0; i < MODEL_OUTPUTS; i++) {
        mlm_output_info info;
        mlm_output_get_info(model, i, &info);
        if (i == 0 && MODEL_LABELS > 0) {
            report_class("class", model, first_maximum(values, MODEL_LABELS));
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

static mlm_status prepare(mlm_model *model, mlm_session **session) {
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    mlm_status status = mlm_model_open(model, model_blob, MODEL_BLOB_BYTES, 0);
    report_line("open", mlm_status_string(status));
    if (status != MLM_OK) return status;
    status = mlm_session_init(session, model, &options, arena, sizeof arena);
    report_line("init", mlm_status_string(status));
    if (status != MLM_OK) return status;
    if (!MODEL_RUNS_SELF_TEST) {
        report_line("self-test", "none for this model and plan");
        return MLM_OK;
    }
    status = mlm_session_self_test(*session);
    report_line("self-test", mlm_status_string(status));
    return status;
}

/* One window, as its inputs come; `left` is what did not come because the sensor has ended. */
static mlm_status run_window(mlm_session *session, uint32_t *left, uint64_t *ticks) {
    static sensor_value inputs[SENSOR_PORTION * SENSOR_WIDTH];
    mlm_status status = MLM_OK;
    *ticks = 0;
    mlm_session_reset(session);
    for (*left = EXAMPLE_LENGTH; *left > 0 && status == MLM_OK;) {
        const uint32_t count = sensor_read(inputs, *left);
        if (count == 0) return MLM_OK;
        const uint32_t start = port_ticks();
        status = mlm_session_push(session, sensor_for_model(inputs, count), count);
        *left -= count;
        if (status == MLM_OK && *left == 0) status = mlm_session_finish(session, outputs);
        *ticks += port_ticks() - start;
    }
    return status;
}

/* Until the sensor ends, or something is wrong. */
static mlm_status window_by_window(mlm_session *session, const mlm_model *model) {
    for (;;) {
        uint32_t left;
        uint64_t ticks;
        const mlm_status status = run_window(session, &left, &ticks);
        if (status != MLM_OK) report_line("window", mlm_status_string(status));
        if (status != MLM_OK || left > 0) return status;
        use_outputs(model);
        report_ticks("latency", ticks);
        if (sensor_lost() > 0) report_amount("lost", sensor_lost(), "inputs: too slow for them");
    }
}

int port_main(void) {
    mlm_model model;
    mlm_session *session;
    report_line("MambaLite-Micro", MLM_VERSION_STRING);
    report_configuration();
    mlm_status status = prepare(&model, &session);
    if (status != MLM_OK) return (int)status;

    if (MODEL_SEQUENCES > 0) {
        float *rows = outputs + MODEL_VECTOR_FLOATS;
        status = receive_all(session, &model, MODEL_OUTPUTS, EXAMPLE_LENGTH, rows);
        if (status != MLM_OK) return (int)status;
    }
    const int started = sensor_start();
    if (started != 0) {
        report_amount("sensor", (uint64_t)started, "is what it failed with");
        return (int)MLM_ERR_ARGUMENT;
    }
    status = window_by_window(session, &model);
    if (status != MLM_OK) return (int)status;

    report_memory(sizeof arena);
    const int equal = agrees_with_simulation();
    report_line("bits", equal ? "equal to the simulation's" : "differ from the simulation's");
    return equal ? 0 : BITS_DIFFER;
}
