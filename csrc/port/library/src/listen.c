/* listen.c - see listen.h. */
#include "listen.h"

#include "detector_setup.h"
#include "mlm_inspect.h"
#include "model_plan.h"

/* All the memory that the detector needs, exactly; before it the session of the self-test. */
static mlm_arena_block memory[MLM_ARENA_BLOCKS(DETECTOR_BYTES)];
static mlm_model model, front;
static mlm_detector *detector;

static mlm_status self_test(void) {
    const mlm_options options = {MODEL_SCHEDULE, MODEL_TILE, MODEL_MAX_FRAMES};
    mlm_session *session;
    if (!MODEL_RUNS_SELF_TEST) return MLM_OK;
    const mlm_status status = mlm_session_init(&session, &model, &options, memory, sizeof memory);
    return status == MLM_OK ? mlm_session_self_test(session) : status;
}

const char *listen_begin(void) {
    const uint32_t wrong = mlm_configuration();
    if (wrong & MLM_FUSES) return "compiled without -ffp-contract=off";
    if (wrong) return "the FPU flushes subnormals or does not round to the nearest";
    mlm_status status = open_models(&model, &front);
    if (status == MLM_OK) status = self_test();
    const mlm_detector_options options = detector_options(&model, &front);
    if (status == MLM_OK) status = mlm_detector_init(&detector, &options, memory, sizeof memory);
    return status == MLM_OK ? 0 : mlm_status_string(status);
}

static void on_detection(void *context, const mlm_detection *what) {
    listen_heard **const heard = context;
    (*heard)(mlm_label(&model, what->label), what->confidence, what->inputs);
}

static mlm_status push(const sensor_value *inputs, uint32_t count, listen_heard *heard) {
#if SENSOR_MAKES_FLOATS
    static float floats[SENSOR_PORTION];
    for (uint32_t i = 0; i < count; i++) floats[i] = (float)inputs[i] / 32768.0f;
    return mlm_detector_push(detector, floats, count, on_detection, &heard);
#else
    return mlm_detector_push(detector, inputs, count, on_detection, &heard);
#endif
}

const char *listen_to(const sensor_value *inputs, uint32_t count, listen_heard *heard) {
    if (!detector || !heard) return mlm_status_string(MLM_ERR_ARGUMENT);
    while (count > 0) {
        const uint32_t now = count < SENSOR_PORTION ? count : SENSOR_PORTION;
        const mlm_status status = push(inputs, now, heard);
        if (status != MLM_OK) return mlm_status_string(status);
        inputs += now * SENSOR_WIDTH;
        count -= now;
    }
    return 0;
}
