/* ours.c - the core, native: ours BLOB INPUT TILE, under the protocol of protocol.h. */
#include <stdio.h>
#include <stdlib.h>

#include "mlm.h"
#include "protocol.h"

typedef struct work {
    mlm_session *session;
    const float *input;
    float *given; /* where the core reads the input: a copy, as every contender makes one */
    size_t input_floats;
    uint32_t frames;
    float *logits;
} work;

static void copy(float *to, const float *from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = from[i];
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void run(void *context) {
    work *w = context;
    copy(w->given, w->input, w->input_floats);
    const mlm_status status = mlm_session_run(w->session, w->given, w->frames, w->logits);
    if (status != MLM_OK) fail(mlm_status_string(status));
}

int main(int count, char **arguments) {
    if (count != 4) fail("usage: ours BLOB INPUT TILE");
    size_t blob_bytes;
    const unsigned char *blob = read_file(arguments[1], &blob_bytes);
    work w = {0};
    w.input = read_floats(arguments[2], &w.input_floats);
    mlm_model model;
    mlm_status status = mlm_model_open(&model, blob, blob_bytes, 0);
    if (status != MLM_OK) fail(mlm_status_string(status));
    mlm_model_info info;
    mlm_model_get_info(&model, &info);
    w.frames = (uint32_t)(w.input_floats / info.input_width);
    mlm_output_info output;
    mlm_output_get_info(&model, 0, &output);
    w.logits = calloc(output.width, sizeof(float));
    w.given = aligned_alloc(64, (w.input_floats / 16 + 1) * 64);

    const mlm_options options = {MLM_SCHEDULE_STREAM, (uint32_t)strtoul(arguments[3], 0, 10), 0};
    uint32_t arena_bytes;
    status = mlm_arena_bytes(&model, &options, &arena_bytes);
    if (status != MLM_OK) fail(mlm_status_string(status));
    void *arena = aligned_alloc(64, (arena_bytes / 64 + 1) * 64);
    status = mlm_session_init(&w.session, &model, &options, arena, arena_bytes);
    if (status != MLM_OK) fail(mlm_status_string(status));
    serve(run, &w, w.logits, output.width);
    return 0;
}
