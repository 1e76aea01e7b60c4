/*
 * fuzz_model.c - the libFuzzer target: bytes from anywhere into mlm_model_open, and whatever it
 * accepts through plan, session, state and self-test. Aborts when a promise of mlm.h does not hold;
 * the sanitizers watch the rest. Blob and arena are heap blocks of exactly their size.
 *
 * Most mutations would die at the CRC. It is written here, when the input says so, and the core
 * itself knows nothing of fuzzing.
 */
#include "../fuzz/fuzz_input.h"
#include "blob_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOB_BYTES 65536u
#define MAX_ARENA_BYTES (4u << 20)
#define MAX_WORK 1000000u /* multiplications and exponentials in one run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#define REQUIRE(condition) require(!!(condition), #condition, __LINE__)

static void require(int ok, const char *condition, int line) {
    if (ok) return;
    fprintf(stderr, "fuzz_model.c:%d: broken promise: %s\n", line, condition);
    abort();
}

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
    model_spec spec;
    memcpy(&recipe, data, size < sizeof recipe ? size : sizeof recipe);
    const spec_limits limits = {recipe.max_width % 24u + 1u, recipe.max_state % 20u + 1u,
                                recipe.max_blocks % 6u, recipe.max_vocabulary % 30u + 1u};
    rng random = {recipe.seed};
    spec_random(&spec, &random, &limits);
    blob b = blob_build(&spec);
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

/* ---- what an accepted model must keep ---------------------------------------------------------- */

static size_t text_length(const char *text) {
    REQUIRE(text != NULL);
    return strlen(text);
}

static void read_all_facts(const mlm_model *model) {
    mlm_model_info info;
    size_t sum = text_length(mlm_metadata(model));
    mlm_model_get_info(model, &info);
    for (uint32_t i = 0; i < info.ops; i++) {
        mlm_op_info op;
        REQUIRE(mlm_op_get_info(model, i, &op) == MLM_OK);
        sum += text_length(mlm_op_name(model, i));
    }
    for (uint32_t i = 0; i < info.labels; i++) sum += text_length(mlm_label(model, i));
    for (uint32_t i = 0; i < info.tensors; i++) {
        mlm_tensor_info tensor;
        REQUIRE(mlm_tensor_get_info(model, i, &tensor) == MLM_OK);
        sum += text_length(tensor.name);
    }
    REQUIRE(sum < SIZE_MAX / 2u);
    for (uint32_t schedule = 0; schedule < 3; schedule++)
        for (uint32_t i = 0; i < mlm_operator_count(model, schedule); i++) {
            mlm_operator_info operator_info;
            REQUIRE(mlm_operator_get_info(model, schedule, i, &operator_info) == MLM_OK);
            REQUIRE(operator_info.op < info.ops && operator_info.part != NULL);
        }
}

static void check_table(const mlm_plan *plan, const mlm_buffer *table) {
    REQUIRE(plan->minimum_bytes <= plan->arena_bytes);
    REQUIRE((uint64_t)plan->state_bytes + plan->scratch_bytes + plan->io_bytes ==
            plan->arena_bytes);
    for (uint32_t i = 0; i < plan->buffer_count; i++) {
        const mlm_buffer *b = &table[i];
        REQUIRE(b->first <= b->last && b->bytes > 0);
        REQUIRE(b->offset % MLM_ALIGNMENT == 0 && b->bytes % MLM_ALIGNMENT == 0);
        REQUIRE((uint64_t)b->offset + b->bytes <= plan->arena_bytes);
        for (uint32_t k = 0; k < i && i < 400; k++) {
            const mlm_buffer *a = &table[k];
            const int bytes_meet = (uint64_t)a->offset < (uint64_t)b->offset + b->bytes &&
                                   (uint64_t)b->offset < (uint64_t)a->offset + a->bytes;
            const int lives_meet = a->first <= b->last && b->first <= a->last;
            REQUIRE(!(bytes_meet && lives_meet));
        }
    }
}

/* A plan, checked; 0 when options are refused or the model is too much work for one input. */
static int plan_model(const mlm_model *model, const mlm_options *options, uint32_t frames,
                      mlm_plan *plan) {
    const uint32_t count = mlm_plan_buffer_count(model, options);
    uint64_t work = 0;
    mlm_counts counts;
    if (count == 0) {
        mlm_buffer one;
        REQUIRE(mlm_plan_make(plan, model, options, &one, 1) == MLM_ERR_ARGUMENT);
        return 0;
    }
    mlm_buffer *table = aligned_block(count * sizeof *table);
    REQUIRE(mlm_plan_make(plan, model, options, table, count - 1u) == MLM_ERR_CAPACITY);
    const mlm_status status = mlm_plan_make(plan, model, options, table, count);
    REQUIRE(status == MLM_OK || status == MLM_ERR_TOO_LARGE);
    if (status == MLM_OK) check_table(plan, table);
    free(table);
    if (status != MLM_OK || plan->arena_bytes > MAX_ARENA_BYTES) return 0;
    REQUIRE(mlm_operator_counts(model, options, 0, 0, &counts) == MLM_ERR_ARGUMENT);
    for (uint32_t i = 0; i < mlm_operator_count(model, options->schedule); i++) {
        REQUIRE(mlm_operator_counts(model, options, 1, i, &counts) == MLM_OK);
        if (counts.macs > MAX_WORK || counts.exps > MAX_WORK || counts.bytes_read > MAX_WORK * 64u)
            return 0;
        work += (counts.macs + counts.exps * 8u + counts.bytes_read / 64u) * (frames + 1u);
    }
    return work <= MAX_WORK;
}

/* ---- running it -------------------------------------------------------------------------------- */

/* Frames that `inputs` inputs make, and about so many inputs that make `frames` frames: of samples
 * also those behind the last window. */
static uint32_t frames_of(const mlm_model_info *info, uint32_t inputs) {
    if (info->input_kind != MLM_INPUT_SAMPLES) return inputs;
    return inputs < info->window_samples ? 0
                                         : (inputs - info->window_samples) / info->hop_samples + 1u;
}

static uint32_t inputs_of(const fuzz_control *control, const mlm_model_info *info,
                          uint32_t frames) {
    if (info->input_kind != MLM_INPUT_SAMPLES) return frames;
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

static int same_logits(const float *a, const float *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && (a[i] == a[i] || b[i] == b[i])) return 0;
    return 1;
}

static mlm_session *open_session(const mlm_model *model, const mlm_options *options,
                                 const mlm_plan *plan, unsigned char **arena) {
    mlm_session *session = NULL;
    *arena = aligned_block(plan->arena_bytes);
    memset(*arena, 0xA5, plan->arena_bytes);
    REQUIRE(mlm_session_init(&session, model, options, *arena, plan->arena_bytes - 1u) ==
            MLM_ERR_ARENA_TOO_SMALL);
    REQUIRE(mlm_session_init(&session, model, options, *arena, plan->arena_bytes) == MLM_OK);
    return session;
}

/* Inputs pushed one operator at a time, at most a tile of frames. */
static void push_by_steps(mlm_session *session, const mlm_plan *plan, const mlm_model_info *info,
                          const unsigned char *input, uint32_t inputs) {
    mlm_step step;
    const int samples = info->input_kind == MLM_INPUT_SAMPLES;
    const uint64_t most = (uint64_t)plan->tile * (samples ? info->hop_samples : 1u);
    const uint32_t before = mlm_session_inputs(session);
    for (uint32_t done = 0; done < inputs;) {
        const uint32_t left = inputs - done, some = left < most ? left : (uint32_t)most;
        const uint32_t rows =
            frames_of(info, before + done + some) - frames_of(info, before + done);
        REQUIRE(rows <= plan->tile);
        REQUIRE(mlm_session_feed(session, input + (size_t)done * info->input_width * 4u, some) ==
                MLM_OK);
        while (mlm_session_step(session, &step) == MLM_OK) {
            REQUIRE(step.frames == rows && (!step.output || step.width <= step.stride));
            REQUIRE(mlm_session_push(session, input, 0) != MLM_ERR_ARGUMENT);
        }
        done += some;
    }
    REQUIRE(mlm_session_inputs(session) == before + inputs);
    REQUIRE(mlm_session_frames(session) == frames_of(info, before + inputs));
}

/* The same input in two portions, through two sessions, the state carried over: the same logits. */
static void run_moved(const mlm_model *model, const fuzz_control *control,
                      const mlm_options *options, const mlm_options *others, const mlm_plan *plan,
                      const mlm_plan *other_plan, const unsigned char *input, uint32_t inputs,
                      const float *wanted) {
    mlm_model_info info;
    unsigned char *arena, *other_arena;
    mlm_model_get_info(model, &info);
    mlm_session *session = open_session(model, options, plan, &arena);
    mlm_session *other = open_session(model, others, other_plan, &other_arena);
    const uint32_t cut = (uint32_t)((uint64_t)control->cut * inputs / 255u);
    const uint32_t bytes = mlm_session_state_bytes(session);
    const unsigned char *rest = input + (size_t)cut * info.input_width * 4u;
    unsigned char *state = aligned_block(bytes);
    float *logits = aligned_block((size_t)info.logits * sizeof *logits);
    REQUIRE(bytes == mlm_session_state_bytes(other));
    REQUIRE(mlm_session_push(session, input, cut) == MLM_OK);
    REQUIRE(mlm_session_save_state(session, state, bytes) == MLM_OK);
    if (control->state_flip) {
        unsigned char *flipped = aligned_block(bytes);
        memcpy(flipped, state, bytes);
        flipped[control->state_flip % bytes] ^= (unsigned char)(1u << (control->state_flip >> 13));
        REQUIRE(mlm_session_load_state(other, flipped, bytes) == MLM_ERR_STATE);
        free(flipped);
    }
    REQUIRE(mlm_session_load_state(other, state, bytes) == MLM_OK);
    if (control->seed & 1u)
        push_by_steps(other, other_plan, &info, rest, inputs - cut);
    else
        REQUIRE(mlm_session_push(other, rest, inputs - cut) == MLM_OK);
    if (control->seed & 2u) {
        REQUIRE(mlm_session_feed_end(other) == MLM_OK);
        while (mlm_session_step(other, NULL) == MLM_OK) continue;
    }
    REQUIRE(mlm_session_finish(other, logits) == MLM_OK);
    REQUIRE(same_logits(logits, wanted, info.logits));
    const mlm_status self_test = mlm_session_self_test(other);
    REQUIRE(self_test == MLM_OK || self_test == MLM_ERR_SELF_TEST || self_test == MLM_ERR_FRAMES ||
            self_test == MLM_ERR_TOKEN);
    free(logits);
    free(state);
    free(arena);
    free(other_arena);
}

static mlm_options options_from(uint32_t schedule, uint32_t tile, uint32_t max_frames) {
    const mlm_options options = {schedule % 4u, tile % 80u, max_frames % 40u};
    if (tile % 7u == 0) return options; /* most of these are refused */
    if (options.schedule == MLM_SCHEDULE_STREAM) return (mlm_options){0, options.tile + 1u, 0};
    return (mlm_options){options.schedule, 0, options.max_frames + 20u};
}

static void exercise(const mlm_model *model, const fuzz_control *control) {
    mlm_model_info info;
    mlm_plan plan, other_plan;
    unsigned char *arena;
    const uint32_t frames = control->frames % 20u;
    const mlm_options options = options_from(control->schedule, control->tile, control->max_frames);
    const mlm_options others =
        options_from(control->other_schedule, control->other_tile, control->max_frames);
    read_all_facts(model);
    mlm_model_get_info(model, &info);
    /* The self-test's frames are work too. */
    const uint32_t self_test_frames = frames_of(&info, info.self_test_frames);
    const uint32_t inputs = inputs_of(control, &info, frames);
    if (self_test_frames > 1000u) return;
    const uint32_t all_frames = frames + self_test_frames;
    if (!plan_model(model, &options, all_frames, &plan)) return;
    const int has_other = plan_model(model, &others, all_frames, &other_plan);
    unsigned char *input = make_input(control, &info, inputs);
    float *logits = aligned_block((size_t)info.logits * sizeof *logits);
    mlm_session *session = open_session(model, &options, &plan, &arena);
    const mlm_status status = mlm_session_run(session, input, inputs, logits);
    const int too_many = options.max_frames && frames > options.max_frames;
    if (frames == 0 || too_many)
        REQUIRE(status == MLM_ERR_FRAMES);
    else
        REQUIRE(status == MLM_OK ||
                (status == MLM_ERR_TOKEN && (control->flags & FUZZ_ODD_TOKENS)));
    if (status == MLM_OK && has_other && !(others.max_frames && frames > others.max_frames))
        run_moved(model, control, &options, &others, &plan, &other_plan, input, inputs, logits);
    free(arena);
    free(logits);
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

/* ---- mutations that know where the fields are -------------------------------------------------- */

#ifdef FUZZ_MUTATOR

static uint32_t odd_value(rng *random, uint32_t now, uint32_t size) {
    static const uint32_t fixed[] = {
        0,  1,       2,        3,          4,           7,           8,           15,         16,
        17, 0xFFFFu, 0x10000u, 0x1000000u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFF0u, 0xFFFFFFFFu};
    switch (rng_below(random, 6)) {
        case 0: return fixed[rng_below(random, sizeof fixed / sizeof *fixed)];
        case 1: return now + rng_below(random, 9) - 4u;
        case 2: return now + (rng_below(random, 9) - 4u) * 16u;
        case 3: return rng_below(random, 40);
        case 4: return now ^ (1u << rng_below(random, 32));
        default: return size - rng_below(random, 64);
    }
}

/* Changes one 16- or 32-bit field among those before the strings and the weights; now and then one
 * anywhere, since the bins of filters are among the tensors. */
static void mutate_field(uint8_t *data, size_t size, rng *random) {
    const size_t first = sizeof(fuzz_control);
    mlm_blob_header header;
    size_t end = size - first;
    if (size < first + sizeof header) return;
    memcpy(&header, data + first, sizeof header);
    if (header.string_offset >= sizeof header && header.string_offset < end &&
        !rng_once_in(random, 5))
        end = header.string_offset;
    if (rng_once_in(random, 3)) {
        const size_t at = first + rng_below(random, (uint32_t)(end / 2u)) * 2u;
        uint16_t value;
        memcpy(&value, data + at, sizeof value);
        value = (uint16_t)odd_value(random, value, (uint32_t)size);
        memcpy(data + at, &value, sizeof value);
    } else {
        const size_t at = first + rng_below(random, (uint32_t)(end / 4u)) * 4u;
        uint32_t value;
        memcpy(&value, data + at, sizeof value);
        value = odd_value(random, value, (uint32_t)size);
        memcpy(data + at, &value, sizeof value);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    rng random = {seed};
    if (size < sizeof(fuzz_control) + sizeof(fuzz_recipe))
        return LLVMFuzzerMutate(data, size, max_size);
    if (rng_once_in(&random, 20)) data[0] ^= (uint8_t)(1u << rng_below(&random, 5));
    if (!rng_once_in(&random, 50)) data[0] |= FUZZ_FIX_CRC;
    switch (rng_below(&random, 5)) {
        case 0: return LLVMFuzzerMutate(data, size, max_size);
        case 1: /* the control block only: its size must not change */
            LLVMFuzzerMutate(data, sizeof(fuzz_control), sizeof(fuzz_control));
            return size;
        default:
            if (data[0] & FUZZ_RECIPE) return LLVMFuzzerMutate(data, size, max_size);
            for (uint32_t n = rng_between(&random, 1, 3); n > 0; n--)
                mutate_field(data, size, &random);
            return size;
    }
}

#endif
