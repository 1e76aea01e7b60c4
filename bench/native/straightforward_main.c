/*
 * straightforward_main.c - the straightforward port, native: straightforward WEIGHTS INPUT SIZES...,
 * the seven sizes of sf_sizes, under the protocol of protocol.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../straightforward/straightforward.h"
#include "protocol.h"

typedef struct work {
    sf_sizes sizes;
    sf_weights weights;
    const float *input;
    float *given, *memory, *logits;
    size_t input_floats;
    int frames;
} work;

static void run(void *context) {
    work *w = context;
    memcpy(w->given, w->input, w->input_floats * sizeof(float));
    sf_run(&w->sizes, &w->weights, w->given, w->frames, w->memory, w->logits);
}

static const float *take(const float **next, int count) {
    const float *taken = *next;
    *next += count;
    return taken;
}

static sf_weights split(const sf_sizes *s, const float *next) {
    sf_weights w;
    w.linear_in_weight = take(&next, s->d_model * s->features);
    w.linear_in_bias = take(&next, s->d_model);
    w.in_proj = take(&next, 2 * s->d_inner * s->d_model);
    w.conv1d_weight = take(&next, s->d_inner * s->d_conv);
    w.conv1d_bias = take(&next, s->d_inner);
    w.x_proj = take(&next, (s->dt_rank + 2 * s->d_state) * s->d_inner);
    w.dt_proj_weight = take(&next, s->d_inner * s->dt_rank);
    w.dt_proj_bias = take(&next, s->d_inner);
    w.a_log = take(&next, s->d_inner * s->d_state);
    w.d = take(&next, s->d_inner);
    w.out_proj = take(&next, s->d_model * s->d_inner);
    w.classifier_weight = take(&next, s->classes * s->d_model);
    w.classifier_bias = take(&next, s->classes);
    return w;
}

int main(int count, char **arguments) {
    int sizes[7];
    if (count != 3 + 7) {
        fprintf(stderr, "usage: straightforward WEIGHTS INPUT and seven sizes\n");
        return 1;
    }
    for (int i = 0; i < 7; i++) sizes[i] = (int)strtol(arguments[3 + i], 0, 10);
    work w = {0};
    memcpy(&w.sizes, sizes, sizeof w.sizes);
    size_t weights;
    w.weights = split(&w.sizes, read_floats(arguments[1], &weights));
    w.input = read_floats(arguments[2], &w.input_floats);
    w.frames = (int)w.input_floats / w.sizes.features;
    w.given = calloc(w.input_floats, sizeof(float));
    w.memory = calloc((size_t)sf_memory_floats(&w.sizes, w.frames), sizeof(float));
    w.logits = calloc((size_t)w.sizes.classes, sizeof(float));
    serve(run, &w, w.logits, (size_t)w.sizes.classes);
    return 0;
}
