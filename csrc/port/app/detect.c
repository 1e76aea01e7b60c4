/*
 * app.c - the program of an exported project that listens: the blobs' own self-tests first, then a detector over
 * what the sensor gives, for ever. The simulated sensor gives the example once, whose answers are compared with the
 * simulation's bit for bit. A place to start an application from.
 */
#include "detector_setup.h"
#include "example.h"
#include "math/f32.h"
#include "model_plan.h"
#include "port.h"
#include "print.h"
#include "report.h"
#include "sensor.h"

/* All the memory that the detector needs, exactly; before it the session of the self-test. */
static mlm_arena_block memory[MLM_ARENA_BLOCKS(DETECTOR_BYTES)] PORT_ARENA;

enum {
    BITS_DIFFER = 100, /* behind every mlm_status */
    EXAMPLE_ANSWERS = EXAMPLE_OUTPUT_FLOATS / DETECTOR_CLASSES
};

/* Yours: what becomes of what is heard or felt. Here it is printed. */
static void on_detection(void *context, const mlm_detection *what) {
    port_write("heard ");
    print_escaped(mlm_label(context, what->label));
    port_write(", confidence");
    print_float(f32_bits(what->confidence));
    port_write(", at input");
    print_number(what->inputs);
    port_write("\n");
}

static mlm_status self_test(const mlm_model *model) {
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    mlm_session *session;
    if (!MODEL_RUNS_SELF_TEST) {
        report_line("self-test", "none for this model and plan");
        return MLM_OK;
    }
    mlm_status status = mlm_session_init(&session, model, &options, memory, sizeof memory);
    if (status == MLM_OK) status = mlm_session_self_test(session);
    report_line("self-test", mlm_status_string(status));
    return status;
}

static mlm_status prepare(mlm_model *model, mlm_model *front, mlm_detector **detector) {
    mlm_status status = open_models(model, front);
    report_line("open", mlm_status_string(status));
    if (status == MLM_OK) status = self_test(model);
    if (status != MLM_OK) return status;
    const mlm_detector_options options = detector_options(model, front);
    status = mlm_detector_init(detector, &options, memory, sizeof memory);
    report_line("init", mlm_status_string(status));
    return status;
}

/* Whether the averages of answer `index` have the simulation's bits; behind the example there are none. */
static int agrees_with_simulation(const mlm_detector *detector, uint64_t index) {
    const float *averages = mlm_detector_averages(detector);
    if (index >= EXAMPLE_ANSWERS) return 1;
    for (uint32_t i = 0; i < DETECTOR_CLASSES; i++)
        if (!f32_agree(f32_bits(averages[i]), example_outputs[index * DETECTOR_CLASSES + i]))
            return 0;
    return 1;
}

typedef struct course {
    uint64_t inputs, answers, ticks;
    uint32_t longest; /* ticks of a push: between two of them other work can be done */
    int equal;
} course;

/* Until the sensor ends, or something is wrong. A portion makes one answer at most. */
static mlm_status listen(mlm_detector *detector, mlm_model *model, course *so_far) {
    static sensor_value inputs[SENSOR_PORTION * SENSOR_WIDTH];
    for (;;) {
        const uint32_t count = sensor_read(inputs, SENSOR_PORTION);
        if (count == 0) return MLM_OK;
        const uint32_t start = port_ticks();
        const mlm_status status = mlm_detector_push(detector, sensor_for_model(inputs, count),
                                                    count, on_detection, model);
        const uint32_t ticks = port_ticks() - start;
        if (status != MLM_OK) return status;
        so_far->inputs += count;
        so_far->ticks += ticks;
        if (ticks > so_far->longest) so_far->longest = ticks;
        if (mlm_detector_answers(detector) == so_far->answers) continue;
        so_far->equal &= agrees_with_simulation(detector, so_far->answers);
        so_far->answers = mlm_detector_answers(detector);
    }
}

int port_main(void) {
    mlm_model model, front;
    mlm_detector *detector;
    course so_far = {0, 0, 0, 0, 1};
    report_line("MambaLite-Micro", MLM_VERSION_STRING);
    report_configuration();
    mlm_status status = prepare(&model, &front, &detector);
    if (status != MLM_OK) return (int)status;

    const int started = sensor_start();
    if (started != 0) {
        report_amount("sensor", (uint64_t)started, "is what it failed with");
        return (int)MLM_ERR_ARGUMENT;
    }
    status = listen(detector, &model, &so_far);
    report_line("detector", mlm_status_string(status));
    if (status != MLM_OK) return (int)status;

    report_amount("answers", so_far.answers, "so far");
    report_amount("inputs", so_far.inputs, "so far");
    if (sensor_lost() > 0) report_amount("lost", sensor_lost(), "inputs: too slow for them");
    report_ticks("longest push", so_far.longest);
    report_ticks("all pushes", so_far.ticks);
    report_memory(sizeof memory);
    const int equal = so_far.equal && so_far.answers >= EXAMPLE_ANSWERS;
    report_line("bits", equal ? "equal to the simulation's" : "differ from the simulation's");
    return equal ? 0 : BITS_DIFFER;
}
