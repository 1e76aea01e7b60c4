/*
 * mlm_run.c - runs a blob natively and prints `arena BYTES`, then the outputs of every input as hex bits, one
 * input a line, first all vectors, then all sequences: what the parity tests compare with WebAssembly. Knows
 * only the public API.
 *
 *   mlm_run MODEL.mlm INPUT COUNT SCHEDULE TILE
 *
 * INPUT: raw float32, int32 or, of samples of 16 bits, int16, [inputs][COUNT][input width]; COUNT: frames, tokens
 * or samples. SCHEDULE: stream, layer or unfused. TILE: 0 with layer and unfused.
 */
#include "mlm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    unsigned char *content = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (size >= 0) content = aligned_alloc(16, ((size_t)size + 16u) / 16u * 16u);
    if (!content || fseek(file, 0, SEEK_SET) != 0 ||
        fread(content, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "mlm_run: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    *bytes = (size_t)size;
    return content;
}

static void check(mlm_status status, const char *what) {
    if (status == MLM_OK) return;
    fprintf(stderr, "mlm_run: %s: %s\n", what, mlm_status_string(status));
    exit(1);
}

static void *allocate(size_t bytes) {
    void *memory = aligned_alloc(16, (bytes + 16u) / 16u * 16u);
    if (!memory) exit(2);
    return memory;
}

static int takes_samples(const mlm_model_info *info) {
    return info->input_kind == MLM_INPUT_SAMPLES || info->input_kind == MLM_INPUT_SAMPLES16;
}

static size_t element_bytes(const mlm_model_info *info) {
    return info->input_kind == MLM_INPUT_SAMPLES16 ? sizeof(int16_t) : sizeof(float);
}

static mlm_options options_of(const mlm_model_info *info, uint32_t inputs, char **argv) {
    static const char *const schedules[] = {"stream", "layer", "unfused"};
    mlm_options options = {0, (uint32_t)strtoul(argv[5], NULL, 10), 0};
    uint32_t frames = inputs;
    while (options.schedule < 3 && strcmp(schedules[options.schedule], argv[4])) options.schedule++;
    if (takes_samples(info))
        frames = inputs < info->window_samples
                     ? 0
                     : (inputs - info->window_samples) / info->hop_samples + 1u;
    if (options.schedule != MLM_SCHEDULE_STREAM || info->needs_max_frames)
        options.max_frames = frames;
    return options;
}

/* Rows of vectors, then of sequences; the latter are received where they belong. */
static uint32_t place_outputs(const mlm_model *model, mlm_session *session, uint32_t inputs,
                              uint32_t outputs, float *results) {
    uint32_t floats = 0;
    for (uint32_t sequences = 0; sequences < 2; sequences++)
        for (uint32_t i = 0; i < outputs; i++) {
            mlm_output_info output;
            check(mlm_output_get_info(model, i, &output), "output");
            if (output.is_sequence != sequences) continue;
            const uint32_t rows = mlm_output_rows(model, i, inputs);
            if (results && sequences)
                check(mlm_session_receive(session, i, results + floats, rows), "receive");
            floats += rows * output.width;
        }
    return floats;
}

int main(int argc, char **argv) {
    mlm_model model;
    mlm_model_info info;
    mlm_session *session;
    size_t blob_bytes, input_bytes;
    uint32_t arena_bytes;
    if (argc != 6) {
        fprintf(stderr, "usage: mlm_run MODEL.mlm INPUT COUNT stream|layer|unfused TILE\n");
        return 2;
    }
    unsigned char *blob = read_file(argv[1], &blob_bytes);
    unsigned char *input = read_file(argv[2], &input_bytes);
    const uint32_t inputs = (uint32_t)strtoul(argv[3], NULL, 10);
    check(mlm_model_open(&model, blob, blob_bytes, NULL), "open");
    mlm_model_get_info(&model, &info);
    const mlm_options options = options_of(&info, inputs, argv);
    const size_t one_input = (size_t)inputs * info.input_width * element_bytes(&info);
    if (one_input == 0 || input_bytes % one_input) {
        fprintf(stderr, "mlm_run: %zu bytes are no whole number of inputs of %zu\n", input_bytes,
                one_input);
        return 2;
    }
    check(mlm_arena_bytes(&model, &options, &arena_bytes), "plan");
    printf("arena %u\n", arena_bytes);
    unsigned char *arena = allocate(arena_bytes);
    check(mlm_session_init(&session, &model, &options, arena, arena_bytes), "session");
    const uint32_t floats = place_outputs(&model, session, inputs, info.outputs, NULL);
    float *results = allocate(floats * sizeof *results);
    place_outputs(&model, session, inputs, info.outputs, results);
    for (size_t at = 0; at < input_bytes; at += one_input) {
        check(mlm_session_run(session, input + at, inputs, results), "run");
        for (uint32_t i = 0; i < floats; i++) {
            uint32_t bits;
            memcpy(&bits, &results[i], sizeof bits);
            printf(i ? " %08x" : "%08x", bits);
        }
        putchar('\n');
    }
    free(arena);
    free(results);
    free(input);
    free(blob);
    return 0;
}
