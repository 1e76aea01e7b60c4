/* loaded.c - see loaded.h. */
#include "loaded.h"

#include <string.h>

#include "mlm_inspect.h"
#include "text.h"

enum { POISON = 0xA5, CHUNK_BYTES = 256 };

static mlm_arena_block memory[MLM_ARENA_BLOCKS(RUNNER_ARENA_BYTES)] PORT_ARENA;

/* What is taken of the memory's end. */
typedef struct remainder {
    unsigned char *bytes;
    uint32_t left;
} remainder;

static uint64_t aligned(uint64_t bytes) {
    return (bytes + MLM_ALIGNMENT - 1) / MLM_ALIGNMENT * MLM_ALIGNMENT;
}

static void *take(remainder *from, uint64_t bytes) {
    from->left -= (uint32_t)aligned(bytes);
    return from->bytes + from->left;
}

static const char *refuse_blob(loaded *model, mlm_status status, const mlm_fault *fault) {
    text into = text_in(model->wrong, sizeof model->wrong);
    text_add(&into, "the model is refused: ");
    text_add(&into, mlm_status_string(status));
    text_add(&into, ", index ");
    text_number(&into, fault->index);
    text_add(&into, ", wanted ");
    text_number(&into, fault->needed);
    text_add(&into, ", found ");
    text_number(&into, fault->have);
    return model->wrong;
}

static const char *refuse_size(loaded *model, uint64_t needed) {
    text into = text_in(model->wrong, sizeof model->wrong);
    text_add(&into, "the model is too large: it needs ");
    text_number(&into, needed);
    text_add(&into, " bytes of RAM, there are ");
    text_number(&into, sizeof memory);
    return model->wrong;
}

static const char *refuse_plan(loaded *model, mlm_status status) {
    text into = text_in(model->wrong, sizeof model->wrong);
    text_add(&into, "the model cannot be planned with these options: ");
    text_add(&into, mlm_status_string(status));
    return model->wrong;
}

static void find_outputs(loaded *model) {
    model->vector_floats = model->class_floats = 0;
    for (uint32_t i = 0; i < model->info.outputs; i++) {
        mlm_output_info output;
        if (mlm_output_get_info(&model->model, i, &output) != MLM_OK || output.is_sequence)
            continue;
        if (model->class_floats == 0) model->class_floats = output.width;
        model->vector_floats += output.width;
    }
}

/* The session first, what else is needed behind it. */
static const char *place(loaded *model) {
    const mlm_options *options = &model->from.options;
    const mlm_status status = mlm_arena_bytes(&model->model, options, &model->arena_bytes);
    if (status != MLM_OK) return refuse_plan(model, status);
    const uint64_t frame_bytes = (uint64_t)model->info.input_width * sizeof(float);
    const uint64_t chunk_bytes = frame_bytes < CHUNK_BYTES ? CHUNK_BYTES : frame_bytes;
    const uint64_t counts = (uint64_t)model->operator_count * sizeof *model->operators;
    const uint64_t vectors = (uint64_t)model->vector_floats * sizeof(float);
    const uint64_t needed =
        model->arena_bytes + aligned(counts) + aligned(chunk_bytes) + aligned(vectors);
    if (needed > sizeof memory) return refuse_size(model, needed);
    remainder rest = {memory->bytes, sizeof memory};
    model->operators = take(&rest, counts);
    model->chunk = take(&rest, chunk_bytes);
    model->chunk_bytes = (uint32_t)chunk_bytes;
    model->vectors = take(&rest, vectors);
    return 0;
}

uint32_t loaded_example_kind(const loaded *model) {
    switch (model->info.input_kind) {
        case MLM_INPUT_SAMPLES16: return PAYLOAD_SAMPLES16;
        case MLM_INPUT_TOKENS: return PAYLOAD_TOKENS;
        default: return PAYLOAD_FLOATS;
    }
}

/* Samples come as a microphone gives them, whatever the model takes. */
uint32_t loaded_line_kind(const loaded *model) {
    return model->info.input_kind == MLM_INPUT_SAMPLES ? PAYLOAD_SAMPLES16
                                                       : loaded_example_kind(model);
}

static const char *check_example(const loaded *model) {
    if (model->from.example == 0) return 0;
    if (model->from.example_kind != loaded_example_kind(model))
        return "the payload's example is of another kind than the model's inputs";
    return model->from.example_values % model->info.input_width == 0
               ? 0
               : "the payload's example is no whole number of frames";
}

const char *loaded_open(loaded *model) {
    mlm_fault fault;
    mlm_status status =
        mlm_model_open(&model->model, model->from.blob, model->from.blob_bytes, &fault);
    if (status != MLM_OK) return refuse_blob(model, status, &fault);
    mlm_model_get_info(&model->model, &model->info);
    model->operator_count = mlm_operator_count(&model->model, model->from.options.schedule);
    find_outputs(model);
    const char *const wrong = place(model);
    if (wrong) return wrong;
    memset(memory, POISON, model->arena_bytes);
    status = mlm_session_init(&model->session, &model->model, &model->from.options, memory,
                              model->arena_bytes);
    return status == MLM_OK ? check_example(model) : refuse_plan(model, status);
}

mlm_status loaded_run_example(loaded *model) {
    const uint32_t inputs = model->from.example_values / model->info.input_width;
    const mlm_status status =
        mlm_session_run(model->session, model->from.example, inputs, model->vectors);
    mlm_session_reset(model->session);
    return status;
}

void loaded_find_high_water(loaded *model) {
    uint32_t end = model->arena_bytes;
    while (end > 0 && memory->bytes[end - 1] == POISON) end--;
    model->high_water = end;
}

uint32_t loaded_class(const loaded *model) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < model->class_floats; i++)
        if (model->vectors[i] > model->vectors[best]) best = i;
    return best;
}
