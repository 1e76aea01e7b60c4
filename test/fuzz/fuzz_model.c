/*
 * fuzz_model.c - the libFuzzer target: bytes from anywhere into mlm_model_open, and whatever it
 * accepts through plan, session, state and self-test. Aborts when a promise of mlm.h does not hold;
 * the sanitizers watch the rest. Blob and arena are heap blocks of exactly their size.
 *
 * Most mutations would die at the CRC. It is written here, when the input says so, and the core
 * itself knows nothing of fuzzing.
 */
#include "../fuzz/fuzz_facts.h"
#include "../fuzz/fuzz_input.h"
#include "blob_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOB_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- making the blob --------------------------------------------------------------------------- */

static blob blob_from_bytes(const fuzz_control *control, const uint8_t *data, size_t size) {
    blob b = {aligned_block(size), size};
    if (size) memcpy(b.bytes, data, size);
    if ((control->flags & FUZZ_FIX_HEADER) && size >= sizeof(mlm_blob_header)) {
        mlm_blob_header *header = (mlm_blob_header *)(void *)b.bytes;
        header->magic = MLM_MAGIC;
        header->version = MLM_FORMAT_VERSION;
        header->blob_bytes = (uint32_t)size;
    }
    return b;
}

static blob blob_from_recipe(const uint8_t *data, size_t size) {
    fuzz_recipe recipe = {0, 0, 0, 0, 0};
    memcpy(&recipe, data, size < sizeof recipe ? size : sizeof recipe);
    const net_limits limits = {recipe.most_ops % 24u + 1u, recipe.most_width % 30u + 1u,
                               recipe.integers & 1u};
    choices from = choices_of_seed(recipe.seed);
    network *net = network_random(&from, &limits);
    net->self_test_inputs = 0; /* it would be run here, before it is known to be accepted */
    blob b = blob_build(net);
    network_free(net);
    for (size_t at = sizeof recipe; at + sizeof(fuzz_patch) <= size; at += sizeof(fuzz_patch)) {
        fuzz_patch patch;
        uint16_t value;
        memcpy(&patch, data + at, sizeof patch);
        unsigned char *where = b.bytes + patch.at % (b.size / 2u) * 2u;
        memcpy(&value, where, sizeof value);
        value = (uint16_t)(patch.add ? value + patch.value : patch.value);
        memcpy(where, &value, sizeof value);
    }
    return b;
}

/* ---- running it -------------------------------------------------------------------------------- */

/* Frames that `inputs` inputs make, and about so many inputs that make `frames` frames: of samples
 * also those behind the last window. */
static int takes_samples(const mlm_model_info *info) {
    return info->input_kind == MLM_INPUT_SAMPLES || info->input_kind == MLM_INPUT_SAMPLES16;
}

/* Of one frame, token or sample. */
static size_t input_bytes(const mlm_model_info *info) {
    return info->input_kind == MLM_INPUT_SAMPLES16 ? sizeof(int16_t)
                                                   : info->input_width * sizeof(float);
}

static uint32_t frames_of(const mlm_model_info *info, uint32_t inputs) {
    if (!takes_samples(info)) return inputs;
    return inputs < info->window_samples ? 0
                                         : (inputs - info->window_samples) / info->hop_samples + 1u;
}

static uint32_t inputs_of(const fuzz_control *control, const mlm_model_info *info,
                          uint32_t frames) {
    if (!takes_samples(info)) return frames;
    if (frames == 0) return control->seed % info->window_samples;
    return info->window_samples + (frames - 1u) * info->hop_samples +
           control->seed % info->hop_samples;
}

static void *make_input(const fuzz_control *control, const mlm_model_info *info, uint32_t inputs) {
    static const float odd[] = {0x1p-149f, -0x1p-149f, 3.4e38f, -3.4e38f, 1e-38f};
    rng random = {control->seed};
    const size_t count = (size_t)inputs * info->input_width;
    int32_t *tokens = aligned_block(count * 4u);
    float *values = (float *)(void *)tokens;
    for (size_t i = 0; i < count; i++) {
        if (info->input_kind == MLM_INPUT_TOKENS) {
            tokens[i] = (int32_t)rng_below(&random, info->vocabulary);
            if ((control->flags & FUZZ_ODD_TOKENS) && rng_once_in(&random, 8))
                tokens[i] = (int32_t)rng_u32(&random);
        } else if (info->input_kind == MLM_INPUT_SAMPLES16) {
            ((int16_t *)(void *)tokens)[i] = (int16_t)(rng_u32(&random) & 0xFFFFu);
        } else {
            values[i] = rng_signed(&random) * 3.0f;
            if ((control->flags & FUZZ_ODD_INPUTS) && rng_once_in(&random, 8)) {
                uint32_t bits = rng_u32(&random);
                if (rng_once_in(&random, 2))
                    values[i] = odd[bits % 5u];
                else
                    memcpy(&values[i], &bits, sizeof bits);
            }
        }
    }
    return tokens;
}

/* All rows of all outputs, one output behind the other; with numbers that no network makes in them. */
static float *new_results(const mlm_model *model, const mlm_model_info *info, uint32_t inputs,
                          uint32_t *floats) {
    *floats = 0;
    for (uint32_t i = 0; i < info->outputs; i++) {
        mlm_output_info output;
        mlm_output_get_info(model, i, &output);
        const uint64_t rows = mlm_output_rows(model, i, inputs);
        REQUIRE(rows * output.width < 1u << 26);
        *floats += (uint32_t)rows * output.width;
    }
    float *results = aligned_block((*floats + 1u) * sizeof *results);
    for (uint32_t i = 0; i <= *floats; i++) results[i] = -1.2345e30f;
    return results;
}

/* Sequences are received where they belong, rows that `before` inputs have made among them already. */
static void receive(const mlm_model *model, const mlm_model_info *info, mlm_session *session,
                    float *results, uint32_t before, uint32_t inputs) {
    for (uint32_t i = 0; i < info->outputs; i++) {
        mlm_output_info output;
        mlm_output_get_info(model, i, &output);
        const uint32_t rows = mlm_output_rows(model, i, inputs);
        const uint32_t made = mlm_output_rows_pushed(model, i, before);
        const mlm_status status =
            mlm_session_receive(session, i, results + (size_t)made * output.width, rows - made);
        REQUIRE(status == (output.is_sequence ? MLM_OK : MLM_ERR_ARGUMENT));
        results += (size_t)rows * output.width;
    }
}

/* Whether some output has rows that are made at the end only. */
static int has_late_rows(const mlm_model *model, uint32_t inputs) {
    for (uint32_t i = 0; i < mlm_header(model)->output_count; i++) {
        const mlm_blob_op *op = mlm_op_at(model, mlm_outputs(model)[i].value - 1u);
        if (op->clock != MLM_NO_CLOCK && op->stage > 0 && mlm_output_rows(model, i, inputs) > 0)
            return 1;
    }
    return 0;
}

/* Vectors to their places, as finish has given them. */
static void put_vectors(const mlm_model *model, const mlm_model_info *info, float *results,
                        uint32_t inputs, const float *vectors) {
    for (uint32_t i = 0; i < info->outputs; i++) {
        mlm_output_info output;
        mlm_output_get_info(model, i, &output);
        if (!output.is_sequence) memcpy(results, vectors, output.width * sizeof *vectors);
        if (!output.is_sequence) vectors += output.width;
        results += (size_t)mlm_output_rows(model, i, inputs) * output.width;
    }
}

static int same(const float *a, const float *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && (a[i] == a[i] || b[i] == b[i])) return 0;
    return 1;
}

/* A session in an arena of exactly its size. */
typedef struct running {
    mlm_options options;
    mlm_plan plan;
    unsigned char *arena;
    mlm_session *session;
    float *vectors;
} running;

static void open_session(running *r, const mlm_model *model) {
    r->arena = aligned_block(r->plan.arena_bytes);
    r->vectors = aligned_block(r->plan.output_bytes);
    memset(r->arena, 0xA5, r->plan.arena_bytes);
    REQUIRE(mlm_session_init(&r->session, model, &r->options, r->arena, r->plan.arena_bytes - 1u) ==
            MLM_ERR_ARENA_TOO_SMALL);
    REQUIRE(mlm_session_init(&r->session, model, &r->options, r->arena, r->plan.arena_bytes) ==
            MLM_OK);
}

static void close_session(running *r) {
    free(r->arena);
    free(r->vectors);
}

/* Inputs pushed one operator at a time, at most a tile of frames. */
static void push_by_steps(const running *r, const mlm_model_info *info, const unsigned char *input,
                          uint32_t inputs) {
    mlm_step step;
    const int samples = takes_samples(info);
    const uint64_t most = (uint64_t)r->plan.tile * (samples ? info->hop_samples : 1u);
    const uint32_t before = mlm_session_inputs(r->session);
    for (uint32_t done = 0; done < inputs;) {
        const uint32_t left = inputs - done, some = left < most ? left : (uint32_t)most;
        REQUIRE(mlm_session_feed(r->session, input + done * input_bytes(info), some) == MLM_OK);
        while (mlm_session_step(r->session, &step) == MLM_OK) {
            REQUIRE(!step.output || step.width <= step.stride);
            REQUIRE(mlm_session_push(r->session, input, 0) == MLM_ERR_BUSY);
        }
        done += some;
    }
    REQUIRE(mlm_session_inputs(r->session) == before + inputs);
    REQUIRE(mlm_session_frames(r->session) == frames_of(info, before + inputs));
}

static void end_by_steps(const running *r) {
    REQUIRE(mlm_session_feed_end(r->session) == MLM_OK);
    while (mlm_session_step(r->session, NULL) == MLM_OK) continue;
    REQUIRE(mlm_session_vectors(r->session, r->vectors) == MLM_OK);
}

/* A damaged state is refused. */
static void load_flipped(const fuzz_control *control, const running *to, const unsigned char *state,
                         uint32_t bytes) {
    unsigned char *flipped = aligned_block(bytes);
    memcpy(flipped, state, bytes);
    flipped[control->state_flip % bytes] ^= (unsigned char)(1u << (control->state_flip >> 13));
    REQUIRE(mlm_session_load_state(to->session, flipped, bytes) == MLM_ERR_STATE);
    free(flipped);
}

/* The same input in two portions, through two sessions, the state carried over: the same results. */
static void run_moved(const mlm_model *model, const fuzz_control *control, const running *from,
                      const running *to, const unsigned char *input, uint32_t inputs,
                      const float *wanted) {
    mlm_model_info info;
    uint32_t floats;
    mlm_model_get_info(model, &info);
    const uint32_t cut = (uint32_t)((uint64_t)control->cut * inputs / 255u);
    const uint32_t bytes = mlm_session_state_bytes(from->session);
    const unsigned char *rest = input + cut * input_bytes(&info);
    unsigned char *state = aligned_block(bytes);
    float *results = new_results(model, &info, inputs, &floats);
    REQUIRE(bytes == mlm_session_state_bytes(to->session));
    mlm_session_reset(from->session);
    receive(model, &info, from->session, results, 0, inputs);
    REQUIRE(mlm_session_push(from->session, input, cut) == MLM_OK);
    REQUIRE(mlm_session_save_state(from->session, state, bytes) == MLM_OK);
    if (control->state_flip) load_flipped(control, to, state, bytes);
    REQUIRE(mlm_session_load_state(to->session, state, bytes) == MLM_OK);
    receive(model, &info, to->session, results, cut, inputs);
    if (control->seed & 1u)
        push_by_steps(to, &info, rest, inputs - cut);
    else
        REQUIRE(mlm_session_push(to->session, rest, inputs - cut) == MLM_OK);
    if (control->seed & 2u)
        end_by_steps(to);
    else
        REQUIRE(mlm_session_finish(to->session, to->vectors) == MLM_OK);
    put_vectors(model, &info, results, inputs, to->vectors);
    REQUIRE(same(results, wanted, floats));
    REQUIRE(mlm_session_finish(to->session, NULL) ==
            (info.looks_ahead               ? MLM_ERR_ENDED
             : has_late_rows(model, inputs) ? MLM_ERR_OUTPUT /* no room for them twice */
                                            : MLM_OK));
    free(results);
    free(state);
}

/* Options within what the model permits, mostly. */
static mlm_options options_from(const mlm_model_info *info, uint32_t schedule, uint32_t tile,
                                uint32_t max_frames) {
    const mlm_options options = {schedule % 4u, tile % 80u, max_frames % 40u};
    uint32_t most = options.max_frames + 20u;
    if (tile % 7u == 0) return options; /* most of these are refused */
    if (info->max_frames && most > info->max_frames) most = info->max_frames;
    if (options.schedule == MLM_SCHEDULE_STREAM)
        return (mlm_options){0, options.tile + 1u, info->needs_max_frames ? most : 0};
    return (mlm_options){options.schedule, 0, most};
}

static int may_be(const mlm_model_info *info, const mlm_options *options, uint32_t frames) {
    return frames >= info->min_frames && (!info->max_frames || frames <= info->max_frames) &&
           (!options->max_frames || frames <= options->max_frames);
}

static void check_self_test(const mlm_model *model, const running *r, uint32_t frames) {
    if (!is_little_work(model, &r->options, frames)) return;
    const mlm_status status = mlm_session_self_test(r->session);
    REQUIRE(status == MLM_OK || status == MLM_ERR_SELF_TEST || status == MLM_ERR_FRAMES);
    REQUIRE(mlm_session_inputs(r->session) == 0 || status == MLM_ERR_FRAMES);
}

static void exercise(const mlm_model *model, const fuzz_control *control) {
    mlm_model_info info;
    uint32_t floats;
    mlm_model_get_info(model, &info);
    read_all_facts(model, &info);
    const uint32_t frames = control->frames % 20u, inputs = inputs_of(control, &info, frames);
    running one = {.options =
                       options_from(&info, control->schedule, control->tile, control->max_frames)};
    running two = {.options = options_from(&info, control->other_schedule, control->other_tile,
                                           control->max_frames)};
    if (!plan_model(model, &one.options, &one.plan) || !is_little_work(model, &one.options, frames))
        return;
    const int has_two =
        plan_model(model, &two.options, &two.plan) && may_be(&info, &two.options, frames) &&
        (!info.needs_max_frames || one.options.max_frames == two.options.max_frames);
    unsigned char *input = make_input(control, &info, inputs);
    float *results = new_results(model, &info, inputs, &floats);
    open_session(&one, model);
    receive(model, &info, one.session, results, 0, inputs);
    const mlm_status status = mlm_session_run(one.session, input, inputs, one.vectors);
    if (may_be(&info, &one.options, frames))
        REQUIRE(status == MLM_OK || status == MLM_ERR_LENGTH || status == MLM_ERR_TOKEN);
    else
        REQUIRE(status == MLM_ERR_FRAMES || status == MLM_ERR_TOKEN);
    REQUIRE(status != MLM_ERR_TOKEN || (control->flags & FUZZ_ODD_TOKENS));
    if (status == MLM_OK && has_two) {
        put_vectors(model, &info, results, inputs, one.vectors);
        open_session(&two, model);
        run_moved(model, control, &one, &two, input, inputs, results);
        close_session(&two);
    }
    if (info.self_test_inputs)
        check_self_test(model, &one, frames_of(&info, info.self_test_inputs));
    close_session(&one);
    free(results);
    free(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_control control;
    mlm_model model;
    mlm_fault fault;
    if (size < sizeof control || size > MAX_BLOB_BYTES) return 0;
    memcpy(&control, data, sizeof control);
    data += sizeof control;
    size -= sizeof control;
    blob b = control.flags & FUZZ_RECIPE ? blob_from_recipe(data, size)
                                         : blob_from_bytes(&control, data, size);
    if (control.flags & (FUZZ_FIX_CRC | FUZZ_RECIPE)) blob_fix_crc(b.bytes, b.size);
    if (mlm_model_open(&model, b.bytes, b.size, &fault) == MLM_OK) exercise(&model, &control);
    blob_free(&b);
    return 0;
}
