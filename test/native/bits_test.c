/*
 * bits_test.c - networks of all kinds of ops: the bits of a plain evaluation, op by op, and the same ones
 * under every schedule, tile and portion, operator by operator, behind interim results and moves of the
 * state. Prints a hash over all results, which every compiler and flag must agree on.
 */
#include "harness.h"
#include "ways.h"

#include <math.h>
#include <stdlib.h>

static const net_limits limits = {30, 40, 0};

/* FNV-1a over the bits of results, NaN counting as one value. */
static uint64_t all_bits = 0xCBF29CE484222325u;

static void note_bits(const float *results, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        all_bits =
            (all_bits ^ (isnan(results[i]) ? 0x7FC00000u : f32_bits(results[i]))) * 0x100000001B3u;
}

/* The reference's outputs as results. */
static float *results_of(const world *w, const reference *made, uint32_t frames) {
    float *results = result_new(w, frames), *next = results;
    for (uint32_t i = 0; i < w->net->output_count; i++) {
        const uint32_t value = w->net->outputs[i];
        const size_t floats = (size_t)made->rows[value] * net_width(w->net, value);
        memcpy(next, made->values[value], floats * sizeof *next);
        next += floats;
    }
    return results;
}

static int check_way(const world *w, const char *name, mlm_options options, uint32_t frames,
                     const char *wrong, const float *got, const float *wanted) {
    const int same = same_bits(got, wanted, result_floats(w, frames));
    const int ok = CHECK_MESSAGE(!wrong && same, "%s: %s; schedule %u, tile %u, max_frames %u",
                                 name, wrong ? wrong : "other bits", options.schedule, options.tile,
                                 options.max_frames);
    if (!ok) world_explain(w, name, frames);
    return ok;
}

/* All ways of one network under some options; returns whether all gave the wanted results. */
static int check_options(world *w, mlm_options options, sequence x, const reference *made,
                         const float *wanted) {
    float *got = result_new(w, x.frames);
    const char *wrong = way_run(w, options, x, got);
    int ok = check_way(w, "run", options, x.frames, wrong, got, wanted);
    if (ok) {
        wrong = way_portions(w, options, x, got);
        ok = check_way(w, "push", options, x.frames, wrong, got, wanted);
    }
    if (ok) {
        wrong = way_steps(w, options, x, got, made);
        ok = check_way(w, "step", options, x.frames, wrong, got, wanted);
    }
    if (ok && !w->info.looks_ahead) {
        wrong = way_interim(w, options, x, got);
        ok = check_way(w, "finish in between", options, x.frames, wrong, got, wanted);
    }
    free(got);
    return ok;
}

/* Where a network goes wrong at all, the first value that does is named by stepping. */
static void check_network(world *w, uint32_t frames) {
    const sequence x = sequence_of(w, frames);
    const uint32_t most = w->net->max_frames ? w->net->max_frames : frames + 20;
    const uint32_t room = rng_between(&w->random, frames, most);
    const uint32_t tile = rng_between(&w->random, 1, 12);
    const mlm_options all[] = {stream_of(w, 1, frames), stream_of(w, tile, room),
                               stream_of(w, 100, room), stream_of(w, 3, frames),
                               layer_of(room),          unfused_of(room)};
    reference made;
    reference_run(&made, w->net, x.data, x.inputs);
    float *wanted = results_of(w, &made, frames), *got = result_new(w, frames);
    note_bits(wanted, result_floats(w, frames));
    int ok = check_way(w, "step against the reference", all[0], frames,
                       way_steps(w, all[0], x, got, &made), got, wanted);
    for (size_t i = 0; ok && i < sizeof all / sizeof *all; i++)
        ok = check_options(w, all[i], x, &made, wanted);
    if (ok) check_way(w, "moves", all[0], frames, way_moves(w, x, got), got, wanted);
    free(got), free(wanted), free(x.data);
    reference_free(&made);
}

static void every_way_gives_the_bits_of_the_reference(void) {
    const char *most = getenv("MLM_NETWORKS");
    const uint64_t networks = most ? strtoull(most, NULL, 10) : 1200;
    uint32_t refused = 0, ahead = 0, whole = 0, stages = 0;
    for (uint64_t seed = 1; seed <= networks && harness.failures < 3; seed++) {
        world w;
        if (!world_random(&w, seed * 7919u, &limits)) {
            refused++;
            continue;
        }
        ahead += w.info.looks_ahead;
        whole += w.info.needs_max_frames;
        for (uint32_t i = 0; i < w.net->op_count; i++)
            if (w.net->ops[i].stage > stages) stages = w.net->ops[i].stage;
        CHECK_EQUAL(w.info.looks_ahead, net_looks_ahead(w.net));
        CHECK_EQUAL(w.info.needs_max_frames, net_keeps_sequences(w.net));
        check_network(&w, world_frames(&w));
        world_close(&w);
    }
    printf(
        "    %u look ahead, %u keep sequences, up to %u stages, %u with branches that the core "
        "does not align\n",
        ahead, whole, stages, refused);
    CHECK(refused * 50 < networks);
}

static void known_networks(void) {
    network *(*const made[])(void) = {network_audio, network_tokens};
    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t frames = 1; frames <= 20; frames += 6) {
            world w;
            CHECK(world_open(&w, made[i]()));
            check_network(&w, frames);
            world_close(&w);
        }
}

/* NaN and infinity in an input: the same NaN-ness every way. */
static void non_finite_inputs(void) {
    static const float odd[] = {NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f, 1e-45f};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        world w;
        if (!world_random(&w, seed * 31u, &limits)) continue;
        const uint32_t frames = world_frames(&w);
        const sequence x = sequence_of(&w, frames);
        float *a = result_new(&w, frames), *b = result_new(&w, frames);
        if (w.net->input_kind != MLM_INPUT_TOKENS)
            ((float *)x.data)[rng_below(&w.random, x.inputs * w.net->input_width)] = odd[seed % 6];
        CHECK(way_run(&w, stream_of(&w, 1, frames), x, a) == NULL);
        CHECK(way_portions(&w, unfused_of(frames), x, b) == NULL);
        CHECK(same_bits(a, b, result_floats(&w, frames)));
        CHECK(way_portions(&w, stream_of(&w, 4, frames), x, b) == NULL);
        if (!CHECK(same_bits(a, b, result_floats(&w, frames))))
            world_explain(&w, "odd numbers", frames);
        free(a), free(b), free(x.data);
        world_close(&w);
    }
}

/* The largest error of frames of a front end against its definition. */
static double front_end_error(network *net, const net_op *op) {
    enum { FRAMES = 5, MOST_BANDS = 20 };
    world w;
    double worst = 0.0, wanted[MOST_BANDS];
    network_add_output(net, network_add(net, *op));
    CHECK(world_open(&w, net));
    const sequence x = sequence_of(&w, FRAMES);
    float *got = result_new(&w, FRAMES);
    CHECK(way_run(&w, stream_of(&w, 1, FRAMES), x, got) == NULL);
    for (uint32_t t = 0; t < FRAMES; t++) {
        reference_logmel(net, x.data, t, wanted);
        for (uint32_t i = 0; i < op->width; i++)
            worst = fmax(worst, fabs((double)got[t * op->width + i] - wanted[i]));
    }
    free(got), free(x.data);
    world_close(&w);
    return worst;
}

static void front_ends_agree_with_their_definition(void) {
    double worst = 0.0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        choices from = choices_of_seed(seed);
        network *net = network_new(MLM_INPUT_SAMPLES, 1, seed);
        net_op op = op_of(LOGMEL, 0, 0);
        net_view view;
        net_view_of(&view, net, &op);
        op_rows[LOGMEL].choose(&from, &view, &op, 1);
        worst = fmax(worst, front_end_error(net, &op));
    }
    CHECK_MESSAGE(worst < 2e-5, "error %g", worst);
}

/* Transforms that have several stages, of windows that end anywhere in the first one. */
static void large_front_ends_agree_with_their_definition(void) {
    double worst = 0.0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        choices from = choices_of_seed(seed);
        network *net = network_new(MLM_INPUT_SAMPLES, 1, seed);
        net_op op = op_of(LOGMEL, 0, 0);
        op.width = 1u + choose(&from, 20);
        op.attributes[2] = 64u << seed % 5u;
        op.attributes[0] = choose_between(&from, 1, op.attributes[2]);
        op.attributes[1] = choose_between(&from, 1, op.attributes[0]);
        op.attributes[3] = 16000;
        op.attributes[4] = f32_bits(1e-3f);
        worst = fmax(worst, front_end_error(net, &op));
    }
    CHECK_MESSAGE(worst < 2e-5, "error %g", worst);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(front_ends_agree_with_their_definition);
    RUN(large_front_ends_agree_with_their_definition);
    RUN(known_networks);
    RUN(every_way_gives_the_bits_of_the_reference);
    RUN(non_finite_inputs);
    printf("bits %016llx\n", (unsigned long long)all_bits);
    return harness_end();
}
