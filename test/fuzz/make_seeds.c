/*
 * make_seeds.c - writes the fuzzer's seed corpus: small valid blobs, among them all kinds of ops, and a few
 * recipes. Reproducible: fixed seeds, self-tests in some.
 *
 *   make_seeds FOLDER
 */
#include "../fuzz/fuzz_input.h"
#include "blob_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS 32
#define INTEGER_MODELS 24
#define MOST_OPS 8u
#define RECIPES 8
#define INTEGER_RECIPES 4
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

/* Whether the core takes it: branches that it cannot align it refuses. */
static int is_accepted(const blob *b) {
    mlm_model model;
    return mlm_model_open(&model, b->bytes, b->size, NULL) == MLM_OK;
}

/* Which kinds of ops the seeds have, of those that compute with floats or of the others. */
typedef struct kinds {
    int of_integers;
    uint8_t seen[EVERY_KIND];
} kinds;

static int is_asked_for(const kinds *k, uint32_t kind) {
    return op_rows[kind].name && net_is_float_kind(kind) != k->of_integers;
}

static uint32_t missing_kinds(const kinds *k) {
    uint32_t count = 0;
    for (uint32_t kind = 0; kind < EVERY_KIND; kind++)
        count += is_asked_for(k, kind) && !k->seen[kind];
    return count;
}

static int has_new_kind(const kinds *k, const network *net) {
    for (uint32_t i = 0; i < net->op_count; i++)
        if (is_asked_for(k, net->ops[i].kind) && !k->seen[net->ops[i].kind]) return 1;
    return 0;
}

static void write_models(const char *folder, rng *random, const char *name, uint32_t models,
                         int of_integers) {
    kinds k = {.of_integers = of_integers};
    for (uint32_t seed = 1, made = 0; made < models; seed++) {
        const net_limits limits = {2u + made % MOST_OPS, 9, of_integers};
        choices from = choices_of_seed(seed);
        network *net = network_random(&from, &limits);
        const int has_self_test = net->self_test_inputs != 0 && made % 4u == 0;
        const int wanted = has_new_kind(&k, net) || missing_kinds(&k) == 0;
        net->self_test_inputs = 0;
        blob b = blob_build(net);
        if (wanted && b.size <= MAX_SEED_BYTES && is_accepted(&b)) {
            const fuzz_control control = random_control(random, FUZZ_FIX_CRC);
            if (has_self_test) {
                net->self_test_inputs = net_inputs_of(net, net->min_frames);
                blob_free(&b);
                b = blob_build(net);
            }
            for (uint32_t i = 0; i < net->op_count; i++) k.seen[net->ops[i].kind] = 1;
            write_file(folder, name, (int)made++, &control, b.bytes, b.size);
        }
        blob_free(&b);
        network_free(net);
    }
    for (uint32_t kind = 0; kind < EVERY_KIND; kind++)
        if (is_asked_for(&k, kind) && !k.seen[kind])
            fprintf(stderr, "make_seeds: no %s\n", op_rows[kind].name);
}

static void write_recipes(const char *folder, rng *random, const char *name, int recipes,
                          uint8_t integers) {
    for (int i = 0; i < recipes; i++) {
        const fuzz_control control = random_control(random, FUZZ_RECIPE | FUZZ_ODD_INPUTS);
        fuzz_recipe recipe = {.seed = rng_u32(random), .integers = integers};
        recipe.most_ops = (uint8_t)rng_u32(random);
        recipe.most_width = (uint8_t)rng_u32(random);
        write_file(folder, name, i, &control, &recipe, sizeof recipe);
    }
}

int main(int argc, char **argv) {
    rng random = {2024};
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    write_models(argv[1], &random, "model", MODELS, 0);
    write_recipes(argv[1], &random, "recipe", RECIPES, 0);
    write_models(argv[1], &random, "integers", INTEGER_MODELS, 1);
    write_recipes(argv[1], &random, "integer_recipe", INTEGER_RECIPES, 1);
    return 0;
}
