/*
 * make_seeds.c - writes the fuzzer's seed corpus: one small valid blob for every kind of op and
 * every schedule, some that take samples, and a few recipes. Reproducible: fixed seeds, self-test
 * vectors in the first of each sort only.
 *
 *   make_seeds FOLDER
 */
#include "../fuzz/fuzz_input.h"
#include "blob_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS 20
#define FIRST_OF_SAMPLES 14 /* from here on all models take samples */
#define RECIPES 6
#define MAX_SEED_BYTES 6000u

static void write_file(const char *folder, const char *name, int number,
                       const fuzz_control *control, const void *rest, size_t bytes) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s_%02d", folder, name, number);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(control, sizeof *control, 1, file) != 1 ||
        fwrite(rest, 1, bytes, file) != bytes || fclose(file) != 0) {
        fprintf(stderr, "make_seeds: cannot write %s\n", path);
        exit(1);
    }
}

static fuzz_control random_control(rng *random, uint8_t flags) {
    fuzz_control control = {.flags = flags};
    control.schedule = (uint8_t)rng_below(random, 3);
    control.other_schedule = (uint8_t)rng_below(random, 3);
    control.frames = (uint8_t)rng_between(random, 1, 12);
    control.tile = (uint16_t)rng_between(random, 1, 6);
    control.other_tile = (uint16_t)rng_between(random, 1, 6);
    control.max_frames = (uint16_t)rng_below(random, 40);
    control.seed = (uint8_t)rng_u32(random);
    control.cut = (uint8_t)rng_u32(random);
    control.state_flip = (uint16_t)rng_u32(random);
    return control;
}

int main(int argc, char **argv) {
    rng random = {2024};
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    for (int made = 0; made < MODELS;) {
        const spec_limits limits = {9, 4, (uint32_t)made % FIRST_OF_SAMPLES / 3u, 9};
        model_spec spec;
        spec_random(&spec, &random, &limits);
        if (made >= FIRST_OF_SAMPLES && spec.input_kind != MLM_INPUT_SAMPLES) continue;
        const int has_self_test = made == 0 || made == FIRST_OF_SAMPLES;
        spec.self_test_frames = has_self_test ? spec_inputs_of(&spec, 2) : 0u;
        blob b = blob_build(&spec);
        if (b.size <= MAX_SEED_BYTES) {
            const fuzz_control control = random_control(&random, FUZZ_FIX_CRC);
            write_file(argv[1], "model", made++, &control, b.bytes, b.size);
        }
        blob_free(&b);
    }
    for (int i = 0; i < RECIPES; i++) {
        const fuzz_control control = random_control(&random, FUZZ_RECIPE | FUZZ_ODD_INPUTS);
        fuzz_recipe recipe = {.seed = rng_u32(&random)};
        recipe.max_width = (uint8_t)rng_u32(&random);
        recipe.max_state = (uint8_t)rng_u32(&random);
        recipe.max_blocks = (uint8_t)rng_u32(&random);
        recipe.max_vocabulary = (uint8_t)rng_u32(&random);
        write_file(argv[1], "recipe", i, &control, &recipe, sizeof recipe);
    }
    return 0;
}
