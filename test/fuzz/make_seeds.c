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
#define KIND(number) ((uint64_t)1 << (number))
#define ALL_KINDS (KIND(KINDS) - 2u)
#define OF_INTEGERS(kind) KIND(INTEGER_KINDS + (kind))
#define ALL_INTEGER_KINDS                                                                          \
    (KIND(QUANTIZE) | KIND(DEQUANTIZE) | OF_INTEGERS(LINEAR) | OF_INTEGERS(EMBEDDING) |            \
     OF_INTEGERS(LOGMEL) | OF_INTEGERS(ACTIVATION) | OF_INTEGERS(ARITHMETIC) | OF_INTEGERS(NORM) | \
     OF_INTEGERS(CAUSAL_CONV) | OF_INTEGERS(POOL) | OF_INTEGERS(SELECTIVE_SCAN) |                  \
     OF_INTEGERS(GATE))
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

/* Kinds of ops that a network has and the seeds before it have not. */
static uint64_t new_kinds(const network *net, uint64_t seen) {
    uint64_t kinds = 0;
    for (uint32_t i = 0; i < net->op_count; i++) kinds |= KIND(net->ops[i].kind);
    return kinds & ~seen;
}

static void write_models(const char *folder, rng *random, const char *name, uint32_t models,
                         uint64_t all) {
    uint64_t seen = 0;
    for (uint32_t seed = 1, made = 0; made < models; seed++) {
        const net_limits limits = {2u + made % MOST_OPS, 9, all == ALL_INTEGER_KINDS};
        choices from = choices_of_seed(seed);
        network *net = network_random(&from, &limits);
        const int has_self_test = net->self_test_inputs != 0 && made % 4u == 0;
        const int wanted = (new_kinds(net, seen) & all) != 0 || (seen & all) == all;
        net->self_test_inputs = 0;
        blob b = blob_build(net);
        if (wanted && b.size <= MAX_SEED_BYTES && is_accepted(&b)) {
            const fuzz_control control = random_control(random, FUZZ_FIX_CRC);
            if (has_self_test) {
                net->self_test_inputs = net_inputs_of(net, net->min_frames);
                blob_free(&b);
                b = blob_build(net);
            }
            seen |= new_kinds(net, seen);
            write_file(folder, name, (int)made++, &control, b.bytes, b.size);
        }
        blob_free(&b);
        network_free(net);
    }
    if ((seen & all) != all)
        fprintf(stderr, "make_seeds: kinds %llx are missing\n", (unsigned long long)(all & ~seen));
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
    write_models(argv[1], &random, "model", MODELS, ALL_KINDS);
    write_recipes(argv[1], &random, "recipe", RECIPES, 0);
    write_models(argv[1], &random, "integers", INTEGER_MODELS, ALL_INTEGER_KINDS);
    write_recipes(argv[1], &random, "integer_recipe", INTEGER_RECIPES, 1);
    return 0;
}
