/*
 * mlm_run.c - runs a blob natively and prints `arena BYTES`, then the logits of every input as hex
 * bits, one input a line: what the parity tests compare with WebAssembly. Knows only the public API.
 *
 *   mlm_run MODEL.mlm INPUT FRAMES SCHEDULE TILE
 *
 * INPUT: raw float32 or int32, [inputs][FRAMES][input width]. SCHEDULE: stream, layer or unfused.
 * TILE: 0 with layer and unfused.
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

int main(int argc, char **argv) {
    static const char *const schedules[] = {"stream", "layer", "unfused"};
    mlm_model model;
    mlm_model_info info;
    mlm_options options = {0, 0, 0};
    mlm_plan plan;
    mlm_session *session;
    size_t blob_bytes, input_bytes;
    if (argc != 6) {
        fprintf(stderr, "usage: mlm_run MODEL.mlm INPUT FRAMES stream|layer|unfused TILE\n");
        return 2;
    }
    unsigned char *blob = read_file(argv[1], &blob_bytes);
    unsigned char *input = read_file(argv[2], &input_bytes);
    const uint32_t frames = (uint32_t)strtoul(argv[3], NULL, 10);
    while (options.schedule < 3 && strcmp(schedules[options.schedule], argv[4])) options.schedule++;
    options.tile = (uint32_t)strtoul(argv[5], NULL, 10);
    if (options.schedule != MLM_SCHEDULE_STREAM) options.max_frames = frames;

    check(mlm_model_open(&model, blob, blob_bytes, NULL), "open");
    mlm_model_get_info(&model, &info);
    const size_t one_input = (size_t)frames * info.input_width * 4u;
    if (one_input == 0 || input_bytes % one_input) {
        fprintf(stderr, "mlm_run: %zu bytes are no whole number of inputs of %zu\n", input_bytes,
                one_input);
        return 2;
    }
    const uint32_t buffers = mlm_plan_buffer_count(&model, &options);
    mlm_buffer *table = malloc((buffers + 1u) * sizeof *table);
    float *logits = malloc(info.logits * sizeof *logits);
    if (!table || !logits) return 2;
    check(mlm_plan_make(&plan, &model, &options, table, buffers), "plan");
    printf("arena %u\n", plan.arena_bytes);
    unsigned char *arena = aligned_alloc(16, plan.arena_bytes);
    if (!arena) return 2;
    check(mlm_session_init(&session, &model, &options, arena, plan.arena_bytes), "session");
    for (size_t at = 0; at < input_bytes; at += one_input) {
        check(mlm_session_run(session, input + at, frames, logits), "run");
        for (uint32_t i = 0; i < info.logits; i++) {
            uint32_t bits;
            memcpy(&bits, &logits[i], sizeof bits);
            printf(i ? " %08x" : "%08x", bits);
        }
        putchar('\n');
    }
    free(arena);
    free(logits);
    free(table);
    free(input);
    free(blob);
    return 0;
}
