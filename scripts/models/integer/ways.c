/*
 * ways.c - takes the place of csrc/port/harness/harness.c in firmware for an emulator: runs every linked input in
 * portions, and its state is saved on the way and loaded into a session with another tile, in an arena of poison.
 *
 * Lines on the console:
 *   outputs INDEX BITS ...       of an input
 *   saturations INDEX COUNT
 *   status NAME                  last
 */
#include <string.h>

#include "emulator.h"
#include "inputs.h"
#include "math/f32.h"
#include "mlm.h"
#include "model_blob.h"
#include "model_plan.h"
#include "port.h"
#include "print.h"

enum { POISON = 0xA5, MOST_STATE_BYTES = 1 << 17 };
enum { TILES = 3, PORTIONS = 6, CUTS = 101, NEXT_CUT = 37 };

/* The arena is that of MODEL_TILE, which is the largest. */
static const uint32_t tiles[TILES] = {1, 4, MODEL_TILE};
/* In frames or samples; the last is everything at once. */
static const uint32_t portions[PORTIONS] = {1, 3, 17, 160, 1000, UINT32_MAX};

static struct { _Alignas(MLM_ALIGNMENT) unsigned char bytes[MODEL_ARENA_BYTES]; } arena PORT_ARENA;

EMULATOR_ONLY static mlm_model model;
EMULATOR_ONLY static uint32_t state[MOST_STATE_BYTES / 4];

static mlm_status begin(mlm_session **session, uint32_t tile) {
    const mlm_options options = {MODEL_SCHEDULE, tile, MODEL_MAX_FRAMES};
    memset(arena.bytes, POISON, sizeof arena.bytes);
    return mlm_session_init(session, &model, &options, arena.bytes, sizeof arena.bytes);
}

static uint32_t input_bytes(void) {
    mlm_model_info info;
    mlm_model_get_info(&model, &info);
    return info.input_width *
           (uint32_t)(info.input_kind == MLM_INPUT_SAMPLES16 ? sizeof(int16_t) : sizeof(float));
}

static mlm_status push(mlm_session *session, const unsigned char *inputs, uint32_t count,
                       uint32_t portion) {
    mlm_status status = MLM_OK;
    while (count > 0 && status == MLM_OK) {
        const uint32_t some = count < portion ? count : portion;
        status = mlm_session_push(session, inputs, some);
        inputs += (size_t)some * input_bytes();
        count -= some;
    }
    return status;
}

static mlm_status save(const mlm_session *session) {
    const uint32_t bytes = mlm_session_state_bytes(session);
    if (bytes > sizeof state) return MLM_ERR_CAPACITY;
    return mlm_session_save_state(session, state, bytes);
}

/* What was pushed before is to be forgotten. */
static mlm_status load(mlm_session *session, const unsigned char *any_inputs) {
    const mlm_status status = push(session, any_inputs, 1, 1);
    if (status != MLM_OK) return status;
    return mlm_session_load_state(session, state, mlm_session_state_bytes(session));
}

static mlm_status run(uint32_t index, uint32_t *saturations) {
    const uint32_t length = harness_input_length, portion = portions[index % PORTIONS];
    const uint32_t cut = (uint32_t)((uint64_t)length * (index * NEXT_CUT % CUTS) / (CUTS - 1));
    const size_t bytes = (size_t)length * input_bytes();
    const unsigned char *input = (const unsigned char *)harness_inputs + index * bytes;
    mlm_session *session;
    mlm_status status = begin(&session, tiles[index % TILES]);
    if (status == MLM_OK) status = push(session, input, cut, portion);
    if (status == MLM_OK) status = save(session);
    if (status == MLM_OK) status = begin(&session, tiles[index / TILES % TILES]);
    if (status == MLM_OK) status = load(session, input);
    if (status == MLM_OK)
        status = push(session, input + (size_t)cut * input_bytes(), length - cut, portion);
    if (status == MLM_OK) status = mlm_session_finish(session, harness_outputs);
    if (status == MLM_OK) *saturations = mlm_session_saturations(session);
    return status;
}

static void print(uint32_t index, uint32_t saturations) {
    port_write("outputs");
    print_number(index);
    for (uint32_t i = 0; i < harness_output_floats; i++) print_bits(f32_bits(harness_outputs[i]));
    port_write("\nsaturations");
    print_number(index);
    print_number(saturations);
    port_write("\n");
}

int port_main(void) {
    mlm_status status = mlm_model_open(&model, model_blob, MODEL_BLOB_BYTES, 0);
    for (uint32_t i = 0; i < harness_input_count && status == MLM_OK; i++) {
        uint32_t saturations = 0;
        status = run(i, &saturations);
        if (status == MLM_OK) print(i, saturations);
    }
    port_write("status ");
    port_write(mlm_status_string(status));
    port_write("\n");
    return (int)status;
}
